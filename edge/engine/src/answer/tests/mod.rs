//! Tables of zone, query and expected reply.

mod aliases;
mod caching;
mod cookies;
mod names;
mod options;
mod protocol;
mod servers;
mod services;
mod signed;
mod subjects;
mod tsig;
mod withheld;

use super::cookies::Presented;
use super::settings::Settings;
use super::wire::HEADER;
use super::{Ahead, Cache, Client, Outcome, Shortcuts, Source, Transport, rcode};
use crate::catalog::{Catalog, Shared};
use crate::name::{self, Name};
use crate::rdata::{self, types};
use crate::zone::Zone;
use std::cell::RefCell;

/// The part that all zones of the tests share, so that tables show what matters.
const APEX: &str = "
    test. 3600 SOA ns.test. host.test. 1 2 3 4 600
    test. 3600 NS ns.other.
";

/// A type of which nothing is known, so that any octets are its rdata.
const PRIVATE: u16 = 65280;

/// A zone from lines of absolute owner, TTL, type and rdata. Behind `\#` it is taken as it is, as
/// from a publisher that checks less.
fn zone(text: &str) -> Zone {
    let origin = text
        .split_whitespace()
        .next()
        .expect("starts with the apex");
    let origin = wire(origin);
    let lines = text.lines().map(str::trim).filter(|line| !line.is_empty());
    let records: Vec<_> = lines
        .map(|line| {
            let mut fields = line.splitn(4, ' ');
            let mut field = || fields.next().expect("owner, TTL, type, rdata");
            let (owner, ttl) = (wire(field()), field().parse().expect("a TTL"));
            let rtype = types::rtype_from_text(field().as_bytes()).expect("a type");
            let data = field();
            let read_as = if data.starts_with(r"\#") {
                PRIVATE
            } else {
                rtype
            };
            let rdata = rdata::parse(read_as, data.as_bytes(), &Name::root()).expect(line);
            (owner, rtype, ttl, rdata)
        })
        .collect();
    let records = records
        .iter()
        .map(|(owner, rtype, ttl, rdata)| (owner.as_wire(), *rtype, *ttl, rdata.as_slice()));
    Zone::from_records(&origin, records).expect("a zone")
}

/// A catalog of the shared apex with more records.
fn catalog(records: &str) -> Catalog {
    catalog_of(&[&format!("{APEX}{records}")])
}

fn catalog_of(zones: &[&str]) -> Catalog {
    let shared = Shared::default();
    for text in zones {
        shared.load(zone(text));
    }
    Catalog::clone(&shared.current())
}

fn wire(text: &str) -> Name {
    Name::parse(text.as_bytes(), None).expect(text)
}

/// A query for "NAME TYPE" without EDNS.
fn query(asked: &str) -> Vec<u8> {
    let (qname, qtype) = asked.split_once(' ').expect("NAME TYPE");
    let rtype = types::rtype_from_text(qtype.as_bytes()).expect(qtype);
    let mut query = vec![0xab, 0xcd, 1, 0, 0, 1, 0, 0, 0, 0, 0, 0];
    query.extend_from_slice(wire(qname).as_wire());
    query.extend_from_slice(&rtype.to_be_bytes());
    query.extend_from_slice(&[0, 1]);
    query
}

/// The query with an OPT record: payload size, the other three octets and the options.
fn with_opt(mut query: Vec<u8>, payload: u16, ttl: u32, options: &[u8]) -> Vec<u8> {
    query[11] += 1;
    query.extend_from_slice(&[0, 0, 41]);
    query.extend_from_slice(&payload.to_be_bytes());
    query.extend_from_slice(&ttl.to_be_bytes());
    query.extend_from_slice(&(options.len() as u16).to_be_bytes());
    query.extend_from_slice(options);
    query
}

/// The query with one more record, of class IN; the header counts it at `counted_at`.
fn with_record(
    mut query: Vec<u8>,
    counted_at: usize,
    owner: &[u8],
    rtype: u16,
    rdata: &[u8],
) -> Vec<u8> {
    query[counted_at] += 1;
    query.extend_from_slice(owner);
    query.extend_from_slice(&rtype.to_be_bytes());
    query.extend_from_slice(&[0, 1, 0, 0, 0, 0]);
    query.extend_from_slice(&(rdata.len() as u16).to_be_bytes());
    query.extend_from_slice(rdata);
    query
}

/// An option of an OPT record.
fn option(code: u16, value: &[u8]) -> Vec<u8> {
    let length = (value.len() as u16).to_be_bytes();
    [&code.to_be_bytes(), &length[..], value].concat()
}

/// DO, where the TTL of an OPT record has it.
const DO: u32 = 0x8000;

/// The time of all tests.
const NOW: u32 = 1_800_000_000;

/// The client of all tests that are not about who asks.
fn client(transport: Transport) -> Client {
    Client::new([192, 0, 2, 53].into(), transport)
}

/// The reply of a server without settings; the client does not matter to it.
fn respond(
    catalog: &Catalog,
    query: &[u8],
    transport: Transport,
    out: &mut Vec<u8>,
) -> Option<Outcome> {
    let source = Source {
        catalog,
        settings: &Settings::default(),
        now: NOW,
    };
    respond_from(source, query, client(transport), out)
}

/// The reply of a server, which is the same as that of one whose cache has seen all that came before,
/// and of one that looks ahead too.
fn respond_from(
    source: Source,
    query: &[u8],
    client: Client,
    out: &mut Vec<u8>,
) -> Option<Outcome> {
    thread_local! {
        static CACHE: RefCell<Cache> = RefCell::default();
    }
    let outcome = super::respond(source, Shortcuts::default(), query, client, out);
    for looks_ahead in [false, true, true, true] {
        let mut again = Vec::new();
        let cached = CACHE.with_borrow_mut(|cache| {
            let mut ahead = [Ahead::default()];
            if looks_ahead {
                super::look_ahead(source.catalog, cache, [query].into_iter(), &mut ahead);
            }
            let shortcuts = Shortcuts {
                cache: Some(cache),
                ahead: ahead[0],
            };
            super::respond(source, shortcuts, query, client, &mut again)
        });
        assert_eq!(
            cached.map(|cached| Outcome {
                hit: None,
                ..cached
            }),
            outcome
        );
        assert_eq!(again, *out);
    }
    outcome
}

/// The reply to a query as lines: response code and flags, then the records of each section.
fn ask(catalog: &Catalog, query: &[u8], transport: Transport) -> Vec<String> {
    let mut out = Vec::new();
    let outcome = respond(catalog, query, transport, &mut out).expect("a reply");
    read(&out, outcome)
}

/// Asserts the replies over UDP without EDNS to each "NAME TYPE".
fn check(records: &str, table: &[(&str, &[&str])]) {
    let catalog = catalog(records);
    for (asked, expected) in table {
        assert_eq!(
            ask(&catalog, &query(asked), Transport::Udp),
            *expected,
            "{asked}"
        );
    }
}

fn read(reply: &[u8], outcome: Outcome) -> Vec<String> {
    let rcodes = [
        "NOERROR", "FORMERR", "SERVFAIL", "NXDOMAIN", "NOTIMP", "REFUSED", "YXDOMAIN",
    ];
    let mut lines = vec![match outcome.rcode {
        rcode::BADVERS => "BADVERS".to_owned(),
        rcode::BADCOOKIE => "BADCOOKIE".to_owned(),
        rcode::NOTAUTH => "NOTAUTH".to_owned(),
        rcode => rcodes[usize::from(rcode)].to_owned(),
    }];
    for (bit, flag) in [(4, " aa"), (2, " tc")] {
        if reply[2] & bit != 0 {
            lines[0] += flag;
        }
    }
    assert_eq!(outcome.truncated, reply[2] & 2 != 0);
    let count = |at: usize| u16::from_be_bytes([reply[at], reply[at + 1]]);
    let mut at = HEADER;
    for _ in 0..count(4) {
        read_name(reply, &mut at);
        at += 4;
    }
    for (section, counted_at) in [("an", 6), ("ns", 8), ("ar", 10)] {
        for _ in 0..count(counted_at) {
            lines.push(format!("{section} {}", read_record(reply, &mut at)));
        }
    }
    assert_eq!(at, reply.len(), "octets behind the last record");
    lines
}

fn read_record(reply: &[u8], at: &mut usize) -> String {
    let mut text = String::new();
    name::write_text(&read_name(reply, at), &mut text);
    let short = |at: usize| u16::from_be_bytes([reply[at], reply[at + 1]]);
    let (rtype, class) = (short(*at), short(*at + 2));
    let ttl = u32::from(short(*at + 4)) << 16 | u32::from(short(*at + 6));
    let (start, end) = (*at + 10, *at + 10 + usize::from(short(*at + 8)));
    *at = end;
    if rtype == types::OPT {
        return format!("OPT {class} {ttl:#x} {:?}", &reply[start..end]);
    }
    if rtype == types::TSIG {
        return format!("{text} {class} {ttl} TSIG {:?}", &reply[start..end]);
    }
    text += &format!(" {ttl} {} ", types::rtype_to_text(rtype));
    let mut rdata = Vec::new();
    let mut at = start;
    let (fixed, names) = match rtype {
        types::NS | types::CNAME | types::PTR => (0, 1),
        types::MX => (2, 1),
        types::SOA => (0, 2),
        _ => (0, 0),
    };
    rdata.extend_from_slice(&reply[at..at + fixed]);
    at += fixed;
    for _ in 0..names {
        rdata.extend_from_slice(&read_name(reply, &mut at));
    }
    rdata.extend_from_slice(&reply[at..end]);
    rdata::to_text(rtype, &rdata, &mut text);
    text
}

/// The name at `at` with pointers followed; every pointer must lead backwards.
fn read_name(reply: &[u8], at: &mut usize) -> Vec<u8> {
    let (mut wire, mut from, mut after) = (Vec::new(), *at, None);
    loop {
        let length = usize::from(reply[from]);
        if length >= 0xc0 {
            after = after.or(Some(from + 2));
            let target = (length & 0x3f) << 8 | usize::from(reply[from + 1]);
            assert!(target < from, "pointer forward");
            from = target;
            continue;
        }
        wire.extend_from_slice(&reply[from..=from + length]);
        from += length + 1;
        if length == 0 {
            *at = after.unwrap_or(from);
            return wire;
        }
    }
}
