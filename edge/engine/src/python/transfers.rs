//! `Transfer` and `Changes`. Messages are made without the interpreter lock.

use std::sync::Arc;

use pyo3::exceptions::PyValueError;
use pyo3::prelude::*;
use pyo3::types::PyBytes;

use super::zones::Zone;
use crate::transfer;

/// What is gone and what is new in a version of a zone.
#[pyclass(frozen, module = "dnsfleet_engine")]
pub struct Changes(Arc<[u8]>);

#[pymethods]
impl Changes {
    #[staticmethod]
    fn between(py: Python<'_>, old: &Zone, new: &Zone, limit: usize) -> Option<Changes> {
        py.detach(|| transfer::changes(&old.0, &new.0, limit))
            .map(Changes)
    }

    fn __len__(&self) -> usize {
        self.0.len()
    }
}

/// One transfer under way.
#[pyclass(module = "dnsfleet_engine")]
pub struct Transfer(transfer::Transfer);

#[pymethods]
impl Transfer {
    #[new]
    #[pyo3(signature = (zone, query, steps=vec![]))]
    fn new(zone: &Zone, query: &[u8], steps: Vec<PyRef<'_, Changes>>) -> PyResult<Transfer> {
        let steps = steps.iter().map(|step| step.0.clone()).collect();
        transfer::Transfer::new(zone.0.clone(), query, steps)
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
