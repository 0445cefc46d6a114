CREATE TABLE IF NOT EXISTS workspace (
    id TEXT PRIMARY KEY,
    name TEXT NOT NULL
) WITHOUT ROWID;

CREATE TABLE IF NOT EXISTS rest_key (
    key TEXT PRIMARY KEY,
    workspace TEXT NOT NULL,
    body BLOB NOT NULL
) WITHOUT ROWID;

-- Keyed by number, not by the random braze_id: users of one request lie on few pages.
CREATE TABLE IF NOT EXISTS profile (
    workspace TEXT NOT NULL,
    number INTEGER NOT NULL,
    body BLOB NOT NULL,
    PRIMARY KEY (workspace, number)
) WITHOUT ROWID;

CREATE TABLE IF NOT EXISTS attribute_type (
    workspace TEXT NOT NULL,
    name TEXT NOT NULL,
    kind TEXT NOT NULL,
    PRIMARY KEY (workspace, name)
) WITHOUT ROWID;

-- What users did. `at` is an epoch second and `times` the quantity, for filters such as "X in Y
-- days"; the owner stands here and not in the body, since a merge changes it.
CREATE TABLE IF NOT EXISTS deed (
    id INTEGER PRIMARY KEY,
    workspace TEXT NOT NULL,
    kind TEXT NOT NULL,
    braze_id TEXT NOT NULL,
    name TEXT NOT NULL,
    at REAL NOT NULL,
    times INTEGER NOT NULL,
    body BLOB NOT NULL
);

CREATE INDEX IF NOT EXISTS deed_by_kind ON deed (workspace, kind, id);
CREATE INDEX IF NOT EXISTS deed_by_name ON deed (workspace, kind, name, at);
CREATE INDEX IF NOT EXISTS deed_by_user ON deed (workspace, braze_id);

CREATE TABLE IF NOT EXISTS data_points (
    workspace TEXT NOT NULL,
    key_name TEXT NOT NULL,
    kind TEXT NOT NULL,
    name TEXT NOT NULL,
    points INTEGER NOT NULL,
    PRIMARY KEY (workspace, key_name, kind, name)
) WITHOUT ROWID;

CREATE TABLE IF NOT EXISTS definition (
    workspace TEXT NOT NULL,
    kind TEXT NOT NULL,
    id TEXT NOT NULL,
    body BLOB NOT NULL,
    PRIMARY KEY (workspace, kind, id)
) WITHOUT ROWID;

CREATE TABLE IF NOT EXISTS queued (
    id INTEGER PRIMARY KEY,
    workspace TEXT NOT NULL,
    key_name TEXT NOT NULL,
    accepted_at TEXT NOT NULL,
    kind TEXT NOT NULL,
    body BLOB NOT NULL
);
