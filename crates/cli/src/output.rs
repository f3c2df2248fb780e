//! Data on stdout, everything else on stderr, and what `--json`, `--quiet`, `--verbose` and `--color` mean.

use crate::arguments::{Color, Global};
use anstream::{AutoStream, ColorChoice};
use anstyle::{AnsiColor, Style};
use serde::Serialize;
use std::io::{self, IsTerminal, Write};

/// Where a command's words go.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Output {
    /// One JSON object per line on stdout.
    pub(crate) json: bool,
    /// Neither progress nor notes.
    pub(crate) quiet: bool,
    /// Reasons too.
    pub(crate) verbose: bool,
    color: ColorChoice,
}

/// Emphasis for people.
pub(crate) const STRONG: Style = Style::new().bold();
/// What went well.
pub(crate) const GOOD: Style = AnsiColor::Green.on_default();
/// What did not.
pub(crate) const BAD: Style = AnsiColor::Red.on_default().bold();
/// What works but not as it should.
pub(crate) const WARN: Style = AnsiColor::Yellow.on_default().bold();
/// What is less important.
pub(crate) const FAINT: Style = Style::new().dimmed();

impl Output {
    pub(crate) fn new(global: &Global) -> Output {
        Output {
            json: global.json,
            quiet: global.quiet,
            verbose: global.verbose,
            color: match global.color {
                Color::Auto => ColorChoice::Auto,
                Color::Always => ColorChoice::Always,
                Color::Never => ColorChoice::Never,
            },
        }
    }

    /// Stdout, with colours taken out unless they are wanted.
    pub(crate) fn data(&self) -> impl Write + use<> {
        AutoStream::new(io::stdout(), self.color)
    }

    /// One JSON object on a line of its own, at once: whoever reads it may be waiting.
    pub(crate) fn object(&self, object: &impl Serialize) -> io::Result<()> {
        let mut line = serde_json::to_vec(object)?;
        line.push(b'\n');
        let mut stdout = io::stdout().lock();
        stdout.write_all(&line)?;
        stdout.flush()
    }

    /// Columns that what people read should keep to: `COLUMNS`, else those of the terminal, else any number.
    pub(crate) fn columns(&self) -> Option<usize> {
        let asked = std::env::var("COLUMNS").ok().and_then(|text| text.trim().parse().ok());
        let terminal =
            || terminal_size::terminal_size_of(io::stdout()).map(|(width, _)| usize::from(width.0));
        asked.or_else(terminal).filter(|columns| *columns > 0)
    }

    /// Something people may want to know, on stderr.
    pub(crate) fn note(&self, text: &str) {
        if !self.quiet {
            self.stderr(text);
        }
    }

    /// Why something is done or left, on stderr, for those who asked.
    pub(crate) fn reason(&self, text: &str) {
        if self.verbose && !self.quiet {
            self.stderr(text);
        }
    }

    /// What went wrong, on stderr.
    pub(crate) fn error(&self, text: &str) {
        self.stderr(&format!("{BAD}error{BAD:#}: {text}"));
    }

    /// What works but not as it should, on stderr.
    pub(crate) fn warning(&self, text: &str) {
        self.stderr(&format!("{WARN}warning{WARN:#}: {text}"));
    }

    /// Whether progress can be shown: a person is looking, and nobody asked for silence.
    pub(crate) fn shows_progress(&self) -> bool {
        !self.quiet && !self.json && io::stderr().is_terminal()
    }

    fn stderr(&self, text: &str) {
        // Nothing can be said when stderr is gone.
        let _ = writeln!(AutoStream::new(io::stderr(), self.color), "{text}");
    }
}

/// An object with its type in front, on a line of its own.
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

/// Lines of JSON on stdout, written in large pieces: whoever reads them waits for the end.
#[derive(Default)]
pub(crate) struct JsonLines {
    waiting: Vec<u8>,
}

impl JsonLines {
    const PIECE_BYTES: usize = 64 * 1024;

    /// Where lines are added.
    pub(crate) fn add(&mut self, add: impl FnOnce(&mut Vec<u8>)) -> io::Result<()> {
        add(&mut self.waiting);
        if self.waiting.len() >= Self::PIECE_BYTES { self.flush() } else { Ok(()) }
    }

    /// Adds an object with its type in front, as the last one.
    pub(crate) fn end(&mut self, kind: &str, object: &impl Serialize) -> io::Result<()> {
        write_line(&mut self.waiting, kind, object)?;
        self.flush()
    }

    fn flush(&mut self) -> io::Result<()> {
        let mut stdout = io::stdout().lock();
        stdout.write_all(&self.waiting)?;
        self.waiting.clear();
        stdout.flush()
    }
}

/// Other people's text for a terminal: control characters are shown, not obeyed.
pub(crate) fn harmless(text: &str) -> String {
    text.chars()
        .flat_map(|letter| {
            let visible = !letter.is_control() || letter == '\n' || letter == '\t';
            let plain = visible.then_some(letter);
            plain.into_iter().chain((!visible).then(|| letter.escape_default()).into_iter().flatten())
        })
        .collect()
}

/// A span of time for people.
pub(crate) fn span(seconds: u64) -> String {
    match seconds {
        0..120 => format!("{seconds} s"),
        120..7_200 => format!("{} min", seconds / 60),
        7_200..172_800 => format!("{} h {} min", seconds / 3_600, seconds % 3_600 / 60),
        _ => format!("{} days", seconds / 86_400),
    }
}

/// A size for people.
pub(crate) fn bytes(bytes: u64) -> String {
    const UNITS: [(&str, u64); 3] = [("GB", 1_000_000_000), ("MB", 1_000_000), ("kB", 1_000)];
    match UNITS.iter().find(|(_, unit)| bytes >= *unit) {
        Some((name, unit)) => format!("{}.{} {name}", bytes / unit, bytes % unit * 10 / unit),
        None => counted(bytes, "byte"),
    }
}

/// `1 ticket`, `2 tickets`.
pub(crate) fn counted(count: u64, noun: &str) -> String {
    if count == 1 { format!("1 {noun}") } else { format!("{count} {noun}s") }
}
