//! Whether a traceback ends in our own Toolkit app: the third way to know our own troubles, beside logger and mark.
//!
//! Only the innermost call that somebody here can change counts, as the signature names it. So a failure of the
//! standard library that our code called for is ours, and a studio's tool that merely has a call of ours further out
//! is not: that tool is broken, whoever called it. Pure.

use sgtk_log::Signature;

/// The app's package, wherever a studio has put the app.
const PACKAGE: &str = "tk_incident";
/// The app's folder, by the name the Toolkit app store gives it.
const BUNDLE: &str = "bundle:tk-incidentreporter/";

/// Whether the error was raised by a call of ours. Wants the signature that no rule has changed.
pub(crate) fn raised(signature: &Signature) -> bool {
    let innermost = signature.components().iter().find(|part| part.kind == "frame");
    innermost.is_some_and(|part| is_ours(&part.value))
}

/// `studio:tk_incident/child.py#attach`
fn is_ours(frame: &str) -> bool {
    let file = frame.rsplit_once('#').map_or(frame, |(file, _)| file);
    let inside = file.split_once(':').map_or(file, |(_, inside)| inside);
    let folders = inside.rsplit_once('/').map_or("", |(folders, _)| folders);
    file.starts_with(BUNDLE) || folders.split('/').any(|folder| folder == PACKAGE)
}

#[cfg(test)]
mod tests {
    use super::*;
    use sgtk_log::{ContextWords, FileName};

    fn is_raised_in(frames: &[&str]) -> bool {
        let frames: String =
            frames.iter().map(|path| format!("  File \"{path}\", line 12, in work\n    work()\n")).collect();
        let text = format!(
            "2026-01-14 19:49:11,961 [2764 ERROR sgtk.core.engine] Uncaught\n\
             Traceback (most recent call last):\n{frames}OSError: no memory\n"
        );
        let incident = sgtk_log::recognise(&text, FileName("tk-maya.log"), &ContextWords::new([]));
        raised(&incident.signature)
    }

    #[test]
    fn the_innermost_call_that_can_be_changed_decides() {
        const CORE: &str = "/studio/install/core/python/tank/platform/engine.py";
        const TOOL: &str = "/studio/tools/rename.py";
        const LIBRARY: &str = "/usr/lib/python3.11/subprocess.py";
        for ours in [
            "/srv/toolkit/tk-incidentreporter/python/tk_incident/child.py",
            "/studio/bundle_cache/app_store/tk-incidentreporter/v1.0.0/python/tk_incident/door.py",
            "/home/alice/dev/reporter/python/tk_incident/door.py",
            "S:\\toolkit\\tk-incidentreporter\\python\\tk_incident\\door.py",
            "/srv/toolkit/tk-incidentreporter/app.py",
        ] {
            assert!(is_raised_in(&[CORE, ours]), "{ours}");
            assert!(is_raised_in(&[CORE, ours, LIBRARY]), "{ours}: a library that it called");
            assert!(!is_raised_in(&[CORE, ours, TOOL]), "{ours}: a tool that it called");
            assert!(!is_raised_in(&[ours, CORE]), "{ours}: Toolkit that it called");
        }
        for other in [
            "/studio/tools/tk_incident.py",
            "/studio/tools/tk_incidents/list.py",
            "/srv/toolkit/tk-incidentreporter-fork/python/other/door.py",
        ] {
            assert!(!is_raised_in(&[CORE, other]), "{other}");
        }
        assert!(!is_raised_in(&[]));
    }
}
