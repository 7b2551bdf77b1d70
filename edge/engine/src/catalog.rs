//! The zones that are served, and the one place where shards find them.
//!
//! A catalog is a hash table in a fixed number of buckets, each shared between versions: to load a
//! zone copies one bucket and the list of buckets, also when a hundred thousand zones are served.
//! The zones of a bucket are found by the hash of their folded origin.

use std::hash::BuildHasher;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use arc_swap::{ArcSwap, Guard};
use hashbrown::{DefaultHashBuilder, HashTable};

use crate::name;
use crate::rdata::types;
use crate::retired::Retired;
use crate::zone::Zone;

/// A change copies this many pointers; 100,000 zones make buckets of about 100.
const BUCKETS: usize = 1024;

type Bucket = HashTable<Arc<Zone>>;

/// All zones that are served, at one moment.
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
    /// The zone of an origin in folded wire form.
    pub fn get(&self, origin: &[u8]) -> Option<&Arc<Zone>> {
        let hash = self.hasher.hash_one(origin);
        self.bucket(hash)
            .find(hash, |zone| zone.origin().as_wire() == origin)
    }

    /// The zone that answers for a folded name: the one with the longest origin at or above it.
    ///
    /// DS belongs to the parent side of a zone cut, so at an apex the zone above is taken where it
    /// is served too (RFC 4035 section 3.1.4.1).
    pub fn find(&self, name: &[u8], rtype: u16) -> Option<&Arc<Zone>> {
        let zone = self.closest(name)?;
        if rtype == types::DS && zone.origin().as_wire() == name {
            let above = name::parent(name).and_then(|parent| self.closest(parent));
            return above.or(Some(zone));
        }
        Some(zone)
    }

    /// A number that no other catalog of this process has; 0 for those without a change. A catalog
    /// never changes, so what was once found true in a generation stays true in it.
    pub fn generation(&self) -> u64 {
        self.generation
    }

    /// All zones, in no order.
    pub fn zones(&self) -> impl Iterator<Item = &Arc<Zone>> {
        self.buckets.iter().flat_map(|bucket| bucket.iter())
    }

    /// This catalog with a zone set in the place of the one with its origin.
    pub fn with(&self, zone: Zone) -> Catalog {
        let mut catalog = self.without(zone.origin().as_wire());
        catalog.by_labels[name::labels(zone.origin().as_wire()).count()] += 1;
        let hash = catalog.hasher.hash_one(zone.origin().as_wire());
        let hasher = catalog.hasher.clone();
        catalog
            .bucket_mut(hash)
            .insert_unique(hash, Arc::new(zone), |zone| {
                hasher.hash_one(zone.origin().as_wire())
            });
        catalog
    }

    /// This catalog without the zone of an origin in folded wire form.
    pub fn without(&self, origin: &[u8]) -> Catalog {
        let mut catalog = self.clone();
        catalog.generation = GENERATIONS.fetch_add(1, Relaxed) + 1;
        let hash = catalog.hasher.hash_one(origin);
        if self.get(origin).is_some() {
            let bucket = catalog.bucket_mut(hash);
            if let Ok(entry) = bucket.find_entry(hash, |zone| zone.origin().as_wire() == origin) {
                entry.remove();
                catalog.by_labels[name::labels(origin).count()] -= 1;
            }
        }
        catalog
    }

    /// The zone with the longest origin at or above a folded name.
    fn closest(&self, name: &[u8]) -> Option<&Arc<Zone>> {
        let mut labels = name::labels(name).count();
        let mut suffix = name;
        loop {
            if self.by_labels[labels] != 0
                && let Some(zone) = self.get(suffix)
            {
                return Some(zone);
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

    /// Stop serving the zone of an origin in folded wire form.
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
mod tests {
    use super::*;
    use crate::name::Name;

    fn wire(text: &str) -> Name {
        Name::parse(text.as_bytes(), None).unwrap()
    }

    /// A zone that has just what every zone must have.
    fn zone(origin: &str) -> Zone {
        let origin = wire(origin);
        let rdata = [&[0, 0][..], &[0; 20]].concat();
        Zone::from_records(&origin, [(origin.as_wire(), types::SOA, 0, &rdata[..])]).unwrap()
    }

    #[test]
    fn the_longest_origin_answers() {
        let shared = Shared::default();
        for origin in ["test.", "b.test.", "x.b.test.", "c.test."] {
            shared.load(zone(origin));
        }
        let catalog = shared.current();
        for (name, rtype, origin) in [
            ("test.", types::A, Some("test.")),
            ("a.test.", types::A, Some("test.")),
            ("b.test.", types::A, Some("b.test.")),
            ("y.b.test.", types::A, Some("b.test.")),
            ("y.x.b.test.", types::A, Some("x.b.test.")),
            ("other.", types::A, None),
            (".", types::A, None),
            ("x.b.test.", types::DS, Some("b.test.")),
            ("b.test.", types::DS, Some("test.")),
            ("test.", types::DS, Some("test.")),
            ("y.b.test.", types::DS, Some("b.test.")),
        ] {
            let found = catalog.find(wire(name).as_wire(), rtype);
            let found = found.map(|zone| zone.origin().to_string());
            assert_eq!(found.as_deref(), origin, "{name} type {rtype}");
        }
    }

    #[test]
    fn a_change_leaves_older_catalogs_alone() {
        let shared = Shared::default();
        shared.load(zone("test."));
        let before = shared.current();
        shared.remove(wire("test.").as_wire());
        shared.remove(wire("never.").as_wire());
        assert!(before.get(wire("test.").as_wire()).is_some());
        assert!(shared.current().get(wire("test.").as_wire()).is_none());
        assert_eq!(shared.current().zones().count(), 0);
    }

    #[test]
    fn a_replaced_zone_is_freed_after_its_last_reader_without_another_change() {
        let shared = Shared::default();
        shared.load(zone("test."));
        let before = Arc::downgrade(shared.current().get(wire("test.").as_wire()).unwrap());
        let reader = shared.current();
        shared.load(zone("test."));
        assert!(!shared.wait_until_freed(Duration::from_millis(5)));
        assert!(before.strong_count() > 0, "a reader has it");
        drop(reader);
        assert!(shared.wait_until_freed(Duration::from_secs(10)));
        assert_eq!(before.strong_count(), 0);
    }
}
