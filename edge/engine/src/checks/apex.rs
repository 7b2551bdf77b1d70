//! The apex of a zone: its SOA, and name servers that can be reached.

use crate::master::Where;
use crate::name;
use crate::rdata::types::{A, AAAA, CNAME, DNAME, NS, SOA};
use crate::violations::Violations;
use crate::zone::{Node, Zone};

/// What a name leads to (RFC 1034 section 4.3.2).
enum Target<'a> {
    /// The node that answers, perhaps a wildcard.
    Node(Node<'a>),
    /// Nothing exists there.
    Nothing,
    /// Below a zone cut, or at one.
    Delegated,
    /// Below a DNAME.
    Renamed,
}

/// Whether the apex has a SOA, and name servers that exist.
pub(super) fn check(zone: &Zone, place: Option<Where>, violations: &mut Violations) {
    let origin = zone.origin();
    let apex = zone.node(origin.as_wire());
    if apex.is_none_or(|apex| apex.get(SOA).is_none()) {
        violations.error("NoSOA", format!("{origin} has no SOA record"), place);
    }
    let Some(servers) = apex.and_then(|apex| apex.get(NS)) else {
        violations.error("NoApexNS", format!("{origin} has no NS record"), place);
        return;
    };
    for server in servers.rdatas().map(<[u8]>::to_ascii_lowercase) {
        if !name::is_at_or_below(&server, origin.as_wire()) {
            continue;
        }
        let problem = match find(zone, &server) {
            Target::Delegated => continue,
            Target::Node(node) if has_address(node) => continue,
            Target::Node(node) if node.get(CNAME).is_some() => "is an alias",
            Target::Renamed => "is below a DNAME",
            Target::Node(_) | Target::Nothing => "has no A or AAAA record",
        };
        let message = format!(
            "name server {} of the zone {problem}",
            name::to_text(&server)
        );
        violations.error("NSWithoutAddress", message, place);
    }
}

/// Where a folded name in the zone leads to.
fn find<'a>(zone: &'a Zone, name: &[u8]) -> Target<'a> {
    let mut encloser = None;
    let mut found = None;
    let mut above = name;
    loop {
        if let Some(node) = zone.node(above) {
            let is_apex = above == zone.origin().as_wire();
            if node.get(NS).is_some() && !is_apex {
                found = Some(Target::Delegated);
            } else if node.get(DNAME).is_some() && above != name {
                found = Some(Target::Renamed);
            }
            encloser.get_or_insert((above, node));
        }
        if above == zone.origin().as_wire() {
            break;
        }
        above = name::parent(above).expect("inside the zone");
    }
    match (found, encloser) {
        (Some(found), _) => found,
        (None, Some((encloser, node))) if encloser == name => Target::Node(node),
        (None, Some((encloser, _))) => {
            let wildcard = [b"\x01*", encloser].concat();
            zone.node(&wildcard).map_or(Target::Nothing, Target::Node)
        }
        (None, None) => Target::Nothing,
    }
}

/// Whether a host has an address.
pub(super) fn has_address(node: Node<'_>) -> bool {
    node.get(A).is_some() || node.get(AAAA).is_some()
}
