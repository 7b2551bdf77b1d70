//! From the hash of a question to where its entry may be.
//!
//! A bucket is one cache line of slots. A slot is a tag, which is a part of the hash, and a position
//! in the log, or no position where a question was asked but not kept. Tags of different questions
//! may be the same, so what a slot leads to must be compared with the question.

use super::log::Position;
use crate::pages;
use crate::prefetch::{CACHE_LINE, prefetch};

/// Slots of a bucket.
const WAYS: usize = CACHE_LINE / size_of::<u64>();
const TAG_SHIFT: u32 = 48;
const POSITION: u64 = (1 << TAG_SHIFT) - 1;

/// One place in the index.
#[derive(Clone, Copy)]
pub struct Slot(usize);

/// Buckets of slots.
pub struct Index {
    slots: Box<[u64]>,
    /// Where the buckets start, and a cache line does too.
    first: usize,
    /// How many buckets, less one: all bits that name one.
    mask: usize,
    /// Where the search for a slot to reuse starts. It moves on each time, so that a question that
    /// was just noted keeps its slot for a while.
    turn: usize,
}

impl Index {
    /// Without entries. `buckets` is a power of two.
    pub fn new(buckets: usize) -> Index {
        let (slots, first) = pages::zeroed(buckets * WAYS);
        Index {
            slots,
            first,
            mask: buckets - 1,
            turn: 0,
        }
    }

    /// The slots that have the tag of a hash, with their positions.
    #[inline]
    pub fn candidates(&self, hash: u64) -> impl Iterator<Item = (Slot, Option<Position>)> {
        let start = self.bucket(hash);
        let slots = self.slots[start..start + WAYS].iter().enumerate();
        slots
            .filter(move |(_, slot)| *slot >> TAG_SHIFT == hash >> TAG_SHIFT)
            .map(move |(way, slot)| {
                let position = slot & POSITION;
                (Slot(start + way), (position != 0).then_some(position))
            })
    }

    /// Lets a slot lead to an entry.
    #[inline]
    pub fn set(&mut self, slot: Slot, hash: u64, position: Position) {
        self.slots[slot.0] = hash >> TAG_SHIFT << TAG_SHIFT | position;
    }

    /// The position in a slot.
    pub fn position(&self, slot: Slot) -> Option<Position> {
        let position = self.slots[slot.0] & POSITION;
        (position != 0).then_some(position)
    }

    /// Notes that a question was asked, in a slot without an entry, or else in that of the oldest
    /// entry; the position that the slot had. `is_there` tells whether the entry at a position still
    /// exists.
    pub fn note(&mut self, hash: u64, is_there: impl Fn(Position) -> bool) -> Option<Position> {
        let start = self.bucket(hash);
        self.turn = self.turn.wrapping_add(1);
        let slots = &self.slots[start..start + WAYS];
        let position = |way: usize| slots[way] & POSITION;
        let free = (0..WAYS)
            .map(|way| (way + self.turn) % WAYS)
            .find(|&way| position(way) == 0 || !is_there(position(way)));
        let oldest = || (0..WAYS).min_by_key(|&way| position(way)).unwrap_or(0);
        let way = free.unwrap_or_else(oldest);
        let slot = Slot(start + way);
        let before = self.position(slot);
        self.set(slot, hash, 0);
        before
    }

    /// Asks the processor for the slots of a hash.
    #[inline]
    pub fn prefetch(&self, hash: u64) {
        prefetch(&self.slots[self.bucket(hash)]);
    }

    /// The first slot of the bucket of a hash.
    #[inline]
    fn bucket(&self, hash: u64) -> usize {
        self.first + (hash as usize & self.mask) * WAYS
    }
}
