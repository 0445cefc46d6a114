-- Events whose mapping can no longer be read wait until it is corrected.
ALTER TABLE event_outcome DROP CONSTRAINT event_outcome_kind_check;
ALTER TABLE event_outcome ADD CONSTRAINT event_outcome_kind_check
    CHECK (kind IN ('duplicate', 'rejected', 'unreadable', 'poison', 'erased'));

CREATE INDEX event_outcome_unreadable ON event_outcome (account, stream)
    WHERE kind = 'unreadable' AND repaired_at IS NULL;

-- [lane] Events that live workers had set aside and a replay could read: once it is live, nobody may run
-- them a second time.
CREATE TABLE replay_taken (
    generation integer NOT NULL,
    lane       integer NOT NULL,
    seq        bigint NOT NULL,
    PRIMARY KEY (lane, seq, generation)
);
