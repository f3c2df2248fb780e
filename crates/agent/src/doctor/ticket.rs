//! The ticket entity of the site: switched on, with the fields we need and those we can use.

use super::Check;
use super::check::counted;
use super::setup::{OPTIONAL, OptionalField, State, state};
use crate::settings::Settings;
use crate::ticket_fields::{FieldFault, TEMPLATE, check_fields};
use crate::ticket_template::TicketTemplate;
use flow::EntityFields;

const ENTITY: &str = "ticket entity";
const FIELDS: &str = "our fields";
const ATTACHMENTS: &str = "attachments";
const CREATE: &str = "creating";

/// Looks at the fields of the ticket entity. `filed` is how many tickets the running agent has there.
#[must_use]
pub fn check(fields: &EntityFields, settings: &Settings, filed: Option<u64>) -> Vec<Check> {
    let entity_type = &settings.site.entity_type;
    let mut checks =
        vec![Check::pass(ENTITY, format!("{entity_type} is there, with {} fields", fields.names().count()))];
    checks.push(creating(fields, entity_type, filed));
    checks.push(ours(fields));
    checks.push(if fields.has("attachments") {
        Check::pass(ATTACHMENTS, "logs and archives go into the field attachments")
    } else {
        let found = format!("{entity_type} has no field attachments");
        Check::fail(ATTACHMENTS, found, "let an admin add it, or set site.entity_type to a type that has it")
    });
    checks.extend(configured(fields, settings));
    checks
}

/// Whether tickets can be made; without making one, only what is in the way of it can be seen.
fn creating(fields: &EntityFields, entity_type: &str, filed: Option<u64>) -> Check {
    let closed: Vec<&str> =
        ["title", "description", "project"].into_iter().filter(|name| !fields.editable(name)).collect();
    if !closed.is_empty() {
        let found = format!("{entity_type} has no {} that this login may write", closed.join(", "));
        return Check::fail(CREATE, found, "let an admin give the login the right, or set site.entity_type");
    }
    match filed.filter(|filed| *filed > 0) {
        Some(filed) => {
            Check::pass(CREATE, format!("works: the running agent has {} there", counted(filed, "ticket")))
        }
        None => Check::pass(
            CREATE,
            "the fields may be written; whether tickets may be made only the first one shows",
        ),
    }
}

fn ours(fields: &EntityFields) -> Check {
    let names = |wanted: State| {
        let fits = |field: &&OptionalField| state(fields, field) == wanted;
        OPTIONAL.iter().filter(fits).map(|field| field.name).collect::<Vec<_>>().join(", ")
    };
    let (missing, wrong) = (names(State::Missing), names(State::OtherType));
    if !wrong.is_empty() {
        let found = format!("{wrong}: the site has fields of these names and of another type");
        return Check::warn(
            FIELDS,
            found,
            "let an admin rename them, then run `tk-incident doctor --setup-site`",
        );
    }
    if missing.is_empty() {
        return Check::pass(FIELDS, names(State::There));
    }
    let found =
        format!("the site has no {missing}: tickets are found by their text, counts are told in replies");
    Check::warn(FIELDS, found, "`tk-incident doctor --setup-site` shows and creates them")
}

/// What the settings put on tickets.
fn configured(fields: &EntityFields, settings: &Settings) -> Vec<Check> {
    let left_out = |fault: FieldFault| {
        let found = format!("{fault}: it is left out");
        Check::warn("ticket.fields", found, "mend it in the settings, or let an admin change the field")
    };
    check_fields(fields, &settings.ticket).into_iter().map(left_out).collect()
}

/// Looks at the template of a ticket's text; `None` when it is ours.
#[must_use]
pub fn check_template(settings: &Settings) -> Option<Check> {
    let path = &settings.ticket.template;
    if path.as_os_str().is_empty() {
        return None;
    }
    Some(match TicketTemplate::load(path) {
        Ok(_) => Check::pass(TEMPLATE, format!("`{}` works", path.display())),
        Err(fault) => Check::error(TEMPLATE, &fault, "mend it; until then tickets get the built-in text"),
    })
}
