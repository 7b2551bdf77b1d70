//! Why bytes are no zone, and no change of one.

use std::fmt;

use super::format::FORMAT;
use crate::rdata;
use crate::zone::errors::ZoneError;

/// Why bytes are no zone, or no change of this zone.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum DecodeError {
    /// Another encoding.
    Format(u8),
    /// The bytes end before what they announce.
    Truncated,
    /// That many octets are left over.
    Trailing(usize),
    /// Not a name in wire form and lower case.
    BadName,
    /// An owner, in presentation format, that is repeated or not in canonical order.
    BadOrder(String),
    /// An RRset, by owner and type number, that cannot be, and why.
    BadRrset(String, u16, String),
    /// A change of another zone: its origin.
    OtherOrigin(String),
    /// A change that removes an RRset, by owner and type number, which the zone does not have.
    NotThere(String, u16),
    /// The records make no zone.
    Zone(ZoneError),
}

impl fmt::Display for DecodeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            DecodeError::Format(n) => write!(f, "format {n}, this version reads {FORMAT}"),
            DecodeError::Truncated => write!(f, "the bytes end early"),
            DecodeError::Trailing(n) => write!(f, "{n} octets after the end"),
            DecodeError::BadName => write!(f, "not a lower-case domain name in wire form"),
            DecodeError::BadOrder(owner) => write!(f, "{owner} is repeated or out of order"),
            DecodeError::BadRrset(owner, rtype, why) => {
                write!(f, "{owner} {}: {why}", rdata::rtype_to_text(*rtype))
            }
            DecodeError::OtherOrigin(origin) => write!(f, "a change of another zone, {origin}"),
            DecodeError::NotThere(owner, rtype) => {
                write!(
                    f,
                    "removes {owner} {}, which is not there",
                    rdata::rtype_to_text(*rtype)
                )
            }
            DecodeError::Zone(error) => error.fmt(f),
        }
    }
}

impl std::error::Error for DecodeError {}

impl From<ZoneError> for DecodeError {
    fn from(error: ZoneError) -> DecodeError {
        DecodeError::Zone(error)
    }
}
