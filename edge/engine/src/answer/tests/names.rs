//! What exists, what does not, and what wildcards stand for.

use super::{APEX, Transport, ask, catalog_of, check, query};

const SOA: &str = "ns test. 600 SOA ns.test. host.test. 1 2 3 4 600";

#[test]
fn exact_names() {
    check(
        "www.test. 60 A 192.0.2.1
         www.test. 60 A 192.0.2.2
         www.test. 50 TXT \"a\" \"b\"",
        &[
            (
                "www.test. A",
                &[
                    "NOERROR aa",
                    "an www.test. 60 A 192.0.2.1",
                    "an www.test. 60 A 192.0.2.2",
                ],
            ),
            (
                "www.test. TXT",
                &["NOERROR aa", "an www.test. 50 TXT \"a\" \"b\""],
            ),
            (
                "WwW.tEsT. TXT",
                &["NOERROR aa", "an WwW.tEsT. 50 TXT \"a\" \"b\""],
            ),
            ("www.test. AAAA", &["NOERROR aa", SOA]),
            ("www.test. TYPE65280", &["NOERROR aa", SOA]),
            ("test. A", &["NOERROR aa", SOA]),
            (
                "test. SOA",
                &[
                    "NOERROR aa",
                    "an test. 3600 SOA ns.test. host.test. 1 2 3 4 600",
                ],
            ),
            ("test. NS", &["NOERROR aa", "an test. 3600 NS ns.other."]),
            ("absent.test. A", &["NXDOMAIN aa", SOA]),
            ("x.www.test. A", &["NXDOMAIN aa", SOA]),
            ("other. A", &["REFUSED"]),
            (". NS", &["REFUSED"]),
        ],
    );
}

#[test]
fn empty_non_terminals_exist() {
    check(
        "a.b.c.test. 60 A 192.0.2.1
         f.*.e.test. 60 A 192.0.2.2
         *.w.test. 60 A 192.0.2.3
         real.deeper.w.test. 60 A 192.0.2.4",
        &[
            ("c.test. A", &["NOERROR aa", SOA]),
            ("b.c.test. A", &["NOERROR aa", SOA]),
            ("x.b.c.test. A", &["NXDOMAIN aa", SOA]),
            // The empty wildcard is the source of synthesis.
            ("something.e.test. A", &["NOERROR aa", SOA]),
            // A closer name that exists blocks the wildcard.
            ("x.deeper.w.test. A", &["NXDOMAIN aa", SOA]),
            ("deeper.w.test. A", &["NOERROR aa", SOA]),
        ],
    );
}

#[test]
fn wildcards() {
    check(
        "*.test. 60 A 192.0.2.1
         *.test. 60 MX 10 www.*.test.
         sub.*.test. 60 TXT \"literal\"
         ns.wild.test. 60 A 192.0.2.2
         *.cut.test. 60 NS ns.other.",
        &[
            ("x.test. A", &["NOERROR aa", "an x.test. 60 A 192.0.2.1"]),
            (
                "X.y.test. A",
                &["NOERROR aa", "an X.y.test. 60 A 192.0.2.1"],
            ),
            ("x.test. TXT", &["NOERROR aa", SOA]),
            ("*.test. A", &["NOERROR aa", "an *.test. 60 A 192.0.2.1"]),
            ("a.*.test. A", &["NXDOMAIN aa", SOA]),
            (
                "sub.*.test. TXT",
                &["NOERROR aa", "an sub.*.test. 60 TXT \"literal\""],
            ),
            (
                "x.test. MX",
                &["NOERROR aa", "an x.test. 60 MX 10 www.*.test."],
            ),
            ("x.wild.test. A", &["NXDOMAIN aa", SOA]),
            ("x.cut.test. A", &["NOERROR aa", SOA]),
            (
                "x.cut.test. NS",
                &["NOERROR aa", "an x.cut.test. 60 NS ns.other."],
            ),
        ],
    );
}

#[test]
fn any_gets_one_rrset_over_udp_and_all_over_tcp() {
    let catalog = super::catalog(
        "www.test. 60 MX 10 mail.test.
         www.test. 60 TXT \"t\"
         mail.test. 60 A 192.0.2.1
         alias.test. 60 CNAME www.test.
         a.ent.test. 60 A 192.0.2.1",
    );
    let mx = "an www.test. 60 MX 10 mail.test.";
    for (asked, udp, tcp) in [
        (
            "www.test. ANY",
            vec!["NOERROR aa", mx],
            vec!["NOERROR aa", mx, "an www.test. 60 TXT \"t\""],
        ),
        (
            "alias.test. ANY",
            vec!["NOERROR aa", "an alias.test. 60 CNAME www.test."],
            vec!["NOERROR aa", "an alias.test. 60 CNAME www.test."],
        ),
        (
            "ent.test. ANY",
            vec!["NOERROR aa", SOA],
            vec!["NOERROR aa", SOA],
        ),
        (
            "absent.test. ANY",
            vec!["NXDOMAIN aa", SOA],
            vec!["NXDOMAIN aa", SOA],
        ),
    ] {
        assert_eq!(ask(&catalog, &query(asked), Transport::Udp), udp, "{asked}");
        assert_eq!(ask(&catalog, &query(asked), Transport::Tcp), tcp, "{asked}");
    }
}

#[test]
fn ds_is_data_of_the_parent() {
    let ds = "1 8 1 563200F63B8B1797B4D88D14BD6A672EA4D0CC0C";
    let parent = format!("{APEX} child.test. 60 NS ns.other.\nchild.test. 60 DS {ds}");
    let child = "child.test. 60 SOA ns.other. host.other. 1 2 3 4 30\nchild.test. 60 NS ns.other.";
    let answer = format!("an child.test. 60 DS {ds}");
    let no_data = "ns child.test. 30 SOA ns.other. host.other. 1 2 3 4 30";
    for (zones, asked, expected) in [
        (
            vec![&parent[..], child],
            "child.test. DS",
            vec!["NOERROR aa", &answer],
        ),
        (
            vec![&parent[..]],
            "child.test. DS",
            vec!["NOERROR aa", &answer],
        ),
        (vec![child], "child.test. DS", vec!["NOERROR aa", no_data]),
        (
            vec![&parent[..], child],
            "child.test. A",
            vec!["NOERROR aa", no_data],
        ),
        (
            vec![&parent[..]],
            "x.child.test. DS",
            vec!["NOERROR", "ns child.test. 60 NS ns.other."],
        ),
    ] {
        assert_eq!(
            ask(&catalog_of(&zones), &query(asked), Transport::Udp),
            expected,
            "{asked}"
        );
    }
}

/// The SOA record of a negative answer is prepared with the zone. Whatever its names share with the
/// origin, with each other and with the question, it reads the same and is as short as pointers can
/// make it.
#[test]
fn names_of_a_negative_soa_point_at_what_is_there() {
    for (origin, mname, rname, octets) in [
        // Nothing is shared: the owner alone is a pointer.
        (
            "test.",
            "ns.other.",
            "host.elsewhere.",
            2 + 10 + 10 + 16 + 20,
        ),
        ("test.", "ns.test.", "host.test.", 2 + 10 + 5 + 7 + 20),
        ("test.", "test.", "TEST.", 2 + 10 + 2 + 2 + 20),
        (
            "a.test.",
            "ns.b.test.",
            "host.ns.b.test.",
            2 + 10 + 7 + 7 + 20,
        ),
        (
            "a.test.",
            "ns.b.other.",
            "host.b.other.",
            2 + 10 + 12 + 7 + 20,
        ),
        ("a.test.", "ns.other.", "ns.other.", 2 + 10 + 10 + 2 + 20),
        // The root has no label to point at.
        ("test.", ".", ".", 2 + 10 + 1 + 1 + 20),
        (".", "ns.test.", "host.test.", 1 + 10 + 9 + 7 + 20),
        (".", ".", ".", 1 + 10 + 1 + 1 + 20),
    ] {
        let apex = format!("{origin} 90 SOA {mname} {rname} 1 2 3 4 600\n{origin} 90 NS ns.other.");
        let catalog = catalog_of(&[&apex]);
        let longest = format!("{0}.{0}.{0}.x.", "x".repeat(63));
        for below in ["", "x.", "other.", "Ns.B.", &longest] {
            let qname = match origin {
                "." if below.is_empty() => ".".to_owned(),
                "." => below.to_owned(),
                _ => format!("{below}{origin}"),
            };
            let asked = query(&format!("{qname} TYPE65280"));
            let reply = ask(&catalog, &asked, Transport::Udp);
            let soa = format!("ns {origin} 90 SOA {mname} {rname} 1 2 3 4 600");
            assert_eq!(reply[1..].len(), 1, "{qname}");
            assert!(reply[1].eq_ignore_ascii_case(&soa), "{}", reply[1]);
            let mut out = Vec::new();
            super::respond(&catalog, &asked, Transport::Udp, &mut out).expect("a reply");
            assert_eq!(out.len() - asked.len(), octets, "{soa} for {qname}");
        }
    }
}
