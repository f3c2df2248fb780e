//! What direct capture costs a host for each record, on the thread that logs.

use super::{say, within};
use crate::shell::{Done, output, root};
use std::collections::BTreeMap;
use std::process::Command;

/// Microseconds of the host's thread for one record.
const BUDGET: f64 = 100.0;

pub(super) fn capture() -> Done {
    let python = if cfg!(windows) { "python" } else { "python3" };
    let script = root().join("xtask").join("src").join("bench").join("capture.py");
    let told = output(Command::new(python).arg(script).arg(root().join("python")))?;
    say("direct capture, microseconds of the host's thread for one record:");
    let mut worst = Ok(());
    for (what, figure) in read(&told) {
        // What is in brackets is for comparison.
        match what.strip_prefix('(') {
            Some(_) => say(&format!("  {what}: {figure:.1}")),
            None => worst = worst.and(within(&what, figure, BUDGET)),
        }
    }
    worst
}

/// The flat object that the script prints.
fn read(json: &str) -> BTreeMap<String, f64> {
    let inner = json.trim().trim_start_matches('{').trim_end_matches('}');
    let pair = |pair: &str| {
        let (name, figure) = pair.trim().strip_prefix('"')?.split_once("\": ")?;
        Some((name.to_owned(), figure.trim().parse().ok()?))
    };
    inner.split(", \"").filter_map(|text| pair(&format!("\"{}", text.trim_start_matches('"')))).collect()
}
