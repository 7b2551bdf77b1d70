//! What one shard has seen. One thread writes a row, any thread may read it.

use super::rate_limits::Verdict;
use crate::answer::{Client, Outcome, Transport};
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

/// Response codes that are counted, by the name of their counter (IANA DNS RCODEs).
const RCODES: [(u16, &str); 10] = [
    (0, "rcode_noerror"),
    (1, "rcode_formerr"),
    (2, "rcode_servfail"),
    (3, "rcode_nxdomain"),
    (4, "rcode_notimp"),
    (5, "rcode_refused"),
    (6, "rcode_yxdomain"),
    (9, "rcode_notauth"),
    (16, "rcode_badvers"),
    (23, "rcode_badcookie"),
];

const QUERIES: [&str; 4] = [
    "queries_udp4",
    "queries_udp6",
    "queries_tcp4",
    "queries_tcp6",
];

/// Queries with a cookie, by what it is.
const COOKIES: [&str; 3] = ["cookies_client", "cookies_valid", "cookies_invalid"];

/// One shard's counters, alone on its cache lines so that shards do not slow each other down.
#[derive(Default)]
#[repr(align(128))]
pub struct Counters {
    queries: [AtomicU64; QUERIES.len()],
    rcodes: [AtomicU64; RCODES.len()],
    cache_hits: AtomicU64,
    cache_misses: AtomicU64,
    truncated: AtomicU64,
    dropped: AtomicU64,
    panics: AtomicU64,
    evicted: AtomicU64,
    refused_proxies: AtomicU64,
    slipped: AtomicU64,
    limited: AtomicU64,
    cookies: [AtomicU64; COOKIES.len()],
}

impl Counters {
    /// A query came in.
    pub fn query(&self, client: Client) {
        let row = match client.transport {
            Transport::Udp => 0,
            Transport::Tcp => 2,
        };
        add(&self.queries[row + usize::from(client.address.is_ipv6())]);
    }

    /// A reply was made.
    pub fn reply(&self, outcome: Outcome) {
        if let Some(index) = RCODES.iter().position(|row| row.0 == outcome.rcode) {
            add(&self.rcodes[index]);
        }
        if outcome.truncated {
            add(&self.truncated);
        }
        match outcome.hit {
            Some(true) => add(&self.cache_hits),
            Some(false) => add(&self.cache_misses),
            None => (),
        }
        if let Some(presented) = outcome.cookie {
            add(&self.cookies[presented as usize]);
        }
    }

    /// A query got no reply: none may be sent, or the network did not take it.
    pub fn drop(&self) {
        add(&self.dropped);
    }

    /// The rate limiter decided about a reply.
    pub fn limit(&self, verdict: Verdict) {
        match verdict {
            Verdict::Send => (),
            Verdict::Slip => add(&self.slipped),
            Verdict::Drop => add(&self.limited),
        }
    }

    /// A connection was closed to make room for another.
    pub fn evict(&self) {
        add(&self.evicted);
    }

    /// A datagram or a connection began without the PROXY header that it needs, or with one that it
    /// may not have.
    pub fn refuse_proxy(&self) {
        add(&self.refused_proxies);
    }

    /// Answering panicked.
    pub fn panic(&self) {
        add(&self.panics);
    }

    /// Every counter with its name.
    pub fn rows(&self) -> impl Iterator<Item = (&'static str, u64)> {
        let queries = QUERIES.into_iter().zip(&self.queries);
        let rcodes = RCODES.into_iter().map(|row| row.1).zip(&self.rcodes);
        let others = [
            ("cache_hits", &self.cache_hits),
            ("cache_misses", &self.cache_misses),
            ("truncated", &self.truncated),
            ("dropped", &self.dropped),
            ("panics", &self.panics),
            ("tcp_evicted", &self.evicted),
            ("proxy_refused", &self.refused_proxies),
            ("rate_limit_slipped", &self.slipped),
            ("rate_limit_dropped", &self.limited),
        ];
        let cookies = COOKIES.into_iter().zip(&self.cookies);
        queries
            .chain(rcodes)
            .chain(cookies)
            .chain(others)
            .map(|(name, value)| (name, value.load(Relaxed)))
    }

    /// The value of one counter; 0 where there is none of that name.
    pub fn get(&self, name: &str) -> u64 {
        self.rows().find(|row| row.0 == name).map_or(0, |row| row.1)
    }
}

/// Add one. Only the shard's own thread writes, so no read-modify-write instruction is needed.
fn add(counter: &AtomicU64) {
    counter.store(counter.load(Relaxed) + 1, Relaxed);
}
