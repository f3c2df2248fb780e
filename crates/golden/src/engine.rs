//! Engines: where causes occur, and what the host programs' folders are called.
//!
//! Folder names are those the programs' installers choose; versions go with the Python the program brings.

use crate::world::System;

/// An engine and its host program.
#[derive(Debug, PartialEq, Eq)]
pub struct Engine {
    /// System name; also the name of its log.
    pub name: &'static str,
    /// Systems the host runs on.
    pub systems: &'static [System],
    /// Folder of the host program on Linux, macOS, Windows; `{v}` is the host's version.
    folders: [&'static str; 3],
    /// The host's Python library below that folder, on the three systems; `{p}` is `3.9`, `{q}` is `39`.
    library: [&'static str; 3],
    /// Versions of the host by Python: 2.7, 3.7, 3.9, 3.10, 3.11, 3.12, 3.13.
    versions: [&'static str; 7],
}

/// The versions of Python that hosts bring.
pub const PYTHONS: [(u8, u8); 7] = [(2, 7), (3, 7), (3, 9), (3, 10), (3, 11), (3, 12), (3, 13)];

const ALL: &[System] = &[System::Linux, System::Mac, System::WindowsDrive, System::WindowsShare];
const WINDOWS: &[System] = &[System::WindowsDrive, System::WindowsShare];
const UNIX: &[System] = &[System::Linux, System::Mac];
const NOT_LINUX: &[System] = &[System::Mac, System::WindowsDrive, System::WindowsShare];

const POSIX_LIBRARY: &str = "lib/python{p}";
const FRAMEWORK: &str = "Contents/Frameworks/Python.framework/Versions/{p}/lib/python{p}";

static ENGINES: [Engine; 15] = [
    Engine {
        name: "tk-maya",
        systems: ALL,
        folders: [
            "/usr/autodesk/maya{v}",
            "/Applications/Autodesk/maya{v}/Maya.app",
            r"C:\Program Files\Autodesk\Maya{v}",
        ],
        library: [POSIX_LIBRARY, FRAMEWORK, r"Python{q}\lib"],
        versions: ["2020", "2022", "2023", "2024", "2025", "2026", "2027"],
    },
    Engine {
        name: "tk-nuke",
        systems: ALL,
        folders: ["/usr/local/Nuke{v}", "/Applications/Nuke{v}/Nuke{v}.app", r"C:\Program Files\Nuke{v}"],
        library: [POSIX_LIBRARY, FRAMEWORK, r"lib\python{p}"],
        versions: ["12.2v4", "13.2v8", "14.0v5", "15.1v2", "16.0v1", "16.1v2", "17.0v1"],
    },
    Engine {
        name: "tk-houdini",
        systems: ALL,
        folders: [
            "/opt/hfs{v}",
            "/Applications/Houdini/Houdini{v}/Frameworks/Houdini.framework/Versions/Current",
            r"C:\Program Files\Side Effects Software\Houdini {v}",
        ],
        library: ["python/lib/python{p}", "Resources/python/lib/python{p}", r"python{q}\lib"],
        versions: ["18.0.597", "18.5.759", "19.5.805", "20.0.688", "20.5.410", "21.0.440", "21.5.100"],
    },
    Engine {
        name: "tk-desktop",
        systems: ALL,
        folders: ["/opt/Shotgun", "/Applications/Shotgun.app", r"C:\Program Files\Shotgun"],
        library: ["Python{m}/lib/python{p}", "Contents/Resources/Python{m}/lib/python{p}", r"Python{m}\lib"],
        versions: ["1.5.8", "1.7.3", "1.8.0", "1.9.0", "1.9.6", "2.0.1", "2.1.0"],
    },
    Engine {
        name: "tk-3dsmax",
        systems: WINDOWS,
        folders: ["", "", r"C:\Program Files\Autodesk\3ds Max {v}"],
        library: ["", "", r"Python{q}\lib"],
        versions: ["2020", "2022", "2023", "2024", "2025", "2026", "2027"],
    },
    Engine {
        name: "tk-photoshopcc",
        systems: NOT_LINUX,
        folders: ["", "/Applications/Shotgun.app", r"C:\Program Files\Shotgun"],
        library: ["", "Contents/Resources/Python{m}/lib/python{p}", r"Python{m}\lib"],
        versions: ["2020", "2022", "2023", "2024", "2025", "2026", "2027"],
    },
    Engine {
        name: "tk-flame",
        systems: UNIX,
        folders: ["/opt/Autodesk/flame_{v}", "/opt/Autodesk/flame_{v}", ""],
        library: [POSIX_LIBRARY, POSIX_LIBRARY, ""],
        versions: ["2020.3", "2022.2", "2023.3", "2024.1", "2025.0", "2026.1", "2027.0"],
    },
    Engine {
        name: "tk-unreal",
        systems: WINDOWS,
        folders: ["", "", r"C:\Program Files\Epic Games\UE_{v}"],
        library: ["", "", r"Engine\Binaries\ThirdParty\Python3\Win64\lib"],
        versions: ["4.25", "4.27", "5.1", "5.3", "5.4", "5.5", "5.6"],
    },
    Engine {
        name: "tk-vred",
        systems: WINDOWS,
        folders: ["", "", r"C:\Program Files\Autodesk\VREDPro-{v}"],
        library: ["", "", r"lib\python{q}\lib"],
        versions: ["12.3", "14.0", "15.0", "16.0", "17.1", "18.0", "19.0"],
    },
    Engine {
        name: "tk-alias",
        systems: WINDOWS,
        folders: ["", "", r"C:\Program Files\Autodesk\AliasAutoStudio{v}"],
        library: ["", "", r"Python{q}\lib"],
        versions: ["2020.2", "2022.1", "2023.0", "2024.0", "2025.1", "2026.0", "2027.0"],
    },
    Engine {
        name: "tk-motionbuilder",
        systems: WINDOWS,
        folders: ["", "", r"C:\Program Files\Autodesk\MotionBuilder {v}"],
        library: ["", "", r"bin\x64\python\lib"],
        versions: ["2020", "2022", "2023", "2024", "2025", "2026", "2027"],
    },
    Engine {
        name: "tk-hiero",
        systems: ALL,
        folders: ["/usr/local/Hiero{v}", "/Applications/Hiero{v}/Hiero{v}.app", r"C:\Program Files\Hiero{v}"],
        library: [POSIX_LIBRARY, FRAMEWORK, r"lib\python{p}"],
        versions: ["12.2v4", "13.2v8", "14.0v5", "15.1v2", "16.0v1", "16.1v2", "17.0v1"],
    },
    Engine {
        name: "tk-nukestudio",
        systems: ALL,
        folders: [
            "/usr/local/Nuke{v}",
            "/Applications/Nuke{v}/NukeStudio{v}.app",
            r"C:\Program Files\Nuke{v}",
        ],
        library: [POSIX_LIBRARY, FRAMEWORK, r"lib\python{p}"],
        versions: ["12.2v4", "13.2v8", "14.0v5", "15.1v2", "16.0v1", "16.1v2", "17.0v1"],
    },
    Engine {
        name: "tk-shell",
        systems: ALL,
        folders: ["/usr", "/Library/Frameworks", r"C:\Program Files\Python{q}"],
        library: [POSIX_LIBRARY, "Python.framework/Versions/{p}/lib/python{p}", "lib"],
        versions: ["", "", "", "", "", "", ""],
    },
    Engine {
        name: "tk-shotgun",
        systems: ALL,
        folders: ["/opt/Shotgun", "/Applications/Shotgun.app", r"C:\Program Files\Shotgun"],
        library: ["Python{m}/lib/python{p}", "Contents/Resources/Python{m}/lib/python{p}", r"Python{m}\lib"],
        versions: ["1.5.8", "1.7.3", "1.8.0", "1.9.0", "1.9.6", "2.0.1", "2.1.0"],
    },
];

/// The engine of this name.
pub fn named(name: &str) -> Option<&'static Engine> {
    ENGINES.iter().find(|engine| engine.name == name)
}

impl Engine {
    /// Folder of the host program.
    pub fn folder(&self, system: System, python: (u8, u8)) -> String {
        let at = PYTHONS.iter().position(|known| *known == python).unwrap_or(2);
        fill(self.folders[column(system)], python).replace("{v}", self.versions[at])
    }

    /// Folder of the Python library that the host brings.
    pub fn library(&self, system: System, python: (u8, u8)) -> String {
        let separator = if system.is_windows() { '\\' } else { '/' };
        format!("{}{separator}{}", self.folder(system, python), fill(self.library[column(system)], python))
    }
}

fn column(system: System) -> usize {
    match system {
        System::Linux => 0,
        System::Mac => 1,
        System::WindowsDrive | System::WindowsShare => 2,
    }
}

fn fill(text: &str, (major, minor): (u8, u8)) -> String {
    text.replace("{p}", &format!("{major}.{minor}"))
        .replace("{q}", &format!("{major}{minor}"))
        .replace("{m}", if major == 2 { "" } else { "3" })
}
