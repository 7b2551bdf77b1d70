//! The name that is being looked up: SNAME of RFC 1034 section 4.3.2.

use super::message::Owner;
use super::wire::QNAME;
use crate::name::{self, Folded};
use crate::zone::Seek;

/// Longest chain of aliases. Real chains have fewer than five. The reply to a longer one has its
/// beginning, and a resolver can ask on from where that ends.
pub const MOST_ALIASES: usize = 16;

/// A name in two forms, stored inline: in the letter case of the client or the zone, for the reply,
/// and folded, for look-ups.
pub struct Sname<'q> {
    question: (&'q [u8], &'q Folded),
    /// The target of the last alias, if there was any.
    target: Option<([u8; name::MAX_NAME], Folded)>,
    /// The look-up of the name in the zone, if it was begun.
    pub seek: Option<Seek<'q>>,
    /// Where the message has the name, or `NOWHERE`.
    pub at: u16,
}

impl<'q> Sname<'q> {
    /// The name of the question, in both cases.
    #[inline]
    pub fn new(written: &'q [u8], folded: &'q Folded, seek: Option<Seek<'q>>) -> Sname<'q> {
        Sname {
            question: (written, folded),
            target: None,
            seek,
            at: QNAME,
        }
    }

    /// Take the target of an alias. `at` is where the message has it, or `NOWHERE`.
    pub fn set(&mut self, wire: &[u8], at: u16) {
        self.at = at;
        self.seek = None;
        let mut written = [0; name::MAX_NAME];
        written[..wire.len()].copy_from_slice(wire);
        self.target = Some((written, Folded::new(wire)));
    }

    /// In lower case.
    pub fn folded(&self) -> &[u8] {
        let target = self.target.as_ref().map(|(_, folded)| folded);
        target.unwrap_or(self.question.1).as_wire()
    }

    /// In the letter case of the client or the zone.
    pub fn written(&self) -> &[u8] {
        match &self.target {
            Some((written, folded)) => &written[..folded.as_wire().len()],
            None => self.question.0,
        }
    }

    /// As the owner of records.
    pub fn owner(&self) -> Owner<'_> {
        Owner::known(self.written(), self.at)
    }

    /// The last octets, in the same letter case: a name at or above this one.
    pub fn suffix(&self, octets: usize) -> &[u8] {
        let written = self.written();
        &written[written.len() - octets..]
    }

    /// What a DNAME, whose owner is the last `owner` octets, makes of the name: that part replaced by
    /// `target` (RFC 6672 section 2.2). None where the result is too long to be a name.
    pub fn redirected(&self, owner: usize, target: &[u8]) -> Option<Redirected> {
        let written = self.written();
        let prefix = written.len() - owner;
        let len = prefix + target.len();
        if len > name::MAX_NAME {
            return None;
        }
        let mut wire = [0; name::MAX_NAME];
        wire[..prefix].copy_from_slice(&written[..prefix]);
        wire[prefix..len].copy_from_slice(target);
        Some(Redirected { wire, len })
    }
}

/// A name made by a DNAME.
pub struct Redirected {
    wire: [u8; name::MAX_NAME],
    len: usize,
}

impl Redirected {
    /// Wire form.
    pub fn as_wire(&self) -> &[u8] {
        &self.wire[..self.len]
    }
}
