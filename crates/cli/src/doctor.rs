//! `doctor`: whether everything is as it should be, one line a check, with what to do.
//!
//! The checks are `agent::doctor`'s. This file says in which order they are made and with what: the settings of this
//! command line, the agent that runs (if one does), and a client of the site. All of it happens in this process; the agent is
//! only asked for its status.

mod setup;

use crate::arguments::{DoctorCommand, Global};
use crate::columns::{pad, wrap};
use crate::exit::{FOUND_WRONG, Failure, Outcome};
use crate::options::{candidates, layers, log_folders};
use crate::output::{BAD, FAINT, GOOD, Output, WARN, counted, harmless, span};
use agent::control::{AskError, ask};
use agent::doctor::{
    Check, Verdict, autostart, log_folders as logs, program, running, session_cache, site as reach,
    state_folder, ticket,
};
use agent::login::{Login, LoginError, credentials};
use agent::paths::StateFolder;
use agent::settings::{CredentialSource, Settings};
use agent::site_options::site_options;
use flow::{Credentials, Site, SiteOptions};
use log_follow::Patterns;
use serde_json::{Value, json};
use std::io::{self, Write};
use std::path::PathBuf;
use std::time::SystemTime;

/// The longest wait for one step of a call: a person is looking.
const PATIENCE_MS: u64 = 10_000;
/// An agent that reached the site so lately goes another way than we do, if we do not reach it.
const LATELY_S: u64 = 15 * 60;
/// The width of the names of checks.
const NAME_COLUMNS: usize = 15;

pub(crate) fn doctor(command: &DoctorCommand, global: &Global, output: &Output) -> Outcome {
    if command.setup_site {
        return setup::setup(command, global, output);
    }
    let checks = all(global);
    let count = |verdict| checks.iter().filter(|check| check.verdict == verdict).count() as u64;
    let (pass, warn, fail) = (count(Verdict::Pass), count(Verdict::Warn), count(Verdict::Fail));
    if output.json {
        for check in &checks {
            output.object(&json!({
                "type": "check",
                "name": check.name,
                "verdict": check.verdict,
                "found": check.found,
                "advice": check.advice,
            }))?;
        }
        output.object(&json!({ "type": "summary", "v": 1, "pass": pass, "warn": warn, "fail": fail }))?;
    } else {
        print(&checks, output.columns().unwrap_or(usize::MAX), &mut output.data())?;
        let (warnings, failures) = (counted(warn, "warning"), counted(fail, "failure"));
        writeln!(output.data(), "{pass} passed, {warnings}, {failures}")?;
    }
    Ok(if fail > 0 { FOUND_WRONG } else { 0 })
}

fn print(checks: &[Check], columns: usize, out: &mut impl Write) -> io::Result<()> {
    let indent = NAME_COLUMNS + 7;
    let width = columns.max(indent + 20) - indent;
    for check in checks {
        let (style, word) = match check.verdict {
            Verdict::Pass => (GOOD, "pass"),
            Verdict::Warn => (WARN, "warn"),
            Verdict::Fail => (BAD, "fail"),
        };
        let mut lines = wrap(&harmless(&check.found), width).into_iter();
        let first = lines.next().unwrap_or_default();
        writeln!(out, "{style}{word}{style:#}  {} {first}", pad(check.name, NAME_COLUMNS))?;
        for line in lines {
            writeln!(out, "{:indent$}{line}", "")?;
        }
        let advice = check.advice.as_deref().map(harmless);
        for (index, line) in advice.iter().flat_map(|advice| wrap(advice, width - 2)).enumerate() {
            let mark = if index == 0 { "→ " } else { "  " };
            writeln!(out, "{:indent$}{FAINT}{mark}{line}{FAINT:#}", "")?;
        }
    }
    Ok(())
}

/// Every check, in the order in which trouble is found best: what is nearest first.
fn all(global: &Global) -> Vec<Check> {
    let (layers, mut problems) = layers(global, &[], None);
    problems.extend(layers.problems());
    let settings = match (problems.is_empty(), layers.resolve()) {
        (true, Ok(settings)) => settings,
        (_, resolved) => {
            problems.extend(resolved.err().filter(|_| problems.is_empty()));
            // With other settings than were meant, nothing else is worth a look.
            let advice = "mend it; `tk-incident config default` explains every setting";
            return problems.iter().map(|problem| Check::error("settings", problem, advice)).collect();
        }
    };
    let given =
        global.config.as_ref().map_or("no file given".to_owned(), |path| format!("`{}`", path.display()));
    let mut checks = vec![Check::pass("settings", format!("valid ({given})"))];
    let environment = |name: &str| std::env::var_os(name);
    let raw = settings.evidence.hint();
    checks.extend(raw.map(|(found, advice)| Check::warn("evidence", found, advice)));
    let this = std::env::current_exe().unwrap_or_default();
    checks.extend(program::check(&this, agent::version::this(), &environment));
    let (folder, answer) = match found_agent(&settings) {
        Ok(found) => found,
        Err(failure) => {
            let found = failure.error.to_string();
            checks.push(Check::fail("state folder", found, "choose another agent.state_dir"));
            return checks;
        }
    };
    checks.push(state_folder::check(&folder));
    checks.extend(ticket::check_template(&settings));
    let (folders, patterns) = (log_folders(&settings), Patterns::new(settings.watch.patterns.clone()));
    checks.extend(logs::check(&folders, &patterns));
    checks.extend(logs::check_other(&folders, &patterns, &environment, SystemTime::now()));
    checks.extend(answer.iter().flat_map(logs::check_sessions));
    checks.extend(running::check(&answer, agent::version::this()));
    checks.push(autostart::check(&agent::autostart::status(&crate::autostart::environment)));
    checks.extend(site_checks(&settings, &folder, answer.as_ref().ok()));
    checks
}

/// The state folder that matters, and what the agent in it answers.
fn found_agent(settings: &Settings) -> Result<(StateFolder, Result<Value, AskError>), Failure> {
    let mut nobody = None;
    for folder in candidates(settings)? {
        match ask(&folder, r#"{"type":"status"}"#) {
            Err(error) if error.is_nobody() => nobody = nobody.or(Some((folder, Err(error)))),
            answer => return Ok((folder, answer)),
        }
    }
    nobody.ok_or_else(|| Failure::usage(anyhow::anyhow!("there is no place for a state folder")))
}

/// The site as the settings know it, else as the running agent does.
pub(super) fn site_url(settings: &Settings, running: Option<&Value>) -> Option<String> {
    let configured = Some(settings.site.url.clone()).filter(|url| !url.is_empty());
    configured.or_else(|| running?["site"]["url"].as_str().map(str::to_owned))
}

fn site_checks(settings: &Settings, folder: &StateFolder, running: Option<&Value>) -> Vec<Check> {
    let Some(url) = site_url(settings, running) else {
        let found =
            "none is configured: the Toolkit app names one, else tickets go to a desk on this machine";
        return vec![Check::pass("site", found)];
    };
    let options = options(settings, &url);
    let ca_file = options.ca_file.clone();
    let mut site = match flow::connect(options) {
        Ok(site) => site,
        Err(error) => return vec![reach::unreachable(&error, None)],
    };
    let (mut checks, is_reached) = reach::check_reach(&site, &url, ca_file.as_deref(), &jiff::Timestamp::now);
    let hosts_tell = settings.site.credentials == CredentialSource::Toolkit;
    if let Some(ago) =
        running.and_then(reached_ago).filter(|ago| !is_reached && hosts_tell && *ago < LATELY_S)
    {
        for check in &mut checks {
            check.verdict = Verdict::Warn;
            let ago = span(ago);
            check
                .found
                .push_str(&format!("; the running agent reached it {ago} ago, with what a host has told it"));
        }
    }
    if hosts_tell && !running.is_some_and(is_own_desk) {
        let root = session_cache::cache_root(&|name| std::env::var_os(name));
        checks.extend(root.map(|root| session_cache::check(&root, &url)));
    }
    let (found, who) = match credentials_for(settings, folder, running, &url) {
        Ok(found) => found,
        Err(error) => {
            checks.extend(without_login(&error, running));
            return checks;
        }
    };
    if !is_reached {
        return checks;
    }
    let login = reach::check_login(&mut site, found, &who);
    let is_in = login.verdict == Verdict::Pass;
    checks.push(login);
    if !is_in {
        return checks;
    }
    checks.push(match running.is_some_and(is_own_desk) {
        true => Check::pass("project", "the one of our own desk"),
        false => reach::check_project(&site, settings.site.project_id),
    });
    match site.fields(&settings.site.entity_type) {
        Ok(fields) => {
            let filed = running.and_then(|status| status["tickets"].as_u64());
            checks.extend(ticket::check(&fields, settings, filed));
        }
        Err(error) => checks.push(Check::flow("ticket entity", &error)),
    }
    checks
}

/// How long ago the running agent had an answer of the site, if nothing is wrong since; in seconds.
fn reached_ago(status: &Value) -> Option<u64> {
    let last_ms =
        status["site"]["last_contact_ms"].as_i64().filter(|_| status["site"]["trouble"].is_null())?;
    Some((status["now_ms"].as_i64()? - last_ms).max(0).unsigned_abs() / 1_000)
}

/// What can be said of login and ticket without a login of our own: what the agent that has one says.
fn without_login(error: &LoginError, running: Option<&Value>) -> Vec<Check> {
    if !matches!(error, LoginError::NoSession) {
        return vec![Check::error("login", error, "mend site.credentials, or the file it names")];
    }
    let status = running.unwrap_or(&Value::Null);
    let login = match status["site"]["login"].as_str() {
        Some(login) => Check::pass("login", format!("the running agent has the session of {login}")),
        None => Check::warn(
            "login",
            error.to_string(),
            "sign in in Toolkit and start a host, or set site.credentials",
        ),
    };
    let ticket = if reached_ago(status).is_some() {
        Check::pass("ticket entity", "the running agent has filed there with that session")
    } else {
        let found = "not looked at: only the agent may use an artist's session";
        Check::warn("ticket entity", found, "set site.credentials to a script key file to have it checked")
    };
    vec![login, ticket]
}

/// How the agent reaches the site, as far as this process knows: what a host has told the agent, only the agent does.
pub(super) fn options(settings: &Settings, url: &str) -> SiteOptions {
    let environment = |name: &str| std::env::var_os(name);
    let mut options = site_options(url, &settings.site, &Login::default(), &environment);
    options.timeout_ms = options.timeout_ms.min(PATIENCE_MS);
    options
}

/// Credentials that this process may use, and whose they are.
pub(super) fn credentials_for(
    settings: &Settings,
    folder: &StateFolder,
    running: Option<&Value>,
    url: &str,
) -> Result<(Credentials, String), LoginError> {
    let source = if running.is_some_and(is_own_desk) {
        CredentialSource::ScriptKeyFile(own_desk_key(folder))
    } else {
        settings.site.credentials.clone()
    };
    let found = credentials(&source, &Login::default(), url)?;
    let who = match &found {
        Credentials::Script { name, .. } => format!("script user {name}"),
        Credentials::Session { .. } => "the user of a session".to_owned(),
    };
    Ok((found, who))
}

/// Whether tickets go to a desk that the running agent has started itself.
fn is_own_desk(status: &Value) -> bool {
    !status["site"]["page"].is_null()
}

fn own_desk_key(folder: &StateFolder) -> PathBuf {
    folder.path().join("desk").join("script_key.toml")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_check_is_a_line_and_its_advice_stands_below() {
        let checks = [
            Check::pass("settings", "valid (`tk-incident.toml`)"),
            Check::warn(
                "our fields",
                "the site has no sg_incident_key: tickets are found by their text, counts are told in replies",
                "`tk-incident doctor --setup-site` shows and creates them",
            ),
            Check::fail(
                "site",
                "the name `studio.example` cannot be resolved\u{1b}[2J",
                "check site.url and DNS",
            ),
        ];
        let mut out = Vec::new();
        print(&checks, 80, &mut out).unwrap();
        let shown = anstream::adapter::strip_str(&String::from_utf8(out).unwrap()).to_string();
        assert!(shown.lines().all(|line| line.chars().count() <= 80), "{shown}");
        insta::assert_snapshot!(shown);
    }
}
