//! `Zone`, `Delta` and `ZoneBuilder`. What takes long runs without the interpreter lock.

use pyo3::exceptions::PyValueError;
use pyo3::prelude::*;
use pyo3::types::PyBytes;

use super::callbacks::Callbacks;
use crate::builder::{self, Builder};
use crate::name::{self, Name};
use crate::rdata;
use crate::violations::Severity;
use crate::zone;

/// The records of one zone.
#[pyclass(frozen, module = "dnsfleet_engine")]
pub struct Zone(pub zone::Zone);

#[pymethods]
impl Zone {
    #[staticmethod]
    fn decode(py: Python<'_>, data: &[u8]) -> PyResult<Zone> {
        py.detach(|| zone::Zone::decode(data))
            .map(Zone)
            .map_err(value_error)
    }

    fn encode<'py>(&self, py: Python<'py>) -> Bound<'py, PyBytes> {
        PyBytes::new(py, &py.detach(|| self.0.encode()))
    }

    #[getter]
    fn origin(&self) -> String {
        self.0.origin().to_string()
    }

    #[getter]
    fn serial(&self) -> u32 {
        self.0.serial()
    }

    #[getter]
    fn signed(&self) -> bool {
        self.0.is_signed()
    }

    fn signature_period(&self, py: Python<'_>, now: i64) -> Option<(SignatureTime, SignatureTime)> {
        if !self.0.is_signed() {
            return None;
        }
        let period = py.detach(|| self.0.signature_period(now))?;
        Some((signature_time(period.begins), signature_time(period.ends)))
    }

    #[getter]
    fn rrsets(&self) -> usize {
        self.0.rrsets()
    }

    #[getter]
    fn ordinary_rrsets(&self) -> usize {
        self.0.ordinary_rrsets()
    }

    #[getter]
    fn records(&self) -> usize {
        self.0.records()
    }

    #[getter]
    fn digest<'py>(&self, py: Python<'py>) -> Bound<'py, PyBytes> {
        PyBytes::new(py, &self.0.digest())
    }

    fn get(&self, owner: &str, rtype: &str) -> PyResult<Option<(u32, Vec<String>)>> {
        let rrset = self.find(owner, rtype)?;
        Ok(rrset.map(|rrset| (rrset.ttl, rrset.texts().collect())))
    }

    fn types(&self, owner: &str) -> PyResult<Vec<String>> {
        let node = self.node(owner)?;
        let rrsets = node.into_iter().flat_map(|node| node.rrsets());
        Ok(rrsets
            .map(|rrset| rdata::rtype_to_text(rrset.rtype))
            .collect())
    }

    fn has_name(&self, owner: &str) -> PyResult<bool> {
        Ok(self.node(owner)?.is_some())
    }

    fn has_names_below(&self, owner: &str) -> PyResult<bool> {
        Ok(self.node(owner)?.is_some_and(|node| node.children > 0))
    }

    fn owners(&self, py: Python<'_>, rtype: &str) -> PyResult<Vec<String>> {
        let number = type_number(rtype)?;
        Ok(py.detach(|| {
            let names = self.0.sorted();
            let owners = names.filter(|(_, node)| node.get(number).is_some());
            owners.map(|(owner, _)| name::to_text(owner)).collect()
        }))
    }

    fn rdata_size(&self, owner: &str, rtype: &str) -> PyResult<usize> {
        Ok(self.find(owner, rtype)?.map_or(0, zone::Rrset::rdata_size))
    }

    fn diff(&self, py: Python<'_>, new: &Zone) -> PyResult<Delta> {
        py.detach(|| self.0.diff(&new.0))
            .map(Delta)
            .map_err(value_error)
    }

    fn apply(&self, py: Python<'_>, delta: &[u8]) -> PyResult<Zone> {
        py.detach(|| self.0.apply(delta))
            .map(Zone)
            .map_err(value_error)
    }

    fn with_serial(&self, serial: u32) -> Zone {
        Zone(self.0.with_serial(serial))
    }

    fn to_text(&self, py: Python<'_>) -> String {
        py.detach(|| self.0.to_text())
    }
}

impl Zone {
    fn node(&self, owner: &str) -> PyResult<Option<zone::Node<'_>>> {
        let name = Name::parse(owner.as_bytes(), Some(self.0.origin())).map_err(value_error)?;
        Ok(self.0.node(name.to_folded().as_wire()))
    }

    fn find(&self, owner: &str, rtype: &str) -> PyResult<Option<zone::Rrset<'_>>> {
        let number = type_number(rtype)?;
        Ok(self.node(owner)?.and_then(|node| node.get(number)))
    }
}

fn type_number(rtype: &str) -> PyResult<u16> {
    rdata::rtype_from_text(rtype.as_bytes())
        .ok_or_else(|| PyValueError::new_err(format!("type {rtype} is unknown")))
}

/// The change that turns one zone into another.
#[pyclass(frozen, module = "dnsfleet_engine")]
pub struct Delta(zone::Delta);

#[pymethods]
impl Delta {
    #[getter]
    fn payload<'py>(&self, py: Python<'py>) -> Bound<'py, PyBytes> {
        PyBytes::new(py, self.0.payload())
    }

    #[getter]
    fn added(&self) -> usize {
        self.0.added
    }

    #[getter]
    fn removed(&self) -> usize {
        self.0.removed
    }

    #[getter]
    fn ordinary_removed(&self) -> usize {
        self.0.ordinary_removed
    }

    #[getter]
    fn changed(&self) -> usize {
        self.0.changed
    }

    fn ordinary_payload<'py>(&self, py: Python<'py>) -> Bound<'py, PyBytes> {
        PyBytes::new(py, &py.detach(|| self.0.ordinary_payload()))
    }

    fn lines(&self, py: Python<'_>, limit: usize) -> Vec<String> {
        py.detach(|| self.0.lines(limit))
    }
}

/// Gathers records and makes a zone of them.
#[pyclass(module = "dnsfleet_engine")]
pub struct ZoneBuilder {
    builder: Option<Builder>,
    callbacks: Callbacks,
}

#[pymethods]
impl ZoneBuilder {
    #[new]
    fn new(origin: Option<&str>) -> PyResult<ZoneBuilder> {
        let root = Name::root();
        let origin = origin
            .map(|text| Name::parse(text.as_bytes(), Some(&root)))
            .transpose();
        let builder = Builder::new(origin.map_err(value_error)?);
        Ok(ZoneBuilder {
            builder: Some(builder),
            callbacks: Callbacks::default(),
        })
    }

    fn add_zone(&mut self, zone: &Zone) -> PyResult<()> {
        self.builder()?
            .add_zone(zone.0.clone())
            .map_err(PyValueError::new_err)
    }

    #[pyo3(signature = (text, name, include=None, progress=None, a_labels=None))]
    fn add_file(
        &mut self,
        py: Python<'_>,
        text: &[u8],
        name: &str,
        include: Option<Py<PyAny>>,
        progress: Option<Py<PyAny>>,
        a_labels: Option<Py<PyAny>>,
    ) -> PyResult<()> {
        let builder = self.builder.as_mut().ok_or_else(finished)?;
        let callbacks = std::cell::RefCell::new(&mut self.callbacks);
        py.detach(move || {
            builder.add_file(
                text,
                name,
                &mut |path, from| callbacks.borrow_mut().include(include.as_ref(), path, from),
                &mut |name| callbacks.borrow_mut().a_labels(a_labels.as_ref(), name),
                &mut |read, all| {
                    callbacks
                        .borrow_mut()
                        .progress(progress.as_ref(), read, all)
                },
            );
        });
        self.callbacks.result()
    }

    #[pyo3(signature = (ends=vec![]))]
    fn records_by_file(&mut self, ends: Vec<u32>) -> PyResult<Vec<(String, usize)>> {
        let counts = self.builder()?.records_by_file(&ends);
        let owned = |(file, count): (&str, usize)| (file.to_owned(), count);
        Ok(counts.into_iter().map(owned).collect())
    }

    fn add_record(
        &mut self,
        owner: &str,
        rtype: &str,
        ttl: i64,
        data: &str,
        r#where: &str,
    ) -> PyResult<()> {
        let builder = self.builder.as_mut().ok_or_else(finished)?;
        builder.add_record(owner, rtype, ttl, data, r#where);
        Ok(())
    }

    fn records_of(
        &mut self,
        py: Python<'_>,
        types: Vec<String>,
        most: usize,
    ) -> PyResult<Vec<builder::Listed>> {
        let numbers = types.iter().map(|text| type_number(text));
        let numbers = numbers.collect::<PyResult<Vec<u16>>>()?;
        let builder = self.builder()?;
        Ok(py.detach(|| builder.records_of(&numbers, most)))
    }

    #[allow(clippy::type_complexity)]
    fn finish(
        &mut self,
        py: Python<'_>,
    ) -> PyResult<(
        Option<Zone>,
        Vec<(&'static str, String, String, &'static str)>,
    )> {
        let builder = self.builder.take().ok_or_else(finished)?;
        let (zone, found) = py.detach(|| builder.finish());
        let found = found.into_iter().map(|(reason, message, place, severity)| {
            let severity = match severity {
                Severity::Error => "error",
                Severity::Warning => "warning",
            };
            (reason, message, place, severity)
        });
        Ok((zone.map(Zone), found.collect()))
    }
}

impl ZoneBuilder {
    fn builder(&mut self) -> PyResult<&mut Builder> {
        self.builder.as_mut().ok_or_else(finished)
    }
}

/// Unix time in seconds, and an owner and a type of which a signature begins or ends then.
type SignatureTime = (i64, String, String);

fn signature_time(moment: zone::Moment<'_>) -> SignatureTime {
    let rtype = rdata::rtype_to_text(moment.rtype);
    (moment.at, name::to_text(moment.owner), rtype)
}

fn value_error(error: impl std::fmt::Display) -> PyErr {
    PyValueError::new_err(error.to_string())
}

fn finished() -> PyErr {
    PyValueError::new_err("the builder is finished, make a new one")
}
