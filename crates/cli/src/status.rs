//! `status`: how the running agent stands, on one screen.
//!
//! `--json` prints the agent's object as it is (`docs/json.md`); people get the same numbers, the most important first,
//! lists cut to a few lines unless `-v` asks for all.

use crate::arguments::Global;
use crate::columns::wrap;
use crate::exit::Outcome;
use crate::output::{BAD, FAINT, GOOD, Output, STRONG, bytes, counted, harmless, span};
use crate::running::all_statuses;
use anstyle::Style;
use serde_json::{Value, json};
use std::collections::BTreeMap;
#[cfg(feature = "desk")]
use std::io::IsTerminal;
use std::io::{self, Write};

/// Where a row's text begins.
const INDENT: usize = 9;
/// Lines of a list that people see without `-v`.
const FEW: usize = 4;
const PLAIN: Style = Style::new();

pub(crate) fn status(global: &Global, output: &Output) -> Outcome {
    let mut statuses = all_statuses(global)?.into_iter();
    let mut answer = statuses.next().unwrap_or_default();
    let others = statuses.map(|other| {
        json!({ "site": other["site"]["url"], "state": other["state"], "pid": other["pid"], "version": other["version"] })
    });
    answer["others"] = others.collect();
    if output.json {
        output.object(&answer)?;
    } else {
        open_page(&mut answer);
        Page::new(output).status(&answer)?;
    }
    Ok(0)
}

/// On a terminal, the address of our own desk's page is the one that opens it without a sign-in. The agent does not know it: who
/// may read the desk's folder may open its pages.
#[cfg(feature = "desk")]
fn open_page(status: &mut Value) {
    let (Some(page), Some(state)) = (status["site"]["page"].as_str(), status["state"].as_str()) else {
        return;
    };
    if io::stdout().is_terminal()
        && let Ok(key) = desk::script_key(&std::path::Path::new(state).join("desk"))
    {
        status["site"]["page"] = Value::from(desk::page_link(page, &key));
    }
}

#[cfg(not(feature = "desk"))]
fn open_page(_status: &mut Value) {}

/// Rows of a name and a text, no wider than the terminal.
pub(crate) struct Page<W: Write> {
    out: W,
    columns: usize,
    /// Whole lists.
    all: bool,
}

impl Page<Box<dyn Write>> {
    pub(crate) fn new(output: &Output) -> Page<Box<dyn Write>> {
        let columns = output.columns().unwrap_or(usize::MAX).max(INDENT + 20);
        Page { out: Box::new(output.data()), columns, all: output.verbose }
    }
}

impl<W: Write> Page<W> {
    fn row(&mut self, name: &str, style: Style, text: &str) -> io::Result<()> {
        for (index, line) in wrap(&harmless(text), self.columns - INDENT).iter().enumerate() {
            let name = if index == 0 { name } else { "" };
            writeln!(self.out, "{name:<8} {style}{line}{style:#}")?;
        }
        Ok(())
    }

    fn rows(
        &mut self,
        name: &str,
        style: Style,
        items: &Value,
        text: impl Fn(&Value) -> String,
    ) -> io::Result<()> {
        let total = items.as_array().map_or(0, Vec::len);
        self.rows_of(total, name, style, items, text)
    }

    /// Rows of a list that is the beginning of a longer one.
    fn rows_of(
        &mut self,
        total: usize,
        name: &str,
        style: Style,
        items: &Value,
        text: impl Fn(&Value) -> String,
    ) -> io::Result<()> {
        let items = items.as_array().map_or(&[][..], Vec::as_slice);
        let shown = if self.all || total <= FEW + 1 { items.len() } else { items.len().min(FEW) };
        for (index, item) in items[..shown].iter().enumerate() {
            self.row(if index == 0 { name } else { "" }, style, &text(item))?;
        }
        if shown < total {
            self.row("", FAINT, &format!("and {} more", total - shown))?;
        }
        Ok(())
    }

    fn status(&mut self, status: &Value) -> io::Result<()> {
        writeln!(
            self.out,
            "{STRONG}tk-incident {}{STRONG:#}, process {}, up {}",
            text(&status["version"]),
            status["pid"],
            span(status["uptime_s"].as_u64().unwrap_or(0))
        )?;
        self.site(&status["site"], &status["versions"]["site"], status["now_ms"].as_i64())?;
        let outcomes: Vec<String> = status["outcomes"]
            .as_object()
            .into_iter()
            .flatten()
            .map(|(outcome, count)| format!("{count} {outcome}"))
            .collect();
        let sum = if outcomes.is_empty() { String::new() } else { format!(" = {}", outcomes.join(" + ")) };
        self.row("seen", PLAIN, &format!("{}{sum}", status["seen"]))?;
        self.captured(&status["captured"])?;
        self.row("tickets", PLAIN, &status["tickets"].to_string())?;
        self.waiting(status)?;
        self.lost_evidence(status)?;
        self.limits(&status["limits"]["tickets"], status["now_ms"].as_i64())?;
        self.rows("held", PLAIN, &status["held"], |problem| {
            format!("{} {} of “{}”", problem["count"], text(&problem["held"]), text(&problem["title"]))
        })?;
        self.rows("rules", PLAIN, &status["rules"], |rule| {
            format!("{} {} by “{}”", rule["count"], text(&rule["outcome"]), text(&rule["rule"]))
        })?;
        let mutes = status["mutes"].as_array().into_iter().flatten();
        let in_force: Value = mutes.filter(|mute| mute["ended_ms"].is_null()).cloned().collect();
        self.rows("mutes", PLAIN, &in_force, |mute| {
            let what = mute["title"].as_str().unwrap_or_else(|| text(&mute["what"]));
            format!("{} of “{what}”: {}", mute["count"], text(&mute["reason"]))
        })?;
        self.follows(&status["sources"])?;
        self.gaps(&status["gaps"])?;
        self.rows("warnings", BAD, &status["warnings"], |warning| {
            format!("{}: {}", text(&warning["what"]), text(&warning["message"]))
        })?;
        self.rows("sessions", PLAIN, &status["sessions"], |session| {
            let engine = session["engine"].as_str().unwrap_or("an engine");
            let login = session["login"].as_str().map_or(String::new(), |login| format!(", {login}"));
            let work = ["entity", "project"].iter().find_map(|link| session[link]["name"].as_str());
            let work = work.map_or(String::new(), |work| format!(", {work}"));
            let hooks = session["slow_hooks_ms"].as_object().into_iter().flatten();
            let slow: String = hooks.map(|(name, ms)| format!("; {name} held it up for {ms} ms")).collect();
            format!("{engine} (process {}{login}{work}){slow}", session["pid"])
        })?;
        self.row("state", FAINT, text(&status["state"]))?;
        self.rows("others", STRONG, &status["others"], |other| {
            let site = text(&other["site"]);
            format!("another agent runs for {site}: TK_INCIDENT_SITE_URL={site} tk-incident status")
        })
    }

    fn site(&mut self, site: &Value, server: &Value, now_ms: Option<i64>) -> io::Result<()> {
        let server = server.as_str().map_or(String::new(), |version| format!(", server {version}"));
        let login = site["login"].as_str().map_or(String::new(), |login| format!(", {login} is signed in"));
        self.row("site", PLAIN, &format!("{}{server}{login}", text(&site["url"])))?;
        if let Some(page) = site["page"].as_str() {
            // Not wrapped: it is opened with a click.
            writeln!(self.out, "{:<8} {}", "page", harmless(page))?;
        }
        let seconds = |ms: i64| ms.max(0).unsigned_abs() / 1_000;
        let last = site["last_contact_ms"].as_i64().zip(now_ms).map(|(last, now)| span(seconds(now - last)));
        let Some(trouble) = site["trouble"].as_str() else {
            return match last {
                Some(last) => self.row("contact", GOOD, &format!("good, {last} ago")),
                None => self.row("contact", FAINT, "not needed yet"),
            };
        };
        self.row("contact", BAD, trouble)?;
        let next = site["next_attempt_ms"].as_i64().zip(now_ms).map(|(next, now)| span(seconds(next - now)));
        let failures = counted(site["failures"].as_u64().unwrap_or(0), "failure");
        let next = next.map_or(String::new(), |next| format!(", next try in {next}"));
        let last = last.map_or("never reached".to_owned(), |last| format!("last reached {last} ago"));
        self.row("", PLAIN, &format!("{failures}{next}, {last}"))
    }

    /// What hosts handed over themselves, if they did.
    fn captured(&mut self, captured: &Value) -> io::Result<()> {
        let number = |value: &Value| value.as_u64().unwrap_or(0);
        let (sessions, dropped) = (number(&captured["sessions"]), number(&captured["dropped"]));
        if sessions == 0 {
            return Ok(());
        }
        let records = counted(number(&captured["records"]), "record");
        let words = format!("{records} handed over by {}", counted(sessions, "session"));
        match dropped {
            0 => self.row("captured", PLAIN, &words),
            _ => self.row("captured", BAD, &format!("{words}, {} dropped there", counted(dropped, "record"))),
        }
    }

    /// What tickets go without, if they do.
    fn lost_evidence(&mut self, status: &Value) -> io::Result<()> {
        let number = |value: &Value| value.as_u64().unwrap_or(0);
        let evidence = &status["evidence"];
        let dropped = number(&evidence["dropped"]);
        let size = bytes(number(&evidence["dropped_bytes"]));
        let lost = [
            (dropped, format!("{} of {size} dropped", counted(dropped, "archive"))),
            (number(&evidence["missing"]), format!("{} not made", evidence["missing"])),
            (
                number(&status["attachments_refused"]),
                format!("{} refused by the site", status["attachments_refused"]),
            ),
        ];
        let lost: Vec<String> =
            lost.into_iter().filter(|(count, _)| *count > 0).map(|(_, words)| words).collect();
        if lost.is_empty() { Ok(()) } else { self.row("evidence", BAD, &lost.join(", ")) }
    }

    /// The limit on new tickets, when it holds something back.
    fn limits(&mut self, limit: &Value, now_ms: Option<i64>) -> io::Result<()> {
        let number = |name: &str| limit[name].as_u64().unwrap_or(0);
        let (held, folded) = (number("held"), number("folded"));
        let since =
            |ms: &Value| ms.as_i64().zip(now_ms).map(|(ms, now)| span((now - ms).unsigned_abs() / 1_000));
        let storm = since(&limit["storm_since_ms"]);
        if held == 0 && folded == 0 && storm.is_none() {
            return Ok(());
        }
        let storm = storm.map_or(String::new(), |since| format!("storm for {since}: "));
        let next = since(&limit["next_ms"]).filter(|_| held > 0 && limit["left"] == 0);
        let next = next.map_or(String::new(), |next| format!(", the next ticket in {next}"));
        let listed = if folded > 0 { format!(", {folded} in digests") } else { String::new() };
        self.row("limits", BAD, &format!("{storm}{} held{next}{listed}", counted(held, "problem")))
    }

    /// What waits and why, then the first of its steps.
    pub(crate) fn waiting(&mut self, status: &Value) -> io::Result<()> {
        let count = status["waiting_count"].as_u64().unwrap_or(0);
        if count == 0 {
            return self.row("waiting", FAINT, "nothing");
        }
        let evidence = &status["evidence"];
        let archives = match evidence["waiting"].as_u64() {
            Some(archives) if archives > 0 => {
                let size = bytes(evidence["waiting_bytes"].as_u64().unwrap_or(0));
                format!(", with {} of {size}", counted(archives, "archive"))
            }
            _ => String::new(),
        };
        self.row("waiting", PLAIN, &format!("{}{archives}", counted(count, "step")))?;
        self.rows("", PLAIN, &status["waiting_for"], |reason| {
            format!("{} × {}", reason["count"], text(&reason["why"]))
        })?;
        let total = usize::try_from(count).unwrap_or(usize::MAX);
        self.rows_of(total, "", FAINT, &status["waiting"], |step| {
            format!("{} of “{}”", text(&step["what"]), text(&step["title"]))
        })
    }

    /// Logs by folder; each of them with `-v`.
    fn follows(&mut self, sources: &Value) -> io::Result<()> {
        let sources = sources.as_array().map_or(&[][..], Vec::as_slice);
        if sources.is_empty() {
            return self.row("follows", FAINT, "no log yet");
        }
        let number = |value: &Value| value.as_u64().unwrap_or(0);
        let mut folders: BTreeMap<&str, (u64, u64, u64)> = BTreeMap::new();
        for source in sources {
            let file = text(&source["file"]);
            let folder = file.rsplit_once(['/', '\\']).map_or("", |(folder, _)| folder);
            let (logs, rotated, unread) = folders.entry(folder).or_default();
            *if source["rotated"] == true { rotated } else { logs } += 1;
            *unread += number(&source["size"]).saturating_sub(number(&source["position"]));
        }
        for (index, (folder, (logs, rotated, unread))) in folders.into_iter().enumerate() {
            let rotated = if rotated > 0 { format!(" and {rotated} rotated") } else { String::new() };
            let read =
                if unread == 0 { "read to the end".to_owned() } else { format!("{} to read", bytes(unread)) };
            let name = if index == 0 { "follows" } else { "" };
            self.row(name, PLAIN, &format!("{}{rotated} in {folder}, {read}", counted(logs, "log")))?;
        }
        if self.all {
            for source in sources {
                let rotated = if source["rotated"] == true { ", rotated" } else { "" };
                let (position, size) = (number(&source["position"]), number(&source["size"]));
                self.row(
                    "",
                    FAINT,
                    &format!("{} at {position} of {size} bytes{rotated}", text(&source["file"])),
                )?;
            }
        }
        Ok(())
    }

    fn gaps(&mut self, gaps: &Value) -> io::Result<()> {
        if gaps.as_array().is_none_or(Vec::is_empty) {
            return self.row("gaps", FAINT, "none");
        }
        self.rows("gaps", BAD, gaps, |gap| {
            let unknown = gap["unknown_times"].as_u64().unwrap_or(0);
            let more = if unknown > 0 {
                format!(" and {} of unknown size", counted(unknown, "part"))
            } else {
                String::new()
            };
            let file =
                gap["file"].as_str().filter(|file| !file.is_empty()).unwrap_or("before the last 30 days");
            format!("{file}: {} bytes{more}, {}", gap["bytes"], text(&gap["reason"]))
        })
    }
}

fn text(value: &Value) -> &str {
    value.as_str().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn page(status: &Value, columns: usize, all: bool) -> String {
        let mut out = Vec::new();
        Page { out: &mut out, columns, all }.status(status).unwrap();
        anstream::adapter::strip_str(&String::from_utf8(out).unwrap()).to_string()
    }

    fn quiet() -> Value {
        json!({
            "version": "0.1.0", "versions": { "program": "0.1.0", "state": 4, "site": "8.80.0" },
            "pid": 14943, "now_ms": 1_795_396_144_000_i64, "uptime_s": 38,
            "state": "/home/alice/.local/state/tk-incident/studio.example",
            "site": { "url": "https://studio.example", "page": null, "login": "alice", "trouble": null,
                      "failures": 0, "last_contact_ms": 1_795_396_132_000_i64, "next_attempt_ms": null },
            "seen": 5, "outcomes": { "duplicate": 1, "filed": 1, "muted": 3 }, "tickets": 1,
            "rules": [{ "rule": "OPS-1234: loader and long paths", "outcome": "muted", "count": 3, "last_ms": 1 }],
            "waiting": [], "waiting_count": 0, "waiting_for": [], "attachments_refused": 0,
            "evidence": { "made": 1, "waiting": 0, "waiting_bytes": 0, "dropped": 0, "dropped_bytes": 0, "missing": 0 },
            "limits": { "tickets": { "left": 3, "next_ms": 0, "held": 0, "folded": 0, "storm_since_ms": null } }, "held": [], "mutes": [], "gaps": [], "warnings": [],
            "sources": [{ "file": "/home/alice/.shotgun/logs/tk-maya.log", "position": 1160, "size": 1160,
                          "rotated": false }],
            "sessions": [{ "pid": 2764, "engine": "tk-maya", "login": "alice", "entity": { "name": "bunny_010" } }],
        })
    }

    #[test]
    fn a_quiet_agent_fits_a_screen() {
        insta::assert_snapshot!(page(&quiet(), 80, false));
    }

    #[test]
    fn trouble_comes_with_its_reason_and_long_lists_are_cut() {
        let mut status = quiet();
        status["site"]["trouble"] =
            json!("site https://studio.example refused the connection: is it running, is a proxy needed?");
        status["site"]["failures"] = json!(3);
        status["site"]["next_attempt_ms"] = json!(1_795_396_164_000_i64);
        status["waiting_count"] = json!(23);
        status["waiting_for"] = json!([
            { "why": "gathering", "count": 21, "due_ms": 1_795_396_154_000_i64 },
            { "why": "its ticket comes first", "count": 2, "due_ms": 1 },
        ]);
        status["waiting"] = (0..9)
            .map(|number| json!({ "what": "ticket", "title": format!("alice - ValueError: bad range in execute [{number}]") }))
            .collect();
        status["evidence"] = json!({ "made": 12, "waiting": 7, "waiting_bytes": 3_456_789, "dropped": 3,
                                     "dropped_bytes": 70_000_000, "missing": 1 });
        status["gaps"] = json!([{ "file": "/home/alice/.shotgun/logs/tk-nuke.log", "bytes": 612, "times": 1,
                                  "unknown_times": 1, "reason": "rotated_away" }]);
        status["limits"]["tickets"] = json!({ "left": 0, "next_ms": 1_795_396_864_000_i64, "held": 12, "folded": 40,
                                              "storm_since_ms": 1_795_395_844_000_i64 });
        status["held"] = json!([{ "held": "storm_host", "title": "alice - KeyError: x in y", "count": 37 }]);
        status["mutes"] = json!([
            { "what": "g1:00", "title": "alice - OSError", "reason": "fixed in v2.11", "count": 4, "ended_ms": null },
            { "what": "g1:01", "title": null, "reason": "over", "count": 4, "ended_ms": 1 },
        ]);
        status["warnings"] = json!([{ "what": "state", "message": "disk full\u{1b}[2J" }]);
        let shown = page(&status, 80, false);
        assert!(shown.lines().all(|line| line.chars().count() <= 80), "{shown}");
        insta::assert_snapshot!(shown);
        assert!(page(&status, 80, true).contains("[8]"));
    }
}
