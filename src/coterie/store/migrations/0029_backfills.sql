-- Rows that a backfill made pending leave behind those of live changes
-- (docs/decisions/0042-live-changes-before-backfills.md). What waits when this comes counts as live.

ALTER TABLE outbox ADD COLUMN backfill boolean NOT NULL DEFAULT false;

DROP INDEX outbox_pending;
CREATE INDEX outbox_pending ON outbox (destination, backfill, not_before, recipient) WHERE pending;
