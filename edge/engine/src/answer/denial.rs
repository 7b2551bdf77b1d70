//! Proofs of what is not there: NSEC (RFC 4035 section 3.1.3) and NSEC3 (RFC 5155 section 7.2).
//!
//! | what | NSEC | NSEC3 |
//! |---|---|---|
//! | no such type | at the name; an empty non-terminal is covered | of the name, or the closest encloser |
//! | no such name | covers the name; covers the wildcard | closest encloser; covers the wildcard |
//! | expanded wildcard | covers the name | covers the next closer name |
//! | no such type at a wildcard | covers the name; at the wildcard | closest encloser; of the wildcard |
//!
//! "Closest encloser" is two records: that of the closest provable encloser, and the one that covers
//! the name one label longer, the next closer name. With opt-out, unsigned delegations and empty
//! non-terminals that lead only to them have no NSEC3 record (RFC 5155 section 6). So the closest
//! encloser that can be proved may be above the one that exists.
//!
//! What is looked up is one and the same record where several rows ask for it, and it is sent once.
//! Proofs of wildcards that gave aliases wait until the whole answer is written.

use super::lookup;
use super::sname::MOST_ALIASES;
use crate::name;
use crate::rdata::types;
use crate::zone::{Entry, HashLabel, Hashing, Zone};

/// Records of the longest proof: closest encloser, next closer name, wildcard.
const LONGEST: usize = 3;
/// Each alias may come from a wildcard, which one record proves.
const MOST_PROOFS: usize = MOST_ALIASES + LONGEST;

/// The proofs of one reply.
pub struct Proofs<'z> {
    zone: &'z Zone,
    hashing: Option<Hashing<'z>>,
    owners: [Option<Entry<'z>>; MOST_PROOFS],
    count: usize,
}

impl<'z> Proofs<'z> {
    /// None so far.
    pub fn new(zone: &'z Zone) -> Proofs<'z> {
        Proofs {
            zone,
            hashing: zone.hashing(),
            owners: [None; MOST_PROOFS],
            count: 0,
        }
    }

    /// The owners of the records to send.
    pub fn owners(&self) -> impl Iterator<Item = Entry<'z>> {
        self.owners[..self.count].iter().flatten().copied()
    }

    /// The type of the records.
    pub fn rtype(&self) -> u16 {
        match self.hashing {
            Some(_) => types::NSEC3,
            None => types::NSEC,
        }
    }

    /// A name that exists lacks a type: also DS at a cut.
    pub fn lacks_type(&mut self, name: &[u8]) {
        match self.hashing {
            None => self.add(self.zone.nsec(name)),
            Some(hashing) => match self.zone.nsec3(hashing, &hashing.hash(name)) {
                Some((owner, true)) => self.add(Some(owner)),
                _ => {
                    self.closest_encloser(hashing, name);
                }
            },
        }
    }

    /// A name does not exist, nor does a wildcard that could stand for it.
    pub fn is_absent(&mut self, name: &[u8]) {
        match self.hashing {
            None => {
                self.add(self.zone.nsec(name));
                let encloser = lookup::encloser(self.zone, name);
                self.at_wildcard(&name[name.len() - encloser..]);
            }
            Some(hashing) => {
                let encloser = self.closest_encloser(hashing, name);
                self.at_wildcard(&name[name.len() - encloser..]);
            }
        }
    }

    /// A name does not exist, and the wildcard below the last `encloser` octets stands for it.
    pub fn is_expanded(&mut self, name: &[u8], encloser: usize) {
        match self.hashing {
            None => self.add(self.zone.nsec(name)),
            Some(hashing) => {
                let next_closer = hashing.hash(next_closer(name, encloser));
                self.add_hashed(hashing, &next_closer);
            }
        }
    }

    /// That wildcard lacks a type.
    pub fn wildcard_lacks_type(&mut self, name: &[u8], encloser: usize) {
        match self.hashing {
            None => self.add(self.zone.nsec(name)),
            Some(hashing) => {
                self.closest_encloser(hashing, name);
            }
        }
        self.at_wildcard(&name[name.len() - encloser..]);
    }

    /// Adds what proves the closest encloser, and returns how many octets that has.
    fn closest_encloser(&mut self, hashing: Hashing<'z>, name: &[u8]) -> usize {
        let origin = self.zone.origin().as_wire().len();
        let mut octets = lookup::encloser(self.zone, name);
        loop {
            let encloser = &name[name.len() - octets..];
            match self.zone.nsec3(hashing, &hashing.hash(encloser)) {
                Some((owner, true)) => {
                    self.add(Some(owner));
                    break;
                }
                _ if octets <= origin => break,
                _ => octets = name::parent(encloser).map_or(origin, <[u8]>::len),
            }
        }
        if octets < name.len() {
            let next_closer = hashing.hash(next_closer(name, octets));
            self.add_hashed(hashing, &next_closer);
        }
        octets
    }

    /// Adds the record at the wildcard below an encloser, or the one that covers it.
    fn at_wildcard(&mut self, encloser: &[u8]) {
        let mut buffer = [0; name::MAX_NAME];
        // Where the wildcard is too long to be a name, no name is long enough to be below.
        let Some(wildcard) = lookup::wildcard_name(encloser, &mut buffer) else {
            return;
        };
        match self.hashing {
            None => self.add(self.zone.nsec(wildcard)),
            Some(hashing) => self.add_hashed(hashing, &hashing.hash(wildcard)),
        }
    }

    fn add_hashed(&mut self, hashing: Hashing<'z>, label: &HashLabel) {
        let found = self.zone.nsec3(hashing, label);
        self.add(found.map(|(owner, _)| owner));
    }

    fn add(&mut self, owner: Option<Entry<'z>>) {
        let Some(owner) = owner else { return };
        let is_new = self.owners().all(|other| other.owner != owner.owner);
        if is_new && let Some(free) = self.owners.get_mut(self.count) {
            *free = Some(owner);
            self.count += 1;
        }
    }
}

/// The name one label longer than an encloser, which is the last `encloser` octets of a longer name.
fn next_closer(name: &[u8], encloser: usize) -> &[u8] {
    let mut next = name;
    while let Some(parent) = name::parent(next)
        && parent.len() > encloser
    {
        next = parent;
    }
    next
}
