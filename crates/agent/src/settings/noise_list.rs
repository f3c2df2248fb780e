//! `detect.ignore`: the shipped entries, a studio's own, or both.

use super::DEFAULT_TOML;
use super::list_fault::{ListFault, known_keys, text};
use sgtk_log::rules::Noise;
use toml::{Table, Value};

/// Most entries.
const MOST: usize = 1_000;
/// The word that stands for the shipped entries.
const SHIPPED: &str = "default";

/// Reads a list. The word `default` in it stands for the shipped entries.
pub(super) fn read(list: &[Value]) -> Result<Vec<Noise>, ListFault> {
    if list.len() > MOST {
        return Err(ListFault::bad("", format!("holds {} entries, at most {MOST} are taken", list.len())));
    }
    let mut noise = Vec::with_capacity(list.len());
    for (index, value) in list.iter().enumerate() {
        match value {
            Value::String(word) if word == SHIPPED => noise.extend(entries(&shipped())?),
            Value::Table(table) => noise.push(entry(index, table)?),
            Value::String(_) => {
                let problem =
                    "expected a table or the word \"default\", which stands for the shipped entries";
                return Err(ListFault::bad(format!("[{index}]"), problem));
            }
            other => return Err(ListFault::wrong_type(format!("[{index}]"), "table or \"default\"", other)),
        }
    }
    Ok(noise)
}

fn entries(list: &[Value]) -> Result<Vec<Noise>, ListFault> {
    let tables = list.iter().filter_map(Value::as_table);
    tables.enumerate().map(|(index, table)| entry(index, table)).collect()
}

fn entry(index: usize, table: &Table) -> Result<Noise, ListFault> {
    known_keys(index, table, &["logger", "message", "reason"])?;
    let (logger, message) = (text(index, table, "logger")?, text(index, table, "message")?);
    let reason = text(index, table, "reason")?.ok_or_else(|| {
        ListFault::bad(format!("[{index}]"), "has no `reason`; say why this is no incident")
    })?;
    Noise::new(logger, message, reason).map_err(|fault| {
        let key = fault.key.map(|key| format!(".{key}")).unwrap_or_default();
        ListFault::bad(format!("[{index}]{key}"), fault.problem)
    })
}

/// The entries of the default settings.
fn shipped() -> Vec<Value> {
    let mut default: Table = DEFAULT_TOML.parse().expect("the compiled-in default is valid TOML");
    let detect = default.get_mut("detect").and_then(Value::as_table_mut);
    match detect.and_then(|detect| detect.remove("ignore")) {
        Some(Value::Array(list)) => list,
        _ => Vec::new(),
    }
}
