//! The TCP connections of one shard: taking them, giving each its turn, ending old ones.

use super::connection::{Connection, State};
use super::epoll::Epoll;
use super::{Responder, Work};
use crate::answer::{Client, Transport};
use std::collections::HashMap;
use std::net::{TcpListener, TcpStream};
use std::os::fd::{AsRawFd, RawFd};
use std::time::{Duration, Instant};

/// Connections of one shard. More than whole servers take by default (BIND 150, NSD 100), and four
/// shards stay below the usual limit of 1,024 open files.
const MAX_CONNECTIONS: usize = 256;

/// How long a connection may be without progress. RFC 7766 section 6.2.3 asks for a few seconds.
const IDLE_LIMIT: Duration = Duration::from_secs(10);

/// How often idle connections are looked for: it makes the limit late by a tenth at most.
const SWEEP: Duration = Duration::from_secs(1);

/// Octets read from a connection before the next one has its turn.
const READ_SIZE: usize = 16 << 10;

/// Connections accepted before UDP has its turn.
const ACCEPTS: usize = 16;

/// All connections of a shard, by descriptor.
pub struct Connections {
    table: HashMap<RawFd, Connection>,
    scratch: Box<[u8]>,
    reply: Vec<u8>,
    swept: Instant,
}

impl Connections {
    /// None yet.
    pub fn new() -> Self {
        Self {
            table: HashMap::with_capacity(MAX_CONNECTIONS),
            scratch: vec![0; READ_SIZE].into(),
            reply: Vec::new(),
            swept: Instant::now(),
        }
    }

    /// How long the shard may wait before it has to `sweep`.
    pub fn patience(&self) -> Option<Duration> {
        (!self.table.is_empty()).then_some(SWEEP)
    }

    /// Take connections that wait at `listener`; false where none is left.
    ///
    /// `token` gives the epoll token of a descriptor.
    pub fn accept(
        &mut self,
        listener: &TcpListener,
        epoll: &Epoll,
        token: impl Fn(RawFd) -> u64,
    ) -> bool {
        for _ in 0..ACCEPTS {
            match listener.accept() {
                Ok((stream, peer)) => {
                    if self.table.len() >= MAX_CONNECTIONS {
                        self.close_oldest();
                    }
                    let client = Client::new(peer.ip(), Transport::Tcp);
                    self.admit(stream, client, epoll, &token);
                }
                Err(error) if error.kind() == std::io::ErrorKind::WouldBlock => return false,
                Err(error) => {
                    // Out of descriptors: one less of ours is one more for the next client.
                    if matches!(error.raw_os_error(), Some(libc::EMFILE | libc::ENFILE)) {
                        self.close_oldest();
                    }
                    return true;
                }
            }
        }
        true
    }

    /// Give one connection its turn after an event.
    pub fn advance<R: Responder>(
        &mut self,
        fd: RawFd,
        work: &mut Work<R>,
        epoll: &Epoll,
        token: u64,
    ) {
        // An event of a connection that was closed since the kernel reported it is void.
        let Some(connection) = self.table.get_mut(&fd) else {
            return;
        };
        let before = connection.interest();
        let view = work.begin();
        let client = connection.client;
        let state = connection.advance(
            &mut self.scratch,
            &mut self.reply,
            &mut |query, reply| work.answer(&view, query, client, reply),
            Instant::now(),
        );
        let after = connection.interest();
        let lost = before != after && epoll.change(fd, after, token).is_err();
        if state == State::Closed || lost {
            self.table.remove(&fd);
        }
    }

    /// Close connections that made no progress for `IDLE_LIMIT`.
    pub fn sweep(&mut self, now: Instant) {
        if now - self.swept >= SWEEP {
            self.swept = now;
            self.table
                .retain(|_, connection| now - connection.progress < IDLE_LIMIT);
        }
    }

    /// Answer what has come on every connection and close those that are done; false where none
    /// is left.
    pub fn finish<R: Responder>(&mut self, work: &mut Work<R>) -> bool {
        let view = work.begin();
        let now = Instant::now();
        self.table.retain(|_, connection| {
            let client = connection.client;
            let mut answer =
                |query: &[u8], reply: &mut Vec<u8>| work.answer(&view, query, client, reply);
            let state = connection.advance(&mut self.scratch, &mut self.reply, &mut answer, now);
            state == State::Busy
        });
        !self.table.is_empty()
    }

    fn admit(
        &mut self,
        stream: TcpStream,
        client: Client,
        epoll: &Epoll,
        token: impl Fn(RawFd) -> u64,
    ) {
        let fd = stream.as_raw_fd();
        // Replies are whole when they are sent; waiting for more would only delay them.
        let ready = stream
            .set_nonblocking(true)
            .and_then(|()| stream.set_nodelay(true));
        let connection = Connection::new(stream, client, Instant::now());
        let added = ready.and_then(|()| epoll.add(fd, connection.interest(), token(fd)));
        if added.is_ok() {
            self.table.insert(fd, connection);
        }
    }

    fn close_oldest(&mut self) {
        let oldest = self
            .table
            .iter()
            .min_by_key(|(_, connection)| connection.progress);
        if let Some(fd) = oldest.map(|(fd, _)| *fd) {
            self.table.remove(&fd);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Read;

    #[test]
    fn a_connection_without_progress_is_closed_and_not_before_its_time() {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let mut client = TcpStream::connect(listener.local_addr().unwrap()).unwrap();
        let (stream, peer) = listener.accept().unwrap();
        let mut connections = Connections::new();
        let begin = Instant::now();
        let peer = Client::new(peer.ip(), Transport::Tcp);
        connections.admit(stream, peer, &Epoll::new().unwrap(), |fd| fd as u64);
        connections.sweep(begin + IDLE_LIMIT - SWEEP);
        assert_eq!(connections.patience(), Some(SWEEP));
        connections.sweep(Instant::now() + IDLE_LIMIT);
        assert_eq!(connections.patience(), None);
        assert_eq!(client.read(&mut [0]).unwrap(), 0);
    }
}
