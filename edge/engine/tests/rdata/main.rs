//! Rdata in text and in wire form: tables of what is read and refused, and round trips.

mod read;
mod refused;

use dnsfleet_engine::name::Name;
use dnsfleet_engine::rdata::{self, types::*};
use proptest::prelude::*;

fn origin() -> Name {
    Name::parse(b"example.com.", None).unwrap()
}

fn parse(rtype: &str, text: &str) -> Result<Vec<u8>, rdata::RdataError> {
    let rtype = rdata::rtype_from_text(rtype.as_bytes()).unwrap();
    rdata::parse(rtype, text.as_bytes(), &origin())
}

fn to_text(rtype: u16, wire: &[u8]) -> String {
    let mut text = String::new();
    rdata::to_text(rtype, wire, &mut text);
    text
}

#[test]
fn types_without_a_shape_are_converted() {
    let mut seen = Vec::new();
    let mut convert = |rtype: &str, text: &str, origin: &str| {
        seen.push([rtype, text, origin].map(str::to_owned));
        match rtype {
            "LOC" => Ok((29, vec![1, 2])),
            _ => Err("no such type".to_owned()),
        }
    };
    let text = b"( 1 2 ; degrees\n\"a b\" )";
    let read = rdata::parse_any(b"LOC", text, &origin(), &mut convert);
    assert_eq!(read, Ok((29, vec![1, 2])));
    for (rtype, reason) in [("BOGUS", "UnknownType"), ("APL", "BadRdata")] {
        let error = rdata::parse_any(rtype.as_bytes(), b"x", &origin(), &mut convert).unwrap_err();
        assert_eq!(error.reason, reason, "{error}");
    }
    assert_eq!(seen[0], ["LOC", "1 2 \"a b\"", "example.com."]);
}

#[test]
fn names_are_found_and_folded() {
    let mut soa = parse("SOA", "NS.a. Mail.b. 1 2 3 4 5").unwrap();
    let places: Vec<_> = rdata::names(SOA, &soa).collect();
    assert_eq!(places, [0..6, 6..14]);
    rdata::fold_names(SOA, &mut soa);
    assert_eq!(to_text(SOA, &soa), "ns.a. mail.b. 1 2 3 4 5");
    for (rtype, text, folded) in [
        ("SRV", "1 2 3 A.B.", "1 2 3 a.b."),
        ("TXT", "\"AbC\"", "\"AbC\""),
        // RFC 6840 section 5.1 against RFC 4034 section 6.2.
        ("NSEC", "A.B. A", "A.B. A"),
    ] {
        let number = rdata::rtype_from_text(rtype.as_bytes()).unwrap();
        let mut wire = parse(rtype, text).unwrap();
        rdata::fold_names(number, &mut wire);
        assert_eq!(to_text(number, &wire), folded);
    }
    let additional = |rtype, text| {
        let wire = rdata::parse(rtype, text, &origin()).unwrap();
        rdata::additional_name(rtype, &wire).map(<[u8]>::to_vec)
    };
    assert_eq!(additional(NS, b"a."), Some(b"\x01a\0".to_vec()));
    assert_eq!(additional(MX, b"1 a."), Some(b"\x01a\0".to_vec()));
    assert_eq!(additional(SRV, b"1 2 3 a."), Some(b"\x01a\0".to_vec()));
    assert_eq!(additional(PTR, b"a."), None);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2000))]

    /// Octets that begin like real rdata reach deeper than random ones alone.
    #[test]
    fn wire_form_comes_back(
        rtype in prop::sample::select(vec![
            A, NS, MD, CNAME, SOA, PTR, HINFO, MINFO, MX, TXT, RP, PX, AAAA, SRV, NAPTR, DNAME, DS,
            SSHFP, RRSIG, NSEC, DNSKEY, TLSA, CDS, CAA, 29, 65280,
        ]),
        pieces in prop::collection::vec(prop_oneof![
            prop::collection::vec(any::<u8>(), 0..6),
            Just(b"\x03wWw\x04a.\\\xff\x00".to_vec()),
            Just(b"\x02\"\x00".to_vec()),
            Just(b"\x00\x02\x40\x01".to_vec()),
            Just(vec![0; 4]),
            Just(vec![0]),
        ], 0..7),
    ) {
        let wire = pieces.concat();
        let text = to_text(rtype, &wire);
        match rdata::check(rtype, &wire) {
            Ok(()) => prop_assert_eq!(rdata::parse(rtype, text.as_bytes(), &Name::root()), Ok(wire)),
            Err(_) => prop_assert!(rdata::parse(rtype, text.as_bytes(), &Name::root()).is_err()),
        }
    }

    #[test]
    fn any_text_is_read_or_refused(rtype in 0u16..300, text in "[ -~\\n]{0,40}") {
        if let Ok(wire) = rdata::parse(rtype, text.as_bytes(), &origin()) {
            prop_assert_eq!(rdata::check(rtype, &wire), Ok(()));
        }
    }
}
