-- All that destinations know of one person is found by name. An alias is compared without its label, so that
-- those need an index of their own; where users have other names it stays empty and costs nothing.

CREATE INDEX outbox_alias ON outbox ((regexp_replace(recipient, '^alias:[^:]*:', '')))
    WHERE starts_with(recipient, 'alias:');

CREATE INDEX outbox_queue_recipient ON outbox_queue (destination, recipient);
CREATE INDEX outbox_queue_alias ON outbox_queue ((regexp_replace(recipient, '^alias:[^:]*:', '')))
    WHERE starts_with(recipient, 'alias:');
