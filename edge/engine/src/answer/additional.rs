//! The additional section: addresses of the servers that a reply names.
//!
//! Addresses of in-domain servers of a referral must be there, or the client can never reach them;
//! all others save it a query and are dropped where they do not fit (RFC 9471, RFC 2181 section 9).

use super::lookup;
use super::message::{Full, Message, Owner};
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

/// Adds the addresses of the hosts that an RRset of the answer names, as far as they fit.
pub fn put_targets(message: &mut Message, zone: &Zone, rrset: Rrset<'_>) {
    let target_at = match rrset.rtype {
        types::NS => 0,
        types::MX => 2,
        types::SRV => 6,
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
