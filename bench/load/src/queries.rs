//! The queries to send, one after another, from a file that is read round and round.
//!
//! The file has what a TCP stream has: two octets of length, then the message. A random-subdomain
//! attack needs a name that was never asked before; no file is long enough for that, so the first
//! label can be made anew each time.

use crate::HEADER;
use std::io;
use std::path::Path;

/// Octets of a first label that become random: 60 random bits, five an octet.
const RANDOM_OCTETS: usize = 12;

const LETTERS: &[u8; 32] = b"abcdefghijklmnopqrstuvwxyz012345";

/// An endless sequence of queries.
pub struct Queries {
    wire: Vec<u8>,
    /// Where each message begins and ends in `wire`.
    places: Vec<(u32, u32)>,
    next: usize,
    /// The state of the random generator; None where names are asked as they are in the file.
    random: Option<u64>,
}

impl Queries {
    /// Read a file and begin at the message `first` (modulo their number).
    ///
    /// `random` gives each query a first label that the same seed gives once.
    pub fn read(path: &Path, first: usize, random: Option<u64>) -> io::Result<Self> {
        let wire = std::fs::read(path)?;
        let places = places(&wire).ok_or_else(|| {
            let message = format!("{}: no queries with a length before each", path.display());
            io::Error::new(io::ErrorKind::InvalidData, message)
        })?;
        Ok(Self {
            next: first % places.len(),
            wire,
            places,
            // Multiplied, so that seeds in a row begin far from each other; never zero.
            random: random.map(|seed| (2 * seed + 1).wrapping_mul(0x9e37_79b9_7f4a_7c15)),
        })
    }

    /// The next message; its id is the caller's to set.
    pub fn take(&mut self) -> &[u8] {
        let (begin, end) = self.places[self.next];
        self.next += 1;
        if self.next == self.places.len() {
            self.next = 0;
        }
        let message = &mut self.wire[begin as usize..end as usize];
        if let Some(state) = &mut self.random {
            let length = usize::from(message[HEADER]).min(RANDOM_OCTETS);
            randomise(&mut message[HEADER + 1..][..length], state);
        }
        message
    }
}

/// None where a message is not whole, is no query with a name, or there is none at all.
fn places(wire: &[u8]) -> Option<Vec<(u32, u32)>> {
    let mut places = Vec::new();
    let mut at = 0;
    while at < wire.len() {
        let length = u16::from_be_bytes([wire[at], *wire.get(at + 1)?]);
        let (begin, end) = (at + 2, at + 2 + usize::from(length));
        let label = usize::from(*wire.get(begin + HEADER)?);
        if end > wire.len() || begin + HEADER + label >= end {
            return None;
        }
        places.push((begin as u32, end as u32));
        at = end;
    }
    (!places.is_empty()).then_some(places)
}

/// Fill a label from the next state of an xorshift64* generator (Vigna 2016).
fn randomise(label: &mut [u8], state: &mut u64) {
    *state ^= *state >> 12;
    *state ^= *state << 25;
    *state ^= *state >> 27;
    // The upper bits are the better ones.
    let mut bits = state.wrapping_mul(0x2545_f491_4f6c_dd1d) >> 4;
    for octet in label {
        *octet = LETTERS[(bits & 31) as usize];
        bits >>= 5;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::HashSet;

    fn message(label: &[u8]) -> Vec<u8> {
        let mut message = vec![0; HEADER];
        message.push(label.len() as u8);
        message.extend_from_slice(label);
        message.extend([0, 0, 1, 0, 1]);
        message
    }

    fn framed(messages: &[Vec<u8>]) -> Vec<u8> {
        let framed =
            |message: &Vec<u8>| [&(message.len() as u16).to_be_bytes(), &message[..]].concat();
        messages.iter().flat_map(framed).collect()
    }

    fn queries(wire: Vec<u8>, random: Option<u64>) -> Queries {
        let places = places(&wire).unwrap();
        Queries {
            wire,
            places,
            next: 0,
            random,
        }
    }

    #[test]
    fn a_file_is_read_in_order_and_round() {
        let messages = [message(b"a"), message(b"bcd")];
        let mut queries = queries(framed(&messages), None);
        let read: Vec<_> = (0..3).map(|_| queries.take().to_vec()).collect();
        assert_eq!(read, [&messages[0][..], &messages[1][..], &messages[0][..]]);
    }

    #[test]
    fn a_file_that_ends_early_or_holds_no_name_is_refused() {
        let whole = framed(&[message(b"name")]);
        for end in 0..whole.len() {
            assert!(places(&whole[..end]).is_none(), "{end} octets");
        }
        assert!(places(&framed(&[vec![0; HEADER]])).is_none());
    }

    #[test]
    fn random_labels_differ_and_keep_the_rest() {
        let mut queries = queries(framed(&[message(b"twelveoctets")]), Some(1));
        let mut seen = HashSet::new();
        for _ in 0..10_000 {
            let asked = queries.take().to_vec();
            assert_eq!(asked[HEADER], 12);
            assert_eq!(asked[HEADER + 13..], [0, 0, 1, 0, 1]);
            assert!(seen.insert(asked));
        }
    }
}
