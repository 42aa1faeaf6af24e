//! Renders what the station sends beside transactions: facts become messages here, at the last moment.

use ocpp_types::datetime::UnixMillis;
use ocpp_types::tables::v2::{self, MeterValueBuilder, ReadingContext};
use ocpp_types::tables::{Edition, View as _};

use super::{tokens, words};
use crate::face::failure::{Message, Unsendable, message};
use crate::site::journal::Measured;
#[cfg(feature = "security")]
use crate::site::security_events::SecurityEvent;
use crate::site::status::Report;
use crate::station::{BootReason, ConnectorId, DeviceConfig, EvseId, IdToken, MeterSample};

/// B01.FR.01, B01.FR.09.
pub(super) fn boot_notification(edition: Edition, device: &DeviceConfig, reason: BootReason) -> Message {
    message(v2::BootNotificationRequest::to_json(edition, |mut request| {
        request.reason(words::boot_reason(reason));
        let mut station = request.charging_station();
        station.model(&device.model).vendor_name(&device.vendor);
        if let Some(serial_number) = &device.serial_number {
            station.cut().serial_number(serial_number);
        }
        if let Some(version) = &device.firmware_version {
            station.cut().firmware_version(version);
        }
        if device.iccid.is_some() || device.imsi.is_some() {
            let mut modem = station.modem();
            if let Some(iccid) = &device.iccid {
                modem.cut().iccid(iccid);
            }
            if let Some(imsi) = &device.imsi {
                modem.cut().imsi(imsi);
            }
        }
    }))
}

pub(super) fn heartbeat(edition: Edition) -> Message {
    message(v2::HeartbeatRequest::to_json(edition, |_| {}))
}

/// C01.FR.02.
pub(super) fn authorize(edition: Edition, token: &IdToken) -> Message {
    message(v2::AuthorizeRequest::to_json(edition, |mut request| tokens::write(request.id_token(), token)))
}

/// G01. In 2.1 it is deprecated, and allowed.
pub(super) fn status_notification(
    edition: Edition,
    (evse, connector): (EvseId, ConnectorId),
    report: &Report,
    at: UnixMillis,
) -> Message {
    message(v2::StatusNotificationRequest::to_json(edition, |mut request| {
        request.timestamp(at).connector_status(words::connector_status(report.status));
        request.evse_id(evse.0.into()).connector_id(connector.0.into());
    }))
}

/// J01: values of no transaction.
pub(super) fn measured(edition: Edition, reading: &Measured, at: UnixMillis) -> Message {
    if !reading.values.iter().any(is_sayable) {
        return Err(Unsendable);
    }
    message(v2::MeterValuesRequest::to_json(edition, |mut request| {
        request.evse_id(reading.spot.evse.0.into());
        meter_value(edition, request.add_meter_value(), at, words::context(reading.context), reading.values.iter());
    }))
}

/// A04.FR.01.
#[cfg(feature = "security")]
pub(super) fn security_event(edition: Edition, event: &SecurityEvent, at: UnixMillis) -> Message {
    message(v2::SecurityEventNotificationRequest::to_json(edition, |mut request| {
        request.r#type(event.kind.name()).timestamp(at);
        if let Some(info) = &event.info {
            request.cut().tech_info(info);
        }
    }))
}

/// Whether 2.x has a word for what was measured.
pub(super) fn is_sayable(sample: &MeterSample) -> bool {
    v2::Measurand::from_text(sample.measurand.as_str()).is_some()
}

/// Writes the values of a moment, of which one at least must be sayable.
pub(super) fn meter_value<'s>(
    edition: Edition,
    mut builder: MeterValueBuilder<'_>,
    at: UnixMillis,
    context: ReadingContext,
    samples: impl Iterator<Item = &'s MeterSample>,
) {
    for sample in samples {
        // The names of measurands and phases are the same in all versions.
        let Some(measurand) = v2::Measurand::from_text(sample.measurand.as_str()) else { continue };
        let mut value = builder.add_sampled_value();
        value.value(sample.number()).measurand(measurand).context(context);
        if let Some(phase) = sample.phase.and_then(|phase| v2::Phase::from_text(phase.as_str())) {
            value.phase(phase);
        }
        if let Some(unit) = words::unit(sample.measurand.unit()) {
            value.unit_of_measure().unit(unit);
        }
        let most = if edition.is_2_1() { usize::MAX } else { 2500 };
        if let Some(signed) = sample.signed.as_ref().filter(|signed| signed.data.len() <= most) {
            let mut told = value.signed_meter_value();
            told.signed_meter_data(&signed.data).signing_method(&signed.signing_method);
            told.encoding_method(&signed.encoding_method).public_key(&signed.public_key);
        }
    }
    builder.timestamp(at);
}
