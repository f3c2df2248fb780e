//! `mute` and `unmute`: problems that nobody wants to hear of for a while. They are counted as ever.

use crate::arguments::{Global, MuteCommand, UnmuteCommand};
use crate::exit::{FOUND_WRONG, Failure, Outcome};
use crate::options::this_login;
use crate::output::{FAINT, GOOD, Output, STRONG, counted, harmless, span};
use crate::running::ask_running;
use anyhow::anyhow;
use jiff::tz::TimeZone;
use jiff::{Timestamp, ToSpan};
use serde_json::{Value, json};
use std::io::Write;
use std::str::FromStr;

/// How long a mute lasts: `30d`, `12h`, `2w`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Lasting {
    hours: i64,
}

impl FromStr for Lasting {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let expected = || format!("expected a number and h, d or w, such as 30d, not `{text}`");
        let unit = text.chars().last().filter(char::is_ascii).ok_or_else(expected)?;
        let number: u32 = text[..text.len() - 1].parse().map_err(|_| expected())?;
        let hours = match unit {
            'h' => 1,
            'd' => 24,
            'w' => 7 * 24,
            _ => return Err(expected()),
        };
        match i64::from(number) * hours {
            0 => Err(expected()),
            hours => Ok(Lasting { hours }),
        }
    }
}

/// `50/24h`: so often in so many hours.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct OftenIn {
    count: u64,
    hours: u32,
}

impl FromStr for OftenIn {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let expected = || format!("expected a count and hours, such as 50/24h, not `{text}`");
        let (count, hours) = text.split_once('/').ok_or_else(expected)?;
        let often = OftenIn {
            count: count.parse().map_err(|_| expected())?,
            hours: hours.strip_suffix('h').and_then(|hours| hours.parse().ok()).ok_or_else(expected)?,
        };
        if often.count == 0 || often.hours == 0 { Err(expected()) } else { Ok(often) }
    }
}

pub(crate) fn mute(command: &MuteCommand, global: &Global, output: &Output) -> Outcome {
    let (Some(what), Some(reason)) = (&command.what, &command.reason) else {
        return list(global, output);
    };
    if reason.trim().is_empty() {
        return Err(Failure::usage(anyhow!("a mute needs a reason: others will read it")));
    }
    let until = command.lasting.map(|lasting| Timestamp::now().saturating_add(lasting.hours.hours()));
    let until = until.transpose().map_err(|error| Failure::usage(anyhow!(error)))?;
    let asked = json!({
        "v": 1,
        "type": "mute",
        "what": what,
        "reason": reason,
        "author": command.author.clone().unwrap_or_else(this_login),
        "until_ms": until.map(Timestamp::as_millisecond),
        "until_count": command.until_count.map(|often| (often.count, often.hours)),
        "escalating": command.until_worse,
        "forever": command.forever,
    });
    let answer = ask_running(global, &asked.to_string())?;
    known(&answer, what)?;
    if output.json {
        let object = json!({ "type": "mute", "v": 1, "what": answer["what"], "until_ms": answer["until_ms"],
                             "silenced": answer["silenced"] });
        output.object(&object)?;
    } else {
        let until =
            answer["until_ms"].as_i64().map_or(String::new(), |until_ms| format!(" until {}", day(until_ms)));
        let what = harmless(answer["what"].as_str().unwrap_or_default());
        writeln!(output.data(), "{GOOD}muted{GOOD:#} {what}{until}")?;
    }
    Ok(0)
}

pub(crate) fn unmute(command: &UnmuteCommand, global: &Global, output: &Output) -> Outcome {
    let asked = json!({ "v": 1, "type": "unmute", "what": command.what });
    let answer = ask_running(global, &asked.to_string())?;
    known(&answer, &command.what)?;
    let ended = answer["ended"] == true;
    if output.json {
        output.object(&json!({ "type": "unmute", "v": 1, "what": answer["what"], "ended": ended }))?;
    } else if ended {
        let what = harmless(answer["what"].as_str().unwrap_or_default());
        writeln!(output.data(), "{GOOD}no longer muted{GOOD:#} {what}")?;
    } else {
        output.warning(
            "no mute of it is in force, or it stands in the settings: `tk-incident mute --list` shows all",
        );
    }
    Ok(if ended { 0 } else { FOUND_WRONG })
}

fn list(global: &Global, output: &Output) -> Outcome {
    let status = ask_running(global, r#"{"type":"status"}"#)?;
    let mutes = &status["mutes"];
    if output.json {
        output.object(&json!({ "type": "mutes", "v": 1, "mutes": mutes }))?;
        return Ok(0);
    }
    let now_ms = status["now_ms"].as_i64().unwrap_or_default();
    let mut out = output.data();
    let mutes = mutes.as_array().map_or(&[][..], Vec::as_slice);
    if mutes.is_empty() {
        writeln!(out, "{FAINT}nothing is muted{FAINT:#}")?;
    }
    for mute in mutes {
        let text = |name: &str| harmless(mute[name].as_str().unwrap_or_default());
        let title = mute["title"].as_str().map_or(String::new(), |title| format!("  {}\n", harmless(title)));
        let from = if mute["from_settings"] == true { ", in the settings" } else { "" };
        let hidden = counted(mute["count"].as_u64().unwrap_or(0), "time");
        writeln!(
            out,
            "{STRONG}{}{STRONG:#}\n{title}  {} ({}{from}), {hidden} so far",
            text("what"),
            text("reason"),
            text("author")
        )?;
        writeln!(out, "  {}", ends(mute, now_ms))?;
    }
    Ok(0)
}

/// When a mute ends, or has ended.
fn ends(mute: &Value, now_ms: i64) -> String {
    if let Some(ended_ms) = mute["ended_ms"].as_i64() {
        let why = harmless(mute["ended_why"].as_str().unwrap_or_default());
        return format!("ended {} ago: {why}", span((now_ms - ended_ms).max(0).unsigned_abs() / 1_000));
    }
    let mut ends = Vec::new();
    ends.extend(mute["until_ms"].as_i64().map(|until_ms| format!("on {}", day(until_ms))));
    if let (Some(count), Some(hours)) = (mute["until_count"].as_u64(), mute["until_hours"].as_u64()) {
        ends.push(format!("when it happens {count} times in {hours} h"));
    }
    if mute["escalating"] == true {
        ends.push("when it gets worse".to_owned());
    }
    if ends.is_empty() { "does not end by itself".to_owned() } else { format!("ends {}", ends.join(", or ")) }
}

fn day(wall_ms: i64) -> String {
    let moment = Timestamp::from_millisecond(wall_ms).unwrap_or(Timestamp::UNIX_EPOCH);
    moment.to_zoned(TimeZone::system()).strftime("%Y-%m-%d %H:%M").to_string()
}

/// A ticket that none of the problems here has filed is a mistake of whoever asks.
fn known(answer: &Value, what: &str) -> Result<(), Failure> {
    if answer["what"].is_null() {
        return Err(Failure::usage(anyhow!(
            "no problem of this workstation has ticket {what}: give the line behind `tk-incident: v1` in the ticket's text"
        )));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spans_and_counts_are_read() {
        for (text, hours) in [("30d", 720), ("12h", 12), ("2w", 336)] {
            assert_eq!(text.parse(), Ok(Lasting { hours }), "{text}");
        }
        for text in ["", "d", "30", "30x", "-1d", "0d", "1\u{20ac}"] {
            assert!(text.parse::<Lasting>().is_err(), "{text}");
        }
        assert_eq!("50/24h".parse(), Ok(OftenIn { count: 50, hours: 24 }));
        for text in ["50", "50/24", "0/1h", "5/0h", "x/1h"] {
            assert!(text.parse::<OftenIn>().is_err(), "{text}");
        }
    }
}
