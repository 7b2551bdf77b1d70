//! What one engine answers from: its zones and its settings, as shards see them.

use crate::answer::settings::Settings;
use crate::answer::{self, Client, Outcome, Source};
use crate::catalog::{Catalog, Shared};
use crate::serve::Responder;
use arc_swap::{ArcSwap, Guard};
use std::sync::Arc;

/// Zones and settings; both may change while shards answer.
#[derive(Default)]
pub struct Authority {
    /// The zones.
    pub zones: Shared,
    settings: ArcSwap<Settings>,
}

/// An authority at one moment.
pub struct View {
    catalog: Guard<Arc<Catalog>>,
    settings: Guard<Arc<Settings>>,
}

impl Authority {
    /// An authority without zones.
    pub fn new(settings: Settings) -> Authority {
        Authority {
            zones: Shared::default(),
            settings: ArcSwap::from_pointee(settings),
        }
    }
}

impl Responder for Authority {
    type View = View;

    fn view(&self) -> View {
        View {
            catalog: self.zones.current(),
            settings: self.settings.load(),
        }
    }

    fn respond(view: &View, query: &[u8], client: Client, out: &mut Vec<u8>) -> Option<Outcome> {
        let source = Source {
            catalog: &view.catalog,
            settings: &view.settings,
        };
        answer::respond(source, query, client, out)
    }
}
