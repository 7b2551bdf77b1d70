//! What follows an answer of SVCB or HTTPS (RFC 9460 section 4.1).

use super::{APEX, DO, Transport, ask, catalog, catalog_of, query, with_opt};

/// SVCB or HTTPS of priority and target, as RFC 3597 writes it.
fn service(owner: &str, rtype: &str, priority: u16, target: &str) -> String {
    let target = super::wire(target);
    let rdata = [&priority.to_be_bytes()[..], target.as_wire()].concat();
    let hex: String = rdata.iter().map(|octet| format!("{octet:02x}")).collect();
    format!("{owner} 60 {rtype} \\# {} {hex}\n", rdata.len())
}

fn zone() -> String {
    [
        service("own.test.", "HTTPS", 1, "."),
        service("host.test.", "HTTPS", 1, "WWW.test."),
        service("host.test.", "HTTPS", 2, "www.test."),
        service("host.test.", "HTTPS", 3, "www.other."),
        service("alias.test.", "HTTPS", 0, "host.test."),
        service("alias.test.", "SVCB", 0, "host.test."),
        service("none.test.", "HTTPS", 0, "."),
        service("self.test.", "HTTPS", 0, "self.test."),
        service("*.wild.test.", "HTTPS", 1, "."),
        service("deep.test.", "HTTPS", 0, "x.wild.test."),
        service("below.test.", "HTTPS", 0, "www.cut.test."),
        service("www.cut.test.", "HTTPS", 1, "."),
        service("away.test.", "HTTPS", 0, "cname.test."),
        "own.test. 60 A 192.0.2.1
         own.test. 60 AAAA 2001:db8::1
         www.test. 60 A 192.0.2.2
         host.test. 60 A 192.0.2.3
         self.test. 60 A 192.0.2.4
         none.test. 60 A 192.0.2.5
         *.wild.test. 60 A 192.0.2.6
         cut.test. 60 NS ns.other.
         www.cut.test. 60 A 192.0.2.7
         cname.test. 60 CNAME own.test.
         broken.test. 60 TYPE65 \\# 2 0001
         to-own.test. 60 CNAME own.test.
        "
        .to_owned(),
    ]
    .concat()
}

/// Owner and type of the RRsets behind the answer of a query over UDP.
fn additional(asked: &str) -> Vec<String> {
    let reply = ask(&catalog(&zone()), &query(asked), Transport::Udp);
    assert_eq!(reply[0], "NOERROR aa", "{asked}");
    let lines = reply.iter().filter_map(|line| line.strip_prefix("ar "));
    let words = |line: &str| line.split(' ').map(str::to_owned).collect::<Vec<_>>();
    let mut rrsets: Vec<_> = lines
        .map(|line| [&words(line)[..1], &words(line)[2..3]].concat().join(" "))
        .collect();
    rrsets.dedup();
    rrsets
}

#[test]
fn addresses_of_targets_and_records_of_aliases() {
    for (asked, expected) in [
        ("own.test. HTTPS", &["own.test. A", "own.test. AAAA"][..]),
        ("host.test. HTTPS", &["WWW.test. A"]),
        ("alias.test. HTTPS", &["host.test. A", "host.test. HTTPS"]),
        ("alias.test. SVCB", &["host.test. A"]),
        ("none.test. HTTPS", &[]),
        ("self.test. HTTPS", &["self.test. A"]),
        ("y.wild.test. HTTPS", &["y.wild.test. A"]),
        (
            "deep.test. HTTPS",
            &["x.wild.test. A", "x.wild.test. HTTPS"],
        ),
        ("below.test. HTTPS", &["www.cut.test. A"]),
        ("away.test. HTTPS", &[]),
        ("broken.test. HTTPS", &[]),
        ("to-own.test. HTTPS", &["own.test. A", "own.test. AAAA"]),
    ] {
        assert_eq!(additional(asked), expected, "{asked}");
    }
}

#[test]
fn what_does_not_fit_is_left_out() {
    let (from, to) = (0..40, 40);
    let records: String = from
        .map(|i| {
            service("many.test.", "HTTPS", i + 1, &format!("h{i}.test."))
                + &format!("h{i}.test. 60 AAAA 2001:db8::{i}\n")
        })
        .collect();
    let catalog = catalog(&records);
    let small = with_opt(query("many.test. HTTPS"), 1232, 0, &[]);
    let udp = ask(&catalog, &small, Transport::Udp);
    assert_eq!(udp[0], "NOERROR aa");
    assert!(udp.len() > 1 + to && udp.len() < 1 + 2 * to);
    let tcp = ask(&catalog, &query("many.test. HTTPS"), Transport::Tcp);
    assert_eq!(tcp.len(), 1 + 2 * to);
    let truncated = ask(&catalog, &query("many.test. HTTPS"), Transport::Udp);
    assert_eq!(truncated, ["NOERROR aa tc"]);
}

#[test]
fn signatures_go_with_what_is_added() {
    let signature = |owner: &str, covered: &str| {
        format!("{owner} 60 RRSIG {covered} 8 1 60 20300101000000 20200101000000 1 test. AAAA\n")
    };
    let signed = [
        APEX.to_owned(),
        "test. 60 DNSKEY 257 3 8 AAAA\n".to_owned(),
        signature("test.", "SOA"),
        service("alias.test.", "HTTPS", 0, "host.test."),
        service("host.test.", "HTTPS", 1, "."),
        "host.test. 60 A 192.0.2.1\n".to_owned(),
        signature("alias.test.", "HTTPS"),
        signature("host.test.", "HTTPS"),
        signature("host.test.", "A"),
    ];
    let query = with_opt(query("alias.test. HTTPS"), 1232, DO, &[]);
    let reply = ask(&catalog_of(&[&signed.concat()]), &query, Transport::Udp);
    let expected = ["an alias.test. 60 HTTPS", "an alias.test. 60 RRSIG HTTPS"]
        .into_iter()
        .chain(["ar host.test. 60 A", "ar host.test. 60 RRSIG A"])
        .chain(["ar host.test. 60 HTTPS", "ar host.test. 60 RRSIG HTTPS"])
        .chain(["ar OPT"]);
    for (line, start) in reply[1..].iter().zip(expected.clone()) {
        assert!(line.starts_with(start), "{line}, not {start}");
    }
    assert_eq!(reply.len(), 1 + expected.count());
}
