//! How a reply ends: what the last name of its chain of aliases is.

use super::lookup::{Stop, source, stop, wildcard_of};
use super::{ANY, CNAME, DNAME, Groups, NS, RRSIG, SOA};
use crate::model::{self, Model, Name};
use crate::queries::Question;
use crate::replies::Reply;

const NOERROR: u16 = 0;
const NXDOMAIN: u16 = 3;
const YXDOMAIN: u16 = 6;

/// Longest chain of aliases that is followed.
const MOST_ALIASES: usize = 16;

/// Checks the end of a reply that is complete.
pub fn check(zone: &Model, question: &Question, reply: &Reply, groups: &[Groups; 3]) {
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
