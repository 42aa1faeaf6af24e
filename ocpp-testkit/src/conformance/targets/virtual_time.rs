//! What the targets in virtual time share: they jump from one thing that is due to the next.

use std::collections::VecDeque;

use ocpp_core::time::Instant;

use crate::conformance::target::{Happening, Trouble};

/// A machine with all that is around it.
pub(super) trait VirtualTime {
    /// What can be due.
    type Due;

    /// The time, and what happened and nobody has seen yet.
    fn state(&mut self) -> (&mut Instant, &mut VecDeque<Happening>);

    /// What is due next.
    fn next_due(&self) -> Option<(Instant, Self::Due)>;

    /// It happens.
    fn happen(&mut self, due: Self::Due) -> Result<(), Trouble>;
}

/// Lets time pass until something happens, at most until `until`.
pub(super) fn next(target: &mut impl VirtualTime, until: Instant) -> Result<Option<Happening>, Trouble> {
    loop {
        if let Some(happening) = target.state().1.pop_front() {
            return Ok(Some(happening));
        }
        let due = target.next_due().filter(|(at, _)| *at <= until);
        let (now, _) = target.state();
        match due {
            Some((at, due)) => {
                *now = at.max(*now);
                target.happen(due)?;
            }
            None => {
                *now = until.max(*now);
                return Ok(None);
            }
        }
    }
}
