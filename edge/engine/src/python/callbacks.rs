//! The functions that a reader of zones calls back in Python.

use pyo3::exceptions::{PyOSError, PyValueError};
use pyo3::prelude::*;

use crate::rdata::excerpt;

/// Calls back into Python. What a callback raises beside its documented errors is a fault of the
/// caller: the first one is raised again when the reader returns.
#[derive(Default)]
pub(super) struct Callbacks {
    failure: Option<PyErr>,
}

impl Callbacks {
    /// What a callback raised since the last call.
    pub(super) fn result(&mut self) -> PyResult<()> {
        self.failure.take().map_or(Ok(()), Err)
    }

    pub(super) fn include(
        &mut self,
        include: Option<&Py<PyAny>>,
        path: &str,
        from: &str,
    ) -> Result<(String, Vec<u8>), (&'static str, String)> {
        let Some(include) = include else {
            return Err((
                "IncludeFailed",
                format!("$INCLUDE {path}: not possible here"),
            ));
        };
        Python::attach(|py| {
            let result = include.bind(py).call1((path, from));
            result.and_then(|pair| pair.extract()).map_err(|error| {
                let message = error.value(py).to_string();
                if error.is_instance_of::<PyValueError>(py) {
                    return ("IncludeOutsideFolder", message);
                }
                if !error.is_instance_of::<PyOSError>(py) {
                    self.failure.get_or_insert(error);
                }
                ("IncludeFailed", message)
            })
        })
    }

    pub(super) fn a_labels(
        &mut self,
        a_labels: Option<&Py<PyAny>>,
        name: &str,
    ) -> Result<String, String> {
        let Some(a_labels) = a_labels else {
            let name = excerpt(name.as_bytes());
            return Err(format!(
                "\"{name}\" has letters outside ASCII: not possible here"
            ));
        };
        Python::attach(|py| {
            let result = a_labels.bind(py).call1((name,));
            result.and_then(|text| text.extract()).map_err(|error| {
                let message = error.value(py).to_string();
                if !error.is_instance_of::<PyValueError>(py) {
                    self.failure.get_or_insert(error);
                }
                message
            })
        })
    }

    pub(super) fn progress(&mut self, progress: Option<&Py<PyAny>>, read: usize, all: usize) {
        if let Some(progress) = progress.filter(|_| self.failure.is_none()) {
            Python::attach(|py| {
                self.failure = progress.call1(py, (read, all)).err();
            });
        }
    }
}
