use alloc::format;
use alloc::string::{String, ToString};
use alloc::vec::Vec;
use core::time::Duration;

use super::*;
use crate::frame::FrameRule;

mod calls;
mod explore;
mod input;
mod replies;

const SECOND: Duration = Duration::from_secs(1);
const TIMEOUT: Duration = Duration::from_secs(30);

fn at(millis: u64) -> Instant {
    Instant::from_millis(millis)
}

/// An engine with an open connection.
fn engine(dialect: Dialect) -> Engine {
    engine_with(Config::STANDARD, dialect)
}

fn engine_with(config: Config, dialect: Dialect) -> Engine {
    let mut engine = Engine::new(config, 1);
    engine.opened(at(0), dialect);
    engine
}

/// Makes a call of `action` at the engine's own time.
fn call(engine: &mut Engine, lane: Lane, action: &str) -> CallId {
    engine.call(engine.now, lane, action, "{}", TIMEOUT).unwrap()
}

/// The frames due.
fn transmits(engine: &mut Engine) -> Vec<Transmit> {
    core::iter::from_fn(|| engine.poll_transmit()).collect()
}

fn events(engine: &mut Engine) -> Vec<Event> {
    core::iter::from_fn(|| engine.poll_event()).collect()
}

/// Takes the call that is due and returns its message id.
fn sent(engine: &mut Engine) -> (CallId, String) {
    let [Transmit { text, what: Sent::Call(call) }] = &transmits(engine)[..] else { panic!("not one call") };
    (*call, json(text)[1].as_str().unwrap().to_string())
}

fn json(text: &str) -> serde_json::Value {
    serde_json::from_str(text).unwrap()
}

fn ended(call: CallId, end: CallEnd) -> Event {
    Event::CallEnded { call, end }
}

/// A call of the peer that must be taken.
fn incoming(engine: &mut Engine, frame: &str) -> ReplyToken {
    match engine.receive(engine.now, frame.as_bytes()) {
        Received::Call { token, .. } => token,
        other => panic!("{frame}: {other:?}"),
    }
}
