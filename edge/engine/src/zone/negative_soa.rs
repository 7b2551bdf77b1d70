//! The SOA record of negative answers, written once for each version of a zone.
//!
//! A reply to a name that does not exist is the question and this record (RFC 2308 section 3). The
//! names in the record are compressed. They point at the origin at the end of the question's name,
//! or into the record itself, which follows it. So the record is the same for every question except
//! for one number: the position of the origin in the message, which is added to each pointer. No
//! pointer leads to a label of the question before the origin; that would save octets in few zones.

use crate::name;
use crate::rdata::types::SOA;

/// The two bits that make two octets a pointer (RFC 1035 section 4.1.4).
const POINTER: u16 = 0xc000;
/// Octets of a question behind its name.
const TYPE_AND_CLASS: usize = 4;
const CLASS_IN: u16 = 1;
/// An owner and two names: each may end in a pointer.
const MOST_POINTERS: usize = 3;

/// The record. Its pointers count from the start of the origin in the question.
#[derive(Default)]
pub struct NegativeSoa {
    record: Vec<u8>,
    /// Where its pointers are.
    pointers: [u16; MOST_POINTERS],
    used: usize,
}

impl NegativeSoa {
    /// The record of a zone with this folded origin and SOA rdata, which was checked.
    pub(super) fn new(origin: &[u8], rdata: &[u8], ttl: u32) -> NegativeSoa {
        let mname = name::wire_len(rdata).expect("the SOA was checked");
        let rname = name::wire_len(&rdata[mname..]).expect("the SOA was checked");
        let (mname, rest) = rdata.split_at(mname);
        let (rname, numbers) = rest.split_at(rname);
        let start = origin.len() + TYPE_AND_CLASS;

        let mut soa = NegativeSoa::default();
        soa.put_name(origin, &[(origin, 0)]);
        soa.record.extend(SOA.to_be_bytes());
        soa.record.extend(CLASS_IN.to_be_bytes());
        soa.record.extend(ttl.to_be_bytes());
        let length_at = soa.record.len();
        soa.record.extend([0; 2]);
        let mname_at = start + soa.record.len();
        soa.put_name(mname, &[(origin, 0)]);
        // The part of MNAME that was not written is the end of the origin, which is searched first.
        soa.put_name(rname, &[(origin, 0), (mname, mname_at)]);
        soa.record.extend(numbers);
        let length = (soa.record.len() - length_at - 2) as u16;
        soa.record[length_at..length_at + 2].copy_from_slice(&length.to_be_bytes());
        soa
    }

    /// How many octets the record has.
    pub fn size(&self) -> usize {
        self.record.len()
    }

    /// Appends the record to a message with the origin at `origin_at`, behind the question.
    pub fn write(&self, origin_at: u16, message: &mut Vec<u8>) {
        let start = message.len();
        message.extend_from_slice(&self.record);
        for &at in &self.pointers[..self.used] {
            let at = start + usize::from(at);
            let counted = u16::from_be_bytes([message[at], message[at + 1]]);
            let pointer = POINTER | (origin_at + counted);
            message[at..at + 2].copy_from_slice(&pointer.to_be_bytes());
        }
    }

    /// Writes a name up to the longest suffix that one of the known names has, then a pointer there.
    fn put_name(&mut self, name: &[u8], known: &[(&[u8], usize)]) {
        let mut suffix = name;
        while suffix != [0] {
            if let Some(at) = known.iter().find_map(|known| find(suffix, *known)) {
                self.record
                    .extend_from_slice(&name[..name.len() - suffix.len()]);
                self.pointers[self.used] = self.record.len() as u16;
                self.used += 1;
                self.record.extend((at as u16).to_be_bytes());
                return;
            }
            suffix = name::parent(suffix).expect("not the root");
        }
        self.record.extend_from_slice(name);
    }
}

/// Where a suffix is in a name that starts at a position, the root excepted.
fn find(suffix: &[u8], (name, at): (&[u8], usize)) -> Option<usize> {
    let before = name.len().checked_sub(suffix.len())?;
    name::is_at_or_below(name, suffix).then_some(at + before)
}
