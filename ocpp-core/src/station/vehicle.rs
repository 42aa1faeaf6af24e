//! What is known of a vehicle and of the bay before it (2.x K15 to K17, E01).

#[cfg(feature = "serde")]
use serde::{Deserialize, Serialize};

use chrono::{DateTime, Utc};
use ocpp_types::SmallString;

/// Whether a vehicle stands in the bay of an EVSE, as a detector there tells.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(Serialize, Deserialize))]
pub enum Bay {
    /// None does.
    #[default]
    Free,
    /// One does.
    Occupied,
}

/// What a vehicle needs, as it said by ISO 15118 (2.x NotifyEVChargingNeeds). 1.6 has no words for it: there it is shown by
/// [`EvseView::charging_needs`](super::EvseView::charging_needs) alone.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(Serialize, Deserialize), serde(deny_unknown_fields, default))]
#[non_exhaustive]
pub struct ChargingNeeds {
    /// How it charges, in a word of 2.x (EnergyTransferModeEnumType), such as `AC_three_phase` or `DC`.
    pub energy_transfer: SmallString,
    /// When it leaves.
    pub departure: Option<DateTime<Utc>>,
    /// How many schedules it takes at most.
    pub max_schedules: Option<u32>,
    /// Of alternating current.
    pub ac: Option<AcNeeds>,
    /// Of direct current.
    pub dc: Option<DcNeeds>,
}

impl ChargingNeeds {
    /// Of a vehicle that charges in this way.
    pub fn new(energy_transfer: &str) -> Self {
        ChargingNeeds { energy_transfer: SmallString::new(energy_transfer), ..Self::default() }
    }
}

/// What a vehicle needs of alternating current (2.x ACChargingParametersType).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(Serialize, Deserialize), serde(deny_unknown_fields, default))]
#[non_exhaustive]
pub struct AcNeeds {
    /// The energy, in Wh.
    pub energy_wh: u32,
    /// The least current on each phase, in mA.
    pub min_milliamps: u32,
    /// The greatest current on each phase, in mA.
    pub max_milliamps: u32,
    /// The greatest voltage, in mV.
    pub max_millivolts: u32,
}

/// What a vehicle needs of direct current (2.x DCChargingParametersType).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(Serialize, Deserialize), serde(deny_unknown_fields, default))]
#[non_exhaustive]
pub struct DcNeeds {
    /// The greatest current, in mA.
    pub max_milliamps: u32,
    /// The greatest voltage, in mV.
    pub max_millivolts: u32,
    /// The energy, in Wh.
    pub energy_wh: Option<u32>,
    /// The greatest power, in W.
    pub max_watts: Option<u32>,
    /// How full its battery is, in percent.
    pub state_of_charge: Option<u8>,
    /// What its battery holds, in Wh.
    pub capacity_wh: Option<u32>,
    /// When it counts as full, in percent.
    pub full_soc: Option<u8>,
    /// When it ends to charge fast, in percent.
    pub bulk_soc: Option<u8>,
}
