//! Types whose rdata is not a plain row of fields, each with its own conversion.
//!
//! Each module has three functions: `read` appends wire form, `is_well_formed` judges octets, and
//! `write` appends text. `write` returns false where text cannot say what the octets say, as with a
//! version or an address family that is not known; such rdata is written as `\# LENGTH HEX`.

pub mod gateways;
pub mod hip;
pub mod location;
pub mod old_addresses;
pub mod prefixes;
pub mod svc_params;
