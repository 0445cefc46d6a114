-- Values that jobs gave up without taking them away: they stay at the destination as they are.
ALTER TABLE destination ADD COLUMN left_alone text[] NOT NULL DEFAULT '{}';
