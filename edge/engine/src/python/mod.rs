//! The Python classes; `dnsfleet_engine.pyi` says what they promise.

pub mod addresses;
mod callbacks;
pub mod engine;
pub mod rrtypes;
pub mod serving;
pub mod transfers;
pub mod zones;
