//! What replies are made from.

use super::settings::Settings;
use crate::catalog::Catalog;

/// What replies are made from. Together with the query and the client it determines the reply.
#[derive(Clone, Copy)]
pub struct Source<'s> {
    /// The zones.
    pub catalog: &'s Catalog,
    /// What the operator decided.
    pub settings: &'s Settings,
    /// Unix time in seconds, for cookies.
    pub now: u32,
}
