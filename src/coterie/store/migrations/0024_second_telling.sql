-- A request that was never answered may be worked long after newer ones. Whoever was in one is told once
-- more when it can no longer be alive: `uncertain` are the keys that such requests carried, `again_at` is
-- when the last of them is dead (infinity: it is, but a paused job holds the keys back).
ALTER TABLE outbox
    ADD COLUMN uncertain text[],
    ADD COLUMN again_at timestamptz;

CREATE INDEX outbox_again ON outbox (destination, again_at) WHERE uncertain IS NOT NULL;

ALTER TABLE destination ADD COLUMN told_again bigint NOT NULL DEFAULT 0;
