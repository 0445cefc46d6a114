-- What this database belongs to. Another root key gives the same people other profile ids, so that a
-- wrong key folder must be noticed before anything is written with it.

CREATE TABLE installation (
    only_row         boolean PRIMARY KEY DEFAULT true CHECK (only_row),
    root_fingerprint text NOT NULL,
    created_at       timestamptz NOT NULL
);
