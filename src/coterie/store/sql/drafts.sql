-- name: insert_draft(account, name, description, base_version, body, now, actor)^
-- A taken name yields no row.
INSERT INTO schema_draft (account, name, description, state, base_version, body, created_at,
                          created_by, updated_at, updated_by)
VALUES (:account, :name, :description, 'open', :base_version, CAST(:body AS jsonb), :now, :actor,
        :now, :actor)
ON CONFLICT (account, name) WHERE state = 'open' DO NOTHING
RETURNING id, account, name, description, base_version, revision, body AS content, created_at,
          created_by, updated_at, updated_by;

-- name: find_draft(account, name)^
-- One that is neither published nor discarded.
SELECT id, account, name, description, base_version, revision, body AS content, created_at,
       created_by, updated_at, updated_by
FROM schema_draft WHERE account = :account AND name = :name AND state = 'open';

-- name: lock_draft(account, name)^
-- Two people who change it do so one after the other.
SELECT id, account, name, description, base_version, revision, body AS content, created_at,
       created_by, updated_at, updated_by
FROM schema_draft WHERE account = :account AND name = :name AND state = 'open' FOR UPDATE;

-- name: list_drafts(account)
-- Those that wait, the one changed last first.
SELECT id, account, name, description, base_version, revision, body AS content, created_at,
       created_by, updated_at, updated_by
FROM schema_draft WHERE account = :account AND state = 'open' ORDER BY updated_at DESC, id DESC;

-- name: count_drafts(account)$
-- Those that wait.
SELECT count(*) FROM schema_draft WHERE account = :account AND state = 'open';

-- name: save_draft(id, base_version, body, now, actor)!
-- The row is locked by the caller.
UPDATE schema_draft SET base_version = :base_version, body = CAST(:body AS jsonb),
    revision = revision + 1, updated_at = :now, updated_by = :actor
WHERE id = :id;

-- name: end_draft(id, state, published_version, now, actor)!
-- Published as a version, or discarded.
UPDATE schema_draft SET state = :state, published_version = :published_version, updated_at = :now,
    updated_by = :actor
WHERE id = :id;
