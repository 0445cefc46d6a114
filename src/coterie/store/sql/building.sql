-- name: next_building()^
-- The row lock is the right to build the audience's next range; others skip it meanwhile.
SELECT id AS audience_id, account, version, COALESCE(replace(build_after::text, '-', ''), '') AS after,
       build_done AS done, build_total AS total
FROM audience WHERE state = 'building' ORDER BY updated_at, id LIMIT 1 FOR UPDATE SKIP LOCKED;

-- name: save_building(audience_id, after, done, total)!
-- In the transaction that evaluated the range, so that a killed build goes on where it was.
UPDATE audience SET build_after = CAST(:after AS uuid), build_done = :done, build_total = :total
WHERE id = :audience_id;

-- name: set_live(audience_id, now)!
-- Every profile has been asked.
UPDATE audience SET state = 'live', build_done = build_total, build_after = NULL, updated_at = :now
WHERE id = :audience_id;

-- name: next_archived()^
-- An archived or expired audience that still holds members; they leave range by range.
SELECT a.id AS audience_id, a.account
FROM audience a
WHERE a.state IN ('archived', 'expired') AND EXISTS (
    SELECT FROM membership m WHERE m.account = a.account AND m.audience_id = a.id
)
ORDER BY a.updated_at, a.id LIMIT 1;
