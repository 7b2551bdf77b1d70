//! Zones as text: master files (RFC 1035 section 5).

use super::rrset::{Node, Rrset};
use super::version::Zone;
use crate::rdata::types::SOA;
use crate::{name, rdata};

impl Zone {
    /// A master file: absolute names, canonical order, one record a line (RFC 1035 section 5).
    ///
    /// Only the SOA is out of order: it comes first, because its owner tells a reader the origin.
    pub fn to_text(&self) -> String {
        let mut text = String::new();
        let mut write = |owner, node: Node<'_>, rrset: Rrset<'_>| {
            for rdata in rrset.rdatas() {
                write_record(owner, node, rrset, rdata, &mut text);
                text.push('\n');
            }
        };
        write(self.origin.as_wire(), self.apex(), self.soa());
        for (owner, node) in self.sorted() {
            let is_apex = owner == self.origin.as_wire();
            for rrset in node
                .rrsets()
                .filter(|rrset| !(is_apex && rrset.rtype == SOA))
            {
                write(owner, node, rrset);
            }
        }
        text
    }
}

/// Appends one record of a node as a line of a master file, without the line end.
pub(super) fn write_record(
    owner: &[u8],
    node: Node<'_>,
    rrset: Rrset<'_>,
    rdata: &[u8],
    out: &mut String,
) {
    use std::fmt::Write;
    let (ttl, rtype) = (node.ttl_of(rrset, rdata), rdata::rtype_to_text(rrset.rtype));
    let _ = write!(out, "{} {ttl} {rtype} ", name::to_text(owner));
    rdata::to_text(rrset.rtype, rdata, out);
}
