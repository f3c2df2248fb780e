//! The first start: a project, a person, and a script user whose key lies in `script_key.toml`.
//!
//! Every start makes sure of them, so that a crash between any two steps of the first leaves a desk that works.

use std::fs::{self, File};
use std::io::{self, Write};
use std::path::Path;

use rusqlite::{OptionalExtension, Transaction, params};
use serde::Deserialize;

use crate::DeskError;
use crate::access::secret;
use crate::fault::Trouble;
use crate::rows::value::{Link, format_time};
use crate::schema::{Schema, created_field};
use crate::store::table::RETIRED;
use crate::store::{person, setting, status};

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
pub(crate) fn rows(transaction: &Transaction<'_>, key: &ScriptKey) -> Result<i64, Trouble> {
    let now = format_time(jiff::Timestamp::now());
    let script: Option<(i64, Option<String>)> = transaction
        .query_row(
            "SELECT id, salted_password FROM ApiUser WHERE firstname = ?1",
            [&key.script_name],
            |row| Ok((row.get(0)?, row.get(1)?)),
        )
        .optional()?;
    match script {
        None => {
            let kept = secret::hash(&key.script_key, secret::random_16());
            transaction.execute(
                "INSERT INTO ApiUser \
                 (firstname, lastname, description, salted_password, generate_event_log_entries, created_at, updated_at) \
                 VALUES (?1, '1', 'Files incidents', ?2, 1, ?3, ?3)",
                params![key.script_name, kept, now],
            )?;
        }
        Some((_, Some(kept))) if secret::Verified::new().check(&kept, &key.script_key) => {}
        Some((id, _)) => {
            // The file is the owner's word: it lies in a folder only the owner can write.
            let kept = secret::hash(&key.script_key, secret::random_16());
            let sql = format!("UPDATE ApiUser SET salted_password = ?1, {RETIRED} = 0 WHERE id = ?2");
            transaction.execute(&sql, params![kept, id])?;
        }
    }
    let people: i64 = transaction.query_row("SELECT COUNT(*) FROM HumanUser", [], |row| row.get(0))?;
    if people == 0 {
        transaction.execute(
            "INSERT INTO HumanUser (login, name, firstname, sg_status_list, created_at, updated_at) \
             VALUES ('support', 'Support', 'Support', 'act', ?1, ?1)",
            [&now],
        )?;
    }
    let sql = "SELECT id FROM Project WHERE tank_name = 'incidents' ORDER BY id LIMIT 1";
    if let Some(id) = transaction.query_row(sql, [], |row| row.get(0)).optional()? {
        return Ok(id);
    }
    transaction.execute(
        "INSERT INTO Project (name, tank_name, archived, is_template, is_demo, created_at, updated_at) \
         VALUES ('Incidents', 'incidents', 0, 0, 0, ?1, ?1)",
        [&now],
    )?;
    Ok(transaction.last_insert_rowid())
}

/// The statuses of the schema file as rows, those that are missing; their names are the rows' from here on.
pub(crate) fn statuses(transaction: &Transaction<'_>, schema: &mut Schema) -> Result<(), Trouble> {
    let now = format_time(jiff::Timestamp::now());
    status::add_missing(transaction, schema.statuses(), &now)?;
    created_field::take_statuses(transaction, schema)
}

/// The person whom the desk's own link lets in: the first one there was. Made at the first start as `support`, and whoever runs the
/// desk may name it otherwise.
pub(crate) fn owner(transaction: &Transaction<'_>) -> Result<Link, Trouble> {
    let kept = setting::get(transaction, "owner")?.and_then(|kept| kept.parse().ok());
    let id = match kept {
        Some(id) => id,
        None => {
            let id = person::first(transaction)?;
            setting::set(transaction, "owner", &id.to_string())?;
            id
        }
    };
    Ok(("HumanUser".to_owned(), id))
}

/// The secret that signs upload addresses: made once, kept with the data.
pub(crate) fn signing_secret(transaction: &Transaction<'_>) -> Result<String, Trouble> {
    let kept = transaction
        .query_row("SELECT value FROM desk_setting WHERE name = 'signing_secret'", [], |row| row.get(0))
        .optional()?;
    if let Some(secret) = kept {
        return Ok(secret);
    }
    let secret = secret::random_text();
    transaction.execute("INSERT INTO desk_setting (name, value) VALUES ('signing_secret', ?1)", [&secret])?;
    Ok(secret)
}
