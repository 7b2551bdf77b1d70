//! From records in any order to RRsets in a zone.

use super::Builder;
use crate::answer;
use crate::checks;
use crate::gathered::Added;
use crate::master::Where;
use crate::name::{self, Name};
use crate::rdata::{
    self,
    types::{NSEC3PARAM, RRSIG},
};
use crate::violations::Violations;
use crate::zone::{Edit, Loading, Rrset, Zone, ZoneError, canonical_cmp, sort_by_owner};

impl Builder {
    /// Joins the records with the base zone, and checks the owners that got some and the whole.
    pub(super) fn join(&self, origin: &Name, violations: &mut Violations) -> Option<Zone> {
        let sorted = self.sorted(origin, violations);
        let edit = self
            .edit(origin, &sorted, violations)
            .map_err(|error| violations.error("ZoneTooLarge", error.to_string(), None))
            .ok()?;
        let touched = sorted.chunk_by(|a, b| a.0 == b.0);
        let is_new = self.base.is_none();
        checks::check(edit.view(), is_new, touched, violations);
        let finished = edit.finish();
        if let Err(error @ ZoneError::Iterations(_)) = &finished {
            let parameters = |record: &&(&[u8], &Added)| record.1.rtype == NSEC3PARAM;
            let place = sorted.iter().find(parameters).map(|(_, added)| added.place);
            violations.error("TooManyIterations", error.to_string(), place);
        }
        let zone = finished.ok()?;
        if !violations.has_errors() {
            checks::check_whole(&zone, is_new, &self.gathered, &sorted, violations);
        }
        Some(zone)
    }

    /// The sorted records in a new zone or in the base zone.
    fn edit(
        &self,
        origin: &Name,
        sorted: &[(&[u8], &Added)],
        violations: &mut Violations,
    ) -> Result<Edit, ZoneError> {
        let groups = sorted.chunk_by(|a, b| a.0 == b.0 && a.1.rtype == b.1.rtype);
        let mut buffer = Vec::new();
        let Some(base) = &self.base else {
            let mut loading = Loading::new(origin, sorted.len());
            for records in groups {
                if let Some(rrset) = self.join_rrset(records, None, &mut buffer, violations) {
                    loading.push(records[0].0, rrset)?;
                }
            }
            return loading.finish();
        };
        let mut edit = Edit::new(base.clone());
        for records in groups {
            let (owner, first) = records[0];
            let old = base.node(owner).and_then(|node| node.get(first.rtype));
            if let Some(rrset) = self.join_rrset(records, old, &mut buffer, violations) {
                edit.set(owner, rrset)?;
            }
        }
        Ok(edit)
    }

    /// The added records by owner, type and order of arrival, without those outside the zone.
    fn sorted(&self, origin: &Name, violations: &mut Violations) -> Vec<(&[u8], &Added)> {
        let records = self.gathered.records.iter();
        let inside = records
            .map(|record| (self.gathered.owner(record), record))
            .filter(|(owner, record)| {
                let inside = name::is_at_or_below(owner, origin.as_wire());
                if !inside {
                    let message = format!("{} is outside the zone {origin}", name::to_text(owner));
                    violations.error("OutOfZone", message, Some(record.place));
                }
                inside
            });
        let tie = |a: &&Added, b: &&Added| (a.rtype, a.at).cmp(&(b.rtype, b.at));
        sort_by_owner(origin, inside, tie).collect()
    }

    /// One RRset of the added records and those that the base zone has; None where they cannot be
    /// one.
    fn join_rrset<'b>(
        &self,
        records: &[(&[u8], &Added)],
        base: Option<Rrset<'_>>,
        buffer: &'b mut Vec<u8>,
        violations: &mut Violations,
    ) -> Option<Rrset<'b>> {
        let (owner, first) = records[0];
        let rtype = first.rtype;
        let mut ttl = base.map_or(first.ttl, |base| base.ttl);
        if rtype == RRSIG {
            // Each signature has the TTL of what it signs. The lowest does not depend on their order.
            let ttls = records.iter().map(|(_, record)| record.ttl);
            ttl = ttls.fold(ttl, u32::min);
        }
        let mut rdatas: Vec<&[u8]> = base.into_iter().flat_map(Rrset::rdatas).collect();
        rdatas.extend(
            records
                .iter()
                .map(|(_, record)| self.gathered.rdata(record)),
        );
        if rdatas.len() > 1 {
            self.warn_of_merges(records, base, ttl, violations);
        }
        let size = |rrset| answer::records_size(owner, rrset);
        Rrset::new(rtype, ttl, &mut rdatas, buffer)
            .and_then(|rrset| rrset.check_size(size).map(|()| rrset))
            .map_err(|error| {
                let what = format!("{} {}", name::to_text(owner), rdata::rtype_to_text(rtype));
                violations.error(
                    "RRsetTooLarge",
                    format!("{what}: {error}"),
                    Some(first.place),
                );
            })
            .ok()
    }

    /// Reports records that repeat an earlier one, and TTLs that are not that of the RRset.
    fn warn_of_merges(
        &self,
        records: &[(&[u8], &Added)],
        base: Option<Rrset<'_>>,
        ttl: u32,
        violations: &mut Violations,
    ) {
        let (owner, first) = records[0];
        let what = || {
            format!(
                "{} {}",
                name::to_text(owner),
                rdata::rtype_to_text(first.rtype)
            )
        };
        // One RRSIG RRset holds the signatures of several RRsets, and each has the TTL of the one
        // it signs.
        if first.rtype != RRSIG {
            for (_, record) in records.iter().filter(|(_, record)| record.ttl != ttl) {
                let message = format!(
                    "{}: TTL of {} is not the {ttl} of the RRset, which is used",
                    what(),
                    record.ttl
                );
                violations.warn("TTLMismatch", message, Some(record.place));
            }
        }
        let mut all: Vec<(&[u8], Option<Where>)> = base
            .into_iter()
            .flat_map(Rrset::rdatas)
            .map(|rdata| (rdata, None))
            .collect();
        all.extend(
            records
                .iter()
                .map(|(_, r)| (self.gathered.rdata(r), Some(r.place))),
        );
        all.sort_by(|a, b| canonical_cmp(first.rtype, a.0, b.0));
        for pair in all.windows(2) {
            if canonical_cmp(first.rtype, pair[0].0, pair[1].0).is_eq() {
                let message = format!("{}: the same record again, it counts once", what());
                violations.warn("DuplicateRecord", message, pair[1].1);
            }
        }
    }
}
