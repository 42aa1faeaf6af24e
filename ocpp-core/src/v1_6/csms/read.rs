//! Calls of stations.

use alloc::string::String;
use alloc::vec::Vec;

use chrono::{DateTime, Utc};
use compact_str::CompactString;
use ocpp_rpc::frame::Payload;
use ocpp_types::v1_6::{
    self, Action, BootNotificationRequest, DataTransferRequest, MeterValuesRequest, StartTransactionRequest,
    StationRequest, StatusNotificationRequest, StopTransactionRequest,
};

use crate::csms::edge::Unread;
use crate::csms::ledger::StartReport;
use crate::csms::report::Report;
use crate::csms::{
    IdToken, MeterValue, Progress, SampledValue, SecurityEvent, StationInfo, StationWork, StatusReport, StopReport,
};

/// Reads the call of a station.
pub(super) fn read(action: &str, payload: &Payload<'_>) -> Result<Report, Unread> {
    let action: Action = action.parse().map_err(|_| Unread::UnknownAction)?;
    if !action.direction().from_station() {
        return Err(Unread::UnservedAction);
    }
    let request = payload.decode_with(|reader| StationRequest::read(action, reader))?;
    match request.ok_or(Unread::UnservedAction)? {
        StationRequest::Authorize(request) => Ok(Report::Authorize(IdToken::new(&request.id_tag))),
        StationRequest::BootNotification(request) => Ok(Report::Boot(station_info(&request))),
        StationRequest::DataTransfer(request) => Ok(data_transfer(request)),
        StationRequest::Heartbeat(_) => Ok(Report::Heartbeat),
        StationRequest::MeterValues(request) => samples(&request),
        StationRequest::StartTransaction(request) => start(&request),
        StationRequest::StatusNotification(request) => status(&request),
        StationRequest::StopTransaction(request) => Ok(stop(&request)),
        StationRequest::DiagnosticsStatusNotification(request) => {
            Ok(progress(StationWork::Diagnostics, None, request.status.as_str()))
        }
        StationRequest::FirmwareStatusNotification(request) => {
            Ok(progress(StationWork::Firmware, None, request.status.as_str()))
        }
        StationRequest::LogStatusNotification(request) => {
            Ok(progress(StationWork::Log, request.request_id, request.status.as_str()))
        }
        StationRequest::SecurityEventNotification(request) => Ok(Report::SecurityEvent(SecurityEvent {
            kind: text(&request.r#type),
            at: request.timestamp,
            info: request.tech_info.as_deref().map(String::from),
        })),
        StationRequest::SignCertificate(request) => {
            Ok(Report::SignCertificate { csr: String::from(request.csr.as_str()) })
        }
        StationRequest::SignedFirmwareStatusNotification(request) => {
            Ok(progress(StationWork::Firmware, request.request_id, request.status.as_str()))
        }
    }
}

fn progress(work: StationWork, request: Option<i64>, status: &str) -> Report {
    Report::Progress(Progress { work, request, status: text(status) })
}

fn station_info(request: &BootNotificationRequest) -> StationInfo {
    StationInfo {
        vendor: text(&request.charge_point_vendor),
        model: text(&request.charge_point_model),
        serial_number: request.charge_point_serial_number.as_deref().map(text),
        box_serial_number: request.charge_box_serial_number.as_deref().map(text),
        firmware_version: request.firmware_version.as_deref().map(text),
        iccid: request.iccid.as_deref().map(text),
        imsi: request.imsi.as_deref().map(text),
        meter_type: request.meter_type.as_deref().map(text),
        meter_serial_number: request.meter_serial_number.as_deref().map(text),
    }
}

fn data_transfer(request: DataTransferRequest) -> Report {
    Report::DataTransfer {
        vendor_id: text(&request.vendor_id),
        message_id: request.message_id.as_deref().map(text),
        data: request.data.as_deref().map(String::from),
    }
}

fn status(request: &StatusNotificationRequest) -> Result<Report, Unread> {
    Ok(Report::Status(StatusReport {
        connector: connector(request.connector_id)?,
        status: text(request.status.as_str()),
        error_code: text(request.error_code.as_str()),
        info: request.info.as_deref().map(text),
        vendor_id: request.vendor_id.as_deref().map(text),
        vendor_error_code: request.vendor_error_code.as_deref().map(text),
        at: request.timestamp,
    }))
}

fn start(request: &StartTransactionRequest) -> Result<Report, Unread> {
    Ok(Report::Start(StartReport {
        connector: connector(request.connector_id)?,
        token: IdToken::new(&request.id_tag),
        meter_start_wh: request.meter_start,
        at: request.timestamp,
        reservation: request.reservation_id,
    }))
}

fn stop(request: &StopTransactionRequest) -> Report {
    let report = StopReport {
        meter_stop_wh: request.meter_stop,
        at: request.timestamp,
        reason: request.reason.map(|reason| text(reason.as_str())),
        token: request.id_tag.as_deref().map(IdToken::new),
        samples: request.transaction_data.iter().map(meter_value).collect(),
    };
    Report::Stop(transaction(request.transaction_id), report)
}

fn samples(request: &MeterValuesRequest) -> Result<Report, Unread> {
    Ok(Report::Samples {
        connector: connector(request.connector_id)?,
        named: request.transaction_id.and_then(transaction),
        values: request.meter_value.iter().map(meter_value).collect(),
    })
}

fn meter_value(value: &v1_6::MeterValue) -> MeterValue {
    let at: DateTime<Utc> = value.timestamp;
    let values: Vec<_> = value.sampled_value.iter().map(sampled_value).collect();
    MeterValue { at, values }
}

fn sampled_value(value: &v1_6::SampledValue) -> SampledValue {
    SampledValue {
        value: String::from(value.value.as_str()),
        context: value.context.map(|context| text(context.as_str())),
        format: value.format.map(|format| text(format.as_str())),
        measurand: value.measurand.map(|measurand| text(measurand.as_str())),
        phase: value.phase.map(|phase| text(phase.as_str())),
        location: value.location.map(|location| text(location.as_str())),
        unit: value.unit.map(|unit| text(unit.as_str())),
    }
}

/// The number of a connector (1.6 §3.8); 0, which means the station, is taken everywhere.
fn connector(id: i64) -> Result<u32, Unread> {
    u32::try_from(id).map_err(|_| Unread::Value("connectorId is no connector's number"))
}

/// The number of a transaction; what this side never gives out names none, -1 by 1.6 errata 3.18.
fn transaction(id: i64) -> Option<i32> {
    i32::try_from(id).ok().filter(|number| *number > 0)
}

fn text(text: &str) -> CompactString {
    CompactString::new(text)
}
