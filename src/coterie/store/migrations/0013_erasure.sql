-- Forgetting people: who is being forgotten, and whose events are not to be kept when they come.

-- An erasure in hand. `sealed` holds the identifiers and where they were sent, until all is gone.
CREATE TABLE erasure (
    id           bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    account      bigint NOT NULL REFERENCES account (number),
    profile_id   uuid,
    blocks       boolean NOT NULL,
    state        text NOT NULL CHECK (state IN ('running', 'done')),
    step         text NOT NULL CHECK (step IN ('log', 'exceptions', 'refused', 'deliveries', 'done')),
    position     jsonb NOT NULL DEFAULT '{}',
    sealed       bytea,
    due_at       timestamptz NOT NULL,
    events       bigint NOT NULL DEFAULT 0,
    refused      bigint NOT NULL DEFAULT 0,
    waiting      bigint NOT NULL DEFAULT 0,
    requested_at timestamptz NOT NULL,
    requested_by text NOT NULL,
    finished_at  timestamptz,
    CHECK ((state = 'done') = (sealed IS NULL))
);

CREATE INDEX erasure_due ON erasure (due_at) WHERE state = 'running';
CREATE INDEX erasure_by_account ON erasure (account, id DESC);

-- [node] Keyed hashes of identifiers: what names one and was received before `until` is not kept.
CREATE TABLE suppression (
    account bigint NOT NULL,
    node    uuid NOT NULL,
    until   timestamptz NOT NULL,
    PRIMARY KEY (account, node)
);

ALTER TABLE event_outcome DROP CONSTRAINT event_outcome_kind_check;
ALTER TABLE event_outcome ADD CONSTRAINT event_outcome_kind_check
    CHECK (kind IN ('duplicate', 'rejected', 'poison', 'erased'));

ALTER TABLE change DROP CONSTRAINT change_kind_check;
ALTER TABLE change ADD CONSTRAINT change_kind_check
    CHECK (kind IN ('enter', 'exit', 'merge', 'split', 'erase'));
