//! The layouts Toolkit is installed in.
//!
//! Those of the bundle cache are the ones of Toolkit core's descriptors: `app_store`, `manual`, `git` and `gitbranch`
//! keep `<name>/<version>`, `github` adds an organisation, `sg` keeps uploads by number. Before core 0.18 the same
//! folders stood below `install/apps`, `install/engines` and `install/frameworks`.

use crate::record::origin::is_engine;

use super::{Located, Parts, PlaceKind, host, looks_like_version};

/// Classifies a path.
pub(crate) fn locate(path: &str) -> Located<'_> {
    let parts = Parts::of(path);
    let evaluated = path.starts_with('<') || path.starts_with("hou.session") || path.is_empty();
    let root = if evaluated {
        // Text has no folders; nothing of its name counts.
        Some(Root { kind: PlaceKind::Evaluated, name: None, version: None, rest_at: parts.all().len() })
    } else {
        let all = parts.all();
        let marks = Marks::of(all);
        vendor(all, &marks)
            .or_else(|| core(all, &marks))
            .or_else(|| cached_bundle(all, &marks))
            .or_else(|| config(all, &marks))
            .or_else(|| python(all, &marks))
            .or_else(|| developed_bundle(all, &marks))
            .or_else(|| host(all))
    };
    let root = root.unwrap_or(Root { kind: PlaceKind::Studio, name: None, version: None, rest_at: 0 });
    Located { kind: root.kind, name: root.name, version: root.version, path, parts, rest_at: root.rest_at }
}

/// A root that was found: what it is and where the path below it begins.
struct Root<'t> {
    kind: PlaceKind,
    name: Option<&'t str>,
    version: Option<&'t str>,
    rest_at: usize,
}

impl<'t> Root<'t> {
    fn plain(kind: PlaceKind, rest_at: usize) -> Self {
        Root { kind, name: None, version: None, rest_at }
    }
}

/// Indexes of the parts that decide, found in one pass.
#[derive(Default)]
struct Marks {
    tank_vendor: Option<usize>,
    requirements: Option<usize>,
    /// `python/tank`, the last one.
    tank: Option<usize>,
    /// `install/core`, the last one.
    install_core: Option<usize>,
    /// `app_store/tk-core` and the like, the last one: where the path below its version begins.
    cached_core: Option<usize>,
    /// A folder of a kind of descriptor, the first one.
    cache: Option<usize>,
    /// `config`, `cfg/config`, `install/config`, the first one: where the path below it begins.
    config: Option<usize>,
    packages: Option<usize>,
    /// `lib/python3.9`, `Python/Lib`, `python39.zip`: where the path below it begins.
    python: Option<usize>,
    /// The first folder that is named like a bundle.
    toolkit: Option<usize>,
}

impl Marks {
    fn of(parts: &[&str]) -> Self {
        let mut marks = Marks::default();
        let folders = parts.len().saturating_sub(1);
        for (at, part) in parts.iter().enumerate() {
            let next = parts.get(at + 1).copied().unwrap_or_default();
            // First byte and length refuse nearly every part.
            match (part.as_bytes()[0], part.len()) {
                (b't', 11) if *part == "tank_vendor" => marks.tank_vendor = Some(at),
                (b't', 4..) if at < folders && is_bundle_folder(part) => {
                    marks.toolkit = marks.toolkit.or(Some(at));
                }
                (b'r', 12) if *part == "requirements" => marks.requirements = Some(at),
                (b'i', 7) if *part == "install" && next == "core" => marks.install_core = Some(at),
                (b'i' | b'c', 3 | 7) if next == "config" && matches!(*part, "install" | "cfg") => {
                    marks.config = marks.config.or(Some(at + 2));
                }
                (b'c', 6) if *part == "config" && matches!(next, "hooks" | "core" | "env") => {
                    marks.config = marks.config.or(Some(at + 1));
                }
                (b's' | b'd', 13) if matches!(*part, "site-packages" | "dist-packages") => {
                    marks.packages = Some(at);
                }
                (b'a' | b'm' | b'g' | b's', 2..=9) if is_descriptor(part) => {
                    marks.cache = marks.cache.or_else(|| is_cache(parts, at).then_some(at));
                    if matches!(next, "tk-core" | "tk-core.git") && !matches!(*part, "github" | "sg") {
                        marks.cached_core = Some(at + 3);
                    }
                }
                (b'p' | b'P', 6..) => {
                    if *part == "python" && next == "tank" {
                        marks.tank = Some(at);
                    }
                    if is_python(part) {
                        if part.len() > 6 && at > 0 && is_lib(parts[at - 1]) {
                            marks.python = Some(at + 1);
                        } else if is_lib(next) {
                            marks.python = Some(at + 2);
                        }
                    } else if part.strip_suffix(".zip").is_some_and(is_python) {
                        marks.python = Some(at + 1);
                    }
                }
                _ => {}
            }
        }
        marks
    }
}

/// Folders that Toolkit's descriptors keep bundles in.
fn is_descriptor(part: &str) -> bool {
    matches!(part, "app_store" | "manual" | "git" | "gitbranch" | "github" | "sg")
}

fn is_lib(part: &str) -> bool {
    part.eq_ignore_ascii_case("lib") || part.eq_ignore_ascii_case("lib64")
}

/// `python`, `Python37`, `python3.9`, `python-3.9`.
fn is_python(part: &str) -> bool {
    part.get(..6).is_some_and(|head| head.eq_ignore_ascii_case("python"))
        && part.bytes().skip(6).all(|b| b.is_ascii_digit() || b".-x_".contains(&b))
}

/// `tk-multi-x`, as the folder of a checkout.
fn is_bundle_folder(part: &str) -> bool {
    part.starts_with("tk-")
        && part.len() > 3
        && part.bytes().all(|b| b.is_ascii_alphanumeric() || b"-_.".contains(&b))
}

fn vendor<'t>(parts: &[&'t str], marks: &Marks) -> Option<Root<'t>> {
    if let Some(at) = marks.tank_vendor {
        return Some(Root::plain(PlaceKind::Vendor, at + 1));
    }
    let at = marks.requirements?;
    parts.get(at + 2).filter(|archive| archive.ends_with(".zip"))?;
    Some(Root::plain(PlaceKind::Vendor, at + 3))
}

fn core<'t>(parts: &[&'t str], marks: &Marks) -> Option<Root<'t>> {
    let from = marks.tank.or_else(|| marks.install_core.map(|at| at + 2)).or(marks.cached_core)?;
    Some(core_below(parts, from))
}

/// Core from a folder on; its `python/tank` is not part of a name.
fn core_below<'t>(parts: &[&'t str], mut from: usize) -> Root<'t> {
    for optional in ["python", "tank"] {
        if from + 1 < parts.len() && parts[from] == optional {
            from += 1;
        }
    }
    Root::plain(PlaceKind::Core, from)
}

/// Whether the folder of a descriptor type is one: what stands below it says so.
fn is_cache(parts: &[&str], at: usize) -> bool {
    if parts[at] == "sg" {
        return at > 0
            && parts[at - 1] == "bundle_cache"
            && parts.get(at + 2).is_some_and(|id| id.starts_with('v'));
    }
    let name_at = if parts[at] == "github" { at + 2 } else { at + 1 };
    let (Some(name), Some(version)) = (parts.get(name_at), parts.get(name_at + 1)) else { return false };
    if name_at + 2 >= parts.len() {
        return false;
    }
    matches!(parts[at], "app_store" | "manual") || is_version_folder(version) || name.starts_with("tk-")
}

/// Whether a folder below a bundle's is called like a version: a tag or a commit.
pub(crate) fn is_version_folder(folder: &str) -> bool {
    is_commit(folder) || looks_like_version(folder)
}

fn is_commit(version: &str) -> bool {
    version.len() >= 7 && version.bytes().all(|b| b.is_ascii_hexdigit())
}

fn cached_bundle<'t>(parts: &[&'t str], marks: &Marks) -> Option<Root<'t>> {
    let at = marks.cache?;
    if parts[at] == "sg" {
        // A configuration has the same folders wherever it comes from, and hooks for bundles of other names.
        let from = at + 3;
        let config = match parts.get(from) {
            Some(&("core" | "env")) => true,
            // Hooks of an app may stand in folders of engines.
            Some(&"hooks") => {
                marks.toolkit.is_some_and(|toolkit| toolkit > from && !is_engine(parts[toolkit]))
            }
            _ => false,
        };
        if config {
            return Some(Root::plain(PlaceKind::Config, from));
        }
        let python = from + 1 < parts.len() && parts[from] == "python";
        return Some(Root::plain(PlaceKind::SiteBundle, from + usize::from(python)));
    }
    let name_at = if parts[at] == "github" { at + 2 } else { at + 1 };
    let version = parts[name_at + 1];
    // A clone in a folder called `git` has no version below its name.
    let versioned = matches!(parts[at], "app_store" | "manual") || is_version_folder(version);
    let from = name_at + 1 + usize::from(versioned);
    Some(bundle(parts, parts[name_at], versioned.then_some(version), from))
}

fn bundle<'t>(parts: &[&'t str], folder: &'t str, version: Option<&'t str>, from: usize) -> Root<'t> {
    let name = bundle_name(folder);
    if name.starts_with("tk-config-") {
        return Root { version, ..Root::plain(PlaceKind::Config, from) };
    }
    if name == "tk-core" {
        return core_below(parts, from);
    }
    let python = from + 1 < parts.len() && parts[from] == "python";
    Root { kind: PlaceKind::Bundle, name: Some(name), version, rest_at: from + usize::from(python) }
}

/// The name of a bundle by its folder: `tk-x.git`, `tk-x-master`, `tk-x-v1.2.3` are `tk-x`.
fn bundle_name(folder: &str) -> &str {
    let name = folder.strip_suffix(".git").unwrap_or(folder);
    match name.rsplit_once('-') {
        Some((name, "master" | "main" | "develop" | "dev")) => name,
        Some((name, version)) if version.contains('.') && looks_like_version(version) => name,
        _ => name,
    }
}

fn config<'t>(parts: &[&'t str], marks: &Marks) -> Option<Root<'t>> {
    let hooks = || {
        // A configuration in a folder of any name: its hooks for a bundle stand in a folder with the bundle's name.
        let at = marks.toolkit.filter(|at| *at > 0 && parts[at - 1] == "hooks")?;
        Some(at - 1)
    };
    marks.config.or_else(hooks).map(|from| Root::plain(PlaceKind::Config, from))
}

/// A checkout of a bundle under its own name, with or without a version folder.
fn developed_bundle<'t>(parts: &[&'t str], marks: &Marks) -> Option<Root<'t>> {
    let folders = parts.len().saturating_sub(1);
    let at = marks.toolkit?;
    let version = parts.get(at + 1).filter(|part| at + 1 < folders && looks_like_version(part)).copied();
    Some(bundle(parts, parts[at], version, at + 1 + usize::from(version.is_some())))
}

fn python<'t>(parts: &[&'t str], marks: &Marks) -> Option<Root<'t>> {
    let from = |at: usize| at.min(parts.len());
    let packages = marks.packages.map(|at| Root::plain(PlaceKind::Packages, from(at + 1)));
    packages.or_else(|| marks.python.map(|at| Root::plain(PlaceKind::Python, from(at))))
}

fn host<'t>(parts: &[&'t str]) -> Option<Root<'t>> {
    let (name, at) = host::find(parts)?;
    Some(Root { kind: PlaceKind::Host, name: Some(name), version: None, rest_at: at + 1 })
}
