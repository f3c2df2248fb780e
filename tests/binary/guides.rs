//! Whether the guides for admins list the settings there are, with the defaults they have; whether the Korean ones have what the
//! English ones have, and whether what a page points to is there.

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

/// The shape of a page: headings by level, rows of tables, and steps of lists, in order.
fn shape(text: &str) -> Vec<String> {
    let mut in_code = false;
    let mut shape = Vec::new();
    for line in text.lines() {
        in_code ^= line.trim_start().starts_with("```");
        let level = line.chars().take_while(|each| *each == '#').count();
        if in_code {
            continue;
        } else if level > 0 {
            shape.push("#".repeat(level));
        } else if line.starts_with('|') {
            shape.push(format!("row of {}", line.matches('|').count() - 1));
        } else if line.starts_with("- [ ]") {
            shape.push("to do".to_owned());
        }
    }
    shape
}

#[test]
fn the_korean_guides_have_every_part_table_and_row_of_the_english_ones() {
    for name in ["admin.md", "support.md"] {
        let [english, korean] = ["docs", "docs/ko"]
            .map(|folder| shape(&fs::read_to_string(root().join(folder).join(name)).unwrap()));
        assert!(english.len() > 20, "{name}");
        assert_eq!(korean, english, "the shape of {name}");
    }
}

/// What GitHub makes of a heading to point at.
fn anchor(heading: &str) -> String {
    let text = heading.trim_start_matches('#').trim().to_lowercase();
    let kept = text.chars().filter(|each| each.is_alphanumeric() || " -_".contains(*each));
    kept.collect::<String>().replace(' ', "-")
}

#[test]
fn every_page_and_heading_that_a_page_points_to_is_there() {
    let mut pages = vec![root().join("README.md"), root().join("CHANGELOG.md")];
    for folder in ["docs", "docs/ko", "docs/decisions"] {
        let found = fs::read_dir(root().join(folder)).unwrap().map(|entry| entry.unwrap().path());
        pages.extend(found.filter(|path| path.extension().is_some_and(|end| end == "md")));
    }
    let mut links = 0;
    for page in &pages {
        let text = fs::read_to_string(page).unwrap();
        let targets =
            text.split("](").skip(1).filter_map(|rest| rest.split_once(')')).map(|(target, _)| target);
        for target in targets.filter(|target| !target.contains("://") && !target.contains([' ', '`'])) {
            let (file, heading) = target.split_once('#').unwrap_or((target, ""));
            let file = if file.is_empty() { page.clone() } else { page.parent().unwrap().join(file) };
            assert!(file.exists(), "`{target}` in {}", page.display());
            if !heading.is_empty() {
                let there = fs::read_to_string(&file).unwrap();
                let is_there = there.lines().any(|line| line.starts_with('#') && anchor(line) == heading);
                assert!(is_there, "`{target}` in {}", page.display());
            }
            links += 1;
        }
    }
    assert!(links > 50, "{links}");
}
