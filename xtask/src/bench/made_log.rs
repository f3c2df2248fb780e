//! Large logs for `bench scan`, always the same: a busy host's DEBUG and INFO records with error records between.
//!
//! Owns the recipe. A log is made once below `target/bench` and again only when this file has changed. What it is like
//! decides the figures, so: error records of 200 causes whose inner frames belong to the cause, with 0 to 12 frames
//! around them; users, homes, operating systems, versions, shots, ids and times vary; a tenth has no traceback; some
//! are proxied, some CRITICAL; ordinary records of 60 to 400 bytes, one in two thousand of which says ERROR in its text.

use std::fmt::Write as _;
use std::fs::{self, File};
use std::io::{BufWriter, Write};
use std::path::{Path, PathBuf};

/// How much of what.
pub(super) struct Recipe {
    pub(super) name: &'static str,
    pub(super) bytes: u64,
    pub(super) errors: u64,
}

/// The log of the budget: 1 GiB.
pub(super) const LARGE: Recipe = Recipe { name: "large", bytes: 1 << 30, errors: 30_000 };
/// The same with about five ordinary lines between two errors: a program that does little but fail.
pub(super) const DENSE: Recipe = Recipe { name: "dense", bytes: 64 << 20, errors: 26_000 };

impl Recipe {
    /// The path of the log, which is made when it is not there.
    pub(super) fn log(&self, folder: &Path) -> Result<PathBuf, String> {
        let path = folder.join(self.name).join("tk-maya.log");
        let stamp = path.with_extension("recipe");
        let recipe = include_str!("made_log.rs");
        if path.exists() && fs::read_to_string(&stamp).is_ok_and(|made| made == recipe) {
            return Ok(path);
        }
        let told = |error: std::io::Error| format!("{}: {error}", path.display());
        fs::create_dir_all(folder.join(self.name)).map_err(told)?;
        let _ = fs::remove_file(&stamp);
        self.write(&path).map_err(told)?;
        fs::write(&stamp, recipe).map_err(told)?;
        Ok(path)
    }

    fn write(&self, path: &Path) -> std::io::Result<()> {
        let mut chance = Chance(7);
        let mut out = BufWriter::with_capacity(1 << 20, File::create(path)?);
        let ordinary: Vec<String> = (0..20_000).map(|_| ordinary(&mut chance)).collect();
        let (mut written, mut ms) = (0_u64, 0_u64);
        for error in 1..=self.errors {
            // Bursts and quiet: an even spacing would be kind to everything that predicts.
            let until = self.bytes / self.errors * error - chance.below(800);
            while written < until {
                ms += chance.below(40);
                let line = &ordinary[chance.below(ordinary.len() as u64) as usize];
                let time = time(ms);
                out.write_all(time.as_bytes())?;
                out.write_all(line.as_bytes())?;
                written += (time.len() + line.len()) as u64;
            }
            let record = format!("{}{}", time(ms), failure(&mut chance));
            out.write_all(record.as_bytes())?;
            written += record.len() as u64;
        }
        out.flush()
    }
}

/// Splitmix64: the same numbers everywhere.
struct Chance(u64);

impl Chance {
    fn below(&mut self, limit: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (mixed ^ (mixed >> 31)) % limit
    }

    fn of<'a>(&mut self, choices: &[&'a str]) -> &'a str {
        choices[self.below(choices.len() as u64) as usize]
    }
}

fn time(ms: u64) -> String {
    let (second, minute, hour, day) = (ms / 1000, ms / 60_000, ms / 3_600_000, ms / 86_400_000);
    format!(
        "2026-{:02}-{:02} {:02}:{:02}:{:02},{:03} ",
        1 + day / 28 % 12,
        1 + day % 28,
        hour % 24,
        minute % 60,
        second % 60,
        ms % 1000
    )
}

const APPS: [&str; 8] = [
    "tk-multi-publish2",
    "tk-multi-workfiles2",
    "tk-multi-loader2",
    "tk-multi-breakdown2",
    "tk-multi-shotgunpanel",
    "tk-multi-snapshot",
    "tk-multi-setframerange",
    "tk-multi-screeningroom",
];
const PEOPLE: [&str; 6] = ["alice", "bob.kim", "chen", "d.mueller", "eve", "minjun"];
const STEPS: [&str; 5] = ["shot_step", "asset_step", "project", "shot", "sequence"];
const LOGGERS: [&str; 6] = [
    "sgtk.core.platform.bundle",
    "sgtk.core.bootstrap.cached_configuration",
    "sgtk.core.descriptor.io_descriptor.appstore",
    "sgtk.core.util.shotgun.connection",
    "sgtk.core.path_cache",
    "sgtk.core.platform.qt",
];

fn home(chance: &mut Chance, person: &str) -> String {
    match chance.below(3) {
        0 => format!("/home/{person}/.shotgun/bundle_cache"),
        1 => format!("/Users/{person}/Library/Caches/Shotgun/bundle_cache"),
        _ => format!("C:\\Users\\{person}\\AppData\\Roaming\\Shotgun\\bundle_cache"),
    }
}

fn shot(chance: &mut Chance) -> String {
    format!("sq{:02}_sh{:04}", chance.below(30), chance.below(400) * 10)
}

fn logger(chance: &mut Chance, app: &str) -> String {
    match chance.below(4) {
        0 => chance.of(&LOGGERS).to_owned(),
        1 => format!("sgtk.env.{}.tk-maya", chance.of(&STEPS)),
        _ => format!("sgtk.env.{}.tk-maya.{app}", chance.of(&STEPS)),
    }
}

/// What follows the time in an ordinary record.
fn ordinary(chance: &mut Chance) -> String {
    let app = chance.of(&APPS);
    let level = if chance.below(5) == 0 { "INFO" } else { "DEBUG" };
    let level = if chance.below(200) == 0 { "WARNING" } else { level };
    let logger = logger(chance, app);
    let (number, version) = (chance.below(90_000), chance.below(20));
    let (shot, person) = (shot(chance), chance.of(&PEOPLE));
    let message = match chance.below(12) {
        _ if chance.below(2_000) == 0 => {
            format!("Job {number} ended with status ERROR on the farm, see there")
        }
        0 => "Resolved setting 'template_work' to <Sgtk TemplatePath maya_shot_work: sequences/{Sequence}/{Shot}/{Step}/work/maya/{name}.v{version}.ma>".to_owned(),
        1 => format!(
            "Executing hook method publish_file on <tank.platform.bundle instance for {app} v2.{version}.{number}>"
        ),
        2 => format!(
            "App {app} ({}/app_store/{app}/v2.{version}.1) initialized in {number} us",
            home(chance, person)
        ),
        3 => format!(
            "Caching 'PublishedFile' {{'type': 'PublishedFile', 'id': {number}, 'code': '{shot}_anim_v{version:03}.ma', 'version_number': {version}}} in the path cache"
        ),
        4 => format!(
            "Background task {number} started: <bound method loader.load_thumbnails of thread pool of {app}>, {version} tasks are waiting"
        ),
        5 => format!("Context changed from Shot {shot} to Task Animation, Shot {shot}"),
        6 => format!(
            "find([{{'type': 'Shot', 'id': {number}}}, 'code', 'sg_status_list', 'sg_cut_in', 'sg_cut_out', 'project.Project.tank_name', 'updated_at', 'created_by.HumanUser.login']) took 0.{version:02} s, {number} rows were read from the site and {version} from the local store"
        ),
        7 => format!(
            "Looking for /mnt/projects/kestrel/sequences/{}/{shot}/anim/work/maya/{shot}_anim_v{version:03}.ma: found",
            &shot[..4]
        ),
        8 => format!(
            "Registered command '{app} {version}' with properties {{'short_name': 'cmd{number}', 'app': <{app}>, 'icon': '/mnt/sw/icons/icon_256.png', 'type': 'context_menu'}}"
        ),
        9 => "Scene opened callback: nothing has changed, the engine stays as it is".to_owned(),
        10 => format!(
            "Downloading https://kestrel.shotgrid.autodesk.com/file_serve/version/{number}/thumbnail.jpg"
        ),
        _ => format!("No errors in {number} items of {shot}"),
    };
    format!("[{} {level} {logger}] {message}\n", 2_000 + chance.below(9) * 311)
}

/// What follows the time in an error record.
fn failure(chance: &mut Chance) -> String {
    let cause = chance.below(200);
    let mut own = Chance(cause + 1);
    let app = own.of(&APPS);
    let person = chance.of(&PEOPLE);
    let level = if chance.below(20) == 0 { "CRITICAL" } else { "ERROR" };
    let mut text = format!("[{} {level} ", 2_000 + chance.below(9) * 311);
    let shot = shot(chance);
    if chance.below(12) == 0 {
        text.push_str(
            "sgtk.ext.tkimpca47701c698a48e8ae126887f5dfe803.tk_desktop.site_communication] [PROXY] ",
        );
    } else {
        let _ = write!(text, "sgtk.env.{}.tk-maya.{app}] ", chance.of(&STEPS));
    }
    let said = message(&mut own, chance, &shot);
    if cause.is_multiple_of(10) {
        let _ = writeln!(text, "{said}");
        return text;
    }
    let _ = writeln!(
        text,
        "{}",
        own.of(&[
            "Publish failed",
            "Could not run the command",
            "Unhandled exception in a slot",
            "Task failed"
        ])
    );
    if cause % 6 == 1 {
        // Another exception first, as `raise ... from ...` prints it.
        frames(&mut text, &mut own, chance, person, app);
        let _ = writeln!(text, "OSError: [Errno 13] Permission denied: '/mnt/projects/{shot}.ma'");
        text.push_str("\nThe above exception was the direct cause of the following exception:\n\n");
    }
    frames(&mut text, &mut own, chance, person, app);
    let name = own.of(&[
        "tank.errors.TankError",
        "RuntimeError",
        "KeyError",
        "AttributeError",
        "ValueError",
        "tank_vendor.shotgun_api3.shotgun.Fault",
        "TypeError",
        "OSError",
    ]);
    let _ = match name {
        "KeyError" => {
            writeln!(text, "KeyError: '{}'", own.of(&["code", "sg_sequence", "version_number", "task"]))
        }
        "AttributeError" => {
            writeln!(
                text,
                "AttributeError: 'NoneType' object has no attribute '{}'",
                own.of(&["get", "name", "entity", "filter", "step"])
            )
        }
        "OSError" => writeln!(
            text,
            "OSError: [Errno {}] No luck: '/mnt/projects/kestrel/{shot}/x.ma'",
            own.of(&["2", "13", "17", "28"])
        ),
        name => writeln!(text, "{name}: {said}"),
    };
    if cause % 17 == 3 {
        let _ = write!(
            text,
            "{} items were not handled:\n  {shot}\n\n2 of them are locked by {person}\n",
            chance.below(40)
        );
    }
    text
}

fn message(own: &mut Chance, chance: &mut Chance, shot: &str) -> String {
    let number = chance.below(90_000);
    match own.below(7) {
        0 => format!(
            "API create() CRUD ERROR #6: Create failed for [PublishedFile]: Value is not legal [PublishedFile.{}] id {number}",
            own.of(&["task", "code", "path"])
        ),
        1 => format!(
            "Could not create folders on disk. Error reported: Could not resolve row id for path! Path: /mnt/projects/kestrel/{shot}"
        ),
        2 => format!(
            "The file '/mnt/projects/kestrel/{shot}/{shot}_anim_v{:03}.ma' is {}",
            number % 100,
            own.of(&["locked", "not there", "too new for this version", "not a scene"])
        ),
        3 => format!(
            "Template {} cannot resolve the fields of {shot}: missing {}",
            own.of(&["maya_shot_work", "nuke_shot_render", "asset_publish"]),
            own.of(&["Step", "name", "version"])
        ),
        4 => format!("App {} failed to initialize. It will not be loaded.", own.of(&APPS)),
        5 => format!(
            "Cannot reach https://kestrel.shotgrid.autodesk.com/api3/json?q={number}: timed out after {} s",
            own.of(&["5", "30"])
        ),
        _ => format!(
            "{} of {shot} {}",
            own.of(&["Playblast", "Camera", "Cache", "Audio", "Texture set"]),
            own.of(&["has no frames", "has two owners", "was not approved", "could not be read"])
        ),
    }
}

const MODULES: [&str; 10] = [
    "item",
    "manager",
    "plugins",
    "publish_file",
    "session",
    "dialog",
    "tree_node",
    "data_store",
    "actions",
    "api",
];
const VERBS: [&str; 10] =
    ["publish", "collect", "resolve", "validate", "open", "save", "register", "load", "update", "finish"];

/// Frames around a cause, which vary, then the two of the cause.
fn frames(text: &mut String, own: &mut Chance, chance: &mut Chance, person: &str, app: &str) {
    text.push_str("Traceback (most recent call last):\n");
    let home = home(chance, person);
    let version = format!("v2.{}.{}", chance.below(12), chance.below(9));
    let outer = chance.below(13);
    for depth in 0..outer + 2 {
        let inner = depth >= outer;
        let chance: &mut Chance = if inner { &mut *own } else { &mut *chance };
        let (module, verb) = (chance.of(&MODULES), chance.of(&VERBS));
        let package = app.replace("tk-multi-", "tk_multi_");
        let path = match chance.below(10) {
            0 if !inner => format!("/usr/autodesk/maya2025/lib/python3.11/site-packages/pymel/{module}.py"),
            1 if !inner => format!("{home}/app_store/tk-core/v0.21.7/python/tank/platform/{module}.py"),
            2 => format!("/mnt/cfg/kestrel/config/hooks/{app}/{module}_session.py"),
            _ => format!("{home}/app_store/{app}/{version}/python/{package}/{module}.py"),
        };
        let path = if home.starts_with("C:") { path.replace('/', "\\") } else { path };
        let line = chance.below(1_200);
        let _ = write!(
            text,
            "  File \"{path}\", line {line}, in {verb}_{module}\n    self.{verb}({module}, **settings)\n"
        );
        if chance.below(4) == 0 {
            text.push_str("    ~~~~~~~~~~~~^^^^^^^^^^^^^^^^^^^^\n");
        }
    }
}
