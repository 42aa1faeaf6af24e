//! Frames in: calls go to `calls`, the answers to our own calls to their blocks.

use compact_str::{CompactString, ToCompactString, format_compact};
use ocpp_rpc::engine::{CallEnd, CallId, Ignored, Received};
use ocpp_rpc::{CallError, Payload};
use ocpp_types::codec::Decode;
use ocpp_types::lenient::Decoded;
use ocpp_types::v1_6::{self, Action};
use ocpp_types::violation::{Rule, Violation};

use super::failure::Failure;
#[cfg(feature = "plug_and_charge")]
use super::plug_and_charge;
use super::sender::{Awaited, action_of};
use super::{Face, data_transfer, decoding, firmware, messages};
use crate::site::Site;
use crate::site::journal::JournalRecord;
use crate::site::registration::BootAnswer;
use crate::site::shared::Shared;
use crate::station::{Event, RawFrame, RegistrationStatus, SecurityEventKind};

impl Face {
    /// A frame of the CSMS.
    pub fn on_frame(&mut self, site: &mut Site, shared: &mut Shared, bytes: &[u8]) {
        // 1.6 §4.2: while rejected, nothing is answered. Nothing of ours is on its way then.
        if site.registration.is_rejected() {
            return shared.event(Event::FrameRefused { reason: "the station is rejected".into() });
        }
        let now = shared.now;
        match shared.rpc.receive(now, bytes) {
            Received::Call { token, action, payload } => self.on_incoming(site, shared, token, &action, &payload),
            Received::Result { call, payload } => {
                if let Some(awaited) = self.end_call(call) {
                    self.on_result(site, shared, awaited, &payload);
                }
            }
            Received::Error { call, error } => self.on_failure(site, shared, call, Failure::Refused(describe(&error))),
            Received::Malformed { fault, call } => {
                shared.event(Event::Unread { frame: RawFrame::new(bytes) });
                let reason = fault.to_compact_string();
                shared.raise(SecurityEventKind::InvalidMessages, Some(&reason));
                shared.event(Event::FrameRefused { reason });
                if let Some(call) = call {
                    self.on_failure(site, shared, call, Failure::Refused("malformed answer".into()));
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
    pub fn on_call_ended(&mut self, site: &mut Site, shared: &mut Shared, call: CallId, end: CallEnd) {
        let failure = match end {
            CallEnd::TimedOut => Failure::TimedOut,
            CallEnd::LinkClosed | CallEnd::NotSent => Failure::LinkLost,
        };
        self.on_failure(site, shared, call, failure);
    }

    fn end_call(&mut self, call: CallId) -> Option<Awaited> {
        self.awaited.take_if(|(awaited, _)| *awaited == call).map(|(_, awaited)| awaited)
    }

    pub(super) fn on_result(&mut self, site: &mut Site, shared: &mut Shared, awaited: Awaited, payload: &Payload<'_>) {
        let action = action_awaited(site, awaited);
        let result = match awaited {
            Awaited::BootNotification => {
                let answer = decoding::answer_without(shared, action, payload, decoding::OF_BOOT);
                answer.map(|answer| site.on_boot_answer(shared, &boot_answer(&answer)))
            }
            Awaited::Heartbeat => decoding::answer(shared, action, payload).map(|answer: v1_6::HeartbeatResponse| {
                site.on_time(shared, answer.current_time);
            }),
            Awaited::Authorize => decoding::answer(shared, action, payload).map(|answer: v1_6::AuthorizeResponse| {
                site.on_authorized(shared, Ok(messages::token_info(&answer.id_tag_info)));
            }),
            Awaited::StatusNotification => {
                site.status.answered();
                decoding::answer(shared, action, payload).map(|_: v1_6::StatusNotificationResponse| ())
            }
            Awaited::Transaction => on_transaction_answer(site, shared, payload),
            Awaited::MeterValues => decoding::answer(shared, action, payload).map(|_: v1_6::MeterValuesResponse| ()),
            // Its answers have no members in any form.
            Awaited::JobStatus(status) => {
                site.firmware.on_told(shared, status);
                decoding::answer(shared, action, payload).map(|_: v1_6::FirmwareStatusNotificationResponse| ())
            }
            #[cfg(feature = "plug_and_charge")]
            Awaited::Contract => decoding::answer(shared, action, payload)
                .map(|answer| plug_and_charge::on_contract_answer(site, shared, &answer)),
            #[cfg(feature = "plug_and_charge")]
            Awaited::Certificate => decoding::answer(shared, action, payload)
                .map(|answer| plug_and_charge::on_certificate_answer(site, shared, &answer)),
            Awaited::DataTransfer => {
                decoding::answer(shared, action, payload).map(|answer| data_transfer::ended(site, shared, answer))
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
                    site.certificates.answered();
                    if answer.status != v1_6::GenericStatus::Accepted {
                        let (action, reason) = (Action::SignCertificate.as_str().into(), answer.status.as_str().into());
                        shared.event(Event::CallFailed { action, reason });
                    }
                })
            }
            #[cfg(feature = "handling")]
            Awaited::AppCall => payload.raw().map(|text| site.calls.ended(shared, Ok(text.into()))),
        };
        match result {
            Ok(()) => self.settle_turn(shared.now, awaited, None),
            Err(violation) => {
                let reason = format_compact!("answer: {violation}");
                decoding::unread(shared, payload);
                self.settle_failure(site, shared, awaited, Failure::Refused(reason));
            }
        }
    }

    fn on_failure(&mut self, site: &mut Site, shared: &mut Shared, call: CallId, failure: Failure) {
        if let Some(awaited) = self.end_call(call) {
            self.settle_failure(site, shared, awaited, failure);
        }
    }

    pub(super) fn settle_failure(&mut self, site: &mut Site, shared: &mut Shared, awaited: Awaited, failure: Failure) {
        self.settle_turn(shared.now, awaited, Some(&failure));
        #[cfg(feature = "handling")]
        if awaited == Awaited::AppCall {
            return site.calls.ended(shared, Err(failure.reason()));
        }
        let name = action_awaited(site, awaited);
        let action = name.into();
        shared.event(Event::CallFailed { action, reason: failure.reason() });
        match (awaited, failure) {
            (Awaited::BootNotification, Failure::LinkLost) => site.registration.link_closed(),
            (Awaited::BootNotification, Failure::Refused(_) | Failure::Unsendable(_) | Failure::TimedOut) => {
                site.registration.failed(shared.now, shared.config.network.boot_retry);
            }
            (Awaited::Heartbeat | Awaited::MeterValues, _) => {}
            #[cfg(feature = "security")]
            (Awaited::SecurityEvent, failure) => match failure {
                Failure::Refused(_) => shared.security_events.refused(shared.now, &mut shared.store),
                Failure::Unsendable(_) => shared.security_events.answered(&mut shared.store),
                Failure::TimedOut | Failure::LinkLost => shared.security_events.lost(),
            },
            #[cfg(feature = "security")]
            (Awaited::SignCertificate, Failure::LinkLost) => site.certificates.lost(),
            #[cfg(feature = "security")]
            (Awaited::SignCertificate, Failure::Refused(_) | Failure::Unsendable(_) | Failure::TimedOut) => {
                site.certificates.answered();
            }
            #[cfg(feature = "handling")]
            (Awaited::AppCall, _) => {}
            (Awaited::DataTransfer, _) => site.transfers.ended(shared, None, None),
            (Awaited::Authorize, failure) => site.on_unauthorized(shared, failure.kind()),
            #[cfg(feature = "plug_and_charge")]
            (Awaited::Contract, failure) => site.on_unauthorized(shared, failure.kind()),
            #[cfg(feature = "plug_and_charge")]
            (Awaited::Certificate, failure) => {
                site.plug_and_charge.on_answer(shared, &site.settings, plug_and_charge::failed(&failure));
            }
            (Awaited::StatusNotification, Failure::Refused(_) | Failure::Unsendable(_)) => site.status.answered(),
            (Awaited::StatusNotification, Failure::TimedOut) => site.status.lost(true),
            (Awaited::StatusNotification, Failure::LinkLost) => site.status.lost(false),
            (Awaited::JobStatus(status), Failure::Refused(_) | Failure::Unsendable(_)) => {
                site.firmware.on_told(shared, status);
            }
            (Awaited::JobStatus(status), Failure::TimedOut | Failure::LinkLost) => site.firmware.on_lost(status),
            (Awaited::Transaction, failure) => site.on_undelivered(shared, failure.kind(), name),
        }
    }
}

/// What a BootNotification.conf says (1.6 §4.2), as far as it could be read.
fn boot_answer(answer: &Decoded<v1_6::BootNotificationResponse>) -> BootAnswer {
    let Decoded { value: answer, repairs } = answer;
    let is_told = !decoding::lacks(repairs, "$.currentTime", "currentTime");
    BootAnswer {
        status: match answer.status {
            v1_6::RegistrationStatus::Accepted => RegistrationStatus::Accepted,
            v1_6::RegistrationStatus::Pending => RegistrationStatus::Pending,
            v1_6::RegistrationStatus::Rejected | v1_6::RegistrationStatus::Unrecognized(_) => {
                RegistrationStatus::Rejected
            }
        },
        time: is_told.then_some(answer.current_time),
        interval_seconds: u32::try_from(answer.interval).ok().filter(|seconds| *seconds > 0),
    }
}

/// The CSMS answered the first message of the journal. It has taken a sample or a stop by answering at all; of a start we must
/// learn the number.
fn on_transaction_answer(site: &mut Site, shared: &mut Shared, payload: &Payload<'_>) -> Result<(), Violation> {
    match site.journal.first().map(|first| &first.record) {
        None => {}
        Some(JournalRecord::Started(_)) => {
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
            site.on_start_delivered(shared, has_number.then_some(answer.transaction_id), info);
        }
        Some(JournalRecord::Sampled(_) | JournalRecord::Measured(_)) => {
            // It is taken by being answered at all.
            let _ = read_delivered::<v1_6::MeterValuesResponse>(shared, Action::MeterValues, payload);
            site.on_delivered(shared, None);
        }
        Some(JournalRecord::Stopped(_)) => {
            let answer: Option<v1_6::StopTransactionResponse> =
                read_delivered(shared, Action::StopTransaction, payload);
            let info = answer.and_then(|answer| answer.id_tag_info);
            site.on_delivered(shared, info.as_ref().map(messages::token_info));
        }
    }
    Ok(())
}

fn read_delivered<T: Decode>(shared: &mut Shared, action: Action, payload: &Payload<'_>) -> Option<T> {
    match decoding::answer(shared, action.as_str(), payload) {
        Ok(answer) => Some(answer),
        Err(violation) => {
            decoding::unread(shared, payload);
            shared.event(Event::FrameRefused { reason: violation.to_compact_string() });
            None
        }
    }
}

/// The action of a call of ours; that of the application's own is not known here.
fn action_awaited(site: &Site, awaited: Awaited) -> &'static str {
    let action = match awaited {
        Awaited::BootNotification => Action::BootNotification,
        Awaited::Heartbeat => Action::Heartbeat,
        Awaited::Authorize => Action::Authorize,
        Awaited::StatusNotification => Action::StatusNotification,
        Awaited::Transaction => site.journal.first().map_or(Action::StopTransaction, action_of),
        Awaited::MeterValues => Action::MeterValues,
        Awaited::JobStatus(status) => firmware::action_of(status),
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

fn describe(error: &CallError) -> CompactString {
    format_compact!("{}: {}", error.received_code(), error.description())
}
