-- name: count_delivery(destination_id, added, removed, refused, requests)!
-- Totals since the destination was made.
UPDATE destination SET
    added = added + :added, removed = removed + :removed, refused = refused + :refused,
    requests = requests + :requests
WHERE id = :destination_id;

-- name: end_trouble(authorization_id, health_detail, now)!
-- Changes nothing if the authorization was not in trouble.
UPDATE provider_authorization SET
    health = 'healthy', health_detail = :health_detail, checked_at = :now
WHERE id = :authorization_id AND health = 'unhealthy';
