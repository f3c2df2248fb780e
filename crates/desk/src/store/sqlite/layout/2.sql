-- Fields that clients change, delete and hide in projects.
ALTER TABLE desk_field ADD COLUMN deleted INTEGER NOT NULL DEFAULT 0;
CREATE TABLE desk_field_properties (
    type_name TEXT NOT NULL, name TEXT NOT NULL, properties TEXT NOT NULL, PRIMARY KEY (type_name, name)
) WITHOUT ROWID;
CREATE TABLE desk_field_hidden (
    type_name TEXT NOT NULL, name TEXT NOT NULL, project_id INTEGER NOT NULL,
    PRIMARY KEY (type_name, name, project_id)
) WITHOUT ROWID;

-- Refresh tokens of REST, by their hash, until they are spent or too old.
CREATE TABLE desk_refresh_token (
    token_hash TEXT PRIMARY KEY, user_type TEXT NOT NULL, user_id INTEGER NOT NULL, auth_type TEXT NOT NULL,
    sudo_as_login TEXT, session_uuid TEXT, expires_s INTEGER NOT NULL
) WITHOUT ROWID;
