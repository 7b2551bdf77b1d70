//! Lookup: where a name is in a zone, step 3 of the algorithm of RFC 1034 section 4.3.2.
//!
//! The search starts at the apex and goes down one label at a time, because a zone cut or a DNAME
//! hides all names below it. It ends at a cut (3b), at a DNAME (RFC 6672 section 3.2), at the name
//! itself (3a), or where the next label does not exist. In that last case the deepest name that
//! exists is the closest encloser, which may be an empty non-terminal, and only a wildcard right
//! below it can answer (3c; RFC 4592 section 3.3.1). NS records at such a wildcard are answered like
//! any other data: RFC 4592 section 4.2 leaves open what else they could mean.

use super::sname::Sname;
use crate::name;
use crate::rdata::types;
use crate::zone::{Node, Rrset, Zone};

/// The wildcard label with its length octet.
const ASTERISK: [u8; 2] = [1, b'*'];

/// Where the search for a name ended.
pub enum Place<'z> {
    /// At a zone cut at or above the name. Its owner is the last `owner` octets of the name.
    Cut {
        owner: usize,
        node: Node<'z>,
        servers: Rrset<'z>,
    },
    /// At a DNAME above the name; `owner` as for a cut.
    Dname {
        owner: usize,
        node: Node<'z>,
        redirection: Rrset<'z>,
    },
    /// At the name itself.
    Match(Node<'z>),
    /// At the wildcard that is the source of synthesis for the name; the closest encloser is the last
    /// `encloser` octets of the name.
    Wildcard { encloser: usize, node: Node<'z> },
    /// The name does not exist.
    Absent,
}

/// Finds the place of a name at or below the zone's origin.
///
/// `rtype` is QTYPE: DS at a cut is data of this zone, and no referral (RFC 4035 section 3.1.4.1).
pub fn find<'z>(zone: &'z Zone, sname: &Sname<'z>, rtype: u16) -> Place<'z> {
    let name = sname.folded();
    // Without cuts, DNAMEs and wildcards one look-up of the name decides.
    if zone.hides_nothing() {
        let node = match sname.seek {
            Some(seek) => seek.node(name),
            None => zone.node(name),
        };
        let node = node.filter(|node| is_ordinary(zone, *node));
        match node {
            Some(node) => return Place::Match(node),
            None if zone.has_no_wildcard() => return Place::Absent,
            None => (),
        }
    }
    let mut starts = [0; name::MAX_LABELS];
    let starts = name::label_starts(name, &mut starts);
    let labels_below = starts.len() - name::labels(zone.origin().as_wire()).count();
    let mut node = zone.apex();
    let mut owner = zone.origin().as_wire().len();
    for &start in starts[..labels_below].iter().rev() {
        if let Some(redirection) = node.get(types::DNAME) {
            return Place::Dname {
                owner,
                node,
                redirection,
            };
        }
        let below = &name[usize::from(start)..];
        let Some(found) = child(zone, node, below) else {
            let encloser = &name[name.len() - owner..];
            let source = wildcard(zone, node, encloser);
            return source.map_or(Place::Absent, |node| Place::Wildcard {
                encloser: owner,
                node,
            });
        };
        (node, owner) = (found, below.len());
        if let Some(servers) = node.get(types::NS)
            && !(rtype == types::DS && owner == name.len())
        {
            return Place::Cut {
                owner,
                node,
                servers,
            };
        }
    }
    Place::Match(node)
}

/// The node that has the addresses of a folded name: its own, or a wildcard's.
///
/// Zone cuts are ignored, because glue is below them.
pub fn addresses<'z>(zone: &'z Zone, name: &[u8]) -> Option<Node<'z>> {
    if let Some(node) = ordinary(zone, name) {
        return Some(node);
    }
    let mut encloser = name;
    while encloser.len() > zone.origin().as_wire().len() {
        encloser = name::parent(encloser)?;
        if let Some(node) = ordinary(zone, encloser) {
            return wildcard(zone, node, encloser);
        }
    }
    None
}

/// The node of a name right below another node.
fn child<'z>(zone: &'z Zone, parent: Node<'_>, name: &[u8]) -> Option<Node<'z>> {
    if parent.children == 0 {
        None
    } else {
        ordinary(zone, name)
    }
}

/// How many of the last octets of a name at or below the origin are its closest encloser: the
/// longest name above it that exists.
pub fn encloser(zone: &Zone, name: &[u8]) -> usize {
    let mut above = name;
    while above.len() > zone.origin().as_wire().len()
        && let Some(parent) = name::parent(above)
    {
        above = parent;
        if ordinary(zone, above).is_some() {
            break;
        }
    }
    above.len()
}

/// The node of a name, unless only NSEC3 records are there.
fn ordinary<'z>(zone: &'z Zone, name: &[u8]) -> Option<Node<'z>> {
    zone.node(name).filter(|node| is_ordinary(zone, *node))
}

/// Whether a node is not one of NSEC3 records: their owners are answered as if they did not exist
/// (RFC 5155 section 7.2.8).
fn is_ordinary(zone: &Zone, node: Node<'_>) -> bool {
    let is_hash = |rtype| matches!(rtype, types::NSEC3 | types::RRSIG);
    zone.has_no_nsec3()
        || node.children > 0
        || node.get(types::NSEC3).is_none()
        || node.rrsets().any(|rrset| !is_hash(rrset.rtype))
}

/// The node of the wildcard right below the closest encloser.
fn wildcard<'z>(zone: &'z Zone, node: Node<'_>, encloser: &[u8]) -> Option<Node<'z>> {
    let mut name = [0; name::MAX_NAME];
    child(zone, node, wildcard_name(encloser, &mut name)?)
}

/// The wildcard right below a name, in an array of the caller; None where it is too long.
pub fn wildcard_name<'a>(encloser: &[u8], name: &'a mut [u8; name::MAX_NAME]) -> Option<&'a [u8]> {
    let wire = name.get_mut(..ASTERISK.len() + encloser.len())?;
    wire[..ASTERISK.len()].copy_from_slice(&ASTERISK);
    wire[ASTERISK.len()..].copy_from_slice(encloser);
    Some(wire)
}
