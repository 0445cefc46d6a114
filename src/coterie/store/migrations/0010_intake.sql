-- How a stream takes events in (model/intake.py), and the secret that signs them, sealed.
ALTER TABLE stream
    ADD COLUMN intake jsonb NOT NULL DEFAULT '{}',
    ADD COLUMN secret_sealed bytea;

UPDATE stream SET intake = '{"is_braze": true}' WHERE name IN ('braze_csv', 'braze_currents');
UPDATE stream SET intake = '{"is_braze": true, "repeats": "content"}' WHERE name = 'braze_users';

-- [subject] What was last said about somebody in a stream that tells repeated messages by content:
-- keyed hashes of stream and person, and of what was said.
CREATE TABLE latest_content (
    account       bigint NOT NULL,
    subject       bytea NOT NULL,
    content       bytea NOT NULL,
    said_at       timestamptz NOT NULL,
    repeats_until timestamptz NOT NULL,
    PRIMARY KEY (account, subject)
) WITH (fillfactor = 80);

CREATE INDEX latest_content_by_end ON latest_content (repeats_until);
