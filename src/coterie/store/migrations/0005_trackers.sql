-- What filters watch for in events (docs/decisions/0015). `boundary` holds the cursor of each lane when
-- the tracker was made: later events are folded as they come, the history up to there is filled in
-- from the log. `known_since`: the day before which the log was trimmed by then; NULL: nothing was.
CREATE TABLE tracker (
    number        bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    account       bigint NOT NULL REFERENCES account (number),
    text          text NOT NULL,
    boundary      jsonb NOT NULL,
    known_since   date,
    registered_at timestamptz NOT NULL,
    filled_at     timestamptz,
    retired_at    timestamptz
);

-- A text that is wanted again after it was retired is another tracker.
CREATE UNIQUE INDEX tracker_in_use ON tracker (account, md5(text)) WHERE retired_at IS NULL;
