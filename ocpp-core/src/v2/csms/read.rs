//! Calls of stations.

use alloc::boxed::Box;
use alloc::string::String;
use alloc::vec::Vec;

use ocpp_rpc::frame::Payload;
use ocpp_types::SmallString;
use ocpp_types::json::Reader;
use ocpp_types::lenient::{Absences, Decoded, Quirks, Repair};
use ocpp_types::v2_1::{
    Action, BootNotificationRequest, DataTransferRequest, MeterValuesRequest, NotifyPeriodicEventStream,
    StationRequest, StatusNotificationRequest, TransactionEvent, TransactionEventRequest,
};
use ocpp_types::violation::Fault;
use ocpp_types::{Decode, v2_0_1};

use super::place::{number, place};
use super::{Edition, notices, samples, token};
use crate::csms::edge::{NO_TIME, Unread, word};
use crate::csms::report::{EventKind, EventReport, Report, no_time};
use crate::csms::{
    BootReason, ChargingState, EventInfo, Place, Progress, SecurityEvent, StationInfo, StationWork, StatusReport,
    TransactionId, TriggerReason,
};

/// Reads the call of a station.
pub(super) fn read(
    edition: Edition,
    action: &str,
    payload: &Payload<'_>,
    quirks: Quirks,
) -> Result<Decoded<Report>, Unread> {
    let (action, from_station, read) = reader_of(edition, action).ok_or(Unread::UnknownAction)?;
    if !from_station {
        return Err(Unread::UnservedAction);
    }
    let Decoded { value, repairs } = payload.decode_lenient_with(quirks, absences(action), read)?;
    let value = report(edition, value.ok_or(Unread::UnservedAction)?, &repairs)?;
    Ok(Decoded { value, repairs })
}

/// Reads a message that is not answered (2.1 N15).
pub(super) fn read_unanswered(action: &str, payload: &Payload<'_>, quirks: Quirks) -> Result<Vec<Repair>, Unread> {
    if action != "NotifyPeriodicEventStream" {
        return Err(Unread::UnknownAction);
    }
    let read = payload.decode_lenient_with(quirks, &[], NotifyPeriodicEventStream::read)?;
    Ok(read.repairs)
}

type ReadRequest = Box<dyn Fn(&mut Reader<'_>) -> Result<Option<StationRequest>, Fault>>;

/// The action, whether a station may call it, and how its payload is read.
fn reader_of(edition: Edition, action: &str) -> Option<(Action, bool, ReadRequest)> {
    match edition {
        Edition::V2_0_1 => {
            let action: v2_0_1::Action = action.parse().ok()?;
            let read = move |reader: &mut Reader<'_>| {
                v2_0_1::StationRequest::read(action, reader).map(|request| request.map(StationRequest::from))
            };
            Some((action.into(), action.direction().from_station(), Box::new(read)))
        }
        Edition::V2_1 => {
            let action: Action = action.parse().ok()?;
            let read = move |reader: &mut Reader<'_>| StationRequest::read(action, reader);
            Some((action, action.direction().from_station(), Box::new(read)))
        }
    }
}

/// What the report of an action can do without, to be recorded all the same: a transaction by its name and the event's number, and
/// all that comes once. No EVSE and no connector is taken for one that is not told.
fn absences(action: Action) -> Absences {
    const SIGNED: [(&str, &str); 3] = [("signingMethod", "\"\""), ("encodingMethod", "\"\""), ("publicKey", "\"\"")];
    match action {
        Action::BootNotification => {
            &[("chargingStation", "{}"), ("vendorName", "\"\""), ("model", "\"\""), ("reason", "\"Unknown\"")]
        }
        Action::MeterValues => &[("evseId", "0"), ("timestamp", NO_TIME), SIGNED[0], SIGNED[1], SIGNED[2]],
        Action::SecurityEventNotification => &[("timestamp", NO_TIME)],
        Action::StatusNotification => &[("evseId", "0"), ("connectorId", "0"), ("timestamp", NO_TIME)],
        Action::TransactionEvent => {
            &[("timestamp", NO_TIME), ("triggerReason", "\"\""), ("type", "\"\""), SIGNED[0], SIGNED[1], SIGNED[2]]
        }
        _ => &[],
    }
}

fn report(edition: Edition, request: StationRequest, repairs: &[Repair]) -> Result<Report, Unread> {
    match request {
        StationRequest::Authorize(request) => Ok(Report::Authorize(token::read(&request.id_token, repairs))),
        StationRequest::BootNotification(request) => Ok(Report::Boot(station_info(&request, repairs))),
        StationRequest::DataTransfer(request) => Ok(data_transfer(&request)),
        StationRequest::Heartbeat(_) => Ok(Report::Heartbeat),
        StationRequest::MeterValues(request) => Ok(meter_values(&request, repairs)),
        StationRequest::StatusNotification(request) => Ok(Report::Status(status(&request, repairs))),
        StationRequest::TransactionEvent(request) => event(&request, repairs),
        StationRequest::FirmwareStatusNotification(request) => {
            Ok(progress(StationWork::Firmware, request.request_id, word(request.status, repairs)))
        }
        StationRequest::LogStatusNotification(request) => {
            Ok(progress(StationWork::Log, request.request_id, word(request.status, repairs)))
        }
        StationRequest::SecurityEventNotification(request) => Ok(Report::SecurityEvent(SecurityEvent {
            kind: text(&request.r#type),
            at: request.timestamp,
            info: request.tech_info.as_deref().map(String::from),
        })),
        StationRequest::SignCertificate(request) => Ok(Report::SignCertificate {
            csr: String::from(request.csr.as_str()),
            purpose: request.certificate_type.map(|purpose| word(purpose, repairs)),
            request: request.request_id,
        }),
        StationRequest::NotifyEvent(request) => Ok(notices::events(&request)),
        // Their answers are empty.
        StationRequest::BatterySwap(_)
        | StationRequest::ClearedChargingLimit(_)
        | StationRequest::ClosePeriodicEventStream(_)
        | StationRequest::NotifyChargingLimit(_)
        | StationRequest::NotifyCustomerInformation(_)
        | StationRequest::NotifyDERAlarm(_)
        | StationRequest::NotifyDERStartStop(_)
        | StationRequest::NotifyDisplayMessages(_)
        | StationRequest::NotifyMonitoringReport(_)
        | StationRequest::NotifyPriorityCharging(_)
        | StationRequest::NotifyReport(_)
        | StationRequest::NotifySettlement(_)
        | StationRequest::PublishFirmwareStatusNotification(_)
        | StationRequest::ReportChargingProfiles(_)
        | StationRequest::ReportDERControl(_)
        | StationRequest::ReservationStatusUpdate(_) => Ok(notices::taken()),
        StationRequest::Get15118EVCertificate(_) => notices::no_ev_certificate(edition),
        StationRequest::GetCertificateStatus(_) => notices::no_ocsp_answer(edition),
        StationRequest::GetCertificateChainStatus(request) => notices::no_chain_status(request),
        StationRequest::NotifyEVChargingNeeds(_) => notices::no_schedule(edition),
        StationRequest::NotifyEVChargingSchedule(_) => notices::schedule_taken(edition),
        StationRequest::OpenPeriodicEventStream(_) => notices::stream_taken(),
        StationRequest::PullDynamicScheduleUpdate(_) => notices::no_dynamic_schedule(),
        StationRequest::VatNumberValidation(request) => notices::no_vat_number(request),
    }
}

/// An event of a transaction. Its number orders it, so there is none without.
fn event(request: &TransactionEventRequest, repairs: &[Repair]) -> Result<Report, Unread> {
    let told = &request.transaction_info;
    let transaction = TransactionId::new(&told.transaction_id);
    if transaction.as_str().is_empty() {
        return Err(Unread::Value("transactionId is empty"));
    }
    let kind = match request.event_type {
        TransactionEvent::Started => EventKind::Begin,
        TransactionEvent::Updated => EventKind::Update,
        TransactionEvent::Ended => EventKind::End,
        TransactionEvent::Unrecognized(_) => return Err(Unread::Value("eventType is none of a transaction")),
    };
    let seq_no = u64::try_from(request.seq_no).map_err(|_| Unread::Value("seqNo is below 0"))?;
    let event = EventInfo {
        seq_no: Some(seq_no),
        trigger: TriggerReason::of(&word(request.trigger_reason, repairs)),
        offline: request.offline.unwrap_or_default(),
        charging_state: told.charging_state.and_then(|state| ChargingState::of(&word(state, repairs))),
        remote_start: told.remote_start_id,
    };
    Ok(Report::Event(Box::new(EventReport {
        kind,
        transaction,
        seq_no,
        at: request.timestamp,
        place: request.evse.as_ref().map_or(Place::STATION, place),
        token: request.id_token.as_ref().map(|id| token::read(id, repairs)),
        reservation: request.reservation_id,
        reason: told.stopped_reason.map(|reason| word(reason, repairs)),
        samples: samples::meter_values(&request.meter_value, repairs),
        event,
    })))
}

fn meter_values(request: &MeterValuesRequest, repairs: &[Repair]) -> Report {
    Report::Samples {
        place: Place::new(number(request.evse_id), None),
        // Those of transactions come with their events (2.x J02).
        named: None,
        is_outside: true,
        values: samples::meter_values(&request.meter_value, repairs),
    }
}

fn status(request: &StatusNotificationRequest, repairs: &[Repair]) -> StatusReport {
    let place = Place::new(number(request.evse_id), number(request.connector_id));
    let mut report = StatusReport::new(place, &word(request.connector_status, repairs));
    report.at = Some(request.timestamp).filter(|at| *at != no_time());
    report
}

fn station_info(request: &BootNotificationRequest, repairs: &[Repair]) -> StationInfo {
    let station = &request.charging_station;
    let modem = station.modem.as_ref();
    let mut info = StationInfo::new(&station.vendor_name, &station.model);
    info.serial_number = station.serial_number.as_deref().map(text);
    info.firmware_version = station.firmware_version.as_deref().map(text);
    info.iccid = modem.and_then(|modem| modem.iccid.as_deref()).map(text);
    info.imsi = modem.and_then(|modem| modem.imsi.as_deref()).map(text);
    info.boot_reason = BootReason::of(&word(request.reason, repairs));
    info
}

fn data_transfer(request: &DataTransferRequest) -> Report {
    Report::DataTransfer {
        vendor_id: text(&request.vendor_id),
        message_id: request.message_id.as_deref().map(text),
        data: request.data.as_ref().map(|data| String::from(data.as_str())),
    }
}

fn progress(work: StationWork, request: Option<i64>, status: SmallString) -> Report {
    Report::Progress(Progress { work, request, status })
}

fn text(text: &str) -> SmallString {
    SmallString::new(text)
}
