-- What the agent keeps (docs/architecture.md, "State"). Version 1.
-- One transaction moves positions, occurrences and deliveries together; nothing else is ever the truth.

-- Where reading of each generation of a log goes on. Marks are hashes of bytes, never bytes.
CREATE TABLE sources (
    path TEXT NOT NULL,
    device INTEGER NOT NULL,
    file INTEGER NOT NULL,
    offset INTEGER NOT NULL,
    seen_bytes INTEGER NOT NULL,
    line INTEGER,
    head_len INTEGER NOT NULL,
    head_hash TEXT NOT NULL,
    tail_len INTEGER NOT NULL,
    tail_hash TEXT NOT NULL,
    rotated INTEGER NOT NULL,
    PRIMARY KEY (path, device, file)
) STRICT, WITHOUT ROWID;

-- Folders that were followed: a file in them without a position appeared since, and is read from its start.
CREATE TABLE folders (
    path TEXT PRIMARY KEY
) STRICT, WITHOUT ROWID;

-- One problem in one scope: what becomes one ticket.
CREATE TABLE incidents (
    id INTEGER PRIMARY KEY,
    key TEXT NOT NULL UNIQUE,
    signature TEXT NOT NULL,
    title TEXT NOT NULL,
    login TEXT NOT NULL,
    count INTEGER NOT NULL,
    told_count INTEGER NOT NULL DEFAULT 0,
    told_ms INTEGER NOT NULL DEFAULT 0,
    first_seen_ms INTEGER NOT NULL,
    last_seen_ms INTEGER NOT NULL,
    facts TEXT NOT NULL,
    evidence TEXT,
    ticket_id INTEGER
) STRICT;

-- Counts by hour and outcome. Incident 0 stands for records that became none.
CREATE TABLE occurrences (
    incident_id INTEGER NOT NULL,
    hour INTEGER NOT NULL,
    outcome TEXT NOT NULL,
    count INTEGER NOT NULL,
    PRIMARY KEY (incident_id, hour, outcome)
) STRICT, WITHOUT ROWID;

-- What the site does not know yet. A row is gone when its step is done.
CREATE TABLE deliveries (
    id INTEGER PRIMARY KEY,
    incident_id INTEGER NOT NULL REFERENCES incidents (id),
    step TEXT NOT NULL,
    due_ms INTEGER NOT NULL,
    attempts INTEGER NOT NULL DEFAULT 0,
    error TEXT,
    UNIQUE (incident_id, step)
) STRICT;
CREATE INDEX deliveries_due ON deliveries (due_ms);

CREATE TABLE gaps (
    path TEXT NOT NULL,
    reason TEXT NOT NULL,
    bytes INTEGER NOT NULL,
    times INTEGER NOT NULL,
    unknown_times INTEGER NOT NULL,
    last_ms INTEGER NOT NULL,
    PRIMARY KEY (path, reason)
) STRICT, WITHOUT ROWID;

CREATE TABLE sessions (
    pid INTEGER NOT NULL,
    started TEXT NOT NULL,
    facts TEXT NOT NULL,
    seen_ms INTEGER NOT NULL,
    ended_ms INTEGER,
    PRIMARY KEY (pid, started)
) STRICT, WITHOUT ROWID;

CREATE TABLE counters (
    name TEXT PRIMARY KEY,
    value INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
INSERT INTO counters (name, value) VALUES ('seen', 0);
