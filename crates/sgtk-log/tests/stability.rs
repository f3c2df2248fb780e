//! One problem has one signature, whatever surrounds it; another problem has another.

use sgtk_log::{CodePage, ContextWords, FileName, Incident, TitleStyle, decode, recognise, title};

const ERROR: &str = "2026-01-14 19:49:11,961 [2764 ERROR sgtk.env.shot_step.tk-maya.tk-multi-publish2] Publish failed for shot sh010\n\
Traceback (most recent call last):\n  \
File \"/home/joe/.shotgun/bundle_cache/app_store/tk-multi-publish2/v2.10.8/python/tk_multi_publish2/api/item.py\", line 88, in publish\n    self.hook.publish(item)\n  \
File \"/mnt/cfg/p1/install/core/python/tank/platform/bundle.py\", line 400, in execute_hook\n    return x\n  \
File \"/mnt/cfg/p1/config/hooks/tk-multi-publish2/publish_session.py\", line 21, in publish\n    save(path)\n  \
File \"/usr/autodesk/maya2022/lib/python3.7/site-packages/pymel/core.py\", line 9, in save\n    cmds.file()\n\
RuntimeError: Could not save '/mnt/show/sh010/anim_v003.ma' (1001-1100) for joe: disk quota exceeded\n";

fn incident(text: &str) -> Incident {
    let words = ContextWords::new(["joe", "jane", "sh010", "sh020", "ws-12"].map(str::to_owned));
    recognise(&decode(text.as_bytes(), CodePage::NONE), FileName("tk-maya.log"), &words)
}

fn check_same(original: &str, name: &str, changed: &str) {
    assert_ne!(original, changed, "{name} changes nothing");
    let (a, b) = (incident(original), incident(changed));
    assert_eq!(a.signature.components(), b.signature.components(), "{name}");
    assert_eq!(a.signature.to_string(), b.signature.to_string(), "{name}");
    assert_eq!(title(&a, None, TitleStyle::Precise), title(&b, None, TitleStyle::Precise), "{name}");
}

#[test]
fn what_surrounds_a_problem_does_not_change_it() {
    let with = |pairs: &[(&str, &str)]| {
        pairs.iter().fold(ERROR.to_owned(), |text, (from, to)| text.replace(from, to))
    };
    for (name, changed) in [
        ("user", with(&[("joe", "jane")])),
        ("shot", with(&[("sh010", "sh020")])),
        ("process and time", with(&[("[2764", "[99"), ("19:49:11,961", "03:00:00,000")])),
        ("lines", with(&[("line 88", "line 91"), ("line 21", "line 1021")])),
        ("bundle version", with(&[("v2.10.8", "v2.11.0")])),
        ("file version and frames", with(&[("v003", "v017"), ("1001-1100", "0997-1250")])),
        ("python", with(&[("python3.7", "python3.11"), ("maya2022", "maya2025")])),
        ("environment", with(&[("shot_step", "asset_step")])),
        ("host program", with(&[("sgtk.env.shot_step.tk-maya.", "sgtk.env.shot_step.tk-houdini.")])),
        ("redacted home", with(&[("/home/joe/", "~/")])),
        (
            "windows",
            with(&[
                (
                    "/home/joe/.shotgun/bundle_cache/app_store/",
                    r"C:\Users\Joe Doe\AppData\Roaming\Shotgun\bundle_cache\app_store\",
                ),
                ("/python/tk_multi_publish2/api/", r"\python\tk_multi_publish2\api\"),
                (
                    "/mnt/cfg/p1/install/core/python/tank/platform/",
                    r"P:\cfg\p1\install\core\python\tank\platform\",
                ),
                ("/mnt/cfg/p1/config/hooks/tk-multi-publish2/", r"P:\cfg\p1\config\hooks\tk-multi-publish2\"),
                (
                    "/usr/autodesk/maya2022/lib/python3.7/site-packages/pymel/",
                    r"C:\Program Files\Autodesk\Maya2022\Python37\lib\site-packages\pymel\",
                ),
                ("'/mnt/show/sh010/anim_v003.ma'", r"'P:\\show\\sh010\\anim_v003.ma'"),
            ]),
        ),
        (
            "mac",
            with(&[
                ("/home/joe/.shotgun/", "/Users/joe/Library/Caches/Shotgun/"),
                (
                    "/usr/autodesk/maya2022/lib/",
                    "/Applications/Autodesk/maya2022/Maya.app/Contents/Frameworks/Python.framework/Versions/3.7/lib/",
                ),
            ]),
        ),
        (
            "git install",
            with(&[("app_store/tk-multi-publish2/v2.10.8", "git/tk-multi-publish2.git/v2.10.8")]),
        ),
        (
            "branch install",
            with(&[("app_store/tk-multi-publish2/v2.10.8", "gitbranch/tk-multi-publish2.git/3f78685")]),
        ),
        (
            "release install",
            with(&[("app_store/tk-multi-publish2/v2.10.8", "github/studio/tk-multi-publish2/v2.10.8")]),
        ),
        (
            "old install",
            with(&[("/home/joe/.shotgun/bundle_cache/app_store/", "/mnt/sw/install/apps/app_store/")]),
        ),
        (
            "checkout",
            with(&[(
                "/home/joe/.shotgun/bundle_cache/app_store/tk-multi-publish2/v2.10.8/",
                "/home/joe/dev/tk-multi-publish2/",
            )]),
        ),
        (
            "core in the cache",
            with(&[(
                "/mnt/cfg/p1/install/core/",
                "/home/joe/.shotgun/bundle_cache/app_store/tk-core/v0.21.7/",
            )]),
        ),
        (
            "proxied",
            with(&[(
                "sgtk.env.shot_step.tk-maya.tk-multi-publish2] ",
                "sgtk.ext.tkimp0123.tk_desktop.site_communication] [PROXY] ",
            )]),
        ),
        ("carets", with(&[("    save(path)\n", "    save(path)\n    ~~~~^^^^^^\n")])),
        ("line ends", ERROR.replace('\n', "\r\n")),
        ("colour", with(&[("Publish failed", "\x1b[31mPublish failed\x1b[0m")])),
        ("doubled", format!("{ERROR}{}", &ERROR[ERROR.find("Traceback").unwrap()..])),
        (
            "wrapped",
            format!(
                "{ERROR}\nThe above exception was the direct cause of the following exception:\n\nTraceback (most recent call last):\n  File \"/x/a.py\", line 1, in f\n    x\ntank.errors.TankError: Publish failed\n"
            ),
        ),
        (
            "comprehension",
            with(&[(
                "    save(path)\n",
                "    [save(p) for p in x]\n  File \"/mnt/cfg/p1/config/hooks/tk-multi-publish2/publish_session.py\", line 21, in <listcomp>\n    x\n",
            )]),
        ),
    ] {
        check_same(ERROR, name, &changed);
    }
}

#[test]
fn python_generations_agree() {
    let with = |last: &str| {
        let at = ERROR.find("RuntimeError").unwrap();
        format!("{}{last}\n", &ERROR[..at])
    };
    for (one, other) in [
        (
            "IOError: [Errno 2] No such file or directory: '/a/b'",
            "FileNotFoundError: [Errno 2] Datei nicht gefunden: '/c'",
        ),
        (
            "WindowsError: [Error 5] Access is denied: 'C:\\\\x'",
            "PermissionError: [WinError 5] Zugriff verweigert: 'C:\\\\y'",
        ),
        ("ImportError: No module named numpy", "ModuleNotFoundError: No module named 'numpy'"),
        (
            "tank.errors.TankError: Could not find u'work_file' here",
            "TankError: Could not find 'work_file' here",
        ),
        (
            "NameError: global name 'x' is not defined",
            "NameError: name 'x' is not defined. Did you mean: 'y'?",
        ),
        (
            "AttributeError: 'Foo' object has no attribute 'bar'",
            "AttributeError: 'Foo' object has no attribute 'bar'. Did you mean: 'baz'?",
        ),
        (
            "UnboundLocalError: local variable 'x' referenced before assignment",
            "UnboundLocalError: cannot access local variable 'x' where it is not associated with a value",
        ),
        (
            "socket.error: [Errno 111] Connection refused",
            "ConnectionRefusedError: [WinError 10061] No connection could be made",
        ),
        ("KeyError: u'items'", "KeyError: 'items'"),
    ] {
        check_same(&with(one), one, &with(other));
    }
}

#[test]
fn twins_differ() {
    let original = incident(ERROR).signature;
    let with = |from: &str, to: &str| incident(&ERROR.replace(from, to)).signature;
    for (name, twin) in [
        ("reason", with("disk quota exceeded", "file is read only")),
        ("type", with("RuntimeError", "TypeError")),
        ("innermost function", with("in publish\n    save", "in validate\n    save")),
        ("innermost file", with("publish_session.py", "publish_camera.py")),
        ("app", with("tk-multi-publish2", "tk-multi-breakdown")),
    ] {
        assert_ne!(original, twin, "{name}");
    }
    let last = |text: &str| {
        incident(&format!("{}{text}\n", &ERROR[..ERROR.find("RuntimeError").unwrap()])).signature
    };
    for (one, other) in [
        (
            "AttributeError: 'A' object has no attribute 'x'",
            "AttributeError: 'A' object has no attribute 'y'",
        ),
        ("OSError: [Errno 13] x", "OSError: [Errno 28] x"),
        ("PermissionError: [WinError 5] x", "PermissionError: [WinError 32] x"),
        ("KeyError: 'shot_name'", "KeyError: 'asset_name'"),
        ("ImportError: No module named a", "ImportError: No module named b"),
        (
            "shotgun_api3.Fault: API create() CRUD ERROR #6: x",
            "shotgun_api3.Fault: API update() CRUD ERROR #6: x",
        ),
        (
            "ProtocolError: <ProtocolError for a.b: 503 Service Unavailable>",
            "ProtocolError: <ProtocolError for a.b: 401 Unauthorized>",
        ),
        (
            "CalledProcessError: Command 'git x' returned non-zero exit status 1.",
            "CalledProcessError: Command 'git x' returned non-zero exit status 128.",
        ),
        (
            "TankError: Could not create folders on disk. Error reported: Could not resolve row id for path!",
            "TankError: Could not create folders on disk. Error reported: Permission denied!",
        ),
    ] {
        assert_ne!(last(one), last(other), "{one} / {other}");
    }
}

#[test]
fn messages_without_tracebacks_follow_their_words() {
    let of = |app: &str, message: &str| {
        incident(&format!("2026-01-14 19:49:11,961 [1 ERROR sgtk.env.project.tk-maya.{app}] {message}\n"))
            .signature
    };
    let base = of(
        "tk-multi-x",
        "Could not load '/a/b c/sh010_v001.ma' at 2026-01-14 10:00:00: 12 of 30 failed on 10.0.0.1:80",
    );
    for same in [
        "Could not load '/x/y/sh020_v213.ma' at 2025-12-01 11:22:33: 1 of 2 failed on 192.168.7.9:8080",
        r"Could not load 'P:\x\sh020_v213.ma' at 2025-12-01 11:22:33: 1 of 2 failed on 192.168.7.9:8080",
        "could not load \"/x/y\"  at 2025-12-01T11:22:33Z: 1 of 2 failed on 192.168.7.9.",
    ] {
        assert_eq!(base.components(), of("tk-multi-x", same).components());
    }
    assert_ne!(
        base,
        of("tk-multi-y", "Could not load '/a/b' at 2026-01-14 10:00:00: 12 of 30 failed on 10.0.0.1:80")
    );
    assert_ne!(
        base,
        of("tk-multi-x", "Could not save '/a/b' at 2026-01-14 10:00:00: 12 of 30 failed on 10.0.0.1:80")
    );
    let normal = |message: &str| of("tk-multi-x", message).components()[0].value.clone();
    for (message, wanted) in [
        (
            "Bad encoding utf-8 and sha256 in HTTP 503 [Errno 13]",
            "bad encoding utf-8 and sha256 in http 503 errno 13",
        ),
        ("id 550e8400-e29b-41d4-a716-446655440000 at 0x7F00AA", "id <id> at <addr>"),
        ("{'type': 'Shot', 'id': 12, 'name': 'x'} is retired", "<entity shot> is retired"),
        ("<Foo.Bar object at 0x7f> and <email> and https://a.b/c?d", "<obj bar> and <email> and <url>"),
        ("Version 1.2.3 is older than v2.0.1", "version <n> is older than <ver>"),
        ("frames %04d, ####, 1001-1100 missing", "frames <frames> missing"),
        ("Error: no disk for joe! Please contact support!", "no disk for <name>"),
        ("Setting 'work_file' is not 'x y z' or 'a1'", "setting 'work_file' is not <str> or <str>"),
        ("secret <secret> in https://<secret>@host/x", "secret <secret> in <url>"),
        ("don't open what can't be opened", "don't open what can't be opened"),
    ] {
        assert_eq!(normal(message), wanted);
    }
}
