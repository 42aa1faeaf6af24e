//! Alert events (N07) and the failure of a plug's lock (G05): what the hardware reports, as a problem of the component that has it.
//!
//! In: an [`Alert`] of the site. Out: a NotifyEventRequest with that event alone. Monitors that the CSMS sets are not part of it.

use ocpp_types::datetime::UnixMillis;
use ocpp_types::tables::v2::{self, EventNotification, EventTrigger};
use ocpp_types::tables::{Edition, View as _};

use crate::face::failure::{Message, message};
use crate::site::alerts::Alert;
use crate::station::{FaultCode, Mrec};

/// The lock that holds a plug in a socket.
pub(super) const LOCK: &str = "ConnectorPlugRetentionLock";
const CONNECTOR: &str = "Connector";

/// N07.FR.06, N07.FR.07, G05.FR.02. A problem that is over is told as cleared (§3.14 of the data types).
pub(super) fn notify_event(edition: Edition, alert: &Alert, at: UnixMillis, now: UnixMillis) -> Message {
    message(v2::NotifyEventRequest::to_json(edition, |mut request| {
        request.generated_at(now).seq_no(0);
        let mut event = request.add_event_data();
        event.event_id(alert.id.into()).timestamp(at).trigger(EventTrigger::Alerting);
        event.event_notification_type(EventNotification::HardWiredNotification);
        event.actual_value(if alert.has_gone { "false" } else { "true" });
        if alert.has_gone {
            event.cleared(true);
        }
        let fault = &alert.fault;
        let code = match fault.code {
            FaultCode::Mrec(mrec) => Some(mrec.code()),
            _ => fault.vendor_error_code.as_deref(),
        };
        if let Some(code) = code {
            event.cut().tech_code(code);
        }
        if let Some(info) = &fault.info {
            event.cut().tech_info(info);
        }
        let name = component(fault.code).unwrap_or(if alert.place.is_some() { "EVSE" } else { "ChargingStation" });
        let mut component = event.component();
        component.name(name);
        if let Some(spot) = alert.place {
            let mut evse = component.evse();
            evse.id(spot.evse.0.into());
            if name == LOCK || name == CONNECTOR {
                evse.connector_id(spot.connector.0.into());
            }
        }
        event.variable().name("Problem");
    }))
}

/// The component whose problem it is (appendix 3 of 2.0.1); none if it is that of the place as a whole.
pub(super) fn component(code: FaultCode) -> Option<&'static str> {
    Some(match code {
        FaultCode::ConnectorLockFailure | FaultCode::Mrec(Mrec::ConnectorLockFailure | Mrec::BrokenLatch) => LOCK,
        FaultCode::GroundFailure | FaultCode::Mrec(Mrec::GroundFailure) => "RCD",
        FaultCode::HighTemperature
        | FaultCode::Mrec(Mrec::HighTemperature | Mrec::CableOverTempDerate | Mrec::CableOverTempStop) => {
            "TemperatureSensor"
        }
        FaultCode::OverCurrentFailure | FaultCode::Mrec(Mrec::OverCurrentFailure) => "OverCurrentProtection",
        FaultCode::OverVoltage
        | FaultCode::UnderVoltage
        | FaultCode::Mrec(Mrec::OverVoltage | Mrec::UnderVoltage | Mrec::PowerLoss) => "ElectricalFeed",
        FaultCode::PowerMeterFailure => "FiscalMetering",
        FaultCode::PowerSwitchFailure | FaultCode::Mrec(Mrec::EvseContactorFault) => "PowerContactor",
        FaultCode::ReaderFailure | FaultCode::Mrec(Mrec::AuthorizationTimeout) => "TokenReader",
        FaultCode::InternalError | FaultCode::ResetFailure => "Controller",
        FaultCode::LocalListConflict => "LocalAuthListCtrlr",
        FaultCode::WeakSignal | FaultCode::Mrec(Mrec::WeakSignal | Mrec::NoInternet) => "DataLink",
        FaultCode::Mrec(Mrec::EmergencyStop) => "EmergencyStopSensor",
        FaultCode::Mrec(Mrec::PilotFault) => "CPPWMController",
        FaultCode::EvCommunicationError
        | FaultCode::Mrec(
            Mrec::InvalidVehicleMode | Mrec::CableCheckFault | Mrec::PreChargeFault | Mrec::EvContactorFault,
        ) => "ConnectedEV",
        FaultCode::Mrec(
            Mrec::PartialInsertion
            | Mrec::CapacitanceFault
            | Mrec::ResistanceFault
            | Mrec::ProximityFault
            | Mrec::ConnectorVoltageHigh
            | Mrec::CutCable,
        ) => CONNECTOR,
        FaultCode::OtherError => return None,
    })
}
