-- name: lock_profiles(account, profile_ids)
-- In id order, so that two workers with common profiles wait for each other and never in a circle.
-- Ids travel as their 16 bytes, which neither side has to spell out. A locked row stays where it is
-- (`ctid`), so that its update need not look for it.
SELECT uuid_send(profile_id), version, updated_at, next_flip, audiences, body, ctid
FROM profile
WHERE account = :account AND profile_id = ANY (CAST(:profile_ids AS uuid[]))
ORDER BY profile_id FOR UPDATE;

-- name: lock_spread_profiles(account, profile_ids)
-- Citus cannot lock rows on several servers without writing them. Two workers may wait in a circle
-- then; one of their batches runs again. No place: servers have their own.
UPDATE profile SET version = version
WHERE account = :account AND profile_id = ANY (CAST(:profile_ids AS uuid[]))
RETURNING uuid_send(profile_id), version, updated_at, next_flip, audiences, body, CAST(NULL AS tid);

-- name: get_profile(account, profile_id)^
-- For people who look a profile up.
SELECT uuid_send(profile_id), version, updated_at, next_flip, audiences, body
FROM profile
WHERE account = :account AND profile_id = CAST(:profile_id AS uuid);

-- name: read_profiles(account, profile_ids)
-- For those who count and change nothing.
SELECT uuid_send(profile_id), version, updated_at, next_flip, audiences, body
FROM profile
WHERE account = :account AND profile_id = ANY (CAST(:profile_ids AS uuid[]))
ORDER BY profile_id;

-- name: copy_profiles()!
-- New ones, packed by flow/profiles/storage.py. Their identifiers are taken in the same transaction,
-- so no one else can make them.
COPY profile (account, profile_id, version, first_seen, updated_at, next_flip, audiences, body)
FROM STDIN (FORMAT BINARY);

-- name: update_profiles(account, profile_ids, places, first_seen, updated_at, next_flips, audiences, starts, ends, bodies)!
-- The rows are locked, and found by where they are. `audiences` are those of all rows, one row after
-- the other; `starts` and `ends` are the places of each row's.
UPDATE profile p
SET version = p.version + 1, first_seen = n.first_seen, updated_at = n.updated_at,
    next_flip = n.next_flip, audiences = (CAST(:audiences AS bigint[]))[n.start_at : n.end_at],
    body = n.body
FROM unnest(CAST(:profile_ids AS uuid[]), CAST(:places AS tid[]), CAST(:first_seen AS timestamptz[]),
            CAST(:updated_at AS timestamptz[]), CAST(:next_flips AS timestamptz[]),
            CAST(:starts AS integer[]), CAST(:ends AS integer[]), CAST(:bodies AS bytea[]))
     AS n (profile_id, place, first_seen, updated_at, next_flip, start_at, end_at, body)
WHERE p.ctid = n.place AND p.account = :account AND p.profile_id = n.profile_id;

-- name: update_spread_profiles(account, profile_ids, first_seen, updated_at, next_flips, audiences, starts, ends, bodies)!
-- As update_profiles, without places.
UPDATE profile p
SET version = p.version + 1, first_seen = n.first_seen, updated_at = n.updated_at,
    next_flip = n.next_flip, audiences = (CAST(:audiences AS bigint[]))[n.start_at : n.end_at],
    body = n.body
FROM unnest(CAST(:profile_ids AS uuid[]), CAST(:first_seen AS timestamptz[]),
            CAST(:updated_at AS timestamptz[]), CAST(:next_flips AS timestamptz[]),
            CAST(:starts AS integer[]), CAST(:ends AS integer[]), CAST(:bodies AS bytea[]))
     AS n (profile_id, first_seen, updated_at, next_flip, start_at, end_at, body)
WHERE p.account = :account AND p.profile_id = n.profile_id;

-- name: delete_profiles(account, profile_ids)!
-- They were merged into others.
DELETE FROM profile WHERE account = :account AND profile_id = ANY (CAST(:profile_ids AS uuid[]));

-- name: copy_timeline()!
-- Rows are packed by flow/profiles/timeline.py.
COPY timeline (account, node, received_day, lane, seq) FROM STDIN (FORMAT BINARY);

-- name: find_mentions(account, nodes, lanes, seqs)
-- Up to a place in each lane; an event that mentions several of the nodes comes once.
SELECT DISTINCT t.lane, t.seq, t.received_day
FROM timeline t
JOIN unnest(CAST(:lanes AS integer[]), CAST(:seqs AS bigint[])) AS b (lane, seq)
  ON t.lane = b.lane AND t.seq <= b.seq
WHERE t.account = :account AND t.node = ANY (CAST(:nodes AS uuid[]));

-- name: mentioned_nodes(account, nodes)
-- One look by the index for each node, however often events mention it.
SELECT n.node FROM unnest(CAST(:nodes AS uuid[])) AS n (node)
WHERE EXISTS (SELECT FROM timeline t WHERE t.account = :account AND t.node = n.node);

-- name: latest_mentions(account, nodes, limit)
-- For people who ask where a value comes from; one more than they are shown tells that there are more.
SELECT DISTINCT t.lane, t.seq, t.received_day
FROM timeline t
WHERE t.account = :account AND t.node = ANY (CAST(:nodes AS uuid[]))
ORDER BY t.received_day DESC, t.seq DESC, t.lane LIMIT :limit;

-- name: due_profiles(now, limit)
-- The ones that are overdue longest come first.
SELECT account, replace(profile_id::text, '-', '')
FROM profile WHERE next_flip <= :now ORDER BY next_flip LIMIT :limit;

-- name: postpone_flip(account, profile_id, now, until)!
-- For a profile that cannot be asked, so that it does not stand in the way of the others.
UPDATE profile SET next_flip = :until
WHERE account = :account AND profile_id = CAST(:profile_id AS uuid) AND next_flip <= :now;

-- name: profiles_after(account, after, upto, limit)
-- A range of a backfill.
SELECT replace(profile_id::text, '-', '')
FROM profile
WHERE account = :account AND profile_id > CAST(:after AS uuid) AND profile_id <= CAST(:upto AS uuid)
ORDER BY profile_id LIMIT :limit;

-- name: count_profiles(account)$
-- All persons of an account.
SELECT count(*) FROM profile WHERE account = :account;

-- name: count_profiles_upto(account, upto)$
-- Those of a range of ids.
SELECT count(*) FROM profile WHERE account = :account AND profile_id <= CAST(:upto AS uuid);

-- name: read_profiles_after(account, after, upto, limit)
-- Ids are keyed hashes, so those that follow any id are a fair draw of all.
SELECT uuid_send(profile_id), version, updated_at, next_flip, audiences, body
FROM profile
WHERE account = :account AND profile_id > CAST(:after AS uuid) AND profile_id <= CAST(:upto AS uuid)
ORDER BY profile_id LIMIT :limit;

-- name: scan_profiles(account, after, upto, audience_id, known, now, is_timed, limit)
-- What a building audience must know of each; see flow/profiles/scan.py.
SELECT uuid_send(profile_id),
       CASE WHEN updated_at > :now OR next_flip <= :now
                 OR NOT audiences <@ CAST(:known AS bigint[]) THEN 2
            WHEN :audience_id = ANY (audiences) THEN 1
            ELSE 0 END,
       CASE WHEN :is_timed THEN next_flip END, body
FROM profile
WHERE account = :account AND profile_id > CAST(:after AS uuid) AND profile_id <= CAST(:upto AS uuid)
ORDER BY profile_id LIMIT :limit;

-- name: read_members_after(account, audience_id, after, limit)
-- As above, of the members of one audience.
SELECT uuid_send(p.profile_id), p.version, p.updated_at, p.next_flip, p.audiences, p.body
FROM membership m
JOIN profile p ON p.account = m.account AND p.profile_id = m.profile_id
WHERE m.account = :account AND m.audience_id = :audience_id AND m.profile_id > CAST(:after AS uuid)
  -- Said of both: a merge join would begin at the first profile of the account again, page after page.
  AND p.account = :account AND p.profile_id > CAST(:after AS uuid)
ORDER BY m.profile_id LIMIT :limit;


-- name: take_mentions(account, nodes, limit)
-- Some of the events that mention people who are forgotten.
SELECT DISTINCT lane, seq, received_day FROM timeline
WHERE account = :account AND node = ANY (CAST(:nodes AS uuid[])) LIMIT :limit;

-- name: drop_mentions(account, nodes, lanes, seqs, days)!
-- The index of what was erased.
DELETE FROM timeline t
USING unnest(CAST(:lanes AS integer[]), CAST(:seqs AS bigint[]), CAST(:days AS date[])) AS e (lane, seq, day)
WHERE t.account = :account AND t.node = ANY (CAST(:nodes AS uuid[]))
  AND t.lane = e.lane AND t.seq = e.seq AND t.received_day = e.day;
