-- name: next_id()$
-- The seal of a configuration names the row it belongs to, so the id comes first.
SELECT nextval(pg_get_serial_sequence('provider_authorization', 'id'));

-- name: insert_authorization(id, account, provider, method, label, description, config_sealed, public_config, health, health_detail, caution, checked_at, now)!
-- OVERRIDING, since the id was drawn beforehand.
INSERT INTO provider_authorization
    (id, account, provider, method, label, description, config_sealed, public_config, health,
     health_detail, caution, checked_at, created_at, updated_at)
OVERRIDING SYSTEM VALUE
VALUES
    (:id, :account, :provider, :method, :label, :description, :config_sealed, :public_config,
     :health, :health_detail, :caution, :checked_at, :now, :now);

-- name: list_authorizations(account)
-- With the number of jobs that stand in the way of a deletion.
SELECT a.id, a.account, a.provider, a.method, a.label, a.description, a.public_config, a.health,
       a.health_detail, a.caution, a.created_at, a.updated_at, a.checked_at,
       (SELECT count(*) FROM job j WHERE j.authorization_id = a.id
          AND j.state NOT IN ('completed', 'killed', 'deleted')) AS jobs_in_use,
       a.provider = 'braze' AND EXISTS (SELECT FROM job j WHERE j.authorization_id = a.id
          AND j.destination_id IS NOT NULL
          AND COALESCE(CAST(j.config ->> 'delete_forgotten' AS boolean), true)) AS deletes_forgotten
FROM provider_authorization a
WHERE a.account = :account AND a.deleted_at IS NULL ORDER BY a.id;

-- name: find_authorization(account, authorization_id)^
-- One authorization that is not deleted.
SELECT a.id, a.account, a.provider, a.method, a.label, a.description, a.public_config, a.health,
       a.health_detail, a.caution, a.created_at, a.updated_at, a.checked_at,
       (SELECT count(*) FROM job j WHERE j.authorization_id = a.id
          AND j.state NOT IN ('completed', 'killed', 'deleted')) AS jobs_in_use,
       a.provider = 'braze' AND EXISTS (SELECT FROM job j WHERE j.authorization_id = a.id
          AND j.destination_id IS NOT NULL
          AND COALESCE(CAST(j.config ->> 'delete_forgotten' AS boolean), true)) AS deletes_forgotten
FROM provider_authorization a
WHERE a.account = :account AND a.id = :authorization_id AND a.deleted_at IS NULL;

-- name: lock_authorization(account, authorization_id)^
-- Held while a job that uses it is made, and while it is changed or deleted.
SELECT provider, public_config FROM provider_authorization
WHERE account = :account AND id = :authorization_id AND deleted_at IS NULL FOR UPDATE;

-- name: find_sealed(account, authorization_id)^
-- Senders ask by id alone; people only within their account.
SELECT id, provider, method, label, description, config_sealed FROM provider_authorization
WHERE id = :authorization_id AND deleted_at IS NULL
  AND (CAST(:account AS bigint) IS NULL OR account = :account);

-- name: lock_sealed(account, authorization_id)^
-- As find_sealed, held while something that a connection taught is added.
SELECT id, provider, method, label, description, config_sealed FROM provider_authorization
WHERE id = :authorization_id AND deleted_at IS NULL
  AND (CAST(:account AS bigint) IS NULL OR account = :account)
FOR UPDATE;

-- name: keep_learned(authorization_id, config_sealed, learned, now)!
-- Options that are no secret, such as the host key of a server met first.
UPDATE provider_authorization SET
    config_sealed = :config_sealed, public_config = public_config || CAST(:learned AS jsonb),
    updated_at = :now
WHERE id = :authorization_id AND deleted_at IS NULL;

-- name: find_account(account, authorization_id)$
-- Whose it is.
SELECT account FROM provider_authorization
WHERE id = :authorization_id AND (CAST(:account AS bigint) IS NULL OR account = :account);

-- name: find_managed_user(username)^
-- Who signs in to our own SFTP server under a name; names are the installation's.
SELECT id, provider, method, label, description, config_sealed, account
FROM provider_authorization
WHERE provider = 'sftp' AND method = 'managed_sftp' AND deleted_at IS NULL
  AND public_config ->> 'username' = :username;

-- name: count_managed_users(username, authorization_id)$
-- Whether another authorization has the name.
SELECT count(*) FROM provider_authorization
WHERE provider = 'sftp' AND method = 'managed_sftp' AND deleted_at IS NULL
  AND public_config ->> 'username' = :username
  AND id IS DISTINCT FROM CAST(:authorization_id AS bigint);

-- name: list_unchecked(before, limit)
-- Whose health was last looked at longest ago; one that was never tried comes first.
SELECT id, account, provider FROM provider_authorization
WHERE deleted_at IS NULL AND (checked_at IS NULL OR checked_at < :before)
ORDER BY checked_at NULLS FIRST, id LIMIT :limit;

-- name: update_authorization(account, authorization_id, label, description, config_sealed, public_config, now)!
-- Everything that a person may edit, at once.
UPDATE provider_authorization SET
    label = :label, description = :description, config_sealed = :config_sealed,
    public_config = :public_config, updated_at = :now
WHERE account = :account AND id = :authorization_id AND deleted_at IS NULL;

-- name: set_health(authorization_id, health, health_detail, caution, now)!
-- What the last try said; NULL leaves the caution as it was.
UPDATE provider_authorization SET
    health = :health, health_detail = :health_detail, caution = COALESCE(:caution, caution), checked_at = :now
WHERE id = :authorization_id;

-- name: delete_authorization(account, authorization_id, empty, now)!
-- The row stays for the audit trail; its secrets do not.
UPDATE provider_authorization SET deleted_at = :now, updated_at = :now, config_sealed = :empty
WHERE account = :account AND id = :authorization_id AND deleted_at IS NULL;

-- name: sftp_failures(who, since)
-- Failures that lie further back have no say any more.
SELECT who, failures, failed_at FROM sftp_failure WHERE who = ANY(:who) AND failed_at > :since;

-- name: note_sftp_failure(who, since, now)!
-- One more, or the first of a new row of them.
INSERT INTO sftp_failure AS f (who, failures, failed_at)
SELECT one, 1, :now FROM unnest(CAST(:who AS bytea[])) AS one ORDER BY one
ON CONFLICT (who) DO UPDATE SET
    failures = CASE WHEN f.failed_at > :since THEN f.failures + 1 ELSE 1 END,
    failed_at = EXCLUDED.failed_at;

-- name: forget_sftp_failures(who)!
-- Who has signed in begins anew.
DELETE FROM sftp_failure WHERE who = :who;

-- name: drop_old_sftp_failures(since)!
-- Whoever tries many names must not fill the disk. Rows that another sign-in drops are left to it.
DELETE FROM sftp_failure WHERE who IN
    (SELECT who FROM sftp_failure WHERE failed_at <= :since FOR UPDATE SKIP LOCKED);
