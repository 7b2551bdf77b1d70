//! Look-ahead: asking for the memory that a batch of queries will read, before the first is
//! answered.
//!
//! To load memory that is not in the processor's cache takes as long as all the rest of an answer.
//! So a batch asks for it in steps, each step for all queries: the slots of the index of the answer
//! cache; the entries there; for queries without a valid entry, the slots of the zone; its nodes.
//! To know what to ask for, each query's zone and place in it have to be found; they are handed on
//! to the answer.

use super::cache::Cache;
use super::query::{self, Question};
use crate::catalog::{Catalog, Member};
use crate::name::Folded;
use crate::zone::{Seek, Zone};

/// Most queries that are looked at: as many as a batch has.
const MOST: usize = 32;

/// What is known of one query.
#[derive(Clone, Copy, Default)]
pub struct Ahead<'c> {
    /// The hash by which the cache finds its question.
    pub hash: Option<u64>,
    /// The zone that answers, and the look-up of the name in it.
    pub place: Option<(&'c Zone, Seek<'c>)>,
}

/// Asks the processor to load what the answers to these queries will read. What is known of each
/// query then is left in `found`, which is empty before.
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
        cache.prefetch_entries(hash);
    }
    for (question, found) in questions.iter().zip(found.iter_mut()) {
        if let (Some(question), Some(hash)) = (question, found.hash)
            && !cache.may_hold(hash, catalog.generation())
        {
            found.place = seek(catalog, question);
        }
    }
    for (_, seek) in found.iter().filter_map(|found| found.place) {
        seek.prefetch_node();
    }
}

/// Begins to look for the name of a question in the zone that answers, if there is one.
fn seek<'c>(catalog: &'c Catalog, question: &Question) -> Option<(&'c Zone, Seek<'c>)> {
    let name = Folded::new(question.name);
    match catalog.find(name.as_wire(), question.rtype)? {
        Member::Served(zone) => Some((zone, zone.seek(name.as_wire()))),
        Member::Withheld(_) => None,
    }
}
