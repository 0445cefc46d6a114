-- name: has_installation()$
-- A database that was not migrated yet has nothing to compare with.
SELECT to_regclass('public.installation') IS NOT NULL;

-- name: remember_root(root_fingerprint, now)!
-- The first one stays, whoever comes later.
INSERT INTO installation (root_fingerprint, created_at) VALUES (:root_fingerprint, :now)
ON CONFLICT (only_row) DO NOTHING;

-- name: find_root()^
-- The root key that this database was made with; at most one row.
SELECT root_fingerprint FROM installation;
