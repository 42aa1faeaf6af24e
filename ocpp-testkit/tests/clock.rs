//! Wall clocks that are unknown, come late, or jump.
#![allow(clippy::panic, clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, reason = "a test")]

mod common;

use chrono::TimeDelta;
use common::{finish, finished, pair, secs, session};
use ocpp_testkit::checks::bill;
use ocpp_testkit::link::{End, Network};
use ocpp_testkit::pair::{Pair, PairConfig, Step};

fn tells_the_time(pair: &Pair) {
    let told = bill::tells_the_time(&pair.csms.bill(), &pair.station.hardware, &pair.wall);
    told.unwrap_or_else(|violation| panic!("{violation}\n{}", pair.trace));
}

/// The station forgets the time, charges without a connection, and learns the time afterwards.
fn charging_without_a_clock() -> Pair {
    let config = PairConfig::new(7).with_setting("AllowOfflineTxForUnknownId", "true");
    let reboot = Step::PowerCut { end: End::Station, keep: 0, in_flight_arrives: true, outage: secs(1) };
    let steps = [(2, Step::Network(Network::Dead)), (3, reboot), (400, Step::Network(Network::Up))];
    pair(config, steps.into_iter().chain(session()))
}

#[test]
fn transaction_begun_without_a_clock_is_told_with_its_time() {
    let mut pair = charging_without_a_clock();
    finish(&mut pair);
    assert_eq!(pair.csms.bill().rows.len(), 1);
    tells_the_time(&pair);
}

/// A boot that ended before it knew the time: its transaction is told as of the moment before the next boot.
#[test]
fn boot_that_never_knew_the_time_is_placed_before_the_next_one() {
    let mut pair = charging_without_a_clock();
    let cut = Step::PowerCut { end: End::Station, keep: 0, in_flight_arrives: true, outage: secs(10) };
    pair.at(ocpp_core::time::Instant::from_millis(300_000), cut);
    finish(&mut pair);
    let bill = pair.csms.bill();
    let end = bill.rows[0].end.as_ref().map(|end| end.at);
    let boot = pair.wall.read(ocpp_core::time::Instant::from_millis(310_000));
    assert!(end <= boot && bill.rows[0].started_at <= end.unwrap_or_default(), "{bill}");
    let last_minute = boot.map(|boot| boot - TimeDelta::seconds(60));
    assert!(end >= last_minute, "the latest moment that it can have been: {bill}");
}

#[test]
fn battery_backed_clock_is_told_to_the_station() {
    let config = PairConfig::new(7).with_setting("AllowOfflineTxForUnknownId", "true");
    let config = PairConfig { station_clock: config.wall, ..config };
    let outage = [(2, Step::Network(Network::Dead)), (2, Step::CUT), (400, Step::Network(Network::Up))];
    let cut = Step::PowerCut { end: End::Station, keep: 0, in_flight_arrives: true, outage: secs(10) };
    let pair = finished(config, outage.into_iter().chain(session()).chain([(100, cut)]));
    tells_the_time(&pair);
}

#[test]
fn wrong_clock_is_set_right_by_the_csms() {
    let mut config = PairConfig::new(7);
    config.station_clock = config.wall;
    config.station_clock.step(TimeDelta::days(-4_000));
    let pair = finished(config, session());
    tells_the_time(&pair);
    assert_eq!(
        pair.station.clock.read(pair.now()).map(|read| read.timestamp() / 10),
        pair.wall.read(pair.now()).map(|read| read.timestamp() / 10)
    );
}

#[test]
fn jumping_csms_clock_moves_no_energy() {
    for hours in [-30, -1, 1, 30] {
        let jump = (100, Step::StepCsmsClock(TimeDelta::hours(hours)));
        let again = (350, Step::StepCsmsClock(TimeDelta::hours(-hours)));
        let steps = session().into_iter().map(|(at, step)| (at + if at > 100 { 300 } else { 0 }, step));
        let pair = finished(PairConfig::new(7), steps.chain([jump, again]));
        let samples = pair.csms.bill().rows[0].samples.len();
        assert_eq!(samples, 8, "one a minute, by the clock that does not jump: {}", pair.trace);
    }
}
