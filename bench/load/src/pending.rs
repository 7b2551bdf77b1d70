//! The queries of one socket that wait for their reply, by message id.

/// Ids that a socket uses in turn: at 10,000 queries a second, more than a second passes until one
/// comes again. What is not answered by then is lost.
const IDS: usize = 1 << 14;

/// When each waiting query should have left, in nanoseconds since the start plus one; 0 is none.
pub struct Pending {
    due: Box<[u64]>,
    next: usize,
    waiting: usize,
}

impl Default for Pending {
    fn default() -> Self {
        Self {
            due: vec![0; IDS].into(),
            next: 0,
            waiting: 0,
        }
    }
}

impl Pending {
    /// Take an id for a query due at `due`; whether the query that had it before is lost.
    pub fn add(&mut self, due: u64) -> (u16, bool) {
        let id = self.next;
        self.next = (id + 1) % IDS;
        let lost = self.due[id] != 0;
        self.due[id] = due + 1;
        self.waiting += usize::from(!lost);
        (id as u16, lost)
    }

    /// When the query with this id was due; None where none waits: a late or foreign reply.
    pub fn take(&mut self, id: u16) -> Option<u64> {
        let slot = self.due.get_mut(usize::from(id))?;
        let due = std::mem::take(slot).checked_sub(1)?;
        self.waiting -= 1;
        Some(due)
    }

    /// How many wait.
    pub fn waiting(&self) -> usize {
        self.waiting
    }

    /// Wait no longer for those that wait; how many they were.
    pub fn forget(&mut self) -> usize {
        self.due.fill(0);
        std::mem::take(&mut self.waiting)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_reply_counts_once() {
        let mut pending = Pending::default();
        let (id, lost) = pending.add(0);
        assert!(!lost);
        assert_eq!(pending.take(id), Some(0));
        assert_eq!(pending.take(id), None);
        assert_eq!(pending.take(u16::MAX), None);
        assert_eq!(pending.waiting(), 0);
    }

    #[test]
    fn an_id_that_comes_again_unanswered_is_a_lost_query() {
        let mut pending = Pending::default();
        let lost = (0..IDS + 3).filter(|n| pending.add(*n as u64).1).count();
        assert_eq!((lost, pending.waiting()), (3, IDS));
        assert_eq!(pending.forget(), IDS);
        assert_eq!(pending.waiting(), 0);
    }
}
