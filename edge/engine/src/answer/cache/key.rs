//! What an answer is found by: the folded name, the type, and whether DNSSEC records are wanted.

use crate::name::{Folded, WORD, folded_words};
use std::hash::{BuildHasher, RandomState};

/// Octets of the longest name that a key can hold: those of reverse zones of IPv6 (74) and of
/// services fit.
const MOST_NAME: usize = 128;

/// The bit of a kind at which the number of words starts.
const USED_SHIFT: u32 = 24;

/// A question in a form that is quick to compare.
pub struct Key<'n> {
    /// The name.
    pub name: &'n Folded,
    rtype: u16,
    dnssec_ok: bool,
    /// Of name and type; the seed is secret, so that nobody can choose names that collide.
    pub hash: u64,
}

impl<'n> Key<'n> {
    /// The key of a question; None where its name is too long. `hash` is its hash if it is known.
    #[inline]
    pub fn new(
        seed: Seed,
        name: &'n Folded,
        rtype: u16,
        dnssec_ok: bool,
        hash: Option<u64>,
    ) -> Option<Key<'n>> {
        (name.as_wire().len() <= MOST_NAME).then(|| Key {
            name,
            rtype,
            dnssec_ok,
            hash: hash.unwrap_or_else(|| hash_words(seed, name.words(), rtype)),
        })
    }

    /// All but the name: the type, DO, and how many words the name has.
    #[inline]
    pub fn kind(&self) -> u64 {
        let words = self.name.as_wire().len().div_ceil(WORD) as u64;
        u64::from(self.rtype) | u64::from(self.dnssec_ok) << 16 | words << USED_SHIFT
    }

    /// How many words the name has, as a kind tells.
    #[inline]
    pub fn words_of(kind: u64) -> usize {
        (kind >> USED_SHIFT) as usize
    }
}

/// The hash of a question, in any letter case.
#[inline]
pub fn hash(seed: Seed, name: &[u8], rtype: u16) -> u64 {
    hash_words(seed, folded_words(name), rtype)
}

#[inline]
fn hash_words(seed: Seed, words: impl Iterator<Item = u64>, rtype: u16) -> u64 {
    let start = mix(seed.0 ^ u64::from(rtype));
    words.fold(start, |hash, word| mix(hash ^ word))
}

/// Where hashes start: random, and another one for every cache.
#[derive(Clone, Copy)]
pub struct Seed(u64);

impl Seed {
    /// A seed that nobody knows.
    pub fn random() -> Seed {
        Seed(RandomState::new().hash_one(0))
    }

    /// A seed that depends on a number too.
    #[inline]
    pub fn with(self, number: u64) -> Seed {
        Seed(mix(self.0 ^ number))
    }
}

/// Both halves of a product with an odd constant.
#[inline]
fn mix(word: u64) -> u64 {
    const FACTOR: u128 = 0x9e37_79b9_7f4a_7c15;
    let product = u128::from(word) * FACTOR;
    product as u64 ^ (product >> 64) as u64
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::name;
    use std::collections::HashMap;

    #[test]
    fn letter_case_makes_no_difference_and_all_else_does() {
        let seed = Seed::random();
        let key = |name: &[u8], rtype, dnssec_ok| {
            let folded = Folded::new(name);
            let key = Key::new(seed, &folded, rtype, dnssec_ok, None).unwrap();
            assert_eq!(key.hash, hash(seed, name, rtype));
            (folded.words().collect::<Vec<_>>(), key.kind(), key.hash)
        };
        let first = key(b"\x09some-name\x04test\0", 1, false);
        assert_eq!(key(b"\x09SOME-nAme\x04Test\0", 1, false), first);
        assert_ne!(key(b"\x09some-nbme\x04test\0", 1, false).2, first.2);
        for other in [
            key(b"\x09some-nbme\x04test\0", 1, false),
            key(b"\x09some-name\x04tesu\0", 1, false),
            key(b"\x09some-name\x05tests\0", 1, false),
            key(b"\x09some-name\x04test\0", 2, false),
            key(b"\x09some-name\x04test\0", 1, true),
        ] {
            assert!((&other.0, other.1) != (&first.0, first.1));
        }
    }

    #[test]
    fn all_names_with_one_beginning_differ() {
        // Every way to end a name within two words; an octet may be a length or in a label.
        let seed = Seed::random();
        let mut found = HashMap::new();
        let mut starts = vec![b"\x08abcdefg".to_vec()];
        while let Some(start) = starts.pop() {
            if name::wire_len(&start) == Some(start.len()) {
                let folded = Folded::new(&start);
                let key = Key::new(seed, &folded, 1, false, None).unwrap();
                let words: Vec<_> = folded.words().collect();
                let twin = found.insert((words, key.kind()), start.clone());
                assert_eq!(twin, None, "{start:?}");
            } else if start.len() < 2 * WORD {
                starts.extend((0..=3).map(|octet| [&start[..], &[octet]].concat()));
            }
        }
        assert!(found.len() > 1_000);
    }

    #[test]
    fn longer_names_have_no_key() {
        for (length, expected) in [(MOST_NAME, true), (MOST_NAME + 1, false)] {
            let name = Folded::new(&vec![0; length]);
            let key = Key::new(Seed::random(), &name, 1, false, None);
            assert_eq!(key.is_some(), expected);
        }
    }
}
