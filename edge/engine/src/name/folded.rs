//! Lower case, eight octets at a time.

use super::MAX_NAME;

/// Octets of a word.
const WORD: usize = size_of::<u64>();

/// A name in lower case, in place: the form in which zones and caches are searched.
pub struct Folded {
    /// Anything behind the name.
    octets: [u8; MAX_NAME.next_multiple_of(WORD)],
    len: usize,
}

impl Default for Folded {
    /// No name.
    #[inline]
    fn default() -> Folded {
        Folded {
            octets: [0; _],
            len: 0,
        }
    }
}

impl Folded {
    /// Folds a name in wire form.
    #[inline]
    pub fn new(wire: &[u8]) -> Folded {
        let mut folded = Folded::default();
        folded.set(wire);
        folded
    }

    /// Folds another name.
    #[inline]
    pub fn set(&mut self, wire: &[u8]) {
        self.len = wire.len();
        self.octets[..self.len].copy_from_slice(wire);
        let (words, _) = self.octets.as_chunks_mut::<WORD>();
        for word in &mut words[..self.len.div_ceil(WORD)] {
            *word = fold_word(u64::from_ne_bytes(*word)).to_ne_bytes();
        }
    }

    /// The wire octets.
    #[inline]
    pub fn as_wire(&self) -> &[u8] {
        &self.octets[..self.len]
    }
}

/// Sets bit 5 of the octets from A to Z, all eight at once.
#[inline]
pub fn fold_word(word: u64) -> u64 {
    const EACH: u64 = 0x0101_0101_0101_0101;
    const HIGH: u64 = 0x80 * EACH;
    let low = word & !HIGH;
    // The sums have the high bit where the octet is at least A, and where it is above Z.
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
                }
            }
        }
    }
}
