-- name: insert_decision(account, kind, field_a, value_a, field_b, value_b, undoes, reason, decided_at, decided_by)$
-- An act is never changed; an undo is an act of its own.
INSERT INTO decision (account, kind, field_a, value_a, field_b, value_b, undoes, reason, decided_at,
                      decided_by)
VALUES (:account, :kind, :field_a, :value_a, :field_b, :value_b, :undoes, :reason, :decided_at,
        :decided_by)
RETURNING id;

-- name: list_decisions(account, with_undone, before, limit)
-- Newest first, each with its undoing.
SELECT d.id, d.account, d.kind, d.field_a, d.value_a, d.field_b, d.value_b, d.reason, d.decided_at,
       d.decided_by, u.decided_at AS undone_at, u.decided_by AS undone_by, u.reason AS undo_reason
FROM decision d LEFT JOIN decision u ON u.undoes = d.id
WHERE d.account = :account AND d.kind <> 'undo'
  AND (CAST(:with_undone AS boolean) OR u.id IS NULL)
  AND (CAST(:before AS bigint) IS NULL OR d.id < :before)
ORDER BY d.id DESC LIMIT :limit;

-- name: find_decision(account, decision_id)^
-- One decision with its undoing.
SELECT d.id, d.account, d.kind, d.field_a, d.value_a, d.field_b, d.value_b, d.reason, d.decided_at,
       d.decided_by, u.decided_at AS undone_at, u.decided_by AS undone_by, u.reason AS undo_reason
FROM decision d LEFT JOIN decision u ON u.undoes = d.id
WHERE d.account = :account AND d.kind <> 'undo' AND d.id = :decision_id;

-- name: list_all_decisions()
-- Those in force, for the pipeline configuration.
SELECT d.id, d.account, d.kind, d.field_a, d.value_a, d.field_b, d.value_b, d.reason, d.decided_at,
       d.decided_by, NULL AS undone_at, NULL AS undone_by, NULL AS undo_reason
FROM decision d LEFT JOIN decision u ON u.undoes = d.id
WHERE d.kind <> 'undo' AND u.id IS NULL ORDER BY d.account, d.id;
