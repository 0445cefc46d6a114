-- name: next_unsplit()^
-- The building audience that waits longest for its buckets to be made.
SELECT a.id AS audience_id, a.account, a.version FROM audience a
WHERE a.state = 'building' AND NOT EXISTS (
    SELECT FROM audience_bucket b WHERE b.audience_id = a.id AND b.version = a.version
)
ORDER BY a.updated_at, a.id LIMIT 1 FOR UPDATE SKIP LOCKED;

-- name: split_building(audience_id, version, total, afters, uptos)!
-- With the number of profiles, which is counted once.
WITH counted AS (
    UPDATE audience SET build_done = 0, build_total = :total WHERE id = :audience_id
)
INSERT INTO audience_bucket (audience_id, version, bucket, after, upto)
SELECT :audience_id, :version, b.n, b.after, b.upto
FROM unnest(CAST(:afters AS uuid[]), CAST(:uptos AS uuid[])) WITH ORDINALITY AS b (after, upto, n);

-- name: next_bucket()^
-- The row lock is the right to build the bucket's next range; others take other buckets meanwhile.
SELECT a.id AS audience_id, a.account, a.version, b.bucket, replace(b.after::text, '-', '') AS after,
       replace(b.upto::text, '-', '') AS upto
FROM audience a JOIN audience_bucket b ON b.audience_id = a.id AND b.version = a.version
WHERE a.state = 'building' AND NOT b.is_done
ORDER BY a.updated_at, a.id, b.bucket LIMIT 1 FOR UPDATE OF b SKIP LOCKED;

-- name: save_bucket(audience_id, version, bucket, after, count)!
-- In the transaction that asked the range, so that a killed build goes on where it was.
WITH moved AS (
    UPDATE audience_bucket SET after = CAST(:after AS uuid)
    WHERE audience_id = :audience_id AND version = :version AND bucket = :bucket
)
UPDATE audience SET build_done = least(build_done + :count, build_total) WHERE id = :audience_id;

-- name: end_bucket(audience_id, version, bucket)!
-- Everybody in it has been asked.
UPDATE audience_bucket SET is_done = true
WHERE audience_id = :audience_id AND version = :version AND bucket = :bucket;

-- name: next_built()^
-- All of its buckets are done. Asked before anything else, since of two that end the last two buckets
-- at once neither knows that it was the last.
SELECT a.id AS audience_id, a.account, a.version FROM audience a
WHERE a.state = 'building' AND EXISTS (
    SELECT FROM audience_bucket b WHERE b.audience_id = a.id AND b.version = a.version
) AND NOT EXISTS (
    SELECT FROM audience_bucket b
    WHERE b.audience_id = a.id AND b.version = a.version AND NOT b.is_done
)
LIMIT 1 FOR UPDATE SKIP LOCKED;

-- name: set_live(audience_id, now)!
-- Every profile has been asked.
WITH gone AS (DELETE FROM audience_bucket WHERE audience_id = :audience_id)
UPDATE audience SET state = 'live', build_done = build_total, updated_at = :now
WHERE id = :audience_id;

-- name: next_archived()^
-- An archived or expired audience that still holds members; they leave range by range.
SELECT a.id AS audience_id, a.account
FROM audience a
WHERE a.state IN ('archived', 'expired') AND EXISTS (
    SELECT FROM membership m WHERE m.account = a.account AND m.audience_id = a.id
)
ORDER BY a.updated_at, a.id LIMIT 1;
