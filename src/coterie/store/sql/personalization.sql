-- name: save_personalization(account, fields, audiences, by_fields, origins, now)!
-- The whole permission at once, so that nothing of an earlier one is left.
INSERT INTO personalization (account, fields, audiences, by_fields, origins, updated_at)
VALUES (:account, :fields, :audiences, :by_fields, :origins, :now)
ON CONFLICT (account) DO UPDATE
SET fields = EXCLUDED.fields, audiences = EXCLUDED.audiences, by_fields = EXCLUDED.by_fields,
    origins = EXCLUDED.origins, updated_at = EXCLUDED.updated_at;

-- name: find_personalization(account)^
-- No row: nothing is public.
SELECT account, fields, audiences, by_fields, origins, updated_at
FROM personalization WHERE account = :account;

-- name: delete_personalization(account)!
-- From the next request on nothing is public.
DELETE FROM personalization WHERE account = :account;

-- name: lock_personalization(account)^
-- No row: nothing is public.
SELECT account, fields, audiences, by_fields, origins, updated_at
FROM personalization WHERE account = :account FOR UPDATE;

-- name: show_audiences(account, audiences, now)!
-- The rest of the permission stays.
UPDATE personalization SET audiences = :audiences, updated_at = :now WHERE account = :account;
