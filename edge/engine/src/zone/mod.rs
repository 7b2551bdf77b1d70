//! The records of one zone, immutable and cheap to clone.
//!
//! A zone is a map from owner name to [`Node`]. Edges answer from one version while the next is
//! made, and a change of one record must cost the same in a zone of ten names and of a million.
//! So the map is persistent: its parts are shared between versions, and a change copies the parts it
//! touches. And a zone is what most of the memory of an edge holds, so its parts are packed: 100
//! names and all their records are one piece of memory, without an allocation or a pointer for a
//! name. A name with one address takes some 55 octets.
//!
//! ```text
//! Zone ─► list of chunks ─► chunk ─► bucket          ─► entry
//!         copied with        128      100 names,         owner, children, RRsets as they are
//!         each version       buckets  copied by a        encoded: nodes and RRsets are views
//!         (see [`buckets`])           change             of these octets (see [`entry`])
//!                                     (see [`bucket`])
//! ```
//!
//! Whatever a zone knows about the whole of itself (counts, digest) follows each change by adding
//! and subtracting, never by another walk.
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

use std::cmp::Ordering;
use std::fmt;
use std::sync::Arc;
use std::sync::atomic::AtomicU64;

use crate::name::{self, Name};
use crate::rdata::types::{DNAME, NS, SOA};
use bucket::Kept;
use buckets::Buckets;
pub use buckets::Seek;
pub use deltas::Delta;
use deltas::write_record;
pub use denial::Denial;
use digest::Digest;
pub(crate) use edits::Edit;
use entry::Entry;
pub use errors::{DecodeError, ZoneError};
pub(crate) use loading::Loading;
pub(crate) use rrset::canonical_cmp;
pub use rrset::{Node, Rrset, RrsetError};
pub(crate) use sorting::sort_by_owner;

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

/// What is known of a zone as a whole.
#[derive(Clone, Copy, Default)]
struct Totals {
    rrsets: usize,
    records: usize,
    digest: Digest,
    /// RRsets that hide the names below them: DNAME, and NS also where it is no zone cut.
    hiding: usize,
    /// RRsets at or below a wildcard.
    wild: usize,
}

impl Totals {
    /// What packed entries add up to.
    fn of(entries: &[u8]) -> Totals {
        let rrsets = || {
            let entries = Entry::each(entries).map(|(entry, _)| entry);
            entries.flat_map(|entry| entry.node.rrsets().map(move |rrset| (entry.owner, rrset)))
        };
        let mut totals = Totals::default();
        for (owner, rrset) in rrsets() {
            totals.count(owner, rrset);
        }
        totals.digest.add_all(rrsets());
        totals
    }

    fn add(&mut self, owner: &[u8], rrset: Rrset<'_>) {
        self.count(owner, rrset);
        self.digest.add(owner, rrset);
    }

    fn count(&mut self, owner: &[u8], rrset: Rrset<'_>) {
        self.rrsets += 1;
        self.records += rrset.count();
        self.hiding += usize::from(may_hide(rrset));
        self.wild += usize::from(is_wild(owner));
    }

    fn subtract(&mut self, owner: &[u8], rrset: Rrset<'_>) {
        self.rrsets -= 1;
        self.records -= rrset.count();
        self.digest.subtract(owner, rrset);
        self.hiding -= usize::from(may_hide(rrset));
        self.wild -= usize::from(is_wild(owner));
    }
}

fn may_hide(rrset: Rrset<'_>) -> bool {
    matches!(rrset.rtype, NS | DNAME)
}

fn is_wild(owner: &[u8]) -> bool {
    name::labels(owner).any(|label| label == b"*")
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
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::collections::BTreeMap;

    impl Zone {
        /// A zone of (owner, type number, TTL, wire rdata), in any order.
        pub(crate) fn from_records<'a>(
            origin: &Name,
            records: impl IntoIterator<Item = (&'a [u8], u16, u32, &'a [u8])>,
        ) -> Result<Zone, ZoneError> {
            let mut rrsets = BTreeMap::<(Vec<u8>, u16), (u32, Vec<&'a [u8]>)>::new();
            for (owner, rtype, ttl, rdata) in records {
                let key = (owner.to_ascii_lowercase(), rtype);
                rrsets.entry(key).or_insert((ttl, Vec::new())).1.push(rdata);
            }
            let mut edit = Edit::new(Zone::empty(origin));
            let mut buffer = Vec::new();
            for ((owner, rtype), (ttl, mut rdatas)) in rrsets {
                let rrset = Rrset::new(rtype, ttl, &mut rdatas, &mut buffer).unwrap();
                edit.set(&owner, rrset)?;
            }
            edit.finish()
        }
    }

    const A: u16 = 1;

    pub(super) fn wire(text: &str) -> Vec<u8> {
        let origin = Name::parse(b"example.", None).unwrap();
        Name::parse(text.as_bytes(), Some(&origin))
            .unwrap()
            .as_wire()
            .into()
    }

    fn soa(serial: u32) -> Vec<u8> {
        let mut rdata = [wire("ns"), wire("hostmaster")].concat();
        for number in [serial, 7200, 900, 1_209_600, 300] {
            rdata.extend_from_slice(&number.to_be_bytes());
        }
        rdata
    }

    /// The zone `example.` with one SOA and an address at each owner.
    pub(super) fn zone(owners: &[&str]) -> Zone {
        let origin = Name::parse(b"Example.", None).unwrap();
        let owners: Vec<_> = owners.iter().map(|owner| wire(owner)).collect();
        let soa = soa(7);
        let mut records = vec![(origin.as_wire(), SOA, 300, &*soa)];
        records.extend(
            owners
                .iter()
                .map(|owner| (&**owner, A, 300, &[192, 0, 2, 1][..])),
        );
        Zone::from_records(&origin, records).unwrap()
    }

    /// Any zone `example.` of some addresses and records of an unknown type.
    pub(super) fn a_zone() -> impl Strategy<Value = Zone> {
        let owner =
            prop::sample::select(vec!["@", "a", "*.a", "b", "x.y.b", "*", r"\000", r"\001.b"]);
        let rtype = prop::sample::select(vec![A, 65_280]);
        let record = (owner, rtype, 0u32..3, prop::collection::vec(0u8..3, 4));
        (any::<u32>(), prop::collection::vec(record, 0..12)).prop_map(|(serial, records)| {
            let origin = Name::parse(b"example.", None).unwrap();
            let soa = soa(serial);
            let owned: Vec<_> = records.iter().map(|(owner, ..)| wire(owner)).collect();
            let rest = records.iter().zip(&owned);
            let rest =
                rest.map(|((_, rtype, ttl, rdata), owner)| (&**owner, *rtype, *ttl, &**rdata));
            let records = std::iter::once((origin.as_wire(), SOA, 300, &*soa)).chain(rest);
            Zone::from_records(&origin, records).unwrap()
        })
    }

    #[test]
    fn finds_names_in_any_case_of_the_input() {
        let zone = zone(&["WWW"]);
        assert_eq!(zone.origin().to_string(), "example.");
        assert_eq!(zone.serial(), 7);
        assert_eq!((zone.rrsets(), zone.records()), (2, 2));
        let address = zone.node(&wire("www")).unwrap().get(A).unwrap();
        assert_eq!(address.rdatas().collect::<Vec<_>>(), [[192, 0, 2, 1]]);
        assert!(zone.node(&wire("ww")).is_none());
    }

    #[test]
    fn each_change_makes_another_version() {
        let first = zone(&["a"]);
        let again = Zone::decode(&first.encode()).unwrap();
        let same_serial = first.with_serial(first.serial());
        let none = first.diff(&first).unwrap();
        let applied = first.apply(none.payload()).unwrap();
        let mut versions = [&first, &again, &same_serial, &applied].map(Zone::version);
        assert_eq!(first.clone().version(), first.version());
        versions.sort_unstable();
        assert!(versions[0] > 0 && versions.windows(2).all(|pair| pair[0] < pair[1]));
    }

    #[test]
    fn knows_whether_the_name_alone_decides() {
        let shape = |zone: &Zone| (zone.hides_nothing(), zone.has_no_wildcard());
        let plain = zone(&["a", "a*", "b.c"]);
        assert_eq!(shape(&plain), (true, true));
        let mut buffer = Vec::new();
        for (owner, rtype, expected) in [
            ("@", NS, (true, true)),
            ("a", NS, (false, true)),
            ("@", DNAME, (false, true)),
            ("b.c", DNAME, (false, true)),
            ("*", 65_280, (true, false)),
            ("b.*.c", 65_280, (true, false)),
            ("*", NS, (false, false)),
        ] {
            let mut edit = Edit::new(plain.clone());
            let rrset = Rrset::new(rtype, 300, &mut vec![&[0][..]], &mut buffer).unwrap();
            edit.set(&wire(owner), rrset).unwrap();
            let changed = edit.finish().unwrap();
            assert_eq!(shape(&changed), expected, "{owner} {rtype}");
            let loaded = Zone::decode(&changed.encode()).unwrap();
            assert_eq!(shape(&loaded), expected, "{owner} {rtype}");
            let mut edit = Edit::new(changed);
            edit.remove(&wire(owner), rtype).unwrap();
            assert_eq!(shape(&edit.finish().unwrap()), (true, true));
        }
    }

    #[test]
    fn empty_non_terminals_come_and_go_with_the_names_below() {
        let origin = zone(&["a.b.c", "b.c"]);
        let children = |zone: &Zone, name: &str| zone.node(&wire(name)).map(|node| node.children);
        assert_eq!(children(&origin, "c"), Some(1));
        assert_eq!(children(&origin, "@"), Some(1));

        let mut edit = Edit::new(origin.clone());
        assert!(edit.remove(&wire("b.c"), A).unwrap());
        assert!(!edit.remove(&wire("b.c"), A).unwrap());
        let kept = edit.finish().unwrap();
        assert_eq!(children(&kept, "b.c"), Some(1), "still leads to a.b.c");

        let mut edit = Edit::new(kept);
        assert!(edit.remove(&wire("a.b.c"), A).unwrap());
        let bare = edit.finish().unwrap();
        assert_eq!(children(&bare, "c"), None);
        assert_eq!(children(&bare, "@"), Some(0));
        assert_eq!(
            children(&origin, "a.b.c"),
            Some(0),
            "other versions do not change"
        );
        assert_eq!(bare.digest(), zone(&[]).digest());
    }

    #[test]
    fn grows_and_sorts() {
        let owners: Vec<_> = (0..2_000).map(|i| format!("h{}", 7 * i % 2_000)).collect();
        let zone = zone(&owners.iter().map(String::as_str).collect::<Vec<_>>());
        assert_eq!(zone.rrsets(), 2_001);
        let mut edit = Edit::new(zone);
        for i in 0..2_000 {
            let (mut rdatas, mut buffer) = (vec![&[192, 0, 2, 2][..]], Vec::new());
            let rrset = Rrset::new(A, 60, &mut rdatas, &mut buffer).unwrap();
            edit.set(&wire(&format!("{i}.deep")), rrset).unwrap();
        }
        let zone = edit.finish().unwrap();
        let sorted: Vec<_> = zone.sorted().collect();
        assert_eq!(sorted.len(), 4_001);
        for pair in sorted.windows(2) {
            assert!(name::canonical_cmp(pair[0].0, pair[1].0).is_lt());
        }
        for i in 0..2_000 {
            assert!(zone.node(&wire(&format!("h{i}"))).is_some());
            assert!(zone.node(&wire(&format!("{i}.deep"))).is_some());
        }
    }

    #[test]
    fn refuses_what_is_no_zone() {
        let origin = Name::parse(b"example.", None).unwrap();
        let (soa, other) = (soa(1), soa(2));
        let apex = |rdata| (origin.as_wire(), SOA, 300, rdata);
        for (records, error) in [
            (vec![], ZoneError::NoSoa),
            (vec![apex(&*soa), apex(&*other)], ZoneError::BadSoa),
            (vec![apex(&soa[1..])], ZoneError::BadSoa),
            (
                vec![(&b"\x03com\0"[..], A, 300, &[192, 0, 2, 1][..])],
                ZoneError::OutOfZone("com.".into()),
            ),
        ] {
            assert_eq!(Zone::from_records(&origin, records).unwrap_err(), error);
        }
    }
}
