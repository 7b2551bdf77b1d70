//! What one shard has seen. One thread writes a row, any thread may read it.

use super::counting::add;
use super::durations::{self, Histogram};
use super::rate_limits::Verdict;
use super::receive_drops::ReceiveDrops;
use crate::answer::{Client, Outcome, Transport};
use crate::rdata::types;
use std::net::UdpSocket;
use std::sync::Arc;
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

/// Query types that are counted one by one, the most frequent first, and the row of each.
const TYPES: [(u16, &str); 15] = [
    (types::A, "type_A"),
    (types::AAAA, "type_AAAA"),
    (types::HTTPS, "type_HTTPS"),
    (types::NS, "type_NS"),
    (types::TXT, "type_TXT"),
    (types::MX, "type_MX"),
    (types::SOA, "type_SOA"),
    (types::DS, "type_DS"),
    (types::CNAME, "type_CNAME"),
    (types::PTR, "type_PTR"),
    (types::SRV, "type_SRV"),
    (types::DNSKEY, "type_DNSKEY"),
    (types::CAA, "type_CAA"),
    (types::SVCB, "type_SVCB"),
    (types::ANY, "type_ANY"),
];

/// The row of all other types, and of queries without a question.
const OTHER_TYPE: &str = "type_other";

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
    types: [AtomicU64; TYPES.len() + 1],
    rcodes: [AtomicU64; RCODES.len()],
    cache_hits: AtomicU64,
    cache_misses: AtomicU64,
    cache_evictions: AtomicU64,
    truncated: AtomicU64,
    dropped: AtomicU64,
    panics: AtomicU64,
    evicted: AtomicU64,
    refused_proxies: AtomicU64,
    slipped: AtomicU64,
    limited: AtomicU64,
    cookies: [AtomicU64; COOKIES.len()],
    udp: Histogram,
    tcp: Histogram,
    receive_drops: ReceiveDrops,
}

impl Counters {
    /// The row of the shard that has these UDP sockets.
    pub fn of<'s>(sockets: impl Iterator<Item = &'s Arc<UdpSocket>>) -> Counters {
        Counters {
            receive_drops: ReceiveDrops::of(sockets),
            ..Counters::default()
        }
    }

    /// A query came in.
    pub fn query(&self, client: Client) {
        let row = match client.transport {
            Transport::Udp => 0,
            Transport::Tcp => 2,
        };
        count(&self.queries[row + usize::from(client.address.is_ipv6())]);
    }

    /// A query was read, and its question asked for a type, if it had one.
    pub fn question(&self, qtype: Option<u16>) {
        let known = TYPES.iter().position(|row| Some(row.0) == qtype);
        count(&self.types[known.unwrap_or(TYPES.len())]);
    }

    /// How long responses took.
    pub fn durations(&self, transport: Transport) -> &Histogram {
        match transport {
            Transport::Udp => &self.udp,
            Transport::Tcp => &self.tcp,
        }
    }

    /// So many entries were lost by the cache of the shard since it was made.
    pub fn evictions(&self, total: u64) {
        self.cache_evictions.store(total, Relaxed);
    }

    /// Datagrams that the kernel dropped at the shard's sockets.
    pub fn receive_drops(&self) -> u64 {
        self.receive_drops.read()
    }

    /// A reply was made.
    pub fn reply(&self, outcome: Outcome) {
        if let Some(index) = RCODES.iter().position(|row| row.0 == outcome.rcode) {
            count(&self.rcodes[index]);
        }
        if outcome.truncated {
            count(&self.truncated);
        }
        match outcome.hit {
            Some(true) => count(&self.cache_hits),
            Some(false) => count(&self.cache_misses),
            None => (),
        }
        if let Some(presented) = outcome.cookie {
            count(&self.cookies[presented as usize]);
        }
    }

    /// A query got no reply: none may be sent, or the network did not take it.
    pub fn drop(&self) {
        count(&self.dropped);
    }

    /// The rate limiter decided about a reply.
    pub fn limit(&self, verdict: Verdict) {
        match verdict {
            Verdict::Send => (),
            Verdict::Slip => count(&self.slipped),
            Verdict::Drop => count(&self.limited),
        }
    }

    /// A connection was closed to make room for another.
    pub fn evict(&self) {
        count(&self.evicted);
    }

    /// A datagram or a connection began without the PROXY header that it needs, or with one that it
    /// may not have.
    pub fn refuse_proxy(&self) {
        count(&self.refused_proxies);
    }

    /// Answering panicked.
    pub fn panic(&self) {
        count(&self.panics);
    }

    /// Every counter with its name.
    pub fn rows(&self) -> impl Iterator<Item = (&'static str, u64)> {
        let queries = QUERIES.into_iter().zip(&self.queries);
        let rcodes = RCODES.into_iter().map(|row| row.1).zip(&self.rcodes);
        let others = [
            ("cache_hits", &self.cache_hits),
            ("cache_misses", &self.cache_misses),
            ("cache_evictions", &self.cache_evictions),
            ("truncated", &self.truncated),
            ("dropped", &self.dropped),
            ("panics", &self.panics),
            ("tcp_evicted", &self.evicted),
            ("proxy_refused", &self.refused_proxies),
            ("rate_limit_slipped", &self.slipped),
            ("rate_limit_dropped", &self.limited),
        ];
        let cookies = COOKIES.into_iter().zip(&self.cookies);
        let types = TYPES.into_iter().map(|row| row.1).chain([OTHER_TYPE]);
        let udp = durations::UDP.into_iter().zip(self.udp.values());
        let tcp = durations::TCP.into_iter().zip(self.tcp.values());
        queries
            .chain(types.zip(&self.types))
            .chain(rcodes)
            .chain(cookies)
            .chain(others)
            .chain(udp)
            .chain(tcp)
            .map(|(name, value)| (name, value.load(Relaxed)))
            .chain([("receive_drops", self.receive_drops())])
    }

    /// The value of one counter; 0 where there is none of that name.
    pub fn get(&self, name: &str) -> u64 {
        self.rows().find(|row| row.0 == name).map_or(0, |row| row.1)
    }
}

fn count(counter: &AtomicU64) {
    add(counter, 1);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_type_has_its_row() {
        let counters = Counters::default();
        for (rtype, _) in TYPES {
            counters.question(Some(rtype));
        }
        for rtype in [Some(0), Some(types::HINFO), Some(65_535), None] {
            counters.question(rtype);
        }
        for (_, name) in TYPES {
            assert_eq!(counters.get(name), 1, "{name}");
        }
        assert_eq!(counters.get(OTHER_TYPE), 4);
    }
}
