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
pub struct ReceiveDrops {
    sockets: Vec<Weak<UdpSocket>>,
    /// The highest number that was read: it stays when the sockets are closed.
    seen: AtomicU64,
}

impl ReceiveDrops {
    /// Those of the UDP sockets of a shard.
    pub fn of<'s>(sockets: impl Iterator<Item = &'s Arc<UdpSocket>>) -> ReceiveDrops {
        ReceiveDrops {
            sockets: sockets.map(Arc::downgrade).collect(),
            seen: AtomicU64::new(0),
        }
    }

    /// How many there are now. What the kernel also counts, and seldom happens, is in it: datagrams
    /// with a wrong checksum. A kernel that does not tell has none.
    pub fn read(&self) -> u64 {
        let open = self.sockets.iter().filter_map(Weak::upgrade);
        let now = open.map(|socket| u64::from(sys::receive_drops(socket.as_fd()).unwrap_or(0)));
        let now = now.sum();
        self.seen.fetch_max(now, Relaxed).max(now)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::{Duration, Instant};

    /// More than fit into the smallest buffer, and fewer than wait at a network device.
    const SENT: u64 = 200;

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
