//! The power fails after every action, and every prefix of the store that a crash can leave is restored.
#![allow(clippy::panic, clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, reason = "a test")]

use std::time::Duration;

use ocpp_rpc::Dialect;
use ocpp_testkit::crash::{CHANGES, Enumeration, RETURNS, Report, Scenario, all_of_v1_6, all_of_v2};
use ocpp_testkit::link::End;

fn run(enumeration: Enumeration, scenarios: &[Scenario]) -> Report {
    let mut total = Report::default();
    for scenario in scenarios {
        let report = enumeration.run(scenario).unwrap_or_else(|failure| panic!("{failure}"));
        println!("{}: {report:?}", scenario.name);
        total = total.plus(report);
    }
    println!("{enumeration:?}: {total:?}");
    total
}

/// Longer than a round trip: more is under way in both stores.
const SLOW: Option<Duration> = Some(Duration::from_millis(400));

#[test]
fn station_loses_its_power_after_every_action() {
    let quick = run(Enumeration::of(End::Station), &all_of_v1_6());
    let slow = run(Enumeration { slow: SLOW, ..Enumeration::of(End::Station) }, &all_of_v1_6());
    let total = quick.plus(slow);
    println!("{} crashes of the station", total.points);
    assert!(total.points > 2_500, "{total:?}");
    assert!(total.repeats > 0, "no crash ever hit a message in flight");
}

#[test]
fn csms_dies_after_every_action() {
    let quick = run(Enumeration::of(End::Csms), &all_of_v1_6());
    let slow = run(Enumeration { slow: SLOW, ..Enumeration::of(End::Csms) }, &all_of_v1_6());
    let total = quick.plus(slow);
    println!("{} crashes of the csms", total.points);
    assert!(total.points > 1_500, "{total:?}");
}

/// Restoring is idempotent: what the first recovery did, or had begun, does not change what the second one ends with.
#[test]
fn station_loses_its_power_again_while_it_recovers() {
    let twice = Enumeration { second_within: 14, stride: 11, ..Enumeration::of(End::Station) };
    let total = run(twice, &all_of_v1_6());
    println!("{} crashes in a recovery", total.points);
    assert!(total.points > 3_000, "{total:?}");
}

/// The power comes and goes several times in one outage, and no boot gets far.
#[test]
fn station_boots_many_times_in_one_outage() {
    let often = Enumeration { boots: 6, stride: 7, ..Enumeration::of(End::Station) };
    let total = run(often, &all_of_v1_6());
    println!("{} outages with seven boots", total.points);
    assert!(total.points > 500, "{total:?}");
}

/// The scenarios of 2.x, in both editions.
fn run_v2(end: End) -> Report {
    [Dialect::V2_0_1, Dialect::V2_1].into_iter().fold(Report::default(), |total, version| {
        let quick = run(Enumeration { version: Some(version), ..Enumeration::of(end) }, &all_of_v2());
        total.plus(quick)
    })
}

#[test]
fn station_of_2_x_loses_its_power_after_every_action() {
    let slow = Enumeration { version: Some(Dialect::V2_0_1), slow: SLOW, ..Enumeration::of(End::Station) };
    let total = run_v2(End::Station).plus(run(slow, &all_of_v2()));
    println!("{} crashes of the station in 2.x", total.points);
    assert!(total.points > 2_500, "{total:?}");
    assert!(total.repeats > 0, "no crash ever hit a message in flight");
}

#[test]
fn csms_dies_after_every_action_in_2_x() {
    let total = run_v2(End::Csms);
    println!("{} crashes of the csms in 2.x", total.points);
    assert!(total.points > 1_000, "{total:?}");
}

/// One edition each: what they differ in is data.
#[test]
fn station_of_2_x_loses_its_power_again_while_it_recovers() {
    let twice =
        Enumeration { version: Some(Dialect::V2_0_1), second_within: 14, stride: 23, ..Enumeration::of(End::Station) };
    let total = run(twice, &all_of_v2());
    println!("{} crashes in a recovery in 2.x", total.points);
    assert!(total.points > 8_000, "{total:?}");
}

#[test]
fn station_of_2_x_boots_many_times_in_one_outage() {
    let often = Enumeration { version: Some(Dialect::V2_1), boots: 6, stride: 13, ..Enumeration::of(End::Station) };
    let total = run(often, &all_of_v2());
    println!("{} outages with seven boots in 2.x", total.points);
    assert!(total.points > 1_000, "{total:?}");
}

#[test]
fn either_end_dies_in_a_session_that_is_delivered_in_another_version() {
    let total = [End::Station, End::Csms]
        .into_iter()
        .fold(Report::default(), |total, end| total.plus(run(Enumeration::of(end), &CHANGES)));
    println!("{} crashes over a change of version", total.points);
    assert!(total.points > 400, "{total:?}");
}

#[test]
fn either_end_dies_in_a_session_of_2_x_that_goes_on_in_1_6() {
    let total = [End::Station, End::Csms]
        .into_iter()
        .fold(Report::default(), |total, end| total.plus(run(Enumeration::of(end), &RETURNS)));
    println!("{} crashes before 1.6", total.points);
    assert!(total.points > 200, "{total:?}");
}

/// A store that confirms before anything is durable takes the gate away: the enumeration must see it.
mod without_the_gate {
    use super::*;
    use ocpp_testkit::checks::Violation;
    use ocpp_testkit::pair::PairConfig;
    use ocpp_testkit::store::StoreHabits;

    const LIAR: StoreHabits = StoreHabits { lag: Duration::from_millis(400), lies: true, tears: false };

    fn plain_session() -> Scenario {
        all_of_v1_6()
            .into_iter()
            .find(|scenario| scenario.name == "plain session")
            .expect("a scenario of every version")
    }

    fn first_violation(end: End, config: fn() -> PairConfig) -> Violation {
        let scenario = Scenario { name: "liar", config, ..plain_session() };
        let failure = Enumeration::of(end).run(&scenario).expect_err("nobody noticed");
        println!("{failure}");
        failure.failure.violation
    }

    #[test]
    fn frame_before_its_record_is_seen_on_the_wire() {
        let violation =
            first_violation(End::Station, || PairConfig { station_store: LIAR, ..(plain_session().config)() });
        assert!(matches!(&violation, Violation::NotDurable(action, _) if action == "StartTransaction"), "{violation}");
    }

    #[test]
    fn loss_is_seen_on_the_bill() {
        let violation = first_violation(End::Station, || PairConfig {
            station_store: LIAR,
            journal_check: false,
            ..(plain_session().config)()
        });
        assert!(matches!(violation, Violation::Bill(_)), "{violation}");
    }

    #[test]
    fn loss_of_what_the_csms_answered_is_seen() {
        let violation = first_violation(End::Csms, || PairConfig { csms_store: LIAR, ..(plain_session().config)() });
        assert!(matches!(violation, Violation::NotInDatabase(..) | Violation::Bill(_)), "{violation}");
    }
}
