//! When the signatures of a zone are valid (RFC 4034 section 3.1.5).
//!
//! No server can see whether a validator takes an answer, but it can see when none will: once the
//! signatures of some RRset have ended, or before they begin. Not every signature in a zone decides
//! that:
//!
//! * Only one by a zone key of the apex counts, and only where the RRset that it covers is there. A
//!   validator has no other key, and signers leave signatures of former keys behind for a while.
//!   What a revoked key signed counts for nothing (RFC 5011 section 2.1).
//! * Of several by keys of one algorithm a validator needs one. It may know only one algorithm, so
//!   each algorithm counts for itself (RFC 4035 section 2.2).
//! * For the DNSKEY RRset each key counts for itself: which of them a validator begins with is said
//!   by the parent, and not known here.
//!
//! The signatures of which one is enough are taken together: they are valid from the earliest
//! inception to the latest expiration, and nobody looks for a gap between two of them. Of all these
//! periods the first end and the last beginning are those of the zone.
//!
//! Nothing is verified, and a signature that is missing is not found here. One look goes through
//! the whole zone, so whoever asks should ask once for each version.

use std::cmp::Reverse;

use super::rrset::{Node, Rrset};
use super::version::Zone;
use crate::rdata::types::{DNSKEY, RRSIG};

/// The flag of keys that sign a zone (RFC 4034 section 2.1.1).
const ZONE_KEY: u16 = 0x0100;
/// The flag of keys that nobody should trust any more (RFC 5011 section 7).
const REVOKED: u16 = 0x0080;
/// Octets of RRSIG rdata before the signer's name (RFC 4034 section 3.1).
const HEAD: usize = 18;

/// When the signatures of some RRset begin, or end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Moment<'z> {
    /// Unix time in seconds.
    pub at: i64,
    /// Folded; the shortest where several RRsets share the moment.
    pub owner: &'z [u8],
    /// The type that is signed.
    pub rtype: u16,
}

/// When all signatures of a zone are valid.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Period<'z> {
    /// When the last ones begin.
    pub begins: Moment<'z>,
    /// When the first ones end.
    pub ends: Moment<'z>,
}

impl Zone {
    /// When all signatures are valid; `now` is Unix time in seconds. The times of signatures have
    /// 32 bits and go around: each is taken to be the one nearest to `now`.
    ///
    /// None where the zone is not signed, or no signature is by a key of its apex.
    pub fn signature_period(&self, now: i64) -> Option<Period<'_>> {
        if !self.is_signed() {
            return None;
        }
        let keys = keys(self.apex());
        let mut alternatives = Vec::new();
        let mut found: Option<Period> = None;
        for entry in self.names.iter() {
            gather(entry.node, &keys, now, &mut alternatives);
            for each in alternatives.drain(..) {
                let period = each.period(entry.owner);
                found = Some(found.map_or(period, |found| found.and(period)));
            }
        }
        found
    }
}

impl<'z> Moment<'z> {
    /// Which of the RRsets with one moment is told of: the choice must not depend on the order in
    /// which a zone is gone through, and the apex says most to people.
    fn rank(self) -> (usize, &'z [u8], u16) {
        (self.owner.len(), self.owner, self.rtype)
    }
}

impl<'z> Period<'z> {
    /// When both are valid.
    fn and(self, other: Period<'z>) -> Period<'z> {
        let late = |moment: Moment<'z>| (Reverse(moment.at), moment.rank());
        let early = |moment: Moment<'z>| (moment.at, moment.rank());
        let later = late(other.begins) < late(self.begins);
        let earlier = early(other.ends) < early(self.ends);
        Period {
            begins: if later { other.begins } else { self.begins },
            ends: if earlier { other.ends } else { self.ends },
        }
    }
}

/// Algorithm and tag of a key.
#[derive(Clone, Copy, PartialEq, Eq)]
struct KeyId(u8, u16);

/// Signatures of one RRset, of which a validator needs one.
struct Alternatives {
    covered: u16,
    algorithm: u8,
    /// The tag of their key, for the DNSKEY RRset.
    tag: Option<u16>,
    /// The earliest inception.
    begins: i64,
    /// The latest expiration.
    ends: i64,
}

impl Alternatives {
    fn period<'z>(&self, owner: &'z [u8]) -> Period<'z> {
        let rtype = self.covered;
        let moment = |at| Moment { at, owner, rtype };
        Period {
            begins: moment(self.begins),
            ends: moment(self.ends),
        }
    }
}

/// Adds the signatures of a node that count.
fn gather(node: Node<'_>, keys: &[KeyId], now: i64, found: &mut Vec<Alternatives>) {
    for rdata in node.get(RRSIG).into_iter().flat_map(Rrset::rdatas) {
        let Some(head) = rdata.first_chunk::<HEAD>() else {
            continue;
        };
        let covered = u16::from_be_bytes([head[0], head[1]]);
        let algorithm = head[2];
        let tag = u16::from_be_bytes([head[16], head[17]]);
        if !keys.contains(&KeyId(algorithm, tag)) || node.get(covered).is_none() {
            continue;
        }
        let time = |at: usize| {
            let octets = head[at..].first_chunk().expect("within the head");
            nearest(u32::from_be_bytes(*octets), now)
        };
        let (ends, begins) = (time(8), time(12));
        let tag = (covered == DNSKEY).then_some(tag);
        // From behind: signatures are sorted by type and algorithm.
        let same = |each: &&mut Alternatives| {
            (each.covered, each.algorithm, each.tag) == (covered, algorithm, tag)
        };
        if let Some(each) = found.iter_mut().rev().find(same) {
            each.begins = each.begins.min(begins);
            each.ends = each.ends.max(ends);
        } else {
            found.push(Alternatives {
                covered,
                algorithm,
                tag,
                begins,
                ends,
            });
        }
    }
}

/// The keys of an apex that may sign the zone.
fn keys(apex: Node<'_>) -> Vec<KeyId> {
    let rdatas = apex.get(DNSKEY).into_iter().flat_map(Rrset::rdatas);
    rdatas
        .filter_map(|rdata| {
            let &[f0, f1, _, algorithm] = rdata.first_chunk()?;
            let flags = u16::from_be_bytes([f0, f1]);
            (flags & (ZONE_KEY | REVOKED) == ZONE_KEY).then(|| KeyId(algorithm, key_tag(rdata)))
        })
        .collect()
}

/// The tag of a key (RFC 4034 appendix B); that of algorithm 1, which nobody may use, is another.
fn key_tag(rdata: &[u8]) -> u16 {
    let words = rdata.chunks(2).map(|pair| {
        let low = pair.get(1).copied().unwrap_or(0);
        u32::from(u16::from_be_bytes([pair[0], low]))
    });
    let sum: u32 = words.sum();
    (sum + (sum >> 16)) as u16
}

/// The moment nearest to `now` of those that 32 bits may mean (RFC 4034 section 3.1.5, RFC 1982).
fn nearest(time: u32, now: i64) -> i64 {
    let distance = time.wrapping_sub(now as u32) as i32;
    now.saturating_add(i64::from(distance))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_go_around() {
        const LAST: i64 = u32::MAX as i64;
        for (time, now, expected) in [
            (1_700_000_000, 1_700_000_001, 1_700_000_000),
            (0, LAST, LAST + 1),
            (5, LAST - 10, LAST + 6),
            (u32::MAX, LAST + 3, LAST),
            (0x8000_0000, LAST + 1, LAST + 1 - 0x8000_0000),
            (7, i64::MAX, i64::MAX),
        ] {
            assert_eq!(nearest(time, now), expected, "{time} at {now}");
        }
    }
}
