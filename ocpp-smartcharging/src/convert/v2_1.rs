//! OCPP 2.1.

use alloc::boxed::Box;
use alloc::string::ToString;
use alloc::vec::Vec;

use ocpp_types::Decimal;
use ocpp_types::text::{CiText, Text};
use ocpp_types::v2_1;

use super::{ConvertError, decimal, milli, milli_option, narrow, narrow_option, whole_millis};
use crate::composite::{CompositePeriod, CompositeSchedule};
use crate::filter::{ClearFilter, ReportFilter};
use crate::model::{
    ChargingProfile, ChargingSchedule, EvseId, FrequencyPoint, Kind, LimitAtSoc, LimitSource, OperationMode,
    PeriodExtra, PhaseRates, ProfileId, Purpose, RateUnit, Recurrency, SchedulePeriod, SignalPoint,
};
use crate::store::DynamicUpdate;
use crate::units::Rate;

/// Digits after the point that are written.
const DIGITS: u8 = 3;

impl TryFrom<&v2_1::ChargingProfile> for ChargingProfile {
    type Error = ConvertError;

    fn try_from(message: &v2_1::ChargingProfile) -> Result<Self, ConvertError> {
        Ok(Self {
            id: ProfileId(narrow("id", message.id)?),
            stack_level: narrow("stackLevel", message.stack_level)?,
            purpose: message.charging_profile_purpose.try_into()?,
            kind: match message.charging_profile_kind {
                v2_1::ChargingProfileKind::Absolute => Kind::Absolute,
                v2_1::ChargingProfileKind::Recurring => Kind::Recurring,
                v2_1::ChargingProfileKind::Relative => Kind::Relative,
                v2_1::ChargingProfileKind::Dynamic => Kind::Dynamic,
                v2_1::ChargingProfileKind::Unrecognized(_) => {
                    return Err(ConvertError::Unrecognized { field: "chargingProfileKind" });
                }
            },
            recurrency: match message.recurrency_kind {
                None => None,
                Some(v2_1::RecurrencyKind::Daily) => Some(Recurrency::Daily),
                Some(v2_1::RecurrencyKind::Weekly) => Some(Recurrency::Weekly),
                Some(v2_1::RecurrencyKind::Unrecognized(_)) => {
                    return Err(ConvertError::Unrecognized { field: "recurrencyKind" });
                }
            },
            valid_from: message.valid_from.map(whole_millis),
            valid_to: message.valid_to.map(whole_millis),
            transaction_id: message.transaction_id.as_ref().map(|id| id.as_str().to_string()),
            schedules: message.charging_schedule.iter().map(ChargingSchedule::try_from).collect::<Result<_, _>>()?,
            max_offline_seconds: narrow_option("maxOfflineDuration", message.max_offline_duration)?,
            invalid_after_offline: message.invalid_after_offline_duration.unwrap_or(false),
            dyn_update_interval_seconds: narrow_option("dynUpdateInterval", message.dyn_update_interval)?,
            dyn_update_time: message.dyn_update_time.map(whole_millis),
        })
    }
}

/// For ReportChargingProfiles.
impl From<&ChargingProfile> for v2_1::ChargingProfile {
    fn from(profile: &ChargingProfile) -> Self {
        let schedules = profile.schedules.iter().map(v2_1::ChargingSchedule::from).collect();
        let kind = match profile.kind {
            Kind::Absolute => v2_1::ChargingProfileKind::Absolute,
            Kind::Recurring => v2_1::ChargingProfileKind::Recurring,
            Kind::Relative => v2_1::ChargingProfileKind::Relative,
            Kind::Dynamic => v2_1::ChargingProfileKind::Dynamic,
        };
        Self {
            id: i64::from(profile.id.0),
            stack_level: i64::from(profile.stack_level),
            charging_profile_purpose: profile.purpose.into(),
            charging_profile_kind: kind,
            recurrency_kind: profile.recurrency.map(|recurrency| match recurrency {
                Recurrency::Daily => v2_1::RecurrencyKind::Daily,
                Recurrency::Weekly => v2_1::RecurrencyKind::Weekly,
            }),
            valid_from: profile.valid_from,
            valid_to: profile.valid_to,
            transaction_id: profile.transaction_id.as_deref().map(CiText::truncated),
            max_offline_duration: profile.max_offline_seconds.map(i64::from),
            charging_schedule: schedules,
            invalid_after_offline_duration: profile.invalid_after_offline.then_some(true),
            dyn_update_interval: profile.dyn_update_interval_seconds.map(i64::from),
            dyn_update_time: profile.dyn_update_time,
            price_schedule_signature: None,
            custom_data: None,
        }
    }
}

impl TryFrom<&v2_1::ChargingSchedule> for ChargingSchedule {
    type Error = ConvertError;

    fn try_from(message: &v2_1::ChargingSchedule) -> Result<Self, ConvertError> {
        Ok(Self {
            id: narrow("id", message.id)?,
            start_schedule: message.start_schedule.map(whole_millis),
            duration_seconds: narrow_option("duration", message.duration)?,
            unit: message.charging_rate_unit.try_into()?,
            periods: message.charging_schedule_period.iter().map(SchedulePeriod::try_from).collect::<Result<_, _>>()?,
            min_charging_rate_milli: milli_option("minChargingRate", message.min_charging_rate)?,
            randomized_delay_seconds: narrow("randomizedDelay", message.randomized_delay.unwrap_or(0))?,
            use_local_time: message.use_local_time.unwrap_or(false),
            limit_at_soc: match &message.limit_at_soc {
                None => None,
                Some(cap) => Some(LimitAtSoc {
                    soc_percent: narrow("soc", cap.soc)?,
                    limit_milli: milli("limitAtSoC", cap.limit)?,
                }),
            },
        })
    }
}

impl From<&ChargingSchedule> for v2_1::ChargingSchedule {
    fn from(schedule: &ChargingSchedule) -> Self {
        Self {
            id: i64::from(schedule.id),
            limit_at_soc: schedule.limit_at_soc.map(|cap| v2_1::LimitAtSoC {
                soc: i64::from(cap.soc_percent),
                limit: decimal(cap.limit_milli, DIGITS),
                custom_data: None,
            }),
            start_schedule: schedule.start_schedule,
            duration: schedule.duration_seconds.map(i64::from),
            charging_rate_unit: schedule.unit.into(),
            min_charging_rate: schedule.min_charging_rate_milli.map(|milli| decimal(milli, DIGITS)),
            power_tolerance: None,
            signature_id: None,
            digest_value: None,
            use_local_time: schedule.use_local_time.then_some(true),
            charging_schedule_period: schedule.periods.iter().map(v2_1::ChargingSchedulePeriod::from).collect(),
            randomized_delay: Some(schedule.randomized_delay_seconds).filter(|delay| *delay > 0).map(i64::from),
            sales_tariff: None,
            absolute_price_schedule: None,
            price_level_schedule: None,
            custom_data: None,
        }
    }
}

impl TryFrom<&v2_1::ChargingSchedulePeriod> for SchedulePeriod {
    type Error = ConvertError;

    fn try_from(message: &v2_1::ChargingSchedulePeriod) -> Result<Self, ConvertError> {
        let frequency = |point: &v2_1::V2XFreqWattPoint| {
            let millihertz = milli("frequency", point.frequency)?;
            Ok(FrequencyPoint { millihertz, milliwatts: milli("power", point.power)? })
        };
        let signal = |point: &v2_1::V2XSignalWattPoint| {
            Ok(SignalPoint { signal: narrow("signal", point.signal)?, milliwatts: milli("power", point.power)? })
        };
        let extra = PeriodExtra {
            limit_l2_milli: milli_option("limit_L2", message.limit_l2)?,
            limit_l3_milli: milli_option("limit_L3", message.limit_l3)?,
            discharge_limit: rates(
                "dischargeLimit",
                [message.discharge_limit, message.discharge_limit_l2, message.discharge_limit_l3],
            )?,
            setpoint: rates("setpoint", [message.setpoint, message.setpoint_l2, message.setpoint_l3])?,
            setpoint_reactive: rates(
                "setpointReactive",
                [message.setpoint_reactive, message.setpoint_reactive_l2, message.setpoint_reactive_l3],
            )?,
            preconditioning: message.preconditioning_request.unwrap_or(false),
            evse_sleep: message.evse_sleep.unwrap_or(false),
            baseline_milliwatts: milli_option("v2xBaseline", message.v2x_baseline)?,
            frequency_curve: message.v2x_freq_watt_curve.iter().map(frequency).collect::<Result<_, _>>()?,
            signal_curve: message.v2x_signal_watt_curve.iter().map(signal).collect::<Result<_, _>>()?,
        };
        Ok(Self {
            start_seconds: narrow("startPeriod", message.start_period)?,
            limit_milli: milli_option("limit", message.limit)?,
            number_phases: narrow_option("numberPhases", message.number_phases)?,
            phase_to_use: narrow_option("phaseToUse", message.phase_to_use)?,
            mode: message.operation_mode.map_or(Ok(OperationMode::ChargingOnly), OperationMode::try_from)?,
            extra: (extra != PeriodExtra::default()).then(|| Box::new(extra)),
        })
    }
}

impl From<&SchedulePeriod> for v2_1::ChargingSchedulePeriod {
    fn from(period: &SchedulePeriod) -> Self {
        let mut message = Self {
            limit: period.limit_milli.map(|milli| decimal(milli, DIGITS)),
            number_phases: period.number_phases.map(i64::from),
            phase_to_use: period.phase_to_use.map(i64::from),
            operation_mode: written_mode(period.mode),
            ..Self::new(i64::from(period.start_seconds))
        };
        let Some(extra) = period.extra.as_deref() else { return message };
        let decimals = |rates: PhaseRates| {
            [rates.l1_milli, rates.l2_milli, rates.l3_milli].map(|milli| milli.map(|milli| decimal(milli, DIGITS)))
        };
        let limits = PhaseRates { l1_milli: None, l2_milli: extra.limit_l2_milli, l3_milli: extra.limit_l3_milli };
        [_, message.limit_l2, message.limit_l3] = decimals(limits);
        [message.discharge_limit, message.discharge_limit_l2, message.discharge_limit_l3] =
            decimals(extra.discharge_limit);
        [message.setpoint, message.setpoint_l2, message.setpoint_l3] = decimals(extra.setpoint);
        [message.setpoint_reactive, message.setpoint_reactive_l2, message.setpoint_reactive_l3] =
            decimals(extra.setpoint_reactive);
        message.preconditioning_request = extra.preconditioning.then_some(true);
        message.evse_sleep = extra.evse_sleep.then_some(true);
        message.v2x_baseline = extra.baseline_milliwatts.map(|milli| decimal(milli, DIGITS));
        let frequency = |point: &FrequencyPoint| v2_1::V2XFreqWattPoint {
            frequency: decimal(point.millihertz, DIGITS),
            power: decimal(point.milliwatts, DIGITS),
            custom_data: None,
        };
        message.v2x_freq_watt_curve = extra.frequency_curve.iter().map(frequency).collect();
        let signal = |point: &SignalPoint| v2_1::V2XSignalWattPoint {
            signal: i64::from(point.signal),
            power: decimal(point.milliwatts, DIGITS),
            custom_data: None,
        };
        message.v2x_signal_watt_curve = extra.signal_curve.iter().map(signal).collect();
        message
    }
}

impl From<&CompositeSchedule> for v2_1::CompositeSchedule {
    fn from(composite: &CompositeSchedule) -> Self {
        Self {
            evse_id: i64::from(composite.evse.0),
            duration: i64::from(composite.duration_seconds),
            schedule_start: composite.start,
            charging_rate_unit: composite.unit.into(),
            charging_schedule_period: composite.periods.iter().map(v2_1::ChargingSchedulePeriod::from).collect(),
            custom_data: None,
        }
    }
}

impl From<&CompositePeriod> for v2_1::ChargingSchedulePeriod {
    fn from(period: &CompositePeriod) -> Self {
        let rates = |rate: Option<Rate>| -> [Option<Decimal>; 3] {
            let Some(Rate { milli, l2_l3_milli }) = rate else { return [None; 3] };
            let [l2, l3] = match l2_l3_milli {
                Some(values) => values.map(|milli| Some(decimal(milli, DIGITS))),
                None => [None; 2],
            };
            [Some(decimal(milli, DIGITS)), l2, l3]
        };
        let [limit, limit_l2, limit_l3] = rates(Some(period.limit));
        let [discharge_limit, discharge_limit_l2, discharge_limit_l3] = rates(period.discharge_limit);
        let [setpoint, setpoint_l2, setpoint_l3] = rates(period.setpoint);
        let [setpoint_reactive, setpoint_reactive_l2, setpoint_reactive_l3] = rates(period.setpoint_reactive);
        Self {
            limit,
            limit_l2,
            limit_l3,
            discharge_limit,
            discharge_limit_l2,
            discharge_limit_l3,
            setpoint,
            setpoint_l2,
            setpoint_l3,
            setpoint_reactive,
            setpoint_reactive_l2,
            setpoint_reactive_l3,
            number_phases: period.number_phases.map(i64::from),
            phase_to_use: period.phase_to_use.map(i64::from),
            preconditioning_request: period.preconditioning.then_some(true),
            evse_sleep: period.evse_sleep.then_some(true),
            operation_mode: written_mode(period.mode),
            ..Self::new(i64::from(period.start_seconds))
        }
    }
}

/// UpdateDynamicSchedule and the answer to PullDynamicScheduleUpdate.
impl TryFrom<&v2_1::ChargingScheduleUpdate> for DynamicUpdate {
    type Error = ConvertError;

    fn try_from(message: &v2_1::ChargingScheduleUpdate) -> Result<Self, ConvertError> {
        Ok(Self {
            limit: rates("limit", [message.limit, message.limit_l2, message.limit_l3])?,
            discharge_limit: rates(
                "dischargeLimit",
                [message.discharge_limit, message.discharge_limit_l2, message.discharge_limit_l3],
            )?,
            setpoint: rates("setpoint", [message.setpoint, message.setpoint_l2, message.setpoint_l3])?,
            setpoint_reactive: rates(
                "setpointReactive",
                [message.setpoint_reactive, message.setpoint_reactive_l2, message.setpoint_reactive_l3],
            )?,
        })
    }
}

impl TryFrom<&v2_1::ClearChargingProfileRequest> for ClearFilter {
    type Error = ConvertError;

    fn try_from(message: &v2_1::ClearChargingProfileRequest) -> Result<Self, ConvertError> {
        let criteria = message.charging_profile_criteria.as_ref();
        Ok(Self {
            id: narrow_option("chargingProfileId", message.charging_profile_id)?.map(ProfileId),
            evse: narrow_option("evseId", criteria.and_then(|criteria| criteria.evse_id))?.map(EvseId),
            purpose: criteria
                .and_then(|criteria| criteria.charging_profile_purpose)
                .map(Purpose::try_from)
                .transpose()?,
            stack_level: narrow_option("stackLevel", criteria.and_then(|criteria| criteria.stack_level))?,
        })
    }
}

impl TryFrom<&v2_1::GetChargingProfilesRequest> for ReportFilter {
    type Error = ConvertError;

    fn try_from(message: &v2_1::GetChargingProfilesRequest) -> Result<Self, ConvertError> {
        let criterion = &message.charging_profile;
        let ids = criterion.charging_profile_id.iter();
        Ok(Self {
            ids: ids.map(|id| narrow("chargingProfileId", *id).map(ProfileId)).collect::<Result<Vec<_>, _>>()?,
            evse: narrow_option("evseId", message.evse_id)?.map(EvseId),
            purpose: criterion.charging_profile_purpose.map(Purpose::try_from).transpose()?,
            stack_level: narrow_option("stackLevel", criterion.stack_level)?,
            sources: criterion.charging_limit_source.iter().map(|text| LimitSource::from_text(text.as_str())).collect(),
        })
    }
}

impl From<LimitSource> for Text<20> {
    fn from(source: LimitSource) -> Self {
        Self::truncated(source.as_str())
    }
}

impl TryFrom<v2_1::ChargingProfilePurpose> for Purpose {
    type Error = ConvertError;

    fn try_from(purpose: v2_1::ChargingProfilePurpose) -> Result<Self, ConvertError> {
        Ok(match purpose {
            v2_1::ChargingProfilePurpose::ChargingStationExternalConstraints => Self::ExternalConstraints,
            v2_1::ChargingProfilePurpose::ChargingStationMaxProfile => Self::StationMax,
            v2_1::ChargingProfilePurpose::TxDefaultProfile => Self::TxDefault,
            v2_1::ChargingProfilePurpose::TxProfile => Self::Tx,
            v2_1::ChargingProfilePurpose::PriorityCharging => Self::Priority,
            v2_1::ChargingProfilePurpose::LocalGeneration => Self::LocalGeneration,
            v2_1::ChargingProfilePurpose::Unrecognized(_) => {
                return Err(ConvertError::Unrecognized { field: "chargingProfilePurpose" });
            }
        })
    }
}

impl From<Purpose> for v2_1::ChargingProfilePurpose {
    fn from(purpose: Purpose) -> Self {
        match purpose {
            Purpose::ExternalConstraints => Self::ChargingStationExternalConstraints,
            Purpose::StationMax => Self::ChargingStationMaxProfile,
            Purpose::TxDefault => Self::TxDefaultProfile,
            Purpose::Tx => Self::TxProfile,
            Purpose::Priority => Self::PriorityCharging,
            Purpose::LocalGeneration => Self::LocalGeneration,
        }
    }
}

impl TryFrom<v2_1::ChargingRateUnit> for RateUnit {
    type Error = ConvertError;

    fn try_from(unit: v2_1::ChargingRateUnit) -> Result<Self, ConvertError> {
        match unit {
            v2_1::ChargingRateUnit::A => Ok(Self::Amperes),
            v2_1::ChargingRateUnit::W => Ok(Self::Watts),
            v2_1::ChargingRateUnit::Unrecognized(_) => Err(ConvertError::Unrecognized { field: "chargingRateUnit" }),
        }
    }
}

impl From<RateUnit> for v2_1::ChargingRateUnit {
    fn from(unit: RateUnit) -> Self {
        match unit {
            RateUnit::Amperes => Self::A,
            RateUnit::Watts => Self::W,
        }
    }
}

impl TryFrom<v2_1::OperationMode> for OperationMode {
    type Error = ConvertError;

    fn try_from(mode: v2_1::OperationMode) -> Result<Self, ConvertError> {
        Ok(match mode {
            v2_1::OperationMode::Idle => Self::Idle,
            v2_1::OperationMode::ChargingOnly => Self::ChargingOnly,
            v2_1::OperationMode::CentralSetpoint => Self::CentralSetpoint,
            v2_1::OperationMode::ExternalSetpoint => Self::ExternalSetpoint,
            v2_1::OperationMode::ExternalLimits => Self::ExternalLimits,
            v2_1::OperationMode::CentralFrequency => Self::CentralFrequency,
            v2_1::OperationMode::LocalFrequency => Self::LocalFrequency,
            v2_1::OperationMode::LocalLoadBalancing => Self::LocalLoadBalancing,
            v2_1::OperationMode::Unrecognized(_) => {
                return Err(ConvertError::Unrecognized { field: "operationMode" });
            }
        })
    }
}

/// The default is left out.
fn written_mode(mode: OperationMode) -> Option<v2_1::OperationMode> {
    match mode {
        OperationMode::ChargingOnly => None,
        OperationMode::Idle => Some(v2_1::OperationMode::Idle),
        OperationMode::CentralSetpoint => Some(v2_1::OperationMode::CentralSetpoint),
        OperationMode::ExternalSetpoint => Some(v2_1::OperationMode::ExternalSetpoint),
        OperationMode::ExternalLimits => Some(v2_1::OperationMode::ExternalLimits),
        OperationMode::CentralFrequency => Some(v2_1::OperationMode::CentralFrequency),
        OperationMode::LocalFrequency => Some(v2_1::OperationMode::LocalFrequency),
        OperationMode::LocalLoadBalancing => Some(v2_1::OperationMode::LocalLoadBalancing),
    }
}

fn rates(field: &'static str, [l1, l2, l3]: [Option<Decimal>; 3]) -> Result<PhaseRates, ConvertError> {
    Ok(PhaseRates {
        l1_milli: milli_option(field, l1)?,
        l2_milli: milli_option(field, l2)?,
        l3_milli: milli_option(field, l3)?,
    })
}

#[cfg(test)]
mod tests;
