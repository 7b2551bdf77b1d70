//! What NSEC and NSEC3 records have to prove in a reply of a zone whose chain is whole
//! (RFC 4035 section 3.1.3, RFC 5155 section 7.2).
//!
//! Each thing to prove is a list of names; the chain has one record for each. A reply has just these.

use std::collections::BTreeSet;

use super::Groups;
use super::endings::{Course, Ending};
use super::lookup::{stop, wildcard_of};
use super::{DS, NSEC, NSEC3};
use crate::chains::Chain;
use crate::model::{Model, Name};

/// Checks that the authority section proves all there is to prove, and nothing else.
pub fn check(zone: &Model, chain: &Chain, course: &Course, authority: &Groups) {
    let asked = to_prove(zone, chain, course);
    let needed: BTreeSet<&Name> = asked.iter().map(|name| chain.owner(name)).collect();
    let is_proof = |rtype| [NSEC, NSEC3].contains(&rtype);
    let proofs = authority.keys().filter(|(_, rtype)| is_proof(*rtype));
    let sent: BTreeSet<&Name> = proofs.map(|(owner, _)| owner).collect();
    assert_eq!(sent, needed, "proofs about {asked:?}");
}

/// The names whose records must be sent.
fn to_prove(zone: &Model, chain: &Chain, course: &Course) -> Vec<Name> {
    let (last, aliases) = course.names.split_last().expect("the question");
    let mut names: Vec<Name> = Vec::new();
    let answered = Some(last).filter(|_| course.ending == Ending::Answer);
    let owners = aliases.iter().chain(answered);
    for name in owners.filter(|name| is_expanded(zone, name)) {
        names.push(next_closer(zone, chain, name));
    }
    match &course.ending {
        Ending::Elsewhere | Ending::TooLong | Ending::Answer => {}
        Ending::Referral(cut) if zone.get(cut, DS).is_some() => {}
        Ending::Referral(cut) => names.extend(no_type(zone, chain, cut)),
        Ending::NoType => names.extend(no_type(zone, chain, last)),
        Ending::NoName => names.extend(no_name(zone, chain, last)),
    }
    names
}

/// Whether the records of a name come from a wildcard.
fn is_expanded(zone: &Model, name: &Name) -> bool {
    name.starts_with(&zone.origin) && stop(zone, name, DS).is_none() && !zone.exists(name)
}

/// RFC 4035 section 3.1.3.3, RFC 5155 section 7.2.6: that the name itself, or an ancestor of it right
/// below the wildcard's parent, does not exist.
fn next_closer(zone: &Model, chain: &Chain, name: &Name) -> Name {
    let wildcard = wildcard_of(zone, name).expect("an encloser");
    match chain.is_hashed() {
        false => name.clone(),
        true => name[..wildcard.len()].to_vec(),
    }
}

/// RFC 4035 sections 3.1.3.1 and 3.1.3.4, RFC 5155 sections 7.2.3 to 7.2.5 and 7.2.7: what the name
/// has, or that it does not exist and what the wildcard has.
fn no_type(zone: &Model, chain: &Chain, name: &Name) -> Vec<Name> {
    match zone.exists(name) {
        true if !chain.is_hashed() || chain.has(name) => vec![name.clone()],
        true => encloser(zone, chain, name).1,
        false => {
            let mut names = encloser(zone, chain, name).1;
            names.push(wildcard_of(zone, name).expect("an encloser"));
            names
        }
    }
}

/// RFC 4035 section 3.1.3.2, RFC 5155 section 7.2.2: that neither the name nor the wildcard exists.
fn no_name(zone: &Model, chain: &Chain, name: &Name) -> Vec<Name> {
    let (encloser, mut names) = encloser(zone, chain, name);
    names.push([&encloser[..], &[b"*".to_vec()]].concat());
    names
}

/// The closest encloser of a name, and what proves it. With NSEC that is the record that covers the
/// name, with NSEC3 that of the encloser and the one that covers the name one label longer
/// (RFC 5155 section 7.2.1).
fn encloser(zone: &Model, chain: &Chain, name: &Name) -> (Name, Vec<Name>) {
    let is_proved = |depth: &usize| match chain.is_hashed() {
        false => zone.exists(&name[..*depth]),
        true => chain.has(&name[..*depth]),
    };
    let mut depths = (zone.origin.len()..name.len()).rev();
    let depth = depths.find(is_proved).expect("the apex is in the chain");
    let encloser = name[..depth].to_vec();
    let names = match chain.is_hashed() {
        false => vec![name.clone()],
        true => vec![encloser.clone(), name[..=depth].to_vec()],
    };
    (encloser, names)
}
