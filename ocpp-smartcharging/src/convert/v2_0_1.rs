//! OCPP 2.0.1.

use alloc::string::ToString;
use alloc::vec::Vec;

use ocpp_types::text::CiText;
use ocpp_types::v2_0_1;

use super::{ConvertError, decimal, milli, milli_option, narrow, narrow_option, whole_millis};
use crate::composite::{CompositePeriod, CompositeSchedule};
use crate::filter::{ClearFilter, ReportFilter};
use crate::model::{
    ChargingProfile, ChargingSchedule, EvseId, Kind, LimitSource, OperationMode, ProfileId, Purpose, RateUnit,
    Recurrency, SchedulePeriod,
};

/// Digits after the point that a limit may have (part 2, ChargingSchedulePeriodType).
const DIGITS: u8 = 1;

/// Something of a profile that 2.0.1 has no word for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum NotIn2_0_1 {
    /// A purpose of 2.1.
    #[error("purpose {0:?} is not in 2.0.1")]
    Purpose(Purpose),
    /// A kind of 2.1.
    #[error("kind {0:?} is not in 2.0.1")]
    Kind(Kind),
    /// A period without a limit.
    #[error("a period without limit at {start_seconds} s is not in 2.0.1")]
    NoLimit {
        /// Start of the period.
        start_seconds: u32,
    },
}

impl TryFrom<&v2_0_1::ChargingProfile> for ChargingProfile {
    type Error = ConvertError;

    fn try_from(message: &v2_0_1::ChargingProfile) -> Result<Self, ConvertError> {
        Ok(Self {
            id: ProfileId(narrow("id", message.id)?),
            stack_level: narrow("stackLevel", message.stack_level)?,
            purpose: message.charging_profile_purpose.try_into()?,
            kind: match message.charging_profile_kind {
                v2_0_1::ChargingProfileKind::Absolute => Kind::Absolute,
                v2_0_1::ChargingProfileKind::Recurring => Kind::Recurring,
                v2_0_1::ChargingProfileKind::Relative => Kind::Relative,
                v2_0_1::ChargingProfileKind::Unrecognized(_) => {
                    return Err(ConvertError::Unrecognized { field: "chargingProfileKind" });
                }
            },
            recurrency: match message.recurrency_kind {
                None => None,
                Some(v2_0_1::RecurrencyKind::Daily) => Some(Recurrency::Daily),
                Some(v2_0_1::RecurrencyKind::Weekly) => Some(Recurrency::Weekly),
                Some(v2_0_1::RecurrencyKind::Unrecognized(_)) => {
                    return Err(ConvertError::Unrecognized { field: "recurrencyKind" });
                }
            },
            valid_from: message.valid_from.map(whole_millis),
            valid_to: message.valid_to.map(whole_millis),
            transaction_id: message.transaction_id.as_ref().map(|id| id.as_str().to_string()),
            schedules: message.charging_schedule.iter().map(ChargingSchedule::try_from).collect::<Result<_, _>>()?,
            max_offline_seconds: None,
            invalid_after_offline: false,
            dyn_update_interval_seconds: None,
            dyn_update_time: None,
        })
    }
}

impl TryFrom<&v2_0_1::ChargingSchedule> for ChargingSchedule {
    type Error = ConvertError;

    fn try_from(message: &v2_0_1::ChargingSchedule) -> Result<Self, ConvertError> {
        let period = |message: &v2_0_1::ChargingSchedulePeriod| {
            Ok(SchedulePeriod {
                start_seconds: narrow("startPeriod", message.start_period)?,
                limit_milli: Some(milli("limit", message.limit)?),
                number_phases: narrow_option("numberPhases", message.number_phases)?,
                phase_to_use: narrow_option("phaseToUse", message.phase_to_use)?,
                mode: OperationMode::ChargingOnly,
                extra: None,
            })
        };
        Ok(Self {
            id: narrow("id", message.id)?,
            start_schedule: message.start_schedule.map(whole_millis),
            duration_seconds: narrow_option("duration", message.duration)?,
            unit: message.charging_rate_unit.try_into()?,
            periods: message.charging_schedule_period.iter().map(period).collect::<Result<_, _>>()?,
            min_charging_rate_milli: milli_option("minChargingRate", message.min_charging_rate)?,
            randomized_delay_seconds: 0,
            use_local_time: false,
            limit_at_soc: None,
        })
    }
}

/// For ReportChargingProfiles. Of a profile that came by 2.0.1 nothing is lost.
impl TryFrom<&ChargingProfile> for v2_0_1::ChargingProfile {
    type Error = NotIn2_0_1;

    fn try_from(profile: &ChargingProfile) -> Result<Self, NotIn2_0_1> {
        Ok(Self {
            custom_data: None,
            id: i64::from(profile.id.0),
            stack_level: i64::from(profile.stack_level),
            charging_profile_purpose: match profile.purpose {
                Purpose::ExternalConstraints => v2_0_1::ChargingProfilePurpose::ChargingStationExternalConstraints,
                Purpose::StationMax => v2_0_1::ChargingProfilePurpose::ChargingStationMaxProfile,
                Purpose::TxDefault => v2_0_1::ChargingProfilePurpose::TxDefaultProfile,
                Purpose::Tx => v2_0_1::ChargingProfilePurpose::TxProfile,
                Purpose::Priority | Purpose::LocalGeneration => return Err(NotIn2_0_1::Purpose(profile.purpose)),
            },
            charging_profile_kind: match profile.kind {
                Kind::Absolute => v2_0_1::ChargingProfileKind::Absolute,
                Kind::Recurring => v2_0_1::ChargingProfileKind::Recurring,
                Kind::Relative => v2_0_1::ChargingProfileKind::Relative,
                Kind::Dynamic => return Err(NotIn2_0_1::Kind(profile.kind)),
            },
            recurrency_kind: profile.recurrency.map(|recurrency| match recurrency {
                Recurrency::Daily => v2_0_1::RecurrencyKind::Daily,
                Recurrency::Weekly => v2_0_1::RecurrencyKind::Weekly,
            }),
            valid_from: profile.valid_from,
            valid_to: profile.valid_to,
            charging_schedule: profile.schedules.iter().map(TryFrom::try_from).collect::<Result<_, _>>()?,
            transaction_id: profile.transaction_id.as_deref().map(CiText::truncated),
        })
    }
}

impl TryFrom<&ChargingSchedule> for v2_0_1::ChargingSchedule {
    type Error = NotIn2_0_1;

    fn try_from(schedule: &ChargingSchedule) -> Result<Self, NotIn2_0_1> {
        let period = |period: &SchedulePeriod| {
            let no_limit = NotIn2_0_1::NoLimit { start_seconds: period.start_seconds };
            Ok(v2_0_1::ChargingSchedulePeriod {
                custom_data: None,
                start_period: i64::from(period.start_seconds),
                limit: decimal(period.limit_milli.ok_or(no_limit)?, DIGITS),
                number_phases: period.number_phases.map(i64::from),
                phase_to_use: period.phase_to_use.map(i64::from),
            })
        };
        Ok(Self {
            custom_data: None,
            id: i64::from(schedule.id),
            start_schedule: schedule.start_schedule,
            duration: schedule.duration_seconds.map(i64::from),
            charging_rate_unit: schedule.unit.into(),
            charging_schedule_period: schedule.periods.iter().map(period).collect::<Result<_, _>>()?,
            min_charging_rate: schedule.min_charging_rate_milli.map(|milli| decimal(milli, DIGITS)),
            sales_tariff: None,
        })
    }
}

impl From<&CompositeSchedule> for v2_0_1::CompositeSchedule {
    fn from(composite: &CompositeSchedule) -> Self {
        let period = |period: &CompositePeriod| v2_0_1::ChargingSchedulePeriod {
            custom_data: None,
            start_period: i64::from(period.start_seconds),
            limit: decimal(period.limit.for_all_phases(composite.unit), DIGITS),
            number_phases: period.number_phases.map(i64::from),
            phase_to_use: period.phase_to_use.map(i64::from),
        };
        Self {
            custom_data: None,
            charging_schedule_period: composite.periods.iter().map(period).collect(),
            evse_id: i64::from(composite.evse.0),
            duration: i64::from(composite.duration_seconds),
            schedule_start: composite.start,
            charging_rate_unit: composite.unit.into(),
        }
    }
}

impl TryFrom<&v2_0_1::ClearChargingProfileRequest> for ClearFilter {
    type Error = ConvertError;

    fn try_from(message: &v2_0_1::ClearChargingProfileRequest) -> Result<Self, ConvertError> {
        let criteria = message.charging_profile_criteria.as_ref();
        let purpose = criteria.and_then(|criteria| criteria.charging_profile_purpose);
        Ok(Self {
            id: narrow_option("chargingProfileId", message.charging_profile_id)?.map(ProfileId),
            evse: narrow_option("evseId", criteria.and_then(|criteria| criteria.evse_id))?.map(EvseId),
            purpose: purpose.map(Purpose::try_from).transpose()?,
            stack_level: narrow_option("stackLevel", criteria.and_then(|criteria| criteria.stack_level))?,
        })
    }
}

impl TryFrom<&v2_0_1::GetChargingProfilesRequest> for ReportFilter {
    type Error = ConvertError;

    fn try_from(message: &v2_0_1::GetChargingProfilesRequest) -> Result<Self, ConvertError> {
        let criterion = &message.charging_profile;
        let ids = criterion.charging_profile_id.iter();
        Ok(Self {
            ids: ids.map(|id| narrow("chargingProfileId", *id).map(ProfileId)).collect::<Result<Vec<_>, _>>()?,
            evse: narrow_option("evseId", message.evse_id)?.map(EvseId),
            purpose: criterion.charging_profile_purpose.map(Purpose::try_from).transpose()?,
            stack_level: narrow_option("stackLevel", criterion.stack_level)?,
            sources: criterion
                .charging_limit_source
                .iter()
                .map(|source| LimitSource::try_from(*source))
                .collect::<Result<_, _>>()?,
        })
    }
}

impl TryFrom<v2_0_1::ChargingLimitSource> for LimitSource {
    type Error = ConvertError;

    fn try_from(source: v2_0_1::ChargingLimitSource) -> Result<Self, ConvertError> {
        match source {
            v2_0_1::ChargingLimitSource::CSO => Ok(Self::Cso),
            v2_0_1::ChargingLimitSource::EMS => Ok(Self::Ems),
            v2_0_1::ChargingLimitSource::SO => Ok(Self::So),
            v2_0_1::ChargingLimitSource::Other => Ok(Self::Other),
            v2_0_1::ChargingLimitSource::Unrecognized(_) => {
                Err(ConvertError::Unrecognized { field: "chargingLimitSource" })
            }
        }
    }
}

impl From<LimitSource> for v2_0_1::ChargingLimitSource {
    fn from(source: LimitSource) -> Self {
        match source {
            LimitSource::Cso => Self::CSO,
            LimitSource::Ems => Self::EMS,
            LimitSource::So => Self::SO,
            LimitSource::Other => Self::Other,
        }
    }
}

impl TryFrom<v2_0_1::ChargingProfilePurpose> for Purpose {
    type Error = ConvertError;

    fn try_from(purpose: v2_0_1::ChargingProfilePurpose) -> Result<Self, ConvertError> {
        Ok(match purpose {
            v2_0_1::ChargingProfilePurpose::ChargingStationExternalConstraints => Self::ExternalConstraints,
            v2_0_1::ChargingProfilePurpose::ChargingStationMaxProfile => Self::StationMax,
            v2_0_1::ChargingProfilePurpose::TxDefaultProfile => Self::TxDefault,
            v2_0_1::ChargingProfilePurpose::TxProfile => Self::Tx,
            v2_0_1::ChargingProfilePurpose::Unrecognized(_) => {
                return Err(ConvertError::Unrecognized { field: "chargingProfilePurpose" });
            }
        })
    }
}

impl TryFrom<v2_0_1::ChargingRateUnit> for RateUnit {
    type Error = ConvertError;

    fn try_from(unit: v2_0_1::ChargingRateUnit) -> Result<Self, ConvertError> {
        match unit {
            v2_0_1::ChargingRateUnit::A => Ok(Self::Amperes),
            v2_0_1::ChargingRateUnit::W => Ok(Self::Watts),
            v2_0_1::ChargingRateUnit::Unrecognized(_) => Err(ConvertError::Unrecognized { field: "chargingRateUnit" }),
        }
    }
}

impl From<RateUnit> for v2_0_1::ChargingRateUnit {
    fn from(unit: RateUnit) -> Self {
        match unit {
            RateUnit::Amperes => Self::A,
            RateUnit::Watts => Self::W,
        }
    }
}

#[cfg(test)]
mod tests {
    use ocpp_types::{Decode, Encode};

    use super::*;
    use crate::fixture::{at, installation, period, profile, situation};

    #[test]
    fn profile_goes_to_json_and_back_unchanged() {
        for (purpose, kind) in [
            (Purpose::Tx, Kind::Absolute),
            (Purpose::TxDefault, Kind::Recurring),
            (Purpose::StationMax, Kind::Absolute),
            (Purpose::ExternalConstraints, Kind::Relative),
        ] {
            let mut given = profile(7, 1, purpose, 16_100).profile;
            given.kind = kind;
            given.recurrency = (kind == Kind::Recurring).then_some(Recurrency::Daily);
            (given.valid_from, given.valid_to) = (Some(at(1)), Some(at(2)));
            let schedule = &mut given.schedules[0];
            schedule.duration_seconds = Some(60);
            schedule.min_charging_rate_milli = Some(6_000);
            schedule.periods[0].number_phases = Some(1);
            schedule.periods[0].phase_to_use = Some(3);
            let json = v2_0_1::ChargingProfile::try_from(&given).unwrap().to_json().unwrap();
            let message = v2_0_1::ChargingProfile::from_json(&json).unwrap();
            assert_eq!(ChargingProfile::try_from(&message), Ok(given), "{json}");
        }
    }

    #[test]
    fn what_2_0_1_does_not_know_is_not_written() {
        let refused = |given: ChargingProfile| v2_0_1::ChargingProfile::try_from(&given).unwrap_err();
        let given = profile(1, 1, Purpose::Priority, 1).profile;
        assert_eq!(refused(given), NotIn2_0_1::Purpose(Purpose::Priority));
        let given = ChargingProfile { kind: Kind::Dynamic, ..profile(1, 1, Purpose::Tx, 1).profile };
        assert_eq!(refused(given), NotIn2_0_1::Kind(Kind::Dynamic));
        let mut given = profile(1, 1, Purpose::Tx, 1).profile;
        given.schedules[0].periods.push(SchedulePeriod { limit_milli: None, ..period(60, 0) });
        assert_eq!(refused(given), NotIn2_0_1::NoLimit { start_seconds: 60 });
    }

    #[test]
    fn composite_is_written_with_one_digit() {
        let installation = installation(1);
        let profiles = [profile(1, 1, Purpose::TxDefault, 6_370)];
        let request = crate::composite::CompositeRequest {
            evse: EvseId(1),
            start: at(0),
            duration_seconds: 60,
            unit: RateUnit::Amperes,
            max_periods: 10,
        };
        let composite = situation(&installation, &profiles, &[]).composite(&request).unwrap();
        let json = v2_0_1::CompositeSchedule::from(&composite).to_json().unwrap();
        assert!(json.contains(r#"[{"startPeriod":0,"limit":6.3,"numberPhases":3}]"#), "{json}");
        assert!(json.contains(r#""scheduleStart":"2024-03-01T00:00:00Z""#), "{json}");
    }

    #[test]
    fn filters_are_read() {
        let clear = v2_0_1::ClearChargingProfileRequest::from_json(r#"{"chargingProfileId":7}"#).unwrap();
        let expected = ClearFilter { id: Some(ProfileId(7)), ..ClearFilter::default() };
        assert_eq!(ClearFilter::try_from(&clear), Ok(expected));
        let report = v2_0_1::GetChargingProfilesRequest::from_json(
            r#"{"requestId":1,"chargingProfile":{"chargingProfilePurpose":"TxProfile","stackLevel":2,"chargingLimitSource":["SO"]}}"#,
        );
        let expected = ReportFilter {
            purpose: Some(Purpose::Tx),
            stack_level: Some(2),
            sources: alloc::vec![LimitSource::So],
            ..ReportFilter::default()
        };
        assert_eq!(ReportFilter::try_from(&report.unwrap()), Ok(expected));
    }
}
