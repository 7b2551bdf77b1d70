//! What one engine answers from: its zones and its settings, as shards see them.

use crate::answer::settings::Settings;
use crate::answer::{self, Ahead, Cache, Client, Outcome, Shortcuts, Source};
use crate::catalog::{Catalog, Shared};
use crate::retired::Retired;
use crate::serve::Responder;
use arc_swap::{ArcSwap, Guard};
use std::sync::Arc;
use std::time::SystemTime;

/// Zones and settings; both may change while shards answer.
#[derive(Default)]
pub struct Authority {
    /// The zones.
    pub zones: Shared,
    settings: ArcSwap<Settings>,
    retired: Retired<Settings>,
}

/// An authority at one moment.
pub struct View {
    catalog: Guard<Arc<Catalog>>,
    settings: Guard<Arc<Settings>>,
    now: u32,
}

impl Authority {
    /// An authority without zones.
    pub fn new(settings: Settings) -> Authority {
        Authority {
            zones: Shared::default(),
            settings: ArcSwap::from_pointee(settings),
            retired: Retired::default(),
        }
    }

    /// Make and verify cookies with these secrets from the next batch of queries on.
    ///
    /// An error tells what is wrong with them.
    pub fn set_cookie_secrets(&self, secrets: &[Vec<u8>]) -> Result<(), String> {
        let settings = self.settings.load().with_secrets(secrets)?;
        self.retired.push(self.settings.swap(Arc::new(settings)));
        Ok(())
    }
}

impl View {
    /// What replies are made from.
    pub fn source(&self) -> Source<'_> {
        Source {
            catalog: &self.catalog,
            settings: &self.settings,
            now: self.now,
        }
    }
}

impl Responder for Authority {
    type View = View;
    type Memory = Cache;
    type Ahead<'v> = Ahead<'v>;

    fn evictions(cache: &Cache) -> u64 {
        cache.evictions()
    }

    fn view(&self) -> View {
        View {
            catalog: self.zones.current(),
            settings: self.settings.load(),
            now: unix_time(),
        }
    }

    fn look_ahead<'v, 'q>(
        view: &'v View,
        cache: &mut Cache,
        queries: impl Iterator<Item = &'q [u8]>,
        ahead: &mut [Ahead<'v>],
    ) {
        answer::look_ahead(&view.catalog, cache, queries, ahead);
    }

    fn respond<'v>(
        view: &'v View,
        cache: &mut Cache,
        ahead: Ahead<'v>,
        query: &[u8],
        client: Client,
        out: &mut Vec<u8>,
    ) -> Option<Outcome> {
        let shortcuts = Shortcuts {
            cache: Some(cache),
            ahead,
        };
        answer::respond(view.source(), shortcuts, query, client, out)
    }

    fn slip(view: &View, query: &[u8], client: Client, out: &mut Vec<u8>) -> Option<Outcome> {
        answer::slip(view.source(), query, client, out)
    }
}

/// Unix time in seconds, in the 32 bits that a cookie has for it.
fn unix_time() -> u32 {
    let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH);
    now.map_or(0, |now| now.as_secs() as u32)
}
