-- An audience is built in buckets of profile ids, so that several processes build it at once.

CREATE TABLE audience_bucket (
    audience_id bigint NOT NULL REFERENCES audience (id),
    version     integer NOT NULL,
    bucket      integer NOT NULL,
    after       uuid NOT NULL,
    upto        uuid NOT NULL,
    is_done     boolean NOT NULL DEFAULT false,
    PRIMARY KEY (audience_id, version, bucket)
);

ALTER TABLE audience DROP COLUMN build_after;
UPDATE audience SET build_done = 0, build_total = 0 WHERE state = 'building';
