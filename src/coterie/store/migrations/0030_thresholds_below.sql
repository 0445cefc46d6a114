-- Thresholds hold below a number too, and of an audience's size.

ALTER TABLE alert_rule
    ADD COLUMN below bigint,
    ADD COLUMN audience text;
