//! OCPP 1.6.

use alloc::string::ToString;
use alloc::vec;
use alloc::vec::Vec;

use ocpp_types::v1_6;

use super::{ConvertError, decimal, milli, milli_option, narrow, narrow_option, whole_millis};
use crate::composite::CompositeSchedule;
use crate::filter::ClearFilter;
use crate::model::{
    ChargingProfile, ChargingSchedule, EvseId, Kind, OperationMode, ProfileId, Purpose, RateUnit, Recurrency,
    SchedulePeriod,
};

/// Digits after the point that a limit may have (§7.14).
pub(super) const DIGITS: u8 = 1;

impl TryFrom<&v1_6::ChargingProfile> for ChargingProfile {
    type Error = ConvertError;

    fn try_from(message: &v1_6::ChargingProfile) -> Result<Self, ConvertError> {
        Ok(Self {
            id: ProfileId(narrow("chargingProfileId", message.charging_profile_id)?),
            stack_level: narrow("stackLevel", message.stack_level)?,
            purpose: purpose(message.charging_profile_purpose)?,
            kind: match message.charging_profile_kind {
                v1_6::ChargingProfileKind::Absolute => Kind::Absolute,
                v1_6::ChargingProfileKind::Recurring => Kind::Recurring,
                v1_6::ChargingProfileKind::Relative => Kind::Relative,
                v1_6::ChargingProfileKind::Unrecognized(_) => {
                    return Err(ConvertError::Unrecognized { field: "chargingProfileKind" });
                }
            },
            recurrency: message.recurrency_kind.map(recurrency).transpose()?,
            valid_from: message.valid_from.map(whole_millis),
            valid_to: message.valid_to.map(whole_millis),
            transaction_id: message.transaction_id.map(|id| id.to_string()),
            schedules: vec![ChargingSchedule::try_from(&message.charging_schedule)?],
            max_offline_seconds: None,
            invalid_after_offline: false,
            dyn_update_interval_seconds: None,
            dyn_update_time: None,
        })
    }
}

impl TryFrom<&v1_6::ChargingSchedule> for ChargingSchedule {
    type Error = ConvertError;

    fn try_from(message: &v1_6::ChargingSchedule) -> Result<Self, ConvertError> {
        Ok(Self {
            id: 0,
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

fn period(message: &v1_6::ChargingSchedulePeriod) -> Result<SchedulePeriod, ConvertError> {
    Ok(SchedulePeriod {
        start_seconds: narrow("startPeriod", message.start_period)?,
        limit_milli: Some(milli("limit", message.limit)?),
        number_phases: narrow_option("numberPhases", message.number_phases)?,
        phase_to_use: None,
        mode: OperationMode::ChargingOnly,
        extra: None,
    })
}

impl TryFrom<v1_6::ChargingRateUnit> for RateUnit {
    type Error = ConvertError;

    fn try_from(unit: v1_6::ChargingRateUnit) -> Result<Self, ConvertError> {
        match unit {
            v1_6::ChargingRateUnit::A => Ok(Self::Amperes),
            v1_6::ChargingRateUnit::W => Ok(Self::Watts),
            v1_6::ChargingRateUnit::Unrecognized(_) => Err(ConvertError::Unrecognized { field: "chargingRateUnit" }),
        }
    }
}

impl TryFrom<&v1_6::ClearChargingProfileRequest> for ClearFilter {
    type Error = ConvertError;

    fn try_from(message: &v1_6::ClearChargingProfileRequest) -> Result<Self, ConvertError> {
        Ok(Self {
            id: narrow_option("id", message.id)?.map(ProfileId),
            evse: narrow_option("connectorId", message.connector_id)?.map(EvseId),
            purpose: message.charging_profile_purpose.map(purpose).transpose()?,
            stack_level: narrow_option("stackLevel", message.stack_level)?,
        })
    }
}

/// The schedule of GetCompositeSchedule.conf. It has no start of its own: `scheduleStart` of the message is
/// [`CompositeSchedule::start`] (errata 3.57).
impl From<&CompositeSchedule> for v1_6::ChargingSchedule {
    fn from(composite: &CompositeSchedule) -> Self {
        let periods = composite.periods.iter().map(|period| v1_6::ChargingSchedulePeriod {
            start_period: i64::from(period.start_seconds),
            limit: decimal(period.limit.for_all_phases(composite.unit), DIGITS),
            number_phases: period.number_phases.map(i64::from),
        });
        Self {
            duration: Some(i64::from(composite.duration_seconds)),
            start_schedule: None,
            charging_rate_unit: match composite.unit {
                RateUnit::Amperes => v1_6::ChargingRateUnit::A,
                RateUnit::Watts => v1_6::ChargingRateUnit::W,
            },
            charging_schedule_period: periods.collect::<Vec<_>>(),
            min_charging_rate: None,
        }
    }
}

fn purpose(purpose: v1_6::ChargingProfilePurpose) -> Result<Purpose, ConvertError> {
    match purpose {
        v1_6::ChargingProfilePurpose::ChargePointMaxProfile => Ok(Purpose::StationMax),
        v1_6::ChargingProfilePurpose::TxDefaultProfile => Ok(Purpose::TxDefault),
        v1_6::ChargingProfilePurpose::TxProfile => Ok(Purpose::Tx),
        v1_6::ChargingProfilePurpose::Unrecognized(_) => {
            Err(ConvertError::Unrecognized { field: "chargingProfilePurpose" })
        }
    }
}

fn recurrency(kind: v1_6::RecurrencyKind) -> Result<Recurrency, ConvertError> {
    match kind {
        v1_6::RecurrencyKind::Daily => Ok(Recurrency::Daily),
        v1_6::RecurrencyKind::Weekly => Ok(Recurrency::Weekly),
        v1_6::RecurrencyKind::Unrecognized(_) => Err(ConvertError::Unrecognized { field: "recurrencyKind" }),
    }
}

#[cfg(test)]
mod tests {
    use ocpp_types::{Decode, Encode};

    use super::*;
    use crate::fixture::{at, installation, profile, situation};
    use crate::installation::Situation;

    #[test]
    fn profile_is_read_from_its_message() {
        let message = v1_6::ChargingProfile::from_json(
            r#"{"chargingProfileId":-3,"transactionId":42,"stackLevel":2,"chargingProfilePurpose":"TxProfile",
                "chargingProfileKind":"Recurring","recurrencyKind":"Weekly","validFrom":"2024-03-01T00:00:01Z",
                "chargingSchedule":{"duration":3600,"startSchedule":"2024-03-01T00:00:00Z","chargingRateUnit":"W",
                "chargingSchedulePeriod":[{"startPeriod":0,"limit":11000.5,"numberPhases":1}],"minChargingRate":1.5}}"#,
        );
        let read = ChargingProfile::try_from(&message.unwrap()).unwrap();
        let mut expected = profile(-3, 1, Purpose::Tx, 11_000_500).profile;
        expected.stack_level = 2;
        expected.kind = Kind::Recurring;
        expected.recurrency = Some(Recurrency::Weekly);
        expected.valid_from = Some(at(1));
        expected.transaction_id = Some("42".into());
        let schedule = &mut expected.schedules[0];
        schedule.id = 0;
        schedule.unit = RateUnit::Watts;
        schedule.duration_seconds = Some(3_600);
        schedule.min_charging_rate_milli = Some(1_500);
        schedule.periods[0].number_phases = Some(1);
        assert_eq!(read, expected);
    }

    #[test]
    fn numbers_out_of_range_are_refused_by_name() {
        let read = |text: &str| {
            let message = v1_6::ChargingProfile::from_json(&text.replace('\'', "\"")).unwrap();
            ChargingProfile::try_from(&message).unwrap_err().to_string()
        };
        let rest = "'chargingProfilePurpose':'TxProfile','chargingProfileKind':'Relative'";
        let schedule = |start: i64, duration: i64| {
            let periods = alloc::format!("[{{'startPeriod':{start},'limit':1}}]");
            alloc::format!("{{'duration':{duration},'chargingRateUnit':'A','chargingSchedulePeriod':{periods}}}")
        };
        let profile = |id: i64, level: i64, start, duration| {
            let schedule = schedule(start, duration);
            alloc::format!("{{'chargingProfileId':{id},'stackLevel':{level},{rest},'chargingSchedule':{schedule}}}")
        };
        assert_eq!(read(&profile(1 << 40, 0, 0, 1)), "chargingProfileId is 1099511627776");
        assert_eq!(read(&profile(1, -1, 0, 1)), "stackLevel is -1");
        assert_eq!(read(&profile(1, 0, -60, 1)), "startPeriod is -60");
        assert_eq!(read(&profile(1, 0, 0, -1)), "duration is -1");
    }

    #[test]
    fn composite_is_written_with_one_digit_and_without_start() {
        let installation = installation(1);
        let profiles = [profile(1, 1, Purpose::TxDefault, 6_370)];
        let situation: Situation<'_> = situation(&installation, &profiles, &[]);
        let request = crate::composite::CompositeRequest {
            evse: EvseId(1),
            start: at(-60),
            duration_seconds: 120,
            unit: RateUnit::Amperes,
            max_periods: 10,
        };
        let schedule = v1_6::ChargingSchedule::from(&situation.composite(&request).unwrap());
        assert_eq!(
            schedule.to_json().unwrap(),
            concat!(
                r#"{"duration":120,"chargingRateUnit":"A","chargingSchedulePeriod":["#,
                r#"{"startPeriod":0,"limit":32,"numberPhases":3},{"startPeriod":60,"limit":6.3,"numberPhases":3}]}"#
            )
        );
    }

    #[test]
    fn clear_takes_all_fields() {
        let message = v1_6::ClearChargingProfileRequest::from_json(
            r#"{"id":7,"connectorId":0,"chargingProfilePurpose":"ChargePointMaxProfile","stackLevel":1}"#,
        );
        let filter = ClearFilter::try_from(&message.unwrap());
        let expected = ClearFilter {
            id: Some(ProfileId(7)),
            evse: Some(EvseId::STATION),
            purpose: Some(Purpose::StationMax),
            stack_level: Some(1),
        };
        assert_eq!(filter, Ok(expected));
    }
}
