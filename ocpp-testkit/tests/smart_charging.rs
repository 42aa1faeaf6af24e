//! Smart charging over days of virtual time: the orders to the hardware come when the profiles say, and the meter counts
//! what they leave. What they say is worked out by the naive evaluation that the schedules themselves are tested by.
#![allow(clippy::panic, clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, reason = "a test")]

mod common;
#[path = "../../ocpp-smartcharging/tests/oracle/reference.rs"]
mod reference;

use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use common::{EVSE, finish, pair, secs};
use ocpp_core::csms::{Command, CommandAnswer, IdToken};
use ocpp_core::station::{Event, EvseId};
use ocpp_core::time::Instant;
use ocpp_smartcharging::installation::{Evse, Installation, LocalLimit, SetpointPriority, Situation, Transaction};
use ocpp_smartcharging::model::{ChargingProfile, EvseId as Place, InstalledProfile, LimitSource, RateUnit};
use ocpp_smartcharging::time::LocalTime;
use ocpp_smartcharging::units::{PhaseRule, Supply};
use ocpp_testkit::clock::WallClock;
use ocpp_testkit::hardware::HardwareDelays;
use ocpp_testkit::link::{End, Network};
use ocpp_testkit::pair::{Pair, PairConfig, Step};
use ocpp_types::{Decode, v1_6};
use reference::Reference;
use serde_json::{Value, json};

const HOUR: u64 = 3_600;
const OWN_LIMIT: i64 = 32_000;

/// Hardware without delay, and vehicles that take all they get. The world begins at 2026-01-01T12:00:00Z.
fn config() -> PairConfig {
    let config = PairConfig::new(7).with_setting("MeterValueSampleInterval", "0");
    let delays = HardwareDelays { contactor: Duration::ZERO, lock: Duration::ZERO, meter: Duration::ZERO };
    let hardware = ocpp_testkit::hardware::Hardware::new(1_000_000, 50_000).with_delays(delays);
    PairConfig { hardware, ..config }
}

fn profile(id: i32, purpose: &str, kind: &str, unit: &str, periods: &[(u64, u32)]) -> Value {
    let periods: Vec<_> = periods.iter().map(|(start, limit)| json!({"startPeriod": start, "limit": limit})).collect();
    let mut profile = json!({
        "chargingProfileId": id, "stackLevel": 0, "chargingProfilePurpose": purpose, "chargingProfileKind": kind,
        "chargingSchedule": {"chargingRateUnit": unit, "chargingSchedulePeriod": periods},
    });
    if kind == "Recurring" {
        profile["recurrencyKind"] = json!("Daily");
    }
    profile
}

/// The same from this time on.
fn starting(at: &str, mut profile: Value) -> Value {
    profile["chargingSchedule"]["startSchedule"] = json!(at);
    profile
}

fn set(connector: u32, profile: &Value) -> Step {
    call("SetChargingProfile", &json!({"connectorId": connector, "csChargingProfiles": profile}))
}

fn call(action: &str, payload: &Value) -> Step {
    Step::Csms(Command::Call { action: action.into(), payload: payload.to_string() })
}

/// How often the station accepted what the CSMS asked for.
fn acceptances(pair: &Pair) -> usize {
    let is_accepted = |answer: &str| answer.contains("Accepted");
    let results = pair.csms.results();
    results.filter(|(_, result)| matches!(result, Ok(CommandAnswer::Call(answer)) if is_accepted(answer))).count()
}

/// The limits ordered: when, where, and in milliamperes.
fn orders(pair: &Pair) -> Vec<(Instant, u16, i64)> {
    let lines = pair.trace.lines().iter();
    lines
        .filter_map(|line| {
            let (evse, order) = line.text.strip_prefix("orders evse ")?.split_once(" Limit(Ac { milliamps: ")?;
            let (milliamps, _) = order.split_once(", phases: 3 })")?;
            Some((line.at, evse.parse().unwrap(), milliamps.parse().unwrap()))
        })
        .collect()
}

/// When each transaction began and ended.
fn sessions(pair: &Pair) -> Vec<(EvseId, Instant, Instant)> {
    let begun = pair.station_events.iter().filter_map(|(at, event)| match event {
        Event::TransactionStarted { evse, transaction, .. } => Some((*at, *evse, transaction.clone())),
        _ => None,
    });
    begun
        .map(|(from, evse, begun)| {
            let end = pair.station_events.iter().find_map(|(at, event)| match event {
                Event::TransactionEnded { transaction, .. } if transaction == &begun => Some(*at),
                _ => None,
            });
            (evse, from, end.unwrap())
        })
        .collect()
}

/// The station as [`config`] builds it.
fn installation(evses: u32) -> Installation {
    let local_limit = LocalLimit { milliamperes: OWN_LIMIT, milliwatts: OWN_LIMIT * 230 * 3 };
    let evse = Evse { supply: Supply::Ac { phases: 3 }, local_limit };
    Installation {
        line_millivolts: 230_000,
        grid_phases: 3,
        evses: vec![evse; evses as usize],
        cap_at_local_limit: true,
        phase_rule: PhaseRule::TotalPower,
        setpoint_priority: SetpointPriority::default(),
        local_time: LocalTime::default(),
    }
}

fn installed(connector: u32, profile: &Value) -> InstalledProfile {
    let message = v1_6::ChargingProfile::from_json(&profile.to_string()).unwrap();
    let profile = ChargingProfile::try_from(&message).unwrap();
    InstalledProfile { evse: Place(connector), source: LimitSource::Cso, profile }
}

/// What the rules leave to EVSE 1 in each second of a transaction; too little to charge with is nothing.
fn evaluated(profiles: &[InstalledProfile], clock: &WallClock, from: Instant, to: Instant) -> Vec<(Instant, i64)> {
    let installation = installation(1);
    let begun = clock.read(from).unwrap();
    let transactions = [Transaction::new(Place(1), None, Some(begun))];
    let situation =
        Situation { installation: &installation, profiles, transactions: &transactions, offline_since: None };
    let reference =
        Reference { situation: &situation, now: begun.timestamp(), unit: RateUnit::Amperes, offset_at: |_| 0 };
    let end = clock.read(to).unwrap().timestamp();
    (begun.timestamp()..=end)
        .map(|second| {
            let milliamps = reference.at(Place(1), second).limit.milli;
            let wall = DateTime::from_timestamp(second, 0).unwrap();
            let at = clock.instant_of(wall).unwrap_or(Instant::ZERO).max(from);
            (at, if milliamps < 6_000 { 0 } else { milliamps })
        })
        .collect()
}

/// In milliwatt-hours: three phases of 230 V.
fn energy(seconds: &[(Instant, i64)], to: Instant) -> i64 {
    let ends = seconds.iter().skip(1).map(|(at, _)| *at).chain([to]);
    let microjoules = seconds.iter().zip(ends).map(|((from, milliamps), to)| {
        let millis = i64::try_from(to.as_millis() - from.as_millis()).unwrap();
        milliamps * 230 * 3 * millis
    });
    microjoules.sum::<i64>() / 3_600_000
}

fn counted(pair: &Pair, evse: EvseId, from: Instant, to: Instant) -> i64 {
    let meter = pair.hardware(evse).unwrap().meter();
    meter.register_mwh(to) - meter.register_mwh(from)
}

/// A day and more, with profiles of both units that recur, pause and stack.
#[test]
fn orders_come_at_the_instants_of_the_schedule_and_the_meter_counts_its_integral() {
    let night = {
        let mut night =
            profile(2, "TxDefaultProfile", "Recurring", "A", &[(0, 16), (HOUR, 5), (2 * HOUR, 13), (4 * HOUR, 0)]);
        night["chargingSchedule"]["duration"] = json!(8 * HOUR);
        night["stackLevel"] = json!(3);
        starting("2025-12-24T22:00:00Z", night)
    };
    let station = starting(
        "2025-11-01T00:00:00Z",
        profile(1, "ChargePointMaxProfile", "Recurring", "W", &[(0, 11_000), (7 * HOUR, 22_000), (17 * HOUR, 6_900)]),
    );
    let day = starting(
        "2026-01-01T14:30:00Z",
        profile(3, "TxDefaultProfile", "Absolute", "A", &[(0, 20), (30 * 60, 20), (HOUR, 24), (20 * HOUR, 30)]),
    );
    let profiles = [(0, &station), (1, &night), (0, &day)];
    let steps = profiles.iter().map(|(connector, profile)| (4, set(*connector, profile)));
    let people = [
        (300, Step::Plug(EVSE)),
        (303, Step::token(1, "TAG")),
        (26 * HOUR, Step::token(1, "TAG")),
        (26 * HOUR + 60, Step::Unplug(EVSE)),
    ];
    let mut pair = pair(config(), steps.chain(people));
    common::run(&mut pair, 26 * HOUR + 120);
    finish(&mut pair);
    assert_eq!(acceptances(&pair), 3);
    let [(_, from, to)] = sessions(&pair)[..] else { panic!("{}", pair.trace) };

    let profiles = profiles.map(|(connector, profile)| installed(connector, profile));
    let seconds = evaluated(&profiles, &pair.station.clock, from, to);
    let mut standing = OWN_LIMIT;
    let mut expected = Vec::new();
    for (at, milliamps) in &seconds {
        if std::mem::replace(&mut standing, *milliamps) != *milliamps {
            expected.push((*at, 1, *milliamps));
        }
    }
    assert!(expected.len() > 8, "{expected:?}");
    assert_eq!(orders(&pair), expected);
    let difference = counted(&pair, EVSE, from, to) - energy(&seconds, to);
    // The end is told when it is on record, some milliseconds after the energy ended.
    assert!((-60..=1).contains(&difference), "{difference} mWh beside the integral");
    println!("{} orders, {} mWh over {} s", expected.len(), energy(&seconds, to), seconds.len());
}

/// The CSMS's clock jumps, and the station takes it over with the next answer that tells the time.
#[test]
fn clock_that_steps_moves_the_orders_that_are_to_come() {
    let hourly = starting(
        "2026-01-01T12:00:00Z",
        profile(1, "TxDefaultProfile", "Absolute", "A", &[(0, 10), (HOUR, 11), (2 * HOUR, 12)]),
    );
    let steps = [
        (4, set(1, &hourly)),
        (10, Step::Plug(EVSE)),
        (13, Step::token(1, "TAG")),
        (1_000, Step::StepCsmsClock(TimeDelta::minutes(30))),
        (2 * HOUR, Step::StepCsmsClock(TimeDelta::hours(-1))),
        (4 * HOUR, Step::Unplug(EVSE)),
    ];
    let mut pair = pair(config(), steps);
    common::run(&mut pair, 4 * HOUR + 60);
    finish(&mut pair);
    let set_at: Vec<(Instant, DateTime<Utc>)> = pair
        .station_events
        .iter()
        .filter_map(|(at, event)| if let Event::ClockSet { wall } = event { Some((*at, *wall)) } else { None })
        .collect();
    let [_, forward, back] = set_at[..] else { panic!("{set_at:?}") };
    let after = |(at, wall): (Instant, DateTime<Utc>), time: &str| {
        let time: DateTime<Utc> = time.parse().unwrap();
        at + (time - wall).to_std().unwrap()
    };
    let [(_, begun, _)] = sessions(&pair)[..] else { panic!("{}", pair.trace) };
    let expected = [
        (begun, 1, 10_000),
        (after(forward, "2026-01-01T13:00:00Z"), 1, 11_000),
        (after(forward, "2026-01-01T14:00:00Z"), 1, 12_000),
        // What was to come at 14:00 is taken back, for it is 13:30 again.
        (back.0, 1, 11_000),
        (after(back, "2026-01-01T14:00:00Z"), 1, 12_000),
    ];
    assert_eq!(orders(&pair), expected);
}

/// A power cut ends the transaction. Its profile goes, the defaults stay, and the next transaction has them from its
/// first moment on.
#[test]
fn reboot_keeps_the_defaults_and_drops_the_profile_of_the_transaction() {
    let hourly = starting(
        "2026-01-01T12:00:00Z",
        profile(1, "TxDefaultProfile", "Absolute", "A", &[(0, 10), (HOUR, 11), (2 * HOUR, 12)]),
    );
    let own = profile(2, "TxProfile", "Relative", "A", &[(0, 9)]);
    let steps = [
        (4, set(0, &hourly)),
        (10, Step::Plug(EVSE)),
        (13, Step::token(1, "TAG")),
        (20, set(1, &own)),
        (HOUR + 600, Step::PowerCut { end: End::Station, keep: 0, in_flight_arrives: true, outage: secs(60) }),
        (HOUR + 700, Step::Unplug(EVSE)),
        (HOUR + 710, Step::Plug(EVSE)),
        (HOUR + 715, Step::token(1, "TAG")),
        (3 * HOUR, Step::Unplug(EVSE)),
        (3 * HOUR + 1, call("ClearChargingProfile", &json!({"id": 2}))),
    ];
    let mut pair = pair(config(), steps);
    common::run(&mut pair, 3 * HOUR + 60);
    finish(&mut pair);
    let sessions = sessions_with_lost(&pair);
    let at = |time: &str| pair.station.clock.instant_of(time.parse().unwrap()).unwrap();
    let seen = orders(&pair);
    assert_eq!(seen.len(), 4, "{seen:?}");
    assert_eq!((seen[0], seen[1].2), ((sessions[0], 1, 10_000), 9_000));
    assert_eq!(seen[2..], [(sessions[1], 1, 11_000), (at("2026-01-01T14:00:00Z"), 1, 12_000)]);
    assert_eq!(acceptances(&pair), 2, "the transaction's profile is not there to be cleared");
}

/// When transactions began, also those whose end another boot told.
fn sessions_with_lost(pair: &Pair) -> Vec<Instant> {
    let begun = |(at, event): &(Instant, Event)| matches!(event, Event::TransactionStarted { .. }).then_some(*at);
    pair.station_events.iter().filter_map(begun).collect()
}

/// The limit of the station is that of all its connectors together (1.6 §3.13.3).
#[test]
fn two_vehicles_together_take_what_the_station_may() {
    let station = starting(
        "2026-01-01T12:00:00Z",
        profile(1, "ChargePointMaxProfile", "Absolute", "A", &[(0, 40), (HOUR, 14), (2 * HOUR, 10), (3 * HOUR, 90)]),
    );
    let second = EvseId(2);
    let mut config = config();
    config.station = config.station.with_evses(2);
    let steps = [
        (4, set(0, &station)),
        (10, Step::Plug(EVSE)),
        (13, Step::token(1, "TAG")),
        (1_800, Step::Plug(second)),
        (1_803, Step::token(2, "TAG")),
        (4 * HOUR + 1, Step::Unplug(second)),
        (4 * HOUR + 5, Step::Unplug(EVSE)),
    ];
    let mut pair = pair(config, steps);
    common::run(&mut pair, 4 * HOUR + 60);
    finish(&mut pair);
    let sessions = sessions(&pair);
    let noon: DateTime<Utc> = "2026-01-01T12:00:00Z".parse().unwrap();
    let at = |hours| pair.station.clock.instant_of(noon + TimeDelta::hours(hours)).unwrap();
    // 40 A for one and for both, 14 A for both, 10 A for one, as two do not get their 6 A, then all that the wiring gives.
    let second_began = sessions[1].1;
    let expected = [
        (second_began, 1, 20_000),
        (second_began, 2, 20_000),
        (at(1), 1, 7_000),
        (at(1), 2, 7_000),
        (at(2), 2, 0),
        (at(2), 1, 10_000),
        (at(3), 1, 32_000),
        (at(3), 2, 32_000),
    ];
    assert_eq!(orders(&pair), expected);
    let both = |from, to| counted(&pair, EVSE, from, to) + counted(&pair, second, from, to);
    let milliwatt_hours = |milliamps: i64, from: Instant, to: Instant| {
        milliamps * 230 * 3 * i64::try_from(to.as_millis() - from.as_millis()).unwrap() / 3_600_000
    };
    for (from, to, milliamps) in
        [(second_began, at(1), 40_000), (at(1), at(2), 14_000), (at(2), at(3), 10_000), (at(3), at(4), 64_000)]
    {
        let difference = both(from, to) - milliwatt_hours(milliamps, from, to);
        assert!(difference.abs() <= 2, "{milliamps} mA: {difference} mWh beside it");
    }
}

/// Known to be got wrong: a profile of a remote start that is never applied, or never deleted (1.6 §5.16.2).
#[test]
fn profile_of_a_remote_start_limits_that_transaction_and_no_other() {
    let own = profile(1, "TxProfile", "Relative", "A", &[(0, 8), (HOUR, 20)]);
    let start = json!({"connectorId": 1, "idTag": "TAG", "chargingProfile": own});
    let steps = [
        (5, call("RemoteStartTransaction", &start)),
        (40, Step::Plug(EVSE)),
        (2 * HOUR, Step::RemoteStopRunning),
        (2 * HOUR + 10, Step::Unplug(EVSE)),
        (2 * HOUR + 20, Step::Csms(Command::remote_start(Some(1), IdToken::new("TAG")))),
        (2 * HOUR + 30, Step::Plug(EVSE)),
        (3 * HOUR, Step::Unplug(EVSE)),
    ];
    let mut pair = pair(config(), steps);
    common::run(&mut pair, 3 * HOUR + 60);
    finish(&mut pair);
    let [(_, first, _), (_, second, _)] = sessions(&pair)[..] else { panic!("{}", pair.trace) };
    // It counts from whole seconds, rounded up.
    let seen = orders(&pair);
    assert_eq!((seen[0], seen[2], seen.len()), ((first, 1, 8_000), (second, 1, OWN_LIMIT), 3), "{seen:?}");
    let change = seen[1].0.saturating_since(first);
    assert!(seen[1].2 == 20_000 && (secs(HOUR)..secs(HOUR + 1)).contains(&change), "{seen:?}");
}

/// 1.6 §3.13.6: the profiles are there, and the CSMS is not; nor is the time, after a power cut.
#[test]
fn offline_station_without_the_time_keeps_to_what_it_knows() {
    let relative = profile(1, "TxDefaultProfile", "Relative", "A", &[(0, 8), (HOUR, 20)]);
    let station = starting(
        "2026-01-01T00:00:00Z",
        profile(2, "ChargePointMaxProfile", "Recurring", "A", &[(0, 30), (18 * HOUR, 16)]),
    );
    let steps = [
        (4, set(1, &relative)),
        (5, set(0, &station)),
        (20, Step::Network(Network::Dead)),
        (30, Step::PowerCut { end: End::Station, keep: 0, in_flight_arrives: true, outage: secs(10) }),
        (60, Step::Plug(EVSE)),
        (63, Step::token(1, "TAG")),
        (2 * HOUR, Step::Network(Network::Up)),
        (4 * HOUR, Step::Unplug(EVSE)),
    ];
    let mut pair = pair(config().with_setting("AllowOfflineTxForUnknownId", "true"), steps);
    common::run(&mut pair, 4 * HOUR + 60);
    finish(&mut pair);
    let seen = orders(&pair);
    let [(_, begun, _)] = sessions(&pair)[..] else { panic!("{}", pair.trace) };
    let known = pair.station_events.iter().rfind(|(_, event)| matches!(event, Event::ClockSet { .. })).unwrap().0;
    assert_eq!((seen[0], seen.len()), ((begun, 1, 8_000), 3), "{seen:?}");
    let change = seen[1].0.saturating_since(begun);
    assert!(
        seen[1].2 == 16_000 && (secs(HOUR)..secs(HOUR + 1)).contains(&change),
        "the lowest of the station: {seen:?}"
    );
    assert_eq!(seen[2], (known, 1, 20_000), "at this time of the day the station may have 30 A");
}
