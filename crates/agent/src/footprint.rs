//! The memory of an agent that has come to rest, and of `follow`.
//!
//! It runs all day and mostly waits. What reading its settings, filing a ticket or packing evidence needed is given back to
//! the system when nothing happens any more; what is needed again is there at the next touch, at the cost of a page fault.

use std::time::Duration;

/// Looks are this far apart only when nothing happens.
pub const RESTING: Duration = Duration::from_secs(1);

/// Gives back what is not used at the moment: free parts of the heap, and the pages of the program's file and its libraries,
/// which Linux maps sixteen at a time and never unmaps by itself.
pub fn give_back() {
    system::give_back();
}

#[cfg(all(target_os = "linux", target_env = "gnu"))]
#[expect(unsafe_code, reason = "no library offers this behind a safe interface")]
mod system {
    use nix::libc::{self, c_int, c_void, dl_phdr_info, size_t};

    pub(super) fn give_back() {
        // SAFETY: the C library's own locks guard its heap; only free parts of it are given back.
        unsafe { libc::malloc_trim(0) };
        // SAFETY: the callback is called for each loaded file before this returns, with a description that is valid then.
        unsafe { libc::dl_iterate_phdr(Some(unmap), std::ptr::null_mut()) };
    }

    /// Only whole pages of segments that cannot be written: they are as they are in the file, also when they come back.
    unsafe extern "C" fn unmap(file: *mut dl_phdr_info, _: size_t, _: *mut c_void) -> c_int {
        // SAFETY: what `dl_iterate_phdr` promises.
        let file = unsafe { &*file };
        // SAFETY: so is this, a table of as many entries.
        let segments = unsafe { std::slice::from_raw_parts(file.dlpi_phdr, usize::from(file.dlpi_phnum)) };
        // SAFETY: asks for a number.
        let Ok(page) = usize::try_from(unsafe { libc::sysconf(libc::_SC_PAGESIZE) }) else { return 0 };
        for segment in segments {
            if segment.p_type != libc::PT_LOAD || segment.p_flags & libc::PF_W != 0 {
                continue;
            }
            let begin = (file.dlpi_addr + segment.p_vaddr) as usize;
            let end = (begin + segment.p_memsz as usize) / page * page;
            let begin = begin.next_multiple_of(page);
            if begin < end {
                // SAFETY: the range is part of one mapping of a file that nobody writes through it, so that the next touch
                // reads what was there.
                unsafe { libc::madvise(begin as *mut c_void, end - begin, libc::MADV_DONTNEED) };
            }
        }
        0
    }
}

#[cfg(not(all(target_os = "linux", target_env = "gnu")))]
mod system {
    pub(super) fn give_back() {}
}
