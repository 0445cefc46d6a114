-- The control plane: who may do what, and what the data plane is told to do.
-- These tables are small and stay on the coordinator.

CREATE TABLE account (
    number     bigint PRIMARY KEY,
    name       text NOT NULL,
    created_at timestamptz NOT NULL
);

CREATE TABLE person (
    id            bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    account       bigint NOT NULL REFERENCES account (number),
    email         text NOT NULL UNIQUE,
    password_hash text NOT NULL,
    role          text NOT NULL,
    created_at    timestamptz NOT NULL,
    disabled_at   timestamptz,
    failed_count  integer NOT NULL DEFAULT 0,
    locked_until  timestamptz
);

CREATE TABLE console_session (
    token_hash  bytea PRIMARY KEY,
    person_id   bigint NOT NULL REFERENCES person (id),
    csrf_token  text NOT NULL,
    created_at  timestamptz NOT NULL,
    last_seen_at timestamptz NOT NULL,
    expires_at  timestamptz NOT NULL
);

CREATE TABLE access_token (
    id           bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    account      bigint NOT NULL REFERENCES account (number),
    name         text NOT NULL,
    description  text NOT NULL DEFAULT '',
    scopes       text[] NOT NULL,
    prefix       text NOT NULL,
    token_hash   bytea NOT NULL UNIQUE,
    created_by   text NOT NULL,
    created_at   timestamptz NOT NULL,
    expires_at   timestamptz,
    last_used_at timestamptz,
    revoked_at   timestamptz
);

-- AUTHORIZATION is a reserved word of SQL, hence the longer name of this one table.
CREATE TABLE provider_authorization (
    id            bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    account       bigint NOT NULL REFERENCES account (number),
    provider      text NOT NULL,
    method        text NOT NULL,
    label         text NOT NULL,
    description   text NOT NULL DEFAULT '',
    config_sealed bytea NOT NULL,
    public_config jsonb NOT NULL DEFAULT '{}',
    health        text NOT NULL DEFAULT 'unknown' CHECK (health IN ('healthy', 'unhealthy', 'unknown')),
    health_detail text NOT NULL DEFAULT '',
    checked_at    timestamptz,
    created_at    timestamptz NOT NULL,
    updated_at    timestamptz NOT NULL,
    deleted_at    timestamptz
);

CREATE TABLE stream (
    account    bigint NOT NULL REFERENCES account (number),
    name       text NOT NULL,
    trusted    boolean NOT NULL DEFAULT false,
    created_at timestamptz NOT NULL,
    PRIMARY KEY (account, name)
);

-- A published version is immutable: fields, mappings, identity rules (JSON of model.schema.Schema).
CREATE TABLE schema_version (
    account      bigint NOT NULL REFERENCES account (number),
    version      integer NOT NULL,
    description  text NOT NULL DEFAULT '',
    published_at timestamptz NOT NULL,
    published_by text NOT NULL,
    body         jsonb NOT NULL,
    PRIMARY KEY (account, version)
);

CREATE TABLE audience (
    id             bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    account        bigint NOT NULL REFERENCES account (number),
    slug           text NOT NULL,
    name           text NOT NULL,
    description    text NOT NULL DEFAULT '',
    filter_text    text NOT NULL,
    version        integer NOT NULL DEFAULT 1,
    state          text NOT NULL CHECK (state IN ('draft', 'building', 'live', 'archived')),
    build_after    uuid,
    build_done     bigint NOT NULL DEFAULT 0,
    build_total    bigint NOT NULL DEFAULT 0,
    created_at     timestamptz NOT NULL,
    updated_at     timestamptz NOT NULL
);

-- An archived audience leaves its slug to a new one.
CREATE UNIQUE INDEX audience_slug ON audience (account, slug) WHERE state <> 'archived';

-- What an authorization writes at the destination; jobs that share it share its outbox. Once all
-- its jobs have ended it is retired with its outbox as it stands, and a later job starts afresh.
CREATE TABLE destination (
    id               bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    account          bigint NOT NULL REFERENCES account (number),
    authorization_id bigint NOT NULL REFERENCES provider_authorization (id),
    form             text NOT NULL,
    attribute        text NOT NULL,
    added            bigint NOT NULL DEFAULT 0,
    removed          bigint NOT NULL DEFAULT 0,
    refused          bigint NOT NULL DEFAULT 0,
    requests         bigint NOT NULL DEFAULT 0,
    retired_at       timestamptz
);

CREATE UNIQUE INDEX destination_in_use ON destination (authorization_id, form, attribute)
    WHERE retired_at IS NULL;

-- The row is the queue: a runner takes a due job under an advisory lock and survives a kill by its
-- own checkpoints. run_at says when a runner takes it; NULL: no runner has to.
CREATE TABLE job (
    id             bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    account        bigint NOT NULL REFERENCES account (number),
    kind           text NOT NULL,
    label          text NOT NULL,
    description    text NOT NULL DEFAULT '',
    authorization_id bigint REFERENCES provider_authorization (id),
    destination_id bigint REFERENCES destination (id),
    config         jsonb NOT NULL,
    state          text NOT NULL CHECK (state IN
        ('runnable', 'running', 'sleeping', 'paused', 'completed', 'fault', 'failed', 'killed', 'deleted')),
    run_at         timestamptz,
    started_at     timestamptz,
    fault_since    timestamptz,
    checkpoint     jsonb NOT NULL DEFAULT '{}',
    progress_done  bigint NOT NULL DEFAULT 0,
    progress_total bigint NOT NULL DEFAULT 0,
    failures       integer NOT NULL DEFAULT 0,
    last_error     text,
    created_by     text NOT NULL,
    created_at     timestamptz NOT NULL,
    updated_at     timestamptz NOT NULL
);

CREATE INDEX job_due ON job (run_at) WHERE state IN ('runnable', 'running', 'sleeping', 'fault');

CREATE TABLE job_log (
    id      bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    job_id  bigint NOT NULL REFERENCES job (id),
    at      timestamptz NOT NULL,
    level   text NOT NULL,
    code    text NOT NULL,
    message text NOT NULL,
    context jsonb NOT NULL DEFAULT '{}'
);

CREATE INDEX job_log_by_job ON job_log (job_id, id DESC);

-- Files that an import has taken, so that none is read twice and a killed import goes on.
CREATE TABLE import_file (
    job_id      bigint NOT NULL REFERENCES job (id),
    name        text NOT NULL,
    sha256      bytea NOT NULL,
    size        bigint NOT NULL,
    modified_at timestamptz,
    rows_done   bigint NOT NULL DEFAULT 0,
    rows_rejected bigint NOT NULL DEFAULT 0,
    state       text NOT NULL CHECK (state IN ('reading', 'done', 'failed')),
    started_at  timestamptz NOT NULL,
    finished_at timestamptz,
    PRIMARY KEY (job_id, name, sha256)
);

CREATE TABLE audit_log (
    id      bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    account bigint,
    at      timestamptz NOT NULL,
    actor   text NOT NULL,
    verb    text NOT NULL,
    subject text NOT NULL,
    subject_id text NOT NULL,
    detail  jsonb NOT NULL DEFAULT '{}'
);

CREATE INDEX audit_log_by_account ON audit_log (account, id DESC);

-- Append-only for everyone who speaks SQL through the product.
CREATE RULE audit_log_no_update AS ON UPDATE TO audit_log DO INSTEAD NOTHING;
CREATE RULE audit_log_no_delete AS ON DELETE TO audit_log DO INSTEAD NOTHING;

-- One counter that rises with every change the data plane must know of.
CREATE TABLE config_epoch (
    only_row boolean PRIMARY KEY DEFAULT true CHECK (only_row),
    epoch    bigint NOT NULL
);

INSERT INTO config_epoch (epoch) VALUES (1);
