-- What a recipient should hold is a set of items: keys, each with a value (JSON). An array attribute
-- has its elements as keys, a plain attribute its name; so one row serves every form of destination.
-- What was told of an item stands beside it: [value, milliseconds since 1970, number of the request].

CREATE FUNCTION pg_temp.as_wanted(keys text[]) RETURNS jsonb LANGUAGE sql AS
$$ SELECT COALESCE(jsonb_object_agg(key, true), '{}') FROM unnest(keys) AS key $$;

CREATE FUNCTION pg_temp.as_told(keys text[], settled_at timestamptz) RETURNS jsonb LANGUAGE sql AS
$$
    SELECT COALESCE(jsonb_object_agg(key, jsonb_build_array(
        true, COALESCE(floor(extract(epoch FROM settled_at) * 1000), 0)::bigint, 0)), '{}')
    FROM unnest(keys) AS key
$$;

DROP INDEX outbox_pending;

ALTER TABLE outbox
    ALTER COLUMN wanted DROP DEFAULT,
    ALTER COLUMN told DROP DEFAULT,
    ALTER COLUMN in_doubt DROP DEFAULT;

ALTER TABLE outbox
    ALTER COLUMN wanted TYPE jsonb USING pg_temp.as_wanted(wanted),
    ALTER COLUMN told TYPE jsonb USING pg_temp.as_told(told, settled_at),
    ALTER COLUMN in_doubt TYPE jsonb USING pg_temp.as_told(in_doubt, settled_at);

ALTER TABLE outbox
    ALTER COLUMN wanted SET DEFAULT '{}',
    ALTER COLUMN told SET DEFAULT '{}',
    ALTER COLUMN in_doubt SET DEFAULT '{}',
    -- Items of a paused job were left out when the row was settled last.
    ADD COLUMN held boolean NOT NULL DEFAULT false,
    -- The version that was told last; the versions between it and `version` cost nothing.
    ADD COLUMN told_version bigint NOT NULL DEFAULT 0,
    ADD COLUMN waiting_since timestamptz;

-- Fresh rows have not_before -infinity; among them the order is that of the primary key, so that a
-- flush of many rows reads and writes neighbouring pages.
CREATE INDEX outbox_pending ON outbox (destination, not_before, recipient) WHERE pending;
CREATE INDEX outbox_held ON outbox (destination) WHERE held;

-- One row a request to a destination, written before it leaves: until it is closed, all that it
-- names is in doubt. `sent` holds the items (msgpack of flow/exports/requests.py) until then.
CREATE TABLE delivery_request (
    id               bigint PRIMARY KEY,
    authorization_id bigint NOT NULL,
    destination      bigint NOT NULL,
    opened_at        timestamptz NOT NULL,
    objects          integer NOT NULL,
    sent             bytea,
    closed_at        timestamptz,
    outcome          text CHECK (outcome IN ('answered', 'refused', 'postponed', 'unknown')),
    status           integer,
    answer           text,
    refused          integer NOT NULL DEFAULT 0
) WITH (fillfactor = 70);

CREATE SEQUENCE delivery_request_id;

CREATE INDEX delivery_request_open ON delivery_request (authorization_id) WHERE closed_at IS NULL;
CREATE INDEX delivery_request_age ON delivery_request (destination, id);

-- What cannot be told twice: events and purchases, one row each, in the order of `id`. `origin`
-- names what it was made from, so that nothing is queued twice.
CREATE TABLE outbox_queue (
    id          bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    destination bigint NOT NULL,
    recipient   text NOT NULL,
    account     bigint NOT NULL,
    origin      text NOT NULL,
    body        jsonb NOT NULL,
    state       text NOT NULL DEFAULT 'waiting'
                CHECK (state IN ('waiting', 'sent', 'doubtful', 'parked', 'dropped')),
    queued_at   timestamptz NOT NULL,
    not_before  timestamptz NOT NULL DEFAULT '-infinity',
    attempts    integer NOT NULL DEFAULT 0,
    repeated    integer NOT NULL DEFAULT 0,
    request     bigint,
    reason      text,
    last_answer text,
    settled_at  timestamptz,
    UNIQUE (destination, origin)
) WITH (fillfactor = 80);

CREATE INDEX outbox_queue_waiting ON outbox_queue (destination, id) WHERE state = 'waiting';
CREATE INDEX outbox_queue_late ON outbox_queue (destination, not_before)
    WHERE state = 'waiting' AND not_before > '-infinity';
CREATE INDEX outbox_queue_listed ON outbox_queue (destination, state, id)
    WHERE state IN ('doubtful', 'parked');

ALTER TABLE destination
    -- What an unanswered event or purchase becomes: sent again, or listed as doubtful.
    ADD COLUMN repeats text NOT NULL DEFAULT 'at_most_once'
        CHECK (repeats IN ('at_most_once', 'at_least_once')),
    ADD COLUMN delivery text NOT NULL DEFAULT 'running'
        CHECK (delivery IN ('running', 'paused', 'killed')),
    ADD COLUMN restarts integer NOT NULL DEFAULT 0,
    ADD COLUMN data_points bigint NOT NULL DEFAULT 0,
    ADD COLUMN data_points_saved bigint NOT NULL DEFAULT 0,
    ADD COLUMN doubtful bigint NOT NULL DEFAULT 0,
    ADD COLUMN last_error text,
    ADD COLUMN last_error_at timestamptz,
    ADD COLUMN last_success_at timestamptz;
