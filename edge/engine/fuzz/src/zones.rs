//! A zone that is edited, published now and then, and compared with a model.
//!
//! An input is a list of edits, so that every input makes changes that are accepted, with names
//! that are related and enough of them for the zone's parts to split. A version that was published
//! must stay as it was, and the last one must answer as its records say, also when it is signed. What
//! was signed has no faults, and has some when a record of its chain, or a signature, is lost.

use dnsfleet_engine::builder::Builder;
use dnsfleet_engine::violations::Severity;
use dnsfleet_engine::zone::Zone;
use libfuzzer_sys::arbitrary::{Result, Unstructured};

use crate::chains;
use crate::deltas::{check_difference, check_way};
use crate::model::{self, Model, Name, Rrset};
use crate::packets;
use crate::signer::{self, Way};
use crate::snapshots::{check_zone, query};
use crate::worlds::World;

/// Versions that are kept and looked at in the end.
const MOST_VERSIONS: usize = 4;
/// How many names one edit adds: some, or so many that the parts of a zone split.
const NAMES: [u32; 5] = [1, 2, 4, 8, 120];
/// Most questions to the last version.
const MOST_QUESTIONS: usize = 16;

const NS: u16 = 2;
const SOA: u16 = 6;
const RRSIG: u16 = 46;
const NSEC: u16 = 47;
const NSEC3: u16 = 50;
const LABELS: [&[u8]; 8] = [b"a", b"b", b"c", b"*", b"\0", b"ns", b"A.", &[b'l'; 63]];
/// A, NS, CNAME, PTR, MX, TXT, AAAA, SRV, DNAME, DS, RRSIG, NSEC, DNSKEY, SVCB, HTTPS and one without
/// a name.
const TYPES: [u16; 16] = [
    1, 2, 5, 12, 15, 16, 28, 33, 39, 43, 46, 47, 48, 64, 65, 65_280,
];

/// None leaves a zone as it is.
const WAYS: [Option<Way>; 4] = [None, Some(Way::Nsec), Some(Way::Nsec3), Some(Way::OptOut)];

/// See the module.
pub fn check(input: &[u8]) {
    // Octets that run out end the life, and all that was made is still looked at.
    let mut life = Life::start();
    let mut choices = Unstructured::new(input);
    while !choices.is_empty() && life.versions.len() < MOST_VERSIONS {
        if life.edit(&mut choices).is_err() {
            break;
        }
    }
    life.publish();
    life.end(&mut choices);
}

/// Versions that were published, and the records of the next one.
struct Life {
    versions: Vec<(Zone, Model)>,
    next: Model,
}

impl Life {
    fn start() -> Life {
        let mut model = Model {
            origin: vec![b"z".to_vec()],
            nodes: Default::default(),
        };
        let numbers = [0; 20];
        let soa = Rrset {
            ttl: 300,
            rdatas: vec![[&b"\x01a\0\0"[..], &numbers].concat()],
        };
        model.set(model.origin.clone(), SOA, soa);
        let zone = Zone::decode(&model.encode()).expect("a zone");
        Life {
            versions: vec![(zone, model.clone())],
            next: model,
        }
    }

    fn edit(&mut self, choices: &mut Unstructured) -> Result<()> {
        match choices.int_in_range(0..=9)? {
            0..=4 => {
                let (owner, rtype) = (name(choices, &self.next.origin)?, *choices.choose(&TYPES)?);
                let rrset = rrset(choices, rtype)?;
                self.next.set(owner, rtype, rrset);
            }
            5..=7 => {
                let count = self.next.rrsets().count();
                let (owner, rtype, _) = self
                    .next
                    .rrsets()
                    .nth(choices.choose_index(count)?)
                    .expect("as many as there are");
                if rtype != SOA {
                    let owner = owner.clone();
                    self.next.remove(&owner, rtype);
                }
            }
            8 => {
                let above = name(choices, &self.next.origin)?;
                let rrset = rrset(choices, TYPES[0])?;
                for number in 0..*choices.choose(&NAMES)? {
                    let label = format!("h{number}").into_bytes();
                    let owner = [&above[..], &[label]].concat();
                    self.next.set(owner, TYPES[0], rrset.clone());
                }
            }
            _ => self.publish(),
        }
        Ok(())
    }

    /// Makes the next version from the last one by a delta of the model's.
    fn publish(&mut self) {
        let (old, before) = self.versions.last().expect("a first version");
        let new = old.apply(&before.encode_delta(&self.next));
        let new = new.expect("a change of known records");
        assert_eq!(new.encode(), self.next.encode());
        check_zone(&new, &self.next);
        check_difference((old, before), (&new, &self.next));
        self.versions.push((new, self.next.clone()));
    }

    /// Looks once more at all versions, and asks the last one.
    fn end(mut self, choices: &mut Unstructured) {
        for (zone, model) in &self.versions {
            assert_eq!(zone.encode(), model.encode(), "a later version changed it");
        }
        let (last, model) = self.versions.pop().expect("the one just published");
        let (first, before) = &self.versions[0];
        check_difference((first, before), (&last, &model));
        check_way(&last, first);
        let Ok(last) = sign(choices, last, &model) else {
            return;
        };
        let world = World::of([last]);
        for _ in 0..MOST_QUESTIONS {
            let (Ok(name), Ok(rtype)) = (name(choices, &model.origin), choices.choose(&TYPES))
            else {
                return;
            };
            packets::ask(&world, &query(&model::wire(&name), *rtype));
        }
    }
}

/// Signs a zone, or leaves it as it is, and once more, so that one chain is made of another.
fn sign(choices: &mut Unstructured, mut zone: Zone, model: &Model) -> Result<Zone> {
    let mut model = model.clone();
    for _ in 0..2 {
        if let Some(way) = choices.choose(&WAYS)? {
            let mut next = model.clone();
            // A server in another zone, since nothing else but the chain is to be judged.
            let rdatas = vec![b"\x01a\x05other\0".to_vec()];
            next.set(model.origin.clone(), NS, Rrset { ttl: 2, rdatas });
            let signed = signer::sign(&next, *way);
            let applied = zone.apply(&model.encode_delta(&signed));
            zone = applied.expect("a change of known records");
            check_zone(&zone, &signed);
            assert_eq!(faults(&zone), [""; 0], "of a zone that was signed");
            model = signed;
        }
    }
    if chains::is_signed(&model) {
        check_loss(choices, &zone, &model)?;
    }
    Ok(zone)
}

/// What is wrong with a zone, as its publisher is told.
fn faults(zone: &Zone) -> Vec<String> {
    let mut builder = Builder::new(None);
    builder.add_zone(zone.clone()).expect("nothing before it");
    let (_, found) = builder.finish();
    let errors = found.into_iter().filter(|found| found.3 == Severity::Error);
    errors.map(|(_, message, ..)| message).collect()
}

/// A zone that lost one RRset of its chain, or of its signatures, has a fault.
fn check_loss(choices: &mut Unstructured, zone: &Zone, signed: &Model) -> Result<()> {
    let is_proof = |rtype| [RRSIG, NSEC, NSEC3].contains(&rtype);
    let rrsets = signed.rrsets().filter(|(_, rtype, _)| is_proof(*rtype));
    let rrsets: Vec<_> = rrsets.map(|(owner, rtype, _)| (owner, rtype)).collect();
    let (owner, rtype) = *choices.choose(&rrsets)?;
    let mut less = signed.clone();
    less.remove(owner, rtype);
    let applied = zone.apply(&signed.encode_delta(&less));
    let faults = faults(&applied.expect("a change of known records"));
    // Without the signature of its SOA a zone is not signed.
    let is_found = !faults.is_empty() || !chains::is_signed(&less);
    assert!(is_found, "type {rtype} of {owner:?}");
    Ok(())
}

/// A name at or below the origin.
fn name(choices: &mut Unstructured, origin: &Name) -> Result<Name> {
    let mut name = origin.clone();
    for _ in 0..choices.int_in_range(0..=3)? {
        name.push(choices.choose(&LABELS)?.to_ascii_lowercase());
    }
    Ok(name)
}

/// Some records of a type.
fn rrset(choices: &mut Unstructured, rtype: u16) -> Result<Rrset> {
    let mut rdatas = Vec::new();
    for _ in 0..choices.int_in_range(1..=3)? {
        rdatas.push(rdata(choices, rtype)?);
    }
    rdatas.sort_unstable();
    rdatas.dedup();
    Ok(Rrset {
        ttl: choices.int_in_range(0..=3)?,
        rdatas,
    })
}

/// Rdata with the fields of its type; names are in lower case, so that they sort as octets.
fn rdata(choices: &mut Unstructured, rtype: u16) -> Result<Vec<u8>> {
    let octets: [u8; 4] = choices.arbitrary()?;
    let target = match choices.ratio(1, 4)? {
        true => b"\x01a\x05other\0".to_vec(),
        false => model::wire(&name(choices, &vec![b"z".to_vec()])?),
    };
    Ok(match rtype {
        1 => octets.to_vec(),
        2 | 5 | 12 | 39 => target,
        15 => [&octets[..2], &target].concat(),
        16 => [&[4], &octets[..]].concat(),
        28 => octets.repeat(4),
        33 => [&octets, &octets[..2], &target].concat(),
        43 => [&octets[..3], &[0; 1], &octets[..]].concat(),
        46 => [
            &TYPES[octets[0] as usize % TYPES.len()].to_be_bytes(),
            &[8, 1][..],
            &[0; 14],
            &target,
            &[1],
        ]
        .concat(),
        48 => [&octets, &octets[..1]].concat(),
        47 => [&target[..], b"\0\x01\x40"].concat(),
        64 | 65 if octets[1] == 0 => [&[0, octets[0] % 2], &[0][..]].concat(),
        64 | 65 => [&[0, octets[0] % 2], &target[..]].concat(),
        _ => octets.to_vec(),
    })
}
