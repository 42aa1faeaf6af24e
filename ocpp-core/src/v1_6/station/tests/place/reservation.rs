//! ReserveNow of any connector (1.6 §5.13), expiry over restarts, and reservations against remote starts.

use super::*;

/// One connector stays for the token, whichever the others take.
#[test]
fn reservation_of_any_connector_keeps_the_last_one() {
    let mut bench = two();
    assert_eq!(bench.reserve(0, 9, "ONE", 600), "Accepted");
    assert_eq!(bench.statuses(), Vec::<String>::new(), "no connector is reserved yet");
    assert_eq!(bench.reserve(0, 10, "TWO", 600), "Occupied");
    bench.plug_in(1);
    bench.plug_in(2);
    assert_eq!(bench.remote_start(Some(1), "TWO"), "Rejected", "vehicles stand at both");
    assert_eq!(bench.remote_start(Some(1), "ONE"), "Accepted");
    let mut bench = two();
    assert_eq!(bench.reserve(0, 9, "ONE", 600), "Accepted");
    assert_eq!(bench.remote_start(Some(1), "TWO"), "Accepted");
    assert_eq!(bench.statuses(), ["1 Preparing", "2 Reserved"]);
    assert_eq!(bench.remote_start(Some(2), "TWO"), "Rejected");
    assert_eq!(bench.reserve(2, 11, "TWO", 600), "Occupied");

    assert_eq!(bench.remote_start(None, "ONE"), "Accepted");
    bench.plug_in(2);
    let start = loop {
        let action = bench.sent[0][2].as_str().unwrap().to_owned();
        let payload = bench.answer(&action, &json!({"transactionId": 1, "idTagInfo": {"status": "Accepted"}}));
        if action == "StartTransaction" {
            break payload;
        }
    };
    assert_eq!((&start["reservationId"], &start["connectorId"]), (&json!(9), &json!(2)));
    assert!(bench.image.entry("reservation/0").is_none());
}

#[test]
fn reservation_of_any_connector_is_used_at_a_free_one_too() {
    let mut bench = two();
    assert_eq!(bench.reserve(0, 9, "ONE", 600), "Accepted");
    bench.plug_in(1);
    assert_eq!(bench.remote_start(Some(1), "ONE"), "Accepted");
    bench.answer_all("StatusNotification", &json!({}));
    let start = bench.answer("StartTransaction", &json!({"transactionId": 1, "idTagInfo": {"status": "Accepted"}}));
    assert_eq!(start["reservationId"], 9);
    assert_eq!(bench.request("CancelReservation", &json!({"reservationId": 9}))["status"], "Rejected");
}

/// TC_050_1_CS, TC_050_2_CS.
#[test]
fn reservation_of_any_connector_is_refused_with_the_stations_state() {
    use crate::station::{Fault, FaultCode};
    let mut bench = two();
    let fault =
        Fault { code: FaultCode::OtherError, is_blocking: true, info: None, vendor_error_code: None, vendor_id: None };
    bench.input(Input::Fault(Some(fault)));
    bench.statuses();
    assert_eq!(bench.reserve(0, 9, "ONE", 600), "Faulted");
    assert_eq!(bench.reserve(1, 9, "ONE", 600), "Faulted");
    bench.input(Input::Fault(None));
    bench.statuses();
    bench.plug_in(1);
    bench.plug_in(2);
    assert_eq!(bench.reserve(0, 9, "ONE", 600), "Occupied");
    let mut bench = two();
    bench.request("ChangeAvailability", &json!({"connectorId": 0, "type": "Inoperative"}));
    bench.statuses();
    assert_eq!(bench.reserve(0, 9, "ONE", 600), "Unavailable");

    let mut bench = Bench::accepted(&[("ReserveConnectorZeroSupported", "false")]);
    assert_eq!(bench.reserve(0, 9, "ONE", 600), "Rejected");
}

#[test]
fn station_out_of_service_ends_a_reservation_of_any_connector() {
    let mut bench = two();
    assert_eq!(bench.reserve(0, 9, "ONE", 600), "Accepted");
    bench.request("ChangeAvailability", &json!({"connectorId": 0, "type": "Inoperative"}));
    assert!(bench.image.entry("reservation/0").is_none());
}

/// TC_047_CS, over a restart after which the time is unknown at first.
#[test]
fn reservation_expires_by_the_wall_clock_also_after_a_restart() {
    for connector in [0, 1] {
        let mut bench = Bench::accepted(&[]);
        assert_eq!(bench.reserve(connector, 9, "ONE", 100), "Accepted");
        assert_eq!(bench.statuses(), ["1 Reserved"]);
        let mut bench = Bench::new(bench.image.clone(), &[]);
        bench.wait(200);
        assert!(
            bench.image.entries.keys().any(|key| key.as_str().starts_with("reservation/")),
            "nobody knows the time"
        );
        bench.open();
        bench.boot("Accepted");
        assert_eq!(bench.statuses(), ["0 Available", "1 Available"]);
        assert!(!bench.image.entries.keys().any(|key| key.as_str().starts_with("reservation/")));
    }
}
