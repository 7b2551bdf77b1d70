//! What came back, and its report.

use crate::{HEADER, QR};
use std::collections::BTreeMap;
use std::fmt::Write;

/// Counts of one run.
#[derive(Default)]
pub struct Tally {
    /// Queries that left.
    pub sent: u64,
    /// Queries without a reply.
    pub lost: u64,
    /// Nanoseconds in which the generator waited for the server, of `nanoseconds`.
    pub idle: u64,
    /// Nanoseconds from the first query to the last reply.
    pub nanoseconds: u64,
    /// Octets of all replies.
    octets: u64,
    /// Nanoseconds from when each answered query was due to its reply.
    latencies: Vec<u32>,
    rcodes: BTreeMap<u8, u64>,
}

impl Tally {
    /// Count what came for a query of this run; what is no reply leaves that query lost.
    pub fn reply(&mut self, message: &[u8], latency: u64) {
        if message.len() < HEADER || message[2] & QR == 0 {
            self.lost += 1;
            return;
        }
        *self.rcodes.entry(message[3] & 15).or_default() += 1;
        self.octets += message.len() as u64;
        self.latencies.push(latency.try_into().unwrap_or(u32::MAX));
    }

    /// One JSON object: counts, seconds, replies a second, latencies in µs, replies by rcode.
    pub fn json(mut self) -> String {
        self.latencies.sort_unstable();
        let received = self.latencies.len() as u64;
        let seconds = self.nanoseconds as f64 / 1e9;
        let mut text = format!(
            "{{\"sent\": {}, \"received\": {received}, \"lost\": {}, \"seconds\": {seconds:.6}, \
             \"rate\": {:.1}, \"idle\": {:.3}, \"octets\": {:.1}",
            self.sent,
            self.lost,
            received as f64 / seconds,
            self.idle as f64 / self.nanoseconds as f64,
            self.octets as f64 / received.max(1) as f64,
        );
        for (name, share) in [("p50", 0.50), ("p99", 0.99), ("max", 1.0)] {
            let latency = quantile(&self.latencies, share) / 1e3;
            let _ = write!(text, ", \"{name}_us\": {latency:.1}");
        }
        let rows = self.rcodes.iter();
        let rcodes: Vec<_> = rows
            .map(|(rcode, count)| format!("\"{rcode}\": {count}"))
            .collect();
        let _ = write!(text, ", \"rcodes\": {{{}}}}}", rcodes.join(", "));
        text
    }
}

/// The smallest of the sorted values that at least `share` of all do not exceed; 0 of none.
fn quantile(sorted: &[u32], share: f64) -> f64 {
    let rank = (share * sorted.len() as f64).ceil() as usize;
    sorted.get(rank.max(1) - 1).copied().unwrap_or(0).into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quantiles_are_values_that_occurred() {
        let values: Vec<u32> = (1..=200).collect();
        assert_eq!(quantile(&values, 0.5), 100.0);
        assert_eq!(quantile(&values, 0.99), 198.0);
        assert_eq!(quantile(&values, 1.0), 200.0);
        assert_eq!(quantile(&[7], 0.5), 7.0);
        assert_eq!(quantile(&[], 0.5), 0.0);
    }

    #[test]
    fn a_report_counts_replies_only() {
        let mut tally = Tally {
            sent: 4,
            nanoseconds: 2_000_000_000,
            ..Tally::default()
        };
        let mut message = [0; HEADER];
        tally.reply(&message, 1);
        message[2] = QR;
        message[3] = 3;
        tally.reply(&message, 1_000);
        tally.reply(&message, 3_000);
        tally.reply(&message[..11], 1);
        assert_eq!(
            tally.json(),
            "{\"sent\": 4, \"received\": 2, \"lost\": 2, \"seconds\": 2.000000, \"rate\": 1.0, \
             \"idle\": 0.000, \"octets\": 12.0, \"p50_us\": 1.0, \"p99_us\": 3.0, \
             \"max_us\": 3.0, \"rcodes\": {\"3\": 2}}"
        );
    }
}
