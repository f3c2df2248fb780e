//! The first line of a record: which lines are headers, and what a header says.
//!
//! Two readers share the knowledge here. `probe` answers, for raw bytes and without looking past the level word, whether
//! a line starts a record; it decides about every line of every log, so it works on fixed byte positions. `read` takes the
//! header of one decoded record apart.
//!
//! Forms, strongest first (see `Form`). A weaker form never ends a record of a stronger one: a Toolkit log quotes
//! consoles of helper processes in its messages, and their lines look like headers of those other forms.

use crate::level::Level;
use crate::time::LocalTime;
use crate::traceback::spelling::{self, Spelling};

/// Longest prefix `probe` ever needs: mark, time, bracket, blanks, process id, blanks, level word, blanks, one more.
pub(crate) const PROBE_BYTES: usize = 3 + 25 + 8 + 10 + 8 + 12 + 8 + 1;

/// Which of the known header layouts a line has. Greater is stronger.
#[derive(Copy, Clone, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum Form {
    /// `ERROR: message`, `[13:57.14] ERROR: message`, `[   ERROR] message`: the `tank` command and what hosts print. Known
    /// only in text without any of the others, like the next.
    Console,
    /// `// Error: message` … `//` and `# Error: message`: Maya's script editor. Known only in text without any of the
    /// others (see `record::pasted`), so `probe` does not know it.
    ScriptEditor,
    /// `[ERROR logger] message`: stream handlers, consoles.
    Stream,
    /// `time [ ERROR] message` (Desktop's console, Desktop before 1.4, tk-flame) and
    /// `time [ 1234 ERROR  ] logger - message` (tk-desktop before 2.1).
    Old,
    /// `time [1234 ERROR logger] message`: every Toolkit log since core 0.18.
    Standard,
}

impl Form {
    /// It is none of Toolkit's.
    pub(crate) fn is_foreign(self) -> bool {
        matches!(self, Form::Console | Form::ScriptEditor)
    }
}

/// What the beginning of a line says.
#[derive(Copy, Clone, PartialEq, Eq, Debug)]
pub(crate) enum Probe {
    /// A header; `None` for a level word Toolkit does not know.
    Header(Form, Option<Level>),
    /// No header, whatever follows.
    Other,
    /// Too few bytes to tell.
    Undecided,
}

/// A byte cursor that knows whether the line goes on beyond what is there.
struct Cursor<'a> {
    bytes: &'a [u8],
    at: usize,
}

impl Cursor<'_> {
    fn peek(&self) -> Option<u8> {
        self.bytes.get(self.at).copied()
    }

    fn skip_while(&mut self, most: usize, wanted: impl Fn(u8) -> bool) -> usize {
        let start = self.at;
        while self.at - start < most && self.peek().is_some_and(&wanted) {
            self.at += 1;
        }
        self.at - start
    }
}

/// `dddd-dd-dd dd:dd:dd,ddd [` as a mask: `d` stands for a digit.
const TIME_MASK: &[u8; 25] = b"dddd-dd-dd dd:dd:dd,ddd [";

/// Quick refusal of a line of at least 25 bytes: the separators stand where a time has them.
#[inline]
pub(crate) fn may_start_with_time(line: &[u8]) -> bool {
    line.len() >= 25
        && line[4] == b'-'
        && line[7] == b'-'
        && line[13] == b':'
        && line[16] == b':'
        && line[19] == b','
        && line[24] == b'['
}

/// Decides whether a line is a header by its first bytes.
///
/// `line` is the line without its newline, or its beginning; `whole` says that nothing follows on that line. The answer
/// for a beginning, when there is one, is the answer for every longer piece of the same line: however a log is cut into
/// reads, the records are the same.
pub(crate) fn probe(line: &[u8], whole: bool) -> Probe {
    let out_of_bytes = if whole { Probe::Other } else { Probe::Undecided };
    let line = match line {
        [0xEF, 0xBB, 0xBF, rest @ ..] => rest,
        [0xEF] | [0xEF, 0xBB] => return out_of_bytes,
        other => other,
    };
    match line.first() {
        None => out_of_bytes,
        Some(b'[') => probe_stream(line, out_of_bytes),
        Some(b'0'..=b'9') => probe_timed(line, out_of_bytes),
        Some(_) => Probe::Other,
    }
}

/// When the record that this line begins was logged; `None` for a line that begins none, and for headers without a time.
///
/// Cheap enough to ask of every line. Places in a log are found by it without reading the records.
pub fn record_time(line: &[u8]) -> Option<LocalTime> {
    let line = line.strip_prefix(&[0xEF, 0xBB, 0xBF]).unwrap_or(line);
    if !may_start_with_time(line) {
        return None;
    }
    let Probe::Header(..) = probe(line, true) else { return None };
    LocalTime::read(std::str::from_utf8(line.get(..23)?).ok()?)
}

/// Lowest byte and number of further bytes that `TIME_MASK` allows at each place.
const TIME_RANGE: ([u8; 25], [u8; 25]) = {
    let (mut low, mut span) = ([0; 25], [0; 25]);
    let mut at = 0;
    while at < 25 {
        let digit = TIME_MASK[at] == b'd';
        low[at] = if digit { b'0' } else { TIME_MASK[at] };
        span[at] = if digit { 9 } else { 0 };
        at += 1;
    }
    (low, span)
};

/// Whether a line begins with a time and a bracket. Without branches: it runs for nearly every line.
#[inline]
fn starts_with_time(line: &[u8; 25]) -> bool {
    let mut wrong = false;
    #[expect(clippy::needless_range_loop, reason = "indexed, the compiler turns it into vector instructions")]
    for at in 0..25 {
        wrong |= line[at].wrapping_sub(TIME_RANGE.0[at]) > TIME_RANGE.1[at];
    }
    !wrong
}

/// The header nearly every line of a Toolkit log has: `time [123 LEVEL l…`. Any doubt is left to `probe`.
#[inline]
pub(crate) fn probe_usual(line: &[u8]) -> Option<Probe> {
    let (time, rest) = line.split_first_chunk::<25>()?;
    let digits = rest.iter().take(10).take_while(|b| b.is_ascii_digit()).count();
    let (level, logger) = match &rest[digits..] {
        [b' ', b'D', b'E', b'B', b'U', b'G', b' ', logger, ..] => (Level::Debug, *logger),
        [b' ', b'I', b'N', b'F', b'O', b' ', logger, ..] => (Level::Info, *logger),
        [b' ', b'W', b'A', b'R', b'N', b'I', b'N', b'G', b' ', logger, ..] => (Level::Warning, *logger),
        [b' ', b'E', b'R', b'R', b'O', b'R', b' ', logger, ..] => (Level::Error, *logger),
        _ => return None,
    };
    let usual = digits > 0 && !matches!(logger, b' ' | b']') && starts_with_time(time);
    usual.then_some(Probe::Header(Form::Standard, Some(level)))
}

fn probe_timed(line: &[u8], out_of_bytes: Probe) -> Probe {
    let fits = match line.first_chunk() {
        Some(time) => starts_with_time(time),
        None => line.iter().zip(TIME_MASK).all(|(byte, mask)| match mask {
            b'd' => byte.is_ascii_digit(),
            exact => byte == exact,
        }),
    };
    if !fits {
        return Probe::Other;
    }
    if line.len() < TIME_MASK.len() {
        return out_of_bytes;
    }
    let mut cursor = Cursor { bytes: line, at: TIME_MASK.len() };
    cursor.skip_while(8, |b| b == b' ');
    let digits = cursor.skip_while(10, |b| b.is_ascii_digit());
    if digits > 0 && cursor.skip_while(8, |b| b == b' ') == 0 {
        return if cursor.peek().is_none() { out_of_bytes } else { Probe::Other };
    }
    let word_start = cursor.at;
    let letters = cursor.skip_while(12, |b| b.is_ascii_uppercase());
    let Some(after) = cursor.peek() else { return out_of_bytes };
    let level = Level::from_word(&line[word_start..cursor.at]);
    let blanks = cursor.skip_while(8, |b| b == b' ');
    let Some(next) = cursor.peek() else { return out_of_bytes };
    match after {
        _ if letters < 2 => Probe::Other,
        b' ' if next == b']' && level.is_some() => Probe::Header(Form::Old, level),
        b' ' if digits > 0 && blanks < 8 => Probe::Header(Form::Standard, level),
        b']' if level.is_some() => Probe::Header(Form::Old, level),
        _ => Probe::Other,
    }
}

/// Whether a header of the standard form stands somewhere in a line but at its beginning.
pub(crate) fn is_within(line: &str) -> bool {
    let bytes = line.as_bytes();
    memchr::memchr_iter(b'[', bytes).any(|bracket| {
        bracket >= TIME_MASK.len()
            && bytes[bracket - 1] == b' '
            && bytes[bracket - 5] == b','
            && bytes[bracket - (TIME_MASK.len() - 1)..=bracket].first_chunk().is_some_and(starts_with_time)
            && matches!(
                probe(&bytes[bracket - (TIME_MASK.len() - 1)..], true),
                Probe::Header(Form::Standard, Some(_))
            )
    })
}

fn probe_stream(line: &[u8], out_of_bytes: Probe) -> Probe {
    let mut cursor = Cursor { bytes: line, at: 1 };
    cursor.skip_while(12, |b| b.is_ascii_uppercase());
    let level = Level::from_word(&line[1..cursor.at]);
    match cursor.peek() {
        None => return out_of_bytes,
        Some(b' ') if level.is_some() => {}
        Some(_) => return Probe::Other,
    }
    match line.get(cursor.at + 1) {
        None => return out_of_bytes,
        Some(b) if b.is_ascii_alphanumeric() || matches!(b, b'_' | b'.' | b'/') => {}
        Some(_) => return Probe::Other,
    }
    // Katana puts `[ERROR python.root]: ` before every line of a message: a lead, no header.
    let logger = &line[..line.len().min(STREAM_BYTES)];
    match memchr::memchr(b']', logger) {
        Some(close) if line.get(close + 1) == Some(&b':') => Probe::Other,
        Some(close) if close + 1 < line.len() => Probe::Header(Form::Stream, level),
        None if logger.len() == STREAM_BYTES => Probe::Header(Form::Stream, level),
        _ if out_of_bytes == Probe::Undecided => Probe::Undecided,
        _ => Probe::Header(Form::Stream, level),
    }
}

/// In so many bytes the name of Katana's logger has ended.
const STREAM_BYTES: usize = 40;

/// A header taken apart. The message begins `message_at` bytes into the text.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct Header<'t> {
    pub(crate) form: Form,
    pub(crate) time: Option<LocalTime>,
    pub(crate) pid: Option<u32>,
    pub(crate) level: Option<Level>,
    pub(crate) logger: Option<&'t str>,
    pub(crate) message_at: usize,
    /// Behind the last byte of the body: what closes a record of the script editor is not said by anyone.
    pub(crate) body_end: usize,
}

/// What a console prints before an error: `ERROR: `, `[13:57.14] ERROR: `, `[   ERROR] `, `[ERROR python.root]: `; or
/// `Error: RuntimeError: file … line 3: …`, which is Maya's without its mark. Its level, and where the message begins.
pub(crate) fn console_header(line: &str) -> Option<(Level, usize)> {
    if let Some(rest) = line.strip_prefix("Error: ") {
        let placed = spelling::is_bare_exception(rest)
            && rest
                .split_once(": file ")
                .is_some_and(|(name, place)| !name.contains(' ') && place.contains(" line "));
        return placed.then_some((Level::Error, line.len() - rest.len()));
    }
    let (level, rest) = match line.strip_prefix('[') {
        Some(inside) => {
            let (inside, rest) = inside.split_at_checked(inside.bytes().take(64).position(|b| b == b']')?)?;
            let (named, rest) = match rest.strip_prefix("]: ") {
                Some(rest) => (true, rest),
                None => (false, rest.strip_prefix("] ")?),
            };
            let word = inside.trim().split(' ').next().unwrap_or_default();
            match Level::from_word(word.as_bytes()) {
                // Desktop pads the word; `[ERROR] text` is what anybody writes.
                Some(level) if named || inside.len() == 8 => (level, rest),
                None if inside.bytes().all(|b| b.is_ascii_digit() || b":.,-/ ".contains(&b)) => {
                    level_word(rest)?
                }
                _ => return None,
            }
        }
        None => level_word(line)?,
    };
    let rest = rest.strip_prefix("Shotgun Error: ").unwrap_or(rest);
    // Nuke's engine says it twice.
    let rest = match rest.strip_prefix('[').and_then(|inside| inside.split_once("] ")) {
        Some((inside, after)) if inside.len() <= 64 && is_level_and_logger(inside) => after,
        _ => rest,
    };
    (!rest.trim().is_empty()).then_some((level, line.len() - rest.len()))
}

fn level_word(line: &str) -> Option<(Level, &str)> {
    let word = line.bytes().take(12).take_while(u8::is_ascii_uppercase).count();
    let level = Level::from_word(&line.as_bytes()[..word])?;
    let rest = &line[word..];
    // A header of Toolkit that was copied from the level on.
    let rest = match rest.strip_prefix(" sgtk.") {
        Some(logger) => logger.split_once(' ')?.1,
        None => rest.strip_prefix(": ").or_else(|| behind_program(rest))?,
    };
    Some((level, rest))
}

/// The message behind ` 18:13:28.365:Hiero(34236): `, as Hiero and Nuke Studio write.
fn behind_program(rest: &str) -> Option<&str> {
    let rest = rest.strip_prefix(' ').filter(|rest| spelling::is_stamped(rest))?;
    let (program, message) = rest.split_once("): ").filter(|(program, _)| program.len() <= 64)?;
    let (_, pid) = program.split_once('(')?;
    (!pid.is_empty() && pid.bytes().all(|b| b.is_ascii_digit())).then_some(message)
}

fn is_level_and_logger(inside: &str) -> bool {
    inside.split_once(' ').is_some_and(|(word, _)| Level::from_word(word.as_bytes()).is_some())
}

/// What Maya puts before the lines of a message: one for MEL and what the API displays, one for Python.
#[derive(Copy, Clone, PartialEq, Eq, Debug)]
pub(crate) enum ScriptMark {
    /// `//`
    Slashes,
    /// `#`
    Hash,
    /// A console puts none.
    None,
}

impl ScriptMark {
    fn as_str(self) -> &'static str {
        match self {
            ScriptMark::Slashes => "//",
            ScriptMark::Hash => "#",
            ScriptMark::None => "",
        }
    }

    /// Whether a line (or what follows the header on its line) ends the message: ` //`, or nothing but `//`.
    pub(crate) fn closes(self, line: &str) -> bool {
        if self == ScriptMark::None {
            return false;
        }
        let line = line.trim_end();
        line.strip_suffix(self.as_str()).is_some_and(|rest| rest.is_empty() || rest.ends_with(' '))
    }
}

/// The words of Maya's three languages.
const SCRIPT_LEVELS: [(&str, Level); 6] = [
    ("Error: ", Level::Error),
    ("Warning: ", Level::Warning),
    ("エラー: ", Level::Error),
    ("警告: ", Level::Warning),
    ("错误: ", Level::Error),
    ("錯誤: ", Level::Error),
];

/// `// Error: ` or `# Warning: ` at the beginning of a line: its mark, its level, and where the message begins.
pub(crate) fn script_header(line: &str) -> Option<(ScriptMark, Level, usize)> {
    let (mark, lead) = match line.as_bytes() {
        [b'/', b'/', b' ', ..] => (ScriptMark::Slashes, 3),
        [b'#', b' ', ..] => (ScriptMark::Hash, 2),
        _ => return None,
    };
    let (word, level) = SCRIPT_LEVELS.iter().find(|(word, _)| line[lead..].starts_with(word))?;
    Some((mark, *level, lead + word.len()))
}

/// Reads the header of a record of the script editor; mail quoting is part of the header.
fn read_script(text: &str, line: &str) -> Option<Header<'static>> {
    let (_, inner) = crate::traceback::unquote(line);
    let Some((mark, level, at)) = script_header(inner) else {
        let (level, at) = console_header(inner)?;
        // The header of a traceback is no message.
        let message_at = line.len() - inner.len() + at;
        return (spelling::of(inner) != Spelling::Header).then_some(Header {
            form: Form::Console,
            time: None,
            pid: None,
            level: Some(level),
            logger: None,
            message_at,
            body_end: text.len(),
        });
    };
    let body = text.trim_end();
    let body_end = match body.strip_suffix(mark.as_str()) {
        Some(rest) if mark.closes(body.rsplit('\n').next().unwrap_or_default()) => rest.len(),
        _ => text.len(),
    };
    let message_at = line.len() - inner.len() + at;
    Some(Header {
        form: Form::ScriptEditor,
        time: None,
        pid: None,
        level: Some(level),
        logger: None,
        message_at,
        body_end: body_end.max(message_at),
    })
}

/// Reads the header at the beginning of a decoded record; `None` when it has none (text before the first header).
pub(crate) fn read(text: &str) -> Option<Header<'_>> {
    let line = &text[..memchr::memchr(b'\n', text.as_bytes()).unwrap_or(text.len())];
    let Probe::Header(form, level) = probe(line.as_bytes(), true) else { return read_script(text, line) };
    // A byte order mark is gone after decoding, so positions count from the first byte.
    let open = line.find('[')?;
    let inside_at = open + 1;
    let inside = &line[inside_at..];
    let padded = inside.trim_start_matches(' ');
    let digits = padded.bytes().take_while(u8::is_ascii_digit).count();
    let pid = padded[..digits].parse().ok();
    let after_pid = padded[digits..].trim_start_matches(' ');
    let word = after_pid.bytes().take_while(u8::is_ascii_uppercase).count();
    let rest = &after_pid[word..];
    let rest_at = line.len() - rest.len();
    // The logger may hold blanks and brackets (tk-desktop names one after a path): it ends at the first `] `.
    let close = memchr::memchr_iter(b']', rest.as_bytes()).find(|at| rest[*at..].starts_with("] "));
    let (close, message_at) = match close {
        Some(close) => (close, rest_at + close + 2),
        None => match rest.rfind(']') {
            Some(close) => (close, rest_at + close + 1),
            None => (rest.len(), line.len()),
        },
    };
    let logger = rest[..close].trim();
    let header = Header {
        form,
        time: LocalTime::read(line),
        pid,
        level,
        logger: (!logger.is_empty()).then_some(logger),
        message_at,
        body_end: text.len(),
    };
    Some(if form == Form::Old { with_old_fields(header, line) } else { header })
}

/// The old forms keep the logger (`name - message`) or the process (`PID 12: message`) behind the bracket.
fn with_old_fields<'t>(mut header: Header<'t>, line: &'t str) -> Header<'t> {
    let message = &line[header.message_at..];
    if header.pid.is_some() {
        if let Some((name, rest)) = message.split_once(" - ")
            && !name.is_empty()
            && name.len() <= 64
            && name.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_' | b'.'))
        {
            header.logger = Some(name);
            header.message_at = line.len() - rest.len();
        }
    } else if let Some(rest) = message.strip_prefix("PID ") {
        let digits = rest.bytes().take_while(u8::is_ascii_digit).count();
        if let (Ok(pid), Some(after)) = (rest[..digits].parse(), rest[digits..].strip_prefix(": ")) {
            header.pid = Some(pid);
            header.message_at = line.len() - after.len();
        }
    }
    header
}
