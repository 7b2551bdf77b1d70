//! DS records: what the parent says about the keys of a delegated zone.
//!
//! Where validators know none of the algorithms, or none of the digests, they take the zone for
//! insecure, as if it were not signed (RFC 4035 section 5.2). So it is served, with a warning.

use super::owner::Owner;
use crate::rdata::types::DS;
use crate::violations::Violations;
use crate::zone::{Node, Rrset};

/// The digest by SHA-1 (RFC 3658).
const SHA_1: u8 = 1;
/// Algorithms that are not to be used: RSAMD5, DSA and its NSEC3 twin, RSASHA1 and its NSEC3 twin,
/// and ECC-GOST (RFC 8624 section 3.1, RFC 9905, RFC 9906).
const OLD_ALGORITHMS: [u8; 6] = [1, 3, 5, 6, 7, 12];

/// Warns of a DS that is in the wrong zone, or that validators ignore.
pub(super) fn check_ds(owner: &Owner<'_>, node: Node<'_>, violations: &mut Violations) {
    let Some(records) = node.get(DS).filter(|_| owner.has_added(DS)) else {
        return;
    };
    let mut warn = |reason, message| violations.warn(reason, message, owner.place(DS));
    let text = owner.text();
    if owner.is_apex() {
        let message = format!("{text} is the apex, and its DS belongs to the zone above");
        warn("DSAtApex", message);
        return;
    }
    if fields(records).all(|(algorithm, _)| OLD_ALGORITHMS.contains(&algorithm)) {
        let message = format!(
            "{text} DS: only of algorithms that validators no longer use, so they take the zone for \
             insecure; sign it with ECDSAP256SHA256 (13)"
        );
        warn("OldAlgorithm", message);
    }
    if fields(records).all(|(_, digest_type)| digest_type == SHA_1) {
        let message = format!(
            "{text} DS: only digests of SHA-1, which validators may ignore; add one of SHA-256 (2)"
        );
        warn("OldDigest", message);
    }
}

/// Algorithm and type of digest of each record (RFC 4034 section 5.1).
fn fields(records: Rrset<'_>) -> impl Iterator<Item = (u8, u8)> {
    let fields = |rdata: &[u8]| match rdata {
        [_, _, algorithm, digest_type, ..] => (*algorithm, *digest_type),
        _ => (0, 0),
    };
    records.rdatas().map(fields)
}
