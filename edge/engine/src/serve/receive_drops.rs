//! Datagrams that never came to a shard, because the receive buffer of its socket was full.
//!
//! The kernel counts them for each socket. It is asked when somebody wants the number
//! (`SO_MEMINFO`), so queries pay nothing for it. `SO_RXQ_OVFL` would tell the number with each
//! datagram, in control data that the kernel writes and a shard reads.

use super::sys;
use std::net::UdpSocket;
use std::os::fd::AsFd;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::sync::{Arc, Weak};

/// The sockets of one shard. The shard alone keeps them open.
#[derive(Default)]
pub struct ReceiveDrops(Vec<Source>);

struct Source {
    socket: Weak<UdpSocket>,
    /// What was read last: it stays when the socket is closed.
    total: AtomicU64,
}

impl ReceiveDrops {
    /// Those of the UDP sockets of a shard.
    pub fn of<'s>(sockets: impl Iterator<Item = &'s Arc<UdpSocket>>) -> ReceiveDrops {
        let source = |socket| Source {
            socket: Arc::downgrade(socket),
            total: AtomicU64::new(0),
        };
        ReceiveDrops(sockets.map(source).collect())
    }

    /// How many there are now. What the kernel also counts, and seldom happens, is in it: datagrams
    /// with a wrong checksum. A kernel that does not tell has none.
    pub fn read(&self) -> u64 {
        self.0.iter().map(Source::read).sum()
    }
}

impl Source {
    fn read(&self) -> u64 {
        let socket = self.socket.upgrade();
        if let Some(now) = socket.and_then(|socket| sys::receive_drops(socket.as_fd()).ok()) {
            let next = |total| Some(continued(total, now));
            // It cannot fail, as there always is a next one.
            let _ = self.total.fetch_update(Relaxed, Relaxed, next);
        }
        self.total.load(Relaxed)
    }
}

/// What a total becomes when the kernel says `now`. It counts in 32 bits, which a flood fills in an
/// hour. A step of half of that or more is none: somebody else has read the socket since.
fn continued(total: u64, now: u32) -> u64 {
    let step = now.wrapping_sub(total as u32);
    if step < 1 << 31 {
        total + u64::from(step)
    } else {
        total
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::{Duration, Instant};

    /// More than fit into the smallest buffer, and fewer than wait at a network device.
    const SENT: u64 = 200;

    #[test]
    fn the_count_goes_on_when_that_of_the_kernel_begins_anew() {
        const ROUND: u64 = 1 << 32;
        for (total, now, expected) in [
            (0, 0, 0),
            (0, 7, 7),
            (7, 7, 7),
            (7, 8, 8),
            (ROUND - 1, 0, ROUND),
            (ROUND - 5, 5, ROUND + 5),
            (3 * ROUND + 9, 10, 3 * ROUND + 10),
            (8, 7, 8),
            (ROUND, u32::MAX, ROUND),
        ] {
            assert_eq!(continued(total, now), expected, "{total} {now}");
        }
    }

    #[test]
    fn what_does_not_fit_is_counted_and_stays_so_when_the_socket_is_closed() {
        let socket = Arc::new(UdpSocket::bind("127.0.0.1:0").unwrap());
        let address = socket.local_addr().unwrap();
        let smallest: libc::c_int = 0; // the kernel takes what it needs at least
        sys::set_option(socket.as_fd(), libc::SOL_SOCKET, libc::SO_RCVBUF, &smallest).unwrap();
        let drops = ReceiveDrops::of([&socket].into_iter());
        assert_eq!(drops.read(), 0);

        let sender = UdpSocket::bind("127.0.0.1:0").unwrap();
        for _ in 0..SENT {
            sender.send_to(&[0; 512], address).unwrap();
        }
        // Each is either taken or dropped; the kernel may still be on the way with some.
        socket.set_nonblocking(true).unwrap();
        let end = Instant::now() + Duration::from_secs(10);
        let mut taken = 0;
        while taken + drops.read() < SENT {
            assert!(Instant::now() < end, "{taken} and {}", drops.read());
            taken += std::iter::from_fn(|| socket.recv(&mut [0; 512]).ok()).count() as u64;
        }
        let dropped = drops.read();
        assert!(taken > 0 && dropped > 0);
        assert_eq!(dropped, SENT - taken);

        drop(socket);
        assert_eq!(drops.read(), dropped);
    }
}
