//! The counts and the digest of a zone as a whole. Each change adds and subtracts what differs; the
//! zone is never counted anew.

use super::digest::Digest;
use super::entry::Entry;
use super::rrset::Rrset;
use crate::name;
use crate::rdata::types::{self, DNAME, NS, NSEC3};

/// What is known of a zone as a whole.
#[derive(Clone, Copy, Default)]
pub(super) struct Totals {
    pub(super) rrsets: usize,
    /// RRsets without those of types that signing makes.
    pub(super) ordinary: usize,
    pub(super) records: usize,
    pub(super) digest: Digest,
    /// RRsets that hide the names below them: DNAME and NS, also the NS of the apex, which hides
    /// nothing.
    pub(super) hiding: usize,
    /// RRsets at or below a wildcard.
    pub(super) wild: usize,
    /// RRsets of type NSEC3.
    pub(super) hashed: usize,
}

impl Totals {
    /// What packed entries add up to.
    pub(super) fn of(entries: &[u8]) -> Totals {
        let rrsets = || {
            let entries = Entry::each(entries).map(|(entry, _)| entry);
            entries.flat_map(|entry| entry.node.rrsets().map(move |rrset| (entry.owner, rrset)))
        };
        let mut totals = Totals::default();
        for (owner, rrset) in rrsets() {
            totals.count(owner, rrset);
        }
        totals.digest.add_all(rrsets());
        totals
    }

    pub(super) fn add(&mut self, owner: &[u8], rrset: Rrset<'_>) {
        self.count(owner, rrset);
        self.digest.add(owner, rrset);
    }

    fn count(&mut self, owner: &[u8], rrset: Rrset<'_>) {
        self.rrsets += 1;
        self.ordinary += usize::from(!is_made_by_signing(rrset.rtype));
        self.records += rrset.count();
        self.hiding += usize::from(may_hide(rrset));
        self.wild += usize::from(is_wild(owner));
        self.hashed += usize::from(rrset.rtype == NSEC3);
    }

    pub(super) fn subtract(&mut self, owner: &[u8], rrset: Rrset<'_>) {
        self.rrsets -= 1;
        self.ordinary -= usize::from(!is_made_by_signing(rrset.rtype));
        self.records -= rrset.count();
        self.digest.subtract(owner, rrset);
        self.hiding -= usize::from(may_hide(rrset));
        self.wild -= usize::from(is_wild(owner));
        self.hashed -= usize::from(rrset.rtype == NSEC3);
    }
}

fn may_hide(rrset: Rrset<'_>) -> bool {
    matches!(rrset.rtype, NS | DNAME)
}

fn is_wild(owner: &[u8]) -> bool {
    name::labels(owner).any(|label| label == b"*")
}

/// Whether the program that signs a zone makes the records of a type, and those who fill the zone do
/// not: keys, signatures, proofs, what is copied to the parent, and the digest of the whole.
pub(super) fn is_made_by_signing(rtype: u16) -> bool {
    matches!(
        rtype,
        types::DNSKEY
            | types::RRSIG
            | types::NSEC
            | types::NSEC3
            | types::NSEC3PARAM
            | types::CDS
            | types::CDNSKEY
            | types::ZONEMD
    )
}
