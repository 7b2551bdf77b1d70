//! An owner name and the records that it got, and the places of records.

use crate::gathered::Added;
use crate::master::Where;
use crate::name;
use crate::zone::Zone;

/// One owner that got records.
pub(super) struct Owner<'a> {
    pub(super) zone: &'a Zone,
    pub(super) owner: &'a [u8],
    pub(super) records: &'a [(&'a [u8], &'a Added)],
}

impl Owner<'_> {
    pub(super) fn text(&self) -> String {
        name::to_text(self.owner)
    }

    pub(super) fn is_apex(&self) -> bool {
        self.owner == self.zone.origin().as_wire()
    }

    pub(super) fn has_added(&self, rtype: u16) -> bool {
        self.records.iter().any(|(_, record)| record.rtype == rtype)
    }

    /// The last record that was added of a type, else the last of all.
    pub(super) fn place(&self, rtype: u16) -> Option<Where> {
        place(self.records, rtype)
    }
}

/// Where the records of a zone stood: those that were added, in canonical order of their owners.
#[derive(Clone, Copy)]
pub(super) struct Places<'a>(pub(super) &'a [(&'a [u8], &'a Added)]);

impl Places<'_> {
    /// The last record that was added of an owner and type, else the last of the owner.
    pub(super) fn of(&self, owner: &[u8], rtype: u16) -> Option<Where> {
        let from = self
            .0
            .partition_point(|(other, _)| name::canonical_cmp(other, owner).is_lt());
        let records = &self.0[from..];
        let count = records.partition_point(|(other, _)| *other == owner);
        place(&records[..count], rtype)
    }
}

/// The place of the last of some records that is of a type, else of the last of all.
fn place(records: &[(&[u8], &Added)], rtype: u16) -> Option<Where> {
    let of_type = records.iter().filter(|(_, record)| record.rtype == rtype);
    of_type
        .map(|(_, record)| record.place)
        .max_by_key(order)
        .or(last_place(records))
}

/// The place of the last of some records.
pub(super) fn last_place(records: &[(&[u8], &Added)]) -> Option<Where> {
    records
        .iter()
        .map(|(_, record)| record.place)
        .max_by_key(order)
}

fn order(place: &Where) -> (u32, u32) {
    (place.file, place.line)
}
