//! Changes of a zone, one RRset at a time.

use std::sync::atomic::Ordering::Relaxed;

use super::rrset::{Node, Rrset};
use super::{VERSIONS, Zone, ZoneError};
use crate::name;

/// A zone while it is changed; its invariants hold again after [`Edit::finish`].
pub(crate) struct Edit {
    zone: Zone,
}

impl Edit {
    /// Starts from a zone, which stays as it is.
    pub(crate) fn new(zone: Zone) -> Edit {
        Edit { zone }
    }

    /// Puts an RRset in the place of what the folded owner has of its type.
    pub(crate) fn set(&mut self, owner: &[u8], rrset: Rrset) -> Result<(), ZoneError> {
        if !name::is_at_or_below(owner, self.zone.origin.as_wire()) {
            return Err(ZoneError::OutOfZone(name::to_text(owner)));
        }
        self.zone.count_in(owner, &rrset);
        if let Some(node) = self.zone.names.get_mut(owner) {
            if let Some(old) = node.replace(rrset) {
                self.zone.count_out(owner, &old);
            }
            return Ok(());
        }
        self.connect(owner);
        let node = Node {
            rrsets: Box::new([rrset]),
            children: 0,
        };
        self.zone.names.insert(owner.into(), node);
        Ok(())
    }

    /// Takes an RRset away; false where there was none.
    pub(crate) fn remove(&mut self, owner: &[u8], rtype: u16) -> bool {
        if self
            .zone
            .names
            .get(owner)
            .and_then(|node| node.get(rtype))
            .is_none()
        {
            return false;
        }
        let node = self.zone.names.get_mut(owner).expect("just found");
        let old = node.take(rtype).expect("just found");
        self.zone.count_out(owner, &old);
        self.prune(owner);
        true
    }

    /// The zone as it is by now; it may have no apex yet.
    pub(crate) fn view(&self) -> &Zone {
        &self.zone
    }

    /// The changed zone, with a SOA.
    pub(crate) fn finish(mut self) -> Result<Zone, ZoneError> {
        self.zone.check_soa()?;
        self.zone.version = VERSIONS.fetch_add(1, Relaxed) + 1;
        Ok(self.zone)
    }

    /// Tells the parent of a new node about its child, and makes the parents that are missing.
    fn connect(&mut self, owner: &[u8]) {
        let mut name = owner;
        while name != self.zone.origin.as_wire() {
            name = name::parent(name).expect("at or below the origin");
            match self.zone.names.get_mut(name) {
                Some(parent) => {
                    parent.children += 1;
                    return;
                }
                None => {
                    let node = Node {
                        children: 1,
                        ..Node::default()
                    };
                    self.zone.names.insert(name.into(), node);
                }
            }
        }
    }

    /// Removes a node without records and children, and the parents that only led to it.
    fn prune(&mut self, owner: &[u8]) {
        let mut name = owner;
        while let Some(node) = self.zone.names.get(name) {
            if !node.rrsets.is_empty() || node.children > 0 {
                return;
            }
            self.zone.names.remove(name);
            if name == self.zone.origin.as_wire() {
                return;
            }
            name = name::parent(name).expect("at or below the origin");
            self.zone
                .names
                .get_mut(name)
                .expect("a parent is a node")
                .children -= 1;
        }
    }
}
