//! Signed queries: this server has no keys (RFC 8945 section 5.2).

use super::{Transport, ask, catalog, option, query, respond, wire, with_opt, with_record};
use crate::catalog::Catalog;

const TSIG: u16 = 250;
const TIME_AND_FUDGE: [u8; 8] = [0, 0, 0x6b, 0x49, 0xd2, 0, 1, 0x2c];
const ID: [u8; 2] = [0x12, 0x34];

fn www() -> Catalog {
    catalog("www.test. 60 A 192.0.2.1")
}

fn rdata(algorithm: &[u8], mac: &[u8], error: u8) -> Vec<u8> {
    let length = (mac.len() as u16).to_be_bytes();
    let parts = [
        algorithm,
        &TIME_AND_FUDGE,
        &length,
        mac,
        &ID,
        &[0, error, 0, 0],
    ];
    parts.concat()
}

fn algorithm() -> Vec<u8> {
    wire("hmac-sha256.").as_wire().to_vec()
}

/// The query with a TSIG record of class ANY.
fn signed(query: Vec<u8>, key: &[u8], rdata: &[u8]) -> Vec<u8> {
    let class_at = query.len() + key.len() + 2;
    let mut query = with_record(query, 11, key, TSIG, rdata);
    query[class_at + 1] = 255;
    query
}

fn signed_well(query: Vec<u8>) -> Vec<u8> {
    let mac = [7; 32];
    signed(
        query,
        wire("Key.test.").as_wire(),
        &rdata(&algorithm(), &mac, 0),
    )
}

/// How the tests show the TSIG record of a reply.
fn badkey(algorithm: &[u8]) -> String {
    format!("ar Key.test. 255 0 TSIG {:?}", rdata(algorithm, &[], 17))
}

#[test]
fn no_key_is_known() {
    for transport in [Transport::Udp, Transport::Tcp] {
        for asked in ["www.test. A", "absent.test. A", "x.other. A", "test. AXFR"] {
            let reply = ask(&www(), &signed_well(query(asked)), transport);
            assert_eq!(reply, ["NOTAUTH", &badkey(&algorithm())], "{asked}");
        }
        for opcode in [4, 5] {
            let mut query = query("test. SOA");
            query[2] = opcode << 3;
            let reply = ask(&www(), &signed_well(query), transport);
            assert_eq!(reply, ["NOTAUTH", &badkey(&algorithm())]);
        }
    }
}

#[test]
fn tsig_stands_behind_opt() {
    let query = with_opt(query("www.test. A"), 1232, 0, &option(3, b""));
    let reply = ask(&www(), &signed_well(query), Transport::Udp);
    assert_eq!(
        reply,
        ["NOTAUTH", "ar OPT 1232 0x0 []", &badkey(&algorithm())]
    );
}

#[test]
fn key_and_algorithm_may_be_named_by_pointers() {
    let name = [&b"\x03Key"[..], &[0xc0, 16]].concat();
    let signed_query = signed(query("www.test. A"), &name, &rdata(&algorithm(), &[], 0));
    let reply = ask(&www(), &signed_query, Transport::Udp);
    assert_eq!(reply, ["NOTAUTH", &badkey(&algorithm())]);
    let signed_query = signed(query("www.test. A"), &name, &rdata(&[0xc0, 12], &[], 0));
    let reply = ask(&www(), &signed_query, Transport::Udp);
    let www = wire("www.test.");
    assert_eq!(reply, ["NOTAUTH", &badkey(www.as_wire())]);
}

#[test]
fn what_is_no_signature_is_malformed() {
    let good = rdata(&algorithm(), &[7; 32], 0);
    let key = wire("key.test.");
    let signed = |rdata: &[u8]| signed(query("www.test. A"), key.as_wire(), rdata);
    let mut of_class_in = signed(&good);
    let class_at = of_class_in.len() - good.len() - 8;
    of_class_in[class_at + 1] = 1;
    let mut in_authority = signed(&good);
    in_authority.swap(9, 11);
    for (what, query) in [
        ("not the last", with_opt(signed(&good), 1232, 0, &[])),
        ("twice", signed_well(signed(&good))),
        ("in the authority section", in_authority),
        ("class IN", of_class_in),
        ("empty", signed(&[])),
        ("cut off", signed(&good[..good.len() - 1])),
        ("octets behind", signed(&[&good[..], &[0]].concat())),
        (
            "a pointer forward in the algorithm",
            signed(&rdata(&[0xc0, 99], &[7; 32], 0)),
        ),
        ("MAC too long", {
            let mut long = good.clone();
            long[algorithm().len() + 9] += 1;
            signed(&long)
        }),
    ] {
        assert_eq!(ask(&www(), &query, Transport::Udp), ["FORMERR"], "{what}");
    }
}

#[test]
fn a_version_of_edns_is_judged_first() {
    let query = with_opt(query("www.test. A"), 1232, 0x1_0000, &[]);
    let reply = ask(&www(), &signed_well(query), Transport::Udp);
    assert_eq!(reply, ["BADVERS", "ar OPT 1232 0x1000000 []"]);
}

#[test]
fn names_that_are_too_long_for_a_datagram_go_over_tcp() {
    let long = [[&[63][..], &[b'x'; 63]].concat().repeat(3), vec![0]].concat();
    let asked = [&query("www.test. A")[..12], &long, &[0, 1, 0, 1]].concat();
    let query = signed(asked, &long, &rdata(&long, &[7; 32], 0));
    let mut out = Vec::new();
    let outcome = respond(&www(), &query, Transport::Udp, &mut out).unwrap();
    assert!(outcome.truncated && out.len() <= 512);
    assert_eq!(ask(&www(), &query, Transport::Udp), ["NOTAUTH tc"]);
    let reply = ask(&www(), &query, Transport::Tcp);
    assert_eq!((&reply[0][..], reply.len()), ("NOTAUTH", 2));
}
