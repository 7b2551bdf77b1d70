use std::collections::BTreeMap;

use proptest::prelude::*;

use super::super::entry::Entries;
use super::super::rrset::Rrset;
use super::*;

/// Children, and the TTL of each type.
type Shown = (u32, BTreeMap<u16, u32>);
type Model = BTreeMap<Vec<u8>, Shown>;

fn owner(number: u16) -> Vec<u8> {
    let label = number.to_string();
    [&[label.len() as u8], label.as_bytes(), b"\0"].concat()
}

fn shown(node: Node<'_>) -> Shown {
    let rrsets = node.rrsets().map(|rrset| (rrset.rtype, rrset.ttl));
    (node.children, rrsets.collect())
}

fn set(map: &mut Buckets, owner: &[u8], (children, rrsets): &Shown) {
    let rrsets = rrsets
        .iter()
        .map(|(&rtype, &ttl)| Rrset::of(rtype, ttl, b"\0\x01\0\x01r"));
    map.set(Entries::default().one(owner, *children, rrsets))
        .unwrap();
}

fn check(map: &Buckets, model: &Model) {
    let entries = map
        .iter()
        .map(|entry| (entry.owner.to_vec(), shown(entry.node)));
    assert_eq!(&entries.collect::<Model>(), model);
    assert_eq!(map.iter().count(), model.len());
    for number in 0..400 {
        let owner = owner(number);
        assert_eq!(map.get(&owner).map(shown).as_ref(), model.get(&owner));
    }
}

/// What `each_difference` calls differences, without those that turn out to be equal.
fn differences(old: &Buckets, new: &Buckets) -> Vec<Vec<u8>> {
    let mut found = Vec::new();
    old.each_difference(new, |owner, old, new| {
        if old.map(shown) != new.map(shown) {
            found.push(owner.to_vec());
        }
    });
    found.sort();
    found
}

/// A node to set, or none to remove.
fn a_node() -> impl Strategy<Value = Option<Shown>> {
    let rrsets = prop::collection::btree_map(0u16..5, 0u32..9, 0..4);
    prop::option::weighted(0.8, (0u32..3, rrsets))
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    #[test]
    fn is_a_map_whose_versions_do_not_touch_each_other(
        first in 0u16..300,
        steps in prop::collection::vec((0u16..400, a_node(), prop::bool::weighted(0.02)), 0..300)
    ) {
        let (mut map, mut model) = (Buckets::default(), Model::new());
        for number in 0..first {
            let node = (0, BTreeMap::from([(1, u32::from(number))]));
            set(&mut map, &owner(number), &node);
            model.insert(owner(number), node);
        }
        let mut versions = vec![(map.clone(), model.clone())];
        for (number, node, keep) in steps {
            let owner = owner(number);
            match node {
                Some(node) => {
                    set(&mut map, &owner, &node);
                    model.insert(owner, node);
                }
                None if model.remove(&owner).is_some() => map.remove(&owner).unwrap(),
                None => {}
            }
            if keep {
                versions.push((map.clone(), model.clone()));
            }
        }
        versions.push((map, model));
        for (map, model) in &versions {
            check(map, model);
        }
        for (old, old_model) in &versions {
            let (new, new_model) = versions.last().unwrap();
            let owners = old_model.keys().chain(new_model.keys());
            let mut expected: Vec<_> = owners
                .filter(|owner| old_model.get(*owner) != new_model.get(*owner))
                .cloned()
                .collect();
            expected.sort();
            expected.dedup();
            prop_assert_eq!(differences(old, new), expected);
        }
    }
}

#[test]
fn grows_by_chunks_and_shares_all_but_what_changed() {
    let names = ((BUCKETS_PER_CHUNK + 2) * NAMES_PER_BUCKET) as u16;
    let loaded = names - 400;
    let mut entries = Entries::default();
    let starts: Vec<_> = (0..loaded)
        .map(|number| entries.begin(&owner(number), 0))
        .collect();
    let mut map = Buckets::of(entries.octets(), &starts).unwrap();
    assert_eq!(map.chunks.len(), 1);
    for number in loaded..names {
        set(&mut map, &owner(number), &(0, BTreeMap::new()));
    }
    assert!(map.chunks.len() > 1);
    let old = map.clone();
    set(&mut map, &owner(7), &(1, BTreeMap::new()));
    let mut seen = Vec::new();
    old.each_difference(&map, |owner, _, _| seen.push(owner.to_vec()));
    assert!(
        seen.contains(&owner(7)) && seen.len() < 3 * NAMES_PER_BUCKET,
        "{}",
        seen.len()
    );
    for number in 0..names {
        assert_eq!(
            map.get(&owner(number)).map(|node| node.children),
            Some(u32::from(number == 7))
        );
    }
    for number in loaded..names {
        map.remove(&owner(number)).unwrap();
    }
    let counts = (map.iter().count(), old.iter().count());
    assert_eq!(counts, (usize::from(loaded), usize::from(names)));
}
