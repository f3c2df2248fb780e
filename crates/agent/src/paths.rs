//! Where the agent keeps its things: one folder per user and site.
//!
//! Owns the layout (`state.db`, `evidence/`, `lock`, `agent.log`, …) and the rules for who may look in. Creates the
//! folder of one site, mode 0700, and nothing outside it. The log folders of Toolkit are `log-follow`'s matter.

use etcetera::BaseStrategy;
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::time::Duration;

/// While somebody reads a file on Windows it cannot be replaced, for a moment.
const TRIES: u32 = 50;
const TRY_EVERY: Duration = Duration::from_millis(10);

/// The folder all sites' folders are in when the settings name none: state of a program, on a local disk.
#[must_use]
pub fn default_state_dir() -> Option<PathBuf> {
    let strategy = etcetera::base_strategy::choose_native_strategy().ok()?;
    // Local, not roaming, application data on Windows: positions of logs make no sense on another machine.
    let base = if cfg!(windows) {
        strategy.cache_dir()
    } else {
        strategy.state_dir().unwrap_or_else(|| strategy.data_dir())
    };
    Some(base.join("tk-incident"))
}

/// The folder all sites' folders are in when the home folder is another machine's: this machine's own disk, kept over
/// restarts, one folder for each user.
#[must_use]
pub fn machine_state_dir(login: &str) -> PathBuf {
    let base = if cfg!(unix) { PathBuf::from("/var/tmp") } else { std::env::temp_dir() };
    base.join(format!("tk-incident-{}", site_folder(login)))
}

/// A folder name for a site: its host and port, nothing that a file system could object to.
#[must_use]
pub fn site_folder(url: &str) -> String {
    let host = url.split_once("://").map_or(url, |(_, rest)| rest);
    let host = host.split(['/', '?', '#']).next().unwrap_or(host);
    let host = host.rsplit('@').next().unwrap_or(host).to_lowercase();
    let name: String = host
        .chars()
        .map(|letter| if letter.is_ascii_alphanumeric() || ".-".contains(letter) { letter } else { '_' })
        .collect();
    if name.trim_matches(['.', '_']).is_empty() { "site".to_owned() } else { name }
}

/// The files of one agent.
#[derive(Clone, Debug)]
pub struct StateFolder(PathBuf);

impl StateFolder {
    /// Names the folder of one site; nothing is created yet.
    #[must_use]
    pub fn new(state_dir: &Path, site_folder: &str) -> StateFolder {
        StateFolder(state_dir.join(site_folder))
    }

    /// Takes a folder as it is.
    #[must_use]
    pub fn at(folder: PathBuf) -> StateFolder {
        StateFolder(folder)
    }

    /// Makes the folder, for this user only.
    ///
    /// # Errors
    /// When the system refuses.
    pub fn create(&self) -> io::Result<()> {
        #[cfg(unix)]
        if let Some(folder) = self.0.parent().filter(|folder| folder.parent() == Some(Path::new("/var/tmp")))
        {
            if folder.symlink_metadata().is_err() {
                create_private(folder)?;
            }
            refuse_others(folder)?;
        }
        create_private(&self.0)?;
        create_private(&self.evidence())
    }

    /// The folder itself.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.0
    }

    /// The state.
    #[must_use]
    pub fn database(&self) -> PathBuf {
        self.0.join("state.db")
    }

    /// The spool of evidence archives.
    #[must_use]
    pub fn evidence(&self) -> PathBuf {
        self.0.join("evidence")
    }

    /// Held by the running agent for its life.
    #[must_use]
    pub fn lock(&self) -> PathBuf {
        self.0.join("lock")
    }

    /// What the agent was attached with last.
    #[must_use]
    pub fn attached(&self) -> PathBuf {
        self.0.join("attached.json")
    }

    /// When each process was a session of this site, for the agents of other sites.
    #[must_use]
    pub fn sessions(&self) -> PathBuf {
        self.0.join("sessions.json")
    }

    /// Where the agent listens, as it writes itself.
    #[must_use]
    pub fn channel(&self) -> PathBuf {
        self.0.join("channel.json")
    }

    /// Our own log; never named like a log we follow.
    #[must_use]
    pub fn own_log(&self) -> PathBuf {
        self.0.join("agent.log")
    }
}

/// Refuses a folder that another user has put where everybody may make one, before ours was there.
#[cfg(unix)]
pub(crate) fn refuse_others(folder: &Path) -> io::Result<()> {
    use std::os::unix::fs::MetadataExt;
    let made = std::fs::symlink_metadata(folder)?;
    if made.is_dir() && made.uid() == nix::unistd::geteuid().as_raw() {
        return Ok(());
    }
    Err(io::Error::new(io::ErrorKind::PermissionDenied, "the folder is another user's"))
}

/// Refuses a folder that is not this user's. On Windows the folders of a user are closed to others.
pub(crate) fn refuse_strangers(folder: &Path) -> io::Result<()> {
    #[cfg(unix)]
    return refuse_others(folder);
    #[cfg(not(unix))]
    {
        let _ = folder;
        Ok(())
    }
}

/// Writes a file for this user only, whole or not at all.
///
/// # Errors
/// When the system refuses.
pub(crate) fn replace_private(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let new = path.with_extension("json.new");
    let mut options = std::fs::OpenOptions::new();
    options.write(true).create(true).truncate(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let mut file = options.open(&new)?;
    file.write_all(bytes)?;
    file.sync_all()?;
    drop(file);
    for _ in 1..TRIES {
        match std::fs::rename(&new, path) {
            Err(error) if cfg!(windows) && error.kind() == io::ErrorKind::PermissionDenied => {
                std::thread::sleep(TRY_EVERY);
            }
            renamed => return renamed,
        }
    }
    std::fs::rename(new, path)
}

/// Makes a folder and its parents; the folder itself is for this user only.
///
/// # Errors
/// When the system refuses.
pub fn create_private(folder: &Path) -> io::Result<()> {
    if let Some(parent) = folder.parent() {
        std::fs::create_dir_all(parent)?;
    }
    let mut builder = std::fs::DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    {
        use std::os::unix::fs::{DirBuilderExt, PermissionsExt};
        builder.mode(0o700).create(folder)?;
        // One that was there before may be open to others.
        std::fs::set_permissions(folder, std::fs::Permissions::from_mode(0o700))
    }
    #[cfg(not(unix))]
    builder.create(folder)
}

/// Makes names that were made or changed in a folder survive a power cut, where a system needs to be asked for that.
///
/// # Errors
/// When the system refuses.
pub fn sync_folder(folder: &Path) -> io::Result<()> {
    #[cfg(unix)]
    {
        let folder = if folder.as_os_str().is_empty() { Path::new(".") } else { folder };
        std::fs::File::open(folder)?.sync_all()
    }
    #[cfg(not(unix))]
    {
        let _ = folder;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_site_has_one_folder_name() {
        for (url, name) in [
            ("https://Studio.shotgrid.autodesk.com", "studio.shotgrid.autodesk.com"),
            ("https://studio.example:8443/path", "studio.example_8443"),
            ("http://user:secret@127.0.0.1:80", "127.0.0.1_80"),
            ("https://../..", "site"),
            ("", "site"),
        ] {
            assert_eq!(site_folder(url), name, "{url}");
        }
    }
}
