//! TriggerMessage (1.6 §5.17): which message is told to go, and whether it can. The blocks send it.
//!
//! While the CSMS has the station wait (`Pending`, §4.2), these are the only messages that leave. Stores nothing.

use ocpp_types::v1_6::{MessageTrigger, TriggerMessageRequest, TriggerMessageStatus};

use super::Machine;
use super::settings::Key;
use crate::station::EvseId;
use crate::time::Instant;

impl Machine {
    /// Carries out a request.
    pub(super) fn on_trigger(&mut self, now: Instant, request: &TriggerMessageRequest) -> TriggerMessageStatus {
        let is_sent = match &request.requested_message {
            // Errata 3.35: not while the station is accepted.
            MessageTrigger::BootNotification => self.registration.trigger(),
            MessageTrigger::DiagnosticsStatusNotification => {
                self.diagnostics.reports.trigger();
                true
            }
            MessageTrigger::FirmwareStatusNotification => {
                self.firmware.reports.trigger();
                true
            }
            MessageTrigger::Heartbeat => {
                self.heartbeat.trigger();
                true
            }
            MessageTrigger::MeterValues => self.trigger_readings(now, request.connector_id),
            MessageTrigger::StatusNotification => self.status.trigger(request.connector_id),
            MessageTrigger::Unrecognized(_) => return TriggerMessageStatus::NotImplemented,
        };
        if is_sent { TriggerMessageStatus::Accepted } else { TriggerMessageStatus::Rejected }
    }

    /// Readings of a connector, or of each. There is no main meter: connector 0 has none.
    fn trigger_readings(&mut self, now: Instant, connector: Option<i64>) -> bool {
        if self.settings.measurands(Key::MeterValuesSampledData).is_empty() {
            return false;
        }
        let wanted = |evse: EvseId| connector.is_none_or(|number| number == i64::from(evse.0));
        let mut is_any = false;
        for connector in self.connectors.iter_mut().filter(|connector| wanted(connector.evse)) {
            connector.trigger_reading(now);
            is_any = true;
        }
        is_any
    }
}
