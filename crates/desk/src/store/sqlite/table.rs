//! How types and fields lie in SQLite: one table a type, one or two columns a field, one table for all owned multi-entity links.
//!
//! Every name that reaches SQL text from here is a name of `schema.toml`, or made of letters, digits and `_` by `created_field`;
//! what clients send is only ever bound.

use std::collections::BTreeSet;

use rusqlite::{Connection, OptionalExtension};

use crate::schema::{Computed, DataType, EntityType, Field, Kept, LinkSide, Schema};

/// The column that says a row is retired (soft-deleted).
pub(crate) const RETIRED: &str = "\"__retired\"";

/// What the ticket list is ordered by, apart from the long rows.
const ACTIVITY_INDEX: &str = "CREATE INDEX IF NOT EXISTS desk_ticket_activity \
     ON Ticket (\"__retired\", created_at, sg_incident_last_seen)";

/// Types of which there are many rows with much text. All but the text is in an index as well, so that what looks at every row
/// reads a tenth of the bytes.
const SCANNED: [&str; 1] = ["Ticket"];
/// Texts that are longer than everything else of their rows.
const LONG_TEXTS: [&str; 3] = ["content", "description", "reply_content"];

/// A name of the schema as SQL text.
pub(crate) fn quote(name: &str) -> String {
    format!("\"{name}\"")
}

/// The expression for the value of a field that is no link: its column, or what it is worked out from.
pub(crate) fn value(alias: &str, entity: &EntityType, field: &Field) -> String {
    let kind = &entity.name;
    match field.computed {
        None => format!("{alias}.\"{}\"", field.name),
        Some(Computed::DisplayName) => display(alias, entity),
        Some(Computed::OpenNotes) => format!(
            "(SELECT COUNT(*) FROM desk_link seen JOIN \"Note\" note ON note.id = seen.owner_id \
             WHERE seen.target_type = '{kind}' AND seen.target_id = {alias}.id AND seen.owner_type = 'Note' \
             AND seen.field = 'note_links' AND note.{RETIRED} = 0 AND note.sg_status_list IN ('opn', 'ip', 'rdy'))"
        ),
        Some(Computed::LinkId) => format!("{alias}.\"{}__id\"", field.name.trim_end_matches("_id")),
        Some(Computed::TimeLogs) => format!(
            "(SELECT COALESCE(SUM(log.duration), 0) FROM \"TimeLog\" log \
             WHERE log.entity__type = '{kind}' AND log.entity__id = {alias}.id AND log.{RETIRED} = 0)"
        ),
    }
}

/// Whether a field of this name could take a column for its own that is half of a link.
pub(crate) fn is_link_column(name: &str) -> bool {
    name.ends_with("__type") || name.ends_with("__id")
}

/// The two columns of an entity field, qualified: type and id.
pub(crate) fn link_columns(alias: &str, field: &Field) -> (String, String) {
    (format!("{alias}.\"{}__type\"", field.name), format!("{alias}.\"{}__id\"", field.name))
}

/// The expression for a row's display name.
pub(crate) fn display(alias: &str, entity: &EntityType) -> String {
    let columns: Vec<String> = entity.display.iter().map(|name| format!("{alias}.\"{name}\"")).collect();
    match &columns[..] {
        [] => "NULL".to_owned(),
        [only] => only.clone(),
        several => format!("COALESCE({})", several.join(", ")),
    }
}

/// Creates what is missing: tables, columns of fields that came with a newer schema file, indexes.
pub(crate) fn prepare(connection: &Connection, schema: &Schema) -> rusqlite::Result<()> {
    let looked_up = looked_up_links(schema);
    for entity in schema.tables() {
        let table = quote(&entity.name);
        // All at once: one ALTER TABLE a column takes a second of a first start.
        let own: String = (entity.fields.values().flat_map(columns))
            .map(|(column, kind)| format!(", {} {kind}", quote(&column)))
            .collect();
        connection.execute_batch(&format!(
            "CREATE TABLE IF NOT EXISTS {table} \
             (id INTEGER PRIMARY KEY AUTOINCREMENT, {RETIRED} INTEGER NOT NULL DEFAULT 0{own})"
        ))?;
        add_missing(connection, &entity.name, entity.fields.values().flat_map(columns))?;
        for field in entity.fields.values() {
            let index = quote(&format!("{}.{}", entity.name, field.name));
            let searched = looked_up.contains(&(entity.name.as_str(), field.name.as_str()));
            let columns = match field.data_type.kept() {
                Kept::Link if field.index || searched => {
                    format!(
                        "{}, {}",
                        quote(&format!("{}__type", field.name)),
                        quote(&format!("{}__id", field.name))
                    )
                }
                Kept::Text if field.index => format!("{} COLLATE NOCASE", quote(&field.name)),
                _ => continue,
            };
            connection
                .execute_batch(&format!("CREATE INDEX IF NOT EXISTS {index} ON {table} ({columns})"))?;
        }
    }
    for entity in SCANNED.iter().filter_map(|name| schema.table(name)) {
        prepare_scan(connection, entity)?;
    }
    connection.execute_batch(ACTIVITY_INDEX)
}

/// Makes the index of a type's short columns, anew when there are others than before. It begins with the time of creation, which rows
/// are ordered by most.
fn prepare_scan(connection: &Connection, entity: &EntityType) -> rusqlite::Result<()> {
    const FIRST: &str = "created_at";
    let short = |field: &&Field| {
        field.name != FIRST
            && field.data_type.kept() != Kept::Json
            && !LONG_TEXTS.contains(&field.name.as_str())
    };
    let mut names = vec![quote(FIRST), RETIRED.to_owned()];
    names.extend(entity.fields.values().filter(short).flat_map(columns).map(|(column, _)| quote(&column)));
    let name = format!("{}.scan", entity.name);
    let wanted = format!("CREATE INDEX {} ON {} ({})", quote(&name), quote(&entity.name), names.join(", "));
    let had: Option<String> = connection
        .prepare("SELECT sql FROM sqlite_master WHERE type = 'index' AND name = ?1")?
        .query_row([&name], |row| row.get(0))
        .optional()?;
    if had.as_deref() == Some(wanted.as_str()) {
        return Ok(());
    }
    connection.execute_batch(&format!("DROP INDEX IF EXISTS {}; {wanted}", quote(&name)))
}

/// Adds the columns of a field to the table of its type, unless they are there.
pub(crate) fn add_columns(connection: &Connection, type_name: &str, field: &Field) -> rusqlite::Result<()> {
    add_missing(connection, type_name, columns(field).into_iter())
}

/// Adds those of the columns that a table has not.
pub(crate) fn add_missing(
    connection: &Connection,
    type_name: &str,
    wanted: impl Iterator<Item = (String, &'static str)>,
) -> rusqlite::Result<()> {
    let table = quote(type_name);
    let present: BTreeSet<String> = connection
        .prepare(&format!("PRAGMA table_info({table})"))?
        .query_map([], |row| row.get::<_, String>("name"))?
        .collect::<rusqlite::Result<_>>()?;
    for (column, kind) in wanted.filter(|(column, _)| !present.contains(column)) {
        connection.execute_batch(&format!("ALTER TABLE {table} ADD COLUMN {} {kind}", quote(&column)))?;
    }
    Ok(())
}

/// The columns a field needs, with their SQLite types.
fn columns(field: &Field) -> Vec<(String, &'static str)> {
    if field.computed.is_some() || field.name == "id" {
        return Vec::new();
    }
    match field.data_type.kept() {
        Kept::Links => Vec::new(),
        Kept::Link => {
            vec![(format!("{}__type", field.name), "TEXT"), (format!("{}__id", field.name), "INTEGER")]
        }
        // A box that nobody has touched is not checked: also in the rows that are older than the field.
        Kept::Integer if field.data_type == DataType::Checkbox => {
            vec![(field.name.clone(), "INTEGER DEFAULT 0")]
        }
        Kept::Integer => vec![(field.name.clone(), "INTEGER")],
        Kept::Real => vec![(field.name.clone(), "REAL")],
        Kept::Text | Kept::Json => vec![(field.name.clone(), "TEXT")],
    }
}

/// Entity fields that another type's multi-entity field looks through: they are searched by target.
fn looked_up_links(schema: &Schema) -> BTreeSet<(&str, &str)> {
    schema
        .tables()
        .flat_map(|entity| entity.fields.values())
        .filter_map(|field| match &field.side {
            LinkSide::OtherEntity { type_name, field } => Some((type_name.as_str(), field.as_str())),
            LinkSide::Through(through) => Some((through.type_name.as_str(), through.here.as_str())),
            _ => None,
        })
        .collect()
}
