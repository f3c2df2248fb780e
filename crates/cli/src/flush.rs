//! `flush`: everything that waits is due now, and with `--wait` how that went.

use crate::arguments::{FlushCommand, Global};
use crate::exit::{FOUND_WRONG, Outcome, SITE};
use crate::output::Output;
use crate::running::{ask_running, ask_until};
use crate::status::Page;
use serde_json::{Value, json};
use std::time::Duration;

pub(crate) fn flush(command: &FlushCommand, global: &Global, output: &Output) -> Outcome {
    ask_running(global, r#"{"v":1,"type":"flush"}"#)?;
    let patience = Duration::from_secs(command.wait.unwrap_or(0));
    let (status, done) = ask_until(global, r#"{"type":"status"}"#, patience, |status| {
        status["waiting_count"].as_u64() == Some(0)
    })?;
    if output.json {
        output.object(&json!({
            "type": "flush",
            "v": 1,
            "waiting_count": status["waiting_count"],
            "waiting_for": status["waiting_for"],
            "waiting": status["waiting"],
            "trouble": status["site"]["trouble"],
        }))?;
    } else if command.wait.is_some() {
        if let Some(trouble) = status["site"]["trouble"].as_str() {
            output.warning(&crate::output::harmless(trouble));
        }
        Page::new(output).waiting(&status)?;
    } else {
        output.note("everything that waits is tried now");
    }
    Ok(match command.wait {
        Some(_) if !done => {
            if is_refused(&status) {
                SITE
            } else {
                FOUND_WRONG
            }
        }
        _ => 0,
    })
}

/// Whether it is the site, or the way to it, that what is left waits for.
fn is_refused(status: &Value) -> bool {
    let tried = |step: &Value| step["attempts"].as_u64().is_some_and(|attempts| attempts > 0);
    !status["site"]["trouble"].is_null()
        || status["waiting"].as_array().is_some_and(|steps| steps.iter().any(tried))
}
