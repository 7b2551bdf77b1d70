//! What the sections of a reply may hold, by the records of the zone that answers.
//!
//! Not a second responder: each rule looks at a finished reply and asks whether that could be.

use std::collections::BTreeMap;

use crate::model::{self, Model, Name, Node, Rrset};
use crate::queries::Question;
use crate::replies::{Record, Reply};

const A: u16 = 1;
const NS: u16 = 2;
const CNAME: u16 = 5;
const SOA: u16 = 6;
const PTR: u16 = 12;
const MX: u16 = 15;
const AAAA: u16 = 28;
const DNAME: u16 = 39;
const DS: u16 = 43;
const RRSIG: u16 = 46;
const NSEC: u16 = 47;
const ANY: u16 = 255;

const NOERROR: u16 = 0;
const NXDOMAIN: u16 = 3;
const YXDOMAIN: u16 = 6;

const ANSWER: usize = 0;
const AUTHORITY: usize = 1;
const ADDITIONAL: usize = 2;

/// Longest chain of aliases that is followed.
const MOST_ALIASES: usize = 16;

/// The records of one owner and type in one section.
type Groups = BTreeMap<(Name, u16), Vec<Record>>;

/// What ends the walk from the apex to a name.
#[derive(PartialEq, Eq)]
enum Stop {
    /// A zone cut of that many labels.
    Cut(usize),
    /// A DNAME above the name.
    Dname,
}

/// Checks all sections of a reply to a question that was looked up in `zone`.
pub fn check_sections(zone: &Model, question: &Question, reply: &Reply) {
    let groups = [ANSWER, AUTHORITY, ADDITIONAL].map(|at| grouped(&reply.sections[at]));
    for (section, groups) in groups.iter().enumerate() {
        for ((owner, rtype), records) in groups {
            check_group(
                zone,
                section,
                owner,
                *rtype,
                records,
                &groups_of(&reply.sections),
            );
            check_place(zone, question, section, owner, *rtype);
        }
    }
    let first = stop(zone, &question.name, question.rtype);
    let referred = matches!(first, Some(Stop::Cut(_)));
    assert_eq!(reply.header.aa(), !referred, "AA");
    if !reply.header.tc() {
        check_end(zone, question, reply, &groups);
    }
}

/// No RRset stands in two sections.
fn groups_of(sections: &[Vec<Record>; 3]) -> Groups {
    grouped(sections.iter().flatten())
}

fn grouped<'r>(records: impl IntoIterator<Item = &'r Record>) -> Groups {
    let mut groups = Groups::new();
    for record in records {
        let key = (model::labels(&record.owner), record.rtype);
        groups.entry(key).or_default().push(record.clone());
    }
    groups
}

/// An RRset is whole, and one of the zone's, or a CNAME that a DNAME of the answer implies.
fn check_group(
    zone: &Model,
    section: usize,
    owner: &Name,
    rtype: u16,
    records: &[Record],
    all: &Groups,
) {
    assert!(owner.starts_with(&zone.origin), "outside the zone");
    assert!(records.iter().all(|record| record.class == 1), "class");
    assert_eq!(
        all[&(owner.clone(), rtype)].len(),
        records.len(),
        "in two sections"
    );
    let Some(rrset) = source(zone, owner).and_then(|node| node.get(&rtype)) else {
        return check_implied(owner, rtype, records, all);
    };
    if rtype == RRSIG {
        let mut known = records
            .iter()
            .map(|record| rrset.rdatas.contains(&record.rdata));
        assert!(known.all(|known| known), "a signature of the zone");
        return;
    }
    let whole = records.len() == rrset.rdatas.len()
        && records
            .iter()
            .zip(&rrset.rdatas)
            .all(|(record, rdata)| is_same(record, rdata));
    if !whole && rtype == CNAME {
        return check_implied(owner, rtype, records, all);
    }
    assert!(whole, "not the whole RRset of the zone");
    let ttl = match (section, rtype) {
        (AUTHORITY, SOA) => rrset.ttl.min(minimum(rrset)),
        _ => rrset.ttl,
    };
    assert!(records.iter().all(|record| record.ttl == ttl), "TTL");
}

/// RFC 6672 section 3.1: a CNAME from the owner to what a DNAME above it makes of it.
fn check_implied(owner: &Name, rtype: u16, records: &[Record], all: &Groups) {
    let [record] = records else {
        panic!("no such RRset in the zone")
    };
    assert_eq!(rtype, CNAME, "no such RRset in the zone");
    let implied = (0..owner.len()).any(|depth| {
        let redirection = all.get(&(owner[..depth].to_vec(), DNAME));
        redirection.is_some_and(|redirection| {
            let target = model::labels(&redirection[0].rdata);
            let whole = [&target[..], &owner[depth..]].concat();
            model::labels(&record.rdata) == whole && redirection[0].ttl == record.ttl
        })
    });
    assert!(implied, "no DNAME implies this CNAME");
}

/// Nothing hidden is answered, and each section has only what belongs there.
fn check_place(zone: &Model, question: &Question, section: usize, owner: &Name, rtype: u16) {
    let allowed = match section {
        ANSWER => match stop(zone, owner, question.rtype) {
            Some(Stop::Cut(_)) => false,
            Some(Stop::Dname) => rtype == CNAME,
            None => true,
        },
        AUTHORITY if rtype == SOA => *owner == zone.origin,
        AUTHORITY => [NS, DS, NSEC, RRSIG].contains(&rtype),
        _ => [A, AAAA, RRSIG].contains(&rtype),
    };
    assert!(allowed, "type {rtype} in section {section}");
}

/// How a reply that is complete ends: what the last name of the chain of aliases is.
fn check_end(zone: &Model, question: &Question, reply: &Reply, groups: &[Groups; 3]) {
    let [answer, authority, _] = groups;
    let (last, chased) = last_name(zone, question, answer);
    let positive = answer.keys().any(|(owner, rtype)| {
        *owner == last && ([question.rtype, RRSIG].contains(rtype) || question.rtype == ANY)
    });
    let soa = authority.contains_key(&(zone.origin.clone(), SOA));
    let referral = authority.keys().find(|(_, rtype)| *rtype == NS);
    let is_circle = answer.contains_key(&(last.clone(), CNAME));
    let is_endless = chased > 0 && is_below_growing(answer, &last);
    let is_cut_off = chased == MOST_ALIASES && is_alias(zone, question, &last);
    let left = !last.starts_with(&zone.origin) || is_circle || is_endless || is_cut_off;
    let expected = match stop(zone, &last, question.rtype) {
        _ if positive || left && reply.rcode() != YXDOMAIN => (NOERROR, false, None),
        Some(Stop::Cut(depth)) => (NOERROR, false, Some((last[..depth].to_vec(), NS))),
        Some(Stop::Dname) => (YXDOMAIN, false, None),
        None if source(zone, &last).is_some() || zone.exists(&last) => (NOERROR, true, None),
        None if wildcard_of(zone, &last).is_some_and(|name| zone.exists(&name)) => {
            (NOERROR, true, None)
        }
        None => (NXDOMAIN, true, None),
    };
    assert_eq!(
        (reply.rcode(), soa, referral),
        (expected.0, expected.1, expected.2.as_ref())
    );
}

/// Where the chain of aliases in the answer leads, and its length.
fn last_name(zone: &Model, question: &Question, answer: &Groups) -> (Name, usize) {
    let (mut name, mut chased) = (question.name.clone(), 0);
    while let Some(alias) = answer.get(&(name.clone(), CNAME)) {
        // A CNAME of the zone answers ANY, one that a DNAME implies does not.
        let answers = match question.rtype {
            CNAME => true,
            ANY => stop(zone, &name, ANY).is_none(),
            _ => false,
        };
        if answers || chased == MOST_ALIASES {
            break;
        }
        name = model::labels(&alias[0].rdata);
        chased += 1;
    }
    (name, chased)
}

/// Whether a name leads to another one.
fn is_alias(zone: &Model, question: &Question, name: &Name) -> bool {
    stop(zone, name, question.rtype) == Some(Stop::Dname)
        || source(zone, name).is_some_and(|node| node.contains_key(&CNAME))
}

/// Whether a DNAME of the answer makes a name longer and longer.
fn is_below_growing(answer: &Groups, name: &Name) -> bool {
    let redirections = answer.iter().filter(|((_, rtype), _)| *rtype == DNAME);
    let mut targets = redirections.map(|((owner, _), records)| {
        let target = model::labels(&records[0].rdata);
        target.starts_with(owner) && name.starts_with(owner)
    });
    targets.any(|grows| grows)
}

/// A reply is truncated exactly where what must be in it does not fit, and is otherwise the same over
/// both transports, but for addresses that are left out.
pub fn check_truncation(question: &Question, udp: &Reply, tcp: &Reply, limit: usize) {
    if question.rtype == ANY {
        // Over UDP one RRset stands for all (RFC 8482 section 4.1).
        return;
    }
    let opt = tcp.octets.len() - tcp.end_of(ADDITIONAL);
    let needed = opt + needed_end(tcp);
    assert_eq!(
        udp.header.tc(),
        needed > limit,
        "{needed} octets needed of {limit}"
    );
    if !udp.header.tc() {
        assert_eq!(udp.rcode(), tcp.rcode(), "response code by transport");
        assert_eq!(udp.sections[..ADDITIONAL], tcp.sections[..ADDITIONAL]);
    }
    let offered = groups_of(&tcp.sections);
    for key in groups_of(&udp.sections).keys() {
        assert!(offered.contains_key(key), "more over UDP than over TCP");
    }
}

/// Where the last record ends that must not be left out: authority, or glue below the cut
/// (RFC 9471 section 3.1).
fn needed_end(reply: &Reply) -> usize {
    let mut servers = reply.sections[AUTHORITY]
        .iter()
        .filter(|record| record.rtype == NS);
    let Some(first) = servers.next() else {
        return reply.end_of(AUTHORITY);
    };
    let cut = model::labels(&first.owner);
    let below = |record: &&Record| model::labels(&record.owner).starts_with(&cut);
    let glue = reply.sections[ADDITIONAL].iter().rfind(below);
    glue.map_or(reply.end_of(AUTHORITY), |record| record.end)
}

/// The first cut or DNAME on the way from the apex to a name (RFC 1034 section 4.3.2 step 3).
fn stop(zone: &Model, name: &Name, rtype: u16) -> Option<Stop> {
    for depth in zone.origin.len()..=name.len() {
        let at_end = depth == name.len();
        let has = |rtype| zone.get(&name[..depth], rtype).is_some();
        if depth > zone.origin.len() && has(NS) && !(at_end && rtype == DS) {
            return Some(Stop::Cut(depth));
        }
        if has(DNAME) && !at_end {
            return Some(Stop::Dname);
        }
    }
    None
}

/// The node that a name's records come from: its own, or that of the wildcard at the closest
/// encloser (RFC 4592 section 3.3.1). None also for an empty non-terminal.
fn source<'z>(zone: &'z Model, name: &Name) -> Option<&'z Node> {
    if zone.exists(name) {
        return zone.nodes.get(name);
    }
    zone.nodes.get(&wildcard_of(zone, name)?)
}

/// The wildcard that stands for a name that does not exist.
fn wildcard_of(zone: &Model, name: &Name) -> Option<Name> {
    let depths = (zone.origin.len()..name.len()).rev();
    let encloser = depths
        .map(|depth| &name[..depth])
        .find(|name| zone.exists(name))?;
    Some([encloser, &[b"*".to_vec()]].concat())
}

/// Whether a record has this rdata; a compressed name may point at one in another letter case.
fn is_same(record: &Record, rdata: &[u8]) -> bool {
    match record.rtype {
        NS | CNAME | SOA | PTR | MX => record.rdata.eq_ignore_ascii_case(rdata),
        _ => record.rdata == rdata,
    }
}

fn minimum(soa: &Rrset) -> u32 {
    let octets = soa.rdatas[0].last_chunk().expect("a SOA ends in numbers");
    u32::from_be_bytes(*octets)
}
