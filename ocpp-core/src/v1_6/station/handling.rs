//! Overriding: calls of the CSMS pass here before their block sees them, calls of the station before they leave.
//!
//! Takes what is about to happen to a call, gives it on as the configuration and the application want it. A call of ours that
//! the application is asked about keeps the place of the call on its way, so that nothing overtakes it. Calls that the
//! application makes itself wait here for their turn. Stores nothing: what a power cut takes, is made again.

use alloc::collections::VecDeque;

use compact_str::CompactString;
use ocpp_rpc::engine::ReplyToken;
use ocpp_rpc::{ErrorCode, Payload};
use ocpp_types::json::{Kind, Reader};
use ocpp_types::v1_6::{Action as ActionName, CsmsResponse, StationRequest, StationResponse};
use ocpp_types::violation::Violation;

use super::Machine;
use super::calls::refuse_payload;
use super::frames::Failure;
use super::sender::Awaited;
use crate::MisuseError;
use crate::parts::questions::{About, Held};
use crate::shared::Shared;
use crate::station::{
    Action, Answer, Direction, Event, Handling, IncomingAnswer, OutgoingAnswer, Question, RawJson, StationConfig,
};

/// Calls that wait for the application, and its own.
#[derive(Debug, Default)]
pub(crate) struct Handlings {
    /// What the call of ours is that the application is asked about.
    held: Option<Awaited>,
    /// Calls of the application.
    calls: VecDeque<(CompactString, RawJson)>,
    /// The action of the one that is on its way.
    pub sent: Option<CompactString>,
}

impl Handlings {
    /// Whether a call of ours waits for the application.
    pub fn holds_call(&self) -> bool {
        self.held.is_some()
    }

    /// A call of the application ended.
    pub fn call_ended(&mut self, shared: &mut Shared, result: Result<RawJson, CompactString>) {
        if let Some(action) = self.sent.take() {
            shared.event(Event::CallAnswered { action, result });
        }
    }
}

/// Finds what is wrong with the rules of a configuration.
pub(super) fn check(config: &StationConfig) -> Result<(), MisuseError> {
    let mut rules = config.handlings.iter();
    while let Some(rule) = rules.next() {
        if rules.clone().any(|other| (other.direction, &other.action) == (rule.direction, &rule.action)) {
            return Err(MisuseError::unfit("handlings", &rule.action, "has two handlings"));
        }
    }
    Ok(())
}

fn handling(shared: &Shared, direction: Direction, action: &str) -> Handling {
    let mut rules = shared.config.handlings.iter();
    let rule = rules.find(|rule| rule.direction == direction && rule.action == action);
    rule.map_or(Handling::Core, |rule| rule.handling)
}

fn observe(shared: &mut Shared, direction: Direction, action: &str, payload: &str) {
    shared.event(Event::Observed { direction, action: action.into(), payload: payload.into() });
}

impl Machine {
    /// A call of the CSMS.
    pub(super) fn on_incoming(&mut self, shared: &mut Shared, token: ReplyToken, action: &str, payload: &Payload<'_>) {
        let handling = handling(shared, Direction::Incoming, action);
        if handling == Handling::Core {
            return self.on_call(shared, token, action, payload);
        }
        let text = match payload.raw() {
            Ok(text) => text,
            Err(violation) => return refuse_payload(shared, token, payload, &violation),
        };
        let is_taken_over = match handling {
            Handling::Core | Handling::Observe => {
                observe(shared, Direction::Incoming, action, text);
                return self.on_call(shared, token, action, payload);
            }
            Handling::Ask => false,
            Handling::App => true,
        };
        let question = Question::Incoming { action: action.into(), payload: text.into() };
        let held = Held { action: action.into(), payload: text.into(), is_taken_over };
        self.ask(shared, question, About::Incoming(token, held));
    }

    /// A call of ours that is to leave.
    pub(super) fn on_outgoing(&mut self, shared: &mut Shared, awaited: Awaited, action: &str, payload: &str) {
        let is_taken_over = match handling(shared, Direction::Outgoing, action) {
            Handling::Core => return self.transmit(shared, awaited, action, payload),
            Handling::Observe => {
                observe(shared, Direction::Outgoing, action, payload);
                return self.transmit(shared, awaited, action, payload);
            }
            Handling::Ask => false,
            Handling::App => true,
        };
        self.handlings.held = Some(awaited);
        let question = Question::Outgoing { action: action.into(), payload: payload.into() };
        let held = Held { action: action.into(), payload: payload.into(), is_taken_over };
        self.ask(shared, question, About::Outgoing(held));
    }

    fn ask(&mut self, shared: &mut Shared, question: Question, about: About) {
        match shared.questions.ask(shared.now, about) {
            Ok((id, until)) => shared.act(Action::Ask { id, until, question }),
            Err(about) => self.on_answered(shared, about, None),
        }
    }

    /// Finds what is wrong with an answer of the application.
    pub fn check_answer(&self, about: &About, answer: &Answer) -> Result<(), MisuseError> {
        if !about.takes(answer) {
            return Err(MisuseError::Refused("this is no answer to that question"));
        }
        let action = match about {
            About::Block { .. } => return Ok(()),
            About::Incoming(_, held) | About::Outgoing(held) => held.action.parse::<ActionName>(),
        };
        let payload = match answer {
            Answer::Incoming(IncomingAnswer::Reply(payload))
            | Answer::Outgoing(OutgoingAnswer::SendInstead(payload) | OutgoingAnswer::Answered(payload)) => &payload.0,
            Answer::Incoming(IncomingAnswer::Proceed | IncomingAnswer::Refuse(_))
            | Answer::Outgoing(OutgoingAnswer::Send)
            | Answer::DataTransfer { .. } => return Ok(()),
        };
        check_object(payload).map_err(MisuseError::Payload)?;
        // Of a vendor's action there is no schema.
        let Ok(action) = action else { return Ok(()) };
        let checked = match answer {
            Answer::Incoming(_) => StationResponse::from_json(action, payload).map(|_| ()),
            Answer::Outgoing(OutgoingAnswer::SendInstead(_)) => StationRequest::from_json(action, payload).map(|_| ()),
            Answer::Outgoing(OutgoingAnswer::Answered(_)) => CsmsResponse::from_json(action, payload).map(|_| ()),
            Answer::Outgoing(OutgoingAnswer::Send) | Answer::DataTransfer { .. } => Ok(()),
        };
        checked.map_err(MisuseError::Payload)
    }

    /// A question was answered, with an answer that was checked, or its time is over.
    pub fn on_answered(&mut self, shared: &mut Shared, about: About, answer: Option<Answer>) {
        match about {
            About::Block { token, default } => self.on_answer(shared, token, answer.unwrap_or(default)),
            About::Incoming(token, held) => match answer {
                Some(Answer::Incoming(IncomingAnswer::Reply(payload))) => shared.reply(token, &payload.0),
                Some(Answer::Incoming(IncomingAnswer::Refuse(code))) => {
                    shared.reply_error(token, code, "refused by the application");
                }
                None if held.is_taken_over => {
                    shared.reply_error(token, ErrorCode::InternalError, "the application gave no answer");
                }
                Some(_) | None => {
                    let limits = shared.config.limits.frame;
                    self.on_call(shared, token, &held.action, &Payload::alone(&held.payload, &limits));
                }
            },
            About::Outgoing(held) => {
                let Some(awaited) = self.handlings.held.take() else { return };
                match answer {
                    Some(Answer::Outgoing(OutgoingAnswer::SendInstead(payload))) => {
                        self.transmit(shared, awaited, &held.action, &payload.0);
                    }
                    Some(Answer::Outgoing(OutgoingAnswer::Answered(payload))) => {
                        let limits = shared.config.limits.frame;
                        self.on_result(shared, awaited, &Payload::alone(&payload.0, &limits));
                    }
                    None if held.is_taken_over => self.settle_failure(shared, awaited, Failure::TimedOut),
                    Some(_) | None => self.transmit(shared, awaited, &held.action, &held.payload),
                }
            }
        }
    }

    /// The connection is gone, and with it the calls that are held back.
    pub fn on_link_lost(&mut self, shared: &mut Shared) {
        shared.questions.link_lost();
        if let Some(awaited) = self.handlings.held.take() {
            self.settle_failure(shared, awaited, Failure::LinkLost);
        }
    }

    /// Finds what is wrong with a call of the application.
    pub fn check_call(&self, shared: &Shared, payload: &RawJson) -> Result<(), MisuseError> {
        if self.handlings.calls.len() >= shared.config.limits.calls {
            return Err(MisuseError::Refused("too many calls wait"));
        }
        check_object(&payload.0).map_err(MisuseError::Payload)
    }

    /// Makes a call of the application, which was checked.
    pub fn call(&mut self, action: CompactString, payload: RawJson) {
        self.handlings.calls.push_back((action, payload));
    }

    /// Sends a call of the application, about which it is not asked again. True if there was one.
    pub(super) fn send_call(&mut self, shared: &mut Shared) -> bool {
        let Some((action, payload)) = self.handlings.calls.pop_front() else { return false };
        if handling(shared, Direction::Outgoing, &action) == Handling::Observe {
            observe(shared, Direction::Outgoing, &action, &payload.0);
        }
        self.handlings.sent = Some(action.clone());
        self.transmit(shared, Awaited::AppCall, &action, &payload.0);
        true
    }
}

fn check_object(text: &str) -> Result<(), Violation> {
    let mut reader = Reader::new(text);
    let is_object = reader.peek().and_then(|kind| match kind {
        Kind::Object => reader.skip_value().and_then(|()| reader.finish()),
        Kind::Null | Kind::Boolean | Kind::Integer | Kind::Number | Kind::String | Kind::Array => {
            Err(reader.mismatch(Kind::Object))
        }
    });
    is_object.map_err(|fault| Violation::locate(&fault, text, 0))
}
