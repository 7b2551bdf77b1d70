//! What the load generator (`dnsfleet-load`) and the echo floor (`dnsfleet-echo`) are made of.
//!
//! Each is one thread, to be kept on a core of its own from outside. Queries come from a file, made beforehand, so that sending one
//! costs little more than the system call: the generator must never be what limits a server.
//!
//! ```text
//! queries.rs ──► drive.rs ──► tally.rs     what to send, the run, what came back
//!                  │  pace.rs     how many should have left by now, and when
//!                  │  pending.rs  which queries of a socket wait for their reply
//!                  └  udp.rs, tcp.rs  the sockets; batch.rs: many datagrams a system call
//! ```

pub mod batch;
pub mod drive;
pub mod options;
pub mod pace;
pub mod pending;
pub mod queries;
pub mod tally;
pub mod tcp;
pub mod udp;

/// Octets of a DNS header.
pub const HEADER: usize = 12;

/// The bit of octet 2 of a header that says "reply" (RFC 1035 section 4.1.1).
pub const QR: u8 = 0x80;
