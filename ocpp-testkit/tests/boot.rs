//! BootNotification and what may be said before it is accepted (1.6 §4.2).
#![allow(clippy::panic, clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, reason = "a test")]

mod common;

use std::time::Duration;

use common::{EVSE, conversation_from, count, finished, pair, run, secs, session};
use ocpp_core::csms::{Command, CommandAnswer, CommandError, RegistrationStatus};
use ocpp_testkit::csms::Policy;
use ocpp_testkit::link::{End, Network};
use ocpp_testkit::pair::{Interception, Pair, PairConfig, Step};

fn told(boots: impl IntoIterator<Item = (RegistrationStatus, Duration)>) -> PairConfig {
    PairConfig::new(7).with_policy(Policy::default().with_boots(boots))
}

fn boots(pair: &Pair) -> Vec<u64> {
    let lines = pair.trace.lines().iter();
    lines
        .filter(|line| line.text.starts_with("sends") && line.text.contains("BootNotification"))
        .map(|line| line.at.as_millis() / 1000)
        .collect()
}

#[test]
fn pending_station_answers_but_does_not_ask() {
    let ask = Command::GetConfiguration { keys: vec!["HeartbeatInterval".into()] };
    let mut pair = pair(told([(RegistrationStatus::Pending, secs(30))]), [(10, Step::Csms(ask))]);
    run(&mut pair, 40);
    insta::assert_snapshot!(pair.trace.conversation());
    let answered = pair.csms.results().any(|(_, result)| matches!(result, Ok(CommandAnswer::Configuration { .. })));
    assert!(answered);
}

#[test]
fn rejected_station_is_silent_until_the_interval_is_over() {
    let mut pair = pair(told([(RegistrationStatus::Rejected, secs(45))]), []);
    // Whatever comes in the meantime.
    pair.at(
        ocpp_core::time::Instant::from_millis(20_000),
        Step::Inject { to: End::Station, bytes: br#"[2,"x","GetConfiguration",{}]"#.to_vec() },
    );
    run(&mut pair, 60);
    assert_eq!(boots(&pair), [0, 45]);
    insta::assert_snapshot!(pair.trace.conversation());
}

#[test]
fn operator_cannot_start_a_station_that_is_pending() {
    let start = Command::remote_start(Some(1), ocpp_core::csms::IdToken::new("TAG"));
    let mut pair = pair(told([(RegistrationStatus::Pending, secs(30))]), [(10, Step::Csms(start))]);
    run(&mut pair, 20);
    let results: Vec<_> = pair.csms.results().map(|(_, result)| result.clone()).collect();
    assert_eq!(results, [Err(CommandError::NotAllowed(RegistrationStatus::Pending))]);
}

#[test]
fn interval_of_zero_leaves_the_wait_to_the_station() {
    for status in [RegistrationStatus::Pending, RegistrationStatus::Rejected] {
        let mut pair = pair(told([(status, secs(0))]), []);
        run(&mut pair, 200);
        assert_eq!(boots(&pair), [0, 60], "{}", pair.trace);
    }
}

#[test]
fn unanswered_and_refused_boots_are_repeated() {
    for interception in
        [Interception::Silence, Interception::Error("InternalError"), Interception::Payload("{}".into())]
    {
        let mut pair = pair(PairConfig::new(7), []);
        pair.intercept("BootNotification", interception.clone());
        run(&mut pair, 200);
        assert_eq!(boots(&pair).len(), 2, "{interception:?}: {}", pair.trace);
        assert!(count(&pair, "StatusNotification") > 0);
    }
}

#[test]
fn nobody_charges_before_the_first_acceptance() {
    let config = told([(RegistrationStatus::Pending, secs(3_000))]).with_setting("AllowOfflineTxForUnknownId", "true");
    let mut pair = pair(config, session());
    run(&mut pair, 300);
    assert_eq!(pair.csms.bill().rows, []);
    assert_eq!(pair.hardware(EVSE).map(|hardware| hardware.meter().register_mwh(pair.now())), Some(1_000_000));
}

#[test]
fn station_that_was_accepted_once_charges_while_the_csms_is_away() {
    let config = PairConfig::new(7).with_setting("AllowOfflineTxForUnknownId", "true");
    let reboot = Step::PowerCut { end: End::Station, keep: 0, in_flight_arrives: true, outage: secs(1) };
    let away = [(2, Step::Network(Network::Refusing)), (3, reboot), (400, Step::Network(Network::Up))];
    let pair = finished(config, away.into_iter().chain(session()));
    assert_eq!(pair.csms.bill().rows.len(), 1);
}

#[test]
fn every_boot_is_told_and_every_status_after_it() {
    let cut =
        |second| (second, Step::PowerCut { end: End::Station, keep: 0, in_flight_arrives: true, outage: secs(3) });
    let pair = finished(PairConfig::new(7), [cut(20), cut(40)]);
    assert_eq!(boots(&pair), [0, 23, 43]);
    insta::assert_snapshot!(conversation_from(&pair, 43));
}

/// A server that comes back knows what it answered, and the station need not boot again.
#[test]
fn restarted_server_goes_on_with_the_session() {
    let restart = Step::PowerCut { end: End::Csms, keep: 0, in_flight_arrives: false, outage: secs(20) };
    let pair = finished(PairConfig::new(7), session().into_iter().chain([(100, restart)]));
    assert_eq!(boots(&pair), [0]);
    assert_eq!(pair.csms.bill().rows[0].samples.len(), 3);
}
