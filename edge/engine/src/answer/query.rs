//! Reading a query: as much of it as is well formed, and what is wrong with the rest.

use super::edns::Edns;
use super::rcode;
use super::wire::{HEADER, OPCODE, POINTER, QR, RD, TYPE_AND_CLASS};
use crate::name;
use crate::rdata::types;

/// Opcode QUERY, where the header has it.
const QUERY: u8 = 0 << 3;

/// The one question of a query.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Question<'q> {
    /// All of it, as it stands in the query.
    pub wire: &'q [u8],
    /// Wire form, in the client's letter case.
    pub name: &'q [u8],
    /// QTYPE.
    pub rtype: u16,
    /// QCLASS.
    pub class: u16,
}

/// A query, as far as it could be read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Query<'q> {
    /// Copied to the reply.
    pub id: [u8; 2],
    /// Opcode and RD where the header has them; they are copied to the reply.
    pub copied_flags: u8,
    /// None if there is none, or none that can be read. If there is no fault either, the query asks
    /// for a cookie only.
    pub question: Option<Question<'q>>,
    /// What the first OPT record says.
    pub edns: Option<Edns<'q>>,
    /// Why there is no answer: FORMERR, NOTIMP or BADVERS; NOERROR where all is well.
    pub fault: u16,
}

impl<'q> Query<'q> {
    /// Reads a message; None where nothing may be sent back: no header, or itself a reply.
    pub fn read(message: &'q [u8]) -> Option<Query<'q>> {
        let (header, body) = message.split_first_chunk::<HEADER>()?;
        if header[2] & QR != 0 {
            return None;
        }
        let mut query = Query {
            id: [header[0], header[1]],
            copied_flags: header[2] & (OPCODE | RD),
            question: None,
            edns: None,
            fault: rcode::NOERROR,
        };
        query.fault = match header[2] & OPCODE {
            QUERY => query
                .read_body(header, body)
                .err()
                .unwrap_or(rcode::NOERROR),
            _ => rcode::NOTIMP,
        };
        Some(query)
    }

    /// Whether DNSSEC records are wanted.
    pub fn dnssec_ok(&self) -> bool {
        self.edns.is_some_and(|edns| edns.dnssec_ok)
    }

    /// Everything behind the header; an error is the response code that says what is wrong.
    fn read_body(&mut self, header: &[u8; HEADER], body: &'q [u8]) -> Result<(), u16> {
        let [questions, answers, authorities, additionals] =
            [4, 6, 8, 10].map(|at| u16::from_be_bytes([header[at], header[at + 1]]));
        let mut rest = body;
        if questions > 1 {
            return Err(rcode::FORMERR);
        }
        if questions == 1 {
            self.question = Some(read_question(&mut rest).ok_or(rcode::FORMERR)?);
        }
        for _ in 0..u32::from(answers) + u32::from(authorities) {
            let record = Record::read(&mut rest).ok_or(rcode::FORMERR)?;
            if record.rtype == types::OPT {
                return Err(rcode::FORMERR);
            }
        }
        let mut options = None;
        for _ in 0..additionals {
            let record = Record::read(&mut rest).ok_or(rcode::FORMERR)?;
            if record.rtype != types::OPT {
                continue;
            }
            if options.replace(record.rdata).is_some() || record.owner != [0] {
                return Err(rcode::FORMERR);
            }
            self.edns = Some(Edns::new(record.class, record.ttl));
        }
        if !rest.is_empty() {
            return Err(rcode::FORMERR);
        }
        if let (Some(edns), Some(options)) = (&mut self.edns, options) {
            edns.read_options(options)?;
        }
        // RFC 9619 section 4; judged last, so that OPT is answered by OPT. A query for nothing but a
        // cookie has no question (RFC 7873 section 5.4).
        if questions == 0 && !self.edns.is_some_and(|edns| edns.has_cookie()) {
            Err(rcode::FORMERR)
        } else {
            Ok(())
        }
    }
}

/// The parts of a resource record in a query that matter.
struct Record<'q> {
    owner: &'q [u8],
    rtype: u16,
    class: u16,
    ttl: u32,
    rdata: &'q [u8],
}

impl<'q> Record<'q> {
    /// Takes a record off the front.
    fn read(rest: &mut &'q [u8]) -> Option<Record<'q>> {
        let (owner, after) = rest.split_at_checked(owner_len(rest)?)?;
        let (fixed, after) = after.split_first_chunk::<10>()?;
        let short = |at: usize| u16::from_be_bytes([fixed[at], fixed[at + 1]]);
        let (rdata, after) = after.split_at_checked(usize::from(short(8)))?;
        *rest = after;
        let ttl = u32::from(short(4)) << 16 | u32::from(short(6));
        Some(Record {
            owner,
            rtype: short(0),
            class: short(2),
            ttl,
            rdata,
        })
    }
}

/// Octets of a name that may end in a pointer.
fn owner_len(bytes: &[u8]) -> Option<usize> {
    let mut at = 0;
    loop {
        match *bytes.get(at)? {
            0 => return Some(at + 1),
            high if high >= POINTER => return Some(at + 2),
            length if usize::from(length) <= name::MAX_LABEL => at += usize::from(length) + 1,
            _ => return None,
        }
    }
}

/// The question of a message that may be a query; nothing else of it is checked.
pub fn peek(message: &[u8]) -> Option<Question<'_>> {
    read_question(&mut message.get(HEADER..)?)
}

/// Takes the question off the front. Its name cannot be compressed: nothing stands before it.
fn read_question<'q>(rest: &mut &'q [u8]) -> Option<Question<'q>> {
    let name_len = name::wire_len(rest)?;
    let (wire, after) = rest.split_at_checked(name_len + TYPE_AND_CLASS)?;
    *rest = after;
    let (name, fixed) = wire.split_at(name_len);
    Some(Question {
        wire,
        name,
        rtype: u16::from_be_bytes([fixed[0], fixed[1]]),
        class: u16::from_be_bytes([fixed[2], fixed[3]]),
    })
}
