//! A persistent hash map from owner name to node.
//!
//! ```text
//! map      list of chunks ─► chunk: 128 buckets ─► bucket: 50 names in one piece of memory
//! ```
//! Chunks and buckets are shared between versions. A clone copies the list of chunks; a change
//! copies the bucket it touches and the chunk that has it. With a million names these are 160
//! pointers to chunks, 128 to buckets, and a bucket of 3 KB.
//!
//! Buckets grow in number by linear hashing, one at a time: the bucket that is due gives the names
//! whose next hash bit is set to the new bucket at the end. So no change ever pays for a rehash of
//! the whole map. They do not become fewer; empty buckets cost a pointer each.

use std::sync::Arc;

use super::ZoneError;
use super::bucket::{Bucket, hash};
use super::entry::Entry;
use super::rrset::Node;

/// Names per bucket at most, on average: few, so that a bucket is cheap to copy and lies in one or
/// two pages of memory, and enough to make its own cost small beside theirs.
const NAMES_PER_BUCKET: usize = 50;
/// Buckets per chunk: about as many as a big zone has chunks.
const BUCKETS_PER_CHUNK: usize = 128;

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
        let places = by_bucket(entries, starts, count);
        let mut buckets = Vec::with_capacity(count);
        let mut places = places.chunk_by(|a, b| a.0 == b.0).peekable();
        for at in 0..count {
            let places = places.next_if(|places| places[0].0 == at).unwrap_or(&[]);
            let entries = places.iter().map(|&(_, hash, start)| {
                let entry = &entries[start..];
                (hash, &entry[..Entry::first(entry).size()])
            });
            buckets.push(Bucket::of(&entries.collect::<Vec<_>>())?);
        }
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

/// The bucket, hash and start of each entry, by bucket.
fn by_bucket(entries: &[u8], starts: &[usize], count: usize) -> Vec<(usize, u64, usize)> {
    let place = |&start: &usize| {
        let hash = hash(Entry::first(&entries[start..]).owner);
        (index(hash, count), hash, start)
    };
    let mut places: Vec<_> = starts.iter().map(place).collect();
    places.sort_unstable_by_key(|&(bucket, _, start)| (bucket, start));
    places
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
