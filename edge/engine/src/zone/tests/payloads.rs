//! Zones and changes as bytes.

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
    let delta = super::zone(&["gone"]).diff(&zone).unwrap();
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
fn a_zone_of_megabytes_comes_back() {
    let names: Vec<_> = (0..20u8).map(|n| [2, b'x', n, 0]).collect();
    let large: Vec<_> = names.iter().map(|name| vec![name[2]; 60_000]).collect();
    let root = Name::root();
    let soa = [&[0, 0][..], &[0; 20]].concat();
    let rest = names.iter().zip(&large);
    let rest = rest.map(|(name, rdata)| (&name[..], 65_280, 1, &rdata[..]));
    let apex = (root.as_wire(), crate::rdata::types::SOA, 1, &soa[..]);
    let zone = Zone::from_records(&root, rest.chain([apex])).unwrap();
    let again = Zone::decode(&zone.encode()).unwrap();
    assert_eq!(again.digest(), zone.digest());
    assert_eq!((again.rrsets(), again.records()), (21, 21));
    assert_eq!(again.encode(), zone.encode());
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
        for owner in ["@", "b", "y.b", "x.y.b", "a", "*.a"] {
            let children = |zone: &Zone| zone.node(&wire(owner)).map(|node| node.children);
            prop_assert_eq!(children(&again), children(&zone), "{}", owner);
        }
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
