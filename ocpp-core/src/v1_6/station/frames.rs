//! Frames in: calls go to `calls`, the answers to our own calls to their blocks.

use core::time::Duration;

use compact_str::{CompactString, ToCompactString, format_compact};
use ocpp_rpc::engine::{CallEnd, CallId, Ignored, Received};
use ocpp_rpc::{CallError, Payload};
use ocpp_types::codec::Decode;
use ocpp_types::lenient::Decoded;
use ocpp_types::v1_6::{self, Action};
use ocpp_types::violation::{Rule, Violation};

use super::Machine;
use super::decoding;
use super::messages;
use super::sender::{Awaited, action_of};
use super::settings::Key;
use super::signal::Signal;
use crate::parts::outbox::{AfterFailure, JournalRecord, StartVerdict};
use crate::parts::registration;
use crate::shared::Shared;
use crate::station::{
    AuthorizationStatus, Event, RawFrame, RegistrationStatus, SecurityEventKind, TokenRefusal, TransactionNo,
};
use crate::store::{EntryKey, StoreOp};

/// Why a call of ours brought nothing.
#[derive(Debug)]
pub(super) enum Failure {
    /// The CSMS refused it, or its answer was unusable.
    Refused(CompactString),
    /// It cannot be written in 1.6, and never will be.
    Unsendable(CompactString),
    /// No answer came in time.
    TimedOut,
    /// The link went.
    LinkLost,
}

impl Failure {
    fn reason(&self) -> CompactString {
        match self {
            Failure::Refused(reason) | Failure::Unsendable(reason) => reason.clone(),
            Failure::TimedOut => "no answer in time".into(),
            Failure::LinkLost => "the link went".into(),
        }
    }
}

impl Machine {
    /// A frame of the CSMS.
    pub fn on_frame(&mut self, shared: &mut Shared, bytes: &[u8]) {
        // 1.6 §4.2: while rejected, nothing is answered. Nothing of ours is on its way then.
        if self.registration.is_rejected() {
            return shared.event(Event::FrameRefused { reason: "the station is rejected".into() });
        }
        let now = shared.now;
        match shared.rpc.receive(now, bytes) {
            Received::Call { token, action, payload } => self.on_incoming(shared, token, &action, &payload),
            Received::Result { call, payload } => {
                if let Some(awaited) = self.end_call(call) {
                    self.on_result(shared, awaited, &payload);
                }
            }
            Received::Error { call, error } => self.on_failure(shared, call, Failure::Refused(describe(&error))),
            Received::Malformed { fault, call } => {
                shared.event(Event::Unread { frame: RawFrame::new(bytes) });
                let reason = fault.to_compact_string();
                shared.raise(SecurityEventKind::InvalidMessages, Some(&reason));
                shared.event(Event::FrameRefused { reason });
                if let Some(call) = call {
                    self.on_failure(shared, call, Failure::Refused("malformed answer".into()));
                }
            }
            Received::Late { .. } => shared.event(Event::FrameRefused { reason: "answer came too late".into() }),
            Received::Unknown { id, .. } => {
                shared.event(Event::FrameRefused { reason: format_compact!("answer to unknown call {id}") });
            }
            Received::Ignored(Ignored::RepeatInProgress(_)) | Received::Repeated { .. } => {}
            Received::Ignored(ignored) => {
                // By hand: a derived `Debug` brings the tables of Unicode into the flash.
                let reason = match ignored {
                    Ignored::LinkClosed => "no connection is open",
                    Ignored::ReusedId(_) => "the id is that of another call",
                    Ignored::TooManyCalls => "too many calls wait",
                    Ignored::Overload => "too much waits to be sent",
                    _ => "no effect",
                };
                shared.event(Event::FrameRefused { reason: reason.into() });
            }
            Received::Send { .. } | Received::ReplyRejected { .. } => {
                shared.event(Event::FrameRefused { reason: "message type is not of 1.6".into() });
            }
        }
    }

    /// One of our calls ended without an answer.
    pub fn on_call_ended(&mut self, shared: &mut Shared, call: CallId, end: CallEnd) {
        let failure = match end {
            CallEnd::TimedOut => Failure::TimedOut,
            CallEnd::LinkClosed | CallEnd::NotSent => Failure::LinkLost,
        };
        self.on_failure(shared, call, failure);
    }

    fn end_call(&mut self, call: CallId) -> Option<Awaited> {
        self.awaited.take_if(|(awaited, _)| *awaited == call).map(|(_, awaited)| awaited)
    }

    pub(super) fn on_result(&mut self, shared: &mut Shared, awaited: Awaited, payload: &Payload<'_>) {
        let action = self.action_awaited(awaited);
        let result = match awaited {
            Awaited::BootNotification => {
                let answer = decoding::answer_without(shared, action, payload, decoding::OF_BOOT);
                answer.map(|answer| self.on_boot_answer(shared, &answer))
            }
            Awaited::Heartbeat => decoding::answer(shared, action, payload).map(|answer: v1_6::HeartbeatResponse| {
                let is_believed = shared.sync_clock(answer.current_time);
                self.heartbeat.synced(shared.now, is_believed);
            }),
            Awaited::Authorize => decoding::answer(shared, action, payload).map(|answer: v1_6::AuthorizeResponse| {
                let (mut ctx, parts) = self.context(shared);
                parts.authorize.answered(&mut ctx, messages::token_info(&answer.id_tag_info));
            }),
            Awaited::StatusNotification => {
                self.status.answered();
                decoding::answer(shared, action, payload).map(|_: v1_6::StatusNotificationResponse| ())
            }
            Awaited::Transaction => self.on_transaction_answer(shared, payload),
            Awaited::MeterValues => decoding::answer(shared, action, payload).map(|_: v1_6::MeterValuesResponse| ()),
            // Its answers have no members in any form.
            Awaited::JobStatus(status) => {
                self.firmware.on_told(shared, status);
                decoding::answer(shared, action, payload).map(|_: v1_6::FirmwareStatusNotificationResponse| ())
            }
            #[cfg(feature = "plug_and_charge")]
            Awaited::Contract => {
                decoding::answer(shared, action, payload).map(|answer| self.on_contract_answer(shared, &answer))
            }
            #[cfg(feature = "plug_and_charge")]
            Awaited::Certificate => {
                decoding::answer(shared, action, payload).map(|answer| self.on_certificate_answer(shared, &answer))
            }
            Awaited::DataTransfer => {
                decoding::answer(shared, action, payload).map(|answer| self.transfers.ended(shared, Some(answer)))
            }
            #[cfg(feature = "security")]
            Awaited::SecurityEvent => {
                decoding::answer(shared, action, payload).map(|_: v1_6::SecurityEventNotificationResponse| {
                    shared.security_events.answered(&mut shared.store);
                })
            }
            #[cfg(feature = "security")]
            Awaited::SignCertificate => {
                decoding::answer(shared, action, payload).map(|answer: v1_6::SignCertificateResponse| {
                    self.certificates.answered();
                    if answer.status != v1_6::GenericStatus::Accepted {
                        let (action, reason) = (Action::SignCertificate.as_str().into(), answer.status.as_str().into());
                        shared.event(Event::CallFailed { action, reason });
                    }
                })
            }
            #[cfg(feature = "handling")]
            Awaited::AppCall => payload.raw().map(|text| self.handlings.call_ended(shared, Ok(text.into()))),
        };
        match result {
            Ok(()) => self.settle_turn(shared.now, awaited, None),
            Err(violation) => {
                let reason = format_compact!("answer: {violation}");
                decoding::unread(shared, payload);
                self.settle_failure(shared, awaited, Failure::Refused(reason));
            }
        }
    }

    /// 1.6 §4.2.
    fn on_boot_answer(&mut self, shared: &mut Shared, answer: &Decoded<v1_6::BootNotificationResponse>) {
        let Decoded { value: answer, repairs } = answer;
        let is_told = !decoding::lacks(repairs, "$.currentTime", "currentTime");
        let is_believed = is_told && shared.sync_clock(answer.current_time);
        self.heartbeat.synced(shared.now, is_believed);
        let seconds = u32::try_from(answer.interval).ok().filter(|seconds| *seconds > 0);
        let status = match answer.status {
            v1_6::RegistrationStatus::Accepted => RegistrationStatus::Accepted,
            v1_6::RegistrationStatus::Pending => RegistrationStatus::Pending,
            v1_6::RegistrationStatus::Rejected | v1_6::RegistrationStatus::Unrecognized(_) => {
                RegistrationStatus::Rejected
            }
        };
        let wait = seconds.map_or(shared.config.boot_retry, |seconds| Duration::from_secs(seconds.into()));
        let is_first = self.registration.answered(shared.now, status, wait);
        shared.event(Event::Registration(status));
        if is_first {
            shared.store.push(StoreOp::Put { key: EntryKey::new(registration::ENTRY), value: [1].into() });
        }
        if status == RegistrationStatus::Accepted {
            if let Some(seconds) = seconds {
                self.settings.set(Key::HeartbeatInterval, &seconds.to_compact_string());
            }
            self.signals.push_back(Signal::Accepted);
        }
    }

    /// The CSMS answered the first message of the outbox. It has taken a sample or a stop by answering at all; of a start
    /// we must learn the number.
    fn on_transaction_answer(&mut self, shared: &mut Shared, payload: &Payload<'_>) -> Result<(), Violation> {
        let Some(first) = self.outbox.first() else { return Ok(()) };
        let transaction = TransactionNo(first.position);
        match &first.record {
            JournalRecord::Started(start) => {
                let action = Action::StartTransaction.as_str();
                let answer: Decoded<v1_6::StartTransactionResponse> =
                    decoding::answer_without(shared, action, payload, decoding::OF_START)?;
                let Decoded { value: answer, repairs } = answer;
                let has_verdict = !decoding::lacks(&repairs, "$.idTagInfo", "idTagInfo");
                let has_number = !decoding::lacks(&repairs, "$.transactionId", "transactionId");
                if !has_verdict && !has_number {
                    let rule = Rule::Missing("transactionId");
                    return Err(Violation { path: "$".into(), rule, offset: 0 });
                }
                let info = has_verdict.then(|| messages::token_info(&answer.id_tag_info));
                if let Some(info) = &info {
                    self.authorize.learn(shared, &self.settings, &start.token, info.clone());
                }
                // A CSMS that says nothing of the token does not refuse it.
                let status = info.as_ref().map(|info| info.status);
                let group = info.and_then(|info| info.group);
                let csms_id = has_number.then_some(answer.transaction_id);
                let is_refused = status.is_some_and(|status| status != AuthorizationStatus::Accepted);
                let verdict = StartVerdict { csms_id, group: group.clone(), is_refused };
                self.outbox.delivered(&mut shared.store, &shared.clock, verdict);
                shared.event(Event::TransactionKnown { transaction, csms_id, status });
                self.signals.push_back(Signal::StartAnswered { transaction, status, group });
            }
            JournalRecord::Sampled(_) | JournalRecord::Measured(_) => {
                self.take_delivered::<v1_6::MeterValuesResponse>(shared, payload);
            }
            JournalRecord::Stopped(stop) => {
                let token = stop.token.clone();
                let answer = self.take_delivered::<v1_6::StopTransactionResponse>(shared, payload);
                let info = answer.and_then(|answer| answer.id_tag_info);
                if let (Some(token), Some(info)) = (token, info) {
                    self.authorize.learn(shared, &self.settings, &token, messages::token_info(&info));
                }
            }
        }
        Ok(())
    }

    fn take_delivered<T: Decode>(&mut self, shared: &mut Shared, payload: &Payload<'_>) -> Option<T> {
        let action = self.action_awaited(Awaited::Transaction);
        self.outbox.delivered(&mut shared.store, &shared.clock, StartVerdict::default());
        match decoding::answer(shared, action, payload) {
            Ok(answer) => Some(answer),
            Err(violation) => {
                decoding::unread(shared, payload);
                shared.event(Event::FrameRefused { reason: violation.to_compact_string() });
                None
            }
        }
    }

    fn on_failure(&mut self, shared: &mut Shared, call: CallId, failure: Failure) {
        if let Some(awaited) = self.end_call(call) {
            self.settle_failure(shared, awaited, failure);
        }
    }

    /// The action of a call of ours; that of the application's own is not known here.
    fn action_awaited(&self, awaited: Awaited) -> &'static str {
        let action = match awaited {
            Awaited::BootNotification => Action::BootNotification,
            Awaited::Heartbeat => Action::Heartbeat,
            Awaited::Authorize => Action::Authorize,
            Awaited::StatusNotification => Action::StatusNotification,
            Awaited::Transaction => self.outbox.first().map_or(Action::StopTransaction, action_of),
            Awaited::MeterValues => Action::MeterValues,
            Awaited::JobStatus(status) => status.action(),
            Awaited::DataTransfer => Action::DataTransfer,
            #[cfg(feature = "plug_and_charge")]
            Awaited::Contract | Awaited::Certificate => Action::DataTransfer,
            #[cfg(feature = "security")]
            Awaited::SignCertificate => Action::SignCertificate,
            #[cfg(feature = "security")]
            Awaited::SecurityEvent => Action::SecurityEventNotification,
            #[cfg(feature = "handling")]
            Awaited::AppCall => return "",
        };
        action.as_str()
    }

    pub(super) fn settle_failure(&mut self, shared: &mut Shared, awaited: Awaited, failure: Failure) {
        self.settle_turn(shared.now, awaited, Some(&failure));
        #[cfg(feature = "handling")]
        if awaited == Awaited::AppCall {
            return self.handlings.call_ended(shared, Err(failure.reason()));
        }
        let action = self.action_awaited(awaited).into();
        shared.event(Event::CallFailed { action, reason: failure.reason() });
        match (awaited, failure) {
            (Awaited::BootNotification, Failure::LinkLost) => self.registration.link_closed(),
            (Awaited::BootNotification, Failure::Refused(_) | Failure::Unsendable(_) | Failure::TimedOut) => {
                self.registration.failed(shared.now, shared.config.boot_retry);
            }
            (Awaited::Heartbeat | Awaited::MeterValues, _) => {}
            #[cfg(feature = "security")]
            (Awaited::SecurityEvent, failure) => match failure {
                Failure::Refused(_) => shared.security_events.refused(shared.now, &mut shared.store),
                Failure::Unsendable(_) => shared.security_events.answered(&mut shared.store),
                Failure::TimedOut | Failure::LinkLost => shared.security_events.lost(),
            },
            #[cfg(feature = "security")]
            (Awaited::SignCertificate, Failure::LinkLost) => self.certificates.lost(),
            #[cfg(feature = "security")]
            (Awaited::SignCertificate, Failure::Refused(_) | Failure::Unsendable(_) | Failure::TimedOut) => {
                self.certificates.answered();
            }
            #[cfg(feature = "handling")]
            (Awaited::AppCall, _) => {}
            (Awaited::DataTransfer, _) => self.transfers.ended(shared, None),
            (Awaited::Authorize, failure) => self.on_authorize_failure(shared, &failure),
            #[cfg(feature = "plug_and_charge")]
            (Awaited::Contract, failure) => self.on_authorize_failure(shared, &failure),
            #[cfg(feature = "plug_and_charge")]
            (Awaited::Certificate, failure) => self.on_certificate_failure(shared, &failure),
            (Awaited::StatusNotification, Failure::Refused(_) | Failure::Unsendable(_)) => self.status.answered(),
            (Awaited::StatusNotification, Failure::TimedOut) => self.status.lost(true),
            (Awaited::StatusNotification, Failure::LinkLost) => self.status.lost(false),
            (Awaited::JobStatus(status), Failure::Refused(_) | Failure::Unsendable(_)) => {
                self.firmware.on_told(shared, status);
            }
            (Awaited::JobStatus(status), Failure::TimedOut | Failure::LinkLost) => self.firmware.on_lost(status),
            (Awaited::Transaction, Failure::LinkLost) => {}
            (Awaited::Transaction, Failure::Unsendable(_)) => self.retry_transaction(shared, 1),
            (Awaited::Transaction, Failure::Refused(_) | Failure::TimedOut) => {
                let attempts = self.settings.number(Key::TransactionMessageAttempts);
                self.retry_transaction(shared, attempts);
            }
        }
    }

    fn on_authorize_failure(&mut self, shared: &mut Shared, failure: &Failure) {
        let (mut ctx, parts) = self.context(shared);
        match failure {
            Failure::Refused(_) => parts.authorize.failed(&mut ctx, TokenRefusal::NoAnswer),
            Failure::Unsendable(_) => parts.authorize.failed(&mut ctx, TokenRefusal::Unsendable),
            // 1.6 §3.5: a CSMS that does not answer is as good as none.
            Failure::TimedOut => parts.authorize.unanswered(&mut ctx),
            Failure::LinkLost => parts.authorize.unreachable(&mut ctx),
        }
    }

    /// 1.6 §3.7.1.
    fn retry_transaction(&mut self, shared: &mut Shared, attempts: u32) {
        let interval = self.settings.seconds(Key::TransactionMessageRetryInterval);
        match self.outbox.failed(shared.now, &mut shared.store, &shared.clock, attempts, interval) {
            Some(AfterFailure::Dropped(pending)) => {
                let Some(transaction) = pending.transaction() else { return };
                let action = action_of(&pending).as_str().into();
                shared.event(Event::TransactionMessageDropped { transaction, action });
                if matches!(pending.record, JournalRecord::Started(_)) {
                    shared.event(Event::TransactionKnown { transaction, csms_id: None, status: None });
                    self.signals.push_back(Signal::StartAnswered { transaction, status: None, group: None });
                }
            }
            Some(AfterFailure::RetryAt(_)) | None => {}
        }
    }
}

fn describe(error: &CallError) -> CompactString {
    format_compact!("{}: {}", error.received_code(), error.description())
}
