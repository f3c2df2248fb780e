-- Version 2: what rules, the noise list and our own name have kept from becoming tickets.

-- The counts of the outcomes `rule_drop` and `muted`, by the name of the rule. They outlive the rule.
CREATE TABLE rules (
    outcome TEXT NOT NULL,
    rule TEXT NOT NULL,
    count INTEGER NOT NULL,
    last_ms INTEGER NOT NULL,
    PRIMARY KEY (outcome, rule)
) STRICT, WITHOUT ROWID;
