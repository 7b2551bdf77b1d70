//! The name that is being looked up: SNAME of RFC 1034 section 4.3.2.

use super::message::Owner;
use crate::name::{self, Folded};

/// A name in two letter cases, in place: as the client or the zone wrote it, which is what the reply
/// repeats, and folded, which is what zones are searched by.
pub struct Sname {
    written: [u8; name::MAX_NAME],
    folded: Folded,
    len: usize,
    /// Where the message has the name, or `NOWHERE`.
    pub at: u16,
}

impl Sname {
    /// A name that stands at `at` in the message.
    #[inline]
    pub fn new(wire: &[u8], at: u16) -> Sname {
        let mut sname = Sname {
            written: [0; name::MAX_NAME],
            folded: Folded::default(),
            len: 0,
            at,
        };
        sname.set(wire, at);
        sname
    }

    /// Take another name.
    pub fn set(&mut self, wire: &[u8], at: u16) {
        self.len = wire.len();
        self.at = at;
        self.written[..self.len].copy_from_slice(wire);
        self.folded.set(wire);
    }

    /// In lower case.
    pub fn folded(&self) -> &[u8] {
        self.folded.as_wire()
    }

    /// As it is written.
    pub fn written(&self) -> &[u8] {
        &self.written[..self.len]
    }

    /// As the owner of records.
    pub fn owner(&self) -> Owner<'_> {
        Owner::known(self.written(), self.at)
    }

    /// The last octets, as they are written: a name at or above this one.
    pub fn suffix(&self, octets: usize) -> &[u8] {
        &self.written()[self.len - octets..]
    }

    /// What a DNAME, whose owner is the last `owner` octets, makes of the name: that part replaced by
    /// `target` (RFC 6672 section 2.2). None where the result is too long to be a name.
    pub fn redirected(&self, owner: usize, target: &[u8]) -> Option<Redirected> {
        let prefix = self.len - owner;
        let len = prefix + target.len();
        if len > name::MAX_NAME {
            return None;
        }
        let mut wire = [0; name::MAX_NAME];
        wire[..prefix].copy_from_slice(&self.written[..prefix]);
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
