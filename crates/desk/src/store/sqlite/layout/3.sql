-- Who follows what, when each person last opened a project, and the exceptions of the work schedule (0 for no project, no person).
CREATE TABLE desk_follow (
    user_id INTEGER NOT NULL, entity_type TEXT NOT NULL, entity_id INTEGER NOT NULL,
    PRIMARY KEY (user_id, entity_type, entity_id)
) WITHOUT ROWID;
CREATE INDEX desk_follow_entity ON desk_follow (entity_type, entity_id, user_id);
CREATE TABLE desk_project_access (
    user_id INTEGER NOT NULL, project_id INTEGER NOT NULL, at TEXT NOT NULL, PRIMARY KEY (user_id, project_id)
) WITHOUT ROWID;
CREATE TABLE desk_work_day (
    date TEXT NOT NULL, project_id INTEGER NOT NULL, user_id INTEGER NOT NULL, working INTEGER NOT NULL, description TEXT,
    PRIMARY KEY (date, project_id, user_id)
) WITHOUT ROWID;
