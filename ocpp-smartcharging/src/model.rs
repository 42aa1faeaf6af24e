//! Charging profiles in one shape for OCPP 1.6, 2.0.1 and 2.1.
//!
//! The fields mirror the messages, also where a message breaks a rule: what is wrong with a profile is for
//! [`validate`](crate::validate) to say. Rates are integers in thousandths of the schedule's unit, times of a schedule
//! whole seconds.

use alloc::boxed::Box;
use alloc::string::String;
use alloc::vec::Vec;

use chrono::{DateTime, Utc};

/// Number of an EVSE; in OCPP 1.6 of a connector.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct EvseId(pub u32);

impl EvseId {
    /// The whole station, that is its connection to the grid.
    pub const STATION: Self = Self(0);

    /// Whether this means the whole station.
    pub fn is_station(self) -> bool {
        self == Self::STATION
    }
}

/// `id` of a charging profile (1.6: `chargingProfileId`), unique within a station; may be negative.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct ProfileId(pub i32);

/// What a profile is for (1.6 §7.10, 2.1 part 2 K §3.2).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub enum Purpose {
    /// The station as a whole (1.6: `ChargePointMaxProfile`).
    StationMax,
    /// What another system than the CSMS imposes. Not in 1.6.
    ExternalConstraints,
    /// Transactions that have no profile of their own.
    TxDefault,
    /// One transaction.
    Tx,
    /// Overrules [`Tx`](Self::Tx) and [`TxDefault`](Self::TxDefault) while a transaction is given priority. Only 2.1.
    Priority,
    /// Capacity added on top of the merged limit. Only 2.1.
    LocalGeneration,
}

/// From when the periods of a schedule count (1.6 §7.9, 2.1 part 2 K §3.3).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub enum Kind {
    /// From `start_schedule`.
    Absolute,
    /// From `start_schedule`, and again each day or week.
    Recurring,
    /// From when the transaction was ready to deliver energy (K01.FR.42).
    Relative,
    /// From the last update of its only period. Only 2.1.
    Dynamic,
}

/// How often a recurring schedule restarts: each 24 hours, or each 7 days, after `start_schedule` (1.6 errata 3.79).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub enum Recurrency {
    /// Each 24 hours.
    Daily,
    /// Each 7 days.
    Weekly,
}

impl Recurrency {
    /// The seconds from one start to the next.
    pub const fn seconds(self) -> u32 {
        match self {
            Self::Daily => 86_400,
            Self::Weekly => 7 * 86_400,
        }
    }
}

/// What the rates of a schedule are.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub enum RateUnit {
    /// Current per phase (K01.FR.51); rates are in milliamperes.
    Amperes,
    /// Power of all phases together, unless values for L2 and L3 are given; rates are in milliwatts.
    Watts,
}

/// Who controls the rate during a period, and in which direction (2.1 part 2 K §3.4, Q §2).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub enum OperationMode {
    /// No energy in either direction.
    Idle,
    /// Charging up to the limit: all there is before 2.1, and the default.
    #[default]
    ChargingOnly,
    /// The CSMS gives a setpoint.
    CentralSetpoint,
    /// Another system gives the setpoint.
    ExternalSetpoint,
    /// Another system gives the limits.
    ExternalLimits,
    /// Frequency support steered by the CSMS.
    CentralFrequency,
    /// Frequency support by the station's own measurement.
    LocalFrequency,
    /// Keeps the load at the grid connection between thresholds.
    LocalLoadBalancing,
}

/// A charging profile.
#[derive(Debug, Clone, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct ChargingProfile {
    /// Unique within the station.
    pub id: ProfileId,
    /// Higher levels overrule lower ones of the same purpose (K01.FR.17).
    pub stack_level: u32,
    /// What it is for.
    pub purpose: Purpose,
    /// From when its periods count.
    pub kind: Kind,
    /// The recurrence of [`Kind::Recurring`]; without meaning for other kinds.
    pub recurrency: Option<Recurrency>,
    /// Valid from this instant on (K01.FR.36).
    #[cfg_attr(feature = "serde", serde(with = "chrono::serde::ts_milliseconds_option"))]
    pub valid_from: Option<DateTime<Utc>>,
    /// Not valid from this instant on (K01.FR.37).
    #[cfg_attr(feature = "serde", serde(with = "chrono::serde::ts_milliseconds_option"))]
    pub valid_to: Option<DateTime<Utc>>,
    /// The transaction of a [`Purpose::Tx`] profile. 1.6 leaves it out in RemoteStartTransaction (§5.16.2).
    pub transaction_id: Option<String>,
    /// Exactly one before 2.0.1; up to three alternatives for ISO 15118 later (K01.FR.34).
    pub schedules: Vec<ChargingSchedule>,
    /// After this many seconds offline the profile is not valid (K01.FR.101). Only 2.1.
    pub max_offline_seconds: Option<u32>,
    /// Once invalid for being offline, it stays so (K01.FR.102). Only 2.1.
    pub invalid_after_offline: bool,
    /// A dynamic profile asks for an update after this many seconds (K28.FR.10). Only 2.1.
    pub dyn_update_interval_seconds: Option<u32>,
    /// The last update of a dynamic profile (K28.FR.05, K28.FR.09). Only 2.1.
    #[cfg_attr(feature = "serde", serde(with = "chrono::serde::ts_milliseconds_option"))]
    pub dyn_update_time: Option<DateTime<Utc>>,
}

/// A list of periods with a common start and unit.
#[derive(Debug, Clone, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct ChargingSchedule {
    /// Identifies the schedule in 2.x; 0 in 1.6, which has none.
    pub id: i32,
    /// Start of an absolute or recurring schedule. With [`use_local_time`](Self::use_local_time) the civil time as it
    /// was written, its zone disregarded and taken as UTC (K01.FR.90).
    #[cfg_attr(feature = "serde", serde(with = "chrono::serde::ts_milliseconds_option"))]
    pub start_schedule: Option<DateTime<Utc>>,
    /// Length of the schedule in seconds; without it the last period goes on.
    pub duration_seconds: Option<u32>,
    /// The unit of all rates.
    pub unit: RateUnit,
    /// In order of their starts, the first at 0 (K01.FR.31, K01.FR.35).
    pub periods: Vec<SchedulePeriod>,
    /// Charging below this rate is inefficient (K01.FR.21); thousandths of the unit.
    pub min_charging_rate_milli: Option<i64>,
    /// Upper bound of the random delay of each period but the first, in seconds (K01.FR.92). Only 2.1.
    pub randomized_delay_seconds: u32,
    /// Follow the station's civil time (K01.FR.90). Only 2.1.
    pub use_local_time: bool,
    /// A lower limit for a fuller battery (K01.FR.100). Only 2.1.
    pub limit_at_soc: Option<LimitAtSoc>,
}

/// Limit that applies from a state of charge on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct LimitAtSoc {
    /// From this state of charge on, 0 to 100 %.
    pub soc_percent: u8,
    /// In thousandths of the schedule's unit.
    pub limit_milli: i64,
}

/// One step of a schedule, until the next one starts.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct SchedulePeriod {
    /// Seconds after the start of the schedule.
    pub start_seconds: u32,
    /// The limit; only 2.1 knows periods without. Thousandths of the unit; negative ones count as 0.
    pub limit_milli: Option<i64>,
    /// How many phases may be used, 1 to 3; three if absent (1.6 §7.14, K01.FR.49).
    pub number_phases: Option<u8>,
    /// The phase to use when only one is, 1 to 3 (K01.FR.19).
    pub phase_to_use: Option<u8>,
    /// Who controls the rate.
    pub mode: OperationMode,
    /// What few periods have.
    pub extra: Option<Box<PeriodExtra>>,
}

/// The rarer members of a 2.1 period. Rates are thousandths of the schedule's unit.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct PeriodExtra {
    /// Limit of L2; the period's own limit is then that of L1.
    pub limit_l2_milli: Option<i64>,
    /// Limit of L3.
    pub limit_l3_milli: Option<i64>,
    /// How far the EV may discharge: zero or negative.
    pub discharge_limit: PhaseRates,
    /// What the EV should follow; negative means discharging.
    pub setpoint: PhaseRates,
    /// Reactive power or current to follow; positive is inductive.
    pub setpoint_reactive: PhaseRates,
    /// Keep the battery preconditioned.
    pub preconditioning: bool,
    /// Switch the power electronics off.
    pub evse_sleep: bool,
    /// The base onto which the curves add, in milliwatts.
    pub baseline_milliwatts: Option<i64>,
    /// Power over grid frequency.
    pub frequency_curve: Vec<FrequencyPoint>,
    /// Power over the value of an automatic frequency restoration signal.
    pub signal_curve: Vec<SignalPoint>,
}

/// A rate for all phases, or one for each. Thousandths of the schedule's unit.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct PhaseRates {
    /// The value without suffix: of L1 where L2 or L3 is given, else of all phases.
    pub l1_milli: Option<i64>,
    /// The value for L2.
    pub l2_milli: Option<i64>,
    /// The value for L3.
    pub l3_milli: Option<i64>,
}

/// One point of a frequency curve.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct FrequencyPoint {
    /// Grid frequency.
    pub millihertz: i64,
    /// Power at this frequency.
    pub milliwatts: i64,
}

/// One point of a signal curve.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct SignalPoint {
    /// Value of the signal.
    pub signal: i32,
    /// Power at this value.
    pub milliwatts: i64,
}

/// A profile where it is installed.
#[derive(Debug, Clone, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct InstalledProfile {
    /// The EVSE it was installed on, or the station.
    pub evse: EvseId,
    /// Who set it.
    pub source: LimitSource,
    /// The profile.
    pub profile: ChargingProfile,
}

/// Who set a limit (2.x `ChargingLimitSourceEnumType`).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub enum LimitSource {
    /// The operator, through the CSMS.
    Cso,
    /// An energy management system.
    Ems,
    /// The grid's system operator.
    So,
    /// Anyone else.
    Other,
}

impl LimitSource {
    /// The text of the messages.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Cso => "CSO",
            Self::Ems => "EMS",
            Self::So => "SO",
            Self::Other => "Other",
        }
    }

    /// The source of this text; in 2.1 any text is allowed, and unknown ones are [`Other`](Self::Other).
    pub fn from_text(text: &str) -> Self {
        [Self::Cso, Self::Ems, Self::So].into_iter().find(|source| source.as_str() == text).unwrap_or(Self::Other)
    }
}

/// Whether two transaction ids mean the same: they are case-insensitive in 2.x, and numbers in 1.6.
pub(crate) fn same_transaction(a: Option<&String>, b: Option<&String>) -> bool {
    matches!((a, b), (Some(a), Some(b)) if a.eq_ignore_ascii_case(b))
}
