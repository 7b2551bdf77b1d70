//! Response rate limiting: nobody may use this server to flood a victim whose address they forge.
//!
//! Over UDP anyone can send queries with the address of a victim, and the victim gets the replies,
//! which are larger. These replies have a pattern: many of one kind, about one name, to one
//! network. Each shard keeps an *account* for every (network, kind of reply, name), and limits the
//! replies on one account:
//!
//! ```text
//! network  the client's /24 or /56: a site, as a flood is often spread over its addresses
//! kind     answer, synthesis, referral, negative, error (`answer::subject`)
//! name     of the data that the reply is made of: the question's name, or of a wildcard or DNAME
//!          its owner; the zone cut; the zone, also where it is withheld; none for other errors. So
//!          names made up by the thousands under a wildcard or in a zone come to one account.
//! ```
//!
//! Over the limit, every second reply is *slipped*: sent without records, so that it is hardly
//! larger than the query. It makes a client whose address is not forged ask again and prove its
//! address: with TC it asks over TCP, and with BADCOOKIE and a good cookie, for clients that speak
//! cookies, it asks with that cookie. The other replies are dropped. Errors are small and have no
//! records, so they are slipped as they are.
//!
//! Resolvers ask more often for a zone that is withheld, because they keep SERVFAIL only for a
//! short time. In one account of all errors, many such zones would use up the replies of each
//! other; and a resolver that gets no replies asks this server less, also for what it serves. So
//! each of them has an account of its own.
//!
//! A client that has proved its address is never limited: over TCP, or with a valid cookie. Nor are
//! loopback addresses and the prefixes that the operator names (`options`).
//!
//! The default is the limit of NSD: 200 replies a second. A resolver asks for one name once in a
//! TTL. Many resolvers can share a /24, but together they still ask for one name far less often.
//! All queries for one name come to one shard, so the limit is exact for the answers of an edge.
//! Random names below a wildcard or in a zone come to all of its shards, so their subject gets up
//! to the limit from each. Edges do not share accounts.
//!
//! An account is a point in time: each reply moves it on by 1/limit seconds, and when it is more
//! than a second ahead of now the limit is reached (a token bucket in the form of GCRA). An account
//! that is not ahead of now means the same as none. So the table has a fixed size and is never
//! cleaned: a new account replaces the one in its set that is least ahead, and except in the
//! greatest floods that is one that means nothing any more.

use super::options::Options;
use crate::answer::cookies::Presented;
use crate::answer::{Client, Outcome, Seed, Transport, hash};
use std::net::IpAddr;
use std::sync::Arc;
use std::time::{Duration, Instant};

/// Bits of an IPv4 address that are counted as one: the smallest network that is routed by itself.
const IPV4_BITS: u32 = 24;
/// Bits of an IPv6 address that are counted as one: the smallest network that a site usually gets
/// (RFC 6177 section 2).
const IPV6_BITS: u32 = 56;
/// The time whose replies may be sent at once.
const BURST: Duration = Duration::from_secs(1);
/// Sets of accounts in a table. A reply keeps its account ahead of now for 1/limit seconds, so a
/// shard that sends 300,000 a second has 1,500 such accounts at the usual limit, whatever is asked.
/// The table holds ten times as many in 256 KiB, which stay in a processor's cache.
const SETS: usize = 1 << 12;
/// Accounts in a set: 64 octets, which a processor loads at once.
const WAYS: usize = 4;

/// What becomes of a reply.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// It is sent.
    Send,
    /// It is sent without records, in a form that only a real client can use.
    Slip,
    /// It is not sent.
    Drop,
}

/// The accounts of one shard.
pub struct RateLimiter {
    options: Arc<Options>,
    /// Nanoseconds by which a reply moves its account on.
    cost: u64,
    began: Instant,
    /// Nanoseconds since then.
    now: u64,
    /// Secret, so that nobody can choose clients or names whose accounts collide.
    seed: Seed,
    sets: Box<[[Account; WAYS]]>,
}

#[derive(Clone, Copy, Default)]
struct Account {
    /// A hash of what it is for. Its lowest bit alternates: to slip or to drop.
    tag: u64,
    /// The point in time, in nanoseconds.
    until: u64,
}

impl RateLimiter {
    /// An empty table; None where nothing is limited.
    pub fn new(options: &Arc<Options>, now: Instant) -> Option<RateLimiter> {
        let second = nanoseconds(Duration::from_secs(1));
        let cost = second.checked_div(options.responses_per_second.into())?;
        Some(RateLimiter {
            options: Arc::clone(options),
            cost,
            began: now,
            now: 0,
            seed: Seed::random(),
            sets: vec![[Account::default(); WAYS]; SETS].into(),
        })
    }

    /// Tell the time, once for a batch of replies.
    pub fn set_time(&mut self, now: Instant) {
        self.now = nanoseconds(now - self.began);
    }

    /// Counts the reply to a query on its account.
    pub fn judge(&mut self, client: Client, outcome: &Outcome, query: &[u8]) -> Verdict {
        let is_proved =
            client.transport == Transport::Tcp || outcome.cookie == Some(Presented::Valid);
        if is_proved || self.options.is_exempt(client.address) {
            return Verdict::Send;
        }
        let subject = outcome.subject;
        let seed = self.seed.with(network(client.address));
        let hash = hash(seed, subject.name(query), subject.kind as u16);
        let (now, cost) = (self.now, self.cost);
        let account = self.account(hash);
        let until = account.until.max(now) + cost;
        if until <= now + nanoseconds(BURST) {
            account.until = until;
            return Verdict::Send;
        }
        account.tag ^= 1;
        if account.tag & 1 == 1 {
            Verdict::Slip
        } else {
            Verdict::Drop
        }
    }

    /// The account with a hash, made in the place of the one that is least ahead.
    fn account(&mut self, hash: u64) -> &mut Account {
        let set = &mut self.sets[(hash >> 32) as usize % SETS];
        let tag = hash & !1;
        let known = set.iter().position(|account| account.tag & !1 == tag);
        let way = known.unwrap_or_else(|| {
            let idlest = (0..WAYS).min_by_key(|way| set[*way].until).unwrap_or(0);
            set[idlest] = Account { tag, until: 0 };
            idlest
        });
        &mut set[way]
    }
}

fn nanoseconds(duration: Duration) -> u64 {
    duration.as_nanos() as u64
}

/// The network that a client is counted with, as a number: even for IPv4, whose last bits are
/// cleared, and odd for IPv6.
fn network(address: IpAddr) -> u64 {
    match address {
        IpAddr::V4(address) => u64::from(u32::from(address) & (u32::MAX << (32 - IPV4_BITS))),
        IpAddr::V6(address) => {
            let first_half = (u128::from(address) >> 64) as u64;
            first_half & (u64::MAX << (64 - IPV6_BITS)) | 1
        }
    }
}

#[cfg(test)]
mod tests;
