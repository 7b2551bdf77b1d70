//! Why records make no zone.

use std::fmt;

use super::hashing::MOST_ITERATIONS;

/// Why records make no zone.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ZoneError {
    /// No SOA at the apex.
    NoSoa,
    /// More than one SOA record, or one whose rdata is not two names and five numbers.
    BadSoa,
    /// The origin of a zone to compare with that is another zone.
    OtherOrigin(String),
    /// An owner name, in presentation format, that is not at or below the origin.
    OutOfZone(String),
    /// That many iterations of the hash of an NSEC3 chain.
    Iterations(u16),
    /// More octets at a few names than a bucket holds.
    TooLarge,
}

impl fmt::Display for ZoneError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            ZoneError::NoSoa => write!(f, "no SOA record at the apex"),
            ZoneError::BadSoa => write!(f, "not exactly one well-formed SOA record at the apex"),
            ZoneError::OtherOrigin(origin) => write!(f, "another zone, {origin}"),
            ZoneError::OutOfZone(owner) => write!(f, "{owner} is outside the zone"),
            ZoneError::Iterations(iterations) => write!(
                f,
                "NSEC3 with {iterations} iterations: validators take more than {MOST_ITERATIONS} \
                 for insecure, sign the zone with 0 (RFC 9276 section 3.1)"
            ),
            ZoneError::TooLarge => write!(f, "a few names have more than 2 GiB of records"),
        }
    }
}

impl std::error::Error for ZoneError {}
