//! What the follower needs of a file system: list a folder, open a file, say who a file is.
//!
//! [`Disk`] is the seam at which tests put a simulated file system; [`SystemDisk`] is the real one. Only read
//! access is ever asked for. On Windows `File::open` shares read, write and delete, which is what lets
//! Toolkit's handler go on renaming a file we look at; nothing here may narrow that.

use crate::kind::{Kind, kind_of};
use std::fs::File;
use std::io;
use std::path::Path;
use std::time::SystemTime;

/// Who a file is, whatever it is called at the moment: device and inode, or volume serial and file index.
/// Numbers are reused by file systems, so an identity alone never proves that the content is the same.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct FileId {
    /// The device or volume.
    pub device: u64,
    /// The inode or file index on it.
    pub file: u64,
}

/// One look at a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Observed {
    /// Who it is.
    pub id: FileId,
    /// Its size.
    pub len_bytes: u64,
    /// How many names it has; 0 when it was deleted and lives on in open handles only.
    pub links: u64,
    /// When it was made, where the system tells and can be trusted: not on Windows, where a new file of an old
    /// name inherits the time of the old one.
    pub born: Option<SystemTime>,
    /// When it was last written, where that is known. It may be coarse, and stand still while a file grows: on Windows
    /// until its writer closes it.
    pub modified: Option<SystemTime>,
}

impl Observed {
    /// Whether both are looks at one file: the same number and, where it is known, the same time of birth.
    #[must_use]
    pub fn is_same_file(&self, id: FileId, born: Option<SystemTime>) -> bool {
        let reborn = self.born.zip(born).is_some_and(|(now, then)| now != then);
        self.id == id && !reborn
    }
}

/// A file system as the follower sees it.
pub trait Disk {
    /// An open file.
    type File: DiskFile;
    /// Bare names of the regular files (or links to such) in a folder, in any order.
    fn list(&self, folder: &Path) -> io::Result<Vec<String>>;
    /// When the folder was last changed: a file made, renamed or removed.
    fn folder_changed(&self, folder: &Path) -> io::Result<SystemTime>;
    /// Opens for reading.
    fn open(&self, path: &Path) -> io::Result<Self::File>;
    /// Who is behind a name, without opening it where the system allows that.
    fn observe(&self, path: &Path) -> io::Result<Observed>;
    /// Whether open handles on files of a folder may be kept between looks. False on Windows and on shares of its
    /// kind, where a handle on a backup can stop the next rollover of the program that writes it.
    fn may_hold_handles(&self, folder: &Path) -> bool;
    /// Whether a folder is on another machine: it may be away for a while and look empty meanwhile.
    fn is_remote(&self, _folder: &Path) -> bool {
        false
    }
}

/// An open file of a [`Disk`].
pub trait DiskFile {
    /// Who and how large it is now, asked of the handle: names and directory entries may be stale.
    fn observe(&self) -> io::Result<Observed>;
    /// Reads at an offset; 0 bytes at or past the end.
    fn read_at(&self, buffer: &mut [u8], offset: u64) -> io::Result<usize>;
}

/// The real file system.
#[derive(Clone, Copy, Debug, Default)]
pub struct SystemDisk;

impl Disk for SystemDisk {
    type File = File;

    fn list(&self, folder: &Path) -> io::Result<Vec<String>> {
        let mut names = Vec::new();
        for entry in std::fs::read_dir(folder)? {
            let entry = entry?;
            // A name that is not Unicode cannot match a pattern, which is Unicode text.
            let Ok(name) = entry.file_name().into_string() else { continue };
            // A kind that cannot be told is left to `open`.
            let may_be_log = entry.file_type().map_or(true, |kind| kind.is_file() || kind.is_symlink());
            if may_be_log {
                names.push(name);
            }
        }
        Ok(names)
    }

    fn folder_changed(&self, folder: &Path) -> io::Result<SystemTime> {
        std::fs::metadata(folder)?.modified()
    }

    fn open(&self, path: &Path) -> io::Result<File> {
        // Opening a pipe waits until somebody writes into it, and opening a folder or a device works on some
        // systems and reading it fails later: refuse before, and after in case the name changed hands between.
        let refused = || io::Error::new(io::ErrorKind::InvalidInput, "not a regular file");
        if !std::fs::metadata(path)?.is_file() {
            return Err(refused());
        }
        let file = File::open(path)?;
        if file.metadata()?.is_file() { Ok(file) } else { Err(refused()) }
    }

    fn observe(&self, path: &Path) -> io::Result<Observed> {
        system::observe_path(path)
    }

    fn may_hold_handles(&self, folder: &Path) -> bool {
        cfg!(unix) && kind_of(folder) != Kind::WindowsShare
    }

    fn is_remote(&self, folder: &Path) -> bool {
        kind_of(folder) != Kind::Local
    }
}

impl DiskFile for File {
    fn observe(&self) -> io::Result<Observed> {
        system::observe_handle(self)
    }

    fn read_at(&self, buffer: &mut [u8], offset: u64) -> io::Result<usize> {
        loop {
            match system::read_at(self, buffer, offset) {
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                result => return result,
            }
        }
    }
}

#[cfg(unix)]
mod system {
    use super::{FileId, Observed};
    use std::fs::{File, Metadata};
    use std::io;
    use std::os::unix::fs::{FileExt, MetadataExt};
    use std::path::Path;

    fn observed(metadata: &Metadata) -> Observed {
        Observed {
            id: FileId { device: metadata.dev(), file: metadata.ino() },
            len_bytes: metadata.len(),
            links: metadata.nlink(),
            born: metadata.created().ok(),
            modified: metadata.modified().ok(),
        }
    }

    pub(super) fn observe_path(path: &Path) -> io::Result<Observed> {
        std::fs::metadata(path).map(|metadata| observed(&metadata))
    }

    pub(super) fn observe_handle(file: &File) -> io::Result<Observed> {
        file.metadata().map(|metadata| observed(&metadata))
    }

    pub(super) fn read_at(file: &File, buffer: &mut [u8], offset: u64) -> io::Result<usize> {
        FileExt::read_at(file, buffer, offset)
    }
}

#[cfg(windows)]
mod system {
    use super::{FileId, Observed};
    use std::fs::File;
    use std::io;
    use std::os::windows::fs::FileExt;
    use std::os::windows::io::AsRawHandle;
    use std::path::Path;
    use std::time::{Duration, SystemTime};
    use windows_sys::Win32::Foundation::FILETIME;
    use windows_sys::Win32::Storage::FileSystem::{BY_HANDLE_FILE_INFORMATION, GetFileInformationByHandle};

    pub(super) fn observe_path(path: &Path) -> io::Result<Observed> {
        // The directory entry of an open file is refreshed lazily on NTFS; only a handle tells the truth.
        observe_handle(&File::open(path)?)
    }

    /// Wine tells 0 for the volume of a file that is being renamed at this instant, and a file would seem to be another
    /// one. A volume that has no number tells 0 every time.
    const QUESTIONS: usize = 4;

    #[expect(unsafe_code, reason = "the standard library has no stable way to ask for the file index")]
    fn ask(file: &File) -> io::Result<BY_HANDLE_FILE_INFORMATION> {
        // SAFETY: an all-zero value is valid for this plain structure of integers.
        let mut information: BY_HANDLE_FILE_INFORMATION = unsafe { std::mem::zeroed() };
        // SAFETY: the handle is open for as long as `file` is borrowed, and the structure outlives the call.
        let done = unsafe { GetFileInformationByHandle(file.as_raw_handle().cast(), &mut information) };
        if done == 0 { Err(io::Error::last_os_error()) } else { Ok(information) }
    }

    pub(super) fn observe_handle(file: &File) -> io::Result<Observed> {
        let mut information = ask(file)?;
        for _ in 1..QUESTIONS {
            if information.dwVolumeSerialNumber != 0 {
                break;
            }
            information = ask(file)?;
        }
        let wide = |high: u32, low: u32| (u64::from(high) << 32) | u64::from(low);
        Ok(Observed {
            id: FileId {
                device: u64::from(information.dwVolumeSerialNumber),
                file: wide(information.nFileIndexHigh, information.nFileIndexLow),
            },
            len_bytes: wide(information.nFileSizeHigh, information.nFileSizeLow),
            links: u64::from(information.nNumberOfLinks),
            // A new file of an old name inherits the time of the old one.
            born: None,
            modified: time(information.ftLastWriteTime),
        })
    }

    /// Hundreds of nanoseconds since 1601, of which the first 369 years are not needed.
    fn time(of: FILETIME) -> Option<SystemTime> {
        const UNIX_EPOCH_TICKS: u64 = 116_444_736_000_000_000;
        let ticks = (u64::from(of.dwHighDateTime) << 32) | u64::from(of.dwLowDateTime);
        let since = ticks.checked_sub(UNIX_EPOCH_TICKS)?;
        SystemTime::UNIX_EPOCH
            .checked_add(Duration::new(since / 10_000_000, (since % 10_000_000) as u32 * 100))
    }

    pub(super) fn read_at(file: &File, buffer: &mut [u8], offset: u64) -> io::Result<usize> {
        file.seek_read(buffer, offset)
    }
}
