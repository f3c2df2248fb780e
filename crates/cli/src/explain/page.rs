//! The page of `explain` for people: the life of a record from its header to its title, one section a step.

use crate::columns::{pad, wrap};
use crate::explain::explained::{Exception, Frame, Object};
use crate::output::{FAINT, GOOD, STRONG, counted, harmless};
use std::collections::BTreeMap;
use std::io::{self, Write};
use unicode_width::UnicodeWidthStr;

/// Lines of a record or an exception that are shown; `--json` has all.
const MOST_LINES: usize = 60;
const MOST_TEXT_LINES: usize = 6;
/// Frames beyond the signature's reach that are shown.
const MOST_FRAMES: usize = 40;
/// However narrow a terminal says it is.
const LEAST_COLUMNS: usize = 40;
/// Width of the names of fields.
const LABEL: usize = 12;

/// Prints everything. `columns` is the width to keep to.
pub(crate) fn print(out: &mut impl Write, object: &Object, columns: Option<usize>) -> io::Result<()> {
    let columns = columns.map_or(usize::MAX, |columns| columns.max(LEAST_COLUMNS));
    Page { out, columns }.all(object)
}

struct Page<'o, W> {
    out: &'o mut W,
    columns: usize,
}

impl<W: Write> Page<'_, W> {
    fn all(&mut self, object: &Object) -> io::Result<()> {
        self.record(object)?;
        self.exceptions(object)?;
        self.frames(object)?;
        self.message(object)?;
        self.signature(object)?;
        self.redactions(object)
    }

    fn section(&mut self, name: &str) -> io::Result<()> {
        writeln!(self.out, "\n{STRONG}{name}{STRONG:#}")
    }

    /// A name and what it is, which goes on below itself where it is too long.
    fn field(&mut self, name: &str, value: &str) -> io::Result<()> {
        let lines =
            value.lines().flat_map(|line| wrap(&harmless(line), self.columns.saturating_sub(LABEL + 4)));
        let label = pad(name, LABEL);
        for (index, line) in lines.enumerate() {
            let label = if index == 0 { label.clone() } else { " ".repeat(label.width()) };
            writeln!(self.out, "  {FAINT}{label}{FAINT:#}  {line}")?;
        }
        Ok(())
    }

    fn known(&mut self, name: &str, value: Option<&str>) -> io::Result<()> {
        value.map_or(Ok(()), |value| self.field(name, value))
    }

    fn record(&mut self, object: &Object) -> io::Result<()> {
        let (first, last) = object.lines;
        let place = if first == last { first.to_string() } else { format!("{first}-{last}") };
        writeln!(self.out, "{STRONG}{}:{place}{STRONG:#}", harmless(&object.file))?;
        self.known("time", object.time.as_deref().map(|time| time.replace('T', " ")).as_deref())?;
        self.known("level", object.level.as_deref())?;
        self.known("logger", object.logger.as_deref())?;
        self.known("process", object.pid.map(|pid| pid.to_string()).as_deref())?;
        let header = match object.form {
            Some("standard") => "Toolkit's, as since core 0.18",
            Some("old") => "of a console, or of Toolkit before core 0.18",
            Some("stream") => "of a stream handler",
            Some("script_editor") => "of Maya's script editor",
            Some("console") => "of a console",
            Some(other) => other,
            None => "none",
        };
        self.field("header", header)?;
        self.known("environment", object.environment.as_deref())?;
        self.known("engine", object.engine.as_deref())?;
        self.known("app", object.app.as_deref())?;
        self.known("framework", object.framework.as_deref())?;
        self.known("version", object.bundle_version.as_deref())?;
        if object.proxied {
            self.field("passed on", "by the site process of Desktop, for its project process")?;
        }
        if object.truncated {
            self.field("cut", "longer than 256 KiB: its first and last 128 KiB are looked at")?;
        }
        let verdict = if object.gate.passes { "an incident" } else { "no incident" };
        self.field("gate", &format!("{verdict}: {}", object.gate.why))?;
        for (index, rule) in object.gate.rules.iter().enumerate() {
            let late = if rule.decides { "" } else { "; comes too late" };
            let said = format!("“{}” ({}): {}{late}", rule.name, rule.place, rule.does.join(", "));
            self.field(if index == 0 { "rules" } else { "" }, &said)?;
        }
        writeln!(self.out)?;
        self.quote(&object.text, MOST_LINES, "  ")
    }

    /// The first and last lines of a text, behind a rule.
    fn quote(&mut self, text: &str, most: usize, indent: &str) -> io::Result<()> {
        let lines: Vec<&str> = text.trim_end().lines().collect();
        let left_out = lines.len().saturating_sub(most);
        let head = if left_out > 0 { most / 2 } else { lines.len() };
        for (index, line) in lines.iter().enumerate() {
            if left_out > 0 && index == head {
                writeln!(
                    self.out,
                    "{indent}{FAINT}| ... {} more, which --json has{FAINT:#}",
                    counted(left_out as u64, "line")
                )?;
            }
            if left_out == 0 || index < head || index >= head + left_out {
                let line = format!(" {}", harmless(line));
                writeln!(self.out, "{indent}{FAINT}|{FAINT:#}{}", line.trim_end())?;
            }
        }
        Ok(())
    }

    fn exceptions(&mut self, object: &Object) -> io::Result<()> {
        self.section("Exceptions")?;
        if object.exceptions.is_empty() {
            return self.field(
                "none",
                &match &object.error_name {
                    Some(name) => format!("no traceback; the message names {name}"),
                    None => "no traceback, and the message names no exception".to_owned(),
                },
            );
        }
        for (index, exception) in object.exceptions.iter().enumerate() {
            self.exception(index + 1, exception)?;
        }
        for (index, why) in object.why_primary.iter().enumerate() {
            self.field(if index == 0 { "why primary" } else { "" }, why)?;
        }
        match &object.root_error_name {
            Some(root) => self.field("root cause", root),
            None => Ok(()),
        }
    }

    fn exception(&mut self, number: usize, exception: &Exception) -> io::Result<()> {
        let name = exception.name.as_deref().unwrap_or("frames only");
        let style = if exception.primary { GOOD.bold() } else { STRONG };
        let mut notes = Vec::new();
        notes.extend(exception.primary.then(|| "primary".to_owned()));
        notes.extend((exception.root && !exception.primary).then(|| "root cause".to_owned()));
        notes.push(counted(exception.frames as u64, "frame"));
        notes.extend(exception.link.map(str::to_owned));
        let mark = if exception.primary { '>' } else { ' ' };
        writeln!(
            self.out,
            "{mark} {number}  {style}{}{style:#}  {FAINT}{}{FAINT:#}",
            harmless(name),
            notes.join(", ")
        )?;
        self.quote(&exception.text, MOST_TEXT_LINES, "     ")
    }

    fn frames(&mut self, object: &Object) -> io::Result<()> {
        let frames = &object.frames;
        if frames.is_empty() {
            return Ok(());
        }
        let of = if object.own_signature.is_some() { ", for the signature without rule" } else { "" };
        self.section(&format!("Frames of the primary exception, innermost first{of}"))?;
        let shown = &frames[..frames.len().min(MOST_FRAMES)];
        let key = |frame: &Frame| harmless(&format!("{}#{}", frame.place, frame.function));
        let widest = shown.iter().map(|frame| key(frame).width()).max().unwrap_or_default();
        for frame in shown {
            let in_key = matches!(frame.used, "key" | "next_best");
            let (mark, style) = if in_key { ('+', GOOD) } else { ('-', FAINT) };
            let key = key(frame);
            if widest + frame.why.width() + 6 <= self.columns {
                writeln!(self.out, "  {style}{mark} {}{style:#}  {}", pad(&key, widest), frame.why)?;
            } else {
                writeln!(self.out, "  {style}{mark} {key}{style:#}\n      {}", frame.why)?;
            }
            let line = frame.line.map(|line| format!(":{line}")).unwrap_or_default();
            writeln!(self.out, "    {FAINT}{}{line}{FAINT:#}", harmless(&frame.path))?;
        }
        match frames.len() - shown.len() {
            0 => Ok(()),
            more => writeln!(self.out, "  {FAINT}{more} more, which --json has{FAINT:#}"),
        }
    }

    fn message(&mut self, object: &Object) -> io::Result<()> {
        let Some(message) = &object.message else { return Ok(()) };
        let without = if object.own_signature.is_some() { " without rule" } else { "" };
        self.section(&format!("Message in the signature{without}"))?;
        self.field("as logged", &message.before)?;
        self.field("normalised", &message.after)?;
        for (index, one) in message.replaced.iter().enumerate() {
            let (found, put) = (one.found.trim(), one.put.trim());
            self.field(
                if index == 0 { "replaced" } else { "" },
                &format!("{found} by {put} ({})", one.rule),
            )?;
        }
        Ok(())
    }

    fn signature(&mut self, object: &Object) -> io::Result<()> {
        let would = if object.gate.passes { "" } else { " it would have" };
        self.section(&format!("Signature{would}"))?;
        for component in &object.components {
            self.field(&component.kind, &component.value)?;
        }
        self.field("signature", &object.signature)?;
        self.known("without rule", object.own_signature.as_deref())?;
        self.field("bucket", &object.bucket)?;
        self.section(&format!("Title{would}"))?;
        self.field("precise", &object.titles.precise)?;
        self.field("seed", &object.titles.seed)
    }

    fn redactions(&mut self, object: &Object) -> io::Result<()> {
        self.section("Redaction")?;
        if object.redactions.is_empty() {
            return self.field("none", "no rule fired");
        }
        let mut rules: BTreeMap<&str, Vec<String>> = BTreeMap::new();
        for redaction in &object.redactions {
            let line = redaction.line.map_or("?".to_owned(), |line| line.to_string());
            let lines = rules.entry(redaction.rule).or_default();
            if lines.last() != Some(&line) {
                lines.push(line);
            }
        }
        for (rule, lines) in rules {
            let noun = if lines.len() == 1 { "line" } else { "lines" };
            self.field(rule, &format!("{noun} {}", lines.join(", ")))?;
        }
        Ok(())
    }
}
