//! Types by name and by number.

use pyo3::prelude::*;

use crate::rdata;

#[pyfunction]
pub fn type_number(text: &str) -> Option<u16> {
    rdata::rtype_from_text(text.as_bytes())
}

#[pyfunction]
pub fn type_text(rtype: u16) -> String {
    rdata::rtype_to_text(rtype)
}
