//! Calls of stations.

use alloc::boxed::Box;
use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;

use ocpp_rpc::frame::Payload;
use ocpp_types::SmallString;
use ocpp_types::enumeration::Enumeration;
use ocpp_types::json::{Kind, Reader};
use ocpp_types::lenient::{Absences, Decoded, MAX_REPAIRS, Quirks, Repair, RepairKind};
use ocpp_types::v1_6::{
    self, Action, BootNotificationRequest, DataTransferRequest, MeterValuesRequest, StartTransactionRequest,
    StationRequest, StatusNotificationRequest, StopTransactionRequest,
};
use ocpp_types::violation::Rule;

use crate::csms::edge::{NO_TIME, Unread, word};
use crate::csms::report::{Report, StartReport};
use crate::csms::{
    IdToken, MeterValue, Place, Progress, SampledValue, SecurityEvent, StationInfo, StationWork, StatusReport,
    StopReport, TransactionId,
};

/// What the report of an action can do without, to be recorded all the same: a transaction by its register, and all that comes once.
fn absences(action: Action) -> Absences {
    match action {
        Action::BootNotification => &[("chargePointVendor", "\"\""), ("chargePointModel", "\"\"")],
        Action::MeterValues => &[("connectorId", "-1"), ("timestamp", NO_TIME)],
        Action::SecurityEventNotification => &[("timestamp", NO_TIME)],
        Action::StartTransaction => &[("connectorId", "-1"), ("idTag", "\"\""), ("timestamp", NO_TIME)],
        Action::StatusNotification => &[("errorCode", "\"\"")],
        Action::StopTransaction => &[("transactionId", "-1"), ("timestamp", NO_TIME)],
        _ => &[],
    }
}

/// Reads the call of a station.
pub(super) fn read(action: &str, payload: &Payload<'_>, quirks: Quirks) -> Result<Decoded<Report>, Unread> {
    let action: Action = action.parse().map_err(|_| Unread::UnknownAction)?;
    if !action.direction().from_station() {
        return Err(Unread::UnservedAction);
    }
    let read = |reader: &mut Reader<'_>| StationRequest::read(action, reader);
    let Decoded { value, repairs } = payload.decode_lenient_with(quirks, absences(action), read)?;
    let mut reading = Reading { repairs, skips: quirks.allows(RepairKind::Unreadable) };
    let value = reading.report(value.ok_or(Unread::UnservedAction)?)?;
    Ok(Decoded { value, repairs: reading.repairs })
}

/// The repairs, by which texts outside their enumerations are known.
struct Reading {
    repairs: Vec<Repair>,
    /// Whether readings without a number are left out.
    skips: bool,
}

impl Reading {
    fn report(&mut self, request: StationRequest) -> Result<Report, Unread> {
        match request {
            StationRequest::Authorize(request) => Ok(Report::Authorize(IdToken::new(&request.id_tag))),
            StationRequest::BootNotification(request) => Ok(Report::Boot(station_info(&request))),
            StationRequest::DataTransfer(request) => Ok(data_transfer(request)),
            StationRequest::Heartbeat(_) => Ok(Report::Heartbeat),
            StationRequest::MeterValues(request) => Ok(self.samples(&request)),
            StationRequest::StartTransaction(request) => Ok(start(&request)),
            StationRequest::StatusNotification(request) => self.status(&request),
            StationRequest::StopTransaction(request) => Ok(self.stop(&request)),
            StationRequest::DiagnosticsStatusNotification(request) => {
                Ok(progress(StationWork::Diagnostics, None, self.word(request.status)))
            }
            StationRequest::FirmwareStatusNotification(request) => {
                Ok(progress(StationWork::Firmware, None, self.word(request.status)))
            }
            StationRequest::LogStatusNotification(request) => {
                Ok(progress(StationWork::Log, request.request_id, self.word(request.status)))
            }
            StationRequest::SecurityEventNotification(request) => Ok(Report::SecurityEvent(SecurityEvent {
                kind: text(&request.r#type),
                at: request.timestamp,
                info: request.tech_info.as_deref().map(String::from),
            })),
            StationRequest::SignCertificate(request) => {
                Ok(Report::SignCertificate { csr: String::from(request.csr.as_str()), purpose: None, request: None })
            }
            StationRequest::SignedFirmwareStatusNotification(request) => {
                Ok(progress(StationWork::Firmware, request.request_id, self.word(request.status)))
            }
        }
    }

    fn word<E: Enumeration>(&self, value: E) -> SmallString {
        word(value, &self.repairs)
    }

    fn status(&self, request: &StatusNotificationRequest) -> Result<Report, Unread> {
        let connector = u32::try_from(request.connector_id);
        Ok(Report::Status(StatusReport {
            place: Place::numbered(connector.map_err(|_| Unread::Value("connectorId is no connector's number"))?),
            status: self.word(request.status),
            error_code: Some(self.word(request.error_code)),
            info: request.info.as_deref().map(text),
            vendor_id: request.vendor_id.as_deref().map(text),
            vendor_error_code: request.vendor_error_code.as_deref().map(text),
            at: request.timestamp,
        }))
    }

    fn stop(&mut self, request: &StopTransactionRequest) -> Report {
        let report = StopReport {
            meter_stop_wh: Some(request.meter_stop),
            reason: request.reason.map(|reason| self.word(reason)),
            token: request.id_tag.as_deref().map(IdToken::new),
            samples: self.meter_values("$.transactionData", &request.transaction_data),
            ..StopReport::new(request.timestamp)
        };
        Report::Stop(transaction(request.transaction_id), report)
    }

    fn samples(&mut self, request: &MeterValuesRequest) -> Report {
        Report::Samples {
            place: place(request.connector_id),
            named: request.transaction_id.and_then(transaction),
            is_outside: false,
            values: self.meter_values("$.meterValue", &request.meter_value),
        }
    }

    fn meter_values(&mut self, path: &str, values: &[v1_6::MeterValue]) -> Vec<MeterValue> {
        let mut read = Vec::new();
        for (moment, value) in values.iter().enumerate() {
            let mut samples = Vec::new();
            for (place, sample) in value.sampled_value.iter().enumerate() {
                if self.skips && !has_number(sample) {
                    let path = format!("{path}[{moment}].sampledValue[{place}].value");
                    self.left_out(path, sample);
                } else {
                    samples.push(self.sampled_value(sample));
                }
            }
            read.push(MeterValue { at: value.timestamp, values: samples });
        }
        read
    }

    /// A reading without a number says nothing but that.
    fn left_out(&mut self, path: String, sample: &v1_6::SampledValue) {
        let rule = Rule::Type { expected: Kind::Number, found: Kind::String };
        let text = Box::from(sample.value.as_str());
        if self.repairs.len() < MAX_REPAIRS {
            self.repairs.push(Repair { kind: RepairKind::Unreadable, rule, path, text });
        }
    }

    fn sampled_value(&self, value: &v1_6::SampledValue) -> SampledValue {
        SampledValue {
            value: String::from(value.value.as_str()),
            context: value.context.map(|context| self.word(context)),
            format: value.format.map(|format| self.word(format)),
            measurand: value.measurand.map(|measurand| self.word(measurand)),
            phase: value.phase.map(|phase| self.word(phase)),
            location: value.location.map(|location| self.word(location)),
            unit: value.unit.map(|unit| self.word(unit)),
            multiplier: None,
            signed: None,
        }
    }
}

/// Signed data are no number either.
fn has_number(sample: &v1_6::SampledValue) -> bool {
    sample.format.is_some_and(|format| format != v1_6::ValueFormat::Raw)
        || sample.value.bytes().any(|byte| byte.is_ascii_digit())
}

fn progress(work: StationWork, request: Option<i64>, status: SmallString) -> Report {
    Report::Progress(Progress { work, request, status })
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
        boot_reason: None,
    }
}

fn data_transfer(request: DataTransferRequest) -> Report {
    Report::DataTransfer {
        vendor_id: text(&request.vendor_id),
        message_id: request.message_id.as_deref().map(text),
        data: request.data.as_deref().map(String::from),
    }
}

fn start(request: &StartTransactionRequest) -> Report {
    Report::Start(StartReport {
        place: place(request.connector_id),
        token: IdToken::new(&request.id_tag),
        meter_start_wh: request.meter_start,
        at: request.timestamp,
        reservation: request.reservation_id,
    })
}

/// A connector by its number (1.6 §3.8). 0, which means the station, stands for what is none: it happened somewhere.
fn place(id: i64) -> Place {
    Place::numbered(u32::try_from(id).unwrap_or_default())
}

/// The number of a transaction; what this side never gives out names none, -1 by 1.6 errata 3.18.
fn transaction(id: i64) -> Option<TransactionId> {
    i32::try_from(id).ok().filter(|number| *number > 0).map(TransactionId::from)
}

fn text(text: &str) -> SmallString {
    SmallString::new(text)
}
