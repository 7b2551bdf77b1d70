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
        rtype in prop_oneof![1u16..129, 256u16..263, Just(32_768), Just(65_280)],
        pieces in prop::collection::vec(prop_oneof![
            prop::collection::vec(any::<u8>(), 0..6),
            Just(b"\x03wWw\x04a.\\\xff\x00".to_vec()),
            Just(b"\x02\"\x00".to_vec()),
            Just(b"\x00\x02\x40\x01".to_vec()),
            Just(b"\x00\x01\x00\x03\x02h2".to_vec()),
            Just(b"\x00\x03\x00\x02\x00\x35".to_vec()),
            Just(vec![0, 0x12, 0x16, 0x13, 0x80, 0, 0, 0]),
            Just(vec![0x80, 0, 0, 0]),
            Just(vec![0; 4]),
            Just(vec![0]),
        ], 0..7),
    ) {
        let wire = pieces.concat();
        let text = to_text(rtype, &wire);
        let mut generic = format!("\\# {} ", wire.len());
        generic.extend(wire.iter().map(|octet| format!("{octet:02x}")));
        let read = |text: &str| rdata::parse(rtype, text.as_bytes(), &Name::root());
        match read(&generic) {
            Ok(entered) => {
                prop_assert_eq!(&entered, &wire);
                prop_assert_eq!(rdata::check(rtype, &wire), Ok(()));
                prop_assert_eq!(read(&text), Ok(wire), "{}", text);
            }
            Err(_) => prop_assert!(read(&text).is_err(), "{}", text),
        }
    }

    #[test]
    fn any_text_is_read_or_refused(rtype in 0u16..300, text in "[ -~\\n]{0,40}|[0-9]{1,2}( [0-9a-z.=\",]{1,6}){0,6}") {
        if let Ok(wire) = rdata::parse(rtype, text.as_bytes(), &origin()) {
            prop_assert_eq!(rdata::check(rtype, &wire), Ok(()));
        }
    }
}
