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
