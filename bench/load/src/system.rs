//! Two requests to the kernel that the standard library has no words for.

use std::io;
use std::mem::{size_of, zeroed};
use std::os::fd::AsRawFd;

/// Let the calling thread, and those that it starts, run on `core` only.
pub fn pin(core: usize) -> io::Result<()> {
    // SAFETY: zero is an empty set, and CPU_SET checks its bounds.
    let result = unsafe {
        let mut set: libc::cpu_set_t = zeroed();
        libc::CPU_SET(core, &mut set);
        libc::sched_setaffinity(0, size_of::<libc::cpu_set_t>(), &raw const set)
    };
    checked(result, &format!("core {core}"))
}

/// Set a socket option that is a whole number.
pub fn set_option(
    socket: &impl AsRawFd,
    level: libc::c_int,
    name: libc::c_int,
    value: libc::c_int,
) -> io::Result<()> {
    let length = size_of::<libc::c_int>() as libc::socklen_t;
    let value: *const libc::c_int = &value;
    // SAFETY: the pointer is one to an int, and the length says so.
    let result = unsafe { libc::setsockopt(socket.as_raw_fd(), level, name, value.cast(), length) };
    checked(result, "socket option")
}

fn checked(result: libc::c_int, what: &str) -> io::Result<()> {
    if result < 0 {
        let error = io::Error::last_os_error();
        return Err(io::Error::new(error.kind(), format!("{what}: {error}")));
    }
    Ok(())
}
