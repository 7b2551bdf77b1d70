//! Writes the parts of payloads.

use super::format::FORMAT;
use crate::name::Name;
use crate::zone::rrset::Rrset;

/// Appends what every payload begins with.
pub fn write_head(origin: &Name, out: &mut Vec<u8>) {
    out.push(FORMAT);
    write_owner(origin.as_wire(), out);
}

/// Appends how many items follow.
pub fn write_count(count: usize, out: &mut Vec<u8>) {
    out.extend_from_slice(&(count as u32).to_be_bytes());
}

/// Appends the key of an RRset.
pub fn write_key(owner: &[u8], rtype: u16, out: &mut Vec<u8>) {
    write_owner(owner, out);
    out.extend_from_slice(&rtype.to_be_bytes());
}

/// Appends an RRset.
pub fn write_rrset(owner: &[u8], rrset: Rrset<'_>, out: &mut Vec<u8>) {
    write_key(owner, rrset.rtype, out);
    out.extend_from_slice(&rrset.ttl.to_be_bytes());
    out.extend_from_slice(rrset.records());
}

fn write_owner(owner: &[u8], out: &mut Vec<u8>) {
    out.push(owner.len() as u8);
    out.extend_from_slice(owner);
}
