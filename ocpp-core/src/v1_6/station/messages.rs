//! Renders what the station sends: facts become messages here, at the last moment, with the CSMS's number and wall time.

use alloc::string::String;
use alloc::vec::Vec;
use core::str::FromStr;

use chrono::{DateTime, Utc};
use compact_str::ToCompactString;
use ocpp_types::codec::Encode;
use ocpp_types::decimal::Decimal;
use ocpp_types::text::{CiText, Text, TokenText};
use ocpp_types::v1_6;
use thiserror::Error;

use crate::site::journal::{Measured, Sampled, Started, StopReading, Stopped};
use crate::site::metering::SampleContext;
use crate::site::plugs::Spot;
#[cfg(feature = "security")]
use crate::site::security_events::SecurityEvent;
use crate::site::status::Report;
use crate::site::token::TokenInfo;
#[cfg(feature = "security")]
use crate::station::SecurityEventKind;
use crate::station::{
    AuthorizationStatus, EvseStatus, FaultCode, IdToken, MeterSample, Mrec, StationConfig, StopReason, Unit,
};

/// What cannot be said in 1.6.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[error("the message cannot be written in 1.6")]
pub(crate) struct Unsendable;

/// The number of a transaction whose start could not be delivered (1.6 errata 3.18).
const UNKNOWN_TRANSACTION: i64 = -1;

pub(super) fn json(message: &impl Encode) -> Result<String, Unsendable> {
    message.to_json().map_err(|_| Unsendable)
}

/// Whether a token can be sent in 1.6.
pub(crate) fn id_tag(token: &IdToken) -> Result<TokenText<20>, Unsendable> {
    TokenText::new(token.as_str()).map_err(|_| Unsendable)
}

pub(crate) fn boot_notification(config: &StationConfig) -> Result<String, Unsendable> {
    let mut request = v1_6::BootNotificationRequest::new(
        CiText::new(&config.device.vendor).map_err(|_| Unsendable)?,
        CiText::new(&config.device.model).map_err(|_| Unsendable)?,
    );
    request.charge_point_serial_number = config.device.serial_number.as_ref().map(|text| CiText::truncated(text));
    request.firmware_version = config.device.firmware_version.as_ref().map(|text| CiText::truncated(text));
    request.charge_box_serial_number = config.device.box_serial_number.as_ref().map(|text| CiText::truncated(text));
    request.iccid = config.device.iccid.as_ref().map(|text| CiText::truncated(text));
    request.imsi = config.device.imsi.as_ref().map(|text| CiText::truncated(text));
    request.meter_type = config.device.meter_type.as_ref().map(|text| CiText::truncated(text));
    request.meter_serial_number = config.device.meter_serial_number.as_ref().map(|text| CiText::truncated(text));
    json(&request)
}

pub(crate) fn heartbeat() -> Result<String, Unsendable> {
    json(&v1_6::HeartbeatRequest::new())
}

pub(crate) fn authorize(token: &IdToken) -> Result<String, Unsendable> {
    json(&v1_6::AuthorizeRequest::new(id_tag(token)?))
}

pub(crate) fn status_notification(
    connector: usize,
    report: &Report,
    at: Option<DateTime<Utc>>,
) -> Result<String, Unsendable> {
    let code = report.fault.as_ref().map_or(v1_6::ChargePointErrorCode::NoError, |fault| error_code(fault.code));
    let connector = i64::try_from(connector).map_err(|_| Unsendable)?;
    let mut request = v1_6::StatusNotificationRequest::new(connector, code, status(report.status));
    request.timestamp = at;
    request.info = report.info.map(CiText::truncated);
    if let Some(fault) = &report.fault {
        let own = fault.vendor_error_code.as_ref();
        if let FaultCode::Mrec(mrec) = fault.code {
            request.vendor_id = Some(CiText::truncated(Mrec::VENDOR_ID));
            request.vendor_error_code = Some(CiText::truncated(mrec.code()));
            request.info = own.map(|text| CiText::truncated(text)).or(request.info);
        } else {
            request.vendor_error_code = own.map(|text| CiText::truncated(text));
        }
        request.info = fault.info.as_ref().map(|text| CiText::truncated(text)).or(request.info);
    }
    json(&request)
}

pub(crate) fn data_transfer(request: &v1_6::DataTransferRequest) -> Result<String, Unsendable> {
    json(request)
}

#[cfg(feature = "security")]
pub(crate) fn sign_certificate(request: &str) -> Result<String, Unsendable> {
    json(&v1_6::SignCertificateRequest::new(Text::new(request).map_err(|_| Unsendable)?))
}

#[cfg(feature = "security")]
pub(crate) fn security_event(event: &SecurityEvent, at: DateTime<Utc>) -> Result<String, Unsendable> {
    let kind = Text::new(security_event_kind(&event.kind)).map_err(|_| Unsendable)?;
    let mut request = v1_6::SecurityEventNotificationRequest::new(kind, at);
    request.tech_info = event.info.as_ref().map(|info| Text::truncated(info));
    json(&request)
}

/// A begin, with the token, which must be known (1.6 §6.45).
pub(crate) fn start_transaction(
    config: &StationConfig,
    start: &Started,
    token: Option<&IdToken>,
    at: DateTime<Utc>,
) -> Result<String, Unsendable> {
    let token = token.ok_or(Unsendable)?;
    let connector = number(config, start.spot);
    let mut request = v1_6::StartTransactionRequest::new(connector, id_tag(token)?, watt_hours(start.meter_mwh), at);
    request.reservation_id = start.reservation;
    json(&request)
}

/// All connectors are numbered through (1.6 §3.8).
fn number(config: &StationConfig, spot: Spot) -> i64 {
    config.number_of(spot.evse, spot.connector).into()
}

/// Values of a transaction.
pub(crate) fn meter_values(
    config: &StationConfig,
    sample: &Sampled,
    csms_id: Option<i64>,
    at: DateTime<Utc>,
) -> Result<String, Unsendable> {
    let value = meter_value(at, sample_context(sample.context), &sample.values);
    let mut request = v1_6::MeterValuesRequest::new(number(config, sample.spot), Vec::from([value]));
    request.transaction_id = Some(csms_id.unwrap_or(UNKNOWN_TRANSACTION));
    json(&request)
}

/// Values of no transaction.
pub(crate) fn measured(config: &StationConfig, reading: &Measured, at: DateTime<Utc>) -> Result<String, Unsendable> {
    let value = meter_value(at, sample_context(reading.context), &reading.values);
    json(&v1_6::MeterValuesRequest::new(number(config, reading.spot), Vec::from([value])))
}

/// What a stop tells of the time before it, with the times resolved.
#[derive(Default)]
pub(crate) struct History<'a> {
    pub first: Option<(DateTime<Utc>, &'a [MeterSample])>,
    pub readings: Vec<(DateTime<Utc>, &'a StopReading)>,
}

pub(crate) fn stop_transaction(
    stop: &Stopped,
    csms_id: Option<i64>,
    at: DateTime<Utc>,
    history: &History<'_>,
) -> Result<String, Unsendable> {
    let csms_id = csms_id.unwrap_or(UNKNOWN_TRANSACTION);
    let mut request = v1_6::StopTransactionRequest::new(watt_hours(stop.meter_mwh), at, csms_id);
    request.id_tag = stop.token.as_ref().map(id_tag).transpose()?;
    request.reason = Some(reason(stop.reason));
    let first = history.first.map(|(at, values)| (at, v1_6::ReadingContext::TransactionBegin, values));
    let between = history.readings.iter();
    let between = between.map(|(at, reading)| (*at, sample_context(reading.context), reading.values.as_slice()));
    let last = (at, v1_6::ReadingContext::TransactionEnd, stop.last.as_slice());
    let data = first.into_iter().chain(between).chain([last]).filter(|(_, _, values)| !values.is_empty());
    request.transaction_data = data.map(|(at, context, values)| meter_value(at, context, values)).collect();
    json(&request)
}

fn meter_value(at: DateTime<Utc>, context: v1_6::ReadingContext, values: &[MeterSample]) -> v1_6::MeterValue {
    v1_6::MeterValue::new(at, values.iter().map(|sample| sampled_value(sample, context)).collect())
}

fn sample_context(context: SampleContext) -> v1_6::ReadingContext {
    match context {
        SampleContext::Clock => v1_6::ReadingContext::SampleClock,
        SampleContext::Periodic => v1_6::ReadingContext::SamplePeriodic,
        SampleContext::Trigger => v1_6::ReadingContext::Trigger,
        SampleContext::InterruptionEnd => v1_6::ReadingContext::InterruptionEnd,
        SampleContext::Other => v1_6::ReadingContext::Other,
    }
}

/// Whole watt-hours, rounded down as a counter shows them.
fn watt_hours(milliwatt_hours: i64) -> i64 {
    milliwatt_hours.div_euclid(1000)
}

fn sampled_value(sample: &MeterSample, context: v1_6::ReadingContext) -> v1_6::SampledValue {
    let mut sampled = v1_6::SampledValue::new(Text::truncated(&thousandths(sample.milli).to_compact_string()));
    sampled.context = Some(context);
    // The names of measurands and phases are the same in all versions.
    sampled.measurand = v1_6::Measurand::from_str(sample.measurand.as_str()).ok();
    sampled.phase = sample.phase.and_then(|phase| v1_6::Phase::from_str(phase.as_str()).ok());
    sampled.unit = unit(sample.measurand.unit());
    sampled
}

/// The number without zeros that say nothing.
fn thousandths(milli: i64) -> Decimal {
    let (mut mantissa, mut scale) = (milli, 3);
    while scale > 0 && mantissa % 10 == 0 {
        mantissa /= 10;
        scale -= 1;
    }
    Decimal::from_scaled(mantissa, scale)
}

fn unit(unit: Unit) -> Option<v1_6::UnitOfMeasure> {
    use v1_6::UnitOfMeasure as U;
    match unit {
        Unit::Wh => Some(U::Wh),
        Unit::Varh => Some(U::Varh),
        Unit::W => Some(U::W),
        Unit::Var => Some(U::Var),
        Unit::A => Some(U::A),
        Unit::V => Some(U::V),
        Unit::Celsius => Some(U::Celsius),
        Unit::Percent => Some(U::Percent),
        Unit::Hertz | Unit::None => None,
    }
}

/// White paper §8.
#[cfg(feature = "security")]
pub(crate) fn security_event_kind(kind: &SecurityEventKind) -> &str {
    use SecurityEventKind as Kind;
    match kind {
        Kind::FirmwareUpdated => "FirmwareUpdated",
        Kind::FailedToAuthenticateAtCsms => "FailedToAuthenticateAtCentralSystem",
        Kind::CsmsFailedToAuthenticate => "CentralSystemFailedToAuthenticate",
        Kind::SettingSystemTime => "SettingSystemTime",
        Kind::StartupOfTheDevice => "StartupOfTheDevice",
        Kind::ResetOrReboot => "ResetOrReboot",
        Kind::SecurityLogWasCleared => "SecurityLogWasCleared",
        Kind::ReconfigurationOfSecurityParameters => "ReconfigurationOfSecurityParameters",
        Kind::MemoryExhaustion => "MemoryExhaustion",
        Kind::InvalidMessages => "InvalidMessages",
        Kind::AttemptedReplayAttacks => "AttemptedReplayAttacks",
        Kind::TamperDetectionActivated => "TamperDetectionActivated",
        Kind::InvalidFirmwareSignature => "InvalidFirmwareSignature",
        Kind::InvalidFirmwareSigningCertificate => "InvalidFirmwareSigningCertificate",
        Kind::InvalidCsmsCertificate => "InvalidCentralSystemCertificate",
        Kind::InvalidStationCertificate => "InvalidChargePointCertificate",
        Kind::InvalidTlsVersion => "InvalidTLSVersion",
        Kind::InvalidTlsCipherSuite => "InvalidTLSCipherSuite",
        Kind::Other(name) => name,
    }
}

fn status(status: EvseStatus) -> v1_6::ChargePointStatus {
    use v1_6::ChargePointStatus as S;
    match status {
        EvseStatus::Available => S::Available,
        EvseStatus::Preparing => S::Preparing,
        EvseStatus::Charging => S::Charging,
        EvseStatus::SuspendedEv => S::SuspendedEV,
        EvseStatus::SuspendedEvse => S::SuspendedEVSE,
        EvseStatus::Finishing => S::Finishing,
        EvseStatus::Reserved => S::Reserved,
        EvseStatus::Unavailable => S::Unavailable,
        EvseStatus::Faulted => S::Faulted,
    }
}

fn error_code(code: FaultCode) -> v1_6::ChargePointErrorCode {
    use v1_6::ChargePointErrorCode as C;
    match code {
        FaultCode::ConnectorLockFailure => C::ConnectorLockFailure,
        FaultCode::EvCommunicationError => C::EVCommunicationError,
        FaultCode::GroundFailure => C::GroundFailure,
        FaultCode::HighTemperature => C::HighTemperature,
        FaultCode::InternalError => C::InternalError,
        FaultCode::LocalListConflict => C::LocalListConflict,
        FaultCode::OtherError => C::OtherError,
        FaultCode::OverCurrentFailure => C::OverCurrentFailure,
        FaultCode::OverVoltage => C::OverVoltage,
        FaultCode::PowerMeterFailure => C::PowerMeterFailure,
        FaultCode::PowerSwitchFailure => C::PowerSwitchFailure,
        FaultCode::ReaderFailure => C::ReaderFailure,
        FaultCode::ResetFailure => C::ResetFailure,
        FaultCode::UnderVoltage => C::UnderVoltage,
        FaultCode::WeakSignal => C::WeakSignal,
        FaultCode::Mrec(mrec) => match mrec {
            Mrec::ConnectorLockFailure => C::ConnectorLockFailure,
            Mrec::GroundFailure => C::GroundFailure,
            Mrec::HighTemperature => C::HighTemperature,
            Mrec::OverCurrentFailure => C::OverCurrentFailure,
            Mrec::OverVoltage => C::OverVoltage,
            Mrec::UnderVoltage => C::UnderVoltage,
            Mrec::WeakSignal => C::WeakSignal,
            Mrec::EmergencyStop
            | Mrec::AuthorizationTimeout
            | Mrec::InvalidVehicleMode
            | Mrec::CableCheckFault
            | Mrec::PreChargeFault
            | Mrec::NoInternet
            | Mrec::PilotFault
            | Mrec::PowerLoss
            | Mrec::EvContactorFault
            | Mrec::EvseContactorFault
            | Mrec::CableOverTempDerate
            | Mrec::CableOverTempStop
            | Mrec::PartialInsertion
            | Mrec::CapacitanceFault
            | Mrec::ResistanceFault
            | Mrec::ProximityFault
            | Mrec::ConnectorVoltageHigh
            | Mrec::BrokenLatch
            | Mrec::CutCable => C::OtherError,
        },
    }
}

fn reason(reason: StopReason) -> v1_6::Reason {
    use v1_6::Reason as R;
    match reason {
        StopReason::DeAuthorized => R::DeAuthorized,
        StopReason::EmergencyStop => R::EmergencyStop,
        StopReason::EvDisconnected => R::EVDisconnected,
        StopReason::HardReset | StopReason::ImmediateReset => R::HardReset,
        StopReason::Local => R::Local,
        StopReason::Other
        | StopReason::EnergyLimitReached
        | StopReason::GroundFault
        | StopReason::LocalOutOfCredit
        | StopReason::MasterPass
        | StopReason::OvercurrentFault
        | StopReason::PowerQuality
        | StopReason::ReqEnergyTransferRejected
        | StopReason::SocLimitReached
        | StopReason::StoppedByEv
        | StopReason::TimeLimitReached
        | StopReason::Timeout => R::Other,
        StopReason::PowerLoss => R::PowerLoss,
        StopReason::Reboot => R::Reboot,
        StopReason::Remote => R::Remote,
        StopReason::SoftReset => R::SoftReset,
        StopReason::UnlockCommand => R::UnlockCommand,
    }
}

/// What the CSMS said of a token.
pub(crate) fn token_info(info: &v1_6::IdTagInfo) -> TokenInfo {
    TokenInfo {
        status: authorization_status(&info.status),
        expiry_ms: info.expiry_date.map(|date| date.timestamp_millis()),
        group: info.parent_id_tag.as_ref().map(|tag| IdToken::new(tag.as_str())),
    }
}

/// A status of a later version is no acceptance.
pub(crate) fn authorization_status(status: &v1_6::AuthorizationStatus) -> AuthorizationStatus {
    use v1_6::AuthorizationStatus as S;
    match status {
        S::Accepted => AuthorizationStatus::Accepted,
        S::Blocked => AuthorizationStatus::Blocked,
        S::Expired => AuthorizationStatus::Expired,
        S::ConcurrentTx => AuthorizationStatus::ConcurrentTx,
        S::Invalid | S::Unrecognized(_) => AuthorizationStatus::Invalid,
    }
}
