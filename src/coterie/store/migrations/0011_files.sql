-- The users of our own SFTP server sign in on a port that all accounts share.
CREATE UNIQUE INDEX managed_sftp_user ON provider_authorization ((public_config ->> 'username'))
    WHERE provider = 'sftp' AND method = 'managed_sftp' AND deleted_at IS NULL;

-- Why a file failed; the hashes of its rows, for jobs that import only what changed.
ALTER TABLE import_file
    ADD COLUMN failure text,
    ADD COLUMN rows_skipped bigint NOT NULL DEFAULT 0,
    ADD COLUMN row_hashes bytea;

-- The rows of a file that were left out, to be downloaded, put right and imported again.
CREATE TABLE import_reject (
    job_id      bigint NOT NULL REFERENCES job (id),
    name        text NOT NULL,
    sha256      bytea NOT NULL,
    row_number  bigint NOT NULL,
    line        bigint NOT NULL,
    column_name text NOT NULL,
    reason      text NOT NULL,
    raw         bytea NOT NULL,
    PRIMARY KEY (job_id, name, sha256, row_number)
);
