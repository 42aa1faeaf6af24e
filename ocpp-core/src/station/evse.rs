//! The hardware of one EVSE: facts that firmware reports and orders that it carries out.
//!
//! Facts may be repeated, in any order. The machine is never in the safety loop: firmware opens the contactor on its own
//! when it must, and reports it.

use alloc::boxed::Box;

use ocpp_types::SmallString;
#[cfg(feature = "serde")]
use serde::{Deserialize, Serialize};

use super::{Bay, ChargingNeeds, Faults, MeterReading, Mrec};

/// The number of an EVSE, from 1. In OCPP 1.6, which numbers all connectors through (1.6 §3.8), it is the connector's number where each
/// EVSE has one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[cfg_attr(feature = "serde", derive(Serialize, Deserialize))]
pub struct EvseId(pub u16);

/// The number of a connector of its EVSE, from 1.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[cfg_attr(feature = "serde", derive(Serialize, Deserialize))]
pub struct ConnectorId(pub u16);

impl ConnectorId {
    /// The one that is meant where none is named.
    pub const FIRST: ConnectorId = ConnectorId(1);
}

/// A fact about an EVSE. What is told of a connector and names none is about connector 1.
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(Serialize, Deserialize))]
#[non_exhaustive]
pub enum EvseInput {
    /// What hangs at the socket.
    Cable(Cable),
    /// What the vehicle asks for.
    Vehicle(Vehicle),
    /// Whether the contactor conducts.
    Contactor(Contactor),
    /// The state of the plug lock.
    Lock(Lock),
    /// A fault appeared, or changed, beside those that are there: [`Fault::code`],
    /// [`Fault::vendor_error_code`] and [`Fault::vendor_id`] say which one.
    Fault(Fault),
    /// What has this code is gone, other faults are not.
    FaultEnded(FaultCode),
    /// All faults are gone.
    FaultCleared,
    /// The meter's values now: pushed at any time, or after [`EvseAction::ReadMeter`].
    Meter(MeterReading),
    /// Whether a vehicle stands in its bay. 1.6 has no use for it.
    Bay(Bay),
    /// How full the vehicle's battery is, in percent, until it leaves: a value of the readings (`SoC`) that do not show it themselves.
    StateOfCharge(u8),
    /// What the vehicle needs, until it leaves.
    ChargingNeeds(Box<ChargingNeeds>),
    /// About one of its connectors.
    Connector(ConnectorId, ConnectorInput),
}

/// A fact about one connector of an EVSE.
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(Serialize, Deserialize))]
#[non_exhaustive]
pub enum ConnectorInput {
    /// What hangs at it. Of several connectors one is in use at a time: the first at which something hangs, until it is gone.
    Cable(Cable),
    /// The state of its plug lock.
    Lock(Lock),
}

/// What hangs at the socket. With a fixed cable, `Plugged` never occurs.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(Serialize, Deserialize))]
pub enum Cable {
    /// Nothing.
    #[default]
    Absent,
    /// A cable without a vehicle.
    Plugged,
    /// A vehicle.
    Connected,
}

/// What the vehicle asks for (IEC 61851: `Ready` is state C or D).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(Serialize, Deserialize))]
pub enum Vehicle {
    /// No energy now.
    #[default]
    Paused,
    /// Energy.
    Ready,
}

/// Whether the contactor conducts.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(Serialize, Deserialize))]
pub enum Contactor {
    /// It does not.
    #[default]
    Open,
    /// It does.
    Closed,
}

/// The plug lock, as it is (fact) or shall be (order).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(Serialize, Deserialize))]
pub enum Lock {
    /// The plug can be taken.
    #[default]
    Unlocked,
    /// The plug is held.
    Locked,
}

/// A fault of an EVSE.
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(Serialize, Deserialize))]
pub struct Fault {
    /// The kind of fault.
    pub code: FaultCode,
    /// Whether charging is impossible. A warning leaves the status as it is (1.6 §4.9).
    pub is_blocking: bool,
    /// Free text, at most 50 characters on the wire.
    pub info: Option<SmallString>,
    /// The vendor's own code, at most 50 characters on the wire. Beside [`FaultCode::Mrec`] it is the text, if there is none.
    pub vendor_error_code: Option<SmallString>,
    /// Whose code that is, at most 255 characters on the wire. Beside [`FaultCode::Mrec`] it is the one that numbered it.
    #[cfg_attr(feature = "serde", serde(default, skip_serializing_if = "Option::is_none"))]
    pub vendor_id: Option<SmallString>,
}

impl Fault {
    /// Whether both are the same fault, which may have changed: the code, the vendor's code and the vendor say which.
    pub(crate) fn is_same(&self, other: &Self) -> bool {
        (self.code, &self.vendor_error_code, &self.vendor_id)
            == (other.code, &other.vendor_error_code, &other.vendor_id)
    }
}

/// Kinds of faults that both protocol families can express (1.6 §7.6).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(Serialize, Deserialize))]
pub enum FaultCode {
    /// The plug lock failed.
    ConnectorLockFailure,
    /// Communication with the vehicle failed.
    EvCommunicationError,
    /// A ground fault interrupter tripped.
    GroundFailure,
    /// The station is too hot.
    HighTemperature,
    /// An internal fault of hardware or software.
    InternalError,
    /// The CSMS and its own local list disagree about a token (1.6 §3.5.2); the station reports it by itself.
    LocalListConflict,
    /// Any other fault; see the vendor's code.
    OtherError,
    /// Overcurrent.
    OverCurrentFailure,
    /// Voltage above the limit.
    OverVoltage,
    /// The meter cannot be read.
    PowerMeterFailure,
    /// The contactor failed.
    PowerSwitchFailure,
    /// The token reader failed.
    ReaderFailure,
    /// The station cannot reset itself.
    ResetFailure,
    /// Voltage below the limit.
    UnderVoltage,
    /// The modem is weak.
    WeakSignal,
    /// One that ChargeX gave a code. In 1.6 it is reported as the nearest of the kinds above, with that code as the vendor's.
    Mrec(Mrec),
}

/// The most that may be drawn.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(Serialize, Deserialize))]
pub enum SiteLimit {
    /// In mA: of alternating current on each phase, of direct current at the vehicle.
    Milliamps(u32),
    /// In mW.
    Milliwatts(u64),
}

/// An order to one connector of an EVSE.
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(Serialize, Deserialize))]
pub enum ConnectorAction {
    /// Whether the plug shall be held.
    Lock(Lock),
}

/// An order to an EVSE. `Power`, `Lock` and `Limit` are desired levels, repeated only when they change.
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(Serialize, Deserialize))]
pub enum EvseAction {
    /// Whether energy may flow.
    Power(Power),
    /// Whether the plug shall be held. An EVSE without a lock ignores it.
    Lock(Lock),
    /// Draw no more than this from now on. Until the first such order after a start of the station, and where no profile
    /// limits it, the EVSE may draw what [`Supply`](super::Supply) says.
    Limit(Limit),
    /// Report the meter's values soon. Without an answer in time the last values are used and marked so.
    ReadMeter,
    /// To another of its connectors than connector 1.
    Connector(ConnectorId, ConnectorAction),
    /// Restart its hardware, without the rest of the station (2.x B11, B12). No transaction runs there. What it wants is ordered anew
    /// afterwards, and what changed of its facts is to be told.
    Reset,
}

/// Whether energy may flow.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(Serialize, Deserialize))]
pub enum Power {
    /// It may not.
    #[default]
    Off,
    /// It may.
    On,
}

/// How much an EVSE may give to the vehicle. Zero comes together with the order to give none.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(Serialize, Deserialize))]
pub enum Limit {
    /// Alternating current.
    Ac {
        /// On each phase, in milliamperes.
        milliamps: u32,
        /// How many phases may be used, 1 to 3. An EVSE that cannot switch phases keeps to the current on those it has.
        phases: u8,
    },
    /// Direct current.
    Dc {
        /// The power, in milliwatts.
        milliwatts: u64,
    },
}

impl Limit {
    /// Whether nothing may be given.
    pub fn is_zero(self) -> bool {
        match self {
            Limit::Ac { milliamps, .. } => milliamps == 0,
            Limit::Dc { milliwatts } => milliwatts == 0,
        }
    }

    /// A measure to compare limits of one EVSE by: of all phases together.
    #[cfg(feature = "smart_charging")]
    pub(crate) fn total(self) -> u64 {
        match self {
            Limit::Ac { milliamps, phases } => u64::from(milliamps) * u64::from(phases),
            Limit::Dc { milliwatts } => milliwatts,
        }
    }
}

/// All facts of one EVSE as last reported, and the orders as last given.
#[derive(Clone, Debug, Default)]
pub(crate) struct EvseFacts {
    pub cable: Cable,
    pub vehicle: Vehicle,
    pub contactor: Contactor,
    pub lock: Lock,
    pub bay: Bay,
    /// How full the vehicle's battery is, in percent.
    pub state_of_charge: Option<u8>,
    pub charging_needs: Option<Box<ChargingNeeds>>,
    pub faults: Faults,
    /// What was ordered; none before the first order, which so always goes out.
    power: Option<Power>,
    desired_lock: Option<Lock>,
    /// None while the EVSE's own limit holds.
    #[cfg(feature = "smart_charging")]
    limit: Option<Limit>,
}

impl EvseFacts {
    /// The order for a power level; none when it stands already.
    #[must_use]
    pub fn order_power(&mut self, power: Power) -> Option<EvseAction> {
        let old = self.power.replace(power);
        (old != Some(power)).then_some(EvseAction::Power(power))
    }

    /// The order for the lock; none when it stands already.
    #[must_use]
    pub fn order_lock(&mut self, lock: Lock) -> Option<EvseAction> {
        let old = self.desired_lock.replace(lock);
        (old != Some(lock)).then_some(EvseAction::Lock(lock))
    }

    /// The order for a limit; none when it stands already, be it as `own` limit of the EVSE.
    #[cfg(feature = "smart_charging")]
    #[must_use]
    pub fn order_limit(&mut self, limit: Limit, own: Limit) -> Option<EvseAction> {
        let old = self.limit(own);
        self.limit = Some(limit);
        (old != limit).then_some(EvseAction::Limit(limit))
    }

    /// The limit that stands, at first the EVSE's `own`.
    #[cfg(feature = "smart_charging")]
    pub fn limit(&self, own: Limit) -> Limit {
        self.limit.unwrap_or(own)
    }

    /// The next order for the lock goes out, whatever was ordered before.
    pub fn forget_lock_order(&mut self) {
        self.desired_lock = None;
    }

    /// Every order goes out once more.
    #[cfg(feature = "transaction_events")]
    pub fn forget_orders(&mut self) {
        (self.power, self.desired_lock) = (None, None);
        #[cfg(feature = "smart_charging")]
        {
            self.limit = None;
        }
    }

    /// The power level ordered last.
    pub fn power(&self) -> Power {
        self.power.unwrap_or_default()
    }

    /// A fault that makes charging impossible.
    pub fn blocking_fault(&self) -> Option<&Fault> {
        self.faults.blocking()
    }
}
