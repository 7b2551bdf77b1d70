//! Which names a message already holds, so that later ones can point there (RFC 1035 section 4.1.4).
//!
//! A name is a path from the root: each label, seen from the label to its right, is one edge. An
//! edge is stored as two positions in the message: of the name at its upper end, the parent, and of
//! its label. To find a name's longest known suffix then takes one search for each label, and no
//! search compares more than one label with another.
//!
//! Most messages have a few edges: they are searched one after the other. Where there are more, all
//! are in a hash table by parent and label.
//!
//! All of it is on the stack, for one message. When a message takes records back, their edges stay
//! and point at octets that are written anew. Each search compares the octets, so such an edge is
//! either not found, or correct again.

use super::wire::POINTER;
use std::mem::MaybeUninit;

/// Most edges that are searched one after the other: that takes as long as hashing a label.
const FEW: usize = 12;
/// Slots of the table; a power of two.
const SLOTS: usize = 512;
/// Slots of which one word tells whether they are in use.
const GROUP: usize = u64::BITS as usize;
/// Above this many edges probing gets long, so further ones are not noted.
const MOST_EDGES: usize = 384;
/// A pointer has 14 bits.
const MOST_OFFSET: usize = 0x3fff;
/// Stands for no position, and for the root as a parent. The header is there, and no name.
pub const NOWHERE: u16 = 0;

/// Label positions of one message.
pub struct Compression {
    /// Parent and position of the first edges.
    few: [(u16, u16); FEW],
    /// How many edges.
    count: usize,
    /// All edges, where there are more than a few.
    table: Table,
}

impl Compression {
    /// For a message without names.
    #[inline(always)] // in place: to move it would take longer than to use it
    pub fn new() -> Compression {
        Compression {
            few: [(NOWHERE, NOWHERE); FEW],
            count: 0,
            table: Table::new(),
        }
    }

    /// The longest suffix of a name that the message has: how many labels stand before it, and where
    /// it is. `starts` says where the name's labels start.
    #[inline]
    pub fn longest_suffix(&self, message: &[u8], name: &[u8], starts: &[u8]) -> (usize, u16) {
        let mut at = NOWHERE;
        for (index, &start) in starts.iter().enumerate().rev() {
            match self.find(message, label(name, start), at) {
                Some(found) => at = found,
                None => return (index + 1, at),
            }
        }
        (0, at)
    }

    /// Where the message has `label` below the name at `parent`.
    #[inline]
    fn find(&self, message: &[u8], label: &[u8], parent: u16) -> Option<u16> {
        if self.count > FEW {
            return self.table.find(message, label, parent);
        }
        let mut edges = self.few[..self.count].iter();
        edges
            .find(|edge| edge.0 == parent && is_edge(message, edge.1, label, parent))
            .map(|edge| edge.1)
    }

    /// Notes the label that the message has at `at`, below the name at `parent`. Returns where it can
    /// be pointed at: there, or `NOWHERE`.
    #[inline]
    pub fn insert(&mut self, message: &[u8], parent: u16, at: usize) -> u16 {
        if self.count == MOST_EDGES || at > MOST_OFFSET {
            return NOWHERE;
        }
        let at = at as u16;
        match self.few.get_mut(self.count) {
            Some(edge) => *edge = (parent, at),
            None => {
                if self.count == FEW {
                    for &(parent, at) in &self.few {
                        self.table.insert(message, parent, at);
                    }
                }
                self.table.insert(message, parent, at);
            }
        }
        self.count += 1;
        at
    }
}

/// Edges by the hash of parent and label.
struct Table {
    /// Only those in use have a value: to clear them all would take longer than most messages do.
    slots: [MaybeUninit<u16>; SLOTS],
    in_use: [u64; SLOTS / GROUP],
}

impl Table {
    #[inline(always)]
    fn new() -> Table {
        Table {
            slots: [MaybeUninit::uninit(); SLOTS],
            in_use: [0; SLOTS / GROUP],
        }
    }

    fn find(&self, message: &[u8], label: &[u8], parent: u16) -> Option<u16> {
        let mut slot = hash(label, parent);
        loop {
            let at = self.get(slot)?;
            if is_edge(message, at, label, parent) {
                return Some(at);
            }
            slot = (slot + 1) % SLOTS;
        }
    }

    fn insert(&mut self, message: &[u8], parent: u16, at: u16) {
        let Some(label) = label_at(message, at) else {
            return; // rolled back
        };
        let mut slot = hash(label, parent);
        while self.get(slot).is_some() {
            slot = (slot + 1) % SLOTS;
        }
        self.slots[slot].write(at);
        self.in_use[slot / GROUP] |= 1 << (slot % GROUP);
    }

    #[inline]
    fn get(&self, slot: usize) -> Option<u16> {
        let in_use = self.in_use[slot / GROUP] >> (slot % GROUP) & 1 != 0;
        // SAFETY: `insert` writes the slot before it marks it.
        in_use.then(|| unsafe { self.slots[slot].assume_init() })
    }
}

/// The label that starts there, its length octet included.
pub fn label(name: &[u8], start: u8) -> &[u8] {
    let rest = &name[usize::from(start)..];
    &rest[..usize::from(rest[0]) + 1]
}

/// The label that the message has at `at`, its length octet included.
fn label_at(message: &[u8], at: u16) -> Option<&[u8]> {
    let rest = message.get(usize::from(at)..)?;
    rest.get(..usize::from(*rest.first()?) + 1)
}

/// The pointer to `at`.
pub fn pointer(at: u16) -> [u8; 2] {
    (at | u16::from(POINTER) << 8).to_be_bytes()
}

/// Whether the octets at `at` are `label`, followed by the name at `parent`.
#[inline]
fn is_edge(message: &[u8], at: u16, label: &[u8], parent: u16) -> bool {
    let start = usize::from(at);
    let end = start + label.len();
    // Most labels differ in their length already.
    match message.get(start..end) {
        Some(found) => {
            found[0] == label[0]
                && found.eq_ignore_ascii_case(label)
                && follow(message, end) == Some(parent)
        }
        None => false,
    }
}

/// The position of the name whose octets or whose pointer stand at `at`.
fn follow(message: &[u8], at: usize) -> Option<u16> {
    match *message.get(at)? {
        0 => Some(NOWHERE),
        high if high >= POINTER => {
            Some(u16::from_be_bytes([high & !POINTER, *message.get(at + 1)?]))
        }
        _ => Some(at as u16),
    }
}

/// A multiplication for every eight octets; bit 5 is set in all, so that letter case makes no
/// difference.
#[inline]
fn hash(label: &[u8], parent: u16) -> usize {
    const SPREAD: u64 = 0x9e37_79b9_7f4a_7c15;
    const CASELESS: u64 = 0x2020_2020_2020_2020;
    let (words, rest) = label.as_chunks::<8>();
    let mix = |hash: u64, word: u64| {
        (hash ^ (word | CASELESS))
            .wrapping_mul(SPREAD)
            .rotate_left(29)
    };
    let hash = words.iter().fold(u64::from(parent), |hash, word| {
        mix(hash, u64::from_le_bytes(*word))
    });
    let rest = rest
        .iter()
        .fold(0, |word, &octet| word << 8 | u64::from(octet));
    mix(hash, rest) as usize % SLOTS
}

#[cfg(test)]
mod tests;
