//! Hashed names, the owners of NSEC3 records (RFC 5155 section 5).

use sha1::{Digest, Sha1};

/// SHA-1, the one algorithm that there is (RFC 5155 section 11).
const SHA_1: u8 = 1;
/// Octets of a SHA-1 hash in Base 32.
pub(crate) const HASH_LABEL: usize = 32;
/// Octets of a SHA-1 hash.
pub(crate) const HASH: usize = 20;
/// Base 32 with the extended hex alphabet, in lower case as all owners are.
const DIGITS: &[u8; 32] = b"0123456789abcdefghijklmnopqrstuv";

/// Most iterations of the hash that a zone may use. Validators take a zone with more for insecure
/// (RFC 9276 section 3.2), and each query would cost that many hashes.
pub const MOST_ITERATIONS: u16 = 150;

/// A hashed name as a label, without its length.
pub type HashLabel = [u8; HASH_LABEL];

/// How a zone hashes names (RFC 5155 section 4).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Hashing<'z> {
    /// How often more than once.
    pub iterations: u16,
    /// What is added each time.
    pub salt: &'z [u8],
}

impl<'z> Hashing<'z> {
    /// What the rdata of NSEC3 and NSEC3PARAM begins with; None for another algorithm.
    pub(crate) fn of(rdata: &'z [u8]) -> Option<Hashing<'z>> {
        let (&[algorithm, _, i0, i1, length], rest) = rdata.split_first_chunk()?;
        (algorithm == SHA_1).then_some(Hashing {
            iterations: u16::from_be_bytes([i0, i1]),
            salt: rest.get(..usize::from(length))?,
        })
    }

    /// The hash of a folded name (RFC 5155 section 5).
    pub fn hash(self, name: &[u8]) -> HashLabel {
        let mut hash = Sha1::new().chain_update(name).chain_update(self.salt);
        for _ in 0..self.iterations {
            let before = hash.finalize();
            hash = Sha1::new().chain_update(before).chain_update(self.salt);
        }
        to_label(&hash.finalize().into())
    }
}

/// A hash in Base 32, as owners have it.
pub(crate) fn to_label(hash: &[u8; HASH]) -> HashLabel {
    let mut label = [0; HASH_LABEL];
    for (digits, octets) in label.chunks_exact_mut(8).zip(hash.chunks_exact(5)) {
        let bits = octets
            .iter()
            .fold(0_u64, |bits, octet| bits << 8 | u64::from(*octet));
        for (at, digit) in digits.iter_mut().enumerate() {
            *digit = DIGITS[(bits >> (35 - 5 * at)) as usize & 31];
        }
    }
    label
}
