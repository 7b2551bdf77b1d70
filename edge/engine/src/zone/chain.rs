//! Keys in order: the owners of NSEC and NSEC3 records, where what precedes a name is looked for.
//!
//! ```text
//! chain    list of pages ─► page: 128 leaves ─► leaf: 64 keys in one piece of memory
//! ```
//! Pages and leaves are shared between versions. A clone copies the list of pages; a change copies
//! the leaf it touches and the list of the page that has it. A leaf that is full is divided, then
//! its page; an empty one goes. A zone without such records has an empty list.

use std::sync::Arc;

/// Keys per leaf at most: few, so that a leaf is cheap to copy and to search from its start.
const LEAF_KEYS: usize = 64;
/// Leaves per page at most: with a million keys there are about as many pages.
const PAGE_LEAVES: usize = 128;

/// `u16 length │ key` for each key; never empty.
type Leaf = Arc<[u8]>;

/// A persistent sorted set of keys, which compare octet by octet.
#[derive(Clone, Default)]
pub(super) struct Chain {
    /// None is empty.
    pages: Vec<Arc<Vec<Leaf>>>,
}

impl Chain {
    /// A chain of all these keys, in any order.
    pub(super) fn of(mut keys: Vec<Vec<u8>>) -> Chain {
        keys.sort_unstable();
        keys.dedup();
        let keys: Vec<&[u8]> = keys.iter().map(Vec::as_slice).collect();
        let leaves: Vec<Leaf> = keys.chunks(LEAF_KEYS).map(pack).collect();
        let pages = leaves.chunks(PAGE_LEAVES);
        Chain {
            pages: pages.map(|page| Arc::new(page.to_vec())).collect(),
        }
    }

    pub(super) fn is_empty(&self) -> bool {
        self.pages.is_empty()
    }

    /// The last key that is not behind `key`.
    pub(super) fn at_or_before(&self, key: &[u8]) -> Option<&[u8]> {
        let page = self.pages.get(self.page_of(key))?;
        unpack(&page[leaf_of(page, key)])
            .take_while(|found| *found <= key)
            .last()
    }

    /// Adds a key, unless it is there.
    pub(super) fn insert(&mut self, key: &[u8]) {
        if self.at_or_before(key) == Some(key) {
            return;
        }
        if self.pages.is_empty() {
            self.pages.push(Arc::new(vec![pack(&[key])]));
            return;
        }
        let at = self.page_of(key);
        let page = Arc::make_mut(&mut self.pages[at]);
        let leaf = leaf_of(page, key);
        let mut keys: Vec<&[u8]> = unpack(&page[leaf]).collect();
        keys.insert(keys.partition_point(|other| *other < key), key);
        let parts = match keys.len() {
            ..=LEAF_KEYS => 1,
            _ => 2,
        };
        let parts: Vec<Leaf> = keys.chunks(keys.len().div_ceil(parts)).map(pack).collect();
        page.splice(leaf..=leaf, parts);
        if page.len() > PAGE_LEAVES {
            let second = page.split_off(page.len() / 2);
            self.pages.insert(at + 1, Arc::new(second));
        }
    }

    /// Takes a key away, where it is there.
    pub(super) fn remove(&mut self, key: &[u8]) {
        if self.at_or_before(key) != Some(key) {
            return;
        }
        let at = self.page_of(key);
        let page = Arc::make_mut(&mut self.pages[at]);
        let leaf = leaf_of(page, key);
        let keys: Vec<&[u8]> = unpack(&page[leaf]).filter(|other| *other != key).collect();
        if keys.is_empty() {
            page.remove(leaf);
        } else {
            page[leaf] = pack(&keys);
        }
        if page.is_empty() {
            self.pages.remove(at);
        }
    }

    /// The page that has a key, or would get it.
    fn page_of(&self, key: &[u8]) -> usize {
        let behind = self
            .pages
            .partition_point(|page| first(&page[0]) <= Some(key));
        behind.saturating_sub(1)
    }
}

/// The leaf of a page that has a key, or would get it.
fn leaf_of(page: &[Leaf], key: &[u8]) -> usize {
    let behind = page.partition_point(|leaf| first(leaf) <= Some(key));
    behind.saturating_sub(1)
}

fn pack(keys: &[&[u8]]) -> Leaf {
    let mut octets = Vec::with_capacity(keys.iter().map(|key| 2 + key.len()).sum());
    for key in keys {
        octets.extend_from_slice(&(key.len() as u16).to_be_bytes());
        octets.extend_from_slice(key);
    }
    octets.into()
}

fn unpack(leaf: &[u8]) -> impl Iterator<Item = &[u8]> {
    let mut rest = leaf;
    std::iter::from_fn(move || {
        let (len, after) = rest.split_first_chunk()?;
        let (key, after) = after.split_at(usize::from(u16::from_be_bytes(*len)));
        rest = after;
        Some(key)
    })
}

fn first(leaf: &[u8]) -> Option<&[u8]> {
    unpack(leaf).next()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::collections::BTreeSet;

    fn keys(chain: &Chain) -> Vec<Vec<u8>> {
        let leaves = chain.pages.iter().flat_map(|page| page.iter());
        leaves
            .flat_map(|leaf| unpack(leaf).map(<[u8]>::to_vec))
            .collect()
    }

    proptest! {
        #[test]
        fn is_a_sorted_set_whose_old_versions_stay(
            first in prop::collection::vec(0u16..600, 0..400),
            changes in prop::collection::vec((0u16..600, any::<bool>()), 0..800),
        ) {
            let key = |number: u16| format!("{number}").into_bytes();
            let old = Chain::of(first.iter().map(|number| key(*number)).collect());
            let old_keys: BTreeSet<_> = first.iter().map(|number| key(*number)).collect();
            let (mut chain, mut model) = (old.clone(), old_keys.clone());
            for (number, is_added) in changes {
                if is_added {
                    chain.insert(&key(number));
                    model.insert(key(number));
                } else {
                    chain.remove(&key(number));
                    model.remove(&key(number));
                }
            }
            for (chain, model) in [(&chain, &model), (&old, &old_keys)] {
                prop_assert_eq!(keys(chain), model.iter().cloned().collect::<Vec<_>>());
                prop_assert_eq!(chain.is_empty(), model.is_empty());
                for number in 0..600 {
                    let before = model.range(..=key(number)).next_back();
                    prop_assert_eq!(chain.at_or_before(&key(number)), before.map(Vec::as_slice));
                }
            }
        }
    }

    #[test]
    fn pages_are_divided_and_leaves_stay_small() {
        let mut chain = Chain::default();
        for number in 0..20_000_u32 {
            chain.insert(&number.reverse_bits().to_be_bytes());
        }
        assert!(chain.pages.len() > 1);
        for page in &chain.pages {
            assert!(page.len() <= PAGE_LEAVES);
            assert!(page.iter().all(|leaf| unpack(leaf).count() <= LEAF_KEYS));
        }
        assert_eq!(keys(&chain).len(), 20_000);
    }
}
