//! DNSSEC signatures of zones that came signed (RFC 4035 section 2).

use super::rrset::{Node, Rrset};
use super::version::Zone;
use crate::rdata::types;

impl Zone {
    /// Whether this zone is signed: its apex has a key and a signature of the SOA (RFC 4035
    /// section 2).
    ///
    /// Any other zone answers as if DNSSEC records in it were plain data: some signatures in a reply
    /// and others missing would make a validator call it bogus.
    pub fn is_signed(&self) -> bool {
        let apex = self.apex();
        let mut signatures = apex.signatures(types::SOA);
        apex.get(types::DNSKEY).is_some() && signatures.next().is_some()
    }
}

impl<'a> Node<'a> {
    /// The rdata of the signatures of this node's RRset of one type.
    pub fn signatures(self, covered: u16) -> impl Iterator<Item = &'a [u8]> {
        let all = self.get(types::RRSIG).into_iter().flat_map(Rrset::rdatas);
        all.filter(move |rdata| is_signature_of(rdata, covered))
    }

    /// Seconds that a record of this node holds: those of its RRset, or where it is a signature those
    /// of the RRset that it signs (RFC 4034 section 3).
    pub fn ttl_of(self, rrset: Rrset<'_>, rdata: &[u8]) -> u32 {
        let covered = match (rrset.rtype, rdata.first_chunk()) {
            (types::RRSIG, Some(covered)) => self.get(u16::from_be_bytes(*covered)),
            _ => None,
        };
        covered.map_or(rrset.ttl, |covered| covered.ttl)
    }
}

/// Whether a signature is one of a type, which comes first in its rdata (RFC 4034 section 3.1).
pub fn is_signature_of(signature: &[u8], rtype: u16) -> bool {
    signature.starts_with(&rtype.to_be_bytes())
}
