//! What a calculation starts from: the station as built, its profiles, its transactions.

use alloc::string::String;
use alloc::vec::Vec;

use chrono::{DateTime, Utc};

use crate::model::{EvseId, InstalledProfile};
use crate::time::LocalTime;
use crate::units::{PhaseRule, Supply};

/// The station as built and configured.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Installation {
    /// Nominal voltage between phase and neutral: the set value of the region, never a measured one (K01.FR.50).
    pub line_millivolts: u32,
    /// Phases of the grid connection, 1 to 3.
    pub grid_phases: u8,
    /// The EVSEs, of which the first has number 1.
    pub evses: Vec<Evse>,
    /// Whether the local limits also cap what profiles allow. They should, except to report what profiles alone say.
    pub cap_at_local_limit: bool,
    /// How limits in watts become currents.
    pub phase_rule: PhaseRule,
    /// Whose setpoint counts when two are given.
    pub setpoint_priority: SetpointPriority,
    /// The station's civil time.
    pub local_time: LocalTime,
}

impl Installation {
    /// The EVSE of this number.
    pub fn evse(&self, id: EvseId) -> Option<&Evse> {
        self.evses.get(usize::try_from(id.0).ok()?.checked_sub(1)?)
    }

    /// The EVSEs with their numbers.
    pub fn numbered(&self) -> impl Iterator<Item = (EvseId, &Evse)> + Clone {
        (1..).map(EvseId).zip(&self.evses)
    }
}

/// One EVSE as built.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Evse {
    /// What feeds it.
    pub supply: Supply,
    /// What hardware and wiring allow: the limit where no profile applies.
    pub local_limit: LocalLimit,
}

/// A limit in both units; the one of the unit asked for is used.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LocalLimit {
    /// Current per phase.
    pub milliamperes: i64,
    /// Power of all phases.
    pub milliwatts: i64,
}

/// `SmartChargingCtrlr.SetpointPriority` of 2.1.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum SetpointPriority {
    /// The setpoint of the external constraints.
    #[default]
    ExternalSystem,
    /// The setpoint of the transaction's profile.
    Csms,
}

/// A running transaction.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Transaction {
    /// The EVSE it runs on.
    pub evse: EvseId,
    /// Its identifier; in 1.6 unknown until the CSMS has given it.
    pub id: Option<String>,
    /// When the driver was authorised and the vehicle connected, from which relative schedules count (K01.FR.42).
    /// Until then they count from the instant of the calculation. By the clock as it is now: told anew when the clock
    /// steps.
    pub ready_at: Option<DateTime<Utc>>,
    /// Whether a priority charging profile replaces the others (K21, K22).
    pub priority_charging: bool,
    /// Makes the random delays of this transaction (K01.FR.93): drawn once at its start. Without, nothing is delayed.
    pub delay_seed: Option<u64>,
    /// Which of several schedules of a profile is followed (K15.FR.22); 0 is the first.
    pub schedule_index: usize,
    /// State of charge of the vehicle, 0 to 100 %, where it is known (K01.FR.100).
    pub soc_percent: Option<u8>,
    /// Whether the station reported the vehicle's charging needs, which a profile with several schedules may answer
    /// (K01.FR.34).
    pub charging_needs_sent: bool,
}

impl Transaction {
    /// A transaction without any of the rarer facts.
    pub fn new(evse: EvseId, id: Option<String>, ready_at: Option<DateTime<Utc>>) -> Self {
        Self {
            evse,
            id,
            ready_at,
            priority_charging: false,
            delay_seed: None,
            schedule_index: 0,
            soc_percent: None,
            charging_needs_sent: false,
        }
    }
}

/// Everything a limit depends on, but the time.
#[derive(Debug, Clone, Copy)]
pub struct Situation<'a> {
    /// The station.
    pub installation: &'a Installation,
    /// All installed profiles, in any order.
    pub profiles: &'a [InstalledProfile],
    /// The running transactions, at most one per EVSE.
    pub transactions: &'a [Transaction],
    /// Since when there has been no connection to the CSMS; none while there is one.
    pub offline_since: Option<DateTime<Utc>>,
}

impl<'a> Situation<'a> {
    /// The transaction on `evse`.
    pub fn transaction_on(&self, evse: EvseId) -> Option<&'a Transaction> {
        self.transactions.iter().find(|transaction| transaction.evse == evse)
    }
}
