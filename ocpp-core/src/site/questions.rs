//! Questions to the application that are open, each with its deadline and what waits for the answer.

#[cfg(any(feature = "firmware_management", feature = "transaction_events"))]
use alloc::boxed::Box;
#[cfg(feature = "handling")]
use alloc::string::String;
use alloc::vec::Vec;
use core::mem::discriminant;
use core::time::Duration;
use ocpp_rpc::queue::Queue;

use ocpp_rpc::engine::ReplyToken;
#[cfg(feature = "handling")]
use ocpp_types::SmallString;

#[cfg(feature = "firmware_management")]
use super::upload::UploadRequest;
#[cfg(feature = "transaction_events")]
use crate::station::IdToken;
use crate::station::{Answer, AskId, UploadAnswer};
#[cfg(feature = "handling")]
use crate::station::{IncomingAnswer, OutgoingAnswer};
use crate::time::Instant;
use crate::{MisuseError, Refusal};

/// How long the application may think, well within what a CSMS waits for.
const PATIENCE: Duration = Duration::from_secs(10);

/// The longest name of a file that can be told (1.6 §6.34; 2.x GetLogResponse.filename).
const MAX_NAME: usize = 255;

/// The most bytes that the host may tell of a customer.
const MAX_TOLD: usize = 16_384;

/// What waits for the answer.
#[derive(Debug)]
pub(crate) enum About {
    /// A call of the CSMS that its block asks about, and the answer that it takes without one.
    Block { token: ReplyToken, default: Answer },
    /// A file that the CSMS wants.
    #[cfg(feature = "firmware_management")]
    Upload(ReplyToken, Box<UploadRequest>),
    /// What the host knows of a customer (2.x N09, N10).
    #[cfg(feature = "transaction_events")]
    Customer(ReplyToken, Box<CustomerRequest>),
    /// A call of the CSMS that no block has seen.
    #[cfg(feature = "handling")]
    Incoming(ReplyToken, Held),
    /// A call of the station that did not leave. There is one at most.
    #[cfg(feature = "handling")]
    Outgoing(Held),
}

/// What the CSMS wants told of a customer, or forgotten.
#[cfg(feature = "transaction_events")]
#[derive(Debug)]
pub(crate) struct CustomerRequest {
    pub number: i64,
    pub is_report: bool,
    pub is_clear: bool,
    /// His token, if he is named by it.
    pub token: Option<IdToken>,
}

/// A call that is held back.
#[cfg(feature = "handling")]
#[derive(Debug)]
pub(crate) struct Held {
    pub action: SmallString,
    pub payload: String,
    /// Whether the application alone handles it.
    pub is_taken_over: bool,
}

impl About {
    /// Finds what is wrong with an answer, as far as no schema says so.
    pub fn check(&self, answer: &Answer) -> Result<(), MisuseError> {
        let refusal = match answer {
            _ if !self.takes(answer) => Refusal::WrongAnswer,
            Answer::Upload(UploadAnswer::Name(name)) if !(1..=MAX_NAME).contains(&name.chars().count()) => {
                Refusal::UnfitName
            }
            Answer::CustomerInformation { data: Some(data) } if data.len() > MAX_TOLD => Refusal::TooLong,
            _ => return Ok(()),
        };
        Err(MisuseError::Refused(refusal))
    }

    /// Whether this is an answer to it.
    fn takes(&self, answer: &Answer) -> bool {
        match self {
            About::Block { default, .. } => discriminant(default) == discriminant(answer),
            #[cfg(feature = "firmware_management")]
            About::Upload(..) => matches!(answer, Answer::Upload(_)),
            #[cfg(feature = "transaction_events")]
            About::Customer(..) => matches!(answer, Answer::CustomerInformation { .. }),
            #[cfg(feature = "handling")]
            About::Incoming(_, held) => match answer {
                Answer::Incoming(IncomingAnswer::Proceed) => !held.is_taken_over,
                Answer::Incoming(IncomingAnswer::Reply(_) | IncomingAnswer::Refuse(_)) => true,
                Answer::DataTransfer { .. }
                | Answer::Upload(_)
                | Answer::CustomerInformation { .. }
                | Answer::Outgoing(_) => false,
            },
            #[cfg(feature = "handling")]
            About::Outgoing(held) => match answer {
                Answer::Outgoing(OutgoingAnswer::Send | OutgoingAnswer::SendInstead(_)) => !held.is_taken_over,
                Answer::Outgoing(OutgoingAnswer::Answered(_)) => true,
                Answer::DataTransfer { .. }
                | Answer::Upload(_)
                | Answer::CustomerInformation { .. }
                | Answer::Incoming(_) => false,
            },
        }
    }
}

/// The open questions, oldest first. All have the same patience, so the first has the first deadline.
#[derive(Debug)]
pub(crate) struct Questions {
    open: Queue<Open>,
    limit: usize,
    asked: u64,
}

#[derive(Debug)]
struct Open {
    id: AskId,
    until: Instant,
    about: About,
}

impl Questions {
    pub fn new(limit: usize) -> Self {
        Questions { open: Queue::new(), limit, asked: 0 }
    }

    /// Whether a question about a call of the CSMS may be opened.
    pub fn has_room(&self) -> bool {
        self.open.len() < self.limit
    }

    /// Opens a question; none when too many are.
    pub fn open(&mut self, now: Instant, token: ReplyToken, default: Answer) -> Option<(AskId, Instant)> {
        self.ask(now, About::Block { token, default }).ok()
    }

    /// Opens a question, or gives back what it is about when too many are open. For a call of the station there is always
    /// room, as its default may be a failure after which it is made again.
    pub fn ask(&mut self, now: Instant, about: About) -> Result<(AskId, Instant), About> {
        let has_room = match &about {
            #[cfg(feature = "handling")]
            About::Outgoing(_) => true,
            #[cfg(feature = "handling")]
            About::Incoming(..) => self.has_room(),
            #[cfg(feature = "firmware_management")]
            About::Upload(..) => self.has_room(),
            #[cfg(feature = "transaction_events")]
            About::Customer(..) => self.has_room(),
            About::Block { .. } => self.has_room(),
        };
        if !has_room {
            return Err(about);
        }
        self.asked += 1;
        let (id, until) = (AskId(self.asked), now + PATIENCE);
        self.open.push_back(Open { id, until, about });
        Ok((id, until))
    }

    /// What a question is about that is still open at `now`.
    pub fn about(&self, now: Instant, id: AskId) -> Option<&About> {
        self.open.iter().find(|open| open.id == id && now < open.until).map(|open| &open.about)
    }

    /// Closes a question that was answered. Gives what waits for it.
    pub fn close(&mut self, id: AskId) -> Option<About> {
        let place = self.open.iter().position(|open| open.id == id)?;
        self.open.remove(place).map(|open| open.about)
    }

    /// Closes the questions about calls that were not looked at or not carried out: their connection is gone.
    pub fn link_lost(&mut self) {
        self.open.retain(|open| matches!(open.about, About::Block { .. }));
    }

    /// Closes the questions whose deadline passed. Gives what waits for them.
    pub fn expire(&mut self, now: Instant) -> Vec<About> {
        let late = self.open.iter().take_while(|open| open.until <= now).count();
        self.open.drain_front(late).map(|open| open.about).collect()
    }

    pub fn deadline(&self) -> Option<Instant> {
        self.open.front().map(|open| open.until)
    }
}
