//! Where a source file belongs: core, a bundle, a configuration, a host, Python, the studio.
//!
//! The result is the same on every system and for every way of installing Toolkit, so that one problem has one
//! signature. The layouts of the bundle cache are those of Toolkit core's descriptors.

/// Kind of code a file belongs to.
#[derive(Copy, Clone, PartialEq, Eq, Hash, Debug)]
pub enum PlaceKind {
    /// Libraries shipped inside Toolkit core.
    Vendor,
    /// Toolkit core itself.
    Core,
    /// An app, engine or framework.
    Bundle,
    /// A configuration uploaded to the site.
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
    /// Version of the bundle as its folder says.
    pub version: Option<String>,
    /// Path below the root, `/` between the parts, lower case.
    pub rest: String,
}

impl Place {
    /// `bundle:tk-x/hooks/publish.py`, part of the signature.
    pub fn key(&self) -> String {
        let kind = self.kind.as_str();
        match &self.name {
            Some(name) => format!("{kind}:{}/{}", name.to_lowercase(), self.rest),
            None => format!("{kind}:{}", self.rest),
        }
    }

    /// File name without its ending: the module a person would name.
    pub fn module(&self) -> &str {
        let file = self.rest.rsplit('/').next().unwrap_or(&self.rest);
        file.strip_suffix(".py").unwrap_or(file)
    }
}

/// Classifies a path as printed in a traceback.
pub fn place(path: &str) -> Place {
    if path.starts_with('<') || path.starts_with("hou.session") || path.is_empty() {
        return found(PlaceKind::Evaluated, None, None, &[]);
    }
    let parts: Vec<&str> = path.split(['/', '\\']).filter(|part| !part.is_empty() && *part != ".").collect();
    vendor(&parts)
        .or_else(|| core(&parts))
        .or_else(|| cached_bundle(&parts))
        .or_else(|| config(&parts))
        .or_else(|| python(&parts))
        .or_else(|| developed_bundle(&parts))
        .or_else(|| host(&parts))
        .unwrap_or_else(|| studio(&parts))
}

fn found(kind: PlaceKind, name: Option<&str>, version: Option<&str>, rest: &[&str]) -> Place {
    let mut joined = String::with_capacity(rest.iter().map(|part| part.len() + 1).sum());
    for (index, part) in rest.iter().enumerate() {
        if index > 0 {
            joined.push('/');
        }
        let part = without_import_id(part);
        if part.is_ascii() {
            let from = joined.len();
            joined.push_str(part);
            joined[from..].make_ascii_lowercase();
        } else {
            joined.extend(part.chars().flat_map(char::to_lowercase));
        }
    }
    if joined.ends_with(".pyc") || joined.ends_with(".pyo") {
        joined.pop();
    }
    Place { kind, name: name.map(str::to_owned), version: version.map(str::to_owned), rest: joined }
}

/// Toolkit imports bundles and hooks under a new 32-digit name in every process.
fn without_import_id(part: &str) -> &str {
    let id = part.strip_prefix("tkimp").unwrap_or(part);
    let stem = id.split('.').next().unwrap_or(id);
    if stem.len() == 32 && stem.bytes().all(|b| b.is_ascii_hexdigit()) { "tkimp" } else { part }
}

fn rindex_of(parts: &[&str], name: &str) -> Option<usize> {
    parts.iter().rposition(|part| part.eq_ignore_ascii_case(name))
}

fn vendor(parts: &[&str]) -> Option<Place> {
    if let Some(at) = rindex_of(parts, "tank_vendor") {
        return Some(found(PlaceKind::Vendor, None, None, &parts[at + 1..]));
    }
    let at = rindex_of(parts, "requirements")?;
    let archive = parts.get(at + 2).filter(|part| part.ends_with(".zip"))?;
    debug_assert!(!archive.is_empty());
    Some(found(PlaceKind::Vendor, None, None, &parts[at + 3..]))
}

fn core(parts: &[&str]) -> Option<Place> {
    let below = |from: usize| {
        let mut rest = &parts[from.min(parts.len())..];
        for optional in ["python", "tank"] {
            rest = match rest {
                [first, after @ ..] if first.eq_ignore_ascii_case(optional) && !after.is_empty() => after,
                other => other,
            };
        }
        Some(found(PlaceKind::Core, None, None, rest))
    };
    if let Some(at) = parts.windows(2).rposition(|pair| pair[0] == "python" && pair[1] == "tank") {
        return below(at);
    }
    if let Some(at) = parts.windows(2).rposition(|pair| pair[0] == "install" && pair[1] == "core") {
        return below(at + 2);
    }
    let at = parts.windows(2).rposition(|pair| {
        matches!(pair[0], "app_store" | "manual" | "git" | "gitbranch")
            && matches!(pair[1], "tk-core" | "tk-core.git")
    })?;
    below(at + 3)
}

fn cached_bundle(parts: &[&str]) -> Option<Place> {
    for (at, part) in parts.iter().enumerate() {
        let (name_at, version_at) = match *part {
            "app_store" | "manual" | "git" | "gitbranch" => (at + 1, at + 2),
            "github" => (at + 2, at + 3),
            "sg" if parts.get(at.wrapping_sub(1)).is_some_and(|before| *before == "bundle_cache") => {
                let id = parts.get(at + 2)?;
                return id
                    .starts_with('v')
                    .then(|| found(PlaceKind::SiteBundle, None, None, &parts[at + 3..]));
            }
            _ => continue,
        };
        let (Some(name), Some(version)) = (parts.get(name_at), parts.get(version_at)) else { continue };
        if version_at + 1 >= parts.len() && !looks_like_version(version) {
            continue;
        }
        let name = name.strip_suffix(".git").unwrap_or(name);
        // A clone in a folder called `git` has no version below its name.
        let commit = version.len() >= 7 && version.bytes().all(|b| b.is_ascii_hexdigit());
        if matches!(*part, "app_store" | "manual") || commit || looks_like_version(version) {
            return Some(bundle(name, Some(version), &parts[version_at + 1..]));
        }
        return name.starts_with("tk-").then(|| bundle(name, None, &parts[version_at..]));
    }
    None
}

fn bundle(name: &str, version: Option<&str>, rest: &[&str]) -> Place {
    if name.starts_with("tk-config-") {
        return found(PlaceKind::Config, None, version, rest);
    }
    let rest = match rest {
        ["python", after @ ..] if !after.is_empty() => after,
        other => other,
    };
    found(PlaceKind::Bundle, Some(name), version, rest)
}

fn config(parts: &[&str]) -> Option<Place> {
    let at = parts.windows(2).position(|pair| {
        matches!((pair[0], pair[1]), ("config", "hooks" | "core" | "env") | ("cfg" | "install", "config"))
    })?;
    let from = if parts[at] == "config" { at + 1 } else { at + 2 };
    Some(found(PlaceKind::Config, None, None, &parts[from..]))
}

/// A checkout of a bundle under its own name, with or without a version folder.
fn developed_bundle(parts: &[&str]) -> Option<Place> {
    let folders = parts.len().saturating_sub(1);
    let at = parts[..folders].iter().position(|part| {
        part.starts_with("tk-")
            && part.len() > 3
            && part.bytes().all(|b| b.is_ascii_alphanumeric() || b"-_.".contains(&b))
    })?;
    let name = parts[at].strip_suffix(".git").unwrap_or(parts[at]);
    let version = parts.get(at + 1).filter(|part| at + 1 < folders && looks_like_version(part)).copied();
    let rest = &parts[at + 1 + usize::from(version.is_some())..];
    Some(bundle(name, version, rest))
}

fn python(parts: &[&str]) -> Option<Place> {
    let packages = parts.iter().rposition(|part| matches!(*part, "site-packages" | "dist-packages"));
    if let Some(at) = packages {
        return Some(found(PlaceKind::Packages, None, None, &parts[at + 1..]));
    }
    let is_python = |part: &str| {
        let lower = part.to_ascii_lowercase();
        lower
            .strip_prefix("python")
            .is_some_and(|rest| rest.bytes().all(|b| b.is_ascii_digit() || b".-x_".contains(&b)))
    };
    let library = parts.windows(2).rposition(|pair| {
        let lib = |part: &str| part.eq_ignore_ascii_case("lib") || part.eq_ignore_ascii_case("lib64");
        lib(pair[0]) && is_python(pair[1]) && pair[1].len() > 6 || is_python(pair[0]) && lib(pair[1])
    });
    let from = match library {
        Some(at) => at + 2,
        None => parts.iter().rposition(|part| part.strip_suffix(".zip").is_some_and(is_python))? + 1,
    };
    Some(found(PlaceKind::Python, None, None, &parts[from.min(parts.len())..]))
}

/// Beginnings of the folder a host is installed in, and the host's name.
const HOSTS: [(&str, &str); 20] = [
    ("maya20", "maya"),
    ("maya.app", "maya"),
    ("hfs", "houdini"),
    ("houdini", "houdini"),
    ("nukestudio", "nuke"),
    ("nuke", "nuke"),
    ("hiero", "hiero"),
    ("3ds max", "3dsmax"),
    ("3dsmax", "3dsmax"),
    ("motionbuilder", "motionbuilder"),
    ("blender", "blender"),
    ("ue_", "unreal"),
    ("unrealengine", "unreal"),
    ("unreal engine", "unreal"),
    ("adobe photoshop", "photoshop"),
    ("adobe after effects", "aftereffects"),
    ("mari", "mari"),
    ("vredpro", "vred"),
    ("flame_", "flame"),
    ("rv-", "rv"),
];

fn host(parts: &[&str]) -> Option<Place> {
    let folders = parts.len().saturating_sub(1);
    for (at, part) in parts[..folders].iter().enumerate() {
        let lower = part.to_ascii_lowercase();
        for (prefix, name) in HOSTS {
            let Some(rest) = lower.strip_prefix(prefix) else { continue };
            // A version follows, or the name stands alone: `Nuke12.1v5`, `Maya2022`, `houdini`, not `nuke_tools`.
            let versioned = rest.trim_start_matches([' ', '-']).starts_with(|c: char| c.is_ascii_digit());
            let vendored = parts[..at].iter().any(|before| is_vendor_folder(before));
            if versioned || rest == ".app" || (rest.is_empty() && vendored) {
                return Some(found(PlaceKind::Host, Some(name), None, &parts[at + 1..]));
            }
        }
    }
    None
}

fn is_vendor_folder(part: &str) -> bool {
    ["Program Files", "Applications", "Autodesk", "autodesk", "opt", "Side Effects Software"].contains(&part)
}

fn studio(parts: &[&str]) -> Place {
    let named: Vec<&str> = parts.iter().filter(|part| !looks_like_version(part)).copied().collect();
    found(PlaceKind::Studio, None, None, &named[named.len().saturating_sub(3)..])
}

/// `v1.2.3`, `1.2.3`, `2022.1`, `v012`.
fn looks_like_version(part: &str) -> bool {
    let digits = part.strip_prefix('v').unwrap_or(part);
    digits.starts_with(|c: char| c.is_ascii_digit())
        && digits.bytes().all(|b| b.is_ascii_alphanumeric() || b".-_+".contains(&b))
        && (part.len() > digits.len() || digits.contains('.') || digits.bytes().all(|b| b.is_ascii_digit()))
}
