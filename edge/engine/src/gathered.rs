//! The records of a zone in the making, in the order they came.

use crate::master::{Sink, Where};
use crate::name::Name;
use crate::rdata::types::SOA;
use crate::violations::Violations;

/// One record that was added.
pub struct Added {
    /// Where its owner, and then its rdata, begin in the block.
    pub(crate) at: usize,
    owner_len: u8,
    rdata_len: u16,
    /// Type number.
    pub rtype: u16,
    /// Seconds.
    pub ttl: u32,
    /// Where it stood.
    pub place: Where,
}

/// The records that were added, and what was wrong with others.
#[derive(Default)]
pub(crate) struct Gathered {
    pub(crate) records: Vec<Added>,
    /// Owner and rdata of each record.
    octets: Vec<u8>,
    /// What `Where::file` stands for: a file, or the whole place of a single record.
    sources: Vec<String>,
    pub(crate) violations: Violations,
    /// The owner of the first SOA.
    pub(crate) soa_owner: Option<Name>,
}

impl Gathered {
    /// The number of a new source.
    pub(crate) fn source(&mut self, name: &str) -> u32 {
        self.sources.push(name.to_owned());
        self.sources.len() as u32 - 1
    }

    pub(crate) fn owner(&self, record: &Added) -> &[u8] {
        &self.octets[record.at..][..usize::from(record.owner_len)]
    }

    pub(crate) fn rdata(&self, record: &Added) -> &[u8] {
        let at = record.at + usize::from(record.owner_len);
        &self.octets[at..][..usize::from(record.rdata_len)]
    }

    /// Each source, in order, with the number of its records. The first one is there once for each
    /// of the parts that end with these lines, or once where it has none.
    pub(crate) fn records_by_source(&self, ends: &[u32]) -> Vec<(&str, usize)> {
        let mut parts = vec![0; ends.len().max(1)];
        let mut others = vec![0; self.sources.len()];
        for Added { place, .. } in &self.records {
            if place.file == 0 {
                let part = ends.partition_point(|end| *end < place.line);
                parts[part.min(ends.len().saturating_sub(1))] += 1;
            } else {
                others[place.file as usize] += 1;
            }
        }
        let first = self.sources.iter().take(1).flat_map(|first| {
            let counted = parts.iter();
            counted.map(|count| (first.as_str(), *count))
        });
        let others = self.sources.iter().map(String::as_str).zip(others).skip(1);
        first.chain(others).collect()
    }

    /// Whether nothing was added yet.
    pub(crate) fn is_empty(&self) -> bool {
        self.sources.is_empty()
    }

    /// `FILE:LINE`, the place that came with a single record, or the first file for a whole zone.
    pub(crate) fn place_text(&self, place: Option<Where>) -> String {
        let sources = &self.sources;
        match place {
            Some(Where { file, line: 0 }) => sources[file as usize].clone(),
            Some(Where { file, line }) => format!("{}:{line}", sources[file as usize]),
            None => sources.first().cloned().unwrap_or_default(),
        }
    }
}

impl Sink for Gathered {
    fn file(&mut self, name: &str) -> u32 {
        self.source(name)
    }

    fn record(&mut self, owner: &[u8], rtype: u16, ttl: u32, rdata: &[u8], place: Where) {
        if rtype == SOA && self.soa_owner.is_none() {
            self.soa_owner = Name::from_wire(owner).ok();
        }
        self.records.push(Added {
            at: self.octets.len(),
            owner_len: owner.len() as u8,
            rdata_len: rdata.len() as u16,
            rtype,
            ttl,
            place,
        });
        self.octets.extend_from_slice(owner);
        self.octets.extend_from_slice(rdata);
    }

    fn problem(&mut self, reason: &'static str, message: String, place: Where) {
        self.violations.error(reason, message, Some(place));
    }

    fn warning(&mut self, reason: &'static str, message: String, place: Where) {
        self.violations.warn(reason, message, Some(place));
    }
}
