//! Lower case, eight octets at a time.

use super::wire::MAX_NAME;
use std::mem::MaybeUninit;
use std::slice;

/// Octets of a word.
pub const WORD: usize = size_of::<u64>();

/// Words of the longest name.
const MOST_WORDS: usize = MAX_NAME.div_ceil(WORD);

/// A name in lower case, stored inline: the form in which zones and caches are searched.
pub struct Folded {
    /// The words of the name, in the order of its octets. The words behind them are not
    /// initialised: that would take as long as folding the name.
    words: [MaybeUninit<u64>; MOST_WORDS],
    len: usize,
}

impl Folded {
    /// Folds a name in wire form.
    #[inline]
    pub fn new(wire: &[u8]) -> Folded {
        assert!(wire.len() <= MAX_NAME, "a name");
        let mut words = [MaybeUninit::uninit(); MOST_WORDS];
        for (folded, word) in words.iter_mut().zip(folded_words(wire)) {
            folded.write(word.to_le());
        }
        let len = wire.len();
        Folded { words, len }
    }

    /// The wire octets.
    #[inline]
    pub fn as_wire(&self) -> &[u8] {
        // SAFETY: `new` wrote the words that have these octets.
        unsafe { slice::from_raw_parts(self.words.as_ptr().cast(), self.len) }
    }

    /// The words, as `folded_words` gives them.
    #[inline]
    pub fn words(&self) -> impl Iterator<Item = u64> {
        let words = &self.words[..self.len.div_ceil(WORD)];
        // SAFETY: `new` wrote them.
        words
            .iter()
            .map(|word| u64::from_le(unsafe { word.assume_init() }))
    }
}

/// The words of a name in lower case. The last one is padded with zeros. A zero octet ends a name,
/// so the words of one name are never the beginning of those of another.
#[inline]
pub fn folded_words(wire: &[u8]) -> impl Iterator<Item = u64> {
    let (words, rest) = wire.as_chunks::<WORD>();
    let last = match wire.last_chunk::<WORD>() {
        _ if rest.is_empty() => None,
        // One read of the last eight octets; those of the word before are shifted out.
        Some(last) => Some(u64::from_le_bytes(*last) >> (8 * (WORD - rest.len()))),
        None => Some(
            rest.iter()
                .rev()
                .fold(0, |word, &octet| word << 8 | u64::from(octet)),
        ),
    };
    let words = words.iter().map(|word| u64::from_le_bytes(*word));
    words.chain(last).map(fold_word)
}

/// Sets bit 5 of the octets from A to Z, all eight at once.
#[inline]
fn fold_word(word: u64) -> u64 {
    const EACH: u64 = 0x0101_0101_0101_0101;
    const HIGH: u64 = 0x80 * EACH;
    let low = word & !HIGH;
    // An octet's high bit is set in `from_a` if the octet is at least A, in `above_z` if it is
    // above Z.
    let from_a = low + (0x80 - b'A' as u64) * EACH;
    let above_z = low + (0x7f - b'Z' as u64) * EACH;
    word | (from_a & !above_z & !word & HIGH) >> 2
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn folds_letters_and_nothing_else() {
        for octet in 0..=u8::MAX {
            for at in 0..MAX_NAME {
                let mut name = [b'Z'; MAX_NAME];
                name[at] = octet;
                for len in [at + 1, MAX_NAME] {
                    let folded = Folded::new(&name[..len]);
                    assert_eq!(folded.as_wire(), name[..len].to_ascii_lowercase());
                    assert!(folded.words().eq(folded_words(&name[..len])));
                }
            }
        }
    }
}
