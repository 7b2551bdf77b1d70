//! Whole zones as bytes.

use super::codec::{DecodeError, Reader, SHORTEST_RRSET, write_count, write_head, write_rrset};
use super::loading::Loading;
use super::version::Zone;

impl Zone {
    /// The whole zone in canonical order; equal zones have equal bytes.
    pub fn encode(&self) -> Vec<u8> {
        let mut out = Vec::with_capacity(64 * (self.rrsets() + 1));
        write_head(&self.origin, &mut out);
        write_count(self.rrsets(), &mut out);
        for (owner, node) in self.sorted() {
            for rrset in node.rrsets() {
                write_rrset(owner, rrset, &mut out);
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
}
