//! Any octets as a change of the zone `example.`.
//!
//! A change that is accepted makes the zone that the model makes of it, leaves the old one as it
//! was, and the difference of the two zones leads from each to the other.

use std::sync::LazyLock;

use dnsfleet_engine::zone::Zone;

use crate::allocations;
use crate::model::Model;
use crate::snapshots::check_zone;
use crate::worlds::EXAMPLE;

/// Octets in use for each of the input, as for a snapshot.
const OCTETS_PER_OCTET: usize = 256;
/// Octets in use for any input: the buckets of the zone that are copied.
const LEAST_OCTETS: usize = 256 * 1024;

static SNAPSHOT: LazyLock<Vec<u8>> = LazyLock::new(|| EXAMPLE.encode());

/// See the module.
pub fn check(input: &[u8]) {
    let (old, limit) = (&*EXAMPLE, LEAST_OCTETS + OCTETS_PER_OCTET * input.len());
    let applied = allocations::within(limit, || old.apply(input));
    assert_eq!(old.encode(), *SNAPSHOT, "the old zone is another");
    let Ok(new) = applied else {
        return;
    };
    let before = Model::read(&SNAPSHOT);
    let mut after = before.clone();
    after.apply(input);
    assert_eq!(new.encode(), after.encode());
    check_zone(&new, &after);
    check_difference((old, &before), (&new, &after));
    check_difference((&new, &after), (old, &before));
    check_way(old, &new);
    check_way(&new, old);
}

/// What the engine calls the difference of two zones is what the model does.
pub fn check_difference(old: (&Zone, &Model), new: (&Zone, &Model)) {
    let delta = old.0.diff(new.0).expect("of one origin");
    assert_eq!(delta.payload(), old.1.encode_delta(new.1));
    assert_eq!(old.0.rrsets() + delta.added, new.0.rrsets() + delta.removed);
    let lines = delta.lines(usize::MAX);
    assert!(lines.len() >= delta.added + delta.removed + delta.changed);
}

/// The difference leads from one zone to the other.
pub fn check_way(old: &Zone, new: &Zone) {
    let delta = old.diff(new).expect("of one origin");
    let derived = old.apply(delta.payload()).expect("a delta of our own");
    assert_eq!(derived.encode(), new.encode());
    assert_eq!(derived.digest(), new.digest());
}
