-- Uploads, files, sessions, links and created fields.
CREATE TABLE desk_link (
    owner_type TEXT NOT NULL, owner_id INTEGER NOT NULL, field TEXT NOT NULL, position INTEGER NOT NULL,
    target_type TEXT NOT NULL, target_id INTEGER NOT NULL,
    PRIMARY KEY (owner_type, owner_id, field, target_type, target_id)
) WITHOUT ROWID;
CREATE INDEX desk_link_target ON desk_link (target_type, target_id, owner_type, field);
CREATE TABLE desk_setting (name TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE desk_session (
    token_hash TEXT PRIMARY KEY, user_type TEXT NOT NULL, user_id INTEGER NOT NULL, last_used_s INTEGER NOT NULL
) WITHOUT ROWID;
CREATE TABLE desk_upload (
    id TEXT PRIMARY KEY, file_name TEXT NOT NULL, multipart INTEGER NOT NULL, created_s INTEGER NOT NULL,
    content_hash TEXT, size_bytes INTEGER
) WITHOUT ROWID;
CREATE TABLE desk_upload_part (
    upload_id TEXT NOT NULL, part INTEGER NOT NULL, content_hash TEXT NOT NULL, size_bytes INTEGER NOT NULL,
    PRIMARY KEY (upload_id, part)
) WITHOUT ROWID;
CREATE TABLE desk_file (
    attachment_id INTEGER PRIMARY KEY, content_hash TEXT NOT NULL, size_bytes INTEGER NOT NULL,
    name TEXT NOT NULL, content_type TEXT NOT NULL
);
CREATE TABLE desk_field (
    type_name TEXT NOT NULL, name TEXT NOT NULL, label TEXT NOT NULL, data_type TEXT NOT NULL,
    PRIMARY KEY (type_name, name)
) WITHOUT ROWID;
