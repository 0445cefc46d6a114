-- name: ensure_lanes(count, bulk)!
-- Live lanes start at 0, bulk lanes at `bulk`; lanes are never taken away, since their rows hold what
-- is still to be read.
WITH wanted AS (
    SELECT first + n AS lane
    FROM unnest(ARRAY[0, CAST(:bulk AS integer)]) AS first,
         generate_series(0, CAST(:count AS integer) - 1) AS n
),
heads AS (
    INSERT INTO lane_head (lane) SELECT lane FROM wanted ON CONFLICT (lane) DO NOTHING
)
INSERT INTO lane (lane) SELECT lane FROM wanted ON CONFLICT (lane) DO NOTHING;

-- name: list_lanes(first)
-- Every lane from `first` on that exists, whatever the setting says now.
SELECT lane FROM lane_head WHERE lane >= :first ORDER BY lane;

-- name: count_bulk_waiting(first)$
-- Events of bulk lanes that no worker has taken yet: sequence numbers have no gaps.
SELECT COALESCE(sum(lane_head.seq - lane.cursor_seq), 0)
FROM lane JOIN lane_head ON lane_head.lane = lane.lane
WHERE lane.lane >= :first;

-- name: token_holds(token_id, now)^
-- Asked in each transaction of a bulk load, as `begin_group` does for single requests.
SELECT id FROM access_token
WHERE id = :token_id AND revoked_at IS NULL AND (expires_at IS NULL OR expires_at > :now);

-- name: missing_days(days)
-- Asked first, since making a partition locks the whole log for a moment.
SELECT day FROM unnest(CAST(:days AS date[])) AS day
WHERE to_regclass('public.event_log_' || to_char(day, 'YYYYMMDD')) IS NULL;

-- name: lock_days(lock)$
-- Two processes that need the same new day make it one after the other.
SELECT pg_advisory_xact_lock(:lock);

-- name: create_days(days)
-- Safe to run again for a day that exists.
SELECT create_day(day) FROM unnest(CAST(:days AS date[])) AS day ORDER BY day;

-- name: begin_group(lane, token_ids, token_events, free_events, now)^
-- One round trip takes the sequence numbers and asks which tokens still hold, so that a revoked
-- token writes nothing from the moment its revocation is committed. `seq` is the group's last.
-- The synchronous commit is stated here because a pool's connection may have been set otherwise.
WITH valid AS (
    SELECT id FROM access_token
    WHERE id = ANY(:token_ids) AND revoked_at IS NULL
      AND (expires_at IS NULL OR expires_at > :now)
),
allowed AS (
    SELECT COALESCE(sum(asked.events), 0) AS events
    FROM unnest(CAST(:token_ids AS bigint[]), CAST(:token_events AS bigint[])) AS asked (id, events)
    JOIN valid ON valid.id = asked.id
)
UPDATE lane_head SET seq = lane_head.seq + CAST(:free_events AS bigint) + CAST(allowed.events AS bigint)
FROM allowed
WHERE lane_head.lane = :lane
RETURNING lane_head.seq, ARRAY(SELECT id FROM valid) AS valid_ids,
          set_config('synchronous_commit', 'on', true);

-- name: extend_lane(lane, events)^
-- The row stays locked until the commit, so sequence order is commit order; `seq` is the last one.
UPDATE lane_head SET seq = seq + :events WHERE lane = :lane RETURNING seq;

-- name: copy_events()!
-- The columns in the order that flow/eventlog/encode.py writes them.
COPY event_log (lane, seq, received_day, account, stream, received_at, occurred_at, message_hash,
                body)
FROM STDIN (FORMAT BINARY);

-- name: take_lane(lane)^
-- The lock is the right to process the lane; no row means that another worker has it.
SELECT lane, cursor_seq, cursor_day FROM lane WHERE lane = :lane FOR UPDATE SKIP LOCKED;

-- name: take_lane_alone(lane, space, line)^
-- As take_lane, with the right to process lanes of its line, which the transaction has alone.
SELECT lane, cursor_seq, cursor_day
FROM lane
WHERE lane = :lane AND pg_try_advisory_xact_lock(:space, :line)
FOR UPDATE SKIP LOCKED;

-- name: read_range(lane, after, until, day)
-- A closed range of numbers keeps the plan an index scan however large the lane has grown; the day
-- leaves out the partitions of days that are done.
SELECT lane, seq, account, stream, received_at, body, occurred_at, message_hash
FROM event_log
WHERE lane = :lane AND seq > :after AND seq <= :until AND received_day >= :day
ORDER BY seq;

-- name: read_next(lane, after, count)
-- Any day: for the moments when days overlap, or when old days were dropped unread.
SELECT lane, seq, account, stream, received_at, body, occurred_at, message_hash
FROM event_log
WHERE lane = :lane AND seq > :after
ORDER BY seq LIMIT :count;

-- name: read_places(lanes, seqs, days)
-- Single events, by where the timeline says they are; those of days that were dropped are missing.
SELECT e.lane, e.seq, e.account, e.stream, e.received_at, e.body, e.occurred_at, e.message_hash
FROM unnest(CAST(:lanes AS integer[]), CAST(:seqs AS bigint[]), CAST(:days AS date[]))
     AS p (lane, seq, day)
JOIN event_log e ON e.lane = p.lane AND e.seq = p.seq AND e.received_day = p.day;

-- name: read_newest(account, stream, limit)
-- By the index of streams, so however long the log is.
SELECT lane, seq, account, stream, received_at, body, occurred_at, message_hash
FROM event_log
WHERE account = :account AND stream = :stream
ORDER BY received_at DESC, lane, seq LIMIT :limit;

-- name: count_since(account, stream, since, day)$
-- By the index of streams alone; the day leaves out the partitions of days before.
SELECT count(*) FROM event_log
WHERE account = :account AND stream = :stream AND received_at >= :since AND received_day >= :day;

-- name: read_since(account, stream, since, day, limit)
-- As read_newest, of some days, without messages that came twice.
SELECT lane, seq, account, stream, received_at, body, occurred_at, message_hash
FROM event_log e
WHERE account = :account AND stream = :stream AND received_at >= :since AND received_day >= :day
  AND NOT EXISTS (SELECT FROM event_outcome o
                  WHERE o.lane = e.lane AND o.seq = e.seq AND o.kind = 'duplicate')
ORDER BY received_at DESC, lane, seq LIMIT :limit;

-- name: advance_lane(lane, seq, day, at)!
-- In the transaction that writes the effects of the events up to `seq`.
UPDATE lane SET cursor_seq = :seq, cursor_day = :day, advanced_at = :at WHERE lane = :lane;

-- name: lanes_with_work()
-- The lane that waited longest comes first, so that a busy one cannot starve the others.
SELECT lane.lane
FROM lane JOIN lane_head ON lane_head.lane = lane.lane
WHERE lane_head.seq > lane.cursor_seq
ORDER BY lane.advanced_at NULLS FIRST, lane.lane;

-- name: seen_periods()
-- The newest is the one to mark in; the one before it is still asked.
SELECT opened_on FROM seen_period ORDER BY opened_on DESC LIMIT 2;

-- name: find_seen(accounts, hashes, opened_on)
-- Of one period.
SELECT s.account, s.message_hash
FROM unnest(CAST(:accounts AS bigint[]), CAST(:hashes AS bytea[])) AS m (account, message_hash)
JOIN seen_message s ON s.message_hash = m.message_hash AND s.account = m.account
                   AND s.opened_on = :opened_on;

-- name: copy_seen()!
-- For messages that are all new, which is the rule: half the work of asking about each. Rows are
-- packed, and sorted, by flow/eventlog/seen.py.
COPY seen_message (account, message_hash, opened_on) FROM STDIN (FORMAT BINARY);

-- name: mark_seen(accounts, hashes, opened_on)
-- Sorted, so that two workers with common messages wait for each other and never in a circle.
INSERT INTO seen_message (account, message_hash, opened_on)
SELECT account, message_hash, :opened_on
FROM unnest(CAST(:accounts AS bigint[]), CAST(:hashes AS bytea[])) AS m (account, message_hash)
ORDER BY account, message_hash
ON CONFLICT (message_hash, account, opened_on) DO NOTHING
RETURNING account, message_hash;

-- name: open_seen_period(day)!
-- Behind the fence: no batch marks messages meanwhile.
SELECT open_seen_period(:day);

-- name: drop_seen_periods(before)!
-- All that opened before a day.
SELECT drop_seen_periods(:before);

-- name: mark_contents(accounts, subjects, contents, starts, ends)
-- Returns what is news: what was said last differs, or was said too long ago. Sorted, so that two
-- workers wait for each other and never in a circle.
INSERT INTO latest_content AS known (account, subject, content, said_at, repeats_until)
SELECT m.account, m.subject, m.content, m.said_at, m.repeats_until
FROM unnest(CAST(:accounts AS bigint[]), CAST(:subjects AS bytea[]), CAST(:contents AS bytea[]),
            CAST(:starts AS timestamptz[]), CAST(:ends AS timestamptz[]))
     AS m (account, subject, content, said_at, repeats_until)
ORDER BY m.account, m.subject
ON CONFLICT (account, subject) DO UPDATE
SET content = EXCLUDED.content, said_at = EXCLUDED.said_at, repeats_until = EXCLUDED.repeats_until
WHERE known.content <> EXCLUDED.content OR EXCLUDED.said_at >= known.repeats_until
RETURNING account, subject;

-- name: forget_contents(now, count)!
-- In chunks, as above.
DELETE FROM latest_content
WHERE (account, subject) IN (
    SELECT account, subject FROM latest_content WHERE repeats_until < :now LIMIT :count
);

-- name: record_outcomes(lanes, seqs, accounts, streams, kinds, reasons, decided_at)!
-- A second verdict on an event, after a repair, replaces the first.
INSERT INTO event_outcome (lane, seq, account, stream, kind, reason, decided_at)
SELECT o.lane, o.seq, o.account, o.stream, o.kind, o.reason, :decided_at
FROM unnest(CAST(:lanes AS integer[]), CAST(:seqs AS bigint[]), CAST(:accounts AS bigint[]),
            CAST(:streams AS text[]), CAST(:kinds AS text[]), CAST(:reasons AS text[]))
     AS o (lane, seq, account, stream, kind, reason)
ORDER BY o.lane, o.seq
ON CONFLICT (lane, seq) DO UPDATE
SET kind = EXCLUDED.kind, reason = EXCLUDED.reason, decided_at = EXCLUDED.decided_at;

-- name: rewrite_events(lanes, seqs, days, bodies)!
-- The one exception to a log that is only written once: what is to be forgotten goes out of it.
UPDATE event_log e SET body = n.body
FROM unnest(CAST(:lanes AS integer[]), CAST(:seqs AS bigint[]), CAST(:days AS date[]),
            CAST(:bodies AS text[])) AS n (lane, seq, day, body)
WHERE e.lane = n.lane AND e.seq = n.seq AND e.received_day = n.day;

-- name: exceptions_after(account, lane, seq, limit)
-- Events that no profile mentions, because they were set aside.
SELECT e.lane, e.seq, e.account, e.stream, e.received_at, e.body, e.occurred_at, e.message_hash
FROM (
    SELECT lane, seq FROM event_outcome
    WHERE account = :account AND kind <> 'erased' AND (lane, seq) > (:lane, :seq)
    ORDER BY lane, seq LIMIT :limit
) o JOIN event_log e ON e.lane = o.lane AND e.seq = o.seq
ORDER BY e.lane, e.seq;

-- name: last_exception(account, lane, seq, limit)^
-- How far the page of exceptions_after reached.
SELECT lane, seq FROM (
    SELECT lane, seq FROM event_outcome
    WHERE account = :account AND kind <> 'erased' AND (lane, seq) > (:lane, :seq)
    ORDER BY lane, seq LIMIT :limit
) o ORDER BY lane DESC, seq DESC LIMIT 1;

-- name: log_days()
-- Figures of the last analysis, since counting would read the whole log.
SELECT to_date(right(c.relname, 8), 'YYYYMMDD') AS day,
       CAST(GREATEST(c.reltuples, 0) AS bigint) AS events,
       pg_total_relation_size(c.oid) AS bytes
FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhrelid
WHERE i.inhparent = CAST('public.event_log' AS regclass)
ORDER BY 1;

-- name: unread_lanes(day)
-- A day that a worker or a replay has yet to read is not forgotten, whatever its age.
SELECT DISTINCT e.lane
FROM (SELECT lane, cursor_seq FROM lane
      UNION ALL
      SELECT lane, cursor_seq FROM replay_lane
      WHERE generation IN (SELECT number FROM generation WHERE state = 'building')) reader
JOIN event_log e ON e.lane = reader.lane AND e.seq > reader.cursor_seq
WHERE e.received_day = :day
ORDER BY e.lane;

-- name: forget_outcomes(day)!
-- The verdicts on events that leave the log; what a person could repair was kept whole before.
DELETE FROM event_outcome o USING event_log e
WHERE e.lane = o.lane AND e.seq = o.seq AND e.received_day = :day;

-- name: limit_wait()$
-- Dropping a partition keeps everybody away from the log; who waits for it keeps them away too.
SELECT set_config('lock_timeout', '2s', true);

-- name: drop_day(day)!
-- Of the log, and of the timeline of every generation.
SELECT drop_day(:day);

-- name: find_open_outcome(account, stream, lane, seq)^
-- Locked, so that two people do not run the event again at a time. What a replay has read already
-- counts in what it fills.
SELECT kind FROM event_outcome o
WHERE o.lane = :lane AND o.seq = :seq AND o.account = :account AND o.stream = :stream
  AND o.kind IN ('rejected', 'unreadable', 'poison') AND o.repaired_at IS NULL
  AND NOT EXISTS (SELECT FROM replay_taken t WHERE t.lane = o.lane AND t.seq = o.seq)
FOR UPDATE;

-- name: mark_taken_repaired(number, by, now)!
-- What a replay could read counts once it is live.
UPDATE event_outcome o SET repaired_at = :now, repaired_by = :by
FROM replay_taken t WHERE t.generation = :number AND t.lane = o.lane AND t.seq = o.seq;

-- name: unreadable_streams()
-- Those whose events wait until a mapping is corrected.
SELECT DISTINCT account, stream FROM event_outcome
WHERE kind = 'unreadable' AND repaired_at IS NULL ORDER BY account, stream;

-- name: unreadable_events(account, stream, limit)
-- The oldest of each lane first.
SELECT o.lane, o.seq FROM event_outcome o
WHERE o.account = :account AND o.stream = :stream AND o.kind = 'unreadable'
  AND o.repaired_at IS NULL
  AND NOT EXISTS (SELECT FROM replay_taken t WHERE t.lane = o.lane AND t.seq = o.seq)
ORDER BY o.lane, o.seq LIMIT :limit;

-- name: mark_outcome_repaired(lane, seq, by, now)!
-- The verdict stays: it is about the event as it was, which no replay takes.
UPDATE event_outcome SET repaired_at = :now, repaired_by = :by WHERE lane = :lane AND seq = :seq;
