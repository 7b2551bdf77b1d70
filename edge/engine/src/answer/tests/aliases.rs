//! CNAME and DNAME: followed inside the zone, never in circles.

use super::{Transport, ask, catalog, check, query};

const SOA: &str = "ns test. 600 SOA ns.test. host.test. 1 2 3 4 600";

#[test]
fn chains() {
    check(
        "www.test. 60 A 192.0.2.1
         c1.test. 60 CNAME www.test.
         C2.test. 60 CNAME C1.test.
         foreign.test. 60 CNAME www.other.
         broken.test. 60 CNAME absent.test.
         *.wild.test. 60 CNAME www.test.
         to-cut.test. 60 CNAME x.sub.test.
         star.test. 60 CNAME www.*.test.
         sub.test. 60 NS ns.sub.test.
         ns.sub.test. 60 A 192.0.2.2",
        &[
            (
                "c2.test. A",
                &[
                    "NOERROR aa",
                    "an c2.test. 60 CNAME C1.test.",
                    "an C1.test. 60 CNAME www.test.",
                    "an www.test. 60 A 192.0.2.1",
                ],
            ),
            (
                "c2.test. CNAME",
                &["NOERROR aa", "an c2.test. 60 CNAME C1.test."],
            ),
            (
                "c1.test. TXT",
                &["NOERROR aa", "an c1.test. 60 CNAME www.test.", SOA],
            ),
            ("c1.test. NSEC", &["NOERROR aa", SOA]),
            (
                "foreign.test. A",
                &["NOERROR aa", "an foreign.test. 60 CNAME www.other."],
            ),
            (
                "broken.test. A",
                &["NXDOMAIN aa", "an broken.test. 60 CNAME absent.test.", SOA],
            ),
            (
                "broken.test. CNAME",
                &["NOERROR aa", "an broken.test. 60 CNAME absent.test."],
            ),
            (
                "X.wild.test. A",
                &[
                    "NOERROR aa",
                    "an X.wild.test. 60 CNAME www.test.",
                    "an www.test. 60 A 192.0.2.1",
                ],
            ),
            (
                "x.wild.test. CNAME",
                &["NOERROR aa", "an x.wild.test. 60 CNAME www.test."],
            ),
            (
                "star.test. A",
                &["NXDOMAIN aa", "an star.test. 60 CNAME www.*.test.", SOA],
            ),
            (
                "to-cut.test. A",
                &[
                    "NOERROR aa",
                    "an to-cut.test. 60 CNAME x.sub.test.",
                    "ns sub.test. 60 NS ns.sub.test.",
                    "ar ns.sub.test. 60 A 192.0.2.2",
                ],
            ),
        ],
    );
}

#[test]
fn redirections() {
    let long = vec!["x".repeat(63); 3].join(".");
    check(
        &format!(
            "www.new.test. 60 A 192.0.2.1
             old.test. 50 DNAME new.test.
             older.test. 40 DNAME old.test.
             long.test. 30 DNAME {long}.test."
        ),
        &[
            (
                "Www.Old.test. A",
                &[
                    "NOERROR aa",
                    "an Old.test. 50 DNAME new.test.",
                    "an Www.Old.test. 50 CNAME Www.new.test.",
                    "an Www.new.test. 60 A 192.0.2.1",
                ],
            ),
            (
                "www.older.test. A",
                &[
                    "NOERROR aa",
                    "an older.test. 40 DNAME old.test.",
                    "an www.older.test. 40 CNAME www.old.test.",
                    "an old.test. 50 DNAME new.test.",
                    "an www.old.test. 50 CNAME www.new.test.",
                    "an www.new.test. 60 A 192.0.2.1",
                ],
            ),
            (
                "www.old.test. CNAME",
                &[
                    "NOERROR aa",
                    "an old.test. 50 DNAME new.test.",
                    "an www.old.test. 50 CNAME www.new.test.",
                ],
            ),
            (
                "old.test. DNAME",
                &["NOERROR aa", "an old.test. 50 DNAME new.test."],
            ),
            ("old.test. A", &["NOERROR aa", SOA]),
            (
                "b.old.test. A",
                &[
                    "NXDOMAIN aa",
                    "an old.test. 50 DNAME new.test.",
                    "an b.old.test. 50 CNAME b.new.test.",
                    SOA,
                ],
            ),
        ],
    );
    let catalog = catalog(&format!("long.test. 30 DNAME {long}.test."));
    let asked = format!("{}.long.test. A", "y".repeat(60));
    let reply = ask(&catalog, &query(&asked), Transport::Tcp);
    assert_eq!(
        reply,
        [
            "YXDOMAIN aa".to_owned(),
            format!("an long.test. 30 DNAME {long}.test.")
        ]
    );
}

#[test]
fn loops_end_without_repeating_a_record() {
    check(
        "self.test. 60 CNAME SELF.test.
         l1.test. 60 CNAME l2.test.
         l2.test. 60 CNAME l1.test.
         d.test. 60 DNAME d.test.
         grow.test. 60 DNAME x.GROW.test.
         b.shrink.test. 60 DNAME shrink.test.
         a.shrink.test. 60 A 192.0.2.1",
        &[
            (
                "self.test. A",
                &["NOERROR aa", "an self.test. 60 CNAME self.test."],
            ),
            (
                "l1.test. A",
                &[
                    "NOERROR aa",
                    "an l1.test. 60 CNAME l2.test.",
                    "an l2.test. 60 CNAME l1.test.",
                ],
            ),
            (
                "a.d.test. A",
                &[
                    "NOERROR aa",
                    "an d.test. 60 DNAME d.test.",
                    "an a.d.test. 60 CNAME a.d.test.",
                ],
            ),
            // Each name that it makes is below it again, and longer.
            (
                "a.grow.test. A",
                &[
                    "NOERROR aa",
                    "an grow.test. 60 DNAME x.GROW.test.",
                    "an a.grow.test. 60 CNAME a.x.grow.test.",
                ],
            ),
            (
                "x.grow.test. DNAME",
                &[
                    "NOERROR aa",
                    "an grow.test. 60 DNAME x.GROW.test.",
                    "an x.grow.test. 60 CNAME x.x.grow.test.",
                ],
            ),
            // Its target is above it, so it may be applied to what it made.
            (
                "a.b.b.shrink.test. A",
                &[
                    "NOERROR aa",
                    "an b.shrink.test. 60 DNAME shrink.test.",
                    "an a.b.b.shrink.test. 60 CNAME a.b.shrink.test.",
                    "an a.b.shrink.test. 60 CNAME a.shrink.test.",
                    "an a.shrink.test. 60 A 192.0.2.1",
                ],
            ),
        ],
    );
    // A loop of two: sixteen names, and no record twice.
    let catalog = catalog("g.test. 60 DNAME x.h.test.\nh.test. 60 DNAME g.test.");
    let reply = ask(&catalog, &query("a.g.test. A"), Transport::Tcp);
    let unique = reply.iter().collect::<std::collections::BTreeSet<_>>();
    assert_eq!((unique.len(), reply.len()), (1 + 2 + 16, 1 + 2 + 16));
}

#[test]
fn a_chain_may_end_at_a_dname_that_is_in_the_answer_already() {
    let catalog = catalog("b.t.test. 60 DNAME t.test.\nb.t.test. 60 TXT \"t\"");
    let answer = [
        "an b.t.test. 60 DNAME t.test.",
        "an b.b.t.test. 60 CNAME b.t.test.",
    ];
    for (qtype, transport, last) in [
        ("DNAME", Transport::Udp, None),
        ("ANY", Transport::Udp, Some("an b.t.test. 60 TXT \"t\"")),
        ("ANY", Transport::Tcp, Some("an b.t.test. 60 TXT \"t\"")),
    ] {
        let reply = ask(&catalog, &query(&format!("b.b.t.test. {qtype}")), transport);
        let expected = std::iter::once("NOERROR aa").chain(answer).chain(last);
        assert_eq!(reply, expected.collect::<Vec<_>>(), "{qtype}");
    }
}

#[test]
fn a_dname_that_a_wildcard_gives_to_the_last_name_is_another_record() {
    let catalog = catalog("*.w.test. 60 DNAME c.w.test.\n*.w.test. 60 TXT \"t\"");
    let answer = [
        "an *.w.test. 60 DNAME c.w.test.",
        "an x.*.w.test. 60 CNAME x.c.w.test.",
    ];
    let dname = "an x.c.w.test. 60 DNAME c.w.test.";
    let text = "an x.c.w.test. 60 TXT \"t\"";
    for (qtype, transport, last) in [
        ("DNAME", Transport::Udp, &[dname][..]),
        ("ANY", Transport::Udp, &[text]),
        ("ANY", Transport::Tcp, &[text, dname]),
    ] {
        let reply = ask(&catalog, &query(&format!("x.*.w.test. {qtype}")), transport);
        let expected = ["NOERROR aa"].into_iter().chain(answer);
        let expected = expected.chain(last.iter().copied());
        assert_eq!(reply, expected.collect::<Vec<_>>(), "{qtype}");
    }
}

#[test]
fn sixteen_aliases_are_chased() {
    let records: String = (0..20)
        .map(|i| format!("c{i}.test. 60 CNAME c{}.test.\n", i + 1))
        .collect();
    let catalog = catalog(&format!("{records}c20.test. 60 A 192.0.2.1"));
    let reply = ask(&catalog, &query("c0.test. A"), Transport::Tcp);
    assert_eq!(reply.len(), 1 + 16);
    assert_eq!(reply[0], "NOERROR aa");
    let reply = ask(&catalog, &query("c4.test. A"), Transport::Tcp);
    assert_eq!(reply.len(), 1 + 16 + 1);
    assert_eq!(reply.last().unwrap(), "an c20.test. 60 A 192.0.2.1");
}

#[test]
fn names_of_many_labels_are_followed_too() {
    // More labels than a message notes for compression.
    let name = |number: u32| format!("{}n{number}.test.", "x.".repeat(60));
    let chain = |last: u32| {
        let aliases =
            (1..last).map(|number| format!("{} 60 CNAME {}", name(number), name(number + 1)));
        aliases.collect::<Vec<_>>().join("\n")
    };
    let asked = query(&format!("{} A", name(1)));
    let address = catalog(&format!("{}\n{} 60 A 192.0.2.1", chain(12), name(12)));
    let reply = ask(&address, &asked, Transport::Tcp);
    assert_eq!(reply.len(), 1 + 12);
    assert!(reply[12].ends_with(" A 192.0.2.1"), "{}", reply[12]);
    let circle = catalog(&format!(
        "{}\n{} 60 CNAME {}",
        chain(12),
        name(12),
        name(10)
    ));
    assert_eq!(ask(&circle, &asked, Transport::Tcp).len(), 1 + 12);
}
