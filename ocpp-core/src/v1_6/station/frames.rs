//! Frames in: calls go to `calls`, the answers to our own calls to their blocks.

use ocpp_rpc::Payload;
use ocpp_types::SmallString;
use ocpp_types::lenient::{Absences, Decoded};
use ocpp_types::tables::Parsed;
use ocpp_types::tables::v1_6::{self, Action};
use ocpp_types::violation::{Rule, Violation};

#[cfg(feature = "plug_and_charge")]
use super::plug_and_charge;
use super::sender::{Awaited, action_of, begins, kind_of};
use super::{EDITION, Face, data_transfer, firmware, messages};
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
use crate::station::{CallFailure, Event, FrameRefusal, RegistrationStatus};
use crate::words::{Reason, joined};

impl Face {
    /// A frame of the CSMS.
    pub fn on_frame(&mut self, site: &mut Site, shared: &mut Shared, bytes: &[u8]) {
        // 1.6 §4.2: while rejected, nothing is answered. Nothing of ours is on its way then.
        if site.registration.is_rejected() {
            return shared.refuse_frame(FrameRefusal::Rejected, SmallString::default());
        }
        match self.outgoing.receive(shared, bytes) {
            Arrival::Call(token, action, payload) => {
                if handling::admits(shared, token, &action, &payload) {
                    self.on_call(site, shared, token, &action, &payload);
                }
            }
            Arrival::Answer(rank, payload) => self.on_answer(site, shared, rank, &payload),
            Arrival::Failed(rank, failure) => self.on_failure(site, shared, rank, failure),
            Arrival::Nothing => {}
        }
    }

    /// The CSMS, or the application in its place, answered our call of this rank.
    pub fn on_answer(&mut self, site: &mut Site, shared: &mut Shared, rank: Rank, payload: &Payload<'_>) {
        let Some(awaited) = kind_of(rank) else { return };
        let result = self.read_answer(site, shared, awaited, payload);
        match result {
            Ok(()) => self.settle_turn(shared.now, awaited, None),
            Err(violation) => {
                let reason = joined(&["answer: ", &violation.reason()]);
                decoding::unread(shared, payload);
                self.settle_failure(site, shared, awaited, Failure::new(CallFailure::Unreadable, reason));
            }
        }
    }

    fn read_answer(
        &mut self,
        site: &mut Site,
        shared: &mut Shared,
        awaited: Awaited,
        payload: &Payload<'_>,
    ) -> Result<(), Violation> {
        let action = action_awaited(site, awaited);
        let (Some(action), Some(object)) = (action, action.and_then(Action::response)) else {
            #[cfg(feature = "handling")]
            site.calls.ended(shared, Ok(payload.raw()?.into()));
            return Ok(());
        };
        let absences = absences(action);
        let is_delivery = awaited == Awaited::Transaction && action != Action::StartTransaction;
        let read = match decoding::answer(shared, EDITION, action.as_str(), object, payload, absences) {
            Ok(read) => read,
            // It is taken by being answered at all.
            Err(violation) if is_delivery => {
                decoding::unread(shared, payload);
                shared.event(Event::FrameRefused { cause: FrameRefusal::Answer, reason: violation.reason() });
                site.on_delivered(shared, None);
                return Ok(());
            }
            Err(violation) => return Err(violation),
        };
        let message = &read.value;
        match awaited {
            Awaited::BootNotification => site.on_boot_answer(shared, &boot_answer(&read)),
            Awaited::Heartbeat => {
                site.on_time(shared, decoding::utc(message.view::<v1_6::HeartbeatResponse>().current_time()));
            }
            Awaited::Authorize => {
                let info = message.view::<v1_6::AuthorizeResponse>().id_tag_info();
                site.on_authorized(shared, Ok(messages::token_info(info)));
            }
            Awaited::StatusNotification => site.status.answered(),
            Awaited::Transaction => return on_transaction_answer(site, shared, &read),
            Awaited::MeterValues => {}
            Awaited::JobStatus(status) => site.firmware.on_told(shared, status),
            #[cfg(feature = "plug_and_charge")]
            Awaited::Contract => {
                plug_and_charge::on_contract_answer(site, shared, message.view::<v1_6::DataTransferResponse<'_>>());
            }
            #[cfg(feature = "plug_and_charge")]
            Awaited::Certificate => {
                plug_and_charge::on_certificate_answer(site, shared, message.view::<v1_6::DataTransferResponse<'_>>());
            }
            Awaited::DataTransfer => data_transfer::ended(site, shared, message.view::<v1_6::DataTransferResponse>()),
            #[cfg(feature = "security")]
            Awaited::SecurityEvent => shared.security_events.answered(&mut shared.store),
            #[cfg(feature = "security")]
            Awaited::SignCertificate => {
                site.certificates.answered();
                let status = message.view::<v1_6::SignCertificateResponse>().status();
                if status != v1_6::GenericStatus::Accepted {
                    shared.call_failed(action.as_str(), CallFailure::Refused, status.as_str());
                }
            }
            // Its action is not ours to know.
            #[cfg(feature = "handling")]
            Awaited::AppCall => {}
        }
        Ok(())
    }

    /// Our call of this rank brought nothing.
    pub fn on_failure(&mut self, site: &mut Site, shared: &mut Shared, rank: Rank, failure: Failure) {
        if let Some(awaited) = kind_of(rank) {
            self.settle_failure(site, shared, awaited, failure);
        }
    }

    fn settle_failure(&mut self, site: &mut Site, shared: &mut Shared, awaited: Awaited, failure: Failure) {
        self.settle_turn(shared.now, awaited, Some(&failure));
        #[cfg(feature = "handling")]
        if awaited == Awaited::AppCall {
            return site.calls.ended(shared, Err((failure.cause, failure.reason())));
        }
        let name = action_awaited(site, awaited).map_or("", Action::as_str);
        shared.call_failed(name, failure.cause, &failure.reason());
        match (awaited, failure.kind()) {
            (Awaited::BootNotification, why) => site.on_boot_undelivered(shared, why),
            (Awaited::Heartbeat | Awaited::MeterValues, _) => {}
            #[cfg(feature = "security")]
            (Awaited::SecurityEvent, why) => {
                shared.security_events.undelivered(shared.now, &mut shared.store, why);
            }
            #[cfg(feature = "security")]
            (Awaited::SignCertificate, Undelivered::LinkLost) => site.certificates.lost(),
            #[cfg(feature = "security")]
            (Awaited::SignCertificate, Undelivered::Refused | Undelivered::Unsendable | Undelivered::TimedOut) => {
                site.certificates.answered();
            }
            #[cfg(feature = "handling")]
            (Awaited::AppCall, _) => {}
            (Awaited::DataTransfer, _) => site.transfers.ended(shared, None, None),
            (Awaited::Authorize, why) => site.on_unauthorized(shared, why),
            #[cfg(feature = "plug_and_charge")]
            (Awaited::Contract, why) => site.on_unauthorized(shared, why),
            #[cfg(feature = "plug_and_charge")]
            (Awaited::Certificate, why) => {
                site.plug_and_charge.on_answer(shared, &site.settings, plug_and_charge::failed(why));
            }
            (Awaited::StatusNotification, why) => site.status.undelivered(why),
            (Awaited::JobStatus(status), Undelivered::Refused | Undelivered::Unsendable) => {
                site.firmware.on_told(shared, status);
            }
            (Awaited::JobStatus(status), Undelivered::TimedOut | Undelivered::LinkLost) => {
                site.firmware.on_lost(status)
            }
            (Awaited::Transaction, why) => site.on_undelivered(shared, why, name),
        }
    }
}

/// What the answer to a call of this action can do without.
fn absences(action: Action) -> Absences {
    if action == Action::BootNotification {
        decoding::OF_BOOT
    } else if action == Action::StartTransaction {
        OF_START
    } else {
        &[]
    }
}

/// What a StartTransaction.conf can do without one at a time: it is delivered by a number, or by a verdict.
const OF_START: Absences = &[("transactionId", "-1"), ("idTagInfo", r#"{"status":""}"#)];

/// What a BootNotification.conf says (1.6 §4.2), as far as it could be read.
fn boot_answer(read: &Decoded<Parsed<'_>>) -> BootAnswer {
    let answer = read.value.view::<v1_6::BootNotificationResponse>();
    let is_told = !decoding::lacks(&read.repairs, "$.currentTime", "currentTime");
    BootAnswer {
        status: match answer.status() {
            v1_6::RegistrationStatus::Accepted => RegistrationStatus::Accepted,
            v1_6::RegistrationStatus::Pending => RegistrationStatus::Pending,
            v1_6::RegistrationStatus::Rejected | v1_6::RegistrationStatus::Unrecognized => RegistrationStatus::Rejected,
        },
        time: is_told.then(|| decoding::utc(answer.current_time())),
        interval_seconds: u32::try_from(answer.interval()).ok().filter(|seconds| *seconds > 0),
    }
}

/// The CSMS answered the first message of the journal. It has taken a sample or a stop by answering at all; of a start we must
/// learn the number.
fn on_transaction_answer(site: &mut Site, shared: &mut Shared, read: &Decoded<Parsed<'_>>) -> Result<(), Violation> {
    let is_begin = site.journal.first().is_some_and(|first| begins(site, first));
    match site.journal.first().map(|first| &first.record) {
        None => {}
        Some(JournalRecord::Started(_) | JournalRecord::Sampled(_)) if is_begin => {
            let answer = read.value.view::<v1_6::StartTransactionResponse>();
            let has_verdict = !decoding::lacks(&read.repairs, "$.idTagInfo", "idTagInfo");
            let has_number = !decoding::lacks(&read.repairs, "$.transactionId", "transactionId");
            if !has_verdict && !has_number {
                let rule = Rule::Missing("transactionId");
                return Err(Violation { path: "$".into(), rule, offset: 0 });
            }
            let info = has_verdict.then(|| messages::token_info(answer.id_tag_info()));
            site.on_start_delivered(shared, has_number.then_some(answer.transaction_id()), info);
        }
        Some(JournalRecord::Started(_) | JournalRecord::Sampled(_) | JournalRecord::Measured(_)) => {
            site.on_delivered(shared, None);
        }
        Some(JournalRecord::Stopped(_)) => {
            let info = read.value.view::<v1_6::StopTransactionResponse>().id_tag_info();
            site.on_delivered(shared, info.map(messages::token_info));
        }
    }
    Ok(())
}

/// The action of a call of ours; that of the application's own is not known here.
fn action_awaited(site: &Site, awaited: Awaited) -> Option<Action> {
    Some(match awaited {
        Awaited::BootNotification => Action::BootNotification,
        Awaited::Heartbeat => Action::Heartbeat,
        Awaited::Authorize => Action::Authorize,
        Awaited::StatusNotification => Action::StatusNotification,
        Awaited::Transaction => site.journal.first().map_or(Action::StopTransaction, |first| action_of(site, first)),
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
        Awaited::AppCall => return None,
    })
}
