//! Frames in: calls go to `calls`, the answers to our own calls to their blocks.

use chrono::DateTime;
use ocpp_rpc::engine::ReplyToken;
use ocpp_rpc::{ErrorCode, Payload};
use ocpp_types::lenient::Decoded;
use ocpp_types::tables::Parsed;
use ocpp_types::tables::v2::{self, Action};

#[cfg(feature = "security")]
use super::firmware;
use super::sender::{Awaited, action_of, kind_of};
use super::{Face, data_transfer, tokens, words};
use crate::face::decoding;
use crate::face::failure::Failure;
use crate::face::handling;
use crate::face::outgoing::Arrival;
use crate::site::Site;
use crate::site::journal::JournalRecord;
use crate::site::registration::BootAnswer;
use crate::site::shared::Shared;
use crate::site::turns::Rank;
use crate::site::verdict::Undelivered;
use crate::station::{CallFailure, Event, FrameRefusal};
use crate::words::{Reason as _, joined};

impl Face {
    /// A frame of the CSMS.
    pub fn on_frame(&mut self, site: &mut Site, shared: &mut Shared, bytes: &[u8]) {
        match self.outgoing.receive(shared, bytes) {
            Arrival::Call(token, action, payload) => self.on_incoming(site, shared, token, &action, &payload),
            Arrival::Answer(rank, payload) => self.on_answer(site, shared, rank, &payload),
            Arrival::Failed(rank, failure) => self.on_failure(site, shared, rank, failure),
            Arrival::Nothing => {}
        }
    }

    /// A call of the CSMS.
    fn on_incoming(
        &mut self,
        site: &mut Site,
        shared: &mut Shared,
        token: ReplyToken,
        action: &str,
        payload: &Payload<'_>,
    ) {
        // B03.FR.08.
        if site.registration.is_rejected() {
            return shared.reply_error(token, ErrorCode::SecurityError, "the station is rejected");
        }
        if handling::admits(shared, token, action, payload) {
            self.on_call(site, shared, token, action, payload);
        }
    }

    /// The CSMS, or the application in its place, answered our call of this rank.
    pub fn on_answer(&mut self, site: &mut Site, shared: &mut Shared, rank: Rank, payload: &Payload<'_>) {
        let Some(awaited) = kind_of(rank) else { return };
        #[cfg(feature = "handling")]
        if awaited == Awaited::AppCall {
            if let Ok(text) = payload.raw() {
                site.calls.ended(shared, Ok(crate::station::RawJson(text.into())));
            }
            return self.settle_turn(shared, awaited, None);
        }
        let action = action_awaited(site, awaited);
        let absences = if awaited == Awaited::BootNotification { decoding::OF_BOOT } else { &[] };
        let read = match action.response() {
            Some(object) => decoding::answer(shared, self.edition, action.as_str(), object, payload, absences),
            None => return,
        };
        match read {
            Ok(answer) => {
                self.settle_turn(shared, awaited, None);
                self.take_answer(site, shared, awaited, &answer);
            }
            // The CSMS has taken an event by answering at all.
            Err(violation) if awaited == Awaited::Journal => {
                decoding::unread(shared, payload);
                shared.event(Event::FrameRefused { cause: FrameRefusal::Answer, reason: violation.reason() });
                self.settle_turn(shared, awaited, None);
                on_journal_answer(site, shared, None);
            }
            Err(violation) => {
                decoding::unread(shared, payload);
                let reason = joined(&["answer: ", &violation.reason()]);
                self.settle_failure(site, shared, awaited, Failure::new(CallFailure::Unreadable, reason));
            }
        }
    }

    /// Takes an answer to the block that asked.
    fn take_answer(&mut self, site: &mut Site, shared: &mut Shared, awaited: Awaited, answer: &Decoded<Parsed<'_>>) {
        let message = &answer.value;
        match awaited {
            Awaited::BootNotification => {
                let answer = boot_answer(message.view::<v2::BootNotificationResponse>(), answer);
                site.on_boot_answer(shared, &answer);
            }
            Awaited::Heartbeat => {
                if let Some(time) =
                    DateTime::from_timestamp_millis(message.view::<v2::HeartbeatResponse>().current_time().0)
                {
                    site.on_time(shared, time);
                }
            }
            Awaited::Authorize => {
                let info = message.view::<v2::AuthorizeResponse>().id_token_info();
                site.on_authorized(shared, Ok(tokens::info(info)));
            }
            Awaited::StatusNotification => site.status.answered(),
            Awaited::Alert => site.alerts.answered(),
            Awaited::Journal => {
                // What it costs, and what the driver is to be shown, has no place to go to yet.
                let is_event = action_awaited(site, awaited) == Action::TransactionEvent;
                let info = if is_event { message.view::<v2::TransactionEventResponse>().id_token_info() } else { None };
                on_journal_answer(site, shared, info);
            }
            Awaited::MeterValues => {}
            Awaited::NotifyReport => self.reports.answered(),
            Awaited::NotifyCustomerInformation => self.customers.answered(),
            Awaited::DataTransfer => {
                data_transfer::ended(site, shared, message.view::<v2::DataTransferResponse>());
            }
            #[cfg(feature = "security")]
            Awaited::SecurityEvent => shared.security_events.answered(&mut shared.store),
            #[cfg(feature = "security")]
            Awaited::JobStatus(status) => site.firmware.on_told(shared, status),
            #[cfg(feature = "security")]
            Awaited::SignCertificate => {
                let status = message.view::<v2::SignCertificateResponse>().status();
                if status == v2::GenericStatus::Accepted {
                    site.certificates.wait_for_certificate(shared.now, &site.settings);
                } else {
                    site.certificates.answered();
                    shared.call_failed(Action::SignCertificate.as_str(), CallFailure::Refused, status.as_str());
                }
            }
            #[cfg(feature = "handling")]
            Awaited::AppCall => {}
        }
    }

    /// Our call of this rank brought nothing.
    pub fn on_failure(&mut self, site: &mut Site, shared: &mut Shared, rank: Rank, failure: Failure) {
        if let Some(awaited) = kind_of(rank) {
            self.settle_failure(site, shared, awaited, failure);
        }
    }

    fn settle_failure(&mut self, site: &mut Site, shared: &mut Shared, awaited: Awaited, failure: Failure) {
        self.settle_turn(shared, awaited, Some(&failure));
        #[cfg(feature = "handling")]
        if awaited == Awaited::AppCall {
            return site.calls.ended(shared, Err((failure.cause, failure.reason())));
        }
        let name = action_awaited(site, awaited).as_str();
        shared.call_failed(name, failure.cause, &failure.reason());
        match (awaited, failure.kind()) {
            (Awaited::BootNotification, why) => site.on_boot_undelivered(shared, why),
            (Awaited::Heartbeat | Awaited::MeterValues, _) => {}
            (Awaited::NotifyReport, why) => match why {
                Undelivered::Refused | Undelivered::Unsendable => self.reports.refused(),
                // The part is sent anew.
                Undelivered::TimedOut | Undelivered::LinkLost => {}
            },
            (Awaited::NotifyCustomerInformation, why) => match why {
                Undelivered::Refused | Undelivered::Unsendable => self.customers.refused(),
                Undelivered::TimedOut | Undelivered::LinkLost => {}
            },
            #[cfg(feature = "security")]
            (Awaited::SecurityEvent, why) => {
                shared.security_events.undelivered(shared.now, &mut shared.store, why);
            }
            #[cfg(feature = "security")]
            (Awaited::JobStatus(status), why) => match why {
                Undelivered::Refused | Undelivered::Unsendable => site.firmware.on_told(shared, status),
                Undelivered::TimedOut | Undelivered::LinkLost => site.firmware.on_lost(status),
            },
            #[cfg(feature = "security")]
            (Awaited::SignCertificate, why) => match why {
                Undelivered::LinkLost => site.certificates.lost(),
                Undelivered::Refused | Undelivered::Unsendable | Undelivered::TimedOut => site.certificates.answered(),
            },
            #[cfg(feature = "handling")]
            (Awaited::AppCall, _) => {}
            (Awaited::DataTransfer, _) => site.transfers.ended(shared, None, None),
            (Awaited::Authorize, why) => site.on_unauthorized(shared, why),
            (Awaited::StatusNotification, why) => site.status.undelivered(why),
            (Awaited::Alert, why) => site.alerts.undelivered(why),
            (Awaited::Journal, why) => site.on_undelivered(shared, why, name),
        }
    }
}

/// What a BootNotificationResponse says (B01 to B03), as far as it could be read.
fn boot_answer(view: v2::BootNotificationResponse<'_>, answer: &Decoded<Parsed<'_>>) -> BootAnswer {
    let is_told = !decoding::lacks(&answer.repairs, "$.currentTime", "currentTime");
    BootAnswer {
        status: words::registration(view.status()),
        time: DateTime::from_timestamp_millis(view.current_time().0).filter(|_| is_told),
        interval_seconds: u32::try_from(view.interval()).ok().filter(|seconds| *seconds > 0),
    }
}

/// The CSMS answered the first message of the journal, and perhaps said something of the token (E05.FR.01, C10.FR.05).
fn on_journal_answer(site: &mut Site, shared: &mut Shared, info: Option<v2::IdTokenInfo<'_>>) {
    let info = info.map(tokens::info);
    match site.journal.first().map(|first| &first.record) {
        None => {}
        Some(JournalRecord::Started(_)) => site.on_start_delivered(shared, None, info),
        Some(JournalRecord::Sampled(_) | JournalRecord::Stopped(_) | JournalRecord::Measured(_)) => {
            site.on_delivered(shared, info);
        }
    }
}

/// The action of a call of ours. That of the application's own is not known here, and not asked for.
fn action_awaited(site: &Site, awaited: Awaited) -> Action {
    match awaited {
        Awaited::BootNotification => Action::BootNotification,
        Awaited::Heartbeat => Action::Heartbeat,
        Awaited::Authorize => Action::Authorize,
        Awaited::StatusNotification => Action::StatusNotification,
        Awaited::Alert => Action::NotifyEvent,
        Awaited::Journal => site.journal.first().map_or(Action::TransactionEvent, action_of),
        Awaited::MeterValues => Action::MeterValues,
        Awaited::NotifyReport => Action::NotifyReport,
        Awaited::NotifyCustomerInformation => Action::NotifyCustomerInformation,
        Awaited::DataTransfer => Action::DataTransfer,
        #[cfg(feature = "security")]
        Awaited::SecurityEvent => Action::SecurityEventNotification,
        #[cfg(feature = "security")]
        Awaited::JobStatus(status) => firmware::action_of(status),
        #[cfg(feature = "security")]
        Awaited::SignCertificate => Action::SignCertificate,
        #[cfg(feature = "handling")]
        Awaited::AppCall => Action::DataTransfer,
    }
}
