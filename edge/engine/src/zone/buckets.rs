//! A persistent hash map from owner name to node.
//!
//! ```text
//! map      list of chunks ─► chunk: 128 buckets ─► bucket: 100 names in one piece of memory
//! ```
//! Chunks and buckets are shared between versions. A clone copies the list of chunks; a change
//! copies the bucket it touches and the chunk that has it. With a million names these are 80
//! pointers to chunks, 128 to buckets, and a bucket of 5 KB.
//!
//! The number of buckets grows by linear hashing, one at a time: the bucket whose turn it is gives
//! the names whose next hash bit is set to a new bucket at the end. So no change has to hash the
//! whole map again. The number never shrinks; an empty bucket costs a pointer.

use std::sync::Arc;

use super::bucket::{Bucket, PinnedNode, hash};
use super::entry::Entry;
use super::errors::ZoneError;
use super::rrset::Node;
use crate::pages;

/// Names per bucket at most, on average: few, so that a bucket is cheap to copy, and enough to keep
/// the list of buckets in a cache. Look-ups are as fast with twice as many, and slower with half.
const NAMES_PER_BUCKET: usize = 100;
/// Buckets per chunk: about as many as a big zone has chunks.
const BUCKETS_PER_CHUNK: usize = 128;

/// A look-up that has begun: where the name is, if the zone has it.
#[derive(Clone, Copy)]
pub struct Seek<'z> {
    bucket: &'z Bucket,
    hash: u64,
}

impl<'z> Seek<'z> {
    /// Asks the processor for the node of the name; the slots have to be loaded by then.
    pub fn prefetch_node(self) {
        self.bucket.prefetch_entry(self.hash);
    }

    /// The node of the name; it is the one that `seek` was called with.
    pub fn node(self, folded_owner: &[u8]) -> Option<Node<'z>> {
        self.bucket.get(self.hash, folded_owner)
    }
}

#[derive(Clone)]
pub(super) struct Buckets {
    /// All full but the last.
    chunks: Vec<Arc<[Bucket]>>,
    /// How many buckets; at least one.
    count: usize,
    /// How many names.
    names: usize,
}

impl Buckets {
    /// A map of all these packed entries, each of another owner, filled bucket by bucket.
    pub(super) fn of(entries: &[u8], starts: &[usize]) -> Result<Buckets, ZoneError> {
        let count = starts.len().div_ceil(NAMES_PER_BUCKET).max(1);
        let (places, ends) = by_bucket(entries, starts, count);
        let mut buckets = Vec::with_capacity(count);
        let mut begin = 0;
        for end in ends {
            let packed = places[begin..end].iter().map(|&(hash, start)| {
                let entry = &entries[start..];
                (hash, &entry[..Entry::first(entry).size()])
            });
            buckets.push(Bucket::of(&packed.collect::<Vec<_>>())?);
            begin = end;
        }
        pages::join(buckets.iter().map(Bucket::octets));
        Ok(Buckets {
            chunks: buckets.chunks(BUCKETS_PER_CHUNK).map(Arc::from).collect(),
            count,
            names: starts.len(),
        })
    }

    pub(super) fn get(&self, owner: &[u8]) -> Option<Node<'_>> {
        let hash = hash(owner);
        self.bucket(index(hash, self.count)).get(hash, owner)
    }

    /// A name and its node, both in the memory of the map.
    pub(super) fn entry(&self, owner: &[u8]) -> Option<Entry<'_>> {
        let hash = hash(owner);
        self.bucket(index(hash, self.count)).entry(hash, owner)
    }

    /// The node of a name, to be read without a search.
    pub(super) fn pin(&self, owner: &[u8]) -> Option<PinnedNode> {
        let hash = hash(owner);
        self.bucket(index(hash, self.count)).pin(hash, owner)
    }

    /// Begins to look for a name: the processor is asked for the slots of its bucket.
    pub(super) fn seek(&self, owner: &[u8]) -> Seek<'_> {
        let hash = hash(owner);
        let bucket = self.bucket(index(hash, self.count));
        bucket.prefetch_slots(hash);
        Seek { bucket, hash }
    }

    /// Puts a packed entry in the place of the one of its owner, if there is any.
    pub(super) fn set(&mut self, entry: &[u8]) -> Result<(), ZoneError> {
        let owner = Entry::first(entry).owner;
        if self.get(owner).is_none() {
            if self.names >= self.count * NAMES_PER_BUCKET {
                self.split()?;
            }
            self.names += 1;
        }
        self.change(owner, Some(entry))
    }

    /// Takes away a name that is there.
    pub(super) fn remove(&mut self, owner: &[u8]) -> Result<(), ZoneError> {
        self.names -= 1;
        self.change(owner, None)
    }

    fn change(&mut self, owner: &[u8], entry: Option<&[u8]>) -> Result<(), ZoneError> {
        let bucket = self.bucket_mut(index(hash(owner), self.count));
        *bucket = bucket.with(owner, entry)?;
        Ok(())
    }

    /// All names, in no order.
    pub(super) fn iter(&self) -> impl Iterator<Item = Entry<'_>> {
        let buckets = self.chunks.iter().flat_map(|chunk| chunk.iter());
        buckets.flat_map(Bucket::entries)
    }

    /// The names of one bucket, in no order; None where there are not so many buckets.
    pub(super) fn part(&self, at: usize) -> Option<impl Iterator<Item = Entry<'_>>> {
        (at < self.count).then(|| self.bucket(at).entries())
    }

    /// Calls `each` with the owners whose nodes may differ, and the node in either map. What both
    /// maps share is skipped; a bucket that only one of them has split is compared name by name.
    pub(super) fn each_difference<'a>(
        &'a self,
        new: &'a Buckets,
        mut each: impl FnMut(&'a [u8], Option<Node<'a>>, Option<Node<'a>>),
    ) {
        for at in 0..self.chunks.len().max(new.chunks.len()) {
            let (old_chunk, new_chunk) = (self.chunks.get(at), new.chunks.get(at));
            if let (Some(old), Some(new)) = (old_chunk, new_chunk)
                && Arc::ptr_eq(old, new)
            {
                continue;
            }
            let old_chunk = old_chunk.map_or(&[][..], |chunk| chunk);
            let new_chunk = new_chunk.map_or(&[][..], |chunk| chunk);
            for at in 0..old_chunk.len().max(new_chunk.len()) {
                let (old_bucket, new_bucket) = (old_chunk.get(at), new_chunk.get(at));
                if let (Some(old), Some(new)) = (old_bucket, new_bucket)
                    && old.is_same(new)
                {
                    continue;
                }
                for old in old_bucket.into_iter().flat_map(Bucket::entries) {
                    each(old.owner, Some(old.node), new.get(old.owner));
                }
                for new in new_bucket.into_iter().flat_map(Bucket::entries) {
                    if self.get(new.owner).is_none() {
                        each(new.owner, None, Some(new.node));
                    }
                }
            }
        }
    }

    fn bucket(&self, at: usize) -> &Bucket {
        &self.chunks[at / BUCKETS_PER_CHUNK][at % BUCKETS_PER_CHUNK]
    }

    /// A bucket to be replaced; its chunk is copied if another version uses it.
    fn bucket_mut(&mut self, at: usize) -> &mut Bucket {
        let chunk = Arc::make_mut(&mut self.chunks[at / BUCKETS_PER_CHUNK]);
        &mut chunk[at % BUCKETS_PER_CHUNK]
    }

    /// Adds a bucket and moves the names there that now belong to it.
    fn split(&mut self) -> Result<(), ZoneError> {
        let new = self.count;
        let due = self.bucket_mut(new - (1 << new.ilog2()));
        let (stay, moved) = due.split(|hash| index(hash, new + 1) != new)?;
        *due = stay;
        match self.chunks.last_mut() {
            Some(last) if last.len() < BUCKETS_PER_CHUNK => {
                *last = last.iter().cloned().chain([moved]).collect();
            }
            _ => self.chunks.push([moved].into()),
        }
        self.count += 1;
        Ok(())
    }
}

impl Default for Buckets {
    fn default() -> Buckets {
        Buckets {
            chunks: vec![[Bucket::default()].into()],
            count: 1,
            names: 0,
        }
    }
}

/// The hash and the start of each entry, bucket after bucket, and where each of the buckets ends.
fn by_bucket(entries: &[u8], starts: &[usize], count: usize) -> (Vec<(u64, usize)>, Vec<usize>) {
    let hash_at = |&start: &usize| hash(Entry::first(&entries[start..]).owner);
    let hashes: Vec<_> = starts.iter().map(hash_at).collect();
    let mut ends = vec![0; count];
    for &hash in &hashes {
        ends[index(hash, count)] += 1;
    }
    let mut all = 0;
    for end in &mut ends {
        (*end, all) = (all, all + *end);
    }
    let mut places = vec![(0, 0); starts.len()];
    for (hash, &start) in hashes.into_iter().zip(starts) {
        let next = &mut ends[index(hash, count)];
        places[*next] = (hash, start);
        *next += 1;
    }
    (places, ends)
}

/// Which of `count` buckets a hash belongs to.
fn index(hash: u64, count: usize) -> usize {
    let bits = (hash >> 32) as usize;
    let wide = bits & (count.next_power_of_two() - 1);
    if wide < count {
        wide
    } else {
        bits & (count.next_power_of_two() / 2 - 1)
    }
}

#[cfg(test)]
mod tests;
