-- name: take_change_number(lane)$
-- Numbers of a lane that no collector fills (timers, backfills): one for each transaction.
INSERT INTO change_lane (lane, seq) VALUES (:lane, 1)
ON CONFLICT (lane) DO UPDATE SET seq = change_lane.seq + 1
RETURNING seq;

-- name: record_changes(lane, seq, account, first_n, profile_ids, kinds, audience_ids, versions, others, causes, cause_seqs, changed_at)!
-- The order within the transaction is the order of the list.
INSERT INTO change (lane, seq, n, account, profile_id, kind, audience_id, audience_version,
                    other_profile_id, cause, cause_seq, changed_at)
SELECT :lane, :seq, CAST(:first_n AS integer) + CAST(c.ord AS integer), :account, c.profile_id, c.kind,
       c.audience_id, c.version, c.other, c.cause, c.cause_seq, c.changed_at
FROM unnest(CAST(:profile_ids AS uuid[]), CAST(:kinds AS text[]), CAST(:audience_ids AS bigint[]),
            CAST(:versions AS integer[]), CAST(:others AS uuid[]), CAST(:causes AS text[]),
            CAST(:cause_seqs AS bigint[]), CAST(:changed_at AS timestamptz[]))
     WITH ORDINALITY
     AS c (profile_id, kind, audience_id, version, other, cause, cause_seq, changed_at, ord);
