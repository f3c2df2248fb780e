//! The entry by which an agent starts at login, for this user: a systemd unit or a desktop entry on Linux, a launch agent on
//! macOS, a value of the Run key on Windows.
//!
//! Owns where such an entry is, making, reading and removing it. Each form's text and quoting is pure and in a file of its own.
//! No other program is called: an entry counts from the next login on, and the agent of today runs already. Deliberately
//! absent: entries for all users, which are an admin's own affair.

#[cfg(windows)]
mod run_key;

pub mod command_line;
pub mod desktop_entry;
pub mod launch_agent;
pub mod systemd_unit;

use std::ffi::OsString;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

/// What the program is called with at login.
pub const ARGUMENTS: [&str; 3] = ["--quiet", "run", "--at-login"];

/// The name that entries go by, with their form's ending.
const NAME: &str = "tk-incident";

/// Asks for a variable of the environment.
pub type Environment<'a> = &'a dyn Fn(&str) -> Option<OsString>;

/// An entry that is there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// `systemd unit`, `desktop entry`, `launch agent` or `Run key`.
    pub kind: &'static str,
    /// Its file, or its value in the registry.
    pub place: String,
    /// The program that it starts; `None` when it is not as we write it.
    pub program: Option<PathBuf>,
    /// What the system starts instead, on Windows: it starts the program without a window. `None` where it starts the program itself.
    pub starter: Option<PathBuf>,
    /// Whether the system's own settings keep it from being used: a person has switched it off there.
    pub is_switched_off: bool,
}

impl Entry {
    /// The file that it needs and that is not there, so that nothing starts.
    #[must_use]
    pub fn missing(&self) -> Option<&Path> {
        self.starter.iter().chain(&self.program).map(PathBuf::as_path).find(|file| !file.is_file())
    }
}

/// Why there is no entry, or why it stays.
#[derive(Debug, thiserror::Error)]
pub enum AutostartError {
    /// The user has no home folder, or the system has no place we know.
    #[error("there is no place for an entry at login: this user has no home folder")]
    NoPlace,
    /// What starts at login has to be written down as text.
    #[error("`{}` cannot be started at login: its path is not Unicode, has a line break, or is too long; move the program", program.display())]
    Path {
        /// The program.
        program: PathBuf,
    },
    /// The system refuses.
    #[error("the entry for the login in `{place}` cannot be changed: check its permissions")]
    Refused {
        /// Its file or key.
        place: String,
        /// Why.
        #[source]
        source: io::Error,
    },
}

/// Makes the entry, or changes the one that is there, so that `program` is started; on Windows by its starter, if that lies beside it.
///
/// # Errors
/// See [`AutostartError`].
pub fn on(program: &Path, environment: Environment<'_>) -> Result<Entry, AutostartError> {
    let text = program
        .to_str()
        .filter(|text| !text.contains(['\n', '\r']))
        .ok_or_else(|| AutostartError::Path { program: program.to_owned() })?;
    let (able, unable): (Vec<Place>, Vec<Place>) =
        places(environment).into_iter().partition(|place| place.can_start(text));
    let mut able = able.into_iter();
    let place = able.next().ok_or_else(|| match unable.is_empty() {
        true => AutostartError::NoPlace,
        false => AutostartError::Path { program: program.to_owned() },
    })?;
    let text = place.text(text);
    place.write(&text).map_err(|source| place.refused(source))?;
    // The other form may be there from a time when this one did not work: two would start two.
    for other in able.chain(unable) {
        other.remove().map_err(|source| other.refused(source))?;
    }
    Ok(place.entry(&text))
}

/// Removes every entry there is; what was there.
///
/// # Errors
/// See [`AutostartError`].
pub fn off(environment: Environment<'_>) -> Result<Vec<Entry>, AutostartError> {
    let there = status(environment)?;
    for place in places(environment) {
        place.remove().map_err(|source| place.refused(source))?;
    }
    Ok(there)
}

/// The entries that are there.
///
/// # Errors
/// See [`AutostartError`].
pub fn status(environment: Environment<'_>) -> Result<Vec<Entry>, AutostartError> {
    let mut entries = Vec::new();
    for place in places(environment) {
        let Some(text) = place.read().map_err(|source| place.refused(source))? else { continue };
        entries.push(place.entry(&text));
    }
    Ok(entries)
}

/// Has an entry that is there start `program`, which holds the right to run and so is the newest. `true` if one was changed.
/// One that a person has switched off, or written, stays as it is.
///
/// # Errors
/// See [`AutostartError`].
pub fn follow(program: &Path, environment: Environment<'_>) -> Result<bool, AutostartError> {
    let there = status(environment)?;
    let starter = program.to_str().and_then(starter_beside).map(PathBuf::from);
    let is_ours = |entry: &Entry| entry.program.as_deref() == Some(program) && entry.starter == starter;
    let is_a_persons = |entry: &Entry| entry.is_switched_off || entry.program.is_none();
    if there.iter().any(is_a_persons) || there.iter().all(is_ours) {
        return Ok(false);
    }
    on(program, environment).map(|_| true)
}

/// The starter that lies beside a program of Windows, and that the Run key takes.
fn starter_beside(program: &str) -> Option<String> {
    let starter = command_line::starter_of(program)?;
    (command_line::can_start(&starter) && Path::new(&starter).is_file()).then_some(starter)
}

/// Where an entry can be, the best first.
fn places(environment: Environment<'_>) -> Vec<Place> {
    let folder = |name: &str| environment(name).map(PathBuf::from).filter(|path| path.is_absolute());
    if cfg!(windows) {
        return vec![Place::RunKey];
    }
    let home = folder("HOME");
    if cfg!(target_os = "macos") {
        let agents = home.map(|home| home.join("Library/LaunchAgents"));
        return agents.map(Place::LaunchAgent).into_iter().collect();
    }
    let Some(config) = folder("XDG_CONFIG_HOME").or_else(|| home.map(|home| home.join(".config"))) else {
        return Vec::new();
    };
    let unit = Place::SystemdUnit(config.join("systemd/user"));
    let entry = Place::DesktopEntry(config.join("autostart"));
    // As systemd's own programs find out whether this user's manager runs.
    let has_systemd = folder("XDG_RUNTIME_DIR").is_some_and(|folder| folder.join("systemd").is_dir());
    if has_systemd { vec![unit, entry] } else { vec![entry, unit] }
}

/// One form of an entry, with the folder its files are in.
enum Place {
    SystemdUnit(PathBuf),
    DesktopEntry(PathBuf),
    LaunchAgent(PathBuf),
    RunKey,
}

impl Place {
    fn kind(&self) -> &'static str {
        match self {
            Place::SystemdUnit(_) => "systemd unit",
            Place::DesktopEntry(_) => "desktop entry",
            Place::LaunchAgent(_) => "launch agent",
            Place::RunKey => "Run key",
        }
    }

    fn file(&self) -> PathBuf {
        match self {
            Place::SystemdUnit(folder) => folder.join(format!("{NAME}.service")),
            Place::DesktopEntry(folder) => folder.join(format!("{NAME}.desktop")),
            Place::LaunchAgent(folder) => folder.join(format!("{}.plist", launch_agent::LABEL)),
            Place::RunKey => PathBuf::new(),
        }
    }

    /// What makes a unit start: the link that `systemctl enable` would make.
    fn link(&self) -> Option<PathBuf> {
        match self {
            Place::SystemdUnit(folder) => Some(folder.join(format!("default.target.wants/{NAME}.service"))),
            _ => None,
        }
    }

    fn shown(&self) -> String {
        match self {
            Place::RunKey => format!("HKEY_CURRENT_USER\\{RUN_KEY}\\{NAME}"),
            _ => self.file().display().to_string(),
        }
    }

    fn refused(&self, source: io::Error) -> AutostartError {
        AutostartError::Refused { place: self.shown(), source }
    }

    fn can_start(&self, program: &str) -> bool {
        match self {
            Place::SystemdUnit(_) => systemd_unit::can_start(program),
            Place::RunKey => command_line::can_start(program),
            Place::DesktopEntry(_) | Place::LaunchAgent(_) => true,
        }
    }

    /// What an entry of this text is.
    fn entry(&self, text: &str) -> Entry {
        let named = self.program_of(text);
        let started =
            named.as_deref().filter(|_| matches!(self, Place::RunKey)).and_then(command_line::started_by);
        let (program, starter) = match started {
            Some(program) => (Some(program), named),
            None => (named, None),
        };
        Entry {
            kind: self.kind(),
            place: self.shown(),
            program: program.map(PathBuf::from),
            starter: starter.map(PathBuf::from),
            is_switched_off: self.is_switched_off(text),
        }
    }

    fn is_switched_off(&self, text: &str) -> bool {
        match self {
            // As `systemctl --user disable` leaves it.
            Place::SystemdUnit(_) => self.link().is_some_and(|link| link.symlink_metadata().is_err()),
            Place::DesktopEntry(_) => desktop_entry::is_switched_off(text),
            Place::LaunchAgent(_) => false,
            Place::RunKey => registry::is_switched_off(),
        }
    }

    fn text(&self, program: &str) -> String {
        match self {
            Place::SystemdUnit(_) => systemd_unit::text(program),
            Place::DesktopEntry(_) => desktop_entry::text(program),
            Place::LaunchAgent(_) => launch_agent::text(program),
            Place::RunKey => command_line::text(starter_beside(program).as_deref().unwrap_or(program)),
        }
    }

    /// What the system starts.
    fn program_of(&self, text: &str) -> Option<String> {
        match self {
            Place::SystemdUnit(_) => systemd_unit::program(text),
            Place::DesktopEntry(_) => desktop_entry::program(text),
            Place::LaunchAgent(_) => launch_agent::program(text),
            Place::RunKey => command_line::program(text),
        }
    }

    fn write(&self, text: &str) -> io::Result<()> {
        if matches!(self, Place::RunKey) {
            return registry::write(text);
        }
        let file = self.file();
        if let Some(folder) = file.parent() {
            fs::create_dir_all(folder)?;
        }
        // Whole or not at all: at login nobody is told of half an entry.
        let new = file.with_extension("new");
        fs::write(&new, text)?;
        fs::rename(&new, &file)?;
        match self.link() {
            Some(link) => make_link(&file, &link),
            None => Ok(()),
        }
    }

    fn read(&self) -> io::Result<Option<String>> {
        if matches!(self, Place::RunKey) {
            return registry::read();
        }
        absent_is_none(fs::read(self.file())).map(|bytes| {
            // Somebody else's bytes are shown as an entry that is not ours.
            bytes.map(|bytes| String::from_utf8_lossy(&bytes).into_owned())
        })
    }

    fn remove(&self) -> io::Result<()> {
        if matches!(self, Place::RunKey) {
            return registry::remove();
        }
        if let Some(link) = self.link() {
            absent_is_none(fs::remove_file(link))?;
        }
        absent_is_none(fs::remove_file(self.file())).map(drop)
    }
}

const RUN_KEY: &str = "Software\\Microsoft\\Windows\\CurrentVersion\\Run";

fn absent_is_none<T>(result: io::Result<T>) -> io::Result<Option<T>> {
    match result {
        Ok(value) => Ok(Some(value)),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        // A file where a folder should be: nothing of ours is in it.
        Err(error) if error.kind() == io::ErrorKind::NotADirectory => Ok(None),
        Err(error) => Err(error),
    }
}

#[cfg(unix)]
fn make_link(file: &Path, link: &Path) -> io::Result<()> {
    if let Some(folder) = link.parent() {
        fs::create_dir_all(folder)?;
    }
    absent_is_none(fs::remove_file(link))?;
    std::os::unix::fs::symlink(file, link)
}

#[cfg(not(unix))]
fn make_link(_file: &Path, _link: &Path) -> io::Result<()> {
    Ok(())
}

#[cfg(windows)]
use run_key as registry;

#[cfg(not(windows))]
mod registry {
    use std::io;

    pub(super) fn write(_: &str) -> io::Result<()> {
        Err(io::ErrorKind::Unsupported.into())
    }

    pub(super) fn read() -> io::Result<Option<String>> {
        Ok(None)
    }

    pub(super) fn is_switched_off() -> bool {
        false
    }

    pub(super) fn remove() -> io::Result<()> {
        Ok(())
    }
}

#[cfg(target_os = "linux")]
#[cfg(test)]
mod tests {
    use super::*;

    const DESKTOP_ENTRY: &str = ".config/autostart/tk-incident.desktop";

    struct User(tempfile::TempDir);

    impl User {
        fn new(has_systemd: bool) -> User {
            let home = tempfile::tempdir().unwrap();
            if has_systemd {
                fs::create_dir_all(home.path().join("run/systemd")).unwrap();
            }
            User(home)
        }

        fn environment(&self) -> impl Fn(&str) -> Option<OsString> + '_ {
            |name| match name {
                "HOME" => Some(self.0.path().into()),
                "XDG_RUNTIME_DIR" => Some(self.0.path().join("run").into()),
                _ => None,
            }
        }

        /// As a desktop's settings change an entry.
        fn append(&self, line: &str) {
            let file = self.0.path().join(DESKTOP_ENTRY);
            let text = fs::read_to_string(&file).unwrap();
            fs::write(file, text + line).unwrap();
        }

        /// Every file and link below the home folder, but for what was there before.
        fn files(&self) -> Vec<String> {
            fn walk(folder: &Path, top: &Path, found: &mut Vec<String>) {
                for entry in fs::read_dir(folder).unwrap().flatten() {
                    if entry.file_type().unwrap().is_dir() {
                        walk(&entry.path(), top, found);
                    } else {
                        found.push(entry.path().strip_prefix(top).unwrap().display().to_string());
                    }
                }
            }
            let mut found = Vec::new();
            walk(self.0.path(), self.0.path(), &mut found);
            found.sort();
            found
        }
    }

    #[test]
    fn a_unit_where_systemd_runs_for_the_user_and_a_desktop_entry_elsewhere() {
        let unit = [
            ".config/systemd/user/default.target.wants/tk-incident.service",
            ".config/systemd/user/tk-incident.service",
        ];
        for (has_systemd, kind, files) in [
            (true, "systemd unit", &unit[..]),
            (false, "desktop entry", &[".config/autostart/tk-incident.desktop"]),
        ] {
            let user = User::new(has_systemd);
            let environment = user.environment();
            assert_eq!(status(&environment).unwrap(), []);
            let program = Path::new("/opt/my tools/사고/tk-incident");
            let made = on(program, &environment).unwrap();
            assert_eq!((made.kind, made.program.as_deref()), (kind, Some(program)));
            assert_eq!(user.files(), files);
            assert_eq!(status(&environment).unwrap(), std::slice::from_ref(&made));
            // A link that leads nowhere starts nothing.
            assert!(files.iter().all(|file| fs::metadata(user.0.path().join(file)).is_ok()));
            on(program, &environment).unwrap();
            assert_eq!(off(&environment).unwrap(), [made]);
            assert_eq!(user.files(), [""; 0]);
            assert_eq!(off(&environment).unwrap(), []);
        }
    }

    #[test]
    fn only_one_form_stays_when_the_system_changes() {
        let user = User::new(false);
        let environment = user.environment();
        on(Path::new("/a/tk-incident"), &environment).unwrap();
        fs::create_dir_all(user.0.path().join("run/systemd")).unwrap();
        on(Path::new("/a/tk-incident"), &environment).unwrap();
        let kinds: Vec<_> = status(&environment).unwrap().iter().map(|entry| entry.kind).collect();
        assert_eq!(kinds, ["systemd unit"]);
    }

    #[test]
    fn a_path_that_systemd_does_not_take_gets_a_desktop_entry() {
        let user = User::new(true);
        let environment = user.environment();
        on(Path::new("/a/tk-incident"), &environment).unwrap();
        let made = on(Path::new("/the artist's/tk-incident"), &environment).unwrap();
        assert_eq!(made.kind, "desktop entry");
        assert_eq!(status(&environment).unwrap(), [made]);
    }

    #[test]
    fn an_entry_follows_the_newest_program_and_none_is_made_unasked() {
        let user = User::new(true);
        let environment = user.environment();
        assert!(!follow(Path::new("/new/tk-incident"), &environment).unwrap());
        assert_eq!(user.files(), [""; 0]);
        on(Path::new("/old/tk-incident"), &environment).unwrap();
        assert!(follow(Path::new("/new/tk-incident"), &environment).unwrap());
        assert!(!follow(Path::new("/new/tk-incident"), &environment).unwrap());
        let there = status(&environment).unwrap();
        assert_eq!(there[0].program.as_deref(), Some(Path::new("/new/tk-incident")));
    }

    #[test]
    fn what_a_person_has_switched_off_or_written_stays_so() {
        type Change = fn(&User);
        let changes: [(bool, Change); 4] = [
            (true, |user| {
                fs::remove_file(
                    user.0.path().join(".config/systemd/user/default.target.wants/tk-incident.service"),
                )
                .unwrap();
            }),
            (false, |user| user.append("X-GNOME-Autostart-enabled=false\n")),
            (false, |user| user.append("Hidden=true\n")),
            (false, |user| {
                fs::write(user.0.path().join(DESKTOP_ENTRY), "[Desktop Entry]\nExec=mine\n").unwrap();
            }),
        ];
        for (has_systemd, change) in changes {
            let user = User::new(has_systemd);
            let environment = user.environment();
            on(Path::new("/old/tk-incident"), &environment).unwrap();
            assert!(!status(&environment).unwrap()[0].is_switched_off);
            change(&user);
            let there = status(&environment).unwrap();
            assert!(there[0].is_switched_off || there[0].program.is_none(), "{there:?}");
            assert!(!follow(Path::new("/new/tk-incident"), &environment).unwrap());
            assert_eq!(status(&environment).unwrap(), there);
            // Asked to, we do switch it on.
            assert!(!on(Path::new("/new/tk-incident"), &environment).unwrap().is_switched_off);
        }
    }

    #[test]
    fn what_cannot_be_written_is_told() {
        let nobody = |_: &str| None;
        assert!(matches!(on(Path::new("/a"), &nobody), Err(AutostartError::NoPlace)));
        let user = User::new(false);
        fs::write(user.0.path().join(".config"), "a file").unwrap();
        let refused = on(Path::new("/a"), &user.environment());
        assert!(matches!(refused, Err(AutostartError::Refused { place, .. }) if place.contains("autostart")));
        assert_eq!(status(&user.environment()).unwrap(), []);
        let broken = on(Path::new("/a\nExecStart=/bin/sh"), &user.environment());
        assert!(matches!(broken, Err(AutostartError::Path { .. })));
    }
}
