//! Crashes of hosts: one key for one crash on every system, without addresses.

use sgtk_log::{ContextWords, FileName, Incident, TitleStyle, recognise, title};

fn incident(engine: &str, body: &str) -> Incident {
    let text = format!("2026-01-14 19:49:11,961 [1 CRITICAL sgtk.env.project.{engine}] {body}\n");
    recognise(&text, FileName("x.log"), &ContextWords::default())
}

fn parts(incident: &Incident) -> Vec<(String, String)> {
    incident.signature.components().iter().map(|part| (part.kind.to_string(), part.value.clone())).collect()
}

fn named(parts: &[(&str, &str)]) -> Vec<(String, String)> {
    parts.iter().map(|(kind, value)| ((*kind).to_owned(), (*value).to_owned())).collect()
}

#[test]
fn the_fault_handler_names_the_calls_of_our_own() {
    let linux = "Fatal Python error: Segmentation fault\n\nCurrent thread 0x00007f8a (most recent call first):\n  File \"/mnt/studio/tools/deform.py\", line 4 in rebind\n  File \"/mnt/studio/tools/build.py\", line 5 in build\n\nExtension modules: numpy";
    let windows = "Windows fatal exception: access violation\n\nCurrent thread 0x0000321c (most recent call first):\n  File \"Z:\\tools\\deform.py\", line 9 in rebind\n  File \"Z:\\tools\\build.py\", line 51 in build\n";
    let found = incident("tk-maya", linux);
    assert_eq!(
        parts(&found),
        named(&[
            ("type", "Fatal Python error"),
            ("reason", "segmentation fault"),
            ("frame", "studio:tools/deform.py#rebind"),
            ("frame", "studio:tools/build.py#build")
        ])
    );
    assert_eq!(found.signature, incident("tk-houdini", windows).signature);
    let made = title(&found, Some("joe"), TitleStyle::Precise);
    assert!(made.starts_with("joe - Fatal Python error: segmentation fault in deform.rebind ["), "{made}");
    let other = linux.replace("Segmentation fault", "Aborted");
    assert_ne!(found.signature, incident("tk-maya", &other).signature);
}

#[test]
fn without_own_calls_the_host_is_part_of_the_crash() {
    let body = "Fatal Python error: Aborted\n\nCurrent thread 0x1 (most recent call first):\n  File \"/usr/lib/python3.9/threading.py\", line 4 in run\n";
    assert_ne!(incident("tk-maya", body).signature, incident("tk-nuke", body).signature);
}

const MAYA: &str = "maya encountered a fatal error\n\nSignal: 11 (Unknown Signal)\nStack trace:\n  /usr/autodesk/maya2024/lib/libc.so(raise+0x1a) [0x7f01]\n  /usr/autodesk/maya2024/lib/libDependEngine.so(TdnNode::evaluate(int)+0x1a2) [0x7f2233]\n  /usr/autodesk/maya2024/lib/libDependEngine.so(TdgContext::run+0x12) [0x7f2244]\n  /usr/autodesk/maya2024/lib/libQt5Core.so(QObject::event+0x9) [0x7f2255]\n  /usr/autodesk/maya2024/lib/libX.so(TfarOut+0x9) [0x7f2255]";

#[test]
fn one_native_crash_reads_the_same_from_every_report() {
    let mac = "Process: Maya [4711]\nException Type:  EXC_BAD_ACCESS (SIGSEGV)\nException Codes: KERN_INVALID_ADDRESS at 0x0000000000000010\n\nThread 0:: Dispatch queue: com.apple.main-thread\n0   libsystem_kernel.dylib  0x00000001a mach_msg + 12\n\nThread 7 Crashed:\n0   libsystem_kernel.dylib  0x00000001b __pthread_kill + 10\n1   DependEngine   0x000000010a2b TdnNode::evaluate(int) + 128\n2   DependEngine   0x000000010a2c TdgContext::run() + 12\n3   QtCore   0x000000010a2d QObject::event(QEvent*) + 12\n";
    let windows = "Exception code: C0000005: ACCESS_VIOLATION - illegal read at address 0x00000010\n\nCall stack:\n  DependEngine.dll!TdnNode::evaluate+0x1f\n  DependEngine.dll!TdgContext::run+0x2\n  Qt5Core.dll!QObject::event+0x77\n";
    let debugger = "Caught signal 11, sigsegv\n#0  0x00007f10 in raise () from /lib64/libc.so.6\n#1  0x00007f11 in TdnNode::evaluate(int) () from /usr/autodesk/maya2022/lib/libDependEngine.so\n#2  0x00007f12 in TdgContext::run () from /x.so\n#3  0x00007f13 in ?? () from /x.so\n#4  0x00007f14 in QObject::event (this=0x1)\n";
    let wanted = named(&[
        ("type", "Crash"),
        ("native", "tk-maya"),
        ("reason", "segmentation fault"),
        ("frame", "TdnNode::evaluate"),
        ("frame", "TdgContext::run"),
        ("frame", "QObject::event"),
    ]);
    for body in [MAYA, mac, windows, debugger] {
        let found = incident("tk-maya", body);
        assert_eq!(parts(&found), wanted, "{body}");
        assert_eq!(found.error_name.as_deref(), Some("Crash"));
    }
}

#[test]
fn another_crash_has_another_key() {
    let base = incident("tk-maya", MAYA).signature;
    for (from, to) in [("TdnNode::evaluate", "TdnNode::compute"), ("Signal: 11", "Signal: 6")] {
        assert_ne!(base, incident("tk-maya", &MAYA.replace(from, to)).signature, "{to}");
    }
    assert_ne!(base, incident("tk-houdini", MAYA).signature);
    assert_eq!(base, incident("tk-maya", &MAYA.replace("0x7f22", "0x7ffa99")).signature);
    assert_eq!(base, incident("tk-maya", &MAYA.replace("maya2024", "maya2025")).signature);
}

#[test]
fn words_of_crashes_alone_are_no_crash() {
    let found = incident("tk-maya", "Signal: 11 was lost on channel (a) [b]");
    assert_eq!(found.error_name, None);
}
