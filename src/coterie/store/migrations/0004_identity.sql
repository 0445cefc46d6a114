-- Decisions of operators become a list of acts, an undo among them; passengers get a carrier, and
-- what maintenance must settle gets a place.

DROP TABLE decision;

-- What operators decided about identities: an append-only list of acts, inputs like events. An undo
-- names the act that it takes back, and is about the same identifiers.
CREATE TABLE decision (
    id         bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    account    bigint NOT NULL,
    kind       text NOT NULL CHECK (kind IN ('pin_apart', 'pin_together', 'block_value', 'undo')),
    field_a    text NOT NULL,
    value_a    text NOT NULL,
    field_b    text,
    value_b    text,
    undoes     bigint,
    reason     text NOT NULL,
    decided_at timestamptz NOT NULL,
    decided_by text NOT NULL,
    CHECK ((field_b IS NULL) = (value_b IS NULL)),
    CHECK (kind = 'undo' OR (kind = 'block_value') = (field_b IS NULL)),
    CHECK ((kind = 'undo') = (undoes IS NOT NULL))
);

CREATE INDEX decision_by_account ON decision (account, id);
CREATE UNIQUE INDEX decision_undone_once ON decision (undoes) WHERE undoes IS NOT NULL;

ALTER TABLE change DROP CONSTRAINT change_cause_check;
ALTER TABLE change ADD CONSTRAINT change_cause_check
    CHECK (cause IN ('event', 'instant', 'backfill', 'definition', 'decision'));

-- What a generation holds about identities besides who owns what.
CREATE FUNCTION add_identity_parts(number integer) RETURNS void LANGUAGE plpgsql AS $function$
DECLARE
    home text := 'g' || number;
BEGIN
    -- A passenger has a carrier: its value resolves to the carrier's profile, and it takes no part in
    -- clustering.
    EXECUTE format('ALTER TABLE %I.identity
        ADD COLUMN carrier_field text, ADD COLUMN carrier_value text', home);
    EXECUTE format('CREATE INDEX identity_by_carrier ON %I.identity
        (account, carrier_field, carrier_value) WHERE carrier_field IS NOT NULL', home);
    -- [value] Identifiers whose profiles wait for maintenance to say exactly who belongs together.
    EXECUTE format('CREATE TABLE %I.unsettled (
        account   bigint NOT NULL,
        field     text NOT NULL,
        value     text NOT NULL,
        since     timestamptz NOT NULL,
        due_at    timestamptz NOT NULL,
        too_large boolean NOT NULL DEFAULT false,
        PRIMARY KEY (account, field, value))', home);
    EXECUTE format('CREATE INDEX unsettled_by_time ON %I.unsettled (due_at)', home);
    -- One row: the last decision that the profiles of this generation follow.
    EXECUTE format('CREATE TABLE %I.decision_cursor (
        id          boolean PRIMARY KEY DEFAULT true CHECK (id),
        decision_id bigint NOT NULL)', home);
    EXECUTE format('INSERT INTO %I.decision_cursor (decision_id) VALUES (0)', home);
END
$function$;

SELECT add_identity_parts(number) FROM generation WHERE state <> 'retired';

ALTER FUNCTION create_generation(integer) RENAME TO create_generation_tables;

CREATE FUNCTION create_generation(number integer) RETURNS void LANGUAGE plpgsql AS $function$
BEGIN
    PERFORM create_generation_tables(number);
    PERFORM add_identity_parts(number);
END
$function$;
