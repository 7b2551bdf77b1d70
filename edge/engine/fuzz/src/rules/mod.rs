//! What the sections of a reply may hold, by the records of the zone that answers.
//!
//! This is no second responder: each rule looks at a finished reply and decides whether it can be
//! right.

mod denial;
mod endings;
mod lookup;
mod services;
mod signatures;
mod truncation;

use std::collections::{BTreeMap, BTreeSet};

use crate::chains;
use crate::model::{self, Model, Name, Rrset};
use crate::queries::Question;
use crate::replies::{Record, Reply};
use crate::worlds::Served;
use lookup::{Stop, source, stop};

pub use lookup::is_hidden;
pub use services::check_services;
pub use truncation::check_truncation;

const A: u16 = 1;
const NS: u16 = 2;
const MD: u16 = 3;
const MF: u16 = 4;
const CNAME: u16 = 5;
const SOA: u16 = 6;
const MB: u16 = 7;
const MG: u16 = 8;
const MR: u16 = 9;
const PTR: u16 = 12;
const MINFO: u16 = 14;
const MX: u16 = 15;
const AAAA: u16 = 28;
const DNAME: u16 = 39;
const SVCB: u16 = 64;
const HTTPS: u16 = 65;
const DS: u16 = 43;
const RRSIG: u16 = 46;
const NSEC: u16 = 47;
const NSEC3: u16 = 50;
const ANY: u16 = 255;

const ANSWER: usize = 0;
const AUTHORITY: usize = 1;
const ADDITIONAL: usize = 2;

/// The records of one owner and type in one section.
type Groups = BTreeMap<(Name, u16), Vec<Record>>;

/// Checks all sections of a reply to a question that was looked up in a zone; `wants_dnssec` is DO.
pub fn check_sections(served: &Served, question: &Question, wants_dnssec: bool, reply: &Reply) {
    let zone = &served.records;
    let all = grouped(reply.sections.iter().flatten());
    let groups = [ANSWER, AUTHORITY, ADDITIONAL].map(|at| grouped(&reply.sections[at]));
    for (section, groups) in groups.iter().enumerate() {
        for ((owner, rtype), records) in groups {
            check_group(zone, section, owner, *rtype, records, &all);
            check_place(zone, question, section, owner, *rtype);
        }
    }
    check_once(&all);
    let first = stop(zone, &question.name, question.rtype);
    let referred = matches!(first, Some(Stop::Cut(_)));
    assert_eq!(reply.header.aa(), !referred, "AA");
    let dnssec = wants_dnssec && chains::is_signed(zone);
    if !dnssec {
        signatures::check_absence(question, &groups);
    }
    if reply.header.tc() {
        return;
    }
    let course = endings::check(zone, question, reply, &groups);
    if dnssec {
        signatures::check_presence(zone, &groups);
        if let Some(chain) = &served.chain {
            denial::check(zone, chain, &course, &groups[AUTHORITY]);
        }
    }
}

/// No record is there twice.
fn check_once(all: &Groups) {
    for ((_, rtype), records) in all {
        let rdatas: BTreeSet<_> = records.iter().map(|record| &record.rdata).collect();
        assert_eq!(rdatas.len(), records.len(), "type {rtype} twice");
    }
}

fn grouped<'r>(records: impl IntoIterator<Item = &'r Record>) -> Groups {
    let mut groups = Groups::new();
    for record in records {
        let key = (model::labels(&record.owner), record.rtype);
        groups.entry(key).or_default().push(record.clone());
    }
    groups
}

/// An RRset is whole, in one section (its signatures may cover RRsets of several), and one of the zone's, or a CNAME that a DNAME of the answer
/// implies.
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
    let in_all = all[&(owner.clone(), rtype)].len();
    assert!(rtype == RRSIG || in_all == records.len(), "in two sections");
    // No wildcard gives what is in the authority section, and owners of NSEC3 are no names.
    let node = match section {
        AUTHORITY => zone.nodes.get(owner),
        _ => source(zone, owner),
    };
    let Some(rrset) = node.and_then(|node| node.get(&rtype)) else {
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
    let ttl = match (section, rtype) {
        (AUTHORITY, SOA) => rrset.ttl.min(minimum(rrset)),
        _ => rrset.ttl,
    };
    let in_time = records.iter().all(|record| record.ttl == ttl);
    // One that a DNAME hides may have the target that the DNAME implies, and another TTL.
    if !(whole && in_time) && rtype == CNAME {
        return check_implied(owner, rtype, records, all);
    }
    assert!(whole, "not the whole RRset of the zone");
    assert!(in_time, "TTL");
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
        AUTHORITY => [NS, DS, chains::proof_type(zone), RRSIG].contains(&rtype),
        _ if [SVCB, HTTPS].contains(&rtype) => {
            rtype == question.rtype && stop(zone, owner, rtype).is_none()
        }
        _ => [A, AAAA, RRSIG].contains(&rtype),
    };
    assert!(allowed, "type {rtype} in section {section}");
}

/// Whether a record has this rdata; a compressed name may point at one in another letter case.
fn is_same(record: &Record, rdata: &[u8]) -> bool {
    match record.rtype {
        NS | MD | MF | CNAME | SOA | MB | MG | MR | PTR | MINFO | MX => {
            record.rdata.eq_ignore_ascii_case(rdata)
        }
        _ => record.rdata == rdata,
    }
}

fn minimum(soa: &Rrset) -> u32 {
    let octets = soa.rdatas[0].last_chunk().expect("a SOA ends in numbers");
    u32::from_be_bytes(*octets)
}
