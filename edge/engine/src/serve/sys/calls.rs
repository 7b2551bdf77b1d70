//! Calls that make and set up sockets, and the limit of open files.

use super::addresses::to_sockaddr;
use std::io;
use std::mem::size_of;
use std::net::SocketAddr;
use std::os::fd::{AsRawFd, BorrowedFd, FromRawFd, OwnedFd};

/// A new socket of a family and kind, such as `SOCK_STREAM`; it does not block.
pub fn socket(family: libc::c_int, kind: libc::c_int) -> io::Result<OwnedFd> {
    let flags = libc::SOCK_NONBLOCK | libc::SOCK_CLOEXEC;
    // SAFETY: it has no pointers.
    let fd = cvt(unsafe { libc::socket(family, kind | flags, 0) })?;
    // SAFETY: the descriptor was just made and nobody else has it.
    Ok(unsafe { OwnedFd::from_raw_fd(fd) })
}

/// Give a socket its address.
pub fn bind(socket: BorrowedFd, address: SocketAddr) -> io::Result<()> {
    let (storage, length) = to_sockaddr(address);
    // SAFETY: the address is valid during the call, and has this length.
    cvt(unsafe { libc::bind(socket.as_raw_fd(), (&raw const storage).cast(), length) })?;
    Ok(())
}

/// Let connections come; at most `backlog` wait to be accepted.
pub fn listen(socket: BorrowedFd, backlog: libc::c_int) -> io::Result<()> {
    // SAFETY: it has no pointers.
    cvt(unsafe { libc::listen(socket.as_raw_fd(), backlog) })?;
    Ok(())
}

/// Set one socket option to a plain C value.
pub fn set_option<T>(
    socket: BorrowedFd,
    level: libc::c_int,
    name: libc::c_int,
    value: &T,
) -> io::Result<()> {
    let value: *const T = value;
    let length = size_of::<T>() as libc::socklen_t;
    // SAFETY: the value is valid during the call, and has this length.
    cvt(unsafe { libc::setsockopt(socket.as_raw_fd(), level, name, value.cast(), length) })?;
    Ok(())
}

/// What SO_MEMINFO tells of a socket, as `linux/sock_diag.h` numbers it.
const MEMINFO_VALUES: usize = 9;
const MEMINFO_DROPS: usize = 8;

/// How many datagrams the kernel dropped at a socket since it was made; the number wraps.
pub fn receive_drops(socket: BorrowedFd) -> io::Result<u32> {
    let mut values = [0u32; MEMINFO_VALUES];
    let mut length = size_of_val(&values) as libc::socklen_t;
    // SAFETY: the kernel writes at most `length` octets to the place that is named.
    cvt(unsafe {
        libc::getsockopt(
            socket.as_raw_fd(),
            libc::SOL_SOCKET,
            libc::SO_MEMINFO,
            values.as_mut_ptr().cast(),
            &raw mut length,
        )
    })?;
    Ok(values[MEMINFO_DROPS])
}

/// The result of a system call, or the error that it left.
pub(super) fn cvt(result: libc::c_int) -> io::Result<libc::c_int> {
    if result < 0 {
        return Err(io::Error::last_os_error());
    }
    Ok(result)
}

/// How many files the process may have open: the soft and the hard limit.
pub fn open_files() -> io::Result<libc::rlimit> {
    let mut limit = libc::rlimit {
        rlim_cur: 0,
        rlim_max: 0,
    };
    // SAFETY: the kernel writes the limit to the place that is named.
    cvt(unsafe { libc::getrlimit(libc::RLIMIT_NOFILE, &raw mut limit) })?;
    Ok(limit)
}

/// Set both limits.
pub fn set_open_files(limit: libc::rlimit) -> io::Result<()> {
    // SAFETY: the kernel reads the limit at the place that is named.
    cvt(unsafe { libc::setrlimit(libc::RLIMIT_NOFILE, &raw const limit) })?;
    Ok(())
}
