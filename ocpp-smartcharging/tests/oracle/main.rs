//! Composite schedules against a naive evaluation of the rules, and the laws they obey.

// A helper that panics is a failing test, as in the test itself.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

mod generate;
mod reference;

use std::cell::Cell;

use generate::{Case, case};
use ocpp_smartcharging::composite::{CompositePeriod, CompositeRequest, CompositeSchedule};
use ocpp_smartcharging::installation::LocalLimit;
use ocpp_smartcharging::model::{EvseId, Kind, RateUnit};
use ocpp_smartcharging::units::Supply;
use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};
use reference::Reference;

fn composite(case: &Case, request: &CompositeRequest) -> CompositeSchedule {
    case.situation().composite(request).unwrap()
}

fn value_at(schedule: &CompositeSchedule, second: u32) -> CompositePeriod {
    let period = schedule.periods.iter().rfind(|period| period.start_seconds <= second).unwrap();
    CompositePeriod { start_seconds: 0, ..*period }
}

fn run(cases: u32, test: impl Fn(Case) -> Result<(), TestCaseError>) {
    let cases = std::env::var("PROPTEST_CASES").ok().and_then(|text| text.parse().ok()).unwrap_or(cases);
    TestRunner::new(Config { cases, failure_persistence: None, ..Config::default() }).run(&case(), test).unwrap();
}

#[test]
fn composite_equals_the_naive_evaluation_of_each_second() {
    let compared = Cell::new(0_u64);
    let changes = Cell::new(0_u64);
    run(1_200, |case| {
        let schedule = composite(&case, &case.request);
        let situation = case.situation();
        let now = case.request.start.timestamp();
        let offset_at = generate::offset_at;
        let reference = Reference { situation: &situation, now, unit: case.request.unit, offset_at };
        for second in 0..case.request.duration_seconds.max(1) {
            let expected = reference.at(case.request.evse, now + i64::from(second));
            prop_assert_eq!(value_at(&schedule, second), expected, "at second {}", second);
            compared.set(compared.get() + 1);
        }
        changes.set(changes.get() + schedule.periods.len() as u64);
        Ok(())
    });
    println!("{} seconds compared, {} periods", compared.get(), changes.get());
}

#[test]
fn neighbouring_periods_differ_and_limits_are_never_negative() {
    run(500, |case| {
        let schedule = composite(&case, &case.request);
        prop_assert_eq!(schedule.periods[0].start_seconds, 0);
        prop_assert_eq!(schedule.duration_seconds, case.request.duration_seconds);
        for pair in schedule.periods.windows(2) {
            prop_assert!(pair[0].start_seconds < pair[1].start_seconds);
            prop_assert!(!pair[0].same_values(&pair[1]));
            prop_assert!(pair[1].start_seconds < schedule.duration_seconds);
        }
        for period in &schedule.periods {
            let [l2, l3] = period.limit.l2_l3_milli.unwrap_or_default();
            prop_assert!(period.limit.milli >= 0 && l2 >= 0 && l3 >= 0);
        }
        Ok(())
    });
}

#[test]
fn splitting_the_window_gives_the_same_line() {
    // Relative schedules without a transaction start with each request (K08.FR.06), and so would move.
    run(500, |mut case| {
        for transaction in &mut case.transactions {
            transaction.ready_at.get_or_insert(generate::at(generate::EPOCH));
        }
        case.profiles.retain(|installed| {
            let has_start = installed.profile.schedules.iter().all(|schedule| schedule.start_schedule.is_some());
            has_start && installed.profile.max_offline_seconds.is_none()
        });
        let whole = composite(&case, &case.request);
        let half = case.request.duration_seconds / 2;
        let start = generate::at(case.request.start.timestamp() + i64::from(half));
        let rest = case.request.duration_seconds - half;
        let second = composite(&case, &CompositeRequest { start, duration_seconds: rest, ..case.request });
        for offset in 0..rest.max(1) {
            prop_assert_eq!(value_at(&whole, half + offset), value_at(&second, offset));
        }
        Ok(())
    });
}

#[test]
fn profile_below_one_that_never_pauses_changes_nothing() {
    run(500, |mut case| {
        let Some(mut top) = case.profiles.first().cloned() else { return Ok(()) };
        // The same purpose and place, in force all the time, above everything.
        let profile = &mut top.profile;
        profile.stack_level = 10;
        profile.kind = Kind::Absolute;
        (profile.valid_from, profile.valid_to, profile.max_offline_seconds) = (None, None, None);
        profile.schedules.truncate(1);
        let schedule = &mut profile.schedules[0];
        schedule.start_schedule = Some(generate::at(generate::EPOCH - 1_000_000));
        schedule.duration_seconds = None;
        schedule.use_local_time = false;
        schedule.periods[0].start_seconds = 0;
        for period in &mut schedule.periods {
            period.limit_milli.get_or_insert(10_000);
        }
        let mut below = case.profiles.remove(0);
        below.profile.purpose = top.profile.purpose;
        below.evse = top.evse;
        case.profiles.push(top);
        let without = composite(&case, &case.request);
        case.profiles.push(below);
        prop_assert_eq!(composite(&case, &case.request), without);
        Ok(())
    });
}

#[test]
fn amperes_and_watts_tell_the_same() {
    run(500, |mut case| {
        let line_millivolts = case.installation.line_millivolts;
        let voltage = |supply| match supply {
            Supply::Ac { .. } => i64::from(line_millivolts),
            Supply::Dc { millivolts } => i64::from(millivolts),
        };
        for evse in &mut case.installation.evses {
            let phases = if let Supply::Ac { phases } = evse.supply { i64::from(phases) } else { 1 };
            let amperes = evse.local_limit.milliamperes / 1_000;
            let milliwatts = amperes * voltage(evse.supply) * phases;
            evse.local_limit = LocalLimit { milliamperes: amperes * 1_000, milliwatts };
        }
        let evse = EvseId(case.request.evse.0.max(1));
        let of_unit = |unit| composite(&case, &CompositeRequest { unit, evse, ..case.request });
        let (in_amperes, in_watts) = (of_unit(RateUnit::Amperes), of_unit(RateUnit::Watts));
        let millivolts = voltage(case.installation.evse(evse).unwrap().supply);
        for second in in_amperes.periods.iter().chain(&in_watts.periods).map(|period| period.start_seconds) {
            let (amperes, watts) = (value_at(&in_amperes, second), value_at(&in_watts, second));
            prop_assert_eq!(amperes.number_phases, watts.number_phases);
            prop_assert_eq!(amperes.limit.l2_l3_milli.is_some(), watts.limit.l2_l3_milli.is_some());
            let phases = match amperes.limit.l2_l3_milli {
                Some(_) => 1,
                None => i64::from(amperes.number_phases.unwrap_or(1)),
            };
            // Both are cut off to thousandths.
            let at_least = amperes.limit.milli * millivolts * phases;
            let below = (amperes.limit.milli + 1) * millivolts * phases;
            let exact = watts.limit.milli * 1_000;
            prop_assert!(at_least - 1_000 < exact && exact < below, "{:?} {:?}", amperes, watts);
        }
        Ok(())
    });
}

#[test]
fn order_of_installation_does_not_matter() {
    run(300, |mut case| {
        let forwards = composite(&case, &case.request);
        case.profiles.reverse();
        prop_assert_eq!(composite(&case, &case.request), forwards);
        Ok(())
    });
}

#[test]
fn shorter_result_is_the_beginning_of_the_longer_one() {
    run(300, |case| {
        let whole = composite(&case, &case.request);
        let cut = composite(&case, &CompositeRequest { max_periods: 2, ..case.request });
        prop_assert_eq!(&cut.periods[..], &whole.periods[..whole.periods.len().min(2)]);
        let end = whole.periods.get(2).map_or(whole.duration_seconds, |period| period.start_seconds);
        prop_assert_eq!(cut.duration_seconds, end);
        Ok(())
    });
}
