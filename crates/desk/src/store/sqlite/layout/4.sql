-- What lists need of each ticket: facts of its description, its words, and when its problem was seen.
CREATE TABLE desk_ticket_card (
    ticket_id INTEGER PRIMARY KEY, live INTEGER NOT NULL, status TEXT, project_id INTEGER, engine TEXT, app TEXT, user TEXT,
    signature TEXT, bucket TEXT, created_s INTEGER NOT NULL, active_s INTEGER NOT NULL, times INTEGER, text_hash BLOB NOT NULL
);
CREATE INDEX desk_ticket_card_signature ON desk_ticket_card (signature) WHERE signature IS NOT NULL;
CREATE INDEX desk_ticket_card_bucket ON desk_ticket_card (bucket) WHERE bucket IS NOT NULL;
CREATE VIRTUAL TABLE desk_ticket_text
    USING fts5(words, content = '', contentless_delete = 1, detail = none, prefix = '2 3');
CREATE TABLE desk_occurrence (
    ticket_id INTEGER NOT NULL, hour INTEGER NOT NULL, times INTEGER NOT NULL, PRIMARY KEY (ticket_id, hour)
) WITHOUT ROWID;
