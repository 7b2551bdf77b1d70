//! A new zone from RRsets that come in canonical order, as fast as memory allows.
//!
//! In canonical order a name follows the names above it. So the path from the apex to the last name
//! is enough to count children and to see which empty non-terminals are missing, without a look-up.
//! Entries are packed one behind the other as they come. At the end they are copied into the map
//! bucket by bucket, so that entries that are read together lie together. Meanwhile another thread
//! computes the digest, which takes a third of that time.

use std::thread;

use super::buckets::Buckets;
use super::chain::Chain;
use super::edits::Edit;
use super::entry::{Entries, Entry};
use super::errors::ZoneError;
use super::keys;
use super::rrset::Rrset;
use super::totals::Totals;
use super::version::Zone;
use crate::name::{self, Name};

/// Octets of entries from which on the digest has a thread of its own: to hash so many takes 30
/// times as long as to start one.
const LARGE: usize = 1 << 20;

/// The names of a zone that is being loaded.
pub(crate) struct Loading {
    zone: Zone,
    entries: Entries,
    /// Where each entry begins.
    starts: Vec<usize>,
    /// Where the entries of the last name and of those above it begin, the apex first.
    path: Vec<usize>,
    /// The keys of NSEC and NSEC3 records.
    keys: Vec<Vec<u8>>,
}

impl Loading {
    /// Has room for `names` owners.
    pub(crate) fn new(origin: &Name, names: usize) -> Loading {
        Loading {
            zone: Zone::empty(origin),
            entries: Entries::default(),
            starts: Vec::with_capacity(names),
            path: Vec::new(),
            keys: Vec::new(),
        }
    }

    /// Adds an RRset of a folded owner; it follows all others in canonical order.
    pub(crate) fn push(&mut self, owner: &[u8], rrset: Rrset<'_>) -> Result<(), ZoneError> {
        if self
            .path
            .last()
            .is_none_or(|&last| self.owner(last) != owner)
        {
            if !name::is_at_or_below(owner, self.zone.origin.as_wire()) {
                return Err(ZoneError::OutOfZone(name::to_text(owner)));
            }
            self.add_path(owner);
        }
        let origin = self.zone.origin.as_wire().len();
        keys::each_key(owner, origin, rrset, |key| self.keys.push(key.to_vec()));
        self.entries.push(rrset);
        Ok(())
    }

    /// Begins an entry for a name, and for those above it that are missing.
    fn add_path(&mut self, owner: &[u8]) {
        while let Some(&last) = self.path.last()
            && !name::is_at_or_below(owner, self.owner(last))
        {
            self.path.pop();
        }
        let present = self.path.last().map_or(0, |&last| self.owner(last).len());
        let mut starts = [0; name::MAX_LABELS];
        let starts = name::label_starts(owner, &mut starts);
        let starts = starts.iter().map(|&start| usize::from(start));
        for start in starts.chain([owner.len() - 1]).rev() {
            let name = &owner[start..];
            if name.len() <= present || name.len() < self.zone.origin.as_wire().len() {
                continue;
            }
            if let Some(&parent) = self.path.last() {
                self.entries.add_child(parent);
            }
            let at = self.entries.begin(name, 0);
            self.path.push(at);
            self.starts.push(at);
        }
    }

    fn owner(&self, at: usize) -> &[u8] {
        Entry::first(&self.entries.octets()[at..]).owner
    }

    /// All of it, ready to be checked or changed.
    pub(crate) fn finish(mut self) -> Result<Edit, ZoneError> {
        let entries = self.entries.octets();
        let (names, totals) = thread::scope(|scope| {
            let totals = match entries.len() {
                LARGE.. => {
                    let thread = thread::Builder::new();
                    thread.spawn_scoped(scope, || Totals::of(entries)).ok()
                }
                _ => None,
            };
            let names = Buckets::of(entries, &self.starts);
            let totals = totals.map(|thread| thread.join().expect("adding up cannot fail"));
            (names, totals.unwrap_or_else(|| Totals::of(entries)))
        });
        (self.zone.names, self.zone.totals) = (names?, totals);
        self.zone.chain = Chain::of(self.keys);
        Ok(Edit::new(self.zone))
    }
}
