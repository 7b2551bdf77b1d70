//! The records of one zone, immutable and cheap to clone.
//!
//! A zone is a map from owner name to [`Node`]. Edges answer from one version while the next is
//! made, and a change of one record must cost the same in a zone of ten names and of a million. So
//! the map is persistent: its parts are shared between versions, and a change copies the parts it
//! touches. Most of the memory of an edge is zones, so the parts are packed: 100 names and all
//! their records are one piece of memory, without an allocation or a pointer for each name. A name
//! with one address takes some 58 octets.
//!
//! ```text
//! Zone ─► list of chunks ─► chunk ─► bucket          ─► entry
//!         copied with        128      100 names,         owner, children, RRsets as they are
//!         each version       buckets  copied by a        encoded: nodes and RRsets are views
//!         (see [`buckets`])           change             of these octets (see [`entry`])
//!                                     (see [`bucket`])
//! ```
//!
//! What proves that a name or a type is absent is found by order. So the owners of NSEC and NSEC3
//! records are kept in order too, in parts that are shared in the same way (see [`proofs`]).
//!
//! Empty non-terminals are nodes without RRsets, kept by the count of their children, so "does this
//! name exist" is one look-up (RFC 4592 section 2.2.2).
//!
//! What always holds: owners are folded and at or below the origin; the apex has one SOA record;
//! the rdata of an RRset is sorted, without duplicates, and at most 64 KiB as a whole.

mod bucket;
mod buckets;
mod chain;
mod codec;
mod deltas;
mod digest;
mod edits;
mod entry;
mod errors;
mod hashing;
mod keys;
mod loading;
mod negative_soa;
mod periods;
mod proofs;
mod rrset;
mod signatures;
mod snapshots;
mod sorting;
mod text;
mod totals;
mod version;

pub use buckets::Seek;
pub use codec::DecodeError;
pub use deltas::Delta;
pub(crate) use edits::Edit;
pub use entry::Entry;
pub use errors::ZoneError;
pub(crate) use hashing::{HASH, HASH_LABEL, to_label};
pub use hashing::{HashLabel, Hashing};
pub(crate) use loading::Loading;
pub use negative_soa::NegativeSoa;
pub use periods::{Moment, Period};
pub(crate) use rrset::canonical_cmp;
pub use rrset::{Node, Rrset, RrsetError};
pub use signatures::is_signature_of;
pub(crate) use sorting::sort_by_owner;
pub use version::Zone;

#[cfg(test)]
mod tests;
