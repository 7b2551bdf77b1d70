//! The chain of NSEC or NSEC3 records that a signed zone has: whether it is whole, and which record
//! of it proves something about a name.
//!
//! Both kinds are one thing here, a circle of owners in canonical order. Names have a place in it:
//! themselves with NSEC, their hash below the apex with NSEC3 (RFC 5155 section 5). The record at a
//! place, or else the last one before it, says what is there.
//!
//! A chain is whole if its records lead from each owner to the next, each name that must have a
//! record has one, and nothing else has one. Then there is one right proof for each question. Of a
//! chain that is not whole nothing is said.

use std::collections::{BTreeMap, BTreeSet};

use sha1::{Digest as _, Sha1};

use crate::model::{self, Model, Name};
use crate::rules::is_hidden;

const NS: u16 = 2;
const SOA: u16 = 6;
const DS: u16 = 43;
const RRSIG: u16 = 46;
const NSEC: u16 = 47;
const DNSKEY: u16 = 48;
const NSEC3: u16 = 50;
const NSEC3PARAM: u16 = 51;

/// The flag of NSEC3 records that may cover unsigned delegations (RFC 5155 section 3.1.2.1).
pub const OPT_OUT: u8 = 1;
/// A zone with more has no NSEC3 proofs.
const MOST_ITERATIONS: u16 = 150;

/// Whether the apex has a key and a signature of the SOA.
pub fn is_signed(zone: &Model) -> bool {
    let signatures = zone.get(&zone.origin, RRSIG);
    let mut covered = signatures.into_iter().flat_map(|rrset| &rrset.rdatas);
    zone.get(&zone.origin, DNSKEY).is_some()
        && covered.any(|rdata| rdata.starts_with(&SOA.to_be_bytes()))
}

/// The type of the records that prove what is not there.
pub fn proof_type(zone: &Model) -> u16 {
    hashing(zone).map_or(NSEC, |_| NSEC3)
}

/// How names are hashed: iterations and salt.
#[derive(Clone, PartialEq, Eq)]
pub struct Hashing {
    /// How often more than once.
    pub iterations: u16,
    /// At most 255 octets.
    pub salt: Vec<u8>,
}

impl Hashing {
    /// The first fields of NSEC3 and NSEC3PARAM rdata, the flags, and what follows; None for another
    /// algorithm than SHA-1.
    fn read(rdata: &[u8]) -> Option<(Hashing, u8, &[u8])> {
        let [1, flags, high, low, len, rest @ ..] = rdata else {
            return None;
        };
        let (salt, rest) = rest.split_at_checked(usize::from(*len))?;
        let iterations = u16::from_be_bytes([*high, *low]);
        let salt = salt.to_vec();
        Some((Hashing { iterations, salt }, *flags, rest))
    }

    /// The first fields.
    pub fn write(&self, flags: u8) -> Vec<u8> {
        let mut rdata = vec![1, flags];
        rdata.extend(self.iterations.to_be_bytes());
        rdata.push(self.salt.len() as u8);
        rdata.extend(&self.salt);
        rdata
    }

    /// The hash of a name, 20 octets.
    fn hash(&self, name: &[Vec<u8>]) -> Vec<u8> {
        let mut octets = model::wire(name);
        for _ in 0..=self.iterations {
            octets.extend(&self.salt);
            octets = Sha1::digest(&octets).to_vec();
        }
        octets
    }
}

/// Base 32 with the extended hex alphabet, bit by bit (RFC 4648 section 7). The input is a multiple
/// of 5 bits long.
fn base32(octets: &[u8]) -> Vec<u8> {
    let bits: Vec<u8> = octets
        .iter()
        .flat_map(|octet| (0..8).rev().map(move |bit| octet >> bit & 1))
        .collect();
    let digits = bits
        .chunks(5)
        .map(|bits| bits.iter().fold(0, |digit, bit| digit << 1 | bit));
    digits
        .map(|digit: u8| b"0123456789abcdefghijklmnopqrstuv"[usize::from(digit)])
        .collect()
}

/// The parameters of the first NSEC3PARAM record that says that a chain is complete
/// (RFC 5155 section 4.1.2).
fn hashing(zone: &Model) -> Option<Hashing> {
    let parameters = zone.get(&zone.origin, NSEC3PARAM)?;
    let read = parameters
        .rdatas
        .iter()
        .filter_map(|rdata| Hashing::read(rdata));
    let mut usable =
        read.filter(|(hashing, flags, _)| *flags == 0 && hashing.iterations <= MOST_ITERATIONS);
    usable.next().map(|(hashing, ..)| hashing)
}

/// A chain that is whole.
pub struct Chain {
    origin: Name,
    hashing: Option<Hashing>,
    owners: BTreeSet<Name>,
}

impl Chain {
    /// The chain by which a zone proves what is not there, if it is whole.
    pub fn of(zone: &Model) -> Option<Chain> {
        let hashing = hashing(zone);
        let links = links(zone, hashing.as_ref())?;
        let chain = Chain {
            origin: zone.origin.clone(),
            hashing,
            owners: links.keys().cloned().collect(),
        };
        let nexts = links.values().map(|link| &link.next);
        let behind = chain.owners.iter().cycle().skip(1).take(links.len());
        let names = names(zone, chain.is_hashed(), false);
        let must_have = self::names(zone, chain.is_hashed(), true);
        let places = names.iter().map(|name| (chain.place(name), name));
        let places: BTreeMap<Name, &Name> = places.collect();
        let is_proved = |(place, name): (&Name, &&Name)| {
            let found = chain.at_or_before(place);
            found == place || links[found].opt_out && !must_have.contains(*name)
        };
        let is_whole = !links.is_empty()
            && nexts.eq(behind)
            && chain.owners.iter().all(|owner| places.contains_key(owner))
            && places.iter().all(is_proved);
        is_whole.then_some(chain)
    }

    fn place(&self, name: &[Vec<u8>]) -> Name {
        place(&self.origin, self.hashing.as_ref(), name)
    }

    /// Whether names are hashed.
    pub fn is_hashed(&self) -> bool {
        self.hashing.is_some()
    }

    /// Whether a name has a record of its own.
    pub fn has(&self, name: &[Vec<u8>]) -> bool {
        self.owners.contains(&self.place(name))
    }

    /// The owner of the record of a name, or of the one that covers it.
    pub fn owner(&self, name: &[Vec<u8>]) -> &Name {
        self.at_or_before(&self.place(name))
    }

    fn at_or_before(&self, place: &Name) -> &Name {
        let owner = self.owners.range::<Name, _>(..=place).next_back();
        let owner = owner.or(self.owners.last());
        owner.expect("a chain has records")
    }
}

/// What one record of a chain says about the next one.
struct Link {
    next: Name,
    opt_out: bool,
}

/// The records of a chain by their owners; None where there is one that is none.
fn links(zone: &Model, hashing: Option<&Hashing>) -> Option<BTreeMap<Name, Link>> {
    let mut links = BTreeMap::new();
    let proof = hashing.map_or(NSEC, |_| NSEC3);
    for (owner, _, rrset) in zone.rrsets().filter(|(_, rtype, _)| *rtype == proof) {
        for rdata in &rrset.rdatas {
            let link = match hashing {
                None => Some(Link {
                    next: model::labels(model::name_at(rdata)?),
                    opt_out: false,
                }),
                Some(hashing) => read_hashed(zone, hashing, rdata)?,
            };
            if let Some(link) = link
                && links.insert(owner.clone(), link).is_some()
            {
                return None;
            }
        }
    }
    Some(links)
}

/// A record of NSEC3; Some(None) for one of other parameters.
fn read_hashed(zone: &Model, hashing: &Hashing, rdata: &[u8]) -> Option<Option<Link>> {
    let (found, flags, rest) = Hashing::read(rdata)?;
    if found != *hashing {
        return Some(None);
    }
    let next = rest.get(1..21).filter(|_| rest[0] == 20)?;
    Some(Some(Link {
        next: [&zone.origin[..], &[base32(next)]].concat(),
        opt_out: flags & OPT_OUT != 0,
    }))
}

/// Where a name is in the order of a chain.
pub fn place(origin: &Name, hashing: Option<&Hashing>, name: &[Vec<u8>]) -> Name {
    match hashing {
        None => name.to_vec(),
        Some(hashing) => [&origin[..], &[base32(&hashing.hash(name))]].concat(),
    }
}

/// The names that a chain says something about: those with records that are not hidden by a zone cut
/// or a DNAME, with NSEC3 also the empty non-terminals above them. Opt-out leaves out delegations
/// without DS (RFC 5155 section 6), but for wildcards, which answer for other names.
pub fn names(zone: &Model, is_hashed: bool, is_opt_out: bool) -> BTreeSet<Name> {
    let is_left_out = |name: &Name| {
        is_opt_out
            && *name != zone.origin
            && name.last().is_none_or(|label| label != b"*")
            && zone.get(name, NS).is_some()
            && zone.get(name, DS).is_none()
    };
    let owners = zone.nodes.keys().filter(|name| zone.exists(name));
    let owners = owners.filter(|name| !is_hidden(zone, name) && !is_left_out(name));
    let mut names: BTreeSet<Name> = owners.cloned().collect();
    if is_hashed {
        for name in names.clone() {
            let depths = zone.origin.len()..name.len();
            names.extend(depths.map(|depth| name[..depth].to_vec()));
        }
    }
    names
}
