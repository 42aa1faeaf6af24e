//! Whole sessions, as the two ends see them.
#![allow(clippy::panic, clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, reason = "a test")]

mod common;

use common::{EVSE, conversation_from, count, finished, pair, session};
use ocpp_core::csms::{AuthorizationStatus, Command, IdToken};
use ocpp_core::station::{EvseId, StopReason, Vehicle};
use ocpp_testkit::checks::bill;
use ocpp_testkit::csms::Policy;
use ocpp_testkit::pair::{Pair, PairConfig, Step};

fn reasons(pair: &Pair) -> Vec<Option<String>> {
    pair.csms.bill().rows.into_iter().map(|row| row.end.and_then(|end| end.reason)).collect()
}

#[test]
fn driver_starts_and_stops_with_the_token() {
    let pair = finished(PairConfig::new(7), session());
    insta::assert_snapshot!(pair.trace);
    insta::assert_snapshot!("driver_starts_and_stops_with_the_token_bill", pair.csms.bill());
}

#[test]
fn bill_tells_the_right_times() {
    let pair = finished(PairConfig::new(7), session());
    assert_eq!(bill::tells_the_time(&pair.csms.bill(), &pair.station.hardware, &pair.wall), Ok(()));
}

/// 1.6 §4.10, §7.38: each way to end a transaction has its reason.
#[test]
fn every_end_has_its_reason() {
    let stop = ocpp_core::station::Command::stop(EVSE, StopReason::EmergencyStop);
    let ends: [(Step, &str); 4] = [
        (Step::token(1, "TAG"), "Local"),
        (Step::Unplug(EVSE), "EVDisconnected"),
        (Step::RemoteStopRunning, "Remote"),
        (Step::Station(stop), "EmergencyStop"),
    ];
    for (end, reason) in ends {
        let steps = [(5, Step::Plug(EVSE)), (8, Step::token(1, "TAG")), (100, end), (110, Step::Unplug(EVSE))];
        let pair = finished(PairConfig::new(7), steps);
        // `Local` is the default, and may be left out (1.6 §4.10).
        let told = reasons(&pair).first().cloned().flatten().unwrap_or_else(|| "Local".to_owned());
        assert_eq!((reasons(&pair).len(), told.as_str()), (1, reason), "{}", pair.trace);
    }
}

/// 1.6 §5.11, §5.12.
#[test]
fn operator_starts_and_stops_by_remote() {
    let start = Command::remote_start(Some(1), IdToken::new("TAG"));
    let steps =
        [(5, Step::Csms(start)), (10, Step::Plug(EVSE)), (140, Step::RemoteStopRunning), (160, Step::Unplug(EVSE))];
    let pair = finished(PairConfig::new(7), steps);
    insta::assert_snapshot!(conversation_from(&pair, 5));
}

/// 1.6 §4.8, StopTransactionOnInvalidId: the start is recorded, and the transaction ends as `DeAuthorized`.
#[test]
fn token_refused_after_the_start_ends_the_transaction() {
    let config = PairConfig::new(7)
        .with_setting("AllowOfflineTxForUnknownId", "true")
        .with_policy(Policy::default().with_token("BAD", AuthorizationStatus::Blocked));
    let steps = [
        (3, Step::Cut { keep_up: 0, keep_down: 0 }),
        (5, Step::Plug(EVSE)),
        (8, Step::token(1, "BAD")),
        (300, Step::Unplug(EVSE)),
    ];
    let pair = finished(config, steps);
    assert_eq!(reasons(&pair), [Some("DeAuthorized".to_owned())], "{}", pair.trace);
}

#[test]
fn refused_token_starts_nothing() {
    let steps = [(5, Step::Plug(EVSE)), (8, Step::token(1, "OTHER")), (100, Step::Unplug(EVSE))];
    let pair = finished(PairConfig::new(7), steps);
    assert_eq!((count(&pair, "Authorize"), count(&pair, "StartTransaction")), (1, 0), "{}", pair.trace);
    assert_eq!(pair.csms.bill().rows, []);
}

#[test]
fn vehicles_at_two_connectors_are_billed_apart() {
    let mut config = PairConfig::new(7);
    config.station = config.station.with_evses(2);
    let second = EvseId(2);
    let steps = [
        (40, Step::token(2, "TAG")),
        (45, Step::Plug(second)),
        (60, Step::Vehicle(second, Vehicle::Paused)),
        (80, Step::Vehicle(second, Vehicle::Ready)),
        (120, Step::Unplug(second)),
    ];
    let pair = finished(config, session().into_iter().chain(steps));
    let connectors: Vec<u32> = pair.csms.bill().rows.iter().map(|row| row.place.number()).collect();
    assert_eq!(connectors, [1, 2]);
}

#[test]
fn silent_meter_ends_the_transaction_with_the_last_values() {
    let mut pair = pair(PairConfig::new(7), session());
    pair.at(ocpp_core::time::Instant::from_millis(190_000), Step::MeterAnswers(EVSE, false));
    pair.drive_quiet().unwrap_or_else(|failure| panic!("{failure}"));
    pair.check_delivered().unwrap_or_else(|failure| panic!("{failure}"));
    let last_sample = pair.csms.bill().rows[0].samples.last().map(|sample| sample.values[0].value.clone());
    let told = pair.csms.bill().rows[0].end.as_ref().and_then(|end| end.meter_stop_wh);
    assert_eq!((last_sample.as_deref(), told), (Some("1359.88"), Some(1359)), "{}", pair.trace);
}
