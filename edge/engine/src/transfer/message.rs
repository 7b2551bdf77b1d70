//! One message of a transfer: records with names compressed as their letters are.

use hashbrown::HashMap;

use super::errors::TransferError;
use crate::name;
use crate::rdata;

/// Where the header counts the records of the answer.
const COUNT_AT: usize = 6;
/// The record count of a message has two octets.
const MOST_RECORDS: u16 = u16::MAX;
/// A pointer to a name has 14 bits (RFC 1035 section 4.1.4).
const MOST_OFFSET: usize = 0x3fff;
/// The two bits that make a length octet a pointer.
const POINTER: u16 = 0xc000;
/// Names that a message knows where it has small records: they are in its first 16 KiB.
const USUAL_NAMES: usize = 1000;
/// Class IN; a zone has no other.
const CLASS_IN: [u8; 2] = [0, 1];

/// One message in the making.
pub struct Message<'z> {
    out: Vec<u8>,
    room: usize,
    records: u16,
    /// Where the message has a name, by its octets.
    names: HashMap<&'z [u8], u16>,
}

impl<'z> Message<'z> {
    pub fn new(head: &[u8], room: usize) -> Message<'z> {
        let mut out = Vec::with_capacity(room);
        out.extend_from_slice(head);
        Message {
            out,
            room,
            records: 0,
            names: HashMap::with_capacity(USUAL_NAMES),
        }
    }

    /// Writes one record; false where there is no room for it, and nothing is written.
    pub fn put(
        &mut self,
        owner: &'z [u8],
        rtype: u16,
        ttl: u32,
        rdata: &'z [u8],
    ) -> Result<bool, TransferError> {
        if self.records == MOST_RECORDS {
            return Ok(false);
        }
        let before = self.out.len();
        self.put_name(owner);
        self.out.extend_from_slice(&rtype.to_be_bytes());
        self.out.extend_from_slice(&CLASS_IN);
        self.out.extend_from_slice(&ttl.to_be_bytes());
        self.put_rdata(rtype, rdata);
        if self.out.len() <= self.room {
            self.records += 1;
            return Ok(true);
        }
        if self.records == 0 {
            return Err(TransferError::TooLarge);
        }
        self.out.truncate(before); // its names are known still, and nothing follows
        Ok(false)
    }

    /// Names are compressed only in types of RFC 1035 (RFC 3597 section 4).
    fn put_rdata(&mut self, rtype: u16, rdata: &'z [u8]) {
        let length_at = self.out.len();
        self.out.extend_from_slice(&[0, 0]);
        let (before, names) = rdata::compressed_names(rtype);
        let (head, mut rest) = rdata.split_at(before);
        self.out.extend_from_slice(head);
        for _ in 0..names {
            let length = name::wire_len(rest).expect("rdata of a zone is well formed");
            self.put_name(&rest[..length]);
            rest = &rest[length..];
        }
        self.out.extend_from_slice(rest);
        let length = (self.out.len() - length_at - 2) as u16;
        self.out[length_at..length_at + 2].copy_from_slice(&length.to_be_bytes());
    }

    fn put_name(&mut self, name: &'z [u8]) {
        let mut rest = name;
        while rest[0] != 0 {
            if let Some(&at) = self.names.get(rest) {
                self.out.extend_from_slice(&(POINTER | at).to_be_bytes());
                return;
            }
            if self.out.len() <= MOST_OFFSET {
                self.names.insert(rest, self.out.len() as u16);
            }
            let (label, after) = rest.split_at(1 + usize::from(rest[0]));
            self.out.extend_from_slice(label);
            rest = after;
        }
        self.out.push(0);
    }

    pub fn finish(mut self) -> Vec<u8> {
        self.out[COUNT_AT..COUNT_AT + 2].copy_from_slice(&self.records.to_be_bytes());
        self.out
    }
}
