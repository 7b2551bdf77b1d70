//! Headers, malformed queries and EDNS.

use super::{
    Client, DO, Outcome, Transport, ask, catalog, option, query, rcode, read, respond, with_opt,
    with_record,
};
use crate::catalog::Catalog;

const ANSWER: &str = "an www.test. 60 A 192.0.2.1";

fn www() -> Catalog {
    catalog("www.test. 60 A 192.0.2.1")
}

/// The query for www.test A with another header octet.
fn www_with(at: usize, octet: u8) -> Vec<u8> {
    let mut query = query("www.test. A");
    query[at] = octet;
    query
}

#[test]
fn the_header_of_the_reply() {
    let mut out = vec![1, 2, 3];
    for (flags, expected) in [
        ([0, 0], [0x84, 0]),
        ([1, 0], [0x85, 0]),
        // AA, TC, RA, Z, AD, CD and a response code do not return.
        ([0x07, 0xff], [0x85, 0]),
    ] {
        let mut query = query("wWw.test. A");
        query[2..4].copy_from_slice(&flags);
        respond(&www(), &query, Transport::Udp, &mut out).unwrap();
        assert_eq!(out[..2], query[..2]);
        assert_eq!(out[2..4], expected);
        assert_eq!(
            out[12..query.len()],
            query[12..],
            "the question as it was asked"
        );
    }
}

#[test]
fn an_ipv4_client_is_one_in_either_notation() {
    let mapped = Client::new("::ffff:192.0.2.1".parse().unwrap(), Transport::Udp);
    let plain = Client::new("192.0.2.1".parse().unwrap(), Transport::Udp);
    assert_eq!(mapped, plain);
}

#[test]
fn no_reply() {
    let whole = query("www.test. A");
    let mut out = vec![1, 2, 3];
    for query in [&whole[..11], &[], &www_with(2, 0x80)] {
        assert_eq!(respond(&www(), query, Transport::Udp, &mut out), None);
        assert!(out.is_empty());
    }
}

#[test]
fn other_opcodes_get_a_header() {
    for opcode in (1..16).filter(|opcode| ![4, 5].contains(opcode)) {
        let mut out = Vec::new();
        let query = with_opt(www_with(2, opcode << 3 | 1), 1232, 0, &[]);
        let outcome = respond(&www(), &query, Transport::Udp, &mut out).unwrap();
        assert_eq!(
            outcome,
            Outcome {
                qtype: None,
                hit: None,
                subject: crate::answer::subject::Subject::default(),
                rcode: rcode::NOTIMP,
                truncated: false,
                cookie: None,
            }
        );
        assert_eq!(
            out,
            [0xab, 0xcd, 0x81 | opcode << 3, 4, 0, 0, 0, 0, 0, 0, 0, 0]
        );
    }
}

#[test]
fn notify_and_update_are_not_implemented() {
    for opcode in [4, 5] {
        let query = www_with(2, opcode << 3 | 4);
        let mut out = Vec::new();
        let outcome = respond(&www(), &query, Transport::Udp, &mut out).unwrap();
        assert_eq!(read(&out, outcome), ["NOTIMP"]);
        assert_eq!(out[2..12], [0x80 | opcode << 3, 4, 0, 1, 0, 0, 0, 0, 0, 0]);
        assert_eq!(out[12..], query[12..]);

        let ask = |query: &[u8]| ask(&www(), query, Transport::Udp);
        let opt = |version| with_opt(query.clone(), 1232, version, &[]);
        assert_eq!(ask(&opt(DO)), ["NOTIMP", "ar OPT 1232 0x8000 []"]);
        assert_eq!(ask(&opt(0x1_0000)), ["BADVERS", "ar OPT 1232 0x1000000 []"]);
        assert_eq!(ask(&query[..15]), ["FORMERR"]);
        // "There is no CNAME": class NONE, TTL 0 and no rdata (RFC 2136 section 2.4.3).
        let mut update = with_record(query.clone(), 7, &[0xc0, 12], 5, &[]);
        let class_at = query.len() + 4;
        update[class_at..class_at + 2].copy_from_slice(&[0, 254]);
        assert_eq!(ask(&update), ["NOTIMP"]);
    }
}

#[test]
fn names_of_records_are_read_to_their_end() {
    let whole = query("www.test. A");
    let end = whole.len() as u8;
    let long = [&[63][..], &[b'x'; 63]].concat();
    let longest = [&long.repeat(3)[..], &[61], &[b'x'; 61], &[0]].concat();
    let srv = |target: &[u8]| [&[0; 6], target].concat();
    let soa = |names: &[&[u8]]| [&names.concat()[..], &[0; 20]].concat();
    let mx = |target: &[u8]| [&[0, 10], target].concat();
    for (what, owner, rtype, rdata, is_good) in [
        ("back to the question", &[0xc0, 12][..], 1, vec![], true),
        (
            "back into the question",
            &[1, b'a', 0xc0, 16],
            1,
            vec![],
            true,
        ),
        ("to itself", &[0xc0, end], 1, vec![], false),
        ("to its own label", &[1, b'a', 0xc0, end], 1, vec![], false),
        ("forward", &[0xc0, end + 2, 0], 1, vec![], false),
        ("behind the end", &[0xff, 0xff], 1, vec![], false),
        (
            "into the header, as knotd and named take it",
            &[0xc0, 5],
            1,
            vec![],
            true,
        ),
        ("label type 01", &[0x41, 0], 1, vec![], false),
        ("label type 10", &[0x81, 0], 1, vec![], false),
        ("255 octets", &longest, 1, vec![], true),
        (
            "256 octets",
            &[&[1, b'a'], &longest[..]].concat(),
            1,
            vec![],
            false,
        ),
        (
            "256 octets, by a pointer",
            &[&long[..], &long, &long, &[53], &[b'x'; 53], &[0xc0, 12]].concat(),
            1,
            vec![],
            false,
        ),
        ("NS", &[0], 2, vec![0xc0, 12], true),
        ("NS to itself", &[0], 2, vec![0xc0, end + 11], false),
        ("NS, cut off", &[0], 2, vec![1], false),
        ("MX", &[0], 15, mx(&[0xc0, 12]), true),
        ("MX into the header", &[0], 15, mx(&[0xc0, 0]), false),
        ("MX, cut off", &[0], 15, vec![0], false),
        (
            "SOA",
            &[0],
            6,
            soa(&[&[0xc0, 12], &[1, b'a', 0xc0, 12]]),
            true,
        ),
        (
            "SOA forward",
            &[0],
            6,
            soa(&[&[0xc0, 12], &[0xc0, 99]]),
            false,
        ),
        ("SRV", &[0], 33, srv(&[0xc0, 12]), true),
        ("SRV forward", &[0], 33, srv(&[0xc0, 99]), false),
        ("SRV, cut off", &[0], 33, vec![0; 4], false),
        ("LP forward", &[0], 107, mx(&[0xc0, 99]), false),
        ("NXT forward", &[0], 30, vec![0xc0, 99], false),
        (
            "SIG forward",
            &[0],
            24,
            [&[0; 18][..], &[0xc0, 99]].concat(),
            false,
        ),
        (
            "NAPTR forward",
            &[0],
            35,
            [&[0; 7][..], &[0xc0, 99]].concat(),
            false,
        ),
        (
            "octets that look like a name",
            &[0],
            16,
            vec![0xc0, 99],
            true,
        ),
    ] {
        for counted_at in [7, 9, 11] {
            let query = with_record(whole.clone(), counted_at, owner, rtype, &rdata);
            let reply = ask(&www(), &query, Transport::Udp);
            let expected = if is_good { "NOERROR aa" } else { "FORMERR" };
            assert_eq!(reply[0], expected, "{what}, counted at {counted_at}");
        }
    }
}

#[test]
fn a_name_has_no_more_pointers_than_labels() {
    // The rdata of the first record: pointers, each to the one before it.
    let first_at = query("www.test. A").len() + 11;
    for (pointers, expected) in [(127, "NOERROR aa"), (128, "FORMERR")] {
        let chain: Vec<u8> = (0..pointers)
            .map(|i| if i == 0 { 12 } else { first_at + 2 * (i - 1) })
            .flat_map(|to| [0xc0 | (to >> 8) as u8, to as u8])
            .collect();
        let last = first_at + chain.len() - 2;
        let query = with_record(
            query("www.test. A"),
            11,
            &[0],
            16,
            &chain[..chain.len() - 2],
        );
        assert_eq!(query.len(), last);
        let query = with_record(query, 11, &chain[chain.len() - 2..], 1, &[]);
        assert_eq!(ask(&www(), &query, Transport::Udp)[0], expected);
    }
}

#[test]
fn malformed_queries() {
    let whole = query("www.test. A");
    let opt = with_opt(whole.clone(), 1232, 0, &[]);
    let mut owned_opt = opt.clone();
    owned_opt.splice(whole.len()..=whole.len(), [0xc0, 12]);
    let mut opt_in_answer = opt;
    opt_in_answer.swap(7, 11);
    let mut no_question = whole[..12].to_vec();
    no_question[5] = 0;
    let two_questions = [&www_with(5, 2)[..], &whole[12..]].concat();
    let asking = |name: &[u8]| [&whole[..12], name, &[0, 1, 0, 1]].concat();
    for (what, query) in [
        ("cut off in the name", whole[..15].to_vec()),
        ("cut off in the type", whole[..whole.len() - 3].to_vec()),
        ("pointer in the question", asking(&[0xc0, 12])),
        (
            "label of 64",
            asking(&[&[64][..], &[b'x'; 64], &[0]].concat()),
        ),
        ("octets behind", [&whole[..], &[0]].concat()),
        ("two questions", two_questions),
        ("no question", no_question),
        ("record missing", www_with(11, 1)),
        ("65,535 records missing", www_with(6, 0xff)),
        ("OPT with an owner", owned_opt),
        ("OPT in the answer section", opt_in_answer),
        ("type 128", super::query("www.test. TYPE128")),
    ] {
        assert_eq!(ask(&www(), &query, Transport::Udp), ["FORMERR"], "{what}");
    }
}

#[test]
fn malformed_queries_with_edns_get_edns() {
    let whole = query("www.test. A");
    let opt = |options: &[u8]| with_opt(whole.clone(), 1232, 0, options);
    let mut no_question = opt(&[]);
    no_question[5] = 0;
    no_question.drain(12..whole.len());
    let cookie = |octets: usize| opt(&option(10, &vec![1; octets]));
    let subnet = |value: &[u8]| opt(&option(8, value));
    for (what, query) in [
        ("no question", no_question),
        ("two OPT", with_opt(opt(&[]), 512, 0, &[])),
        ("option cut off", opt(&[0, 10, 0])),
        ("option too long", opt(&[0, 99, 0, 2, 1])),
        ("cookie of 7", cookie(7)),
        ("cookie of 9", cookie(9)),
        ("cookie of 15", cookie(15)),
        ("cookie of 41", cookie(41)),
        ("subnet: octets", subnet(&[0, 1, 24, 0, 192, 0])),
        ("subnet: bits", subnet(&[0, 1, 23, 0, 192, 0, 1])),
        ("subnet: prefix", subnet(&[0, 1, 33, 0, 1, 2, 3, 4, 0])),
        ("subnet: scope", subnet(&[0, 1, 24, 1, 192, 0, 2])),
        ("subnet: short", subnet(&[0, 1, 24])),
    ] {
        let reply = ask(&www(), &query, Transport::Udp);
        assert_eq!(reply, ["FORMERR", "ar OPT 1232 0x0 []"], "{what}");
    }
}

#[test]
fn edns() {
    let opt = |ttl, options: &[u8]| with_opt(query("www.test. A"), 1232, ttl, options);
    let plain = "ar OPT 1232 0x0 []";
    for (what, query, expected) in [
        ("plain", opt(0, &[]), vec!["NOERROR aa", ANSWER, plain]),
        (
            "unknown flags",
            opt(0xffff, &[]),
            vec!["NOERROR aa", ANSWER, "ar OPT 1232 0x8000 []"],
        ),
        (
            "version 1",
            opt(0x1_0000, &[]),
            vec!["BADVERS", "ar OPT 1232 0x1000000 []"],
        ),
        (
            "version 255, options",
            opt(0xff_8000, &[1]),
            vec!["BADVERS", "ar OPT 1232 0x1008000 []"],
        ),
        (
            "unknown option",
            opt(0, &option(100, b"abc")),
            vec!["NOERROR aa", ANSWER, plain],
        ),
        (
            "NSID",
            opt(0, &option(3, b"")),
            vec!["NOERROR aa", ANSWER, plain],
        ),
        (
            "cookie",
            opt(0, &option(10, &[1; 8])),
            vec!["NOERROR aa", ANSWER, plain],
        ),
        (
            "server cookie",
            opt(0, &option(10, &[1; 40])),
            vec!["NOERROR aa", ANSWER, plain],
        ),
        (
            "subnet",
            opt(0, &option(8, &[0, 1, 23, 0, 192, 0, 2])),
            vec!["NOERROR aa", ANSWER, plain],
        ),
        (
            "no subnet",
            opt(0, &option(8, &[0, 2, 0, 0])),
            vec!["NOERROR aa", ANSWER, plain],
        ),
    ] {
        assert_eq!(ask(&www(), &query, Transport::Udp), expected, "{what}");
    }
}

#[test]
fn what_is_not_served_is_refused() {
    let mut chaos = query("www.test. A");
    *chaos.last_mut().unwrap() = 3;
    let mut any_class = query("www.test. A");
    *any_class.last_mut().unwrap() = 255;
    for query in [
        chaos,
        any_class,
        query("test. AXFR"),
        query("test. IXFR"),
        query("x.other. A"),
    ] {
        for transport in [Transport::Udp, Transport::Tcp] {
            assert_eq!(ask(&www(), &query, transport), ["REFUSED"]);
        }
    }
}

#[test]
fn no_octets_make_it_panic() {
    let whole = with_opt(query("www.test. A"), 1232, 0, &option(10, &[1; 8]));
    let catalog = www();
    let mut out = Vec::new();
    for at in 0..whole.len() {
        for octet in 0..=255 {
            let mut query = whole.clone();
            query[at] = octet;
            if let Some(outcome) = respond(&catalog, &query, Transport::Udp, &mut out) {
                read(&out, outcome);
            }
        }
    }
}
