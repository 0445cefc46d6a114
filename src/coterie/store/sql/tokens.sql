-- name: insert_token(account, name, description, scopes, prefix, token_hash, created_by, created_at, expires_at)^
-- Only the hash is kept.
INSERT INTO access_token
    (account, name, description, scopes, prefix, token_hash, created_by, created_at, expires_at)
VALUES
    (:account, :name, :description, :scopes, :prefix, :token_hash, :created_by, :created_at,
     :expires_at)
RETURNING id, account, name, description, scopes, prefix, created_by, created_at, expires_at,
          last_used_at, revoked_at;

-- name: list_tokens(account)
-- Newest first, revoked ones too: a list that forgets is no record.
SELECT id, account, name, description, scopes, prefix, created_by, created_at, expires_at,
       last_used_at, revoked_at
FROM access_token WHERE account = :account ORDER BY id DESC;

-- name: revoke_token(account, token_id, now)^
-- Takes effect with the commit: every door asks this table.
UPDATE access_token SET revoked_at = COALESCE(revoked_at, :now)
WHERE account = :account AND id = :token_id
RETURNING id, account, name, description, scopes, prefix, created_by, created_at, expires_at,
          last_used_at, revoked_at;

-- name: find_grant(token_hash, now)^
-- A look-up by hash takes the same time for a near miss as for a far one.
SELECT id AS token_id, account, scopes, prefix, expires_at
FROM access_token
WHERE token_hash = :token_hash AND revoked_at IS NULL
  AND (expires_at IS NULL OR expires_at > :now);

-- name: list_valid_ids(ids, now)
-- Which of these tokens still hold: asked in the transaction that writes what they brought.
SELECT id FROM access_token
WHERE id = ANY(:ids) AND revoked_at IS NULL AND (expires_at IS NULL OR expires_at > :now);

-- name: touch_tokens(ids, now)!
-- Minute precision is enough to tell a used token from a forgotten one. SKIP LOCKED: two doors
-- that note the same use need not wait for each other. Uses are noted in groups, so the note may come
-- after the token was revoked: no use did.
UPDATE access_token SET last_used_at = LEAST(CAST(:now AS timestamptz), revoked_at)
WHERE id IN (
    SELECT id FROM access_token
    WHERE id = ANY(:ids)
      AND (last_used_at IS NULL OR last_used_at <= CAST(:now AS timestamptz) - interval '1 minute')
    ORDER BY id FOR UPDATE SKIP LOCKED
);
