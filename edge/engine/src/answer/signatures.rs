//! DNSSEC records of zones that came signed (RFC 4035 section 3.1).
//!
//! A reply carries the signatures of its RRsets. What proves that something is absent is chosen in
//! `denial`.

use crate::rdata::types;
use crate::zone::{Node, Rrset, Zone};

/// Whether a zone is signed: its apex has a key and a signature of the SOA (RFC 4035 section 2).
///
/// Any other zone answers as if DNSSEC records in it were plain data: some signatures in a reply and
/// others missing would make a validator call it bogus.
pub fn is_signed(zone: &Zone) -> bool {
    let apex = zone.apex();
    apex.get(types::DNSKEY).is_some() && of(apex, types::SOA).next().is_some()
}

/// The rdata of the signatures of a node's RRset of one type.
pub fn of(node: Node<'_>, covered: u16) -> impl Iterator<Item = &[u8]> {
    let all = node.get(types::RRSIG).into_iter().flat_map(Rrset::rdatas);
    all.filter(move |rdata| covers(rdata, covered))
}

/// Whether a signature is one of a type, which comes first in its rdata (RFC 4034 section 3.1).
pub fn covers(rdata: &[u8], rtype: u16) -> bool {
    rdata.starts_with(&rtype.to_be_bytes())
}
