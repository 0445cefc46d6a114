-- name: keep_rejected(accounts, streams, received, sources, positions, reasons, bodies)!
-- What a door refuses is kept whole, so that a person can repair it and send it again.
INSERT INTO rejected_event (account, stream, received_at, source, position, reason, body)
SELECT r.account, r.stream, r.received_at, r.source, r.position, r.reason, r.body
FROM unnest(CAST(:accounts AS bigint[]), CAST(:streams AS text[]),
            CAST(:received AS timestamptz[]), CAST(:sources AS text[]),
            CAST(:positions AS text[]), CAST(:reasons AS text[]), CAST(:bodies AS bytea[]))
     AS r (account, stream, received_at, source, position, reason, body);

-- name: refused_after(account, after, limit)
-- For who looks through what doors refused.
SELECT id, body FROM rejected_event WHERE account = :account AND id > :after ORDER BY id LIMIT :limit;

-- name: drop_refused(account, ids)!
-- What is to be forgotten.
DELETE FROM rejected_event WHERE account = :account AND id = ANY (CAST(:ids AS bigint[]));

-- name: keep_set_aside(day)!
-- What the worker set aside is kept whole before its day leaves the log, as what a door refuses is.
INSERT INTO rejected_event (account, stream, received_at, source, position, reason, body)
SELECT o.account, o.stream, e.received_at, 'log', 'lane ' || o.lane || ', event ' || o.seq,
       o.reason, convert_to(e.body, 'UTF8')
FROM event_outcome o
JOIN event_log e ON e.lane = o.lane AND e.seq = o.seq
WHERE e.received_day = :day AND o.kind IN ('rejected', 'unreadable', 'poison') AND o.repaired_at IS NULL;

-- name: forget_rejected(before, count)!
-- The oldest first, in chunks, so that no vacuum and no replica meets one huge delete.
DELETE FROM rejected_event WHERE id IN (
    SELECT id FROM rejected_event WHERE received_at < :before ORDER BY id LIMIT :count
);

-- name: find_rejected(account, number)^
-- Locked, so that two people do not run it again at a time.
SELECT stream, received_at, source, position, reason, body FROM rejected_event
WHERE account = :account AND id = :number AND repaired_at IS NULL FOR UPDATE;

-- name: mark_rejected_repaired(number, by, now)!
-- It stays, for the record.
UPDATE rejected_event SET repaired_at = :now, repaired_by = :by WHERE id = :number;
