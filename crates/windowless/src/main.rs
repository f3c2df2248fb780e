//! `tk-incidentw.exe`, for Windows only, as `pythonw.exe` is beside `python.exe`: it has no console, starts the `tk-incident.exe`
//! beside it without one that can be seen, and ends at once. The Run key starts it, because Windows opens a window for a program of the
//! console, however short it runs.
//!
//! Nobody sees its exit code but who asks for it: 0 when the program was started, whatever becomes of it, and 1 when it was not.
//! It prints nothing, shows nothing and waits for nothing, whatever goes wrong.

#![windows_subsystem = "windows"]

#[cfg(not(windows))]
compile_error!("tk-incidentw is for Windows; build the workspace without its feature `program`");

use std::process::ExitCode;

fn main() -> ExitCode {
    if start_beside() { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

#[expect(
    unsafe_code,
    reason = "the standard library lets a child inherit, and reads arguments instead of giving them as they are"
)]
fn start_beside() -> bool {
    use std::os::windows::ffi::OsStrExt;
    use windows_sys::Win32::Foundation::CloseHandle;
    use windows_sys::Win32::System::Console::{
        STD_ERROR_HANDLE, STD_INPUT_HANDLE, STD_OUTPUT_HANDLE, SetStdHandle,
    };
    use windows_sys::Win32::System::Diagnostics::Debug::{SEM_FAILCRITICALERRORS, SetErrorMode};
    use windows_sys::Win32::System::Environment::GetCommandLineW;
    use windows_sys::Win32::System::Threading::{
        CREATE_NO_WINDOW, CreateProcessW, PROCESS_INFORMATION, STARTUPINFOW,
    };

    let Ok(own_path) = std::env::current_exe() else { return false };
    let own_path: Vec<u16> = own_path.as_os_str().encode_wide().collect();
    // SAFETY: Windows gives this process one text, which ends with a zero and which nobody changes.
    let own_command_line = unsafe {
        let text = GetCommandLineW();
        let length = (0..).take_while(|&at| *text.add(at) != 0).count();
        std::slice::from_raw_parts(text, length)
    };
    let Some(mut start) = windowless::start(&own_path, own_command_line) else { return false };
    let startup = STARTUPINFOW { cb: size_of::<STARTUPINFOW>() as u32, ..STARTUPINFOW::default() };
    let mut process = PROCESS_INFORMATION::default();
    // SAFETY: all texts end with a zero and live on, the command line is ours to be written to, nothing of this process prints or reads, and the two handles
    // that come back are closed once.
    unsafe {
        // A file that is no program is asked about in a window otherwise. The program inherits it: it asks nobody either.
        SetErrorMode(SEM_FAILCRITICALERRORS);
        // A system may hand a program of the console its caller's three even where no handle is inherited (Wine does). Then the agent
        // would hold them, and who waits for the end of our output would wait for the agent's.
        for which in [STD_INPUT_HANDLE, STD_OUTPUT_HANDLE, STD_ERROR_HANDLE] {
            SetStdHandle(which, std::ptr::null_mut());
        }
        let started = CreateProcessW(
            start.program.as_ptr(),
            start.command_line.as_mut_ptr(),
            std::ptr::null(),
            std::ptr::null(),
            i32::from(false), // no handle is inherited
            CREATE_NO_WINDOW,
            std::ptr::null(),
            std::ptr::null(),
            &startup,
            &mut process,
        );
        if started != 0 {
            CloseHandle(process.hThread);
            CloseHandle(process.hProcess);
        }
        started != 0
    }
}
