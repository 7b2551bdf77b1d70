//! The zones that are served, and the one place where shards find them.
//!
//! A catalog is a hash table in a fixed number of buckets, each shared between versions: to load a
//! zone copies one bucket and the list of buckets, also when a hundred thousand zones are served.
//! The zones of a bucket are found by the hash of their folded origin.
//!
//! A zone that should be served, but whose data this engine does not have, is *withheld*. It takes
//! its names out of the zone above, as a zone that is served does: that zone knows at most the
//! delegation, and a resolver would keep its NXDOMAIN. SERVFAIL makes the resolver ask another
//! server of the zone.

use std::hash::BuildHasher;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use arc_swap::{ArcSwap, Guard};
use hashbrown::{DefaultHashBuilder, HashTable};

use crate::name::{self, Name};
use crate::rdata::types;
use crate::retired::Retired;
use crate::zone::Zone;

/// A change copies this many pointers; 100,000 zones make buckets of about 100.
const BUCKETS: usize = 1024;

type Bucket = HashTable<Member>;

/// What a catalog has for an origin.
#[derive(Clone)]
pub enum Member {
    /// The zone that is served.
    Served(Arc<Zone>),
    /// The folded origin of a zone that should be served, but whose data is not here.
    Withheld(Arc<Name>),
}

impl Member {
    /// The apex name, folded.
    pub fn origin(&self) -> &Name {
        match self {
            Member::Served(zone) => zone.origin(),
            Member::Withheld(origin) => origin,
        }
    }

    /// The zone, if it is served.
    fn zone(&self) -> Option<&Arc<Zone>> {
        match self {
            Member::Served(zone) => Some(zone),
            Member::Withheld(_) => None,
        }
    }
}

/// All zones that are served or withheld, at one moment.
#[derive(Clone)]
pub struct Catalog {
    buckets: Box<[Arc<Bucket>]>,
    hasher: DefaultHashBuilder,
    /// How many origins have 0, 1, 2, … labels. A search skips the numbers that no origin has.
    by_labels: [u32; name::MAX_LABELS + 1],
    generation: u64,
}

/// How many changes of catalogs there were in this process.
static GENERATIONS: AtomicU64 = AtomicU64::new(0);

impl Default for Catalog {
    fn default() -> Catalog {
        Catalog {
            buckets: vec![Arc::default(); BUCKETS].into(),
            hasher: DefaultHashBuilder::default(),
            by_labels: [0; name::MAX_LABELS + 1],
            generation: 0,
        }
    }
}

impl Catalog {
    /// The zone that is served for an origin in folded wire form.
    pub fn get(&self, origin: &[u8]) -> Option<&Arc<Zone>> {
        self.member(origin)?.zone()
    }

    /// The member that a folded name belongs to: the one with the longest origin at or above it.
    ///
    /// DS belongs to the parent side of a zone cut, so at an apex the member above is taken where
    /// there is one (RFC 4035 section 3.1.4.1). Also where that is withheld: the NODATA of the zone
    /// below would make its delegation insecure.
    pub fn find(&self, name: &[u8], rtype: u16) -> Option<&Member> {
        let member = self.closest(name)?;
        if rtype == types::DS && member.origin().as_wire() == name {
            let above = name::parent(name).and_then(|parent| self.closest(parent));
            return above.or(Some(member));
        }
        Some(member)
    }

    /// A number that no other catalog of this process has; 0 for those without a change. A catalog
    /// never changes, so what was once found true in a generation stays true in it.
    pub fn generation(&self) -> u64 {
        self.generation
    }

    /// All zones that are served, in no order.
    pub fn zones(&self) -> impl Iterator<Item = &Arc<Zone>> {
        let members = self.buckets.iter().flat_map(|bucket| bucket.iter());
        members.filter_map(Member::zone)
    }

    /// This catalog with a zone served in the place of the member with its origin.
    pub fn with(&self, zone: Zone) -> Catalog {
        let mut catalog = self.without(zone.origin().as_wire());
        catalog.insert(Member::Served(Arc::new(zone)));
        catalog
    }

    /// This catalog with the zone of a folded origin withheld, unless it is served.
    pub fn withholding(&self, origin: &Name) -> Catalog {
        let mut catalog = self.clone();
        if self.member(origin.as_wire()).is_some() {
            return catalog;
        }
        catalog.generation = next_generation();
        catalog.insert(Member::Withheld(Arc::new(origin.clone())));
        catalog
    }

    /// This catalog without the member of an origin in folded wire form.
    pub fn without(&self, origin: &[u8]) -> Catalog {
        let mut catalog = self.clone();
        catalog.generation = next_generation();
        let hash = catalog.hasher.hash_one(origin);
        if self.member(origin).is_some() {
            let bucket = catalog.bucket_mut(hash);
            if let Ok(entry) = bucket.find_entry(hash, |found| found.origin().as_wire() == origin) {
                entry.remove();
                catalog.by_labels[name::labels(origin).count()] -= 1;
            }
        }
        catalog
    }

    /// Adds a member; there is none of its origin.
    fn insert(&mut self, member: Member) {
        self.by_labels[name::labels(member.origin().as_wire()).count()] += 1;
        let hash = self.hasher.hash_one(member.origin().as_wire());
        let hasher = self.hasher.clone();
        self.bucket_mut(hash).insert_unique(hash, member, |member| {
            hasher.hash_one(member.origin().as_wire())
        });
    }

    /// The member with an origin in folded wire form.
    fn member(&self, origin: &[u8]) -> Option<&Member> {
        let hash = self.hasher.hash_one(origin);
        self.bucket(hash)
            .find(hash, |member| member.origin().as_wire() == origin)
    }

    /// The member with the longest origin at or above a folded name.
    fn closest(&self, name: &[u8]) -> Option<&Member> {
        let mut labels = name::labels(name).count();
        let mut suffix = name;
        loop {
            if self.by_labels[labels] != 0
                && let Some(member) = self.member(suffix)
            {
                return Some(member);
            }
            suffix = name::parent(suffix)?;
            labels -= 1;
        }
    }

    fn bucket(&self, hash: u64) -> &Bucket {
        &self.buckets[bucket_index(hash)]
    }

    fn bucket_mut(&mut self, hash: u64) -> &mut Bucket {
        Arc::make_mut(&mut self.buckets[bucket_index(hash)])
    }
}

fn next_generation() -> u64 {
    GENERATIONS.fetch_add(1, Relaxed) + 1
}

/// Bits from the middle: the table inside a bucket uses both ends of the hash.
fn bucket_index(hash: u64) -> usize {
    (hash >> 32) as usize % BUCKETS
}

/// The one place where the engine puts its zones and every shard finds them.
///
/// A catalog that was replaced is freed when the last reader has let go of it, and never by a shard
/// (see `retired.rs`).
#[derive(Default)]
pub struct Shared {
    catalog: ArcSwap<Catalog>,
    /// Held by the change that is being made.
    changing: Mutex<()>,
    retired: Retired<Catalog>,
}

impl Shared {
    /// The catalog as it is now. Take it once for a batch of queries, and let go of it before
    /// waiting for more: no reply mixes two catalogs, and what was replaced can be freed.
    pub fn current(&self) -> Guard<Arc<Catalog>> {
        self.catalog.load()
    }

    /// Serve a zone from the next batch of queries on, in the place of the one with its origin.
    pub fn load(&self, zone: Zone) {
        self.change(|catalog| catalog.with(zone));
    }

    /// Withhold the zone of a folded origin from the next batch of queries on, unless it is served.
    pub fn withhold(&self, origin: &Name) {
        self.change(|catalog| catalog.withholding(origin));
    }

    /// Stop serving or withholding the zone of an origin in folded wire form.
    pub fn remove(&self, origin: &[u8]) {
        self.change(|catalog| catalog.without(origin));
    }

    /// Wait until the catalogs that were replaced are freed, at most for `limit`; whether they are.
    pub fn wait_until_freed(&self, limit: Duration) -> bool {
        self.retired.wait(limit)
    }

    /// Swap in what `edit` makes of the catalog; one change at a time.
    fn change(&self, edit: impl FnOnce(&Catalog) -> Catalog) {
        let changing = self.changing.lock();
        let _changing = changing.unwrap_or_else(PoisonError::into_inner);
        let new = edit(&self.catalog.load());
        self.retired.push(self.catalog.swap(Arc::new(new)));
    }
}

#[cfg(test)]
mod tests;
