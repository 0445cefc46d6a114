-- name: take_change_number(lane)$
-- Numbers of a lane that no collector fills (timers, backfills): one for each transaction.
INSERT INTO change_lane (lane, seq) VALUES (:lane, 1)
ON CONFLICT (lane) DO UPDATE SET seq = change_lane.seq + 1
RETURNING seq;

-- name: record_changes(lane, seq, account, first_n, profile_ids, kinds, audience_ids, versions, others, causes, cause_seqs, changed_at)!
-- The order within the transaction is the order of the list.
INSERT INTO change (lane, seq, n, account, profile_id, kind, audience_id, audience_version,
                    other_profile_id, cause, cause_seq, changed_at)
SELECT :lane, :seq, CAST(:first_n AS integer) + CAST(c.ord AS integer), :account, c.profile_id, c.kind,
       c.audience_id, c.version, c.other, c.cause, c.cause_seq, c.changed_at
FROM unnest(CAST(:profile_ids AS uuid[]), CAST(:kinds AS text[]), CAST(:audience_ids AS bigint[]),
            CAST(:versions AS integer[]), CAST(:others AS uuid[]), CAST(:causes AS text[]),
            CAST(:cause_seqs AS bigint[]), CAST(:changed_at AS timestamptz[]))
     WITH ORDINALITY
     AS c (profile_id, kind, audience_id, version, other, cause, cause_seq, changed_at, ord);

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
