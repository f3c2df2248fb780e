//! The studio's own code: no layout is known, and every system mounts it elsewhere.

use super::{looks_like_version, push_joined};
use crate::signature::words::ContextWords;

/// Parts that name a file: its folder and itself. A third one may be where it is mounted: `/mnt/studio/tools/x.py` is
/// `Z:\tools\x.py` and `/Volumes/studio/tools/x.py`.
const KEPT: usize = 2;

/// The end of a path behind what differs from one workstation to the next.
pub(super) fn push_rest(path: &str, parts: &[&str], words: &ContextWords, out: &mut String) {
    let parts = below_mount(path, parts);
    let (file, folders) = parts.split_last().map_or(("", parts), |(file, folders)| (*file, folders));
    let mut kept = [""; KEPT];
    let mut at = KEPT - 1;
    kept[at] = if is_of_the_work(file, words) { "<name>" } else { file };
    for folder in folders.iter().rev() {
        if at == 0 {
            break;
        }
        // Folders of a version, a project, a user.
        if !looks_like_version(folder) && !is_of_the_work(folder, words) {
            at -= 1;
            kept[at] = folder;
        }
    }
    push_joined(kept[at..].iter().copied(), out);
}

/// Whether a name is that of a shot, a project, a user.
///
/// A plain word is not enough: steps and tasks are called `rig` and `anim`, and so are the folders of a studio's code.
fn is_of_the_work(part: &str, words: &ContextWords) -> bool {
    let telling = part.bytes().any(|b| b.is_ascii_digit() || matches!(b, b'_' | b'-' | b' '));
    telling && words.touches(part)
}

/// The parts behind a drive, a share, a mount point and a home.
fn below_mount<'p, 't>(path: &str, parts: &'p [&'t str]) -> &'p [&'t str] {
    let share = path.starts_with("\\\\") || path.starts_with("//");
    let mut rest = parts;
    if share {
        rest = &rest[rest.len().min(2)..];
    }
    loop {
        let skipped = match rest {
            [drive, ..] if drive.len() == 2 && drive.ends_with(':') => 1,
            ["~" | "?", ..] => 1,
            [
                "mnt" | "Volumes" | "volumes" | "net" | "nfs" | "media" | "cygdrive" | "home" | "Users",
                _,
                ..,
            ] => 2,
            _ => return rest,
        };
        // The file itself stays.
        if skipped >= rest.len() {
            return &rest[rest.len().saturating_sub(1)..];
        }
        rest = &rest[skipped..];
    }
}
