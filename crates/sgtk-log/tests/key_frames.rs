//! Which frames are in the key: the innermost three of our own code, without what every call passes through.

use sgtk_log::{ContextWords, FileName, FrameUse, Incident, explain, recognise};

const CORE: &str = "/mnt/cfg/p1/install/core/python/tank";
const CACHE: &str = "/home/u/.shotgun/bundle_cache/app_store";

/// A failure whose frames are these, outermost first: `path#function`.
fn text(frames: &[&str], last: &str) -> String {
    let frame = |frame: &&str| {
        let (path, function) = frame.rsplit_once('#').expect("path#function");
        format!("  File \"{path}\", line 1, in {function}\n    x\n")
    };
    let frames: String = frames.iter().map(frame).collect();
    format!(
        "2026-01-14 19:49:11,961 [1 ERROR sgtk.env.project.tk-maya.tk-multi-x] No\nTraceback (most recent call last):\n{frames}{last}\n"
    )
}

fn incident(frames: &[&str], last: &str) -> Incident {
    recognise(&text(frames, last), FileName("tk-maya.log"), &ContextWords::default())
}

fn key(frames: &[&str]) -> Vec<String> {
    let found = incident(frames, "TypeError: x");
    let parts = found.signature.components().iter().filter(|part| part.kind == "frame");
    parts.map(|part| part.value.clone()).collect()
}

#[test]
fn the_three_innermost_of_our_own_are_the_key() {
    let frames = [
        "/s/t/a.py#a",
        "/s/t/b.py#b",
        "/s/t/c.py#c",
        "/s/t/d.py#d",
        "/usr/lib/python3.9/json/decoder.py#decode",
    ];
    assert_eq!(key(&frames), ["studio:t/d.py#d", "studio:t/c.py#c", "studio:t/b.py#b"]);
}

#[test]
fn plumbing_is_never_in_the_key() {
    let own = "/s/t/a.py#run";
    for plumbing in [
        format!("{CORE}/platform/engine.py#callback_wrapper"),
        format!("{CORE}/platform/engine.py#_create_widget"),
        format!("{CORE}/platform/engine.py#_create_dialog_with_widget"),
        format!("{CORE}/platform/engine.py#show_dialog"),
        format!("{CORE}/platform/engine.py#execute_in_main_thread"),
        format!("{CORE}/log.py#wrapper"),
        format!("{CORE}/platform/bundle.py#execute_hook_method"),
        format!("{CORE}/platform/bundle.py#execute_hook_expression"),
        format!("{CORE}/util/loader.py#load_plugin"),
        format!("{CORE}/pipelineconfig.py#execute_core_hook_method_internal"),
        format!("{CORE}/hook.py#execute_hook"),
        format!(
            "{CACHE}/tk-desktop/v2.8.5/python/tk_desktop/desktop_engine_project_implementation.py#_trigger_callback"
        ),
        format!("{CACHE}/tk-maya/v0.12.3/engine.py#_execute_within_exception_trap"),
        format!("{CACHE}/tk-framework-shotgunutils/v5.8/python/task_manager/background_task_manager.py#run"),
        "/s/t/decorators.py#wrapper".to_owned(),
        "/s/t/decorators.py#_wrapped".to_owned(),
        "/s/t/a.py#<listcomp>".to_owned(),
        "/s/t/a.py#<genexpr>".to_owned(),
    ] {
        assert_eq!(key(&[plumbing.as_str(), own]), ["studio:t/a.py#run"], "{plumbing}");
        assert_eq!(key(&[own, plumbing.as_str()]), ["studio:t/a.py#run"], "{plumbing}");
    }
}

#[test]
fn an_engine_around_an_app_is_how_one_host_calls_it() {
    let app = format!("{CACHE}/tk-multi-x/v1/app.py#run");
    let with = |engine: &str| format!("{CACHE}/{engine}/v1/python/menu.py#_call");
    for engine in ["tk-maya", "tk-houdini", "tk-nuke"] {
        assert_eq!(key(&[&with(engine), &app]), ["bundle:tk-multi-x/app.py#run"]);
    }
    // An engine that fails is what failed, and so is what an app does through it.
    assert_eq!(key(&[&with("tk-maya")]), ["bundle:tk-maya/menu.py#_call"]);
    assert_eq!(
        key(&[&app, &with("tk-maya")]),
        ["bundle:tk-maya/menu.py#_call", "bundle:tk-multi-x/app.py#run"]
    );
    let framework = format!("{CACHE}/tk-framework-x/v1/python/x/rpc.py#call");
    assert_eq!(key(&[&app, &with("tk-maya"), &framework]).len(), 3);
    assert_eq!(key(&[&with("tk-maya"), &framework]), ["bundle:tk-framework-x/x/rpc.py#call"]);
}

#[test]
fn without_own_code_the_next_best_frames_are_taken() {
    let frames = [
        "/usr/lib/python3.9/threading.py#run",
        "/usr/lib/python3.9/site-packages/yaml/loader.py#load",
        "/usr/lib/python3.9/site-packages/yaml/scanner.py#scan",
        "<string>#<module>",
    ];
    assert_eq!(key(&frames), ["site:yaml/scanner.py#scan", "site:yaml/loader.py#load"]);
    // Qt's bindings stand between every module and what it imports.
    let bindings = "/opt/x/site-packages/shiboken2/files.dir/shibokensupport/__feature__.py#_import";
    let frames = ["/usr/lib/python3.9/site-packages/yaml/loader.py#load", bindings];
    assert_eq!(key(&frames), ["site:yaml/loader.py#load"]);
    // And without those, the message.
    let found =
        incident(&["/usr/lib/python3.9/threading.py#run", "<string>#<module>"], "TypeError: bad thing");
    let parts: Vec<_> =
        found.signature.components().iter().map(|part| (&*part.kind, part.value.as_str())).collect();
    assert_eq!(parts, [("type", "TypeError"), ("reason", "bad thing"), ("bundle", "tk-multi-x")]);
}

#[test]
fn one_usable_frame_alone_does_not_decide() {
    let of = |text: &str| incident(&["/s/t/a.py#run"], text).signature;
    assert_ne!(of("IndexError: pop from empty list"), of("IndexError: list index out of range"));
    let of = |text: &str| incident(&["/s/t/a.py#run", "/s/t/b.py#go"], text).signature;
    assert_eq!(of("IndexError: pop from empty list"), of("IndexError: list index out of range"));
}

#[test]
fn recursion_has_one_key_however_it_is_printed() {
    let last = "RecursionError: maximum recursion depth exceeded";
    let start = ["/s/t/main.py#main", "/s/t/walk.py#start"];
    let cycle = |first: usize, times: usize| {
        let names = ["/s/t/walk.py#one", "/s/t/walk.py#two"];
        start.iter().copied().chain((0..times).map(|at| names[(at + first) % 2])).collect::<Vec<_>>()
    };
    let base = incident(&cycle(0, 6), last).signature;
    for frames in [cycle(1, 6), cycle(0, 7), cycle(0, 900), cycle(1, 901)] {
        let found = incident(&frames, last).signature;
        assert_eq!(found.components()[..2], base.components()[..2]);
        let sorted =
            |parts: &[sgtk_log::Component]| parts.iter().map(|part| part.value.clone()).collect::<Vec<_>>();
        assert_eq!(sorted(found.components()), sorted(base.components()), "{} frames", frames.len());
    }
}

#[test]
fn a_repeated_frame_counts_once_and_explanations_stay_in_step() {
    let frames = ["/s/t/a.py#a", "/s/t/b.py#b", "/s/t/b.py#b", "/s/t/c.py#c", "/s/t/b.py#b"];
    assert_eq!(key(&frames), ["studio:t/b.py#b", "studio:t/c.py#c", "studio:t/a.py#a"]);
    let told = explain(&text(&frames, "TypeError: x"), FileName(""), &ContextWords::default());
    let seen: Vec<_> = told
        .frames
        .iter()
        .map(|frame| (frame.path.as_str(), frame.seen.place.module(), frame.seen.used))
        .collect();
    assert_eq!(
        seen,
        [
            ("/s/t/b.py", "b", FrameUse::Key),
            ("/s/t/c.py", "c", FrameUse::Key),
            ("/s/t/b.py", "b", FrameUse::Repeated),
            ("/s/t/b.py", "b", FrameUse::Repeated),
            ("/s/t/a.py", "a", FrameUse::Key),
        ]
    );
}

#[test]
fn uploads_to_the_site_are_the_bundle_that_logged() {
    let uploaded =
        key(&["/x/bundle_cache/sg/site/v12/python/tk_x/a.py#f", "/x/bundle_cache/sg/site/v12/hooks/b.py#g"]);
    let stored = key(&[
        &format!("{CACHE}/tk-multi-x/v1/python/tk_x/a.py#f"),
        &format!("{CACHE}/tk-multi-x/v1/hooks/b.py#g"),
    ]);
    assert_eq!(uploaded, stored);
}

#[test]
fn uploads_are_known_by_their_package_whoever_logs() {
    let of = |package: &str, logger: &str| {
        let text = format!(
            "2026-01-14 19:49:11,961 [1 ERROR sgtk.env.project.tk-maya.{logger}] No\nTraceback (most recent call last):\n  File \"/x/bundle_cache/sg/site/v12/python/{package}/dialog.py\", line 1, in f\nTypeError: x\n"
        );
        let found = recognise(&text, FileName("tk-maya.log"), &ContextWords::default());
        found.signature.components().iter().find(|part| part.kind == "frame").unwrap().value.clone()
    };
    for (package, logger, bundle) in [
        ("tk_multi_loader", "tk-framework-qtwidgets", "tk-multi-loader2"),
        ("tk_multi_loader", "tk-multi-loader2", "tk-multi-loader2"),
        ("tk_multi_loader", "tk-multi-loader", "tk-multi-loader"),
        ("tk_multi_breakdown2", "tk-multi-publish2", "tk-multi-breakdown2"),
        ("tk_multi_ingest", "tk-multi-ingest3", "tk-multi-ingest3"),
        // Any other package says nothing; who logged does.
        ("app", "tk-multi-about", "tk-multi-about"),
    ] {
        assert_eq!(of(package, logger), format!("bundle:{bundle}/{package}/dialog.py#f"), "{logger}");
    }
}

#[test]
fn a_syntax_error_is_its_file() {
    let of = |importer: &str, said: &str| {
        let text = format!(
            "2026-01-14 19:49:11,961 [1 ERROR sgtk.x] No\nTraceback (most recent call last):\n  File \"{importer}\", line 1, in f\n    x\n  File \"/mnt/cfg/config/hooks/a.py\", line 3\n    if x\n       ^\n{said}\n"
        );
        recognise(&text, FileName(""), &ContextWords::default()).signature
    };
    let base = of("/s/t/a.py", "SyntaxError: invalid syntax");
    assert_eq!(base, of("/s/t/b.py", "SyntaxError: expected ':'"));
    assert_eq!(base.components()[1].value, "config:hooks/a.py");
}
