//! What an answer is found by: the folded name, the type, and whether DNSSEC records are wanted.

use crate::name::fold_word;
use std::hash::{BuildHasher, RandomState};

/// Octets of the longest name that a key can hold: those of reverse zones of IPv6 (74) and of
/// services fit, and a key is two cache lines.
const MOST_NAME: usize = 128;
/// Most words of a name.
pub const MOST_WORDS: usize = MOST_NAME / WORD;
/// Octets of a word.
pub const WORD: usize = size_of::<u64>();

/// Where a kind has the number of words.
const USED_SHIFT: u32 = 24;

/// A question in a form that is quick to compare.
pub struct Key {
    /// The folded name in words of eight octets, the last one filled up with zeros.
    words: [u64; MOST_WORDS],
    used: usize,
    rtype: u16,
    dnssec_ok: bool,
    /// Of name and type; the seed is secret, so that nobody can choose names that collide.
    pub hash: u64,
}

impl Key {
    /// The key of a question; None where its name is too long.
    #[inline]
    pub fn new(seed: Seed, name: &[u8], rtype: u16, dnssec_ok: bool) -> Option<Key> {
        if name.len() > MOST_NAME {
            return None;
        }
        let mut words = [0; MOST_WORDS];
        let mut used = 0;
        let hash = hash(seed, name, rtype, |word| {
            words[used] = word;
            used += 1;
        });
        Some(Key {
            words,
            used,
            rtype,
            dnssec_ok,
            hash,
        })
    }

    /// The folded name.
    #[inline]
    pub fn words(&self) -> &[u64] {
        &self.words[..self.used]
    }

    /// All but the name: the type, DO, and how many words the name has.
    #[inline]
    pub fn kind(&self) -> u64 {
        u64::from(self.rtype) | u64::from(self.dnssec_ok) << 16 | (self.used as u64) << USED_SHIFT
    }

    /// How many words the name has, as a kind tells.
    #[inline]
    pub fn words_of(kind: u64) -> usize {
        (kind >> USED_SHIFT) as usize
    }
}

/// The hash of a question; `each` gets the words of the folded name.
#[inline]
pub fn hash(seed: Seed, name: &[u8], rtype: u16, mut each: impl FnMut(u64)) -> u64 {
    let mut hash = mix(seed.0 ^ u64::from(rtype));
    let mut add = |word| {
        let folded = fold_word(word);
        each(folded);
        hash = mix(hash ^ folded);
    };
    let (words, rest) = name.as_chunks::<WORD>();
    for word in words {
        add(u64::from_le_bytes(*word));
    }
    if !rest.is_empty() {
        // Filled up behind, as if zeros followed: no name is the beginning of another one.
        let octets = rest.iter().rev();
        add(octets.fold(0, |word, &octet| word << 8 | u64::from(octet)));
    }
    hash
}

/// Where hashes start: random, and another one for every cache.
#[derive(Clone, Copy)]
pub struct Seed(u64);

impl Seed {
    /// A seed that nobody knows.
    pub fn random() -> Seed {
        Seed(RandomState::new().hash_one(0))
    }

    /// A seed for what belongs to a number too.
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
            let key = Key::new(seed, name, rtype, dnssec_ok).unwrap();
            (key.words().to_vec(), key.kind(), key.hash)
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
                let key = Key::new(seed, &start, 1, false).unwrap();
                let twin = found.insert((key.words().to_vec(), key.kind()), start.clone());
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
            let name = vec![0; length];
            assert_eq!(
                Key::new(Seed::random(), &name, 1, false).is_some(),
                expected
            );
        }
    }
}
