//! The session: takes facts, gives orders.

use alloc::collections::VecDeque;

use super::{Action, Input, SessionConfig, SessionState};
use crate::MisuseError;
use crate::time::Instant;

/// A CSMS's session with one station. It belongs to the station's identity and lives across connections.
#[derive(Debug)]
pub struct Session {
    config: SessionConfig,
    state: SessionState,
    actions: VecDeque<Action>,
}

impl Session {
    /// A session with a station that has no history.
    ///
    /// The seed makes transaction and message ids: 64 random bits, new for each session and each start of the process.
    pub fn new(config: SessionConfig, seed: u64) -> Self {
        Session::restore(config, seed, SessionState::default())
    }

    /// A session that goes on where another one ended. Commands that were open there end now; facts that were not
    /// confirmed there are stored again, under their tickets. The seed is as new as for [`Session::new`].
    pub fn restore(config: SessionConfig, _seed: u64, state: SessionState) -> Self {
        Session { config, state, actions: VecDeque::new() }
    }

    /// What the session knows, to go on in another process.
    pub fn state(&self) -> SessionState {
        self.state.clone()
    }

    /// How the session behaves.
    pub fn config(&self) -> &SessionConfig {
        &self.config
    }

    /// Takes a fact in. Fails only for mistakes of the caller, and then changes nothing; what the station does wrong is
    /// answered on the wire and told as an event. A `now` before the latest seen counts as the latest.
    pub fn handle(&mut self, _now: Instant, _input: Input<'_>) -> Result<(), MisuseError> {
        Err(MisuseError::Refused("no version of the protocol is compiled in"))
    }

    /// The next thing to do. To be called until there is none, after every input or a few.
    pub fn poll_action(&mut self) -> Option<Action> {
        self.actions.pop_front()
    }

    /// When [`Input::Tick`] is due. After a tick at this time, and all actions taken, the next one is later, or none.
    pub fn poll_timeout(&self) -> Option<Instant> {
        None
    }
}
