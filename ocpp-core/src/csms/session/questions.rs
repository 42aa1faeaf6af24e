//! Questions to the application: open ones, their answers and their defaults.

use alloc::boxed::Box;
use core::time::Duration;
use ocpp_rpc::queue::Queue;

use ocpp_rpc::engine::ReplyToken;

use super::Session;
use crate::csms::report::Response;
use crate::csms::{
    Action, Answer, AskId, Authorization, Booted, DataTransferStatus, Event, Fact, IdToken, Question, StationInfo,
    TransactionId,
};
use crate::time::Instant;
use crate::{MisuseError, Refusal};

/// The open questions, in the order of their deadlines: all have the same time.
#[derive(Debug, Default)]
pub(super) struct Questions {
    asked: u64,
    open: Queue<Open>,
}

#[derive(Debug)]
pub(super) struct Open {
    id: AskId,
    until: Instant,
    token: ReplyToken,
    subject: Subject,
}

/// What an answer decides.
#[derive(Debug)]
pub(super) enum Subject {
    Boot(Box<StationInfo>),
    Authorize,
    /// This transaction, which the CSMS named, began, and is recorded.
    Start(Box<(TransactionId, IdToken)>),
    /// This token came with an event of this transaction, which is recorded.
    Event(Box<(TransactionId, IdToken)>),
    DataTransfer,
    SignCertificate,
}

impl Questions {
    pub fn len(&self) -> usize {
        self.open.len()
    }

    pub fn deadline(&self) -> Option<Instant> {
        self.open.front().map(|open| open.until)
    }

    pub fn expired(&mut self, now: Instant) -> Option<Open> {
        let due = self.open.front().is_some_and(|open| open.until <= now);
        due.then(|| self.open.pop_front()).flatten()
    }

    pub fn give_back(&mut self) {
        super::give_back(&mut self.open);
    }

    /// The connection is gone: only what is recorded needs a verdict still.
    pub fn drop_unrecorded(&mut self) {
        self.open.retain(|open| matches!(open.subject, Subject::Start(_) | Subject::Event(_)));
    }
}

impl Session {
    pub(super) fn ask(&mut self, token: ReplyToken, subject: Subject, question: Question) {
        self.questions.asked += 1;
        let id = AskId(self.questions.asked);
        let until = self.now + self.config.answer_within;
        self.questions.open.push_back(Open { id, until, token, subject });
        self.actions.push_back(Action::Ask { id, until, question });
    }

    pub(super) fn answered(&mut self, id: AskId, answer: Answer) -> Result<(), MisuseError> {
        let place = self.questions.open.iter().position(|open| open.id == id);
        let place = place.ok_or(MisuseError::UnknownQuestion(id.0))?;
        if !self.questions.open.get(place).is_some_and(|open| open.subject.takes(&answer)) {
            return Err(MisuseError::Refused(Refusal::WrongAnswer));
        }
        if let Some(open) = self.questions.open.remove(place) {
            self.decide(open, answer);
        }
        Ok(())
    }

    /// The default is taken.
    pub(super) fn unanswered(&mut self, open: Open) {
        let answer = match open.subject {
            Subject::Boot(_) => {
                let (status, interval) = self.config.unanswered_boot;
                Answer::Boot { status, interval }
            }
            Subject::Authorize | Subject::Start(_) | Subject::Event(_) => {
                Answer::Authorize(self.config.unanswered_token.into())
            }
            Subject::DataTransfer => Answer::DataTransfer { status: DataTransferStatus::UnknownVendor, data: None },
            Subject::SignCertificate => Answer::SignCertificate { is_accepted: false },
        };
        self.event(Event::Unanswered(open.id));
        self.decide(open, answer);
    }

    fn decide(&mut self, open: Open, answer: Answer) {
        let token = open.token;
        match (open.subject, answer) {
            (Subject::Boot(station), Answer::Boot { status, interval }) => {
                let interval = Duration::from_secs(interval.as_secs());
                let ticket = self.record(Fact::Booted(Booted { station: *station, status, interval }));
                self.respond_after(ticket, token, Response::Boot { status, interval });
            }
            (Subject::Authorize, Answer::Authorize(verdict)) => self.respond(token, &Response::Authorize(verdict)),
            (Subject::Start(about), Answer::Authorize(verdict)) => {
                let (transaction, driver) = *about;
                self.authorized(token, transaction, driver, verdict);
            }
            (Subject::Event(about), Answer::Authorize(verdict)) => {
                let (transaction, driver) = *about;
                self.authorized_within(token, transaction, driver, verdict);
            }
            (Subject::DataTransfer, Answer::DataTransfer { status, data }) => {
                self.respond(token, &Response::DataTransfer { status, data });
            }
            (Subject::SignCertificate, Answer::SignCertificate { is_accepted }) => {
                self.respond(token, &Response::SignCertificate { is_accepted });
            }
            // `takes` was asked before.
            (
                _,
                Answer::Boot { .. }
                | Answer::Authorize(_)
                | Answer::DataTransfer { .. }
                | Answer::SignCertificate { .. },
            ) => {}
        }
    }

    /// A start that was reported twice may have been asked for twice: the first verdict stays.
    fn authorized(&mut self, token: ReplyToken, transaction: TransactionId, driver: IdToken, verdict: Authorization) {
        let recorded = self.record.ledger.recorded_as(&transaction);
        let (ticket, verdict) = match self.record.ledger.verdict(&recorded, &driver) {
            Some(first) => (self.store.last(), first),
            None => {
                let driver = self.record.ledger.may_have_several_tokens(&recorded).then_some(driver);
                let fact = Fact::Authorized { transaction: recorded, token: driver, verdict: verdict.clone() };
                (self.record(fact), verdict)
            }
        };
        self.respond_after(ticket, token, Response::Start { transaction, verdict });
    }

    /// The same of an event that was reported twice.
    fn authorized_within(
        &mut self,
        token: ReplyToken,
        transaction: TransactionId,
        driver: IdToken,
        verdict: Authorization,
    ) {
        let (ticket, verdict) = match self.record.ledger.token_verdict(&transaction, &driver) {
            Some(first) => (self.store.last(), first),
            None => {
                let fact = Fact::Authorized { transaction, token: Some(driver), verdict: verdict.clone() };
                (self.record(fact), verdict)
            }
        };
        self.respond_after(ticket, token, Response::Event(Some(verdict)));
    }
}

impl Subject {
    fn takes(&self, answer: &Answer) -> bool {
        match self {
            Subject::Boot(_) => matches!(answer, Answer::Boot { .. }),
            Subject::Authorize | Subject::Start(_) | Subject::Event(_) => matches!(answer, Answer::Authorize(_)),
            Subject::DataTransfer => matches!(answer, Answer::DataTransfer { .. }),
            Subject::SignCertificate => matches!(answer, Answer::SignCertificate { .. }),
        }
    }
}
