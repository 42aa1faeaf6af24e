//! TriggerMessage (1.6 §5.17) and ExtendedTriggerMessage (1.6 security §5.5): which message is told to go, and whether it can.
//! The blocks send it.
//!
//! While the CSMS has the station wait (`Pending`, §4.2), these are the only messages that leave. Stores nothing.

#[cfg(feature = "security")]
use ocpp_types::tables::v1_6::{ExtendedMessageTrigger, ExtendedTriggerMessageRequest};
use ocpp_types::tables::v1_6::{MessageTrigger, TriggerMessageRequest, TriggerMessageStatus};

use super::Face;
use super::sender::Awaited;
use crate::site::Site;
#[cfg(feature = "firmware_management")]
use crate::site::firmware::JobStatus;
#[cfg(feature = "firmware_management")]
use crate::site::reports::Form;
use crate::site::settings::Setting;
use crate::site::shared::Shared;
use crate::station::EvseId;

/// A message that either request can ask for.
#[derive(Clone, Copy)]
enum Wanted {
    Boot,
    Heartbeat,
    Readings,
    Status,
    #[cfg(feature = "firmware_management")]
    Job(JobStatus),
}

impl Face {
    /// Carries out a TriggerMessage.
    pub(super) fn on_trigger(
        &mut self,
        site: &mut Site,
        shared: &Shared,
        request: TriggerMessageRequest<'_>,
    ) -> TriggerMessageStatus {
        let wanted = match request.requested_message() {
            MessageTrigger::BootNotification => Wanted::Boot,
            #[cfg(feature = "firmware_management")]
            MessageTrigger::DiagnosticsStatusNotification => Wanted::Job(JobStatus::Upload(Form::Plain)),
            #[cfg(feature = "firmware_management")]
            MessageTrigger::FirmwareStatusNotification => Wanted::Job(JobStatus::Firmware(Form::Plain)),
            #[cfg(not(feature = "firmware_management"))]
            MessageTrigger::DiagnosticsStatusNotification | MessageTrigger::FirmwareStatusNotification => {
                return TriggerMessageStatus::NotImplemented;
            }
            MessageTrigger::Heartbeat => Wanted::Heartbeat,
            MessageTrigger::MeterValues => Wanted::Readings,
            MessageTrigger::StatusNotification => Wanted::Status,
            MessageTrigger::Unrecognized => return TriggerMessageStatus::NotImplemented,
        };
        verdict(self.trigger(site, shared, wanted, request.connector_id()))
    }

    /// Carries out an ExtendedTriggerMessage: it asks for the messages of the security white paper.
    #[cfg(feature = "security")]
    pub(super) fn on_extended_trigger(
        &mut self,
        site: &mut Site,
        shared: &mut Shared,
        request: ExtendedTriggerMessageRequest<'_>,
    ) -> TriggerMessageStatus {
        let wanted = match request.requested_message() {
            ExtendedMessageTrigger::BootNotification => Wanted::Boot,
            ExtendedMessageTrigger::FirmwareStatusNotification => Wanted::Job(JobStatus::Firmware(Form::Numbered)),
            ExtendedMessageTrigger::Heartbeat => Wanted::Heartbeat,
            ExtendedMessageTrigger::LogStatusNotification => Wanted::Job(JobStatus::Upload(Form::Numbered)),
            ExtendedMessageTrigger::MeterValues => Wanted::Readings,
            ExtendedMessageTrigger::SignChargePointCertificate => {
                return {
                    let (certificates, mut desk) = site.certificates(shared);
                    verdict(certificates.make(&mut desk, true))
                };
            }
            ExtendedMessageTrigger::StatusNotification => Wanted::Status,
            ExtendedMessageTrigger::Unrecognized => return TriggerMessageStatus::NotImplemented,
        };
        verdict(self.trigger(site, shared, wanted, request.connector_id()))
    }

    /// True if the message will be sent.
    fn trigger(&mut self, site: &mut Site, shared: &Shared, wanted: Wanted, connector: Option<i64>) -> bool {
        match wanted {
            // Errata 3.35: not while the station is accepted.
            Wanted::Boot => site.registration.trigger(),
            Wanted::Heartbeat => {
                site.heartbeat.trigger();
                true
            }
            Wanted::Readings => trigger_readings(site, shared, connector),
            Wanted::Status => {
                self.wake(Awaited::StatusNotification);
                site.status.trigger(connector)
            }
            #[cfg(feature = "firmware_management")]
            Wanted::Job(status) => {
                self.wake(Awaited::JobStatus(status));
                site.firmware.trigger(status);
                true
            }
        }
    }
}

/// Readings of a connector, or of each. There is no main meter: connector 0 has none.
fn trigger_readings(site: &mut Site, shared: &Shared, connector: Option<i64>) -> bool {
    if site.settings.measurands(Setting::TxUpdatedMeasurands).is_empty() {
        return false;
    }
    // A number out of range, and 0, are those of no connector.
    let place = |number| u16::try_from(number).map_or(EvseId(0), |number| shared.config.place_of(number).0);
    let wanted = |evse: EvseId| connector.is_none_or(|number| place(number) == evse);
    let mut is_any = false;
    for evse in site.evses.iter_mut().filter(|evse| wanted(evse.id)) {
        evse.trigger_reading(shared.now);
        is_any = true;
    }
    is_any
}

fn verdict(is_sent: bool) -> TriggerMessageStatus {
    if is_sent { TriggerMessageStatus::Accepted } else { TriggerMessageStatus::Rejected }
}
