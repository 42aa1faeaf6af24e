//! Each of these has been got wrong by some station or server.

use alloc::boxed::Box;
use alloc::vec;
use alloc::vec::Vec;

use chrono::TimeDelta;

use super::*;
use crate::fixture::{at, installation, period, profile, schedule, situation, transaction};
use crate::installation::{Installation, Transaction};
use crate::model::*;
use crate::store::{ProfileStore, StoreChange};
use crate::units::{PhaseRule, Supply};
use crate::validate::Edition;

const AMPERES: RateUnit = RateUnit::Amperes;
const WATTS: RateUnit = RateUnit::Watts;

fn composite(situation: &Situation<'_>, evse: u32, duration_seconds: u32, unit: RateUnit) -> CompositeSchedule {
    let request = CompositeRequest { evse: EvseId(evse), start: at(0), duration_seconds, unit, max_periods: 100 };
    situation.composite(&request).unwrap()
}

/// Starts and limits.
fn line(situation: &Situation<'_>, evse: u32, duration_seconds: u32, unit: RateUnit) -> Vec<(u32, i64)> {
    let periods = composite(situation, evse, duration_seconds, unit).periods;
    periods.iter().map(|period| (period.start_seconds, period.limit.milli)).collect()
}

fn limit(
    installation: &Installation,
    profiles: &[InstalledProfile],
    transactions: &[Transaction],
    unit: RateUnit,
) -> i64 {
    let situation = situation(installation, profiles, transactions);
    situation.limit_at(EvseId(1), at(0), unit).unwrap().period.limit.milli
}

fn first(installed: &mut InstalledProfile) -> &mut ChargingSchedule {
    &mut installed.profile.schedules[0]
}

#[test]
fn stored_external_constraints_are_part_of_the_composite() {
    let installation = installation(1);
    for place in [0, 1] {
        let profiles = [
            profile(1, 1, Purpose::TxDefault, 16_000),
            profile(-1, place, Purpose::ExternalConstraints, 7_000),
            profile(2, 0, Purpose::StationMax, 20_000),
        ];
        let situation = situation(&installation, &profiles, &[]);
        assert_eq!(line(&situation, 1, 60, AMPERES), [(0, 7_000)]);
        assert_eq!(line(&situation, 0, 60, AMPERES), [(0, 7_000)]);
    }
}

#[test]
fn profile_of_a_remote_start_is_applied_from_the_start_and_gone_after_the_end() {
    let installation = installation(1);
    let mut remote = profile(1, 1, Purpose::Tx, 10_000);
    remote.profile.transaction_id = None;
    let mut store = ProfileStore::default();
    store.install(remote, Edition::V1_6, at(0));
    let limit = |store: &ProfileStore, transactions: &[Transaction]| {
        limit(&installation, store.profiles(), transactions, AMPERES)
    };
    assert_eq!(limit(&store, &[]), 32_000);
    // The transaction runs, but the CSMS has not given its id yet.
    let nameless = Transaction { id: None, ..transaction(1) };
    assert_eq!(limit(&store, &[nameless]), 10_000);
    store.identify_transaction(EvseId(1), "tx");
    assert_eq!(limit(&store, &[transaction(1)]), 10_000);
    assert_eq!(store.end_transaction(EvseId(1)), [StoreChange::Remove(ProfileId(1))]);
    assert_eq!(limit(&store, &[transaction(1)]), 32_000);
}

#[test]
fn recurring_profile_waits_for_its_start_and_stays_on_its_second() {
    let installation = installation(1);
    let mut daily = profile(1, 1, Purpose::TxDefault, 10_000);
    daily.profile.kind = Kind::Recurring;
    daily.profile.recurrency = Some(Recurrency::Daily);
    first(&mut daily).start_schedule = Some(at(600));
    first(&mut daily).duration_seconds = Some(60);
    let profiles = [daily.clone()];
    let situation_now = situation(&installation, &profiles, &[]);
    assert_eq!(
        line(&situation_now, 1, 90_000, AMPERES),
        [(0, 32_000), (600, 10_000), (660, 32_000), (87_000, 10_000), (87_060, 32_000)]
    );
    // 1990: 16 leap seconds ago.
    first(&mut daily).start_schedule = Some("1990-01-01T00:10:00Z".parse().unwrap());
    let profiles = [daily];
    let situation_now = situation(&installation, &profiles, &[]);
    assert_eq!(line(&situation_now, 1, 3_600, AMPERES), [(0, 32_000), (600, 10_000), (660, 32_000)]);
}

#[test]
fn station_converts_each_evse_before_adding() {
    let installation = installation(2);
    let mut in_watts = profile(2, 2, Purpose::TxDefault, 2_070_000);
    first(&mut in_watts).unit = WATTS;
    let profiles = [profile(1, 1, Purpose::TxDefault, 16_000), in_watts];
    let situation = situation(&installation, &profiles, &[]);
    assert_eq!(line(&situation, 0, 60, AMPERES), [(0, 19_000)]);
    assert_eq!(line(&situation, 0, 60, WATTS), [(0, 16 * 690_000 + 2_070_000)]);
}

#[test]
fn tx_profile_counts_for_its_own_transaction_only() {
    let installation = installation(1);
    let profiles = [profile(1, 1, Purpose::Tx, 10_000), profile(2, 1, Purpose::TxDefault, 16_000)];
    assert_eq!(limit(&installation, &profiles, &[], AMPERES), 16_000);
    let other = Transaction { id: Some("other".into()), ..transaction(1) };
    assert_eq!(limit(&installation, &profiles, &[other], AMPERES), 16_000);
    assert_eq!(limit(&installation, &profiles, &[transaction(1)], AMPERES), 10_000);
}

#[test]
fn change_of_one_phase_alone_is_a_change() {
    let installation = installation(1);
    let mut split = profile(1, 1, Purpose::Tx, 16_000);
    first(&mut split).periods = [(0, 16_000, 16_000), (60, 16_000, 10_000), (120, 6_000, 10_000), (180, 6_000, 10_000)]
        .map(|(start, l2, l3)| {
            let extra = PeriodExtra { limit_l2_milli: Some(l2), limit_l3_milli: Some(l3), ..PeriodExtra::default() };
            SchedulePeriod { extra: Some(Box::new(extra)), ..period(start, 16_000) }
        })
        .into();
    let profiles = [split];
    let transactions = [transaction(1)];
    let schedule = composite(&situation(&installation, &profiles, &transactions), 1, 240, AMPERES);
    let limits: Vec<_> =
        schedule.periods.iter().map(|period| (period.start_seconds, period.limit.l2_l3_milli)).collect();
    assert_eq!(limits, [(0, Some([16_000, 16_000])), (60, Some([16_000, 10_000])), (120, Some([6_000, 10_000]))]);
}

#[test]
fn negative_limits_stop_charging() {
    let installation = installation(2);
    let mut generation = profile(3, 0, Purpose::LocalGeneration, -20_000);
    first(&mut generation).periods[0].number_phases = Some(1);
    let profiles = [profile(1, 1, Purpose::TxDefault, -5_000), profile(2, 2, Purpose::TxDefault, 8_000), generation];
    assert_eq!(limit(&installation, &profiles, &[], AMPERES), 0);
    assert_eq!(line(&situation(&installation, &profiles, &[]), 0, 60, AMPERES), [(0, 8_000)]);
}

#[test]
fn conversion_uses_the_phases_of_its_own_period() {
    // 6.9 kW over three phases is 10 A on each, also while another profile allows one phase only (K01.FR.50).
    let mut installation = installation(1);
    let mut power = profile(1, 1, Purpose::TxDefault, 6_900_000);
    first(&mut power).unit = WATTS;
    first(&mut power).periods = vec![
        SchedulePeriod { number_phases: Some(3), ..period(0, 6_900_000) },
        SchedulePeriod { number_phases: Some(1), ..period(60, 6_900_000) },
    ];
    let mut max = profile(2, 0, Purpose::StationMax, 32_000);
    first(&mut max).periods[0].number_phases = Some(1);
    let profiles = [power, max];
    assert_eq!(line(&situation(&installation, &profiles, &[]), 1, 120, AMPERES), [(0, 10_000), (60, 30_000)]);
    // 1.6 takes the power as it is for the phases that are used (errata 3.34).
    installation.phase_rule = PhaseRule::TotalPower;
    assert_eq!(line(&situation(&installation, &profiles, &[]), 1, 120, AMPERES), [(0, 30_000)]);
}

#[test]
fn limit_of_the_station_reaches_a_dc_evse_through_all_phases_of_the_grid() {
    for phase_rule in [PhaseRule::TotalPower, PhaseRule::PerPhase] {
        let mut installation = Installation { phase_rule, ..installation(1) };
        let dc = &mut installation.evses[0];
        dc.supply = Supply::Dc { millivolts: 400_000 };
        dc.local_limit.milliwatts = 150_000_000;
        dc.local_limit.milliamperes = 375_000;
        let mut max = profile(1, 0, Purpose::StationMax, 50_000_000);
        first(&mut max).unit = WATTS;
        assert_eq!(limit(&installation, &[max.clone()], &[], WATTS), 50_000_000);
        assert_eq!(limit(&installation, &[max.clone()], &[], AMPERES), 125_000);
        let in_amperes = profile(1, 0, Purpose::StationMax, 100_000);
        assert_eq!(limit(&installation, &[in_amperes], &[], WATTS), 100 * 690_000);
        assert_eq!(line(&situation(&installation, &[max], &[]), 0, 1, AMPERES), [(0, 72_463)]);
    }
}

#[test]
fn priority_charging_overrules_until_it_ends() {
    let installation = installation(1);
    let profiles = [
        profile(1, 1, Purpose::Tx, 6_000),
        profile(2, 0, Purpose::Priority, 25_000),
        profile(3, 0, Purpose::StationMax, 20_000),
    ];
    assert_eq!(limit(&installation, &profiles, &[transaction(1)], AMPERES), 6_000);
    let with_priority = Transaction { priority_charging: true, ..transaction(1) };
    assert_eq!(limit(&installation, &profiles, &[with_priority], AMPERES), 20_000);
}

#[test]
fn schedules_of_several_profiles_are_combined_by_their_order() {
    // K15.FR.22
    let installation = installation(1);
    let mut low = profile(1, 1, Purpose::Tx, 0);
    low.profile.schedules = [10_000, 11_000].map(|milli| schedule(vec![period(0, milli)])).into();
    let mut high = profile(2, 1, Purpose::Tx, 0);
    high.profile.stack_level = 1;
    high.profile.schedules = [20_000, 21_000, 22_000].map(|milli| schedule(vec![period(0, milli)])).into();
    for schedule in &mut high.profile.schedules {
        schedule.duration_seconds = Some(60);
    }
    let profiles = [low, high];
    let lines = [0, 1, 2].map(|schedule_index| {
        let transactions = [Transaction { schedule_index, ..transaction(1) }];
        line(&situation(&installation, &profiles, &transactions), 1, 120, AMPERES)
    });
    assert_eq!(lines[0], [(0, 20_000), (60, 10_000)]);
    assert_eq!(lines[1], [(0, 21_000), (60, 11_000)]);
    assert_eq!(lines[2], [(0, 22_000), (60, 32_000)]);
}

#[test]
fn random_delays_belong_to_a_transaction() {
    let installation = installation(1);
    let mut delayed = profile(1, 1, Purpose::TxDefault, 10_000);
    *first(&mut delayed) = ChargingSchedule {
        randomized_delay_seconds: 600,
        duration_seconds: Some(7_200),
        ..schedule(vec![period(0, 10_000), period(3_600, 0)])
    };
    let profiles = [delayed];
    let starts = |delay_seed| {
        let transactions = [Transaction { delay_seed, ..transaction(1) }];
        line(&situation(&installation, &profiles, &transactions), 1, 10_000, AMPERES)
    };
    // K08.FR.06, K01.FR.94.
    assert_eq!(starts(None), [(0, 10_000), (3_600, 0), (7_200, 32_000)]);
    let seen: Vec<u32> = (0..50)
        .map(|seed| {
            let line = starts(Some(seed));
            assert_eq!(line, starts(Some(seed)));
            assert_eq!((line[0], line[2]), ((0, 10_000), (7_200, 32_000)));
            line[1].0
        })
        .collect();
    assert!(seen.iter().all(|start| (3_600..=4_200).contains(start)));
    assert!(seen.iter().any(|start| *start != seen[0]));
}

#[test]
fn limit_of_a_fuller_battery_is_lower() {
    let installation = installation(1);
    let mut capped = profile(1, 1, Purpose::TxDefault, 16_000);
    first(&mut capped).limit_at_soc = Some(LimitAtSoc { soc_percent: 80, limit_milli: 6_000 });
    let at_soc = |soc_percent| {
        limit(&installation, &[capped.clone()], &[Transaction { soc_percent, ..transaction(1) }], AMPERES)
    };
    assert_eq!([None, Some(79), Some(80), Some(100)].map(at_soc), [16_000, 16_000, 6_000, 6_000]);
}

#[test]
fn clock_that_steps_back_does_not_free_a_running_transaction() {
    let installation = installation(1);
    let mut relative = profile(1, 1, Purpose::TxDefault, 10_000);
    relative.profile.kind = Kind::Relative;
    first(&mut relative).start_schedule = None;
    let ready_later = Transaction { ready_at: Some(at(3_600)), ..transaction(1) };
    assert_eq!(limit(&installation, &[relative], &[ready_later], AMPERES), 10_000);
}

#[test]
fn local_limit_caps_profiles() {
    let installation = installation(2);
    let profiles = [profile(1, 0, Purpose::TxDefault, 999_999_000)];
    assert_eq!(limit(&installation, &profiles, &[], AMPERES), 32_000);
    assert_eq!(line(&situation(&installation, &profiles, &[]), 0, 60, AMPERES), [(0, 64_000)]);
}

#[test]
fn extreme_numbers_of_a_peer_do_no_harm() {
    let mut installation = installation(2);
    installation.cap_at_local_limit = false;
    let mut huge = profile(1, 0, Purpose::TxDefault, i64::MAX);
    *first(&mut huge) = ChargingSchedule {
        duration_seconds: Some(u32::MAX),
        unit: WATTS,
        ..schedule(vec![period(0, i64::MAX), period(u32::MAX, i64::MIN)])
    };
    huge.profile.valid_from = Some(DateTime::<Utc>::MIN_UTC);
    huge.profile.valid_to = Some(DateTime::<Utc>::MAX_UTC);
    first(&mut huge).start_schedule = Some(DateTime::<Utc>::MIN_UTC);
    let mut recurring = huge.clone();
    recurring.profile.id = ProfileId(2);
    recurring.profile.kind = Kind::Recurring;
    recurring.profile.recurrency = Some(Recurrency::Weekly);
    recurring.profile.stack_level = u32::MAX;
    let profiles = [huge, recurring];
    for unit in [AMPERES, WATTS] {
        for evse in [0, 1] {
            let situation = situation(&installation, &profiles, &[]);
            let request = CompositeRequest {
                evse: EvseId(evse),
                start: DateTime::<Utc>::MAX_UTC,
                duration_seconds: u32::MAX,
                unit,
                max_periods: 1,
            };
            assert!(situation.composite(&request).unwrap().periods[0].limit.milli > 0);
            assert!(situation.limit_at(EvseId(evse), DateTime::<Utc>::MIN_UTC, unit).is_ok());
        }
    }
}

#[test]
fn unknown_evse_has_no_composite() {
    let installation = installation(1);
    let request =
        CompositeRequest { evse: EvseId(2), start: at(0), duration_seconds: 60, unit: AMPERES, max_periods: 1 };
    let result = situation(&installation, &[], &[]).composite(&request);
    assert_eq!(result, Err(CompositeError::UnknownEvse(EvseId(2))));
}

/// 1.6 §3.13.1: for that EVSE alone, and at its level alone.
#[test]
fn own_default_profile_replaces_that_of_the_station_also_after_its_schedule() {
    let installation = installation(2);
    let mut own = profile(2, 1, Purpose::TxDefault, 16_000);
    first(&mut own).duration_seconds = Some(60);
    let mut above = profile(3, 0, Purpose::TxDefault, 12_000);
    above.profile.stack_level = 1;
    first(&mut above).start_schedule = Some(at(90));
    let profiles = [profile(1, 0, Purpose::TxDefault, 10_000), own, above];
    let situation = situation(&installation, &profiles, &[]);
    assert_eq!(line(&situation, 1, 100, AMPERES), [(0, 16_000), (60, 32_000), (90, 12_000)]);
    assert_eq!(line(&situation, 2, 100, AMPERES), [(0, 10_000), (90, 12_000)]);
}

/// A schedule that began within the second of the request, or that ends the one before it there.
#[test]
fn fractions_of_a_second_make_no_period_of_their_own() {
    let installation = installation(1);
    let mut one = profile(1, 1, Purpose::TxDefault, 16_000);
    first(&mut one).start_schedule = Some(at(0) + TimeDelta::milliseconds(345));
    one.profile.valid_from = Some(at(0) + TimeDelta::milliseconds(999));
    one.profile.valid_to = Some(at(60) + TimeDelta::milliseconds(500));
    let mut two = profile(2, 0, Purpose::TxDefault, 8_000);
    two.profile.stack_level = 1;
    two.profile.valid_from = Some(at(60) + TimeDelta::milliseconds(500));
    let profiles = [one, two];
    let situation = situation(&installation, &profiles, &[]);
    for start in [0, 345, 346, 999] {
        let start = at(0) + TimeDelta::milliseconds(start);
        let request = CompositeRequest { evse: EvseId(1), start, duration_seconds: 90, unit: AMPERES, max_periods: 9 };
        let periods = situation.composite(&request).unwrap().periods;
        let line: Vec<_> = periods.iter().map(|period| (period.start_seconds, period.limit.milli)).collect();
        assert_eq!(line, [(0, 16_000), (60, 8_000)]);
    }
}
