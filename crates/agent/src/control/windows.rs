//! Whose a named pipe of Windows is, which the standard library does not tell: the user's security identifier, an access list
//! for nobody else, the owner of a pipe.
#![expect(unsafe_code, reason = "none of this has a safe form in the standard library or in interprocess")]

use interprocess::local_socket::Stream as LocalSocketStream;
use interprocess::os::windows::security_descriptor::SecurityDescriptor;
use std::io::{self, ErrorKind};
use std::os::windows::io::{AsHandle, AsRawHandle, FromRawHandle, OwnedHandle, RawHandle};
use widestring::{U16CStr, U16CString};
use windows_sys::Win32::Foundation::LocalFree;
use windows_sys::Win32::Security::Authorization::{
    ConvertSidToStringSidW, GetSecurityInfo, SE_KERNEL_OBJECT,
};
use windows_sys::Win32::Security::{
    GetTokenInformation, OWNER_SECURITY_INFORMATION, PSID, TOKEN_QUERY, TOKEN_USER, TokenUser,
};
use windows_sys::Win32::System::Threading::{GetCurrentProcess, OpenProcessToken};

/// The security identifier of the user this process runs as, as `S-1-5-21-…`.
pub(super) fn user_sid() -> io::Result<String> {
    let mut token: RawHandle = std::ptr::null_mut();
    // SAFETY: the pseudo handle of this process needs no closing, and `token` takes one handle.
    if unsafe { OpenProcessToken(GetCurrentProcess(), TOKEN_QUERY, &mut token) } == 0 {
        return Err(io::Error::last_os_error());
    }
    // SAFETY: the call above has handed over the handle.
    let token = unsafe { OwnedHandle::from_raw_handle(token) };
    // An identifier has at most 68 bytes; aligned as the structure wants it.
    let mut buffer = [0_u64; 32];
    let mut written = 0;
    let size = u32::try_from(size_of_val(&buffer)).map_err(io::Error::other)?;
    // SAFETY: the buffer is as long as the call is told.
    let done = unsafe {
        GetTokenInformation(token.as_raw_handle(), TokenUser, buffer.as_mut_ptr().cast(), size, &mut written)
    };
    if done == 0 {
        return Err(io::Error::last_os_error());
    }
    // SAFETY: the call has put a `TOKEN_USER` at the start of the buffer, which is aligned for it and lives on.
    let user = unsafe { &*buffer.as_ptr().cast::<TOKEN_USER>() };
    sid_text(user.User.Sid)
}

/// Lets in this user and the system, and nobody else; the owner is this user, by which a client knows us. An elevated process
/// would own it as a group and label it as one of its own kind, which this user's other processes may not write to: both are
/// said, whatever this process is.
pub(super) fn for_this_user() -> io::Result<SecurityDescriptor> {
    let sid = user_sid()?;
    let text = format!("O:{sid}D:P(A;;GA;;;SY)(A;;GA;;;{sid})S:(ML;;NW;;;ME)");
    let text = U16CString::from_str(text).map_err(io::Error::other)?;
    SecurityDescriptor::deserialize(&text)
}

/// Refuses a pipe that somebody else has put in our agent's place.
pub(super) fn refuse_others(stream: &LocalSocketStream) -> io::Result<()> {
    let LocalSocketStream::NamedPipe(pipe) = stream;
    let mut owner: PSID = std::ptr::null_mut();
    let mut descriptor = std::ptr::null_mut();
    // SAFETY: the handle is open for as long as `stream`, and both pointers take what the call hands over.
    let error = unsafe {
        GetSecurityInfo(
            pipe.as_handle().as_raw_handle(),
            SE_KERNEL_OBJECT,
            OWNER_SECURITY_INFORMATION,
            &mut owner,
            std::ptr::null_mut(),
            std::ptr::null_mut(),
            std::ptr::null_mut(),
            &mut descriptor,
        )
    };
    if error != 0 {
        return Err(io::Error::from_raw_os_error(error.cast_signed()));
    }
    let owner = sid_text(owner);
    // SAFETY: the descriptor, which `owner` points into, is ours to free and not used any more.
    unsafe { LocalFree(descriptor) };
    if owner? == user_sid()? {
        return Ok(());
    }
    Err(io::Error::new(ErrorKind::PermissionDenied, "the pipe is another user's"))
}

fn sid_text(sid: PSID) -> io::Result<String> {
    let mut text = std::ptr::null_mut();
    // SAFETY: the callers' identifier is valid, and `text` takes one string.
    if unsafe { ConvertSidToStringSidW(sid, &mut text) } == 0 {
        return Err(io::Error::last_os_error());
    }
    // SAFETY: the call has handed over a string that ends with a zero.
    let copy = unsafe { U16CStr::from_ptr_str(text) }.to_string_lossy();
    // SAFETY: it is ours to free and was copied.
    unsafe { LocalFree(text.cast()) };
    Ok(copy)
}
