//! The initial state of a station under test, and the way back into it.

use std::time::Duration;

use serde_json::Value;

use super::{Bench, Call, Edge, trouble};
use crate::conformance::pattern::{Pattern, answer};
use crate::conformance::target::Manual;
use crate::conformance::{Step, Stop};

impl<E: Edge> Bench<'_, E> {
    /// The station has booted with a call like `boot`, and said all that it greets with and nothing else; `learn` asks what it has.
    pub(in crate::conformance) fn boots(
        &mut self,
        boot: &Pattern,
        learn: impl FnOnce(&mut Self) -> Step,
        greetings: impl FnOnce(&Self) -> Vec<Pattern>,
    ) -> Step {
        self.target.set_network(true).map_err(trouble)?;
        // A station that goes on from the last case is accepted already.
        self.is_accepted = !self.target.is_fresh();
        self.wait_connected()?;
        let mut said = Vec::new();
        while self.pump(self.now() + self.values.settle)? {
            said.extend(self.inbox.drain(..));
        }
        learn(self)?;
        let has_booted = take(&mut said, boot);
        if has_booted.is_none() && !self.target.is_fresh() {
            return Ok(());
        }
        let boot = has_booted.ok_or_else(|| Stop::Failed("no BootNotification".to_owned()))?;
        self.mark_used(boot.seen);
        for pattern in greetings(self) {
            let call = take(&mut said, &pattern).ok_or_else(|| Stop::Failed(format!("not seen: {pattern}")))?;
            self.mark_used(call.seen);
        }
        said.retain(|call| !self.may_come_any_time(call, &[]));
        match said.first() {
            None => Ok(()),
            Some(call) => Err(Stop::Failed(format!("{} {} came", call.action, call.payload))),
        }
    }

    /// Undoes what people did around the station, and ends what runs there by the calls of `stops`. The state after a failure may be
    /// anything: each step is tried, whatever came of the one before.
    pub(in crate::conformance) fn mend_around(
        &mut self,
        unlocking: impl Fn(u16) -> Value,
        stops: impl FnOnce(&Self) -> Vec<(&'static str, Value)>,
    ) {
        let around = std::mem::take(&mut self.traces);
        let _ = self.go_online();
        let settle = self.values.settle;
        // The case may have told it to wait.
        self.wait_while(self.values.boot_patience, |bench| !bench.is_accepted);
        for connector in &around.held_locks {
            let _ = self.perform(Manual::LockStuck(*connector, false));
            // It was told to open while it could not.
            self.put_back("UnlockConnector", unlocking(*connector));
        }
        for connector in &around.broken {
            let _ = self.perform(Manual::FaultCleared(*connector));
        }
        let _ = self.pass(settle);
        // What waited for the mending may have begun by now.
        for (action, payload) in stops(self) {
            self.put_back(action, payload);
        }
        let _ = self.pass(settle);
        for connector in &around.plugged {
            // The plug may be held for the token that started, which was refused afterwards.
            self.put_back("UnlockConnector", unlocking(*connector));
            let _ = self.perform(Manual::Unplug(*connector));
        }
        for bay in &around.parked {
            let _ = self.perform(Manual::Bay(*bay, false));
        }
    }

    /// A station that boots or connects anew meanwhile is asked once more.
    pub(in crate::conformance) fn put_back(&mut self, action: &str, payload: Value) {
        for _ in 0..2 {
            let _ = self.ask(action, payload.clone(), answer());
            if self.is_connected {
                return;
            }
            // It boots, or goes on, before it is asked.
            let _ = self.wait_connected().and_then(|()| self.pass(self.values.settle));
        }
    }

    /// Takes in what happens for so long at most, while something holds.
    pub(in crate::conformance) fn wait_while(&mut self, within: Duration, holds: impl Fn(&Self) -> bool) {
        let until = self.now() + within;
        while holds(self) && matches!(self.pump(until), Ok(true)) {}
    }
}

/// Takes the first call like this out of several.
fn take(calls: &mut Vec<Call>, pattern: &Pattern) -> Option<Call> {
    let fits = |call: &Call| pattern.action == call.action && pattern.matches(&call.payload).is_ok();
    let place = calls.iter().position(fits)?;
    Some(calls.remove(place))
}
