//! The server dies at any point, with any prefix of its facts durable, and is made anew: the station tries again, and
//! each start, sample, stop and verdict is recorded exactly once.

use super::*;
use crate::csms::Attribution;
use alloc::collections::VecDeque;
use std::println;

/// What the station has to say; `$` stands for the number that its last start was given.
const SCRIPT: [(&str, &str); 11] = [
    ("BootNotification", r#"{"chargePointVendor":"V","chargePointModel":"M"}"#),
    ("StatusNotification", r#"{"connectorId":1,"errorCode":"NoError","status":"Available"}"#),
    ("Authorize", r#"{"idTag":"ABC"}"#),
    ("StartTransaction", r#"{"connectorId":1,"idTag":"ABC","meterStart":100,"timestamp":"2023-11-14T22:00:00Z"}"#),
    (
        "MeterValues",
        r#"{"connectorId":1,"transactionId":$,"meterValue":[{"timestamp":"2023-11-14T22:05:00Z","sampledValue":[{"value":"120"}]}]}"#,
    ),
    (
        "MeterValues",
        r#"{"connectorId":1,"meterValue":[{"timestamp":"2023-11-14T22:06:00Z","sampledValue":[{"value":"125"}]}]}"#,
    ),
    ("StopTransaction", r#"{"transactionId":$,"meterStop":150,"timestamp":"2023-11-14T22:10:00Z","reason":"Local"}"#),
    ("StartTransaction", r#"{"connectorId":1,"idTag":"DEF","meterStart":150,"timestamp":"2023-11-14T22:20:00Z"}"#),
    // It never learnt the number of that one (1.6 errata 3.18).
    (
        "MeterValues",
        r#"{"connectorId":1,"transactionId":-1,"meterValue":[{"timestamp":"2023-11-14T22:25:00Z","sampledValue":[{"value":"160"}]}]}"#,
    ),
    ("StopTransaction", r#"{"transactionId":-1,"meterStop":170,"timestamp":"2023-11-14T22:30:00Z"}"#),
    ("StopTransaction", r#"{"transactionId":5,"meterStop":9,"timestamp":"2023-11-14T22:40:00Z"}"#),
];

/// Whether the database confirms at once, or when nothing else is left to do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Commits {
    AtOnce,
    Late,
}

/// How the session is made anew.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Rebuilt {
    FromFacts,
    /// Out of the state that another process handed over; the database knows repeated tickets.
    FromState,
}

#[derive(Clone)]
struct Crash {
    step: usize,
    /// How many of the facts that were handed out, but not confirmed, are durable.
    durable: usize,
    /// Whether the frames that were sent reach the station still.
    delivered: bool,
    rebuilt: Rebuilt,
}

struct World {
    session: Session,
    commits: Commits,
    durable: Vec<(Ticket, Fact)>,
    /// Handed out, not confirmed.
    handed: VecDeque<(Ticket, Fact)>,
    asked: VecDeque<(AskId, Question)>,
    to_station: VecDeque<Value>,
    to_csms: VecDeque<String>,
    /// How far the station is in its script, and which call waits for an answer.
    said: usize,
    waiting: Option<String>,
    calls: u32,
    number: i64,
}

impl World {
    fn new(commits: Commits) -> Self {
        let mut world = World {
            session: Session::new(SessionConfig::default(), 1),
            commits,
            durable: Vec::new(),
            handed: VecDeque::new(),
            asked: VecDeque::new(),
            to_station: VecDeque::new(),
            to_csms: VecDeque::new(),
            said: 0,
            waiting: None,
            calls: 0,
            number: 0,
        };
        world.connect();
        world
    }

    fn input(&mut self, input: Input<'_>) {
        self.session.handle(Instant::from_millis(0), input).unwrap();
    }

    fn connect(&mut self) {
        self.input(Input::Wall(wall()));
        self.input(Input::Link(LinkInput::Opened { dialect: Dialect::V1_6 }));
        self.waiting = None;
        self.to_csms.clear();
        self.to_station.clear();
        self.asked.clear();
    }

    fn commit(&mut self) {
        let Some((ticket, fact)) = self.handed.pop_front() else { return };
        if ticket.0 > self.durable.len() as u64 {
            self.durable.push((ticket, fact));
        }
        assert_eq!(self.durable[ticket.0 as usize - 1].0, ticket);
    }

    fn crash(&mut self, crash: &Crash) {
        (0..crash.durable).for_each(|_| self.commit());
        self.handed.clear();
        if crash.delivered {
            while let Some(frame) = self.to_station.pop_front() {
                self.hear(&frame);
            }
        }
        let config = SessionConfig::default();
        let state = match crash.rebuilt {
            Rebuilt::FromFacts => SessionState::replay(&config, self.durable.clone()),
            Rebuilt::FromState => self.session.state(),
        };
        let seed = 1000 + crash.step as u64;
        self.session = Session::restore(config, seed, state);
        self.connect();
    }

    /// One thing happens; false if nothing is left to do.
    fn step(&mut self) -> bool {
        if let Some(action) = self.session.poll_action() {
            self.act(action);
        } else if self.commits == Commits::AtOnce && !self.handed.is_empty() {
            self.confirm();
        } else if let Some(frame) = self.to_station.pop_front() {
            self.hear(&frame);
        } else if let Some(frame) = self.to_csms.pop_front() {
            self.input(Input::Link(LinkInput::Frame(frame.as_bytes().into())));
        } else if let Some((id, question)) = self.asked.pop_front() {
            let answer = match question {
                Question::Boot(_) => Answer::Boot { status: RegistrationStatus::Accepted, interval: Duration::ZERO },
                _ => Answer::Authorize(AuthorizationStatus::Accepted.into()),
            };
            self.input(Input::Answer(id, answer));
        } else if !self.handed.is_empty() {
            self.confirm();
        } else if self.waiting.is_none() && self.said < SCRIPT.len() {
            self.speak();
        } else {
            return false;
        }
        true
    }

    /// Commits all that was handed out, and confirms it in one.
    fn confirm(&mut self) {
        let Some((last, _)) = self.handed.back().cloned() else { return };
        while !self.handed.is_empty() {
            self.commit();
        }
        self.input(Input::Stored(last));
    }

    fn act(&mut self, action: Action) {
        match action {
            Action::Link(LinkAction::Send(bytes)) => {
                let frame: Value = serde_json::from_slice(&bytes).unwrap();
                assert_eq!(frame[0], 3, "{frame}");
                assert!(self.rests_on_a_durable_fact(), "{} was answered too early", SCRIPT[self.said].0);
                self.to_station.push_back(frame);
            }
            Action::Store { ticket, fact } => self.handed.push_back((ticket, fact)),
            Action::Ask { id, question, .. } => self.asked.push_back((id, question)),
            Action::Event(_) => {}
            Action::Link(_) | Action::Answered { .. } => panic!("{action:?}"),
        }
    }

    fn speak(&mut self) {
        let (action, payload) = SCRIPT[self.said];
        self.calls += 1;
        let id = self.calls.to_string();
        self.to_csms.push_back(format!("[2,\"{id}\",\"{action}\",{}]", payload.replace('$', &self.number.to_string())));
        self.waiting = Some(id);
    }

    fn hear(&mut self, frame: &Value) {
        if self.waiting.as_deref() == frame[1].as_str() {
            self.waiting = None;
            self.said += 1;
            if let Some(number) = frame[2]["transactionId"].as_i64() {
                self.number = number;
            }
        }
    }

    /// Whether what the station is being answered to is in the database.
    fn rests_on_a_durable_fact(&self) -> bool {
        let sampled = |wh: &str| {
            let is_it = |fact: &Fact| matches!(fact, Fact::Sampled(samples) if samples.values[0].values[0].value == wh);
            self.durable.iter().any(|(_, fact)| is_it(fact))
        };
        match self.said {
            0 => self.count(|fact| matches!(fact, Fact::Booted(_))) > 0,
            1 => self.count(|fact| matches!(fact, Fact::Status(_))) == 1,
            2 => true,
            3 => self.count(is_start) == 1 && self.count(is_verdict) == 1,
            4 => sampled("120"),
            5 => sampled("125"),
            6 => self.count(is_stop) == 1,
            7 => self.count(is_start) == 2 && self.count(is_verdict) == 2,
            8 => sampled("160"),
            9 => self.count(is_stop) == 2,
            _ => self.count(|fact| matches!(fact, Fact::StopOrphaned(_))) == 1,
        }
    }

    fn count(&self, test: fn(&Fact) -> bool) -> usize {
        self.durable.iter().filter(|(_, fact)| test(fact)).count()
    }

    fn check(&self) {
        let numbers: Vec<_> = self.durable.iter().map(|(ticket, _)| ticket.0).collect();
        assert!(numbers.iter().copied().eq(1..=numbers.len() as u64), "{numbers:?}");
        assert_eq!(self.said, SCRIPT.len());
        assert_eq!(self.count(is_start), 2);
        assert_eq!(self.count(is_verdict), 2);
        assert_eq!(self.count(|fact| matches!(fact, Fact::Status(_))), 1);
        assert_eq!(self.count(|fact| matches!(fact, Fact::StopOrphaned(_))), 1);
        assert_eq!(self.count(|fact| matches!(fact, Fact::StopContradicted { .. })), 0);
        let mut transactions = self.durable.iter().filter_map(|(_, fact)| match fact {
            Fact::Started(started) => Some(started.transaction.clone()),
            _ => None,
        });
        let (first, second) = (transactions.next().unwrap(), transactions.next().unwrap());
        let samples: Vec<_> = self
            .durable
            .iter()
            .filter_map(|(_, fact)| match fact {
                Fact::Sampled(samples) => Some(samples.attribution.clone()),
                _ => None,
            })
            .collect();
        let inferred = Attribution::Inferred(second.clone());
        assert_eq!(samples, [Attribution::Named(first.clone()), Attribution::Inferred(first.clone()), inferred]);
        let stops: Vec<_> = self
            .durable
            .iter()
            .filter_map(|(_, fact)| match fact {
                Fact::Stopped(stopped) => Some((stopped.transaction.clone(), stopped.inferred)),
                _ => None,
            })
            .collect();
        assert_eq!(stops, [(first.clone(), false), (second.clone(), true)]);
        assert_eq!(self.number.to_string(), second.as_str());
        let replayed = SessionState::replay(&SessionConfig::default(), self.durable.clone());
        assert_eq!(replayed, self.session.state());
    }
}

fn is_verdict(fact: &Fact) -> bool {
    matches!(fact, Fact::Authorized { .. })
}

fn is_stop(fact: &Fact) -> bool {
    matches!(fact, Fact::Stopped(_))
}

fn is_start(fact: &Fact) -> bool {
    matches!(fact, Fact::Started(_))
}

/// Runs to the end, or to the step before which a crash is due. Gives the steps made, and what is handed out then.
fn run(commits: Commits, crashes: &[Crash]) -> (World, usize) {
    let mut world = World::new(commits);
    let mut steps = 0;
    for crash in crashes {
        while steps < crash.step && world.step() {
            steps += 1;
        }
        world.crash(crash);
    }
    while world.step() {
        steps += 1;
        assert!(steps < 2000, "does not come to rest");
    }
    (world, steps)
}

/// Every way to crash before a step.
fn crashes_at(step: usize, handed: usize) -> impl Iterator<Item = Crash> {
    (0..=handed).flat_map(move |durable| {
        [false, true].into_iter().flat_map(move |delivered| {
            [Rebuilt::FromFacts, Rebuilt::FromState].map(|rebuilt| Crash { step, durable, delivered, rebuilt })
        })
    })
}

/// How many facts are handed out before a step.
fn handed_before(commits: Commits, step: usize) -> usize {
    let mut world = World::new(commits);
    for _ in 0..step {
        world.step();
    }
    world.handed.len()
}

#[test]
fn crash_at_any_point_loses_and_doubles_nothing() {
    let mut points = 0;
    for commits in [Commits::AtOnce, Commits::Late] {
        let (world, steps) = run(commits, &[]);
        world.check();
        for step in 0..=steps {
            for crash in crashes_at(step, handed_before(commits, step)) {
                run(commits, &[crash]).0.check();
                points += 1;
            }
        }
    }
    println!("{points} crash points");
    assert!(points > 700, "{points}");
}

#[test]
fn second_crash_while_the_first_one_is_made_good_loses_and_doubles_nothing() {
    let mut points = 0;
    let (_, steps) = run(Commits::Late, &[]);
    for step in 0..=steps {
        for first in crashes_at(step, handed_before(Commits::Late, step)) {
            for again in 1..=steps {
                let second = Crash { step: step + again, durable: again % 3, ..first.clone() };
                run(Commits::Late, &[first.clone(), second]).0.check();
                points += 1;
            }
        }
    }
    println!("{points} pairs of crashes");
    assert!(points > 10_000, "{points}");
}
