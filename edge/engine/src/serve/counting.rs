//! Counters that one thread writes and any may read.

use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

/// Add to a counter. Only the shard's own thread writes, so no read-modify-write instruction is
/// needed.
pub fn add(counter: &AtomicU64, amount: u64) {
    counter.store(counter.load(Relaxed) + amount, Relaxed);
}
