//! `follow`: print incident records as they happen. Like `tail -F`, with every promise the agent keeps.
//!
//! The same engine as `run` reads, so that what is printed here is what the agent would see. With `--state`
//! positions are stored after the records before them were printed: a crash may repeat the last ones, never
//! lose one.

use crate::arguments::{FollowCommand, From, Global};
use crate::exit::{Failure, Outcome};
use crate::fault::caught;
use crate::options::{on_local_disk, settings, this_login};
use crate::output::{Output, write_line};
use crate::stop_signal;
use agent::agent::AgentError;
use agent::clock::{Clock, SystemClock};
use agent::footprint::{RESTING, give_back};
use agent::incident_line::Place;
use agent::instance::Instance;
use agent::paths::{StateFolder, create_private};
use agent::reader::{LogReader, News};
use agent::recognise::{Recogniser, Surroundings};
use agent::settings::Settings;
use agent::store::{Batch, Store};
use anyhow::Context;
use log_follow::{
    FollowOptions, Follower, PatientDisk, Patterns, StartAt, SystemDisk, handle_budget, system_events,
};
use serde::Serialize;
use sgtk_log::RawRecord;
use std::collections::HashMap;
use std::io::{self, BufWriter, Stdout, Write};
use std::path::{Path, PathBuf};
use std::sync::mpsc::channel;

/// Positions that only passed harmless records are stored this often.
const STORE_MS: u64 = 2_000;

pub(crate) fn follow(command: &FollowCommand, global: &Global, output: &Output) -> Outcome {
    if command.text && !output.json {
        return Err(Failure::usage(anyhow::anyhow!(
            "--text is for --json: without it the text is printed anyway"
        )));
    }
    let settings = settings(global, &[], None)?;
    let (mut store, _instance) = command.state.as_deref().map(open_state).transpose()?.unzip();
    let positions = match &store {
        Some(store) => store.positions().context("cannot read the stored positions")?,
        None => Vec::new(),
    };
    let checkpoints = positions.iter().map(|position| position.checkpoint.clone()).collect();
    let options = FollowOptions {
        watches: watches(&command.paths, &settings, output),
        known_folders: match &store {
            Some(store) => store.folders().context("cannot read the stored positions")?,
            None => Vec::new(),
        },
        start_at: if command.from == From::Start { StartAt::Start } else { StartAt::End },
        look_bytes: 1024 * 1024,
        most_handles: handle_budget(),
    };
    let (told, woken) = channel();
    stop_signal::listen_with(told.clone());
    let events = system_events(Box::new(move || {
        // The loop below ends with the process.
        let _ = told.send(());
    }));
    let follower = Follower::with_events(PatientDisk::new(SystemDisk), events, options, checkpoints);
    let mut printer = Printer::new(command, &settings, *output);
    let gate = printer.recogniser.read_gate();
    let mut reader = LogReader::new(follower, positions, gate, settings.agent.quiet_ms);
    let clock = SystemClock::new();
    let mut stored_ms = 0;
    let mut long_waits = 0_u64;
    loop {
        let now_ms = clock.steady_ms();
        let (mut found, mut entered) = (Vec::new(), Vec::new());
        let look = reader.look(now_ms, &mut |news| match news {
            News::Record { source, path, record } => found.extend(printer.take(source, path, record)),
            News::Late { source, path, record: Some(record), lines, .. } => {
                let again = printer.take(source, path, record);
                found.extend(again.map(|found| Found { late: Some(lines.to_owned()), ..found }));
            }
            // Its file is gone; what was printed of it stays as it is.
            News::Late { .. } => {}
            News::Entered { folder } => entered.push(folder.to_owned()),
            News::Gap { path, bytes, reason } => printer.gap(path, bytes, reason.name()),
            News::Trouble { path, message } => output.warning(&format!("{}: {message}", path.display())),
            News::Note { path, message } => output.note(&format!("{}: {message}", path.display())),
            News::Recovered { path } => output.note(&format!("{}: works again", path.display())),
        });
        let printed = !found.is_empty();
        for mut record in found {
            if !reader.numbers_lines(record.source) {
                let before = reader.lines_before(record.source);
                let lines = record.place.lines.zip(before);
                record.place.lines = lines.map(|((first, last), before)| (first + before, last + before));
            }
            printer.print(record)?;
        }
        printer.flush()?;
        if let Some(store) = &mut store
            && (printed
                || !entered.is_empty()
                || now_ms.saturating_sub(stored_ms) >= STORE_MS
                || stop_signal::asked())
        {
            keep(store, &mut reader, entered, &settings, &clock)?;
            stored_ms = now_ms;
        }
        if stop_signal::asked() {
            return Ok(0);
        }
        if !look.more {
            // Ends early when something happens in a folder, or when the signal comes: the next look is the last one then.
            let wait = reader.pace(now_ms);
            long_waits = if wait >= RESTING { long_waits + 1 } else { 0 };
            // Nothing has happened since the look before, which was seconds ago.
            if long_waits == 2 {
                give_back();
            }
            let _ = woken.recv_timeout(wait);
        }
    }
}

fn keep(
    store: &mut Store,
    reader: &mut LogReader<PatientDisk<SystemDisk>>,
    entered: Vec<PathBuf>,
    settings: &Settings,
    clock: &SystemClock,
) -> Result<(), Failure> {
    let moved = reader.moved();
    let mut batch = Batch::default();
    batch.entered = entered;
    batch.positions.clone_from(&moved.positions);
    batch.ended.clone_from(&moved.ended);
    if !batch.is_empty() {
        store.commit(&batch, &settings.limits, clock.wall_ms()).context("cannot store the positions")?;
        reader.stored(moved);
    }
    Ok(())
}

/// Opens the positions; the lock keeps a second `follow`, or an agent, from moving them too.
fn open_state(folder: &Path) -> Result<(Store, Instance), Failure> {
    let folder = &on_local_disk(std::path::absolute(folder).unwrap_or_else(|_| folder.to_owned()))?;
    create_private(folder)
        .with_context(|| format!("cannot make the folder `{}`", folder.display()))
        .map_err(Failure::usage)?;
    let folder = StateFolder::at(folder.to_owned());
    let instance = Instance::take(&folder).map_err(AgentError::from)?;
    let (store, _) = Store::open(&folder.database()).map_err(Failure::usage)?;
    Ok((store, instance))
}

/// A folder is followed by the patterns of the settings, anything else as the one file it names: it may be
/// made later.
fn watches(paths: &[PathBuf], settings: &Settings, output: &Output) -> Vec<(PathBuf, Patterns)> {
    paths
        .iter()
        .map(|path| {
            let path = std::path::absolute(path).unwrap_or_else(|_| path.clone());
            if path.is_dir() {
                return (path, Patterns::new(settings.watch.patterns.clone()));
            }
            if !path.exists() {
                output.note(&format!("`{}` is not there yet; waiting for it", path.display()));
            }
            let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
            (path.parent().unwrap_or(Path::new(".")).to_owned(), Patterns::exact(name))
        })
        .collect()
}

struct Printer {
    recogniser: Recogniser,
    login: String,
    /// Where the last record that was printed starts, by source: lines may still come for it.
    printed: HashMap<log_follow::SourceId, u64>,
    text: bool,
    output: Output,
    out: BufWriter<Stdout>,
}

/// A record that is to be printed, copied out of the reader's buffers.
struct Found {
    source: log_follow::SourceId,
    place: Place,
    record: RawRecord<'static>,
    name: String,
    /// The record was met before without these lines.
    late: Option<Vec<u8>>,
}

impl Printer {
    fn new(command: &FollowCommand, settings: &Settings, output: Output) -> Printer {
        let login = command.user.clone().unwrap_or_else(this_login);
        let surroundings = Surroundings {
            words: vec![login.clone()],
            code_page: settings.watch.code_page.resolve(),
            ..Surroundings::default()
        };
        Printer {
            recogniser: Recogniser::new(settings, surroundings),
            login,
            printed: HashMap::new(),
            text: command.text,
            output,
            out: BufWriter::new(io::stdout()),
        }
    }

    fn take(&self, source: log_follow::SourceId, path: &Path, record: &RawRecord<'_>) -> Option<Found> {
        if !self.recogniser.wants(record) {
            return None;
        }
        Some(Found {
            source,
            place: Place {
                file: path.display().to_string(),
                lines: Some(record.lines),
                bytes: (record.bytes.start, record.bytes.end),
                truncated: record.truncated,
            },
            name: path.file_name().unwrap_or_default().to_string_lossy().into_owned(),
            record: RawRecord {
                bytes: record.bytes.clone(),
                text: record.text.clone().into_owned().into(),
                ..*record
            },
            late: None,
        })
    }

    fn print(&mut self, found: Found) -> io::Result<()> {
        // A record that trips us must not take the others with it.
        let mut recognised = match caught(|| self.recogniser.recognise(&found.record, &found.name)) {
            Ok(recognised) => recognised,
            Err(fault) => {
                let place = format!("byte {} of {}", found.place.bytes.0, found.place.file);
                self.output.error(&format!("the record at {place} {fault}"));
                return Ok(());
            }
        };
        if !recognised.verdict.is_admitted() {
            return Ok(());
        }
        let start = found.place.bytes.0;
        let before = self.printed.insert(found.source, start);
        let late = found.late.filter(|_| before == Some(start));
        if !self.output.json {
            // Exactly as in the log: who follows a file has it already.
            let text = late.as_deref().unwrap_or(&found.record.text);
            self.out.write_all(text)?;
            if !text.ends_with(b"\n") {
                self.out.write_all(b"\n")?;
            }
            return Ok(());
        }
        let kind = if late.is_some() { "continued" } else { "incident" };
        let mut line = self.recogniser.line(found.place, &mut recognised, &self.login);
        line.text = self.text.then_some(recognised.text);
        write_line(&mut self.out, kind, &line)
    }

    fn gap(&mut self, path: &Path, bytes: Option<u64>, reason: &'static str) {
        #[derive(Serialize)]
        struct Gap {
            file: String,
            bytes: Option<u64>,
            reason: &'static str,
        }
        let gap = Gap { file: path.display().to_string(), bytes, reason };
        if self.output.json {
            // A reader that is gone is noticed at the next record.
            let _ = write_line(&mut self.out, "gap", &gap);
        } else {
            let size = bytes.map_or("bytes".to_owned(), |bytes| format!("{bytes} bytes"));
            self.output.warning(&format!("{size} of {} can no longer be read ({reason})", gap.file));
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        self.out.flush()
    }
}
