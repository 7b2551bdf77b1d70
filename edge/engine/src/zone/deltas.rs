//! The change from one zone to another: which RRsets to remove and which to set.

use std::cmp::Ordering;

use super::codec::{
    DecodeError, Reader, SHORTEST_KEY, SHORTEST_RRSET, write_count, write_head, write_key,
    write_rrset,
};
use super::edits::Edit;
use super::errors::ZoneError;
use super::rrset::{Node, Rrset};
use super::sorting::sort_by_owner;
use super::text::write_record;
use super::totals::is_made_by_signing;
use super::version::Zone;
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
    /// Those of them that signing does not make.
    pub ordinary_removed: usize,
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
        let Differences {
            removed,
            set,
            added,
        } = self.differences(new);
        let is_ordinary = |(_, rrset): &&(_, Rrset<'_>)| !is_made_by_signing(rrset.rtype);
        Ok(Delta {
            old: self.clone(),
            new: new.clone(),
            added,
            removed: removed.len(),
            ordinary_removed: removed.iter().filter(is_ordinary).count(),
            changed: set.len() - added,
            payload: self.encode_delta(removed, set),
        })
    }

    fn differences<'z>(&'z self, new: &'z Zone) -> Differences<'z> {
        let mut found = Differences::default();
        self.names.each_difference(&new.names, |owner, old, new| {
            for rrset in rrsets_of(old).filter(|old| get(new, old.rtype).is_none()) {
                found.removed.push((owner, rrset));
            }
            for rrset in rrsets_of(new) {
                match get(old, rrset.rtype) {
                    Some(old) if old == rrset => continue,
                    Some(_) => {}
                    None => found.added += 1,
                }
                found.set.push((owner, rrset));
            }
        });
        found
    }

    /// This zone with an encoded change made.
    pub fn apply(&self, delta: &[u8]) -> Result<Zone, DecodeError> {
        let mut reader = Reader::new(delta);
        let origin = reader.head()?;
        if origin != self.origin {
            return Err(DecodeError::OtherOrigin(origin.to_string()));
        }
        let mut edit = Edit::new(self.clone());
        let removed = reader.count(SHORTEST_KEY)?;
        reader.keys(removed, |owner, rtype| match edit.remove(owner, rtype)? {
            true => Ok(()),
            false => Err(DecodeError::NotThere(name::to_text(owner), rtype)),
        })?;
        let set = reader.count(SHORTEST_RRSET)?;
        reader.rrsets(set, |owner, rrset| edit.set(owner, rrset))?;
        reader.end()?;
        Ok(edit.finish()?)
    }

    fn encode_delta(
        &self,
        removed: Vec<(&[u8], Rrset<'_>)>,
        set: Vec<(&[u8], Rrset<'_>)>,
    ) -> Vec<u8> {
        let mut payload = Vec::new();
        write_head(&self.origin, &mut payload);
        write_count(removed.len(), &mut payload);
        for (owner, rrset) in sort_by_owner(&self.origin, removed.into_iter(), by_type) {
            write_key(owner, rrset.rtype, &mut payload);
        }
        write_count(set.len(), &mut payload);
        for (owner, rrset) in sort_by_owner(&self.origin, set.into_iter(), by_type) {
            write_rrset(owner, rrset, &mut payload);
        }
        payload
    }
}

/// What differs between two zones: owners and RRsets.
#[derive(Default)]
struct Differences<'z> {
    /// What only the old zone has.
    removed: Vec<(&'z [u8], Rrset<'z>)>,
    /// What only the new zone has, or in another form.
    set: Vec<(&'z [u8], Rrset<'z>)>,
    /// How many of those only the new zone has.
    added: usize,
}

fn rrsets_of<'z>(node: Option<Node<'z>>) -> impl Iterator<Item = Rrset<'z>> {
    node.into_iter().flat_map(Node::rrsets)
}

fn get(node: Option<Node<'_>>, rtype: u16) -> Option<Rrset<'_>> {
    node.and_then(|node| node.get(rtype))
}

fn by_type(a: &Rrset<'_>, b: &Rrset<'_>) -> Ordering {
    a.rtype.cmp(&b.rtype)
}

impl Delta {
    /// The encoded change, what [`Zone::apply`] takes.
    pub fn payload(&self) -> &[u8] {
        &self.payload
    }

    /// The change without the serial and without what signing makes, encoded as [`Delta::payload`]
    /// is. To sign the new zone once more changes nothing of it.
    pub fn ordinary_payload(&self) -> Vec<u8> {
        let new = self.new.with_serial(self.old.serial());
        let mut found = self.old.differences(&new);
        let is_ordinary = |(_, rrset): &(_, Rrset<'_>)| !is_made_by_signing(rrset.rtype);
        found.removed.retain(is_ordinary);
        found.set.retain(is_ordinary);
        self.old.encode_delta(found.removed, found.set)
    }

    /// The first `limit` records that differ, as `- OWNER TTL TYPE RDATA` and `+ …`, in canonical
    /// order.
    pub fn lines(&self, limit: usize) -> Vec<String> {
        let keys = changed_keys(&self.payload).expect("a payload of our own");
        let mut lines = Vec::new();
        for (owner, rtype) in sort_by_owner(&self.new.origin, keys.into_iter(), u16::cmp) {
            if lines.len() >= limit {
                break;
            }
            let (old, new) = (self.old.node(owner), self.new.node(owner));
            push_records('-', owner, rtype, old, new, &mut lines);
            push_records('+', owner, rtype, new, old, &mut lines);
        }
        lines.truncate(limit);
        lines
    }
}

/// The records of a type at `node` that `other` does not have with the same TTL.
fn push_records(
    sign: char,
    owner: &[u8],
    rtype: u16,
    node: Option<Node<'_>>,
    other: Option<Node<'_>>,
    lines: &mut Vec<String>,
) {
    let Some((node, rrset)) = node.and_then(|node| Some((node, node.get(rtype)?))) else {
        return;
    };
    let has = |other: Node<'_>, rdata| {
        let same = other
            .get(rtype)
            .filter(|same| same.rdatas().any(|each| each == rdata));
        same.is_some_and(|same| other.ttl_of(same, rdata) == node.ttl_of(rrset, rdata))
    };
    for rdata in rrset.rdatas() {
        if other.is_some_and(|other| has(other, rdata)) {
            continue;
        }
        let mut line = format!("{sign} ");
        write_record(owner, node, rrset, rdata, &mut line);
        lines.push(line);
    }
}

/// The owners and types that an encoded change of ours removes, and those that it sets.
fn changed_keys(delta: &[u8]) -> Result<Vec<(&[u8], u16)>, DecodeError> {
    let mut reader = Reader::new(delta);
    let mut keys = Vec::new();
    reader.head()?;
    let removed = reader.count(SHORTEST_KEY)?;
    reader.keys(removed, |owner, rtype| {
        keys.push((owner, rtype));
        Ok(())
    })?;
    let set = reader.count(SHORTEST_RRSET)?;
    reader.rrsets(set, |owner, rrset| {
        keys.push((owner, rrset.rtype));
        Ok::<_, DecodeError>(())
    })?;
    Ok(keys)
}
