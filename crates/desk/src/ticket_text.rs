//! A ticket's description, read back into its parts: headline, prose, tracebacks, facts.
//!
//! The agent writes plain text that people read on any FPT site; this finds its structure again for pages and lists. Any other
//! text comes out as prose. Pure, and total: every line of the text is in exactly one part.

/// A description in parts.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct TicketText {
    /// The exception or message, when the text begins as the agent's does.
    pub(crate) headline: Option<String>,
    /// The lines after it: what failed, where, for whom.
    pub(crate) glance: Vec<TextRow>,
    pub(crate) parts: Vec<Part>,
    /// The machine-readable lines at the end.
    pub(crate) key: Option<String>,
}

/// `Name: value`, and the address at the end of the value.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct TextRow {
    pub(crate) name: String,
    pub(crate) value: String,
    pub(crate) url: Option<String>,
}

/// One part of a description.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Part {
    Prose { title: Option<String>, text: String },
    Traceback(Vec<TraceLine>),
    Facts { title: String, rows: Vec<TextRow> },
}

/// One line of a traceback.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct TraceLine {
    pub(crate) text: String,
    pub(crate) kind: TraceKind,
    /// Belongs to the frame to look at, or is the exception, of the outcome.
    pub(crate) key: bool,
}

/// What a traceback line is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum TraceKind {
    /// `Traceback (most recent call last):` and the sentences between chained ones.
    Joint,
    /// `File "…", line N, in …`, cut where the eye wants to land.
    Frame { before: String, folder: String, file: String, after: String },
    /// Source text and Python 3.11's marks under it.
    Code,
    /// The exception and the lines its text goes on with.
    Error,
}

/// Names of the lines below the headline. Only known names and headings count: any prose may hold a colon.
const GLANCE: [&str; 11] = [
    "What failed",
    "Comment",
    "Caused by",
    "Where",
    "For whom",
    "Since",
    "How often",
    "Versions",
    "Open first",
    "Not attached",
    "Careful",
];
const FACTS: [&str; 2] = ["Work", "Session"];
const MESSAGE: &str = "Message";

/// Python's own line, and the one that the agent writes above calls without an exception.
const TRACEBACKS: [&str; 2] =
    ["Traceback (most recent call last):", "Traceback (the log has no exception for it):"];
const CHAINS: [&str; 2] = [
    "The above exception was the direct cause of the following exception:",
    "During handling of the above exception, another exception occurred:",
];

/// Reads a description.
pub(crate) fn parse(text: &str) -> TicketText {
    let mut lines: Vec<&str> = text.lines().map(str::trim_end).collect();
    let mut parsed = TicketText::default();
    let is_ours = |line: &&str| line.starts_with("tk-incident: v") || line.starts_with("tk-incident-");
    let ours: Vec<&str> = lines.extract_if(.., |line| is_ours(&&**line)).collect();
    parsed.key = (!ours.is_empty()).then(|| ours.join("\n"));
    let mut at = 0;
    if let [headline, "", rest @ ..] = &lines[..]
        && !headline.is_empty()
    {
        parsed.glance =
            rest.iter().map_while(|line| row(line).filter(|row| GLANCE.contains(&&*row.name))).collect();
        if !parsed.glance.is_empty() {
            parsed.headline = Some((*headline).to_owned());
            at = 2 + parsed.glance.len();
        }
    }
    let place = parsed.glance.iter().find(|row| row.name == "Where").map(|row| row.value.clone());
    let mut prose = Prose::default();
    while at < lines.len() {
        let line = lines[at];
        if begins_traceback(line) {
            prose.end(&mut parsed.parts);
            let length = traceback_length(&lines[at..]);
            parsed.parts.push(Part::Traceback(trace_lines(
                &lines[at..at + length],
                parsed.headline.as_deref(),
                place.as_deref(),
            )));
            at += length;
        } else if let Some((rows, length)) = fact_rows(&lines[at..]) {
            prose.end(&mut parsed.parts);
            parsed.parts.push(Part::Facts { title: line.to_owned(), rows });
            at += length;
        } else {
            if line == MESSAGE && parsed.headline.is_some() {
                prose.end(&mut parsed.parts);
                prose.title = Some(line.to_owned());
            } else {
                prose.lines.push(line);
            }
            at += 1;
        }
    }
    prose.end(&mut parsed.parts);
    parsed
}

impl TicketText {
    /// The value of a row among the facts.
    fn fact(&self, name: &str) -> Option<&str> {
        let rows = self.parts.iter().filter_map(|part| match part {
            Part::Facts { rows, .. } => Some(rows),
            _ => None,
        });
        Some(&rows.flatten().find(|row| row.name == name)?.value)
    }
}

/// What lists are filtered by.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct TicketFacts {
    /// Without its version, as the app.
    pub(crate) engine: Option<String>,
    pub(crate) app: Option<String>,
    /// The login.
    pub(crate) user: Option<String>,
    pub(crate) signature: Option<String>,
}

/// Reads what lists need from a description.
pub(crate) fn facts(text: &str) -> TicketFacts {
    let text = parse(text);
    let first_word = |value: &str| value.split(' ').next().filter(|word| !word.is_empty()).map(str::to_owned);
    let login = text.glance.iter().find(|row| row.name == "For whom").map(|row| row.value.as_str());
    TicketFacts {
        engine: text.fact("Engine").and_then(first_word),
        app: text.fact("App").and_then(first_word),
        user: text.fact("User").or(login).and_then(first_word),
        signature: text.key.as_deref().and_then(signature),
    }
}

/// The first `g1:…` among words.
pub(crate) fn signature(words: &str) -> Option<String> {
    let is_one = |word: &&str| {
        word.len() > 8 && word.starts_with('g') && word.as_bytes()[1].is_ascii_digit() && word.contains(':')
    };
    words.split_whitespace().find(is_one).map(str::to_owned)
}

/// A title without its bucket, the `[k7m2q9xd]` at its end, and the bucket.
pub(crate) fn split_title(title: &str) -> (&str, Option<&str>) {
    if let Some((text, bucket)) = title.rsplit_once(" [")
        && let Some(bucket) = bucket.strip_suffix(']')
        && (4..=16).contains(&bucket.len())
        && bucket.bytes().all(|byte| byte.is_ascii_alphanumeric())
    {
        return (text, Some(bucket));
    }
    (title, None)
}

#[derive(Default)]
struct Prose<'t> {
    title: Option<String>,
    lines: Vec<&'t str>,
}

impl Prose<'_> {
    fn end(&mut self, parts: &mut Vec<Part>) {
        let title = self.title.take();
        let text = std::mem::take(&mut self.lines).join("\n");
        let text = text.trim_matches('\n');
        if !text.is_empty() || title.is_some() {
            parts.push(Part::Prose { title, text: text.to_owned() });
        }
    }
}

/// A known heading followed by `Name: value` lines, and how many lines that takes.
fn fact_rows(lines: &[&str]) -> Option<(Vec<TextRow>, usize)> {
    let (heading, rest) = lines.split_first()?;
    if !FACTS.contains(heading) {
        return None;
    }
    let rows: Vec<TextRow> = rest.iter().map_while(|line| row(line)).collect();
    let length = rows.len() + 1;
    (!rows.is_empty()).then_some((rows, length))
}

fn begins_traceback(line: &str) -> bool {
    TRACEBACKS.contains(&line.trim_start())
}

fn row(line: &str) -> Option<TextRow> {
    let (name, value) = line.split_once(": ")?;
    if name.is_empty() || name.starts_with(' ') {
        return None;
    }
    let (value, url) = match value.rsplit_once(' ') {
        Some((value, url)) if url.starts_with("https://") || url.starts_with("http://") => {
            (value, Some(url.to_owned()))
        }
        _ => (value, None),
    };
    Some(TextRow { name: name.to_owned(), value: value.to_owned(), url })
}

/// How many lines a traceback takes, chained ones included.
fn traceback_length(lines: &[&str]) -> usize {
    let mut end = 1;
    loop {
        // Frames are indented; the exception is the first line that is not, and its text ends at an empty line.
        while end < lines.len() && (lines[end].starts_with(' ') || lines[end].starts_with('\t')) {
            end += 1;
        }
        while end < lines.len() && !lines[end].is_empty() {
            end += 1;
        }
        let next = lines[end..].iter().position(|line| !line.is_empty()).map(|skip| end + skip);
        let Some(next) = next.filter(|next| CHAINS.contains(&lines[*next])) else { return end };
        let Some(start) =
            lines[next + 1..].iter().position(|line| !line.is_empty()).map(|skip| next + 1 + skip)
        else {
            return end;
        };
        if !begins_traceback(lines[start]) {
            return end;
        }
        end = start + 1;
    }
}

fn trace_lines(lines: &[&str], headline: Option<&str>, place: Option<&str>) -> Vec<TraceLine> {
    let mut traced: Vec<TraceLine> = Vec::with_capacity(lines.len());
    let mut in_error = false;
    for line in lines {
        let kind = if begins_traceback(line) || CHAINS.contains(line) || line.is_empty() {
            in_error = false;
            TraceKind::Joint
        } else if in_error {
            TraceKind::Error
        } else if let Some(frame) = frame(line) {
            frame
        } else if line.starts_with(' ') || line.starts_with('\t') {
            TraceKind::Code
        } else {
            in_error = true;
            TraceKind::Error
        };
        traced.push(TraceLine { text: (*line).to_owned(), kind, key: false });
    }
    // What matters is the exception the headline names, of several in a chain, else the last one; what led to it
    // is the frame that the text names, else the last one before it.
    let is_error = |line: &TraceLine| line.kind == TraceKind::Error;
    let named = headline.and_then(|headline| {
        traced.iter().rposition(|line| is_error(line) && type_name(&line.text) == type_name(headline))
    });
    let error = match named {
        Some(first) => Some(first + traced[first..].iter().take_while(|line| is_error(line)).count() - 1),
        None => traced.iter().rposition(is_error),
    };
    let before = named.unwrap_or(traced.len());
    let named = place.and_then(|place| traced.iter().rposition(|line| is_at(line, place)));
    let is_frame = |line: &TraceLine| matches!(line.kind, TraceKind::Frame { .. });
    let frame = named.or_else(|| traced[..before].iter().rposition(is_frame));
    if let Some(frame) = frame {
        let code = traced[frame + 1..].iter().take_while(|line| line.kind == TraceKind::Code).count();
        for line in &mut traced[frame..=frame + code] {
            line.key = true;
        }
    }
    if let Some(error) = error {
        let begin = traced[..=error].iter().rposition(|line| !is_error(line)).map_or(0, |before| before + 1);
        for line in &mut traced[begin..=error] {
            line.key = true;
        }
    }
    traced
}

/// Whether a frame is the one of `check_range in frames.py, line 57 (…)`.
fn is_at(line: &TraceLine, place: &str) -> bool {
    let TraceKind::Frame { file, after, .. } = &line.kind else { return false };
    let Some(after) = after.strip_prefix("\", line ") else { return false };
    let (number, function) = after.split_once(", in ").unwrap_or((after, ""));
    let said = if function.is_empty() { String::new() } else { format!("{function} in ") };
    place
        .strip_prefix(&format!("{said}{file}, line {number}"))
        .is_some_and(|rest| rest.is_empty() || rest.starts_with(' '))
}

/// The last part of the dotted name an exception line begins with.
fn type_name(line: &str) -> &str {
    let name = line.split(':').next().unwrap_or(line).trim();
    name.rsplit('.').next().unwrap_or(name)
}

fn frame(line: &str) -> Option<TraceKind> {
    let path_at = line.find("File \"")? + "File \"".len();
    if !line[..path_at].trim_start().starts_with("File") {
        return None;
    }
    let path_end = path_at + line[path_at..].find("\", line ")?;
    let path = &line[path_at..path_end];
    let file_at = path.rfind(['/', '\\']).map_or(0, |slash| slash + 1);
    Some(TraceKind::Frame {
        before: line[..path_at].to_owned(),
        folder: path[..file_at].to_owned(),
        file: path[file_at..].to_owned(),
        after: line[path_end..].to_owned(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn of_a_chain_the_exception_of_the_headline_is_the_one_that_matters() {
        let chain = "KeyError: 'render'\n\nFor whom: b on a\n\n\
            Traceback (most recent call last):\n  File \"/a.py\", line 1, in resolve\nKeyError: 'render'\n\n\
            The above exception was the direct cause of the following exception:\n\n\
            Traceback (most recent call last):\n  File \"/b.py\", line 2, in load\ntank.TankError: not known\n";
        let key = |text: &str| -> Vec<String> {
            let parts = parse(text).parts;
            let lines = parts.iter().filter_map(|part| match part {
                Part::Traceback(lines) => Some(lines),
                _ => None,
            });
            lines.flatten().filter(|line| line.key).map(|line| line.text.trim().to_owned()).collect()
        };
        assert_eq!(key(chain), ["File \"/a.py\", line 1, in resolve", "KeyError: 'render'"]);
        let outcome = chain.replacen("KeyError: 'render'", "TankError: not known", 1);
        assert_eq!(key(&outcome), ["File \"/b.py\", line 2, in load", "tank.TankError: not known"]);
        let other = chain.replacen("KeyError: 'render'", "Something else", 1);
        assert_eq!(key(&other), ["File \"/b.py\", line 2, in load", "tank.TankError: not known"]);
    }

    #[test]
    fn the_frame_that_the_text_names_is_marked_and_not_the_library_s() {
        let text = "OSError: no\n\nWhere: copy in b.py, line 2 (tk-x v1)\n\nTraceback (most recent call last):\n  \
            File \"/a.py\", line 2, in copy\n  File \"/b.py\", line 2, in copy\n    go()\n  \
            File \"/shutil.py\", line 9, in copyfile\n    open()\nOSError: no\n";
        let Part::Traceback(lines) = &parse(text).parts[0] else { panic!("no traceback") };
        let key: Vec<&str> = lines.iter().filter(|line| line.key).map(|line| line.text.trim()).collect();
        assert_eq!(key, ["File \"/b.py\", line 2, in copy", "go()", "OSError: no"]);
    }

    const AGENT: &str = "\
ValueError: bad frame range

What failed: Failed to publish scene.ma
For whom: alice on ws-042, in Maya 2026.1
How often: once when this was written

Message
Failed to publish scene.ma
twice

Traceback (most recent call last):
  File \"/a/b/api.py\", line 5, in read
    return int(text)
           ^^^^^^^^^
KeyError: 'x'

During handling of the above exception, another exception occurred:

Traceback (most recent call last):
  File \"/a/hook.py\", line 2, in call
    run()
  File \"C:\\tools\\publish.py\", line 10, in execute
    raise ValueError(\"bad frame range\")
ValueError: bad frame range
and more

Work
Shot: bunny_010 (Shot 862) https://studio.example/detail/Shot/862

Session
Engine: tk-maya v0.13.2
App: tk-multi-publish2

tk-incident: v1 g1:0123456789abcdef0123456789abcdef alice
";

    #[test]
    fn the_agent_s_text_comes_apart() {
        let text = parse(AGENT);
        assert_eq!(text.headline.as_deref(), Some("ValueError: bad frame range"));
        let named = |name: &str| Some(name.to_owned());
        assert_eq!(
            facts(AGENT),
            TicketFacts {
                engine: named("tk-maya"),
                app: named("tk-multi-publish2"),
                user: named("alice"),
                signature: named("g1:0123456789abcdef0123456789abcdef"),
            }
        );
        assert_eq!(text.key.as_deref(), Some("tk-incident: v1 g1:0123456789abcdef0123456789abcdef alice"));
        let [
            Part::Prose { title, text: prose },
            Part::Traceback(lines),
            Part::Facts { title: work, rows },
            Part::Facts { .. },
        ] = &text.parts[..]
        else {
            panic!("{:?}", text.parts);
        };
        assert_eq!(
            (title.as_deref(), prose.as_str()),
            (Some("Message"), "Failed to publish scene.ma\ntwice")
        );
        assert_eq!(text.glance.len(), 3);
        assert_eq!(
            (text.glance[1].name.as_str(), text.glance[1].value.as_str()),
            ("For whom", "alice on ws-042, in Maya 2026.1")
        );
        assert_eq!((work.as_str(), rows[0].value.as_str()), ("Work", "bunny_010 (Shot 862)"));
        assert_eq!(rows[0].url.as_deref(), Some("https://studio.example/detail/Shot/862"));
        let key: Vec<&str> = lines.iter().filter(|line| line.key).map(|line| line.text.trim()).collect();
        assert_eq!(
            key,
            [
                "File \"C:\\tools\\publish.py\", line 10, in execute",
                "raise ValueError(\"bad frame range\")",
                "ValueError: bad frame range",
                "and more"
            ]
        );
        let innermost = lines.iter().find(|line| line.key).unwrap();
        assert_eq!(
            innermost.kind,
            TraceKind::Frame {
                before: "  File \"".into(),
                folder: "C:\\tools\\".into(),
                file: "publish.py".into(),
                after: "\", line 10, in execute".into(),
            }
        );
    }

    #[test]
    fn any_other_text_is_prose() {
        for words in [
            "the render hangs\n\n  since monday\nplease help",
            "a title\n\nNote: of mine\n\nSession\nof two hours",
        ] {
            let text = parse(words);
            assert_eq!(text.parts, [Part::Prose { title: None, text: words.into() }]);
            assert_eq!(text.headline, None);
        }
        assert_eq!(parse(""), TicketText::default());
    }

    #[test]
    fn half_a_traceback_is_still_one() {
        for text in [
            "Traceback (most recent call last):",
            "x\nTraceback (most recent call last):\n  File \"a\", line",
        ] {
            assert!(parse(text).parts.iter().any(|part| matches!(part, Part::Traceback(_))), "{text}");
        }
    }
}
