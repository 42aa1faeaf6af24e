//! StatusNotification: what is told of the connectors, and when (1.6 §4.9).
#![allow(clippy::panic, clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, reason = "a test")]

mod common;

use common::{EVSE, conversation_from, finished, run, session};
use ocpp_core::csms::Fact;
use ocpp_core::station::{Fault, FaultCode, Vehicle};
use ocpp_testkit::link::Network;
use ocpp_testkit::pair::{Pair, PairConfig, Step};

/// What the CSMS was told of connector 1.
fn statuses(pair: &Pair) -> Vec<String> {
    let facts = pair.csms.facts().iter();
    facts
        .filter_map(|fact| match fact {
            Fact::Status(report) if report.place.number() == 1 => Some(report.status.to_string()),
            _ => None,
        })
        .collect()
}

fn fault(is_blocking: bool) -> Fault {
    Fault {
        code: FaultCode::GroundFailure,
        is_blocking,
        info: Some("leak".into()),
        vendor_error_code: Some("G7".into()),
        vendor_id: None,
    }
}

#[test]
fn session_goes_through_its_statuses() {
    let pair = finished(PairConfig::new(7), session());
    assert_eq!(statuses(&pair), ["Available", "Preparing", "SuspendedEVSE", "Charging", "Finishing", "Available"]);
}

#[test]
fn pausing_vehicle_suspends_the_session() {
    let pause = [(60, Step::Vehicle(EVSE, Vehicle::Paused)), (90, Step::Vehicle(EVSE, Vehicle::Ready))];
    let pair = finished(PairConfig::new(7), session().into_iter().chain(pause));
    let told = statuses(&pair);
    let charging = told.iter().position(|status| status == "Charging").unwrap_or(0);
    // The contactor takes a moment to close again.
    assert_eq!(told[charging..][..4], ["Charging", "SuspendedEV", "SuspendedEVSE", "Charging"]);
}

/// 1.6 §9.1.20.
#[test]
fn statuses_shorter_than_the_minimum_are_not_told() {
    let config = PairConfig::new(7).with_setting("MinimumStatusDuration", "12");
    let pause = [(60, Step::Vehicle(EVSE, Vehicle::Paused)), (70, Step::Vehicle(EVSE, Vehicle::Ready))];
    let mut pair = finished(config, session().into_iter().chain(pause));
    run(&mut pair, 20);
    assert_eq!(statuses(&pair), ["Available", "Charging", "Available"]);
    insta::assert_snapshot!(conversation_from(&pair, 1));
}

/// 1.6 §4.9: a fault that blocks is a status; the transaction outlives it, and power is off meanwhile.
#[test]
fn blocking_fault_interrupts_the_session() {
    let fault = [(60, Step::Fault(EVSE, Some(fault(true)))), (90, Step::Fault(EVSE, None))];
    let pair = finished(PairConfig::new(7), session().into_iter().chain(fault));
    let told = statuses(&pair);
    assert!(told.contains(&"Faulted".to_owned()), "{told:?}");
    assert_eq!(pair.csms.bill().rows.len(), 1);
    assert_eq!(told.last().map(String::as_str), Some("Available"));
}

/// Only a fault that blocks is the status `Faulted`; any other is a warning beside the status.
#[test]
fn warning_leaves_the_status_alone() {
    let warning = [(60, Step::Fault(EVSE, Some(fault(false)))), (90, Step::Fault(EVSE, None))];
    let pair = finished(PairConfig::new(7), session().into_iter().chain(warning));
    let warnings: Vec<_> = pair
        .csms
        .facts()
        .iter()
        .filter_map(|fact| match fact {
            Fact::Status(report) if report.error_code.as_deref() != Some("NoError") => Some(report),
            _ => None,
        })
        .collect();
    assert_eq!(warnings.len(), 1, "{}", pair.trace);
    assert_eq!((warnings[0].status.as_str(), warnings[0].error_code.as_deref()), ("Charging", Some("GroundFailure")));
    assert_eq!((warnings[0].info.as_deref(), warnings[0].vendor_error_code.as_deref()), (Some("leak"), Some("G7")));
}

/// After a time without connection the CSMS is told what is, not what was.
#[test]
fn only_the_last_status_of_an_outage_is_told() {
    let steps = [
        (4, Step::Network(Network::Dead)),
        (4, Step::CUT),
        (5, Step::Plug(EVSE)),
        (20, Step::Fault(EVSE, Some(fault(true)))),
        (40, Step::Network(Network::Up)),
        (400, Step::Fault(EVSE, None)),
        (410, Step::Unplug(EVSE)),
    ];
    let pair = finished(PairConfig::new(7), steps);
    let told = statuses(&pair);
    assert_eq!(told[..2], ["Available", "Faulted"], "{}", pair.trace);
    assert_eq!(told.last().map(String::as_str), Some("Available"));
}
