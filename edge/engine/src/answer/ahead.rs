//! What a batch of queries will read, asked for before the first of them is answered.
//!
//! Memory that is not in the processor's cache takes as long as all the rest of an answer. A batch
//! waits for it in three steps, each for all queries at once: the slots of the cache's index; the
//! entries in the cache or else the slots of the zone; the nodes of the zone.

use super::cache::Cache;
use super::query::{self, Question};
use crate::catalog::Catalog;
use crate::name::Folded;

/// Queries that are looked ahead to: as many as a batch has.
const MOST: usize = 32;

/// Asks the processor for what the answers to these queries will read.
pub fn look_ahead<'q>(catalog: &Catalog, cache: &Cache, queries: impl Iterator<Item = &'q [u8]>) {
    let mut asked: [Option<(Question, u64)>; MOST] = [None; MOST];
    for (asked, query) in asked.iter_mut().zip(queries) {
        *asked = query::peek(query)
            .map(|question| (question, cache.seek(question.name, question.rtype)));
    }
    let mut seeks = [None; MOST];
    for (seek, (question, hash)) in seeks.iter_mut().zip(asked.iter().flatten()) {
        if !cache.go_on(*hash) {
            let name = Folded::new(question.name);
            let zone = catalog.find(name.as_wire(), question.rtype);
            *seek = zone.map(|zone| zone.seek(name.as_wire()));
        }
    }
    for seek in seeks.into_iter().flatten() {
        seek.go_on();
    }
}
