-- name: list_deliveries(account, destination, since)
-- The rate is that of what was closed since an instant, among the latest requests.
SELECT d.id, d.authorization_id, a.label, d.form, d.attribute, d.delivery, d.repeats, d.added, d.removed,
       (SELECT count(*) FROM omission o JOIN job j ON j.id = o.job_id WHERE j.destination_id = d.id),
       d.refused, d.requests, d.data_points, d.data_points_saved,
       (SELECT count(*) FROM outbox WHERE destination = d.id AND pending)
         + (SELECT count(*) FROM outbox_queue WHERE destination = d.id AND state = 'waiting'),
       LEAST((SELECT min(waiting_since) FROM outbox WHERE destination = d.id AND pending),
             (SELECT min(queued_at) FROM outbox_queue WHERE destination = d.id AND state = 'waiting')),
       (SELECT count(*) FROM outbox WHERE destination = d.id AND held AND NOT pending AND parked IS NULL),
       (SELECT count(*) FROM outbox WHERE destination = d.id AND parked IS NOT NULL)
         + (SELECT count(*) FROM outbox_queue WHERE destination = d.id AND state = 'parked'),
       (SELECT count(*) FROM outbox_queue WHERE destination = d.id AND state = 'doubtful'),
       (SELECT count(*) FROM outbox WHERE destination = d.id AND uncertain IS NOT NULL), d.told_again,
       COALESCE((SELECT sum(objects - refused) FROM (
           SELECT objects, refused, closed_at, outcome FROM delivery_request
           WHERE destination = d.id ORDER BY id DESC LIMIT 50000) AS latest
         WHERE outcome = 'answered' AND closed_at >= :since), 0),
       d.last_success_at, d.last_error, d.last_error_at,
       ARRAY(SELECT label FROM job WHERE destination_id = d.id
             AND state NOT IN ('killed', 'deleted', 'completed') ORDER BY id)
FROM destination d JOIN provider_authorization a ON a.id = d.authorization_id
WHERE d.account = :account AND d.retired_at IS NULL
  AND (CAST(:destination AS bigint) IS NULL OR d.id = CAST(:destination AS bigint))
ORDER BY d.id;

-- name: list_destinations_of(account)
-- Rows are found by destination and name, since that is what their key is made of; retired ones keep rows, too.
SELECT id FROM destination WHERE account = :account ORDER BY id;

-- name: find_holdings(destinations, recipients)
-- A user stands in the outbox of each destination that was ever to be told of them; an alias is found without its label.
SELECT d.id, d.form, d.attribute, o.recipient, CAST(o.wanted AS text), CAST(o.told AS text),
       CAST(o.in_doubt AS text), o.pending, o.parked
FROM outbox o JOIN destination d ON d.id = o.destination
WHERE o.destination = ANY (CAST(:destinations AS bigint[]))
  AND (o.recipient = ANY (CAST(:recipients AS text[])) OR starts_with(o.recipient, 'alias:')
    AND regexp_replace(o.recipient, '^alias:[^:]*:', '') = ANY (CAST(:recipients AS text[])))
ORDER BY d.id, o.recipient;

-- name: count_queued_of(destinations, recipients)
-- Events and purchases of a user, by state, and when the last of them was settled.
SELECT s.id, s.form, s.attribute, s.recipient, jsonb_object_agg(s.state, s.items), max(s.last)
FROM (
    SELECT d.id, d.form, d.attribute, q.recipient, q.state, count(*) AS items, max(q.settled_at) AS last
    FROM outbox_queue q JOIN destination d ON d.id = q.destination
    WHERE q.destination = ANY (CAST(:destinations AS bigint[]))
      AND (q.recipient = ANY (CAST(:recipients AS text[])) OR starts_with(q.recipient, 'alias:')
        AND regexp_replace(q.recipient, '^alias:[^:]*:', '') = ANY (CAST(:recipients AS text[])))
    GROUP BY d.id, d.form, d.attribute, q.recipient, q.state
) s
GROUP BY s.id, s.form, s.attribute, s.recipient
ORDER BY s.id, s.recipient;

-- name: find_requests(account, ids)
-- Of this account alone: numbers run through all of them.
SELECT r.id, r.destination, r.opened_at, r.closed_at, r.objects, r.outcome, r.status, r.answer, r.refused
FROM delivery_request r JOIN destination d ON d.id = r.destination
WHERE d.account = :account AND r.id = ANY (CAST(:ids AS bigint[]))
ORDER BY r.id;

-- name: list_set_aside(destination, state, limit)
-- Latest first.
SELECT id, recipient, state, reason, record, at FROM (
    SELECT CAST(0 AS bigint) AS id, recipient, 'parked' AS state, parked AS reason,
           COALESCE(last_answer, '') AS record, settled_at AS at
    FROM outbox WHERE destination = :destination AND parked IS NOT NULL
    UNION ALL
    SELECT id, recipient, state, COALESCE(reason, ''), CAST(body AS text), settled_at
    FROM outbox_queue WHERE destination = :destination AND state IN ('doubtful', 'parked')
) AS aside
WHERE CAST(:state AS text) IS NULL OR state = :state
ORDER BY at DESC NULLS LAST, recipient, id LIMIT :limit;
