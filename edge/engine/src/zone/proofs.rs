//! The records of a zone that prove what is not there: NSEC and NSEC3, by what precedes a name.

use super::entry::Entry;
use super::hashing::{HASH_LABEL, HashLabel, Hashing, MOST_ITERATIONS};
use super::keys::{Key, name_of};
use super::version::Zone;
use crate::name;

impl Zone {
    /// How this zone hashes names, where it has NSEC3 records for denial: the first of its
    /// NSEC3PARAM records without flags (RFC 5155 section 4.1.2) and with few enough iterations.
    pub fn hashing(&self) -> Option<Hashing<'_>> {
        let mut rdatas = self.hashings();
        rdatas.find(|hashing| hashing.iterations <= MOST_ITERATIONS)
    }

    /// The owner of the NSEC record at a folded name, or else of the one that covers it.
    pub fn nsec(&self, name: &[u8]) -> Option<Entry<'_>> {
        let origin = self.origin.as_wire();
        let key = Key::of_name(name, origin.len());
        let found = self.chain.at_or_before(key.octets())?;
        let mut owner = [0; name::MAX_NAME];
        let start = name_of(found, origin, &mut owner);
        self.names.entry(&owner[start..])
    }

    /// The owner of the NSEC3 record of a hash, and true; or else of the one that covers it, and
    /// false.
    pub fn nsec3(&self, hashing: Hashing<'_>, label: &HashLabel) -> Option<(Entry<'_>, bool)> {
        let key = Key::of_hash(hashing, label);
        let parameters = &key.octets()[..key.octets().len() - HASH_LABEL];
        let found = self.chain.at_or_before(key.octets());
        let found = found.filter(|found| found.starts_with(parameters));
        // The last record covers what is before the first one.
        let found = found.or_else(|| {
            let last = Key::of_hash(hashing, &[u8::MAX; HASH_LABEL]);
            let last = self.chain.at_or_before(last.octets())?;
            last.starts_with(parameters).then_some(last)
        })?;
        let origin = self.origin.as_wire();
        let mut owner = [0; name::MAX_NAME];
        let owner = owner.get_mut(..1 + HASH_LABEL + origin.len())?;
        owner[0] = HASH_LABEL as u8;
        owner[1..][..HASH_LABEL].copy_from_slice(&found[parameters.len()..]);
        owner[1 + HASH_LABEL..].copy_from_slice(origin);
        Some((self.names.entry(owner)?, found == key.octets()))
    }

    /// Whether the zone has any NSEC or NSEC3 record.
    pub fn has_proofs(&self) -> bool {
        !self.chain.is_empty()
    }
}
