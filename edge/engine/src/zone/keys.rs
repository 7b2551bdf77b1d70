//! Keys of NSEC and NSEC3 records, which compare octet by octet.
//!
//! ```text
//! NSEC     0 │ labels in front of the origin, from the right, each ended by 0
//! NSEC3    1 │ u16 iterations │ u8 length │ salt │ hash in Base 32
//! ```
//! NSEC records are in the canonical order of their owners (RFC 4034 section 6.1), NSEC3 records in
//! that of hashes, which their owners have as first label (RFC 5155 section 3). In labels the octets
//! 0 and 1 become 1 1 and 1 2. Base 32 with the extended hex alphabet sorts as what it encodes does.
//! Records of other parameters, which are there while a signer goes from one salt to another, have
//! other keys, so no proof mixes them.

use super::chain::Chain;
use super::hashing::{HASH_LABEL, HashLabel, Hashing};
use super::rrset::Rrset;
use crate::name;
use crate::rdata::types::{NSEC, NSEC3};

/// Most octets of a key: a name whose octets all take two, and what stands before it; that of NSEC3
/// is shorter.
const MOST_KEY: usize = 1 + 2 * name::MAX_NAME;
/// What keys of NSEC and NSEC3 begin with.
const BY_NAME: u8 = 0;
const BY_HASH: u8 = 1;

/// A key of the chain, stored inline.
pub(super) struct Key {
    octets: [u8; MOST_KEY],
    len: usize,
}

impl Key {
    /// The key of the NSEC record of a folded name at or below the origin, which has `origin`
    /// octets.
    pub(super) fn of_name(name: &[u8], origin: usize) -> Key {
        let mut key = Key::begin(BY_NAME);
        let labels = &name[..name.len() - origin];
        let mut starts = [0; name::MAX_LABELS];
        for start in name::label_starts(labels, &mut starts).iter().rev() {
            for &octet in name::label_at(labels, *start) {
                match octet {
                    0 | 1 => key.push(&[1, octet + 1]),
                    octet => key.push(&[octet]),
                }
            }
            key.push(&[0]);
        }
        key
    }

    /// The key of the NSEC3 record of a hash.
    pub(super) fn of_hash(hashing: Hashing<'_>, label: &HashLabel) -> Key {
        let mut key = Key::begin(BY_HASH);
        key.push(&hashing.iterations.to_be_bytes());
        key.push(&[hashing.salt.len() as u8]);
        key.push(hashing.salt);
        key.push(label);
        key
    }

    fn begin(first: u8) -> Key {
        let mut key = Key {
            octets: [0; MOST_KEY],
            len: 0,
        };
        key.push(&[first]);
        key
    }

    fn push(&mut self, octets: &[u8]) {
        self.octets[self.len..][..octets.len()].copy_from_slice(octets);
        self.len += octets.len();
    }

    pub(super) fn octets(&self) -> &[u8] {
        &self.octets[..self.len]
    }
}

/// The name that a key of an NSEC record was made of, at the end of an array; where it starts there.
pub(super) fn name_of(key: &[u8], origin: &[u8], name: &mut [u8; name::MAX_NAME]) -> usize {
    let mut start = name.len() - origin.len();
    name[start..].copy_from_slice(origin);
    let labels = key[1..].split(|octet| *octet == 0);
    for label in labels.filter(|label| !label.is_empty()) {
        let (mut octets, mut read, mut length) = (label.iter(), [0; name::MAX_LABEL], 0);
        while let Some(&octet) = octets.next() {
            read[length] = match octet {
                1 => octets.next().map_or(0, |escaped| escaped - 1),
                octet => octet,
            };
            length += 1;
        }
        start -= length;
        name[start..][..length].copy_from_slice(&read[..length]);
        start -= 1;
        name[start] = length as u8;
    }
    start
}

/// The keys of an RRset: one for NSEC, one for each set of parameters for NSEC3, none for others.
pub(super) fn each_key(owner: &[u8], origin: usize, rrset: Rrset<'_>, mut each: impl FnMut(&[u8])) {
    match rrset.rtype {
        NSEC => each(Key::of_name(owner, origin).octets()),
        NSEC3 => {
            let label = owner[..owner.len() - origin].split_first();
            let Some((&length, label)) = label else {
                return;
            };
            if let Ok(label) = label.try_into()
                && usize::from(length) == HASH_LABEL
            {
                for hashing in rrset.rdatas().filter_map(Hashing::of) {
                    each(Key::of_hash(hashing, label).octets());
                }
            }
        }
        _ => {}
    }
}

/// Takes an RRset into the chain of its zone.
pub(super) fn link(chain: &mut Chain, owner: &[u8], origin: usize, rrset: Rrset<'_>) {
    each_key(owner, origin, rrset, |key| chain.insert(key));
}

/// Takes an RRset out of it.
pub(super) fn unlink(chain: &mut Chain, owner: &[u8], origin: usize, rrset: Rrset<'_>) {
    each_key(owner, origin, rrset, |key| chain.remove(key));
}
