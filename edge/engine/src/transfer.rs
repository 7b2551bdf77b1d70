//! The messages of a zone transfer: all records of one version of a zone (RFC 5936).
//!
//! A transfer holds its version of the zone and how far it has come, and nothing else. So it takes
//! the same memory for every zone, goes on whatever is loaded meanwhile, and costs nothing while
//! the client does not read. Between the SOA records, names come in the order of the memory that
//! they lie in: a client may not expect any other (RFC 5936 section 2.2).
//!
//! Names are compressed as their letters are, not as names are compared: who takes the zone over
//! gets each name in the letter case of its owner (RFC 5936 section 3.4).

use std::fmt;

use hashbrown::HashMap;

use crate::name;
use crate::rdata;
use crate::rdata::types::SOA;
use crate::zone::{Rrset, Zone};

/// Octets of the header of a message (RFC 1035 section 4.1.1).
const HEADER: usize = 12;
/// Where the header counts the records of the answer.
const COUNT_AT: usize = 6;
/// The record count of a message has two octets.
const MOST_RECORDS: u16 = u16::MAX;
/// In the third octet of the header: a reply (QR), and authoritative (AA).
const AUTHORITATIVE_REPLY: u8 = 0x84;
/// In the third octet of the header: what is copied from the query, RD.
const COPIED: u8 = 0x01;
/// A pointer to a name has 14 bits (RFC 1035 section 4.1.4).
const MOST_OFFSET: usize = 0x3fff;
/// The two bits that make a length octet a pointer.
const POINTER: u16 = 0xc000;
/// Names that a message knows where it has small records: they are in its first 16 KiB.
const USUAL_NAMES: usize = 1000;
/// Class IN; a zone has no other.
const CLASS_IN: [u8; 2] = [0, 1];

/// Why a transfer cannot go on, or cannot begin.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TransferError {
    /// There is no question that can be read.
    BadQuery,
    /// A record needs more room than a whole message has.
    TooLarge,
}

impl fmt::Display for TransferError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            TransferError::BadQuery => "not a query with one question",
            TransferError::TooLarge => "a record is too large for a message of a transfer",
        })
    }
}

/// One transfer under way.
pub struct Transfer {
    zone: Zone,
    /// Header and question of each message.
    head: Vec<u8>,
    stage: Stage,
}

/// What the next message begins with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Stage {
    FirstSoa,
    /// A part of the zone, and how many of its records were written.
    Records(usize, usize),
    LastSoa,
    Done,
}

impl Transfer {
    /// A transfer of a zone in reply to a query, of which the header and the question are read.
    pub fn new(zone: Zone, query: &[u8]) -> Result<Transfer, TransferError> {
        let question = query.get(HEADER..).ok_or(TransferError::BadQuery)?;
        let name_len = name::wire_len(question).ok_or(TransferError::BadQuery)?;
        let question = question
            .get(..name_len + 4)
            .ok_or(TransferError::BadQuery)?;
        let flags = AUTHORITATIVE_REPLY | query[2] & COPIED;
        let header = [query[0], query[1], flags, 0, 0, 1, 0, 0, 0, 0, 0, 0];
        Ok(Transfer {
            zone,
            head: [&header, question].concat(),
            stage: Stage::FirstSoa,
        })
    }

    /// The next message, of at most `room` octets; None when all is written.
    pub fn message(&mut self, room: usize) -> Result<Option<Vec<u8>>, TransferError> {
        if self.stage == Stage::Done {
            return Ok(None);
        }
        let mut message = Message::new(&self.head, room);
        self.stage = fill(&self.zone, self.stage, &mut message)?;
        Ok(Some(message.finish()))
    }
}

/// Writes from a stage on as much as fits; the stage of the next message.
fn fill<'z>(
    zone: &'z Zone,
    mut stage: Stage,
    message: &mut Message<'z>,
) -> Result<Stage, TransferError> {
    let origin = zone.origin().as_wire();
    loop {
        let written = match stage {
            Stage::FirstSoa | Stage::LastSoa => {
                let soa = zone.soa();
                let rdata = soa.rdatas().next().expect("a SOA has rdata");
                message.put(origin, SOA, soa.ttl, rdata)?
            }
            Stage::Records(part, skipped) => match zone.part(part) {
                None => {
                    stage = Stage::LastSoa;
                    continue;
                }
                Some(entries) => {
                    let records = entries.flat_map(|entry| {
                        let is_soa =
                            move |rrset: &Rrset| rrset.rtype == SOA && entry.owner == origin;
                        let rrsets = entry.node.rrsets().filter(move |rrset| !is_soa(rrset));
                        rrsets.flat_map(move |rrset| rrset.rdatas().map(move |r| (entry, rrset, r)))
                    });
                    let places = (skipped..).zip(records.skip(skipped));
                    for (written, (entry, rrset, rdata)) in places {
                        let ttl = entry.node.ttl_of(rrset, rdata);
                        if !message.put(entry.owner, rrset.rtype, ttl, rdata)? {
                            return Ok(Stage::Records(part, written));
                        }
                    }
                    stage = Stage::Records(part + 1, 0);
                    continue;
                }
            },
            Stage::Done => return Ok(stage),
        };
        if !written {
            return Ok(stage);
        }
        stage = match stage {
            Stage::FirstSoa => Stage::Records(0, 0),
            _ => Stage::Done,
        };
    }
}

/// One message in the making.
struct Message<'z> {
    out: Vec<u8>,
    room: usize,
    records: u16,
    /// Where the message has a name, by its octets.
    names: HashMap<&'z [u8], u16>,
}

impl<'z> Message<'z> {
    fn new(head: &[u8], room: usize) -> Message<'z> {
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
    fn put(
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

    fn finish(mut self) -> Vec<u8> {
        self.out[COUNT_AT..COUNT_AT + 2].copy_from_slice(&self.records.to_be_bytes());
        self.out
    }
}
