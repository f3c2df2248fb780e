//! Where things lie in a world: bundles, core, the configuration, the studio's code, Python, storage.
//!
//! The layouts are those of Toolkit core's descriptors and of its log and cache folders.

use crate::random::Random;
use crate::world::{Cache, Install, System, World};

/// The site.
pub(crate) const SITE: &str = "kestrelfx";

impl World {
    /// Joins with the system's separator; parts may hold `/`.
    pub(crate) fn join(&self, parts: &[&str]) -> String {
        let joined = parts.iter().filter(|part| !part.is_empty()).copied().collect::<Vec<_>>().join("/");
        if self.system.is_windows() { joined.replace('/', "\\") } else { joined }
    }

    /// A path below another one, whose own separators stay as they are.
    fn below(&self, root: &str, rest: &str) -> String {
        if self.system.is_windows() {
            format!("{root}\\{}", rest.replace('/', "\\"))
        } else {
            format!("{root}/{rest}")
        }
    }

    /// The user's folder.
    pub(crate) fn home(&self) -> String {
        let folder = match self.system {
            System::Linux => "/home",
            System::Mac => "/Users",
            System::WindowsDrive => r"C:\Users",
            System::WindowsShare => r"\\kfx-home\profiles$",
        };
        self.join(&[folder, self.user.folder])
    }

    /// Toolkit's cache folder of this user.
    fn user_cache(&self) -> String {
        let below = match self.system {
            System::Linux => ".shotgun",
            System::Mac => "Library/Caches/Shotgun",
            System::WindowsDrive | System::WindowsShare => "AppData/Roaming/Shotgun",
        };
        self.join(&[&self.home(), below])
    }

    /// Where Toolkit keeps bundles.
    fn bundle_cache(&self) -> String {
        match self.cache {
            Cache::Home => self.join(&[&self.user_cache(), "bundle_cache"]),
            Cache::ShotgunHome => match self.system {
                System::Linux => "/local/sgtk/bundle_cache".to_owned(),
                System::Mac => "/Users/Shared/sgtk/bundle_cache".to_owned(),
                System::WindowsDrive => r"D:\sgtk\bundle_cache".to_owned(),
                System::WindowsShare => r"\\kfx-nas\caches\sgtk\bundle_cache".to_owned(),
            },
            // A path from a configuration file keeps its slashes on Windows, what Toolkit adds has backslashes.
            Cache::Config => self.join(&[&self.config(), "_bundle_cache"]).replace('\\', "/"),
            Cache::Own => match self.system {
                System::Linux => "/mnt/software/sgtk_bundles".to_owned(),
                System::Mac => "/Volumes/software/sgtk_bundles".to_owned(),
                System::WindowsDrive => "S:/sgtk_bundles".to_owned(),
                System::WindowsShare => "//kfx-nas/software/sgtk_bundles".to_owned(),
            },
        }
    }

    /// The pipeline configuration; `config/hooks` is below it.
    pub(crate) fn config(&self) -> String {
        if self.distributed {
            let name = format!(
                "p{}c{}.basic.{}",
                self.of("project").between(70, 900),
                self.of("config").between(20, 99),
                self.engine.name.trim_start_matches("tk-")
            );
            return self.join(&[&self.user_cache(), SITE, &name, "cfg"]);
        }
        self.join(&[&self.software(), "shotgun", self.names.folder])
    }

    fn software(&self) -> String {
        match self.system {
            System::Linux => "/mnt/software",
            System::Mac => "/Volumes/software",
            System::WindowsDrive => "S:",
            System::WindowsShare => r"\\kfx-nas\software",
        }
        .to_owned()
    }

    /// Storage of projects.
    pub(crate) fn storage(&self) -> String {
        match self.system {
            System::Linux => "/mnt/projects",
            System::Mac => "/Volumes/projects",
            System::WindowsDrive => "P:",
            System::WindowsShare => r"\\kfx-nas\projects",
        }
        .to_owned()
    }

    /// Folder of the shot and step.
    pub(crate) fn work_folder(&self) -> String {
        let names = self.names;
        self.join(&[&self.storage(), names.folder, "sequences", names.sequence, names.shot, names.step])
    }

    /// The version a bundle has here.
    pub(crate) fn bundle_version(&self, name: &str) -> String {
        let mut random = Random::of(self.versions, name);
        format!("v{}.{}.{}", random.between(0, 5), random.between(0, 14), random.between(0, 9))
    }

    /// Folder of a bundle.
    pub(crate) fn bundle(&self, name: &str) -> String {
        let root = self.bundle_cache();
        let version = self.bundle_version(name);
        let mut random = Random::of(self.versions ^ 0x51, name);
        let below = match self.install {
            Install::AppStore => format!("app_store/{name}/{version}"),
            Install::Git => format!("git/{name}.git/{version}"),
            Install::GitBranch => format!("gitbranch/{name}.git/{}", random.hex(7)),
            Install::GitHub => format!("github/kestrelfx-pipeline/{name}/{version}"),
            Install::Manual => format!("manual/{name}/{version}"),
            // Only apps come as a zip from the site; engines and frameworks of the same session do not.
            Install::Site if name.starts_with("tk-multi-") => {
                format!("sg/{SITE}/v{}", random.between(1000, 90_000))
            }
            Install::Site => format!("app_store/{name}/{version}"),
            Install::Dev => return self.join(&[&self.home(), "dev", name]),
            Install::Old => {
                let family = if name.starts_with("tk-framework-") {
                    "frameworks"
                } else if name.starts_with("tk-multi-") || name.matches('-').count() > 1 {
                    "apps"
                } else {
                    "engines"
                };
                let family = if random.once_in(2) { family } else { "" };
                return self.join(&[&self.config(), "install", family, "app_store", name, &version]);
            }
        };
        self.below(&root, &below)
    }

    /// Folder of core; `python/tank` is below it.
    pub(crate) fn core(&self) -> String {
        let cached = self.distributed && self.of_version("core").once_in(2);
        if !cached {
            return self.join(&[&self.config(), "install/core"]);
        }
        let version = format!(
            "v0.{}.{}",
            if self.has_vendor_folder() { 20 } else { 23 },
            self.of_version("minor").between(0, 20)
        );
        self.below(&self.bundle_cache(), &format!("app_store/tk-core/{version}"))
    }

    /// Older cores have third-party packages unpacked, newer ones in an archive per Python.
    pub(crate) fn has_vendor_folder(&self) -> bool {
        self.python.0 == 2 || self.of_version("vendor").once_in(2)
    }

    /// A file of the kind that a frame's place names; `None` when there is no such kind.
    pub(crate) fn file(&self, place: &str, rest: &str) -> Option<String> {
        let (major, minor) = self.python;
        Some(match place {
            "core" => self.join(&[&self.core(), "python/tank", rest]),
            "vendor" if self.has_vendor_folder() => self.join(&[&self.core(), "python/tank_vendor", rest]),
            "vendor" => self.join(&[&self.core(), &format!("requirements/{major}.{minor}/pkgs.zip"), rest]),
            "config" => self.join(&[&self.config(), "config", rest]),
            "studio" => {
                let mut random = self.of_version("studio");
                let version =
                    format!("v{}.{}.{}", random.between(1, 4), random.between(0, 30), random.between(0, 9));
                self.join(&[&self.software(), "pipe", &version, "python", rest])
            }
            "site" => self.join(&[&self.engine.library(self.system, self.python), "site-packages", rest]),
            "py" => self.join(&[&self.engine.library(self.system, self.python), rest]),
            "dcc" => self.join(&[&self.engine.folder(self.system, self.python), rest]),
            "eval" => rest.to_owned(),
            other => self.below(&self.bundle(other.strip_prefix("app:")?), rest),
        })
    }

    /// Chance that goes with the numbers of this world.
    pub(crate) fn of(&self, name: &str) -> Random {
        Random::of(self.numbers, name)
    }

    /// Chance that goes with the versions of this world.
    pub(crate) fn of_version(&self, name: &str) -> Random {
        Random::of(self.versions, name)
    }
}
