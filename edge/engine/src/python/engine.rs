//! `Engine`: which zones are served, and replies with and without sockets.

use std::sync::Arc;
use std::time::Duration;

use pyo3::exceptions::PyValueError;
use pyo3::prelude::*;
use pyo3::types::PyBytes;

use super::serving::{Row, Serving, parse_addresses, parse_ip};
use super::zones::Zone;
use crate::answer::settings::Settings;
use crate::answer::{self, Client, Shortcuts, Transport};
use crate::authority::Authority;
use crate::name::{self, Name};
use crate::serve::prefixes::Prefix;
use crate::serve::{Group, Options, Responder};
use crate::zone;

/// How long `trim` waits for shards that still read a zone that was replaced: a batch of queries
/// takes a millisecond, and on a busy machine a shard may have to wait for its core.
const READER_LIMIT: Duration = Duration::from_secs(1);

/// Answers queries from the zones that were loaded into it.
#[pyclass(frozen, module = "dnsfleet_engine")]
pub struct Engine {
    authority: Arc<Authority>,
    serving: Serving,
}

#[pymethods]
impl Engine {
    #[new]
    #[pyo3(signature = (identity=None))]
    fn new(identity: Option<&str>) -> PyResult<Engine> {
        let settings = Settings::new(identity).map_err(PyValueError::new_err)?;
        Ok(Engine {
            authority: Arc::new(Authority::new(settings)),
            serving: Serving::default(),
        })
    }

    fn load(&self, py: Python<'_>, zone: &Zone) {
        py.detach(|| self.authority.zones.load(zone.0.clone()));
    }

    fn withhold(&self, py: Python<'_>, origin: &str) -> PyResult<()> {
        let origin = folded(origin)?;
        py.detach(|| self.authority.zones.withhold(&origin));
        Ok(())
    }

    fn remove(&self, py: Python<'_>, origin: &str) -> PyResult<()> {
        let origin = folded(origin)?;
        py.detach(|| self.authority.zones.remove(origin.as_wire()));
        Ok(())
    }

    fn zone(&self, origin: &str) -> PyResult<Option<Zone>> {
        let catalog = self.authority.zones.current();
        let zone = catalog.get(folded(origin)?.as_wire());
        Ok(zone.map(|zone| Zone(zone::Zone::clone(zone))))
    }

    fn origins(&self, py: Python<'_>) -> Vec<String> {
        py.detach(|| {
            let catalog = self.authority.zones.current();
            let mut origins: Vec<_> = catalog.zones().map(|zone| zone.origin()).collect();
            origins.sort_unstable_by(|a, b| name::canonical_cmp(a.as_wire(), b.as_wire()));
            origins.into_iter().map(Name::to_string).collect()
        })
    }

    #[pyo3(signature = (query, client="127.0.0.1", transport="udp"))]
    fn respond<'py>(
        &self,
        py: Python<'py>,
        query: &[u8],
        client: &str,
        transport: &str,
    ) -> PyResult<Option<Bound<'py, PyBytes>>> {
        let transport = match transport {
            "udp" => Transport::Udp,
            "tcp" => Transport::Tcp,
            other => {
                return Err(PyValueError::new_err(format!(
                    "transport {other}: write udp or tcp"
                )));
            }
        };
        let client = Client::new(parse_ip(client)?, transport);
        let mut reply = Vec::new();
        let view = self.authority.view();
        let outcome = answer::respond(
            view.source(),
            Shortcuts::default(),
            query,
            client,
            &mut reply,
        );
        Ok(outcome.map(|_| PyBytes::new(py, &reply)))
    }

    fn set_cookie_secrets(&self, secrets: Vec<Vec<u8>>) -> PyResult<()> {
        self.authority
            .set_cookie_secrets(&secrets)
            .map_err(PyValueError::new_err)
    }

    #[pyo3(signature = (
        listen, shards, responses_per_second=Options::DEFAULT_RESPONSES_PER_SECOND, exempt=Vec::new(),
        proxies=Vec::new(), joins=Vec::new(), sockets=0
    ))]
    #[expect(clippy::too_many_arguments)] // Python calls it by keyword.
    fn start(
        &self,
        py: Python<'_>,
        listen: Vec<(String, u16)>,
        shards: usize,
        responses_per_second: u32,
        exempt: Vec<String>,
        proxies: Vec<String>,
        joins: Vec<(String, u16)>,
        sockets: usize,
    ) -> PyResult<Vec<(String, u16)>> {
        let options = Options {
            shards,
            responses_per_second,
            exempt: prefixes(&exempt)?,
            proxies: prefixes(&proxies)?,
            joins: parse_addresses(joins)?,
            sockets,
        };
        py.detach(|| {
            self.serving
                .start(Arc::clone(&self.authority), listen, options)
        })
    }

    fn hand_over(&self, py: Python<'_>, others: usize) -> PyResult<()> {
        py.detach(|| self.serving.with_group(|group| group.hand_over(others)))
    }

    fn hand_back(&self, py: Python<'_>, others: usize) -> PyResult<()> {
        py.detach(|| self.serving.with_group(|group| group.hand_back(others)))
    }

    fn steer(&self, py: Python<'_>) -> PyResult<()> {
        py.detach(|| self.serving.with_group(Group::steer))
    }

    fn close(&self, py: Python<'_>) {
        py.detach(|| self.serving.close());
    }

    fn stop(&self, py: Python<'_>) {
        py.detach(|| self.serving.stop());
    }

    fn steering_error(&self) -> Option<String> {
        self.serving.steering_error()
    }

    fn trim(&self, py: Python<'_>) {
        py.detach(|| {
            // A zone that was replaced keeps its memory until its last reader lets go of it.
            self.authority.zones.wait_until_freed(READER_LIMIT);
            // SAFETY: it only gives back pages that hold nothing.
            #[cfg(target_env = "gnu")]
            unsafe {
                libc::malloc_trim(0)
            };
        });
    }

    fn counters(&self, py: Python<'_>) -> Vec<Row> {
        py.detach(|| self.serving.counters())
    }
}

/// The wire form of an origin; a dot at its end is not needed.
fn folded(origin: &str) -> PyResult<Name> {
    Name::parse(origin.as_bytes(), Some(&Name::root()))
        .map(|name| name.to_folded())
        .map_err(|error| PyValueError::new_err(format!("origin {origin}: {error}")))
}

/// Address prefixes in text form; ValueError names the one that is none.
fn prefixes(texts: &[String]) -> PyResult<Vec<Prefix>> {
    let parsed = texts.iter().map(|text| text.parse());
    parsed
        .collect::<Result<_, String>>()
        .map_err(PyValueError::new_err)
}
