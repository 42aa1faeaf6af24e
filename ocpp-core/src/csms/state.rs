//! What a session knows, as plain data.

use super::{CommandId, Fact, SessionConfig};
use crate::store::Ticket;
use alloc::vec::Vec;
#[cfg(feature = "serde")]
use serde::{Deserialize, Serialize};

/// What a session knows beyond its connection. To be rebuilt from the facts that the database holds, or taken out of one
/// process and into another.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(Serialize, Deserialize))]
pub struct SessionState {
    /// The place of the last fact.
    pub(crate) last: u64,
    /// Facts that are not known to be durable: the last ones.
    pub(crate) unconfirmed: Vec<Fact>,
    /// Commands without answer, and whether they were sent.
    pub(crate) commands: Vec<(CommandId, bool)>,
}

impl SessionState {
    /// Rebuilds the state from all facts of a station, in the order of their tickets.
    pub fn replay(config: &SessionConfig, facts: impl IntoIterator<Item = (Ticket, Fact)>) -> Self {
        let mut state = SessionState::default();
        for (ticket, fact) in facts {
            state.apply(config, ticket, &fact);
        }
        state
    }

    /// Brings a state that was stored up to date with a later fact. One that the state knows already changes nothing.
    pub fn apply(&mut self, config: &SessionConfig, ticket: Ticket, fact: &Fact) {
        let _ = (config, fact);
        self.last = self.last.max(ticket.0);
    }
}
