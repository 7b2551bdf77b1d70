//! The messages of a zone transfer: all records of one version of a zone (RFC 5936), or the changes
//! that lead to it (RFC 1995).
//!
//! A transfer refers to its version of the zone, or to changes, and knows how far it has come. So it
//! takes the same memory for every zone, goes on whatever is loaded meanwhile, and costs nothing while
//! the client does not read. Between the SOA records, names come in the order of the memory that
//! they lie in: a client may not expect any other (RFC 5936 section 2.2).
//!
//! Names are compressed as their letters are, not as names are compared, so names in rdata keep their
//! letter case (RFC 5936 section 3.4). Owner names are in lower case, as a zone has them here.

mod changes;
mod errors;
mod message;

use std::sync::Arc;

pub use changes::changes;
pub use errors::TransferError;
use message::Message;

use crate::name;
use crate::rdata::types::SOA;
use crate::zone::{Rrset, Zone};

/// Octets of the header of a message (RFC 1035 section 4.1.1).
const HEADER: usize = 12;
/// In the third octet of the header: a reply (QR), and authoritative (AA).
const AUTHORITATIVE_REPLY: u8 = 0x84;
/// In the third octet of the header: what is copied from the query, RD.
const COPIED: u8 = 0x01;

/// One transfer under way.
pub struct Transfer {
    zone: Zone,
    /// Header and question of each message.
    head: Vec<u8>,
    /// What `changes` made, the oldest first; others may share them.
    steps: Arc<[Arc<[u8]>]>,
    stage: Stage,
}

/// What the next message begins with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Stage {
    FirstSoa,
    /// A part of the zone, and how many of its records were written.
    Records(usize, usize),
    /// A step, and how many of its octets were written.
    Step(usize, usize),
    LastSoa,
    Done,
}

impl Transfer {
    /// A transfer of a zone in reply to a query, of which the header and the question are read: of
    /// all records, or else of these steps, each made by `changes`.
    pub fn new(zone: Zone, query: &[u8], steps: Vec<Arc<[u8]>>) -> Result<Transfer, TransferError> {
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
            steps: steps.into(),
            stage: Stage::FirstSoa,
        })
    }

    /// The next message, of at most `room` octets; None when all is written.
    pub fn message(&mut self, room: usize) -> Result<Option<Vec<u8>>, TransferError> {
        if self.stage == Stage::Done {
            return Ok(None);
        }
        let steps = self.steps.clone();
        let mut message = Message::new(&self.head, room);
        self.stage = fill(&self.zone, &steps, self.stage, &mut message)?;
        Ok(Some(message.finish()))
    }
}

/// Writes from a stage on as much as fits; the stage of the next message.
fn fill<'z>(
    zone: &'z Zone,
    steps: &'z [Arc<[u8]>],
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
            Stage::Step(number, at) => match steps.get(number).map(|step| &step[at..]) {
                None => {
                    stage = Stage::LastSoa;
                    continue;
                }
                Some([]) => {
                    stage = Stage::Step(number + 1, 0);
                    continue;
                }
                Some(rest) => {
                    let (record, octets) = changes::first(rest);
                    if !message.put(record.owner, record.rtype, record.ttl, record.rdata)? {
                        return Ok(stage);
                    }
                    stage = Stage::Step(number, at + octets);
                    continue;
                }
            },
            Stage::Done => return Ok(stage),
        };
        if !written {
            return Ok(stage);
        }
        stage = match stage {
            Stage::FirstSoa if steps.is_empty() => Stage::Records(0, 0),
            Stage::FirstSoa => Stage::Step(0, 0),
            _ => Stage::Done,
        };
    }
}
