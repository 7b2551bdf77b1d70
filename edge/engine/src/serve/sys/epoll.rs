//! Waiting for many sockets of which most are idle (epoll(7)), and the event that ends a server.

use super::calls::cvt;
use std::io;
use std::os::fd::{AsRawFd, FromRawFd, OwnedFd, RawFd};

/// Events taken from the kernel at once: enough that a busy shard seldom asks twice.
const EVENTS: usize = 64;

/// A set of descriptors; each reports the token that it was added with while it is ready.
pub struct Epoll {
    fd: OwnedFd,
    events: Vec<libc::epoll_event>,
}

impl Epoll {
    /// An empty set.
    pub fn new() -> io::Result<Self> {
        let fd = cvt(unsafe { libc::epoll_create1(libc::EPOLL_CLOEXEC) })?;
        Ok(Self {
            // SAFETY: the descriptor was just made and nobody else has it.
            fd: unsafe { OwnedFd::from_raw_fd(fd) },
            events: vec![libc::epoll_event { events: 0, u64: 0 }; EVENTS],
        })
    }

    /// Report `token` while any of `events` holds for `fd`, until `fd` is closed.
    pub fn add(&self, fd: RawFd, events: libc::c_int, token: u64) -> io::Result<()> {
        self.control(libc::EPOLL_CTL_ADD, fd, events, token)
    }

    /// Change what is reported for `fd`.
    pub fn change(&self, fd: RawFd, events: libc::c_int, token: u64) -> io::Result<()> {
        self.control(libc::EPOLL_CTL_MOD, fd, events, token)
    }

    /// Report nothing for `fd` any more.
    pub fn remove(&self, fd: RawFd) -> io::Result<()> {
        self.control(libc::EPOLL_CTL_DEL, fd, 0, 0)
    }

    /// Take the events that there are; how many.
    pub fn take(&mut self) -> io::Result<usize> {
        let room = self.events.len() as libc::c_int;
        let ready = cvt(unsafe { libc::epoll_wait(self.fd(), self.events.as_mut_ptr(), room, 0) })?;
        Ok(ready as usize)
    }

    /// The descriptor of the set, which is readable while there are events.
    pub fn fd(&self) -> RawFd {
        self.fd.as_raw_fd()
    }

    /// The token of one of the events that the last `take` found.
    pub fn token(&self, index: usize) -> u64 {
        self.events[index].u64
    }

    fn control(
        &self,
        operation: libc::c_int,
        fd: RawFd,
        events: libc::c_int,
        token: u64,
    ) -> io::Result<()> {
        let mut event = libc::epoll_event {
            events: events as u32,
            u64: token,
        };
        cvt(unsafe { libc::epoll_ctl(self.fd(), operation, fd, &raw mut event) })?;
        Ok(())
    }
}

/// An event that happens once: from then on its descriptor is readable, in every set that it is in.
pub struct Event(OwnedFd);

impl Event {
    /// An event that has not happened yet.
    pub fn new() -> io::Result<Self> {
        let fd = cvt(unsafe { libc::eventfd(0, libc::EFD_CLOEXEC | libc::EFD_NONBLOCK) })?;
        // SAFETY: the descriptor was just made and nobody else has it.
        Ok(Self(unsafe { OwnedFd::from_raw_fd(fd) }))
    }

    /// Let it happen.
    pub fn set(&self) {
        let one = 1u64;
        // It can only fail where it was set 2^64 - 2 times before, and then it is readable.
        unsafe { libc::write(self.0.as_raw_fd(), (&raw const one).cast(), 8) };
    }

    /// The descriptor to wait for.
    pub fn fd(&self) -> RawFd {
        self.0.as_raw_fd()
    }
}
