//! What must hold for any octets that reach the engine, one module for each fuzz target.
//!
//! ```text
//! packets       a message from anybody  ─► respond        ─► reply, read by NLnet Labs' `domain`
//! snapshots     octets from the replica ─► Zone::decode   ─► zone, read once more by `model`
//! deltas        octets from the replica ─► Zone::apply    ─► zone, made once more by `model`
//! zones         a list of edits         ─► all of a zone's life, beside its `model`
//! master_files  text from a user        ─► Builder        ─► zone, or errors with their places
//! ```
//!
//! A target fails by a panic. Nothing here looks into the engine: its output is compared with what
//! other code makes of the same octets, or with what the engine makes of them in another way.

pub mod allocations;
pub mod chains;
pub mod deltas;
pub mod master_files;
pub mod model;
pub mod options;
pub mod packets;
pub mod queries;
pub mod replies;
pub mod rules;
pub mod signer;
pub mod snapshots;
pub mod worlds;
pub mod zones;
