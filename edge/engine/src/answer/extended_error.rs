//! Extended DNS errors (RFC 8914): why a reply has no answer, in words of a registry.
//!
//! They are sent where the response code alone would mislead a person who looks for the fault, and
//! only in reply to EDNS. No text goes with them: replies would be longer, and it would say no more
//! than the code.

/// An INFO-CODE (IANA registry "Extended DNS Error Codes").
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ExtendedError {
    /// The data of the zone, which this server should have, is not here (RFC 8914 section 4.15).
    NotReady = 14,
    /// No zone of this server has the name: a delegation that points here is lame.
    NotAuthoritative = 20,
    /// Such a query is never answered here: transfers, and classes other than IN.
    NotSupported = 21,
    /// A type that marks something and cannot be asked for (RFC 9824 section 3.5).
    InvalidQueryType = 30,
}
