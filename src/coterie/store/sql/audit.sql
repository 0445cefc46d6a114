-- name: insert_entry(account, at, actor, verb, subject, subject_id, detail)!
-- Written in the transaction of the change itself.
INSERT INTO audit_log (account, at, actor, verb, subject, subject_id, detail)
VALUES (:account, :at, :actor, :verb, :subject, :subject_id, :detail);

-- name: list_entries(account, before, limit)
-- Newest first; `before` is the id of the last entry seen.
SELECT id, account, at, actor, verb, subject, subject_id, detail
FROM audit_log
WHERE account IS NOT DISTINCT FROM CAST(:account AS bigint)
  AND (CAST(:before AS bigint) IS NULL OR id < :before)
ORDER BY id DESC LIMIT :limit;
