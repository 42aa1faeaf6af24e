use alloc::vec;

use ocpp_types::{Decode, Encode};

use super::*;
use crate::composite::CompositeRequest;
use crate::fixture::{at, installation, period, profile, schedule, situation, transaction};

fn split(l1: i64, l2: i64) -> PhaseRates {
    PhaseRates { l1_milli: Some(l1), l2_milli: Some(l2), l3_milli: None }
}

/// A profile with every field set to something of its own.
fn everything() -> ChargingProfile {
    let extra = PeriodExtra {
        limit_l2_milli: Some(15_001),
        limit_l3_milli: Some(14_000),
        discharge_limit: split(-1_500, -2_000),
        setpoint: split(3_000, -4_000),
        setpoint_reactive: split(500, 600),
        preconditioning: true,
        evse_sleep: true,
        baseline_milliwatts: Some(-7),
        frequency_curve: vec![FrequencyPoint { millihertz: 49_800, milliwatts: 8_000 }],
        signal_curve: vec![SignalPoint { signal: -3, milliwatts: 9_000 }],
    };
    let first = SchedulePeriod {
        number_phases: Some(1),
        phase_to_use: Some(2),
        mode: OperationMode::CentralSetpoint,
        extra: Some(Box::new(extra)),
        ..period(0, 16_123)
    };
    let schedules = vec![
        ChargingSchedule {
            id: 5,
            duration_seconds: Some(600),
            unit: RateUnit::Watts,
            min_charging_rate_milli: Some(1_500),
            randomized_delay_seconds: 30,
            use_local_time: true,
            limit_at_soc: Some(LimitAtSoc { soc_percent: 80, limit_milli: 6_000 }),
            ..schedule(vec![first, SchedulePeriod { limit_milli: None, ..period(60, 0) }])
        },
        schedule(vec![period(0, 1)]),
    ];
    ChargingProfile {
        stack_level: 3,
        kind: Kind::Recurring,
        recurrency: Some(Recurrency::Weekly),
        valid_from: Some(at(1)),
        valid_to: Some(at(2)),
        schedules,
        max_offline_seconds: Some(60),
        invalid_after_offline: true,
        dyn_update_interval_seconds: Some(70),
        dyn_update_time: Some(at(3)),
        ..profile(-9, 1, Purpose::Tx, 0).profile
    }
}

#[test]
fn profile_goes_to_json_and_back_unchanged() {
    let mut profiles = vec![everything()];
    for purpose in [Purpose::StationMax, Purpose::Priority, Purpose::LocalGeneration, Purpose::ExternalConstraints] {
        profiles.push(ChargingProfile { purpose, ..everything() });
    }
    for kind in [Kind::Absolute, Kind::Relative, Kind::Dynamic] {
        profiles.push(ChargingProfile { kind, recurrency: None, ..everything() });
    }
    use OperationMode::*;
    for mode in
        [Idle, ChargingOnly, ExternalSetpoint, ExternalLimits, CentralFrequency, LocalFrequency, LocalLoadBalancing]
    {
        let mut profile = everything();
        profile.schedules[0].periods[0].mode = mode;
        profiles.push(profile);
    }
    for profile in profiles {
        let json = v2_1::ChargingProfile::from(&profile).to_json().unwrap();
        let message = v2_1::ChargingProfile::from_json(&json).unwrap();
        assert_eq!(ChargingProfile::try_from(&message), Ok(profile), "{json}");
    }
}

#[test]
fn each_rate_goes_to_its_own_field() {
    let json = v2_1::ChargingProfile::from(&everything()).to_json().unwrap();
    for member in [
        r#""limit":16.123,"limit_L2":15.001,"limit_L3":14"#,
        r#""dischargeLimit":-1.5,"dischargeLimit_L2":-2"#,
        r#""setpoint":3,"setpoint_L2":-4"#,
        r#""setpointReactive":0.5,"setpointReactive_L2":0.6"#,
        r#""limitAtSoC":{"soc":80,"limit":6}"#,
        r#""frequency":49.8,"power":8"#,
        r#""maxOfflineDuration":60"#,
        r#""dynUpdateInterval":70"#,
    ] {
        assert!(json.contains(member), "{member} in {json}");
    }
}

#[test]
fn composite_shows_limits_of_each_phase_and_setpoints() {
    let installation = installation(1);
    let mut steered = profile(1, 1, Purpose::Tx, 20_000);
    let extra = PeriodExtra {
        limit_l2_milli: Some(10_000),
        limit_l3_milli: Some(9_500),
        setpoint: PhaseRates { l1_milli: Some(8_000), ..PhaseRates::default() },
        ..PeriodExtra::default()
    };
    steered.profile.schedules[0].periods[0].mode = OperationMode::CentralSetpoint;
    steered.profile.schedules[0].periods[0].extra = Some(Box::new(extra));
    let profiles = [steered];
    let transactions = [transaction(1)];
    let request = CompositeRequest {
        evse: EvseId(1),
        start: at(0),
        duration_seconds: 60,
        unit: RateUnit::Amperes,
        max_periods: 10,
    };
    let composite = situation(&installation, &profiles, &transactions).composite(&request).unwrap();
    let json = v2_1::CompositeSchedule::from(&composite).to_json().unwrap();
    for member in [
        r#""scheduleStart":"2024-03-01T00:00:00Z""#,
        r#""startPeriod":0,"limit":20,"limit_L2":10,"limit_L3":9.5,"numberPhases":3"#,
        r#""setpoint":8"#,
        r#""operationMode":"CentralSetpoint""#,
    ] {
        assert!(json.contains(member), "{member} in {json}");
    }
}

#[test]
fn filters_and_updates_are_read() {
    let clear = v2_1::ClearChargingProfileRequest::from_json(
        r#"{"chargingProfileCriteria":{"evseId":2,"chargingProfilePurpose":"PriorityCharging","stackLevel":4}}"#,
    );
    let expected =
        ClearFilter { id: None, evse: Some(EvseId(2)), purpose: Some(Purpose::Priority), stack_level: Some(4) };
    assert_eq!(ClearFilter::try_from(&clear.unwrap()), Ok(expected));
    let report = v2_1::GetChargingProfilesRequest::from_json(
        r#"{"requestId":1,"evseId":0,"chargingProfile":{"chargingProfileId":[-1,7],"chargingLimitSource":["EMS","Grid"]}}"#,
    );
    let expected = ReportFilter {
        ids: vec![ProfileId(-1), ProfileId(7)],
        evse: Some(EvseId::STATION),
        sources: vec![LimitSource::Ems, LimitSource::Other],
        ..ReportFilter::default()
    };
    assert_eq!(ReportFilter::try_from(&report.unwrap()), Ok(expected));
    let update = v2_1::ChargingScheduleUpdate::from_json(r#"{"limit":10,"limit_L3":9.9,"setpointReactive_L2":-0.001}"#);
    let update = DynamicUpdate::try_from(&update.unwrap()).unwrap();
    assert_eq!(update.limit, PhaseRates { l1_milli: Some(10_000), l2_milli: None, l3_milli: Some(9_900) });
    assert_eq!(update.setpoint_reactive, PhaseRates { l2_milli: Some(-1), ..PhaseRates::default() });
}
