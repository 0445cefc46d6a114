-- name: list_destinations()
-- What every authorization has to deliver to; the jobs that write there are in the configuration.
SELECT d.id, d.account, d.authorization_id, d.attribute
FROM destination d JOIN provider_authorization a ON a.id = d.authorization_id
WHERE a.deleted_at IS NULL AND a.provider = 'braze' AND d.retired_at IS NULL
ORDER BY d.authorization_id, d.id;

-- name: try_hold_authorization(space, authorization_id)$
-- The lock belongs to the session: it falls when the sender's process or its connection dies.
SELECT pg_try_advisory_lock(:space, CAST(:authorization_id AS integer));

-- name: is_authorization_held(space, authorization_id)$
-- Asked on the session itself, in case something between it and the server took the lock away.
SELECT EXISTS (
    SELECT FROM pg_locks
    WHERE locktype = 'advisory' AND granted AND pid = pg_backend_pid() AND objsubid = 2
      AND classid = CAST(:space AS oid) AND objid = CAST(:authorization_id AS oid)
);

-- name: take(destination, now, limit)
-- No locks: only the holder of the authorization's lock sends, and a changed version tells it later
-- that a row is not what it read. Fresh rows (-infinity) come before those that wait after a failure.
SELECT destination, recipient, wanted, told, in_doubt, version, attempts
FROM outbox
WHERE destination = :destination AND pending AND not_before <= :now
ORDER BY not_before LIMIT :limit;

-- name: mark_in_doubt(destination, rows)
-- Durable before anything leaves the house, whatever the session's default is.
UPDATE outbox o
SET in_doubt = ARRAY(SELECT v FROM unnest(o.in_doubt) v UNION SELECT unnest(s.sent) ORDER BY 1)
FROM jsonb_to_recordset(CAST(:rows AS jsonb)) AS s (recipient text, version bigint, sent text[])
WHERE o.destination = :destination AND o.recipient = s.recipient AND o.version = s.version
RETURNING o.recipient;

-- name: commit_durably()
-- The marks must survive a power cut, or a lost answer could hide a value from us.
SELECT set_config('synchronous_commit', 'on', true);

-- name: settle_acknowledged(destination, rows, now)!
-- Only the sender writes `told`, so what it sent is true whatever the wish has become meanwhile; a
-- wish that changed keeps the row pending.
UPDATE outbox o
SET told = ARRAY(SELECT v FROM unnest(o.told) v WHERE v <> ALL (s.removed)
                 UNION SELECT unnest(s.added) ORDER BY 1),
    in_doubt = ARRAY(SELECT v FROM unnest(o.in_doubt) v
                     WHERE v <> ALL (s.added || s.removed) ORDER BY 1),
    pending = o.version <> s.version,
    attempts = 0,
    not_before = '-infinity',
    last_answer = NULL,
    settled_at = :now
FROM jsonb_to_recordset(CAST(:rows AS jsonb))
     AS s (recipient text, version bigint, added text[], removed text[])
WHERE o.destination = :destination AND o.recipient = s.recipient;

-- name: settle_refused(destination, rows, now)!
-- What was refused is not there, so it is in doubt only if it was before. A wish that changed
-- meanwhile is tried instead of parked, with its doubts as they are.
UPDATE outbox o
SET in_doubt = CASE WHEN o.version = s.version
                    THEN ARRAY(SELECT v FROM unnest(o.in_doubt) v WHERE v <> ALL (s.fresh) ORDER BY 1)
                    ELSE o.in_doubt END,
    parked = CASE WHEN o.version = s.version THEN s.reason END,
    pending = o.version <> s.version,
    attempts = 0,
    not_before = '-infinity',
    last_answer = s.record,
    settled_at = :now
FROM jsonb_to_recordset(CAST(:rows AS jsonb))
     AS s (recipient text, version bigint, fresh text[], reason text, record text)
WHERE o.destination = :destination AND o.recipient = s.recipient;

-- name: settle_postponed(destination, rows)!
-- The values stay in doubt: a time-out may have come after the destination had applied them.
UPDATE outbox o
SET attempts = o.attempts + CASE WHEN s.is_failure THEN 1 ELSE 0 END, not_before = s.not_before, last_answer = s.answer
FROM jsonb_to_recordset(CAST(:rows AS jsonb))
     AS s (recipient text, not_before timestamptz, answer text, is_failure boolean)
WHERE o.destination = :destination AND o.recipient = s.recipient;

-- name: rearm(destination, doubtful_from)!
-- Rows that rest although they differ: values of a job that was paused, or what a lost settlement
-- left behind. Doubtful ones wait until a request of the sender before us has surely ended.
UPDATE outbox
SET pending = true,
    not_before = CASE WHEN in_doubt = '{}' THEN not_before
                      ELSE GREATEST(not_before, CAST(:doubtful_from AS timestamptz)) END
WHERE destination = :destination AND parked IS NULL
  AND (in_doubt <> '{}' OR (NOT pending AND NOT (told @> wanted AND wanted @> told)));

-- name: hurry(destination)!
-- The destination answers again, so rows need not wait for the end of their back-off.
UPDATE outbox SET not_before = '-infinity'
WHERE destination = :destination AND pending AND attempts > 0;

-- name: count_waiting(destination)$
-- What has yet to go, now or later.
SELECT count(*) FROM outbox WHERE destination = :destination AND pending;

-- name: list_parked(destination, after, limit)
-- What a destination refused, with the payload and the answer.
SELECT recipient, parked, COALESCE(last_answer, ''), settled_at
FROM outbox
WHERE destination = :destination AND parked IS NOT NULL AND recipient > :after
ORDER BY recipient LIMIT :limit;

-- name: replay_parked(destination, recipients)!
-- All of them if `recipients` is null.
UPDATE outbox
SET parked = NULL, pending = true, not_before = '-infinity', attempts = 0
WHERE destination = :destination AND parked IS NOT NULL
  AND (CAST(:recipients AS text[]) IS NULL OR recipient = ANY (CAST(:recipients AS text[])));
