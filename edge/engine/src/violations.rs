//! What checks find: reason, message and place.

use crate::master::Where;

/// Most violations of one severity that are kept: a reader fixes the first ones first, and a file
/// of a million bad lines must not fill the memory.
const MAX_KEPT: usize = 100;

/// Whether a violation keeps the zone from being served.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Severity {
    /// The zone is refused.
    Error,
    /// The zone is served.
    Warning,
}

/// One thing that was found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Violation {
    /// CamelCase, for conditions and tests.
    pub reason: &'static str,
    /// What is wrong and what is allowed.
    pub message: String,
    /// The record or directive; None where it is the zone as a whole.
    pub place: Option<Where>,
    /// Whether it is an error.
    pub severity: Severity,
}

/// Violations of one severity: the first ones, and how many there were.
#[derive(Default)]
struct Capped {
    first: Vec<Violation>,
    seen: usize,
}

/// Gathers violations.
#[derive(Default)]
pub struct Violations {
    errors: Capped,
    warnings: Capped,
}

impl Violations {
    /// Adds an error.
    pub fn error(&mut self, reason: &'static str, message: String, place: Option<Where>) {
        self.errors.push(reason, message, place, Severity::Error);
    }

    /// Adds a warning.
    pub fn warn(&mut self, reason: &'static str, message: String, place: Option<Where>) {
        self.warnings
            .push(reason, message, place, Severity::Warning);
    }

    /// Whether there was an error.
    pub fn has_errors(&self) -> bool {
        self.errors.seen > 0
    }

    /// The errors, then the warnings, each in the order of their places.
    pub fn into_sorted(self) -> Vec<Violation> {
        let mut all = self.errors.into_sorted(Severity::Error);
        all.extend(self.warnings.into_sorted(Severity::Warning));
        all
    }
}

impl Capped {
    fn push(
        &mut self,
        reason: &'static str,
        message: String,
        place: Option<Where>,
        severity: Severity,
    ) {
        self.seen += 1;
        if self.first.len() < MAX_KEPT {
            self.first.push(Violation {
                reason,
                message,
                place,
                severity,
            });
        }
    }

    fn into_sorted(mut self, severity: Severity) -> Vec<Violation> {
        self.first
            .sort_by_key(|violation| violation.place.map(|place| (place.file, place.line)));
        let more = self.seen - self.first.len();
        if more > 0 {
            let message = format!("{more} more are not shown");
            self.first.push(Violation {
                reason: "MoreViolations",
                message,
                place: None,
                severity,
            });
        }
        self.first
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keeps_the_first_in_order_and_counts_the_rest() {
        let mut violations = Violations::default();
        for line in (0..150).rev() {
            violations.warn("BadName", line.to_string(), Some(Where { file: 0, line }));
        }
        assert!(!violations.has_errors());
        violations.error("NoSOA", "none".into(), None);
        assert!(violations.has_errors());
        let all = violations.into_sorted();
        assert_eq!(all.len(), 1 + MAX_KEPT + 1);
        assert_eq!(all[0].reason, "NoSOA");
        assert_eq!((&*all[1].message, &*all[MAX_KEPT].message), ("50", "149"));
        assert_eq!(all[MAX_KEPT + 1].message, "50 more are not shown");
        assert_eq!(all[MAX_KEPT + 1].severity, Severity::Warning);
    }
}
