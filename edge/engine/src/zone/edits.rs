//! Changes of a zone, one RRset at a time.

use super::entry::Entries;
use super::errors::ZoneError;
use super::keys;
use super::rrset::Rrset;
use super::version::{SOA_NUMBERS, Zone};
use crate::name;
use crate::rdata::types::SOA;

/// A zone while it is changed; its invariants hold again after [`Edit::finish`].
pub(crate) struct Edit {
    zone: Zone,
    /// Memory for one entry, used again for each.
    entry: Entries,
}

impl Edit {
    /// Starts from a zone, which stays as it is.
    pub(crate) fn new(zone: Zone) -> Edit {
        Edit {
            zone,
            entry: Entries::default(),
        }
    }

    /// Puts an RRset in the place of what the folded owner has of its type.
    pub(crate) fn set(&mut self, owner: &[u8], rrset: Rrset<'_>) -> Result<(), ZoneError> {
        if !name::is_at_or_below(owner, self.zone.origin.as_wire()) {
            return Err(ZoneError::OutOfZone(name::to_text(owner)));
        }
        self.zone.totals.add(owner, rrset);
        let origin = self.zone.origin.as_wire().len();
        let Some(node) = self.zone.names.get(owner) else {
            keys::link(&mut self.zone.chain, owner, origin, rrset);
            self.connect(owner)?;
            return self.zone.names.set(self.entry.one(owner, 0, [rrset]));
        };
        if let Some(old) = node.get(rrset.rtype) {
            self.zone.totals.subtract(owner, old);
            keys::unlink(&mut self.zone.chain, owner, origin, old);
        }
        keys::link(&mut self.zone.chain, owner, origin, rrset);
        let below = node.rrsets().take_while(|old| old.rtype < rrset.rtype);
        let above = node.rrsets().skip_while(|old| old.rtype <= rrset.rtype);
        self.zone.names.set(
            self.entry
                .one(owner, node.children, below.chain([rrset]).chain(above)),
        )
    }

    /// Takes an RRset away; false where there was none.
    pub(crate) fn remove(&mut self, owner: &[u8], rtype: u16) -> Result<bool, ZoneError> {
        let Some(node) = self.zone.names.get(owner) else {
            return Ok(false);
        };
        let Some(old) = node.get(rtype) else {
            return Ok(false);
        };
        self.zone.totals.subtract(owner, old);
        let origin = self.zone.origin.as_wire().len();
        keys::unlink(&mut self.zone.chain, owner, origin, old);
        let others = node.rrsets().filter(|rrset| rrset.rtype != rtype);
        self.zone
            .names
            .set(self.entry.one(owner, node.children, others))?;
        self.prune(owner)?;
        Ok(true)
    }

    /// The zone so far; it may have no apex yet.
    pub(crate) fn view(&self) -> &Zone {
        &self.zone
    }

    /// The changed zone, with a SOA.
    pub(crate) fn finish(self) -> Result<Zone, ZoneError> {
        self.zone.complete()
    }

    /// Tells the parent of a new node about its child, and makes the parents that are missing.
    fn connect(&mut self, owner: &[u8]) -> Result<(), ZoneError> {
        let mut name = owner;
        while name != self.zone.origin.as_wire() {
            name = name::parent(name).expect("at or below the origin");
            if let Some(parent) = self.zone.names.get(name) {
                let entry = self.entry.one(name, parent.children + 1, parent.rrsets());
                return self.zone.names.set(entry);
            }
            self.zone.names.set(self.entry.one(name, 1, []))?;
        }
        Ok(())
    }

    /// Removes a node without records and children, and the parents that only led to it.
    fn prune(&mut self, owner: &[u8]) -> Result<(), ZoneError> {
        let mut name = owner;
        while let Some(node) = self.zone.names.get(name) {
            if !node.is_empty() || node.children > 0 {
                break;
            }
            self.zone.names.remove(name)?;
            if name == self.zone.origin.as_wire() {
                break;
            }
            name = name::parent(name).expect("at or below the origin");
            let parent = self.zone.names.get(name).expect("a parent is a node");
            let entry = self.entry.one(name, parent.children - 1, parent.rrsets());
            self.zone.names.set(entry)?;
        }
        Ok(())
    }
}

impl Zone {
    /// This zone with another SOA serial.
    pub fn with_serial(&self, serial: u32) -> Zone {
        let soa = self.soa();
        let mut rdata = self.soa_rdata().to_vec();
        let at = rdata.len() - SOA_NUMBERS;
        rdata[at..at + 4].copy_from_slice(&serial.to_be_bytes());
        let (mut rdatas, mut buffer) = (vec![&*rdata], Vec::new());
        let soa = Rrset::new(SOA, soa.ttl, &mut rdatas, &mut buffer).expect("as large as before");
        let mut edit = Edit::new(self.clone());
        edit.set(self.origin.as_wire(), soa)
            .expect("the apex is in the zone and as large as before");
        edit.finish().expect("the SOA is as well-formed as before")
    }
}
