//! What a permission group lets its members do. Pure: the rules come from the group's row, the answers are a table.
//!
//! Owns the form of the rules (`PermissionRuleSet.sg_desk_rules`, docs/desk.md) and the groups every desk begins with. Who is in which
//! group is `auth`'s; that every read and write asks is the business of `rows`.

use std::collections::BTreeSet;

use serde::Deserialize;
use serde_json::{Value, json};

use crate::fault::Fault;

/// The field that holds a group's rules.
pub(crate) const RULES_FIELD: &str = "sg_desk_rules";
/// The type whose rows are groups.
pub(crate) const GROUP: &str = "PermissionRuleSet";

/// Types that only admins write: who may come in, and what they may do.
const ADMIN_TYPES: [&str; 4] = ["PermissionRuleSet", "ApiUser", "HumanUser", "ClientUser"];
/// What people may change of their own row.
const OWN_FIELDS: [&str; 9] = [
    "password_proxy",
    "email",
    "image",
    "language",
    "ui_theme",
    "email_notes",
    "email_tasks",
    "email_tickets",
    "email_all_tickets",
];

/// What is to be done.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Deed<'a> {
    /// Rows of a type.
    Read(&'a str),
    Create(&'a str),
    /// Give a field of a new row a value.
    Fill {
        type_name: &'a str,
        field: &'a str,
    },
    /// A field of a row; `own`: the row is the caller's.
    Update {
        type_name: &'a str,
        field: &'a str,
        own: bool,
    },
    /// Retire or revive a row.
    Delete(&'a str),
    /// Attach a file to a row of the type.
    Upload(&'a str),
    /// Change the schema or what else the whole site shares; act as somebody else.
    Administer,
}

/// The rules of one group.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Rules {
    /// The group's name, for refusals.
    pub(crate) group: String,
    admin: bool,
    read: Types,
    create: Types,
    update: Types,
    delete: Types,
    upload: Types,
    locked: BTreeSet<String>,
    own_projects: bool,
}

/// Which types a rule is for: `["*", "-Shot"]` is all but one. The last word that fits counts.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(transparent)]
struct Types(Vec<String>);

impl Types {
    fn has(&self, type_name: &str) -> bool {
        let mut has = false;
        for word in &self.0 {
            match word.strip_prefix('-') {
                Some(no) if no == type_name => has = false,
                None if word == "*" || word == type_name => has = true,
                _ => {}
            }
        }
        has
    }
}

/// The rules as they are written.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Written {
    #[serde(default)]
    admin: bool,
    #[serde(default)]
    read: Types,
    #[serde(default)]
    create: Types,
    #[serde(default)]
    update: Types,
    #[serde(default)]
    delete: Types,
    #[serde(default)]
    upload: Types,
    #[serde(default)]
    locked_fields: BTreeSet<String>,
    #[serde(default)]
    projects: Projects,
}

#[derive(Default, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
enum Projects {
    #[default]
    All,
    Own,
}

impl Rules {
    /// The rules of a group as its row holds them. A group without rules may look and do nothing else.
    ///
    /// # Errors
    /// What is wrong with them.
    pub(crate) fn parse(group: &str, written: &Value) -> Result<Rules, String> {
        let looks = json!({"read": ["*", "-EventLogEntry"]});
        let written = if written.is_null() { &looks } else { written };
        if !written.is_object() {
            return Err("is not an object of rules".to_owned());
        }
        let written = Written::deserialize(written).map_err(|error| error.to_string())?;
        Ok(Rules {
            group: group.to_owned(),
            admin: written.admin,
            read: written.read,
            create: written.create,
            update: written.update,
            delete: written.delete,
            upload: written.upload,
            locked: written.locked_fields,
            own_projects: written.projects == Projects::Own,
        })
    }

    /// The rules of who may do everything.
    pub(crate) fn everything(group: &str) -> Rules {
        let all = || Types(vec!["*".to_owned()]);
        Rules {
            group: group.to_owned(),
            admin: true,
            read: all(),
            create: all(),
            update: all(),
            delete: all(),
            upload: all(),
            locked: BTreeSet::new(),
            own_projects: false,
        }
    }

    /// The rules of somebody whose group cannot be understood.
    pub(crate) fn nothing(group: &str) -> Rules {
        Rules {
            group: group.to_owned(),
            admin: false,
            read: Types::default(),
            create: Types::default(),
            update: Types::default(),
            delete: Types::default(),
            upload: Types::default(),
            locked: BTreeSet::new(),
            own_projects: true,
        }
    }

    /// Whether only rows of the member's own projects are there for them.
    pub(crate) fn own_projects(&self) -> bool {
        self.own_projects
    }

    /// Whether a member may do this.
    pub(crate) fn allow(&self, deed: Deed<'_>) -> bool {
        let admin_only = |type_name: &str| !self.admin && ADMIN_TYPES.contains(&type_name);
        let locked = |type_name: &str, field: &str| self.locked.contains(&format!("{type_name}.{field}"));
        match deed {
            Deed::Read(type_name) => self.read.has(type_name),
            Deed::Create(type_name) => !admin_only(type_name) && self.create.has(type_name),
            Deed::Fill { type_name, field } => !locked(type_name, field),
            Deed::Update { type_name, field, own } => {
                let own = own && OWN_FIELDS.contains(&field);
                (own || !admin_only(type_name) && self.update.has(type_name)) && !locked(type_name, field)
            }
            Deed::Delete(type_name) => !admin_only(type_name) && self.delete.has(type_name),
            Deed::Upload(type_name) => self.upload.has(type_name),
            Deed::Administer => self.admin,
        }
    }

    /// Refuses what [`Rules::allow`] does not allow, in FPT's words.
    pub(crate) fn check(&self, deed: Deed<'_>) -> Result<(), Fault> {
        if self.allow(deed) {
            return Ok(());
        }
        let group = &self.group;
        Err(Fault::write(match deed {
            Deed::Read(type_name) => format!("Entity of type {type_name} cannot be read by this user."),
            Deed::Create(type_name) => format!("Entity of type {type_name} cannot be created by this user."),
            Deed::Fill { type_name, field } | Deed::Update { type_name, field, .. } => format!(
                "The field is not editable for this user: [{type_name}.{field}]. Rule: permission group '{group}'"
            ),
            Deed::Delete(type_name) => format!("Entity of type {type_name} cannot be deleted by this user."),
            Deed::Upload(type_name) => {
                format!("Entity of type Attachment cannot be created by this user on {type_name}.")
            }
            Deed::Administer => {
                format!(
                    "This user is not permitted to do that. Rule: permission group '{group}' is not an admin's"
                )
            }
        }))
    }
}

/// A group every desk begins with.
pub(crate) struct Preset {
    pub(crate) code: &'static str,
    pub(crate) name: &'static str,
    /// Whose group it is: `HumanUser` or `ApiUser`.
    pub(crate) of: &'static str,
    rules: fn() -> Value,
}

impl Preset {
    /// Its rules as its row holds them at first.
    pub(crate) fn rules(&self) -> Value {
        (self.rules)()
    }
}

/// The group of people who were given none.
pub(crate) const PEOPLE: &str = "artist";
/// The group of scripts that were given none.
pub(crate) const SCRIPTS: &str = "api_admin";
/// The group of the desk's owner.
pub(crate) const OWNER: &str = "admin";

/// The groups every desk begins with; admins change them as they like.
pub(crate) const PRESETS: [Preset; 6] = [
    Preset { code: OWNER, name: "Admin", of: "HumanUser", rules: everything },
    Preset { code: "manager", name: "Manager", of: "HumanUser", rules: manager },
    Preset { code: PEOPLE, name: "Artist", of: "HumanUser", rules: artist },
    Preset { code: "client", name: "Client", of: "HumanUser", rules: client },
    Preset { code: SCRIPTS, name: "API Admin", of: "ApiUser", rules: everything },
    Preset { code: "api_agent", name: "API Agent", of: "ApiUser", rules: agent },
];

fn everything() -> Value {
    json!({"admin": true, "read": ["*"], "create": ["*"], "update": ["*"], "delete": ["*"], "upload": ["*"]})
}

fn manager() -> Value {
    json!({"read": ["*"], "create": ["*"], "update": ["*"], "delete": ["*"], "upload": ["*"]})
}

/// Files tickets as themselves, talks about them, works on what is theirs; does not set up projects or the site. Toolkit works with
/// their sessions: it learns of folders from the event log, and takes back those that it has registered.
fn artist() -> Value {
    let site = ["-Project", "-Group", "-Department", "-Status", "-Step", "-LocalStorage", "-Software"];
    let with = |more: &[&str]| -> Vec<String> {
        ["*"].iter().chain(&site).chain(more).map(|word| (*word).to_owned()).collect()
    };
    json!({
        "read": ["*"], "create": with(&[]), "update": with(&[]),
        "delete": ["Attachment", "FilesystemLocation", "Note", "Reply", "Ticket"], "upload": ["*"],
    })
}

fn client() -> Value {
    json!({"read": ["*", "-EventLogEntry"], "projects": "own"})
}

/// What an agent needs that files tickets for others with a key of its own.
fn agent() -> Value {
    json!({
        "read": ["*", "-EventLogEntry"], "create": ["Attachment", "EventLogEntry", "Reply", "Tag", "Ticket"], "update": ["Attachment", "Reply", "Ticket"],
        "delete": ["Attachment", "Reply", "Ticket"], "upload": ["Ticket"],
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn preset(code: &str) -> Rules {
        let preset = PRESETS.iter().find(|preset| preset.code == code).unwrap();
        Rules::parse(preset.name, &preset.rules()).unwrap()
    }

    #[test]
    fn the_first_groups_are_a_table() {
        let update = |type_name, field| Deed::Update { type_name, field, own: false };
        let mine = |field| Deed::Update { type_name: "HumanUser", field, own: true };
        //                                            admin manager artist client api_admin api_agent
        for (deed, allowed) in [
            (Deed::Read("Ticket"), [true, true, true, true, true, true]),
            (Deed::Read("EventLogEntry"), [true, true, true, false, true, false]),
            (Deed::Create("Ticket"), [true, true, true, false, true, true]),
            (Deed::Create("Reply"), [true, true, true, false, true, true]),
            (Deed::Create("Project"), [true, true, false, false, true, false]),
            (Deed::Create("Shot"), [true, true, true, false, true, false]),
            (Deed::Create("HumanUser"), [true, false, false, false, true, false]),
            (Deed::Create("ApiUser"), [true, false, false, false, true, false]),
            (Deed::Create("PermissionRuleSet"), [true, false, false, false, true, false]),
            (Deed::Create("EventLogEntry"), [true, true, true, false, true, true]),
            (update("Ticket", "title"), [true, true, true, false, true, true]),
            (update("Project", "users"), [true, true, false, false, true, false]),
            (update("PermissionRuleSet", "sg_desk_rules"), [true, false, false, false, true, false]),
            (update("HumanUser", "password_proxy"), [true, false, false, false, true, false]),
            (mine("password_proxy"), [true, true, true, true, true, true]),
            (mine("permission_rule_set"), [true, false, false, false, true, false]),
            (mine("projects"), [true, false, false, false, true, false]),
            (mine("login"), [true, false, false, false, true, false]),
            (Deed::Delete("Ticket"), [true, true, true, false, true, true]),
            (Deed::Delete("Shot"), [true, true, false, false, true, false]),
            (Deed::Delete("FilesystemLocation"), [true, true, true, false, true, false]),
            (Deed::Delete("HumanUser"), [true, false, false, false, true, false]),
            (Deed::Upload("Ticket"), [true, true, true, false, true, true]),
            (Deed::Upload("Version"), [true, true, true, false, true, false]),
            (Deed::Administer, [true, false, false, false, true, false]),
        ] {
            let codes = ["admin", "manager", "artist", "client", "api_admin", "api_agent"];
            let found = codes.map(|code| preset(code).allow(deed));
            assert_eq!(found, allowed, "{deed:?}");
        }
    }

    #[test]
    fn rules_are_words_in_order() {
        let rules = Rules::parse(
            "Odd",
            &json!({"create": ["*", "-Shot", "Shot"], "update": ["-Ticket"], "delete": ["Ticket", "-*"]}),
        );
        let rules = rules.unwrap();
        assert!(rules.allow(Deed::Create("Shot")));
        assert!(!rules.allow(Deed::Update { type_name: "Ticket", field: "title", own: false }));
        assert!(rules.allow(Deed::Delete("Ticket")));
        assert!(!rules.allow(Deed::Read("Ticket")));
        let locked = json!({"update": ["*"], "locked_fields": ["Ticket.title"]});
        let rules = Rules::parse("Careful", &locked).unwrap();
        let update = |field| Deed::Update { type_name: "Ticket", field, own: false };
        assert!(rules.allow(update("description")));
        let refusal = rules.check(update("title")).unwrap_err();
        assert_eq!(refusal.code, 104);
        assert!(
            refusal.message.starts_with("The field is not editable for this user: [Ticket.title]"),
            "{refusal}"
        );
    }

    #[test]
    fn rules_that_cannot_be_meant_are_refused() {
        for wrong in [
            json!({"create": "*"}),
            json!({"creat": ["*"]}),
            json!({"projects": "mine"}),
            json!({"admin": "yes"}),
            json!([]),
            json!("*"),
        ] {
            assert!(Rules::parse("Wrong", &wrong).is_err(), "{wrong}");
        }
        let none = Rules::parse("None", &Value::Null).unwrap();
        assert!(none.allow(Deed::Read("Ticket")) && !none.allow(Deed::Create("Ticket")));
        assert!(!Rules::nothing("Broken").allow(Deed::Read("Ticket")));
    }
}
