-- Labels by which people find audiences; each label names the group of the audiences that bear it.
ALTER TABLE audience ADD COLUMN tags text[] NOT NULL DEFAULT '{}';
