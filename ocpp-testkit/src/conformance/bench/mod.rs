//! The other side of the conversation: sends, expects, answers, and checks every frame on the way.

mod answers;
mod as_csms;
mod as_station;
mod configuration;
mod steps;
mod tidy;

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::time::Duration;

use chrono::SecondsFormat;
use ocpp_core::time::Instant;
use ocpp_types::Violation;
use ocpp_types::v1_6::{Action, CsmsRequest, CsmsResponse, StationRequest, StationResponse};
use serde_json::{Value, json};

use super::need::{Capabilities, Need};
use super::pattern::Pattern;
use super::target::{Happening, Manual, Target, Trouble};
use super::{Case, Role, Step, Stop, Values};
use crate::checks::wire::Frame;
use tidy::Traces;

pub use as_csms::Transaction;

/// One side of a conversation, on behalf of a case.
pub struct Bench<'a> {
    target: &'a mut dyn Target,
    /// What the run fills in.
    pub values: &'a Values,
    role: Role,
    case: &'static str,
    is_connected: bool,
    inbox: VecDeque<Call>,
    /// Answers that the case wants to give, by action.
    prepared: BTreeMap<String, VecDeque<Value>>,
    /// Our call that waits for its answer.
    open: Option<(String, Action)>,
    reply: Option<Reply>,
    calls: u64,
    /// The ids of all calls of this connection.
    ids: BTreeSet<String>,
    is_accepted: bool,
    /// Transactions that run, with their start.
    transactions: BTreeMap<i64, Value>,
    last_transaction: i64,
    /// Numbers of transactions that the CSMS under test gave.
    given: BTreeSet<i64>,
    /// Whether the case is over: nothing that comes now is judged.
    is_tidying: bool,
    /// The last status of each connector.
    statuses: BTreeMap<i64, String>,
    /// What each connector was last reported to be, since the station connected or was asked for it.
    told: BTreeMap<i64, Value>,
    /// Whether the tokens are told to be of one group.
    is_grouped: bool,
    capabilities: Capabilities,
    traces: Traces,
    seen: Vec<Seen>,
    trace: Vec<Value>,
}

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
    seen: usize,
}

/// The target's answer to a call: a payload or an error code.
struct Reply {
    result: Result<Value, String>,
    seen: usize,
}

impl<'a> Bench<'a> {
    pub(super) fn new(target: &'a mut dyn Target, values: &'a Values, case: &Case) -> Self {
        let header = json!({
            "ocpp_trace": 1,
            "by": concat!("ocpp-testkit ", env!("CARGO_PKG_VERSION")),
            "case": case.id,
            "ocpp": "1.6",
        });
        Bench {
            target,
            values,
            role: case.role(),
            case: case.id,
            is_connected: false,
            inbox: VecDeque::new(),
            prepared: BTreeMap::new(),
            open: None,
            reply: None,
            calls: 0,
            ids: BTreeSet::new(),
            is_accepted: false,
            transactions: BTreeMap::new(),
            // Unlike that of the case before, so that a repeated message of it is not taken for one of this case.
            last_transaction: 1_000
                + case.id.bytes().fold(0, |sum, byte| (sum * 31 + i64::from(byte)) % 1_000_000) * 10,
            given: BTreeSet::new(),
            is_tidying: false,
            statuses: BTreeMap::new(),
            told: BTreeMap::new(),
            is_grouped: false,
            capabilities: Capabilities::default(),
            traces: Traces::default(),
            seen: Vec::new(),
            trace: vec![header],
        }
    }

    /// Brings the target into its initial state, runs the steps, and sees that nothing more comes.
    pub(super) fn carry_out(&mut self, needs: &[Need], steps: fn(&mut Bench<'_>) -> Step) -> Step {
        let outcome = self.begin().and_then(|()| {
            if self.role == Role::Station {
                needs.iter().try_for_each(|need| need.check(&self.capabilities, self.values))?;
            }
            steps(self)?;
            self.quiet(self.values.settle)
        });
        self.tidy();
        outcome
    }

    pub(super) fn end(self) -> (Vec<Seen>, Vec<Value>) {
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
    fn may_come_any_time(&self, call: &Call, wanted: &[Pattern]) -> bool {
        let action = call.action.as_str();
        // 1.6 §3.5.2: the CSMS says something else of a token than the list that it sent.
        if call.payload.get("errorCode").is_some_and(|code| code == "LocalListConflict") {
            return true;
        }
        if wanted.iter().any(|pattern| pattern.action == action) {
            return false;
        }
        match self.role {
            Role::Station => matches!(action, "Heartbeat" | "MeterValues" | "SecurityEventNotification"),
            // What an operator's software does by itself, unless the case is about it.
            Role::Csms => {
                let is_housekeeping = matches!(
                    action,
                    "GetConfiguration"
                        | "ChangeConfiguration"
                        | "TriggerMessage"
                        | "GetLocalListVersion"
                        | "DataTransfer"
                );
                is_housekeeping && !self.prepared.contains_key(action)
            }
        }
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
        let known: Action = action.parse().map_err(|_| Stop::Inconclusive(format!("no action {action}")))?;
        action.clone_into(&mut pattern.action);
        let reply = self.call(known, &payload)?;
        match reply {
            Ok(payload) => match pattern.matches(&payload) {
                Ok(()) => Ok(payload),
                Err(_) if is_lacking(&payload) => {
                    Err(Stop::Inconclusive(format!("the target cannot do that: it answers {action} with {payload}")))
                }
                Err(reason) => Err(Stop::Failed(format!("answer {payload} to {action}: {reason}"))),
            },
            Err(code) if codes.contains(&code.as_str()) => Ok(Value::Null),
            Err(code) => Err(refused(known, &code)),
        }
    }

    fn call(&mut self, action: Action, payload: &Value) -> Step<Result<Value, String>> {
        self.calls += 1;
        let id = format!("{}-{}-{}", self.values.run, self.case, self.calls);
        let text = json!([2, id, action.as_str(), payload]).to_string();
        self.open = Some((id, action));
        self.reply = None;
        self.note_effect(action, payload);
        if action == Action::TriggerMessage {
            self.told.clear();
        }
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

    fn mark_used(&mut self, seen: usize) {
        if let Some(seen) = self.seen.get_mut(seen) {
            seen.is_used = true;
        }
    }

    fn send(&mut self, text: &str) -> Step {
        let sender = match self.role {
            Role::Station => "csms",
            Role::Csms => "station",
        };
        self.note(frame_line(sender, text));
        self.target.send(text).map_err(trouble)
    }

    /// Takes in the next thing that happens until `until`; false when nothing does.
    fn pump(&mut self, until: Instant) -> Step<bool> {
        match self.target.next(until).map_err(trouble)? {
            None => return Ok(false),
            Some(Happening::Opened) => {
                self.is_connected = true;
                self.ids.clear();
                self.told.clear();
                self.note(json!({"event": "connected", "version": "1.6"}));
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
                if action == Action::StartTransaction {
                    // Also an answer that is not waited for any more began it.
                    self.traces.begun.extend(payload.get("transactionId").and_then(Value::as_i64));
                }
                self.check_response(action, &payload)?;
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

    fn answered(&mut self, id: &str) -> Step<Action> {
        match self.open.take_if(|(open, _)| open == id) {
            Some((_, action)) => Ok(action),
            None => Err(Stop::Failed(format!("answered {id:?}, which was not asked"))),
        }
    }

    fn take_call(&mut self, id: String, action: String, payload: Value, seen: usize) -> Step {
        let at = self.now();
        let checked = if self.ids.insert(id.clone()) {
            self.check_request(&action, &payload)
        } else {
            Err(Stop::Failed(format!("used the message id {id:?} twice")))
        };
        // Whatever is wrong with a call, its sender waits for the answer.
        let (answer, followed) = self.answer_to(&action, &payload, checked.is_ok());
        let text = match &answer {
            Some(answer) => json!([3, id, answer]),
            None if action.parse::<Action>().is_err() => json!([4, id, "NotImplemented", "", {}]),
            None => json!([4, id, "NotSupported", "", {}]),
        };
        self.send(&text.to_string())?;
        checked.and(followed)?;
        self.inbox.push_back(Call { action, payload, at, answer: answer.unwrap_or_default(), seen });
        Ok(())
    }

    /// Strictly by the schema, and only what this role may send.
    fn check_request(&self, action: &str, payload: &Value) -> Step {
        let known: Action =
            action.parse().map_err(|_| Stop::Failed(format!("called {action}, which 1.6 does not have")))?;
        let json = payload.to_string();
        let read = match self.role {
            Role::Station => StationRequest::from_json(known, &json).map(|request| request.is_some()),
            Role::Csms => CsmsRequest::from_json(known, &json).map(|request| request.is_some()),
        };
        judged(action, payload, read)
    }

    fn check_response(&self, action: Action, payload: &Value) -> Step {
        let json = payload.to_string();
        let read = match self.role {
            Role::Station => StationResponse::from_json(action, &json).map(|response| response.is_some()),
            Role::Csms => CsmsResponse::from_json(action, &json).map(|response| response.is_some()),
        };
        judged(action.as_str(), payload, read)
    }

    fn perform(&mut self, step: Manual) -> Step {
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
fn refused(action: Action, code: &str) -> Stop {
    match code {
        "NotSupported" | "NotImplemented" => {
            let profile = action.profile();
            Stop::Inconclusive(format!(
                "the target cannot do that: it answers {action} (profile {profile:?}) with {code}"
            ))
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

fn judged(action: &str, payload: &Value, read: Result<bool, Violation>) -> Step {
    match read {
        Ok(true) => Ok(()),
        Ok(false) => Err(Stop::Failed(format!("{action} is not for it to send"))),
        Err(violation) => Err(Stop::Failed(format!("{action} {payload} breaks its schema: {violation}"))),
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
fn trouble(trouble: Trouble) -> Stop {
    Stop::Inconclusive(trouble.to_string())
}
