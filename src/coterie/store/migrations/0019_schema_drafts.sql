-- Schemas in the making. `body` is a whole schema without its number, made from version `base_version`;
-- `revision` rises with each change, so that nobody overwrites what they have not seen.
CREATE TABLE schema_draft (
    id                bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    account           bigint NOT NULL REFERENCES account (number),
    name              text NOT NULL,
    description       text NOT NULL,
    state             text NOT NULL CHECK (state IN ('open', 'published', 'discarded')),
    base_version      integer NOT NULL,
    revision          integer NOT NULL DEFAULT 1,
    body              jsonb NOT NULL,
    published_version integer,
    created_at        timestamptz NOT NULL,
    created_by        text NOT NULL,
    updated_at        timestamptz NOT NULL,
    updated_by        text NOT NULL,
    FOREIGN KEY (account, base_version) REFERENCES schema_version (account, version)
);

-- The name of a draft that was published or discarded is free again.
CREATE UNIQUE INDEX schema_draft_open ON schema_draft (account, name) WHERE state = 'open';
