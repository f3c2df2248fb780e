//! A ticket's description, read back into its parts: headline, prose, tracebacks, facts.
//!
//! The agent writes plain text that people read on any FPT site; this finds its structure again for the page. Any other text
//! comes out as prose. Pure, and total: every line of the text is in exactly one part.

/// A description in parts.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct TicketText {
    /// The exception or message, when the text begins as the agent's does.
    pub(crate) headline: Option<String>,
    /// The sentence after it: which app, engine, host, user.
    pub(crate) place: Option<String>,
    pub(crate) parts: Vec<Part>,
    /// The machine-readable line at the end.
    pub(crate) key: Option<String>,
}

/// One part of a description.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Part {
    Prose { title: Option<String>, text: String },
    Traceback(Vec<TraceLine>),
    Facts { title: String, rows: Vec<(String, String)> },
}

/// One line of a traceback.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct TraceLine {
    pub(crate) text: String,
    pub(crate) kind: TraceKind,
    /// Belongs to the innermost frame, or is the exception, of the outcome.
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

const TRACEBACK: &str = "Traceback (most recent call last):";
const CHAINS: [&str; 2] = [
    "The above exception was the direct cause of the following exception:",
    "During handling of the above exception, another exception occurred:",
];

/// Reads a description.
pub(crate) fn parse(text: &str) -> TicketText {
    let mut lines: Vec<&str> = text.lines().map(str::trim_end).collect();
    let mut parsed = TicketText::default();
    if let Some(at) = lines.iter().rposition(|line| line.starts_with("tk-incident: v")) {
        parsed.key = Some(lines.remove(at).to_owned());
    }
    let mut at = 0;
    if let [headline, place, ..] = lines[..]
        && !headline.is_empty()
        && place.starts_with("in ")
    {
        parsed.headline = Some(headline.to_owned());
        parsed.place = Some(place.to_owned());
        at = 2;
    }
    let mut prose = Prose::default();
    while at < lines.len() {
        let line = lines[at];
        if line.trim_start() == TRACEBACK {
            prose.end(&mut parsed.parts);
            let length = traceback_length(&lines[at..]);
            parsed
                .parts
                .push(Part::Traceback(trace_lines(&lines[at..at + length], parsed.headline.as_deref())));
            at += length;
        } else if let Some((rows, length)) = facts(&lines[at..]) {
            prose.end(&mut parsed.parts);
            parsed.parts.push(Part::Facts { title: line.to_owned(), rows });
            at += length;
        } else {
            if line == "What happened" {
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
    /// Engine and app of the place sentence, `in tk-multi-publish2 (tk-maya, project) on host …`: for lists.
    pub(crate) fn engine_and_app(&self) -> (Option<&str>, Option<&str>) {
        let Some(place) = self.place.as_deref().and_then(|place| place.strip_prefix("in ")) else {
            return (None, None);
        };
        let what = place.split(" on host ").next().unwrap_or(place).split(", user ").next().unwrap_or(place);
        match what.split_once(" (") {
            Some((app, inside)) => {
                let engine = inside.trim_end_matches(')').split(',').next().map(str::trim);
                (engine.filter(|engine| !engine.is_empty()), Some(app))
            }
            None => (Some(what), None),
        }
    }
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

/// A heading followed by indented `name   value` lines, and how many lines that takes.
fn facts(lines: &[&str]) -> Option<(Vec<(String, String)>, usize)> {
    let heading = lines.first()?;
    if heading.is_empty() || heading.starts_with(' ') {
        return None;
    }
    let mut rows: Vec<(String, String)> = Vec::new();
    for line in &lines[1..] {
        let Some(indented) = line.strip_prefix("  ").filter(|rest| !rest.is_empty()) else { break };
        match indented.split_once("  ") {
            Some((name, value)) if !indented.starts_with(' ') => {
                rows.push((name.to_owned(), value.trim_start().to_owned()));
            }
            // A long value goes on, further in.
            _ => match rows.last_mut() {
                Some((_, value)) if indented.starts_with(' ') => {
                    value.push('\n');
                    value.push_str(indented.trim_start());
                }
                _ => return None,
            },
        }
    }
    let length = rows.iter().map(|(_, value)| value.lines().count().max(1)).sum::<usize>() + 1;
    (!rows.is_empty()).then_some((rows, length))
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
        if lines[start].trim_start() != TRACEBACK {
            return end;
        }
        end = start + 1;
    }
}

fn trace_lines(lines: &[&str], headline: Option<&str>) -> Vec<TraceLine> {
    let mut traced: Vec<TraceLine> = Vec::with_capacity(lines.len());
    let mut in_error = false;
    for line in lines {
        let kind = if line.trim_start() == TRACEBACK || CHAINS.contains(line) || line.is_empty() {
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
    // is the last frame before it.
    let is_error = |line: &TraceLine| line.kind == TraceKind::Error;
    let named = headline.and_then(|headline| {
        traced.iter().rposition(|line| is_error(line) && type_name(&line.text) == type_name(headline))
    });
    let error = match named {
        Some(first) => Some(first + traced[first..].iter().take_while(|line| is_error(line)).count() - 1),
        None => traced.iter().rposition(is_error),
    };
    let before = named.unwrap_or(traced.len());
    let frame = traced[..before].iter().rposition(|line| matches!(line.kind, TraceKind::Frame { .. }));
    if let Some(frame) = frame {
        let end = error.filter(|error| *error > frame).map_or(traced.len(), |error| error + 1);
        for line in &mut traced[frame..end] {
            line.key = true;
        }
    } else if let Some(error) = error {
        traced[error].key = true;
    }
    traced
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
        let chain = "KeyError: 'render'\nin tk-nuke on host a, user b\n\n\
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
        let outcome = chain.replacen("KeyError: 'render'\nin", "TankError: not known\nin", 1);
        assert_eq!(key(&outcome), ["File \"/b.py\", line 2, in load", "tank.TankError: not known"]);
        let other = chain.replacen("KeyError: 'render'\nin", "Something else\nin", 1);
        assert_eq!(key(&other), ["File \"/b.py\", line 2, in load", "tank.TankError: not known"]);
    }

    const AGENT: &str = "\
ValueError: bad frame range
in tk-multi-publish2 (tk-maya, project) on host ws-042, user alice

What happened
Failed to publish scene.ma

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

When
  first seen   2026-01-14 19:49:11 +09:00 (2026-01-14 10:49:11 UTC)
  seen         1 time so far

Where
  user         alice
  engine       tk-maya v0.13.2

tk-incident: v1 g1:0123456789abcdef0123456789abcdef alice
";

    #[test]
    fn the_agent_s_text_comes_apart() {
        let text = parse(AGENT);
        assert_eq!(text.headline.as_deref(), Some("ValueError: bad frame range"));
        assert_eq!(text.engine_and_app(), (Some("tk-maya"), Some("tk-multi-publish2")));
        assert_eq!(text.key.as_deref(), Some("tk-incident: v1 g1:0123456789abcdef0123456789abcdef alice"));
        let [
            Part::Prose { title, text: prose },
            Part::Traceback(lines),
            Part::Facts { title: when, rows },
            Part::Facts { .. },
        ] = &text.parts[..]
        else {
            panic!("{:?}", text.parts);
        };
        assert_eq!((title.as_deref(), prose.as_str()), (Some("What happened"), "Failed to publish scene.ma"));
        assert_eq!((when.as_str(), rows[1].1.as_str()), ("When", "1 time so far"));
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
        let text = parse("the render hangs\n\n  since monday\nplease help");
        assert_eq!(
            text.parts,
            [Part::Prose { title: None, text: "the render hangs\n\n  since monday\nplease help".into() }]
        );
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
