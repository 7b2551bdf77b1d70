//! `Transfer`. Messages are made without the interpreter lock.

use pyo3::exceptions::PyValueError;
use pyo3::prelude::*;
use pyo3::types::PyBytes;

use super::zones::Zone;
use crate::transfer;

/// One transfer under way.
#[pyclass(module = "dnsfleet_engine")]
pub struct Transfer(transfer::Transfer);

#[pymethods]
impl Transfer {
    #[new]
    fn new(zone: &Zone, query: &[u8]) -> PyResult<Transfer> {
        transfer::Transfer::new(zone.0.clone(), query)
            .map(Transfer)
            .map_err(value_error)
    }

    fn message<'py>(
        &mut self,
        py: Python<'py>,
        room: usize,
    ) -> PyResult<Option<Bound<'py, PyBytes>>> {
        let message = py.detach(|| self.0.message(room));
        let message = message.map_err(value_error)?;
        Ok(message.map(|octets| PyBytes::new(py, &octets)))
    }
}

fn value_error(error: transfer::TransferError) -> PyErr {
    PyValueError::new_err(error.to_string())
}
