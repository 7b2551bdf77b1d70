//! Response codes (IANA registry "DNS RCODEs").

/// No error.
pub const NOERROR: u16 = 0;
/// The query cannot be read.
pub const FORMERR: u16 = 1;
/// The zone is withheld, or the engine failed on the query.
pub const SERVFAIL: u16 = 2;
/// The name does not exist.
pub const NXDOMAIN: u16 = 3;
/// The kind of query is not supported.
pub const NOTIMP: u16 = 4;
/// Not a zone, class or operation that this server answers.
pub const REFUSED: u16 = 5;
/// A name became too long by a DNAME (RFC 6672 section 2.2).
pub const YXDOMAIN: u16 = 6;
/// A signature by a key that this server does not have (RFC 8945 section 5.2.1).
pub const NOTAUTH: u16 = 9;
/// A server cookie that is not ours (RFC 7873 section 8).
pub const BADCOOKIE: u16 = 23;
/// Unknown EDNS version (RFC 6891 section 9).
pub const BADVERS: u16 = 16;
