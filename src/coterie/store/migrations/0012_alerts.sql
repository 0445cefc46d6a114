-- Who is told when something goes wrong. The target may hold a secret (a webhook's address), so it is
-- sealed; `target_shown` is what lists show of it. `raised` holds the conditions that hold now, with the
-- instant at which people were told of each last.
CREATE TABLE alert_rule (
    id            bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    account       bigint NOT NULL REFERENCES account (number),
    job_id        bigint REFERENCES job (id),
    label         text NOT NULL,
    kinds         text[] NOT NULL,
    stall_minutes integer NOT NULL,
    metric        text,
    above         bigint,
    channel       text NOT NULL CHECK (channel IN ('webhook', 'email')),
    target_sealed bytea NOT NULL,
    target_shown  text NOT NULL,
    raised        jsonb NOT NULL DEFAULT '{}',
    last_error    text,
    created_by    text NOT NULL,
    created_at    timestamptz NOT NULL
);

CREATE INDEX alert_rule_by_account ON alert_rule (account, id);
