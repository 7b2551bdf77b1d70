//! What follows an answer of SVCB or HTTPS (RFC 9460 section 4.1).

use std::collections::BTreeSet;

use super::lookup::{source, stop};
use super::{A, AAAA, ADDITIONAL, ANSWER, HTTPS, RRSIG, SVCB, grouped};
use crate::model::{self, Model, Name};
use crate::queries::Question;
use crate::replies::Reply;

/// Most records of which the targets are looked up.
const MOST_TARGETS: usize = 64;

/// Over TCP, where all fits: the addresses of each target, the records of the same type where the
/// answer is an alias, and nothing else.
pub fn check_services(zone: &Model, question: &Question, reply: &Reply) {
    if ![SVCB, HTTPS].contains(&question.rtype) {
        return;
    }
    let mut expected = BTreeSet::new();
    for ((owner, rtype), records) in grouped(&reply.sections[ANSWER]) {
        if rtype != question.rtype || records.len() > MOST_TARGETS {
            continue;
        }
        for (is_alias, target) in records.iter().filter_map(|r| service(&owner, &r.rdata)) {
            let node = source(zone, &target).filter(|_| target.starts_with(&zone.origin));
            let has = |rtype: u16| node.is_some_and(|node| node.contains_key(&rtype));
            let types = [A, AAAA].into_iter().filter(|rtype| has(*rtype));
            expected.extend(types.map(|rtype| (target.clone(), rtype)));
            let is_data = stop(zone, &target, rtype).is_none();
            if is_alias && target != owner && is_data && has(rtype) {
                expected.insert((target, rtype));
            }
        }
    }
    if reply.sections[ANSWER].len() > MOST_TARGETS || !reply.sections[1].is_empty() {
        return;
    }
    let added = grouped(&reply.sections[ADDITIONAL]).into_keys();
    let added: BTreeSet<_> = added.filter(|(_, rtype)| *rtype != RRSIG).collect();
    assert_eq!(added, expected, "what the targets have");
}

/// Whether the record is an alias, and its target; None where there is no service, or the octets are
/// no such record.
fn service(owner: &Name, rdata: &[u8]) -> Option<(bool, Name)> {
    let (priority, rest) = rdata.split_first_chunk::<2>()?;
    let name = model::name_at(rest)?;
    let target = model::labels(name);
    match (priority, target.is_empty()) {
        ([0, 0], true) => None,
        (_, true) => Some((false, owner.clone())),
        _ if name.len() > 255 => None,
        _ => Some((*priority == [0, 0], target)),
    }
}
