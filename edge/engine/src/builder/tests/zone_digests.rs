//! A zone with ZONEMD, as RFC 8976 has it and changed.

use super::{Builder, add, builder_with, shown};

/// RFC 8976 appendix A.1.
const SIMPLE: &str = "\
example. 86400 IN SOA ns1.example. admin.example. 2018031900 1800 900 604800 86400
example. 86400 IN NS ns1.example.
example. 86400 IN NS ns2.example.
example. 86400 IN ZONEMD 2018031900 1 1 c68090d90a7aed716bc459f9340e3d7c1370d4d24b7e2fc3a1ddc0b9a87153b9a9713b3c9ae5cc27777f98b8e730044c
ns1.example. 3600 IN A 203.0.113.63
ns2.example. 3600 IN AAAA 2001:db8::63
";
const OTHER_RECORDS: &str = "f:4 WrongZoneDigest: example. ZONEMD is the digest of other records: some were changed, lost or added after it was made";

fn found(text: &str) -> Vec<String> {
    let (zone, found) = builder_with(None, text).finish();
    assert_eq!(zone.is_none(), !found.is_empty());
    shown(&found)
}

#[test]
fn a_digest_that_matches_is_accepted() {
    assert_eq!(found(SIMPLE), [""; 0]);
    // In any order and letter case.
    let mut lines: Vec<_> = SIMPLE.lines().map(str::to_uppercase).collect();
    lines.reverse();
    assert_eq!(found(&(lines.join("\n") + "\n")), [""; 0]);
}

#[test]
fn a_digest_of_other_records_is_refused() {
    for (from, to) in [
        ("ns1.example. 3600", "ns1.example. 3601"),
        ("203.0.113.63", "203.0.113.64"),
        ("c68090d9", "c68090da"),
        ("1800 900", "1801 900"),
        (
            "ns2.example. 3600 IN AAAA 2001:db8::63\n",
            "ns2.example. 3600 IN AAAA 2001:db8::63\nx.example. 3600 IN A 192.0.2.1\n",
        ),
    ] {
        assert_eq!(SIMPLE.matches(from).count(), 1, "{from}");
        assert_eq!(found(&SIMPLE.replace(from, to)), [OTHER_RECORDS], "{to}");
    }
    let serial = SIMPLE.replace("2018031900 1800", "2018031901 1800");
    let message = "f:4 WrongZoneDigest: example. ZONEMD is of serial 2018031900, and the SOA has \
                   2018031901; make it anew, or remove it";
    assert_eq!(found(&serial), [message]);
}

#[test]
fn one_digest_of_several_must_match() {
    let wrong = |hash: u8, octets: usize| {
        let digest = "00".repeat(octets);
        format!("example. 86400 IN ZONEMD 2018031900 1 {hash} {digest}\n")
    };
    // SHA-512 is wrong, SHA-384 is right.
    assert_eq!(found(&format!("{SIMPLE}{}", wrong(2, 64))), [""; 0]);
    // An unknown hash and an unknown scheme say nothing, and are not enough.
    let unknown = SIMPLE.replace("1 1 c680", "1 240 c680");
    assert_eq!(found(&unknown), [""; 0]);
    let unknown = SIMPLE.replace("1 1 c680", "240 1 c680");
    assert_eq!(found(&unknown), [""; 0]);
    let both = format!("{unknown}{}", wrong(2, 64));
    assert_eq!(found(&both), [OTHER_RECORDS.replace("f:4", "f:7")]);
    // Two of the same scheme and hash are none.
    assert_eq!(found(&format!("{SIMPLE}{}", wrong(1, 48))), [""; 0]);
}

#[test]
fn records_that_are_added_later_do_not_count() {
    let (zone, _) = builder_with(None, SIMPLE).finish();
    let mut builder = Builder::new(None);
    builder.add_zone(zone.unwrap()).unwrap();
    add(&mut builder, "www", "A", "192.0.2.1", "r");
    let (zone, found) = builder.finish();
    assert!(zone.is_some());
    assert_eq!(shown(&found), [""; 0]);
}
