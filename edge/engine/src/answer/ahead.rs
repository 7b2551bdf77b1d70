//! What a batch of queries will read, asked for before the first of them is answered.
//!
//! Memory that is not in the processor's cache takes as long as all the rest of an answer. A batch
//! waits for it step by step, each step for all queries at once: the slots of the cache's index; the
//! entries in the cache; where there are none that hold, the slots of the zone; its nodes. The zone
//! and the place in it, which it took to know what to ask for, are handed on to the answer.

use super::cache::Cache;
use super::query::{self, Question};
use crate::catalog::Catalog;
use crate::name::Folded;
use crate::zone::{Seek, Zone};

/// Queries that are looked ahead to at most: as many as a batch has.
const MOST: usize = 32;

/// What is known of one query.
#[derive(Clone, Copy, Default)]
pub struct Ahead<'c> {
    /// What the cache finds its question by.
    pub hash: Option<u64>,
    /// The zone that answers, and where it has the name if it has it.
    pub place: Option<(&'c Zone, Seek<'c>)>,
}

/// Asks the processor for what the answers to these queries will read, and leaves what it knows of
/// each of them in `found`, which has nothing yet.
pub fn look_ahead<'c, 'q>(
    catalog: &'c Catalog,
    cache: &Cache,
    queries: impl Iterator<Item = &'q [u8]>,
    found: &mut [Ahead<'c>],
) {
    let mut questions: [Option<Question>; MOST] = [None; MOST];
    for ((question, found), query) in questions.iter_mut().zip(found.iter_mut()).zip(queries) {
        *question = query::peek(query);
        found.hash = question.map(|question| cache.seek(question.name, question.rtype));
    }
    for hash in found.iter().filter_map(|found| found.hash) {
        cache.go_on(hash);
    }
    for (question, found) in questions.iter().zip(found.iter_mut()) {
        if let (Some(question), Some(hash)) = (question, found.hash)
            && !cache.may_hold(hash, catalog.generation())
        {
            found.place = seek(catalog, question);
        }
    }
    for (_, seek) in found.iter().filter_map(|found| found.place) {
        seek.go_on();
    }
}

/// Begins to look for the name of a question in the zone that answers, if there is one.
fn seek<'c>(catalog: &'c Catalog, question: &Question) -> Option<(&'c Zone, Seek<'c>)> {
    let name = Folded::new(question.name);
    let zone = catalog.find(name.as_wire(), question.rtype)?;
    Some((zone, zone.seek(name.as_wire())))
}
