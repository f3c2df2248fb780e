//! Whether a folder is on this machine's own disk: the state must be.
//!
//! SQLite's write-ahead log needs memory that all its users share, which no network file system gives, and a home folder
//! that several machines share would give two agents one state. On Linux the table of mounts tells; on Windows a path
//! that begins with a server, or with the letter of a drive that is one's. Elsewhere every disk is taken for a local one.

use log_follow::{Disk, SystemDisk};
use std::path::{Path, PathBuf};

/// What file systems of other machines are called on Linux; one on FUSE is called by its program.
const REMOTE: [&str; 22] = [
    "9p",
    "afs",
    "afpfs",
    "beegfs",
    "ceph",
    "cifs",
    "davfs",
    "fuse.ceph-fuse",
    "fuse.glusterfs",
    "fuse.rclone",
    "fuse.s3fs",
    "fuse.sshfs",
    "glusterfs",
    "gpfs",
    "lustre",
    "ncpfs",
    "nfs",
    "nfs4",
    "panfs",
    "smb3",
    "smbfs",
    "weka",
];

/// The kind of file system of another machine that a folder is on; `None` when it is on a disk of this one, or when nobody can
/// tell. The folder need not be there yet. Nothing on that file system is touched, so one that hangs does no harm.
#[must_use]
pub fn remote_kind(folder: &Path) -> Option<String> {
    if cfg!(windows) {
        return (has_server(folder) || SystemDisk.is_remote(folder)).then(|| "a share".to_owned());
    }
    let mounts = std::fs::read_to_string("/proc/self/mountinfo").ok()?;
    kind_of_mount(&mounts, folder).filter(|kind| REMOTE.contains(&kind.as_str()))
}

/// `\\server\share\…`, also in its long form.
fn has_server(folder: &Path) -> bool {
    let text = folder.to_string_lossy().replace('/', "\\");
    match text.strip_prefix(r"\\?\") {
        Some(long) => long.to_ascii_uppercase().starts_with(r"UNC\"),
        None => text.starts_with(r"\\") && !text.starts_with(r"\\.\"),
    }
}

/// The kind of file system that is mounted over a path: the longest mount point that leads to it, and the last of several
/// on one point.
fn kind_of_mount(mounts: &str, path: &Path) -> Option<String> {
    let mut found: Option<(usize, String)> = None;
    for line in mounts.lines() {
        // id, parent, device, root, mount point, options, tags …, "-", kind, …
        let Some((left, right)) = line.split_once(" - ") else { continue };
        let (Some(point), Some(kind)) = (left.split(' ').nth(4), right.split(' ').next()) else { continue };
        let point = unescaped(point);
        let depth = point.components().count();
        if path.starts_with(&point) && found.as_ref().is_none_or(|(deepest, _)| depth >= *deepest) {
            found = Some((depth, kind.to_owned()));
        }
    }
    found.map(|(_, kind)| kind)
}

/// The kernel writes a space as `\040`, and so on.
fn unescaped(point: &str) -> PathBuf {
    let mut plain = String::with_capacity(point.len());
    let mut rest = point;
    while let Some((before, after)) = rest.split_once('\\') {
        plain.push_str(before);
        match after.get(..3).and_then(|digits| u8::from_str_radix(digits, 8).ok()) {
            Some(byte) if byte.is_ascii() => {
                plain.push(char::from(byte));
                rest = &after[3..];
            }
            _ => {
                plain.push('\\');
                rest = after;
            }
        }
    }
    plain.push_str(rest);
    PathBuf::from(plain)
}

#[cfg(test)]
mod tests {
    use super::*;

    const MOUNTS: &str = "\
21 1 8:1 / / rw,relatime shared:1 - ext4 /dev/sda1 rw
40 21 0:35 / /home rw,relatime shared:2 - autofs systemd-1 rw
41 40 0:36 / /home/alice rw,relatime shared:3 master:1 - nfs4 filer:/home/alice rw,vers=4.2
42 41 0:40 / /home/alice/.cache rw - tmpfs tmpfs rw
43 21 0:50 / /mnt/two\\040words rw - cifs //server/share rw
44 21 0:51 / /mnt/tools rw - fuse.sshfs bob@host:/ rw
";

    #[test]
    fn the_mount_over_a_folder_says_what_it_is_on() {
        for (path, kind) in [
            ("/var/tmp/x", "ext4"),
            ("/home/alice/.local/state/tk-incident", "nfs4"),
            ("/home/alice/.cache/x", "tmpfs"),
            ("/home/alicia/x", "autofs"),
            ("/mnt/two words/state", "cifs"),
            ("/mnt/tools/state", "fuse.sshfs"),
        ] {
            assert_eq!(kind_of_mount(MOUNTS, Path::new(path)).as_deref(), Some(kind), "{path}");
        }
        assert_eq!(kind_of_mount("garbage\n\n", Path::new("/x")), None);
    }

    #[test]
    fn a_path_that_begins_with_a_server_is_on_a_share() {
        for (path, expected) in [
            (r"\\server\homes\alice", true),
            (r"//server/homes/alice", true),
            (r"\\?\UNC\server\homes", true),
            (r"\\?\C:\Users\alice", false),
            (r"C:\Users\alice", false),
            (r"\\.\pipe\x", false),
        ] {
            assert_eq!(has_server(Path::new(path)), expected, "{path}");
        }
    }

    #[test]
    fn temporary_folders_are_on_this_machine() {
        assert_eq!(remote_kind(&std::env::temp_dir()), None);
    }
}
