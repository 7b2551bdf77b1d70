//! From the hash of a question to where its entry may be.
//!
//! A bucket is one cache line of slots. A slot is a tag, which is a part of the hash, and a position
//! in the log, or no position where a question was asked but not kept. Tags of different questions
//! may be the same, so what a slot leads to must be compared with the question.

use super::log::Position;
use crate::prefetch::prefetch;

/// Slots of a bucket.
pub const WAYS: usize = 8;
const TAG_SHIFT: u32 = 48;
const POSITION: u64 = (1 << TAG_SHIFT) - 1;

#[derive(Clone, Copy)]
#[repr(align(64))]
struct Bucket([u64; WAYS]);

/// One place in the index.
#[derive(Clone, Copy)]
pub struct Slot {
    bucket: usize,
    way: usize,
}

/// Buckets of slots.
pub struct Index {
    buckets: Box<[Bucket]>,
    /// Where the search for a slot to give away starts: by turns, so that what was noted is not
    /// given away at once.
    turn: usize,
}

impl Index {
    /// Without entries. `buckets` is a power of two.
    pub fn new(buckets: usize) -> Index {
        Index {
            buckets: vec![Bucket([0; WAYS]); buckets].into(),
            turn: 0,
        }
    }

    /// The slots that have the tag of a hash, with their positions.
    #[inline]
    pub fn candidates(&self, hash: u64) -> impl Iterator<Item = (Slot, Option<Position>)> {
        let bucket = self.bucket(hash);
        let ways = self.buckets[bucket].0.iter().enumerate();
        ways.filter(move |(_, slot)| *slot >> TAG_SHIFT == hash >> TAG_SHIFT)
            .map(move |(way, slot)| {
                let position = slot & POSITION;
                (Slot { bucket, way }, (position != 0).then_some(position))
            })
    }

    /// Lets a slot lead to an entry.
    #[inline]
    pub fn set(&mut self, slot: Slot, hash: u64, position: Position) {
        self.buckets[slot.bucket].0[slot.way] = hash >> TAG_SHIFT << TAG_SHIFT | position;
    }

    /// Notes that a question was asked. It takes a slot without an entry, or else that of the oldest
    /// entry; `is_there` tells whether the entry at a position still exists.
    pub fn note(&mut self, hash: u64, is_there: impl Fn(Position) -> bool) {
        let bucket = self.bucket(hash);
        self.turn = self.turn.wrapping_add(1);
        let slots = &self.buckets[bucket].0;
        let position = |way: usize| slots[way] & POSITION;
        let free = (0..WAYS)
            .map(|way| (way + self.turn) % WAYS)
            .find(|&way| position(way) == 0 || !is_there(position(way)));
        let oldest = || (0..WAYS).min_by_key(|&way| position(way)).unwrap_or(0);
        let way = free.unwrap_or_else(oldest);
        self.set(Slot { bucket, way }, hash, 0);
    }

    /// Asks the processor for the slots of a hash.
    #[inline]
    pub fn prefetch(&self, hash: u64) {
        prefetch(&self.buckets[self.bucket(hash)]);
    }

    #[inline]
    fn bucket(&self, hash: u64) -> usize {
        hash as usize & (self.buckets.len() - 1)
    }
}
