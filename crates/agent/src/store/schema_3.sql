-- Version 3: positions know which commit moved them; lines that came late wait for their ticket.

-- The commit that moved a position, and when. One of a later commit than the state counts is ahead of what was
-- kept: a disk that lied about a sync leaves such a mixture, and it must not be trusted.
ALTER TABLE sources ADD COLUMN kept INTEGER NOT NULL DEFAULT 0;
ALTER TABLE sources ADD COLUMN kept_ms INTEGER NOT NULL DEFAULT 0;
UPDATE sources SET kept_ms = CAST(strftime('%s', 'now') AS INTEGER) * 1000;
INSERT INTO counters (name, value) VALUES ('commits', 0);

-- Lines of a record whose ticket stood when they came, until the ticket has them.
CREATE TABLE late_lines (
    id INTEGER PRIMARY KEY,
    incident_id INTEGER NOT NULL REFERENCES incidents (id),
    text TEXT NOT NULL
) STRICT;
CREATE INDEX late_lines_incident ON late_lines (incident_id);
