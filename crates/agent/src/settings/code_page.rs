//! The setting `watch.code_page`, and the code page of this machine.
//!
//! Owns the question what an empty setting means. The tables and their names are `sgtk-log`'s.

use serde::Deserialize;
use sgtk_log::CodePage;

/// What lines that are not UTF-8 are written in, as set.
#[derive(Copy, Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(try_from = "String")]
pub enum CodePageSetting {
    /// That of the system, where it has one.
    System,
    /// A given one.
    Named(CodePage),
}

impl TryFrom<String> for CodePageSetting {
    type Error = String;

    fn try_from(name: String) -> Result<Self, String> {
        if name.trim().is_empty() {
            return Ok(CodePageSetting::System);
        }
        name.parse().map(CodePageSetting::Named).map_err(|error| format!("code_page: {error}"))
    }
}

impl CodePageSetting {
    /// The code page to decode with.
    #[must_use]
    pub fn resolve(self) -> CodePage {
        match self {
            CodePageSetting::System => of_system(),
            CodePageSetting::Named(code_page) => code_page,
        }
    }
}

/// Python 2 hosts wrote what Windows calls its ANSI code page.
#[cfg(windows)]
fn of_system() -> CodePage {
    #[expect(unsafe_code, reason = "the standard library does not tell the code page")]
    // SAFETY: takes nothing, touches no memory of ours, cannot fail.
    let number = unsafe { windows_sys::Win32::Globalization::GetACP() };
    CodePage::from_number(number)
}

#[cfg(not(windows))]
fn of_system() -> CodePage {
    CodePage::NONE
}
