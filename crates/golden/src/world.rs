//! The surroundings in which a cause occurs: everything a signature must not depend on.
//!
//! A `World` holds one choice per dimension. `World::base` is where a cause was first met; `World::perturbed` changes one
//! dimension and leaves the others, so that a signature that moves names its culprit.

use crate::cause::Cause;
use crate::engine::{Engine, PYTHONS};
use crate::names::{Names, Person};
use crate::perturbation::{COMBINED, Perturbation, Perturbation as P};
use crate::random::Random;

/// Operating systems, and how storage is addressed on them.
#[derive(Copy, Clone, PartialEq, Eq, Debug)]
pub enum System {
    /// POSIX paths below `/mnt` and `/home`.
    Linux,
    /// POSIX paths below `/Volumes` and `/Users`.
    Mac,
    /// Drive letters; homes on `C:`.
    WindowsDrive,
    /// UNC names; homes on a share, too.
    WindowsShare,
}

impl System {
    /// Whether paths have backslashes.
    pub fn is_windows(self) -> bool {
        matches!(self, System::WindowsDrive | System::WindowsShare)
    }

    fn word(self) -> &'static str {
        match self {
            System::Linux => "linux",
            System::Mac => "mac",
            System::WindowsDrive | System::WindowsShare => "windows",
        }
    }
}

/// How a bundle came onto the disk.
#[derive(Copy, Clone, PartialEq, Eq, Debug)]
#[expect(missing_docs, reason = "the names are those of Toolkit's descriptors")]
pub enum Install {
    AppStore,
    Git,
    GitBranch,
    GitHub,
    Manual,
    /// A zip on the site: its folder has the attachment's number and no name.
    Site,
    Dev,
    /// `install/apps/app_store` of configurations before the bundle cache.
    Old,
}

/// Where the bundle cache lies.
#[derive(Copy, Clone, PartialEq, Eq, Debug)]
pub enum Cache {
    /// In the user's folder.
    Home,
    /// Where `SHOTGUN_HOME` points.
    ShotgunHome,
    /// In the configuration.
    Config,
    /// Where `SHOTGUN_BUNDLE_CACHE_PATH` points.
    Own,
}

/// Language of the operating system, which some error texts are in.
#[derive(Copy, Clone, PartialEq, Eq, Debug)]
#[expect(missing_docs, reason = "languages")]
pub enum Language {
    English,
    German,
    French,
    Japanese,
    Korean,
}

/// One choice per dimension.
#[derive(Clone, Debug)]
pub struct World {
    /// Who works.
    pub user: &'static Person,
    /// Name of the machine.
    pub host: &'static str,
    /// Operating system.
    pub system: System,
    /// Language of the operating system.
    pub language: Language,
    /// How bundles are installed.
    pub install: Install,
    /// Where the bundle cache is.
    pub cache: Cache,
    /// Whether the configuration is copied to each user, or one for all.
    pub distributed: bool,
    /// Decides versions of bundles and core, and what comes with core.
    pub versions: u64,
    /// Version of Python.
    pub python: (u8, u8),
    /// Decides line numbers.
    pub lines: u64,
    /// Process.
    pub pid: u64,
    /// Decides the date and time of day.
    pub time: u64,
    /// Project, shot, asset and so on.
    pub names: &'static Names,
    /// Whether the session is on the asset, not on the shot.
    pub on_asset: bool,
    /// Decides ids, counts, frame numbers, versions of scenes.
    pub numbers: u64,
    /// Passed on by Desktop's site process.
    pub proxied: bool,
    /// Line ends with a carriage return.
    pub carriage_returns: bool,
    /// Decides how reads are cut; `None`: all at once.
    pub split: Option<u64>,
    /// Decides what of another process gets between the lines; `None`: nothing.
    pub interleaved: Option<u64>,
    /// Decides the source text printed under frames; `None`: as the cause has it.
    pub source: Option<u64>,
    /// Decides what called the failing code; `None`: as the cause has it.
    pub callers: Option<u64>,
    /// Engine.
    pub engine: &'static Engine,
    /// Whether the reader knows the words of the session (login, host, project, entity, task), or nothing but the login.
    pub known_words: bool,
}

impl World {
    /// Where a cause was first met.
    pub fn base(seed: u64, cause: &Cause) -> World {
        // A twin occurs where its cause does: nothing but the cause shall tell them apart.
        let name = cause.id.split('~').next().unwrap_or(&cause.id);
        let mut random = Random::of(seed, name);
        let engine = cause.engines[0];
        World {
            user: Person::any(&mut random),
            host: Names::host(&mut random),
            system: *random.one(&systems(cause, engine)),
            language: Language::English,
            install: Install::AppStore,
            cache: Cache::Home,
            distributed: random.once_in(2),
            versions: random.draw(),
            python: *random.one(&pythons(cause)),
            lines: random.draw(),
            pid: random.between(300, 32_000),
            time: random.draw(),
            names: Names::any(&mut random),
            on_asset: cause.text.contains("$asset") && !cause.text.contains("$shot"),
            numbers: random.draw(),
            proxied: false,
            carriage_returns: false,
            split: None,
            interleaved: None,
            source: None,
            callers: None,
            engine,
            known_words: true,
        }
    }

    /// This world with one dimension changed; `None` when that dimension does not matter to the cause.
    pub fn perturbed(&self, by: Perturbation, cause: &Cause, random: &mut Random) -> Option<World> {
        let mut world = self.clone();
        match by {
            P::User => world.user = other(random, Person::any, self.user),
            P::Host => world.host = other(random, Names::host, self.host),
            P::System => {
                let systems: Vec<System> =
                    systems(cause, self.engine).into_iter().filter(|system| *system != self.system).collect();
                world.system = *pick(random, &systems)?;
            }
            P::Language => {
                // Only what Windows says is translated.
                let says = ["!os.", "!net.", "!http."].iter().any(|lead| cause.text.contains(lead));
                (says && self.system.is_windows()).then_some(())?;
                let languages = [Language::German, Language::French, Language::Japanese, Language::Korean];
                world.language = *random.one(&languages);
            }
            P::Install => {
                let installs = [
                    Install::Git,
                    Install::GitBranch,
                    Install::GitHub,
                    Install::Manual,
                    Install::Dev,
                    Install::Old,
                ];
                world.install = *random.one(&installs);
            }
            P::SiteInstall => {
                is_told_without_folder(cause).then_some(())?;
                world.install = Install::Site;
            }
            P::Cache => world.cache = *random.one(&[Cache::ShotgunHome, Cache::Config, Cache::Own]),
            P::Config => world.distributed = !self.distributed,
            P::BundleVersion => world.versions = random.draw(),
            P::Python => {
                let pythons: Vec<(u8, u8)> =
                    PYTHONS.into_iter().filter(|p| *p != self.python && allowed(cause, *p)).collect();
                world.python = *pick(random, &pythons)?;
            }
            P::Lines => world.lines = random.draw(),
            P::Process => world.pid = random.between(300, 99_000),
            P::Time => world.time = random.draw(),
            P::Names => world.names = other(random, Names::any, self.names),
            P::Numbers => world.numbers = random.draw(),
            P::Proxy => {
                let desktop = cause.engines.iter().find(|engine| engine.name == "tk-desktop")?;
                is_told_by_text(cause).then_some(())?;
                world.engine = desktop;
                world.proxied = true;
            }
            P::LineEnds => world.carriage_returns = !self.carriage_returns,
            P::SplitReads => world.split = Some(random.draw()),
            P::Source => world.source = Some(random.draw()),
            P::Engine => {
                let engines: Vec<&'static Engine> = cause
                    .engines
                    .iter()
                    .copied()
                    .filter(|engine| *engine != self.engine && engine.systems.contains(&self.system))
                    .collect();
                world.engine = pick(random, &engines)?;
            }
            P::CallPath => {
                cause.text.contains("#tb\n@").then_some(())?;
                world.callers = Some(random.draw());
            }
            P::UnknownWords => world.known_words = false,
            P::Interleaving => {
                (cause.text.trim_end().lines().count() > 2).then_some(())?;
                world.interleaved = Some(random.draw());
            }
            P::Combined => {
                for by in COMBINED {
                    // On a Windows share everything else is likely to be different, too: half of all dimensions.
                    if random.once_in(2) {
                        world = world.perturbed(by, cause, random).unwrap_or(world);
                    }
                }
                // What was passed on was Desktop's.
                world.proxied &= world.engine.name == "tk-desktop";
            }
        }
        Some(world)
    }
}

/// Whether the record itself, without its logger, tells whose it is: `[PROXY]` records have lost the logger.
fn is_told_by_text(cause: &Cause) -> bool {
    let names_no_bundle = cause.logger == "$E" || cause.logger.starts_with("sgtk.ext");
    cause.text.contains("\n@") || cause.text.contains("$bundle") || names_no_bundle
}

/// Whether the record names the apps it is about though their folders have lost their names: by the logger, or by the
/// package below `python`.
fn is_told_without_folder(cause: &Cause) -> bool {
    let mut apps =
        cause.text.lines().filter_map(|line| line.trim_start_matches(['@', '?']).strip_prefix("app:"));
    let named = |frame: &str| {
        let (app, file) = frame.split_once(' ').unwrap_or((frame, ""));
        !app.starts_with("tk-multi-") || cause.logger.contains(app) || file.starts_with("python/tk_multi_")
    };
    let has_app = cause.text.contains("@app:tk-multi-");
    has_app && apps.all(named) && !cause.text.contains("$bundle")
}

fn other<T: PartialEq + ?Sized>(
    random: &mut Random,
    any: impl Fn(&mut Random) -> &'static T,
    than: &'static T,
) -> &'static T {
    loop {
        let found = any(random);
        if found != than {
            return found;
        }
    }
}

fn pick<'c, T>(random: &mut Random, choices: &'c [T]) -> Option<&'c T> {
    (!choices.is_empty()).then(|| random.one(choices))
}

fn systems(cause: &Cause, engine: &Engine) -> Vec<System> {
    let wanted =
        |system: &System| cause.systems.is_empty() || cause.systems.iter().any(|word| word == system.word());
    engine.systems.iter().copied().filter(wanted).collect()
}

fn allowed(cause: &Cause, python: (u8, u8)) -> bool {
    (cause.python..=cause.newest_python).contains(&python)
}

/// Where a cause is first met: Python 3, when it can be.
fn pythons(cause: &Cause) -> Vec<(u8, u8)> {
    let all: Vec<(u8, u8)> = PYTHONS.into_iter().filter(|python| allowed(cause, *python)).collect();
    let three: Vec<(u8, u8)> = all.iter().copied().filter(|python| python.0 == 3).collect();
    if three.is_empty() { all } else { three }
}
