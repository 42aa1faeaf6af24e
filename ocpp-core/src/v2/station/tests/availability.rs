//! Statuses of connectors (G01), and what is out of service (G03, G04).

use super::*;
use crate::station::{Fault, FaultCode};

fn change(evse: Option<(u32, Option<u32>)>, status: &str) -> Value {
    let mut request = json!({"operationalStatus": status});
    if let Some((id, connector)) = evse {
        request["evse"] = json!({"id": id});
        if let Some(connector) = connector {
            request["evse"]["connectorId"] = json!(connector);
        }
    }
    request
}

/// G01.FR.03, G01.FR.04: of a session its connector tells that it is occupied, and nothing else.
#[test]
fn session_is_one_status() {
    for version in EDITIONS {
        let mut bench = Bench::accepted(version, &[]);
        bench.start();
        bench.input(Input::Evse(EVSE, EvseInput::Vehicle(Vehicle::Paused)));
        bench.swipe("TAG");
        bench.serve();
        assert_eq!(bench.statuses(), ["1.1 Occupied"]);
        bench.unplug();
        bench.serve();
        assert_eq!(bench.statuses(), ["1.1 Available"]);
    }
}

#[test]
fn token_alone_occupies_nothing_and_a_fault_is_told() {
    let mut bench = Bench::accepted(Dialect::V2_0_1, &[]);
    bench.swipe("TAG");
    bench.serve();
    assert!(bench.statuses().is_empty());
    let fault = Fault {
        code: FaultCode::GroundFailure,
        is_blocking: true,
        info: None,
        vendor_error_code: None,
        vendor_id: None,
    };
    bench.input(Input::Evse(EVSE, EvseInput::Fault(fault)));
    bench.serve();
    assert_eq!(bench.statuses(), ["1.1 Faulted"]);
    bench.input(Input::Evse(EVSE, EvseInput::FaultCleared));
    bench.serve();
    assert_eq!(bench.statuses(), ["1.1 Available"]);
}

/// G03.FR.01 to G03.FR.08, G04 (A15, A16).
#[test]
fn places_go_out_of_service_and_stay_so() {
    for version in EDITIONS {
        for place in [None, Some((1, None)), Some((1, Some(1))), Some((0, None))] {
            let mut bench = Bench::accepted(version, &[]);
            let request = change(place, "Inoperative");
            assert_eq!(bench.request("ChangeAvailability", &request)["status"], "Accepted");
            bench.serve();
            assert_eq!(bench.statuses(), ["1.1 Unavailable"], "G03.FR.04");
            assert_eq!(bench.request("ChangeAvailability", &request)["status"], "Accepted", "G03.FR.03");
            let mut bench = bench.cut();
            bench.connect();
            assert_eq!(bench.statuses(), ["1.1 Unavailable"], "G03.FR.08");
            assert_eq!(bench.request("ChangeAvailability", &change(place, "Operative"))["status"], "Accepted");
            bench.serve();
            assert_eq!(bench.statuses(), ["1.1 Available"]);
        }
        let mut bench = Bench::accepted(version, &[]);
        for place in [(2, None), (1, Some(2)), (0, Some(1))] {
            let answer = bench.request("ChangeAvailability", &change(Some(place), "Inoperative"));
            assert_eq!(answer["status"], "Rejected", "{place:?}");
        }
    }
}

/// G03.FR.05, G01.FR.05 (A15): with the transaction the connector goes, whether the cable is still there or not (TC_G_11_CS).
#[test]
fn change_during_a_transaction_is_scheduled_and_may_be_taken_back() {
    for takes_back in [false, true] {
        let mut bench = Bench::accepted(Dialect::V2_0_1, &[]);
        bench.start();
        assert_eq!(bench.request("ChangeAvailability", &change(Some((1, None)), "Operative"))["status"], "Accepted");
        assert_eq!(bench.request("ChangeAvailability", &change(Some((1, None)), "Inoperative"))["status"], "Scheduled");
        if takes_back {
            assert_eq!(
                bench.request("ChangeAvailability", &change(Some((1, None)), "Operative"))["status"],
                "Accepted"
            );
        }
        assert_eq!(bench.power, Power::On);
        bench.swipe("TAG");
        bench.serve();
        let told: Vec<&str> =
            if takes_back { alloc::vec!["1.1 Occupied"] } else { alloc::vec!["1.1 Occupied", "1.1 Unavailable"] };
        assert_eq!(bench.statuses(), told);
        bench.unplug();
        bench.serve();
        let told: &[&str] = if takes_back { &["1.1 Available"] } else { &[] };
        assert_eq!(bench.statuses(), told);
    }
}
