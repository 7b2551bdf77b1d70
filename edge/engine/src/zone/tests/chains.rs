//! NSEC and NSEC3 records by what precedes a name, in zones that were loaded and in changed ones.

use super::*;
use crate::rdata::types::{NSEC, NSEC3, NSEC3PARAM};
use std::collections::BTreeSet;

const SALTS: [&[u8]; 2] = [&[], &[0xab]];

/// NSEC rdata: the root and A.
const NEXT: &[u8] = b"\0\0\x01\x40";

/// NSEC3 rdata, or NSEC3PARAM where the hash is left out.
fn hashed(iterations: u16, salt: &[u8], hash: &[u8]) -> Vec<u8> {
    let mut rdata = vec![1, 0];
    rdata.extend(iterations.to_be_bytes());
    rdata.push(salt.len() as u8);
    rdata.extend(salt);
    rdata.extend(hash);
    rdata
}

fn label(number: u8) -> HashLabel {
    Hashing {
        iterations: 0,
        salt: &[],
    }
    .hash(&[1, number, 0])
}

/// A zone of NSEC records at some owners, and of NSEC3 records of numbers, each with a salt.
fn chained(names: &BTreeSet<Vec<u8>>, hashes: &BTreeSet<(usize, u8)>) -> Zone {
    let origin = Name::parse(b"example.", None).unwrap();
    let soa = soa(1);
    let next = [&[20][..], &[7; 20]].concat();
    let hashes = hashes.iter().map(|(salt, number)| {
        let owner = [&[32], &label(*number)[..], origin.as_wire()].concat();
        (owner, hashed(0, SALTS[*salt], &next))
    });
    let hashes: Vec<_> = hashes.collect();
    let mut records = vec![(origin.as_wire(), SOA, 300, &*soa)];
    records.extend(names.iter().map(|name| (&**name, NSEC, 60, NEXT)));
    records.extend(
        hashes
            .iter()
            .map(|(owner, rdata)| (&**owner, NSEC3, 60, &**rdata)),
    );
    Zone::from_records(&origin, records).unwrap()
}

fn a_name() -> impl Strategy<Value = Vec<u8>> {
    let label = prop::sample::select(vec![
        "a",
        "b",
        "*",
        "ab",
        r"\000",
        r"\001",
        r"\002",
        r"\000\002",
        r"\001\002",
        r"\255",
    ]);
    prop::collection::vec(label, 0..4).prop_map(|labels| match labels.len() {
        0 => wire("@"),
        _ => wire(&labels.join(".")),
    })
}

fn parts() -> impl Strategy<Value = (BTreeSet<Vec<u8>>, BTreeSet<(usize, u8)>)> {
    (
        prop::collection::btree_set(a_name(), 0..12),
        prop::collection::btree_set((0..SALTS.len(), 0u8..12), 0..12),
    )
}

proptest! {
    #[test]
    fn the_record_before_a_name_is_found_after_any_change(
        old in parts(), new in parts(), asked in prop::collection::vec(a_name(), 1..8)
    ) {
        let (before, (names, hashes)) = (chained(&old.0, &old.1), new);
        let loaded = chained(&names, &hashes);
        let changed = before.apply(before.diff(&loaded).unwrap().payload()).unwrap();
        let decoded = Zone::decode(&loaded.encode()).unwrap();
        for zone in [&loaded, &changed, &decoded] {
            for name in &asked {
                let at_or_before = names.iter().filter(|other| name::canonical_cmp(other, name).is_le());
                let expected = at_or_before.max_by(|a, b| name::canonical_cmp(a, b));
                prop_assert_eq!(zone.nsec(name).map(|found| found.owner), expected.map(Vec::as_slice));
            }
            for (at, salt) in SALTS.into_iter().enumerate() {
                let hashing = Hashing { iterations: 0, salt };
                let chain: BTreeSet<_> = hashes.iter().filter(|(salt, _)| *salt == at)
                    .map(|(_, number)| label(*number)).collect();
                for number in 0..16 {
                    let asked = label(number);
                    let expected = chain.range(..=asked).next_back().or(chain.last());
                    let found = zone.nsec3(hashing, &asked);
                    prop_assert_eq!(found.map(|(entry, _)| &entry.owner[1..33]), expected.map(|label| &label[..]));
                    prop_assert_eq!(found.is_some_and(|(_, is_exact)| is_exact), chain.contains(&asked));
                }
            }
            prop_assert_eq!(zone.has_proofs(), !names.is_empty() || !hashes.is_empty());
        }
    }
}

#[test]
fn hashes_are_those_of_the_standard() {
    // RFC 5155 appendix A.
    let hashing = Hashing {
        iterations: 12,
        salt: &[0xaa, 0xbb, 0xcc, 0xdd],
    };
    for (name, hash) in [
        ("example.", b"0p9mhaveqvm6t7vbl5lop2u3t2rp3tom"),
        ("a.example.", b"35mthgpgcu1qg68fab165klnsnk3dpvl"),
        ("*.w.example.", b"r53bq7cc2uvmubfu5ocmm6pers9tk9en"),
    ] {
        assert_eq!(&hashing.hash(&wire(name)), hash, "{name}");
    }
}

#[test]
fn a_name_is_hashed_at_most_150_times_more() {
    let origin = Name::parse(b"example.", None).unwrap();
    let with = |iterations| {
        let (soa, parameters) = (soa(1), hashed(iterations, &[], &[]));
        let records = [
            (origin.as_wire(), SOA, 300, &*soa),
            (origin.as_wire(), NSEC3PARAM, 0, &*parameters),
        ];
        Zone::from_records(&origin, records)
    };
    assert_eq!(with(150).unwrap().hashing().unwrap().iterations, 150);
    assert_eq!(with(151).unwrap_err(), ZoneError::Iterations(151));
}
