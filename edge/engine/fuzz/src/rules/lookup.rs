//! Lookup (RFC 1034 section 4.3.2 step 3), written as plainly as it can be.

use super::{DNAME, DS, NS};
use crate::model::{Model, Name, Node};

/// What ends the search for a name before the name itself.
#[derive(PartialEq, Eq)]
pub enum Stop {
    /// A zone cut of that many labels.
    Cut(usize),
    /// A DNAME above the name.
    Dname,
}

/// The first cut or DNAME on the way from the apex to a name (RFC 1034 section 4.3.2 step 3).
pub fn stop(zone: &Model, name: &Name, rtype: u16) -> Option<Stop> {
    for depth in zone.origin.len()..=name.len() {
        let at_end = depth == name.len();
        let has = |rtype| zone.get(&name[..depth], rtype).is_some();
        if depth > zone.origin.len() && has(NS) && !(at_end && rtype == DS) {
            return Some(Stop::Cut(depth));
        }
        if has(DNAME) && !at_end {
            return Some(Stop::Dname);
        }
    }
    None
}

/// Whether a zone cut or a DNAME above a name hides it.
pub fn is_hidden(zone: &Model, name: &Name) -> bool {
    stop(zone, name, DS).is_some()
}

/// The node that a name's records come from: its own, or that of the wildcard at the closest
/// encloser (RFC 4592 section 3.3.1). None also for an empty non-terminal.
pub fn source<'z>(zone: &'z Model, name: &Name) -> Option<&'z Node> {
    if zone.exists(name) {
        return zone.nodes.get(name);
    }
    let wildcard = wildcard_of(zone, name).filter(|name| zone.exists(name))?;
    zone.nodes.get(&wildcard)
}

/// The wildcard that stands for a name that does not exist.
pub fn wildcard_of(zone: &Model, name: &Name) -> Option<Name> {
    let depths = (zone.origin.len()..name.len()).rev();
    let encloser = depths
        .map(|depth| &name[..depth])
        .find(|name| zone.exists(name))?;
    Some([encloser, &[b"*".to_vec()]].concat())
}
