"""Whose a named pipe of Windows is.

The name of the agent's pipe can be worked out, and whoever takes it first would be given the session token. Only the
owner in the pipe's security descriptor tells; the agent makes itself the owner of its pipe.
"""

import ctypes
from ctypes import wintypes

_SE_KERNEL_OBJECT = 6
_OWNER_SECURITY_INFORMATION = 1
_TOKEN_QUERY = 8
_TOKEN_USER = 1
# A `TOKEN_USER` and the longest identifier it points to.
_MOST_TOKEN_BYTES = 256


def is_this_users(handle):
    # type: (int) -> bool
    """Whether the kernel's object behind `handle` is owned by the user this process runs as.

    Raises `OSError` when Windows does not tell.
    """
    security = ctypes.WinDLL("advapi32", use_last_error=True)
    kernel = ctypes.WinDLL("kernel32", use_last_error=True)
    owner, descriptor = ctypes.c_void_p(), ctypes.c_void_p()
    failed = security.GetSecurityInfo(
        wintypes.HANDLE(handle),
        _SE_KERNEL_OBJECT,
        _OWNER_SECURITY_INFORMATION,
        ctypes.byref(owner),
        None,
        None,
        None,
        ctypes.byref(descriptor),
    )
    if failed:
        raise ctypes.WinError(failed)
    try:
        user = _user(security, kernel)
        return bool(security.EqualSid(owner, _first_pointer(user)))
    finally:
        kernel.LocalFree(descriptor)


def _user(security, kernel):
    """The `TOKEN_USER` of this process: a pointer to its identifier, which lies behind it in the same bytes."""
    kernel.GetCurrentProcess.restype = wintypes.HANDLE
    token = wintypes.HANDLE()
    this = wintypes.HANDLE(kernel.GetCurrentProcess())
    if not security.OpenProcessToken(this, _TOKEN_QUERY, ctypes.byref(token)):
        raise ctypes.WinError(ctypes.get_last_error())
    try:
        user = ctypes.create_string_buffer(_MOST_TOKEN_BYTES)
        written = wintypes.DWORD()
        done = security.GetTokenInformation(
            token, _TOKEN_USER, user, len(user), ctypes.byref(written)
        )
        if not done:
            raise ctypes.WinError(ctypes.get_last_error())
        return user
    finally:
        kernel.CloseHandle(token)


def _first_pointer(structure):
    return ctypes.cast(structure, ctypes.POINTER(ctypes.c_void_p)).contents
