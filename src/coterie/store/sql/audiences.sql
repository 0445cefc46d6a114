-- name: copy_members()!
-- Follows profile.audiences in the same transaction. Rows are packed by flow/audiences/membership.py.
COPY membership (account, audience_id, profile_id, since) FROM STDIN (FORMAT BINARY);

-- name: add_members(account, audience_ids, profile_ids, since)!
-- Should a row be there already, the profile that it belongs to goes on all the same.
INSERT INTO membership (account, audience_id, profile_id, since)
SELECT :account, m.audience_id, m.profile_id, m.since
FROM unnest(CAST(:audience_ids AS bigint[]), CAST(:profile_ids AS uuid[]),
            CAST(:since AS timestamptz[])) AS m (audience_id, profile_id, since)
ON CONFLICT (account, audience_id, profile_id) DO NOTHING;

-- name: remove_members(account, audience_ids, profile_ids)!
-- Follows profile.audiences in the same transaction.
DELETE FROM membership m
USING unnest(CAST(:audience_ids AS bigint[]), CAST(:profile_ids AS uuid[]))
      AS gone (audience_id, profile_id)
WHERE m.account = :account AND m.audience_id = gone.audience_id AND m.profile_id = gone.profile_id;

-- name: members_after(account, audience_id, after, limit)
-- A range of an export's backfill.
SELECT replace(profile_id::text, '-', '') FROM membership
WHERE account = :account AND audience_id = :audience_id AND profile_id > CAST(:after AS uuid)
ORDER BY profile_id LIMIT :limit;

-- name: count_members(account, audience_ids)$
-- How many profiles an export's backfill visits.
SELECT count(DISTINCT profile_id) FROM membership
WHERE account = :account AND audience_id = ANY (CAST(:audience_ids AS bigint[]));

-- name: first_members(account, audience_id, limit)
-- A fair draw, since ids are keyed hashes.
SELECT profile_id FROM membership
WHERE account = :account AND audience_id = :audience_id ORDER BY profile_id LIMIT :limit;

-- name: sample_members(account, audience_id, limit)
-- Those who entered last.
SELECT replace(profile_id::text, '-', ''), since FROM membership
WHERE account = :account AND audience_id = :audience_id ORDER BY since DESC, profile_id LIMIT :limit;

-- name: join_in_one_pass()!
-- Until the transaction ends. While a table is new the planner takes an audience for a handful of
-- rows, and compares each with each other one: a minute and more for some ten thousand.
SET LOCAL enable_nestloop = off;

-- name: count_held(account, profile_ids, others)
-- How many of these profiles each of the audiences holds.
SELECT audience_id, count(*) FROM membership
WHERE account = :account AND audience_id = ANY (CAST(:others AS bigint[]))
  AND profile_id = ANY (CAST(:profile_ids AS uuid[]))
GROUP BY audience_id;

-- name: count_overlaps(account, audience_id, others)
-- Exact: how many members one audience shares with each of the others.
SELECT o.audience_id, count(*)
FROM membership m
JOIN membership o ON o.account = m.account AND o.profile_id = m.profile_id
WHERE m.account = :account AND m.audience_id = :audience_id
  AND o.audience_id = ANY (CAST(:others AS bigint[]))
GROUP BY o.audience_id;
