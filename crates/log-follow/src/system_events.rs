//! The directory events of the system this program was built for.
//!
//! Linux has inotify, macOS has kqueue; elsewhere folders are looked at and that is all. Having no events is never
//! an error: what is missing is told as a note, and the follower looks.

use crate::DiskFile;
use crate::watcher::Watcher;
#[cfg(any(target_os = "linux", target_os = "macos"))]
use crate::{FileId, Happening, Patterns, Watching};
use std::fs::File;
#[cfg(any(target_os = "linux", target_os = "macos"))]
use std::path::Path;

/// Called from the watching thread when the follower is to look although its caller meant to wait.
pub type Wake = Box<dyn Fn() + Send>;

/// The best there is on this system.
#[must_use]
pub fn system_events<F>(wake: Wake) -> Box<dyn Watcher<F>>
where
    F: From<File> + DiskFile + Send + 'static,
{
    #[cfg(target_os = "linux")]
    let events = crate::inotify::DirectoryEvents::start(wake);
    #[cfg(target_os = "macos")]
    let events = crate::kqueue::DirectoryEvents::start(wake);
    #[cfg(any(target_os = "linux", target_os = "macos"))]
    return match events {
        Ok(events) => Box::new(events),
        Err(error) => Box::new(Refused(format!("no directory events: {error}"))),
    };
    #[cfg(not(any(target_os = "linux", target_os = "macos")))]
    {
        drop(wake);
        Box::new(crate::NoEvents)
    }
}

/// The system has no events to give, and why.
#[cfg(any(target_os = "linux", target_os = "macos"))]
struct Refused(String);

#[cfg(any(target_os = "linux", target_os = "macos"))]
impl<F> Watcher<F> for Refused {
    fn watch(&mut self, _folder: &Path, _patterns: &Patterns) -> Watching {
        Watching::Nothing(Some(self.0.clone()))
    }

    fn holds(&mut self, _log: &Path, _id: FileId, _is_new: bool) {}

    fn released(&mut self, _log: &Path, _id: FileId) {}

    fn take(&mut self) -> Vec<Happening<F>> {
        Vec::new()
    }

    fn wake_on_next(&mut self) -> bool {
        false
    }
}
