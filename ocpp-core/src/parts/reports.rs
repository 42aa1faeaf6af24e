//! Statuses of a job on their way to the CSMS: in order, each until it was answered, and the present one when it is asked for.

use alloc::collections::VecDeque;

/// More than a job goes through.
const MAX_WAITING: usize = 12;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Asked {
    First,
    Present,
}

/// Statuses to report.
#[derive(Debug)]
pub(crate) struct Reports<S> {
    waiting: VecDeque<S>,
    is_wanted: bool,
    asked: Option<Asked>,
}

impl<S> Default for Reports<S> {
    fn default() -> Self {
        Reports { waiting: VecDeque::new(), is_wanted: false, asked: None }
    }
}

impl<S: Copy> Reports<S> {
    pub fn push(&mut self, status: S) {
        if self.waiting.len() < MAX_WAITING {
            self.waiting.push_back(status);
        }
    }

    /// The CSMS asks for the present status.
    pub fn trigger(&mut self) {
        self.is_wanted = true;
    }

    /// The status to report now; `present` if the CSMS asked. `may_report` is false while only what it asks for may leave.
    pub fn next<T: From<S>>(&mut self, may_report: bool, present: T) -> Option<T> {
        if let Some(first) = self.waiting.front().filter(|_| may_report) {
            self.asked = Some(Asked::First);
            return Some((*first).into());
        }
        if self.is_wanted {
            self.asked = Some(Asked::Present);
            return Some(present);
        }
        None
    }

    /// The CSMS took the report, or refused it, which repeating would not mend. Gives what it was of the order.
    pub fn answered(&mut self) -> Option<S> {
        match self.asked.take()? {
            // A status sent on its own meets the request too (1.6 §5.17).
            Asked::First => {
                self.is_wanted = false;
                self.waiting.pop_front()
            }
            Asked::Present => {
                self.is_wanted = false;
                None
            }
        }
    }

    /// The report may not have arrived.
    pub fn lost(&mut self) {
        self.asked = None;
    }
}
