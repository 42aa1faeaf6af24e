//! Any order of whatever can happen: the gate holds, each call is answered at most once, facts keep their tickets,
//! nothing is recorded twice, deadlines move.

use super::*;
use crate::csms::Command;
use alloc::collections::{BTreeMap, BTreeSet};
use proptest::prelude::*;

/// What a station may call, and whether it is recorded.
const CALLS: [(&str, &str, bool); 10] = [
    ("BootNotification", r#"{"chargePointVendor":"V","chargePointModel":"M"}"#, true),
    ("Heartbeat", "{}", false),
    ("Authorize", r#"{"idTag":"ABC"}"#, false),
    ("StatusNotification", r#"{"connectorId":1,"errorCode":"NoError","status":"Available"}"#, true),
    (
        "StartTransaction",
        r#"{"connectorId":1,"idTag":"ABC","meterStart":100,"timestamp":"2023-11-14T22:00:00Z"}"#,
        true,
    ),
    (
        "StartTransaction",
        r#"{"connectorId":2,"idTag":"abd","meterStart":100,"timestamp":"2023-11-14T22:00:00Z"}"#,
        true,
    ),
    (
        "MeterValues",
        r#"{"connectorId":1,"meterValue":[{"timestamp":"2023-11-14T22:05:00Z","sampledValue":[{"value":"7"}]}]}"#,
        true,
    ),
    (
        "StopTransaction",
        r#"{"transactionId":-1,"idTag":"abc","meterStop":150,"timestamp":"2023-11-14T23:00:00Z"}"#,
        true,
    ),
    ("StopTransaction", r#"{"transactionId":0,"idTag":"ABD","meterStop":90,"timestamp":"2023-11-14T23:00:00Z"}"#, true),
    ("Nonsense", "[]", false),
];

#[derive(Clone, Debug)]
enum Op {
    Open,
    Close,
    Call(usize),
    /// Answers one of the open questions.
    Answer(usize),
    /// Confirms so many of the facts that are handed out.
    Store(u64),
    Fail,
    Pass(u64),
    Command,
    Reply,
}

fn op() -> impl Strategy<Value = Op> {
    prop_oneof![
        1 => Just(Op::Open),
        1 => Just(Op::Close),
        8 => (0..CALLS.len()).prop_map(Op::Call),
        4 => (0..4usize).prop_map(Op::Answer),
        4 => (1..4u64).prop_map(Op::Store),
        1 => Just(Op::Fail),
        2 => (0..40_000u64).prop_map(Op::Pass),
        1 => Just(Op::Command),
        1 => Just(Op::Reply),
    ]
}

struct Model {
    bench: Bench,
    is_open: bool,
    /// The facts by their tickets.
    facts: BTreeMap<u64, Fact>,
    handed: u64,
    durable: u64,
    /// Open calls of the connection: the ticket that must be durable before each may be answered.
    calls: BTreeMap<String, u64>,
    commands: BTreeSet<u64>,
}

impl Model {
    fn apply(&mut self, op: Op) {
        match op {
            Op::Open => {
                self.calls.clear();
                self.is_open = true;
                self.bench.open();
            }
            Op::Close => {
                self.calls.clear();
                self.is_open = false;
                self.bench.close();
            }
            Op::Call(which) if self.is_open => {
                let (action, payload, is_recorded) = CALLS[which];
                let next = (self.bench.calls + 1).to_string();
                self.calls.insert(next, if is_recorded { u64::MAX } else { 0 });
                let id = self.bench.call(action, serde_json::from_str(payload).unwrap());
                if let Some(ticket) = self.calls.get_mut(&id) {
                    // At least all that is recorded by now; a boot's own fact comes with the decision.
                    *ticket = if is_recorded { self.bench.session.state().facts } else { 0 };
                }
            }
            Op::Answer(which) => {
                let open: Vec<_> = self.bench.asked.iter().map(|(id, question)| (*id, question.clone())).collect();
                if let Some((id, question)) = open.get(which) {
                    let answer = match question {
                        Question::Boot(_) => {
                            Answer::Boot { status: RegistrationStatus::Accepted, interval: Duration::from_secs(1) }
                        }
                        _ => Answer::Authorize(AuthorizationStatus::Accepted.into()),
                    };
                    let _ = self.bench.handle(Input::Answer(*id, answer));
                    self.bench.asked.remove(which);
                }
            }
            Op::Store(count) => {
                let ticket = (self.durable + count).min(self.handed);
                self.durable = ticket;
                self.bench.ok(Input::Stored(Ticket(ticket)));
            }
            Op::Fail if self.handed > self.durable => {
                self.handed = self.durable;
                self.bench.ok(Input::StoreFailed(Ticket(self.durable + 1)));
            }
            Op::Pass(millis) => self.bench.pass(Duration::from_millis(millis)),
            Op::Command => {
                let id = self.commands.len() as u64;
                self.commands.insert(id);
                let command = Command::GetConfiguration { keys: Vec::new() };
                self.bench.ok(Input::Command { id: CommandId(id), command });
            }
            Op::Reply if self.is_open => {
                if let Some(call) = self.bench.sent.iter().rev().find(|frame| frame[0] == 2).cloned() {
                    self.bench.frame(&json!([3, call[1], {}]).to_string());
                }
            }
            Op::Call(_) | Op::Fail | Op::Reply => {}
        }
        self.check();
    }

    fn check(&mut self) {
        for (ticket, fact) in core::mem::take(&mut self.bench.facts) {
            assert_eq!(ticket.0, self.handed + 1, "tickets have no gaps");
            self.handed = ticket.0;
            let first = self.facts.entry(ticket.0).or_insert_with(|| fact.clone());
            assert_eq!(*first, fact, "a ticket is one fact's for good");
        }
        for frame in &self.bench.sent {
            if frame[0] == 2 {
                continue;
            }
            let needs = self.calls.remove(frame[1].as_str().unwrap()).expect("answered once, on its connection");
            assert!(frame[0] == 4 || needs <= self.durable, "{frame} rests on {needs}, durable is {}", self.durable);
        }
        self.bench.sent.retain(|frame| frame[0] == 2);
        if self.bench.closes.pop().is_some() {
            self.is_open = false;
            self.calls.clear();
        }
    }

    fn finish(&self) {
        let count = |test: fn(&Fact) -> bool| self.facts.values().filter(|fact| test(fact)).count();
        let starts: BTreeSet<_> = self
            .facts
            .values()
            .filter_map(|fact| match fact {
                Fact::Started(started) => Some(started.place),
                _ => None,
            })
            .collect();
        assert_eq!(count(|fact| matches!(fact, Fact::Started(_))), starts.len());
        assert!(count(|fact| matches!(fact, Fact::Authorized { .. })) <= starts.len());
        assert!(count(|fact| matches!(fact, Fact::Status(_))) <= 1);
        assert!(count(|fact| matches!(fact, Fact::Sampled(_))) <= 1);
        assert!(count(|fact| matches!(fact, Fact::Stopped(_) | Fact::StopOrphaned(_))) <= 2);
        let ended: BTreeSet<_> = self.bench.answered.iter().map(|(id, _)| id.0).collect();
        assert_eq!(ended.len(), self.bench.answered.len(), "a command ends once");
        let facts = self.facts.iter().map(|(ticket, fact)| (Ticket(*ticket), fact.clone()));
        let mut state = self.bench.session.state();
        let replayed = SessionState::replay(&SessionConfig::default(), facts);
        // What was not handed out again after a failure is known to the model all the same.
        state.unconfirmed.clear();
        state.commands.clear();
        if state.facts == replayed.facts {
            assert_eq!(state, replayed);
        }
        let text = serde_json::to_string(&self.facts).unwrap();
        assert_eq!(serde_json::from_str::<BTreeMap<u64, Fact>>(&text).unwrap(), self.facts);
    }
}

proptest! {
    #[test]
    fn any_order_of_events_keeps_the_rules(ops in prop::collection::vec(op(), 1..120)) {
        let mut model = Model {
            bench: Bench::new(),
            is_open: false,
            facts: BTreeMap::new(),
            handed: 0,
            durable: 0,
            calls: BTreeMap::new(),
            commands: BTreeSet::new(),
        };
        model.apply(Op::Open);
        for op in ops {
            model.apply(op);
        }
        // What is still open must end: its answer comes, or its time.
        model.apply(Op::Store(u64::MAX / 2));
        model.apply(Op::Pass(60_000));
        model.apply(Op::Store(u64::MAX / 2));
        prop_assert!(model.calls.is_empty(), "{:?}", model.calls);
        model.apply(Op::Close);
        prop_assert_eq!(model.bench.answered.len(), model.commands.len());
        model.finish();
    }
}
