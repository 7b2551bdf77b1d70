//! The records of one zone, immutable and cheap to clone.
//!
//! A zone is a map from owner name to [`Node`]. Edges answer from one version while the next is
//! made, and a change of one record must cost the same in a zone of ten names and of a million.
//! So the map is persistent: its parts are shared between versions, and a change copies the parts it
//! touches. And a zone is what most of the memory of an edge holds, so its parts are packed: 100
//! names and all their records are one piece of memory, without an allocation or a pointer for a
//! name. A name with one address takes some 58 octets.
//!
//! ```text
//! Zone ─► list of chunks ─► chunk ─► bucket          ─► entry
//!         copied with        128      100 names,         owner, children, RRsets as they are
//!         each version       buckets  copied by a        encoded: nodes and RRsets are views
//!         (see [`buckets`])           change             of these octets (see [`entry`])
//!                                     (see [`bucket`])
//! ```
//!
//! Empty non-terminals are nodes without RRsets, kept by the count of their children, so "does this
//! name exist" is one look-up (RFC 4592 section 2.2.2).
//!
//! What always holds: owners are folded and at or below the origin; the apex has one SOA record;
//! the rdata of an RRset is sorted, without duplicates, and at most 64 KiB as a whole.

mod bucket;
mod buckets;
mod deltas;
mod denial;
mod digest;
mod edits;
mod encoding;
mod entry;
mod errors;
mod loading;
mod reading;
mod rrset;
mod sorting;
mod totals;

use std::cmp::Ordering;
use std::fmt;
use std::sync::Arc;
use std::sync::atomic::AtomicU64;

use crate::name::{self, Name};
use crate::rdata::types::{NS, SOA};
use bucket::Kept;
use buckets::Buckets;
pub use buckets::Seek;
pub use deltas::Delta;
use deltas::write_record;
pub use denial::Denial;
pub(crate) use edits::Edit;
pub use errors::{DecodeError, ZoneError};
pub(crate) use loading::Loading;
pub(crate) use rrset::canonical_cmp;
pub use rrset::{Node, Rrset, RrsetError};
pub(crate) use sorting::sort_by_owner;
use totals::Totals;

/// Octets of SOA rdata behind its two names (RFC 1035 section 3.3.13); the serial comes first.
const SOA_NUMBERS: usize = 20;

/// How many versions of zones were finished in this process.
static VERSIONS: AtomicU64 = AtomicU64::new(0);

/// The records of one zone.
#[derive(Clone)]
pub struct Zone {
    origin: Name,
    names: Buckets,
    /// Nearly every query asks for it; set when a version is finished.
    apex: Kept,
    /// Set when a version is finished.
    denial: Arc<Denial>,
    totals: Totals,
    version: u64,
}

impl Zone {
    /// No records yet: only a start.
    fn empty(origin: &Name) -> Zone {
        Zone {
            origin: origin.to_folded(),
            names: Buckets::default(),
            apex: Kept::default(),
            denial: Arc::default(),
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

    /// Begins to look for a folded owner name that `node` will be asked for.
    pub fn seek(&self, folded_owner: &[u8]) -> Seek<'_> {
        self.names.seek(folded_owner)
    }

    /// The node of the origin.
    pub fn apex(&self) -> Node<'_> {
        self.apex.node()
    }

    /// Whether every node that exists is what answers for its name: there is no zone cut and no DNAME.
    pub fn hides_nothing(&self) -> bool {
        self.totals.hiding == usize::from(self.apex().get(NS).is_some())
    }

    /// Whether no name is answered for by a wildcard.
    pub fn has_no_wildcard(&self) -> bool {
        self.totals.wild == 0
    }

    /// The SOA RRset; always one record.
    pub fn soa(&self) -> Rrset<'_> {
        self.apex().get(SOA).expect("a zone has a SOA")
    }

    fn soa_rdata(&self) -> &[u8] {
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
    pub fn denial(&self) -> &Denial {
        &self.denial
    }

    /// How many RRsets.
    pub fn rrsets(&self) -> usize {
        self.totals.rrsets
    }

    /// How many records.
    pub fn records(&self) -> usize {
        self.totals.records
    }

    /// The sum modulo 2^256 of BLAKE2b-256 over each encoded RRset, most significant octet first.
    pub fn digest(&self) -> [u8; 32] {
        self.totals.digest.to_bytes()
    }

    /// What tells this version of the zone from all others that this process has made, of any zone:
    /// never 0, and the same in clones. What was computed from a zone holds for its version.
    pub fn version(&self) -> u64 {
        self.version
    }

    /// This zone with another SOA serial.
    pub fn with_serial(&self, serial: u32) -> Zone {
        let soa = self.soa();
        let mut rdata = self.soa_rdata().to_vec();
        let at = rdata.len() - SOA_NUMBERS;
        rdata[at..at + 4].copy_from_slice(&serial.to_be_bytes());
        let (mut rdatas, mut buffer) = (vec![&*rdata], Vec::new());
        let soa = Rrset::new(SOA, soa.ttl, &mut rdatas, &mut buffer).expect("as large as before");
        let mut edit = Edit::new(self.clone());
        edit.set(self.origin.as_wire(), soa)
            .expect("the apex is in the zone and as large as before");
        edit.finish().expect("the SOA is as well-formed as before")
    }

    /// The names that own records, in canonical order (RFC 4034 section 6.1).
    pub fn sorted(&self) -> impl Iterator<Item = (&[u8], Node<'_>)> {
        let entries = self.names.iter().filter(|entry| !entry.node.is_empty());
        let owners = entries.map(|entry| (entry.owner, entry.node));
        sort_by_owner(&self.origin, owners, |_, _| Ordering::Equal)
    }

    /// A master file: absolute names, canonical order, one record a line (RFC 1035 section 5).
    ///
    /// But for the SOA, which comes first, because its owner tells a reader the origin.
    pub fn to_text(&self) -> String {
        let mut text = String::new();
        let mut write = |owner, rrset: Rrset<'_>| {
            for rdata in rrset.rdatas() {
                write_record(owner, rrset, rdata, &mut text);
                text.push('\n');
            }
        };
        write(self.origin.as_wire(), self.soa());
        for (owner, node) in self.sorted() {
            let is_apex = owner == self.origin.as_wire();
            for rrset in node
                .rrsets()
                .filter(|rrset| !(is_apex && rrset.rtype == SOA))
            {
                write(owner, rrset);
            }
        }
        text
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

#[cfg(test)]
mod tests;
