-- Fields that clients change, delete and hide in projects.
ALTER TABLE desk_field ADD COLUMN deleted INTEGER NOT NULL DEFAULT 0;
CREATE TABLE desk_field_properties (
    type_name TEXT NOT NULL, name TEXT NOT NULL, properties TEXT NOT NULL, PRIMARY KEY (type_name, name)
) WITHOUT ROWID;
CREATE TABLE desk_field_hidden (
    type_name TEXT NOT NULL, name TEXT NOT NULL, project_id INTEGER NOT NULL,
    PRIMARY KEY (type_name, name, project_id)
) WITHOUT ROWID;
