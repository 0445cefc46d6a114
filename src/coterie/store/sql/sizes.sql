-- name: note_sizes(hour)!
-- All audiences that are kept current, as the generation that is entered holds them. Safe to run again.
INSERT INTO audience_size (audience_id, hour, size)
SELECT a.id, :hour, COALESCE(m.size, 0)
FROM audience a
LEFT JOIN (
    SELECT audience_id, count(*) AS size FROM membership GROUP BY audience_id
) m ON m.audience_id = a.id
WHERE a.state IN ('live', 'expired')
ON CONFLICT (audience_id, hour) DO UPDATE SET size = EXCLUDED.size;

-- name: note_size(audience_id, hour)!
-- One audience, as soon as it is built.
INSERT INTO audience_size (audience_id, hour, size)
SELECT a.id, :hour, (SELECT count(*) FROM membership m
                     WHERE m.account = a.account AND m.audience_id = a.id)
FROM audience a WHERE a.id = :audience_id
ON CONFLICT (audience_id, hour) DO UPDATE SET size = EXCLUDED.size;

-- name: thin_sizes(before)!
-- Of each older day only its last hour stays.
DELETE FROM audience_size s
WHERE s.hour < :before AND EXISTS (
    SELECT FROM audience_size l
    WHERE l.audience_id = s.audience_id AND l.hour > s.hour
      AND CAST(l.hour AT TIME ZONE 'UTC' AS date) = CAST(s.hour AT TIME ZONE 'UTC' AS date)
);

-- name: list_sizes(audience_id, since)
-- Oldest first.
SELECT hour AS at, size FROM audience_size
WHERE audience_id = :audience_id AND hour >= :since ORDER BY hour;
