-- A log that lost its oldest days is replayed if a person wants that: whom it tells nothing of any more
-- is carried over, all others lose what the dropped days said. And a swap says who merged and split.

ALTER TABLE replay
    ADD COLUMN accepts_loss boolean NOT NULL DEFAULT false,
    -- When the oldest event that is left was received; NULL: the log was whole.
    ADD COLUMN log_from timestamptz,
    -- JSON of account to how many were carried over, and how many lost their beginning.
    ADD COLUMN carried jsonb NOT NULL DEFAULT '{}';

ALTER TABLE replay DROP CONSTRAINT replay_state_check;
ALTER TABLE replay ADD CONSTRAINT replay_state_check CHECK (state IN (
    'preparing', 'reading', 'carrying', 'asking', 'ready', 'swapping', 'claiming', 'done', 'cancelled'));

-- Who goes into whom, and who comes out of whom, when one generation takes the place of another: a
-- profile that is no more goes into the one that has most of its identifiers, and a new one comes out of
-- the one that had most, unless it simply goes on under another id.
CREATE FUNCTION compare_owners(old integer, new integer)
RETURNS TABLE (account bigint, kind text, profile_id uuid, other_profile_id uuid)
LANGUAGE plpgsql STABLE AS $function$
BEGIN
    RETURN QUERY EXECUTE format('
        WITH moved AS MATERIALIZED (
            SELECT o.account, o.profile_id AS was, n.profile_id AS is_now, count(*) AS shared
            FROM %1$I.identity o JOIN %2$I.identity n USING (account, field, value)
            WHERE o.profile_id <> n.profile_id GROUP BY 1, 2, 3
        ),
        gone AS (
            SELECT DISTINCT ON (m.account, was) m.account, was, is_now FROM moved m
            WHERE NOT EXISTS (SELECT FROM %2$I.profile p
                              WHERE p.account = m.account AND p.profile_id = m.was)
            ORDER BY m.account, was, shared DESC, is_now
        ),
        fresh AS (
            SELECT DISTINCT ON (m.account, is_now) m.account, is_now, was FROM moved m
            WHERE NOT EXISTS (SELECT FROM %1$I.profile p
                              WHERE p.account = m.account AND p.profile_id = m.is_now)
            ORDER BY m.account, is_now, shared DESC, was
        )
        SELECT account, ''merge'', was, is_now FROM gone
        UNION ALL
        SELECT account, ''split'', is_now, was FROM fresh
        WHERE (account, was, is_now) NOT IN (SELECT account, was, is_now FROM gone)',
        'g' || old, 'g' || new);
END
$function$;

-- The changes that a swap makes, in one lane: who enters and leaves, each person once, then who merged
-- and split. Returns how many entered or left.
CREATE OR REPLACE FUNCTION record_swap(old integer, new integer, in_lane integer, at_seq bigint,
                                       at timestamptz)
RETURNS bigint LANGUAGE plpgsql AS $function$
DECLARE
    made bigint;
BEGIN
    CREATE TEMPORARY TABLE swapped_owners ON COMMIT DROP AS SELECT * FROM compare_owners(old, new);
    EXECUTE format('
        INSERT INTO public.change (lane, seq, n, account, profile_id, kind, audience_id,
                                   audience_version, other_profile_id, cause, changed_at)
        SELECT $1, $2, CAST(row_number() OVER (ORDER BY account, profile_id, audience_id) - 1 AS integer),
               account, profile_id, CASE WHEN o.since IS NULL THEN ''enter'' ELSE ''exit'' END,
               audience_id, (SELECT version FROM public.audience a WHERE a.id = audience_id),
               CASE WHEN n.since IS NULL THEN m.other_profile_id END, ''definition'', $3
        FROM %1$I.membership o FULL JOIN %2$I.membership n USING (account, audience_id, profile_id)
        LEFT JOIN pg_temp.swapped_owners m USING (account, profile_id)
        WHERE o.since IS NULL OR n.since IS NULL', 'g' || old, 'g' || new)
    USING in_lane, at_seq, at;
    GET DIAGNOSTICS made = ROW_COUNT;
    INSERT INTO public.change (lane, seq, n, account, profile_id, kind, other_profile_id, cause,
                               changed_at)
    SELECT in_lane, at_seq, CAST(made + row_number() OVER (ORDER BY s.account, s.kind, s.profile_id) - 1
                                 AS integer),
           s.account, s.profile_id, s.kind, s.other_profile_id, 'definition', at
    FROM pg_temp.swapped_owners s;
    RETURN made;
END
$function$;
