//! The native engine of a dnsfleet edge: zone data, answers and the sockets that carry them.
//!
//! This file is the Python module and nothing else; everything behind it is plain Rust.

pub mod answer;
pub mod authority;
pub mod builder;
pub mod catalog;
pub mod checks;
mod gathered;
pub mod master;
pub mod name;
mod pages;
mod prefetch;
pub mod rdata;
mod retired;
pub mod rings;
pub mod serve;
pub mod transfer;
pub mod violations;
pub mod zone;

#[cfg(feature = "python")]
mod python;

#[cfg(feature = "python")]
#[pyo3::pymodule]
mod dnsfleet_engine {
    #[pymodule_export]
    use crate::python::addresses::local_addresses;
    #[pymodule_export]
    use crate::python::engine::Engine;
    #[pymodule_export]
    use crate::python::rrtypes::{type_number, type_text};
    #[pymodule_export]
    use crate::python::transfers::{Changes, Transfer};
    #[pymodule_export]
    use crate::python::zones::{Delta, Zone, ZoneBuilder};
}
