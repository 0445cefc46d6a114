-- name: count_events(account)$
-- What came in since the start of the retained log.
SELECT count(*) FROM event_log WHERE account = :account;

-- name: count_rejected(account)$
-- What a person can look at: refused at a door, or set aside after the log.
SELECT (SELECT count(*) FROM rejected_event WHERE account = :account)
     + (SELECT count(*) FROM event_outcome WHERE account = :account AND kind <> 'duplicate');

-- name: count_waiting()$
-- Sequence numbers have no gaps.
SELECT COALESCE(sum(h.seq - l.cursor_seq), 0) FROM lane l JOIN lane_head h ON h.lane = l.lane;

-- name: count_profiles(account)$
-- All persons.
SELECT count(*) FROM profile WHERE account = :account;

-- name: count_identifiers(account)$
-- All nodes of the identity graph.
SELECT count(*) FROM identity WHERE account = :account;

-- name: hours(account, since)
-- Hours without events yield no row.
SELECT date_trunc('hour', received_at) AS hour, count(*)
FROM event_log
WHERE account = :account AND received_day >= CAST(:since AS date) AND received_at >= :since
GROUP BY 1 ORDER BY 1;

-- name: delivery_totals(account)^
-- Since the start, and what has yet to go.
SELECT COALESCE(sum(added), 0), COALESCE(sum(removed), 0), COALESCE(sum(refused), 0),
       COALESCE(sum(requests), 0),
       (SELECT count(*) FROM outbox o JOIN destination u ON u.id = o.destination
        WHERE o.account = :account AND o.pending AND u.retired_at IS NULL),
       (SELECT count(*) FROM outbox o JOIN destination u ON u.id = o.destination
        WHERE o.account = :account AND o.parked IS NOT NULL AND u.retired_at IS NULL)
FROM destination WHERE account = :account;

-- name: latest_events(account, stream, limit, most)
-- With what became of each; long bodies are cut, because a page shows many.
SELECT e.lane, e.seq, e.stream, e.received_at, e.occurred_at, left(e.body, :most),
       COALESCE(o.kind, ''), COALESCE(o.reason, ''), length(e.body) > :most
FROM event_log e LEFT JOIN event_outcome o ON o.lane = e.lane AND o.seq = e.seq
WHERE e.account = :account AND e.stream = :stream
ORDER BY e.received_at DESC LIMIT :limit;

-- name: rejected_events(account, stream, limit, most)
-- Newest first, long bodies cut.
SELECT id, stream, received_at, source, position, reason, substring(body FROM 1 FOR :most),
       length(body) > :most
FROM rejected_event WHERE account = :account AND stream = :stream AND repaired_at IS NULL
ORDER BY received_at DESC, id DESC LIMIT :limit;

-- name: failed_events(account, stream, limit, most)
-- Events of the log that made no difference to anybody and wait for a repair, newest first.
SELECT o.lane, o.seq, e.stream, e.received_at, e.occurred_at, substring(e.body FROM 1 FOR :most),
       o.kind, o.reason, length(e.body) > :most
FROM event_outcome o JOIN event_log e ON e.lane = o.lane AND e.seq = o.seq
WHERE o.account = :account AND o.stream = :stream AND o.kind IN ('rejected', 'unreadable', 'poison')
  AND o.repaired_at IS NULL
ORDER BY o.decided_at DESC, o.lane, o.seq LIMIT :limit;

-- name: audience_names(account)
-- Archived ones too: a profile may still carry them.
SELECT id, slug, name FROM audience WHERE account = :account;

-- name: job_kind(account, job_id)^
-- An export has a destination, an import has files.
SELECT kind, destination_id FROM job WHERE account = :account AND id = :job_id;

-- name: export_figures(job_id, destination)^
-- Jobs that share a destination share what was sent to it.
SELECT d.added, d.removed, (SELECT count(*) FROM omission WHERE job_id = :job_id), d.refused,
       (SELECT count(*) FROM outbox WHERE destination = d.id AND pending)
         + (SELECT count(*) FROM outbox_queue WHERE destination = d.id AND state = 'waiting'),
       (SELECT count(*) FROM outbox WHERE destination = d.id AND parked IS NOT NULL)
         + (SELECT count(*) FROM outbox_queue WHERE destination = d.id AND state = 'parked')
FROM destination d WHERE d.id = :destination;

-- name: count_held(destination, keys)^
-- Who rests although one of these items is not as it was told. Others are held back for good, because a job
-- gave their items up and left them as they are.
SELECT count(*) FROM outbox
WHERE destination = :destination AND held AND NOT pending AND parked IS NULL AND EXISTS (
    SELECT FROM unnest(CAST(:keys AS text[])) AS item (key)
    WHERE wanted -> item.key IS DISTINCT FROM told -> item.key -> 0 OR in_doubt ? item.key
);

-- name: import_figures(job_id)^
-- Rows imported and rows rejected; these, and those that were the same before, are among those done.
SELECT COALESCE(sum(rows_done - rows_rejected - rows_skipped), 0), 0, 0, COALESCE(sum(rows_rejected), 0)
FROM import_file WHERE job_id = :job_id;

-- name: written_figures(job_id)^
-- Of the file that was written last.
SELECT COALESCE(max(people), 0), 0, COALESCE(max(left_out), 0), 0
FROM (SELECT people, left_out FROM export_file WHERE job_id = :job_id AND state = 'done'
      ORDER BY finished_at DESC LIMIT 1) latest;

-- name: omitted_profiles(account, job_id, limit)
-- Those that were omitted last; the profile is there as long as the omission is.
SELECT replace(profile_id::text, '-', ''), reason, since FROM omission
WHERE account = :account AND job_id = :job_id ORDER BY since DESC, profile_id LIMIT :limit;

-- name: node_places(account, node, events)
-- Of one node's newest events, since a busy node has very many.
SELECT lane, seq, received_day FROM timeline
WHERE account = :account AND node = CAST(:node AS uuid)
ORDER BY received_day DESC LIMIT :events;

-- name: streams_of_places(numbers, lanes, seqs, days)
-- What each number's events came in by; days that were dropped say nothing.
SELECT DISTINCT p.n, e.stream
FROM unnest(CAST(:numbers AS integer[]), CAST(:lanes AS integer[]), CAST(:seqs AS bigint[]),
            CAST(:days AS date[])) AS p (n, lane, seq, day)
JOIN event_log e ON e.lane = p.lane AND e.seq = p.seq AND e.received_day = p.day
ORDER BY p.n, e.stream;

-- name: lane_cursors()
-- How far the profiles follow the log.
SELECT lane, cursor_seq FROM lane;

-- name: wait_briefly()
-- Who only looks must not stand in a worker's way for long.
SELECT set_config('lock_timeout', '2s', true), set_config('statement_timeout', '10s', true);

-- name: told_items(destinations, recipients)
-- What Braze was told last of these users; items are [value, milliseconds, request] by key.
SELECT recipient, told FROM outbox
WHERE destination = ANY(CAST(:destinations AS bigint[]))
  AND recipient = ANY(CAST(:recipients AS text[]));

-- name: audience_slugs(account)
-- Archived ones too: what happened names them.
SELECT id, slug FROM audience WHERE account = :account;

-- name: see_one_instant()!
-- For what must be of one piece though many statements read it; the first of its transaction.
SET TRANSACTION ISOLATION LEVEL REPEATABLE READ READ ONLY;

-- name: glance(account, field, value, token_id, now)^
-- One person in one round trip, with all that has to hold for the answer, so that the asker can tell
-- whether what it knew of definitions and generations is still so. Not for rows on several servers.
SELECT c.epoch, g.number, CAST(current_schema() AS text),
       CAST(:token_id AS bigint) IS NULL OR EXISTS (
           SELECT FROM access_token t WHERE t.id = CAST(:token_id AS bigint) AND t.revoked_at IS NULL
             AND (t.expires_at IS NULL OR t.expires_at > :now)),
       a.fields, a.audiences, a.by_fields, a.origins, a.updated_at,
       uuid_send(p.profile_id), p.version, p.updated_at, p.next_flip, p.audiences, p.body
FROM config_epoch c
JOIN generation g ON g.state = 'live'
LEFT JOIN personalization a ON a.account = :account
LEFT JOIN identity i ON i.account = :account AND i.field = :field AND i.value = :value
LEFT JOIN profile p ON p.account = :account AND p.profile_id = i.profile_id;
