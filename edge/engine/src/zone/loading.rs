//! A new zone from RRsets that come in canonical order, as fast as memory allows.
//!
//! In canonical order a name follows the names above it, so the path from the apex to the last name
//! is all one must remember to count children and to see which empty non-terminals are missing: no
//! look-ups. The map is filled at the end, bucket by bucket, so that what will be looked at together
//! also lies together.

use super::buckets::Buckets;
use super::edits::Edit;
use super::rrset::{Node, Rrset};
use super::{Zone, ZoneError};
use crate::name::{self, Name};

/// The nodes of a zone that is being loaded.
pub(crate) struct Loading<'a> {
    zone: Zone,
    nodes: Vec<(&'a [u8], Node)>,
    /// Places in `nodes` of the last name and of those above it, the apex first.
    path: Vec<usize>,
    /// Room for the names between a new name and the path.
    missing: Vec<&'a [u8]>,
}

impl<'a> Loading<'a> {
    /// Has room for `names` owners.
    pub(crate) fn new(origin: &Name, names: usize) -> Loading<'a> {
        Loading {
            zone: Zone::empty(origin),
            nodes: Vec::with_capacity(names),
            path: Vec::new(),
            missing: Vec::new(),
        }
    }

    /// Adds an RRset of a folded owner; it follows all others in canonical order.
    pub(crate) fn push(&mut self, owner: &'a [u8], rrset: Rrset) -> Result<(), ZoneError> {
        self.zone.count_in(owner, &rrset);
        if self.nodes.last().is_none_or(|(last, _)| *last != owner) {
            if !name::is_at_or_below(owner, self.zone.origin.as_wire()) {
                return Err(ZoneError::OutOfZone(name::to_text(owner)));
            }
            self.add_path(owner);
        }
        let (_, node) = self.nodes.last_mut().expect("just made");
        node.replace(rrset);
        Ok(())
    }

    /// Adds a node for a name, and for those above it that are missing.
    fn add_path(&mut self, owner: &'a [u8]) {
        while let Some(&last) = self.path.last()
            && !name::is_at_or_below(owner, self.nodes[last].0)
        {
            self.path.pop();
        }
        let above = self.path.last().map(|&at| self.nodes[at].0);
        let mut name = Some(owner);
        while let Some(missing) = name
            && name != above
        {
            self.missing.push(missing);
            name = match missing == self.zone.origin.as_wire() {
                true => None,
                false => name::parent(missing),
            };
        }
        while let Some(name) = self.missing.pop() {
            if let Some(&parent) = self.path.last() {
                self.nodes[parent].1.children += 1;
            }
            self.path.push(self.nodes.len());
            self.nodes.push((name, Node::default()));
        }
    }

    /// All of it, ready to be checked or changed.
    pub(crate) fn finish(mut self) -> Edit {
        self.zone.names = Buckets::of(self.nodes);
        Edit::new(self.zone)
    }
}
