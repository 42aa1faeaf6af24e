//! OCPP 1.6, by its tables: what is read is a view, and what is written goes straight into a message.

use alloc::string::ToString;
use alloc::vec;

use ocpp_types::tables::v1_6;

use super::v1_6::DIGITS;
use super::{ConvertError, Fitting, decimal, time};
use crate::composite::CompositeSchedule;
use crate::filter::ClearFilter;
use crate::model::{
    ChargingProfile, ChargingSchedule, EvseId, Kind, OperationMode, ProfileId, Purpose, RateUnit, Recurrency,
    SchedulePeriod,
};

impl TryFrom<v1_6::ChargingProfile<'_>> for ChargingProfile {
    type Error = ConvertError;

    fn try_from(message: v1_6::ChargingProfile<'_>) -> Result<Self, ConvertError> {
        let mut fit = Fitting::default();
        let profile = Self {
            id: ProfileId(fit.number("chargingProfileId", message.charging_profile_id())),
            stack_level: fit.number("stackLevel", message.stack_level()),
            purpose: purpose(&mut fit, message.charging_profile_purpose()),
            kind: fit.word("chargingProfileKind", kind(message.charging_profile_kind()), Kind::Absolute),
            recurrency: message.recurrency_kind().map(|kind| recurrency(&mut fit, kind)),
            valid_from: message.valid_from().map(time),
            valid_to: message.valid_to().map(time),
            transaction_id: message.transaction_id().map(|id| id.to_string()),
            schedules: vec![schedule(&mut fit, message.charging_schedule())],
            max_offline_seconds: None,
            invalid_after_offline: false,
            dyn_update_interval_seconds: None,
            dyn_update_time: None,
        };
        fit.end(profile)
    }
}

fn schedule(fit: &mut Fitting, message: v1_6::ChargingSchedule<'_>) -> ChargingSchedule {
    ChargingSchedule {
        id: 0,
        start_schedule: message.start_schedule().map(time),
        duration_seconds: message.duration().map(|value| fit.number("duration", value)),
        unit: unit(fit, message.charging_rate_unit()),
        periods: message.charging_schedule_period().map(|message| period(fit, message)).collect(),
        min_charging_rate_milli: message.min_charging_rate().map(|value| fit.milli("minChargingRate", value)),
        randomized_delay_seconds: 0,
        use_local_time: false,
        limit_at_soc: None,
    }
}

fn period(fit: &mut Fitting, message: v1_6::ChargingSchedulePeriod<'_>) -> SchedulePeriod {
    SchedulePeriod {
        start_seconds: fit.number("startPeriod", message.start_period()),
        limit_milli: Some(fit.milli("limit", message.limit())),
        number_phases: message.number_phases().map(|value| fit.number("numberPhases", value)),
        phase_to_use: None,
        mode: OperationMode::ChargingOnly,
        extra: None,
    }
}

impl TryFrom<v1_6::ChargingRateUnit> for RateUnit {
    type Error = ConvertError;

    fn try_from(word: v1_6::ChargingRateUnit) -> Result<Self, ConvertError> {
        let mut fit = Fitting::default();
        let unit = unit(&mut fit, word);
        fit.end(unit)
    }
}

impl TryFrom<v1_6::ClearChargingProfileRequest<'_>> for ClearFilter {
    type Error = ConvertError;

    fn try_from(message: v1_6::ClearChargingProfileRequest<'_>) -> Result<Self, ConvertError> {
        let mut fit = Fitting::default();
        let filter = Self {
            id: message.id().map(|id| ProfileId(fit.number("id", id))),
            evse: message.connector_id().map(|id| EvseId(fit.number("connectorId", id))),
            purpose: message.charging_profile_purpose().map(|word| purpose(&mut fit, word)),
            stack_level: message.stack_level().map(|level| fit.number("stackLevel", level)),
        };
        fit.end(filter)
    }
}

impl CompositeSchedule {
    /// Writes the schedule of GetCompositeSchedule.conf. It has no start of its own: `scheduleStart` of the message is
    /// [`start`](Self::start) (errata 3.57).
    pub fn write_v1_6(&self, mut schedule: v1_6::ChargingScheduleBuilder<'_>) {
        schedule.duration(i64::from(self.duration_seconds)).charging_rate_unit(match self.unit {
            RateUnit::Amperes => v1_6::ChargingRateUnit::A,
            RateUnit::Watts => v1_6::ChargingRateUnit::W,
        });
        for period in &self.periods {
            let mut written = schedule.add_charging_schedule_period();
            written.start_period(i64::from(period.start_seconds));
            written.limit(decimal(period.limit.for_all_phases(self.unit), DIGITS));
            if let Some(phases) = period.number_phases {
                written.number_phases(i64::from(phases));
            }
        }
    }
}

fn kind(kind: v1_6::ChargingProfileKind) -> Option<Kind> {
    match kind {
        v1_6::ChargingProfileKind::Absolute => Some(Kind::Absolute),
        v1_6::ChargingProfileKind::Recurring => Some(Kind::Recurring),
        v1_6::ChargingProfileKind::Relative => Some(Kind::Relative),
        v1_6::ChargingProfileKind::Unrecognized => None,
    }
}

fn unit(fit: &mut Fitting, unit: v1_6::ChargingRateUnit) -> RateUnit {
    let known = match unit {
        v1_6::ChargingRateUnit::A => Some(RateUnit::Amperes),
        v1_6::ChargingRateUnit::W => Some(RateUnit::Watts),
        v1_6::ChargingRateUnit::Unrecognized => None,
    };
    fit.word("chargingRateUnit", known, RateUnit::Amperes)
}

fn purpose(fit: &mut Fitting, purpose: v1_6::ChargingProfilePurpose) -> Purpose {
    let known = match purpose {
        v1_6::ChargingProfilePurpose::ChargePointMaxProfile => Some(Purpose::StationMax),
        v1_6::ChargingProfilePurpose::TxDefaultProfile => Some(Purpose::TxDefault),
        v1_6::ChargingProfilePurpose::TxProfile => Some(Purpose::Tx),
        v1_6::ChargingProfilePurpose::Unrecognized => None,
    };
    fit.word("chargingProfilePurpose", known, Purpose::Tx)
}

fn recurrency(fit: &mut Fitting, kind: v1_6::RecurrencyKind) -> Recurrency {
    let known = match kind {
        v1_6::RecurrencyKind::Daily => Some(Recurrency::Daily),
        v1_6::RecurrencyKind::Weekly => Some(Recurrency::Weekly),
        v1_6::RecurrencyKind::Unrecognized => None,
    };
    fit.word("recurrencyKind", known, Recurrency::Daily)
}

#[cfg(test)]
mod tests {
    use alloc::format;
    use alloc::string::String;
    use alloc::vec::Vec;

    use ocpp_types::tables::{Edition, Message, View as _};
    use ocpp_types::{Decode as _, Encode as _};

    use super::*;
    use crate::fixture::{at, installation, profile, situation};

    /// Profiles with each member there and not, and numbers within and beyond what the model holds.
    fn profiles() -> Vec<String> {
        let schedule = |duration: &str, periods: &str| {
            format!("{{{duration}\"chargingRateUnit\":\"W\",\"chargingSchedulePeriod\":[{periods}]}}")
        };
        let schedules = [
            schedule("", ""),
            schedule("\"duration\":3600,", "{\"startPeriod\":0,\"limit\":11000.5,\"numberPhases\":1}"),
            schedule("\"startSchedule\":\"2024-03-01T00:00:00.1239Z\",", "{\"startPeriod\":-60,\"limit\":1}"),
            schedule("\"duration\":-1,", "{\"startPeriod\":0,\"limit\":1},{\"startPeriod\":60,\"limit\":16.1}"),
            schedule("\"minChargingRate\":1.5,", "{\"startPeriod\":0,\"limit\":99999999999999999.9}"),
        ];
        let heads = [
            (1, 0, "\"TxDefaultProfile\"", "\"Absolute\"", ""),
            (-3, 2, "\"TxProfile\"", "\"Recurring\"", "\"recurrencyKind\":\"Weekly\",\"transactionId\":42,"),
            (1_i64 << 40, 0, "\"ChargePointMaxProfile\"", "\"Relative\"", ""),
            (1, -1, "\"TxProfile\"", "\"Relative\"", "\"validFrom\":\"2024-03-01T00:00:01Z\","),
        ];
        let head = |(id, level, purpose, kind, more): &(i64, i64, &str, &str, &str)| {
            format!(
                "\"chargingProfileId\":{id},\"stackLevel\":{level},\"chargingProfilePurpose\":{purpose},\"chargingProfileKind\":{kind},{more}"
            )
        };
        let pairs = heads.iter().flat_map(|one| schedules.iter().map(move |schedule| (head(one), schedule)));
        pairs.map(|(head, schedule)| format!("{{{head}\"chargingSchedule\":{schedule}}}")).collect()
    }

    #[test]
    fn profiles_of_tables_are_those_of_structs() {
        let mut read = 0;
        for json in profiles() {
            let message = Message::<v1_6::ChargingProfile<'_>>::parse(&json, Edition::V1_6).unwrap();
            let found = ChargingProfile::try_from(message.view());
            let expected = ChargingProfile::try_from(&ocpp_types::v1_6::ChargingProfile::from_json(&json).unwrap());
            assert_eq!(found, expected, "{json}");
            read += usize::from(found.is_ok());
        }
        assert!((4..16).contains(&read), "{read}");
    }

    #[test]
    fn the_first_word_that_is_not_known_is_named() {
        use ocpp_types::json::Reader;
        use ocpp_types::lenient::{Quirks, RepairKind};

        let json = &profiles()[0];
        for (word, field) in [
            ("TxDefaultProfile", "chargingProfilePurpose"),
            ("Absolute", "chargingProfileKind"),
            ("W", "chargingRateUnit"),
        ] {
            let json =
                json.replace(&format!("\"{word}\""), "\"Another\"").replace("\"stackLevel\":0", "\"stackLevel\":1");
            let quirks = Quirks::NONE.with(RepairKind::UnknownValue);
            let message =
                Message::<v1_6::ChargingProfile<'_>>::read(&mut Reader::new(&json), Edition::V1_6, quirks).unwrap();
            assert_eq!(ChargingProfile::try_from(message.view()), Err(ConvertError::Unrecognized { field }), "{json}");
        }
    }

    #[test]
    fn filters_of_tables_are_those_of_structs() {
        for json in [
            "{}",
            r#"{"id":7,"connectorId":0,"chargingProfilePurpose":"ChargePointMaxProfile","stackLevel":1}"#,
            r#"{"stackLevel":-1}"#,
            r#"{"connectorId":-1}"#,
        ] {
            let message = Message::<v1_6::ClearChargingProfileRequest<'_>>::parse(json, Edition::V1_6).unwrap();
            let expected = ocpp_types::v1_6::ClearChargingProfileRequest::from_json(json).unwrap();
            assert_eq!(ClearFilter::try_from(message.view()), ClearFilter::try_from(&expected), "{json}");
        }
    }

    #[test]
    fn a_composite_is_written_as_the_struct_writes_it() {
        let installation = installation(1);
        let profiles = [profile(1, 1, Purpose::TxDefault, 6_370)];
        let situation = situation(&installation, &profiles, &[]);
        for unit in [RateUnit::Amperes, RateUnit::Watts] {
            let request = crate::composite::CompositeRequest {
                evse: EvseId(1),
                start: at(-60),
                duration_seconds: 120,
                unit,
                max_periods: 10,
            };
            let composite = situation.composite(&request).unwrap();
            let expected = ocpp_types::v1_6::ChargingSchedule::from(&composite).to_json();
            let written = v1_6::ChargingSchedule::to_json(Edition::V1_6, |schedule| composite.write_v1_6(schedule));
            assert_eq!(written, expected);
        }
    }
}
