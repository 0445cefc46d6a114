-- The data plane: what came in, what became of it, and what must go out.
-- No foreign keys and no triggers between these tables, so that the same statements run on Citus,
-- where each table is distributed by the column named in brackets.

-- [lane] The collector's last sequence number of each lane. Taken by UPDATE … RETURNING in the
-- transaction that writes the events, so sequence order is commit order.
CREATE TABLE lane_head (
    lane integer PRIMARY KEY,
    seq  bigint NOT NULL DEFAULT 0
) WITH (fillfactor = 50);

-- [lane] The worker's cursor. Its row lock is the right to process the lane.
CREATE TABLE lane (
    lane        integer PRIMARY KEY,
    cursor_seq  bigint NOT NULL DEFAULT 0,
    cursor_day  date NOT NULL DEFAULT '2000-01-01',
    advanced_at timestamptz
) WITH (fillfactor = 50);

-- [lane] What came in, as received.
CREATE TABLE event_log (
    lane         integer NOT NULL,
    seq          bigint NOT NULL,
    received_day date NOT NULL,
    account      bigint NOT NULL,
    stream       text NOT NULL,
    received_at  timestamptz NOT NULL,
    occurred_at  timestamptz,
    message_hash bytea,
    body         text NOT NULL,
    PRIMARY KEY (lane, seq, received_day)
) PARTITION BY RANGE (received_day);

CREATE INDEX event_log_by_stream ON event_log (account, stream, received_at);

-- [lane] Exceptions only: what a person can look at, repair and run again.
CREATE TABLE event_outcome (
    lane       integer NOT NULL,
    seq        bigint NOT NULL,
    account    bigint NOT NULL,
    stream     text NOT NULL,
    kind       text NOT NULL CHECK (kind IN ('duplicate', 'rejected', 'poison')),
    reason     text NOT NULL,
    decided_at timestamptz NOT NULL,
    PRIMARY KEY (lane, seq)
);

CREATE INDEX event_outcome_by_account ON event_outcome (account, kind, decided_at);

-- [id] What the door refused: it never got a place in the log, yet nothing is lost.
CREATE TABLE rejected_event (
    id          bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    account     bigint NOT NULL,
    stream      text NOT NULL,
    received_at timestamptz NOT NULL,
    source      text NOT NULL,
    position    text NOT NULL DEFAULT '',
    reason      text NOT NULL,
    body        bytea NOT NULL
);

CREATE INDEX rejected_event_by_account ON rejected_event (account, received_at DESC);

-- [message] De-duplication of resent messages.
CREATE TABLE seen_message (
    account      bigint NOT NULL,
    message_hash bytea NOT NULL,
    expires_on   date NOT NULL,
    PRIMARY KEY (account, message_hash)
);

CREATE INDEX seen_message_by_expiry ON seen_message (expires_on);

-- [lane] Enter, exit, merge, split, with cause; lanes for timers and backfills too.
CREATE TABLE change (
    lane             integer NOT NULL,
    seq              bigint NOT NULL,
    n                integer NOT NULL,
    account          bigint NOT NULL,
    profile_id       uuid NOT NULL,
    kind             text NOT NULL CHECK (kind IN ('enter', 'exit', 'merge', 'split')),
    audience_id      bigint,
    audience_version integer,
    other_profile_id uuid,
    cause            text NOT NULL CHECK (cause IN ('event', 'instant', 'backfill', 'definition')),
    cause_seq        bigint,
    changed_at       timestamptz NOT NULL,
    PRIMARY KEY (lane, seq, n)
);

-- [lane] Numbers of the lanes that no collector fills: timers and backfills.
CREATE TABLE change_lane (
    lane integer PRIMARY KEY,
    seq  bigint NOT NULL
) WITH (fillfactor = 50);

CREATE INDEX change_by_profile ON change (account, profile_id, changed_at);

-- [recipient] One row per user at a destination. `claims` says which profiles want it to hold what
-- (the oldest claimant owns the row), `wanted` is the owner's wish, `told` what the destination
-- acknowledged, `in_doubt` the values whose state there is unknown and must be sent again.
CREATE TABLE outbox (
    destination bigint NOT NULL,
    recipient   text NOT NULL,
    account     bigint NOT NULL,
    claims      bytea NOT NULL,
    wanted      text[] NOT NULL DEFAULT '{}',
    told        text[] NOT NULL DEFAULT '{}',
    in_doubt    text[] NOT NULL DEFAULT '{}',
    version     bigint NOT NULL DEFAULT 0,
    pending     boolean NOT NULL DEFAULT true,
    not_before  timestamptz NOT NULL DEFAULT '-infinity',
    attempts    integer NOT NULL DEFAULT 0,
    parked      text,
    last_answer text,
    settled_at  timestamptz,
    PRIMARY KEY (destination, recipient)
) WITH (fillfactor = 80);

CREATE INDEX outbox_pending ON outbox (destination, not_before) WHERE pending;
CREATE INDEX outbox_parked ON outbox (destination) WHERE parked IS NOT NULL;

-- [profile_id] Who is not sent by a job although an audience holds them, with the reason.
CREATE TABLE omission (
    job_id     bigint NOT NULL,
    profile_id uuid NOT NULL,
    account    bigint NOT NULL,
    reason     text NOT NULL,
    since      timestamptz NOT NULL,
    PRIMARY KEY (job_id, profile_id)
);

-- Operators' pins, blocked values and passengers: inputs like events.
CREATE TABLE decision (
    id         bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    account    bigint NOT NULL,
    kind       text NOT NULL CHECK (kind IN ('pin_apart', 'pin_together', 'block_value', 'passenger')),
    field_a    text NOT NULL,
    value_a    text NOT NULL,
    field_b    text,
    value_b    text,
    decided_at timestamptz NOT NULL,
    decided_by text NOT NULL,
    undone_at  timestamptz
);

-- The tables that a replay fills again live in one schema per generation.
CREATE TABLE generation (
    number     integer PRIMARY KEY,
    state      text NOT NULL CHECK (state IN ('building', 'live', 'retired')),
    created_at timestamptz NOT NULL DEFAULT now()
);

CREATE UNIQUE INDEX generation_live ON generation (state) WHERE state = 'live';

CREATE FUNCTION create_generation(number integer) RETURNS void LANGUAGE plpgsql AS $function$
DECLARE
    home text := 'g' || number;
BEGIN
    EXECUTE format('CREATE SCHEMA %I', home);
    -- [value] Which profile an identifier belongs to.
    EXECUTE format('CREATE TABLE %I.identity (
        account    bigint NOT NULL,
        field      text NOT NULL,
        value      text NOT NULL,
        profile_id uuid NOT NULL,
        PRIMARY KEY (account, field, value))', home);
    -- [profile_id] body: fragments, edges, refused edges, since when each audience holds (msgpack);
    -- audiences, in rising order, is the truth of membership.
    EXECUTE format('CREATE TABLE %I.profile (
        account    bigint NOT NULL,
        profile_id uuid NOT NULL,
        version    bigint NOT NULL,
        first_seen timestamptz NOT NULL,
        updated_at timestamptz NOT NULL,
        next_flip  timestamptz,
        audiences  bigint[] NOT NULL,
        body       bytea NOT NULL,
        PRIMARY KEY (account, profile_id)) WITH (fillfactor = 75)', home);
    EXECUTE format('CREATE INDEX profile_next_flip ON %I.profile (next_flip)
        WHERE next_flip IS NOT NULL', home);
    -- [profile_id] Derived from profile in the same transaction, to list and count an audience.
    EXECUTE format('CREATE TABLE %I.membership (
        account     bigint NOT NULL,
        audience_id bigint NOT NULL,
        profile_id  uuid NOT NULL,
        since       timestamptz NOT NULL,
        PRIMARY KEY (account, audience_id, profile_id))', home);
    -- [node] Which log rows mention an identifier (node: keyed hash of field and value).
    EXECUTE format('CREATE TABLE %I.timeline (
        account      bigint NOT NULL,
        node         uuid NOT NULL,
        received_day date NOT NULL,
        lane         integer NOT NULL,
        seq          bigint NOT NULL,
        PRIMARY KEY (account, node, received_day, lane, seq))
        PARTITION BY RANGE (received_day)', home);
END
$function$;

-- One received day's partitions, of the log and of every generation's timeline. Safe to run again.
CREATE FUNCTION create_day(day date) RETURNS void LANGUAGE plpgsql AS $function$
DECLARE
    suffix text := to_char(day, 'YYYYMMDD');
    home text;
BEGIN
    EXECUTE format('CREATE TABLE IF NOT EXISTS %I PARTITION OF event_log FOR VALUES FROM (%L) TO (%L)',
        'event_log_' || suffix, day, day + 1);
    FOR home IN SELECT 'g' || number FROM generation WHERE state <> 'retired' LOOP
        EXECUTE format('CREATE TABLE IF NOT EXISTS %I.%I PARTITION OF %I.timeline FOR VALUES FROM (%L) TO (%L)',
            home, 'timeline_' || suffix, home, day, day + 1);
    END LOOP;
END
$function$;

SELECT create_generation(1);
INSERT INTO generation (number, state) VALUES (1, 'live');
