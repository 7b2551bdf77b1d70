//! The digest of a zone: a sum of hashes, so that it follows a change without a walk.

use blake2::{Blake2b256, Digest as _};

use super::rrset::Rrset;

/// A number modulo 2^256, least significant limb first.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Digest([u64; 4]);

impl Digest {
    pub(super) fn add(&mut self, owner: &[u8], rrset: Rrset<'_>) {
        let mut carry = false;
        for (limb, other) in self.0.iter_mut().zip(hash(owner, rrset)) {
            let (sum, over) = limb.overflowing_add(other);
            let (sum, over_again) = sum.overflowing_add(u64::from(carry));
            (*limb, carry) = (sum, over | over_again);
        }
    }

    pub(super) fn subtract(&mut self, owner: &[u8], rrset: Rrset<'_>) {
        let mut borrow = false;
        for (limb, other) in self.0.iter_mut().zip(hash(owner, rrset)) {
            let (rest, under) = limb.overflowing_sub(other);
            let (rest, under_again) = rest.overflowing_sub(u64::from(borrow));
            (*limb, borrow) = (rest, under | under_again);
        }
    }

    pub(super) fn to_bytes(self) -> [u8; 32] {
        let mut bytes = [0; 32];
        for (chunk, limb) in bytes.rchunks_exact_mut(8).zip(self.0) {
            chunk.copy_from_slice(&limb.to_be_bytes());
        }
        bytes
    }
}

/// BLAKE2b-256 of the encoded RRset as a number, most significant octet first.
fn hash(owner: &[u8], rrset: Rrset<'_>) -> [u64; 4] {
    let mut encoded = Vec::with_capacity(128);
    rrset.encode(owner, &mut encoded);
    let bytes = Blake2b256::digest(&encoded);
    let mut limbs = [0; 4];
    for (limb, chunk) in limbs.iter_mut().zip(bytes.rchunks_exact(8)) {
        *limb = u64::from_be_bytes(chunk.try_into().expect("eight octets"));
    }
    limbs
}
