//! Canonical owner order (RFC 4034 section 6.1) for many names of one zone at once.

use std::cmp::Ordering;

use crate::name::{self, Name};

/// Octets of a sort key: enough to tell most names of a zone apart.
const KEY: usize = 24;

/// The octets of a sort key as numbers, the most significant first: they are faster to compare.
type Key = [u64; KEY / 8];

/// Sorts by owner, then by `tie`. The owners are folded and at or below the origin.
pub(crate) fn sort_by_owner<'a, T>(
    origin: &Name,
    items: impl Iterator<Item = (&'a [u8], T)>,
    tie: impl Fn(&T, &T) -> Ordering,
) -> impl Iterator<Item = (&'a [u8], T)> {
    let origin = origin.as_wire().len();
    let mut keyed: Vec<_> = items
        .map(|(owner, item)| (sort_key(&owner[..owner.len() - origin]), owner, item))
        .collect();
    keyed.sort_unstable_by(|a, b| {
        a.0.cmp(&b.0)
            .then_with(|| {
                if a.1 == b.1 {
                    Ordering::Equal
                } else {
                    name::canonical_cmp(a.1, b.1)
                }
            })
            .then_with(|| tie(&a.2, &b.2))
    });
    keyed.into_iter().map(|(_, owner, item)| (owner, item))
}

/// The first octets of a key that sorts as [`name::canonical_cmp`] does; it decides most
/// comparisons without the slower function. `labels` are those in front of the origin.
///
/// Labels from the right, each ended by 0; the octets 0 and 1 become 1 1 and 1 2 to make room.
fn sort_key(labels: &[u8]) -> Key {
    let mut starts = [0; name::MAX_LABELS];
    let mut key = [0; KEY];
    let mut filled = key.iter_mut();
    'key: for label in name::label_starts(labels, &mut starts).iter().rev() {
        for &octet in name::label_at(labels, *label) {
            let escaped: &[u8] = match octet {
                0 => &[1, 1],
                1 => &[1, 2],
                ref octet => std::slice::from_ref(octet),
            };
            for &octet in escaped {
                let Some(slot) = filled.next() else {
                    break 'key;
                };
                *slot = octet;
            }
        }
        let Some(slot) = filled.next() else {
            break 'key;
        };
        *slot = 0;
    }
    let (words, _) = key.as_chunks();
    std::array::from_fn(|at| u64::from_be_bytes(words[at]))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn keys_never_contradict_canonical_order(
            names in prop::collection::vec(
                prop::collection::vec(prop::collection::vec(0u8..4, 1..20), 0..5), 2
            )
        ) {
            let wires: Vec<Vec<u8>> = names.iter().map(|labels| {
                let mut wire: Vec<u8> = labels.iter()
                    .flat_map(|label| std::iter::once(label.len() as u8).chain(label.iter().copied()))
                    .collect();
                wire.push(0);
                wire
            }).collect();
            let key = |wire: &[u8]| sort_key(&wire[..wire.len() - 1]);
            let by_key = key(&wires[0]).cmp(&key(&wires[1]));
            let by_name = name::canonical_cmp(&wires[0], &wires[1]);
            prop_assert!(by_key == by_name || by_key.is_eq());
        }
    }
}
