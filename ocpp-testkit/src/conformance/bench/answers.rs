//! What the bench answers: what the case prepared, or what the version has by itself.

use std::collections::VecDeque;

use chrono::SecondsFormat;
use serde_json::{Value, json};

use super::{Bench, Edge, schema};
use crate::conformance::Step;

/// What a call gets that a case has a word about.
#[derive(Clone, Debug, PartialEq)]
pub(in crate::conformance) enum Prepared {
    /// This answer.
    Answer(Value),
    /// This error.
    Error(String),
    /// Nothing.
    Silence,
}

impl<E: Edge> Bench<'_, E> {
    /// The answer to a call, and what is wrong with its coming now. What a case prepared is for calls that are `sound` by
    /// themselves.
    pub(super) fn answer_to(&mut self, action: &str, payload: &Value, sound: bool) -> (Prepared, Step) {
        let prepared = self.prepared.get_mut(action).filter(|_| sound);
        let prepared = prepared.and_then(VecDeque::pop_front);
        let unknown = || if schema::is_known(self.dialect, action) { "NotSupported" } else { "NotImplemented" };
        let unknown = Prepared::Error(unknown().to_owned());
        let default = E::answer(self, action, payload).map_or(unknown, Prepared::Answer);
        let mut answer = prepared.unwrap_or(default);
        if let Prepared::Answer(answer) = &mut answer
            && let Some(time) = answer.get_mut("currentTime")
        {
            *time = self.target.wall().to_rfc3339_opts(SecondsFormat::Millis, true).into();
        }
        let told = if let Prepared::Answer(answer) = &answer { Some(answer) } else { None };
        let followed = E::follow(self, action, payload, told);
        (answer, followed)
    }

    /// The next call of this action gets this answer. A `currentTime` of null is filled in.
    pub fn will_answer(&mut self, action: &str, answer: Value) {
        self.prepare(action, Prepared::Answer(answer));
    }

    /// The next call of this action gets this error.
    pub fn will_refuse(&mut self, action: &str, code: &str) {
        self.prepare(action, Prepared::Error(code.to_owned()));
    }

    /// The next call of this action gets no answer.
    pub fn will_not_answer(&mut self, action: &str) {
        self.prepare(action, Prepared::Silence);
    }

    /// Asks what no verdict rests on.
    ///
    /// # Errors
    /// As the steps do.
    pub fn aside<T>(&mut self, steps: impl FnOnce(&mut Self) -> Step<T>) -> Step<T> {
        let before = self.seen.len();
        let outcome = steps(self);
        for seen in self.seen.iter_mut().skip(before).filter(|seen| seen.text.starts_with("[3,")) {
            seen.is_used = false;
        }
        outcome
    }

    fn prepare(&mut self, action: &str, prepared: Prepared) {
        self.prepared.entry(action.to_owned()).or_default().push_back(prepared);
    }

    /// An answer to a BootNotification.
    pub fn boot_answer(&self, status: &str) -> Value {
        let interval = if status == "Accepted" { self.values.heartbeat } else { self.values.retry };
        json!({ "status": status, "currentTime": null, "interval": interval.as_secs() })
    }
}
