-- name: list_destinations(providers)
-- What every authorization has to deliver to; the jobs that write there are in the configuration.
SELECT d.id, d.account, d.authorization_id, d.form, d.attribute, d.repeats, d.delivery, d.restarts, d.left_alone
FROM destination d JOIN provider_authorization a ON a.id = d.authorization_id
WHERE a.deleted_at IS NULL AND a.provider = ANY (CAST(:providers AS text[])) AND d.retired_at IS NULL
ORDER BY d.authorization_id, d.id;

-- name: find_destination(authorization_id, form, attribute)^
-- Where a job that is only thought of would write.
SELECT id, account, authorization_id, form, attribute, repeats, delivery, restarts, left_alone
FROM destination
WHERE authorization_id = :authorization_id AND form = :form AND attribute = :attribute
  AND retired_at IS NULL;

-- name: find_rows(destination, recipients)
-- What users hold already, for those who count.
SELECT COALESCE(CAST(json_agg(json_build_array(recipient, wanted, told, in_doubt, version)) AS text), '[]')
FROM outbox WHERE destination = :destination AND recipient = ANY (CAST(:recipients AS text[]));

-- name: count_above(destination, limit)^
-- Asked only where a destination has more values than an array holds, since it reads all rows.
SELECT count(*) FROM outbox
WHERE destination = :destination AND (SELECT count(*) FROM jsonb_object_keys(wanted)) > :limit;

-- name: count_told(destination, keys)^
-- From how many users a clean-up would take something away.
SELECT count(*) FROM outbox WHERE destination = :destination AND told ?| CAST(:keys AS text[]);

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

-- name: walk_in_order()
-- A sender settles rows in the order in which workers lock them. A join that walks the list and looks
-- each row up keeps that order; a hash join would not, and the two could wait for each other.
SELECT set_config('enable_hashjoin', 'off', false), set_config('enable_mergejoin', 'off', false),
       set_config('enable_seqscan', 'off', false), set_config('jit', 'off', false);

-- name: take(destination, backfill, now, clock, limit, busy, after_instant, after_recipient, deletion, calm_since, items_since)
-- No locks: only the holder of the authorization's lock sends, and a changed version tells it later
-- that a row is not what it read. Fresh rows (-infinity) come before those that wait after a failure.
-- Most rows were never told of anything, and no text is quicker than that of an empty object.
-- A deletion at Braze may overtake what was tracked before, and be overtaken by what is tracked after: a
-- deletion waits until nothing of its user was sent for a while, nor is uncertain, and then the user's other rows
-- wait. Who was in a request without an answer is told again by the clock, however early the rest is taken.
-- An event or a purchase makes its user anew, so a late one holds the deletion back as well.
SELECT recipient, CAST(wanted AS text),
       CASE WHEN told = '{}' THEN '' ELSE CAST(told AS text) END,
       CASE WHEN in_doubt = '{}' THEN '' ELSE CAST(in_doubt AS text) END,
       version, attempts, told_version,
       CASE WHEN isfinite(not_before) THEN CAST(not_before AS text) ELSE '-infinity' END,
       CASE WHEN again_at <= :clock OR again_at = 'infinity' THEN uncertain END
FROM outbox
WHERE destination = :destination AND pending AND backfill = CAST(:backfill AS boolean) AND not_before <= :now
  AND (not_before, recipient) > (CAST(:after_instant AS timestamptz), :after_recipient)
  AND recipient <> ALL (CAST(:busy AS text[]))
  AND (CAST(:deletion AS bigint) IS NULL OR NOT EXISTS (
      SELECT FROM destination own
      JOIN destination other ON other.authorization_id = own.authorization_id
      JOIN outbox o ON o.destination = other.id AND o.recipient = outbox.recipient
      WHERE own.id = :destination AND other.id <> own.id
        AND (own.id = :deletion OR other.id = :deletion)
        AND (o.settled_at > :calm_since AND o.told_version > 0 OR o.again_at > :clock AND isfinite(o.again_at))
  ))
  AND (:destination IS DISTINCT FROM CAST(:deletion AS bigint) OR NOT EXISTS (
      SELECT FROM destination own
      JOIN destination other ON other.authorization_id = own.authorization_id
      JOIN outbox_queue q ON q.destination = other.id AND q.recipient = outbox.recipient
      WHERE own.id = :destination AND q.settled_at > :items_since
  ))
ORDER BY not_before, recipient LIMIT :limit;

-- name: commit_durably()
-- What is about to leave must survive a power cut, or a lost answer could hide a value from us.
SELECT set_config('synchronous_commit', 'on', true);

-- name: next_requests(count)
-- Numbers for requests.
SELECT nextval('delivery_request_id') FROM generate_series(1, CAST(:count AS integer));

-- name: lock_items(ids)
-- Those that still wait. Whoever forgets their person waits until it is written down that they are on their way,
-- or has come first, and then they do not leave. Nor do those whose job asks people for another consent just now.
SELECT id FROM outbox_queue
WHERE id = ANY (CAST(:ids AS bigint[])) AND state = 'waiting'
  AND destination NOT IN (SELECT destination_id FROM job WHERE checkpoint ? 'rechecking' AND destination_id IS NOT NULL)
ORDER BY id FOR SHARE;

-- name: open_requests(authorization_id, ids, destinations, objects, sent, now)!
-- From here on all that they name is in doubt.
INSERT INTO delivery_request (id, authorization_id, destination, opened_at, objects, sent)
SELECT r.id, :authorization_id, r.destination, :now, r.objects, r.sent
FROM unnest(CAST(:ids AS bigint[]), CAST(:destinations AS bigint[]), CAST(:objects AS integer[]),
            CAST(:sent AS bytea[])) AS r (id, destination, objects, sent);

-- name: close_requests(rows, now)!
-- What was sent stands in the ledger now, or in the rows' doubts.
UPDATE delivery_request q
SET closed_at = :now, outcome = r.outcome, status = r.status, answer = r.answer, refused = r.refused,
    sent = NULL
FROM jsonb_to_recordset(CAST(:rows AS jsonb))
     AS r (id bigint, outcome text, status integer, answer text, refused integer)
WHERE q.id = r.id;

-- name: list_open_requests(authorization_id)
-- What a sender that died left without an answer.
SELECT id, destination, sent, opened_at FROM delivery_request
WHERE authorization_id = :authorization_id AND closed_at IS NULL ORDER BY id;

-- name: forget_requests(before, limit)!
-- In chunks, oldest first.
DELETE FROM delivery_request WHERE id IN (
    SELECT id FROM delivery_request WHERE closed_at < :before ORDER BY id LIMIT :limit
);

-- name: lock_rows(destinations, recipients)!
-- Several kinds of settlements of one transaction would lock in an order of their own, and could wait
-- in a circle with a worker, which locks in the order of keys.
SELECT FROM outbox o
JOIN unnest(CAST(:destinations AS bigint[]), CAST(:recipients AS text[])) AS asked (destination, recipient)
  ON o.destination = asked.destination AND o.recipient = asked.recipient
ORDER BY o.destination, o.recipient FOR UPDATE OF o;

-- name: lock_spread_rows(destinations, recipients)!
-- As lock_rows, where rows are spread over several servers.
UPDATE outbox o SET version = o.version
FROM unnest(CAST(:destinations AS bigint[]), CAST(:recipients AS text[])) AS asked (destination, recipient)
WHERE o.destination = asked.destination AND o.recipient = asked.recipient;

-- name: settle_acknowledged(destinations, recipients, versions, puts, drops, held, stay, more, now)!
-- The version of who was never told of anything is negative: nobody needs to be deleted there.
-- Only the sender writes `told`, so what it sent is true whatever the wish has become meanwhile; a
-- wish that changed keeps the row pending, and so does what is told in parts (`more`). `stay` is given where the row was told again: what stays uncertain.
UPDATE outbox o
SET uncertain = CASE WHEN s.stay = '' THEN o.uncertain ELSE NULLIF(CAST(s.stay AS text[]), '{}') END,
    again_at = CASE WHEN s.stay = '' THEN o.again_at WHEN s.stay <> '{}' THEN 'infinity' END,
    told = CASE WHEN o.told = '{}' THEN CAST(s.put AS jsonb)
                ELSE o.told - CAST(s.drop AS text[]) || CAST(s.put AS jsonb) END,
    in_doubt = CASE WHEN o.in_doubt = '{}' THEN o.in_doubt
                    ELSE o.in_doubt - CAST(s.drop AS text[])
                         - ARRAY(SELECT jsonb_object_keys(CAST(s.put AS jsonb))) END,
    pending = o.version <> s.version OR s.more = 1,
    waiting_since = CASE WHEN o.version <> s.version OR s.more = 1 THEN o.waiting_since END,
    held = s.held = 1,
    told_version = CASE WHEN o.told_version <= 0 AND s.put = '{}' AND s.drop = '{}' THEN -s.version ELSE s.version END,
    attempts = 0,
    not_before = '-infinity',
    last_answer = NULL,
    settled_at = :now
FROM (
    SELECT * FROM unnest(CAST(:destinations AS bigint[]), CAST(:recipients AS text[]),
                         CAST(:versions AS bigint[]), CAST(:puts AS text[]), CAST(:drops AS text[]),
                         CAST(:held AS integer[]), CAST(:stay AS text[]), CAST(:more AS integer[]))
        AS each (destination, recipient, version, put, drop, held, stay, more)
    ORDER BY destination, recipient
) AS s
WHERE o.destination = s.destination AND o.recipient = s.recipient;

-- name: forget_deleted(destination, recipients, now)!
-- The destination holds nothing of them any more. What is wanted again is told again; the rest rests.
UPDATE outbox o
SET told = '{}', told_version = -abs(o.told_version), in_doubt = '{}', uncertain = NULL, again_at = NULL, pending = o.wanted <> '{}', parked = NULL, held = false,
    not_before = '-infinity', attempts = 0,
    waiting_since = CASE WHEN o.wanted <> '{}' THEN CAST(:now AS timestamptz) END
FROM destination own
JOIN destination other ON other.authorization_id = own.authorization_id AND other.id <> own.id
WHERE own.id = :destination AND o.destination = other.id
  AND o.recipient = ANY (CAST(:recipients AS text[]));

-- name: drop_deleted(destination, recipients, now)!
-- An event of theirs would make them anew.
UPDATE outbox_queue q
SET state = 'dropped', reason = 'the user was deleted', body = '{}', last_answer = NULL, settled_at = :now
FROM destination own
JOIN destination other ON other.authorization_id = own.authorization_id AND other.id <> own.id
WHERE own.id = :destination AND q.destination = other.id
  AND q.state IN ('waiting', 'doubtful', 'parked')
  AND q.recipient = ANY (CAST(:recipients AS text[]));

-- name: settle_refused(rows, now)!
-- What was refused is not there; doubts that were there before stay. A wish that changed meanwhile is
-- tried instead of parked.
UPDATE outbox o
SET parked = CASE WHEN o.version = s.version THEN s.reason END,
    pending = o.version <> s.version,
    waiting_since = CASE WHEN o.version <> s.version THEN o.waiting_since END,
    attempts = 0,
    not_before = '-infinity',
    last_answer = s.record,
    settled_at = :now
FROM (
    SELECT * FROM jsonb_to_recordset(CAST(:rows AS jsonb))
        AS each (destination bigint, recipient text, version bigint, reason text, record text)
    ORDER BY destination, recipient
) AS s
WHERE o.destination = s.destination AND o.recipient = s.recipient;

-- name: settle_postponed(rows)!
-- A time-out may have come after the destination had applied them, or before: then they come late, and
-- the row is told again when they no longer can.
UPDATE outbox o
SET attempts = o.attempts + s.failures, not_before = s.not_before, last_answer = s.answer,
    in_doubt = o.in_doubt || s.doubt,
    uncertain = CASE WHEN s.again_at IS NULL THEN o.uncertain ELSE ARRAY(
        SELECT unnest(o.uncertain) UNION SELECT jsonb_object_keys(s.doubt) ORDER BY 1) END,
    again_at = CASE WHEN o.again_at = 'infinity' AND s.again_at IS NOT NULL THEN s.again_at
                    ELSE GREATEST(o.again_at, s.again_at) END
FROM (
    SELECT * FROM jsonb_to_recordset(CAST(:rows AS jsonb))
        AS each (destination bigint, recipient text, not_before timestamptz, answer text,
                 failures integer, doubt jsonb, again_at timestamptz)
    ORDER BY destination, recipient
) AS s
WHERE o.destination = s.destination AND o.recipient = s.recipient;

-- name: unhold(destination)!
-- Items of a paused job that were kept back. They may be many, so live changes go before them.
UPDATE outbox SET pending = true, held = false, backfill = backfill OR NOT pending, waiting_since = COALESCE(waiting_since, now())
WHERE destination = :destination AND held AND parked IS NULL;

-- name: wake(destination, clock)!
-- Whose requests without an answer can no longer be alive: due to be told once more.
UPDATE outbox SET pending = true, backfill = true, waiting_since = COALESCE(waiting_since, :clock)
WHERE destination = :destination AND uncertain IS NOT NULL AND again_at <= :clock
  AND NOT pending AND parked IS NULL;

-- name: hurry(destination)!
-- The destination answers again, so rows need not wait for the end of their back-off.
UPDATE outbox SET not_before = '-infinity'
WHERE destination = :destination AND pending AND attempts > 0;

-- name: hurry_queue(destination)!
-- The same of events and purchases.
UPDATE outbox_queue SET not_before = '-infinity'
WHERE destination = :destination AND state = 'waiting' AND not_before > '-infinity';

-- name: is_of_account(account, destination)^
-- Doors name destinations by number.
SELECT id FROM destination
WHERE id = :destination AND account = :account AND retired_at IS NULL;

-- name: count_waiting(destination)$
-- What has yet to go, now or later.
SELECT (SELECT count(*) FROM outbox WHERE destination = :destination AND pending)
     + (SELECT count(*) FROM outbox_queue WHERE destination = :destination AND state = 'waiting');

-- name: list_parked(destination, after, limit)
-- What a destination refused, with the payload and the answer.
SELECT recipient, parked, COALESCE(last_answer, ''), settled_at
FROM outbox
WHERE destination = :destination AND parked IS NOT NULL AND recipient > :after
ORDER BY recipient LIMIT :limit;

-- name: replay_parked(destination, recipients, reason, since, until)!
-- What is NULL is not asked. Who is not named may be many, so live changes go before them.
UPDATE outbox
SET parked = NULL, pending = true, backfill = CAST(:recipients AS text[]) IS NULL, not_before = '-infinity', attempts = 0,
    waiting_since = now()
WHERE destination = :destination AND parked IS NOT NULL
  AND (CAST(:recipients AS text[]) IS NULL OR recipient = ANY (CAST(:recipients AS text[])))
  AND (CAST(:reason AS text) IS NULL OR strpos(lower(parked), lower(CAST(:reason AS text))) > 0)
  AND (CAST(:since AS timestamptz) IS NULL OR settled_at >= :since)
  AND (CAST(:until AS timestamptz) IS NULL OR settled_at < :until);

-- name: replay_items(destination, ids, recipients, states, reason, since, until)!
-- Events and purchases, by the same choice; those that were in doubt count as repeated.
UPDATE outbox_queue
SET repeated = repeated + CASE WHEN state = 'doubtful' THEN 1 ELSE 0 END,
    state = 'waiting', not_before = '-infinity', attempts = 0, reason = NULL
WHERE destination = :destination AND state = ANY (CAST(:states AS text[]))
  AND (CAST(:ids AS bigint[]) IS NULL OR id = ANY (CAST(:ids AS bigint[])))
  AND (CAST(:recipients AS text[]) IS NULL OR recipient = ANY (CAST(:recipients AS text[])))
  AND (CAST(:reason AS text) IS NULL OR strpos(lower(reason), lower(CAST(:reason AS text))) > 0)
  AND (CAST(:since AS timestamptz) IS NULL OR settled_at >= :since)
  AND (CAST(:until AS timestamptz) IS NULL OR settled_at < :until);

-- name: drop_items(destination, ids, recipients, states, reason, since, until)!
-- A person says that these need not be sent; that they were there stays on record, what they said does not.
UPDATE outbox_queue SET state = 'dropped', body = '{}', last_answer = NULL
WHERE destination = :destination AND state = ANY (CAST(:states AS text[]))
  AND (CAST(:ids AS bigint[]) IS NULL OR id = ANY (CAST(:ids AS bigint[])))
  AND (CAST(:recipients AS text[]) IS NULL OR recipient = ANY (CAST(:recipients AS text[])))
  AND (CAST(:reason AS text) IS NULL OR strpos(lower(reason), lower(CAST(:reason AS text))) > 0)
  AND (CAST(:since AS timestamptz) IS NULL OR settled_at >= :since)
  AND (CAST(:until AS timestamptz) IS NULL OR settled_at < :until);

-- name: forget_items(before, limit)!
-- What was sent or dropped long ago, or waited when the last of its jobs ended then, in chunks.
DELETE FROM outbox_queue WHERE id IN (
    SELECT id FROM outbox_queue
    WHERE (state IN ('sent', 'dropped') AND settled_at < :before)
       OR (state = 'waiting' AND destination IN (SELECT id FROM destination WHERE retired_at < :before))
    ORDER BY id LIMIT :limit
);

-- name: enqueue(destination, account, rows, now)!
-- The order of ids is the order of the list.
INSERT INTO outbox_queue (destination, recipient, account, origin, body, queued_at)
SELECT :destination, r.value ->> 'recipient', :account, r.value ->> 'origin', r.value -> 'body', :now
FROM jsonb_array_elements(CAST(:rows AS jsonb)) WITH ORDINALITY AS r (value, place)
ORDER BY r.place
ON CONFLICT (destination, origin) DO NOTHING;

-- name: queued_after(destination, after, limit)
-- A range of what may still be sent, with the event that each item is.
SELECT id, split_part(origin, ':', 2), split_part(origin, ':', 3), queued_at FROM outbox_queue
WHERE destination = :destination AND id > :after AND state IN ('waiting', 'doubtful', 'parked')
ORDER BY id LIMIT :limit;

-- name: take_items(destination, now, limit, busy, after)
-- In order of each user: whoever has an item that failed and is not due yet has to wait with the rest.
SELECT COALESCE(CAST(json_agg(row) AS text), '[]') FROM (
    SELECT json_build_array(id, recipient, body, attempts) AS row
    FROM outbox_queue
    WHERE destination = :destination AND state = 'waiting' AND id > :after
      AND recipient <> ALL (CAST(:busy AS text[]))
      AND recipient NOT IN (
          SELECT recipient FROM outbox_queue
          WHERE destination = :destination AND state = 'waiting' AND not_before > '-infinity'
            AND not_before > :now
      )
    ORDER BY id LIMIT :limit
) AS due;

-- name: settle_items(rows, now)!
-- A refused or doubtful item waits for a person; one that is sent again counts how often. What was dropped while it
-- was under way was sent if it was acknowledged, and stays dropped whatever else came of it.
UPDATE outbox_queue q
SET state = CASE WHEN q.state = 'waiting' OR s.state = 'sent' THEN s.state ELSE q.state END, request = s.request,
    reason = CASE WHEN q.state = 'waiting' OR s.state = 'sent' THEN s.reason ELSE q.reason END, last_answer = s.answer,
    not_before = COALESCE(s.not_before, '-infinity'), attempts = q.attempts + s.failures,
    repeated = q.repeated + s.repeats, settled_at = :now
FROM jsonb_to_recordset(CAST(:rows AS jsonb))
     AS s (id bigint, state text, request bigint, reason text, answer text, not_before timestamptz,
           failures integer, repeats integer)
WHERE q.id = s.id AND q.state IN ('waiting', 'dropped');
