//! Referrals, glue, additional addresses, and what happens when they do not fit.

use super::{DO, Transport, ask, catalog, check, query, with_opt};

#[test]
fn referrals() {
    let cut: &[&str] = &[
        "NOERROR",
        "ns sub.test. 60 NS x.other.",
        "ns sub.test. 60 NS ns.sub.test.",
        "ns sub.test. 60 NS ns.sibling.test.",
        "ns sub.test. 60 NS host.test.",
        "ar ns.sub.test. 60 A 192.0.2.1",
        "ar ns.sub.test. 60 AAAA 2001:db8::1",
        "ar ns.sibling.test. 60 A 192.0.2.2",
        "ar host.test. 60 A 192.0.2.3",
    ];
    check(
        "sub.test. 60 NS ns.sub.test.
         sub.test. 60 NS x.other.
         sub.test. 60 NS ns.sibling.test.
         sub.test. 60 NS host.test.
         sub.test. 60 TXT \"hidden\"
         ns.sub.test. 60 A 192.0.2.1
         ns.sub.test. 60 AAAA 2001:db8::1
         ns.sub.test. 60 NS deeper.sub.test.
         sibling.test. 60 NS ns.sibling.test.
         ns.sibling.test. 60 A 192.0.2.2
         host.test. 60 A 192.0.2.3",
        &[
            ("sub.test. NS", cut),
            ("sub.test. TXT", cut),
            ("sub.test. SOA", cut),
            ("ns.sub.test. A", cut),
            ("x.ns.sub.test. DS", cut),
            (
                "sub.test. DS",
                &[
                    "NOERROR aa",
                    "ns test. 600 SOA ns.test. host.test. 1 2 3 4 600",
                ],
            ),
        ],
    );
}

#[test]
fn addresses_of_targets() {
    check(
        "mx.test. 60 MX 10 mail.test.
         mx.test. 60 MX 20 MAIL.test.
         mx.test. 60 MX 30 x.wild.test.
         mx.test. 60 MX 40 mail.other.
         mx.test. 60 MX 50 alias.test.
         _s._tcp.test. 60 SRV 1 2 3 mail.test.
         alias.test. 60 CNAME mail.test.
         mail.test. 60 A 192.0.2.1
         *.wild.test. 60 A 192.0.2.2",
        &[
            (
                "mx.test. MX",
                &[
                    "NOERROR aa",
                    "an mx.test. 60 MX 10 mail.test.",
                    "an mx.test. 60 MX 20 mail.test.",
                    "an mx.test. 60 MX 30 x.wild.test.",
                    "an mx.test. 60 MX 40 mail.other.",
                    "an mx.test. 60 MX 50 alias.test.",
                    "ar mail.test. 60 A 192.0.2.1",
                    "ar x.wild.test. 60 A 192.0.2.2",
                ],
            ),
            (
                "_s._tcp.test. SRV",
                &[
                    "NOERROR aa",
                    "an _s._tcp.test. 60 SRV 1 2 3 mail.test.",
                    "ar mail.test. 60 A 192.0.2.1",
                ],
            ),
        ],
    );
}

/// A delegation to `count` servers, each with one address.
fn delegation(count: usize, below: &str) -> String {
    let lines = (0..count).map(|i| {
        format!("sub.test. 60 NS n{i:02}.{below}\nn{i:02}.{below} 60 AAAA 2001:db8::{i}\n")
    });
    lines.collect()
}

#[test]
fn in_domain_glue_fits_or_the_reply_is_truncated() {
    for (below, flag) in [("sub.test.", "NOERROR tc"), ("host.test.", "NOERROR")] {
        let catalog = catalog(&delegation(12, below));
        let udp = ask(&catalog, &query("sub.test. A"), Transport::Udp);
        assert_eq!(udp[0], flag, "{below}");
        assert!(udp.len() > 1 + 12 && udp.len() < 1 + 12 + 12, "{udp:?}");
        let edns = with_opt(query("sub.test. A"), 1232, 0, &[]);
        assert_eq!(ask(&catalog, &edns, Transport::Udp).len(), 1 + 12 + 12 + 1);
        assert_eq!(
            ask(&catalog, &query("sub.test. A"), Transport::Tcp).len(),
            1 + 12 + 12
        );
    }
}

#[test]
fn rrsets_are_whole_or_absent() {
    let text = "x".repeat(200);
    let catalog = catalog(&format!(
        "big.test. 60 TXT \"a{text}\"
         big.test. 60 TXT \"b{text}\"
         big.test. 60 TXT \"c{text}\"
         to-big.test. 60 CNAME big.test."
    ));
    let alias = "an to-big.test. 60 CNAME big.test.";
    for (asked, udp) in [
        ("big.test. TXT", vec!["NOERROR aa tc"]),
        ("to-big.test. TXT", vec!["NOERROR aa tc", alias]),
    ] {
        assert_eq!(ask(&catalog, &query(asked), Transport::Udp), udp, "{asked}");
        let opt = with_opt(query(asked), 600, DO, &[]);
        let reply = ask(&catalog, &opt, Transport::Udp);
        assert_eq!(reply[..udp.len()], udp, "{asked}");
        assert_eq!(reply[udp.len()..], ["ar OPT 1232 0x8000 []"], "{asked}");
        let opt = with_opt(query(asked), 4096, 0, &[]);
        assert_eq!(
            ask(&catalog, &opt, Transport::Udp)[0],
            "NOERROR aa",
            "{asked}"
        );
    }
}

#[test]
fn a_reply_of_64_kib_goes_over_tcp() {
    let text = "x".repeat(250);
    let records: String = (0..240)
        .map(|i| format!("big.test. 60 TXT \"{i} {text}\"\n"))
        .collect();
    let catalog = catalog(&records);
    let reply = ask(&catalog, &query("big.test. TXT"), Transport::Tcp);
    assert_eq!((reply[0].as_str(), reply.len()), ("NOERROR aa", 1 + 240));
    let edns = with_opt(query("big.test. TXT"), 65535, 0, &[]);
    assert_eq!(
        ask(&catalog, &edns, Transport::Udp),
        ["NOERROR aa tc", "ar OPT 1232 0x0 []"]
    );
}

#[test]
fn compression_makes_a_large_rrset_fit() {
    let count = 2_800;
    let line = |i| format!("mx.test. 60 MX 1 n{i:04}.a2.test.\n");
    let reply = ask(
        &catalog(&(0..count).map(line).collect::<String>()),
        &query("mx.test. MX"),
        Transport::Tcp,
    );
    assert_eq!((reply[0].as_str(), reply.len()), ("NOERROR aa", 1 + count));
}

#[test]
fn more_names_than_compression_notes() {
    let count = 900;
    let records: String = (0..count)
        .map(|i| format!("mx.test. 60 MX {i} host-{i}.domain-{i}.test.\n"))
        .collect();
    let reply = ask(&catalog(&records), &query("mx.test. MX"), Transport::Tcp);
    let expected = (0..count).map(|i| format!("an mx.test. 60 MX {i} host-{i}.domain-{i}.test."));
    assert_eq!(reply[1..], expected.collect::<Vec<_>>());
}
