//! What a signed zone must have, so that its answers validate.
//!
//! A validator believes an answer only with a signature, and "there is no such name" only with NSEC
//! or NSEC3 records that prove it. Of a zone where one of these is missing some answers are bogus:
//! resolvers give SERVFAIL, and nobody sees why. BIND, Knot and NSD load such a zone and answer from
//! it. All the programs that judge a zone refuse it (dnssec-verify, kzonecheck, ldns-verify-zone).
//! Here it is refused, so the last good version stays: it validates as a whole, and half of a new
//! one is worse.
//!
//! | rule | source |
//! |---|---|
//! | each RRset that is not of a child has a signature by a key of the zone | RFC 4035 section 2.2 |
//! | a chain of NSEC records, or NSEC3PARAM without flags and its chain | RFC 4035 section 2.3, RFC 5155 section 7.1 |
//! | each name with records, and nothing below a cut, has one NSEC | RFC 4035 section 2.3 |
//! | each NSEC has the next name, the last one the apex | RFC 4034 section 4.1.1 |
//! | NSEC and NSEC3 have the types of their name | RFC 4035 section 2.3, RFC 5155 section 7.1 |
//! | each name, empty non-terminals too, has one NSEC3, and no other hash has | RFC 5155 section 7.1 |
//! | under opt-out only insecure delegations, and what leads to no other name, have none | RFC 5155 section 7.1 |
//! | each NSEC3 has the next hash, the last one the first | RFC 5155 section 7.1 |
//!
//! What a validator never asks for is no rule. Not each algorithm of the keys must sign (RFC 6840
//! section 5.11: while one comes or goes, one signature suffices). NSEC records beside NSEC3PARAM
//! need no chain: a signer that goes from one to the other leaves a part of them for a while.
//! Signatures are not computed, and their times are not looked at here.
//!
//! The check goes over the whole zone, also when one record of it was added: 0.06 s of 0.46 s that a
//! zone of 100,000 names takes to load with NSEC, 0.15 s of 0.7 s with NSEC3. Edges never make it: they
//! take what the publisher checked.

mod keys;
mod names;
mod nsec;
mod nsec3;
mod reports;

use super::owner::Places;
use crate::name;
use crate::rdata::{
    self,
    types::{DS, NSEC, NSEC3, RRSIG},
};
use crate::violations::Violations;
use crate::zone::Zone;
use keys::Keys;
pub(super) use names::is_hash;
use names::{Kind, Named, names};
use reports::Reports;

/// Most sets of NSEC3 parameters that a zone may have: the old and the new one, and one that is on
/// its way out. For each of them every name is hashed.
const MOST_CHAINS: usize = 3;

/// Checks a zone, where it is signed.
pub(super) fn check(zone: &Zone, places: Places<'_>, violations: &mut Violations) {
    if !zone.is_signed() {
        return;
    }
    let mut reports = Reports::new(places, violations);
    let names: Vec<Named<'_>> = names(zone).collect();
    check_signatures(zone, &names, &mut reports);
    check_chains(zone, &names, &mut reports);
    reports.end();
}

/// Each RRset needs a signature; of a zone cut DS and NSEC, and below it nothing.
fn check_signatures(zone: &Zone, names: &[Named<'_>], reports: &mut Reports<'_>) {
    let keys = Keys::of(zone);
    for named in names {
        if named.kind == Kind::Hash && named.node.get(NSEC3).is_none() {
            nsec3::lost(named, reports);
        }
        let must_have = |rtype: &u16| match named.kind {
            Kind::Hidden => false,
            Kind::Cut => [DS, NSEC, NSEC3].contains(rtype),
            Kind::Own | Kind::Hash => *rtype != RRSIG,
        };
        let types = named.node.rrsets().map(|rrset| rrset.rtype);
        for rtype in types.filter(must_have) {
            let mut signatures = named.node.signatures(rtype);
            if signatures.any(|signature| keys.made(signature)) {
                continue;
            }
            reports.error("MissingSignature", named.owner, rtype, || {
                let (owner, rtype) = (name::to_text(named.owner), rdata::rtype_to_text(rtype));
                format!("{owner} {rtype} has no signature by a key of the zone")
            });
        }
    }
}

fn check_chains(zone: &Zone, names: &[Named<'_>], reports: &mut Reports<'_>) {
    let apex = zone.origin().as_wire();
    let mut chains = 0;
    for hashing in zone.hashings() {
        chains += 1;
        if chains <= MOST_CHAINS {
            nsec3::check(zone, names, hashing, reports);
        }
    }
    if chains > MOST_CHAINS {
        reports.error("TooManyChains", apex, rdata::types::NSEC3PARAM, || {
            format!("{chains} NSEC3PARAM without flags, at most {MOST_CHAINS} allowed")
        });
    }
    if chains > 0 {
        return;
    }
    if names.iter().any(|named| named.node.get(NSEC).is_some()) {
        nsec::check(zone, names, reports);
        return;
    }
    let has_nsec3 = names.iter().any(|named| named.node.get(NSEC3).is_some());
    reports.error("NoChain", apex, rdata::types::DNSKEY, || {
        let origin = zone.origin();
        let instead = match has_nsec3 {
            true => "it has NSEC3 records, but no NSEC3PARAM record of SHA-1 without flags",
            false => "it has neither NSEC nor NSEC3 records",
        };
        format!("{origin} is signed, and cannot prove what is not there: {instead}")
    });
}
