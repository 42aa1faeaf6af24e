//! The engine against a small model: every sequence of a few operations, and random long ones.

use alloc::collections::BTreeSet;
use std::println;

use proptest::prelude::*;

use super::*;

/// One thing that can happen to an engine.
#[derive(Clone, Copy, Debug)]
enum Op {
    Call(Lane),
    Cancel,
    /// The host writes all that is due.
    Write,
    /// The application reads its events.
    Events,
    /// The peer answers the call that it has.
    Answer,
    Refuse,
    /// The peer answers the call before that.
    AnswerLate,
    /// The peer calls with one of two ids and one of two contents.
    PeerCall {
        id: u8,
        body: u8,
    },
    /// The application answers the oldest call of the peer.
    Reply,
    Tick,
    Close,
    Open,
}

/// All operations of the exhaustive run.
const OPS: [Op; 14] = [
    Op::Call(Lane::Urgent),
    Op::Call(Lane::Normal),
    Op::Cancel,
    Op::Write,
    Op::Events,
    Op::Answer,
    Op::Refuse,
    Op::AnswerLate,
    Op::PeerCall { id: 0, body: 0 },
    Op::PeerCall { id: 1, body: 0 },
    Op::Reply,
    Op::Tick,
    Op::Close,
    Op::Open,
];

const CONFIG: Config = Config {
    max_calls: 3,
    max_incoming: 2,
    max_outbox: 3,
    remember_departed: 2,
    remember_answers: 1,
    answer_within: Duration::from_secs(20),
    ..Config::STANDARD
};

/// Our call on the wire.
#[derive(Clone)]
struct OnWire {
    call: CallId,
    id: String,
    cancelled: bool,
}

/// A call of the peer.
#[derive(Clone, PartialEq)]
struct PeerCall {
    token: ReplyToken,
    id: u8,
    body: u8,
}

/// An engine and what must be true of it.
#[derive(Clone)]
struct Rig {
    engine: Engine,
    now: Instant,
    open: bool,
    made: u64,
    /// In the order in which they must be sent.
    queue: Vec<(Lane, CallId)>,
    wire: Option<OnWire>,
    /// The calls that left the wire.
    departed: Vec<(String, CallId, Departure)>,
    /// The calls that have ended; each must end once.
    ended: BTreeSet<CallId>,
    /// Calls that have ended, with the event not yet read.
    unread: Vec<(CallId, CallEnd)>,
    peer: Vec<PeerCall>,
    expired: Vec<ReplyToken>,
    answered: Option<(PeerCall, String)>,
    /// The beginnings of the frames that must be written before any call.
    outbox: Vec<String>,
}

impl Rig {
    fn new(serialise_directions: bool) -> Self {
        Self {
            engine: engine_with(Config { serialise_directions, ..CONFIG }, Dialect::V2_0_1),
            now: at(0),
            open: true,
            made: 0,
            queue: Vec::new(),
            wire: None,
            departed: Vec::new(),
            ended: BTreeSet::new(),
            unread: Vec::new(),
            peer: Vec::new(),
            expired: Vec::new(),
            answered: None,
            outbox: Vec::new(),
        }
    }

    fn end(&mut self, call: CallId) {
        assert!(self.ended.insert(call), "{call:?} ended twice");
    }

    fn leave_wire(&mut self, departure: Departure) -> Option<OnWire> {
        let wire = self.wire.take()?;
        let departure =
            if wire.cancelled && departure != Departure::Answered { Departure::Cancelled } else { departure };
        self.departed.push((wire.id.clone(), wire.call, departure));
        Some(wire)
    }

    fn holds_calls(&self) -> bool {
        self.engine.config.serialise_directions && !self.peer.is_empty()
    }

    fn has_room(&self) -> bool {
        self.outbox.len() + self.peer.len() < CONFIG.max_outbox
    }

    fn apply(&mut self, op: Op) {
        match op {
            Op::Call(lane) => self.call(lane),
            Op::Cancel => self.cancel(),
            Op::Write => self.write(),
            Op::Events => self.events(),
            Op::Answer => self.answer("[3,ID,{}]"),
            Op::Refuse => self.answer("[4,ID,\"GenericError\",\"\",{}]"),
            Op::AnswerLate => self.answer_late(),
            Op::PeerCall { id, body } => self.peer_call(id, body),
            Op::Reply => self.reply(),
            Op::Tick => self.tick(),
            Op::Close => self.close(),
            Op::Open => {
                self.close();
                self.engine.opened(self.now, Dialect::V2_0_1);
                self.open = true;
            }
        }
        self.check();
    }

    fn call(&mut self, lane: Lane) {
        let in_hand = self.queue.len() + usize::from(self.wire.is_some()) + self.unread.len();
        let expected = if !self.open {
            Err(CallRefused::LinkClosed)
        } else if in_hand >= CONFIG.max_calls {
            Err(CallRefused::Full)
        } else {
            Ok(CallId(self.made))
        };
        assert_eq!(self.engine.call(self.now, lane, "A", "{}", TIMEOUT), expected);
        if let Ok(call) = expected {
            self.made += 1;
            self.queue.push((lane, call));
            self.queue.sort();
        }
    }

    /// Cancels the call that is sent next, or else the one on the wire.
    fn cancel(&mut self) {
        if let Some((_, call)) = self.queue.first().copied() {
            assert_eq!(self.engine.cancel(self.now, call), Cancelled::NotSent);
            self.queue.remove(0);
            self.end(call);
        } else if let Some(wire) = &mut self.wire {
            let call = wire.call;
            if core::mem::replace(&mut wire.cancelled, true) {
                assert_eq!(self.engine.cancel(self.now, call), Cancelled::Ended);
            } else {
                assert_eq!(self.engine.cancel(self.now, call), Cancelled::MayHaveBeenExecuted);
                self.end(call);
            }
        }
    }

    fn write(&mut self) {
        for expected in core::mem::take(&mut self.outbox) {
            let frame = self.engine.poll_transmit().expect("an answer is due");
            assert!(frame.text.starts_with(&expected), "{} instead of {expected}", frame.text);
        }
        if self.wire.is_none() && !self.queue.is_empty() && !self.holds_calls() {
            let (_, call) = self.queue.remove(0);
            let frame = self.engine.poll_transmit().expect("a call is due");
            assert_eq!(frame.what, Sent::Call(call));
            let id = json(&frame.text)[1].to_string();
            assert!(self.departed.iter().all(|(other, ..)| *other != id), "an id came twice");
            self.wire = Some(OnWire { call, id, cancelled: false });
        }
        assert_eq!(self.engine.poll_transmit(), None);
    }

    fn events(&mut self) {
        let mut ends = Vec::new();
        let mut expired = Vec::new();
        for event in events(&mut self.engine) {
            match event {
                Event::CallEnded { call, end } => ends.push((call, end)),
                Event::ReplyExpired(token) => expired.push(token),
            }
        }
        assert_eq!((ends, expired), (core::mem::take(&mut self.unread), core::mem::take(&mut self.expired)));
    }

    fn answer(&mut self, frame: &str) {
        let Some(OnWire { call, id, cancelled }) = self.wire.clone() else { return };
        let text = frame.replace("ID", &id);
        let received = self.engine.receive(self.now, text.as_bytes());
        let fits = match received {
            Received::Result { call: ended, .. } => ended == call && !cancelled && frame.starts_with("[3"),
            Received::Error { call: ended, .. } => ended == call && !cancelled && frame.starts_with("[4"),
            Received::Late { call: late, departure, .. } => {
                late == call && cancelled && departure == Departure::Cancelled
            }
            _ => false,
        };
        assert!(fits, "{received:?}");
        self.leave_wire(Departure::Answered);
        if !cancelled {
            self.end(call);
        }
    }

    fn answer_late(&mut self) {
        let place = self.departed.len().checked_sub(2);
        let Some((id, call, departure)) = place.and_then(|place| self.departed.get(place)).cloned() else { return };
        let text = format!("[3,{id},{{}}]");
        let received = self.engine.receive(self.now, text.as_bytes());
        let fits = match received {
            Received::Ignored(Ignored::LinkClosed) => !self.open,
            Received::Late { call: late, departure: how, .. } => self.open && late == call && how == departure,
            _ => false,
        };
        assert!(fits, "{received:?}");
    }

    fn peer_call(&mut self, id: u8, body: u8) {
        let text = format!("[2,\"{id}\",\"A\",{{\"b\":{body}}}]");
        let received = self.engine.receive(self.now, text.as_bytes());
        let known = self.peer.iter().find(|call| call.id == id).map(|call| (call, None));
        let known = known.or(self.answered.as_ref().map(|(call, answer)| (call, Some(answer.clone()))));
        let known = known.filter(|(call, _)| call.id == id);
        let (fits, out) = match (received, known) {
            (Received::Ignored(Ignored::LinkClosed), _) => (!self.open, None),
            (Received::Ignored(Ignored::RepeatInProgress(token)), Some((call, None))) => {
                (call.token == token && call.body == body, None)
            }
            (Received::Ignored(Ignored::Overload), _) => (!self.has_room(), None),
            (Received::Repeated { token }, Some((call, answer @ Some(_)))) => {
                (call.token == token && call.body == body, answer)
            }
            (Received::Ignored(Ignored::ReusedId(_)), Some((call, _))) => {
                (call.body != body, Some(format!("[4,\"{id}\",\"RpcFrameworkError\"")))
            }
            (Received::Ignored(Ignored::TooManyCalls), None) => (
                self.peer.len() + self.expired.len() >= CONFIG.max_incoming,
                Some(format!("[4,\"{id}\",\"GenericError\"")),
            ),
            (Received::Call { token, .. }, None) => {
                let fits = self.open && self.has_room() && self.peer.iter().all(|call| call.token != token);
                self.peer.push(PeerCall { token, id, body });
                (fits, None)
            }
            (other, _) => panic!("{text}: {other:?}"),
        };
        assert!(fits, "{text}");
        self.outbox.extend(out);
    }

    fn reply(&mut self) {
        if let Some(call) = self.peer.first().cloned() {
            assert_eq!(self.engine.reply(self.now, call.token, "{}"), Ok(()));
            self.peer.remove(0);
            self.given(call.clone(), format!("[3,\"{}\",{{}}]", call.id));
        }
    }

    fn given(&mut self, call: PeerCall, answer: String) {
        self.outbox.push(answer.clone());
        self.answered = Some((call, answer));
    }

    /// Time passes up to the next deadline.
    fn tick(&mut self) {
        let Some(deadline) = self.engine.poll_timeout() else {
            self.engine.handle_timeout(self.now);
            return;
        };
        assert!(deadline > self.now, "a deadline stands still");
        self.engine.handle_timeout(at(deadline.as_millis() - 1));
        self.now = deadline;
        let waiting = self.engine.waiting();
        self.engine.handle_timeout(self.now);
        // A time-out is ours or the peer's: which, only the deadlines know.
        if self.wire.as_ref().is_some_and(|_| self.engine.outgoing.deadline().is_none()) {
            let wire = self.leave_wire(Departure::TimedOut).expect("a call was on the wire");
            if !wire.cancelled {
                assert_eq!(waiting, Some(wire.call));
                self.end(wire.call);
                self.unread.push((wire.call, CallEnd::TimedOut));
            }
        }
        while self.peer.len() > self.engine.incoming.len() {
            let call = self.peer.remove(0);
            self.expired.push(call.token);
            self.given(call.clone(), format!("[4,\"{}\",\"InternalError\",\"no answer in time\",{{}}]", call.id));
        }
        assert!(self.engine.poll_timeout().is_none_or(|next| next > deadline), "a deadline stands still");
    }

    fn close(&mut self) {
        self.engine.closed(self.now);
        if !core::mem::replace(&mut self.open, false) {
            return;
        }
        if let Some(wire) = self.leave_wire(Departure::LinkClosed)
            && !wire.cancelled
        {
            self.end(wire.call);
            self.unread.push((wire.call, CallEnd::LinkClosed));
        }
        for (_, call) in core::mem::take(&mut self.queue) {
            self.end(call);
            self.unread.push((call, CallEnd::NotSent));
        }
        for call in self.peer.drain(..) {
            assert_eq!(self.engine.reply(self.now, call.token, "{}"), Err(ReplyRefused::LinkClosed));
        }
        self.answered = None;
        self.outbox.clear();
    }

    fn check(&self) {
        let wanted = self.wire.as_ref().filter(|wire| !wire.cancelled).map(|wire| wire.call);
        assert_eq!(self.engine.waiting(), wanted);
        let idle = self.open && self.queue.is_empty() && self.wire.is_none() && !self.holds_calls();
        assert_eq!(self.engine.can_call(), idle);
        assert_eq!(self.engine.incoming.len(), self.peer.len());
        assert!(self.engine.outbox.len() + self.peer.len() <= CONFIG.max_outbox);
        assert!(self.engine.poll_timeout().is_none_or(|deadline| deadline > self.now));
        let timers = self.wire.is_some() || !self.peer.is_empty();
        assert_eq!(self.engine.poll_timeout().is_some(), timers);
    }

    #[cfg(feature = "serde")]
    fn moves_to_another_process(&mut self) {
        let state = serde_json::to_string(&self.engine).unwrap();
        self.engine = serde_json::from_str(&state).unwrap();
    }

    #[cfg(not(feature = "serde"))]
    fn moves_to_another_process(&mut self) {}

    /// From here on nobody answers: still every call ends, ours and the peer's, and then there is nothing to wait for.
    fn runs_down(mut self) {
        for _ in 0..20 {
            self.apply(Op::Write);
            self.apply(Op::Events);
            if self.engine.poll_timeout().is_none() {
                let made = (0..self.made).map(CallId).collect::<BTreeSet<_>>();
                assert_eq!(self.ended, made, "a call never ended");
                assert!(self.peer.is_empty() && self.queue.is_empty());
                return;
            }
            self.apply(Op::Tick);
        }
        panic!("the engine does not come to rest");
    }
}

/// Applies every sequence of up to `length` operations.
fn explore(rig: &Rig, length: u32, sequences: &mut u64) {
    for op in OPS {
        let mut next = rig.clone();
        next.apply(op);
        *sequences += 1;
        if length > 1 {
            explore(&next, length - 1, sequences);
        } else {
            next.runs_down();
        }
    }
}

fn explore_all(length: u32) {
    for serialise_directions in [false, true] {
        let mut sequences = 0;
        explore(&Rig::new(serialise_directions), length, &mut sequences);
        println!("{sequences} sequences of up to {length} operations out of {}", OPS.len());
        assert_eq!(sequences, (1..=length).map(|length| (OPS.len() as u64).pow(length)).sum::<u64>());
    }
}

#[test]
fn every_short_sequence_behaves_as_the_model() {
    explore_all(5);
}

#[test]
#[ignore = "takes some 25 seconds"]
fn every_longer_sequence_behaves_as_the_model() {
    explore_all(6);
}

fn any_op() -> impl Strategy<Value = Op> {
    let lane = prop::sample::select(&[Lane::First, Lane::Urgent, Lane::Normal, Lane::Background][..]);
    prop_oneof![
        4 => lane.prop_map(Op::Call),
        6 => prop::sample::select(&OPS[2..12]),
        2 => (0..3u8, 0..2u8).prop_map(|(id, body)| Op::PeerCall { id, body }),
        1 => prop::sample::select(&OPS[12..]),
    ]
}

proptest! {
    #[test]
    fn long_sequences_behave_as_the_model(
        serialise_directions: bool,
        ops in prop::collection::vec(any_op(), 0..200),
        moves in any::<prop::sample::Index>(),
    ) {
        let mut rig = Rig::new(serialise_directions);
        let moves = moves.index(ops.len() + 1);
        for (index, op) in ops.into_iter().enumerate() {
            if index == moves {
                rig.moves_to_another_process();
            }
            rig.apply(op);
        }
        rig.runs_down();
    }
}
