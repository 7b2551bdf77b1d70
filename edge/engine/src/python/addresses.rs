//! The addresses of this machine.

use pyo3::prelude::*;

use crate::serve;

#[pyfunction]
pub fn local_addresses() -> PyResult<Vec<String>> {
    let found = serve::local_addresses()?;
    Ok(found.iter().map(ToString::to_string).collect())
}
