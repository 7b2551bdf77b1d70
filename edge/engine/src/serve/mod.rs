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
//! A shard looks at the zones once per batch. A panic in the responder costs that query a
//! SERVFAIL and nobody anything else.

mod bpf;
mod connection;
mod counters;
mod epoll;
mod options;
mod poll;
pub mod prefixes;
mod proxies;
mod rate_limits;
mod shard;
mod sockets;
mod tcp;
mod udp;

pub use counters::Counters;
pub use options::Options;

use crate::answer::subject::{Kind, Subject};
use crate::answer::{Client, Outcome};
use crate::rings::MAX_SHARDS;
use epoll::Event;
use rate_limits::{RateLimiter, Verdict};
use shard::Shard;
use std::io;
use std::net::SocketAddr;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::thread::{Builder, JoinHandle};
use std::time::Instant;

/// What turns queries into replies.
pub trait Responder: Send + Sync + 'static {
    /// What the queries of one batch are answered from.
    type View;
    /// What each shard keeps from query to query; nobody else sees it.
    type Memory: Default + Send;
    /// What is known of a query before it is answered.
    type Ahead<'v>: Default;

    /// The view as it is now.
    fn view(&self) -> Self::View;

    /// Prepare for queries that come next, and leave what is known of each in `ahead`. Whether it is
    /// done makes no difference to the replies.
    fn look_ahead<'v, 'q>(
        view: &'v Self::View,
        memory: &mut Self::Memory,
        queries: impl Iterator<Item = &'q [u8]>,
        ahead: &mut [Self::Ahead<'v>],
    );

    /// Leave the reply to `query` in `out`, at most 65,535 octets; None where none may be sent.
    fn respond<'v>(
        view: &'v Self::View,
        memory: &mut Self::Memory,
        ahead: Self::Ahead<'v>,
        query: &[u8],
        client: Client,
        out: &mut Vec<u8>,
    ) -> Option<Outcome>;

    /// Leave the reply to a client that gets too many in `out`, in the place of the one that
    /// `respond` left.
    fn slip(view: &Self::View, query: &[u8], client: Client, out: &mut Vec<u8>) -> Option<Outcome>;
}

/// Running shards; they end with it.
pub struct Server {
    addresses: Vec<SocketAddr>,
    by_client: Option<io::Error>,
    counters: Arc<[Counters]>,
    stop: Arc<Event>,
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
        let bound = sockets::bind(listen, shards)?;
        let options = Arc::new(options);
        let mut server = Self {
            addresses: bound.shards[0].iter().map(|pair| pair.address).collect(),
            by_client: bound.by_client,
            counters: (0..shards).map(|_| Counters::default()).collect(),
            stop: Arc::new(Event::new()?),
            threads: Vec::new(),
        };
        for (index, pairs) in bound.shards.into_iter().enumerate() {
            let work = Work {
                responder: Arc::clone(&responder),
                memory: R::Memory::default(),
                options: Arc::clone(&options),
                limiter: RateLimiter::new(&options, Instant::now()),
                counters: Arc::clone(&server.counters),
                shard: index,
            };
            let shard = Shard::new(work, pairs, Arc::clone(&server.stop))?;
            let thread = Builder::new().name(format!("shard-{index}"));
            server.threads.push(thread.spawn(move || shard.run())?);
        }
        Ok(server)
    }

    /// The bound addresses, in the order in which they were asked for.
    pub fn local_addrs(&self) -> &[SocketAddr] {
        &self.addresses
    }

    /// Why the kernel spreads clients over the shards, if it does, and not names.
    pub fn by_client(&self) -> Option<&io::Error> {
        self.by_client.as_ref()
    }

    /// One row of counters a shard.
    pub fn counters(&self) -> &[Counters] {
        &self.counters
    }

    /// Answer the queries that have come, close the sockets and end the threads; a second or less.
    ///
    /// Returns the last state of the counters.
    pub fn stop(self) -> Arc<[Counters]> {
        Arc::clone(&self.counters)
    }
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

/// What a shard answers with and where it counts.
struct Work<R: Responder> {
    responder: Arc<R>,
    memory: R::Memory,
    options: Arc<Options>,
    limiter: Option<RateLimiter>,
    counters: Arc<[Counters]>,
    shard: usize,
}

impl<R: Responder> Work<R> {
    fn counters(&self) -> &Counters {
        &self.counters[self.shard]
    }

    /// Begin a batch of queries; what they are answered from.
    fn begin(&mut self) -> R::View {
        if let Some(limiter) = &mut self.limiter {
            limiter.set_time(Instant::now());
        }
        self.responder.view()
    }

    /// Answer one query and count it; false where there is no reply.
    fn answer<'v>(
        &mut self,
        view: &'v R::View,
        ahead: R::Ahead<'v>,
        query: &[u8],
        client: Client,
        out: &mut Vec<u8>,
    ) -> bool {
        let counters = &self.counters[self.shard];
        counters.query(client);
        let (memory, limiter) = (&mut self.memory, &mut self.limiter);
        // The view is only read, the memory and the limiter are whole at every moment, and `out` is
        // cleared before it is used again.
        let reply = AssertUnwindSafe(|| {
            let outcome = R::respond(view, memory, ahead, query, client, out)?;
            let verdict = limiter.as_mut().map_or(Verdict::Send, |limiter| {
                limiter.judge(client, &outcome, query)
            });
            // An error is small, and has nothing that could be left out.
            if verdict == Verdict::Slip && outcome.subject.kind != Kind::Error {
                return Some((R::slip(view, query, client, out)?, verdict));
            }
            Some((outcome, verdict))
        });
        let reply = catch_unwind(reply).unwrap_or_else(|_| {
            counters.panic();
            servfail(query, out).map(|outcome| (outcome, Verdict::Send))
        });
        let Some((outcome, verdict)) = reply else {
            counters.drop();
            return false;
        };
        counters.limit(verdict);
        let is_sent = verdict != Verdict::Drop;
        if is_sent {
            counters.reply(outcome);
        }
        is_sent
    }
}

/// A SERVFAIL reply that looks at as little of the query as it can: header and question.
fn servfail(query: &[u8], out: &mut Vec<u8>) -> Option<Outcome> {
    const HEADER: usize = 12;
    const SERVFAIL: u8 = 2;
    out.clear();
    let (header, rest) = query.split_at_checked(HEADER)?;
    if header[2] & 0x80 != 0 {
        return None; // QR: answering replies would let two servers talk for ever
    }
    let question = question_length(rest).and_then(|length| rest.get(..length));
    out.extend_from_slice(&header[..2]);
    out.push(0x80 | header[2] & 0x79); // QR; opcode and RD of the query
    out.push(SERVFAIL);
    out.extend([0, u8::from(question.is_some()), 0, 0, 0, 0, 0, 0]);
    out.extend_from_slice(question.unwrap_or_default());
    Some(Outcome {
        rcode: SERVFAIL.into(),
        truncated: false,
        cookie: None,
        hit: None,
        subject: Subject::default(),
    })
}

/// Octets of the first question: a name, a type and a class; None where the name does not end.
fn question_length(question: &[u8]) -> Option<usize> {
    let mut at = 0;
    loop {
        match *question.get(at)? {
            0 => return Some(at + 5),
            length @ 1..64 => at += 1 + usize::from(length),
            _ => return None,
        }
    }
}
