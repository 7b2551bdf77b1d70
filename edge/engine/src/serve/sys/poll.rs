//! Waiting for a few busy sockets (poll(2)).
//!
//! An epoll set is in the wait queue of each of its sockets all the time. The kernel wakes that
//! queue for each datagram that comes, and once more when the receiver of a reply has taken it, as
//! there is room for another one then. For a socket that always has a datagram this is wasted: 4 %
//! of all that a query costs (measured over loopback). With poll(2) a thread is in the queues only
//! while it waits.

use super::calls::cvt;
use std::io;
use std::os::fd::RawFd;
use std::ptr::null;
use std::time::Duration;

/// Descriptors, by the order in which they were given.
pub struct Poll(Vec<libc::pollfd>);

impl Poll {
    /// A set of descriptors, the busiest first: once one is ready, the queues of those behind it
    /// are not entered.
    pub fn new(descriptors: impl IntoIterator<Item = RawFd>) -> Self {
        let polled = |fd| libc::pollfd {
            fd,
            events: libc::POLLIN,
            revents: 0,
        };
        Self(descriptors.into_iter().map(polled).collect())
    }

    /// Wait until one is readable or broken, at most for `limit` where there is one.
    pub fn wait(&mut self, limit: Option<Duration>) -> io::Result<()> {
        let limit = limit.map(|limit| libc::timespec {
            tv_sec: limit.as_secs() as libc::time_t,
            tv_nsec: limit.subsec_nanos().into(),
        });
        let limit = limit.as_ref().map_or(null(), |limit| &raw const *limit);
        let count = self.0.len() as libc::nfds_t;
        match cvt(unsafe { libc::ppoll(self.0.as_mut_ptr(), count, limit, null()) }) {
            // The kernel has written no event then.
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {
                self.0.iter_mut().for_each(|polled| polled.revents = 0);
                Ok(())
            }
            result => result.map(drop),
        }
    }

    /// Whether the last `wait` found this one readable or broken.
    pub fn is_ready(&self, index: usize) -> bool {
        self.0[index].revents != 0
    }
}
