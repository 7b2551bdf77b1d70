//! Handing addresses over from one server to another, in two processes, without a lost query.
//!
//! Both are in one `SO_REUSEPORT` group for each address, of UDP and of TCP. The kernel counts the
//! sockets of a group in the order in which they joined, and takes the one that the program of the
//! group names. The group has one program: the last one that anybody attached.
//!
//! ```text
//! the old one steers         old 0, old 1                  0..2: none but its own
//! the new one has joined     old 0, old 1, new 0, new 1    0..2: the old one answers on
//! the old one hands over                                   2..4: new queries go past it
//!   (HANDSHAKES later)                                     2 alone: named before and after a close
//! the old one has closed     new 0, new 1                  2 is not there: the kernel takes any
//! the new one steers                                       0..2
//! ```
//!
//! Over these the program of UDP is the ring, and that of TCP takes any. Without one the kernel
//! would give the new server its part at once, before it is known that it stays. So the old one
//! steers before anybody joins, and who joins attaches none.
//!
//! What waits in a socket that is closed is lost, datagrams and connections alike. So first nothing
//! new may come to it. A connection that is half made comes to the listener that its first segment
//! came to; `HANDSHAKES` is the time for those. A close moves the last socket of the group to the
//! place that it leaves. With as many sockets of the new server as of the old one at least, all
//! that is moved is of the new one, and its first socket keeps its place until the last old one is
//! gone. From then on every socket of the group is a right one.
//!
//! A new server that has to go before the old one did is at the end of the group: it hands back to
//! those in front, whose places no close moves.

use super::bpf;
use super::options::Options;
use super::sockets::Pair;
use std::io;
use std::net::{TcpListener, UdpSocket};
use std::ops::Range;
use std::os::fd::AsFd;
use std::sync::{Arc, Weak};
use std::thread;
use std::time::Duration;

/// How long a connection may take to be made. A segment that is lost is sent anew after 1 s and
/// after 2 s more (RFC 6298, sections 2 and 5.5): time for both, and for a round trip.
const HANDSHAKES: Duration = Duration::from_millis(3500);

/// How long the kernel may be on its way to a socket that the program before named.
const SETTLING: Duration = Duration::from_millis(20);

/// The groups that the sockets of a server are in, one for each address and kind.
pub struct Group {
    /// A member of each; none once the server has closed them.
    members: Vec<(Weak<UdpSocket>, Weak<TcpListener>)>,
    shards: usize,
    /// Sockets of this server in each.
    sockets: usize,
}

impl Group {
    /// The groups of these shards.
    pub fn of(shards: &[Vec<Pair>], options: &Options) -> Self {
        let weak = |pair: &Pair| (Arc::downgrade(&pair.udp), Arc::downgrade(&pair.tcp));
        Self {
            members: shards[0].iter().map(weak).collect(),
            shards: options.shards,
            sockets: options.sockets(),
        }
    }

    /// Sockets of this server on each address, of each kind.
    pub fn sockets(&self) -> usize {
        self.sockets
    }

    /// Have `others` sockets, which joined after ours, get all that comes from now on. It takes
    /// `HANDSHAKES`; to stop the server after that loses nothing.
    pub fn hand_over(&self, others: usize) -> io::Result<()> {
        self.name(self.sockets..self.sockets + others)?;
        thread::sleep(HANDSHAKES);
        self.name(self.sockets..self.sockets + 1)?;
        thread::sleep(SETTLING);
        Ok(())
    }

    /// The same with `others` sockets, which joined before ours.
    pub fn hand_back(&self, others: usize) -> io::Result<()> {
        self.name(0..others)?;
        thread::sleep(HANDSHAKES);
        Ok(())
    }

    /// Give each query to its shard, and none to another server: before one joins, and after it or
    /// the one that was joined has gone.
    pub fn steer(&self) -> io::Result<()> {
        self.each(|udp, tcp| {
            bpf::attach(udp.as_fd(), 0..self.shards)?;
            bpf::attach_any(tcp.as_fd(), 0..self.sockets)
        })
    }

    fn name(&self, sockets: Range<usize>) -> io::Result<()> {
        self.each(|udp, tcp| {
            bpf::attach(udp.as_fd(), sockets.clone())?;
            bpf::attach_any(tcp.as_fd(), sockets.clone())
        })
    }

    fn each(&self, act: impl Fn(&UdpSocket, &TcpListener) -> io::Result<()>) -> io::Result<()> {
        for (udp, tcp) in &self.members {
            if let (Some(udp), Some(tcp)) = (udp.upgrade(), tcp.upgrade()) {
                act(&udp, &tcp)?;
            }
        }
        Ok(())
    }
}
