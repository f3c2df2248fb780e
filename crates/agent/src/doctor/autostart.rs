//! The entry for the login: whether there is one, and whether it starts a program that is there.

use super::Check;
use crate::autostart::{AutostartError, Entry};

const NAME: &str = "autostart";

/// Judges what [`crate::autostart::status`] found.
#[must_use]
pub fn check(found: &Result<Vec<Entry>, AutostartError>) -> Check {
    let mends = "`tk-incident autostart on` mends it, `tk-incident autostart off` removes it";
    let entries = match found {
        Ok(entries) => entries,
        Err(error) => return Check::error(NAME, error, "check the permissions of the folder"),
    };
    match entries.first() {
        None => Check::pass(NAME, "off: an agent starts with the first host"),
        Some(Entry { place, program: None, .. }) => {
            Check::fail(NAME, format!("`{place}` is not as this program writes it"), mends)
        }
        Some(entry) if let Some(missing) = entry.missing() => {
            let gone = format!("`{}` starts `{}`, which is not there", entry.place, missing.display());
            Check::fail(NAME, gone, mends)
        }
        Some(Entry { place, is_switched_off: true, .. }) => {
            let found = format!("`{place}` is there, and this system's settings have switched it off");
            Check::warn(
                NAME,
                found,
                "nothing, if somebody wanted that; `tk-incident autostart on` switches it on",
            )
        }
        Some(Entry { kind, place, program: Some(program), .. }) => {
            Check::pass(NAME, format!("{kind} `{place}` starts `{}`", program.display()))
        }
    }
}
