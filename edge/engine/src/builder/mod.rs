//! Gathers records from files, single records and an existing zone, and makes a zone of them.
//!
//! Records wait in one block of memory in the order they came, each with its place. `finish` sorts
//! them by owner and type, so that the records of an RRset and the RRsets of an owner lie together,
//! joins them with what the base zone has there, and checks the owners that got something. So the
//! cost depends on the records that were added, and not on the size of the base zone.

mod joining;

use crate::gathered::Gathered;
use crate::master::{self, ALabels, Include, Sink, Where};
use crate::name::{self, Name};
use crate::rdata::{self, MAX_TTL};
use crate::violations::Severity;
use crate::zone::Zone;

/// A violation as its reader gets it: reason, message, place, severity.
pub type Found = (&'static str, String, String, Severity);

/// A record as its reader gets it: owner, type, TTL in seconds, rdata, place.
pub type Listed = (String, String, u32, String, String);

/// Gathers records and makes a zone of them.
pub struct Builder {
    origin: Option<Name>,
    base: Option<Zone>,
    gathered: Gathered,
}

impl Builder {
    /// Without an origin the owner of the first SOA is the apex.
    pub fn new(origin: Option<Name>) -> Builder {
        let origin = origin.map(|origin| origin.to_folded());
        Builder {
            origin,
            base: None,
            gathered: Gathered::default(),
        }
    }

    /// Starts from the records of a checked zone; an error where there is something already.
    pub fn add_zone(&mut self, zone: Zone) -> Result<(), String> {
        if self.base.is_some() || !self.gathered.is_empty() {
            return Err("a zone must be added before anything else, and only one".into());
        }
        if let Some(origin) = &self.origin
            && origin != zone.origin()
        {
            return Err(format!("the zone {} is not {origin}", zone.origin()));
        }
        self.origin = Some(zone.origin().clone());
        self.base = Some(zone);
        Ok(())
    }

    /// Reads a master file; see [`master::read`].
    pub fn add_file(
        &mut self,
        text: &[u8],
        name: &str,
        include: &mut Include<'_>,
        a_labels: &mut ALabels<'_>,
        progress: &mut dyn FnMut(usize, usize),
    ) {
        let origin = self.apex().cloned();
        let gathered = &mut self.gathered;
        master::read(text, name, origin, include, a_labels, progress, gathered);
    }

    /// The files that were read, in order, each with the number of its records.
    ///
    /// Where the first one was put together from parts, `ends` has the last line of each part, and
    /// the file is there once for each of them.
    pub fn records_by_file(&self, ends: &[u32]) -> Vec<(&str, usize)> {
        self.gathered.records_by_source(ends)
    }

    /// Adds one record in presentation format; what is wrong with it is reported by `finish`.
    pub fn add_record(&mut self, owner: &str, mnemonic: &str, ttl: i64, data: &str, place: &str) {
        let place = Where {
            file: self.gathered.source(place),
            line: 0,
        };
        if let Err((reason, message)) = self.read_record(owner, mnemonic, ttl, data, place) {
            self.gathered.problem(reason, message, place);
        }
    }

    fn read_record(
        &mut self,
        owner: &str,
        mnemonic: &str,
        ttl: i64,
        data: &str,
        place: Where,
    ) -> Result<(), (&'static str, String)> {
        let ttl = u32::try_from(ttl)
            .ok()
            .filter(|ttl| *ttl <= MAX_TTL)
            .ok_or_else(|| ("BadTTL", format!("TTL {ttl}: at most {MAX_TTL} allowed")))?;
        let name = Name::parse(owner.as_bytes(), self.apex()).map_err(|error| {
            (
                "BadName",
                format!("{}: {error}", rdata::excerpt(owner.as_bytes())),
            )
        })?;
        let root = Name::root();
        let origin = self.apex().unwrap_or(&root);
        let (rtype, rdata) = rdata::parse_any(mnemonic.as_bytes(), data.as_bytes(), origin)
            .map_err(|error| (error.reason, error.message))?;
        self.gathered
            .record(name.to_folded().as_wire(), rtype, ttl, &rdata, place);
        Ok(())
    }

    /// The origin, once it is known.
    fn apex(&self) -> Option<&Name> {
        self.origin.as_ref().or(self.gathered.soa_owner.as_ref())
    }

    /// The first `most` records of these types that were added, in the order they came.
    pub fn records_of(&self, types: &[u16], most: usize) -> Vec<Listed> {
        let gathered = &self.gathered;
        let wanted = gathered
            .records
            .iter()
            .filter(|record| types.contains(&record.rtype));
        let listed = wanted.take(most).map(|record| {
            let mut text = String::new();
            rdata::to_text(record.rtype, gathered.rdata(record), &mut text);
            (
                name::to_text(gathered.owner(record)),
                rdata::rtype_to_text(record.rtype),
                record.ttl,
                text,
                gathered.place_text(Some(record.place)),
            )
        });
        listed.collect()
    }

    /// The zone, None after an error, and all that was found.
    pub fn finish(mut self) -> (Option<Zone>, Vec<Found>) {
        let mut violations = std::mem::take(&mut self.gathered.violations);
        let zone = match self.apex() {
            Some(origin) => self.join(origin, &mut violations),
            None => {
                violations.error(
                    "NoSOA",
                    "no SOA record, so the zone has no origin".into(),
                    None,
                );
                None
            }
        };
        let zone = zone.filter(|_| !violations.has_errors());
        let found = violations.into_sorted().into_iter().map(|violation| {
            let place = self.gathered.place_text(violation.place);
            (
                violation.reason,
                violation.message,
                place,
                violation.severity,
            )
        });
        let found = found.collect();
        (zone, found)
    }
}

#[cfg(test)]
mod tests;
