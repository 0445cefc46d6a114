-- name: insert_rule(account, job_id, label, kinds, stall_minutes, metric, above, below, audience, channel, target_sealed, target_shown, created_by, now)^
-- The target is bound to a number of its own choosing, since the row's is not known yet.
INSERT INTO alert_rule (account, job_id, label, kinds, stall_minutes, metric, above, below, audience,
                        channel, target_sealed, target_shown, created_by, created_at)
VALUES (:account, :job_id, :label, :kinds, :stall_minutes, :metric, :above, :below, :audience,
        :channel, :target_sealed, :target_shown, :created_by, :now)
RETURNING id, account, job_id, label, kinds, stall_minutes, metric, above, below, audience, channel, target_shown,
          raised, last_error, created_by, created_at;

-- name: list_rules(account)
-- Of all accounts if that is NULL.
SELECT id, account, job_id, label, kinds, stall_minutes, metric, above, below, audience, channel, target_shown,
       raised, last_error, created_by, created_at
FROM alert_rule WHERE CAST(:account AS bigint) IS NULL OR account = CAST(:account AS bigint)
ORDER BY account, id;

-- name: find_target(account, rule_id)^
-- Opened only to send.
SELECT target_sealed FROM alert_rule WHERE account = :account AND id = :rule_id;

-- name: delete_rule(account, rule_id)!
-- Whoever is concerned is told nothing more.
DELETE FROM alert_rule WHERE account = :account AND id = :rule_id;

-- name: note_raised(rule_id, raised, last_error)!
-- What people were told, and why they could not be.
UPDATE alert_rule SET raised = :raised, last_error = :last_error WHERE id = :rule_id;

-- name: jobs_in_fault(account)
-- A job that a person paused or ended is as they want it.
SELECT id, label, state, COALESCE(last_error, '') FROM job
WHERE account = :account AND state IN ('fault', 'failed');

-- name: refused_authorizations(account)
-- With the jobs that suffer from it.
SELECT a.id, a.label, a.health_detail,
       ARRAY(SELECT j.id FROM job j WHERE j.authorization_id = a.id
             AND j.state NOT IN ('killed', 'deleted', 'completed') ORDER BY j.id)
FROM provider_authorization a
WHERE a.account = :account AND a.deleted_at IS NULL AND a.health = 'unhealthy'
  AND EXISTS (SELECT FROM job j WHERE j.authorization_id = a.id
              AND j.state NOT IN ('killed', 'deleted', 'completed'));

-- name: job_labels(account)
-- What people call the jobs of an account, those that are gone too.
SELECT id, label FROM job WHERE account = :account;

-- name: authorization_labels(account)
-- The same of authorizations.
SELECT id, label FROM provider_authorization WHERE account = :account;

-- name: jobs_of_destinations(account)
-- Who shares which delivery.
SELECT destination_id, array_agg(id ORDER BY id) FROM job
WHERE account = :account AND destination_id IS NOT NULL
  AND state NOT IN ('killed', 'deleted', 'completed')
GROUP BY destination_id;

-- name: sent_within(account, since)
-- What destinations took, of deliveries that have worked for a job for as long.
SELECT d.id, COALESCE((
    SELECT sum(r.objects - r.refused) FROM delivery_request r
    WHERE r.destination = d.id AND r.outcome = 'answered' AND r.closed_at >= :since
), 0)
FROM destination d
WHERE d.account = :account AND d.retired_at IS NULL AND EXISTS (
    SELECT FROM job j WHERE j.destination_id = d.id AND j.created_at <= :since
      AND j.state NOT IN ('killed', 'deleted', 'completed')
);

-- name: size_noted_last(account, slug)^
-- As it was noted within the hour; of an audience that is kept current.
SELECT a.name, s.size FROM audience a
JOIN audience_size s ON s.audience_id = a.id
WHERE a.account = :account AND a.slug = :slug AND a.state = 'live'
ORDER BY s.hour DESC LIMIT 1;
