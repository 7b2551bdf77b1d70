//! The additional section: addresses of the servers that a reply names, and the services that it is
//! an alias of.
//!
//! Addresses of in-domain servers of a referral must be there, or the client can never reach them;
//! all else saves it a query and is dropped where it does not fit (RFC 9471, RFC 2181 section 9).

use super::lookup::{self, Place};
use super::message::{Full, Message, Owner};
use super::sname::Sname;
use super::wire::Section;
use crate::name::{self, Folded};
use crate::rdata::types;
use crate::zone::{Rrset, Zone};

/// Most records of an answer whose targets are looked up. More addresses would fill the message
/// anyway, and each target is compared with those before it.
const MOST_TARGETS: usize = 64;

/// Adds glue to a referral: first what must fit, then that of sibling zones.
///
/// Where an RRset does not fit, a smaller one behind it may.
pub fn put_glue(
    message: &mut Message,
    zone: &Zone,
    cut: &[u8],
    servers: Rrset<'_>,
) -> Result<(), Full> {
    let in_domain = |target: &&[u8]| name::is_at_or_below(target, cut);
    let mut complete = Ok(());
    for target in servers.rdatas().filter(in_domain) {
        complete = complete.and(put_addresses(message, zone, target));
    }
    for target in servers.rdatas().filter(|target| !in_domain(target)) {
        let _ = put_addresses(message, zone, target);
    }
    complete
}

/// Adds the addresses of the hosts that an RRset of the answer names, as far as they fit; `sname` is
/// its owner.
pub fn put_targets(message: &mut Message, zone: &Zone, sname: &Sname, rrset: Rrset<'_>) {
    let target_at = match rrset.rtype {
        types::NS => 0,
        types::MX => 2,
        types::SRV => 6,
        types::SVCB | types::HTTPS => return put_services(message, zone, sname.written(), rrset),
        _ => return,
    };
    let targets = rrset
        .rdatas()
        .take(MOST_TARGETS)
        .map(|rdata| &rdata[target_at..]);
    for (index, target) in targets.clone().enumerate() {
        let mut earlier = targets.clone().take(index);
        if !earlier.any(|earlier| earlier.eq_ignore_ascii_case(target)) {
            let _ = put_addresses(message, zone, target);
        }
    }
}

/// Adds what RFC 9460 section 4.1 asks for: the addresses of the targets and, of those that the owner
/// is an alias of, the records of the same type.
#[inline(never)] // so that answers of other types stay short code
fn put_services(message: &mut Message, zone: &Zone, owner: &[u8], rrset: Rrset<'_>) {
    let targets = rrset
        .rdatas()
        .take(MOST_TARGETS)
        .filter_map(|rdata| service(owner, rdata));
    for (index, (is_alias, target)) in targets.clone().enumerate() {
        let mut earlier = targets.clone().take(index);
        if earlier.any(|(_, earlier)| earlier.eq_ignore_ascii_case(target)) {
            continue;
        }
        let _ = put_addresses(message, zone, target);
        if is_alias && !target.eq_ignore_ascii_case(owner) {
            put_service(message, zone, target, rrset.rtype);
        }
    }
}

/// Whether a service record makes its owner an alias, and of whom, or which host has the service.
/// None where there is no service (RFC 9460 section 2.5), or octets that are not of this type.
fn service<'n>(owner: &'n [u8], rdata: &'n [u8]) -> Option<(bool, &'n [u8])> {
    let (priority, rest) = rdata.split_first_chunk::<2>()?;
    let is_alias = *priority == [0, 0];
    match &rest[..name::wire_len(rest)?] {
        [0] if is_alias => None,
        [0] => Some((is_alias, owner)),
        target => Some((is_alias, target)),
    }
}

/// Adds the service records of a name, where they are data of the zone and fit.
fn put_service(message: &mut Message, zone: &Zone, target: &[u8], rtype: u16) {
    if !name::is_at_or_below(target, zone.origin().as_wire()) {
        return;
    }
    let folded = Folded::new(target);
    let (Place::Match(node) | Place::Wildcard { node, .. }) =
        lookup::find(zone, &Sname::new(target, &folded, None), rtype)
    else {
        return;
    };
    if let Some(rrset) = node.get(rtype) {
        let owner = Owner::new(target);
        let _ = message.put_rrset(Section::Additional, owner, node, rrset, rrset.ttl);
    }
}

/// Adds A and AAAA of one host, where the zone has them, each if it fits.
fn put_addresses(message: &mut Message, zone: &Zone, host: &[u8]) -> Result<(), Full> {
    if !name::is_at_or_below(host, zone.origin().as_wire()) {
        return Ok(());
    }
    let Some(node) = lookup::addresses(zone, Folded::new(host).as_wire()) else {
        return Ok(());
    };
    let mut put = |rtype| match node.get(rtype) {
        Some(rrset) => {
            let owner = Owner::new(host);
            message.put_rrset(Section::Additional, owner, node, rrset, rrset.ttl)
        }
        None => Ok(()),
    };
    let (ipv4, ipv6) = (put(types::A), put(types::AAAA));
    ipv4.and(ipv6)
}
