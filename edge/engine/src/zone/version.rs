//! One version of a zone: its records, and what is known of them as a whole.

use std::cmp::Ordering;
use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

use super::bucket::PinnedNode;
use super::buckets::{Buckets, Seek};
use super::chain::Chain;
use super::entry::Entry;
use super::errors::ZoneError;
use super::hashing::{Hashing, MOST_ITERATIONS};
use super::negative_soa::NegativeSoa;
use super::rrset::{Node, Rrset};
use super::sorting::sort_by_owner;
use super::totals::Totals;
use crate::name::{self, Name};
use crate::rdata::types::{NS, NSEC3PARAM, SOA};

/// Octets of SOA rdata behind its two names (RFC 1035 section 3.3.13); the serial comes first.
pub(super) const SOA_NUMBERS: usize = 20;

/// How many versions of zones were finished in this process.
static VERSIONS: AtomicU64 = AtomicU64::new(0);

/// The records of one zone.
#[derive(Clone)]
pub struct Zone {
    pub(super) origin: Name,
    pub(super) names: Buckets,
    /// The owners of NSEC and NSEC3 records, in order.
    pub(super) chain: Chain,
    /// Nearly every query reads it. Set when a version is complete.
    pub(super) apex: PinnedNode,
    /// Set when a version is finished.
    pub(super) negative_soa: Arc<NegativeSoa>,
    pub(super) totals: Totals,
    pub(super) version: u64,
}

impl Zone {
    /// A zone without records, to begin with.
    pub(super) fn empty(origin: &Name) -> Zone {
        Zone {
            origin: origin.to_folded(),
            names: Buckets::default(),
            chain: Chain::default(),
            apex: PinnedNode::default(),
            negative_soa: Arc::default(),
            totals: Totals::default(),
            version: 0,
        }
    }

    /// The apex name, folded.
    pub fn origin(&self) -> &Name {
        &self.origin
    }

    /// The node of a folded owner name; empty non-terminals are nodes too.
    pub fn node(&self, folded_owner: &[u8]) -> Option<Node<'_>> {
        self.names.get(folded_owner)
    }

    /// Begins to look up a folded owner name: the processor is asked to load what is read first.
    pub fn seek(&self, folded_owner: &[u8]) -> Seek<'_> {
        self.names.seek(folded_owner)
    }

    /// The node of the origin.
    pub fn apex(&self) -> Node<'_> {
        self.apex.node()
    }

    /// Whether the zone has no zone cut and no DNAME, so that each node answers for its own name.
    pub fn hides_nothing(&self) -> bool {
        self.totals.hiding == usize::from(self.apex().get(NS).is_some())
    }

    /// Whether the zone has no wildcard.
    pub fn has_no_wildcard(&self) -> bool {
        self.totals.wild == 0
    }

    /// Whether the zone has no NSEC3 record, so that each name with records is answered.
    pub fn has_no_nsec3(&self) -> bool {
        self.nsec3_rrsets() == 0
    }

    /// How many RRsets of type NSEC3 the zone has.
    pub fn nsec3_rrsets(&self) -> usize {
        self.totals.hashed
    }

    /// The SOA RRset; always one record.
    pub fn soa(&self) -> Rrset<'_> {
        self.apex().get(SOA).expect("a zone has a SOA")
    }

    pub(super) fn soa_rdata(&self) -> &[u8] {
        self.soa().rdatas().next().expect("a SOA has rdata")
    }

    /// The SOA serial.
    pub fn serial(&self) -> u32 {
        let rdata = self.soa_rdata();
        let serial = &rdata[rdata.len() - SOA_NUMBERS..][..4];
        u32::from_be_bytes(serial.try_into().expect("four octets"))
    }

    /// Seconds that a negative answer holds: the TTL of the SOA, at most its MINIMUM (RFC 2308
    /// section 3).
    pub fn negative_ttl(&self) -> u32 {
        let minimum = self.soa_rdata().last_chunk();
        let minimum = minimum.expect("a SOA ends in numbers");
        self.soa().ttl.min(u32::from_be_bytes(*minimum))
    }

    /// The SOA record of a negative answer.
    pub fn negative_soa(&self) -> &NegativeSoa {
        &self.negative_soa
    }

    /// How many RRsets.
    pub fn rrsets(&self) -> usize {
        self.totals.rrsets
    }

    /// How many RRsets that signing does not make.
    pub fn ordinary_rrsets(&self) -> usize {
        self.totals.ordinary
    }

    /// How many records.
    pub fn records(&self) -> usize {
        self.totals.records
    }

    /// The sum modulo 2^256 of BLAKE2b-256 over each encoded RRset, most significant octet first.
    pub fn digest(&self) -> [u8; 32] {
        self.totals.digest.to_bytes()
    }

    /// A number that no other version of any zone in this process has; never 0, and the same in
    /// clones. What was computed from a zone is valid for its version.
    pub fn version(&self) -> u64 {
        self.version
    }

    /// The names that own records, in canonical order (RFC 4034 section 6.1).
    pub fn sorted(&self) -> impl Iterator<Item = (&[u8], Node<'_>)> {
        let entries = self.names.iter().filter(|entry| !entry.node.is_empty());
        let owners = entries.map(|entry| (entry.owner, entry.node));
        sort_by_owner(&self.origin, owners, |_, _| Ordering::Equal)
    }

    /// Some of the names: each is in one part, of which there are more in a larger zone. None behind
    /// the last part.
    pub fn part(&self, at: usize) -> Option<impl Iterator<Item = Entry<'_>>> {
        self.names.part(at)
    }

    /// Calls `each` with the owners whose nodes may differ in a newer version, and the node in either.
    /// What both share is skipped.
    pub fn each_difference<'a>(
        &'a self,
        new: &'a Zone,
        each: impl FnMut(&'a [u8], Option<Node<'a>>, Option<Node<'a>>),
    ) {
        self.names.each_difference(&new.names, each);
    }

    /// This zone as a version of its own, where it has a SOA.
    pub(super) fn complete(mut self) -> Result<Zone, ZoneError> {
        let apex = self.names.pin(self.origin.as_wire());
        self.apex = apex.ok_or(ZoneError::NoSoa)?;
        self.check_soa()?;
        self.check_hashing()?;
        let (origin, rdata) = (self.origin.as_wire(), self.soa_rdata());
        let soa = NegativeSoa::new(origin, rdata, self.negative_ttl());
        self.negative_soa = Arc::new(soa);
        self.version = VERSIONS.fetch_add(1, Relaxed) + 1;
        Ok(self)
    }

    /// The parameters of the apex that say that a chain is complete.
    pub(crate) fn hashings(&self) -> impl Iterator<Item = Hashing<'_>> {
        let rdatas = self.apex().get(NSEC3PARAM).into_iter();
        let rdatas = rdatas.flat_map(Rrset::rdatas);
        rdatas
            .filter(|rdata| rdata.get(1) == Some(&0))
            .filter_map(Hashing::of)
    }

    /// Whether names are hashed no more often than validators accept.
    fn check_hashing(&self) -> Result<(), ZoneError> {
        let too_many = self
            .hashings()
            .find(|hashing| hashing.iterations > MOST_ITERATIONS);
        too_many.map_or(Ok(()), |hashing| {
            Err(ZoneError::Iterations(hashing.iterations))
        })
    }

    /// Whether the SOA is one record of two names and five numbers.
    fn check_soa(&self) -> Result<(), ZoneError> {
        let soa = self.apex().get(SOA).ok_or(ZoneError::NoSoa)?;
        let mut rdatas = soa.rdatas();
        let (Some(rdata), None) = (rdatas.next(), rdatas.next()) else {
            return Err(ZoneError::BadSoa);
        };
        let mname = name::wire_len(rdata).ok_or(ZoneError::BadSoa)?;
        let rname = name::wire_len(&rdata[mname..]).ok_or(ZoneError::BadSoa)?;
        if rdata.len() != mname + rname + SOA_NUMBERS {
            return Err(ZoneError::BadSoa);
        }
        Ok(())
    }
}

impl fmt::Debug for Zone {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "Zone({} with {} records)",
            self.origin, self.totals.records
        )
    }
}
