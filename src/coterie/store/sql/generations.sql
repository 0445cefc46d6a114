-- name: live_generation()$
-- A replay swaps this pointer under all lane locks.
SELECT number FROM generation WHERE state = 'live';

-- name: next_generation()$
-- Numbers are never given again.
SELECT COALESCE(max(number), 0) + 1 FROM generation;

-- name: begin_generation(number, schemas)^
-- Its tables, empty, with the partitions of all days of the log.
WITH made AS (
    INSERT INTO generation (number, state, schemas)
    VALUES (:number, 'building', CAST(:schemas AS jsonb)) RETURNING number
)
SELECT create_generation(number), create_generation_days(number) FROM made;

-- name: begin_lanes(number)!
-- Every lane from its first event on; new lanes join as they come.
INSERT INTO replay_lane (generation, lane, cursor_seq, cursor_day)
SELECT :number, lane, 0, DATE '2000-01-01' FROM lane
ON CONFLICT (generation, lane) DO NOTHING;

-- name: replay_lanes(number)
-- With how far the live generation is ahead.
SELECT r.lane, r.cursor_seq, r.cursor_day, l.cursor_seq
FROM replay_lane r JOIN lane l ON l.lane = r.lane
WHERE r.generation = :number AND l.cursor_seq > r.cursor_seq ORDER BY r.lane;

-- name: advance_replay(number, lane, seq, day)!
-- In the transaction that wrote the effects.
UPDATE replay_lane SET cursor_seq = :seq, cursor_day = :day
WHERE generation = :number AND lane = :lane;

-- name: replay_progress(number)^
-- Events read, and all that the live generation has read.
SELECT COALESCE(sum(r.cursor_seq), 0), COALESCE(sum(l.cursor_seq), 0)
FROM lane l LEFT JOIN replay_lane r ON r.lane = l.lane AND r.generation = :number;

-- name: set_aside(lane, after, until)
-- With whether a replay may take it: not what counted before, was impossible to process or forgotten,
-- nor what was run again, which stands in the log a second time.
SELECT seq, kind IN ('rejected', 'unreadable') AND repaired_at IS NULL FROM event_outcome
WHERE lane = :lane AND seq > :after AND seq <= :until;

-- name: note_taken(number, lane, seqs)!
-- In the transaction that wrote the effects.
INSERT INTO replay_taken (generation, lane, seq)
SELECT :number, :lane, seq FROM unnest(CAST(:seqs AS bigint[])) AS seq;

-- name: forget_taken(number)!
-- After the swap, or when it is given up.
DELETE FROM replay_taken WHERE generation = :number;

-- name: retire_live()!
-- Before the other one becomes live, since there is one.
UPDATE generation SET state = 'retired' WHERE state = 'live';

-- name: make_live(number)!
-- The pointer that a swap flips.
UPDATE generation SET state = 'live' WHERE number = :number;

-- name: give_up(number)!
-- What a replay that is cancelled, or begins again, leaves.
UPDATE generation SET state = 'retired' WHERE number = :number;

-- name: forget_lanes(number)!
-- After the swap, or when it is given up.
DELETE FROM replay_lane WHERE generation = :number;

-- name: drop_generation(number)$
-- Its tables; the row stays, so that its number is not given again.
SELECT drop_generation(:number);

-- name: retired_generation(number)^
-- The one that was live before this one, as long as exports still compare with it.
SELECT number FROM generation WHERE state = 'retired' AND number < :number
  AND to_regnamespace('g' || number) IS NOT NULL ORDER BY number DESC LIMIT 1;

-- name: compare_profiles(old, new)
-- See the migration.
SELECT account, profiles_before, profiles_after, identifiers_before, identifiers_after, merged, split
FROM compare_profiles(:old, :new);

-- name: compare_members(old, new)
-- See the migration.
SELECT audience_id, before, after, entering, leaving FROM compare_members(:old, :new);

-- name: abandoned_generation()^
-- Filled by a replay that was cancelled.
SELECT number FROM generation g WHERE state = 'building' AND NOT EXISTS (
    SELECT FROM replay r WHERE r.generation = g.number AND r.state NOT IN ('done', 'cancelled')
) LIMIT 1;
