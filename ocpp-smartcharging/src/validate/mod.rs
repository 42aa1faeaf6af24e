//! Whether a profile may be installed: SetChargingProfile (1.6 §5.16, K01) and the profile of a remote start (§5.16.2, K05).
//!
//! All broken rules are found, in a fixed order; the first is the one to report.

mod context;
mod structure;
mod violation;

use alloc::vec::Vec;

pub use self::violation::{ReasonCode, Violation};
use crate::installation::Situation;
use crate::model::{InstalledProfile, OperationMode, RateUnit};

/// The version of OCPP whose rules apply.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Edition {
    /// OCPP 1.6 with its errata.
    V1_6,
    /// OCPP 2.0.1.
    V2_0_1,
    /// OCPP 2.1.
    V2_1,
}

/// How a profile reaches the station.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Delivery {
    /// By SetChargingProfile.
    SetChargingProfile,
    /// With a request to start a transaction, which does not run yet.
    RemoteStart,
    /// From another system than the CSMS.
    ExternalSystem,
}

/// What the station supports: its configuration keys, or the variables of its SmartChargingCtrlr.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Capabilities {
    /// ChargeProfileMaxStackLevel, ProfileStackLevel.
    pub max_stack_level: u32,
    /// ChargingScheduleMaxPeriods, PeriodsPerSchedule.
    pub max_periods: usize,
    /// MaxChargingProfilesInstalled, the upper limit of Entries.
    pub max_profiles: usize,
    /// ChargingScheduleAllowedChargingRateUnit, RateUnit.
    pub units: Vec<RateUnit>,
    /// Whether fewer phases than are wired can be used: ConnectorSwitch3to1PhaseSupported, Phases3to1.
    pub limits_phases: bool,
    /// Whether a single phase can be chosen: ACPhaseSwitchingSupported.
    pub switches_phase: bool,
    /// Whether a DC EVSE obeys phases of the grid: DCInputPhaseControl.
    pub controls_dc_input_phases: bool,
    /// SupportedAdditionalPurposes has PriorityCharging.
    pub priority_charging: bool,
    /// SupportedAdditionalPurposes has LocalGeneration.
    pub local_generation: bool,
    /// ExternalConstraintsProfileDisallowed.
    pub external_constraints_disallowed: bool,
    /// SupportsDynamicProfiles.
    pub dynamic_profiles: bool,
    /// SupportsUseLocalTime.
    pub local_time: bool,
    /// SupportsRandomizedDelay.
    pub randomized_delay: bool,
    /// SupportsLimitAtSoC.
    pub limit_at_soc: bool,
    /// SupportsEvseSleep.
    pub evse_sleep: bool,
    /// V2XSupportedOperationModes; ChargingOnly needs no mention.
    pub modes: Vec<OperationMode>,
    /// Whether thresholds and offsets of V2XLocalLoadBalancing are set and in order.
    pub load_balancing_thresholds: bool,
    /// MaxExternalConstraintsId.
    pub max_external_constraints_id: Option<i32>,
}

/// A profile about to be installed.
#[derive(Debug, Clone, Copy)]
pub struct Proposal<'a> {
    /// Whose rules apply.
    pub edition: Edition,
    /// How it came.
    pub delivery: Delivery,
    /// What the station supports.
    pub capabilities: &'a Capabilities,
    /// What is installed and running now.
    pub situation: Situation<'a>,
    /// The profile, where it is to be.
    pub proposed: &'a InstalledProfile,
}

impl Proposal<'_> {
    /// All rules that installing the profile would break. It may be installed if there are none.
    pub fn violations(&self) -> Vec<Violation> {
        let mut found = Vec::new();
        self.check_place(&mut found);
        self.check_others(&mut found);
        self.check_kind(&mut found);
        self.check_schedules(&mut found);
        found
    }
}

#[cfg(test)]
mod tests;
