//! The first start: a project, a person, and a script user whose key lies in `script_key.toml`.
//!
//! Every start makes sure of them, so that a crash between any two steps of the first leaves a desk that works.

use std::fs::{self, File};
use std::io::{self, Write};
use std::path::Path;

use serde::Deserialize;

use crate::DeskError;
use crate::access::{permission, secret};
use crate::fault::{Fault, Trouble};
use crate::rows::scalar::Scalar;
use crate::rows::value::{Link, format_time};
use crate::schema::{EntityType, Schema, created_field};
use crate::store::Writing;

/// The script user's name.
pub(crate) const SCRIPT_NAME: &str = "tk-incident";
/// The script user's credentials in a data folder.
pub(crate) const KEY_FILE: &str = "script_key.toml";

/// The script user's credentials, as in `script_key.toml`.
#[derive(Deserialize)]
pub(crate) struct ScriptKey {
    pub(crate) script_name: String,
    pub(crate) script_key: String,
}

impl ScriptKey {
    /// Reads the key file of a data folder, or makes one.
    pub(crate) fn read_or_create(folder: &Path) -> Result<ScriptKey, DeskError> {
        if let Some(key) = ScriptKey::read(folder)? {
            return Ok(key);
        }
        let key = ScriptKey { script_name: SCRIPT_NAME.to_owned(), script_key: secret::random_text() };
        key.write(folder).map_err(|source| DeskError::KeyFile { file: folder.join(KEY_FILE), source })?;
        Ok(key)
    }

    /// Reads the key file of a data folder; none when there is no file.
    pub(crate) fn read(folder: &Path) -> Result<Option<ScriptKey>, DeskError> {
        let file = folder.join(KEY_FILE);
        let failed = |source| DeskError::KeyFile { file: file.clone(), source };
        match fs::read_to_string(&file) {
            Ok(text) => toml::from_str(&text).map(Some).map_err(|error| {
                // Its own text would quote the line, and with it the key.
                failed(io::Error::new(io::ErrorKind::InvalidData, error.message().to_owned()))
            }),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(failed(error)),
        }
    }

    fn write(&self, folder: &Path) -> io::Result<()> {
        let beside = folder.join(format!("{KEY_FILE}.new"));
        let mut options = File::options();
        options.write(true).create(true).truncate(true);
        #[cfg(unix)]
        std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
        let mut file = options.open(&beside)?;
        writeln!(file, "script_name = \"{}\"\nscript_key = \"{}\"", self.script_name, self.script_key)?;
        file.sync_all()?;
        fs::rename(&beside, folder.join(KEY_FILE))
    }
}

/// Rows every desk has; gives the project's id.
pub(crate) fn rows(transaction: &dyn Writing, schema: &Schema, key: &ScriptKey) -> Result<i64, Trouble> {
    let now = format_time(jiff::Timestamp::now());
    let make = |kind: &str, cells: &[(&str, Scalar)]| make(transaction, table(schema, kind)?, cells, &now);
    let hash = || Scalar::from(secret::hash(&key.script_key, secret::random_16()));
    match transaction.script(&key.script_name)? {
        None => {
            make(
                "ApiUser",
                &[
                    ("firstname", key.script_name.as_str().into()),
                    ("lastname", "1".into()),
                    ("description", "Files incidents".into()),
                    ("salted_password", hash()),
                    ("generate_event_log_entries", 1.into()),
                ],
            )?;
        }
        Some((_, Some(kept))) if secret::Verified::new().check(&kept, &key.script_key) => {}
        Some((id, _)) => {
            // The file is the owner's word: it lies in a folder only the owner can write.
            let scripts = table(schema, "ApiUser")?;
            transaction.update_row(scripts, id, &[("salted_password".to_owned(), Some(hash()))])?;
            transaction.set_retired(scripts, id, false)?;
        }
    }
    if transaction.first_person()?.is_none() {
        let name = Scalar::from("Support");
        let cells = [
            ("login", "support".into()),
            ("name", name.clone()),
            ("firstname", name),
            ("sg_status_list", "act".into()),
        ];
        make("HumanUser", &cells)?;
    }
    if let Some(id) = transaction.row_with_text(table(schema, "Project")?, "tank_name", "incidents")? {
        return Ok(id);
    }
    let no = || Scalar::from(0);
    let cells = [
        ("name", "Incidents".into()),
        ("tank_name", "incidents".into()),
        ("archived", no()),
        ("is_template", no()),
        ("is_demo", no()),
    ];
    let project = make("Project", &cells)?;
    // Every site has pages, and clients ask for the first one.
    let cells = [
        ("name", "Tickets".into()),
        ("entity_type", "Ticket".into()),
        ("project__type", "Project".into()),
        ("project__id", project.into()),
        ("last_accessed", now.as_str().into()),
    ];
    make("Page", &cells)?;
    Ok(project)
}

fn table<'s>(schema: &'s Schema, kind: &str) -> Result<&'s EntityType, Trouble> {
    schema.table(kind).ok_or_else(|| Fault::unknown_type(kind).into())
}

/// A row that nobody made: without an author or an event. Gives its id.
fn make(
    transaction: &dyn Writing,
    entity: &EntityType,
    cells: &[(&str, Scalar)],
    now: &str,
) -> Result<i64, Trouble> {
    let times = [("created_at", now.into()), ("updated_at", now.into())];
    let cells: Vec<(String, Option<Scalar>)> = cells
        .iter()
        .chain(&times)
        .map(|(column, value)| ((*column).to_owned(), Some(value.clone())))
        .collect();
    let id = transaction.next_id(entity)?;
    transaction.insert_row(entity, id, &cells)?;
    Ok(id)
}

/// The statuses of the schema file as rows, those that are missing; their names are the rows' from here on.
pub(crate) fn statuses(transaction: &dyn Writing, schema: &mut Schema) -> Result<(), Trouble> {
    let now = format_time(jiff::Timestamp::now());
    transaction.add_missing_statuses(schema.statuses(), &now)?;
    created_field::take_statuses(transaction, schema)
}

/// The permission groups every desk begins with, those that are missing; whoever runs the desk goes on from there. The owner is in the
/// first of them, unless put into another.
pub(crate) fn groups(transaction: &dyn Writing, owner: &Link) -> Result<(), Trouble> {
    let now = format_time(jiff::Timestamp::now());
    for preset in &permission::PRESETS {
        if transaction.group_id(preset.code)?.is_none() {
            let rules = preset.rules().to_string();
            transaction.add_group(preset.code, preset.name, preset.of, &rules, &now)?;
        }
    }
    if let Some(id) = transaction.group_id(permission::OWNER)? {
        transaction.join_group(owner, id)?;
    }
    Ok(())
}

/// The person whom the desk's own link lets in: the first one there was. Made at the first start as `support`, and whoever runs the
/// desk may name it otherwise.
pub(crate) fn owner(transaction: &dyn Writing) -> Result<Link, Trouble> {
    let kept = transaction.setting("owner")?.and_then(|kept| kept.parse().ok());
    let id = match kept {
        Some(id) => id,
        None => {
            let id = transaction.first_person()?.unwrap_or_default();
            transaction.set_setting("owner", &id.to_string())?;
            id
        }
    };
    Ok(("HumanUser".to_owned(), id))
}

/// The secret that signs upload addresses: made once, kept with the data.
pub(crate) fn signing_secret(transaction: &dyn Writing) -> Result<String, Trouble> {
    if let Some(secret) = transaction.setting("signing_secret")? {
        return Ok(secret);
    }
    let secret = secret::random_text();
    transaction.set_setting("signing_secret", &secret)?;
    Ok(secret)
}
