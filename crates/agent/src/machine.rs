//! The machine the agent runs on: what support asks first, as far as the system tells it for nothing.
//!
//! No other program is started, no folder on another machine is asked, and what a system does not tell stays unknown.

use serde::{Deserialize, Serialize};
use std::path::Path;

/// The machine; taken once per run.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
#[expect(missing_docs, reason = "docs/evidence.md documents each field of incident.json, once")]
pub struct Machine {
    pub host: String,
    pub user: String,
    pub system: String,
    pub architecture: String,
    pub kernel: Option<String>,
    pub processors: Option<u64>,
    pub memory_bytes: Option<u64>,
    /// Graphics devices and their drivers.
    pub graphics: Vec<String>,
}

impl Machine {
    /// Asks the system.
    #[must_use]
    pub fn this() -> Machine {
        Machine {
            host: whoami::hostname().unwrap_or_else(|_| "unknown host".to_owned()),
            user: whoami::username().unwrap_or_else(|_| "unknown".to_owned()),
            system: whoami::distro().unwrap_or_else(|_| std::env::consts::OS.to_owned()),
            architecture: std::env::consts::ARCH.to_owned(),
            kernel: system::kernel(),
            processors: std::thread::available_parallelism().ok().map(|number| number.get() as u64),
            memory_bytes: system::memory().map(|(all, _)| all),
            graphics: system::graphics(),
        }
    }
}

/// What is left of the machine at the moment of an incident.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
#[expect(missing_docs, reason = "docs/evidence.md documents each field of environment.json, once")]
pub struct Room {
    pub memory_free_bytes: Option<u64>,
    /// Of the disk the logs are on; unknown when it is another machine's.
    pub log_disk_free_bytes: Option<u64>,
    /// Of the disk our own files are on.
    pub state_disk_free_bytes: Option<u64>,
}

impl Room {
    /// Asks the system. `log_folder` is left out when it is on another machine, which may not answer.
    #[must_use]
    pub fn now(log_folder: Option<&Path>, state_folder: &Path) -> Room {
        Room {
            memory_free_bytes: system::memory().map(|(_, free)| free),
            log_disk_free_bytes: log_folder.and_then(free_bytes),
            state_disk_free_bytes: free_bytes(state_folder),
        }
    }
}

/// What this user may still write on the disk of a folder. A folder on another machine may keep the caller waiting.
#[must_use]
pub fn free_bytes(folder: &Path) -> Option<u64> {
    system::free_bytes(folder)
}

#[cfg(unix)]
fn free_bytes_unix(folder: &Path) -> Option<u64> {
    let disk = nix::sys::statvfs::statvfs(folder).ok()?;
    #[allow(clippy::useless_conversion, reason = "the types differ from system to system")]
    let (blocks, size) = (u64::from(disk.blocks_available()), u64::from(disk.fragment_size()));
    blocks.checked_mul(size)
}

#[cfg(target_os = "linux")]
mod system {
    pub(super) use super::free_bytes_unix as free_bytes;
    use std::fs;

    pub(super) fn kernel() -> Option<String> {
        Some(fs::read_to_string("/proc/sys/kernel/osrelease").ok()?.trim().to_owned())
    }

    /// All of it, and what programs can still get.
    pub(super) fn memory() -> Option<(u64, u64)> {
        let text = fs::read_to_string("/proc/meminfo").ok()?;
        let value = |name: &str| {
            let line = text.lines().find_map(|line| line.strip_prefix(name))?;
            line.split_whitespace().next()?.parse::<u64>().ok()?.checked_mul(1024)
        };
        Some((value("MemTotal:")?, value("MemAvailable:")?))
    }

    /// `i915 8086:3E92`, and the version of NVIDIA's own driver.
    pub(super) fn graphics() -> Vec<String> {
        let mut found = Vec::new();
        for entry in fs::read_dir("/sys/class/drm").into_iter().flatten().flatten() {
            let name = entry.file_name();
            let number = name.to_string_lossy().strip_prefix("card").map(str::to_owned);
            // `card0-HDMI-A-1` is a socket of a card.
            if !number.is_some_and(|number| number.bytes().all(|digit| digit.is_ascii_digit())) {
                continue;
            }
            let Ok(facts) = fs::read_to_string(entry.path().join("device/uevent")) else { continue };
            let value =
                |name: &str| facts.lines().find_map(|line| line.strip_prefix(name)).unwrap_or_default();
            found.push(format!("{} {}", value("DRIVER="), value("PCI_ID=")).trim().to_owned());
        }
        found.sort();
        let nvidia = fs::read_to_string("/proc/driver/nvidia/version").unwrap_or_default();
        found.extend(nvidia.lines().next().map(str::to_owned));
        found
    }
}

#[cfg(windows)]
#[expect(unsafe_code, reason = "the standard library does not tell what is left of memory and disk")]
mod system {
    use std::os::windows::ffi::OsStrExt;
    use std::path::Path;
    use windows_sys::Win32::Graphics::Gdi::{DISPLAY_DEVICEW, EnumDisplayDevicesW};
    use windows_sys::Win32::Storage::FileSystem::GetDiskFreeSpaceExW;
    use windows_sys::Win32::System::SystemInformation::{GlobalMemoryStatusEx, MEMORYSTATUSEX};

    /// The name of the system has its build.
    pub(super) fn kernel() -> Option<String> {
        None
    }

    /// All of it, and what programs can still get.
    pub(super) fn memory() -> Option<(u64, u64)> {
        // SAFETY: an all-zero value is valid for this plain structure of integers.
        let mut status: MEMORYSTATUSEX = unsafe { std::mem::zeroed() };
        status.dwLength = u32::try_from(size_of::<MEMORYSTATUSEX>()).ok()?;
        // SAFETY: the structure outlives the call and knows its own size.
        let done = unsafe { GlobalMemoryStatusEx(&mut status) };
        (done != 0).then_some((status.ullTotalPhys, status.ullAvailPhys))
    }

    pub(super) fn graphics() -> Vec<String> {
        let mut found = Vec::new();
        for index in 0..16 {
            // SAFETY: an all-zero value is valid for this plain structure of integers.
            let mut device: DISPLAY_DEVICEW = unsafe { std::mem::zeroed() };
            let Ok(size) = u32::try_from(size_of::<DISPLAY_DEVICEW>()) else { break };
            device.cb = size;
            // SAFETY: no name is a valid name here, and the structure outlives the call and knows its own size.
            if unsafe { EnumDisplayDevicesW(std::ptr::null(), index, &mut device, 0) } == 0 {
                break;
            }
            let name = String::from_utf16_lossy(&device.DeviceString);
            let name = name.trim_end_matches('\0').to_owned();
            if !name.is_empty() && !found.contains(&name) {
                found.push(name);
            }
        }
        found
    }

    pub(super) fn free_bytes(folder: &Path) -> Option<u64> {
        let name: Vec<u16> = folder.as_os_str().encode_wide().chain([0]).collect();
        let mut free = 0;
        // SAFETY: the name ends with a zero and outlives the call, as `free` does; the other two may be missing.
        let done = unsafe {
            GetDiskFreeSpaceExW(name.as_ptr(), &mut free, std::ptr::null_mut(), std::ptr::null_mut())
        };
        (done != 0).then_some(free)
    }
}

#[cfg(not(any(target_os = "linux", windows)))]
mod system {
    pub(super) use super::free_bytes_unix as free_bytes;

    pub(super) fn kernel() -> Option<String> {
        None
    }

    pub(super) fn memory() -> Option<(u64, u64)> {
        None
    }

    pub(super) fn graphics() -> Vec<String> {
        Vec::new()
    }
}
