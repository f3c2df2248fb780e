//! The same problem met by two people in two places.
//!
//! The input chooses the shape of a record (header, logger, what is said, frames, exceptions and how they are joined);
//! the record is then written twice, with two sets of everything that must not matter.

use crate::choices::Choices;
use crate::tracebacks::check_incident;
use sgtk_log::{CodePage, ContextWords, FileName, TitleStyle, decode, recognise, title};
use std::fmt::Write as _;

/// Everything that must not matter. The texts of the two are of equal length, so that what is cut is cut alike.
struct Surroundings {
    time: &'static str,
    pid: u32,
    environment: &'static str,
    user: &'static str,
    shot: &'static str,
    home: &'static str,
    version: &'static str,
    python: &'static str,
    line: u32,
    newline: &'static str,
    windows: bool,
}

const HERE: Surroundings = Surroundings {
    time: "2026-01-14 19:49:11,961",
    pid: 2764,
    environment: "project",
    user: "alice",
    shot: "sq02_sh0010",
    home: "/home/alice/.shotgun/bundle_cache/app_store",
    version: "v2.10.8",
    python: "python3.9",
    line: 12,
    newline: "\n",
    windows: false,
};

const THERE: Surroundings = Surroundings {
    time: "2025-12-31 00:00:00,000",
    pid: 31,
    environment: "shot_step",
    user: "maria",
    shot: "sq31_sh0420",
    home: "C:\\Users\\maria\\AppData\\Roaming\\Shotgun\\bundle_cache\\app_store",
    version: "v2.11.0",
    python: "python3.11",
    line: 900,
    newline: "\r\n",
    windows: true,
};

const APPS: [&str; 4] = ["tk-multi-publish2", "tk-multi-workfiles2", "tk-nuke-writenode", "tk-x"];
const NAMES: [&str; 16] = [
    "KeyError",
    "tank.errors.TankError",
    "AttributeError",
    "OSError",
    "PermissionError",
    "RuntimeError",
    "Exception",
    "tank_vendor.shotgun_api3.shotgun.Fault",
    "SyntaxError",
    "ImportError",
    "subprocess.CalledProcessError",
    "hou.OperationFailed",
    "Empty",
    "studio.Broken",
    "ExceptionGroup",
    "UnicodeDecodeError",
];
/// Said around the words of the input; quotes are in pairs, else a name is inside of them here and outside there.
/// `%u` is the user, `%s` the shot, `%p` a path, `%v` a version.
const SAID: [&str; 24] = [
    "",
    ": ",
    " for %u",
    " in %s ",
    " '%p' ",
    "%p",
    " %v ",
    "[Errno 13] Permission denied: '%p'",
    "'NoneType' object has no attribute 'get'",
    "'code'",
    "No module named 'studio'",
    "API create() CRUD ERROR #6: Create failed for [Attachment.name]: ",
    "Could not do it. Error reported: ",
    "Error details: ",
    "\n",
    "\"two words\"",
    "don't",
    "<Sgtk TemplatePath maya_shot_work: %s/x.ma>",
    "{'type': 'Shot', 'id': 12}",
    "https://a.shotgrid.autodesk.com/x",
    "Command 'git fetch' returned non-zero exit status 128.",
    "(",
    ")",
    "\\n",
];
const JOINTS: [&str; 5] = [
    "\nThe above exception was the direct cause of the following exception:\n\n",
    "\nDuring handling of the above exception, another exception occurred:\n\n",
    "",
    "\n",
    "[PROXY] ",
];

/// The signature and the title of a problem do not depend on user, place, versions, line numbers, process, time or
/// environment; a signature is made of something and a title is short.
pub fn signature(input: &[u8]) {
    let words = ["alice", "maria", HERE.shot, THERE.shot].map(str::to_owned);
    let words = ContextWords::new(words);
    let of = |place: &Surroundings| {
        let text = record(&mut Choices::new(input), place);
        let found = recognise(&decode(text.as_bytes(), CodePage::NONE), FileName("tk-maya.log"), &words);
        check_incident(&found);
        (text, found)
    };
    let (one_text, one) = of(&HERE);
    let (other_text, other) = of(&THERE);
    assert_eq!(
        one.signature.components(),
        other.signature.components(),
        "two signatures for one problem:\n{one_text}\n--- and ---\n{other_text}"
    );
    assert_eq!(title(&one, None, TitleStyle::Precise), title(&other, None, TitleStyle::Precise));
}

fn record(input: &mut Choices<'_>, place: &Surroundings) -> String {
    let app = input.of(&APPS);
    let level = input.of(&["ERROR", "CRITICAL"]);
    let logger = match input.below(6) {
        0 => "sgtk.core.platform.engine".to_owned(),
        1 => "sgtk.ext.tkimpca47701c698a48e8ae126887f5dfe803.tk_desktop.site_communication".to_owned(),
        2 => format!("sgtk.env.{}.tk-maya", place.environment),
        _ => format!("sgtk.env.{}.tk-maya.{app}", place.environment),
    };
    let mut text = format!("{} [{} {level} {logger}] ", place.time, place.pid);
    said(&mut text, input, place);
    for block in 0..input.below(4) {
        if block > 0 {
            text.push_str(input.of(&JOINTS));
        } else if input.below(4) > 0 {
            text.push('\n');
        }
        if input.below(8) > 0 {
            text.push_str("Traceback (most recent call last):\n");
        }
        for _ in 0..input.below(6) {
            frame(&mut text, input, place, app);
        }
        if input.below(8) > 0 {
            text.push_str(input.of(&NAMES));
            if input.below(8) > 0 {
                text.push_str(": ");
                said(&mut text, input, place);
            }
            text.push('\n');
        }
    }
    text.push('\n');
    text.replace('\n', place.newline)
}

fn said(text: &mut String, input: &mut Choices<'_>, place: &Surroundings) {
    for _ in 0..input.below(5) {
        let path = if place.windows { "P:\\show\\shx_v003.ma" } else { "/mnt/show/shx_v003.ma" };
        let piece = input.of(&SAID).replace("%u", place.user).replace("%s", place.shot);
        text.push_str(&piece.replace("%p", path).replace("%v", place.version));
        // A name of the place that is glued to a word is another word, in one place and not in the other.
        let _ = write!(text, " {} ", words(input));
    }
}

/// Words of the input: letters and blanks. Digits and separators could make one thing with what stands beside them (a
/// path, a code, a number) in one place and not in the other; a user's name would be said in both places.
fn words(input: &mut Choices<'_>) -> String {
    let words: String =
        input.text(24).chars().filter(|c| c.is_alphabetic() || matches!(c, ' ' | '_')).collect();
    words.replace(HERE.user, "").replace(THERE.user, "").trim().to_owned()
}

fn frame(text: &mut String, input: &mut Choices<'_>, place: &Surroundings, app: &str) {
    let (home, version, python) = (place.home, place.version, place.python);
    let module = input.of(&["item", "publish_file", "data.store", "__init__", "작업"]);
    let path = match input.below(8) {
        0 => format!("{home}/tk-core/v0.21.7/python/tank/platform/{module}.py"),
        1 => format!("/usr/lib/{python}/{module}.py"),
        2 => format!("/mnt/cfg/kestrel/config/hooks/{module}.py"),
        3 => format!("/usr/autodesk/maya2025/lib/{python}/site-packages/pymel/{module}.py"),
        4 => "<string>".to_owned(),
        5 => format!("{home}/{app}/{version}/hooks/{module}.py"),
        _ => format!("{home}/{app}/{version}/python/tk_x/{module}.py"),
    };
    let path = if place.windows { path.replace('/', "\\") } else { path };
    let function =
        input.of(&["publish", "<module>", "<lambda>", "callback_wrapper", "run", "_x", "execute_hook"]);
    let line = place.line + u32::from(input.byte());
    let _ = write!(text, "  File \"{path}\", line {line}, in {function}\n    {function}()\n");
}
