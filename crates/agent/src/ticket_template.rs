//! `ticket.template`: the admin's own text of a ticket, checked before it is used, and ours when it does not work.
//!
//! Jinja templates by minijinja. Every name a template uses is looked up before anything is rendered, in all its branches, and
//! it is tried on a full and on a bare incident. Rendering is bounded in work and in length. Knows nothing of the marker line
//! (`description.rs`) nor of where the names get their values (`ticket_view.rs`).

use crate::facts::IncidentFacts;
use crate::nearest::nearest;
use crate::ticket_view::{Attached, Frequency, TicketView};
use minijinja::syntax::SyntaxConfig;
use minijinja::{Environment, Error, UndefinedBehavior, Value};
use std::borrow::Cow;
use std::fmt::Write as _;
use std::io;
use std::path::{Path, PathBuf};

/// Our own template, as `config template` prints it.
pub const DEFAULT_TEMPLATE: &str = include_str!("ticket.txt.j2");

/// A text is at most this long. Sites take about 100 000 characters; ours is far below, but for a digest.
const MOST_CHARS: usize = 90_000;
/// Steps of the engine; ours takes some thousand.
const FUEL: u64 = 200_000;
/// A template file is at most this large.
const MOST_BYTES: u64 = 256 * 1_024;

/// What is wrong with a template.
#[derive(Debug, thiserror::Error)]
pub enum TemplateFault {
    /// The file cannot be read.
    #[error("cannot read the ticket template `{}`: check ticket.template and the file's permissions", path.display())]
    Unreadable {
        /// Which.
        path: PathBuf,
        /// Why.
        #[source]
        source: io::Error,
    },
    /// Not a template, or one that fails.
    #[error("the ticket template `{}`{}: {message}; `tk-incident config template` prints one that works", path.display(), at_line(*line))]
    Template {
        /// Which.
        path: PathBuf,
        /// 1-based, where known.
        line: Option<usize>,
        /// The engine's words.
        message: String,
    },
    /// A name that stands for nothing.
    #[error("the ticket template `{}`{}: there is no name `{name}`{}", path.display(), at_line(*line), did_you_mean(nearest.as_deref()))]
    UnknownName {
        /// Which.
        path: PathBuf,
        /// 1-based, where known.
        line: Option<usize>,
        /// As written.
        name: String,
        /// The known name most like it.
        nearest: Option<String>,
    },
    /// An empty text.
    #[error("the ticket template `{}` gives an empty text: write at least {{{{ headline }}}} outside of every condition", path.display())]
    Empty {
        /// Which.
        path: PathBuf,
    },
    /// A text no site would take.
    #[error("the ticket template `{}` gives a text of more than {MOST_CHARS} characters: the archive has what is long", path.display())]
    TooLong {
        /// Which.
        path: PathBuf,
    },
}

impl TemplateFault {
    /// In words for the ticket: where the file is on this machine is nobody's business there.
    pub(crate) fn without_folder(&self) -> String {
        let (TemplateFault::Unreadable { path, .. }
        | TemplateFault::Template { path, .. }
        | TemplateFault::UnknownName { path, .. }
        | TemplateFault::Empty { path }
        | TemplateFault::TooLong { path }) = self;
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        self.to_string().replace(&path.display().to_string(), &name)
    }
}

fn at_line(line: Option<usize>) -> String {
    line.map(|line| format!(", line {line}")).unwrap_or_default()
}

fn did_you_mean(nearest: Option<&str>) -> String {
    match nearest {
        Some(nearest) => format!("; did you mean `{nearest}`?"),
        None => "; docs/ticket.md lists them".to_owned(),
    }
}

/// A template that was checked.
#[derive(Clone, Debug)]
pub struct TicketTemplate {
    source: Cow<'static, str>,
    path: PathBuf,
}

impl Default for TicketTemplate {
    fn default() -> TicketTemplate {
        TicketTemplate { source: Cow::Borrowed(DEFAULT_TEMPLATE), path: PathBuf::from("built-in template") }
    }
}

impl TicketTemplate {
    /// The template of `ticket.template`: a file, or ours for an empty path.
    ///
    /// # Errors
    /// Everything that can be known before there is an incident: the file cannot be read, is no template, uses an unknown
    /// name, or gives nothing or too much.
    pub fn load(path: &Path) -> Result<TicketTemplate, TemplateFault> {
        if path.as_os_str().is_empty() {
            return Ok(TicketTemplate::default());
        }
        let unreadable = |source| TemplateFault::Unreadable { path: path.to_owned(), source };
        let size = std::fs::metadata(path).map_err(unreadable)?.len();
        if size > MOST_BYTES {
            return Err(unreadable(io::Error::other(format!(
                "it has {size} bytes, at most {MOST_BYTES} are read"
            ))));
        }
        let source = std::fs::read_to_string(path).map_err(unreadable)?;
        TicketTemplate::new(source, path)
    }

    /// From text; `path` is what it is called in errors.
    ///
    /// # Errors
    /// As for [`TicketTemplate::load`], but for reading it.
    pub fn new(source: String, path: &Path) -> Result<TicketTemplate, TemplateFault> {
        let source = source.strip_prefix('\u{feff}').map(str::to_owned).unwrap_or(source);
        let template =
            TicketTemplate { source: Cow::Owned(source.replace("\r\n", "\n")), path: path.to_owned() };
        template.check_names()?;
        let nobody = IncidentFacts { title: "x".to_owned(), ..IncidentFacts::default() };
        let frequency = Frequency {
            count: 1,
            first: Default::default(),
            last: Default::default(),
            has_count_field: false,
        };
        let bare = TicketView::new(&nobody, &frequency, &Attached::default(), None);
        for view in [&TicketView::sample(), &bare] {
            template.render(view)?;
        }
        Ok(template)
    }

    /// The text for an incident.
    ///
    /// # Errors
    /// When the template fails on it, or gives nothing or too much.
    pub fn render(&self, view: &TicketView) -> Result<String, TemplateFault> {
        let rendering = || {
            let environment = environment();
            let template = environment.template_from_str(&self.source).map_err(|error| self.fault(&error))?;
            let mut text = Bounded::default();
            match template.render_captured_to(view.names(), &mut text) {
                Ok(_) => {}
                Err(_) if text.full => return Err(TemplateFault::TooLong { path: self.path.clone() }),
                Err(error) => return Err(self.fault(&error)),
            }
            String::from_utf8(text.bytes).map_err(|_| TemplateFault::Empty { path: self.path.clone() })
        };
        // A fault of the engine must not cost a ticket: ours is rendered then.
        let rendered =
            std::panic::catch_unwind(std::panic::AssertUnwindSafe(rendering)).unwrap_or_else(|_| {
                Err(TemplateFault::Template {
                    path: self.path.clone(),
                    line: None,
                    message: "the template engine failed on it".to_owned(),
                })
            })?;
        if rendered.trim().is_empty() {
            return Err(TemplateFault::Empty { path: self.path.clone() });
        }
        if rendered.chars().count() > MOST_CHARS {
            return Err(TemplateFault::TooLong { path: self.path.clone() });
        }
        Ok(rendered)
    }

    fn check_names(&self) -> Result<(), TemplateFault> {
        let environment = environment();
        let template = environment.template_from_str(&self.source).map_err(|error| self.fault(&error))?;
        let used = template.undeclared_variables(true);
        match first_unknown(used) {
            Some(unknown) => Err(TemplateFault::UnknownName {
                path: self.path.clone(),
                line: self.line_of(&unknown.name),
                name: unknown.name,
                nearest: unknown.nearest,
            }),
            None => Ok(()),
        }
    }

    /// The first line inside of a tag that has this name.
    fn line_of(&self, name: &str) -> Option<usize> {
        let is_part = |c: char| c.is_alphanumeric() || c == '_';
        let holds = |line: &str| {
            line.match_indices(name).any(|(at, _)| {
                let (before, after) = (&line[..at], &line[at + name.len()..]);
                let tag = before.rfind("{{").max(before.rfind("{%"));
                tag.is_some() && !before.ends_with(is_part) && !after.starts_with(is_part)
            })
        };
        self.source.lines().position(holds).map(|index| index + 1)
    }

    fn fault(&self, error: &Error) -> TemplateFault {
        let mut message = error.kind().to_string();
        if let Some(detail) = error.detail() {
            let _ = write!(message, ": {detail}");
        }
        TemplateFault::Template { path: self.path.clone(), line: error.line(), message }
    }
}

/// The engine, as every template and every mapped field gets it: nothing can be included, no name is an error at this
/// point, and what is not known is printed as nothing.
pub(crate) fn environment<'s>() -> Environment<'s> {
    let mut environment = Environment::new();
    environment.set_undefined_behavior(UndefinedBehavior::Chainable);
    environment.set_fuel(Some(FUEL));
    let syntax = SyntaxConfig::builder().trim_blocks(true).lstrip_blocks(true).build();
    environment.set_syntax(syntax.unwrap_or_default());
    environment.add_filter("lower", |value: &Value| text(value).to_lowercase());
    environment.add_filter("upper", |value: &Value| text(value).to_uppercase());
    environment.add_filter("trim", |value: &Value| text(value).trim().to_owned());
    environment
        .add_filter("length", |value: &Value| value.len().unwrap_or_else(|| text(value).chars().count()));
    environment.add_filter("replace", |value: &Value, from: &str, to: &str| text(value).replace(from, to));
    environment.add_filter("join", |list: &Value, between: &str| {
        let texts: Vec<String> = list.try_iter().into_iter().flatten().map(|value| text(&value)).collect();
        texts.join(between)
    });
    environment.add_filter(
        "default",
        |value: &Value, other: &Value| {
            if value.is_true() { value.clone() } else { other.clone() }
        },
    );
    environment.set_formatter(|out, state, value| minijinja::escape_formatter(out, state, &said(value)));
    environment
}

/// A link by itself is what people call it, a moment its local time, and what is not known nothing.
fn said(value: &Value) -> Value {
    if value.is_none() || value.is_undefined() {
        return Value::from("");
    }
    let part = |name| value.get_attr(name).ok().filter(|part| !part.is_undefined());
    part("label").or_else(|| part("local")).unwrap_or_else(|| value.clone())
}

fn text(value: &Value) -> String {
    said(value).to_string()
}

/// A name no incident has.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct UnknownName {
    /// As written.
    pub(crate) name: String,
    /// The known name most like it.
    pub(crate) nearest: Option<String>,
}

/// Of the names an expression uses, with their parts (`entity.name`), the first that stands for nothing.
pub(crate) fn first_unknown(used: impl IntoIterator<Item = String>) -> Option<UnknownName> {
    let known = serde_json::to_value(TicketView::sample()).unwrap_or_default();
    let mut used: Vec<String> = used.into_iter().collect();
    used.sort_unstable();
    used.into_iter().find_map(|name| {
        let mut place = &known;
        for part in name.split('.') {
            // What the Toolkit app tells has its own shape, and a text has no parts.
            if name.starts_with("session.") || !place.is_object() {
                return None;
            }
            let Some(next) = place.get(part) else {
                let names = place.as_object().into_iter().flatten().map(|(name, _)| name.as_str());
                let nearest = nearest(part, names).map(str::to_owned);
                return Some(UnknownName { name, nearest });
            };
            place = next;
        }
        None
    })
}

/// Takes what is written up to a limit.
#[derive(Default)]
struct Bounded {
    bytes: Vec<u8>,
    full: bool,
}

impl io::Write for Bounded {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        // Bytes, not characters, and of the longest: characters are counted when it is done.
        if self.bytes.len() + bytes.len() > MOST_CHARS * 4 {
            self.full = true;
            return Err(io::Error::other("too long"));
        }
        self.bytes.extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn new(source: &str) -> Result<TicketTemplate, String> {
        TicketTemplate::new(source.to_owned(), Path::new("t.j2")).map_err(|fault| fault.to_string())
    }

    #[test]
    fn ours_passes_its_own_check() {
        let ours = new(DEFAULT_TEMPLATE).unwrap();
        let text = ours.render(&TicketView::sample()).unwrap();
        assert!(text.chars().count() < 20_000);
        for words in ["\nCareful: ", "\nCaused by: KeyError"] {
            assert!(text.contains(words), "{words:?} is not in\n{text}");
        }
    }

    #[test]
    fn what_is_wrong_is_named_with_its_file_and_line_and_what_to_do() {
        for (source, words) in [
            (
                "{{ headline }}\n{% if app %}\n{{ egnine }}{% endif %}",
                vec!["t.j2", "line 3", "`egnine`", "did you mean `engine`?"],
            ),
            ("{{ headline }}{{ entity.nmae }}", vec!["line 1", "`entity.nmae`", "did you mean `name`?"]),
            ("{{ headline }}{{ qqqqqqqq }}", vec!["`qqqqqqqq`", "docs/ticket.md"]),
            ("a\n{% if app %}", vec!["t.j2", "line 2", "syntax error", "tk-incident config template"]),
            ("{{ headline|shout }}", vec!["line 1", "shout"]),
            ("{% include 'other' %}{{ headline }}", vec!["line 1"]),
            ("{% if app %}{{ app }}{% endif %}\n", vec!["t.j2", "empty", "{{ headline }}"]),
            ("{% for a in [1] * 100 %}{{ traceback }}{% endfor %}", vec!["more than 90000 characters"]),
            ("{% for a in [1] * 10000 %}{% for b in [1] * 10000 %}{% endfor %}{% endfor %}", vec!["fuel"]),
        ] {
            let fault = new(source).unwrap_err();
            for word in words {
                assert!(fault.contains(word), "{fault:?} should name {word:?}");
            }
        }
        let fault = TicketTemplate::load(Path::new("nowhere/t.j2")).unwrap_err().to_string();
        assert!(fault.contains("nowhere/t.j2") && fault.contains("ticket.template"), "{fault}");
    }

    #[test]
    fn what_is_not_known_is_printed_as_nothing_and_a_link_as_its_name() {
        let template = "\u{feff}a{{ session.of.nobody }}b {{ entity }}\r\n{{ first }} {{ app|upper|replace('TK-', '') }} \
                        {{ session.x|default('none') }} {{ versions|join('+') }} {{ versions|length }}";
        let text = new(template).unwrap().render(&TicketView::sample()).unwrap();
        assert_eq!(text, "ab bunny_010\n2026-01-14 19:49:11 +09:00 MULTI-PUBLISH2 none Maya 2026.1 1");
    }
}
