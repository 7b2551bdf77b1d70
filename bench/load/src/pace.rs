//! When the next query may leave.
//!
//! `Window` keeps a number of queries unanswered: the server is always busy, nothing waits so long
//! that it is dropped, and the rate is what the server gives. `Rate` sends by the clock, whatever
//! comes back, as independent clients do; a query counts from the moment at which it should have
//! left, so that a generator that is late does not make the server look fast.

/// How queries leave.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Pace {
    /// So many unanswered ones on all sockets together.
    Window(usize),
    /// By the clock.
    Rate {
        /// Queries a second.
        rate: f64,
        /// Whether to sleep between them. It leaves the core to others; without it, no latency has
        /// a wake-up of the generator in it.
        sleep: bool,
    },
}

impl Pace {
    /// How many queries should have left `now` nanoseconds after the start of a run of `end`.
    pub fn due(self, now: u64, end: u64) -> u64 {
        match self {
            Pace::Window(_) => u64::MAX,
            Pace::Rate { rate, .. } => (now.min(end) as f64 * rate / 1e9) as u64,
        }
    }

    /// When query number `index` should leave: nanoseconds after the start.
    pub fn moment(self, index: u64, now: u64) -> u64 {
        match self {
            Pace::Window(_) => now,
            Pace::Rate { rate, .. } => (index as f64 * 1e9 / rate) as u64,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_rate_is_kept_over_the_whole_run() {
        let pace = Pace::Rate {
            rate: 250_000.0,
            sleep: false,
        };
        let second = 1_000_000_000;
        assert_eq!(pace.due(0, second), 0);
        assert_eq!(pace.due(second / 2, second), 125_000);
        assert_eq!(pace.due(3 * second, second), 250_000);
        assert_eq!(pace.moment(125_000, 7), second / 2);
    }
}
