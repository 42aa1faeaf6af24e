//! Without a connection: decisions, the queue, and its replay.
#![allow(clippy::panic, clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, reason = "a test")]

mod common;

use std::time::Duration;

use common::{EVSE, conversation_from, count, finish, finished, pair, session};
use ocpp_core::station::{Event, TokenRefusal};
use ocpp_core::time::Instant;
use ocpp_testkit::link::{End, Network};
use ocpp_testkit::pair::{PairConfig, Step};

fn charging_offline() -> PairConfig {
    PairConfig::new(7).with_setting("AllowOfflineTxForUnknownId", "true")
}

fn outage(from: u64, to: u64) -> [(u64, Step); 3] {
    [(from, Step::Network(Network::Dead)), (from, Step::CUT), (to, Step::Network(Network::Up))]
}

/// 1.6 §3.7: queued messages are delivered in chronological order.
#[test]
fn offline_session_is_replayed_in_order() {
    let pair = finished(charging_offline(), outage(4, 250).into_iter().chain(session()));
    insta::assert_snapshot!(conversation_from(&pair, 4));
}

#[test]
fn session_that_loses_its_link_is_billed_whole() {
    for (from, to) in [(9, 30), (60, 70), (100, 195), (100, 205), (199, 240), (201, 205)] {
        let pair = finished(PairConfig::new(7), outage(from, to).into_iter().chain(session()));
        assert_eq!(pair.csms.bill().rows[0].samples.len(), 3, "{from} to {to}: {}", pair.trace);
        assert_eq!(pair.repeats(), 0, "nothing was in flight: {}", pair.trace);
    }
}

/// 1.6 §3.5.4: without list and cache every token is unknown, and may charge offline only if the operator says so.
#[test]
fn unknown_token_is_refused_offline() {
    let pair = finished(PairConfig::new(7), outage(4, 250).into_iter().chain(session()));
    assert_eq!(pair.csms.bill().rows, []);
    let refused = Event::TokenRefused { evse: Some(EVSE), reason: TokenRefusal::Offline };
    assert!(pair.station_events.iter().any(|(_, event)| *event == refused), "{}", pair.trace);
}

/// The connection breaks at each moment around the start and the stop, and each suffix of what is under way is lost.
#[test]
fn cut_at_any_moment_costs_nothing() {
    let mut runs = 0;
    let mut repeats = 0;
    for at in (8_000..8_300).chain(200_000..200_200).step_by(5) {
        for (keep_up, keep_down) in [(0, 0), (1, 0), (0, 1), (1, 1)] {
            let config = PairConfig { trace: false, ..PairConfig::new(7) };
            let mut pair = pair(config, session());
            pair.at(Instant::from_millis(at), Step::Cut { keep_up, keep_down });
            finish(&mut pair);
            assert!(pair.repeats() <= 1, "cut at {at}, {keep_up} up, {keep_down} down");
            repeats += pair.repeats();
            runs += 1;
        }
    }
    println!("{runs} cuts, {repeats} messages sent again");
    assert!(repeats > 0, "no cut ever hit a message in flight");
}

/// OCPP-J 1.6 §5.4: the ping finds a connection that died without a word.
#[test]
fn silent_death_is_found_by_ping() {
    let mut pair = pair(PairConfig::new(7), session());
    pair.at(Instant::from_millis(100_000), Step::DieSilently);
    let noticed = |event: &Event| matches!(event, Event::Disconnected { .. });
    pair.drive_until(Duration::from_secs(300), "the station notices", |pair| {
        pair.station_events.iter().any(|(_, event)| noticed(event))
    })
    .unwrap_or_else(|failure| panic!("{failure}"));
    // The last answer came at 68 s, the ping goes out 60 s later.
    let at = pair.now().as_millis() / 1000;
    assert!((128..170).contains(&at), "noticed at {at} s: {}", pair.trace);
    finish(&mut pair);
    assert_eq!(pair.csms.bill().rows[0].samples.len(), 3);
}

#[test]
fn silent_death_at_any_moment_costs_nothing() {
    for at in (8_000..8_300).chain(200_000..200_200).step_by(10) {
        let config = PairConfig { trace: false, ..PairConfig::new(7) };
        let mut pair = pair(config, session());
        pair.at(Instant::from_millis(at), Step::DieSilently);
        finish(&mut pair);
    }
}

#[test]
fn flapping_link_delivers_everything_once() {
    let flaps = (10..190).step_by(17).map(|second| (second, Step::CUT));
    let pair = finished(PairConfig::new(7), session().into_iter().chain(flaps));
    assert_eq!(count(&pair, "BootNotification"), 1, "a reconnect is no boot");
    assert_eq!(pair.csms.bill().rows[0].samples.len(), 3);
}

/// A reconnect waits longer each time (1.6 has no rule; see Part 4 of 2.0.1, RetryBackOff).
#[test]
fn attempts_to_connect_are_spaced() {
    let mut pair = pair(PairConfig::new(7), outage(4, 3_000));
    common::run(&mut pair, 3_000);
    let attempts: Vec<u64> = pair
        .trace
        .lines()
        .iter()
        .filter(|line| line.text.starts_with("connects"))
        .map(|line| line.at.as_millis() / 1000)
        .collect();
    let waits: Vec<u64> = attempts.windows(2).map(|pair| pair[1] - pair[0]).collect();
    assert!(waits.len() < 20, "{waits:?}");
    assert!(waits.windows(2).take(5).all(|pair| pair[1] > pair[0]), "{waits:?}");
    finish(&mut pair);
    assert!(pair.link.is_open(End::Station));
}
