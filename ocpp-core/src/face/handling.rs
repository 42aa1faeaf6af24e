//! Overriding (hooks for each message): calls of the CSMS pass here before their block sees them, calls of the station before they leave.
//!
//! Takes what is about to happen to a call, gives it on as the configuration and the application want it. A call of ours that
//! the application is asked about keeps the place of the call on its way, so that nothing overtakes it. Stores nothing: what a
//! power cut takes, is made again. What the application writes is checked by the tables of the connection's edition.

#[cfg(any(feature = "firmware_management", feature = "transaction_events"))]
use alloc::boxed::Box;

use ocpp_rpc::engine::ReplyToken;
use ocpp_rpc::{ErrorCode, Payload};
use ocpp_types::tables::{Edition, Parsed};

use super::answers::refuse_payload;
use super::failure::Failure;
use super::outgoing::Outgoing;
use crate::MisuseError;
use crate::site::Site;
use crate::site::host_calls::check_object;
#[cfg(feature = "transaction_events")]
use crate::site::questions::CustomerRequest;
use crate::site::questions::{About, Held};
use crate::site::shared::Shared;
use crate::site::turns::Rank;
#[cfg(feature = "firmware_management")]
use crate::site::upload::UploadRequest;
use crate::station::{
    Action, Answer, CallFailure, Direction, Event, Handling, IncomingAnswer, OutgoingAnswer, Question, RawJson,
    StationConfig,
};

/// What is left for a face to do when a question is closed.
#[derive(Debug)]
pub(crate) enum Closed {
    /// Nothing.
    Done,
    /// A block asked: this is the answer.
    Block(ReplyToken, Answer),
    /// Whether the CSMS gets a file; none if the host did not say.
    #[cfg(feature = "firmware_management")]
    Upload(ReplyToken, Box<UploadRequest>, Option<Answer>),
    /// What the host knows of a customer; none if it did not say.
    #[cfg(feature = "transaction_events")]
    Customer(ReplyToken, Box<CustomerRequest>, Option<Answer>),
    /// A call of the CSMS is to be carried out.
    Call(ReplyToken, Held),
    /// The application answered our call of this rank.
    Answer(Rank, RawJson),
    /// Our call of this rank brought nothing.
    Failed(Rank, Failure),
}

/// Finds what is wrong with the rules of a configuration.
pub(crate) fn check(config: &StationConfig) -> Result<(), MisuseError> {
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

/// Opens a question, or gives back what it is about.
fn ask(shared: &mut Shared, question: Question, about: About) -> Option<About> {
    match shared.questions.ask(shared.now, about) {
        Ok((id, until)) => {
            shared.act(Action::Ask { id, until, question });
            None
        }
        Err(about) => Some(about),
    }
}

/// A call of the CSMS. True if the face is to carry it out now.
pub(crate) fn admits(shared: &mut Shared, token: ReplyToken, action: &str, payload: &Payload<'_>) -> bool {
    let handling = handling(shared, Direction::Incoming, action);
    if handling == Handling::Core {
        return true;
    }
    let text = match payload.raw() {
        Ok(text) => text,
        Err(violation) => {
            refuse_payload(shared, token, payload, &violation);
            return false;
        }
    };
    let is_taken_over = match handling {
        Handling::Core | Handling::Observe => {
            observe(shared, Direction::Incoming, action, text);
            return true;
        }
        Handling::Ask => false,
        Handling::App => true,
    };
    let question = Question::Incoming { action: action.into(), payload: text.into() };
    let held = Held { action: action.into(), payload: text.into(), is_taken_over };
    let is_asked = ask(shared, question, About::Incoming(token, held)).is_none();
    if !is_asked && is_taken_over {
        refuse_unanswered(shared, token);
    }
    !is_asked && !is_taken_over
}

fn refuse_unanswered(shared: &mut Shared, token: ReplyToken) {
    shared.reply_error(token, ErrorCode::InternalError, "the application gave no answer");
}

/// Finds what is wrong with an answer of the application.
pub(crate) fn check_answer(edition: Edition, about: &About, answer: &Answer) -> Result<(), MisuseError> {
    about.check(answer)?;
    let action = match about {
        About::Block { .. } => return Ok(()),
        #[cfg(feature = "firmware_management")]
        About::Upload(..) => return Ok(()),
        #[cfg(feature = "transaction_events")]
        About::Customer(..) => return Ok(()),
        About::Incoming(_, held) | About::Outgoing(held) => held.action.as_str(),
    };
    let (payload, object) = match answer {
        Answer::Incoming(IncomingAnswer::Reply(payload)) | Answer::Outgoing(OutgoingAnswer::Answered(payload)) => {
            (&payload.0, edition.response(action))
        }
        Answer::Outgoing(OutgoingAnswer::SendInstead(payload)) => (&payload.0, edition.request(action)),
        Answer::Incoming(IncomingAnswer::Proceed | IncomingAnswer::Refuse(_))
        | Answer::Outgoing(OutgoingAnswer::Send)
        | Answer::DataTransfer { .. }
        | Answer::Upload(_)
        | Answer::CustomerInformation { .. } => return Ok(()),
    };
    check_object(payload).map_err(MisuseError::Payload)?;
    // Of a vendor's action there is no schema.
    match object {
        Some(object) => Parsed::parse(payload, edition, object).map(|_| ()).map_err(MisuseError::Payload),
        None => Ok(()),
    }
}

impl Outgoing {
    /// A call of ours that is to leave.
    pub fn leave(
        &mut self,
        site: &mut Site,
        shared: &mut Shared,
        rank: Rank,
        action: &str,
        payload: &str,
    ) -> Result<(), Failure> {
        let is_taken_over = match handling(shared, Direction::Outgoing, action) {
            Handling::Core => return self.transmit(site, shared, rank, action, payload),
            Handling::Observe => {
                observe(shared, Direction::Outgoing, action, payload);
                return self.transmit(site, shared, rank, action, payload);
            }
            Handling::Ask => false,
            Handling::App => true,
        };
        let question = Question::Outgoing { action: action.into(), payload: payload.into() };
        let held = Held { action: action.into(), payload: payload.into(), is_taken_over };
        match ask(shared, question, About::Outgoing(held)) {
            None => {
                self.held = Some(rank);
                Ok(())
            }
            Some(_) if is_taken_over => Err(CallFailure::TimedOut.into()),
            Some(_) => self.transmit(site, shared, rank, action, payload),
        }
    }

    /// Sends a call of the application, about which it is not asked again. None if there is none.
    pub fn leave_for_host(&mut self, site: &mut Site, shared: &mut Shared, rank: Rank) -> Option<Result<(), Failure>> {
        let (action, payload) = site.calls.next()?;
        if handling(shared, Direction::Outgoing, &action) == Handling::Observe {
            observe(shared, Direction::Outgoing, &action, &payload.0);
        }
        Some(self.transmit(site, shared, rank, &action, &payload.0))
    }

    /// A question was answered, with an answer that was checked, or its time is over.
    pub fn on_closed(&mut self, site: &mut Site, shared: &mut Shared, about: About, answer: Option<Answer>) -> Closed {
        match about {
            About::Block { token, default } => Closed::Block(token, answer.unwrap_or(default)),
            #[cfg(feature = "firmware_management")]
            About::Upload(token, request) => Closed::Upload(token, request, answer),
            #[cfg(feature = "transaction_events")]
            About::Customer(token, request) => Closed::Customer(token, request, answer),
            About::Incoming(token, held) => match answer {
                Some(Answer::Incoming(IncomingAnswer::Reply(payload))) => {
                    shared.reply(token, &payload.0);
                    Closed::Done
                }
                Some(Answer::Incoming(IncomingAnswer::Refuse(code))) => {
                    shared.reply_error(token, code, "refused by the application");
                    Closed::Done
                }
                None if held.is_taken_over => {
                    refuse_unanswered(shared, token);
                    Closed::Done
                }
                Some(_) | None => Closed::Call(token, held),
            },
            About::Outgoing(held) => {
                let Some(rank) = self.held.take() else { return Closed::Done };
                let sent = match answer {
                    Some(Answer::Outgoing(OutgoingAnswer::SendInstead(payload))) => {
                        self.transmit(site, shared, rank, &held.action, &payload.0)
                    }
                    Some(Answer::Outgoing(OutgoingAnswer::Answered(payload))) => return Closed::Answer(rank, payload),
                    None if held.is_taken_over => Err(CallFailure::TimedOut.into()),
                    Some(_) | None => self.transmit(site, shared, rank, &held.action, &held.payload),
                };
                sent.map_or_else(|failure| Closed::Failed(rank, failure), |()| Closed::Done)
            }
        }
    }

    /// The connection is gone, and with it the calls that are held back. Gives the rank of ours.
    pub fn on_link_lost(&mut self, shared: &mut Shared) -> Option<Rank> {
        shared.questions.link_lost();
        self.held.take()
    }
}
