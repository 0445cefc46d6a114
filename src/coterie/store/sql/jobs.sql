-- name: find_destination(authorization_id, form, attribute)^
-- Jobs that write the same thing with the same key share an outbox.
SELECT id FROM destination
WHERE authorization_id = :authorization_id AND form = :form AND attribute = :attribute
  AND retired_at IS NULL;

-- name: insert_destination(account, authorization_id, form, attribute)^
-- Yields no row when another transaction made it first.
INSERT INTO destination (account, authorization_id, form, attribute)
VALUES (:account, :authorization_id, :form, :attribute)
ON CONFLICT (authorization_id, form, attribute) WHERE retired_at IS NULL DO NOTHING RETURNING id;

-- name: list_deleting(account)
-- Where people who are forgotten are deleted too. Jobs whose record does not say delete.
SELECT DISTINCT d.id AS destination, d.authorization_id
FROM job j
JOIN destination d ON d.id = j.destination_id
JOIN provider_authorization a ON a.id = d.authorization_id
WHERE j.account = :account AND a.provider = 'braze' AND a.deleted_at IS NULL
  AND COALESCE(CAST(j.config ->> 'delete_forgotten' AS boolean), true);

-- name: retire_destination(destination_id, now)!
-- Its jobs have all ended. What they wrote stays as it is, and no later job inherits their wishes.
UPDATE destination SET retired_at = :now
WHERE id = :destination_id AND NOT EXISTS (
    SELECT FROM job WHERE destination_id = :destination_id AND state NOT IN ('killed', 'deleted', 'completed')
);

-- name: insert_job(account, kind, label, description, authorization_id, destination_id, config, checkpoint, state, run_at, started_at, created_by, now)^
-- The row is the queue: run_at says when a runner takes it, NULL that none has to.
INSERT INTO job (account, kind, label, description, authorization_id, destination_id, config, checkpoint,
                 state, run_at, started_at, created_by, created_at, updated_at)
VALUES (:account, :kind, :label, :description, :authorization_id, :destination_id, :config, :checkpoint,
        :state, :run_at, :started_at, :created_by, :now, :now)
RETURNING id, account, kind, label, description, authorization_id, destination_id, config, state, run_at,
       started_at, checkpoint, progress_done, progress_total, failures, fault_since, last_error,
       created_by, created_at, updated_at;

-- name: list_jobs(account, with_deleted)
-- Newest first.
SELECT id, account, kind, label, description, authorization_id, destination_id, config, state, run_at,
       started_at, checkpoint, progress_done, progress_total, failures, fault_since, last_error,
       created_by, created_at, updated_at
FROM job WHERE account = :account AND (CAST(:with_deleted AS boolean) OR state <> 'deleted')
ORDER BY id DESC;

-- name: find_job(account, job_id)^
-- One job.
SELECT id, account, kind, label, description, authorization_id, destination_id, config, state, run_at,
       started_at, checkpoint, progress_done, progress_total, failures, fault_since, last_error,
       created_by, created_at, updated_at
FROM job WHERE account = :account AND id = :job_id;

-- name: lock_job(job_id)^
-- A transition reads the state it leaves under the row's lock.
SELECT id, account, kind, label, description, authorization_id, destination_id, config, state, run_at,
       started_at, checkpoint, progress_done, progress_total, failures, fault_since, last_error,
       created_by, created_at, updated_at
FROM job WHERE id = :job_id FOR UPDATE;

-- name: set_state(job_id, state, run_at, now)^
-- A person's step: pause, resume, kill, delete. The count of failures starts again.
UPDATE job SET state = :state, run_at = :run_at, failures = 0, fault_since = NULL,
               updated_at = :now
WHERE id = :job_id
RETURNING id, account, kind, label, description, authorization_id, destination_id, config, state, run_at,
       started_at, checkpoint, progress_done, progress_total, failures, fault_since, last_error,
       created_by, created_at, updated_at;

-- name: update_job(job_id, label, description, config, checkpoint, state, run_at, now)^
-- Another progress begins with other options.
UPDATE job SET label = :label, description = :description, config = :config,
               progress_done = CASE WHEN checkpoint = CAST(:checkpoint AS jsonb) THEN progress_done ELSE 0 END,
               progress_total = CASE WHEN checkpoint = CAST(:checkpoint AS jsonb) THEN progress_total ELSE 0 END,
               checkpoint = :checkpoint, state = :state, run_at = :run_at, updated_at = :now
WHERE id = :job_id
RETURNING id, account, kind, label, description, authorization_id, destination_id, config, state, run_at,
       started_at, checkpoint, progress_done, progress_total, failures, fault_since, last_error,
       created_by, created_at, updated_at;

-- name: has_read_files(job_id)$
-- A job knows what it has read by the name alone, so its folder stays from then on.
SELECT EXISTS (SELECT FROM import_file WHERE job_id = :job_id);

-- name: leave_alone(destination_id, added, removed)!
-- Values that no job stands for any more and that stay at the destination as they are.
UPDATE destination SET left_alone = ARRAY(
    SELECT v FROM unnest(left_alone || CAST(:added AS text[])) v
    WHERE v <> ALL (CAST(:removed AS text[])) GROUP BY v ORDER BY v
) WHERE id = :destination_id;

-- name: list_due_jobs(kinds, now, limit)
-- Who has waited longest comes first.
SELECT id FROM job
WHERE state IN ('runnable', 'running', 'sleeping', 'fault') AND run_at <= :now
  AND kind = ANY(:kinds)
ORDER BY run_at, id LIMIT :limit;

-- name: try_hold_job(space, job_id)$
-- The lock belongs to the session: it falls when the runner's process dies.
SELECT pg_try_advisory_lock(:space, CAST(:job_id AS integer));

-- name: let_go_of_job(space, job_id)$
-- The other half of try_hold_job.
SELECT pg_advisory_unlock(:space, CAST(:job_id AS integer));

-- name: start_job(job_id, now)^
-- Still due? Another runner may have finished it between the list and the lock. run_at stays, so
-- that a job whose runner was killed is due at once.
UPDATE job SET state = 'running', started_at = COALESCE(started_at, :now), updated_at = :now
WHERE id = :job_id AND state IN ('runnable', 'running', 'sleeping', 'fault') AND run_at <= :now
RETURNING id, account, kind, label, description, authorization_id, destination_id, config, state, run_at,
       started_at, checkpoint, progress_done, progress_total, failures, fault_since, last_error,
       created_by, created_at, updated_at;

-- name: is_shared(destination_id)$
-- Whether a job is there already whose people a new one may ask for their consent.
SELECT EXISTS (
    SELECT FROM job WHERE destination_id = :destination_id AND state NOT IN ('completed', 'killed', 'deleted'));

-- name: recheck_others(destination_id, job_id, unchecked, now)!
-- Jobs that share a destination with a paused one that asks for another consent. What their runners did before counts
-- no more; those that end have only to take away, and those that are paused as well begin once they go on.
UPDATE job SET
    checkpoint = jsonb_build_object(
        'edition', COALESCE(CAST(checkpoint ->> 'edition' AS bigint), 0) + 1, 'restated', '', 'rechecking', CAST(:unchecked AS jsonb)),
    state = CASE WHEN state IN ('paused', 'failed') THEN state ELSE 'runnable' END,
    run_at = CASE WHEN state IN ('paused', 'failed') THEN run_at ELSE :now END,
    updated_at = :now
WHERE destination_id = :destination_id AND id <> :job_id AND state NOT IN ('completed', 'killed', 'deleted')
  AND NOT checkpoint ? 'ending';

-- name: save_progress(job_id, checkpoint, progress_done, progress_total, now)^
-- Yields the state, which tells the runner that a person paused or killed the job meanwhile.
-- Once the job was changed, what its runner did before counts no more.
UPDATE job SET
    checkpoint = CASE WHEN is_same THEN CAST(:checkpoint AS jsonb) ELSE checkpoint END,
    progress_done = CASE WHEN is_same THEN :progress_done ELSE progress_done END,
    progress_total = CASE WHEN is_same THEN :progress_total ELSE progress_total END,
    updated_at = :now
FROM (SELECT id AS same_id, checkpoint -> 'edition' IS NOT DISTINCT FROM CAST(:checkpoint AS jsonb) -> 'edition'
             AS is_same FROM job WHERE id = :job_id FOR UPDATE) same
WHERE id = same_id
RETURNING state;

-- name: respell_job(job_id, config, checkpoint, now)!
-- The same options with other names of fields. A file under way is written anew by a run of its own.
UPDATE job SET config = :config, checkpoint = :checkpoint, updated_at = :now,
               run_at = CASE WHEN checkpoint <> CAST(:checkpoint AS jsonb) AND state IN ('running', 'runnable', 'fault')
                             THEN :now ELSE run_at END,
               state = CASE WHEN checkpoint <> CAST(:checkpoint AS jsonb) AND state IN ('running', 'fault')
                            THEN 'runnable' ELSE state END
WHERE id = :job_id;

-- name: settle_job(job_id, state, run_at, now)!
-- A run that ended well. A person's step in the meantime stands: only a running job is settled.
UPDATE job SET state = :state, run_at = :run_at, failures = 0, fault_since = NULL,
               last_error = NULL, updated_at = :now
WHERE id = :job_id AND state = 'running';

-- name: fail_job(job_id, state, run_at, failures, fault_since, last_error, now)!
-- A run that ended badly; the error is kept whatever the state has become.
UPDATE job SET state = CASE WHEN state = 'running' THEN :state ELSE state END,
               run_at = CASE WHEN state = 'running' THEN :run_at ELSE run_at END,
               failures = :failures, fault_since = :fault_since, last_error = :last_error,
               updated_at = :now
WHERE id = :job_id;

-- name: insert_log(job_id, at, level, code, message, context)!
-- What a person reads to learn what a job did.
INSERT INTO job_log (job_id, at, level, code, message, context)
VALUES (:job_id, :at, :level, :code, :message, :context);

-- name: latest_log_code(job_id)$
-- Whether there is anything new to tell.
SELECT COALESCE((SELECT code FROM job_log WHERE job_id = :job_id ORDER BY id DESC LIMIT 1), '');

-- name: list_logs(account, job_id, before, limit)
-- Newest first; before is the id of the last entry seen.
SELECT l.id, l.job_id, l.at, l.level, l.code, l.message, l.context
FROM job_log l JOIN job j ON j.id = l.job_id
WHERE j.account = :account AND l.job_id = :job_id
  AND (CAST(:before AS bigint) IS NULL OR l.id < :before)
ORDER BY l.id DESC LIMIT :limit;

-- name: list_exports()
-- What the data plane has to keep current, or to leave as it is, of all accounts.
SELECT id, account, kind, label, description, authorization_id, destination_id, config, state, run_at,
       started_at, checkpoint, progress_done, progress_total, failures, fault_since, last_error,
       created_by, created_at, updated_at
FROM job
WHERE destination_id IN (SELECT id FROM destination WHERE retired_at IS NULL)
ORDER BY id;
