//! The sockets: UDP and TCP on every address, answered by a fixed number of shards.
//!
//! A shard is one thread with sockets of its own on every address and one row of counters. Shards
//! share the zones and nothing else, so the path of a query has no lock. The kernel spreads UDP
//! queries by name (`bpf.rs`) and TCP connections by client.
//!
//! ```text
//! kernel ──┬─ shard 0: poll ─┬ UDP sockets  (udp.rs: batches in fixed memory)
//!          │                 └ epoll: TCP   (tcp.rs: the table; connection.rs: one stream)
//!          └─ shard 1: …               └── Work::answer ── Responder (the zones) ── counters
//! ```
//!
//! A shard takes the zones once for each batch. A panic in the responder costs one query a
//! SERVFAIL, and has no other effect.

mod bpf;
mod connection;
mod counters;
mod counting;
mod durations;
mod handover;
mod options;
pub mod prefixes;
mod proxies;
mod rate_limits;
mod receive_drops;
mod responder;
mod shard;
mod sockets;
mod sys;
mod tcp;
mod udp;
mod work;

pub use counters::Counters;
pub use handover::Group;
pub use options::Options;
pub use responder::Responder;
pub use sys::local_addresses;

use crate::rings::MAX_SHARDS;
use shard::Shard;
use sockets::Pair;
use std::io;
use std::net::SocketAddr;
use std::sync::mpsc::{self, Receiver};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::{Builder, JoinHandle};
use sys::Event;
use work::Work;

/// Running shards; they end with it.
pub struct Server {
    addresses: Vec<SocketAddr>,
    steering_error: Option<io::Error>,
    group: Arc<Group>,
    counters: Arc<[Counters]>,
    stop: Arc<Event>,
    /// Hangs up once no shard has a socket open.
    open: Mutex<Receiver<()>>,
    threads: Vec<JoinHandle<()>>,
}

impl Server {
    /// Bind UDP and TCP on every address and answer.
    ///
    /// Port 0 takes one that is free for both. Errors name the address; then nothing is left open.
    pub fn start<R: Responder>(
        responder: Arc<R>,
        listen: &[SocketAddr],
        options: Options,
    ) -> io::Result<Self> {
        let shards = options.shards;
        if !(1..=MAX_SHARDS).contains(&shards) {
            let message = format!("{shards} shards: use 1 to {MAX_SHARDS}");
            return Err(io::Error::new(io::ErrorKind::InvalidInput, message));
        }
        let bound = sockets::bind(listen, &options)?;
        let options = Arc::new(options);
        let (sender, open) = mpsc::channel();
        let mut server = Self {
            addresses: bound.addresses,
            group: Arc::new(Group::of(&bound.shards, &options)),
            steering_error: bound.steering_error,
            counters: bound.shards.iter().map(|pairs| counters(pairs)).collect(),
            stop: Arc::new(Event::new()?),
            open: Mutex::new(open),
            threads: Vec::new(),
        };
        for (index, pairs) in bound.shards.into_iter().enumerate() {
            let work = Work::new(
                Arc::clone(&responder),
                Arc::clone(&options),
                Arc::clone(&server.counters),
                index,
            );
            let shard = Shard::new(work, pairs, Arc::clone(&server.stop))?;
            let thread = Builder::new().name(format!("shard-{index}"));
            let open = sender.clone();
            server.threads.push(thread.spawn(move || shard.run(open))?);
        }
        Ok(server)
    }

    /// The bound addresses, in the order in which they were asked for.
    pub fn local_addrs(&self) -> &[SocketAddr] {
        &self.addresses
    }

    /// Why the kernel chooses the shard of a query by its client and not by its name, if it does.
    pub fn steering_error(&self) -> Option<&io::Error> {
        self.steering_error.as_ref()
    }

    /// What to do with the groups of sockets while another server is in them.
    pub fn group(&self) -> Arc<Group> {
        Arc::clone(&self.group)
    }

    /// One row of counters a shard.
    pub fn counters(&self) -> &[Counters] {
        &self.counters
    }

    /// Answer the queries that have come and close the sockets. Connections go on for `stop` to end:
    /// a server that takes over these addresses need not wait for their clients.
    pub fn close(&self) {
        self.stop.set();
        let open = self.open.lock().unwrap_or_else(PoisonError::into_inner);
        let _hung_up = open.recv();
    }

    /// Answer the queries that have come, close the sockets and end the threads; a second or less.
    ///
    /// Returns the last state of the counters.
    pub fn stop(self) -> Arc<[Counters]> {
        Arc::clone(&self.counters)
    }
}

/// The counters of the shard that gets these sockets.
fn counters(pairs: &[Pair]) -> Counters {
    Counters::of(pairs.iter().map(|pair| &pair.udp))
}

impl Drop for Server {
    fn drop(&mut self) {
        self.stop.set();
        for thread in self.threads.drain(..) {
            // A shard that panicked has said so on stderr, and its sockets are closed.
            let _ = thread.join();
        }
    }
}
