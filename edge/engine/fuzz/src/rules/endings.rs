//! How a reply ends: what the last name of its chain of aliases is.

use super::lookup::{Stop, source, stop, wildcard_of};
use super::{ANY, CNAME, DNAME, Groups, NS, SOA};
use crate::model::{self, Model, Name};
use crate::queries::Question;
use crate::replies::Reply;

const NOERROR: u16 = 0;
const NXDOMAIN: u16 = 3;
const YXDOMAIN: u16 = 6;

/// Longest chain of aliases that is followed.
const MOST_ALIASES: usize = 16;

/// The names that a reply is about, and how it ends.
pub struct Course {
    /// That of the question, then the targets of its aliases.
    pub names: Vec<Name>,
    /// What the last of them is.
    pub ending: Ending,
}

/// What the last name of a reply is.
#[derive(PartialEq, Eq)]
pub enum Ending {
    /// It has what was asked for.
    Answer,
    /// It is for others to look up, or the chain of aliases has no end.
    Elsewhere,
    /// It is at or below this zone cut.
    Referral(Name),
    /// It is too long for the CNAME that a DNAME implies.
    TooLong,
    /// It, or the wildcard that stands for it, exists.
    NoType,
    /// It does not exist.
    NoName,
}

/// Checks the end of a reply that is complete, and returns what it is about.
pub fn check(zone: &Model, question: &Question, reply: &Reply, groups: &[Groups; 3]) -> Course {
    let [answer, authority, _] = groups;
    let names = names(zone, question, answer);
    let (last, chased) = (&names[names.len() - 1], names.len() - 1);
    let positive = answer
        .keys()
        .any(|(owner, rtype)| owner == last && [*rtype, ANY].contains(&question.rtype));
    let soa = authority.contains_key(&(zone.origin.clone(), SOA));
    let referral = authority.keys().find(|(_, rtype)| *rtype == NS);
    let is_circle = answer.contains_key(&(last.clone(), CNAME));
    let is_endless = chased > 0 && is_below_growing(answer, last);
    let is_cut_off = chased == MOST_ALIASES && is_alias(zone, question, last);
    let left = !last.starts_with(&zone.origin) || is_circle || is_endless || is_cut_off;
    let ending = match stop(zone, last, question.rtype) {
        _ if positive => Ending::Answer,
        _ if left && reply.rcode() != YXDOMAIN => Ending::Elsewhere,
        Some(Stop::Cut(depth)) => Ending::Referral(last[..depth].to_vec()),
        Some(Stop::Dname) => Ending::TooLong,
        None if zone.exists(last) => Ending::NoType,
        None if wildcard_of(zone, last).is_some_and(|name| zone.exists(&name)) => Ending::NoType,
        None => Ending::NoName,
    };
    let (rcode, has_soa, cut) = match &ending {
        Ending::Answer | Ending::Elsewhere => (NOERROR, false, None),
        Ending::Referral(cut) => (NOERROR, false, Some((cut.clone(), NS))),
        Ending::TooLong => (YXDOMAIN, false, None),
        Ending::NoType => (NOERROR, true, None),
        Ending::NoName => (NXDOMAIN, true, None),
    };
    assert_eq!(
        (reply.rcode(), soa, referral),
        (rcode, has_soa, cut.as_ref())
    );
    Course { names, ending }
}

/// The name of the question, and where the chain of aliases in the answer leads.
fn names(zone: &Model, question: &Question, answer: &Groups) -> Vec<Name> {
    let mut names = vec![question.name.clone()];
    while let name = &names[names.len() - 1]
        && let Some(alias) = answer.get(&(name.clone(), CNAME))
    {
        // A CNAME of the zone answers ANY, one that a DNAME implies does not.
        let answers = match question.rtype {
            CNAME => true,
            ANY => stop(zone, name, ANY).is_none(),
            _ => false,
        };
        if answers || names.len() > MOST_ALIASES {
            break;
        }
        names.push(model::labels(&alias[0].rdata));
    }
    names
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
