-- name: find_owners(account, fields, values)
-- `n` is the place of the identifier in the question, so that no text travels back; ids are bytes.
SELECT asked.n, uuid_send(i.profile_id)
FROM unnest(CAST(:fields AS text[]), CAST(:values AS text[])) WITH ORDINALITY AS asked (field, value, n)
JOIN identity i ON i.account = :account AND i.field = asked.field AND i.value = asked.value;

-- name: copy_identifiers()!
-- Identifiers that nobody has, sorted and packed by flow/identity/owners.py. That another worker took
-- one meanwhile is a violation of the key, and the batch runs again.
COPY identity (account, field, value, profile_id) FROM STDIN (FORMAT BINARY);

-- name: move_identifiers(account, fields, values, profile_ids)!
-- Their profiles are locked, so nobody else moves them.
UPDATE identity i SET profile_id = m.profile_id
FROM unnest(CAST(:fields AS text[]), CAST(:values AS text[]), CAST(:profile_ids AS uuid[]))
     AS m (field, value, profile_id)
WHERE i.account = :account AND i.field = m.field AND i.value = m.value;

-- name: find_carriers(account, fields, values)
-- Asked only about identifiers that their profile does not hold as its own.
SELECT asked.n, i.carrier_field, i.carrier_value
FROM unnest(CAST(:fields AS text[]), CAST(:values AS text[])) WITH ORDINALITY AS asked (field, value, n)
JOIN identity i ON i.account = :account AND i.field = asked.field AND i.value = asked.value
WHERE i.carrier_field IS NOT NULL;

-- name: take_passengers(account, fields, values, profile_ids, carrier_fields, carrier_values)
-- With the identifier whose fragment gets their data. Sorted by the caller; one that another worker
-- took meanwhile is missing in the answer.
INSERT INTO identity (account, field, value, profile_id, carrier_field, carrier_value)
SELECT :account, n.field, n.value, n.profile_id, n.carrier_field, n.carrier_value
FROM unnest(CAST(:fields AS text[]), CAST(:values AS text[]), CAST(:profile_ids AS uuid[]),
            CAST(:carrier_fields AS text[]), CAST(:carrier_values AS text[]))
     AS n (field, value, profile_id, carrier_field, carrier_value)
ON CONFLICT (account, field, value) DO NOTHING
RETURNING field, value;

-- name: move_passengers(account, fields, values, profile_ids)!
-- They go where their carrier goes.
UPDATE identity i SET profile_id = m.profile_id
FROM unnest(CAST(:fields AS text[]), CAST(:values AS text[]), CAST(:profile_ids AS uuid[]))
     AS m (field, value, profile_id)
WHERE i.account = :account AND i.carrier_field = m.field AND i.carrier_value = m.value;

-- name: list_passengers(account, fields, values, limit)
-- Of the carriers of one profile, by name.
SELECT i.field, i.value, i.carrier_field, i.carrier_value
FROM unnest(CAST(:fields AS text[]), CAST(:values AS text[])) AS asked (field, value)
JOIN identity i ON i.account = :account AND i.carrier_field = asked.field
               AND i.carrier_value = asked.value
ORDER BY i.field, i.value LIMIT :limit;

-- name: note_unsettled(account, fields, values, now)!
-- Safe to run again: the first note counts.
INSERT INTO unsettled (account, field, value, since, due_at)
SELECT :account, n.field, n.value, :now, :now
FROM unnest(CAST(:fields AS text[]), CAST(:values AS text[])) AS n (field, value)
ON CONFLICT (account, field, value) DO NOTHING;

-- name: hold_maintenance(lock)$
-- One maintenance at a time, on whatever server the row is; until the transaction ends.
SELECT pg_try_advisory_xact_lock(:lock);

-- name: next_unsettled(now)^
-- The one that waits longest.
SELECT account, field, value, since FROM unsettled
WHERE due_at <= :now ORDER BY due_at LIMIT 1;

-- name: drop_unsettled(account, field, value)!
-- It is settled, or its identifier is no more.
DELETE FROM unsettled WHERE account = :account AND field = :field AND value = :value;

-- name: postpone_unsettled(account, field, value, until)!
-- Too large for the memory of one process: a person has to block what connects so many.
UPDATE unsettled SET due_at = :until, too_large = true
WHERE account = :account AND field = :field AND value = :value;

-- name: count_unsettled()^
-- Of all accounts, for the doctor: how many wait, and how many of them in vain.
SELECT count(*), count(*) FILTER (WHERE too_large) FROM unsettled;

-- name: take_decision()^
-- The next act that profiles do not follow yet; one worker at a time. Acts are numbered in the order
-- of their commits, because each is made behind the fence. Without one the cursor is not even locked,
-- since that would write to the disk at every turn.
SELECT d.id, d.account, d.kind, d.field_a, d.value_a, d.field_b, d.value_b
FROM (SELECT decision_id FROM decision_cursor
      WHERE EXISTS (SELECT 1 FROM decision n WHERE n.id > decision_cursor.decision_id)
      FOR UPDATE SKIP LOCKED) c
JOIN decision d ON d.id > c.decision_id
ORDER BY d.id LIMIT 1;

-- name: advance_decisions(decision_id)!
-- In the transaction of what follows from the decision.
UPDATE decision_cursor SET decision_id = :decision_id;

-- name: last_decision()$
-- The last decision that the profiles of the live generation follow.
SELECT decision_id FROM decision_cursor;

-- name: suppress(account, nodes, until)!
-- A longer suppression outlasts a shorter one.
INSERT INTO suppression (account, node, until)
SELECT :account, node, :until FROM unnest(CAST(:nodes AS uuid[])) AS node ORDER BY node
ON CONFLICT (account, node) DO UPDATE SET until = greatest(suppression.until, EXCLUDED.until);

-- name: find_suppressed(account, nodes)
-- Asked for each batch of an account that suppresses anybody.
SELECT uuid_send(node), until FROM suppression
WHERE account = :account AND node = ANY (CAST(:nodes AS uuid[]));

-- name: unsuppress(account, nodes)
-- For people who come back.
DELETE FROM suppression WHERE account = :account AND node = ANY (CAST(:nodes AS uuid[]))
RETURNING node;

-- name: delete_owners(account, profile_id, fields, values)!
-- All identifiers of a profile that is forgotten, passengers too.
DELETE FROM identity WHERE account = :account AND profile_id = CAST(:profile_id AS uuid)
  AND (field, value) IN (
    SELECT n.field, n.value FROM unnest(CAST(:fields AS text[]), CAST(:values AS text[])) AS n (field, value)
  );

-- name: drop_unsettled_of(account, fields, values)!
-- What is forgotten has nothing left to settle.
DELETE FROM unsettled u
USING unnest(CAST(:fields AS text[]), CAST(:values AS text[])) AS n (field, value)
WHERE u.account = :account AND u.field = n.field AND u.value = n.value;

-- name: highest_decision()$
-- A generation that is filled from the first event on follows all decisions there are.
SELECT COALESCE(max(id), 0) FROM decision;
