-- How many users an erasure had deleted where they had been told of.

ALTER TABLE erasure ADD COLUMN deletions bigint NOT NULL DEFAULT 0;
