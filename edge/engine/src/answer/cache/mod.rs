//! Answers that were given before, in memory of a fixed size.
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
//! name, the type and DO, and is valid for every transport and payload size that it fits into,
//! because a reply from which anything was left out is not kept.
//!
//! **Room.** Nothing is freed: the newest entry overwrites the oldest, and the position in a slot
//! tells whether its entry was overwritten. An entry that is asked for shortly before that is
//! written once more, so entries in use stay.
//!
//! **Admission.** An answer is kept when its question is asked for the second time. The first time
//! only the tag is noted, in a slot that has no entry. So names that are asked for once, such as
//! those of an attack with random labels, take one slot each and overwrite no entry.
//!
//! **Validity.** An entry has the version of the zone that it was made from, and a generation of
//! the catalog in which that was the zone for its name. In any other generation the zone is looked
//! up. If it is still that version, the entry is valid in this generation too, else it is made
//! anew. So after a change of one zone each entry of the others costs one look-up, and every answer
//! is that of the catalog of the batch. Answers without a zone (REFUSED, SERVFAIL) are not kept.
//!
//! **Evictions.** An entry that was overwritten is missed only when its slot is used again: for its
//! own question, or for another one. It is counted then. So an entry that was renewed, or was made
//! anew for another version of its zone, is not counted, and nothing has to walk over the log.
//!
//! Each shard has a cache of its own, so nothing is locked. Nothing is allocated after it was made.

mod index;
mod key;
mod log;

use crate::name::Folded;
use index::{Index, Slot};
pub use key::{Key, Seed, hash};
pub use log::{CachedAnswer, Validity};
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
    evictions: u64,
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

/// Where to put the answer to a question that was missed.
pub struct Miss(Place);

impl Default for Cache {
    /// An empty cache.
    fn default() -> Cache {
        Cache {
            index: Index::new(BUCKETS),
            log: Log::new(),
            seed: Seed::random(),
            evictions: 0,
        }
    }
}

impl Cache {
    /// The key of a question, for this cache only; None if its answer is never kept. `hash` is what
    /// `seek` returned for the question, if it was called.
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

    /// Begins to look for a question: the processor is asked to load its slots. Returns its hash.
    pub fn seek(&self, name: &[u8], rtype: u16) -> u64 {
        let hash = hash(self.seed, name, rtype);
        self.index.prefetch(hash);
        hash
    }

    /// Asks the processor to load the entries of questions with this hash; the slots have to be
    /// loaded by then.
    pub fn prefetch_entries(&self, hash: u64) {
        for position in self.positions(hash) {
            self.log.prefetch(position);
        }
    }

    /// Whether there may be an answer to a question with this hash that is valid in this
    /// generation.
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
    ) -> Result<CachedAnswer<'_>, Miss> {
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
        Ok(self.log.answer(position))
    }

    /// Keeps the answer to a question that was missed, or notes that it was asked.
    pub fn put(&mut self, key: &Key, miss: Miss, validity: Validity, answer: &CachedAnswer) {
        match miss.0 {
            Place::Entry(slot, _) | Place::Noted(slot) if answer.records.len() <= MOST_RECORDS => {
                let before = self.index.position(slot);
                let is_lost = before.is_some_and(|position| !self.log.has(position));
                self.evictions += u64::from(is_lost);
                let position = self.log.append(key, validity, answer);
                self.index.set(slot, key.hash, position);
            }
            _ => {
                let lost = self.index.note(key.hash, |position| self.log.has(position));
                self.evictions += u64::from(lost.is_some());
            }
        }
    }

    /// How many answers were lost for want of room, as far as that was noticed.
    pub fn evictions(&self) -> u64 {
        self.evictions
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
