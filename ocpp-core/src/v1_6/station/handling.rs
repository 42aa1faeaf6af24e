//! Overriding (hooks for each message): calls of the CSMS pass here before their block sees them, calls of the station before they leave.
//!
//! Takes what is about to happen to a call, gives it on as the configuration and the application want it. A call of ours that
//! the application is asked about keeps the place of the call on its way, so that nothing overtakes it. Stores nothing: what a
//! power cut takes, is made again.

use ocpp_rpc::engine::ReplyToken;
use ocpp_rpc::{ErrorCode, Payload};
use ocpp_types::v1_6::{Action as ActionName, CsmsResponse, StationRequest, StationResponse};

use super::answers::refuse_payload;
use super::failure::Failure;
use super::sender::Awaited;
use super::{Face, data_transfer};
use crate::site::Site;
use crate::site::host_calls::check_object;
use crate::site::questions::{About, Held};
use crate::site::shared::Shared;
use crate::station::{
    Action, Answer, Direction, Event, Handling, IncomingAnswer, OutgoingAnswer, Question, StationConfig,
};
use crate::{MisuseError, Refusal};

/// Calls that wait for the application, and its own.
#[derive(Debug, Default)]
pub(crate) struct Handlings {
    /// What the call of ours is that the application is asked about.
    held: Option<Awaited>,
}

impl Handlings {
    /// Whether a call of ours waits for the application.
    pub fn holds_call(&self) -> bool {
        self.held.is_some()
    }
}

/// Finds what is wrong with the rules of a configuration.
pub(super) fn check(config: &StationConfig) -> Result<(), MisuseError> {
    let mut rules = config.policy.handlings.iter();
    while let Some(rule) = rules.next() {
        if rules.clone().any(|other| (other.direction, &other.action) == (rule.direction, &rule.action)) {
            return Err(MisuseError::unfit("policy.handlings", &rule.action, "has two handlings"));
        }
    }
    Ok(())
}

fn handling(shared: &Shared, direction: Direction, action: &str) -> Handling {
    let mut rules = shared.config.policy.handlings.iter();
    let rule = rules.find(|rule| rule.direction == direction && rule.action == action);
    rule.map_or(Handling::Core, |rule| rule.handling)
}

fn observe(shared: &mut Shared, direction: Direction, action: &str, payload: &str) {
    shared.event(Event::Observed { direction, action: action.into(), payload: payload.into() });
}

impl Face {
    /// A call of the CSMS.
    pub(super) fn on_incoming(
        &mut self,
        site: &mut Site,
        shared: &mut Shared,
        token: ReplyToken,
        action: &str,
        payload: &Payload<'_>,
    ) {
        let handling = handling(shared, Direction::Incoming, action);
        if handling == Handling::Core {
            return self.on_call(site, shared, token, action, payload);
        }
        let text = match payload.raw() {
            Ok(text) => text,
            Err(violation) => return refuse_payload(shared, token, payload, &violation),
        };
        let is_taken_over = match handling {
            Handling::Core | Handling::Observe => {
                observe(shared, Direction::Incoming, action, text);
                return self.on_call(site, shared, token, action, payload);
            }
            Handling::Ask => false,
            Handling::App => true,
        };
        let question = Question::Incoming { action: action.into(), payload: text.into() };
        let held = Held { action: action.into(), payload: text.into(), is_taken_over };
        self.ask(site, shared, question, About::Incoming(token, held));
    }

    /// A call of ours that is to leave.
    pub(super) fn on_outgoing(
        &mut self,
        site: &mut Site,
        shared: &mut Shared,
        awaited: Awaited,
        action: &str,
        payload: &str,
    ) {
        let is_taken_over = match handling(shared, Direction::Outgoing, action) {
            Handling::Core => return self.transmit(site, shared, awaited, action, payload),
            Handling::Observe => {
                observe(shared, Direction::Outgoing, action, payload);
                return self.transmit(site, shared, awaited, action, payload);
            }
            Handling::Ask => false,
            Handling::App => true,
        };
        self.handlings.held = Some(awaited);
        let question = Question::Outgoing { action: action.into(), payload: payload.into() };
        let held = Held { action: action.into(), payload: payload.into(), is_taken_over };
        self.ask(site, shared, question, About::Outgoing(held));
    }

    fn ask(&mut self, site: &mut Site, shared: &mut Shared, question: Question, about: About) {
        match shared.questions.ask(shared.now, about) {
            Ok((id, until)) => shared.act(Action::Ask { id, until, question }),
            Err(about) => self.on_answered(site, shared, about, None),
        }
    }

    /// Finds what is wrong with an answer of the application.
    pub fn check_answer(&self, about: &About, answer: &Answer) -> Result<(), MisuseError> {
        if !about.takes(answer) {
            return Err(MisuseError::Refused(Refusal::WrongAnswer));
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
    pub fn on_answered(&mut self, site: &mut Site, shared: &mut Shared, about: About, answer: Option<Answer>) {
        match about {
            About::Block { token, default } => data_transfer::on_answer(shared, token, answer.unwrap_or(default)),
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
                    self.on_call(site, shared, token, &held.action, &Payload::alone(&held.payload, &limits));
                }
            },
            About::Outgoing(held) => {
                let Some(awaited) = self.handlings.held.take() else { return };
                match answer {
                    Some(Answer::Outgoing(OutgoingAnswer::SendInstead(payload))) => {
                        self.transmit(site, shared, awaited, &held.action, &payload.0);
                    }
                    Some(Answer::Outgoing(OutgoingAnswer::Answered(payload))) => {
                        let limits = shared.config.limits.frame;
                        self.on_result(site, shared, awaited, &Payload::alone(&payload.0, &limits));
                    }
                    None if held.is_taken_over => self.settle_failure(site, shared, awaited, Failure::TimedOut),
                    Some(_) | None => self.transmit(site, shared, awaited, &held.action, &held.payload),
                }
            }
        }
    }

    /// The connection is gone, and with it the calls that are held back.
    pub fn on_link_lost(&mut self, site: &mut Site, shared: &mut Shared) {
        shared.questions.link_lost();
        if let Some(awaited) = self.handlings.held.take() {
            self.settle_failure(site, shared, awaited, Failure::LinkLost);
        }
    }

    /// Sends a call of the application, about which it is not asked again. True if there was one.
    pub(super) fn send_call(&mut self, site: &mut Site, shared: &mut Shared) -> bool {
        let Some((action, payload)) = site.calls.next() else { return false };
        if handling(shared, Direction::Outgoing, &action) == Handling::Observe {
            observe(shared, Direction::Outgoing, &action, &payload.0);
        }
        self.transmit(site, shared, Awaited::AppCall, &action, &payload.0);
        true
    }
}
