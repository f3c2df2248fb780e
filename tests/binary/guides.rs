//! Whether the guides for admins list the settings there are, with the defaults they have.

use crate::world::{World, json_lines};
use serde_json::Value;
use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

/// In this order: the same tables in each language.
const GUIDES: [&str; 2] = ["docs/admin.md", "docs/ko/admin.md"];
/// What stands for a default that is too long for a table.
const TOO_LONG: [&str; 1] = ["detect.ignore"];

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

/// The first two cells of every row whose first cell is one name in backticks and whose second is a value in backticks.
fn settings_of(guide: &str) -> BTreeMap<String, String> {
    let text = fs::read_to_string(root().join(guide)).unwrap();
    let code = |cell: &str| cell.trim().strip_prefix('`')?.strip_suffix('`').map(str::to_owned);
    text.lines()
        .filter_map(|line| {
            let mut cells = line.strip_prefix('|')?.split('|');
            let name = code(cells.next()?).filter(|name| !name.contains('`'))?;
            let default = cells.next()?;
            let is_listed = TOO_LONG.contains(&name.as_str());
            Some((name, if is_listed { String::new() } else { code(default)? }))
        })
        .collect()
}

/// Name to default, as `info.yml` has them: `    name:` and below it `        default_value: value`.
fn settings_of_the_app() -> BTreeMap<String, String> {
    let text = fs::read_to_string(root().join("info.yml")).unwrap();
    let (_, configuration) = text.split_once("\nconfiguration:").unwrap();
    let mut settings = BTreeMap::new();
    let mut name = "";
    for line in configuration.lines() {
        if let Some(found) = line.strip_prefix("    ").and_then(|line| line.strip_suffix(':'))
            && !found.starts_with([' ', '#'])
        {
            name = found;
        } else if let Some(default) = line.strip_prefix("        default_value: ") {
            settings.insert(name.to_owned(), default.trim().to_owned());
        }
    }
    settings
}

#[test]
fn the_guides_list_every_setting_with_its_default() {
    let world = World::new();
    let checked = world
        .program()
        .env_remove("TK_INCIDENT_AGENT_STATE_DIR")
        .args(["--json", "config", "check"])
        .output()
        .unwrap();
    let agent: BTreeMap<String, Value> = json_lines(&checked)[0]["settings"]
        .as_array()
        .unwrap()
        .iter()
        .map(|setting| (setting["key"].as_str().unwrap().to_owned(), setting["value"].clone()))
        .collect();
    let app = settings_of_the_app();
    assert!(agent.len() > 40 && app.len() >= 5, "{} and {}", agent.len(), app.len());
    for guide in GUIDES {
        let told = settings_of(guide);
        let there: Vec<&String> = told.keys().collect();
        let wanted: Vec<&String> = {
            let mut all: Vec<&String> = agent.keys().chain(app.keys()).collect();
            all.sort();
            all
        };
        assert_eq!(there, wanted, "the settings in {guide}");
        for (name, default) in &told {
            if let Some(value) = app.get(name) {
                assert_eq!(default, value, "default of {name} in {guide}");
            } else if !TOO_LONG.contains(&name.as_str()) {
                let written: Value = serde_json::from_str(default).unwrap();
                assert_eq!(written, agent[name], "default of {name} in {guide}");
            }
        }
    }
}
