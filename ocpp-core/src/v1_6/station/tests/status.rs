//! StatusNotification: what may not have arrived is told anew, and of several faults each is told (1.6 §4.9, errata 3.19).

use super::*;
use crate::station::{Fault, FaultCode};

fn fault(code: FaultCode, is_blocking: bool) -> Fault {
    Fault { code, is_blocking, info: None, vendor_error_code: None, vendor_id: None }
}

impl Bench {
    /// All statuses that are sent, with their errors; each is answered.
    fn conditions(&mut self) -> Vec<String> {
        let mut told = Vec::new();
        while self.sent.first().is_some_and(|call| call[2] == "StatusNotification") {
            let request = self.answer("StatusNotification", &json!({}));
            told.push(
                format!("{} {} {}", request["connectorId"], request["status"], request["errorCode"]).replace('"', ""),
            );
        }
        told
    }
}

/// The status changed back before anybody knew whether the other one had arrived.
#[test]
fn status_that_may_not_have_arrived_is_told_anew() {
    for is_link_lost in [true, false] {
        for is_fault in [true, false] {
            let mut bench = Bench::accepted(&[]);
            let (begin, end) = if is_fault {
                (EvseInput::Fault(fault(FaultCode::GroundFailure, true)), EvseInput::FaultCleared)
            } else {
                (EvseInput::Cable(Cable::Connected), EvseInput::Cable(Cable::Absent))
            };
            bench.input(Input::Evse(EVSE, begin));
            bench.call("StatusNotification");
            if is_link_lost {
                bench.input(Input::Link(LinkInput::Closed));
                bench.input(Input::Evse(EVSE, end));
                bench.wait(5);
                bench.open();
            } else {
                bench.input(Input::Evse(EVSE, end));
                bench.wait(30 + 30);
            }
            assert_eq!(bench.statuses(), ["1 Available"], "link lost: {is_link_lost}, fault: {is_fault}");
            bench.wait(100);
            assert_eq!(bench.sent, Vec::<Value>::new());
        }
    }
}

/// The first of connector 0 is not answered: that of connector 1 is not held up for ever, and a request of the CSMS ends the rest.
#[test]
fn unanswered_status_rests_and_comes_again() {
    let mut bench = Bench::new(Image::default(), &[]);
    bench.open();
    bench.boot("Accepted");
    bench.call("StatusNotification");
    bench.wait(30 + 30);
    assert_eq!(bench.statuses(), ["1 Available", "0 Available"]);
    bench.plug();
    let mut times = Vec::new();
    for _ in 0..3600 {
        bench.wait(1);
        if let Some(place) = bench.sent.iter().position(|call| call[2] == "StatusNotification") {
            bench.sent.remove(place);
            times.push(bench.now / 1000);
        }
    }
    assert!((4..10).contains(&times.len()), "{times:?}");
    bench.sent.clear();
    bench.wait(30);
    bench.request("TriggerMessage", &json!({"requestedMessage": "StatusNotification", "connectorId": 1}));
    assert_eq!(bench.statuses(), ["1 Finishing"]);
}

/// 1.6 §3.5.2, beside a warning of the station: both are told, and each is shown as long as it lasts.
#[test]
fn conflict_with_the_list_is_told_beside_a_warning() {
    let mut bench = Bench::accepted(&[]);
    let list = json!({"listVersion": 1, "updateType": "Full",
        "localAuthorizationList": [{"idTag": "A", "idTagInfo": {"status": "Accepted"}}]});
    bench.request("SendLocalList", &list);
    bench.input(Input::Fault(Some(fault(FaultCode::OtherError, false))));
    assert_eq!(bench.conditions(), ["0 Available OtherError"]);
    bench.swipe("A");
    bench.answer("Authorize", &json!({"idTagInfo": {"status": "Blocked"}}));
    assert_eq!(bench.conditions(), ["0 Available LocalListConflict"]);
    bench.input(Input::Fault(Some(fault(FaultCode::WeakSignal, false))));
    assert_eq!(bench.conditions(), ["0 Available WeakSignal", "0 Available LocalListConflict"]);
    bench.input(Input::FaultEnded(FaultCode::OtherError));
    assert_eq!(bench.conditions(), Vec::<String>::new(), "it was not shown");
    bench.request("SendLocalList", &json!({"listVersion": 2, "updateType": "Full"}));
    assert_eq!(bench.conditions(), ["0 Available WeakSignal"]);
    bench.input(Input::Fault(None));
    assert_eq!(bench.conditions(), ["0 Available NoError"]);
}

#[test]
fn later_warning_hides_no_blocking_fault_and_each_ends_by_itself() {
    let mut bench = Bench::accepted(&[]);
    for (input, told) in [
        (EvseInput::Fault(fault(FaultCode::GroundFailure, true)), &["1 Faulted GroundFailure"][..]),
        (EvseInput::Fault(fault(FaultCode::WeakSignal, false)), &["1 Faulted WeakSignal", "1 Faulted GroundFailure"]),
        (EvseInput::FaultEnded(FaultCode::GroundFailure), &["1 Available WeakSignal"]),
        (EvseInput::FaultEnded(FaultCode::GroundFailure), &[]),
        (EvseInput::Fault(fault(FaultCode::OverVoltage, true)), &["1 Faulted OverVoltage"]),
        (EvseInput::FaultCleared, &["1 Available NoError"]),
    ] {
        bench.input(Input::Evse(EVSE, input));
        assert_eq!(bench.conditions(), told);
    }
}

/// Several come while the CSMS cannot be reached: all of them are told then.
#[test]
fn faults_that_came_during_an_outage_are_all_told_and_the_gravest_last() {
    let mut bench = Bench::accepted(&[]);
    bench.input(Input::Link(LinkInput::Closed));
    for (code, is_blocking) in
        [(FaultCode::HighTemperature, false), (FaultCode::OverVoltage, true), (FaultCode::WeakSignal, false)]
    {
        bench.input(Input::Evse(EVSE, EvseInput::Fault(fault(code, is_blocking))));
    }
    bench.open();
    assert_eq!(bench.conditions(), ["1 Faulted HighTemperature", "1 Faulted WeakSignal", "1 Faulted OverVoltage"]);
}

/// A CSMS that leaves heartbeats unanswered, or refuses them, is asked for the time again and again, but not without end.
#[test]
fn heartbeat_that_is_refused_when_the_clock_wants_one_is_not_repeated_at_once() {
    let mut bench = Bench::accepted(&[("HeartbeatInterval", "0")]);
    bench.request("ChangeConfiguration", &json!({"key": "HeartbeatInterval", "value": "0"}));
    let mut count = 0;
    for _ in 0..25 * 60 {
        bench.wait(60);
        while !bench.sent.is_empty() {
            let (id, _) = bench.call("Heartbeat");
            bench.frame(&json!([4, id, "InternalError", "", {}]));
            count += 1;
            assert!(count < 10, "no end of it");
        }
    }
    assert!((3..6).contains(&count), "{count} in the hour after the first day");
}
