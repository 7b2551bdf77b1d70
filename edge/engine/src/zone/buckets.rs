//! A persistent hash map from owner name to node.
//!
//! The buckets are small hash tables behind `Arc`. A clone copies the list of pointers; a change
//! copies the one bucket it touches if another version still uses it. With a million names in
//! buckets of about 200 that is 5,000 pointers and 200 nodes, some hundred microseconds.
//!
//! The list grows by linear hashing, one bucket at a time: the bucket that is due gives the entries
//! whose next hash bit is set to the new bucket at the end. So no change ever pays for a rehash of
//! the whole map. It does not shrink; empty buckets cost a pointer each.
//!
//! All maps of a process hash alike, so two versions of a zone can be compared bucket by bucket,
//! and shared buckets skipped.

use std::hash::BuildHasher;
use std::sync::{Arc, LazyLock};

use hashbrown::{DefaultHashBuilder, HashTable};

use super::rrset::Node;

/// Names per bucket at most, on average: about the square root of a big zone.
const NAMES_PER_BUCKET: usize = 200;

static HASHER: LazyLock<DefaultHashBuilder> = LazyLock::new(DefaultHashBuilder::default);

/// One part of a map.
type Bucket = HashTable<(Box<[u8]>, Node)>;

#[derive(Clone)]
pub(super) struct Buckets {
    buckets: Vec<Arc<Bucket>>,
    len: usize,
}

impl Buckets {
    /// A map of these nodes, filled bucket by bucket.
    pub(super) fn of<'a>(mut nodes: Vec<(&'a [u8], Node)>) -> Buckets {
        let count = nodes.len().div_ceil(NAMES_PER_BUCKET).max(1);
        // Names of a bucket lie far apart in `nodes`, so keep here what can spare a visit.
        let place = |(i, &(owner, _)): (usize, &(&'a [u8], Node))| {
            let hash = hash(owner);
            (index(hash, count), i, hash, owner)
        };
        let mut places: Vec<_> = nodes.iter().enumerate().map(place).collect();
        places.sort_unstable_by_key(|&(bucket, i, ..)| (bucket, i));
        let mut buckets = vec![Arc::default(); count];
        for places in places.chunk_by(|a, b| a.0 == b.0) {
            let mut bucket = Bucket::with_capacity(places.len());
            for &(_, i, hash, owner) in places {
                let node = std::mem::take(&mut nodes[i].1);
                bucket.insert_unique(hash, (owner.into(), node), hash_entry);
            }
            buckets[places[0].0] = Arc::new(bucket);
        }
        Buckets {
            buckets,
            len: nodes.len(),
        }
    }

    pub(super) fn get(&self, owner: &[u8]) -> Option<&Node> {
        let hash = hash(owner);
        let bucket = &self.buckets[index(hash, self.buckets.len())];
        bucket
            .find(hash, |(name, _)| **name == *owner)
            .map(|(_, node)| node)
    }

    /// The node to change; its bucket is copied if another version uses it.
    pub(super) fn get_mut(&mut self, owner: &[u8]) -> Option<&mut Node> {
        let hash = hash(owner);
        let at = index(hash, self.buckets.len());
        let is_owner = |(name, _): &(Box<[u8]>, Node)| **name == *owner;
        if Arc::strong_count(&self.buckets[at]) > 1 {
            self.buckets[at].find(hash, is_owner)?;
        }
        Arc::make_mut(&mut self.buckets[at])
            .find_mut(hash, is_owner)
            .map(|(_, node)| node)
    }

    /// Adds a name that is not there.
    pub(super) fn insert(&mut self, owner: Box<[u8]>, node: Node) {
        if self.len >= self.buckets.len() * NAMES_PER_BUCKET {
            self.split();
        }
        let hash = hash(&owner);
        self.bucket_mut(hash)
            .insert_unique(hash, (owner, node), hash_entry);
        self.len += 1;
    }

    /// Takes a name away that is there.
    pub(super) fn remove(&mut self, owner: &[u8]) {
        let hash = hash(owner);
        if let Ok(entry) = self
            .bucket_mut(hash)
            .find_entry(hash, |(name, _)| **name == *owner)
        {
            entry.remove();
            self.len -= 1;
        }
    }

    /// All names, in no order.
    pub(super) fn iter(&self) -> impl Iterator<Item = (&[u8], &Node)> {
        self.buckets
            .iter()
            .flat_map(|bucket| bucket.iter().map(|(owner, node)| (&**owner, node)))
    }

    /// Calls `each` with the owners whose nodes may differ, and the node in either map. What both
    /// maps share is skipped; a bucket that only one of them has split is compared name by name.
    pub(super) fn each_difference<'a>(
        &'a self,
        new: &'a Buckets,
        mut each: impl FnMut(&'a [u8], Option<&'a Node>, Option<&'a Node>),
    ) {
        for at in 0..self.buckets.len().max(new.buckets.len()) {
            let (old_bucket, new_bucket) = (self.buckets.get(at), new.buckets.get(at));
            if let (Some(old), Some(new)) = (old_bucket, new_bucket)
                && Arc::ptr_eq(old, new)
            {
                continue;
            }
            for (owner, node) in old_bucket.into_iter().flat_map(|bucket| bucket.iter()) {
                each(owner, Some(node), new.get(owner));
            }
            for (owner, node) in new_bucket.into_iter().flat_map(|bucket| bucket.iter()) {
                if self.get(owner).is_none() {
                    each(owner, None, Some(node));
                }
            }
        }
    }

    fn bucket_mut(&mut self, hash: u64) -> &mut Bucket {
        let at = index(hash, self.buckets.len());
        Arc::make_mut(&mut self.buckets[at])
    }

    /// Adds a bucket and moves the names there that now belong to it.
    fn split(&mut self) {
        let new = self.buckets.len();
        let due = new - (1 << new.ilog2());
        let old = Arc::make_mut(&mut self.buckets[due]);
        let moved: Vec<_> = old
            .extract_if(|(owner, _)| index(hash(owner), new + 1) == new)
            .collect();
        old.shrink_to_fit(hash_entry);
        let mut bucket = Bucket::with_capacity(moved.len());
        for entry in moved {
            bucket.insert_unique(hash(&entry.0), entry, hash_entry);
        }
        self.buckets.push(Arc::new(bucket));
    }
}

impl Default for Buckets {
    fn default() -> Buckets {
        Buckets::of(Vec::new())
    }
}

fn hash(owner: &[u8]) -> u64 {
    HASHER.hash_one(owner)
}

fn hash_entry(entry: &(Box<[u8]>, Node)) -> u64 {
    hash(&entry.0)
}

/// Which of `count` buckets a hash belongs to. The tables use the lowest and highest bits.
fn index(hash: u64, count: usize) -> usize {
    let bits = (hash >> 24) as u32 as usize;
    let wide = bits & (count.next_power_of_two() - 1);
    if wide < count {
        wide
    } else {
        bits & (count.next_power_of_two() / 2 - 1)
    }
}
