//! The change from one version of a zone to the next, as IXFR has it (RFC 1995 section 4).
//!
//! ```text
//! old SOA │ records that are gone │ new SOA │ records that are new
//! ```
//! A record with another TTL is gone, and new. Records are kept as octets, one after the other:
//! `u8 length │ owner │ u16 type │ u32 TTL │ u16 length │ rdata`, numbers big-endian.

use std::collections::HashSet;
use std::sync::Arc;

use crate::rdata::types::SOA;
use crate::zone::{Node, Zone};

/// One record of a change.
pub struct Record<'r> {
    pub owner: &'r [u8],
    pub rtype: u16,
    pub ttl: u32,
    pub rdata: &'r [u8],
}

/// Octets of a kept record besides its owner and rdata.
const FIXED: usize = 1 + 2 + 4 + 2;

type Row<'z> = (u16, u32, &'z [u8]);

/// The change from `old` to `new`; None where it takes more than `limit` octets.
pub fn changes(old: &Zone, new: &Zone, limit: usize) -> Option<Arc<[u8]>> {
    let (mut gone, mut added) = (Vec::new(), Vec::new());
    let mut is_large = false;
    put_soa(old, &mut gone);
    put_soa(new, &mut added);
    old.each_difference(new, |owner, before, after| {
        is_large = is_large || gone.len() + added.len() > limit;
        let is_apex = owner == old.origin().as_wire();
        let row_sets = [before, after].map(|node| rows(node, is_apex).collect::<Vec<_>>());
        if is_large || row_sets[0] == row_sets[1] {
            return;
        }
        let [before, after] = row_sets;
        put_others(owner, &before, &after, &mut gone);
        put_others(owner, &after, &before, &mut added);
    });
    gone.append(&mut added);
    (gone.len() <= limit).then(|| gone.into())
}

/// The first record that some octets begin with, and how many of them it takes.
pub fn first(octets: &[u8]) -> (Record<'_>, usize) {
    let (owner, rest) = octets[1..].split_at(usize::from(octets[0]));
    let (&[r0, r1, t0, t1, t2, t3, l0, l1], rest) = rest.split_first_chunk().expect("a record");
    let length = usize::from(u16::from_be_bytes([l0, l1]));
    let record = Record {
        owner,
        rtype: u16::from_be_bytes([r0, r1]),
        ttl: u32::from_be_bytes([t0, t1, t2, t3]),
        rdata: &rest[..length],
    };
    (record, FIXED + owner.len() + length)
}

/// All records of a node, without the SOA.
fn rows(node: Option<Node<'_>>, is_apex: bool) -> impl Iterator<Item = Row<'_>> {
    node.into_iter().flat_map(move |node| {
        let rrsets = node
            .rrsets()
            .filter(move |rrset| !(is_apex && rrset.rtype == SOA));
        rrsets.flat_map(move |rrset| {
            let rdatas = rrset.rdatas();
            rdatas.map(move |rdata| (rrset.rtype, node.ttl_of(rrset, rdata), rdata))
        })
    })
}

/// Appends the rows that others do not have.
fn put_others(owner: &[u8], rows: &[Row], others: &[Row], out: &mut Vec<u8>) {
    let others: HashSet<_> = others.iter().collect();
    for (rtype, ttl, rdata) in rows.iter().filter(|row| !others.contains(row)) {
        put(owner, *rtype, *ttl, rdata, out);
    }
}

fn put_soa(zone: &Zone, out: &mut Vec<u8>) {
    let soa = zone.soa();
    let rdata = soa.rdatas().next().expect("a SOA has rdata");
    put(zone.origin().as_wire(), SOA, soa.ttl, rdata, out);
}

fn put(owner: &[u8], rtype: u16, ttl: u32, rdata: &[u8], out: &mut Vec<u8>) {
    out.push(owner.len() as u8);
    out.extend_from_slice(owner);
    out.extend_from_slice(&rtype.to_be_bytes());
    out.extend_from_slice(&ttl.to_be_bytes());
    out.extend_from_slice(&(rdata.len() as u16).to_be_bytes());
    out.extend_from_slice(rdata);
}
