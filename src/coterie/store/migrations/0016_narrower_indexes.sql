-- What an event pays for in indexes (docs/explanation/speed.md). The names of nodes and of profiles are
-- keyed hashes of the account too, so that their indexes need no account; and since an event is written once, nothing has to
-- keep the timeline unique.

DROP INDEX change_by_profile;
CREATE INDEX change_by_profile ON change (profile_id, changed_at);

CREATE FUNCTION narrow_indexes(number integer) RETURNS void LANGUAGE plpgsql AS $function$
DECLARE
    home text := 'g' || number;
BEGIN
    EXECUTE format('ALTER TABLE %I.timeline DROP CONSTRAINT timeline_pkey', home);
    -- The day, so that the newest mentions of a node come without a sort.
    EXECUTE format('CREATE INDEX timeline_by_node ON %I.timeline (node, received_day)', home);
    -- Nobody filters by these; analysing them took longer than all the other columns.
    EXECUTE format('ALTER TABLE %I.profile
        ALTER COLUMN body SET STATISTICS 0, ALTER COLUMN audiences SET STATISTICS 0', home);
END
$function$;

SELECT narrow_indexes(number) FROM generation WHERE state <> 'retired';

CREATE OR REPLACE FUNCTION create_generation(number integer) RETURNS void LANGUAGE plpgsql AS $function$
BEGIN
    PERFORM create_generation_tables(number);
    PERFORM add_identity_parts(number);
    PERFORM narrow_indexes(number);
END
$function$;

-- Periods of remembered messages; the newest is the one to mark in. A period is opened behind the fence,
-- so that all that is under way marks in one and the same.
CREATE TABLE seen_period (
    opened_on date PRIMARY KEY
);

ALTER TABLE seen_message RENAME TO seen_message_before;

-- [message_hash] De-duplication of resent messages, a table a period: dropping the period before last
-- forgets as many messages as there are without a delete, and needs no index by age.
CREATE TABLE seen_message (
    message_hash bytea NOT NULL,
    account      bigint NOT NULL,
    opened_on    date NOT NULL,
    CONSTRAINT seen_message_key PRIMARY KEY (message_hash, account, opened_on)
) PARTITION BY RANGE (opened_on);

CREATE FUNCTION open_seen_period(day date) RETURNS void LANGUAGE plpgsql AS $function$
BEGIN
    INSERT INTO seen_period (opened_on) VALUES (day);
    EXECUTE format('CREATE TABLE %I PARTITION OF seen_message FOR VALUES FROM (%L) TO (%L)',
        'seen_message_' || to_char(day, 'YYYYMMDD'), day, day + 1);
END
$function$;

CREATE FUNCTION drop_seen_periods(before date) RETURNS void LANGUAGE plpgsql AS $function$
DECLARE
    day date;
BEGIN
    FOR day IN DELETE FROM seen_period WHERE opened_on < before RETURNING opened_on LOOP
        EXECUTE format('DROP TABLE %I', 'seen_message_' || to_char(day, 'YYYYMMDD'));
    END LOOP;
END
$function$;

SELECT open_seen_period(CURRENT_DATE);
INSERT INTO seen_message (message_hash, account, opened_on)
SELECT message_hash, account, CURRENT_DATE FROM seen_message_before;
DROP TABLE seen_message_before;
