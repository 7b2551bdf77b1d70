//! The change from one zone to another: which RRsets to remove and which to set.

use super::encoding::write_head;
use super::rrset::{Node, Rrset};
use super::{Zone, ZoneError};
use crate::name;

/// The change that turns one zone into another.
pub struct Delta {
    old: Zone,
    new: Zone,
    payload: Vec<u8>,
    /// RRsets that only the new zone has.
    pub added: usize,
    /// RRsets that only the old zone has.
    pub removed: usize,
    /// RRsets that both have, with another TTL or other rdata.
    pub changed: usize,
}

impl Zone {
    /// The change from this zone to `new`. Versions that came from one another are compared in
    /// time that depends on what differs.
    pub fn diff(&self, new: &Zone) -> Result<Delta, ZoneError> {
        if self.origin != new.origin {
            return Err(ZoneError::OtherOrigin(new.origin.to_string()));
        }
        let (mut removed, mut set, mut added) = (Vec::new(), Vec::new(), 0);
        self.names.each_difference(&new.names, |owner, old, new| {
            let (old, new) = (
                old.map_or(&[][..], rrsets_of),
                new.map_or(&[][..], rrsets_of),
            );
            let of = |rrsets: &[Rrset], rtype| rrsets.iter().position(|r| r.rtype == rtype);
            for rrset in old.iter().filter(|rrset| of(new, rrset.rtype).is_none()) {
                removed.push((owner, rrset));
            }
            for rrset in new {
                match of(old, rrset.rtype) {
                    Some(at) if old[at] == *rrset => continue,
                    Some(_) => {}
                    None => added += 1,
                }
                set.push((owner, rrset));
            }
        });
        let mut payload = Vec::new();
        write_head(&self.origin, &mut payload);
        payload.extend_from_slice(&(removed.len() as u32).to_be_bytes());
        self.sort(&mut removed);
        for (owner, rrset) in &removed {
            payload.push(owner.len() as u8);
            payload.extend_from_slice(owner);
            payload.extend_from_slice(&rrset.rtype.to_be_bytes());
        }
        payload.extend_from_slice(&(set.len() as u32).to_be_bytes());
        self.sort(&mut set);
        for (owner, rrset) in &set {
            rrset.encode(owner, &mut payload);
        }
        let (removed, changed) = (removed.len(), set.len() - added);
        Ok(Delta {
            old: self.clone(),
            new: new.clone(),
            payload,
            added,
            removed,
            changed,
        })
    }

    fn sort(&self, rrsets: &mut [(&[u8], &Rrset)]) {
        rrsets
            .sort_unstable_by(|a, b| name::canonical_cmp(a.0, b.0).then(a.1.rtype.cmp(&b.1.rtype)));
    }
}

fn rrsets_of(node: &Node) -> &[Rrset] {
    &node.rrsets
}

impl Delta {
    /// The encoded change, what [`Zone::apply`] takes.
    pub fn payload(&self) -> &[u8] {
        &self.payload
    }
}
