//! The sockets of an `Engine`: starting, stopping, and counters that outlive a stop.

use crate::authority::Authority;
use crate::serve::{Counters, Group, Options, Server};
use pyo3::exceptions::{PyRuntimeError, PyValueError};
use pyo3::prelude::*;
use std::collections::BTreeMap;
use std::io;
use std::net::{IpAddr, SocketAddr};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// The counters of one shard by name.
pub type Row = BTreeMap<&'static str, u64>;

/// A server that may run, and what those before it counted.
#[derive(Default)]
pub struct Serving(Mutex<State>);

#[derive(Default)]
struct State {
    server: Option<Server>,
    past: Vec<Row>,
}

impl Serving {
    /// Serve an authority; the bound addresses.
    pub fn start(
        &self,
        authority: Arc<Authority>,
        listen: Vec<(String, u16)>,
        options: Options,
    ) -> PyResult<Vec<(String, u16)>> {
        let addresses = parse_addresses(listen)?;
        let mut state = self.state();
        if state.server.is_some() {
            return Err(PyRuntimeError::new_err(
                "the engine serves already: stop it first",
            ));
        }
        let server =
            Server::start(authority, &addresses, options).map_err(|error| match error.kind() {
                io::ErrorKind::InvalidInput => PyValueError::new_err(error.to_string()),
                _ => error.into(),
            })?;
        let bound = server.local_addrs().iter();
        let bound = bound.map(|address| (address.ip().to_string(), address.port()));
        let bound = bound.collect();
        state.server = Some(server);
        Ok(bound)
    }

    /// Close the sockets of the server, if one runs.
    pub fn close(&self) {
        if let Some(server) = &self.state().server {
            server.close();
        }
    }

    /// End the server, if one runs.
    pub fn stop(&self) {
        let mut state = self.state();
        if let Some(server) = state.server.take() {
            state.past = with_past(&state.past, &server.stop());
        }
    }

    /// Act on the groups that the sockets are in, without keeping others from the server meanwhile.
    pub fn with_group(&self, act: impl FnOnce(&Group) -> io::Result<()>) -> PyResult<()> {
        let group = self.state().server.as_ref().map(Server::group);
        let group = group.ok_or_else(|| PyRuntimeError::new_err("the engine does not serve"))?;
        Ok(act(&group)?)
    }

    /// Why the kernel does not choose shards by the query name; None where it does.
    pub fn steering_error(&self) -> Option<String> {
        let state = self.state();
        let reason = state.server.as_ref()?.steering_error()?;
        Some(reason.to_string())
    }

    /// One row a shard, since the engine was made.
    pub fn counters(&self) -> Vec<Row> {
        let state = self.state();
        let now = state.server.as_ref().map_or(&[][..], Server::counters);
        with_past(&state.past, now)
    }

    fn state(&self) -> MutexGuard<'_, State> {
        // The state is whole at every moment, whoever panicked.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Addresses in text form, each with a port; ValueError as for `parse_ip`.
pub fn parse_addresses(texts: Vec<(String, u16)>) -> PyResult<Vec<SocketAddr>> {
    let parsed = texts.into_iter();
    let parsed = parsed.map(|(host, port)| Ok(SocketAddr::new(parse_ip(&host)?, port)));
    parsed.collect()
}

/// An address in text form; ValueError says what is expected.
pub fn parse_ip(text: &str) -> PyResult<IpAddr> {
    text.parse()
        .map_err(|_| PyValueError::new_err(format!("{text}: write an IPv4 or IPv6 address")))
}

fn with_past(past: &[Row], now: &[Counters]) -> Vec<Row> {
    let mut rows = past.to_vec();
    rows.resize(past.len().max(now.len()), Row::new());
    for (row, counters) in rows.iter_mut().zip(now) {
        for (name, value) in counters.rows() {
            *row.entry(name).or_default() += value;
        }
    }
    rows
}
