-- How long things are kept: the log and the timeline by whole days, changes and what was refused by age.

-- [lane] Up to which number the changes of a lane were forgotten. A reader that stands before it has
-- missed some, and must be told.
CREATE TABLE change_floor (
    lane integer PRIMARY KEY,
    seq  bigint NOT NULL
);

-- Forget one received day: of the log, and of the timeline of every generation. Safe to run again.
CREATE FUNCTION drop_day(day date) RETURNS void LANGUAGE plpgsql AS $function$
DECLARE
    suffix text := to_char(day, 'YYYYMMDD');
    home text;
BEGIN
    EXECUTE format('DROP TABLE IF EXISTS public.%I', 'event_log_' || suffix);
    FOR home IN SELECT 'g' || number FROM generation LOOP
        EXECUTE format('DROP TABLE IF EXISTS %I.%I', home, 'timeline_' || suffix);
    END LOOP;
END
$function$;
