//! What kind of file system a folder is on: whether it is another machine's, and whose rules hold for open files.
//!
//! Owns the table of kinds. A question to a share that hangs never comes back, so this is asked from a thread of its own
//! (`shares.rs`), and no answer is an answer too.

use std::path::Path;

/// Where a folder is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(
    not(any(target_os = "linux", target_os = "macos")),
    expect(dead_code, reason = "not every system has every kind")
)]
pub(crate) enum Kind {
    /// On a disk of this machine.
    Local,
    /// On another machine, or a file system that tells nothing of changes; open handles disturb nobody.
    Remote,
    /// On another machine, by the rules of Windows: an open file cannot be deleted there.
    WindowsShare,
}

/// Asks the system. A folder that is not there yet is where its parent is.
pub(crate) fn kind_of(folder: &Path) -> Kind {
    folder.ancestors().find_map(system::kind_of).unwrap_or(Kind::Local)
}

#[cfg(target_os = "linux")]
mod system {
    use super::Kind;
    use nix::sys::statfs::statfs;
    use std::path::Path;

    /// Numbers of `statfs(2)`; those that the libraries do not name are from the kernel's headers.
    const NFS: i64 = 0x6969;
    const SMB: i64 = 0x517b;
    const CIFS: i64 = 0xff53_4d42;
    const SMB2: i64 = 0xfe53_4d42;
    /// sshfs and many others; those on local disks are looked at a little more often than need be.
    const FUSE: i64 = 0x6573_5546;
    const PLAN9: i64 = 0x0102_1997;
    const CEPH: i64 = 0x00c3_6400;
    const AFS: i64 = 0x5346_414f;
    const CODA: i64 = 0x7375_7245;
    const LUSTRE: i64 = 0x0bd0_0bd0;
    const GPFS: i64 = 0x4750_4653;
    const BEEGFS: i64 = 0x1983_0326;
    const VBOXSF: i64 = 0x786f_4256;

    #[allow(clippy::useless_conversion, reason = "the type of the number differs between processors")]
    pub(super) fn kind_of(folder: &Path) -> Option<Kind> {
        let number = i64::from(statfs(folder).ok()?.filesystem_type().0) & 0xffff_ffff;
        Some(match number {
            SMB | CIFS | SMB2 => Kind::WindowsShare,
            NFS | FUSE | PLAN9 | CEPH | AFS | CODA | LUSTRE | GPFS | BEEGFS | VBOXSF => Kind::Remote,
            _ => Kind::Local,
        })
    }
}

#[cfg(target_os = "macos")]
mod system {
    use super::Kind;
    use nix::mount::MntFlags;
    use nix::sys::statfs::statfs;
    use std::path::Path;

    pub(super) fn kind_of(folder: &Path) -> Option<Kind> {
        let found = statfs(folder).ok()?;
        Some(match found.filesystem_type_name() {
            _ if found.flags().contains(MntFlags::MNT_LOCAL) => Kind::Local,
            "smbfs" => Kind::WindowsShare,
            _ => Kind::Remote,
        })
    }
}

#[cfg(windows)]
mod system {
    use super::Kind;
    use std::ffi::OsStr;
    use std::os::windows::ffi::OsStrExt;
    use std::path::{Component, Path, Prefix};
    use windows_sys::Win32::Storage::FileSystem::GetDriveTypeW;

    /// What the system answers for a drive on another machine.
    const DRIVE_REMOTE: u32 = 4;

    pub(super) fn kind_of(folder: &Path) -> Option<Kind> {
        let Some(Component::Prefix(prefix)) = folder.components().next() else { return None };
        let is_remote = match prefix.kind() {
            Prefix::UNC(..) | Prefix::VerbatimUNC(..) => true,
            Prefix::Disk(letter) | Prefix::VerbatimDisk(letter) => drive_type(letter) == DRIVE_REMOTE,
            _ => false,
        };
        Some(if is_remote { Kind::WindowsShare } else { Kind::Local })
    }

    #[expect(unsafe_code, reason = "the standard library cannot tell the type of a drive")]
    fn drive_type(letter: u8) -> u32 {
        let root: Vec<u16> =
            OsStr::new(&format!("{}:\\", char::from(letter))).encode_wide().chain([0]).collect();
        // SAFETY: the text ends with a zero and outlives the call.
        unsafe { GetDriveTypeW(root.as_ptr()) }
    }
}

#[cfg(not(any(target_os = "linux", target_os = "macos", windows)))]
mod system {
    use super::Kind;
    use std::path::Path;

    pub(super) fn kind_of(_folder: &Path) -> Option<Kind> {
        None
    }
}
