-- name: count_delivery(destination_id, added, removed, refused, requests, data_points, data_points_saved, doubtful, told_again, now)!
-- Totals since the destination was made.
UPDATE destination SET
    added = added + :added, removed = removed + :removed, refused = refused + :refused,
    requests = requests + :requests, data_points = data_points + :data_points,
    data_points_saved = data_points_saved + :data_points_saved, doubtful = doubtful + :doubtful,
    told_again = told_again + :told_again,
    last_success_at = CASE WHEN :added + :removed > 0 THEN :now ELSE last_success_at END
WHERE id = :destination_id;

-- name: note_error(authorization_id, error, now)!
-- What keeps all destinations of a key from being told.
UPDATE destination SET last_error = :error, last_error_at = :now
WHERE authorization_id = :authorization_id AND retired_at IS NULL;

-- name: lock_delivery(account, destination_id)^
-- A step reads the state it leaves under the row's lock.
SELECT id, delivery FROM destination
WHERE id = :destination_id AND account = :account AND retired_at IS NULL FOR UPDATE;

-- name: set_delivery(destination_id, delivery, restarts)!
-- A person's step; a restart has the sender begin anew.
UPDATE destination SET delivery = :delivery, restarts = restarts + :restarts
WHERE id = :destination_id;

-- name: set_repeats(destination_id, repeats)!
-- What becomes of events and purchases that are never answered.
UPDATE destination SET repeats = :repeats WHERE id = :destination_id;

-- name: note_repeats(destination_id, repeats)!
-- A job that has the destination for itself shows the same among its options.
UPDATE job SET config = jsonb_set(config, '{repeats}', to_jsonb(CAST(:repeats AS text)))
WHERE destination_id = :destination_id AND kind IN ('export_events', 'export_purchases');

-- name: jobs_of_delivery(destination_id)
-- Whose logs hear of it.
SELECT id FROM job
WHERE destination_id = :destination_id AND state NOT IN ('killed', 'deleted', 'completed');

-- name: end_trouble(authorization_id, health_detail, now)!
-- Changes nothing if the authorization was not in trouble.
UPDATE provider_authorization SET
    health = 'healthy', health_detail = :health_detail, checked_at = :now
WHERE id = :authorization_id AND health = 'unhealthy';
