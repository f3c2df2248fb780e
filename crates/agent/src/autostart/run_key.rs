//! The value in the registry that Windows runs at this user's login.

use super::{NAME, RUN_KEY};
use std::io;
use windows_registry::CURRENT_USER;

/// How Windows says that a key or a value is not there: ERROR_FILE_NOT_FOUND as an HRESULT.
const NOT_THERE: i32 = 0x8007_0002_u32 as i32;

pub(super) fn write(text: &str) -> io::Result<()> {
    Ok(CURRENT_USER.create(RUN_KEY)?.set_string(NAME, text)?)
}

pub(super) fn read() -> io::Result<Option<String>> {
    let value = CURRENT_USER.options().read().open(RUN_KEY).and_then(|key| key.get_string(NAME));
    absent_is_none(value)
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
