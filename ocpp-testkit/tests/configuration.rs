//! GetConfiguration and ChangeConfiguration (1.6 §5.8, §5.3, §9).
#![allow(clippy::panic, clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, reason = "a test")]

mod common;

use common::{finish, pair, run, secs, session};
use ocpp_core::csms::{Command, CommandAnswer, ConfigurationKey, ConfigurationStatus};
use ocpp_testkit::csms::CommandResult;
use ocpp_testkit::link::End;
use ocpp_testkit::pair::{Pair, PairConfig, Step};

fn answer(pair: &mut Pair, command: Command) -> CommandAnswer {
    let before = pair.csms.results().count();
    pair.act(Step::Csms(command)).unwrap_or_else(|failure| panic!("{failure}"));
    let answered = |pair: &Pair| pair.csms.results().count() > before;
    pair.drive_until(secs(60), "an answer", answered).unwrap_or_else(|failure| panic!("{failure}"));
    let last: Option<CommandResult> = pair.csms.results().last().map(|(_, result)| result.clone());
    last.and_then(Result::ok).unwrap_or_else(|| panic!("no answer: {}", pair.trace))
}

fn change(pair: &mut Pair, key: &str, value: &str) -> ConfigurationStatus {
    match answer(pair, Command::ChangeConfiguration { key: key.into(), value: value.into() }) {
        CommandAnswer::ConfigurationChange(status) => status,
        other => panic!("{other:?}"),
    }
}

fn read(pair: &mut Pair, keys: &[&str]) -> (Vec<ConfigurationKey>, Vec<String>) {
    let keys = keys.iter().map(|key| (*key).into()).collect();
    match answer(pair, Command::GetConfiguration { keys }) {
        CommandAnswer::Configuration { known, unknown } => (known, unknown.iter().map(ToString::to_string).collect()),
        other => panic!("{other:?}"),
    }
}

fn value(pair: &mut Pair, key: &str) -> Option<String> {
    read(pair, &[key]).0.first().and_then(|key| key.value.as_ref()).map(ToString::to_string)
}

fn ready() -> Pair {
    let mut pair = pair(PairConfig::new(7), []);
    run(&mut pair, 2);
    pair
}

#[test]
fn all_keys_are_told_when_none_is_named() {
    let mut pair = ready();
    let (known, unknown) = read(&mut pair, &[]);
    assert!(unknown.is_empty());
    // Of the core profile (1.6 §9.1).
    for required in [
        "AuthorizeRemoteTxRequests",
        "ConnectionTimeOut",
        "GetConfigurationMaxKeys",
        "HeartbeatInterval",
        "LocalAuthorizeOffline",
        "LocalPreAuthorize",
        "MeterValuesSampledData",
        "MeterValueSampleInterval",
        "NumberOfConnectors",
        "ResetRetries",
        "StopTransactionOnEVSideDisconnect",
        "StopTransactionOnInvalidId",
        "SupportedFeatureProfiles",
        "TransactionMessageAttempts",
        "TransactionMessageRetryInterval",
        "UnlockConnectorOnEVSideDisconnect",
    ] {
        assert!(known.iter().any(|key| key.key == required), "{required} is missing of {known:?}");
    }
}

#[test]
fn unknown_keys_are_told_apart() {
    let mut pair = ready();
    let (known, unknown) = read(&mut pair, &["HeartbeatInterval", "NoSuchKey"]);
    assert_eq!(known.iter().map(|key| key.key.as_str()).collect::<Vec<_>>(), ["HeartbeatInterval"]);
    assert_eq!(unknown, ["NoSuchKey"]);
}

#[test]
fn change_is_judged_by_key_and_value() {
    let mut pair = ready();
    for (key, value, status) in [
        ("HeartbeatInterval", "77", ConfigurationStatus::Accepted),
        ("HeartbeatInterval", "soon", ConfigurationStatus::Rejected),
        ("HeartbeatInterval", "-1", ConfigurationStatus::Rejected),
        ("StopTransactionOnInvalidId", "maybe", ConfigurationStatus::Rejected),
        ("NumberOfConnectors", "7", ConfigurationStatus::Rejected),
        ("NoSuchKey", "1", ConfigurationStatus::NotSupported),
    ] {
        assert_eq!(change(&mut pair, key, value), status, "{key} = {value}");
    }
    assert_eq!(value(&mut pair, "HeartbeatInterval").as_deref(), Some("77"));
    assert_eq!(value(&mut pair, "NumberOfConnectors").as_deref(), Some("1"));
}

/// An accepted value is in force at once, and after any number of power cuts.
#[test]
fn accepted_change_outlives_the_power() {
    let mut pair = ready();
    assert_eq!(change(&mut pair, "MeterValueSampleInterval", "20"), ConfigurationStatus::Accepted);
    for _ in 0..3 {
        let cut = Step::PowerCut { end: End::Station, keep: 0, in_flight_arrives: true, outage: secs(1) };
        pair.act(cut).unwrap_or_else(|failure| panic!("{failure}"));
        run(&mut pair, 5);
        assert_eq!(value(&mut pair, "MeterValueSampleInterval").as_deref(), Some("20"));
    }
    let now = pair.now();
    for (seconds, step) in session() {
        pair.at(now + secs(seconds), step);
    }
    finish(&mut pair);
    assert_eq!(pair.csms.bill().rows[0].samples.len(), 9, "192 s of charging, a sample each 20 s");
}

/// The interval of the BootNotification's answer is the HeartbeatInterval (1.6 §4.2).
#[test]
fn interval_of_the_boot_is_that_of_the_heartbeat() {
    let mut pair = ready();
    assert_eq!(value(&mut pair, "HeartbeatInterval").as_deref(), Some("300"));
    run(&mut pair, 1_000);
    assert_eq!(common::count(&pair, "Heartbeat"), 3, "{}", pair.trace);
}
