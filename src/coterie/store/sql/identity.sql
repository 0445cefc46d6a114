-- name: find_owners(account, fields, values)
-- `n` is the place of the identifier in the question, so that no text travels back; ids are bytes.
SELECT asked.n, uuid_send(i.profile_id)
FROM unnest(CAST(:fields AS text[]), CAST(:values AS text[])) WITH ORDINALITY AS asked (field, value, n)
JOIN identity i ON i.account = :account AND i.field = asked.field AND i.value = asked.value;

-- name: take_identifiers(account, fields, values, profile_ids)
-- Sorted by the caller; an identifier that another worker took meanwhile is missing in the answer.
INSERT INTO identity (account, field, value, profile_id)
SELECT :account, n.field, n.value, n.profile_id
FROM unnest(CAST(:fields AS text[]), CAST(:values AS text[]), CAST(:profile_ids AS uuid[]))
     AS n (field, value, profile_id)
ON CONFLICT (account, field, value) DO NOTHING
RETURNING field, value;

-- name: move_identifiers(account, fields, values, profile_ids)!
-- Their profiles are locked, so nobody else moves them.
UPDATE identity i SET profile_id = m.profile_id
FROM unnest(CAST(:fields AS text[]), CAST(:values AS text[]), CAST(:profile_ids AS uuid[]))
     AS m (field, value, profile_id)
WHERE i.account = :account AND i.field = m.field AND i.value = m.value;
