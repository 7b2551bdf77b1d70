//! What holds for every zone, however it came about.

mod chains;
mod payloads;

use super::*;
use crate::name::{self, Name};
use crate::rdata::types::{DNAME, NS, SOA};
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

fn wire(text: &str) -> Vec<u8> {
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
fn zone(owners: &[&str]) -> Zone {
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
fn a_zone() -> impl Strategy<Value = Zone> {
    let owner = prop::sample::select(vec!["@", "a", "*.a", "b", "x.y.b", "*", r"\000", r"\001.b"]);
    let rtype = prop::sample::select(vec![A, 65_280]);
    let record = (owner, rtype, 0u32..3, prop::collection::vec(0u8..3, 4));
    (any::<u32>(), prop::collection::vec(record, 0..12)).prop_map(|(serial, records)| {
        let origin = Name::parse(b"example.", None).unwrap();
        let soa = soa(serial);
        let owned: Vec<_> = records.iter().map(|(owner, ..)| wire(owner)).collect();
        let rest = records.iter().zip(&owned);
        let rest = rest.map(|((_, rtype, ttl, rdata), owner)| (&**owner, *rtype, *ttl, &**rdata));
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
