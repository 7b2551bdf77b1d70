//! Entries one behind the other, in a circle: the newest overwrite the oldest.

use super::key::Key;
use crate::answer::subject::{Kind, Subject};
use crate::name::WORD;
use crate::pages;
use crate::prefetch::{CACHE_LINE, prefetch};

/// Octets of the log of one shard: about 100,000 usual answers. Pages that were never written take
/// no memory.
pub const OCTETS: usize = 8 << 20;
/// Entries start at multiples of this many octets.
const UNIT: usize = 16;
const UNITS: u64 = (OCTETS / UNIT) as u64;
/// An entry among the last this many units is overwritten soon.
const LAST_UNITS: u64 = UNITS / 4;

/// Where an entry starts: how many units were written before it, and `UNITS` more, so it is never 0.
pub type Position = u64;

/// What is kept of a reply: everything that does not depend on the client.
#[derive(Clone, Copy)]
pub struct CachedAnswer<'c> {
    /// The response code.
    pub rcode: u8,
    /// Whether the answer is authoritative.
    pub authoritative: bool,
    /// How many records each section has.
    pub counts: [u8; 3],
    /// What it is about.
    pub subject: Subject,
    /// The octets behind the question.
    pub records: &'c [u8],
}

/// What an answer is valid for.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Validity {
    /// The version of the zone that it was made from.
    pub version: u64,
    /// A generation of the catalog in which that was the zone of the name.
    pub generation: u64,
}

/// Octets of an entry before the name.
const HEAD: usize = 4 * WORD;

/// Entries:
/// ```text
/// u64 version | u64 generation | u64 kind
/// u16 octets of the records | u8 response code | u8 kind of the subject and AA
/// 3 × u8 records of a section | u8 octets of the subject
/// folded name in words | records
/// ```
pub struct Log {
    octets: Box<[u8]>,
    /// Where in them the log starts.
    first: usize,
    /// Where the next entry goes. It only grows.
    head: Position,
}

impl Log {
    /// Without entries.
    pub fn new() -> Log {
        let (octets, first) = pages::zeroed(OCTETS);
        Log {
            octets,
            first,
            head: UNITS,
        }
    }

    /// Whether the entry that was written there still exists.
    #[inline]
    pub fn has(&self, position: Position) -> bool {
        self.head - position <= UNITS
    }

    /// Whether an entry will be overwritten soon.
    #[inline]
    pub fn is_old(&self, position: Position) -> bool {
        self.head - position > UNITS - LAST_UNITS
    }

    /// Whether the entry is about the question of a key.
    #[inline]
    pub fn is_about(&self, position: Position, key: &Key) -> bool {
        let entry = self.from(position);
        word(entry, 2) == key.kind() && {
            let (words, _) = entry[HEAD..].as_chunks::<WORD>();
            let mut pairs = words.iter().zip(key.name.words());
            pairs.all(|(octets, word)| u64::from_ne_bytes(*octets) == word)
        }
    }

    /// What an entry is valid for.
    #[inline]
    pub fn validity(&self, position: Position) -> Validity {
        let entry = self.from(position);
        Validity {
            version: word(entry, 0),
            generation: word(entry, 1),
        }
    }

    /// Notes that the entry is valid in another generation.
    pub fn set_generation(&mut self, position: Position, generation: u64) {
        let at = self.offset(position) + WORD;
        self.octets[at..at + WORD].copy_from_slice(&generation.to_ne_bytes());
    }

    /// The answer of an entry.
    #[inline]
    pub fn answer(&self, position: Position) -> CachedAnswer<'_> {
        let entry = self.from(position);
        let [low, high, rcode, flags, a, b, c, octets] = word(entry, 3).to_ne_bytes();
        let start = HEAD + name_octets(entry);
        let length = usize::from(u16::from_ne_bytes([low, high]));
        CachedAnswer {
            rcode,
            authoritative: flags & 1 != 0,
            counts: [a, b, c],
            subject: Subject {
                kind: Kind::from_number(flags >> 1),
                octets,
            },
            records: &entry[start..start + length],
        }
    }

    /// Writes an entry; where it is.
    pub fn append(&mut self, key: &Key, validity: Validity, answer: &CachedAnswer) -> Position {
        let key_kind = key.kind();
        let length = answer.records.len();
        let position = self.reserve(HEAD + Key::words_of(key_kind) * WORD + length);
        let [low, high] = (length as u16).to_ne_bytes();
        let [a, b, c] = answer.counts;
        let Subject { kind, octets } = answer.subject;
        let flags = (kind as u8) << 1 | u8::from(answer.authoritative);
        let last = [low, high, answer.rcode, flags, a, b, c, octets];
        let head = [validity.version, validity.generation, key_kind];
        let start = self.offset(position);
        let mut rest = &mut self.octets[start..];
        let mut put = |octets: &[u8]| {
            let (here, after) = std::mem::take(&mut rest).split_at_mut(octets.len());
            here.copy_from_slice(octets);
            rest = after;
        };
        head.iter().for_each(|word| put(&word.to_ne_bytes()));
        put(&last);
        key.name.words().for_each(|word| put(&word.to_ne_bytes()));
        put(answer.records);
        position
    }

    /// Writes the entry once more; where it is now.
    pub fn renew(&mut self, position: Position) -> Position {
        let entry = self.from(position);
        let length = HEAD + name_octets(entry) + self.answer(position).records.len();
        let start = self.offset(position);
        let renewed = self.reserve(length);
        self.octets
            .copy_within(start..start + length, self.offset(renewed));
        renewed
    }

    /// Asks the processor for an entry, as much of it as usual ones have.
    #[inline]
    pub fn prefetch(&self, position: Position) {
        let entry = self.from(position);
        prefetch(&entry[0]);
        if let Some(next) = entry.get(CACHE_LINE) {
            prefetch(next);
        }
    }

    /// Takes room for an entry; an entry is never split.
    fn reserve(&mut self, octets: usize) -> Position {
        let rest = UNITS - self.head % UNITS;
        if octets > rest as usize * UNIT {
            self.head += rest;
        }
        let position = self.head;
        self.head += octets.div_ceil(UNIT) as u64;
        position
    }

    #[inline]
    fn offset(&self, position: Position) -> usize {
        self.first + (position % UNITS) as usize * UNIT
    }

    #[inline]
    fn from(&self, position: Position) -> &[u8] {
        &self.octets[self.offset(position)..]
    }
}

/// Octets of the name of an entry, with its padding.
fn name_octets(entry: &[u8]) -> usize {
    Key::words_of(word(entry, 2)) * WORD
}

#[inline]
fn word(entry: &[u8], index: usize) -> u64 {
    let octets = entry[index * WORD..].first_chunk::<WORD>();
    u64::from_ne_bytes(*octets.expect("an entry has a head"))
}
