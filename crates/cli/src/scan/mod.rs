//! `scan`: read logs and report incidents, without filing.
//!
//! Reads each file once from front to back in constant memory. What cannot be read is told, counted in the
//! summary and makes the exit code 2; what could be read is reported all the same. Which files those are is
//! decided in `inputs`, how they are unpacked in `log_file`, what an incident is in `agent`.

mod archive;
mod folder;
mod groups;
mod inputs;
mod log_name;
mod progress;
pub(crate) mod since;
mod summary;
mod table;

use crate::arguments::{Global, ScanCommand};
use crate::exit::{FAULT, FOUND_WRONG, Outcome, USAGE};
use crate::fault::caught;
use crate::log_file;
use crate::log_records::LogReading;
use crate::options::{settings, this_login};
use crate::output::{FAINT, JsonLines, Output, counted};
use agent::incident_line::Place;
use agent::recognise::{Recogniser, Surroundings};
use agent::settings::Settings;
use archive::Archive;
use groups::{Groups, Said};
use inputs::Input;
use jiff::Zoned;
use jiff::civil::DateTime;
use log_follow::Patterns;
use progress::Progress;
use sgtk_log::RawRecord;
use std::io::{self, Read, Write};
use std::ops::ControlFlow;
use summary::{Skipped, Summary};

pub(crate) fn scan(command: &ScanCommand, global: &Global, output: &Output) -> Outcome {
    let settings = settings(global, &command.flags(), None)?;
    let patterns = Patterns::new(settings.watch.patterns.clone());
    let inputs = inputs::gather(&command.paths, &patterns);
    let progress = Progress::new(output, inputs.size_bytes);
    let mut scan = Scan::new(command, &settings, output, &progress);
    let named = settings.watch.patterns.join(", ");
    for (folder, count) in &inputs.handed_in {
        let others = counted(*count, "file");
        let folder = folder.display();
        output.note(&format!("no {named} in `{folder}`: {others} of other names there are read as logs"));
    }
    for (folder, passed_over) in &inputs.empty {
        if *passed_over == 0 {
            output.note(&format!("no logs in `{}`", folder.display()));
            continue;
        }
        // A folder of logs that are called otherwise must not look like one without problems.
        let words = format!("none of its {} is named like a log", counted(*passed_over, "file"));
        let error = io::Error::new(io::ErrorKind::NotFound, words);
        scan.skip(&folder.display().to_string(), &error, "name the files to read", 0);
    }
    scan.summary.passed_over = inputs.passed_over;
    for (path, error) in &inputs.skipped {
        scan.skip(&path.display().to_string(), error, "check its permissions", 0);
    }
    for input in &inputs.logs {
        scan.read(input, &patterns)?;
    }
    scan.finish()?;
    Ok(if scan.summary.failed > 0 {
        FAULT
    } else if !scan.summary.skipped.is_empty() {
        USAGE
    } else if command.fail_on_incidents && scan.summary.incidents > 0 {
        FOUND_WRONG
    } else {
        0
    })
}

struct Scan<'a> {
    recogniser: Recogniser,
    login: String,
    since: Option<DateTime>,
    output: &'a Output,
    progress: &'a Progress,
    data: JsonLines,
    groups: Groups,
    summary: Summary,
    reading: LogReading,
}

/// The log whose records are being read.
#[derive(Clone, Copy)]
struct Log<'a> {
    /// The path as reached from the argument.
    shown: &'a str,
    /// Its bare name.
    name: &'a str,
}

impl<'a> Scan<'a> {
    fn new(
        command: &ScanCommand,
        settings: &Settings,
        output: &'a Output,
        progress: &'a Progress,
    ) -> Scan<'a> {
        let login = command.user.clone().unwrap_or_else(this_login);
        let surroundings = Surroundings {
            words: vec![login.clone()],
            code_page: settings.watch.code_page.resolve(),
            ..Surroundings::default()
        };
        Scan {
            recogniser: Recogniser::new(settings, surroundings),
            login,
            since: command.since.as_ref().map(|since| since.cutoff(&Zoned::now())),
            output,
            progress,
            data: JsonLines::default(),
            groups: Groups::new(),
            summary: Summary::default(),
            reading: LogReading::default(),
        }
    }

    fn read(&mut self, input: &Input, patterns: &Patterns) -> io::Result<()> {
        let progress = self.progress;
        match input {
            Input::Stdin => self.log(Log { shown: "-", name: "-" }, progress.watch(io::stdin().lock())),
            Input::File(path) => {
                let (shown, name) = (path.display().to_string(), log_file::bare_name(path));
                self.output.reason(&format!("reading {shown}"));
                let waits = || {
                    let words = format!("nobody writes to the pipe `{shown}` yet: waiting for a writer");
                    progress.aside(|| self.output.warning(&words));
                };
                let file = match log_file::open(path, waits) {
                    Ok(file) => file,
                    Err(error) => {
                        self.skip(&shown, &error, "check the path and its permissions", 0);
                        return Ok(());
                    }
                };
                match Archive::of(file, patterns) {
                    Ok(Ok(archive)) => self.archive(archive, &shown),
                    Ok(Err(file)) => self.log(Log { shown: &shown, name: &name }, progress.watch(file)),
                    Err(error) => {
                        self.skip(&shown, &error, "nothing of it was read", 0);
                        Ok(())
                    }
                }
            }
        }
    }

    fn archive(&mut self, archive: Archive, shown: &str) -> io::Result<()> {
        self.summary.passed_over += archive.passed_over;
        archive.read(|name, log| {
            let shown = format!("{shown}/{name}");
            match log {
                Ok(log) => self.log(Log { shown: &shown, name: archive::bare(name) }, log),
                Err(error) => {
                    self.skip(&shown, &error, "nothing of it was read", 0);
                    Ok(())
                }
            }
        })
    }

    fn skip(&mut self, file: &str, error: &io::Error, hint: &str, read_bytes: u64) {
        self.progress.aside(|| self.output.error(&format!("cannot read `{file}`: {error}; {hint}")));
        let (file, reason) = (file.to_owned(), error.to_string());
        self.summary.skipped.push(Skipped { file, reason, read_bytes });
    }

    fn log(&mut self, log: Log<'_>, source: impl Read) -> io::Result<()> {
        self.progress.reads(log.shown);
        let gate = self.recogniser.read_gate();
        let mut result = Ok(());
        let mut reading = std::mem::take(&mut self.reading);
        let read = reading.records(source, gate, &mut |record| {
            result = self.record(record, log);
            if result.is_ok() { ControlFlow::Continue(()) } else { ControlFlow::Break(()) }
        });
        self.reading = reading;
        let read = match read {
            Ok(read) => read,
            Err(error) => {
                self.skip(log.shown, &error, "nothing of it was read", 0);
                return Ok(());
            }
        };
        let counts = read.counts;
        self.summary.files += 1;
        self.summary.bytes += counts.bytes;
        self.summary.lines += counts.lines;
        self.summary.orphan_lines += counts.orphan_lines;
        if let Some(error) = read.broken {
            self.skip(log.shown, &error, "what came before it was read", counts.bytes);
        } else if read.looks_binary && counts.form.is_none() {
            let error = io::Error::new(io::ErrorKind::InvalidData, "binary data without a record");
            self.skip(log.shown, &error, "it is no log", counts.bytes);
        }
        result
    }

    fn record(&mut self, record: &RawRecord<'_>, log: Log<'_>) -> io::Result<()> {
        if !self.recogniser.wants(record) {
            return Ok(());
        }
        if let Some(since) = self.since
            && since::time_of(record).is_some_and(|time| time < since)
        {
            self.summary.before_since += 1;
            return Ok(());
        }
        // A record that trips us must not take the others with it.
        let mut recognised = match caught(|| self.recogniser.recognise(record, log.name)) {
            Ok(recognised) => recognised,
            Err(fault) => {
                self.summary.failed += 1;
                let place = format!("{}:{}", log.shown, record.lines.0);
                self.progress.aside(|| self.output.error(&format!("the record at {place} {fault}")));
                return Ok(());
            }
        };
        let incident = &recognised.incident;
        if let Some(since) = self.since
            && incident.record.time.and_then(since::point).is_some_and(|time| time < since)
        {
            self.summary.before_since += 1;
            return Ok(());
        }
        if !self.summary.judged(&recognised.verdict) {
            return Ok(());
        }
        self.summary.incidents += 1;
        self.summary.redacted(&recognised.redactions);
        if !self.output.json {
            let said = || {
                let engine = incident.record.origin.engine.clone();
                Some(Said { engine, title: self.recogniser.title(&recognised, &self.login) })
            };
            self.groups.count(&incident.signature.to_string(), incident.record.time, said);
            return Ok(());
        }
        let place = Place {
            file: log.shown.to_owned(),
            lines: Some(record.lines),
            bytes: (record.bytes.start, record.bytes.end),
            truncated: record.truncated,
        };
        let time = incident.record.time;
        let line = self.recogniser.line(place, &mut recognised, &self.login);
        self.groups.count(&line.signature, time, || None);
        self.data.add(|lines| line.write_json(lines))
    }

    fn finish(&mut self) -> io::Result<()> {
        self.progress.end();
        self.summary.signatures = self.groups.len() as u64;
        self.summary.ungrouped = self.groups.ungrouped();
        if self.output.json {
            return self.data.end("summary", &self.summary);
        }
        let mut out = self.output.data();
        if self.summary.signatures == 0 {
            writeln!(out, "no incidents")?;
        } else {
            table::print(&mut out, &self.groups.sorted(), self.output.columns())?;
        }
        out.flush()?;
        self.output.note(&format!("{FAINT}{}{FAINT:#}", self.summary.sentence()));
        Ok(())
    }
}
