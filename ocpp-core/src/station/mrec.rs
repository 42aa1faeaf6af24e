//! Minimum required error codes of the ChargeX consortium: faults with names that every server can know.

#[cfg(feature = "serde")]
use serde::{Deserialize, Serialize};

/// A minimum required error code (MREC).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(Serialize, Deserialize))]
pub enum Mrec {
    /// CX001: the lock at the vehicle's side failed.
    ConnectorLockFailure,
    /// CX002: a ground fault interrupter tripped.
    GroundFailure,
    /// CX003: less power because the station is hot.
    HighTemperature,
    /// CX004: overcurrent.
    OverCurrentFailure,
    /// CX005: the voltage at the vehicle is too high.
    OverVoltage,
    /// CX006: the voltage is too low.
    UnderVoltage,
    /// CX007: the modem is weak.
    WeakSignal,
    /// CX008: an emergency stop.
    EmergencyStop,
    /// CX009: no authorization in time.
    AuthorizationTimeout,
    /// CX010: the vehicle is in a mode in which it cannot charge.
    InvalidVehicleMode,
    /// CX011: the cable check failed.
    CableCheckFault,
    /// CX012: precharging failed.
    PreChargeFault,
    /// CX013: no connection to the internet.
    NoInternet,
    /// CX014: a fault of the control pilot.
    PilotFault,
    /// CX015: the supply is gone.
    PowerLoss,
    /// CX016: a contactor of the vehicle failed.
    EvContactorFault,
    /// CX017: a contactor of the station failed.
    EvseContactorFault,
    /// CX018: less power because the cable is hot.
    CableOverTempDerate,
    /// CX019: no power because the cable is hot.
    CableOverTempStop,
    /// CX020: the plug is not wholly in.
    PartialInsertion,
    /// CX021: a fault of the capacitance.
    CapacitanceFault,
    /// CX022: a fault of the insulation resistance.
    ResistanceFault,
    /// CX023: a fault of the proximity pilot.
    ProximityFault,
    /// CX024: a high voltage at the connector.
    ConnectorVoltageHigh,
    /// CX025: the latch is broken.
    BrokenLatch,
    /// CX026: the cable is cut.
    CutCable,
}

impl Mrec {
    /// Who defined the codes, as servers know it.
    pub const VENDOR_ID: &'static str = "https://chargex.inl.gov";

    /// All, by their numbers.
    pub const ALL: [Mrec; 26] = [
        Mrec::ConnectorLockFailure,
        Mrec::GroundFailure,
        Mrec::HighTemperature,
        Mrec::OverCurrentFailure,
        Mrec::OverVoltage,
        Mrec::UnderVoltage,
        Mrec::WeakSignal,
        Mrec::EmergencyStop,
        Mrec::AuthorizationTimeout,
        Mrec::InvalidVehicleMode,
        Mrec::CableCheckFault,
        Mrec::PreChargeFault,
        Mrec::NoInternet,
        Mrec::PilotFault,
        Mrec::PowerLoss,
        Mrec::EvContactorFault,
        Mrec::EvseContactorFault,
        Mrec::CableOverTempDerate,
        Mrec::CableOverTempStop,
        Mrec::PartialInsertion,
        Mrec::CapacitanceFault,
        Mrec::ResistanceFault,
        Mrec::ProximityFault,
        Mrec::ConnectorVoltageHigh,
        Mrec::BrokenLatch,
        Mrec::CutCable,
    ];

    /// The code, as it is sent.
    pub fn code(self) -> &'static str {
        match self {
            Mrec::ConnectorLockFailure => "CX001",
            Mrec::GroundFailure => "CX002",
            Mrec::HighTemperature => "CX003",
            Mrec::OverCurrentFailure => "CX004",
            Mrec::OverVoltage => "CX005",
            Mrec::UnderVoltage => "CX006",
            Mrec::WeakSignal => "CX007",
            Mrec::EmergencyStop => "CX008",
            Mrec::AuthorizationTimeout => "CX009",
            Mrec::InvalidVehicleMode => "CX010",
            Mrec::CableCheckFault => "CX011",
            Mrec::PreChargeFault => "CX012",
            Mrec::NoInternet => "CX013",
            Mrec::PilotFault => "CX014",
            Mrec::PowerLoss => "CX015",
            Mrec::EvContactorFault => "CX016",
            Mrec::EvseContactorFault => "CX017",
            Mrec::CableOverTempDerate => "CX018",
            Mrec::CableOverTempStop => "CX019",
            Mrec::PartialInsertion => "CX020",
            Mrec::CapacitanceFault => "CX021",
            Mrec::ResistanceFault => "CX022",
            Mrec::ProximityFault => "CX023",
            Mrec::ConnectorVoltageHigh => "CX024",
            Mrec::BrokenLatch => "CX025",
            Mrec::CutCable => "CX026",
        }
    }
}
