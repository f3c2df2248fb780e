//! A whole log file around the record of a cause: noise before and behind, line ends, and what another process wrote.
//!
//! The truth about it is the place of the record's header.

use crate::cause::Cause;
use crate::random::Random;
use crate::slot;
use crate::template;
use crate::world::World;

/// A log file.
#[derive(Clone, Debug)]
pub struct Log {
    /// File name.
    pub name: String,
    /// Content.
    pub bytes: Vec<u8>,
    /// Byte offset of the header of the cause's record.
    pub record_at: u64,
}

/// Writes the log of a cause in a world.
///
/// # Errors
/// Says what of the cause's text is not understood.
pub fn write(cause: &Cause, world: &World) -> Result<Log, String> {
    let about = |reason: String| format!("{}: {reason}", cause.id);
    let mut clock = Clock::new(world.time);
    let mut random = Random::of(world.pid ^ world.time, "noise");
    let mut text = String::new();
    for _ in 0..random.between(2, 6) {
        text.push_str(&noise(world, &mut clock, &mut random));
    }
    let record_at = text.len();
    let said = template::render(&cause.text, world).map_err(about)?;
    let (logger, mark) = if world.proxied {
        ("sgtk.ext.$tkimp(site).tk_desktop.site_communication", "[PROXY] ")
    } else {
        (cause.logger.as_str(), "")
    };
    let logger = slot::fill(logger, world).map_err(about)?;
    let record =
        format!("{} [{} {} {logger}] {mark}{said}\n", clock.next(&mut random), world.pid, cause.level);
    match world.interleaved {
        None => text.push_str(&record),
        Some(seed) => text.push_str(&torn(&record, world, &mut clock, Random::new(seed))),
    }
    // What hooks and the passing on write ends with an empty line.
    if world.proxied {
        text.push('\n');
    }
    for _ in 0..random.between(1, 4) {
        text.push_str(&noise(world, &mut clock, &mut random));
    }
    let mut at = record_at;
    if world.carriage_returns {
        at += text[..record_at].matches('\n').count();
        text = text.replace('\n', "\r\n");
    }
    Ok(Log { name: format!("{}.log", world.engine.name), bytes: text.into_bytes(), record_at: at as u64 })
}

struct Clock {
    date: String,
    milliseconds: u64,
}

impl Clock {
    fn new(seed: u64) -> Clock {
        let mut random = Random::of(seed, "clock");
        let date =
            format!("202{}-{:02}-{:02}", random.between(1, 6), random.between(1, 12), random.between(1, 28));
        Clock { date, milliseconds: random.between(0, 80_000_000) }
    }

    fn next(&mut self, random: &mut Random) -> String {
        self.milliseconds += random.between(1, 9000);
        let (seconds, rest) = (self.milliseconds / 1000, self.milliseconds % 1000);
        format!("{} {:02}:{:02}:{:02},{rest:03}", self.date, seconds / 3600, seconds / 60 % 60, seconds % 60)
    }
}

/// Harmless records, some of which look otherwise.
fn noise(world: &World, clock: &mut Clock, random: &mut Random) -> String {
    const RECORDS: [(&str, &str, &str); 9] = [
        ("INFO", "$E", "Log Handler initialized in the engine's name, version $bundleversion($engine)"),
        (
            "DEBUG",
            "sgtk.core.bootstrap",
            "Resolved configuration <Sgtk config p12 (ERROR level logging off)>",
        ),
        ("INFO", "$E.tk-multi-workfiles2", "Opened $work"),
        ("DEBUG", "sgtk.stopwatch.tank.platform.engine", "[start: $clock] load_apps took $float s, 0 errors"),
        ("WARNING", "$E.tk-multi-publish2", "Nothing to publish for $shot: skipped"),
        (
            "INFO",
            "$E.tk-multi-loader2",
            "[2764 ERROR sgtk.env] is what an old log said; it was read for the report",
        ),
        (
            "DEBUG",
            "sgtk.core.util.shotgun",
            "Query took $float s:\n  entity: Shot\n  filters: [['id', 'is', $id]]\n  Traceback requested: no",
        ),
        ("INFO", "$E.hook.pick_environment", "CRITICAL is a level, this is $shot"),
        ("DEBUG", "sgtk.core.paths", "$tmp(.json) → $folder(work)"),
    ];
    let (level, logger, message) = *random.one(&RECORDS);
    let filled = |text: &str| slot::fill(text, world).expect("the records above use slots that exist");
    format!("{} [{} {level} {}] {}\n", clock.next(random), world.pid, filled(logger), filled(message))
}

/// The record with a record of another process between its lines.
fn torn(record: &str, world: &World, clock: &mut Clock, mut random: Random) -> String {
    let lines: Vec<&str> = record.split_inclusive('\n').collect();
    if lines.len() < 2 {
        return record.to_owned();
    }
    let at = usize::try_from(random.between(1, lines.len() as u64 - 1)).expect("a count of lines");
    let mut other = world.clone();
    other.pid += 2;
    let between = noise(&other, clock, &mut random);
    format!("{}{between}{}", lines[..at].concat(), lines[at..].concat())
}
