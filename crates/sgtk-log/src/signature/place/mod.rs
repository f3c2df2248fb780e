//! Where a source file belongs: core, a bundle, a configuration, a host, Python, the studio.
//!
//! The result is the same on every system and for every way of installing Toolkit, so that one problem has one
//! signature. Part of the signature algorithm.

mod host;
mod layout;
mod studio;

pub(crate) use layout::{is_version_folder, locate};

use std::borrow::Cow;

use crate::signature::words::ContextWords;

/// Kind of code a file belongs to.
#[derive(Copy, Clone, PartialEq, Eq, Hash, Debug)]
pub enum PlaceKind {
    /// Libraries shipped inside Toolkit core.
    Vendor,
    /// Toolkit core itself.
    Core,
    /// An app, engine or framework.
    Bundle,
    /// A bundle uploaded to the site.
    SiteBundle,
    /// Hooks and other code of a pipeline configuration.
    Config,
    /// Installed Python packages.
    Packages,
    /// Python's own library.
    Python,
    /// Code of the host program.
    Host,
    /// Text that was evaluated.
    Evaluated,
    /// Anything else: the studio's own code.
    Studio,
}

impl PlaceKind {
    /// Short name, part of the signature algorithm.
    pub fn as_str(self) -> &'static str {
        match self {
            PlaceKind::Vendor => "vendor",
            PlaceKind::Core => "core",
            PlaceKind::Bundle => "bundle",
            PlaceKind::SiteBundle => "sgbundle",
            PlaceKind::Config => "config",
            PlaceKind::Packages => "site",
            PlaceKind::Python => "py",
            PlaceKind::Host => "dcc",
            PlaceKind::Evaluated => "eval",
            PlaceKind::Studio => "studio",
        }
    }

    /// Code that Toolkit, a studio or a vendor of Toolkit apps can change.
    pub fn is_in_app(self) -> bool {
        matches!(
            self,
            PlaceKind::Core
                | PlaceKind::Bundle
                | PlaceKind::SiteBundle
                | PlaceKind::Config
                | PlaceKind::Studio
        )
    }
}

/// A classified path.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Place {
    /// Kind of code.
    pub kind: PlaceKind,
    /// Bundle or host name, where there is one.
    pub name: Option<String>,
    /// Path below the root, `/` between the parts, lower case.
    pub rest: String,
}

impl Place {
    /// `bundle:tk-x/hooks/publish.py`, part of the signature.
    pub fn key(&self) -> String {
        let mut key = String::with_capacity(self.rest.len() + 48);
        push_root(self.kind, self.name.as_deref(), &mut key);
        key.push_str(&self.rest);
        key
    }

    /// File name without its ending: the module a person would name.
    pub fn module(&self) -> &str {
        let file = memchr::memrchr(b'/', self.rest.as_bytes()).map_or(&*self.rest, |at| &self.rest[at + 1..]);
        file.strip_suffix(".py").unwrap_or(file)
    }
}

/// Classifies a path as printed in a traceback.
pub fn place(path: &str) -> Place {
    locate(path).place(&ContextWords::default(), None)
}

/// Parts of a path that are looked at, from the file outwards.
const MOST_PARTS: usize = 32;

/// The innermost parts of a path, outermost first.
pub(crate) struct Parts<'t> {
    list: [&'t str; MOST_PARTS],
    from: usize,
}

impl<'t> Parts<'t> {
    fn of(path: &'t str) -> Self {
        let mut parts = Parts { list: [""; MOST_PARTS], from: MOST_PARTS };
        let bytes = path.as_bytes();
        let (mut at, mut end) = (bytes.len(), bytes.len());
        // Parts are short: a plain loop is quicker than a search.
        while at > 0 {
            at -= 1;
            if bytes[at] == b'/' || bytes[at] == b'\\' {
                parts.push(&path[at + 1..end]);
                end = at;
                if parts.from == 0 {
                    return parts;
                }
            }
        }
        parts.push(&path[..end]);
        parts
    }

    fn push(&mut self, part: &'t str) {
        if !matches!(part, "" | "." | "..") {
            self.from -= 1;
            self.list[self.from] = part;
        }
    }

    fn all(&self) -> &[&'t str] {
        &self.list[self.from..]
    }
}

/// A classified path that still borrows from the traceback.
pub(crate) struct Located<'t> {
    pub(crate) kind: PlaceKind,
    pub(crate) name: Option<&'t str>,
    pub(crate) version: Option<&'t str>,
    path: &'t str,
    parts: Parts<'t>,
    /// Index of the first part below the root.
    rest_at: usize,
}

impl<'t> Located<'t> {
    /// The place on its own. `words` are left out of the path of a studio's code; `bundle` is the one that logged.
    pub(crate) fn place(&self, words: &ContextWords, bundle: Option<&str>) -> Place {
        let (kind, name) = self.root(bundle);
        let mut rest = String::with_capacity(64);
        self.push_rest(words, &mut rest);
        Place { kind, name: name.map(Cow::into_owned), rest }
    }

    /// The key of the place, without making one.
    pub(crate) fn push_key(&self, words: &ContextWords, bundle: Option<&str>, key: &mut String) {
        let (kind, name) = self.root(bundle);
        push_root(kind, name.as_deref(), key);
        self.push_rest(words, key);
    }

    /// What was uploaded to the site is known by a number only: its package tells its name, else it is the bundle that
    /// logged, when there is one. Hooks may be those of a configuration, too.
    fn root<'n>(&'n self, bundle: Option<&'n str>) -> (PlaceKind, Option<Cow<'n, str>>) {
        if self.kind != PlaceKind::SiteBundle {
            return (self.kind, self.name.map(Cow::Borrowed));
        }
        match self.named_by_package(bundle).or(bundle.map(Cow::Borrowed)) {
            Some(bundle) => (PlaceKind::Bundle, Some(bundle)),
            None if self.is_hook() => (PlaceKind::Config, None),
            None => (self.kind, None),
        }
    }

    /// The bundle whose package begins the path: `tk_multi_x/dialog.py` is code of `tk-multi-x`.
    ///
    /// Only Toolkit's apps for several hosts keep to that. Their second editions may have kept the package of the first:
    /// the name is known when they log themselves, and of two it is known anyway.
    fn named_by_package<'n>(&self, logged: Option<&'n str>) -> Option<Cow<'n, str>> {
        let parts = self.parts.all();
        let [package, _, ..] = &parts[self.rest_at.min(parts.len())..] else { return None };
        let is_multi = package.starts_with("tk_multi_")
            && package.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_');
        let name = is_multi.then(|| package.replace('_', "-"))?;
        match logged.filter(|logged| logged.trim_end_matches(|c: char| c.is_ascii_digit()) == name) {
            Some(logged) => Some(Cow::Borrowed(logged)),
            None if matches!(name.as_str(), "tk-multi-loader" | "tk-multi-workfiles") => {
                Some(Cow::Owned(name + "2"))
            }
            None => Some(Cow::Owned(name)),
        }
    }

    fn push_rest(&self, words: &ContextWords, out: &mut String) {
        let parts = self.parts.all();
        let below = &parts[self.rest_at.min(parts.len())..];
        match self.kind {
            PlaceKind::Studio => studio::push_rest(self.path, parts, words, out),
            PlaceKind::Host => push_joined(below.iter().copied().filter(|part| !host::varies(part)), out),
            _ => push_joined(below.iter().copied(), out),
        }
    }

    /// Whether it stands in the hooks of its root.
    pub(crate) fn is_hook(&self) -> bool {
        self.parts.all().get(self.rest_at) == Some(&"hooks")
    }

    /// File name without its ending.
    pub(crate) fn module(&self) -> &'t str {
        let file = self.parts.all().last().copied().unwrap_or_default();
        memchr::memchr_iter(b'.', file.as_bytes())
            .find(|at| file[*at..].starts_with(".py"))
            .map_or(file, |at| &file[..at])
    }
}

/// `bundle:tk-x/`
fn push_root(kind: PlaceKind, name: Option<&str>, key: &mut String) {
    key.push_str(kind.as_str());
    key.push(':');
    if let Some(name) = name {
        let from = key.len();
        key.push_str(name);
        key[from..].make_ascii_lowercase();
        key.push('/');
    }
}

/// Parts as one path in lower case, compiled files under the name of their source.
fn push_joined<'t>(parts: impl Iterator<Item = &'t str>, out: &mut String) {
    let start = out.len();
    for part in parts {
        if out.len() > start {
            out.push('/');
        }
        let part = without_import_id(part);
        if part.is_ascii() {
            let from = out.len();
            out.push_str(part);
            out[from..].make_ascii_lowercase();
        } else {
            out.extend(part.chars().flat_map(char::to_lowercase));
        }
    }
    if out.ends_with(".pyc") || out.ends_with(".pyo") {
        out.pop();
    }
}

/// Toolkit imports bundles and hooks under a new 32-digit name in every process.
fn without_import_id(part: &str) -> &str {
    if part.len() < 32 {
        return part;
    }
    let id = part.strip_prefix("tkimp").unwrap_or(part);
    let stem = id.split('.').next().unwrap_or(id);
    if stem.len() == 32 && stem.bytes().all(|b| b.is_ascii_hexdigit()) { "tkimp" } else { part }
}

/// `v1.2.3`, `1.2.3`, `2022.1`, `v012`, `2022`.
fn looks_like_version(part: &str) -> bool {
    let digits = part.strip_prefix('v').unwrap_or(part);
    digits.starts_with(|c: char| c.is_ascii_digit())
        && digits.bytes().all(|b| b.is_ascii_alphanumeric() || b".-_+".contains(&b))
        && (part.len() > digits.len() || digits.contains('.') || digits.bytes().all(|b| b.is_ascii_digit()))
}
