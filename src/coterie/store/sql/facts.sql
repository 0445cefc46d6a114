-- name: server_facts()^
-- clock_timestamp, since now() is the transaction's start.
SELECT CAST(current_setting('server_version_num') AS integer) / 10000, clock_timestamp(),
       to_regclass('public.lane_head') IS NOT NULL;
