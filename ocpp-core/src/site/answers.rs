//! Answers first: the CSMS hears that it was obeyed before it hears what came of it.
//!
//! An answer that is given at once leaves before any call: the engine sees to that. Some answers wait, for the store or for the
//! hardware, while what they promise has happened already and is to be told. So no call leaves while an answer is owed: which
//! call is a consequence of which request, nobody need know. The wait is bounded, since a store that fails, or requests that
//! never end, must not silence the station.

use core::time::Duration;

use crate::time::Instant;

/// The longest wait.
const PATIENCE: Duration = Duration::from_secs(10);

/// Since when an answer is owed.
#[derive(Debug, Default)]
pub(crate) struct Owed {
    since: Option<Instant>,
}

impl Owed {
    /// Learns whether an answer is owed.
    pub fn update(&mut self, is_owed: bool, now: Instant) {
        self.since = is_owed.then(|| self.since.unwrap_or(now));
    }

    /// Whether calls wait for answers.
    pub fn holds_calls(&self, now: Instant) -> bool {
        self.deadline().is_some_and(|until| now < until)
    }

    /// When they wait no longer. It may lie in the past.
    pub fn deadline(&self) -> Option<Instant> {
        self.since.map(|since| since + PATIENCE)
    }
}
