//! Messages about transactions that the CSMS fails to process (1.6 §3.7.1, errata 3.18).
#![allow(clippy::panic, clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, reason = "a test")]

mod common;

use common::{EVSE, conversation_from, finish, finished, pair, run, session};
use ocpp_core::csms::Fact;
use ocpp_core::station::Event;
use ocpp_core::time::Instant;
use ocpp_testkit::link::End;
use ocpp_testkit::pair::{Interception, Pair, PairConfig, Step};

/// When the station sent this action, in whole seconds.
fn sent(pair: &Pair, action: &str) -> Vec<u64> {
    let lines = pair.trace.lines().iter();
    lines
        .filter(|line| line.text.starts_with("sends [2") && line.text.contains(action))
        .map(|line| line.at.as_millis() / 1000)
        .collect()
}

fn dropped(pair: &Pair) -> Vec<String> {
    let events = pair.station_events.iter();
    events
        .filter_map(|(_, event)| match event {
            Event::TransactionMessageDropped { action, .. } => Some(action.to_string()),
            _ => None,
        })
        .collect()
}

/// Attempts 3, interval 60: again after 60 s, again after 120 s.
#[test]
fn refused_start_is_sent_again_after_growing_waits() {
    let mut pair =
        pair(PairConfig::new(7), [(5, Step::Plug(EVSE)), (8, Step::token(1, "TAG")), (400, Step::Unplug(EVSE))]);
    for _ in 0..2 {
        pair.intercept("StartTransaction", Interception::Error("InternalError"));
    }
    finish(&mut pair);
    assert_eq!(sent(&pair, "StartTransaction"), [8, 68, 188]);
    assert_eq!(dropped(&pair), [] as [&str; 0]);
}

/// A time-out is a failure too: 30 s, and then the wait.
#[test]
fn unanswered_start_is_sent_again() {
    let mut pair = pair(PairConfig::new(7), session());
    pair.intercept("StartTransaction", Interception::Silence);
    finish(&mut pair);
    assert_eq!(sent(&pair, "StartTransaction"), [8, 98]);
}

/// An answer that makes no sense is a failure as well.
#[test]
fn start_answered_with_nonsense_is_sent_again() {
    let mut pair = pair(PairConfig::new(7), session());
    pair.intercept("StartTransaction", Interception::Payload(r#"{"transactionId":"seven"}"#.into()));
    finish(&mut pair);
    assert_eq!(sent(&pair, "StartTransaction"), [8, 68]);
}

/// Errata 3.18: without a transaction id the rest of the transaction is told with -1.
#[test]
fn start_that_is_given_up_leaves_a_transaction_without_id() {
    let mut pair = pair(PairConfig::new(7), session());
    for _ in 0..3 {
        pair.intercept("StartTransaction", Interception::Error("InternalError"));
    }
    pair.drive_quiet().unwrap_or_else(|failure| panic!("{failure}"));
    assert_eq!(dropped(&pair), ["StartTransaction"]);
    insta::assert_snapshot!(conversation_from(&pair, 8));
    let orphans = pair.csms.facts().iter().filter(|fact| matches!(fact, Fact::StopOrphaned(_))).count();
    assert_eq!(orphans, 1, "the CSMS never learned of the start");
}

/// A sample that cannot be delivered does not hold up the stop for ever.
#[test]
fn sample_that_is_given_up_lets_the_next_message_pass() {
    let config = PairConfig::new(7).with_setting("TransactionMessageRetryInterval", "5");
    let mut pair = pair(config, session());
    for _ in 0..3 {
        pair.intercept("MeterValues", Interception::Error("GenericError"));
    }
    pair.drive_quiet().unwrap_or_else(|failure| panic!("{failure}"));
    assert_eq!(dropped(&pair), ["MeterValues"]);
    assert_eq!(sent(&pair, "MeterValues"), [68, 73, 83, 128, 188]);
    pair.check_bill().unwrap_or_else(|failure| panic!("{failure}"));
}

/// 1.6 §3.7.1 speaks of failures to process: the loss of the connection is none, and costs no attempt.
#[test]
fn lost_connection_costs_no_attempt() {
    let config = PairConfig::new(7).with_setting("TransactionMessageAttempts", "1");
    let mut pair = pair(config, session());
    for at in [8_150, 28_000, 50_000] {
        pair.at(Instant::from_millis(at), Step::CUT);
    }
    finish(&mut pair);
    assert_eq!(dropped(&pair), [] as [&str; 0]);
}

/// The CSMS's database fails for longer than it lets the station wait: the station hears of it, tries again, and what it
/// reported is recorded once.
#[test]
fn csms_without_database_makes_the_station_try_again() {
    let trouble = [(7, Step::FailStore(End::Csms, 5)), (190, Step::FailStore(End::Csms, 5))];
    let pair = finished(PairConfig::new(7), session().into_iter().chain(trouble));
    assert_eq!(pair.csms.bill().rows.len(), 1);
}

/// Messages that are not about transactions are not held up (1.6 §3.7).
#[test]
fn failing_start_does_not_hold_up_heartbeats() {
    let config = PairConfig::new(7).with_setting("TransactionMessageRetryInterval", "2000");
    let mut pair = pair(config, [(5, Step::Plug(EVSE)), (8, Step::token(1, "TAG"))]);
    pair.intercept("StartTransaction", Interception::Error("InternalError"));
    run(&mut pair, 1_500);
    assert_eq!(sent(&pair, "StartTransaction"), [8]);
    assert!(sent(&pair, "Heartbeat").len() >= 4, "{}", pair.trace);
}
