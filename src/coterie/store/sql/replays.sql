-- name: insert_replay(account, version, events_a_second, accepts_loss, now, actor)^
-- One at a time: a second one yields no row.
INSERT INTO replay (account, state, version, events_a_second, accepts_loss, due_at, requested_at,
                    requested_by)
VALUES (:account, 'preparing', :version, :events_a_second, :accepts_loss, :now, :now, :actor)
ON CONFLICT ((true)) WHERE state NOT IN ('done', 'cancelled') DO NOTHING
RETURNING id;

-- name: dropped_events()$
-- Numbers have no gaps, so those before the first one left were dropped.
SELECT CAST(COALESCE(sum(COALESCE(
    (SELECT e.seq - 1 FROM event_log e WHERE e.lane = h.lane ORDER BY e.seq LIMIT 1), h.seq)), 0)
    AS bigint)
FROM lane_head h;

-- name: oldest_event()^
-- The first one of each lane stands for the lane.
SELECT min((SELECT e.received_at FROM event_log e WHERE e.lane = h.lane ORDER BY e.seq LIMIT 1)) AS received_at
FROM lane_head h;

-- name: take_replay(now)^
-- The row lock is the right to take the replay's next step.
SELECT id, account, state, generation, version, events_a_second, trackers, erasures, restarts, asked,
       at_account, COALESCE(replace(at_profile::text, '-', ''), '') AS at_profile, events_done, events_total,
       profiles_done, profiles_total, log_from, carried
FROM replay WHERE state NOT IN ('done', 'cancelled') AND due_at <= :now
LIMIT 1 FOR UPDATE SKIP LOCKED;

-- name: save_replay(id, state, generation, due_at, trackers, erasures, restarts, asked, at_account, at_profile, events_done, events_total, profiles_done, profiles_total, log_from, carried)!
-- In the transaction of the step.
UPDATE replay SET state = :state, generation = :generation, due_at = :due_at,
    trackers = CAST(:trackers AS bigint[]), erasures = :erasures, restarts = :restarts,
    asked = CAST(:asked AS jsonb), at_account = :at_account,
    at_profile = CAST(NULLIF(:at_profile, '') AS uuid), events_done = :events_done,
    events_total = :events_total, profiles_done = :profiles_done, profiles_total = :profiles_total,
    log_from = :log_from, carried = CAST(:carried AS jsonb)
WHERE id = :id;

-- name: save_report(id, report)!
-- What a person reads before they confirm.
UPDATE replay SET report = CAST(:report AS jsonb) WHERE id = :id;

-- name: note_swap(id, now)!
-- From here on the new generation is the live one.
UPDATE replay SET swapped_at = :now WHERE id = :id;

-- name: confirm_replay(id, actor, now)!
-- Only one that is ready.
UPDATE replay SET state = 'swapping', confirmed_by = :actor, due_at = :now
WHERE id = :id AND state = 'ready';

-- name: finish_replay(id, state, now)!
-- Done, or given up before the swap.
UPDATE replay SET state = :state, finished_at = :now WHERE id = :id;

-- name: find_replay()^
-- The newest one; its figures concern the whole installation.
SELECT id, account, state, version, events_a_second, accepts_loss, restarts, events_done, events_total,
       profiles_done, profiles_total, report, requested_at, requested_by, confirmed_by, swapped_at,
       finished_at, generation
FROM replay ORDER BY id DESC LIMIT 1;

-- name: highest_erasure()$
-- Whether somebody was forgotten meanwhile.
SELECT COALESCE(max(id), 0) FROM erasure;

-- name: tracker_numbers()$
-- Those in force.
SELECT COALESCE(array_agg(number ORDER BY number), '{}') FROM tracker WHERE retired_at IS NULL;

-- name: fill_all_trackers(now)!
-- A replay folds every event with all trackers, so every history is whole.
UPDATE tracker SET filled_at = :now WHERE filled_at IS NULL AND retired_at IS NULL;

-- name: live_schemas()$
-- From which version on the live generation maps an account's events.
SELECT schemas FROM generation WHERE state = 'live';

-- name: generation_schemas(number)$
-- From which version on it maps an account's events.
SELECT schemas FROM generation WHERE number = :number;
