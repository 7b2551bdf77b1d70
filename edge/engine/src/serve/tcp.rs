//! The TCP connections of one shard: taking them, giving each its turn, ending some.
//!
//! A connection is closed when it made no progress for a while. When there is no room for a new
//! one, one is closed too: of the client that has the most, the one that made no progress for the
//! longest. So a client that opens many takes room from itself and not from others (RFC 7766
//! section 6.2.2). There is a limit for a single client too. New connections are always accepted:
//! otherwise their clients would wait without knowing why.

use super::connection::{Connection, State};
use super::counters::Counters;
use super::durations::Stopwatch;
use super::options::Options;
use super::prefixes::Prefix;
use super::proxies::Opening;
use super::responder::Responder;
use super::sys::{Epoll, Event};
use super::work::Work;
use crate::answer::{Client, Transport};
use std::collections::HashMap;
use std::net::{IpAddr, TcpListener, TcpStream};
use std::os::fd::{AsRawFd, RawFd};
use std::sync::Arc;
use std::time::{Duration, Instant};

/// Connections of one shard: more than whole servers take by default (BIND 150, NSD 100).
pub const MAX_CONNECTIONS: usize = 256;

/// Connections of one client to one shard. A resolver should have one (RFC 7766 section 6.2.2), and
/// several can share an address.
const MAX_OF_CLIENT: usize = 32;

/// Bits of an IPv6 address that are one client: a host has all addresses of its /64. An IPv4
/// address is a client by itself: over TCP it is not forged, so its network need not be limited as
/// a whole.
const IPV6_BITS: u8 = 64;

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
    options: Arc<Options>,
    table: HashMap<RawFd, Connection>,
    scratch: Box<[u8]>,
    reply: Vec<u8>,
    stopwatch: Stopwatch,
    swept: Instant,
    /// A descriptor in reserve, for when there are no others.
    spare: Option<Event>,
}

impl Connections {
    /// None yet.
    pub fn new(options: Arc<Options>) -> Self {
        Self {
            options,
            table: HashMap::with_capacity(MAX_CONNECTIONS),
            scratch: vec![0; READ_SIZE].into(),
            reply: Vec::new(),
            stopwatch: Stopwatch::new(),
            swept: Instant::now(),
            spare: Event::new().ok(),
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
        counters: &Counters,
        epoll: &Epoll,
        token: impl Fn(RawFd) -> u64,
    ) -> bool {
        for _ in 0..ACCEPTS {
            match listener.accept() {
                Ok((stream, peer)) => {
                    let client = Client::new(peer.ip(), Transport::Tcp);
                    self.make_room(client.address, counters);
                    self.admit(stream, client, epoll, &token);
                }
                Err(error) if error.kind() == std::io::ErrorKind::WouldBlock => return false,
                Err(error) => {
                    if matches!(error.raw_os_error(), Some(libc::EMFILE | libc::ENFILE)) {
                        self.free_descriptor(listener, counters);
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
        // The connection may have been closed since the kernel reported the event.
        let Some(connection) = self.table.get_mut(&fd) else {
            return;
        };
        let before = connection.interest();
        let view = work.begin();
        let client = connection.client;
        let (now, mut sent) = (Instant::now(), 0);
        let state = connection.advance(
            &mut self.scratch,
            &mut self.reply,
            &mut |client, query, reply| {
                let is_sent = work.answer(&view, Default::default(), query, client, reply);
                sent += usize::from(is_sent);
                is_sent
            },
            now,
        );
        let durations = work.counters().durations(Transport::Tcp);
        self.stopwatch.stop(Some(now), sent, durations);
        let after = connection.interest();
        let lost = before != after && epoll.change(fd, after, token).is_err();
        let known = connection.client;
        if state == State::Refused {
            work.counters().refuse_proxy();
        }
        if lost || matches!(state, State::Closed | State::Refused) {
            self.table.remove(&fd);
        } else if known != client {
            self.limit_client(known.address, MAX_OF_CLIENT, work.counters());
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
            let mut answer = |client: Client, query: &[u8], reply: &mut Vec<u8>| {
                work.answer(&view, Default::default(), query, client, reply)
            };
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
        let opening = Opening::of(client.address, &self.options.proxies);
        let connection = Connection::new(stream, client, opening, Instant::now());
        let added = ready.and_then(|()| epoll.add(fd, connection.interest(), token(fd)));
        if added.is_ok() {
            self.table.insert(fd, connection);
        }
    }

    /// Close connections that are over a limit before a client gets another one.
    fn make_room(&mut self, client: IpAddr, counters: &Counters) {
        self.limit_client(client, MAX_OF_CLIENT - 1, counters);
        if self.table.len() >= MAX_CONNECTIONS {
            self.close_one_of_most(counters);
        }
    }

    /// There are no descriptors left: close a connection, for the next client. If the shard has
    /// none, the client that waits is accepted with the spare descriptor and closed at once.
    /// Otherwise it would wait, and the listener would stay ready, until some descriptor is closed
    /// elsewhere.
    fn free_descriptor(&mut self, listener: &TcpListener, counters: &Counters) {
        if !self.table.is_empty() {
            return self.close_one_of_most(counters);
        }
        self.spare = None;
        if listener.accept().is_ok() {
            counters.evict();
        }
        self.spare = Event::new().ok();
    }

    /// Close a connection of a client that has more than `most`.
    fn limit_client(&mut self, client: IpAddr, most: usize, counters: &Counters) {
        let network = network(client);
        let own = |connection: &Connection| connection.network() == network;
        if !self.options.is_exempt(client)
            && self.table.values().filter(|each| own(each)).count() > most
        {
            self.close_idlest(own, counters);
        }
    }

    /// Close a connection of the client that has the most.
    fn close_one_of_most(&mut self, counters: &Counters) {
        let mut counts: HashMap<Prefix, usize> = HashMap::new();
        for connection in self.table.values() {
            *counts.entry(connection.network()).or_default() += 1;
        }
        if let Some((network, _)) = counts.into_iter().max_by_key(|(_, count)| *count) {
            self.close_idlest(|connection| connection.network() == network, counters);
        }
    }

    /// Close one of these connections: the one that made no progress for the longest.
    fn close_idlest(&mut self, of: impl Fn(&Connection) -> bool, counters: &Counters) {
        let chosen = self.table.iter().filter(|(_, connection)| of(connection));
        let idlest = chosen.min_by_key(|(_, connection)| connection.progress);
        if let Some(fd) = idlest.map(|(fd, _)| *fd) {
            self.table.remove(&fd);
            counters.evict();
        }
    }
}

impl Connection {
    fn network(&self) -> Prefix {
        network(self.client.address)
    }
}

/// What counts as one client.
fn network(address: IpAddr) -> Prefix {
    Prefix::of(address, if address.is_ipv4() { 32 } else { IPV6_BITS })
}

#[cfg(test)]
mod tests;
