-- Replaying the log into a generation beside the live one.

-- From which version on an account's events are mapped in a generation, whenever they came: JSON of
-- account to version. An account that is missing is mapped by the version in force at the time.
ALTER TABLE generation ADD COLUMN schemas jsonb NOT NULL DEFAULT '{}';

CREATE TABLE replay (
    id              bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    account         bigint NOT NULL REFERENCES account (number),
    state           text NOT NULL CHECK (state IN ('preparing', 'reading', 'asking', 'ready',
                                                   'swapping', 'claiming', 'done', 'cancelled')),
    generation      integer,
    version         integer NOT NULL,
    events_a_second integer,
    due_at          timestamptz NOT NULL,
    -- What the generation was made with: other trackers, or somebody forgotten, and it begins again.
    trackers        bigint[] NOT NULL DEFAULT '{}',
    erasures        bigint NOT NULL DEFAULT 0,
    restarts        integer NOT NULL DEFAULT 0,
    -- Which version of each audience its profiles were asked about, and up to which profile.
    asked           jsonb NOT NULL DEFAULT '{}',
    at_account      bigint,
    at_profile      uuid,
    events_done     bigint NOT NULL DEFAULT 0,
    events_total    bigint NOT NULL DEFAULT 0,
    profiles_done   bigint NOT NULL DEFAULT 0,
    profiles_total  bigint NOT NULL DEFAULT 0,
    report          jsonb,
    requested_at    timestamptz NOT NULL,
    requested_by    text NOT NULL,
    confirmed_by    text,
    swapped_at      timestamptz,
    finished_at     timestamptz
);

CREATE UNIQUE INDEX replay_in_hand ON replay ((true)) WHERE state NOT IN ('done', 'cancelled');

-- [lane] How far a replay has read.
CREATE TABLE replay_lane (
    generation integer NOT NULL,
    lane       integer NOT NULL,
    cursor_seq bigint NOT NULL,
    cursor_day date NOT NULL,
    PRIMARY KEY (generation, lane)
) WITH (fillfactor = 50);

-- The partitions of a generation's timeline for all days that the log has.
CREATE FUNCTION create_generation_days(number integer) RETURNS void LANGUAGE plpgsql AS $function$
DECLARE
    suffix text;
    day date;
BEGIN
    FOR suffix IN
        SELECT right(c.relname, 8) FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhrelid
        WHERE i.inhparent = 'event_log'::regclass
    LOOP
        day := to_date(suffix, 'YYYYMMDD');
        EXECUTE format('CREATE TABLE IF NOT EXISTS %I.%I PARTITION OF %I.timeline FOR VALUES FROM (%L) TO (%L)',
            'g' || number, 'timeline_' || suffix, 'g' || number, day, day + 1);
    END LOOP;
END
$function$;

CREATE FUNCTION drop_generation(number integer) RETURNS void LANGUAGE plpgsql AS $function$
BEGIN
    EXECUTE format('DROP SCHEMA IF EXISTS %I CASCADE', 'g' || number);
END
$function$;

-- What a generation would change about people: `merged` profiles hold identifiers of several old ones,
-- `split` old ones gave theirs to several.
CREATE FUNCTION compare_profiles(old integer, new integer)
RETURNS TABLE (account bigint, profiles_before bigint, profiles_after bigint, identifiers_before bigint,
               identifiers_after bigint, merged bigint, split bigint)
LANGUAGE plpgsql STABLE AS $function$
BEGIN
    RETURN QUERY EXECUTE format('
        WITH both_known AS (
            SELECT o.account, o.profile_id AS was, n.profile_id AS is_now
            FROM %1$I.identity o JOIN %2$I.identity n USING (account, field, value)
        ),
        merged AS (
            SELECT b.account, b.is_now FROM both_known b
            GROUP BY 1, 2 HAVING count(DISTINCT was) > 1
        ),
        split AS (
            SELECT b.account, b.was FROM both_known b GROUP BY 1, 2 HAVING count(DISTINCT is_now) > 1
        )
        SELECT a.number,
            (SELECT count(*) FROM %1$I.profile p WHERE p.account = a.number),
            (SELECT count(*) FROM %2$I.profile p WHERE p.account = a.number),
            (SELECT count(*) FROM %1$I.identity i WHERE i.account = a.number),
            (SELECT count(*) FROM %2$I.identity i WHERE i.account = a.number),
            (SELECT count(*) FROM merged m WHERE m.account = a.number),
            (SELECT count(*) FROM split s WHERE s.account = a.number)
        FROM public.account a ORDER BY a.number', 'g' || old, 'g' || new);
END
$function$;

CREATE FUNCTION compare_members(old integer, new integer)
RETURNS TABLE (audience_id bigint, before bigint, after bigint, entering bigint, leaving bigint)
LANGUAGE plpgsql STABLE AS $function$
BEGIN
    RETURN QUERY EXECUTE format('
        SELECT audience_id, count(o.profile_id), count(n.profile_id),
               count(*) FILTER (WHERE o.profile_id IS NULL), count(*) FILTER (WHERE n.profile_id IS NULL)
        FROM %1$I.membership o FULL JOIN %2$I.membership n USING (account, audience_id, profile_id)
        GROUP BY audience_id ORDER BY audience_id', 'g' || old, 'g' || new);
END
$function$;

-- The changes that a swap makes, each person once, in one lane.
CREATE FUNCTION record_swap(old integer, new integer, in_lane integer, at_seq bigint, at timestamptz)
RETURNS bigint LANGUAGE plpgsql AS $function$
DECLARE
    made bigint;
BEGIN
    EXECUTE format('
        INSERT INTO public.change (lane, seq, n, account, profile_id, kind, audience_id,
                                   audience_version, cause, changed_at)
        SELECT $1, $2, CAST(row_number() OVER (ORDER BY account, profile_id, audience_id) - 1 AS integer),
               account, profile_id, CASE WHEN o.since IS NULL THEN ''enter'' ELSE ''exit'' END,
               audience_id, (SELECT version FROM public.audience a WHERE a.id = audience_id),
               ''definition'', $3
        FROM %1$I.membership o FULL JOIN %2$I.membership n USING (account, audience_id, profile_id)
        WHERE o.since IS NULL OR n.since IS NULL', 'g' || old, 'g' || new)
    USING in_lane, at_seq, at;
    GET DIAGNOSTICS made = ROW_COUNT;
    RETURN made;
END
$function$;
