-- What is known of the raw keys of each stream, and what became of refused events.

-- One row a raw key, on the coordinator; the key '' counts the events themselves. `kinds` counts values by kind,
-- `uniques` is a sketch of the values (base/sketch.py). `is_sampled`: not every event was looked at.
CREATE TABLE stream_key (
    account    bigint NOT NULL,
    stream     text NOT NULL,
    key        text NOT NULL,
    times      bigint NOT NULL,
    first_seen timestamptz NOT NULL,
    last_seen  timestamptz NOT NULL,
    kinds      jsonb NOT NULL,
    uniques    bytea NOT NULL,
    is_sampled boolean NOT NULL,
    PRIMARY KEY (account, stream, key)
) WITH (fillfactor = 70);

-- How far the inspector has come (on the coordinator); its row lock is the right to inspect the lane.
CREATE TABLE inspected_lane (
    lane integer PRIMARY KEY,
    seq  bigint NOT NULL
);

ALTER TABLE rejected_event
    ADD COLUMN repaired_at timestamptz,
    ADD COLUMN repaired_by text;

ALTER TABLE event_outcome
    ADD COLUMN repaired_at timestamptz,
    ADD COLUMN repaired_by text;
