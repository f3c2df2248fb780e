//! `scan`: read logs and report incidents, without filing.
//!
//! Reads each file once from front to back in constant memory. What cannot be read is told, counted in the
//! summary and makes the exit code 2; what could be read is reported all the same.

use crate::arguments::{Global, ScanCommand};
use crate::exit::{FOUND_WRONG, Outcome, USAGE};
use crate::options::settings;
use crate::output::{FAINT, Output, counted, harmless};
use agent::incident_line::{IncidentLine, Place};
use agent::recognise::{Recogniser, Surroundings};
use agent::settings::Settings;
use comfy_table::{ContentArrangement, Table, presets};
use flate2::read::MultiGzDecoder;
use indicatif::{ProgressBar, ProgressStyle};
use log_follow::Patterns;
use serde::Serialize;
use sgtk_log::{Boundary, Level, RawKind, RawRecord, ReadGate, RecordLimits, RecordReader};
use std::collections::HashMap;
use std::fs::File;
use std::io::{self, BufWriter, Read, Write};
use std::path::{Path, PathBuf};

const BLOCK_BYTES: usize = 256 * 1024;

pub(crate) fn scan(command: &ScanCommand, global: &Global, output: &Output) -> Outcome {
    let settings = settings(global, None)?;
    let login = command.user.clone().unwrap_or_else(this_login);
    let mut scan = Scan::new(&settings, login, output);
    for path in &command.paths {
        scan.path(path)?;
    }
    scan.finish(output)?;
    Ok(if !scan.summary.skipped.is_empty() {
        USAGE
    } else if command.fail_on_incidents && scan.summary.incidents > 0 {
        FOUND_WRONG
    } else {
        0
    })
}

/// The login of the machine, where none is given.
pub(crate) fn this_login() -> String {
    whoami::username().unwrap_or_else(|_| "unknown".to_owned())
}

/// The last line of `scan --json`.
#[derive(Default, Serialize)]
struct Summary {
    files: u64,
    bytes: u64,
    lines: u64,
    records: u64,
    incidents: u64,
    signatures: u64,
    /// Lines before the first header of a file.
    orphan_lines: u64,
    skipped: Vec<Skipped>,
}

#[derive(Serialize)]
struct Skipped {
    file: String,
    reason: String,
}

/// One row of the table.
struct Group {
    count: u64,
    first: Option<String>,
    last: Option<String>,
    engine: Option<String>,
    title: String,
}

struct Scan<'a> {
    recogniser: Recogniser,
    levels: Vec<Level>,
    patterns: Patterns,
    login: String,
    output: &'a Output,
    data: BufWriter<io::Stdout>,
    groups: HashMap<String, Group>,
    order: Vec<String>,
    summary: Summary,
    progress: ProgressBar,
    buffer: Vec<u8>,
}

impl<'a> Scan<'a> {
    fn new(settings: &Settings, login: String, output: &'a Output) -> Scan<'a> {
        let surroundings = Surroundings { words: vec![login.clone()], ..Surroundings::default() };
        let progress = if output.shows_progress() {
            let style = ProgressStyle::with_template("{spinner} {bytes} read, {bytes_per_sec}  {wide_msg}");
            ProgressBar::no_length().with_style(style.expect("the template is ours"))
        } else {
            ProgressBar::hidden()
        };
        Scan {
            recogniser: Recogniser::new(&settings.redact, &settings.ticket, surroundings),
            levels: settings.detect.levels.clone(),
            patterns: Patterns::new(settings.watch.patterns.clone()),
            login,
            output,
            data: BufWriter::with_capacity(64 * 1024, io::stdout()),
            groups: HashMap::new(),
            order: Vec::new(),
            summary: Summary::default(),
            progress,
            buffer: vec![0; BLOCK_BYTES],
        }
    }

    /// A file, a folder of logs, or `-`.
    fn path(&mut self, path: &Path) -> io::Result<()> {
        if path == Path::new("-") {
            return self.file("-", "-", &mut io::stdin().lock());
        }
        if !path.is_dir() {
            return self.open(path);
        }
        match logs_in(path, &self.patterns) {
            Err(error) => self.skip(path, &error, "check its permissions"),
            Ok(logs) if logs.is_empty() => {
                self.output.note(&format!("no logs in `{}`", path.display()));
            }
            Ok(logs) => logs.iter().try_for_each(|log| self.open(log))?,
        }
        Ok(())
    }

    fn open(&mut self, path: &Path) -> io::Result<()> {
        let file = match File::open(path) {
            Ok(file) => file,
            Err(error) => {
                self.skip(path, &error, "check the path and its permissions");
                return Ok(());
            }
        };
        let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        let shown = path.display().to_string();
        self.output.reason(&format!("reading {shown}"));
        if name.ends_with(".gz") {
            self.file(&shown, &name, &mut MultiGzDecoder::new(file))
        } else {
            self.file(&shown, &name, &mut &file)
        }
    }

    fn skip(&mut self, path: &Path, error: &io::Error, hint: &str) {
        let file = path.display().to_string();
        self.progress.suspend(|| self.output.error(&format!("cannot read `{file}`: {error}; {hint}")));
        self.summary.skipped.push(Skipped { file, reason: error.to_string() });
    }

    fn file(&mut self, shown: &str, name: &str, source: &mut dyn Read) -> io::Result<()> {
        let gate = self.levels.iter().min().copied().unwrap_or(Level::Error);
        let begin = Boundary { offset: 0, line: 1 };
        let mut reader = RecordReader::resume(RecordLimits::default(), ReadGate::AtLeast(gate), begin);
        let mut result = Ok(());
        let mut buffer = std::mem::take(&mut self.buffer);
        self.progress.set_message(shown.to_owned());
        loop {
            match source.read(&mut buffer) {
                Ok(0) => break,
                Ok(count) => {
                    reader.feed(&buffer[..count], &mut |record| {
                        keep_first_error(&mut result, self.record(&record, shown, name));
                    });
                    self.progress.inc(count as u64);
                }
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => {
                    self.skip(Path::new(shown), &error, "what came before it was read");
                    break;
                }
            }
            if result.is_err() {
                break;
            }
        }
        self.buffer = buffer;
        reader.flush(&mut |record| keep_first_error(&mut result, self.record(&record, shown, name)));
        let counts = reader.counts();
        self.summary.files += 1;
        self.summary.bytes += counts.bytes;
        self.summary.lines += counts.lines;
        self.summary.records += counts.records();
        self.summary.orphan_lines += counts.orphan_lines;
        result
    }

    fn record(&mut self, record: &RawRecord<'_>, shown: &str, name: &str) -> io::Result<()> {
        let wanted =
            record.kind == RawKind::Headed && record.level.is_some_and(|level| self.levels.contains(&level));
        if !wanted {
            return Ok(());
        }
        let recognised = self.recogniser.recognise(record, name);
        let place = Place {
            file: shown.to_owned(),
            lines: Some(record.lines),
            bytes: (record.bytes.start, record.bytes.end),
            truncated: record.truncated,
        };
        let line = self.recogniser.line(place, &recognised, &self.login);
        self.summary.incidents += 1;
        if self.output.json {
            self.count(&line);
            return write_line(&mut self.data, "incident", &line);
        }
        self.count(&line);
        Ok(())
    }

    fn count(&mut self, line: &IncidentLine) {
        match self.groups.get_mut(&line.signature) {
            Some(group) => {
                group.count += 1;
                // Files are read in the order of their names, not of time.
                if line.time.is_some() && (group.first.is_none() || line.time < group.first) {
                    group.first.clone_from(&line.time);
                }
                if line.time > group.last {
                    group.last.clone_from(&line.time);
                }
            }
            None => {
                self.order.push(line.signature.clone());
                self.groups.insert(
                    line.signature.clone(),
                    Group {
                        count: 1,
                        first: line.time.clone(),
                        last: line.time.clone(),
                        engine: line.engine.clone(),
                        title: line.title.clone(),
                    },
                );
            }
        }
    }

    fn finish(&mut self, output: &Output) -> io::Result<()> {
        self.progress.finish_and_clear();
        self.summary.signatures = self.groups.len() as u64;
        if output.json {
            write_line(&mut self.data, "summary", &self.summary)?;
            return self.data.flush();
        }
        let mut out = output.data();
        if self.groups.is_empty() {
            writeln!(out, "no incidents")?;
        } else {
            writeln!(out, "{}", self.table())?;
        }
        output.note(&format!(
            "{FAINT}{} in {}: {} of {}, {}{FAINT:#}",
            counted(self.summary.records, "record"),
            counted(self.summary.files, "file"),
            counted(self.summary.incidents, "incident"),
            counted(self.summary.signatures, "kind"),
            size(self.summary.bytes),
        ));
        Ok(())
    }

    fn table(&mut self) -> Table {
        let mut table = Table::new();
        table.load_style(presets::NOTHING).set_content_arrangement(ContentArrangement::Disabled);
        table.set_header(["count", "first seen", "last seen", "engine", "title", "signature"]);
        let mut order = std::mem::take(&mut self.order);
        order.sort_by_key(|signature| std::cmp::Reverse(self.groups[signature].count));
        for signature in order {
            let group = &self.groups[&signature];
            table.add_row([
                group.count.to_string(),
                group.first.clone().unwrap_or_default(),
                group.last.clone().unwrap_or_default(),
                harmless(group.engine.as_deref().unwrap_or_default()),
                harmless(&group.title),
                signature.clone(),
            ]);
        }
        table
    }
}

fn keep_first_error(result: &mut io::Result<()>, next: io::Result<()>) {
    if result.is_ok() {
        *result = next;
    }
}

/// An object with its type in front.
pub(crate) fn write_line(out: &mut impl Write, kind: &str, object: &impl Serialize) -> io::Result<()> {
    #[derive(Serialize)]
    struct Typed<'a, T> {
        #[serde(rename = "type")]
        kind: &'a str,
        #[serde(flatten)]
        object: &'a T,
    }
    serde_json::to_writer(&mut *out, &Typed { kind, object })?;
    out.write_all(b"\n")
}

/// The logs of a folder with their backups, also compressed ones, by name.
fn logs_in(folder: &Path, patterns: &Patterns) -> io::Result<Vec<PathBuf>> {
    let mut logs = Vec::new();
    for entry in std::fs::read_dir(folder)? {
        let path = entry?.path();
        let Some(name) = path.file_name().and_then(|name| name.to_str()) else { continue };
        let plain = name.strip_suffix(".gz").unwrap_or(name);
        if path.is_file() && (patterns.matches(plain) || patterns.backup_of(plain).is_some()) {
            logs.push(path);
        }
    }
    logs.sort();
    Ok(logs)
}

fn size(bytes: u64) -> String {
    const MIB: u64 = 1024 * 1024;
    if bytes < MIB { format!("{} KiB", bytes.div_ceil(1024)) } else { format!("{} MiB", bytes / MIB) }
}
