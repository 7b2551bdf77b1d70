//! Chains of NSEC3 records (RFC 5155 section 7.1), one for each set of parameters.
//!
//! Two lists in the order of hashes are compared: what the names of the zone hash to, and the
//! records that there are.

use super::names::{Kind, Named, different_types, is_hash};
use super::reports::Reports;
use crate::name;
use crate::rdata::{
    bitmap_types,
    types::{NSEC, NSEC3, NSEC3PARAM},
};
use crate::zone::{HASH, HASH_LABEL, HashLabel, Hashing, Rrset, Zone, to_label};

/// The flag of a record that may cover insecure delegations (RFC 5155 section 3.1.2.1).
const OPT_OUT: u8 = 1;
/// Octets of rdata in front of the salt.
const FIELDS: usize = 5;
/// The length octet of an owner that is a hash.
const HASH_LENGTH: u8 = HASH_LABEL as u8;

/// A name that exists, and its hash.
struct Hashed<'z> {
    label: HashLabel,
    name: &'z [u8],
    /// What it owns; an empty non-terminal owns nothing.
    named: Option<&'z Named<'z>>,
    /// Whether opt-out may leave it out.
    is_insecure: bool,
}

/// A record of the chain.
struct Record<'z> {
    owner: &'z [u8],
    label: &'z [u8],
    is_opt_out: bool,
    /// None where it is no hash.
    next: Option<HashLabel>,
    types: Vec<u16>,
    /// Whether a name that must have a record is between this one and the next.
    has_hole: bool,
}

/// Checks the chain of some parameters.
pub(super) fn check(
    zone: &Zone,
    names: &[Named<'_>],
    hashing: Hashing<'_>,
    reports: &mut Reports<'_>,
) {
    let mut records = records(zone, names, hashing, reports);
    if records.is_empty() {
        reports.error("NoChain", zone.origin().as_wire(), NSEC3PARAM, || {
            let Hashing { iterations, salt } = hashing;
            let salt: String = salt.iter().map(|octet| format!("{octet:02X}")).collect();
            format!(
                "no NSEC3 record has the parameters of NSEC3PARAM 1 0 {iterations} {}",
                if salt.is_empty() { "-" } else { &salt }
            )
        });
        return;
    }
    let mut at = 0;
    for hashed in hashes(zone, names, hashing) {
        while records
            .get(at)
            .is_some_and(|record| *record.label < hashed.label[..])
        {
            unexpected(&records[at], reports);
            at += 1;
        }
        match records.get(at) {
            Some(record) if *record.label == hashed.label => {
                check_types(record, &hashed, reports);
                at += 1;
            }
            _ => {
                // The last record covers what is before the first one.
                let before = at.checked_sub(1).unwrap_or(records.len() - 1);
                let covering = &mut records[before];
                if !(hashed.is_insecure && covering.is_opt_out) {
                    covering.has_hole = true;
                    missing(&hashed, reports);
                }
            }
        }
    }
    for record in &records[at..] {
        unexpected(record, reports);
    }
    check_links(&records, reports);
}

/// The records of these parameters; their owners are in the order of hashes as they are in the zone.
fn records<'z>(
    zone: &Zone,
    names: &'z [Named<'z>],
    hashing: Hashing<'_>,
    reports: &mut Reports<'_>,
) -> Vec<Record<'z>> {
    let origin = zone.origin().as_wire().len();
    let mut records: Vec<Record<'z>> = Vec::new();
    for named in names {
        let rdatas = named.node.get(NSEC3).into_iter().flat_map(Rrset::rdatas);
        let [HASH_LENGTH, labels @ ..] = named.owner else {
            continue;
        };
        if labels.len() != HASH_LABEL + origin {
            continue;
        }
        for rdata in rdatas.filter(|rdata| Hashing::of(rdata) == Some(hashing)) {
            if records.last().is_some_and(|last| last.owner == named.owner) {
                reports.error("MultipleNSEC3", named.owner, NSEC3, || {
                    let owner = name::to_text(named.owner);
                    format!("{owner} has several NSEC3 of the same parameters, one allowed")
                });
                continue;
            }
            let rest = &rdata[FIELDS + hashing.salt.len()..];
            let (length, rest) = rest.split_first().unwrap_or((&0, rest));
            let next = rest.first_chunk().filter(|_| usize::from(*length) == HASH);
            records.push(Record {
                owner: named.owner,
                label: &labels[..HASH_LABEL],
                is_opt_out: rdata[1] & OPT_OUT != 0,
                next: next.map(to_label),
                types: bitmap_types(rest.get(usize::from(*length)..).unwrap_or_default()),
                has_hole: false,
            });
        }
    }
    records
}

/// The names that exist and are not hidden, by their hashes.
fn hashes<'z>(zone: &'z Zone, names: &'z [Named<'z>], hashing: Hashing<'_>) -> Vec<Hashed<'z>> {
    let origin = zone.origin().as_wire();
    let mut hashes = Vec::new();
    let mut add = |name: &'z [u8], named, is_insecure| {
        hashes.push(Hashed {
            label: hashing.hash(name),
            name,
            named,
            is_insecure,
        });
    };
    // In canonical order the names below another one follow each other. So what is above both this
    // name and the last one was added with that.
    let (mut last, mut last_secure) = (origin, origin);
    let existing = |named: &&Named<'_>| matches!(named.kind, Kind::Own | Kind::Cut);
    for named in names.iter().filter(existing) {
        let is_insecure = named.is_insecure();
        add(named.owner, Some(named), is_insecure);
        let added = if is_insecure { last } else { last_secure };
        let mut name = named.owner;
        while let Some(above) = name::parent(name).filter(|above| above.len() > origin.len())
            && !name::is_at_or_below(added, above)
        {
            let node = zone.node(above).expect("a name above another one exists");
            if node.is_empty() || is_hash(node) {
                add(above, None, is_insecure);
            }
            name = above;
        }
        last = named.owner;
        if !is_insecure {
            last_secure = named.owner;
        }
    }
    // An empty non-terminal above both kinds of names is there twice, the secure one comes first.
    hashes.sort_unstable_by_key(|hashed| (hashed.label, hashed.is_insecure));
    hashes.dedup_by(|second, first| second.label == first.label);
    hashes
}

fn check_types(record: &Record<'_>, hashed: &Hashed<'_>, reports: &mut Reports<'_>) {
    let there = hashed.named.map_or(Vec::new(), Named::hashed_types);
    let mut listed = record.types.clone();
    listed.retain(|rtype| ![NSEC, NSEC3].contains(rtype));
    if listed != there {
        reports.error("WrongTypes", record.owner, NSEC3, || {
            let (owner, name) = (name::to_text(record.owner), name::to_text(hashed.name));
            let types = different_types(&listed, &there);
            format!("{owner} NSEC3 of {name} {types}")
        });
    }
}

fn missing(hashed: &Hashed<'_>, reports: &mut Reports<'_>) {
    reports.error("MissingNSEC3", hashed.name, NSEC3, || {
        let name = name::to_text(hashed.name);
        let hash = str::from_utf8(&hashed.label).expect("digits");
        format!("{name} has no NSEC3 record, its hash is {hash}")
    });
}

/// A signature whose record was lost: the name exists for it, and nothing proves that.
pub(super) fn lost(named: &Named<'_>, reports: &mut Reports<'_>) {
    reports.error("MissingNSEC3", named.owner, NSEC3, || {
        let owner = name::to_text(named.owner);
        format!("{owner} has a signature of NSEC3, and no NSEC3 record")
    });
}

fn unexpected(record: &Record<'_>, reports: &mut Reports<'_>) {
    reports.error("UnexpectedNSEC3", record.owner, NSEC3, || {
        let owner = name::to_text(record.owner);
        format!("{owner} NSEC3 is of no name that the zone answers for")
    });
}

fn check_links(records: &[Record<'_>], reports: &mut Reports<'_>) {
    let follow = records.iter().cycle().skip(1);
    for (record, follows) in records.iter().zip(follow) {
        let is_right = record.next.is_some_and(|next| next[..] == *follows.label);
        if is_right || record.has_hole {
            continue;
        }
        reports.error("WrongNext", record.owner, NSEC3, || {
            let [owner, follows] = [record.owner, follows.owner].map(name::to_text);
            let next = match &record.next {
                Some(next) => str::from_utf8(next).expect("digits"),
                None => "no hash of SHA-1",
            };
            format!("{owner} NSEC3 says that {next} is next, in the zone it is {follows}")
        });
    }
}
