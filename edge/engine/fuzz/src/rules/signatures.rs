//! DNSSEC records are sent to who wants them, and whole (RFC 4035 section 3.1).

use super::{ANSWER, ANY, DS, Groups, NSEC, NSEC3, RRSIG, source};
use crate::model::Model;
use crate::queries::Question;

/// Without DO, or where the zone is not signed, a reply has no such record but those asked for.
pub fn check_absence(question: &Question, groups: &[Groups; 3]) {
    for (section, groups) in groups.iter().enumerate() {
        for (_, rtype) in groups.keys() {
            let is_asked = section == ANSWER && [*rtype, ANY].contains(&question.rtype);
            let is_extra = [RRSIG, NSEC, NSEC3].contains(rtype) || section > ANSWER && *rtype == DS;
            assert!(is_asked || !is_extra, "type {rtype} without DO");
        }
    }
}

/// With DO each RRset of answer and authority has all its signatures.
pub fn check_presence(zone: &Model, groups: &[Groups; 3]) {
    for (section, groups) in groups[..=1].iter().enumerate() {
        for (owner, rtype) in groups.keys().filter(|(_, rtype)| *rtype != RRSIG) {
            let node = match section {
                ANSWER => source(zone, owner),
                _ => zone.nodes.get(owner),
            };
            // A CNAME that a DNAME implies has none: no such record is in the zone.
            let Some(node) = node.filter(|node| node.contains_key(rtype)) else {
                continue;
            };
            let known = node.get(&RRSIG).into_iter().flat_map(|rrset| &rrset.rdatas);
            let expected = known.filter(|rdata| covers(rdata, *rtype)).count();
            let sent = groups.get(&(owner.clone(), RRSIG)).into_iter().flatten();
            let sent = sent.filter(|record| covers(&record.rdata, *rtype)).count();
            assert_eq!(sent, expected, "signatures of type {rtype}");
        }
    }
}

fn covers(rdata: &[u8], rtype: u16) -> bool {
    rdata.starts_with(&rtype.to_be_bytes())
}
