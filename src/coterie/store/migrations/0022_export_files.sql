-- Files that Export to SFTP jobs have written (on the coordinator), a row a name. `people` have a row in the
-- file, `left_out` are members who are suppressed or gave no consent; size and hash are those at the receiver.
CREATE TABLE export_file (
    job_id      bigint NOT NULL REFERENCES job (id),
    name        text NOT NULL,
    state       text NOT NULL CHECK (state IN ('writing', 'done')),
    people      bigint NOT NULL DEFAULT 0,
    left_out    bigint NOT NULL DEFAULT 0,
    size        bigint NOT NULL DEFAULT 0,
    sha256      bytea,
    started_at  timestamptz NOT NULL,
    finished_at timestamptz,
    PRIMARY KEY (job_id, name)
);
