//! Reports of faults, few of each kind: a name that a signer left out is one fault, and a chain that
//! it left out is one at each name.

use std::collections::BTreeMap;

use crate::checks::owner::Places;
use crate::violations::Violations;

/// Faults of one kind that are shown: enough to see what they have in common.
const MOST_SHOWN: usize = 10;

/// Gathers faults.
pub(super) struct Reports<'a> {
    places: Places<'a>,
    violations: &'a mut Violations,
    counts: BTreeMap<&'static str, usize>,
}

impl<'a> Reports<'a> {
    pub(super) fn new(places: Places<'a>, violations: &'a mut Violations) -> Reports<'a> {
        Reports {
            places,
            violations,
            counts: BTreeMap::new(),
        }
    }

    /// An error at a record of an owner and type.
    pub(super) fn error(
        &mut self,
        reason: &'static str,
        owner: &[u8],
        rtype: u16,
        message: impl FnOnce() -> String,
    ) {
        let count = self.counts.entry(reason).or_default();
        *count += 1;
        if *count <= MOST_SHOWN {
            let place = self.places.of(owner, rtype);
            self.violations.error(reason, message(), place);
        }
    }

    /// Tells how many were not shown.
    pub(super) fn end(self) {
        for (reason, count) in self.counts {
            if let Some(more) = count.checked_sub(MOST_SHOWN)
                && more > 0
            {
                let message = format!("{more} more of this kind are not shown");
                self.violations.error(reason, message, None);
            }
        }
    }
}
