//! Zones that should be served and whose data is not there.

use super::super::subject::{Kind, Subject};
use super::options::opt;
use super::*;
use crate::answer::cookies;

/// A zone with records at and below `sub.test.`, and what the catalog has without that zone.
fn catalog_without_sub() -> Catalog {
    catalog("www.test. 60 A 192.0.2.1\nsub.test. 60 NS ns.other.\nx.sub.test. 60 A 192.0.2.2")
        .withholding(&wire("sub.test."))
}

#[test]
fn a_withheld_zone_is_not_answered_by_the_one_above() {
    let catalog = catalog_without_sub();
    for (asked, expected) in [
        ("sub.test. NS", &["SERVFAIL"][..]),
        ("x.sub.test. A", &["SERVFAIL"]),
        ("y.x.SUB.test. ANY", &["SERVFAIL"]),
        ("x.sub.test. DS", &["SERVFAIL"]),
        (
            "www.test. A",
            &["NOERROR aa", "an www.test. 60 A 192.0.2.1"],
        ),
        ("sub.test. AXFR", &["REFUSED"]),
        ("sub.test. TYPE128", &["FORMERR"]),
    ] {
        for transport in [Transport::Udp, Transport::Tcp] {
            assert_eq!(ask(&catalog, &query(asked), transport), expected, "{asked}");
        }
    }
    // The zone above has the DS, or knows that there is none.
    let soa = "ns test. 600 SOA ns.test. host.test. 1 2 3 4 600";
    let reply = ask(&catalog, &query("sub.test. DS"), Transport::Udp);
    assert_eq!(reply, ["NOERROR aa", soa]);
}

#[test]
fn the_zone_below_a_withheld_one_answers_all_but_its_ds() {
    let catalog = catalog_of(&[APEX]).withholding(&Name::root());
    for (asked, expected) in [
        ("test. NS", "NOERROR aa"),
        ("x.test. A", "NXDOMAIN aa"),
        ("test. DS", "SERVFAIL"),
        ("other. A", "SERVFAIL"),
        (". NS", "SERVFAIL"),
    ] {
        let reply = ask(&catalog, &query(asked), Transport::Udp);
        assert_eq!(reply[0], expected, "{asked}");
    }
}

#[test]
fn the_options_of_a_reply_are_there_beside_the_extended_error() {
    let settings = Settings::new(Some("ams1")).unwrap();
    let settings = settings.with_secrets(&[vec![7; 16]]).unwrap();
    let client = client(Transport::Udp);
    let (_, cookie) =
        cookies::answer(settings.secrets(), b"12345678", client.address, NOW).unwrap();
    let source = Source {
        catalog: &catalog_without_sub(),
        settings: &settings,
        now: NOW,
    };
    let presented = [option(3, b""), option(10, b"12345678")].concat();
    let query = with_opt(query("x.sub.test. A"), 1232, 0, &presented);
    let mut out = Vec::new();
    let outcome = respond_from(source, &query, client, &mut out).unwrap();
    let sent = [
        option(3, b"ams1"),
        option(10, &cookie),
        option(15, &[0, 14]),
    ];
    assert_eq!(read(&out, outcome), ["SERVFAIL", &opt(&sent)]);
    assert_eq!(outcome.cookie, Some(Presented::Client));
}

#[test]
fn the_identity_is_told_where_even_the_root_is_withheld() {
    let source = Source {
        catalog: &Catalog::default().withholding(&Name::root()),
        settings: &Settings::new(Some("ams1")).unwrap(),
        now: NOW,
    };
    let mut query = query("id.server. TXT");
    *query.last_mut().unwrap() = 3; // class CHAOS
    let mut out = Vec::new();
    let outcome = respond_from(source, &query, client(Transport::Udp), &mut out).unwrap();
    let text = "an id.server. 0 TXT \"ams1\"";
    assert_eq!(read(&out, outcome), ["NOERROR aa", text]);
}

#[test]
fn a_reply_is_an_error_about_the_zone() {
    let catalog = catalog_without_sub();
    for (asked, name) in [
        ("y.x.SUB.test. A", "SUB.test."),
        ("sub.test. MX", "sub.test."),
        ("x.sub.test. DS", "sub.test."),
    ] {
        let query = query(asked);
        let outcome = respond(&catalog, &query, Transport::Udp, &mut Vec::new()).unwrap();
        let octets = wire(name).as_wire().len();
        assert_eq!(
            outcome.subject,
            Subject::new(Kind::Error, octets),
            "{asked}"
        );
        assert_eq!(
            outcome.subject.name(&query),
            wire(name).as_wire(),
            "{asked}"
        );
    }
}

#[test]
fn every_answer_is_of_its_moment_also_from_a_cache() {
    let (shared, origin) = (Shared::default(), wire("sub.test."));
    let sub = "sub.test. 60 SOA a. b. 1 2 3 4 5\nsub.test. 60 NS a.\nx.sub.test. 60 A 192.0.2.2";
    let above = ["NOERROR aa", "an x.sub.test. 60 A 192.0.2.1"];
    let below = ["NOERROR aa", "an x.sub.test. 60 A 192.0.2.2"];
    // `ask` fills a cache, and fails where that makes a difference.
    let ask = || ask(&shared.current(), &query("x.sub.test. A"), Transport::Udp);
    shared.load(zone(&format!("{APEX}x.sub.test. 60 A 192.0.2.1")));
    assert_eq!(ask(), above);
    shared.withhold(&origin);
    assert_eq!(ask(), ["SERVFAIL"]);
    shared.load(zone(sub));
    assert_eq!(ask(), below);
    shared.withhold(&origin);
    assert_eq!(ask(), below);
    shared.remove(origin.as_wire());
    shared.withhold(&origin);
    assert_eq!(ask(), ["SERVFAIL"]);
    shared.remove(origin.as_wire());
    assert_eq!(ask(), above);
}
