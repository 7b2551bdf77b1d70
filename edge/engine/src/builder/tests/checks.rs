//! The rules of `checks`, by what a builder reports.

use super::{Builder, HEAD, add, builder_with, shown};
use crate::violations::Severity;

#[test]
fn says_what_is_wrong_and_where() {
    for (lines, expected) in [
        (
            "w.y. A 192.0.2.1",
            "f:4 OutOfZone: w.y. is outside the zone z.",
        ),
        (
            "c CNAME a\nc TXT x\nc NS a.",
            "f:6 CNAMEAndOtherData: c.z. has a CNAME and also NS, TXT; a CNAME stands alone",
        ),
        (
            "c CNAME a.\nc CNAME b.",
            "f:5 MultipleCNAME: c.z. has 2 CNAME, one allowed",
        ),
        (
            "c DNAME a.\nc DNAME b.",
            "f:5 MultipleDNAME: c.z. has 2 DNAME, one allowed",
        ),
        (
            "@ SOA ns.b. h 1 2 3 4 5",
            "f:4 MultipleSOA: z. has 2 different SOA, one allowed",
        ),
        (
            "b SOA ns.b. h 1 2 3 4 5",
            "f:4 MultipleSOA: b.z. has a SOA, but the zone is z.; a zone has one SOA, at its apex",
        ),
        (
            "z SOA ns.b. h 1 2 3 4 5",
            "f:4 MultipleSOA: z.z. has a SOA, but the zone is z.; a zone has one SOA, at its apex, \
             so end its name with a dot",
        ),
        (
            "@ CNAME a.",
            "f:4 CNAMEAndOtherData: z. has a CNAME and also NS, SOA; a CNAME stands alone; write \
             the A and AAAA of its target",
        ),
        (
            "d DNAME a.\nb.c.d TXT x",
            "f:5 NameBelowDNAME: b.c.d.z. may not exist, d.z. above it has a DNAME",
        ),
        (
            "@ DNAME a.\n0p9mhaveqvm6t7vbl5lop2u3t2rp3tom NSEC3 1 0 0 - \
             2t7b4g4vsa5smi47k61mv5bv1a22bojr A\nx TXT x",
            "f:6 NameBelowDNAME: x.z. may not exist, z. above it has a DNAME",
        ),
        (
            "@ NS ns",
            "f:4 NSWithoutAddress: name server ns.z. of the zone has no A or AAAA record",
        ),
        (
            "@ NSEC3PARAM 1 0 151 -",
            "f:4 TooManyIterations: NSEC3 with 151 iterations: validators take more than 150 for \
             insecure, sign the zone with 0 (RFC 9276 section 3.1)",
        ),
        (
            "@ NS ns\nns CNAME a.",
            "f:4 NSWithoutAddress: name server ns.z. of the zone is an alias",
        ),
        (
            "@ NS ns.d\nd DNAME a.",
            "f:4 NSWithoutAddress: name server ns.d.z. of the zone is below a DNAME",
        ),
    ] {
        let (zone, found) = builder_with(None, &format!("{HEAD}{lines}\n")).finish();
        assert!(zone.is_none(), "{lines}");
        assert_eq!(shown(&found), [expected], "{lines}");
    }
}

/// A DNAME at the apex of a zone with NSEC3.
const HASHED_BELOW_DNAME: &str = "@ DNAME a.\n0p9mhaveqvm6t7vbl5lop2u3t2rp3tom NSEC3 1 0 0 - \
    0p9mhaveqvm6t7vbl5lop2u3t2rp3tom DNAME";

#[test]
fn a_zone_with_hashed_names_below_a_dname_may_change() {
    let (base, _) = builder_with(None, &format!("{HEAD}{HASHED_BELOW_DNAME}\n")).finish();
    for (owner, expected) in [
        ("@", None),
        (
            "b",
            Some("r NameBelowDNAME: b.z. may not exist, z. above it has a DNAME"),
        ),
    ] {
        let mut builder = Builder::new(None);
        builder.add_zone(base.clone().unwrap()).unwrap();
        add(&mut builder, owner, "TXT", "x", "r");
        let (_, found) = builder.finish();
        assert_eq!(shown(&found), Vec::from_iter(expected), "{owner}");
    }
}

#[test]
fn accepts_what_servers_accept() {
    for (lines, expected) in [
        ("@ NS ns\n* A 192.0.2.1", None),
        ("@ NS a.d\nd NS b.", None),
        ("d NS ns.d\nns.d A 192.0.2.1", None),
        ("c CNAME a.\nc NSEC d A", None),
        (HASHED_BELOW_DNAME, None),
        (
            "@ DNAME a.\n0p9mhaveqvm6t7vbl5lop2u3t2rp3tom NSEC3 1 0 0 - \
             2t7b4g4vsa5smi47k61mv5bv1a22bojr A",
            None,
        ),
        (
            "@ 300 SOA NS.A. h 1 2 3 4 5",
            Some("f:4 DuplicateRecord: z. SOA: the same record again, it counts once"),
        ),
        (
            "a 60 TXT x\na 61 TXT y",
            Some("f:5 TTLMismatch: a.z. TXT: TTL of 61 is not the 60 of the RRset, which is used"),
        ),
        (
            "d NS a.\nd DNAME b.",
            Some("f:5 DNAMEAtDelegation: d.z. is delegated by its NS, so its DNAME is not used"),
        ),
        (
            "d NS a.\nx.d TXT x",
            Some("f:5 HiddenRecord: x.d.z. TXT is below the delegation of d.z. and is not served"),
        ),
        (
            "d NS ns.d",
            Some("f:4 MissingGlue: d.z. NS ns.d.z. has no address (glue) in the zone"),
        ),
        (
            "@ DS 1 8 9 00",
            Some("f:4 DSAtApex: z. is the apex, and its DS belongs to the zone above"),
        ),
        ("d NS a.\nd DS 1 8 9 00", None),
        ("d NS a.\nd DS 1 5 9 00\nd DS 1 8 9 00", None),
        (
            "d NS a.\nd DS 1 5 9 00\nd DS 1 7 9 00",
            Some(
                "f:6 OldAlgorithm: d.z. DS: only of algorithms that validators no longer use, so \
                 they take the zone for insecure; sign it with ECDSAP256SHA256 (13)",
            ),
        ),
        (
            "d NS a.\nd DS 1 8 1 0000000000000000000000000000000000000000",
            Some(
                "f:5 OldDigest: d.z. DS: only digests of SHA-1, which validators may ignore; add \
                 one of SHA-256 (2)",
            ),
        ),
        (
            "d NS a.\nd DS 1 8 1 0000000000000000000000000000000000000000\nd DS 1 8 9 00",
            None,
        ),
        (
            "s SVCB 0 a. port=53",
            Some("f:4 IgnoredSvcParams: s.z. SVCB: clients ignore parameters beside priority 0"),
        ),
        ("s SVCB 0 a.\ns SVCB 1 a. port=53 dohpath=/q{?dns}", None),
        (
            "s HTTPS 1 a. dohpath=/q",
            Some(
                "f:4 BadDohpath: s.z. HTTPS: dohpath \"/q\" is no path with the variable dns, as \
                 /dns-query{?dns}",
            ),
        ),
    ] {
        let (zone, found) = builder_with(None, &format!("{HEAD}{lines}\n")).finish();
        assert!(zone.is_some(), "{lines}");
        assert_eq!(shown(&found), Vec::from_iter(expected), "{lines}");
        assert!(found.iter().all(|found| found.3 == Severity::Warning));
    }
}

#[test]
fn a_zone_needs_a_head() {
    for (origin, file, expected) in [
        (
            None,
            "",
            vec!["f NoSOA: no SOA record, so the zone has no origin"],
        ),
        (
            Some("z."),
            "",
            vec![
                "f NoSOA: z. has no SOA record",
                "f NoApexNS: z. has no NS record",
            ],
        ),
        (
            None,
            "z. 1 SOA a. b. 1 2 3 4 5\n",
            vec!["f:1 NoApexNS: z. has no NS record"],
        ),
    ] {
        let (zone, found) = builder_with(origin, file).finish();
        assert!(zone.is_none());
        assert_eq!(shown(&found), expected);
    }
}

#[test]
fn a_mailbox_is_written_without_an_at() {
    for (written, found, corrected) in [
        ("h@z.", "h@z.", "h.z."),
        ("first.last@z.", "first.last@z.", "first\\.last.z."),
        ("a.b.c@mail.y.", "a.b.c@mail.y.", "a\\.b\\.c.mail.y."),
        // Without a dot at its end the name got the origin behind it.
        ("h@z", "h@z.z.", "h.z."),
        ("h@y", "h@y.z.", "h.y.z."),
        ("h@", "h@.z.", "h.z."),
    ] {
        let file = format!("$ORIGIN z.\n\n@ 300 SOA ns.a. {written} 1 2 3 4 5\n@ 300 NS ns.a.\n");
        let (zone, violations) = builder_with(None, &file).finish();
        assert_eq!(
            shown(&violations),
            [format!(
                "f:3 BadMailbox: the mailbox {found} of the SOA has an @; write a dot in its place: \
                 {corrected}"
            )]
        );
        assert_eq!(violations[0].3, Severity::Warning);
        // What is advised is taken without a word, and what was added since is not about the SOA.
        let (_, again) = builder_with(None, &file.replace(written, corrected)).finish();
        assert_eq!(shown(&again), [""; 0]);
        let mut more = Builder::new(None);
        more.add_zone(zone.unwrap()).unwrap();
        add(&mut more, "@", "TXT", "x", "r");
        assert_eq!(shown(&more.finish().1), [""; 0]);
    }
}
