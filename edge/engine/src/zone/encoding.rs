//! Zones and changes as bytes: what snapshots and deltas carry.
//!
//! Numbers are big-endian; owner names are uncompressed and in lower case.
//! ```text
//! RRset     u8 owner length | owner | u16 type | u32 TTL | u16 count | count × (u16 length | rdata)
//! snapshot  u8 format | u8 origin length | origin | u32 count | count × RRset
//! delta     u8 format | u8 origin length | origin | u32 count | count × (u8 length | owner | u16 type)
//!                                                 | u32 count | count × RRset
//! ```
//! RRsets and removed keys stand in canonical owner order, then by type, so equal zones have equal
//! bytes. A decoder takes nothing on trust: it checks every length, name and order, and allocates
//! no more than the bytes at hand can fill.

use super::reading::{Reader, SHORTEST_KEY, SHORTEST_RRSET};
use super::{DecodeError, Edit, Loading, Zone};
use crate::name::{self, Name};

/// The encoding that this version writes and reads.
pub(super) const FORMAT: u8 = 1;

impl Zone {
    /// The whole zone in canonical order; equal zones have equal bytes.
    pub fn encode(&self) -> Vec<u8> {
        let mut out = Vec::with_capacity(64 * (self.rrsets() + 1));
        write_head(&self.origin, &mut out);
        out.extend_from_slice(&(self.rrsets() as u32).to_be_bytes());
        for (owner, node) in self.sorted() {
            for rrset in node.rrsets() {
                rrset.encode(owner, &mut out);
            }
        }
        out
    }

    /// The zone of an `encode` result; any other bytes are refused.
    pub fn decode(bytes: &[u8]) -> Result<Zone, DecodeError> {
        let mut reader = Reader::new(bytes);
        let origin = reader.head()?;
        let count = reader.count(SHORTEST_RRSET)?;
        let mut loading = Loading::new(&origin, count);
        reader.rrsets(count, |owner, rrset| loading.push(owner, rrset))?;
        reader.end()?;
        Ok(loading.finish()?.finish()?)
    }

    /// This zone with an encoded change made.
    pub fn apply(&self, delta: &[u8]) -> Result<Zone, DecodeError> {
        let mut reader = Reader::new(delta);
        let origin = reader.head()?;
        if origin != self.origin {
            return Err(DecodeError::OtherOrigin(origin.to_string()));
        }
        let mut edit = Edit::new(self.clone());
        let removed = reader.count(SHORTEST_KEY)?;
        reader.keys(removed, |owner, rtype| match edit.remove(owner, rtype)? {
            true => Ok(()),
            false => Err(DecodeError::NotThere(name::to_text(owner), rtype)),
        })?;
        let set = reader.count(SHORTEST_RRSET)?;
        reader.rrsets(set, |owner, rrset| edit.set(owner, rrset))?;
        reader.end()?;
        Ok(edit.finish()?)
    }
}

/// Appends what every payload begins with.
pub(super) fn write_head(origin: &Name, out: &mut Vec<u8>) {
    out.push(FORMAT);
    out.push(origin.as_wire().len() as u8);
    out.extend_from_slice(origin.as_wire());
}

/// The owners and types that an encoded change of ours removes, and those that it sets.
pub(super) fn changed_keys(delta: &[u8]) -> Result<Vec<(&[u8], u16)>, DecodeError> {
    let mut reader = Reader::new(delta);
    let mut keys = Vec::new();
    reader.head()?;
    let removed = reader.count(SHORTEST_KEY)?;
    reader.keys(removed, |owner, rtype| {
        keys.push((owner, rtype));
        Ok(())
    })?;
    let set = reader.count(SHORTEST_RRSET)?;
    reader.rrsets(set, |owner, rrset| {
        keys.push((owner, rrset.rtype));
        Ok::<_, DecodeError>(())
    })?;
    Ok(keys)
}

#[cfg(test)]
mod tests;
