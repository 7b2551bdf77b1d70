//! The digest of a whole zone, which its apex has in ZONEMD records (RFC 8976).
//!
//! It tells that no record was changed, lost or added on the way here. It is computed from the
//! records of master files as they came, so with the TTL of each; but a signature has the TTL of what
//! it signs (RFC 4034 section 3), as in answers, whatever its line says. Records of Zone and RecordSet
//! objects are meant to differ, and a digest among them is of nothing that came from elsewhere.
//!
//! Records of another scheme than SIMPLE, or of another hash than SHA-384 and SHA-512, say nothing
//! (RFC 8976 section 4), nor do two of the same scheme and hash. Of the others one must match, for
//! the serial that the zone has. Without any of them the zone is not verified.

use sha2::{Digest, Sha384, Sha512};

use super::owner::Places;
use crate::gathered::Gathered;
use crate::master::Where;
use crate::rdata::{
    fold_names,
    types::{RRSIG, ZONEMD},
};
use crate::violations::Violations;
use crate::zone::{Rrset, Zone, is_signature_of};

/// All records in canonical order, one behind the other (RFC 8976 section 2.2.2).
const SIMPLE: u8 = 1;
/// The hashes (RFC 8976 section 2.2.3).
const SHA_384: u8 = 1;
const SHA_512: u8 = 2;

const CLASS_IN: u16 = 1;

/// The rdata of a ZONEMD that can be verified.
struct Claim<'z> {
    serial: u32,
    hash: u8,
    digest: &'z [u8],
}

/// Checks the digest of a new zone of these records, if it has one.
pub(super) fn check(
    zone: &Zone,
    gathered: &Gathered,
    places: Places<'_>,
    violations: &mut Violations,
) {
    let claims = claims(zone);
    if claims.is_empty() {
        return;
    }
    let origin = zone.origin();
    let place = places.of(origin.as_wire(), ZONEMD);
    if !place.is_some_and(Where::is_in_file) {
        return;
    }
    let mut fail = |message| violations.error("WrongZoneDigest", message, place);
    let is_current = |claim: &&Claim<'_>| claim.serial == zone.serial();
    let current: Vec<_> = claims.iter().filter(is_current).collect();
    if current.is_empty() {
        let (found, serial) = (claims[0].serial, zone.serial());
        fail(format!(
            "{origin} ZONEMD is of serial {found}, and the SOA has {serial}; make it anew, or \
             remove it"
        ));
        return;
    }
    let is_right = |claim: &&Claim<'_>| match claim.hash {
        SHA_384 => digest::<Sha384>(zone, gathered, places) == claim.digest,
        _ => digest::<Sha512>(zone, gathered, places) == claim.digest,
    };
    if !current.iter().copied().any(|claim| is_right(&claim)) {
        fail(format!(
            "{origin} ZONEMD is the digest of other records: some were changed, lost or added after \
             it was made"
        ));
    }
}

/// What the apex says about the zone.
fn claims(zone: &Zone) -> Vec<Claim<'_>> {
    let rdatas = zone.apex().get(ZONEMD).into_iter().flat_map(Rrset::rdatas);
    let mut claims: Vec<_> = rdatas
        .filter_map(|rdata| match rdata.split_first_chunk() {
            Some((&[s0, s1, s2, s3, SIMPLE, hash @ (SHA_384 | SHA_512)], digest)) => Some(Claim {
                serial: u32::from_be_bytes([s0, s1, s2, s3]),
                hash,
                digest,
            }),
            _ => None,
        })
        .collect();
    for hash in [SHA_384, SHA_512] {
        if claims.iter().filter(|claim| claim.hash == hash).count() > 1 {
            claims.retain(|claim| claim.hash != hash);
        }
    }
    claims
}

/// The digest by the scheme SIMPLE: all records but those that it is in, and what signs them
/// (RFC 8976 section 3.3.1).
fn digest<Hash: Digest>(zone: &Zone, gathered: &Gathered, places: Places<'_>) -> Vec<u8> {
    let mut hash = Hash::new();
    let apex = zone.origin().as_wire();
    let rrsets = places
        .0
        .chunk_by(|a, b| a.0 == b.0 && a.1.rtype == b.1.rtype);
    for records in rrsets {
        let (owner, rtype) = (records[0].0, records[0].1.rtype);
        if owner == apex && rtype == ZONEMD {
            continue;
        }
        let records = records
            .iter()
            .filter(|(_, record)| record.place.is_in_file());
        let rdatas = records.map(|(_, record)| {
            let mut rdata = gathered.rdata(record).to_vec();
            fold_names(rtype, &mut rdata);
            let signed = (rtype == RRSIG).then(|| signed_ttl(zone, owner, &rdata));
            (rdata, signed.flatten().unwrap_or(record.ttl))
        });
        let is_left_out =
            |rdata: &[u8]| owner == apex && rtype == RRSIG && is_signature_of(rdata, ZONEMD);
        let mut rdatas: Vec<_> = rdatas.filter(|(rdata, _)| !is_left_out(rdata)).collect();
        rdatas.sort_unstable();
        rdatas.dedup_by(|a, b| a.0 == b.0);
        for (rdata, ttl) in rdatas {
            hash.update(owner);
            hash.update(rtype.to_be_bytes());
            hash.update(CLASS_IN.to_be_bytes());
            hash.update(ttl.to_be_bytes());
            hash.update((rdata.len() as u16).to_be_bytes());
            hash.update(rdata);
        }
    }
    hash.finalize().to_vec()
}

/// The TTL of the RRset that a signature is of, where that is there.
fn signed_ttl(zone: &Zone, owner: &[u8], signature: &[u8]) -> Option<u32> {
    let covered = u16::from_be_bytes(*signature.first_chunk()?);
    let signed = zone.node(owner)?.get(covered)?;
    Some(signed.ttl)
}
