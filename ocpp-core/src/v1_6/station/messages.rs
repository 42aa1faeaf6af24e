//! Renders what the station sends: facts become messages here, at the last moment, with the CSMS's number and wall time.

use alloc::vec::Vec;

use ocpp_types::datetime::UnixMillis;
use ocpp_types::tables::View as _;
use ocpp_types::tables::v1_6;

use super::EDITION;
use crate::face::failure::{Message, Unsendable, message};
use crate::site::journal::{KnownTransaction, Measured, Sampled, Started, StopReading, Stopped};
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
use crate::time::Clock;

/// The number of a transaction whose start could not be delivered (1.6 errata 3.18).
const UNKNOWN_TRANSACTION: i64 = -1;

pub(crate) fn boot_notification(config: &StationConfig) -> Message {
    let device = &config.device;
    message(v1_6::BootNotificationRequest::to_json(EDITION, |mut request| {
        request.charge_point_vendor(&device.vendor).charge_point_model(&device.model);
        if let Some(text) = &device.serial_number {
            request.cut().charge_point_serial_number(text);
        }
        if let Some(text) = &device.box_serial_number {
            request.cut().charge_box_serial_number(text);
        }
        if let Some(text) = &device.firmware_version {
            request.cut().firmware_version(text);
        }
        if let Some(text) = &device.iccid {
            request.cut().iccid(text);
        }
        if let Some(text) = &device.imsi {
            request.cut().imsi(text);
        }
        if let Some(text) = &device.meter_serial_number {
            request.cut().meter_serial_number(text);
        }
        if let Some(text) = &device.meter_type {
            request.cut().meter_type(text);
        }
    }))
}

pub(crate) fn heartbeat() -> Message {
    message(v1_6::HeartbeatRequest::to_json(EDITION, |_| {}))
}

pub(crate) fn authorize(token: &IdToken) -> Message {
    message(v1_6::AuthorizeRequest::to_json(EDITION, |mut request| {
        request.id_tag(token.as_str());
    }))
}

pub(crate) fn status_notification(connector: usize, report: &Report, at: Option<UnixMillis>) -> Message {
    let code = report.fault.as_ref().map_or(v1_6::ChargePointErrorCode::NoError, |fault| error_code(fault.code));
    let connector = i64::try_from(connector).map_err(|_| Unsendable)?;
    let (mut info, mut vendor_id, mut vendor_code) = (report.info, None, None);
    if let Some(fault) = &report.fault {
        let own = fault.vendor_error_code.as_deref();
        if let FaultCode::Mrec(mrec) = fault.code {
            vendor_id = Some(Mrec::VENDOR_ID);
            vendor_code = Some(mrec.code());
            info = own.or(info);
        } else {
            (vendor_id, vendor_code) = (fault.vendor_id.as_deref(), own);
        }
        info = fault.info.as_deref().or(info);
    }
    message(v1_6::StatusNotificationRequest::to_json(EDITION, |mut request| {
        request.connector_id(connector).error_code(code);
        if let Some(info) = info {
            request.cut().info(info);
        }
        request.status(status(report.status));
        if let Some(at) = at {
            request.timestamp(at);
        }
        if let Some(id) = vendor_id {
            request.cut().vendor_id(id);
        }
        if let Some(code) = vendor_code {
            request.cut().vendor_error_code(code);
        }
    }))
}

#[cfg(feature = "security")]
pub(crate) fn sign_certificate(csr: &str) -> Message {
    message(v1_6::SignCertificateRequest::to_json(EDITION, |mut request| {
        request.csr(csr);
    }))
}

#[cfg(feature = "security")]
pub(crate) fn security_event(event: &SecurityEvent, at: UnixMillis) -> Message {
    message(v1_6::SecurityEventNotificationRequest::to_json(EDITION, |mut request| {
        request.r#type(security_event_kind(&event.kind)).timestamp(at);
        if let Some(info) = &event.info {
            request.cut().tech_info(info);
        }
    }))
}

/// A begin, with the token, which must be known (1.6 §6.45).
pub(crate) fn start_transaction(
    config: &StationConfig,
    start: &Started,
    token: Option<&IdToken>,
    at: UnixMillis,
) -> Message {
    let token = token.ok_or(Unsendable)?;
    message(v1_6::StartTransactionRequest::to_json(EDITION, |mut request| {
        request
            .connector_id(number(config, start.spot))
            .id_tag(token.as_str())
            .meter_start(watt_hours(start.meter_mwh));
        if let Some(reservation) = start.reservation {
            request.reservation_id(reservation);
        }
        request.timestamp(at);
    }))
}

/// All connectors are numbered through (1.6 §3.8).
fn number(config: &StationConfig, spot: Spot) -> i64 {
    config.number_of(spot.evse, spot.connector).into()
}

/// Values of a transaction.
pub(crate) fn meter_values(config: &StationConfig, sample: &Sampled, csms_id: Option<i64>, at: UnixMillis) -> Message {
    let transaction = Some(csms_id.unwrap_or(UNKNOWN_TRANSACTION));
    values(config, sample.spot, transaction, at, sample.context, &sample.values)
}

/// Values of no transaction.
pub(crate) fn measured(config: &StationConfig, reading: &Measured, at: UnixMillis) -> Message {
    values(config, reading.spot, None, at, reading.context, &reading.values)
}

fn values(
    config: &StationConfig,
    spot: Spot,
    transaction: Option<i64>,
    at: UnixMillis,
    context: SampleContext,
    values: &[MeterSample],
) -> Message {
    message(v1_6::MeterValuesRequest::to_json(EDITION, |mut request| {
        request.connector_id(number(config, spot));
        if let Some(transaction) = transaction {
            request.transaction_id(transaction);
        }
        meter_value(request.add_meter_value(), at, sample_context(context), values);
    }))
}

/// An end, with what it tells of the time before.
pub(crate) fn stop_transaction<'a>(
    stop: &'a Stopped,
    csms_id: Option<i64>,
    clock: &Clock,
    known: Option<&'a KnownTransaction>,
    readings: impl Iterator<Item = &'a StopReading>,
) -> Message {
    let at = clock.resolve_unix(stop.at).ok_or(Unsendable)?;
    let mut is_told = true;
    let written = v1_6::StopTransactionRequest::to_json(EDITION, |mut request| {
        if let Some(token) = &stop.token {
            request.id_tag(token.as_str());
        }
        request.meter_stop(watt_hours(stop.meter_mwh)).timestamp(at);
        request.transaction_id(csms_id.unwrap_or(UNKNOWN_TRANSACTION)).reason(reason(stop.reason));
        let mut tell = |stamp, context, values: &[MeterSample]| match clock.resolve_unix(stamp) {
            None => is_told = false,
            Some(_) if values.is_empty() => {}
            Some(at) => meter_value(request.add_transaction_data(), at, context, values),
        };
        if let Some(known) = known {
            tell(known.started, v1_6::ReadingContext::TransactionBegin, &known.first);
        }
        for reading in readings {
            tell(reading.at, sample_context(reading.context), &reading.values);
        }
        tell(stop.at, v1_6::ReadingContext::TransactionEnd, &stop.last);
    });
    if is_told { message(written) } else { Err(Unsendable) }
}

fn meter_value(
    mut value: v1_6::MeterValueBuilder<'_>,
    at: UnixMillis,
    context: v1_6::ReadingContext,
    samples: &[MeterSample],
) {
    value.timestamp(at);
    for sample in samples {
        sampled_value(value.add_sampled_value(), sample, None, context);
        // Beside the number: a CSMS that cannot read what was signed goes by that.
        if let Some(signed) = &sample.signed {
            sampled_value(value.add_sampled_value(), sample, Some(&signed.data), context);
        }
    }
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

fn sampled_value(
    mut sampled: v1_6::SampledValueBuilder<'_>,
    sample: &MeterSample,
    signed: Option<&str>,
    context: v1_6::ReadingContext,
) {
    match signed {
        Some(data) => sampled.value(data).context(context).format(v1_6::ValueFormat::SignedData),
        None => sampled.value(&sample.number().digits()).context(context),
    };
    // The names of measurands and phases are the same in all versions.
    if let Some(measurand) = v1_6::Measurand::from_text(sample.measurand.as_str()) {
        sampled.measurand(measurand);
    }
    if let Some(phase) = sample.phase.and_then(|phase| v1_6::Phase::from_text(phase.as_str())) {
        sampled.phase(phase);
    }
    if let Some(unit) = unit(sample.measurand.unit()).filter(|_| signed.is_none()) {
        sampled.unit(unit);
    }
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

/// White paper §8: names as in 2.x, but where that has other words for the ends of a connection.
#[cfg(feature = "security")]
pub(crate) fn security_event_kind(kind: &SecurityEventKind) -> &str {
    use SecurityEventKind as Kind;
    match kind {
        Kind::FailedToAuthenticateAtCsms => "FailedToAuthenticateAtCentralSystem",
        Kind::CsmsFailedToAuthenticate => "CentralSystemFailedToAuthenticate",
        Kind::InvalidCsmsCertificate => "InvalidCentralSystemCertificate",
        Kind::InvalidStationCertificate => "InvalidChargePointCertificate",
        kind => kind.name(),
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
pub(crate) fn token_info(info: v1_6::IdTagInfo<'_>) -> TokenInfo {
    TokenInfo {
        status: authorization_status(info.status()),
        expiry_ms: info.expiry_date().map(|date| date.0),
        group: info.parent_id_tag().map(IdToken::new),
        evses: Vec::new(),
    }
}

/// A status of a later version is no acceptance.
pub(crate) fn authorization_status(status: v1_6::AuthorizationStatus) -> AuthorizationStatus {
    use v1_6::AuthorizationStatus as S;
    match status {
        S::Accepted => AuthorizationStatus::Accepted,
        S::Blocked => AuthorizationStatus::Blocked,
        S::Expired => AuthorizationStatus::Expired,
        S::ConcurrentTx => AuthorizationStatus::ConcurrentTx,
        S::Invalid | S::Unrecognized => AuthorizationStatus::Invalid,
    }
}
