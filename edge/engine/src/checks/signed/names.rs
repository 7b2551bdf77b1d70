//! The names of a zone, by what a chain says about them.

use crate::name;
use crate::rdata::{
    rtype_to_text,
    types::{DNAME, DS, NS, NSEC, NSEC3, RRSIG},
};
use crate::zone::{Node, Rrset, Zone, is_signature_of};

/// What a name is to its zone.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    /// The zone answers for it.
    Own,
    /// The zone delegates it.
    Cut,
    /// It is below a cut or a DNAME.
    Hidden,
    /// Only NSEC3 records and signatures have it.
    Hash,
}

/// A name that owns records.
#[derive(Clone, Copy)]
pub(super) struct Named<'z> {
    pub(super) owner: &'z [u8],
    pub(super) node: Node<'z>,
    pub(super) kind: Kind,
}

/// All names that own records, in canonical order.
pub(super) fn names(zone: &Zone) -> impl Iterator<Item = Named<'_>> {
    // In canonical order all names below another one come right behind it.
    let mut hiding: Option<&[u8]> = None;
    zone.sorted().map(move |(owner, node)| {
        let is_hidden = hiding.is_some_and(|above| name::is_at_or_below(owner, above));
        let is_cut = node.get(NS).is_some() && owner != zone.origin().as_wire();
        let kind = if is_hash(node) {
            Kind::Hash
        } else if is_hidden {
            Kind::Hidden
        } else if is_cut {
            Kind::Cut
        } else {
            Kind::Own
        };
        if !is_hidden && (is_cut || node.get(DNAME).is_some()) {
            hiding = Some(owner);
        }
        Named { owner, node, kind }
    })
}

/// Whether a node has NSEC3 records, or signatures of such, and nothing else.
pub(crate) fn is_hash(node: Node<'_>) -> bool {
    let is_other = |rtype| ![NSEC3, RRSIG].contains(&rtype);
    let has_some = node.get(NSEC3).is_some() || node.signatures(NSEC3).next().is_some();
    has_some && !node.rrsets().any(|rrset| is_other(rrset.rtype))
}

impl Named<'_> {
    /// Whether a chain with opt-out may leave it out.
    pub(super) fn is_insecure(&self) -> bool {
        self.kind == Kind::Cut && self.node.get(DS).is_none()
    }

    /// The types that an NSEC record of it lists. At a cut the zone has no other records than these
    /// (RFC 4035 section 2.3).
    pub(super) fn types(&self) -> Vec<u16> {
        let types = self.node.rrsets().map(|rrset| rrset.rtype);
        let is_listed = |rtype: &u16| match self.kind {
            Kind::Cut => [NS, DS, NSEC, RRSIG].contains(rtype),
            _ => *rtype != NSEC3,
        };
        types.filter(is_listed).collect()
    }

    /// Those that an NSEC3 record of it lists: without NSEC and what signs it, which are there while
    /// a zone goes from one kind of chain to the other.
    pub(super) fn hashed_types(&self) -> Vec<u16> {
        let mut types = self.types();
        let mut signatures = self.node.get(RRSIG).into_iter().flat_map(Rrset::rdatas);
        let signs_chain = |signature| {
            [NSEC, NSEC3]
                .iter()
                .any(|rtype| is_signature_of(signature, *rtype))
        };
        let is_signed = !signatures.all(signs_chain);
        types.retain(|rtype| *rtype != NSEC && (*rtype != RRSIG || is_signed));
        types
    }
}

/// What is wrong with the types that a record lists.
pub(super) fn different_types(listed: &[u16], there: &[u16]) -> String {
    let text = |types: &[u16]| match types {
        [] => "none".to_owned(),
        _ => types
            .iter()
            .copied()
            .map(rtype_to_text)
            .collect::<Vec<_>>()
            .join(" "),
    };
    format!(
        "lists the types {}, the zone has {}",
        text(listed),
        text(there)
    )
}
