//! The value in the registry that Windows runs at this user's login.

use super::{NAME, RUN_KEY};
use std::io;
use windows_registry::CURRENT_USER;

/// How Windows says that a key or a value is not there: ERROR_FILE_NOT_FOUND as an HRESULT.
const NOT_THERE: i32 = 0x8007_0002_u32 as i32;

/// Where Windows' task manager keeps which entries a person has switched off.
const APPROVED: &str = "Software\\Microsoft\\Windows\\CurrentVersion\\Explorer\\StartupApproved\\Run";

pub(super) fn write(text: &str) -> io::Result<()> {
    CURRENT_USER.create(RUN_KEY)?.set_string(NAME, text)?;
    // Who asks for it wants it, whatever the task manager was told once.
    let approved = CURRENT_USER.options().read().write().open(APPROVED);
    let _ = approved.and_then(|key| key.remove_value(NAME));
    Ok(())
}

pub(super) fn read() -> io::Result<Option<String>> {
    let value = CURRENT_USER.options().read().open(RUN_KEY).and_then(|key| key.get_string(NAME));
    absent_is_none(value)
}

/// By the name of our value; its first byte is odd then.
pub(super) fn is_switched_off() -> bool {
    let value = CURRENT_USER.options().read().open(APPROVED).and_then(|key| key.get_value(NAME));
    value.is_ok_and(|value| value.first().is_some_and(|first| first % 2 == 1))
}

pub(super) fn remove() -> io::Result<()> {
    let removed = CURRENT_USER.options().read().write().open(RUN_KEY).and_then(|key| key.remove_value(NAME));
    absent_is_none(removed).map(drop)
}

fn absent_is_none<T>(result: windows_registry::Result<T>) -> io::Result<Option<T>> {
    match result {
        Ok(value) => Ok(Some(value)),
        Err(error) if error.code().0 == NOT_THERE => Ok(None),
        Err(error) => Err(error.into()),
    }
}
