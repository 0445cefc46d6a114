-- name: note_lanes()!
-- A lane that is new to the inspector is looked at from its first event on.
INSERT INTO inspected_lane (lane, seq) SELECT lane, 0 FROM lane_head ON CONFLICT (lane) DO NOTHING;

-- name: lanes_behind()
-- Events that no worker has taken yet wait: what is shown of a stream is what was processed.
SELECT i.lane, l.cursor_seq
FROM inspected_lane i JOIN lane l ON l.lane = i.lane
WHERE l.cursor_seq > i.seq
ORDER BY l.cursor_seq - i.seq DESC;

-- name: take_inspected(lane)^
-- Without a row another inspector has the lane.
SELECT seq FROM inspected_lane WHERE lane = :lane FOR UPDATE SKIP LOCKED;

-- name: move_on(lane, seq)!
-- In the transaction that keeps what was seen.
UPDATE inspected_lane SET seq = :seq WHERE lane = :lane;

-- name: lock_keys(account, stream, keys)
-- In order, so that two inspectors wait for each other and never in a circle.
SELECT key, uniques FROM stream_key
WHERE account = :account AND stream = :stream AND key = ANY(CAST(:keys AS text[]))
ORDER BY key FOR UPDATE;

-- name: count_keys(account, stream)^
-- Bounded, see flow/inspect/store.py.
SELECT count(*) FROM stream_key WHERE account = :account AND stream = :stream;

-- name: save_key(account, stream, key, times, first_seen, last_seen, kinds, uniques, sampled)!
-- Counts are added, the sketch was merged before.
INSERT INTO stream_key AS known (account, stream, key, times, first_seen, last_seen, kinds, uniques,
                                 is_sampled)
VALUES (:account, :stream, :key, :times, :first_seen, :last_seen, CAST(:kinds AS jsonb), :uniques,
        :sampled)
ON CONFLICT (account, stream, key) DO UPDATE
SET times = known.times + EXCLUDED.times,
    first_seen = LEAST(known.first_seen, EXCLUDED.first_seen),
    last_seen = GREATEST(known.last_seen, EXCLUDED.last_seen),
    kinds = (SELECT jsonb_object_agg(kind, total) FROM (
        SELECT kind, sum(n) AS total FROM (
            SELECT key AS kind, value::bigint AS n FROM jsonb_each_text(known.kinds)
            UNION ALL SELECT key, value::bigint FROM jsonb_each_text(EXCLUDED.kinds)
        ) AS each GROUP BY kind
    ) AS totals),
    uniques = EXCLUDED.uniques,
    is_sampled = known.is_sampled OR EXCLUDED.is_sampled;

-- name: list_keys(account, stream)
-- Most frequent first; the count of events, key '', leads.
SELECT key, times, first_seen, last_seen, kinds, uniques, is_sampled
FROM stream_key WHERE account = :account AND stream = :stream
ORDER BY key <> '', times DESC, key;
