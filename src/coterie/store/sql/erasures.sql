-- name: insert_erasure(account, profile_id, blocks, sealed, now, actor)$
-- In the transaction that deletes the profile.
INSERT INTO erasure (account, profile_id, blocks, state, step, sealed, due_at, requested_at, requested_by)
VALUES (:account, CAST(:profile_id AS uuid), :blocks, 'running', 'log', :sealed, :now, :now, :actor)
RETURNING id;

-- name: seal_erasure(id, sealed)!
-- Sealed for its own number, which is known only now.
UPDATE erasure SET sealed = :sealed WHERE id = :id;

-- name: take_erasure(now)^
-- One at a time works on an erasure; it goes on where the last step ended.
SELECT id, account, step, position, sealed, events, refused, deletions FROM erasure
WHERE state = 'running' AND due_at <= :now ORDER BY due_at, id LIMIT 1 FOR UPDATE SKIP LOCKED;

-- name: advance_erasure(id, step, position, events, refused, deletions, waiting, due_at)!
-- In the transaction of the step.
UPDATE erasure SET step = :step, position = CAST(:position AS jsonb), events = :events,
    refused = :refused, deletions = :deletions, waiting = :waiting, due_at = :due_at
WHERE id = :id;

-- name: finish_erasure(id, deletions, now)!
-- Nothing personal is left, here neither.
UPDATE erasure SET state = 'done', step = 'done', position = '{}', sealed = NULL, deletions = :deletions, waiting = 0,
    finished_at = :now
WHERE id = :id;

-- name: list_erasures(account, limit)
-- Newest first.
SELECT id, account, replace(profile_id::text, '-', '') AS profile_id, blocks, state, events, refused,
       deletions, waiting, requested_at, requested_by, finished_at
FROM erasure WHERE account = :account ORDER BY id DESC LIMIT :limit;

-- name: find_erasure(account, id)^
-- One of an account.
SELECT id, account, replace(profile_id::text, '-', '') AS profile_id, blocks, state, events, refused,
       deletions, waiting, requested_at, requested_by, finished_at
FROM erasure WHERE account = :account AND id = :id;

-- name: drop_decisions_of(account, fields, values)!
-- The list of decisions is only added to, but for people who are forgotten.
DELETE FROM decision d
USING unnest(CAST(:fields AS text[]), CAST(:values AS text[])) AS n (field, value)
WHERE d.account = :account
  AND ((d.field_a = n.field AND d.value_a = n.value) OR (d.field_b = n.field AND d.value_b = n.value));

-- name: list_suppressing_accounts()
-- For the pipeline configuration: the others need not ask.
SELECT number AS account FROM account a
WHERE EXISTS (SELECT FROM suppression s WHERE s.account = a.number);
