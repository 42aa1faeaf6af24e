//! A fault of the whole station is one of each connector (1.6 §4.9, §7.7).

use super::*;
use crate::station::{Fault, FaultCode};

fn fault(is_blocking: bool) -> Input<'static> {
    let fault = Fault {
        code: FaultCode::OtherError,
        is_blocking,
        info: None,
        vendor_error_code: Some("E7".into()),
        vendor_id: None,
    };
    Input::Fault(Some(fault))
}

#[test]
fn blocking_fault_of_the_station_stops_energy_until_it_clears() {
    let mut bench = Bench::running(&[]);
    bench.input(fault(true));
    assert_eq!(bench.orders.last(), Some(&EvseAction::Power(Power::Off)));
    assert_eq!(bench.statuses(), ["0 Faulted", "1 Faulted"]);
    bench.input(Input::Fault(None));
    assert_eq!(bench.orders.last(), Some(&EvseAction::Power(Power::On)), "as after a fault of the EVSE");
    bench.charge();
    assert_eq!(bench.statuses(), ["0 Available", "1 Charging"]);
    bench.swipe("TAG");
    assert_eq!(bench.stop_request()["reason"], "Local");
}

#[test]
fn warning_of_the_station_leaves_its_connectors_alone() {
    let mut bench = Bench::running(&[]);
    bench.input(fault(false));
    assert_ne!(bench.orders.last(), Some(&EvseAction::Power(Power::Off)));
    assert_eq!(bench.statuses(), ["0 Available"]);
}

#[test]
fn nothing_begins_while_the_station_is_faulted() {
    let mut bench = Bench::accepted(&[]);
    bench.input(fault(true));
    bench.answer_all("StatusNotification", &json!({}));
    let start = bench.request("RemoteStartTransaction", &json!({"connectorId": 1, "idTag": "TAG"}));
    assert_eq!(start["status"], "Rejected");
    assert_eq!(bench.request("RemoteStartTransaction", &json!({"idTag": "TAG"}))["status"], "Rejected");
    #[cfg(feature = "reservation")]
    for connector in [0, 1] {
        let request = json!({"connectorId": connector, "expiryDate": "2027-01-01T00:00:00Z", "idTag": "TAG",
            "reservationId": 1});
        assert_eq!(bench.request("ReserveNow", &request)["status"], "Faulted", "{connector}");
    }
    bench.plug();
    for evse in [Some(EVSE), None] {
        bench.input(Input::Token { evse, token: IdToken::new("TAG") });
    }
    bench.wait(10);
    assert!(bench.events.iter().any(|event| event.contains("TokenRefused")));
    assert!(!bench.orders.contains(&EvseAction::Power(Power::On)));
    assert!(!bench.sent.iter().any(|call| call[2] == "Authorize"));
}

/// The driver was let in, and goes on when the fault has gone.
#[test]
fn grant_waits_for_the_end_of_the_fault() {
    let mut bench = Bench::accepted(&[]);
    bench.plug();
    bench.swipe("TAG");
    bench.answer_all("StatusNotification", &json!({}));
    bench.meter_answers = false;
    bench.answer("Authorize", &json!({"idTagInfo": {"status": "Accepted"}}));
    bench.input(fault(true));
    bench.input(Input::Evse(EVSE, EvseInput::Meter(MeterReading::energy_wh(1000))));
    bench.wait(5);
    assert!(!bench.orders.contains(&EvseAction::Power(Power::On)));
    assert!(!bench.events.iter().any(|event| event.contains("TransactionStarted")));
    bench.meter_answers = true;
    bench.input(Input::Fault(None));
    assert!(bench.orders.contains(&EvseAction::Power(Power::On)));
}
