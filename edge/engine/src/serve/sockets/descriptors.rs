//! How many files the process may have open.
//!
//! A process starts with a limit of 1,024 (the soft one), from the days of select(2), and may raise
//! it to the hard one. Anybody can open connections. If these alone could reach the limit, a client
//! could keep the rest of the process from opening files and connections of its own.

use crate::serve::sys;
use crate::serve::tcp::MAX_CONNECTIONS;
use std::io;

/// Files of all but connections: what a process has by default.
const OTHERS: usize = 1024;

/// Raises the limit to what a server of so many shards may need, as far as that is allowed.
pub fn make_room(shards: usize) -> io::Result<()> {
    let mut limit = sys::open_files()?;
    let needed = (OTHERS + shards * MAX_CONNECTIONS) as libc::rlim_t;
    if limit.rlim_cur < needed.min(limit.rlim_max) {
        limit.rlim_cur = needed.min(limit.rlim_max);
        sys::set_open_files(limit)?;
    }
    Ok(())
}
