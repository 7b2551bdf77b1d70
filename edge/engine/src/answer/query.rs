//! Reading a query: as much of it as is well formed, and what is wrong with the rest.

use super::edns::Edns;
use super::rcode;
use super::record::Record;
use super::tsig::Tsig;
use super::wire::{HEADER, OPCODE, QR, RD, TYPE_AND_CLASS};
use crate::name;
use crate::rdata::types;

/// Opcode QUERY, where the header has it.
const QUERY: u8 = 0 << 3;
/// Opcode NOTIFY (RFC 1996), which has the form of a query.
const NOTIFY: u8 = 4 << 3;
/// Opcode UPDATE (RFC 2136), as far as it can be read as a query: all but the names of sections.
const UPDATE: u8 = 5 << 3;

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
    /// Where its TSIG record is, if that is why there is no answer.
    pub tsig_at: Option<usize>,
    /// Why there is no answer: FORMERR, NOTIMP, NOTAUTH or BADVERS; NOERROR where all is well.
    pub fault: u16,
}

impl<'q> Query<'q> {
    /// Reads a message; None where nothing may be sent back: no header, or itself a reply.
    pub fn read(message: &'q [u8]) -> Option<Query<'q>> {
        let header = message.first_chunk::<HEADER>()?;
        if header[2] & QR != 0 {
            return None;
        }
        let mut query = Query {
            id: [header[0], header[1]],
            copied_flags: header[2] & (OPCODE | RD),
            question: None,
            edns: None,
            tsig_at: None,
            fault: rcode::NOERROR,
        };
        let opcode = header[2] & OPCODE;
        if opcode != QUERY {
            query.fault = rcode::NOTIMP;
        }
        // What another opcode puts behind the header is not known (RFC 8906 section 3.1.4).
        if matches!(opcode, QUERY | NOTIFY | UPDATE)
            && let Err(fault) = query.read_body(header, message)
        {
            query.fault = fault;
        }
        Some(query)
    }

    /// Whether DNSSEC records are wanted.
    pub fn dnssec_ok(&self) -> bool {
        self.edns.is_some_and(|edns| edns.dnssec_ok)
    }

    /// Everything behind the header; an error is the response code that says what is wrong.
    fn read_body(&mut self, header: &[u8; HEADER], message: &'q [u8]) -> Result<(), u16> {
        let [questions, answers, authorities, additionals] =
            [4, 6, 8, 10].map(|at| u16::from_be_bytes([header[at], header[at + 1]]));
        let mut at = HEADER;
        if questions > 1 {
            return Err(rcode::FORMERR);
        }
        if questions == 1 {
            let question = peek(message).ok_or(rcode::FORMERR)?;
            at += question.wire.len();
            self.question = Some(question);
        }
        for _ in 0..u32::from(answers) + u32::from(authorities) {
            let record = Record::read(message, &mut at).ok_or(rcode::FORMERR)?;
            if matches!(record.rtype, types::OPT | types::TSIG) {
                return Err(rcode::FORMERR);
            }
        }
        let (mut options, mut tsig_at) = (None, None);
        for _ in 0..additionals {
            let record = Record::read(message, &mut at).ok_or(rcode::FORMERR)?;
            match record.rtype {
                types::OPT => {
                    let is_root = message[record.owner_at] == 0;
                    if options.replace(record.rdata).is_some() || !is_root {
                        return Err(rcode::FORMERR);
                    }
                    self.edns = Some(Edns::new(record.class, record.ttl));
                }
                types::TSIG => {
                    // The last record (RFC 8945 section 5.1): nothing is left to read.
                    if at != message.len() {
                        return Err(rcode::FORMERR);
                    }
                    Tsig::read(message, &record).ok_or(rcode::FORMERR)?;
                    tsig_at = Some(record.owner_at);
                }
                _ => (),
            }
        }
        if at != message.len() {
            return Err(rcode::FORMERR);
        }
        if let (Some(edns), Some(options)) = (&mut self.edns, options) {
            edns.read_options(options)?;
        }
        // RFC 9619 section 4; judged last, so that OPT is answered by OPT. A query for nothing but a
        // cookie has no question (RFC 7873 section 5.4).
        if questions == 0 && !self.edns.is_some_and(|edns| edns.has_cookie()) {
            return Err(rcode::FORMERR);
        }
        // This server has no keys. Whatever is signed, what it asks for is not looked at.
        self.tsig_at = tsig_at;
        tsig_at.map_or(Ok(()), |_| Err(rcode::NOTAUTH))
    }
}

/// The question of a message that may be a query; nothing else of it is checked. Its name cannot be
/// compressed: nothing stands before it.
pub fn peek(message: &[u8]) -> Option<Question<'_>> {
    let rest = message.get(HEADER..)?;
    let name_len = name::wire_len(rest)?;
    let wire = rest.get(..name_len + TYPE_AND_CLASS)?;
    let (name, fixed) = wire.split_at(name_len);
    Some(Question {
        wire,
        name,
        rtype: u16::from_be_bytes([fixed[0], fixed[1]]),
        class: u16::from_be_bytes([fixed[2], fixed[3]]),
    })
}
