//! What was replaced, kept until its last reader lets go of it, and freed soon after.
//!
//! Shards read what they share without waiting: a change swaps in a new value, and the old one
//! stays for the shards that still read it. To free a zone of a million names takes long, so a shard
//! must never be the last to let go of one. Whoever makes a change therefore hands the old value to
//! [`Retired`], which holds it as one more reader:
//!
//! ```text
//! change ── push ──► nobody reads it ──► freed at once, in the thread that makes the change
//!                └─► a shard reads it ─► looked at again and again by a thread, which frees it
//! ```
//!
//! The thread runs only while there is something to free. It sleeps between two looks: a shard
//! reads a value for as long as one batch of queries takes, and the shard does nothing to tell
//! that it is done. So the path of a query has neither a lock nor a wake-up.

use std::mem::take;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::Duration;

/// The pause before the first look: a batch of queries takes less.
const FIRST_PAUSE: Duration = Duration::from_millis(1);
/// The longest pause. Pauses double, so that a reader that the system does not let run for long
/// costs ten looks a second at most.
const LONGEST_PAUSE: Duration = Duration::from_millis(100);

/// Values that were replaced and that may still be read.
pub struct Retired<T>(Arc<Queue<T>>);

struct Queue<T> {
    state: Mutex<State<T>>,
    /// Notified when everything is freed.
    emptied: Condvar,
}

struct State<T> {
    values: Vec<Arc<T>>,
    /// Whether the thread runs that frees them.
    is_watched: bool,
}

impl<T> Default for Retired<T> {
    /// Nothing yet.
    fn default() -> Retired<T> {
        let state = State {
            values: Vec::new(),
            is_watched: false,
        };
        Retired(Arc::new(Queue {
            state: Mutex::new(state),
            emptied: Condvar::new(),
        }))
    }
}

impl<T: Send + Sync + 'static> Retired<T> {
    /// Takes a value that no new reader can get; it is freed as soon as the last one lets go of it.
    pub fn push(&self, value: Arc<T>) {
        if Arc::strong_count(&value) == 1 {
            return;
        }
        let mut state = self.0.state();
        state.values.push(value);
        if !state.is_watched {
            let queue = Arc::clone(&self.0);
            let thread = thread::Builder::new().name("retired".into());
            // Where no thread can be started, the next push tries again.
            state.is_watched = thread.spawn(move || queue.watch()).is_ok();
        }
    }

    /// Waits until everything is freed, at most for `limit`; whether it is.
    pub fn wait(&self, limit: Duration) -> bool {
        let state = self.0.state();
        let waited = self
            .0
            .emptied
            .wait_timeout_while(state, limit, |state| state.is_watched);
        let (state, _) = waited.unwrap_or_else(PoisonError::into_inner);
        !state.is_watched && state.values.is_empty()
    }
}

impl<T> Queue<T> {
    /// Frees what nobody reads any more, until nothing is left.
    fn watch(&self) {
        let mut pause = FIRST_PAUSE;
        loop {
            thread::sleep(pause);
            pause = (2 * pause).min(LONGEST_PAUSE);
            let free;
            {
                let mut state = self.state();
                let values = take(&mut state.values).into_iter();
                (free, state.values) = values.partition(|value| Arc::strong_count(value) == 1);
            }
            // It takes long, so no change waits for it.
            drop::<Vec<_>>(free);
            let mut state = self.state();
            if state.values.is_empty() {
                state.is_watched = false;
                self.emptied.notify_all();
                return;
            }
        }
    }

    fn state(&self) -> MutexGuard<'_, State<T>> {
        // The state is whole at every moment, whoever panicked.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::mpsc::{Receiver, Sender, channel};
    use std::thread::ThreadId;

    const LIMIT: Duration = Duration::from_secs(10);

    /// Tells which thread frees it.
    struct Value(Sender<ThreadId>);

    impl Drop for Value {
        fn drop(&mut self) {
            let _ = self.0.send(thread::current().id());
        }
    }

    fn value() -> (Arc<Value>, Receiver<ThreadId>) {
        let (sender, freed) = channel();
        (Arc::new(Value(sender)), freed)
    }

    #[test]
    fn what_nobody_reads_is_freed_at_once() {
        let retired = Retired::default();
        let (value, freed) = value();
        retired.push(value);
        assert_eq!(freed.try_recv(), Ok(thread::current().id()));
        assert!(retired.wait(Duration::ZERO));
    }

    #[test]
    fn what_is_read_is_freed_after_its_last_reader_and_never_by_it() {
        let retired = Retired::default();
        let (value, freed) = value();
        let readers = [Arc::clone(&value), Arc::clone(&value)];
        retired.push(value);
        assert!(!retired.wait(3 * FIRST_PAUSE));
        for reader in readers {
            assert!(freed.try_recv().is_err());
            drop(reader);
        }
        assert!(retired.wait(LIMIT));
        assert_ne!(freed.try_recv().unwrap(), thread::current().id());
    }

    #[test]
    fn the_thread_ends_and_starts_again() {
        let retired = Retired::default();
        for _ in 0..3 {
            let (value, freed) = value();
            let reader = Arc::clone(&value);
            retired.push(value);
            assert!(retired.0.state().is_watched);
            drop(reader);
            freed.recv_timeout(LIMIT).unwrap();
            assert!(retired.wait(LIMIT));
            assert!(!retired.0.state().is_watched);
        }
    }
}
