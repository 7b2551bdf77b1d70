//! One bucket of the map: some names and their nodes in one piece of memory.
//!
//! ```text
//!          ┌──────┬───┬──────┬───┬─────────────┬───────────────┬────
//! octets   │ slot │ 0 │ slot │ … │ entry       │ entry         │ …
//!          └──┬───┴───┴──────┴───┴─────────────┴───────────────┴────
//!             └─ hash, offset ───────────────────▲
//! ```
//! The slots are a hash table with linear probing; a slot of 0 is free. The low bits of a slot are
//! an offset, as many as the length of the bucket needs. The other bits, some 20, are bits of the
//! hash, so a look-up hardly ever reads the entry of another name. It reads one or two cache lines
//! of slots, and one or two of the entry. The slots of a million names take 6 MB, which fits into a
//! processor's cache. The entries do not, so they are what a look-up waits for. The number of slots
//! is stored beside the pointer: to read it from the octets would be one more line to wait for.
//!
//! A bucket never changes. A change of the zone makes another one: a copy of some kilobytes that
//! hold no pointer.

use std::hash::BuildHasher;
use std::sync::{Arc, LazyLock};

use hashbrown::DefaultHashBuilder;

use super::entry::Entry;
use super::errors::ZoneError;
use super::rrset::Node;
use crate::prefetch::{CACHE_LINE, prefetch};

/// Octets of a bucket at most, so that an offset leaves room for a bit of the hash.
const MAX_BUCKET: usize = (1 << 31) - 1;
/// Octets of a slot.
const SLOT: usize = 4;

/// All maps of a process hash alike, so that versions can be compared bucket by bucket.
static HASHER: LazyLock<DefaultHashBuilder> = LazyLock::new(DefaultHashBuilder::default);

/// The hash of a folded owner name: its high half chooses the bucket, its low half the slot.
pub(super) fn hash(owner: &[u8]) -> u64 {
    HASHER.hash_one(owner)
}

/// Some names and their nodes.
#[derive(Clone, Default)]
pub(super) struct Bucket {
    slots: u32,
    /// The slots, then the entries.
    octets: Arc<[u8]>,
}

/// A node that can be read without a search. It keeps the memory of its bucket.
#[derive(Clone, Default)]
pub(super) struct PinnedNode {
    octets: Arc<[u8]>,
    at: usize,
}

impl PinnedNode {
    pub(super) fn node(&self) -> Node<'_> {
        Entry::first(&self.octets[self.at..]).node
    }
}

impl Bucket {
    /// A bucket of packed entries with different owners, each with the hash of its owner.
    pub(super) fn of(entries: &[(u64, &[u8])]) -> Result<Bucket, ZoneError> {
        // Half of the slots stay free, so that the search for an absent name ends at the third
        // slot.
        let slots = 2 * entries.len() + 1;
        let head = SLOT * slots;
        let len = head + entries.iter().map(|(_, entry)| entry.len()).sum::<usize>();
        if len > MAX_BUCKET {
            return Err(ZoneError::TooLarge);
        }
        let slots = slots as u32;
        let mut octets: Arc<[u8]> = std::iter::repeat_n(0, len).collect();
        let filled = Arc::get_mut(&mut octets).expect("nobody else has it");
        let mut at = head;
        for &(hash, entry) in entries {
            let slot = tag(hash, len) | at as u32;
            let free = probe(slots, hash).find(|&at| number(filled, at) == 0);
            let free = free.expect("more slots than entries");
            filled[free..][..SLOT].copy_from_slice(&slot.to_be_bytes());
            filled[at..][..entry.len()].copy_from_slice(entry);
            at += entry.len();
        }
        Ok(Bucket { slots, octets })
    }

    /// The node of a name that has this hash.
    pub(super) fn get(&self, hash: u64, owner: &[u8]) -> Option<Node<'_>> {
        self.entry(hash, owner).map(|entry| entry.node)
    }

    /// A name that has this hash and its node.
    pub(super) fn entry(&self, hash: u64, owner: &[u8]) -> Option<Entry<'_>> {
        self.find(hash, owner).map(|(_, entry)| entry)
    }

    /// The node of a name that will be read often.
    pub(super) fn pin(&self, hash: u64, owner: &[u8]) -> Option<PinnedNode> {
        let (at, _) = self.find(hash, owner)?;
        let octets = Arc::clone(&self.octets);
        Some(PinnedNode { octets, at })
    }

    /// Asks the processor for the slots that `prefetch_entry` and `get` read.
    pub(super) fn prefetch_slots(&self, hash: u64) {
        if let Some(home) = probe(self.slots, hash).next() {
            prefetch(&self.octets[home]);
        }
    }

    /// Asks the processor for the entry of a name that has this hash, where there is one.
    pub(super) fn prefetch_entry(&self, hash: u64) {
        if let Some(offset) = self.offsets(hash).next() {
            prefetch(&self.octets[offset]);
            if let Some(next) = self.octets.get(offset + CACHE_LINE) {
                prefetch(next);
            }
        }
    }

    /// The memory of it.
    pub(super) fn octets(&self) -> &[u8] {
        &self.octets
    }

    /// Where the entry of a name is, and the entry.
    fn find(&self, hash: u64, owner: &[u8]) -> Option<(usize, Entry<'_>)> {
        self.offsets(hash)
            .map(|offset| (offset, Entry::first(&self.octets[offset..])))
            .find(|(_, entry)| entry.owner == owner)
    }

    /// Where entries are that may be of a name with this hash.
    fn offsets(&self, hash: u64) -> impl Iterator<Item = usize> {
        let octets = &*self.octets;
        let (tag, offset_bits) = (tag(hash, octets.len()), offset_bits(octets.len()));
        probe(self.slots, hash)
            .map(move |at| number(octets, at))
            .take_while(|&slot| slot != 0)
            .map(move |slot| (slot ^ tag) as usize)
            .filter(move |offset| offset >> offset_bits == 0)
    }

    /// This bucket with a packed entry in the place of the one that an owner has, or without one.
    pub(super) fn with(&self, owner: &[u8], entry: Option<&[u8]>) -> Result<Bucket, ZoneError> {
        let others = self.packed().filter(|(other, _)| other.owner != owner);
        let others = others.map(|(other, packed)| (hash(other.owner), packed));
        let entries = others.chain(entry.map(|entry| (hash(owner), entry)));
        Bucket::of(&entries.collect::<Vec<_>>())
    }

    /// The entries by what `is_first` says of the hashes of their owners, in two buckets.
    pub(super) fn split(
        &self,
        is_first: impl Fn(u64) -> bool,
    ) -> Result<(Bucket, Bucket), ZoneError> {
        let entries = self
            .packed()
            .map(|(entry, packed)| (hash(entry.owner), packed));
        let (first, second): (Vec<_>, Vec<_>) = entries.partition(|(hash, _)| is_first(*hash));
        Ok((Bucket::of(&first)?, Bucket::of(&second)?))
    }

    /// All names and nodes.
    pub(super) fn entries(&self) -> impl Iterator<Item = Entry<'_>> {
        self.packed().map(|(entry, _)| entry)
    }

    /// All names and nodes, and their packed entries.
    fn packed(&self) -> impl Iterator<Item = (Entry<'_>, &[u8])> {
        Entry::each(&self.octets[SLOT * self.slots as usize..])
    }

    /// Whether both are one and the same memory.
    pub(super) fn is_same(&self, other: &Bucket) -> bool {
        Arc::ptr_eq(&self.octets, &other.octets)
    }
}

/// Where the slots are that may have an entry of this hash, the most likely first.
fn probe(slots: u32, hash: u64) -> impl Iterator<Item = usize> {
    let home = ((u64::from(hash as u32) * u64::from(slots)) >> 32) as u32;
    let mut next = home;
    (0..slots).map(move |_| {
        let slot = next;
        next = if slot + 1 == slots { 0 } else { slot + 1 };
        SLOT * slot as usize
    })
}

/// How many low bits of a slot are an offset, in a bucket of this length.
fn offset_bits(len: usize) -> u32 {
    usize::BITS - len.leading_zeros()
}

/// The bits of a hash in a slot of a bucket of this length.
fn tag(hash: u64, len: usize) -> u32 {
    (hash << offset_bits(len)) as u32
}

fn number(octets: &[u8], at: usize) -> u32 {
    let octets = octets[at..].first_chunk().expect("a slot");
    u32::from_be_bytes(*octets)
}

#[cfg(test)]
mod tests {
    use super::super::entry::Entries;
    use super::super::rrset::Rrset;
    use super::*;

    fn entry(owner: &[u8], octets: usize) -> Vec<u8> {
        let (rdata, mut buffer) = (vec![7; octets], Vec::new());
        let rrset = Rrset::new(65_280, 60, &mut vec![&rdata], &mut buffer).unwrap();
        Entries::default().one(owner, 0, [rrset]).to_vec()
    }

    #[test]
    fn finds_every_name_whatever_the_hashes() {
        let names: Vec<_> = (0..40_u8).map(|n| [1, n, 0]).collect();
        for octets in [0, 4, 4_000] {
            let packed: Vec<_> = names.iter().map(|name| entry(name, octets)).collect();
            for hash in [0, 1 << 63, u64::from(u32::MAX), u64::MAX] {
                for spread in [0, 1, 1 << 26] {
                    let hash = |n: usize| hash ^ (n as u64 * spread);
                    let entries = packed.iter().enumerate();
                    let entries: Vec<_> = entries.map(|(n, entry)| (hash(n), &**entry)).collect();
                    let bucket = Bucket::of(&entries[1..]).unwrap();
                    for (n, name) in names.iter().enumerate() {
                        let found = bucket.get(hash(n), name).map(|node| node.packed_size());
                        assert_eq!(found, (n > 0).then_some(8 + 4 + octets));
                    }
                }
            }
        }
    }

    #[test]
    fn is_no_larger_than_its_offsets_reach() {
        let entry = entry(b"\x01a\0", 65_000);
        let enough = vec![(0, &*entry); MAX_BUCKET / entry.len()];
        assert_eq!(Bucket::of(&enough).err(), Some(ZoneError::TooLarge));
        let tag = tag(u64::MAX, MAX_BUCKET);
        assert_eq!((tag, tag & (MAX_BUCKET as u32 - 1)), (1 << 31, 0));
    }
}
