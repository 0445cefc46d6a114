-- name: lock_recipients(destinations, recipients)
-- In key order, so that two workers with common recipients never wait in a circle.
SELECT o.destination, o.recipient, o.claims, CAST(o.wanted AS text), CAST(o.in_doubt AS text)
FROM outbox o
JOIN unnest(CAST(:destinations AS bigint[]), CAST(:recipients AS text[])) AS asked (destination, recipient)
  ON o.destination = asked.destination AND o.recipient = asked.recipient
ORDER BY o.destination, o.recipient FOR UPDATE OF o;

-- name: lock_spread_recipients(destinations, recipients)
-- As lock_spread_profiles, where rows are spread over several servers.
UPDATE outbox o SET version = o.version
FROM unnest(CAST(:destinations AS bigint[]), CAST(:recipients AS text[])) AS asked (destination, recipient)
WHERE o.destination = asked.destination AND o.recipient = asked.recipient
RETURNING o.destination, o.recipient, o.claims, CAST(o.wanted AS text), CAST(o.in_doubt AS text);

-- name: insert_recipients(account, rows, backfill, now)
-- A recipient that another worker made meanwhile is missing in the answer.
INSERT INTO outbox (destination, recipient, account, claims, wanted, in_doubt, version, pending, backfill, waiting_since)
SELECT r.destination, r.recipient, :account, decode(r.claims, 'base64'), r.wanted, r.in_doubt, 1, r.touched,
    CAST(:backfill AS boolean), :now
FROM jsonb_to_recordset(CAST(:rows AS jsonb))
     AS r (destination bigint, recipient text, claims text, wanted jsonb, in_doubt jsonb, touched boolean)
ORDER BY r.destination, r.recipient
ON CONFLICT (destination, recipient) DO NOTHING
RETURNING destination;

-- name: update_recipients(rows, backfill, now)!
-- A new wish lifts what was parked: the destination may accept it. A live change takes a row out of the backfill
-- that it waits in; a backfill puts none behind that waits already.
UPDATE outbox o
SET claims = decode(r.claims, 'base64'),
    wanted = r.wanted,
    in_doubt = r.in_doubt,
    version = o.version + CASE WHEN r.touched THEN 1 ELSE 0 END,
    pending = o.pending OR r.touched,
    backfill = CASE WHEN r.touched THEN CAST(:backfill AS boolean) AND (o.backfill OR NOT o.pending)
                    ELSE o.backfill END,
    waiting_since = CASE WHEN r.touched AND NOT o.pending THEN :now ELSE o.waiting_since END,
    parked = CASE WHEN r.touched THEN NULL ELSE o.parked END
FROM jsonb_to_recordset(CAST(:rows AS jsonb))
     AS r (destination bigint, recipient text, claims text, wanted jsonb, in_doubt jsonb, touched boolean)
WHERE o.destination = r.destination AND o.recipient = r.recipient;

-- name: add_omissions(account, job_ids, profile_ids, reasons, since)!
-- The latest reason holds.
INSERT INTO omission (job_id, profile_id, account, reason, since)
SELECT n.job_id, n.profile_id, :account, n.reason, :since
FROM unnest(CAST(:job_ids AS bigint[]), CAST(:profile_ids AS uuid[]), CAST(:reasons AS text[]))
     AS n (job_id, profile_id, reason)
ON CONFLICT (job_id, profile_id) DO UPDATE SET reason = EXCLUDED.reason, questioned = false;

-- name: remove_omissions(job_ids, profile_ids)!
-- They can be sent again, or are no more.
DELETE FROM omission o
USING unnest(CAST(:job_ids AS bigint[]), CAST(:profile_ids AS uuid[])) AS gone (job_id, profile_id)
WHERE o.job_id = gone.job_id AND o.profile_id = gone.profile_id;

-- name: recipients_after(destination, after, limit)
-- A range of what a changed job states anew; the collation is that of the key.
SELECT recipient, claims FROM outbox
WHERE destination = :destination AND recipient > :after ORDER BY recipient LIMIT :limit;

-- name: question_omissions(job_id, kept_reason)!
-- They are found anew, and keep since when; whom an older profile shadows follows from the claims.
UPDATE omission SET questioned = true WHERE job_id = :job_id AND reason <> :kept_reason;

-- name: forget_questioned(job_id)!
-- Those that were not found again.
DELETE FROM omission WHERE job_id = :job_id AND questioned;

-- name: count_recipients(destination)$
-- How far the stating anew has to go.
SELECT count(*) FROM outbox WHERE destination = :destination;

-- name: count_traces(destination, keys)^
-- What is still there of items that go for good, and who refused to let go of them.
SELECT count(*) FILTER (WHERE parked IS NULL), count(*) FILTER (WHERE parked IS NOT NULL)
FROM outbox
WHERE destination = :destination AND EXISTS (
    SELECT FROM unnest(CAST(:keys AS text[])) key
    WHERE (told ? key OR in_doubt ? key OR key = ANY (uncertain)) AND NOT wanted ? key
);

-- name: list_destinations_of(account)
-- Rows are found by destination and name, since that is what their key is made of; retired ones keep rows, too.
SELECT id FROM destination WHERE account = :account ORDER BY id;

-- name: lock_queued(destinations, recipients)
-- Whoever is about to send one of these has locked it: after this it either stands in an open request, which
-- list_told sees, or is not sent.
SELECT id FROM outbox_queue
WHERE destination = ANY (CAST(:destinations AS bigint[]))
  AND (recipient = ANY (CAST(:recipients AS text[])) OR starts_with(recipient, 'alias:')
    AND regexp_replace(recipient, '^alias:[^:]*:', '') = ANY (CAST(:recipients AS text[])))
  AND state = 'waiting'
ORDER BY id FOR UPDATE;

-- name: list_told(recipients, destinations)
-- Names of people who are forgotten under which a destination was told of them, or may have been: an event
-- that waits while a request is under way may be in it. Whom somebody else claims with the same key is not
-- theirs alone, and stays. What was told before a deletion is gone.
SELECT t.destination, t.recipient
FROM (
    SELECT o.destination, o.recipient, NULL::timestamptz AS sent_at FROM outbox o
    WHERE o.destination = ANY (CAST(:destinations AS bigint[]))
      AND (o.recipient = ANY (CAST(:recipients AS text[])) OR starts_with(o.recipient, 'alias:')
        AND regexp_replace(o.recipient, '^alias:[^:]*:', '') = ANY (CAST(:recipients AS text[])))
      AND (o.told_version > 0 OR o.uncertain IS NOT NULL)
    UNION
    SELECT q.destination, q.recipient, max(q.settled_at) FROM outbox_queue q
    WHERE q.destination = ANY (CAST(:destinations AS bigint[]))
      AND (q.recipient = ANY (CAST(:recipients AS text[])) OR starts_with(q.recipient, 'alias:')
        AND regexp_replace(q.recipient, '^alias:[^:]*:', '') = ANY (CAST(:recipients AS text[])))
      AND (q.state IN ('sent', 'doubtful') OR q.state = 'dropped' AND q.request IS NOT NULL OR q.state = 'waiting' AND (q.repeated > 0 OR EXISTS (
          SELECT FROM delivery_request r WHERE r.destination = q.destination AND r.closed_at IS NULL
      )))
    GROUP BY q.destination, q.recipient
) t
JOIN destination d ON d.id = t.destination
WHERE NOT EXISTS (
      SELECT FROM destination l JOIN outbox c ON c.destination = l.id AND c.recipient = t.recipient
      WHERE l.authorization_id = d.authorization_id AND l.retired_at IS NULL AND c.claims <> decode('90', 'hex')
  )
  AND NOT EXISTS (
      SELECT FROM destination l JOIN outbox g ON g.destination = l.id AND g.recipient = t.recipient
      WHERE l.authorization_id = d.authorization_id AND l.form = 'deletion' AND g.told <> '{}'
        AND t.sent_at <= g.settled_at
  )
ORDER BY t.destination, t.recipient;

-- name: ask_deletions(account, destinations, recipients, now)!
-- One that waits or was refused stays as it is. One that was done is done again: the user was told of since.
INSERT INTO outbox (destination, recipient, account, claims, wanted, version, pending, waiting_since)
SELECT n.destination, n.recipient, :account, decode('90', 'hex'), '{"deleted": true}', 1, true, :now
FROM unnest(CAST(:destinations AS bigint[]), CAST(:recipients AS text[])) AS n (destination, recipient)
ORDER BY n.destination, n.recipient
ON CONFLICT (destination, recipient) DO UPDATE
SET told = '{}', version = outbox.version + 1, pending = true, waiting_since = EXCLUDED.waiting_since
WHERE NOT outbox.pending AND outbox.parked IS NULL;

-- name: drop_forgotten(destinations, recipients, deleting, authorizations, calm_since)!
-- Rows of people who are forgotten, once the destination holds nothing of ours, or will never take it. Where
-- they are to be deleted as well, a row is kept until that is done, for it says when they were last told; and a
-- deletion for a while after it, for it keeps off what would meet it at Braze. Nobody is deleted by a device.
DELETE FROM outbox o USING destination d, provider_authorization a
WHERE d.id = o.destination AND a.id = d.authorization_id
  AND o.destination = ANY (CAST(:destinations AS bigint[]))
  AND (o.recipient = ANY (CAST(:recipients AS text[])) OR starts_with(o.recipient, 'alias:')
    AND regexp_replace(o.recipient, '^alias:[^:]*:', '') = ANY (CAST(:recipients AS text[])))
  AND (o.claims = decode('90', 'hex') OR d.retired_at IS NOT NULL)
  AND (a.deleted_at IS NOT NULL OR CASE
      WHEN d.form = 'deletion' THEN
          d.authorization_id <> ALL (CAST(:authorizations AS bigint[]))
          OR NOT o.pending AND o.parked IS NULL AND o.uncertain IS NULL AND o.settled_at <= :calm_since
      WHEN o.destination = ANY (CAST(:deleting AS bigint[])) AND (o.told_version > 0 OR o.uncertain IS NOT NULL)
          AND NOT starts_with(o.recipient, 'device_id:') AND NOT EXISTS (
              SELECT FROM destination l JOIN outbox c ON c.destination = l.id AND c.recipient = o.recipient
              WHERE l.authorization_id = d.authorization_id AND l.retired_at IS NULL
                AND c.claims <> decode('90', 'hex')
          ) THEN false
      ELSE d.retired_at IS NOT NULL OR NOT (o.pending OR o.held OR o.uncertain IS NOT NULL)
  END);

-- name: count_forgotten(destinations, recipients)$
-- Rows that wait for their destination to be told.
SELECT count(*) FROM outbox o JOIN destination d ON d.id = o.destination
WHERE o.destination = ANY (CAST(:destinations AS bigint[]))
  AND (o.recipient = ANY (CAST(:recipients AS text[])) OR starts_with(o.recipient, 'alias:')
    AND regexp_replace(o.recipient, '^alias:[^:]*:', '') = ANY (CAST(:recipients AS text[])))
  AND (o.claims = decode('90', 'hex') OR d.retired_at IS NOT NULL);

-- name: list_deliveries(destinations, recipients)
-- What destinations were told of a person.
SELECT d.id, a.label, d.attribute, o.recipient, o.told, o.settled_at
FROM outbox o JOIN destination d ON d.id = o.destination
JOIN provider_authorization a ON a.id = d.authorization_id
WHERE o.destination = ANY (CAST(:destinations AS bigint[]))
  AND (o.recipient = ANY (CAST(:recipients AS text[])) OR starts_with(o.recipient, 'alias:')
    AND regexp_replace(o.recipient, '^alias:[^:]*:', '') = ANY (CAST(:recipients AS text[])))
ORDER BY d.id, o.recipient;

-- name: empty_queued(destinations, recipients, now)!
-- Events and purchases of people who are forgotten are not sent any more. What may be on the wire looks as if it
-- were sent just now.
UPDATE outbox_queue SET state = 'dropped', reason = 'the person was forgotten', body = '{}', last_answer = NULL,
    settled_at = :now
WHERE destination = ANY (CAST(:destinations AS bigint[]))
  AND (recipient = ANY (CAST(:recipients AS text[])) OR starts_with(recipient, 'alias:')
    AND regexp_replace(recipient, '^alias:[^:]*:', '') = ANY (CAST(:recipients AS text[])))
  AND state IN ('waiting', 'doubtful', 'parked');

-- name: drop_queued(destinations, recipients)!
-- They go once no deletion has to keep its distance from them.
DELETE FROM outbox_queue q
WHERE q.destination = ANY (CAST(:destinations AS bigint[]))
  AND (q.recipient = ANY (CAST(:recipients AS text[])) OR starts_with(q.recipient, 'alias:')
    AND regexp_replace(q.recipient, '^alias:[^:]*:', '') = ANY (CAST(:recipients AS text[])))
  AND NOT EXISTS (
      SELECT FROM destination own
      JOIN destination other ON other.authorization_id = own.authorization_id AND other.form = 'deletion'
      JOIN outbox o ON o.destination = other.id AND o.recipient = q.recipient
      WHERE own.id = q.destination AND o.told = '{}'
  );

-- name: answers_naming(destinations, texts)
-- What destinations answered may repeat whom it was about.
SELECT r.id FROM delivery_request r
WHERE r.destination = ANY (CAST(:destinations AS bigint[])) AND r.answer <> '' AND EXISTS (
    SELECT FROM unnest(CAST(:texts AS text[])) AS name WHERE strpos(lower(r.answer), lower(name)) > 0
);

-- name: drop_answers(ids)!
-- Their outcome stays.
UPDATE delivery_request SET answer = NULL WHERE id = ANY (CAST(:ids AS bigint[]));

-- name: lock_droppable(destinations, recipients)
-- Whoever is about to send one of these has locked it: after this it either stands in an open request, or is not sent.
-- Who locks several does so in the order of ids.
SELECT id, destination, recipient FROM outbox_queue
WHERE destination = ANY (CAST(:destinations AS bigint[])) AND recipient = ANY (CAST(:recipients AS text[]))
  AND state IN ('waiting', 'doubtful', 'parked')
ORDER BY id FOR UPDATE;

-- name: lock_droppable_items(ids)
-- As lock_droppable, of items that are known by number.
SELECT id FROM outbox_queue
WHERE id = ANY (CAST(:ids AS bigint[])) AND state IN ('waiting', 'doubtful', 'parked')
ORDER BY id FOR UPDATE;

-- name: drop_queued_items(ids, reasons, now)!
-- Events and purchases of people who do not consent; the number of a request says that one may have arrived. What is
-- never sent need not be kept, and it is about a person.
UPDATE outbox_queue q SET state = 'dropped', reason = d.reason, body = '{}', last_answer = NULL, settled_at = :now
FROM unnest(CAST(:ids AS bigint[]), CAST(:reasons AS text[])) AS d (id, reason)
WHERE q.id = d.id;
