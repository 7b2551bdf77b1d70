//! The header and the question of a reply, and what holds for the message as a whole.

use crate::answer::cache::CachedAnswer;
use crate::answer::compression::Compression;
use crate::answer::query::Query;
use crate::answer::subject::Subject;
use crate::answer::wire::{AA, HEADER, QR, SECTIONS, Section, TC, TYPE_AND_CLASS};
use crate::zone::NegativeSoa;

/// There is no room for a record or RRset; nothing of it was written.
#[derive(Debug)]
pub struct Full;

/// The body of a reply under construction: all but its OPT record.
pub struct Message<'m> {
    pub(super) out: &'m mut Vec<u8>,
    pub(super) limit: usize,
    /// The class of all records: that of the question.
    pub(super) class: [u8; 2],
    /// The names that it has. The table is large, so it is borrowed and never moved.
    pub(super) names: &'m mut Compression,
    /// Whether `names` has the question's name: most replies point at it and write no other name.
    pub(super) has_qname: bool,
    pub(super) signatures: bool,
    /// Where the records start.
    pub(super) records_at: usize,
    /// Whether every client that asks the same question gets this body, if it has room for it.
    pub(super) repeatable: bool,
    /// What it is about.
    pub subject: Subject,
}

impl<'m> Message<'m> {
    /// Starts the reply in `out`: ID, opcode, RD and the question as the client wrote it.
    ///
    /// `names` is empty; `limit` is the size in octets without OPT, which comes behind it.
    #[inline]
    pub fn new(
        out: &'m mut Vec<u8>,
        names: &'m mut Compression,
        query: &Query,
        limit: usize,
    ) -> Message<'m> {
        let mut header = [0; HEADER];
        header[..2].copy_from_slice(&query.id);
        header[2] = QR | query.copied_flags;
        header[5] = u8::from(query.question.is_some());
        out.clear();
        out.extend_from_slice(&header);
        let mut class = [0; 2];
        if let Some(question) = &query.question {
            out.extend_from_slice(question.wire);
            class = question.class.to_be_bytes();
        }
        Message {
            records_at: out.len(),
            out,
            limit,
            class,
            names,
            has_qname: false,
            signatures: false,
            repeatable: true,
            subject: Subject::default(),
        }
    }

    /// Writes the records of a cached answer, or nothing if they do not fit; whether they did.
    pub fn put_cached(&mut self, answer: &CachedAnswer) -> bool {
        if self.out.len() + answer.records.len() > self.limit {
            return false;
        }
        if answer.authoritative {
            self.set_authoritative();
        }
        for (section, count) in SECTIONS.into_iter().zip(answer.counts) {
            self.set_count(section, count.into());
        }
        self.subject = answer.subject;
        self.out.extend_from_slice(answer.records);
        true
    }

    /// What the cache can keep of a reply with this response code; None if another client may get
    /// another body.
    pub fn cacheable(&self, rcode: u16) -> Option<CachedAnswer<'_>> {
        let mut counts = [0; SECTIONS.len()];
        for (count, section) in counts.iter_mut().zip(SECTIONS) {
            *count = self.counted(section).try_into().ok()?;
        }
        self.repeatable.then(|| CachedAnswer {
            rcode: rcode as u8,
            authoritative: self.out[2] & AA != 0,
            counts,
            subject: self.subject,
            records: &self.out[self.records_at..],
        })
    }

    /// Marks the reply as one that repeats more of the query than its question.
    pub fn set_unrepeatable(&mut self) {
        self.repeatable = false;
    }

    /// From now on each RRset is followed by its signatures.
    pub fn include_signatures(&mut self) {
        self.signatures = true;
    }

    /// Marks the reply as authoritative for the question's name.
    pub fn set_authoritative(&mut self) {
        self.out[2] |= AA;
    }

    /// Marks the reply as one that misses records.
    pub fn set_truncated(&mut self) {
        self.out[2] |= TC;
    }

    /// Whether records are missing.
    pub fn is_truncated(&self) -> bool {
        self.out[2] & TC != 0
    }

    /// Writes the response code, as much of it as the header has room for.
    pub fn finish(self, rcode: u16) {
        self.out[3] |= (rcode & 0x0f) as u8;
    }

    /// Where the last octets of the question's name start.
    pub fn end_of_qname(&self, octets: usize) -> u16 {
        (self.records_at - TYPE_AND_CLASS - octets) as u16
    }

    /// Whether the prepared SOA record of a zone can be used: it must follow the question, and has
    /// no signatures.
    pub fn takes_negative_soa(&self) -> bool {
        self.out.len() == self.records_at && !self.signatures
    }

    /// Writes the SOA record of a negative answer, or nothing, where the message takes it; the
    /// zone's origin is at `origin_at`, the end of the question's name.
    pub fn put_negative_soa(&mut self, soa: &NegativeSoa, origin_at: u16) -> Result<(), Full> {
        if self.out.len() + soa.size() > self.limit {
            self.repeatable = false;
            return Err(Full);
        }
        soa.write(origin_at, self.out);
        self.set_count(Section::Authority, 1);
        Ok(())
    }

    pub(super) fn counted(&self, section: Section) -> u16 {
        let at = section as usize;
        u16::from_be_bytes([self.out[at], self.out[at + 1]])
    }

    pub(super) fn set_count(&mut self, section: Section, count: u16) {
        let at = section as usize;
        self.out[at..at + 2].copy_from_slice(&count.to_be_bytes());
    }
}
