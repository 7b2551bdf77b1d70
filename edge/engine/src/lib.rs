//! The native engine of a dnsfleet edge: zone data, answers and the sockets that carry them.
//!
//! This file is the Python module and nothing else; everything behind it is plain Rust.

pub mod answer;
pub mod catalog;
pub mod master;
pub mod name;
pub mod rdata;
pub mod rings;
pub mod serve;
pub mod zone;

#[cfg(feature = "python")]
#[pyo3::pymodule]
mod dnsfleet_engine {}
