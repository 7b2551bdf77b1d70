//! Answers that were given before, in memory that is taken once.
//!
//! ```text
//! index  buckets of one cache line; a slot is a tag of the question's hash and a position
//!   ▼
//! log    │ entry │ entry │ entry │ oldest entry │ … │ newest entry │   written in a circle
//!                        ▲ head
//! ```
//!
//! An entry holds what does not depend on who asks: the response code, the counts and all records.
//! ID, RD, the letter case of the question and OPT are the client's own. It is found by the folded
//! name, the type and DO, and holds for every transport and payload size that it fits into, because
//! a reply from which anything was left out is not kept.
//!
//! **Room.** There is nothing to free: the newest entry covers the oldest, and a slot that leads to
//! what was covered is known by its position. An entry that is asked for when it would soon be
//! covered is written once more, so entries in use stay.
//!
//! **Admission.** An answer is kept when its question is asked for the second time. The first time
//! only the tag is noted, in a slot that has no entry. So names that are asked once, such as those
//! of an attack with random labels, cost one store and push nobody out.
//!
//! **Validity.** An entry knows the version of the zone that it was made from, and a generation of
//! the catalog in which that was the zone for its name. In any other generation the zone is looked
//! up: if it is still that version the entry holds for this generation too, else it is made anew.
//! So a change of one zone costs the entries of the others one look-up each, and what is sent is
//! always what the catalog of the batch says. What has no zone (REFUSED) is not kept.
//!
//! No part of it is shared, so there is nothing to lock, and nothing is allocated after it was made.

mod index;
mod key;
mod log;

use crate::name::Folded;
use index::{Index, Slot};
pub use key::{Key, Seed, hash};
pub use log::{Kept, Validity};
use log::{Log, Position};

/// Buckets of the index: three slots for each usual entry, so that few buckets are full.
const BUCKETS: usize = log::OCTETS / 256;

/// Octets of the largest body that is kept. UDP replies have no more, and larger ones take longer to
/// send than to make.
const MOST_RECORDS: usize = 1232;

/// The answers of one shard.
pub struct Cache {
    index: Index,
    log: Log,
    seed: Seed,
}

/// Where the index has a question.
#[derive(Clone, Copy)]
enum Place {
    /// There is an entry.
    Entry(Slot, Position),
    /// It was asked once.
    Noted(Slot),
    /// Nowhere.
    None,
}

/// Where the answer to a question goes that was not there.
pub struct Miss(Place);

impl Default for Cache {
    /// An empty cache.
    fn default() -> Cache {
        Cache {
            index: Index::new(BUCKETS),
            log: Log::new(),
            seed: Seed::random(),
        }
    }
}

impl Cache {
    /// The key of a question, in this cache alone; None where it is not kept. `hash` is what `seek`
    /// returned for it, if it was asked.
    #[inline]
    pub fn key<'n>(
        &self,
        name: &'n Folded,
        rtype: u16,
        dnssec_ok: bool,
        hash: Option<u64>,
    ) -> Option<Key<'n>> {
        Key::new(self.seed, name, rtype, dnssec_ok, hash)
    }

    /// Begins to look for a question: the processor is asked for its slots. Returns its hash.
    pub fn seek(&self, name: &[u8], rtype: u16) -> u64 {
        let hash = hash(self.seed, name, rtype);
        self.index.prefetch(hash);
        hash
    }

    /// Asks the processor for the entry of a question with this hash, once it has the slots.
    pub fn go_on(&self, hash: u64) {
        for position in self.positions(hash) {
            self.log.prefetch(position);
        }
    }

    /// Whether there may be an answer to a question with this hash that holds in this generation.
    pub fn may_hold(&self, hash: u64, generation: u64) -> bool {
        self.positions(hash)
            .any(|position| self.log.validity(position).generation == generation)
    }

    /// The answer to a question in this generation of the catalog; `version` finds the zone that
    /// it has for the question.
    #[inline]
    pub fn get(
        &mut self,
        key: &Key,
        generation: u64,
        version: impl FnOnce() -> Option<u64>,
    ) -> Result<Kept<'_>, Miss> {
        let place = self.place(key);
        let Place::Entry(slot, mut position) = place else {
            return Err(Miss(place));
        };
        let validity = self.log.validity(position);
        if validity.generation != generation {
            if version() != Some(validity.version) {
                return Err(Miss(place));
            }
            self.log.set_generation(position, generation);
        }
        if self.log.is_old(position) {
            position = self.log.renew(position);
            self.index.set(slot, key.hash, position);
        }
        Ok(self.log.kept(position))
    }

    /// Keeps the answer to a question that was missed, or notes that it was asked.
    pub fn put(&mut self, key: &Key, miss: Miss, validity: Validity, kept: &Kept) {
        match miss.0 {
            Place::Entry(slot, _) | Place::Noted(slot) if kept.records.len() <= MOST_RECORDS => {
                let position = self.log.append(key, validity, kept);
                self.index.set(slot, key.hash, position);
            }
            _ => self.index.note(key.hash, |position| self.log.has(position)),
        }
    }

    fn positions(&self, hash: u64) -> impl Iterator<Item = Position> {
        self.index.candidates(hash).filter_map(|found| found.1)
    }

    fn place(&self, key: &Key) -> Place {
        let mut place = Place::None;
        for (slot, position) in self.index.candidates(key.hash) {
            match position.filter(|&position| self.log.has(position)) {
                Some(position) if self.log.is_about(position, key) => {
                    return Place::Entry(slot, position);
                }
                Some(_) => (),
                None => place = Place::Noted(slot),
            }
        }
        place
    }
}

#[cfg(test)]
mod tests;
