//! Calls of the station: each is judged, recorded where it is new, and answered.

use alloc::borrow::Cow;
use alloc::boxed::Box;
use alloc::format;

use ocpp_rpc::engine::ReplyToken;
use ocpp_rpc::frame::Payload;
use ocpp_rpc::{CallError, ErrorCode};
use ocpp_types::SmallString;
use ocpp_types::lenient::{Decoded, Repair, RepairKind};

use super::Session;
use super::questions::Subject;
use crate::csms::edge::Unread;
use crate::csms::edges::version_of;
use crate::csms::ledger::Yardstick;
use crate::csms::report::{EventReport, Report, Response, StartReport, no_time};
use crate::csms::{
    Authorization, AuthorizationStatus, Event, Fact, Question, RawFrame, RawPayload, RegistrationStatus, RepairNote,
    TransactionId, Verdict,
};

impl Session {
    pub(super) fn call(&mut self, token: ReplyToken, action: &str, payload: &Payload<'_>) {
        let Some(read) = self.link.as_ref().map(|link| link.edge.read) else { return };
        match read(action, payload, self.config.quirks) {
            Ok(Decoded { value, repairs }) => {
                self.repaired(action, payload, &repairs);
                if matches!(value, Report::Notice { .. }) && self.hears(action) {
                    self.notified(action, payload);
                }
                self.report(token, action, value);
            }
            Err(Unread::UnknownAction) => {
                let reason = match version_of(action) {
                    Some(version) => format!("an action of {version}, which is not spoken here").into(),
                    None => "the action is not known".into(),
                };
                self.refuse(token, ErrorCode::NotImplemented, reason);
            }
            Err(Unread::UnservedAction) => {
                self.refuse(token, ErrorCode::NotSupported, "the action is not served".into());
            }
            Err(Unread::Value(reason)) => {
                self.event(Event::Unread { frame: RawFrame::of(payload) });
                self.refuse(token, ErrorCode::PropertyConstraintViolation, reason.into());
            }
            Err(Unread::Violation(violation)) => {
                let Some(dialect) = self.engine.dialect() else { return };
                self.event(Event::Unread { frame: RawFrame::of(payload) });
                self.refuse_with(token, &CallError::violation(&violation, dialect));
            }
        }
    }

    /// A message that is not answered (2.1): there is nothing to record and nobody to refuse.
    pub(super) fn unanswered_message(&mut self, action: &str, payload: &Payload<'_>) {
        let Some(read) = self.link.as_ref().map(|link| link.edge.read_unanswered) else { return };
        match read(action, payload, self.config.quirks) {
            Ok(repairs) if self.hears(action) => {
                self.repaired(action, payload, &repairs);
                self.notified(action, payload);
            }
            Ok(_) => self.frame_refused(None, format!("{action} before the station was accepted").into()),
            Err(Unread::UnknownAction | Unread::UnservedAction) => {
                self.frame_refused(None, format!("unasked message {action}").into());
            }
            Err(Unread::Value(reason)) => self.frame_refused(None, reason.into()),
            Err(Unread::Violation(violation)) => {
                self.event(Event::Unread { frame: RawFrame::of(payload) });
                self.frame_refused(None, SmallString::display(&violation));
            }
        }
    }

    fn notified(&mut self, action: &str, payload: &Payload<'_>) {
        let Ok(json) = payload.raw() else { return };
        self.event(Event::Notified { action: SmallString::new(action), payload: RawPayload(json.into()) });
    }

    /// Whether the station may say this: once it was accepted all, before only what it was asked for, if its version knows that rule
    /// (2.x B01.FR.10, B02.FR.09), and once it was rejected nothing (1.6 §4.2, 2.x B03.FR.07).
    fn hears(&self, action: &str) -> bool {
        let Some(link) = &self.link else { return false };
        match self.record.registration {
            _ if action == "BootNotification" => true,
            Some(RegistrationStatus::Rejected) => false,
            Some(RegistrationStatus::Pending) if link.edge.asks_for.is_some() => {
                link.awaited.iter().any(|awaited| awaited == action)
            }
            Some(RegistrationStatus::Pending | RegistrationStatus::Accepted) | None => true,
        }
    }

    /// Tells what was mended, and shows what could not be read whole.
    pub(super) fn repaired(&mut self, action: &str, payload: &Payload<'_>, repairs: &[Repair]) {
        if repairs.is_empty() {
            return;
        }
        let notes = RepairNote::list(repairs);
        self.event(Event::Repaired { action: SmallString::new(action), count: repairs.len(), repairs: notes });
        if repairs.iter().any(|repair| repair.kind == RepairKind::Unreadable) {
            self.event(Event::Unread { frame: RawFrame::of(payload) });
        }
    }

    fn report(&mut self, token: ReplyToken, action: &str, report: Report) {
        let is_boot = matches!(report, Report::Boot(_));
        // 1.6 defines no error for it; 2.x does.
        if !self.hears(action) {
            self.refuse(token, ErrorCode::SecurityError, "the station is not accepted".into());
            return;
        }
        if report != Report::Heartbeat && !self.has_room() {
            self.refuse(token, ErrorCode::InternalError, "busy, try again".into());
            return;
        }
        match report {
            Report::Boot(station) => {
                // Until it has its answer it may take nothing else.
                if let Some(link) = &mut self.link {
                    link.deaf_until = Some(self.now + self.config.reply_within);
                }
                self.ask(token, Subject::Boot(Box::new(station.clone())), Question::Boot(station));
            }
            Report::Heartbeat => {
                self.event(Event::Heartbeat);
                self.respond(token, &Response::Heartbeat);
            }
            Report::Progress(progress) => {
                let work = progress.work;
                let fact = (!self.record.knows_progress(&progress)).then_some(Fact::Progress(progress));
                self.take(token, action, fact, None, Response::Progress(work));
            }
            Report::SecurityEvent(mut event) => {
                if event.at == no_time() {
                    event.at = self.yardstick().now;
                }
                let fact = (!self.record.knows_security_event(&event)).then_some(Fact::SecurityEvent(event));
                self.take(token, action, fact, None, Response::SecurityEvent);
            }
            Report::SignCertificate { csr, purpose, request } => {
                self.ask(token, Subject::SignCertificate, Question::SignCertificate { csr, purpose, request });
            }
            Report::Status(report) => {
                let fact = (!self.record.knows_status(&report)).then_some(Fact::Status(report));
                self.take(token, action, fact, None, Response::Status);
            }
            Report::Authorize(id) => {
                self.ask(token, Subject::Authorize, Question::Authorize { token: id, transaction: None });
            }
            Report::Start(report) => self.start(token, action, report),
            Report::Event(report) => self.event_of_transaction(token, action, *report),
            Report::Stop(named, report) => {
                let fact = self.record.ledger.judge_stop(named.as_ref(), report, &self.yardstick());
                self.take(token, action, fact, named, Response::Stop);
            }
            Report::Samples { place, named, is_outside, values } => {
                let by = self.yardstick();
                let fact = self.record.ledger.judge_samples(place, named.clone(), is_outside, values, &by);
                self.take(token, action, fact, named, Response::Samples);
            }
            Report::Notice { statuses, answer } => {
                for status in statuses.into_iter().take(self.config.limits.connectors) {
                    if !self.record.knows_status(&status) {
                        self.record(Fact::Status(status));
                    }
                }
                self.respond_after(self.store.last(), token, Response::Notice(answer));
            }
            Report::DataTransfer { vendor_id, message_id, data } => {
                let question = Question::DataTransfer { vendor_id, message_id, data };
                self.ask(token, Subject::DataTransfer, question);
            }
        }
        if !is_boot {
            self.ready();
        }
    }

    /// A start is recorded whatever the verdict on its token: it happened (1.6 §4.8).
    fn start(&mut self, token: ReplyToken, action: &str, report: StartReport) {
        let driver = report.token.clone();
        let floor = self.config.transaction_floor;
        let by = self.yardstick();
        let Some(start) = self.record.ledger.judge_start(report, floor, &mut self.rng, &by) else {
            self.refuse(token, ErrorCode::InternalError, "no transaction number is left".into());
            return;
        };
        let transaction = start.transaction;
        let is_new = matches!(start.fact, Some(Fact::Started(_)));
        if is_new && let Some(forgotten) = self.record.ledger.displaced(&self.config.limits) {
            self.event(Event::TransactionForgotten(forgotten));
        }
        if let Some(fact) = start.fact {
            self.record(fact);
        }
        let recorded = self.record.ledger.recorded_as(&transaction);
        if !is_new {
            self.repeated(action, Some(recorded.clone()));
            if let Some(verdict) = self.record.ledger.verdict(&recorded, &driver) {
                let ticket = self.store.last();
                self.respond_after(ticket, token, Response::Start { transaction, verdict });
                return;
            }
        }
        let question = Question::Authorize { token: driver.clone(), transaction: Some(recorded) };
        self.ask(token, Subject::Start(Box::new((transaction, driver))), question);
    }

    /// A numbered event is recorded whatever the verdict on its token, and what the transaction comes to by it with it. The end of what
    /// is settled may have to be told again after a crash: then a repeat brings it.
    fn event_of_transaction(&mut self, token: ReplyToken, action: &str, report: EventReport) {
        let driver = report.token.clone();
        let (transaction, verdict, fact) = self.record.ledger.judge_event(report, &self.yardstick());
        if let Some(fact) = fact {
            if let Some(forgotten) = self.record.ledger.displaced_by(&transaction, &self.config.limits) {
                self.event(Event::TransactionForgotten(forgotten));
            }
            self.record(fact);
        }
        if verdict == Verdict::Duplicate {
            self.repeated(action, Some(transaction.clone()));
        }
        if let Some(settled) = self.record.ledger.settle(&transaction) {
            self.record(settled);
        }
        let Some(driver) = driver else {
            self.respond_after(self.store.last(), token, Response::Event(None));
            return;
        };
        // 2.x C02.FR.02: nobody is to be asked.
        if driver.kind().is_some_and(|kind| kind.eq_ignore_ascii_case("NoAuthorization")) {
            let verdict = Authorization::from(AuthorizationStatus::Accepted);
            self.respond_after(self.store.last(), token, Response::Event(Some(verdict)));
            return;
        }
        match self.record.ledger.token_verdict(&transaction, &driver) {
            Some(verdict) => self.respond_after(self.store.last(), token, Response::Event(Some(verdict))),
            None => {
                let question = Question::Authorize { token: driver.clone(), transaction: Some(transaction.clone()) };
                self.ask(token, Subject::Event(Box::new((transaction, driver))), question);
            }
        }
    }

    /// Records what is new, and answers once all that is recorded is durable: what is repeated may be on its way still.
    fn take(
        &mut self,
        token: ReplyToken,
        action: &str,
        fact: Option<Fact>,
        transaction: Option<TransactionId>,
        response: Response,
    ) {
        let ticket = match fact {
            Some(fact) => self.record(fact),
            None => {
                self.repeated(action, transaction);
                self.store.last()
            }
        };
        self.respond_after(ticket, token, response);
    }

    /// What reports are judged by. The clock was told before the first of them.
    fn yardstick(&self) -> Yardstick {
        Yardstick { now: self.wall().unwrap_or_default(), plausible: self.config.plausible }
    }

    fn repeated(&mut self, action: &str, transaction: Option<TransactionId>) {
        self.event(Event::Repeated { action: SmallString::new(action), transaction });
    }

    fn has_room(&self) -> bool {
        let limits = &self.config.limits;
        self.store.len() < limits.unconfirmed.max(1) && self.questions.len() < limits.questions.max(1)
    }

    pub(super) fn refuse(&mut self, token: ReplyToken, code: ErrorCode, reason: Cow<'static, str>) {
        self.refuse_with(token, &CallError::new(code, reason));
    }

    fn refuse_with(&mut self, token: ReplyToken, error: &CallError) {
        // Fails if nobody waits for the answer any more.
        drop(self.engine.reply_error(self.now, token, error));
        let code = self.engine.dialect().map_or(error.code.as_str(), |dialect| error.code.name_in(dialect));
        let code = SmallString::new(code);
        self.frame_refused(Some(code), SmallString::new(error.description()));
    }
}
