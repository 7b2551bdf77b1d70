//! Which format payloads have, and how short its parts can be.

/// The format that this version writes and reads.
pub const FORMAT: u8 = 1;

/// Octets of the shortest RRset: root owner, type, TTL, count and one record without rdata.
pub const SHORTEST_RRSET: usize = 2 + 2 + 4 + 2 + 2;
/// Octets of the shortest removed key: root owner and type.
pub const SHORTEST_KEY: usize = 2 + 2;
