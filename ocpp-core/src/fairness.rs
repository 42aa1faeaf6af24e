//! Whether one kind of message holds others back: the same trial for the station's faces and for the session of a server.
//!
//! Each kind is tried with each conduct of the peer. Every other kind leaves within one time-out, and nothing is sent without end.

#![cfg(all(feature = "serde", feature = "blocks"))]

use alloc::borrow::ToOwned;
use alloc::collections::BTreeMap;
use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;

use chrono::DateTime;
use serde_json::{Value, json};

#[cfg(feature = "station")]
use crate::station::{Cable, Command, EvseId, EvseInput, IdToken, Input, JobId, JobUpdate, LinkInput, StopReason};

/// The time-out of a call, in seconds.
pub const TIMEOUT: u64 = 30;

/// What the peer does with one kind of message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Conduct {
    Silence,
    /// An error, after so many seconds.
    Refusal(u64),
    /// The right answer, but after so many seconds.
    Late(u64),
    /// At once, and not what the schema says.
    Nonsense,
}

pub const CONDUCTS: [Conduct; 6] = [
    Conduct::Silence,
    Conduct::Refusal(0),
    Conduct::Refusal(TIMEOUT - 1),
    Conduct::Late(TIMEOUT - 1),
    Conduct::Late(TIMEOUT + 15),
    Conduct::Nonsense,
];

/// A machine with its host.
pub trait Subject {
    /// The time, in milliseconds.
    fn now(&self) -> u64;
    /// A frame arrives.
    fn hear(&mut self, frame: &Value);
    /// The next frame that it sent.
    fn next_sent(&mut self) -> Option<Value>;
    /// The host does one thing that it was asked for; false if there is none.
    fn work(&mut self) -> bool {
        false
    }
    fn pass(&mut self, seconds: u64);
}

/// How the peer answers what it answers rightly.
#[derive(Clone, Copy)]
pub struct Manners {
    /// What kinds of message are told apart by.
    pub kind_of: fn(&Value) -> String,
    /// The right answer, at a time in milliseconds.
    pub answer_to: fn(&Value, u64) -> Value,
}

/// The kind of a call is its action.
pub fn action_of(call: &Value) -> String {
    call[2].as_str().unwrap().to_owned()
}

/// A peer that answers everything at once but one kind.
pub struct Peer {
    odd: &'static str,
    conduct: Conduct,
    manners: Manners,
    /// Answers that are still to be given, with their time in milliseconds.
    later: Vec<(u64, Value)>,
    /// What was sent, and when.
    pub log: Vec<(u64, String)>,
}

impl Peer {
    pub fn new(odd: &'static str, conduct: Conduct, manners: Manners) -> Self {
        Peer { odd, conduct, manners, later: Vec::new(), log: Vec::new() }
    }

    /// Lets the peer work, until there is nothing more to do now.
    pub fn serve(&mut self, subject: &mut impl Subject) {
        loop {
            let now = subject.now();
            let due = self.later.iter().position(|(at, _)| *at <= now).map(|place| self.later.remove(place).1);
            if let Some(frame) = due {
                subject.hear(&frame);
            } else if subject.work() {
            } else if let Some(frame) = subject.next_sent() {
                if frame[0] == 2 {
                    self.take(now, &frame);
                }
            } else {
                return;
            }
            assert!(self.log.len() < 20_000, "{} {:?}: no end of it", self.odd, self.conduct);
        }
    }

    fn take(&mut self, now: u64, call: &Value) {
        let kind = (self.manners.kind_of)(call);
        let right = json!([3, call[1], (self.manners.answer_to)(call, now)]);
        let refusal = json!([4, call[1], "InternalError", "", {}]);
        let is_odd = kind == self.odd;
        self.log.push((now, kind));
        match self.conduct {
            _ if !is_odd => self.later.push((now, right)),
            Conduct::Silence => {}
            Conduct::Refusal(seconds) => self.later.push((now + seconds * 1000, refusal)),
            Conduct::Late(seconds) => self.later.push((now + seconds * 1000, right)),
            Conduct::Nonsense => self.later.push((now, json!([3, call[1], {"status": 5}]))),
        }
    }

    pub fn pass(&mut self, subject: &mut impl Subject, seconds: u64) {
        for _ in 0..seconds {
            subject.pass(1);
            self.serve(subject);
        }
    }
}

/// A kind of message, and what makes it due.
pub type Cause<S> = (&'static str, fn(&mut S));

/// All kinds, each with each conduct: the kind is on its way, then all others become due.
pub struct Trial<'a, S> {
    pub causes: &'a [Cause<S>],
    pub subject: &'a dyn Fn() -> S,
    pub manners: Manners,
    /// Rounds of five minutes.
    pub rounds: usize,
    /// What the host does in the midst of each round.
    pub rest: fn(&mut S),
    /// How often a kind may be sent in all rounds.
    pub at_most: usize,
}

impl<S: Subject> Trial<'_, S> {
    pub fn run(&self) {
        let mut late = Vec::new();
        for &(odd, make_odd_due) in self.causes {
            for conduct in CONDUCTS {
                let mut subject = (self.subject)();
                let mut peer = Peer::new(odd, conduct, self.manners);
                peer.serve(&mut subject);
                peer.pass(&mut subject, 40);
                for _ in 0..self.rounds {
                    make_odd_due(&mut subject);
                    peer.pass(&mut subject, 1);
                    let since = subject.now();
                    let others = || self.causes.iter().filter(|(kind, _)| *kind != odd);
                    for (_, make_due) in others() {
                        make_due(&mut subject);
                    }
                    peer.serve(&mut subject);
                    peer.pass(&mut subject, 100);
                    for (kind, _) in others() {
                        let first = peer.log.iter().find(|(at, sent)| *at >= since && sent == kind);
                        let is_in_time = first.is_some_and(|(at, _)| *at <= since + TIMEOUT * 1000);
                        if !is_in_time {
                            let wait = first.map(|(at, _)| (at - since) / 1000);
                            late.push(format!("{odd} {conduct:?}: {kind} {wait:?} at {}", since / 1000));
                        }
                    }
                    (self.rest)(&mut subject);
                    peer.pass(&mut subject, 199);
                }
                let count = peer.log.iter().filter(|(_, kind)| kind == odd).count();
                if count == 0 || count > self.at_most {
                    late.push(format!("{odd} {conduct:?}: sent {count} times"));
                }
            }
        }
        assert!(late.is_empty(), "{} times: {late:#?}", late.len());
    }
}

/// A station whose store may stand still.
#[cfg(feature = "station")]
pub trait Storing: Subject {
    /// The action that orders an update with a signature.
    const UPDATE: &'static str;

    /// Nothing is confirmed any more.
    fn stop_confirming(&mut self);
    fn confirms(&self) -> bool;
    /// The store operations that were handed out and not confirmed.
    fn unconfirmed(&self) -> Vec<String>;
    /// Something happens, which may be one thing too many.
    fn tell(&mut self, input: Input<'_>);
    /// A number that was not given before.
    fn number(&mut self) -> u32;
    /// Nobody works on what was ordered.
    fn forget_jobs(&mut self);
    fn open(&mut self);

    /// A call of the CSMS whose answer is of no interest.
    fn ask(&mut self, action: &str, payload: &Value) {
        let id = self.number();
        self.hear(&json!([2, format!("r{id}"), action, payload]));
    }
}

/// The payload of an update of the firmware, with a signature.
#[cfg(feature = "station")]
pub fn signed_update<S: Storing>(subject: &mut S) -> Value {
    let at = DateTime::from_timestamp_millis(i64::try_from(subject.now()).unwrap()).unwrap().to_rfc3339();
    let firmware =
        json!({"location": "ftp://h/f", "retrieveDateTime": at, "signingCertificate": "C", "signature": "S"});
    json!({"requestId": subject.number(), "firmware": firmware})
}

/// What a driver, a host and the network bring about, in every version.
#[cfg(feature = "station")]
pub fn surroundings<S: Storing>() -> [Cause<S>; 8] {
    const EVSE: EvseId = EvseId(3);
    /// The jobs of the first boot.
    const JOBS: u64 = 1 << 32;
    [
        ("words about uploads", |subject| {
            if subject.confirms() {
                let log = json!({"remoteLocation": "ftp://h/l"});
                subject.ask("GetLog", &json!({"requestId": 1, "logType": "SecurityLog", "log": log, "retries": 9}));
            }
            subject.pass(60);
            for word in [JobUpdate::Fetched, JobUpdate::Paused, JobUpdate::Resumed, JobUpdate::Failed] {
                subject.tell(Input::Job(JobId(JOBS + 1), word));
            }
            subject.forget_jobs();
        }),
        ("words about an update", |subject| {
            if subject.confirms() {
                let update = signed_update(subject);
                subject.ask(S::UPDATE, &update);
            }
            subject.pass(1);
            // The signer is checked, the firmware downloaded, then installed.
            subject.tell(Input::Job(JobId(JOBS + 1), JobUpdate::Done));
            for word in [JobUpdate::Fetched, JobUpdate::Paused, JobUpdate::Resumed, JobUpdate::NeedsRestart] {
                subject.tell(Input::Job(JobId(JOBS + 2), word));
            }
            subject.forget_jobs();
        }),
        ("sessions", |subject| {
            subject.tell(Input::Token { evse: Some(EVSE), token: IdToken::new("TAG") });
            subject.tell(Input::Command(Command::stop(EVSE, StopReason::Local)));
        }),
        ("tokens", |subject| {
            let token = IdToken::new(&format!("TAG{}", subject.number()));
            subject.tell(Input::Token { evse: Some(EVSE), token });
        }),
        ("plugs", |subject| {
            for cable in [Cable::Absent, Cable::Connected] {
                subject.tell(Input::Evse(EvseId(1), EvseInput::Cable(cable)));
            }
        }),
        ("the host's changes", |subject| {
            let number = subject.number();
            let is_operative = number.is_multiple_of(2);
            subject.tell(Input::Command(Command::ChangeAvailability { evse: None, connector: None, is_operative }));
            let (key, value) = ("HeartbeatInterval".into(), format!("{number}").into());
            subject.tell(Input::Command(Command::Configure { key, value }));
        }),
        ("a wrong clock", |subject| {
            let hours = i64::from(subject.number() % 7);
            subject.tell(Input::Wall(DateTime::from_timestamp(1_700_000_000 + hours * 3600, 0).unwrap()));
        }),
        ("reconnections", |subject| {
            subject.tell(Input::Link(LinkInput::Closed));
            while subject.next_sent().is_some() {}
            subject.pass(400);
            subject.open();
        }),
    ]
}

/// Each cause over and over, and all in turn, while the store stands still: it is given no more than `most` operations.
#[cfg(feature = "station")]
pub fn assert_bounded_while_the_store_stands_still<S: Storing>(
    causes: &[Cause<S>],
    subject: &dyn Fn() -> S,
    manners: Manners,
    most: usize,
) {
    let mut found = BTreeMap::new();
    let alone = causes.iter().map(core::slice::from_ref);
    for causes in alone.chain([causes]) {
        let mut subject = subject();
        let mut peer = Peer::new("", Conduct::Silence, manners);
        peer.pass(&mut subject, 40);
        // What goes on then has begun before.
        causes.iter().for_each(|(_, make_due)| make_due(&mut subject));
        subject.stop_confirming();
        for _ in 0..40 {
            for (name, make_due) in causes {
                make_due(&mut subject);
                peer.pass(&mut subject, 1);
                let waiting = subject.unconfirmed();
                if waiting.len() > most {
                    found.insert(*name, waiting);
                }
            }
            peer.pass(&mut subject, 29);
        }
    }
    assert!(found.is_empty(), "more than {most} operations wait: {found:#?}");
}
