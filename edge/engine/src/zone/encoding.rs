//! Zones and changes as bytes: what snapshots and deltas carry.
//!
//! Numbers are big-endian; owner names are uncompressed and in lower case.
//! ```text
//! RRset     u8 owner length | owner | u16 type | u32 TTL | u16 count | count × (u16 length | rdata)
//! snapshot  u8 format | u8 origin length | origin | u32 count | count × RRset
//! delta     u8 format | u8 origin length | origin | u32 count | count × (u8 length | owner | u16 type)
//!                                                 | u32 count | count × RRset
//! ```
//! RRsets and removed keys stand in canonical owner order, then by type, so equal zones have equal
//! bytes. A decoder takes nothing on trust: it checks every length, name and order, and allocates
//! no more than the bytes at hand can fill.

use std::fmt;

use super::rrset::{Rrset, RrsetError, canonical_cmp};
use super::{Edit, Loading, Zone, ZoneError};
use crate::master::MAX_TTL;
use crate::name::{self, Name};
use crate::rdata;

/// The encoding that this version writes and reads.
const FORMAT: u8 = 1;
/// Octets of the shortest RRset: root owner, type, TTL, count and one record without rdata.
const SHORTEST_RRSET: usize = 2 + 2 + 4 + 2 + 2;
/// Octets of the shortest removed key: root owner and type.
const SHORTEST_KEY: usize = 2 + 2;

/// Why bytes are no zone, or no change of this zone.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum DecodeError {
    /// Another encoding.
    Format(u8),
    /// The bytes end before what they announce.
    Truncated,
    /// That many octets are left over.
    Trailing(usize),
    /// Not a name in wire form and lower case.
    BadName,
    /// An owner, in presentation form, that is repeated or not in canonical order.
    BadOrder(String),
    /// An RRset, by owner and type number, that cannot be, and why.
    BadRrset(String, u16, String),
    /// A change of another zone: its origin.
    OtherOrigin(String),
    /// A change that removes an RRset, by owner and type number, which the zone does not have.
    NotThere(String, u16),
    /// The records make no zone.
    Zone(ZoneError),
}

impl fmt::Display for DecodeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            DecodeError::Format(n) => write!(f, "format {n}, this version reads {FORMAT}"),
            DecodeError::Truncated => write!(f, "the bytes end early"),
            DecodeError::Trailing(n) => write!(f, "{n} octets after the end"),
            DecodeError::BadName => write!(f, "not a lower-case domain name in wire form"),
            DecodeError::BadOrder(owner) => write!(f, "{owner} is repeated or out of order"),
            DecodeError::BadRrset(owner, rtype, why) => {
                write!(f, "{owner} {}: {why}", rdata::rtype_to_text(*rtype))
            }
            DecodeError::OtherOrigin(origin) => write!(f, "a change of another zone, {origin}"),
            DecodeError::NotThere(owner, rtype) => {
                write!(
                    f,
                    "removes {owner} {}, which is not there",
                    rdata::rtype_to_text(*rtype)
                )
            }
            DecodeError::Zone(error) => error.fmt(f),
        }
    }
}

impl std::error::Error for DecodeError {}

impl From<ZoneError> for DecodeError {
    fn from(error: ZoneError) -> DecodeError {
        DecodeError::Zone(error)
    }
}

impl Zone {
    /// The whole zone in canonical order; equal zones have equal bytes.
    pub fn encode(&self) -> Vec<u8> {
        let mut out = Vec::with_capacity(64 * (self.rrsets + 1));
        write_head(&self.origin, &mut out);
        out.extend_from_slice(&(self.rrsets as u32).to_be_bytes());
        for (owner, node) in self.sorted() {
            for rrset in &node.rrsets {
                rrset.encode(owner, &mut out);
            }
        }
        out
    }

    /// The zone of an `encode` result; any other bytes are refused.
    pub fn decode(bytes: &[u8]) -> Result<Zone, DecodeError> {
        let mut reader = Reader { rest: bytes };
        let origin = reader.head()?;
        let count = reader.count(SHORTEST_RRSET)?;
        let mut loading = Loading::new(&origin, count);
        reader.rrsets(count, |owner, rrset| loading.push(owner, rrset))?;
        reader.end()?;
        Ok(loading.finish().finish()?)
    }

    /// This zone with an encoded change made.
    pub fn apply(&self, delta: &[u8]) -> Result<Zone, DecodeError> {
        let mut reader = Reader { rest: delta };
        let origin = reader.head()?;
        if origin != self.origin {
            return Err(DecodeError::OtherOrigin(origin.to_string()));
        }
        let mut edit = Edit::new(self.clone());
        let removed = reader.count(SHORTEST_KEY)?;
        reader.keys(removed, |owner, rtype| match edit.remove(owner, rtype) {
            true => Ok(()),
            false => Err(DecodeError::NotThere(name::to_text(owner), rtype)),
        })?;
        let set = reader.count(SHORTEST_RRSET)?;
        reader.rrsets(set, |owner, rrset| edit.set(owner, rrset))?;
        reader.end()?;
        Ok(edit.finish()?)
    }
}

/// Appends what every payload begins with.
pub(super) fn write_head(origin: &Name, out: &mut Vec<u8>) {
    out.push(FORMAT);
    out.push(origin.as_wire().len() as u8);
    out.extend_from_slice(origin.as_wire());
}

/// The owners and types that an encoded change of ours removes, and those that it sets.
pub(super) fn changed_keys(delta: &[u8]) -> Result<Vec<(&[u8], u16)>, DecodeError> {
    let mut reader = Reader { rest: delta };
    let mut keys = Vec::new();
    reader.head()?;
    let removed = reader.count(SHORTEST_KEY)?;
    reader.keys(removed, |owner, rtype| {
        keys.push((owner, rtype));
        Ok(())
    })?;
    let set = reader.count(SHORTEST_RRSET)?;
    reader.rrsets(set, |owner, rrset| {
        keys.push((owner, rrset.rtype));
        Ok::<_, DecodeError>(())
    })?;
    Ok(keys)
}

/// What is left of the bytes.
struct Reader<'a> {
    rest: &'a [u8],
}

impl<'a> Reader<'a> {
    fn take(&mut self, len: usize) -> Result<&'a [u8], DecodeError> {
        let (taken, rest) = self
            .rest
            .split_at_checked(len)
            .ok_or(DecodeError::Truncated)?;
        self.rest = rest;
        Ok(taken)
    }

    fn array<const N: usize>(&mut self) -> Result<[u8; N], DecodeError> {
        let (taken, rest) = self
            .rest
            .split_first_chunk()
            .ok_or(DecodeError::Truncated)?;
        self.rest = rest;
        Ok(*taken)
    }

    fn u16(&mut self) -> Result<u16, DecodeError> {
        self.array().map(u16::from_be_bytes)
    }

    fn u32(&mut self) -> Result<u32, DecodeError> {
        self.array().map(u32::from_be_bytes)
    }

    /// A number of items of at least `shortest` octets each.
    fn count(&mut self, shortest: usize) -> Result<usize, DecodeError> {
        let count = self.u32()? as usize;
        if count > self.rest.len() / shortest {
            return Err(DecodeError::Truncated);
        }
        Ok(count)
    }

    fn head(&mut self) -> Result<Name, DecodeError> {
        let [format] = self.array()?;
        if format != FORMAT {
            return Err(DecodeError::Format(format));
        }
        Name::from_wire(self.name()?).map_err(|_| DecodeError::BadName)
    }

    /// A length octet and a folded name that fills it.
    fn name(&mut self) -> Result<&'a [u8], DecodeError> {
        let [len] = self.array()?;
        let wire = self.take(usize::from(len))?;
        if name::wire_len(wire) != Some(wire.len()) || wire.iter().any(u8::is_ascii_uppercase) {
            return Err(DecodeError::BadName);
        }
        Ok(wire)
    }

    fn keys(
        &mut self,
        count: usize,
        mut each: impl FnMut(&'a [u8], u16) -> Result<(), DecodeError>,
    ) -> Result<(), DecodeError> {
        let mut last = None;
        for _ in 0..count {
            let key = (self.name()?, self.u16()?);
            check_order(&mut last, key)?;
            each(key.0, key.1)?;
        }
        Ok(())
    }

    fn rrsets<E: Into<DecodeError>>(
        &mut self,
        count: usize,
        mut each: impl FnMut(&'a [u8], Rrset) -> Result<(), E>,
    ) -> Result<(), DecodeError> {
        let mut last = None;
        let mut rdatas = Vec::new();
        for _ in 0..count {
            let (owner, rtype, ttl) = (self.name()?, self.u16()?, self.u32()?);
            check_order(&mut last, (owner, rtype))?;
            let refuse = |why: String| DecodeError::BadRrset(name::to_text(owner), rtype, why);
            if ttl > MAX_TTL {
                return Err(refuse(format!("TTL {ttl}: at most {MAX_TTL} allowed")));
            }
            if rdata::is_meta(rtype) {
                return Err(refuse("not a type of zone data".into()));
            }
            rdatas.clear();
            for _ in 0..self.u16()? {
                let len = self.u16()?;
                let octets = self.take(usize::from(len))?;
                rdata::check(rtype, octets).map_err(|error| refuse(error.message))?;
                rdatas.push(octets);
            }
            let sorted = |pair: &[&[u8]]| canonical_cmp(rtype, pair[0], pair[1]).is_lt();
            if !rdatas.windows(2).all(sorted) {
                return Err(refuse("records are repeated or out of order".into()));
            }
            let rrset = Rrset::new(rtype, ttl, &mut rdatas)
                .map_err(|error: RrsetError| refuse(error.to_string()))?;
            each(owner, rrset).map_err(Into::into)?;
        }
        Ok(())
    }

    fn end(&self) -> Result<(), DecodeError> {
        match self.rest.len() {
            0 => Ok(()),
            n => Err(DecodeError::Trailing(n)),
        }
    }
}

/// Whether a key follows the last one; makes it the last.
fn check_order<'a>(
    last: &mut Option<(&'a [u8], u16)>,
    key: (&'a [u8], u16),
) -> Result<(), DecodeError> {
    if let Some(last) = last
        && name::canonical_cmp(last.0, key.0)
            .then(last.1.cmp(&key.1))
            .is_ge()
    {
        return Err(DecodeError::BadOrder(name::to_text(key.0)));
    }
    *last = Some(key);
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::super::tests::{a_zone, wire, zone};
    use super::*;
    use proptest::prelude::*;
    use proptest::sample::Index;

    /// A snapshot of `example.` with the RRsets that follow its SOA replaced.
    fn with_rrsets(rrsets: &[&[u8]]) -> Vec<u8> {
        let mut bytes = zone(&[]).encode();
        let count = 1 + rrsets.len() as u32;
        bytes[11..15].copy_from_slice(&count.to_be_bytes());
        bytes.extend(rrsets.concat());
        bytes
    }

    fn rrset(owner: &str, rtype: u16, ttl: u32, rdatas: &[&[u8]]) -> Vec<u8> {
        let mut out = vec![wire(owner).len() as u8];
        out.extend(wire(owner));
        out.extend(rtype.to_be_bytes());
        out.extend(ttl.to_be_bytes());
        out.extend((rdatas.len() as u16).to_be_bytes());
        for rdata in rdatas {
            out.extend((rdata.len() as u16).to_be_bytes());
            out.extend(*rdata);
        }
        out
    }

    #[test]
    fn layout_is_fixed() {
        let bytes = with_rrsets(&[&rrset("www", 1, 60, &[&[192, 0, 2, 1]])]);
        assert_eq!(&bytes[..15], b"\x01\x09\x07example\0\0\0\0\x02");
        let zone = Zone::decode(&bytes).unwrap();
        assert_eq!(zone.encode(), bytes);
        let delta = super::super::tests::zone(&["gone"]).diff(&zone).unwrap();
        let expected = [
            &b"\x01\x09\x07example\0"[..],
            b"\0\0\0\x01\x0e\x04gone\x07example\0\0\x01",
            b"\0\0\0\x01\x0d\x03www\x07example\0\0\x01\0\0\0\x3c\0\x01\0\x04\xc0\0\x02\x01",
        ];
        assert_eq!(delta.payload(), expected.concat());
    }

    #[test]
    fn says_what_is_wrong_with_a_snapshot() {
        let a = |owner| rrset(owner, 1, 60, &[&[192, 0, 2, 1]]);
        let upper = with_rrsets(&[&a("Www")]);
        for (bytes, message) in [
            (vec![], "the bytes end early"),
            (vec![2], "format 2, this version reads 1"),
            (zone(&[]).encode()[..40].to_vec(), "the bytes end early"),
            (
                [zone(&[]).encode(), vec![0]].concat(),
                "1 octets after the end",
            ),
            (upper, "not a lower-case domain name in wire form"),
            (
                with_rrsets(&[&a("b"), &a("a")]),
                "a.example. is repeated or out of order",
            ),
            (
                with_rrsets(&[&a("b"), &a("b")]),
                "b.example. is repeated or out of order",
            ),
            (
                with_rrsets(&[&a("com.")]),
                "com. is repeated or out of order",
            ),
            (with_rrsets(&[&a("z.")]), "z. is outside the zone"),
            (
                with_rrsets(&[&rrset("a", 1, 1 << 31, &[&[192, 0, 2, 1]])]),
                "a.example. A: TTL 2147483648: at most 2147483647 allowed",
            ),
            (
                with_rrsets(&[&rrset("a", 1, 1, &[&[192, 0, 2, 2], &[192, 0, 2, 1]])]),
                "a.example. A: records are repeated or out of order",
            ),
            (
                with_rrsets(&[&rrset("a", 1, 1, &[])]),
                "a.example. A: an RRset without records",
            ),
            (
                with_rrsets(&[&rrset("a", 41, 1, &[&[0]])]),
                "a.example. OPT: not a type of zone data",
            ),
            (
                with_rrsets(&[&rrset("a", 65280, 1, &[&[0; 40_000], &[1; 40_000]])]),
                "a.example. TYPE65280: 80024 octets of records, at most 65253 fit into a message",
            ),
            (b"\x01\x01\0\0\0\0\0".to_vec(), "no SOA record at the apex"),
        ] {
            assert_eq!(Zone::decode(&bytes).unwrap_err().to_string(), message);
        }
    }

    #[test]
    fn a_change_that_does_not_fit_is_refused() {
        let delta = zone(&["a"]).diff(&zone(&[])).unwrap();
        let error = zone(&["b"]).apply(delta.payload()).unwrap_err();
        assert_eq!(
            error.to_string(),
            "removes a.example. A, which is not there"
        );
        let mut other = delta.payload().to_vec();
        other[3] = b'f';
        let error = zone(&["a"]).apply(&other).unwrap_err();
        assert_eq!(error.to_string(), "a change of another zone, fxample.");
    }

    #[test]
    fn another_serial_is_a_change_of_one_rrset() {
        let old = zone(&["a"]);
        let new = old.with_serial(u32::MAX);
        assert_eq!((old.serial(), new.serial()), (7, u32::MAX));
        let delta = old.diff(&new).unwrap();
        assert_eq!((delta.added, delta.removed, delta.changed), (0, 0, 1));
        assert_eq!(new.with_serial(7).digest(), old.digest());
    }

    proptest! {
        #[test]
        fn a_zone_comes_back(zone in a_zone()) {
            let bytes = zone.encode();
            let again = Zone::decode(&bytes).unwrap();
            prop_assert_eq!(again.encode(), bytes);
            prop_assert_eq!(again.digest(), zone.digest());
            prop_assert_eq!(again.records(), zone.records());
        }

        #[test]
        fn a_change_leads_to_the_new_zone(old in a_zone(), new in a_zone(), more in a_zone()) {
            let first = old.diff(&new).unwrap();
            let derived = old.apply(first.payload()).unwrap();
            prop_assert_eq!(derived.encode(), new.encode());
            prop_assert_eq!(derived.digest(), new.digest());
            prop_assert_eq!(derived.rrsets() + first.removed, old.rrsets() + first.added);
            // Once more from a version that shares buckets.
            let second = derived.diff(&more).unwrap();
            prop_assert_eq!(derived.apply(second.payload()).unwrap().encode(), more.encode());
            let none = derived.diff(&derived.clone()).unwrap();
            prop_assert_eq!(none.added + none.removed + none.changed, 0);
        }

        #[test]
        fn damaged_bytes_are_read_or_refused(
            zone in a_zone(), at in any::<Index>(), octet in any::<u8>(), cut in any::<Index>()
        ) {
            let mut bytes = zone.encode();
            let at = at.index(bytes.len());
            bytes[at] = octet;
            if let Ok(read) = Zone::decode(&bytes) {
                prop_assert_eq!(read.encode(), bytes.clone());
            }
            prop_assert!(Zone::decode(&bytes[..cut.index(bytes.len())]).is_err());
            let _ = zone.apply(&bytes);
        }

        #[test]
        fn any_bytes_are_read_or_refused(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
            let framed = [&b"\x01\x01\0"[..], &bytes].concat();
            let _ = (Zone::decode(&bytes), Zone::decode(&framed));
        }
    }
}
