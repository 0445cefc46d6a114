-- name: take_change_number(lane)$
-- Numbers of a lane that no collector fills (timers, backfills): one for each transaction.
INSERT INTO change_lane (lane, seq) VALUES (:lane, 1)
ON CONFLICT (lane) DO UPDATE SET seq = change_lane.seq + 1
RETURNING seq;

-- name: copy_changes()!
-- Rows are packed by flow/changes/record.py.
COPY change (lane, seq, n, account, profile_id, kind, audience_id, audience_version,
             other_profile_id, cause, cause_seq, changed_at)
FROM STDIN (FORMAT BINARY);

-- name: list_change_lanes()
-- Every lane that can hold changes: those of collectors, and those of timers and the like.
SELECT lane FROM lane_head UNION SELECT lane FROM change_lane ORDER BY lane;

-- name: changes_after(lane, seq, n, limit)
-- A transaction holds its lane until it is committed, and takes a higher number than the one before;
-- so whoever saw a number sees nothing lower later.
SELECT lane, seq, n, account, replace(profile_id::text, '-', ''), kind, audience_id, audience_version,
       replace(other_profile_id::text, '-', ''), cause, cause_seq, changed_at
FROM change
WHERE lane = :lane AND (seq, n) > (:seq, :n)
ORDER BY seq, n LIMIT :limit;

-- name: change_floors()
-- Up to where changes were forgotten, asked in the transaction that reads.
SELECT lane, seq FROM change_floor ORDER BY lane;

-- name: last_change(lane)^
-- Where whoever wants only what is to come begins.
SELECT seq, n FROM change WHERE lane = :lane ORDER BY seq DESC, n DESC LIMIT 1;

-- name: make_durable(prefix)^
-- Workers commit without waiting for the disk. This writes to the log, so the commit of a transaction
-- that called it, made to wait, has everything that it saw on the disk before.
SELECT set_config('synchronous_commit', 'on', true), pg_logical_emit_message(true, :prefix, '');

-- name: changes_of(account, profile_id, limit)
-- The newest first, for the person whose they are.
SELECT lane, seq, n, account, replace(profile_id::text, '-', ''), kind, audience_id, audience_version,
       replace(other_profile_id::text, '-', ''), cause, cause_seq, changed_at
FROM change WHERE account = :account AND profile_id = CAST(:profile_id AS uuid)
ORDER BY changed_at DESC, lane, seq DESC, n DESC LIMIT :limit;

-- name: record_swap(old, new, lane, seq, at)$
-- Who enters and leaves by a swap of generations: one set, so that a million take seconds.
SELECT record_swap(:old, :new, :lane, :seq, :at);

-- name: last_forgettable(lane, before, count)$
-- Looks at the oldest changes of a lane; NULL: the oldest of all is younger. A transaction's changes
-- share a number, and stay or go together.
WITH oldest AS (
    SELECT seq, changed_at FROM change WHERE lane = :lane ORDER BY seq, n LIMIT :count
)
SELECT max(seq) FROM oldest
WHERE seq < COALESCE((SELECT min(seq) FROM oldest WHERE changed_at >= :before), 9223372036854775807);

-- name: forget_changes(lane, seq)!
-- Up to a number.
DELETE FROM change WHERE lane = :lane AND seq <= :seq;

-- name: raise_floor(lane, seq)!
-- In the transaction that forgets, so that a reader knows what it missed.
INSERT INTO change_floor (lane, seq) VALUES (:lane, :seq)
ON CONFLICT (lane) DO UPDATE SET seq = GREATEST(change_floor.seq, EXCLUDED.seq);
