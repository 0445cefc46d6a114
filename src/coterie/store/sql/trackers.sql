-- name: list_trackers(account)
-- Those of an account that its filters need.
SELECT number, account, text, boundary, known_since, registered_at, filled_at FROM tracker
WHERE account = :account AND retired_at IS NULL ORDER BY number;

-- name: list_all_trackers()
-- For the pipeline configuration.
SELECT number, account, text, boundary, filled_at IS NOT NULL AS is_filled FROM tracker
WHERE retired_at IS NULL ORDER BY number;

-- name: list_retiring_accounts()
-- Whose profiles may hold what retired trackers left.
SELECT DISTINCT account FROM tracker WHERE retired_at IS NOT NULL;

-- name: insert_tracker(account, text, today, now)!
-- Behind the closed fence no lane moves, so these cursors are exactly what was processed without the
-- tracker. A lane whose first event is not number 1 was trimmed.
INSERT INTO tracker (account, text, boundary, known_since, registered_at)
SELECT :account, :text,
       (SELECT COALESCE(jsonb_object_agg(lane, cursor_seq), '{}') FROM lane),
       (SELECT max(COALESCE(earliest.received_day, CAST(:today AS date)))
        FROM lane_head LEFT JOIN LATERAL (
            SELECT e.seq, e.received_day FROM event_log e
            WHERE e.lane = lane_head.lane ORDER BY e.seq LIMIT 1
        ) earliest ON true
        WHERE lane_head.seq > 0 AND COALESCE(earliest.seq, 2) > 1),
       :now;

-- name: retire_tracker(number, now)!
-- The row stays, so that its number is never given to another.
UPDATE tracker SET retired_at = :now WHERE number = :number;

-- name: set_filled(account, texts, now)!
-- Every profile has been asked, so every history is filled in.
UPDATE tracker SET filled_at = :now
WHERE account = :account AND text = ANY (CAST(:texts AS text[])) AND filled_at IS NULL
  AND retired_at IS NULL;
