use core::time::Duration;

use ocpp_rpc::engine::{Config, Engine, Event, Lane, Received, Sent};
use ocpp_rpc::{CallError, Dialect, ErrorCode, Frame, Instant, Limits, MessageId};
use serde_json::Value;

/// Small, so that every bound is met.
const CONFIG: Config = Config {
    limits: Limits { frame_bytes: 512, depth: 8, ..Limits::SMALL },
    max_calls: 2,
    max_incoming: 2,
    max_outbox: 4,
    remember_departed: 2,
    remember_answers: 2,
    remember_answer_bytes: 128,
    ..Config::STANDARD
};

/// No frame that the engine writes by itself is longer: id and description are bounded, and at most six bytes a character.
const LONGEST_ANSWER: usize = 2048;

/// A peer that sends any lines as frames, in every dialect: nothing panics, everything is bounded, what is answered is a
/// frame and bears the right id, each of our calls ends once.
pub fn frame(data: &[u8]) {
    for dialect in Dialect::ALL {
        let mut peer = Peer::new(dialect);
        for line in data.split(|byte| *byte == b'\n') {
            peer.line(line);
        }
        peer.finish();
    }
}

struct Peer {
    dialect: Dialect,
    engine: Engine,
    now: Instant,
    /// Calls of ours that have not ended.
    open: usize,
}

impl Peer {
    fn new(dialect: Dialect) -> Self {
        let mut engine = Engine::new(CONFIG, 0);
        engine.opened(Instant::ZERO, dialect);
        Peer { dialect, engine, now: Instant::ZERO, open: 0 }
    }

    fn line(&mut self, line: &[u8]) {
        self.pass(self.now + Duration::from_secs(1));
        // One call of ours is always under way, so that answers meet something.
        if self.open == 0 {
            let call = self.engine.call(self.now, Lane::Normal, "Heartbeat", "{}", Duration::from_secs(30));
            assert!(call.is_ok(), "{call:?}");
            self.open += 1;
            self.transmit(None);
        }
        let received = self.engine.receive(self.now, line);
        let is_call = matches!(received, Received::Call { .. });
        let mut ended = 0;
        match received {
            Received::Call { token, action, payload } => {
                let reply = match payload.raw() {
                    // Some calls are left to the time-out.
                    Ok(_) if action == "Wait" => Ok(()),
                    Ok(raw) => self.engine.reply(self.now, token, raw),
                    Err(violation) => self.engine.reply_violation(self.now, token, &violation),
                };
                assert!(reply.is_ok(), "{reply:?}");
                if action != "Wait" {
                    let again = self.engine.reply_error(self.now, token, &CallError::new(ErrorCode::GenericError, ""));
                    assert!(again.is_err(), "answered twice");
                }
            }
            Received::Result { payload, .. } => {
                ended = 1;
                let _ = payload.raw();
            }
            Received::Error { .. } | Received::Malformed { call: Some(_), .. } => ended = 1,
            Received::Send { .. } | Received::ReplyRejected { .. } => {
                assert!(self.dialect.has_send(), "{} has no such message", self.dialect);
            }
            Received::Late { .. }
            | Received::Unknown { .. }
            | Received::Repeated { .. }
            | Received::Ignored(_)
            | Received::Malformed { call: None, .. } => {}
        }
        self.end(ended);
        self.transmit(Some(line));
        check_shape(line, is_call);
    }

    fn end(&mut self, ended: usize) {
        assert!(ended <= self.open, "a call ended twice");
        self.open -= ended;
    }

    /// Takes what is to be sent; an answer bears the id of the frame that provoked it.
    fn transmit(&mut self, line: Option<&[u8]>) {
        let mut count = 0;
        while let Some(frame) = self.engine.poll_transmit() {
            count += 1;
            assert!(count <= CONFIG.max_outbox + 1, "more frames than the outbox holds");
            let is_own = matches!(frame.what, Sent::Refusal);
            assert!(!is_own || frame.text.len() <= LONGEST_ANSWER, "{} bytes", frame.text.len());
            assert!(serde_json::from_str::<Vec<Value>>(&frame.text).is_ok(), "{}", frame.text);
            let opened = Frame::open(frame.text.as_bytes(), self.dialect, &Limits::STANDARD);
            let id = match (&frame.what, opened) {
                (Sent::Call(_), Ok(Frame::Call { .. })) | (Sent::ResultError(_) | Sent::Send, Ok(_)) => None,
                (Sent::Reply(_), Ok(Frame::CallResult { id, .. } | Frame::CallError { id, .. })) => Some(id),
                (Sent::Refusal, Ok(Frame::CallError { id, .. })) => Some(id),
                (what, opened) => panic!("{what:?} is {opened:?}: {}", frame.text),
            };
            if let (Some(id), Some(line)) = (id, line) {
                check_id(line, &id);
            }
        }
    }

    /// It is `now`: what is due ends.
    fn pass(&mut self, now: Instant) {
        self.now = now;
        self.engine.handle_timeout(now);
        while let Some(event) = self.engine.poll_event() {
            if matches!(event, Event::CallEnded { .. }) {
                self.end(1);
            }
        }
        self.transmit(None);
        let deadline = self.engine.poll_timeout();
        assert!(deadline.is_none_or(|deadline| deadline > now), "deadline {deadline:?} is not later than {now}");
    }

    /// Nobody says anything more: everything ends.
    fn finish(mut self) {
        for _ in 0..16 {
            match self.engine.poll_timeout() {
                Some(deadline) => self.pass(deadline),
                None => return assert_eq!(self.open, 0, "a call never ended"),
            }
        }
        panic!("the engine does not come to rest");
    }
}

/// The id that is answered is the one that another parser finds, or `-1`.
fn check_id(line: &[u8], id: &MessageId) {
    if let Ok(frame) = serde_json::from_slice::<Vec<Value>>(line) {
        let sent = frame.get(1).and_then(Value::as_str);
        assert!(sent == Some(id.as_str()) || *id == MessageId::UNREADABLE, "{sent:?} was answered as {id}");
    }
}

/// What is taken for a call is one in the eyes of another parser, too.
fn check_shape(line: &[u8], is_call: bool) {
    if is_call && let Ok(frame) = serde_json::from_slice::<Vec<Value>>(line) {
        assert_eq!(frame.first(), Some(&Value::from(2)));
        assert!(matches!(frame.as_slice(), [_, Value::String(_), Value::String(_), _, ..]), "{frame:?}");
    }
}
