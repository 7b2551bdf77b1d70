//! How long responses take inside the engine, measured at one of every `SAMPLED`.
//!
//! The time begins when a shard has the query and ends when the kernel has the response. Over UDP
//! all queries of a batch are received by one system call, and their responses are sent by one. So
//! they take the same time, and the clock is read only around a batch that has a response to be
//! measured: twice for 64 responses, about a nanosecond for each. Over TCP the same holds for the
//! queries that one turn of a connection answers; what its client does not take yet is not waited
//! for.
//!
//! Every 64th response is measured, not one batch of so many. So each response counts as much as any
//! other, however full its batch was. Of n measured responses, a share p above a bound has a standard
//! error of √(p(1 - p)/n): at 10,000 responses a second, five minutes give 47,000 of them, and the
//! share beyond the p99 is 1.00 % ± 0.05 %. A quantile itself is known to its bucket only, a factor
//! of 2 or 2.5.
//!
//! What a query waited in the receive buffer of its socket is not in it: no clock of ours runs then.

use super::counting::add;
use std::sync::atomic::AtomicU64;
use std::time::{Duration, Instant};

/// One response in so many is measured.
const SAMPLED: usize = 64;

/// Names the rows of a transport: one for each bound, then what is above all of them, then the sum.
macro_rules! bounds {
    ($($micros:literal)*) => {
        /// Upper bounds in microseconds, each included: from a small answer on an idle machine to
        /// what a resolver takes for lost. Few and round ones, as dashboards show them.
        const BOUNDS: [u64; [$($micros),*].len()] = [$($micros),*];
        /// The rows of UDP.
        pub const UDP: Names = [
            $(concat!("duration_udp_", $micros),)* "duration_udp_inf", "duration_udp_ns",
        ];
        /// The rows of TCP.
        pub const TCP: Names = [
            $(concat!("duration_tcp_", $micros),)* "duration_tcp_inf", "duration_tcp_ns",
        ];
    };
}
bounds!(2 5 10 20 50 100 200 500 1000 2000 5000 10000 20000 50000 100000);

type Names = [&'static str; BOUNDS.len() + 2];

/// Measured responses, by how long they took. One thread adds, any thread may read.
#[derive(Default)]
pub struct Histogram {
    /// Those up to each bound and above the one before it, then those above all.
    counts: [AtomicU64; BOUNDS.len() + 1],
    nanoseconds: AtomicU64,
}

impl Histogram {
    /// Some responses took so long, each of them.
    pub fn record(&self, duration: Duration, responses: u64) {
        let bounds = BOUNDS.map(Duration::from_micros);
        let bucket = bounds.iter().position(|bound| duration <= *bound);
        add(&self.counts[bucket.unwrap_or(BOUNDS.len())], responses);
        // 584 years fit.
        add(&self.nanoseconds, duration.as_nanos() as u64 * responses);
    }

    /// What each row has, in the order of `Names`.
    pub fn values(&self) -> impl Iterator<Item = &AtomicU64> {
        self.counts.iter().chain([&self.nanoseconds])
    }
}

/// Chooses the responses that are measured, and measures them.
pub struct Stopwatch {
    /// The next response to be measured is so many ahead; at least 1.
    left: usize,
}

impl Stopwatch {
    /// None was sent yet.
    pub fn new() -> Stopwatch {
        Stopwatch { left: SAMPLED }
    }

    /// The time, where one of the next responses, `most` of them, is to be measured.
    pub fn start(&self, most: usize) -> Option<Instant> {
        (self.left <= most).then(Instant::now)
    }

    /// So many responses were sent now, to queries that came at `start`.
    pub fn stop(&mut self, start: Option<Instant>, sent: usize, histogram: &Histogram) {
        let measured = self.take(sent);
        if let Some(start) = start
            && measured > 0
        {
            histogram.record(start.elapsed(), measured);
        }
    }

    /// How many of the next responses are to be measured.
    fn take(&mut self, responses: usize) -> u64 {
        let Some(beyond) = responses.checked_sub(self.left) else {
            self.left -= responses;
            return 0;
        };
        self.left = SAMPLED - beyond % SAMPLED;
        1 + (beyond / SAMPLED) as u64
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::atomic::Ordering::Relaxed;

    fn rows(histogram: &Histogram) -> Vec<(&'static str, u64)> {
        let values = histogram.values().map(|value| value.load(Relaxed));
        UDP.into_iter()
            .zip(values)
            .filter(|row| row.1 > 0)
            .collect()
    }

    #[test]
    fn each_duration_is_in_the_first_bucket_that_holds_it() {
        for (nanoseconds, row) in [
            (0, "duration_udp_2"),
            (2_000, "duration_udp_2"),
            (2_001, "duration_udp_5"),
            (5_000, "duration_udp_5"),
            (10_001, "duration_udp_20"),
            (100_000, "duration_udp_100"),
            (999_999, "duration_udp_1000"),
            (50_000_001, "duration_udp_100000"),
            (100_000_000, "duration_udp_100000"),
            (100_000_001, "duration_udp_inf"),
            (3_600_000_000_000, "duration_udp_inf"),
        ] {
            let histogram = Histogram::default();
            histogram.record(Duration::from_nanos(nanoseconds), 1);
            let sum = (nanoseconds > 0).then_some(("duration_udp_ns", nanoseconds));
            let expected: Vec<_> = [(row, 1)].into_iter().chain(sum).collect();
            assert_eq!(rows(&histogram), expected, "{nanoseconds}");
        }
    }

    #[test]
    fn responses_of_one_batch_are_counted_each() {
        let histogram = Histogram::default();
        histogram.record(Duration::from_micros(3), 2);
        histogram.record(Duration::from_micros(4), 1);
        let expected = [("duration_udp_5", 3), ("duration_udp_ns", 10_000)];
        assert_eq!(rows(&histogram), expected);
    }

    #[test]
    fn rows_are_named_by_their_bounds() {
        for (names, transport) in [(UDP, "udp"), (TCP, "tcp")] {
            let ends = ["inf", "ns"].map(str::to_owned);
            let bounds = BOUNDS.map(|bound| bound.to_string());
            let expected = bounds.into_iter().chain(ends);
            let expected: Vec<_> = expected
                .map(|end| format!("duration_{transport}_{end}"))
                .collect();
            assert_eq!(names.to_vec(), expected);
        }
        assert!(BOUNDS.is_sorted());
    }

    #[test]
    fn one_response_in_64_is_measured_whatever_the_batches() {
        for batch in [1, 5, 32, 63, 64, 65, 200, 1000] {
            let mut stopwatch = Stopwatch::new();
            let mut measured = 0;
            for sent in (batch..=64_000).step_by(batch) {
                let is_due = stopwatch.left <= batch;
                assert_eq!(stopwatch.start(batch).is_some(), is_due);
                let taken = stopwatch.take(batch);
                assert_eq!(taken > 0, is_due);
                measured += taken;
                assert_eq!(measured, (sent / SAMPLED) as u64, "batches of {batch}");
            }
        }
    }

    #[test]
    fn a_response_that_is_not_sent_is_not_measured() {
        let (mut stopwatch, histogram) = (Stopwatch::new(), Histogram::default());
        for _ in 0..1_000 {
            let start = stopwatch.start(SAMPLED);
            assert!(start.is_some());
            stopwatch.stop(start, 0, &histogram);
        }
        assert_eq!(rows(&histogram), []);
        let start = stopwatch.start(SAMPLED);
        stopwatch.stop(start, SAMPLED, &histogram);
        assert_eq!(rows(&histogram)[0].1, 1);
    }
}
