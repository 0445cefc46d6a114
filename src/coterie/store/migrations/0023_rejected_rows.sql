-- All rows that imports leave out are kept, until they are as old as COTERIE_REJECTED_DAYS says; whoever looks
-- through all of them, as the erasure of a person does, goes by `id`.
ALTER TABLE import_reject
    ADD COLUMN id bigint GENERATED ALWAYS AS IDENTITY,
    ADD COLUMN kept_at timestamptz NOT NULL DEFAULT now();
CREATE UNIQUE INDEX import_reject_id ON import_reject (id);

-- Erasures look through them too.
ALTER TABLE erasure DROP CONSTRAINT erasure_step_check;
ALTER TABLE erasure ADD CONSTRAINT erasure_step_check
    CHECK (step IN ('log', 'exceptions', 'refused', 'rows', 'deliveries', 'done'));
