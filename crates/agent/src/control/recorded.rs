//! Where the agent of a state folder says that it listens: `channel.json` in that folder, which is this user's alone.
//!
//! Written whenever an agent opens its channel, and left behind when it ends: who reads it tries it, and finds nobody. An agent of
//! a version before this file listens at its first choice ([`super::address`]), so that is tried as well.

use super::address::{first_choice, is_local};
use crate::paths::{StateFolder, replace_private};
use serde::{Deserialize, Serialize};
use std::fs::File;
use std::io::{self, Read};
use std::path::{Path, PathBuf};

/// The version of the file.
const VERSION: u64 = 1;
/// The file is far shorter.
const MOST_BYTES: u64 = 4096;

#[derive(Serialize, Deserialize)]
struct Recorded {
    v: u64,
    address: PathBuf,
}

/// Where to look for the agent of a state folder, in this order.
pub(super) fn places(folder: &StateFolder) -> io::Result<Vec<PathBuf>> {
    let first_choice = first_choice(folder);
    let Some(recorded) = read(folder) else { return Ok(vec![first_choice?]) };
    Ok(match first_choice {
        Ok(first_choice) if first_choice != recorded => vec![recorded, first_choice],
        _ => vec![recorded],
    })
}

/// What the last agent wrote; `None` when there was none, or it is of no use.
fn read(folder: &StateFolder) -> Option<PathBuf> {
    let mut text = Vec::new();
    File::open(folder.channel()).ok()?.take(MOST_BYTES).read_to_end(&mut text).ok()?;
    let recorded: Recorded = serde_json::from_slice(&text).ok()?;
    (recorded.v == VERSION && is_local(&recorded.address)).then_some(recorded.address)
}

/// Writes where the agent listens, whole or not at all.
pub(super) fn write(folder: &StateFolder, address: &Path) -> io::Result<()> {
    let text = serde_json::to_vec(&Recorded { v: VERSION, address: address.to_owned() })?;
    replace_private(&folder.channel(), &text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_is_looked_at_first_and_what_is_of_no_use_is_not() {
        let folder = tempfile::tempdir().unwrap();
        let state = StateFolder::at(folder.path().to_owned());
        let first = first_choice(&state).unwrap();
        assert_eq!(places(&state).unwrap(), std::slice::from_ref(&first));
        let other = super::super::address::Address::elsewhere().path;
        write(&state, &other).unwrap();
        assert_eq!(places(&state).unwrap(), [other.clone(), first.clone()]);
        write(&state, &first).unwrap();
        assert_eq!(places(&state).unwrap(), std::slice::from_ref(&first));
        let other = other.to_str().unwrap();
        for useless in [
            String::new(),
            "{".to_owned(),
            serde_json::json!({ "v": 2, "address": other }).to_string(),
            serde_json::json!({ "v": 1, "address": "agent.sock" }).to_string(),
            serde_json::json!({ "v": 1, "address": r"\\server\pipe\tk-incident-1" }).to_string(),
            serde_json::json!({ "v": 1, "address": r"\\.\pipe\tk-incident-1\..\..\UNC\server\pipe" })
                .to_string(),
            format!("{}{}", " ".repeat(5000), serde_json::json!({ "v": 1, "address": other })),
        ] {
            std::fs::write(state.channel(), &useless).unwrap();
            assert_eq!(places(&state).unwrap(), std::slice::from_ref(&first), "{useless}");
        }
    }
}
