//! What is replaced in a message, row by row of the normalisation table; what is kept; what cannot be cut in two.

use sgtk_log::{ContextWords, FileName, recognise};

fn words() -> ContextWords {
    ContextWords::new(
        [
            "jorinde",
            "lena.vogt",
            "ws-12",
            "render-b07.studio.example",
            "Walrus Moon",
            "wm_020_0440",
            "harpooner",
            "fx",
            "東京",
            "Ünal",
        ]
        .map(str::to_owned),
    )
}

fn normal(message: &str) -> String {
    let text = format!("2026-01-14 19:49:11,961 [1 ERROR sgtk.env.project.tk-maya.tk-multi-x] {message}\n");
    let found = recognise(&text, FileName("tk-maya.log"), &words());
    found.signature.components()[0].value.clone()
}

#[track_caller]
fn check(table: &[(&str, &str)]) {
    for (message, wanted) in table {
        assert_eq!(&normal(message), wanted, "{message}");
    }
}

#[test]
fn the_innermost_reason_counts() {
    check(&[
        ("Could not create folders on disk. Error reported: no space", "no space"),
        ("Publish failed. Error details: field is locked", "field is locked"),
        ("App x failed to initialize. It will not be loaded: no such hook", "no such hook"),
        ("Cannot start because of the following error: a: Error reported: b", "b"),
        ("Could not resolve. Please contact support!", "could not resolve"),
        ("Could not resolve row id! Please contact support: trace", "could not resolve row id"),
        ("First line\nSecond line with a dump", "first line"),
        ("These folders are missing:\n/a/b\n/c/d", "these folders are missing: <path>"),
        ("Bad data Source data set: {'a': 1}", "bad data"),
        ("Creating, please wait\n\nERROR: no row", "no row"),
        // A sentence in quotes is no name in one.
        ("Could not parse '/a/b'. Error reported: 'no such key'", "no such key"),
        ("Could not parse '/a/b'. Error reported: 'a' and 'b'", "'a' and 'b'"),
        ("The attempted operation failed.\nNo node of this name", "no node of this name"),
        ("<urlopen error [SSL: X_Y] certificate (_ssl.c:1)>", "ssl x_y"),
        ("<urlopen error unknown url type>", "unknown url type"),
    ]);
}

#[test]
fn words_of_the_work_are_replaced_wherever_they_stand() {
    check(&[
        ("No task for jorinde", "no task for <name>"),
        ("No task for JORINDE!", "no task for <name>"),
        ("Login lena.vogt is locked on ws-12", "login <name> is locked on <name>"),
        ("Login 'lena.vogt' is locked", "login <str> is locked"),
        ("Mount of jorinde@ws-12 failed", "mount of <email> failed"),
        ("Project Walrus Moon is archived", "project <name> is archived"),
        ("Project 'Walrus Moon' is archived", "project <name> is archived"),
        ("Host render-b07.studio.example is gone", "host <name> is gone"),
        ("Host cam01.studio.example is gone", "host <name> is gone"),
        ("harpooner_rig is not loaded, nor is rig_harpooner", "<name> is not loaded, nor is <name>"),
        ("harpoonerRig is not loaded", "harpoonerrig is not loaded"),
        ("Step fx has no template", "step <name> has no template"),
        ("ショット 東京 がない", "ショット <name> がない"),
        ("Nutzer Ünal fehlt", "nutzer <name> fehlt"),
        ("Could not read /mnt/jorinde/x.ma", "could not read <path>"),
        ("jorinde/x.ma is gone", "<path> is gone"),
        // Known or not: a shot is a shot.
        ("Shot wm_020_0440 has no task", "shot <name> has no task"),
        ("Shot wm_020_0450 has no task", "shot <name> has no task"),
    ]);
}

#[test]
fn objects_are_known_by_their_kind() {
    check(&[
        ("Bad <Sgtk TemplatePath nuke_shot_work: a/{Shot}/b>", "bad <template nuke_shot_work>"),
        ("Bad <Sgtk StringKey Shot>", "bad <key shot>"),
        ("Bad '<Sgtk TemplateString nuke_name: {Shot}>'", "bad <template nuke_name>"),
        ("Bad '<Sgtk SequenceKey frame>'", "bad <key frame>"),
        ("Bad <Sgtk Folder /a/b>", "bad <folder>"),
        ("Bad {'type': 'Shot', 'id': 12}", "bad <entity shot>"),
        ("Bad {u'id': 12, u'type': u'Shot'}", "bad <entity shot>"),
        ("Bad {\"id\": 12, \"type\": \"Shot\"}", "bad <entity shot>"),
        ("Bad {'id': 12, 'name': 'x'}", "bad <data>"),
        ("Bad <a.b.C object at 0x7f00aa>", "bad <obj c>"),
        ("Bad <C instance at 0x7f00aa>", "bad <obj c>"),
        ("Bad <a.f.<locals>.C object at 0x7f>", "bad <obj c>"),
        ("Bad <secret> and <email>", "bad <secret> and <email>"),
        ("Format {name} of < and > stays {", "format {name} of < and > stays"),
    ]);
}

#[test]
fn addresses_are_replaced_as_a_whole() {
    check(&[
        ("Get https://a.b/c?d=e&f=%20 failed", "get <url> failed"),
        ("Get https://<secret>@host/x failed", "get <url> failed"),
        ("Clone git@github.com:org/repo.git failed", "clone <url> failed"),
        ("Mail j.doe+x@studio.example bounced", "mail <email> bounced"),
        ("Id 550e8400-e29b-41d4-a716-446655440000 is gone", "id <id> is gone"),
        ("Id 0123456789abcdef0123456789abcdef is gone", "id <id> is gone"),
        ("Commit 3f78685 is gone", "commit <id> is gone"),
        ("Module tkimp0123456789abcdef0123456789abcdef.app is gone", "module tkimp.app is gone"),
        ("Fault at 0x7F00AAL", "fault at <addr>"),
        ("Failed (_ssl.c:726)", "failed"),
        ("At 2026-01-14T10:00:00.123Z and 14.01.2026 and 9:00:01", "at <date> and <date> and <date>"),
        ("At Wed Jan 14 19:49:11 2026 it failed", "at <date> it failed"),
        ("At Wed, 14 Jan 2026 19:49:11 it failed", "at <date> it failed"),
        ("The sun may set in Jan", "the sun may set in jan"),
        ("Host 10.0.0.1:80 or srv.local:8080 refused", "host <name> or <name> refused"),
        ("In publish.py:12 and publish.py:1200", "in publish.py:<n> and publish.py:<n>"),
        ("tank.platform.engine has std::vector", "tank.platform.engine has std::vector"),
    ]);
}

#[test]
fn paths_are_one_on_every_system() {
    check(&[
        ("Open /mnt/a/b.ma", "open <path>"),
        (r"Open C:\a\b.ma", "open <path>"),
        (r"Open C:\\a\\b.ma", "open <path>"),
        ("Open C:/a b/c d/e.ma now", "open <path> now"),
        (r"Open \\srv\share\a.ma", "open <path>"),
        (r"Open \\\\srv\\share\\a.ma", "open <path>"),
        ("Open ~/a/b.ma", "open <path>"),
        ("Open $HOME/a, ${SHOW}/b and %TEMP%\\c", "open <path> and <path>"),
        ("Open file:///a/b.ma", "open <path>"),
        ("Open /mnt/My Show/a/b.ma now", "open <path> now"),
        ("Copy /a/b to /c/d failed", "copy <path> to <path> failed"),
        ("Open '/mnt/my show/b.ma' or \"P:\\my show\\b.ma\"", "open <path> or <path>"),
        (
            "Open a/b/c.ma and x_v001.ma and plate.####.exr and plate.%04d.exr",
            "open <path> and <path> and <path> and <path>",
        ),
        ("Read and/or write, 10 / 20, n/a", "read and/or write, <n>, n/a"),
        ("Missing files: /a/b, /c/d, /e/f", "missing files: <path>"),
    ]);
}

#[test]
fn versions_frames_codes_and_numbers() {
    check(&[
        ("v012 and v2.6.3 and 12.1v5 and v1.0-rc2", "<ver> and <ver> and <ver> and <ver>"),
        (
            "Frames 1001-1100 and 1001 - 1100 of %04d and ####",
            "frames <frames> and <frames> of <frames> and <frames>",
        ),
        ("Shot sh010, sq110_sh0320 and GLH-110-0085 and item_7", "shot <name> and <name> and <name>"),
        ("Node pSphere1 and pSphere12", "node <name> and <name>"),
        ("12 of 1,024.5 (3%) took 1.2e-5 s, 12mb at 1920x1080", "<n> of <n> (<n>) took <n> s, <n> at <n>"),
        ("Version 1.2.3 at -5 or +7", "version <n> at <n> or <n>"),
        // What means something is kept.
        (
            "utf-8, utf8, cp1252, sha256, iso-8859-1, int64, x86_64, 3d",
            "utf-8, utf8, cp1252, sha256, iso-8859-1, int64, x86_64, 3d",
        ),
        (
            "HTTP 503, HTTP Error 404, exit status 1, exit code -9",
            "http 503, http error 404, exit status 1, exit code -9",
        ),
        ("Got 502 Bad Gateway, CRUD ERROR #6", "got 502 bad gateway, crud error #6"),
        ("tk-multi-publish2 wants field sg_status_2", "tk-multi-publish2 wants field sg_status_2"),
        // A generation of the same tool is no other problem.
        ("PySide2.QtWidgets.QLabel in python3", "qlabel in python"),
        ("Disk full: [Errno 28] Kein Platz: '/a/b'", "disk full: disk full"),
        ("Copy failed: [WinError 5] Zugriff verweigert: 'C:\\\\a'", "copy failed: errno 13"),
        (
            "Connect: [SSL: CERTIFICATE_VERIFY_FAILED] certificate verify failed",
            "connect: ssl certificate_verify_failed",
        ),
    ]);
}

#[test]
fn quoted_names_are_kept_and_quoted_data_is_not() {
    check(&[
        ("Setting 'work_file' is not u'x y' or \"a1\"", "setting 'work_file' is not <str> or <str>"),
        ("App 'tk-multi-publish2' has no 'sg_status_2'", "app 'tk-multi-publish2' has no 'sg_status_2'"),
        ("don't open what can't be opened", "don't open what can't be opened"),
        ("An open 'quote goes on", "an open 'quote goes on"),
        ("b'bytes' and r'raw'", "'bytes' and 'raw'"),
        ("['a1', 'b2', 'c3'] of them", "[<str>] of them"),
        // Forums and word processors curl them.
        ("Setting \u{2018}work_file\u{2019} is \u{201c}x y\u{201d}", "setting 'work_file' is <str>"),
        ("It\u{2019}s open: \u{2018}quote", "it\u{2019}s open: \u{2018}quote"),
    ]);
}

#[test]
fn what_things_are_called_is_no_part_of_a_problem() {
    check(&[
        ("Shot 'Tidepool' has no task", "shot <name> has no task"),
        ("Shot \u{2018}Tidepool\u{2019} has no task", "shot <name> has no task"),
        ("Shot 'the long tide' has no task", "shot <name> has no task"),
        ("Nodes: ['tideRig', 'camRig'] are locked", "nodes: [<name>] are locked"),
        ("Project name 'tide' is taken", "project name <name> is taken"),
        ("No such geometry named 'tide'", "no such geometry named <name>"),
        ("Cannot sign in user 'maren': denied", "cannot sign in user <name>: denied"),
        ("Node tide_geo is locked", "node <name> is locked"),
        ("Shot: Tidepool, Asset: kelp, Task 'lgt'", "shot: <name>, asset: <name>, task <name>"),
        ("No path for Asset Kelp in the template", "no path for asset <name> in the template"),
        ("Cannot go to Light, Shot Tidepool!", "cannot go to <name>"),
        ("Cannot go to Model, Asset kelp.", "cannot go to <name>"),
        ("Cannot use context Project tide", "cannot use context project <name>"),
        ("setAttr: No object matches name: tide_cam_B.active", "setattr: no object matches name: <name>"),
        ("No object matches name: tide:rig|tide:all|tide:_GRP", "no object matches name: <name>"),
        ("More than one object matches name: kelp", "more than one object matches name: <name>"),
        ("Object's name 'kelp' is not unique", "object's name <name> is not unique"),
        ("Invalid project name: tide", "invalid project name: <name>"),
        ("Reference kelp:rig is out of date", "reference <name> is out of date"),
        ("Reference kelp_door:rig is out of date", "reference <name> is out of date"),
        ("Could not create project Tidepool!", "could not create project <name>"),
        ("Could not read the node Kelp.The file is gone", "could not read the node <name>.the file is gone"),
        ("Publish Kelp (id 12) has no path", "publish <name> (id <n>) has no path"),
        ("The configuration 'Primary' (id: 3) is broken", "the configuration <name> (id: <n>) is broken"),
        ("Cannot parent |tide|kelp to tide|kelp|blade now", "cannot parent <name> to <name> now"),
    ]);
}

#[test]
fn what_only_looks_like_a_name_is_kept() {
    check(&[
        ("Node 'tide' has no 'locked'", "node <name> has no 'locked'"),
        ("Node 'tide': 'locked'", "node <name>: 'locked'"),
        ("Could not open project: denied", "could not open project: denied"),
        ("No item named 'tk-multi-tide'", "no item named 'tk-multi-tide'"),
        ("Shot field sg_tide is missing", "shot field sg_tide is missing"),
        ("Unknown node type 'tide'", "unknown node type 'tide'"),
        ("Project Settings could not be read", "project settings could not be read"),
        ("No folders, Asset type is unknown", "no folders, asset type is unknown"),
        ("User session expired", "user session expired"),
        ("No such user ID", "no such user id"),
        ("Shot (identity unknown)", "shot (identity unknown)"),
        ("name 'tide' is not defined", "name 'tide' is not defined"),
        ("Invalid name: not a word", "invalid name: not a word"),
        ("True or false | yes or no", "true or false | yes or no"),
    ]);
}

#[test]
fn the_result_is_one_short_line() {
    let long = normal(&"word ".repeat(300));
    assert!(long.chars().count() <= 200, "{long}");
    let wide = normal(&"ä ".repeat(600));
    assert!(wide.chars().count() <= 200, "{wide}");
    check(&[
        ("  Many   blanks \t here...  ", "many blanks here"),
        ("Ends with {", "ends with"),
        ("a\u{1}b\u{85}c", "a b c"),
    ]);
}
