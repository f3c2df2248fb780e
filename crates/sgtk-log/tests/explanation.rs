//! What `explain` tells is what `recognise` did.

use std::fs;
use std::path::Path;

use sgtk_log::{CodePage, ContextWords, Explanation, FileName, FrameUse, decode, explain, recognise};

fn of(text: &str) -> Explanation {
    let words = ContextWords::new(["joe".to_owned(), "hero".to_owned()]);
    explain(&decode(text.as_bytes(), CodePage::NONE), FileName("tk-maya.log"), &words)
}

#[test]
fn an_explanation_is_of_the_same_incident() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/corpus");
    let words = ContextWords::new(["joe".to_owned(), "sh010".to_owned()]);
    for entry in fs::read_dir(folder).unwrap() {
        let bytes = fs::read(entry.unwrap().path()).unwrap();
        let text = decode(&bytes, CodePage::NONE);
        let told = explain(&text, FileName("tk-maya.log"), &words);
        assert_eq!(told.incident, recognise(&text, FileName("tk-maya.log"), &words), "{text}");
        // The frames that made it into the signature are told as such, in order.
        let used = told.frames.iter().map(|frame| &frame.seen);
        let used = used.filter(|seen| matches!(seen.used, FrameUse::Key | FrameUse::NextBest));
        let in_signature = told.incident.signature.components().iter().filter(|part| part.kind == "frame");
        // A fatal signal is told by its functions, a syntax error by its file alone.
        let by_frames =
            told.incident.signature.components().iter().all(|part| !matches!(&*part.kind, "native" | "file"));
        if by_frames {
            assert_eq!(
                used.map(|seen| seen.key()).collect::<Vec<_>>(),
                in_signature.map(|part| part.value.clone()).collect::<Vec<_>>(),
                "{text}"
            );
        }
    }
}

#[test]
fn a_chain_is_told_step_by_step() {
    let told = of("2026-01-14 19:49:11,961 [2764 ERROR sgtk.env.project.tk-maya.tk-multi-x] Publish failed
Traceback (most recent call last):
  File \"/mnt/studio/tools/scripts/a.py\", line 7, in inner
    open(path)
OSError: [Errno 13] Permission denied: '/mnt/x/joe'

The above exception was the direct cause of the following exception:

Traceback (most recent call last):
  File \"/mnt/cfg/p1/install/core/python/tank/platform/engine.py\", line 3, in callback_wrapper
    raise x
  File \"/mnt/studio/tools/scripts/b.py\", line 9, in outer
    raise TankError(\"no\") from e
tank.errors.TankError: Could not publish
");
    let names: Vec<_> = told.exceptions.iter().map(|printed| printed.name.as_deref()).collect();
    assert_eq!(names, [Some("OSError"), Some("tank.errors.TankError")]);
    assert_eq!(told.exceptions[0].text, "[Errno 13] Permission denied: '/mnt/x/joe'");
    assert_eq!((told.exceptions[0].frames, told.exceptions[1].frames), (1, 2));
    assert_eq!(
        (told.exceptions[0].link, told.exceptions[1].link),
        (None, Some("directly caused by the one before"))
    );
    assert_eq!((told.primary, told.root), (Some(0), Some(0)));
    assert_eq!(
        told.why_primary,
        [
            "TankError is the last exception printed",
            "TankError only wraps another: OSError is its direct cause"
        ]
    );
    assert_eq!(told.frames.len(), 1);
    assert_eq!(told.frames[0].path, "/mnt/studio/tools/scripts/a.py");
    assert_eq!(told.frames[0].line, 7);
}

#[test]
fn all_frames_are_told_with_their_use() {
    let frame = |path: &str, function: &str| format!("  File \"{path}\", line 1, in {function}\n    x\n");
    let frames = [
        frame("/mnt/cfg/p1/install/core/python/tank/platform/engine.py", "callback_wrapper"),
        frame("/s/far.py", "outer"),
        frame("/s/one.py", "a"),
        frame("/s/two.py", "b"),
        frame("/s/two.py", "<listcomp>"),
        frame("/s/three.py", "c"),
        frame("/s/three.py", "c"),
        frame("/usr/lib/python3.11/json/decoder.py", "decode"),
    ]
    .concat();
    let told = of(&format!(
        "2026-01-14 19:49:11,961 [1 ERROR sgtk.x] no\nTraceback (most recent call last):\n{frames}TypeError: x\n"
    ));
    let uses: Vec<_> = told.frames.iter().map(|frame| frame.seen.used).collect();
    assert_eq!(
        uses,
        [
            FrameUse::Foreign,
            FrameUse::Key,
            FrameUse::Repeated,
            FrameUse::Comprehension,
            FrameUse::Key,
            FrameUse::Key,
            FrameUse::Outer,
            FrameUse::Plumbing,
        ]
    );
    assert!(told.message.is_none(), "a TypeError with frames has no reason: {:?}", told.message);
}

#[test]
fn a_message_is_told_before_and_after() {
    let told = of("2026-01-14 19:49:11,961 [1 ERROR sgtk.env.project.tk-maya.tk-multi-x] \
        Could not load /mnt/show/hero/a_v003.ma at 2026-01-14 10:00:00\n");
    let message = told.message.expect("the signature is made of it");
    assert_eq!(message.before, "Could not load /mnt/show/hero/a_v003.ma at 2026-01-14 10:00:00");
    assert_eq!(message.after, "could not load <path> at <date>");
    let replaced: Vec<_> =
        message.replaced.iter().map(|one| (one.rule, one.found.trim(), one.put.trim())).collect();
    assert!(replaced.contains(&("path", "/mnt/show/hero/a_v003.ma", "<path>")), "{replaced:?}");
    assert!(replaced.contains(&("date", "2026-01-14 10:00:00", "<date>")), "{replaced:?}");
    assert_eq!((told.primary, told.exceptions.len(), told.why_primary.len()), (None, 0, 0));
}
