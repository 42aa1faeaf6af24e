//! The other side of the conversation: sends, expects, answers, and checks every frame on the way.

mod answers;
mod edge;
mod initial;
mod schema;
mod steps;

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::time::Duration;

use chrono::SecondsFormat;
use ocpp_core::time::Instant;
use ocpp_rpc::Dialect;
use serde_json::{Value, json};

use crate::checks::wire::Frame;
use crate::conformance::need::{Capabilities, Need};
use crate::conformance::pattern::Pattern;
use crate::conformance::target::{Happening, Manual, Target, Trouble};
use crate::conformance::{Case, Role, Step, Stop, Values};

use answers::Prepared;
pub use edge::Edge;
pub(super) use schema::{Half, fits};

/// One side of a conversation, on behalf of a case. `E` is what a version adds.
pub struct Bench<'a, E> {
    pub(super) target: &'a mut dyn Target,
    /// What the run fills in.
    pub values: &'a Values,
    pub(super) role: Role,
    case: &'static str,
    pub(super) dialect: Dialect,
    pub(super) is_connected: bool,
    pub(super) inbox: VecDeque<Call>,
    /// Answers that the case wants to give, by action.
    pub(super) prepared: BTreeMap<String, VecDeque<Prepared>>,
    /// Our call that waits for its answer: its id and action.
    pub(super) open: Option<(String, String)>,
    reply: Option<Reply>,
    calls: u64,
    /// The ids of all calls of this connection.
    ids: BTreeSet<String>,
    pub(super) is_accepted: bool,
    /// Whether the case is over: nothing that comes now is judged.
    pub(super) is_tidying: bool,
    pub(super) capabilities: Capabilities,
    pub(super) traces: Traces,
    pub(super) seen: Vec<Seen>,
    trace: Vec<Value>,
    pub(super) edge: E,
}

/// What a case left behind around the target.
#[derive(Debug, Default)]
pub(super) struct Traces {
    pub plugged: BTreeSet<u16>,
    pub broken: BTreeSet<u16>,
    pub held_locks: BTreeSet<u16>,
    pub parked: BTreeSet<u16>,
}

/// How long people take for a step.
const HANDS: Duration = Duration::from_millis(20);

/// A frame of the target.
#[derive(Clone, Debug, PartialEq)]
pub struct Seen {
    /// The frame.
    pub text: String,
    /// Whether the case rested on it: it was expected, or answered a call of the case.
    pub is_used: bool,
}

/// A call of the target, which was answered as it came.
#[derive(Clone, Debug, PartialEq)]
pub struct Call {
    /// The action.
    pub action: String,
    /// The payload.
    pub payload: Value,
    /// When it came.
    pub at: Instant,
    /// What it was told; null for an error.
    pub answer: Value,
    pub(super) seen: usize,
}

/// The target's answer to a call: a payload or an error code.
struct Reply {
    result: Result<Value, String>,
    seen: usize,
}

impl<'a, E: Edge> Bench<'a, E> {
    pub(in crate::conformance) fn new(target: &'a mut dyn Target, values: &'a Values, case: &Case, edge: E) -> Self {
        let dialect = case.dialect(values);
        let header = json!({
            "ocpp_trace": 1,
            "by": concat!("ocpp-testkit ", env!("CARGO_PKG_VERSION")),
            "case": case.id,
            "ocpp": version(dialect),
        });
        Bench {
            target,
            values,
            role: case.role(),
            case: case.id,
            dialect,
            is_connected: false,
            inbox: VecDeque::new(),
            prepared: BTreeMap::new(),
            open: None,
            reply: None,
            calls: 0,
            ids: BTreeSet::new(),
            is_accepted: false,
            is_tidying: false,
            capabilities: Capabilities::default(),
            traces: Traces::default(),
            seen: Vec::new(),
            trace: vec![header],
            edge,
        }
    }

    /// Brings the target into its initial state, runs the steps, and sees that nothing more comes.
    pub(in crate::conformance) fn carry_out(&mut self, needs: &[Need], steps: fn(&mut Bench<'_, E>) -> Step) -> Step {
        let outcome = self.precondition("Booted", E::begin).and_then(|()| {
            if self.role == Role::Station {
                E::learn(self, needs)?;
            }
            needs.iter().try_for_each(|need| need.check(&self.capabilities, self.values))?;
            steps(self)?;
            self.quiet(self.values.settle)
        });
        if !self.target.is_fresh() {
            self.is_tidying = true;
            self.prepared.clear();
            self.catch_up();
            E::tidy(self);
            let _ = self.pass(self.values.pause);
            self.inbox.clear();
        }
        outcome
    }

    pub(in crate::conformance) fn end(self) -> (Vec<Seen>, Vec<Value>) {
        (self.seen, self.trace)
    }

    /// The time, on the target's clock.
    pub fn now(&self) -> Instant {
        self.target.now()
    }

    /// Brings the target into a state. What goes wrong on the way is no verdict about the case.
    ///
    /// # Errors
    /// When the state is not reached.
    pub fn precondition<T>(&mut self, name: &str, steps: impl FnOnce(&mut Self) -> Step<T>) -> Step<T> {
        steps(self).map_err(|stop| match stop {
            Stop::Failed(reason) => Stop::Inconclusive(format!("state {name} not reached: {reason}")),
            Stop::Inconclusive(_) | Stop::NotApplicable(_) => stop,
        })
    }

    /// Waits for one call like this, and gives it.
    ///
    /// # Errors
    /// When another one comes, or none in time.
    pub fn expect(&mut self, pattern: Pattern) -> Step<Call> {
        self.expect_within(self.values.patience, pattern)
    }

    /// Waits so long for one call like this.
    ///
    /// # Errors
    /// When another one comes, or none in time.
    pub fn expect_within(&mut self, within: Duration, pattern: Pattern) -> Step<Call> {
        let (_, call) = self.next_of(self.now() + within, std::slice::from_ref(&pattern), &mut Vec::new())?;
        Ok(call)
    }

    /// Waits for these calls in any order, and gives them in the order of the patterns. Calls like one of `optional` may
    /// come in between: statuses any number of times, others once each.
    ///
    /// # Errors
    /// When another one comes, or they do not come in time.
    pub fn gather(&mut self, patterns: &[Pattern], optional: &[Pattern]) -> Step<Vec<Call>> {
        let until = self.now() + self.values.patience;
        let mut open: Vec<(usize, Pattern)> = patterns.iter().cloned().enumerate().collect();
        let mut optional = optional.to_vec();
        let mut calls = BTreeMap::new();
        while !open.is_empty() {
            let wanted: Vec<Pattern> = open.iter().map(|(_, pattern)| pattern.clone()).collect();
            let (place, call) = self.next_of(until, &wanted, &mut optional)?;
            let (place, _) = open.remove(place);
            calls.insert(place, call);
        }
        Ok(calls.into_values().collect())
    }

    /// Waits so long for the first call like one of these, and says like which. Calls like one of `optional` may come
    /// before.
    ///
    /// # Errors
    /// When another one comes, or none in time.
    pub fn first_of(&mut self, within: Duration, patterns: &[Pattern], optional: &[Pattern]) -> Step<(usize, Call)> {
        self.next_of(self.now() + within, patterns, &mut optional.to_vec())
    }

    fn next_of(&mut self, until: Instant, patterns: &[Pattern], optional: &mut Vec<Pattern>) -> Step<(usize, Call)> {
        loop {
            while let Some(call) = self.inbox.pop_front() {
                let fits = |pattern: &Pattern| pattern.action == call.action && pattern.matches(&call.payload).is_ok();
                if let Some(place) = patterns.iter().position(fits) {
                    self.mark_used(call.seen);
                    return Ok((place, call));
                }
                if let Some(place) = optional.iter().position(fits) {
                    // Passing statuses decide nothing.
                    if call.action != "StatusNotification" {
                        optional.remove(place);
                        self.mark_used(call.seen);
                    }
                } else if !self.may_come_any_time(&call, patterns) {
                    return Err(unexpected(&call, patterns));
                }
            }
            if !self.pump(until)? {
                let wanted: Vec<String> = patterns.iter().map(Pattern::to_string).collect();
                return Err(Stop::Failed(format!("not seen in time: {}", wanted.join("; "))));
            }
        }
    }

    /// Sees that nothing comes for a while.
    ///
    /// # Errors
    /// When something does.
    pub fn quiet(&mut self, span: Duration) -> Step {
        self.watch(span, |call| !call.action.is_empty())
    }

    /// Sees that none of these calls comes for a while; others may.
    ///
    /// # Errors
    /// When one does.
    pub fn never(&mut self, span: Duration, actions: &[&str]) -> Step {
        self.watch(span, |call| actions.contains(&call.action.as_str()))
    }

    /// Sees that no call like this comes for a while; others may.
    ///
    /// # Errors
    /// When one does.
    pub fn never_like(&mut self, span: Duration, pattern: &Pattern) -> Step {
        self.watch(span, |call| pattern.action == call.action && pattern.matches(&call.payload).is_ok())
    }

    /// Calls like one of these that came already are not looked at.
    pub fn forget(&mut self, patterns: &[Pattern]) {
        let fits =
            |call: &Call, pattern: &Pattern| pattern.action == call.action && pattern.matches(&call.payload).is_ok();
        self.inbox.retain(|call| !patterns.iter().any(|pattern| fits(call, pattern)));
    }

    fn watch(&mut self, span: Duration, is_wrong: impl Fn(&Call) -> bool) -> Step {
        let until = self.now() + span;
        loop {
            while let Some(call) = self.inbox.pop_front() {
                if !self.may_come_any_time(&call, &[]) && is_wrong(&call) {
                    return Err(Stop::Failed(format!("{} {} came, which must not", call.action, call.payload)));
                }
            }
            if !self.pump(until)? {
                return Ok(());
            }
        }
    }

    /// Calls that may come between those of a case.
    pub(super) fn may_come_any_time(&self, call: &Call, wanted: &[Pattern]) -> bool {
        E::may_come_any_time(self, call, wanted)
    }

    /// Calls the target, and sees that its answer is like this.
    ///
    /// # Errors
    /// When it is not, or none comes in time.
    pub fn ask(&mut self, action: &str, payload: Value, pattern: Pattern) -> Step<Value> {
        self.ask_or(action, payload, pattern, &[])
    }

    /// Like [`Self::ask`], where an error with one of these codes is as good.
    ///
    /// # Errors
    /// When the answer is another one, or none comes in time.
    pub fn ask_or(&mut self, action: &str, payload: Value, mut pattern: Pattern, codes: &[&str]) -> Step<Value> {
        action.clone_into(&mut pattern.action);
        let reply = self.call(action, &payload)?;
        match reply {
            Ok(payload) => match pattern.matches(&payload) {
                Ok(()) => Ok(payload),
                Err(_) if is_lacking(&payload) => {
                    Err(Stop::Inconclusive(format!("the target cannot do that: it answers {action} with {payload}")))
                }
                Err(reason) => Err(Stop::Failed(format!("answer {payload} to {action}: {reason}"))),
            },
            Err(code) if codes.contains(&code.as_str()) => Ok(Value::Null),
            Err(code) => Err(refused(action, &code)),
        }
    }

    fn call(&mut self, action: &str, payload: &Value) -> Step<Result<Value, String>> {
        self.calls += 1;
        let id = format!("{}-{}-{}", self.values.run, self.case, self.calls);
        let text = json!([2, id, action, payload]).to_string();
        self.open = Some((id, action.to_owned()));
        self.reply = None;
        E::on_call(self, action, payload);
        self.send(&text)?;
        let until = self.now() + self.values.patience;
        loop {
            if let Some(reply) = self.reply.take() {
                self.mark_used(reply.seen);
                return Ok(reply.result);
            }
            if !self.is_connected {
                return Err(Stop::Failed(format!("the connection went before {action} was answered")));
            }
            if !self.pump(until)? {
                return Err(Stop::Failed(format!("{action} was not answered in time")));
            }
        }
    }

    pub(super) fn mark_used(&mut self, seen: usize) {
        if let Some(seen) = self.seen.get_mut(seen) {
            seen.is_used = true;
        }
    }

    pub(super) fn send(&mut self, text: &str) -> Step {
        let sender = match self.role {
            Role::Station => "csms",
            Role::Csms => "station",
        };
        self.note(frame_line(sender, text));
        self.target.send(text).map_err(trouble)
    }

    /// Takes in the next thing that happens until `until`; false when nothing does.
    pub(super) fn pump(&mut self, until: Instant) -> Step<bool> {
        match self.target.next(until).map_err(trouble)? {
            None => return Ok(false),
            Some(Happening::Opened) => {
                self.is_connected = true;
                self.ids.clear();
                E::on_opened(self);
                self.note(json!({"event": "connected", "version": version(self.dialect)}));
            }
            Some(Happening::StillOpen) => self.is_connected = true,
            Some(Happening::Closed) => {
                self.is_connected = false;
                self.note(json!({"event": "closed"}));
            }
            Some(Happening::Frame(text)) => {
                let judged = self.take_in(text);
                if !self.is_tidying {
                    judged?;
                }
            }
        }
        Ok(true)
    }

    fn take_in(&mut self, text: String) -> Step {
        let sender = match self.role {
            Role::Station => "station",
            Role::Csms => "csms",
        };
        self.note(frame_line(sender, &text));
        let frame = Frame::parse(text.as_bytes());
        let seen = self.seen.len();
        self.seen.push(Seen { text, is_used: false });
        match frame {
            None => Err(Stop::Failed("sent what is no OCPP frame".to_owned())),
            Some(Frame::Call { id, action, payload }) => self.take_call(id, action, payload, seen),
            Some(Frame::Result { id, payload }) => {
                let action = self.answered(&id)?;
                E::on_answer(self, &action, &payload);
                schema::judge_answer(self.dialect, self.role, &action, &payload)?;
                self.reply = Some(Reply { result: Ok(payload), seen });
                Ok(())
            }
            Some(Frame::Error { id, code }) => {
                self.answered(&id)?;
                self.reply = Some(Reply { result: Err(code), seen });
                Ok(())
            }
        }
    }

    fn answered(&mut self, id: &str) -> Step<String> {
        match self.open.take_if(|(open, _)| open == id) {
            Some((_, action)) => Ok(action),
            None => Err(Stop::Failed(format!("answered {id:?}, which was not asked"))),
        }
    }

    fn take_call(&mut self, id: String, action: String, payload: Value, seen: usize) -> Step {
        let at = self.now();
        let checked = if self.ids.insert(id.clone()) {
            schema::judge_request(self.dialect, self.role, &action, &payload)
        } else {
            Err(Stop::Failed(format!("used the message id {id:?} twice")))
        };
        // Whatever is wrong with a call, its sender waits for the answer.
        let (answer, followed) = self.answer_to(&action, &payload, checked.is_ok());
        match &answer {
            Prepared::Answer(answer) => self.send(&json!([3, id, answer]).to_string())?,
            Prepared::Error(code) => self.send(&json!([4, id, code, "", {}]).to_string())?,
            Prepared::Silence => {}
        }
        checked.and(followed)?;
        let answer = if let Prepared::Answer(answer) = answer { answer } else { Value::Null };
        self.inbox.push_back(Call { action, payload, at, answer, seen });
        Ok(())
    }

    /// The case may have broken off while a call of ours was not answered yet, or before it saw that the connection went: what
    /// came of it has to be known.
    fn catch_up(&mut self) {
        while matches!(self.pump(self.now()), Ok(true)) {}
        let until = self.now() + self.values.patience;
        while self.is_connected && self.open.is_some() && matches!(self.pump(until), Ok(true)) {}
    }

    pub(super) fn perform(&mut self, step: Manual) -> Step {
        // Nobody's hands are as quick as a message.
        self.pass(HANDS)?;
        self.target.perform(&step).map_err(trouble)
    }

    fn note(&mut self, mut line: Value) {
        if let Some(line) = line.as_object_mut() {
            line.insert("at".to_owned(), self.target.now().as_millis().into());
            line.insert("t".to_owned(), self.target.wall().to_rfc3339_opts(SecondsFormat::Millis, true).into());
            line.insert("id".to_owned(), self.values.station.as_str().into());
        }
        self.trace.push(line);
    }
}

/// An answer that says that the target has no such thing (1.6 §5.17, §5.18, §7.22).
fn is_lacking(answer: &Value) -> bool {
    answer.get("status").is_some_and(|status| status == "NotImplemented" || status == "NotSupported")
}

/// What a target cannot do decides nothing about how well it does it.
fn refused(action: &str, code: &str) -> Stop {
    match code {
        "NotSupported" | "NotImplemented" => {
            Stop::Inconclusive(format!("the target cannot do that: it answers {action} with {code}"))
        }
        _ => Stop::Failed(format!("{action} was answered with {code}")),
    }
}

fn frame_line(sender: &str, text: &str) -> Value {
    match serde_json::from_str::<Value>(text) {
        Ok(frame @ Value::Array(_)) => json!({"from": sender, "frame": frame}),
        Ok(_) | Err(_) => json!({"from": sender, "raw": text}),
    }
}

fn unexpected(call: &Call, wanted: &[Pattern]) -> Stop {
    let named = wanted.iter().find(|pattern| pattern.action == call.action);
    let reason = match named.map(|pattern| pattern.matches(&call.payload)) {
        Some(Err(reason)) => reason,
        Some(Ok(())) | None => {
            let wanted: Vec<String> = wanted.iter().map(Pattern::to_string).collect();
            format!("expected {}", wanted.join("; "))
        }
    };
    Stop::Failed(format!("{} {} came: {reason}", call.action, call.payload))
}

/// What is not done or not reached is nobody's fault.
pub(super) fn trouble(trouble: Trouble) -> Stop {
    Stop::Inconclusive(trouble.to_string())
}

/// A version as traces name it.
fn version(dialect: Dialect) -> &'static str {
    dialect.subprotocol().trim_start_matches("ocpp")
}
