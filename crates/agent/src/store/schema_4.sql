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
