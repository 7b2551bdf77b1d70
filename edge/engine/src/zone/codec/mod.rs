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

mod errors;
mod format;
mod reading;
mod writing;

pub use errors::DecodeError;
pub use format::{SHORTEST_KEY, SHORTEST_RRSET};
pub use reading::Reader;
pub use writing::{write_count, write_head, write_key, write_rrset};
