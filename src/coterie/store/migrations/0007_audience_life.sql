-- Audiences get drafts that wait for a word, an end, and a memory of how large they were.

ALTER TABLE audience ADD COLUMN expires_at timestamptz;

-- An expired audience holds nobody, and can be given a later end; an archived one is gone.
ALTER TABLE audience DROP CONSTRAINT audience_state_check;
ALTER TABLE audience ADD CONSTRAINT audience_state_check
    CHECK (state IN ('draft', 'building', 'live', 'expired', 'archived'));

CREATE INDEX audience_by_end ON audience (expires_at)
    WHERE expires_at IS NOT NULL AND state IN ('building', 'live');

-- How many members an audience had, once an hour; older than a month: once a day.
CREATE TABLE audience_size (
    audience_id bigint NOT NULL REFERENCES audience (id),
    hour        timestamptz NOT NULL,
    size        bigint NOT NULL,
    PRIMARY KEY (audience_id, hour)
);
