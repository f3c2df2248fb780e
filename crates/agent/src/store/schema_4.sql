-- Version 4: filing. A ticket may get several archives over time; each step knows which one it is about.

-- `evidence` is the hash of the archive that a step attaches, and empty for the other steps.
CREATE TABLE deliveries_4 (
    id INTEGER PRIMARY KEY,
    incident_id INTEGER NOT NULL REFERENCES incidents (id),
    step TEXT NOT NULL,
    evidence TEXT NOT NULL DEFAULT '',
    due_ms INTEGER NOT NULL,
    attempts INTEGER NOT NULL DEFAULT 0,
    error TEXT,
    UNIQUE (incident_id, step, evidence)
) STRICT;
INSERT INTO deliveries_4 (id, incident_id, step, evidence, due_ms, attempts, error)
    SELECT d.id, d.incident_id, d.step,
           CASE WHEN d.step IN ('log', 'archive') THEN coalesce(i.evidence, '') ELSE '' END,
           d.due_ms, d.attempts, d.error
    FROM deliveries d JOIN incidents i ON i.id = d.incident_id;
DROP TABLE deliveries;
ALTER TABLE deliveries_4 RENAME TO deliveries;
CREATE INDEX deliveries_due ON deliveries (due_ms);
ALTER TABLE incidents DROP COLUMN evidence;

-- Policy (docs/policy.md): why a problem has no ticket, when tickets were allowed, what is muted.
-- `held` is empty, or the outcome of what is held back: muted, storm_host, inhibited.
ALTER TABLE incidents ADD COLUMN held TEXT NOT NULL DEFAULT '';
-- An incident of our own: `digest` of what was held back, `outage` that stands for many. What it folds names it.
ALTER TABLE incidents ADD COLUMN own TEXT NOT NULL DEFAULT '';
ALTER TABLE incidents ADD COLUMN folded_into INTEGER REFERENCES incidents (id);
-- Which kind of connection has failed, if one has.
ALTER TABLE incidents ADD COLUMN connection TEXT NOT NULL DEFAULT '';
CREATE INDEX incidents_held ON incidents (held, id) WHERE held <> '';
CREATE INDEX incidents_connection ON incidents (connection, last_seen_ms) WHERE connection <> '';
CREATE INDEX incidents_folded ON incidents (folded_into) WHERE folded_into IS NOT NULL;

-- New tickets that were allowed during the last day.
CREATE TABLE allowed (
    incident_id INTEGER NOT NULL,
    at_ms INTEGER NOT NULL
) STRICT;

-- A storm lasts until nothing was held for an hour; `digest_ms` is when the last digest was made.
CREATE TABLE storm (
    id INTEGER PRIMARY KEY CHECK (id = 1),
    began_ms INTEGER,
    held_ms INTEGER NOT NULL DEFAULT 0,
    digest_ms INTEGER
) STRICT;
INSERT INTO storm (id) VALUES (1);

CREATE TABLE mutes (
    id INTEGER PRIMARY KEY,
    what TEXT NOT NULL,
    reason TEXT NOT NULL,
    author TEXT NOT NULL,
    from_settings INTEGER NOT NULL DEFAULT 0,
    made_ms INTEGER NOT NULL,
    until_ms INTEGER,
    until_count INTEGER,
    until_hours INTEGER,
    escalating INTEGER NOT NULL DEFAULT 0,
    ended_ms INTEGER,
    ended_why TEXT,
    count INTEGER NOT NULL DEFAULT 0,
    last_ms INTEGER
) STRICT;
CREATE UNIQUE INDEX mutes_in_force ON mutes (what) WHERE ended_ms IS NULL;

-- The last records of each process, by which the next one is known as part of another (policy/fold.rs).
CREATE TABLE processes (
    log TEXT NOT NULL,
    pid INTEGER NOT NULL,
    last_ms INTEGER NOT NULL,
    state TEXT NOT NULL,
    PRIMARY KEY (log, pid)
) STRICT, WITHOUT ROWID;
-- Evidence: every archive that was made for a problem, or would have been if there had been room for it. By these rows is
-- known which versions a ticket shows already; they stay when the archive has been delivered.
CREATE TABLE evidence (
    id INTEGER PRIMARY KEY,
    incident_id INTEGER NOT NULL REFERENCES incidents (id),
    -- Empty when none could be made.
    hash TEXT NOT NULL,
    -- first, new_version, new_system, asked
    reason TEXT NOT NULL,
    bytes INTEGER NOT NULL,
    made_ms INTEGER NOT NULL,
    bundle_version TEXT NOT NULL,
    system TEXT NOT NULL,
    -- Why it was dropped before the ticket had it.
    dropped TEXT
) STRICT;
-- What an older version has filed shows the version that it was filed with.
INSERT INTO evidence (incident_id, hash, reason, bytes, made_ms, bundle_version, system)
    SELECT i.id, coalesce(d.evidence, ''), 'first', 0, i.first_seen_ms,
           CASE WHEN json_valid(i.facts) THEN coalesce(json_extract(i.facts, '$.bundle_version'), '') ELSE '' END,
           CASE WHEN json_valid(i.facts) THEN coalesce(json_extract(i.facts, '$.machine.system'), '') ELSE '' END
    FROM incidents i LEFT JOIN deliveries d ON d.incident_id = i.id AND d.step = 'archive';
CREATE INDEX evidence_incident ON evidence (incident_id);
CREATE INDEX evidence_hash ON evidence (hash);
-- One ticket, counted together by several agents (docs/decisions/0011-one-ticket.md).
-- `made_here`: this agent has made the ticket. `base_count`: what earlier tickets of this problem have counted.
-- `event_ms` and `event_version`: the newest occurrence, by its own stamp and bundle. `closed_ticket` and `closed_ms`: which
-- ticket was seen closed, and since when. `gone_ms`: people have deleted the ticket.
ALTER TABLE incidents ADD COLUMN made_here INTEGER NOT NULL DEFAULT 0;
ALTER TABLE incidents ADD COLUMN base_count INTEGER NOT NULL DEFAULT 0;
ALTER TABLE incidents ADD COLUMN event_ms INTEGER NOT NULL DEFAULT 0;
ALTER TABLE incidents ADD COLUMN event_version TEXT;
ALTER TABLE incidents ADD COLUMN closed_ticket INTEGER;
ALTER TABLE incidents ADD COLUMN closed_ms INTEGER;
ALTER TABLE incidents ADD COLUMN gone_ms INTEGER;
UPDATE incidents SET made_here = ticket_id IS NOT NULL, event_ms = last_seen_ms;
-- Who this agent is where several count on one ticket; no name of a person or machine.
CREATE TABLE identity (
    name TEXT PRIMARY KEY,
    value TEXT NOT NULL
) STRICT, WITHOUT ROWID;
INSERT INTO identity (name, value) VALUES ('agent', lower(hex(randomblob(8))));
-- Writes of the last minute that are limited (`limits.writes_per_minute`): a restart does not forget them.
CREATE TABLE writes (
    at_ms INTEGER NOT NULL,
    makes_ticket INTEGER NOT NULL
) STRICT;
-- Direct capture (policy/twins.rs): how far each host has handed over its records, and records that were seen in one way, in a log
-- or from their host, and may be seen in the other one. `first_line`, `said` and `problem` are hashes of text without
-- secrets. What was too much to wait one by one is summed up.
CREATE TABLE captures (
    pid INTEGER NOT NULL,
    started TEXT NOT NULL,
    kept INTEGER NOT NULL,
    records INTEGER NOT NULL,
    dropped INTEGER NOT NULL,
    last_ms INTEGER NOT NULL,
    PRIMARY KEY (pid, started)
) STRICT, WITHOUT ROWID;
CREATE TABLE sightings (
    id INTEGER PRIMARY KEY,
    of_host INTEGER NOT NULL,
    first_line INTEGER NOT NULL,
    said INTEGER,
    at_ms INTEGER,
    process INTEGER,
    problem INTEGER NOT NULL,
    key TEXT NOT NULL,
    kept_ms INTEGER NOT NULL
) STRICT;
CREATE TABLE sighting_sums (
    id INTEGER PRIMARY KEY,
    of_host INTEGER NOT NULL,
    process INTEGER NOT NULL,
    problem INTEGER NOT NULL,
    number INTEGER NOT NULL,
    from_ms INTEGER NOT NULL,
    to_ms INTEGER NOT NULL,
    key TEXT NOT NULL,
    kept_ms INTEGER NOT NULL
) STRICT;
