-- A desk of layout 1, made by the program of 28 November 2026 before the event log, REST and sign-in: a person, a ticket with a reply and a file,
-- a deleted ticket, a created field.
BEGIN TRANSACTION;
CREATE TABLE "ApiUser" (id INTEGER PRIMARY KEY AUTOINCREMENT, "__retired" INTEGER NOT NULL DEFAULT 0, "created_at" TEXT, "created_by__type" TEXT, "created_by__id" INTEGER, "description" TEXT, "email" TEXT, "firstname" TEXT, "generate_event_log_entries" INTEGER, "image" TEXT, "lastname" TEXT, "permission_rule_set__type" TEXT, "permission_rule_set__id" INTEGER, "salted_password" TEXT, "updated_at" TEXT, "updated_by__type" TEXT, "updated_by__id" INTEGER);
INSERT INTO "ApiUser" VALUES(1,0,'2026-11-28T15:24:17Z',NULL,NULL,'Files incidents',NULL,'tk-incident',NULL,NULL,'1',NULL,NULL,'pbkdf2-blake3$100000$a5b342a01c874298a4e519f6164aabc0$b29d48e438d74e993af1df869c1b944314f4aef8e1947b61e749c3af510fd560','2026-11-28T15:24:17Z',NULL,NULL);
CREATE TABLE "Asset" (id INTEGER PRIMARY KEY AUTOINCREMENT, "__retired" INTEGER NOT NULL DEFAULT 0, "code" TEXT, "created_at" TEXT, "created_by__type" TEXT, "created_by__id" INTEGER, "description" TEXT, "image" TEXT, "project__type" TEXT, "project__id" INTEGER, "sg_asset_type" TEXT, "sg_status_list" TEXT, "updated_at" TEXT, "updated_by__type" TEXT, "updated_by__id" INTEGER);
CREATE TABLE "Attachment" (id INTEGER PRIMARY KEY AUTOINCREMENT, "__retired" INTEGER NOT NULL DEFAULT 0, "created_at" TEXT, "created_by__type" TEXT, "created_by__id" INTEGER, "description" TEXT, "display_name" TEXT, "file_extension" TEXT, "file_size" INTEGER, "filename" TEXT, "image" TEXT, "original_fname" TEXT, "processing_status" TEXT, "project__type" TEXT, "project__id" INTEGER, "sg_status_list" TEXT, "this_file" TEXT, "updated_at" TEXT, "updated_by__type" TEXT, "updated_by__id" INTEGER);
INSERT INTO "Attachment" VALUES(1,0,'2026-11-28T15:24:18Z','ApiUser',1,NULL,'tk-maya.log','log',52,'tk-maya.log',NULL,'tk-maya.log','clean','Project',1,'na','{"content_type":"text/plain","id":1,"link_type":"upload","name":"tk-maya.log"}','2026-11-28T15:24:18Z','ApiUser',1);
CREATE TABLE "EventLogEntry" (id INTEGER PRIMARY KEY AUTOINCREMENT, "__retired" INTEGER NOT NULL DEFAULT 0, "attribute_name" TEXT, "created_at" TEXT, "created_by__type" TEXT, "created_by__id" INTEGER, "description" TEXT, "entity__type" TEXT, "entity__id" INTEGER, "event_type" TEXT, "meta" TEXT, "project__type" TEXT, "project__id" INTEGER, "session_uuid" TEXT, "updated_at" TEXT, "updated_by__type" TEXT, "updated_by__id" INTEGER, "user__type" TEXT, "user__id" INTEGER);
CREATE TABLE "Group" (id INTEGER PRIMARY KEY AUTOINCREMENT, "__retired" INTEGER NOT NULL DEFAULT 0, "code" TEXT, "created_at" TEXT, "created_by__type" TEXT, "created_by__id" INTEGER, "sg_ticket_group" INTEGER, "updated_at" TEXT, "updated_by__type" TEXT, "updated_by__id" INTEGER);
INSERT INTO "Group" VALUES(1,0,'Pipeline','2026-11-28T15:24:18Z','ApiUser',1,0,'2026-11-28T15:24:18Z','ApiUser',1);
CREATE TABLE "HumanUser" (id INTEGER PRIMARY KEY AUTOINCREMENT, "__retired" INTEGER NOT NULL DEFAULT 0, "created_at" TEXT, "created_by__type" TEXT, "created_by__id" INTEGER, "email" TEXT, "firstname" TEXT, "image" TEXT, "lastname" TEXT, "login" TEXT, "name" TEXT, "password_proxy" TEXT, "permission_rule_set__type" TEXT, "permission_rule_set__id" INTEGER, "sg_status_list" TEXT, "updated_at" TEXT, "updated_by__type" TEXT, "updated_by__id" INTEGER);
INSERT INTO "HumanUser" VALUES(1,0,'2026-11-28T15:24:17Z',NULL,NULL,NULL,'Support',NULL,NULL,'support','Support',NULL,NULL,NULL,'act','2026-11-28T15:24:17Z',NULL,NULL);
INSERT INTO "HumanUser" VALUES(2,0,'2026-11-28T15:24:17Z','ApiUser',1,NULL,'Alice',NULL,'Kim','alice','Alice Kim','pbkdf2-blake3$100000$06a5fadf017c4410b8cb7e289e0709a4$c48a789f0301243ce27c23c138ab3d4266184d5479c273b67c45fb3fc0f1d8ef',NULL,NULL,'act','2026-11-28T15:24:17Z','ApiUser',1);
CREATE TABLE "LocalStorage" (id INTEGER PRIMARY KEY AUTOINCREMENT, "__retired" INTEGER NOT NULL DEFAULT 0, "code" TEXT, "created_at" TEXT, "created_by__type" TEXT, "created_by__id" INTEGER, "description" TEXT, "linux_path" TEXT, "mac_path" TEXT, "updated_at" TEXT, "updated_by__type" TEXT, "updated_by__id" INTEGER, "windows_path" TEXT);
CREATE TABLE "Note" (id INTEGER PRIMARY KEY AUTOINCREMENT, "__retired" INTEGER NOT NULL DEFAULT 0, "content" TEXT, "created_at" TEXT, "created_by__type" TEXT, "created_by__id" INTEGER, "project__type" TEXT, "project__id" INTEGER, "sg_note_type" TEXT, "sg_status_list" TEXT, "subject" TEXT, "updated_at" TEXT, "updated_by__type" TEXT, "updated_by__id" INTEGER, "user__type" TEXT, "user__id" INTEGER);
CREATE TABLE "PermissionRuleSet" (id INTEGER PRIMARY KEY AUTOINCREMENT, "__retired" INTEGER NOT NULL DEFAULT 0, "code" TEXT, "created_at" TEXT, "created_by__type" TEXT, "created_by__id" INTEGER, "display_name" TEXT, "entity_type" TEXT, "updated_at" TEXT, "updated_by__type" TEXT, "updated_by__id" INTEGER);
CREATE TABLE "PipelineConfiguration" (id INTEGER PRIMARY KEY AUTOINCREMENT, "__retired" INTEGER NOT NULL DEFAULT 0, "code" TEXT, "created_at" TEXT, "created_by__type" TEXT, "created_by__id" INTEGER, "description" TEXT, "descriptor" TEXT, "linux_path" TEXT, "mac_path" TEXT, "plugin_ids" TEXT, "project__type" TEXT, "project__id" INTEGER, "sg_descriptor" TEXT, "sg_plugin_ids" TEXT, "sg_uploaded_config" TEXT, "updated_at" TEXT, "updated_by__type" TEXT, "updated_by__id" INTEGER, "uploaded_config" TEXT, "windows_path" TEXT);
CREATE TABLE "Project" (id INTEGER PRIMARY KEY AUTOINCREMENT, "__retired" INTEGER NOT NULL DEFAULT 0, "archived" INTEGER, "billboard" TEXT, "code" TEXT, "color" TEXT, "created_at" TEXT, "created_by__type" TEXT, "created_by__id" INTEGER, "end_date" TEXT, "image" TEXT, "is_demo" INTEGER, "is_template" INTEGER, "name" TEXT, "project__type" TEXT, "project__id" INTEGER, "sg_description" TEXT, "sg_status" TEXT, "sg_type" TEXT, "start_date" TEXT, "tank_name" TEXT, "updated_at" TEXT, "updated_by__type" TEXT, "updated_by__id" INTEGER);
INSERT INTO "Project" VALUES(1,0,0,NULL,NULL,NULL,'2026-11-28T15:24:17Z',NULL,NULL,NULL,NULL,0,0,'Incidents',NULL,NULL,NULL,NULL,NULL,NULL,'incidents','2026-11-28T15:24:17Z',NULL,NULL);
CREATE TABLE "Reply" (id INTEGER PRIMARY KEY AUTOINCREMENT, "__retired" INTEGER NOT NULL DEFAULT 0, "content" TEXT, "created_at" TEXT, "created_by__type" TEXT, "created_by__id" INTEGER, "entity__type" TEXT, "entity__id" INTEGER, "publish_status" TEXT, "user__type" TEXT, "user__id" INTEGER);
INSERT INTO "Reply" VALUES(1,0,'seen again','2026-11-28T15:24:18Z','ApiUser',1,'Ticket',1,'published','ApiUser',1);
CREATE TABLE "Sequence" (id INTEGER PRIMARY KEY AUTOINCREMENT, "__retired" INTEGER NOT NULL DEFAULT 0, "code" TEXT, "created_at" TEXT, "created_by__type" TEXT, "created_by__id" INTEGER, "description" TEXT, "image" TEXT, "project__type" TEXT, "project__id" INTEGER, "sg_status_list" TEXT, "updated_at" TEXT, "updated_by__type" TEXT, "updated_by__id" INTEGER);
CREATE TABLE "Shot" (id INTEGER PRIMARY KEY AUTOINCREMENT, "__retired" INTEGER NOT NULL DEFAULT 0, "code" TEXT, "created_at" TEXT, "created_by__type" TEXT, "created_by__id" INTEGER, "description" TEXT, "image" TEXT, "project__type" TEXT, "project__id" INTEGER, "sg_cut_in" INTEGER, "sg_cut_out" INTEGER, "sg_head_in" INTEGER, "sg_sequence__type" TEXT, "sg_sequence__id" INTEGER, "sg_shot_type" TEXT, "sg_status_list" TEXT, "sg_tail_out" INTEGER, "updated_at" TEXT, "updated_by__type" TEXT, "updated_by__id" INTEGER);
CREATE TABLE "Step" (id INTEGER PRIMARY KEY AUTOINCREMENT, "__retired" INTEGER NOT NULL DEFAULT 0, "code" TEXT, "color" TEXT, "created_at" TEXT, "created_by__type" TEXT, "created_by__id" INTEGER, "description" TEXT, "entity_type" TEXT, "list_order" INTEGER, "short_name" TEXT, "updated_at" TEXT, "updated_by__type" TEXT, "updated_by__id" INTEGER);
CREATE TABLE "Tag" (id INTEGER PRIMARY KEY AUTOINCREMENT, "__retired" INTEGER NOT NULL DEFAULT 0, "created_at" TEXT, "created_by__type" TEXT, "created_by__id" INTEGER, "name" TEXT, "updated_at" TEXT, "updated_by__type" TEXT, "updated_by__id" INTEGER);
INSERT INTO "Tag" VALUES(1,0,'2026-11-28T15:24:18Z','ApiUser',1,'log','2026-11-28T15:24:18Z','ApiUser',1);
CREATE TABLE "Task" (id INTEGER PRIMARY KEY AUTOINCREMENT, "__retired" INTEGER NOT NULL DEFAULT 0, "content" TEXT, "created_at" TEXT, "created_by__type" TEXT, "created_by__id" INTEGER, "due_date" TEXT, "entity__type" TEXT, "entity__id" INTEGER, "est_in_mins" INTEGER, "image" TEXT, "project__type" TEXT, "project__id" INTEGER, "sg_description" TEXT, "sg_sort_order" INTEGER, "sg_status_list" TEXT, "start_date" TEXT, "step__type" TEXT, "step__id" INTEGER, "updated_at" TEXT, "updated_by__type" TEXT, "updated_by__id" INTEGER);
CREATE TABLE "Ticket" (id INTEGER PRIMARY KEY AUTOINCREMENT, "__retired" INTEGER NOT NULL DEFAULT 0, "created_at" TEXT, "created_by__type" TEXT, "created_by__id" INTEGER, "description" TEXT, "due_date" TEXT, "project__type" TEXT, "project__id" INTEGER, "reply_content" TEXT, "sg_due_date" TEXT, "sg_estimate" INTEGER, "sg_incident_count" INTEGER, "sg_incident_key" TEXT, "sg_incident_last_seen" TEXT, "sg_priority" TEXT, "sg_status_list" TEXT, "sg_ticket_type" TEXT, "time_logs_sum" INTEGER, "title" TEXT, "updated_at" TEXT, "updated_by__type" TEXT, "updated_by__id" INTEGER, "sg_studio_floor" TEXT);
INSERT INTO "Ticket" VALUES(1,0,'2026-11-28T15:24:18Z','ApiUser',1,'ValueError: bad range

Who: alice

tk-incident: v1 g1:0123456789abcdef0123456789abcdef alice',NULL,'Project',1,NULL,NULL,NULL,3,'g1:0123456789abcdef0123456789abcdef',NULL,NULL,'wtg',NULL,0,'alice - ValueError: bad range in publish [k7m2q9xd]','2026-11-28T15:24:18Z','ApiUser',1,'third');
INSERT INTO "Ticket" VALUES(2,1,'2026-11-28T15:24:18Z','ApiUser',1,NULL,NULL,'Project',1,NULL,NULL,NULL,NULL,NULL,NULL,NULL,'wtg',NULL,0,'old one','2026-11-28T15:24:18Z','ApiUser',1,NULL);
CREATE TABLE desk_field (
    type_name TEXT NOT NULL, name TEXT NOT NULL, label TEXT NOT NULL, data_type TEXT NOT NULL,
    PRIMARY KEY (type_name, name)
) WITHOUT ROWID;
INSERT INTO "desk_field" VALUES('Ticket','sg_studio_floor','Studio Floor','text');
CREATE TABLE desk_file (
    attachment_id INTEGER PRIMARY KEY, content_hash TEXT NOT NULL, size_bytes INTEGER NOT NULL,
    name TEXT NOT NULL, content_type TEXT NOT NULL
);
INSERT INTO "desk_file" VALUES(1,'4d8fb32e3075c9a417037a091c9d88b5c94c78eed77ecd0869579080874dc701',52,'tk-maya.log','text/plain');
CREATE TABLE desk_link (
    owner_type TEXT NOT NULL, owner_id INTEGER NOT NULL, field TEXT NOT NULL, position INTEGER NOT NULL,
    target_type TEXT NOT NULL, target_id INTEGER NOT NULL,
    PRIMARY KEY (owner_type, owner_id, field, target_type, target_id)
) WITHOUT ROWID;
INSERT INTO "desk_link" VALUES('Attachment',1,'attachment_links',1,'Ticket',1);
INSERT INTO "desk_link" VALUES('Attachment',1,'tags',1,'Tag',1);
INSERT INTO "desk_link" VALUES('Group',1,'users',1,'HumanUser',2);
INSERT INTO "desk_link" VALUES('Ticket',1,'addressings_to',1,'Group',1);
CREATE TABLE desk_session (
    token_hash TEXT PRIMARY KEY, user_type TEXT NOT NULL, user_id INTEGER NOT NULL, last_used_s INTEGER NOT NULL
) WITHOUT ROWID;
INSERT INTO "desk_session" VALUES('7d962f0f1ce23a835e524e2234aea2d6c9063e559f810796254f2b805d61371c','ApiUser',1,1795879458);
CREATE TABLE desk_setting (name TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
INSERT INTO "desk_setting" VALUES('signing_secret','1f24fc97cb6640ed94a0b5cc88860f94d0785c1b8fbe4ab1a236285b22b7d4ce');
CREATE TABLE desk_upload (
    id TEXT PRIMARY KEY, file_name TEXT NOT NULL, multipart INTEGER NOT NULL, created_s INTEGER NOT NULL,
    content_hash TEXT, size_bytes INTEGER
) WITHOUT ROWID;
CREATE TABLE desk_upload_part (
    upload_id TEXT NOT NULL, part INTEGER NOT NULL, content_hash TEXT NOT NULL, size_bytes INTEGER NOT NULL,
    PRIMARY KEY (upload_id, part)
) WITHOUT ROWID;
CREATE INDEX desk_link_target ON desk_link (target_type, target_id, owner_type, field);
CREATE INDEX "ApiUser.firstname" ON "ApiUser" ("firstname" COLLATE NOCASE);
CREATE INDEX "Asset.code" ON "Asset" ("code" COLLATE NOCASE);
CREATE INDEX "EventLogEntry.event_type" ON "EventLogEntry" ("event_type" COLLATE NOCASE);
CREATE INDEX "Group.code" ON "Group" ("code" COLLATE NOCASE);
CREATE INDEX "HumanUser.login" ON "HumanUser" ("login" COLLATE NOCASE);
CREATE INDEX "Project.name" ON "Project" ("name" COLLATE NOCASE);
CREATE INDEX "Project.tank_name" ON "Project" ("tank_name" COLLATE NOCASE);
CREATE INDEX "Reply.entity" ON "Reply" ("entity__type", "entity__id");
CREATE INDEX "Sequence.code" ON "Sequence" ("code" COLLATE NOCASE);
CREATE INDEX "Shot.code" ON "Shot" ("code" COLLATE NOCASE);
CREATE INDEX "Shot.sg_sequence" ON "Shot" ("sg_sequence__type", "sg_sequence__id");
CREATE INDEX "Tag.name" ON "Tag" ("name" COLLATE NOCASE);
CREATE INDEX "Task.entity" ON "Task" ("entity__type", "entity__id");
CREATE INDEX "Ticket.sg_incident_key" ON "Ticket" ("sg_incident_key" COLLATE NOCASE);
CREATE INDEX "Ticket.title" ON "Ticket" ("title" COLLATE NOCASE);
CREATE INDEX desk_ticket_activity ON Ticket ("__retired", created_at, sg_incident_last_seen);
DELETE FROM "sqlite_sequence";
INSERT INTO "sqlite_sequence" VALUES('ApiUser',1);
INSERT INTO "sqlite_sequence" VALUES('HumanUser',2);
INSERT INTO "sqlite_sequence" VALUES('Project',1);
INSERT INTO "sqlite_sequence" VALUES('Group',1);
INSERT INTO "sqlite_sequence" VALUES('Ticket',2);
INSERT INTO "sqlite_sequence" VALUES('Reply',1);
INSERT INTO "sqlite_sequence" VALUES('Tag',1);
INSERT INTO "sqlite_sequence" VALUES('Attachment',1);
PRAGMA user_version = 1;
COMMIT;
