//! Writing whole RRsets, with their names compressed against all that the message has.

use super::header::{Full, Message};
use crate::answer::compression::{self, Compression, NOWHERE};
use crate::answer::wire::{HEADER, Section};
use crate::name;
use crate::rdata::{self, types};
use crate::zone::{Node, Rrset};

/// Octets of rdata that compression saves at most: two names. A record that is over the limit by
/// more than these cannot fit. It is not begun, so that the buffer never has to grow.
const MOST_SAVED: usize = 2 * name::MAX_NAME;

/// An owner name and, where the message has it already, its position.
#[derive(Clone, Copy)]
pub struct Owner<'n> {
    name: &'n [u8],
    at: u16,
}

impl<'n> Owner<'n> {
    /// A name that may or may not be in the message.
    pub fn new(name: &'n [u8]) -> Owner<'n> {
        Owner { name, at: NOWHERE }
    }

    /// A name that stands at `at`. The root is never pointed at: it is shorter than a pointer.
    pub fn known(name: &'n [u8], at: u16) -> Owner<'n> {
        let at = if name == [0] { NOWHERE } else { at };
        Owner { name, at }
    }
}

impl Message<'_> {
    /// Where the message has a name as a whole, or `NOWHERE`.
    pub fn find_name(&mut self, name: &[u8]) -> u16 {
        let mut starts = [0; name::MAX_LABELS];
        let starts = name::label_starts(name, &mut starts);
        let (names, out) = self.names();
        match names.longest_suffix(out, name, starts) {
            (0, at) => at,
            _ => NOWHERE,
        }
    }

    /// Writes an RRset of a node and its signatures, or nothing; each record with `ttl` seconds.
    pub fn put_rrset(
        &mut self,
        section: Section,
        owner: Owner,
        node: Node<'_>,
        rrset: Rrset<'_>,
        ttl: u32,
    ) -> Result<(), Full> {
        if !self.signatures {
            return self.put_records(section, owner, rrset.rtype, ttl, rrset.rdatas());
        }
        let (end, count) = (self.out.len(), self.counted(section));
        self.put_records(section, owner, rrset.rtype, ttl, rrset.rdatas())?;
        let signatures = node.signatures(rrset.rtype);
        self.put_records(section, owner, types::RRSIG, ttl, signatures)
            .inspect_err(|Full| {
                self.out.truncate(end);
                self.set_count(section, count);
            })
    }

    /// Writes signatures of a node, or none; each with the TTL of what it signs.
    pub fn put_signatures<'r>(
        &mut self,
        section: Section,
        owner: Owner,
        node: Node<'_>,
        all: Rrset<'_>,
        signatures: impl Iterator<Item = &'r [u8]>,
    ) -> Result<(), Full> {
        let (end, count) = (self.out.len(), self.counted(section));
        for signature in signatures {
            let (ttl, one) = (node.ttl_of(all, signature), std::iter::once(signature));
            self.put_records(section, owner, types::RRSIG, ttl, one)
                .inspect_err(|Full| {
                    self.out.truncate(end);
                    self.set_count(section, count);
                })?;
        }
        Ok(())
    }

    /// Writes the records of one owner and type, or none.
    pub fn put_records<'r>(
        &mut self,
        section: Section,
        mut owner: Owner,
        rtype: u16,
        ttl: u32,
        rdatas: impl Iterator<Item = &'r [u8]>,
    ) -> Result<(), Full> {
        let end = self.out.len();
        let mut records = 0;
        for rdata in rdatas {
            let is_far_too_long = self.out.len() + rdata.len() > self.limit + MOST_SAVED;
            if !is_far_too_long {
                match owner.at {
                    NOWHERE => owner.at = self.put_name(owner.name),
                    at => self.out.extend_from_slice(&compression::pointer(at)),
                }
                self.out.extend_from_slice(&rtype.to_be_bytes());
                self.out.extend_from_slice(&self.class);
                self.out.extend_from_slice(&ttl.to_be_bytes());
                self.put_rdata(rtype, rdata);
            }
            if is_far_too_long || self.out.len() > self.limit {
                self.out.truncate(end);
                self.repeatable = false;
                return Err(Full);
            }
            records += 1;
        }
        self.set_count(section, self.counted(section) + records);
        Ok(())
    }

    /// Length and rdata; names are compressed only in types of RFC 1035 (RFC 3597 section 4).
    #[inline]
    fn put_rdata(&mut self, rtype: u16, rdata: &[u8]) {
        let length_at = self.out.len();
        self.out
            .extend_from_slice(&(rdata.len() as u16).to_be_bytes());
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

    /// Writes a name as short as possible; returns where the message has all of it, or `NOWHERE`.
    fn put_name(&mut self, name: &[u8]) -> u16 {
        let mut starts = [0; name::MAX_LABELS];
        let starts = name::label_starts(name, &mut starts);
        let (names, out) = self.names();
        let (new, known) = names.longest_suffix(out, name, starts);
        let (base, mut at) = (out.len(), known);
        let written = starts
            .get(new)
            .map_or(name.len() - 1, |&start| usize::from(start));
        let mut parent = known;
        out.extend_from_slice(&name[..written]);
        match known {
            NOWHERE => out.push(0),
            at => out.extend_from_slice(&compression::pointer(at)),
        }
        for &start in starts[..new].iter().rev() {
            at = names.insert(out, parent, base + usize::from(start));
            parent = at;
        }
        at
    }

    /// The names of the message, and the message.
    fn names(&mut self) -> (&mut Compression, &mut Vec<u8>) {
        if !self.has_qname {
            self.has_qname = true;
            let question = &self.out[HEADER..self.records_at];
            let mut starts = [0; name::MAX_LABELS];
            let mut parent = NOWHERE;
            for &start in name::label_starts(question, &mut starts).iter().rev() {
                let at = HEADER + usize::from(start);
                parent = self.names.insert(self.out, parent, at);
            }
        }
        (self.names, self.out)
    }
}
