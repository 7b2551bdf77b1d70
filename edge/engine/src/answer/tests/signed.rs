//! Zones that came with signatures.

use std::collections::BTreeSet;

use super::{DO, Transport, ask, catalog, query, with_opt};
use crate::name::Name;
use crate::zone::Hashing;

/// RRSIG rdata of a type.
fn signature(covered: &str) -> String {
    format!("{covered} 8 1 60 20300101000000 20200101000000 1 test. AAAA")
}

fn signed(owner: &str, rtype: &str, rdata: &str) -> String {
    format!(
        "{owner} 60 {rtype} {rdata}\n{owner} 60 RRSIG {}\n",
        signature(rtype)
    )
}

fn zone() -> String {
    [
        format!("test. 60 RRSIG {}\n", signature("SOA")),
        signed("test.", "DNSKEY", "257 3 8 AAAA"),
        signed("www.test.", "A", "192.0.2.1"),
        signed("www.test.", "NSEC", "test. A NSEC RRSIG"),
        signed(
            "secure.test.",
            "DS",
            "1 8 1 563200F63B8B1797B4D88D14BD6A672EA4D0CC0C",
        ),
        signed("secure.test.", "NSEC", "www.test. NS DS RRSIG NSEC"),
        signed("*.wild.test.", "TXT", "x"),
        signed("*.wild.test.", "NSEC", "www.test. TXT RRSIG NSEC"),
        signed("test.", "NSEC", "plain.test. SOA NS RRSIG NSEC DNSKEY"),
        "secure.test. 60 NS ns.other.\n".to_owned(),
        signed("plain.test.", "NSEC", "secure.test. NS RRSIG NSEC"),
        "plain.test. 60 NS ns.other.\n".to_owned(),
    ]
    .concat()
}

#[test]
fn signatures_are_sent_where_they_are_wanted() {
    let catalog = catalog(&zone());
    let soa = "ns test. 600 SOA ns.test. host.test. 1 2 3 4 600";
    for (asked, expected) in [
        (
            "www.test. A",
            vec![
                "NOERROR aa",
                "an www.test. 60 A 192.0.2.1",
                "an www.test. 60 RRSIG A …",
            ],
        ),
        (
            "www.test. TXT",
            vec![
                "NOERROR aa",
                soa,
                "ns test. 600 RRSIG SOA …",
                "ns www.test. 60 NSEC test. A RRSIG NSEC",
                "ns www.test. 60 RRSIG NSEC …",
            ],
        ),
        (
            "vvv.test. A",
            vec![
                "NXDOMAIN aa",
                soa,
                "ns test. 600 RRSIG SOA …",
                "ns secure.test. 60 NSEC www.test. NS DS RRSIG NSEC",
                "ns secure.test. 60 RRSIG NSEC …",
                "ns test. 60 NSEC plain.test. NS SOA RRSIG NSEC DNSKEY",
                "ns test. 60 RRSIG NSEC …",
            ],
        ),
        (
            "x.wild.test. TXT",
            vec![
                "NOERROR aa",
                "an x.wild.test. 60 TXT \"x\"",
                "an x.wild.test. 60 RRSIG TXT …",
                "ns *.wild.test. 60 NSEC www.test. TXT RRSIG NSEC",
                "ns *.wild.test. 60 RRSIG NSEC …",
            ],
        ),
        (
            "x.wild.test. A",
            vec![
                "NOERROR aa",
                soa,
                "ns test. 600 RRSIG SOA …",
                "ns *.wild.test. 60 NSEC www.test. TXT RRSIG NSEC",
                "ns *.wild.test. 60 RRSIG NSEC …",
            ],
        ),
        (
            "secure.test. A",
            vec![
                "NOERROR",
                "ns secure.test. 60 NS ns.other.",
                "ns secure.test. 60 DS 1 8 1 563200F63B8B1797B4D88D14BD6A672EA4D0CC0C",
                "ns secure.test. 60 RRSIG DS …",
            ],
        ),
        (
            "plain.test. A",
            vec![
                "NOERROR",
                "ns plain.test. 60 NS ns.other.",
                "ns plain.test. 60 NSEC secure.test. NS RRSIG NSEC",
                "ns plain.test. 60 RRSIG NSEC …",
            ],
        ),
    ] {
        let wanted = ask(
            &catalog,
            &with_opt(query(asked), 1232, DO, &[]),
            Transport::Udp,
        );
        let shortened: Vec<_> = wanted
            .iter()
            .map(|line| match line.find(" 8 1 60 2030") {
                Some(at) => format!("{} …", &line[..at]),
                None => line.clone(),
            })
            .collect();
        assert_eq!(shortened[..shortened.len() - 1], expected, "{asked}");
        let plain = ask(&catalog, &query(asked), Transport::Udp);
        assert!(
            !plain.iter().any(|line| line.contains("RRSIG")),
            "{plain:?}"
        );
    }
}

#[test]
fn signatures_that_are_asked_for_have_the_ttl_of_what_they_sign() {
    let lower = format!(
        "b.test. 30 CAA 0 issue \"x\"\nb.test. 30 RRSIG {}\n",
        signature("CAA")
    );
    let catalog = catalog(&[zone(), signed("b.test.", "A", "192.0.2.1"), lower].concat());
    let found = ask(&catalog, &query("b.test. RRSIG"), Transport::Udp);
    let expected = [("60", "A"), ("30", "CAA")]
        .map(|(ttl, covered)| format!("an b.test. {ttl} RRSIG {}", signature(covered)));
    assert_eq!(found[1..], expected);
    // Among all records of a name too.
    let every = ask(&catalog, &query("b.test. ANY"), Transport::Tcp);
    for line in &expected {
        assert!(every.contains(line), "{every:?}");
    }
}

#[test]
fn any_is_answered_with_data_and_not_with_signatures_alone() {
    let service = signed("b.test.", "HTTPS", "1 .");
    let denial = signed("b.test.", "NSEC", "c.test. HTTPS RRSIG NSEC");
    let catalog = catalog(&[zone(), service, denial].concat());
    let found = ask(&catalog, &query("b.test. ANY"), Transport::Udp);
    assert_eq!(found, ["NOERROR aa", "an b.test. 60 HTTPS 1 ."]);
}

#[test]
fn a_zone_without_signed_apex_is_plain() {
    let key = "test. 60 DNSKEY 257 3 8 AAAA\n".to_owned();
    let signature = |covered| format!("test. 60 RRSIG {}\n", signature(covered));
    for apex in [
        String::new(),
        key.clone(),
        key + &signature("DNSKEY") + &signature("NS"),
        signature("SOA"),
    ] {
        let records =
            signed("www.test.", "A", "192.0.2.1") + &signed("www.test.", "NSEC", "test. A");
        let catalog = catalog(&(apex + &records));
        for (asked, expected) in [
            ("www.test. A", ["NOERROR aa", "an www.test. 60 A 192.0.2.1"]),
            (
                "x.test. A",
                [
                    "NXDOMAIN aa",
                    "ns test. 600 SOA ns.test. host.test. 1 2 3 4 600",
                ],
            ),
        ] {
            let asked = with_opt(query(asked), 1232, DO, &[]);
            let reply = ask(&catalog, &asked, Transport::Udp);
            assert_eq!(reply[..2], expected);
            assert_eq!(reply[2..], ["ar OPT 1232 0x8000 []"]);
        }
    }
}

#[test]
fn names_that_only_nsec3_records_have_do_not_exist() {
    // Also where no proof can be made of them: of another algorithm, and not at a hash.
    let owners = ["0p9mhaveqvm6t7vbl5lop2u3t2rp3tom.test.", "short.test."];
    for algorithm in [1, 2] {
        for owner in owners {
            let rdata = format!("{algorithm} 0 0 - 2t7b4g4vsa5smi47k61mv5bv1a22bojr A");
            let zone = signed(owner, "NSEC3", &rdata);
            for rtype in ["NSEC3", "RRSIG", "A"] {
                let asked = format!("{owner} {rtype}");
                let reply = ask(&catalog(&zone), &query(&asked), Transport::Udp);
                assert_eq!(reply[0], "NXDOMAIN aa", "{asked} {algorithm}");
            }
            let used = format!("{zone}{owner} 60 A 192.0.2.1\n");
            let asked = format!("{owner} NSEC3");
            let reply = ask(&catalog(&used), &query(&asked), Transport::Udp);
            assert_eq!(reply[0], "NOERROR aa", "{asked} {algorithm}");
            assert_eq!(reply.len(), 2, "{reply:?}");
        }
    }
}

/// The owners of records of a type in the authority section of a reply with DO.
fn proofs(zone: &str, asked: &str, rtype: &str) -> BTreeSet<String> {
    let asked = with_opt(query(asked), 1232, DO, &[]);
    let reply = ask(&catalog(zone), &asked, Transport::Tcp);
    let words = reply.iter().map(|line| line.split(' ').collect::<Vec<_>>());
    let proofs = words.filter(|words| words[0] == "ns" && words[3] == rtype);
    proofs.map(|words| words[1].to_owned()).collect()
}

#[test]
fn a_wildcard_behind_the_last_alias_is_not_proved() {
    let mut zone = zone();
    let owner = |number| format!("*.w{number:02}.test.");
    for number in 0..20 {
        let next = number + 1;
        zone += &signed(&owner(number), "CNAME", &format!("x.w{next:02}.test."));
        zone += &signed(&owner(number), "NSEC", &format!("{} CNAME", owner(next)));
    }
    let proofs = proofs(&zone, "x.w00.test. A", "NSEC");
    assert_eq!(proofs, (0..16).map(owner).collect());
}

#[test]
fn a_wildcard_without_the_type_is_not_proved_to_give_it() {
    // Opt-out: neither ent.test. nor *.ent.test. has a record, since only a delegation is below.
    let hashing = Hashing {
        iterations: 0,
        salt: &[],
    };
    let hashed = |name: &str| {
        let name = Name::parse(name.as_bytes(), None).unwrap();
        let label = hashing.hash(name.as_wire());
        format!("{}.test.", str::from_utf8(&label).unwrap())
    };
    let fillers = (0..40).map(|number| format!("f{number}.test."));
    let names: Vec<_> = fillers.chain(["test.".to_owned()]).collect();
    let chain: BTreeSet<_> = names.iter().map(|name| hashed(name)).collect();
    let mut zone = zone() + &signed("test.", "NSEC3PARAM", "1 0 0 -");
    zone += "a.*.ent.test. 60 NS ns.other.\n";
    for name in &names {
        zone += &format!("{name} 60 TXT x\n");
    }
    for (owner, next) in chain.iter().zip(chain.iter().cycle().skip(1)) {
        zone += &signed(owner, "NSEC3", &format!("1 1 0 - {} TXT", &next[..32]));
    }
    let covering = |name: &str| {
        let before = chain.range(..=hashed(name)).next_back();
        before.or(chain.last()).unwrap().clone()
    };
    let expected = ["test.", "ent.test.", "*.ent.test."].map(covering);
    assert!(!expected.contains(&covering("x.ent.test.")));
    let proofs = proofs(&zone, "x.ent.test. A", "NSEC3");
    assert_eq!(proofs, expected.into());
}

#[test]
fn a_signature_of_a_dname_is_sent_once() {
    // The DNAME makes the name of the question its own owner.
    let zone = zone() + &signed("x.e.test.", "DNAME", "e.test.") + "x.e.test. 60 TXT x\n";
    let zone = zone + &format!("x.e.test. 60 RRSIG {}\n", signature("TXT"));
    let catalog = catalog(&zone);
    for (asked, signatures) in [("RRSIG", 2), ("ANY", 2), ("TXT", 2), ("DNAME", 1)] {
        let asked = query(&format!("x.x.e.test. {asked}"));
        let reply = ask(&catalog, &with_opt(asked, 1232, DO, &[]), Transport::Tcp);
        let different: BTreeSet<_> = reply.iter().collect();
        assert_eq!(different.len(), reply.len(), "{reply:?}");
        let is_signature = |line: &&String| line.starts_with("an x.e.test. 60 RRSIG");
        assert_eq!(reply.iter().filter(is_signature).count(), signatures);
    }
    let plain = ask(&catalog, &query("x.x.e.test. RRSIG"), Transport::Tcp);
    assert_eq!(plain.len(), 1 + 4, "{plain:?}");
}

#[test]
fn a_signature_holds_as_long_as_what_it_signs() {
    let mut zone = zone() + "www.test. 300 TXT x\n";
    zone += &format!("www.test. 60 RRSIG {}\n", signature("TXT"));
    // Of a type that the name does not have.
    zone += &format!("www.test. 60 RRSIG {}\n", signature("MX"));
    let catalog = catalog(&zone);
    for asked in ["RRSIG", "ANY"] {
        let asked = query(&format!("www.test. {asked}"));
        let reply = ask(&catalog, &with_opt(asked, 1232, DO, &[]), Transport::Tcp);
        let words = reply.iter().map(|line| line.split(' ').collect::<Vec<_>>());
        let signatures = words.filter(|words| words[0] == "an" && words[3] == "RRSIG");
        let found: BTreeSet<_> = signatures
            .map(|words| (words[4].to_owned(), words[2].to_owned()))
            .collect();
        let expected = [("A", "60"), ("MX", "60"), ("NSEC", "60"), ("TXT", "300")];
        let expected = expected.map(|(covered, ttl)| (covered.to_owned(), ttl.to_owned()));
        assert_eq!(found, expected.into(), "{reply:?}");
    }
}

#[test]
fn signatures_that_do_not_fit_are_left_out_together() {
    let mut zone = zone();
    for number in 0..20 {
        let rtype = format!("TYPE{}", 65280 + number);
        zone += &format!("many.test. {number} {rtype} \\# 1 00\n");
        zone += &format!("many.test. 60 RRSIG {}\n", signature(&rtype));
    }
    let asked = with_opt(query("many.test. RRSIG"), 512, DO, &[]);
    let reply = ask(&catalog(&zone), &asked, Transport::Udp);
    assert_eq!(reply[0], "NOERROR aa tc");
    assert_eq!(reply.len(), 2, "{reply:?}");
}

#[test]
fn what_is_not_signed_in_a_signed_zone_is_sent_as_it_is() {
    let catalog = catalog(&(zone() + "half.test. 60 A 192.0.2.1\nhalf.test. 60 MX 1 www.test.\n"));
    for (asked, lines) in [("half.test. A", 3), ("half.test. MX", 5)] {
        let asked = with_opt(query(asked), 1232, DO, &[]);
        let reply = ask(&catalog, &asked, Transport::Udp);
        assert_eq!(reply[0], "NOERROR aa");
        assert!(reply[1].starts_with("an half.test. 60 "), "{reply:?}");
        assert_eq!(reply.len(), lines, "{reply:?}");
    }
}

#[test]
fn the_flags_of_validators_do_not_return() {
    // RFC 4035 section 3.1.6: AD is not ours to set, and CD means nothing to us.
    let catalog = catalog(&zone());
    let mut asked = with_opt(query("www.test. A"), 1232, DO, &[]);
    asked[3] |= 0x30;
    let reply = ask(&catalog, &asked, Transport::Udp);
    assert_eq!(reply[0], "NOERROR aa");
    assert_eq!(reply.len(), 4, "{reply:?}");
}
