//! Reading the records of a query: little of them matters, but their names are read to the end.
//!
//! A name may end in a pointer to one that stands before it (RFC 1035 section 4.1.4). Each pointer of
//! a name leads further back than the one before, so no name is endless. Rdata is looked into only for
//! names, which are read as receivers have to: with pointers in all types that have always been sent
//! with them (RFC 3597 section 4).

use super::wire::POINTER;
use crate::name::{MAX_LABEL, MAX_LABELS, MAX_NAME};
use crate::rdata::fields::{Field, field_len};
use crate::rdata::shapes::shape;
use crate::rdata::types;

/// Type, class, TTL and length.
const FIXED: usize = 10;

/// The parts of a resource record in a query that matter.
pub struct Record<'q> {
    /// Where its owner starts.
    pub owner_at: usize,
    /// Type number.
    pub rtype: u16,
    /// Class number.
    pub class: u16,
    /// What a record of zone data has as its TTL.
    pub ttl: u32,
    /// As it stands in the query.
    pub rdata: &'q [u8],
    /// Where that starts.
    pub rdata_at: usize,
}

impl<'q> Record<'q> {
    /// Reads the record at `at` and moves that behind it; None where it is not all there, or a name
    /// of it is malformed.
    #[inline]
    pub fn read(message: &'q [u8], at: &mut usize) -> Option<Record<'q>> {
        let owner_at = *at;
        let fixed_at = owner_at + name_len(message, owner_at)?;
        let fixed = message.get(fixed_at..)?.first_chunk::<FIXED>()?;
        let short = |at: usize| u16::from_be_bytes([fixed[at], fixed[at + 1]]);
        let (start, rtype) = (fixed_at + FIXED, short(0));
        let end = start + usize::from(short(8));
        let rdata = message.get(start..end)?;
        *at = end;
        // OPT, nearly always the only record of a query, is not looked into.
        if rtype != types::OPT && !are_names(&message[..end], start, rtype) {
            return None;
        }
        Some(Record {
            owner_at,
            rtype,
            class: short(2),
            ttl: u32::from(short(4)) << 16 | u32::from(short(6)),
            rdata,
            rdata_at: start,
        })
    }
}

/// Whether the names are well formed in the rdata from `at` to the end of `message`. Records of UPDATE
/// may have no rdata at all (RFC 2136 section 2.4).
#[cold]
fn are_names(message: &[u8], mut at: usize, rtype: u16) -> bool {
    // The obsolete SIG and NXT, and LP, have their name where another type has it.
    let rtype = match rtype {
        types::SIG => types::RRSIG,
        types::NXT => types::NSEC,
        types::LP => types::KX,
        other => other,
    };
    let Some(fields) = shape(rtype).and_then(|shape| {
        let last = shape
            .fields
            .iter()
            .rposition(|field| *field == Field::Name)?;
        Some(&shape.fields[..=last])
    }) else {
        return true;
    };
    let is_empty = at == message.len();
    let mut skip = |field: &Field| {
        let len = match field {
            Field::Name => name_len(message, at),
            other => message.get(at..).and_then(|rest| field_len(*other, rest)),
        };
        at += len?;
        Some(())
    };
    is_empty || fields.iter().all(|field| skip(field).is_some())
}

/// Octets of the name at `at`, up to its root label or first pointer; None where it is malformed.
#[inline]
pub fn name_len(message: &[u8], at: usize) -> Option<usize> {
    // OPT has the root as its owner.
    match *message.get(at)? {
        0 => Some(1),
        _ => parts(message, at, |_| ()),
    }
}

/// Appends the well-formed name at `at`, without pointers.
pub fn copy_name(message: &[u8], at: usize, out: &mut Vec<u8>) {
    parts(message, at, |labels| out.extend_from_slice(labels));
    out.push(0);
}

/// Gives each run of labels of the name at `at` to `each`; what `name_len` returns.
#[cold]
fn parts(message: &[u8], at: usize, mut each: impl FnMut(&[u8])) -> Option<usize> {
    let (mut start, mut octets, mut len) = (at, 0, None);
    // A pointer saves a label or more, so a name has no more of them.
    for _ in 0..=MAX_LABELS {
        let mut end = start;
        let last = loop {
            match *message.get(end)? {
                last if last == 0 || last >= POINTER => break last,
                label if usize::from(label) <= MAX_LABEL => end += usize::from(label) + 1,
                _ => return None,
            }
        };
        octets += end - start;
        if octets >= MAX_NAME {
            return None;
        }
        each(&message[start..end]);
        if last == 0 {
            return len.or_else(|| Some(end + 1 - at));
        }
        let pointer = [last & !POINTER, *message.get(end + 1)?];
        let target = usize::from(u16::from_be_bytes(pointer));
        if target >= start {
            return None;
        }
        len = len.or_else(|| Some(end + 2 - at));
        start = target;
    }
    None
}
