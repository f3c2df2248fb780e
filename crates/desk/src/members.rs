//! People and scripts added from the command line, by whoever may write the data folder; also while the desk runs.
//!
//! They may do everything there anyway, so no group is asked. Everything else about people and scripts is done over the API by admins.

use std::path::{Path, PathBuf};

use jiff::Timestamp;
use serde_json::{Value, json};

use crate::access::auth::Actor;
use crate::access::permission::{self, GROUP};
use crate::access::secret;
use crate::fault::Trouble;
use crate::rows::query::Context;
use crate::rows::write::Writer;
use crate::schema::Schema;
use crate::seed::SCRIPT_NAME;
use crate::store::Writing;
use crate::store::sqlite::{self, DATABASE, VisitError};

/// Fewest characters of a password that is set here.
pub const SHORTEST_PASSWORD: usize = 8;

/// A person to be let in.
#[derive(Clone)]
pub struct NewPerson {
    /// What they sign in with, whatever its case.
    pub login: String,
    /// What they are called; without it, the login.
    pub name: Option<String>,
    /// Code of their permission group; without it, that of people who have none.
    pub group: Option<String>,
    /// Their password. Never shown.
    pub password: String,
}

/// Why nobody was added.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum MemberError {
    /// No desk was ever started there.
    #[error("{} is not the folder of a desk; start one there first", folder.display())]
    NoDesk {
        /// The folder.
        folder: PathBuf,
    },
    /// Another version has written it.
    #[error("{} was written by another version of the desk; start this version there first", folder.display())]
    OtherVersion {
        /// The folder.
        folder: PathBuf,
    },
    /// There is no such group.
    #[error("there is no permission group '{code}'; there are {known}")]
    NoGroup {
        /// The code asked for.
        code: String,
        /// Those there are.
        known: String,
    },
    /// The password is too short.
    #[error("a password has at least {SHORTEST_PASSWORD} characters")]
    ShortPassword,
    /// The desk's own script.
    #[error(
        "the script '{SCRIPT_NAME}' is the desk's own; for a new key of it, remove script_key.toml and start the desk"
    )]
    OwnScript,
    /// The desk refused, or its database failed.
    #[error("the desk's data could not be changed")]
    Failed {
        /// The reason.
        #[source]
        source: Box<dyn std::error::Error + Send + Sync>,
    },
}

/// Adds a person, or gives one who is there another password, and another name and group when they are said. True: they are new.
///
/// # Errors
/// See [`MemberError`]; then nothing was changed.
pub fn add_person(data: &Path, new: &NewPerson) -> Result<bool, MemberError> {
    if new.password.chars().count() < SHORTEST_PASSWORD {
        return Err(MemberError::ShortPassword);
    }
    change(data, |writer| {
        let mut fields = vec![("password_proxy", json!(new.password))];
        fields.extend(new.name.as_ref().map(|name| ("name", json!(name))));
        fields.extend(link_to_group(writer.transaction, new.group.as_deref())?);
        let there = writer.transaction.person_by_login(&new.login)?;
        match there {
            Some((id, _)) => update(writer, "HumanUser", id, &fields)?,
            None => {
                fields.push(("login", json!(new.login)));
                if new.name.is_none() {
                    fields.push(("name", json!(new.login)));
                }
                create(writer, "HumanUser", &fields)?;
            }
        }
        Ok(there.is_none())
    })
}

/// Adds a script, or gives one that is there another key, and another group when it is said; gives the key, which is kept nowhere else.
///
/// # Errors
/// See [`MemberError`]; then nothing was changed.
pub fn add_script(data: &Path, name: &str, group: Option<&str>) -> Result<String, MemberError> {
    if name.eq_ignore_ascii_case(SCRIPT_NAME) {
        return Err(MemberError::OwnScript);
    }
    let key = secret::random_text();
    change(data, |writer| {
        let mut fields = vec![("salted_password", json!(key))];
        fields.extend(link_to_group(writer.transaction, group)?);
        match writer.transaction.script_key_of(name)? {
            Some((id, _)) => update(writer, "ApiUser", id, &fields),
            None => {
                fields.push(("firstname", json!(name)));
                create(writer, "ApiUser", &fields)
            }
        }
    })?;
    Ok(key)
}

/// What goes wrong inside the transaction.
enum Change {
    NoGroup { code: String, known: String },
    Trouble(Trouble),
}

impl<T: Into<Trouble>> From<T> for Change {
    fn from(trouble: T) -> Change {
        Change::Trouble(trouble.into())
    }
}

fn change<T>(data: &Path, work: impl FnOnce(&Writer<'_>) -> Result<T, Change>) -> Result<T, MemberError> {
    let folder = || data.to_owned();
    let failed = |source: Box<dyn std::error::Error + Send + Sync>| MemberError::Failed { source };
    if !data.join(DATABASE).is_file() {
        return Err(MemberError::NoDesk { folder: folder() });
    }
    let schema = Schema::load(&[]).map_err(|error| failed(Box::new(error)))?;
    let done = sqlite::visit(data, |transaction| {
        let context =
            Context { schema: &schema, call: "create", now: Timestamp::now(), site: "", sight: None };
        let own = transaction.script(SCRIPT_NAME).map_err(Change::Trouble)?;
        let actor = Actor::unlimited(("ApiUser".to_owned(), own.map_or(0, |(id, _)| id)));
        work(&Writer { transaction, context, actor: &actor })
    });
    done.map_err(|error| match error {
        VisitError::OtherLayout => MemberError::OtherVersion { folder: folder() },
        VisitError::Sql(source) => failed(Box::new(source)),
        VisitError::Work(Change::NoGroup { code, known }) => MemberError::NoGroup { code, known },
        VisitError::Work(Change::Trouble(trouble)) => failed(Box::new(trouble)),
    })
}

fn link_to_group(
    transaction: &dyn Writing,
    code: Option<&str>,
) -> Result<Option<(&'static str, Value)>, Change> {
    let Some(code) = code else { return Ok(None) };
    match transaction.group_id(code)? {
        Some(id) => Ok(Some(("permission_rule_set", json!({"type": GROUP, "id": id})))),
        None => {
            let known: Vec<&str> = permission::PRESETS.iter().map(|preset| preset.code).collect();
            Err(Change::NoGroup { code: code.to_owned(), known: known.join(", ") })
        }
    }
}

fn create(writer: &Writer<'_>, kind: &str, fields: &[(&str, Value)]) -> Result<(), Change> {
    writer.create(&json!({"type": kind, "fields": named(fields)}))?;
    Ok(())
}

fn update(writer: &Writer<'_>, kind: &str, id: i64, fields: &[(&str, Value)]) -> Result<(), Change> {
    let writer = Writer { context: Context { call: "update", ..writer.context }, ..*writer };
    writer.update(&json!({"type": kind, "id": id, "fields": named(fields)}))?;
    Ok(())
}

fn named(fields: &[(&str, Value)]) -> Value {
    fields.iter().map(|(name, value)| json!({"field_name": name, "value": value})).collect()
}
