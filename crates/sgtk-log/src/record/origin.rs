//! Which environment, engine, app or framework a record comes from.
//!
//! The logger name says it when it begins with `sgtk.env.`; else the file name, the message of the engine that loads
//! apps, and the paths of a traceback help. What Desktop's site process writes for its project process (`[PROXY]`) has
//! lost its logger name: engine and environment are known by nature, the app only by the traceback.

use crate::record::file_name::FileName;
use crate::signature::place::{Located, PlaceKind, is_version_folder, locate};
use crate::traceback::Block;

/// Where a record comes from. What is unknown is `None`.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Origin {
    /// Name of the environment (`site`, `project`, `shot_step`).
    pub environment: Option<String>,
    /// Engine instance.
    pub engine: Option<String>,
    /// App instance, or the app's bundle where only paths tell.
    pub app: Option<String>,
    /// Framework.
    pub framework: Option<String>,
    /// The record was passed from Desktop's project process to its site process.
    pub proxied: bool,
    /// Version of the bundle (app, else framework, else engine) the record is about.
    pub bundle_version: Option<String>,
}

impl Origin {
    /// The app or framework.
    pub(crate) fn bundle(&self) -> Option<&str> {
        self.app.as_deref().or(self.framework.as_deref())
    }
}

/// Engines by system name, for telling engines from apps in paths.
const ENGINES: [&str; 26] = [
    "tk-3de4",
    "tk-3dsmax",
    "tk-3dsmaxplus",
    "tk-aftereffects",
    "tk-alias",
    "tk-blender",
    "tk-clarisse",
    "tk-desktop",
    "tk-desktop2",
    "tk-flame",
    "tk-harmony",
    "tk-hiero",
    "tk-houdini",
    "tk-mari",
    "tk-maya",
    "tk-motionbuilder",
    "tk-nuke",
    "tk-nukestudio",
    "tk-photoshop",
    "tk-photoshopcc",
    "tk-rv",
    "tk-shell",
    "tk-shotgun",
    "tk-softimage",
    "tk-unreal",
    "tk-vred",
];

/// Frames looked at for a bundle, from the innermost.
const MOST_FRAMES: usize = 50;

pub(crate) fn read(
    logger: Option<&str>,
    message: &str,
    proxied: bool,
    file: FileName<'_>,
    blocks: &[Block<'_>],
) -> Origin {
    let mut origin = Origin { proxied, ..Origin::default() };
    if proxied {
        origin.environment = Some("project".to_owned());
        origin.engine = Some("tk-desktop".to_owned());
    } else if let Some(rest) = logger.and_then(|logger| logger.strip_prefix("sgtk.env.")) {
        read_tree(rest, &mut origin);
    } else if let Some(name) = logger.filter(|logger| logger.starts_with("tk-")) {
        // Old and stream forms name the engine or the bundle itself.
        read_bundle_name(name, &mut origin);
    } else if let Some(path) = logger.and_then(logger_path) {
        adopt(&mut origin, &locate(path));
    }
    if origin.app.is_none() && origin.framework.is_none() {
        read_loading_message(message, &mut origin);
    }
    read_frames(blocks, &mut origin);
    if origin.engine.is_none() {
        origin.engine = file.engine().map(str::to_owned);
    }
    origin
}

/// `env.engine[.bundle[.rest]]`. Names are keys of the studio's configuration; engines nearly always begin with `tk-`.
fn read_tree(tree: &str, origin: &mut Origin) {
    let mut dots = memchr::memchr_iter(b'.', tree.as_bytes());
    let first = dots.clone().next();
    let Some(dot) = dots.find(|dot| tree[dot + 1..].starts_with("tk-")).or(first) else {
        origin.environment = Some(tree.to_owned());
        return;
    };
    origin.environment = Some(tree[..dot].to_owned());
    let mut parts = tree[dot + 1..].split('.');
    origin.engine = parts.next().map(str::to_owned);
    match parts.next() {
        None | Some("hook" | "startup" | "js" | "") => {}
        Some(part) if part.starts_with("tkimp") => {}
        Some(part) if part.starts_with("tk-framework-") => origin.framework = Some(part.to_owned()),
        Some(part) => origin.app = Some(part.to_owned()),
    }
}

/// `tk-maya`, `tk-maya.tk-multi-x`, `tk-multi-x`.
fn read_bundle_name(name: &str, origin: &mut Origin) {
    let mut parts = name.split('.');
    for part in parts.by_ref().take(2).filter(|part| part.starts_with("tk-")) {
        let slot = if is_framework(part) {
            &mut origin.framework
        } else if is_engine(part) {
            &mut origin.engine
        } else {
            &mut origin.app
        };
        *slot = Some(part.to_owned());
    }
}

/// The path in a logger that was named after a file.
fn logger_path(logger: &str) -> Option<&str> {
    let path = logger.strip_prefix("sgtk.ext.").unwrap_or(logger);
    path.contains(['/', '\\']).then_some(path)
}

/// The engine reports apps it cannot load; the app is in the message only.
fn read_loading_message(message: &str, origin: &mut Origin) {
    let line = message.lines().next().unwrap_or_default();
    let about_app = (line.starts_with("App ")
        && ["failed to initialize", "failed run its post_engine_init"]
            .iter()
            .any(|said| line.contains(said)))
        || line.starts_with("Cannot start app!");
    if let Some(rest) = line.strip_prefix("App configuration Error for ") {
        let instance = rest.split(" (configured").next().unwrap_or(rest).trim();
        if !instance.is_empty() && !instance.contains(' ') {
            origin.app = Some(instance.to_owned());
        }
    } else if about_app {
        let end = line.find(" failed ").or_else(|| line.find(" does not exist")).unwrap_or(line.len());
        let named = line[..end].trim_start_matches("App ").trim_start_matches("Cannot start app! ");
        let file = format!("{named}/app.py");
        let found = locate(&file);
        if found.kind == PlaceKind::Bundle && named.contains(['/', '\\']) {
            adopt(origin, &found);
        } else if let Some(word) =
            named.split([' ', ',', '\'', '"', '<', '>']).find(|word| word.starts_with("tk-"))
        {
            origin.app = Some(word.to_owned());
        }
    }
}

/// Fills what is missing from the innermost bundle of a traceback, and the version of the bundle already known.
fn read_frames(blocks: &[Block<'_>], origin: &mut Origin) {
    if let Some(known) = origin.bundle() {
        let frames = blocks.iter().rev().flat_map(|block| block.frames.iter().rev());
        let version = frames.take(MOST_FRAMES).find_map(|frame| bundle_version(frame.path, known));
        if version.is_some() {
            origin.bundle_version = version.map(str::to_owned);
        }
        return;
    }
    let mut framework: Option<Located<'_>> = None;
    let frames = blocks.iter().rev().flat_map(|block| block.frames.iter().rev());
    for frame in frames.take(MOST_FRAMES) {
        if !frame.path.contains("tk-") {
            continue;
        }
        let found = locate(frame.path);
        if found.kind != PlaceKind::Bundle {
            continue;
        }
        let name = found.name.unwrap_or_default();
        if is_framework(name) {
            framework = framework.or(Some(found));
        } else if !is_engine(name) {
            origin.bundle_version = None;
            return adopt(origin, &found);
        } else if origin.bundle_version.is_none()
            && framework.is_none()
            && origin.engine.as_deref() == Some(name)
        {
            origin.bundle_version = found.version.map(str::to_owned);
        }
    }
    if let Some(framework) = framework {
        origin.bundle_version = None;
        adopt(origin, &framework);
    }
}

/// The version folder below a bundle's folder in a path.
fn bundle_version<'p>(path: &'p str, bundle: &str) -> Option<&'p str> {
    memchr::memchr2_iter(b'/', b'\\', path.as_bytes()).find_map(|at| {
        let below = path[at + 1..].strip_prefix(bundle)?;
        let below = below.strip_prefix(".git").unwrap_or(below).strip_prefix(['/', '\\'])?;
        let version = &below[..below.find(['/', '\\'])?];
        is_version_folder(version).then_some(version)
    })
}

fn adopt(origin: &mut Origin, found: &Located<'_>) {
    let Some(name) = found.name.filter(|_| found.kind == PlaceKind::Bundle) else { return };
    let slot = if is_framework(name) {
        &mut origin.framework
    } else if is_engine(name) {
        &mut origin.engine
    } else {
        &mut origin.app
    };
    if slot.is_none() {
        *slot = Some(name.to_owned());
    }
    if origin.bundle_version.is_none() {
        origin.bundle_version = found.version.map(str::to_owned);
    }
}

fn is_framework(name: &str) -> bool {
    name.starts_with("tk-framework-")
}

pub(crate) fn is_engine(name: &str) -> bool {
    ENGINES.contains(&name)
}
