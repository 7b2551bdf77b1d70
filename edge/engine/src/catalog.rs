//! The zones that are served.

use arc_swap::{ArcSwap, Guard};
use std::sync::Arc;

/// All zones that are served, at one moment.
#[derive(Clone, Default)]
pub struct Catalog {}

/// The one place where the engine puts its zones and every shard finds them.
///
/// A reader takes one `current()` per batch of queries, so no reply mixes two catalogs.
#[derive(Default)]
pub struct Shared {
    catalog: ArcSwap<Catalog>,
}

impl Shared {
    /// The catalog as it is now.
    pub fn current(&self) -> Guard<Arc<Catalog>> {
        self.catalog.load()
    }
}
