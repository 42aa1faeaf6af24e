//! What can be wrong with a profile, and which rule says so.

use alloc::string::String;

use super::Edition;
use crate::model::{EvseId, OperationMode, ProfileId, Purpose, RateUnit};

/// What kind of fault a profile has: the reason codes of 2.x (Appendices, chapter "Reason codes").
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[non_exhaustive]
pub enum ReasonCode {
    /// There is no such EVSE.
    UnknownEvse,
    /// The purpose is not supported.
    UnsupportedPurpose,
    /// The kind is not supported.
    UnsupportedKind,
    /// The id lies outside of the range allowed.
    InvalidProfileId,
    /// The stack level is too high.
    InvalidStackLevel,
    /// More profiles or periods than the station takes.
    TooManyElements,
    /// Another profile is in its place.
    DuplicateProfile,
    /// There is no such transaction.
    #[cfg_attr(feature = "serde", serde(rename = "TxNotFound"))]
    TransactionNotFound,
    /// The unit is not supported.
    UnsupportedRateUnit,
    /// Phases mean nothing to an EVSE of direct current.
    #[cfg_attr(feature = "serde", serde(rename = "NoPhaseForDC"))]
    NoPhaseForDc,
    /// Phases that do not go together.
    PhaseConflict,
    /// A member, or a word in it, is not supported.
    UnsupportedParam,
    /// The operation mode is not supported, or does not go with the purpose.
    InvalidOperationMode,
    /// A frequency-watt curve is missing.
    #[cfg_attr(feature = "serde", serde(rename = "NoFreqWattCurve"))]
    NoFrequencyCurve,
    /// What it rests on is not set in the device model.
    #[cfg_attr(feature = "serde", serde(rename = "MissingDevModelInfo"))]
    MissingInDeviceModel,
    /// A number is beyond what its member can hold.
    InvalidValue,
    /// The profile contradicts itself, or comes by a way it may not.
    InvalidProfile,
    /// A schedule contradicts itself.
    InvalidSchedule,
    /// None of these, or not known.
    #[default]
    Unspecified,
}

impl ReasonCode {
    /// As 2.x spells it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::UnknownEvse => "UnknownEvse",
            Self::UnsupportedPurpose => "UnsupportedPurpose",
            Self::UnsupportedKind => "UnsupportedKind",
            Self::InvalidProfileId => "InvalidProfileId",
            Self::InvalidStackLevel => "InvalidStackLevel",
            Self::TooManyElements => "TooManyElements",
            Self::DuplicateProfile => "DuplicateProfile",
            Self::TransactionNotFound => "TxNotFound",
            Self::UnsupportedRateUnit => "UnsupportedRateUnit",
            Self::NoPhaseForDc => "NoPhaseForDC",
            Self::PhaseConflict => "PhaseConflict",
            Self::UnsupportedParam => "UnsupportedParam",
            Self::InvalidOperationMode => "InvalidOperationMode",
            Self::NoFrequencyCurve => "NoFreqWattCurve",
            Self::MissingInDeviceModel => "MissingDevModelInfo",
            Self::InvalidValue => "InvalidValue",
            Self::InvalidProfile => "InvalidProfile",
            Self::InvalidSchedule => "InvalidSchedule",
            Self::Unspecified => "Unspecified",
        }
    }
}

/// A rule that a profile breaks.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Violation {
    /// The EVSE does not exist.
    #[error("evse {} does not exist", .0.0)]
    UnknownEvse(EvseId),
    /// The purpose needs support that the station lacks.
    #[error("purpose {0:?} is not supported")]
    UnsupportedPurpose(Purpose),
    /// The CSMS may not set external constraints.
    #[error("external constraints cannot be set by the csms")]
    ExternalConstraintsFromCsms,
    /// External constraints are disallowed by configuration.
    #[error("external constraints are disallowed")]
    ExternalConstraintsDisallowed,
    /// The id belongs to external constraints, which the CSMS may not replace.
    #[error("profile {} is an external constraint", .0.0)]
    ReplacesExternalConstraints(ProfileId),
    /// The id lies in the range kept for external constraints.
    #[error("profile id {} is not above {most}", .id.0)]
    IdReservedForExternal {
        /// The id.
        id: ProfileId,
        /// `MaxExternalConstraintsId`.
        most: i32,
    },
    /// The stack level is above what the station takes.
    #[error("stack level {level} is above {most}")]
    StackLevelTooHigh {
        /// The stack level.
        level: u32,
        /// The highest one.
        most: u32,
    },
    /// As many profiles are installed as the station takes.
    #[error("{most} profiles are installed already")]
    TooManyProfiles {
        /// The limit.
        most: usize,
    },
    /// Another profile has the same level, purpose and place at the same time.
    #[error("profile {} has the same purpose and stack level", .0.0)]
    Duplicate(ProfileId),
    /// A default profile of the same level is installed for the station and this one is for an EVSE, or the reverse.
    #[error("profile {} has the same stack level on the station or an evse of it", .0.0)]
    DuplicateDefault(ProfileId),
    /// Another profile of the transaction has the same stack level.
    #[error("profile {} of the transaction has the same stack level", .0.0)]
    DuplicateForTransaction(ProfileId),
    /// Only the station as a whole can have this purpose.
    #[error("purpose {0:?} is for the whole station")]
    NotForOneEvse(Purpose),
    /// A transaction's profile is for the EVSE of the transaction.
    #[error("a transaction profile needs an evse")]
    TxProfileWithoutEvse,
    /// No transaction runs on the EVSE.
    #[error("no transaction on evse {}", .0.0)]
    NoTransaction(EvseId),
    /// The transaction id is missing.
    #[error("a transaction profile needs a transaction id")]
    MissingTransactionId,
    /// Only a transaction's profile has a transaction id, and not the one of a remote start.
    #[error("transaction id {0} where none is allowed")]
    ExtraneousTransactionId(String),
    /// The transaction does not run on this EVSE.
    #[error("transaction {0} does not run there")]
    UnknownTransaction(String),
    /// A remote start brings a transaction's profile or none.
    #[error("purpose {0:?} in a remote start")]
    NotATxProfile(Purpose),
    /// The station as a whole has no start of charging.
    #[error("a profile of the whole station cannot be relative")]
    StationMaxIsRelative,
    /// A recurring profile does not say how often.
    #[error("a recurring profile needs a recurrence")]
    MissingRecurrency,
    /// Dynamic profiles are not supported.
    #[error("dynamic profiles are not supported")]
    DynamicUnsupported,
    /// A dynamic profile has one schedule of one period at its start.
    #[error("a dynamic profile has one period, at 0")]
    DynamicShape,
    /// Update time or interval where there are no updates.
    #[error("update time or interval in a profile that is not dynamic")]
    NotDynamic,
    /// There is no schedule.
    #[error("a profile without a schedule")]
    NoSchedule,
    /// Several schedules, and no charging needs they could answer.
    #[error("{0} schedules, where one is allowed")]
    SeveralSchedules(usize),
    /// A schedule has no periods.
    #[error("a schedule without periods")]
    NoPeriods,
    /// A schedule has more periods than the station takes.
    #[error("{given} periods are more than {most}")]
    TooManyPeriods {
        /// How many there are.
        given: usize,
        /// The limit.
        most: usize,
    },
    /// The unit is not supported.
    #[error("unit {0:?} is not supported")]
    UnitUnsupported(RateUnit),
    /// The start of the schedule is missing.
    #[error("a start of the schedule is missing")]
    MissingStart,
    /// A start of the schedule where transactions give it.
    #[error("a relative schedule with a start of its own")]
    ExtraneousStart,
    /// The first period does not start at 0.
    #[error("the first period starts at {0} s")]
    FirstPeriodNotAtZero(u32),
    /// Periods are not in order of their starts.
    #[error("the period at {0} s is out of order")]
    PeriodsOutOfOrder(u32),
    /// Priority charging has no duration.
    #[error("priority charging with a duration")]
    PriorityWithDuration,
    /// Local time is not supported.
    #[error("local time is not supported")]
    LocalTimeUnsupported,
    /// Random delays are not supported.
    #[error("random delays are not supported")]
    RandomizedDelayUnsupported,
    /// Only profiles of transactions can have random delays.
    #[error("a random delay with purpose {0:?}")]
    RandomizedDelayNotAllowed(Purpose),
    /// Limits by state of charge are not supported.
    #[error("limits by state of charge are not supported")]
    LimitAtSocUnsupported,
    /// The number of phases is not 1 to 3.
    #[error("{0} phases")]
    NumberPhasesOutOfRange(u8),
    /// The station cannot keep to so few phases.
    #[error("cannot limit charging to {0} phases")]
    CannotLimitPhases(u8),
    /// Phases mean nothing to this DC EVSE.
    #[error("phases given for a dc evse")]
    PhasesForDc,
    /// The phase to use is given although not exactly one is used, or is not 1 to 3.
    #[error("phase to use {0} is not allowed")]
    InvalidPhaseToUse(u8),
    /// The EVSE cannot choose the phase.
    #[error("phase to use {0}, which cannot be switched")]
    PhaseSwitchingUnsupported(u8),
    /// Another applicable profile uses another phase.
    #[error("phase to use {phase} conflicts with profile {}", .other.0)]
    PhaseConflict {
        /// The phase.
        phase: u8,
        /// The other profile.
        other: ProfileId,
    },
    /// Limits per phase outside a transaction's profile.
    #[error("limits per phase with purpose {0:?}")]
    PhaseLimitsNotAllowed(Purpose),
    /// Limits of L2 or L3 without that of L1.
    #[error("a limit of l2 or l3 without one of l1 at {0} s")]
    PhaseLimitsWithoutLimit(u32),
    /// The operation mode does not go with the purpose.
    #[error("mode {mode:?} with purpose {purpose:?}")]
    ModeNotAllowed {
        /// The mode.
        mode: OperationMode,
        /// The purpose.
        purpose: Purpose,
    },
    /// The operation mode is not supported.
    #[error("mode {0:?} is not supported")]
    ModeUnsupported(OperationMode),
    /// A rate is missing that the mode needs.
    #[error("mode {mode:?} without its rate at {start_seconds} s")]
    MissingRate {
        /// The mode.
        mode: OperationMode,
        /// Start of the period.
        start_seconds: u32,
    },
    /// A rate is present that the mode excludes.
    #[error("mode {mode:?} with a rate at {start_seconds} s")]
    ExtraneousRate {
        /// The mode.
        mode: OperationMode,
        /// Start of the period.
        start_seconds: u32,
    },
    /// The setpoint is outside the limits.
    #[error("the setpoint at {0} s is outside the limits")]
    SetpointOutsideLimits(u32),
    /// Sleep outside of idling is not supported.
    #[error("evse sleep is not supported at {0} s")]
    EvseSleepUnsupported(u32),
    /// Frequency support without a curve.
    #[error("no frequency curve at {0} s")]
    NoFrequencyCurve(u32),
    /// Load balancing without thresholds.
    #[error("load balancing thresholds are not set")]
    NoLoadBalancingThresholds,
}

impl Violation {
    /// The requirement, or in 1.6 the section, that is broken.
    pub fn requirement(&self, edition: Edition) -> &'static str {
        let (v1_6, v2) = self.requirements();
        match edition {
            Edition::V1_6 => v1_6,
            Edition::V2_0_1 | Edition::V2_1 => v2,
        }
    }

    /// Whether 1.6 answers with the RPC error PropertyConstraintViolation instead of the status (errata 3.39).
    pub fn is_property_constraint_1_6(&self) -> bool {
        matches!(self, Self::UnknownEvse(_))
    }

    fn requirements(&self) -> (&'static str, &'static str) {
        match self {
            Self::UnknownEvse(_) => ("errata 3.39", "K01.FR.28"),
            Self::UnsupportedPurpose(_) => ("§7.10", "K01.FR.120"),
            Self::ExternalConstraintsFromCsms => ("§7.10", "K01.FR.22"),
            Self::ExternalConstraintsDisallowed => ("§7.10", "K11.FR.07"),
            Self::ReplacesExternalConstraints(_) => ("§7.10", "K01.FR.05"),
            Self::IdReservedForExternal { .. } => ("§7.10", "K01.FR.81"),
            Self::StackLevelTooHigh { .. } => ("§9.4.1", "SmartChargingCtrlr.ProfileStackLevel"),
            Self::TooManyProfiles { .. } => ("§9.4.5", "SmartChargingCtrlr.Entries"),
            Self::Duplicate(_) => ("§3.13.2", "K01.FR.06"),
            Self::DuplicateDefault(_) => ("§3.13.1", "K01.FR.52, K01.FR.53"),
            Self::DuplicateForTransaction(_) => ("§3.13.2", "K01.FR.39"),
            Self::NotForOneEvse(_) => ("§3.13.1", "K04.FR.03"),
            Self::TxProfileWithoutEvse => ("§3.13.1", "K01.FR.16"),
            Self::NoTransaction(_) => ("§3.13.1", "K01.FR.09"),
            Self::MissingTransactionId => ("§7.8", "K01.FR.03"),
            Self::ExtraneousTransactionId(_) => ("§5.16.2", "ChargingProfileType.transactionId"),
            Self::UnknownTransaction(_) => ("§7.8", "K01.FR.33"),
            Self::NotATxProfile(_) => ("§5.16.2", "K05.FR.02"),
            Self::StationMaxIsRelative => ("§3.13.1", "K01.FR.38"),
            Self::MissingRecurrency => ("§7.8", "ChargingProfileType.recurrencyKind"),
            Self::DynamicUnsupported => ("§7.9", "K01.FR.121"),
            Self::DynamicShape => ("§7.9", "K28.FR.01, K28.FR.02"),
            Self::NotDynamic => ("§7.9", "K01.FR.122"),
            Self::NoSchedule => ("§7.8", "ChargingProfileType.chargingSchedule"),
            Self::SeveralSchedules(_) => ("§7.8", "K01.FR.34"),
            Self::NoPeriods => ("§7.13", "ChargingScheduleType.chargingSchedulePeriod"),
            Self::TooManyPeriods { .. } => ("§9.4.3", "SmartChargingCtrlr.PeriodsPerSchedule"),
            Self::UnitUnsupported(_) => ("§9.4.2", "K01.FR.26"),
            Self::MissingStart => ("§7.13", "K01.FR.40"),
            Self::ExtraneousStart => ("§7.13", "K01.FR.41"),
            Self::FirstPeriodNotAtZero(_) => ("§5.16.4", "K01.FR.31"),
            Self::PeriodsOutOfOrder(_) => ("§7.14", "K01.FR.35"),
            Self::PriorityWithDuration => ("§7.10", "K01.FR.70"),
            Self::LocalTimeUnsupported => ("§7.13", "K01.FR.123"),
            Self::RandomizedDelayUnsupported => ("§7.13", "K01.FR.124"),
            Self::RandomizedDelayNotAllowed(_) => ("§7.13", "K01.FR.95"),
            Self::LimitAtSocUnsupported => ("§7.13", "K01.FR.125"),
            Self::NumberPhasesOutOfRange(_) => ("§7.14", "ChargingSchedulePeriodType.numberPhases"),
            Self::CannotLimitPhases(_) => ("§7.14", "K01.FR.43"),
            Self::PhasesForDc => ("§7.14", "K01.FR.44"),
            Self::InvalidPhaseToUse(_) => ("§7.14", "K01.FR.19"),
            Self::PhaseSwitchingUnsupported(_) => ("§7.14", "K01.FR.20, K01.FR.48"),
            Self::PhaseConflict { .. } => ("§7.14", "K01.FR.141"),
            Self::PhaseLimitsNotAllowed(_) => ("§7.14", "K01.FR.144"),
            Self::PhaseLimitsWithoutLimit(_) => ("§7.14", "K01.FR.146"),
            Self::ModeNotAllowed { purpose: Purpose::Priority, .. } => ("§7.14", "K01.FR.71, K01.FR.114"),
            Self::ModeNotAllowed { .. } => ("§7.14", "K01.FR.114"),
            Self::ModeUnsupported(OperationMode::LocalLoadBalancing) => ("§7.14", "Q09.FR.01"),
            Self::ModeUnsupported(_) => ("§7.14", "K01.FR.115"),
            Self::MissingRate { .. } => ("§7.14", "Q §2.2"),
            Self::ExtraneousRate { mode: OperationMode::Idle, .. } => ("§7.14", "Q10.FR.02"),
            Self::ExtraneousRate { .. } => ("§7.14", "Q08.FR.04"),
            Self::SetpointOutsideLimits(_) => ("§7.14", "V2X.05"),
            Self::EvseSleepUnsupported(_) => ("§7.14", "K01.FR.126"),
            Self::NoFrequencyCurve(_) => ("§7.14", "Q08.FR.03"),
            Self::NoLoadBalancingThresholds => ("§7.14", "Q09.FR.02"),
        }
    }

    /// What kind of fault it is.
    pub fn code(&self) -> ReasonCode {
        match self {
            Self::UnknownEvse(_) => ReasonCode::UnknownEvse,
            Self::UnsupportedPurpose(_) | Self::ExternalConstraintsDisallowed => ReasonCode::UnsupportedPurpose,
            Self::DynamicUnsupported => ReasonCode::UnsupportedKind,
            Self::IdReservedForExternal { .. } => ReasonCode::InvalidProfileId,
            Self::StackLevelTooHigh { .. } => ReasonCode::InvalidStackLevel,
            Self::TooManyProfiles { .. } | Self::TooManyPeriods { .. } => ReasonCode::TooManyElements,
            Self::Duplicate(_) | Self::DuplicateDefault(_) | Self::DuplicateForTransaction(_) => {
                ReasonCode::DuplicateProfile
            }
            Self::NoTransaction(_) | Self::UnknownTransaction(_) => ReasonCode::TransactionNotFound,
            Self::UnitUnsupported(_) => ReasonCode::UnsupportedRateUnit,
            Self::PhasesForDc => ReasonCode::NoPhaseForDc,
            Self::PhaseConflict { .. } | Self::PhaseLimitsNotAllowed(_) | Self::PhaseLimitsWithoutLimit(_) => {
                ReasonCode::PhaseConflict
            }
            Self::ModeUnsupported(OperationMode::LocalLoadBalancing) => ReasonCode::UnsupportedParam,
            Self::ModeNotAllowed { .. } | Self::ModeUnsupported(_) => ReasonCode::InvalidOperationMode,
            Self::NoFrequencyCurve(_) => ReasonCode::NoFrequencyCurve,
            Self::NoLoadBalancingThresholds => ReasonCode::MissingInDeviceModel,
            Self::ExternalConstraintsFromCsms
            | Self::ReplacesExternalConstraints(_)
            | Self::NotForOneEvse(_)
            | Self::TxProfileWithoutEvse
            | Self::MissingTransactionId
            | Self::ExtraneousTransactionId(_)
            | Self::NotATxProfile(_)
            | Self::StationMaxIsRelative
            | Self::MissingRecurrency
            | Self::NotDynamic
            | Self::NoSchedule => ReasonCode::InvalidProfile,
            Self::DynamicShape
            | Self::SeveralSchedules(_)
            | Self::NoPeriods
            | Self::MissingStart
            | Self::ExtraneousStart
            | Self::FirstPeriodNotAtZero(_)
            | Self::PeriodsOutOfOrder(_)
            | Self::PriorityWithDuration
            | Self::LocalTimeUnsupported
            | Self::RandomizedDelayUnsupported
            | Self::RandomizedDelayNotAllowed(_)
            | Self::LimitAtSocUnsupported
            | Self::NumberPhasesOutOfRange(_)
            | Self::CannotLimitPhases(_)
            | Self::InvalidPhaseToUse(_)
            | Self::PhaseSwitchingUnsupported(_)
            | Self::MissingRate { .. }
            | Self::ExtraneousRate { .. }
            | Self::SetpointOutsideLimits(_)
            | Self::EvseSleepUnsupported(_) => ReasonCode::InvalidSchedule,
        }
    }

    /// The `statusInfo.reasonCode` of 2.x.
    pub fn reason_code(&self) -> &'static str {
        self.code().as_str()
    }
}
