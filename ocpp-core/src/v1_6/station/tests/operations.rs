//! What the CSMS asks for, and each status and stop reason that inputs can cause.

use super::*;
use crate::station::{Command, Fault, FaultCode, Lock, Mrec, RebootKind, StopReason};

fn fault(is_blocking: bool) -> Fault {
    Fault {
        code: FaultCode::GroundFailure,
        is_blocking,
        info: Some("leak".into()),
        vendor_error_code: None,
        vendor_id: None,
    }
}

/// 1.6 §4.9: nine statuses.
#[test]
fn every_status_is_reached_and_reported() {
    let mut bench = Bench::accepted(&[("AuthorizeRemoteTxRequests", "false")]);
    bench.plug();
    assert_eq!(bench.statuses(), ["1 Preparing"]);
    bench.request("RemoteStartTransaction", &json!({"idTag": "TAG", "connectorId": 1}));
    assert_eq!(bench.statuses(), ["1 SuspendedEV"]);
    bench.answer("StartTransaction", &json!({"transactionId": 7, "idTagInfo": {"status": "Accepted"}}));
    bench.charge();
    assert_eq!(bench.statuses(), ["1 SuspendedEVSE", "1 Charging"]);
    bench.input(Input::Evse(EVSE, EvseInput::Fault(fault(true))));
    assert_eq!(bench.orders.last(), Some(&EvseAction::Power(Power::Off)));
    assert_eq!(bench.statuses(), ["1 Faulted"]);
    bench.input(Input::Evse(EVSE, EvseInput::FaultCleared));
    bench.charge();
    assert_eq!(bench.statuses().last().map(String::as_str), Some("1 Charging"), "I3: back to what it was");
    bench.swipe("TAG");
    bench.stop_request();
    bench.cable(Cable::Absent);
    assert_eq!(bench.statuses(), ["1 Available"]);

    let until = wall(bench.now + 60_000).to_rfc3339();
    let reserve = json!({"connectorId": 1, "expiryDate": until, "idTag": "TAG", "reservationId": 3});
    assert_eq!(bench.request("ReserveNow", &reserve)["status"], "Accepted");
    assert_eq!(bench.statuses(), ["1 Reserved"]);
    bench.wait(61);
    assert_eq!(bench.statuses(), ["1 Available"], "G1: the reservation expired");

    let change = json!({"connectorId": 0, "type": "Inoperative"});
    assert_eq!(bench.request("ChangeAvailability", &change)["status"], "Accepted");
    assert_eq!(bench.statuses(), ["0 Unavailable", "1 Unavailable"]);
    bench.input(Input::Fault(Some(fault(true))));
    assert_eq!(bench.statuses(), ["0 Faulted", "1 Faulted"]);
    bench.input(Input::Fault(None));
    let change = json!({"connectorId": 0, "type": "Operative"});
    assert_eq!(bench.request("ChangeAvailability", &change)["status"], "Accepted");
    bench.wait(1);
    assert_eq!(bench.statuses().last().map(String::as_str), Some("1 Available"));
}

/// As the servers of those know it who defined the codes.
#[test]
fn minimum_required_error_codes_are_reported_with_their_code_and_the_nearest_of_1_6() {
    let named = [
        (1, "ConnectorLockFailure"),
        (2, "GroundFailure"),
        (3, "HighTemperature"),
        (4, "OverCurrentFailure"),
        (5, "OverVoltage"),
        (6, "UnderVoltage"),
        (7, "WeakSignal"),
    ];
    let mut bench = Bench::accepted(&[]);
    for (number, mrec) in (1..=26).zip(Mrec::ALL) {
        let fault = Fault {
            code: FaultCode::Mrec(mrec),
            is_blocking: false,
            info: None,
            vendor_error_code: None,
            vendor_id: None,
        };
        bench.input(Input::Evse(EVSE, EvseInput::Fault(fault)));
        let mut report = bench.answer("StatusNotification", &json!({}));
        report.as_object_mut().unwrap().remove("timestamp");
        let nearest = named.iter().find(|(named, _)| *named == number).map_or("OtherError", |(_, code)| code);
        let expected = json!({
            "connectorId": 1, "status": "Available", "errorCode": nearest,
            "vendorId": "https://chargex.inl.gov", "vendorErrorCode": format!("CX{number:03}"),
        });
        assert_eq!(report, expected, "{mrec:?}");
    }
}

#[test]
fn text_beside_a_minimum_required_error_code_is_that_of_the_fault_or_its_own_code() {
    let own = |text: Option<&str>, code: Option<&str>| Fault {
        code: FaultCode::Mrec(Mrec::PilotFault),
        is_blocking: false,
        info: text.map(Into::into),
        vendor_error_code: code.map(Into::into),
        vendor_id: None,
    };
    let long = "x".repeat(60);
    for (fault, info) in [
        (own(Some("-12 V missing"), Some("E14")), json!("-12 V missing")),
        (own(None, Some("E14")), json!("E14")),
        (own(Some(&long), None), json!(long[..50])),
    ] {
        let mut bench = Bench::accepted(&[]);
        bench.input(Input::Evse(EVSE, EvseInput::Fault(fault)));
        let report = bench.answer("StatusNotification", &json!({}));
        assert_eq!((&report["info"], &report["vendorErrorCode"]), (&info, &json!("CX014")));
    }
}

#[test]
fn warning_is_reported_with_the_status_as_it_is() {
    let mut bench = Bench::accepted(&[]);
    bench.input(Input::Evse(EVSE, EvseInput::Fault(fault(false))));
    let report = bench.answer("StatusNotification", &json!({}));
    assert_eq!(
        (&report["status"], &report["errorCode"], &report["info"]),
        (&json!("Available"), &json!("GroundFailure"), &json!("leak"))
    );
}

/// Every reason of 1.6 §7.36 that inputs can cause.
#[test]
fn transaction_stops_with_the_reason_of_its_cause() {
    type Cause = fn(&mut Bench);
    let command = |reason| Input::Command(Command::stop(EVSE, reason));
    let causes: [(&str, Cause); 9] = [
        ("Local", |bench| bench.swipe("TAG")),
        ("EVDisconnected", |bench| bench.cable(Cable::Plugged)),
        ("Remote", |bench| {
            let answer = bench.request("RemoteStopTransaction", &json!({"transactionId": 77}));
            assert_eq!(answer["status"], "Accepted");
        }),
        ("UnlockCommand", |bench| bench.frame(&json!([2, "u", "UnlockConnector", {"connectorId": 1}]))),
        ("SoftReset", |bench| assert_eq!(bench.request("Reset", &json!({"type": "Soft"}))["status"], "Accepted")),
        ("HardReset", |bench| assert_eq!(bench.request("Reset", &json!({"type": "Hard"}))["status"], "Accepted")),
        ("PowerLoss", |bench| {
            *bench = Bench::new(bench.image.clone(), &[]);
            bench.open();
            bench.boot("Accepted");
        }),
        ("EmergencyStop", |_| ()),
        ("Other", |_| ()),
    ];
    for (reason, cause) in causes {
        let mut bench = Bench::running(&[]);
        bench.sent.clear();
        match reason {
            "EmergencyStop" => bench.input(command(StopReason::EmergencyStop)),
            "Other" => bench.input(command(StopReason::Other)),
            _ => cause(&mut bench),
        }
        bench.sent.retain(|frame| frame[0] == 2);
        let stop = bench.stop_request();
        assert_eq!((&stop["reason"], &stop["transactionId"]), (&json!(reason), &json!(77)));
    }
}

#[test]
fn reset_waits_for_the_stop_and_restarts_once() {
    let mut bench = Bench::running(&[]);
    bench.request("Reset", &json!({"type": "Soft"}));
    bench.wait(5);
    assert_eq!(bench.reboots, [], "the stop is not delivered yet");
    bench.stop_request();
    bench.wait(5);
    assert_eq!(bench.reboots, [RebootKind::Soft]);
    bench.wait(60);
    assert_eq!(bench.reboots.len(), 1);
}

#[test]
fn reset_does_not_wait_for_a_silent_csms_but_for_the_store() {
    let mut bench = Bench::running(&[("MessageTimeout", "300")]);
    bench.confirms = false;
    bench.frame(&json!([2, "reset", "Reset", {"type": "Hard"}]));
    assert!(bench.sent.iter().all(|frame| frame[0] == 2), "the end of the transaction is not on record");
    bench.wait(40);
    assert_eq!(bench.reboots, []);
    bench.confirm();
    bench.wait(1);
    assert_eq!(bench.reboots, [RebootKind::Hard]);
}

#[test]
fn unlock_is_answered_by_the_lock() {
    let mut bench = Bench::running(&[]);
    bench.input(Input::Evse(EVSE, EvseInput::Lock(Lock::Locked)));
    bench.frame(&json!([2, "u", "UnlockConnector", {"connectorId": 1}]));
    assert_eq!(bench.orders.last(), Some(&EvseAction::Lock(Lock::Unlocked)));
    assert!(bench.sent.iter().all(|frame| frame[0] == 2), "not before the lock moved");
    bench.input(Input::Evse(EVSE, EvseInput::Lock(Lock::Unlocked)));
    assert_eq!(bench.take_answer(0)["status"], "Unlocked");
    bench.stop_request();

    bench.input(Input::Evse(EVSE, EvseInput::Lock(Lock::Locked)));
    bench.frame(&json!([2, "v", "UnlockConnector", {"connectorId": 1}]));
    assert_eq!(bench.orders.last(), Some(&EvseAction::Lock(Lock::Unlocked)), "a new attempt is made");
    bench.wait(20);
    assert_eq!(bench.take_answer(0)["status"], "UnlockFailed");
    assert_eq!(bench.request("UnlockConnector", &json!({"connectorId": 9}))["status"], "NotSupported");
}

#[test]
fn fixed_cable_is_not_unlocked() {
    let mut config = config(&[]);
    config.hardware.has_fixed_cables = true;
    let mut bench = Bench::with_config(Image::default(), config).online();
    let orders = bench.orders.len();
    assert_eq!(bench.request("UnlockConnector", &json!({"connectorId": 1}))["status"], "NotSupported");
    assert_eq!(bench.orders.len(), orders, "nothing is ordered");
}

#[test]
fn availability_survives_a_restart_and_waits_for_the_transaction() {
    let mut bench = Bench::running(&[]);
    let change = json!({"connectorId": 1, "type": "Inoperative"});
    assert_eq!(bench.request("ChangeAvailability", &change)["status"], "Scheduled");
    assert_eq!(
        bench.request("ChangeAvailability", &json!({"connectorId": 2, "type": "Operative"}))["status"],
        "Rejected"
    );
    bench.swipe("TAG");
    bench.stop_request();
    bench.cable(Cable::Absent);
    assert_eq!(bench.statuses(), ["1 Unavailable"]);
    bench.swipe("TAG");
    assert_eq!(bench.sent, Vec::<Value>::new(), "no question about a token that could not charge");

    let mut bench = Bench::new(bench.image.clone(), &[]);
    bench.open();
    bench.boot("Accepted");
    assert_eq!(bench.statuses(), ["0 Available", "1 Unavailable"]);
}

#[test]
fn reservation_admits_its_token_and_its_group_only() {
    let reserve = |bench: &Bench| {
        let until = wall(bench.now + 600_000).to_rfc3339();
        json!({"connectorId": 1, "expiryDate": until, "idTag": "ONE", "parentIdTag": "FAMILY", "reservationId": 3})
    };
    for (token, group, is_admitted) in [("ONE", None, true), ("TWO", Some("FAMILY"), true), ("TWO", None, false)] {
        let mut bench = Bench::accepted(&[]);
        let request = reserve(&bench);
        assert_eq!(bench.request("ReserveNow", &request)["status"], "Accepted");
        assert_eq!(bench.request("ReserveNow", &request)["status"], "Accepted", "the same reservation is replaced");
        let mut other = request.clone();
        other["reservationId"] = json!(4);
        assert_eq!(bench.request("ReserveNow", &other)["status"], "Occupied");
        // It survives a restart.
        bench = Bench::new(bench.image.clone(), &[]);
        bench.open();
        bench.boot("Accepted");
        assert_eq!(bench.statuses(), ["0 Available", "1 Reserved"]);
        bench.swipe(token);
        let info = match group {
            Some(group) => json!({"idTagInfo": {"status": "Accepted", "parentIdTag": group}}),
            None => json!({"idTagInfo": {"status": "Accepted"}}),
        };
        bench.answer("Authorize", &info);
        bench.plug();
        bench.answer_all("StatusNotification", &json!({}));
        if is_admitted {
            let start =
                bench.answer("StartTransaction", &json!({"transactionId": 1, "idTagInfo": {"status": "Accepted"}}));
            assert_eq!((&start["reservationId"], &start["idTag"]), (&json!(3), &json!(token)));
            assert!(bench.image.entry("reservation/1").is_none());
        } else {
            assert_eq!(bench.sent, Vec::<Value>::new());
        }
    }
}

#[test]
fn cancelled_reservation_is_gone() {
    let mut bench = Bench::accepted(&[]);
    let until = wall(600_000).to_rfc3339();
    bench.request("ReserveNow", &json!({"connectorId": 1, "expiryDate": until, "idTag": "ONE", "reservationId": 3}));
    assert_eq!(bench.request("CancelReservation", &json!({"reservationId": 4}))["status"], "Rejected");
    assert_eq!(bench.request("CancelReservation", &json!({"reservationId": 3}))["status"], "Accepted");
    assert_eq!(bench.statuses().last().map(String::as_str), Some("1 Available"));
}

#[test]
fn configuration_is_read_and_changed() {
    let mut bench = Bench::accepted(&[]);
    let all = bench.request("GetConfiguration", &json!({}));
    let keys = all["configurationKey"].as_array().unwrap();
    let find = |name: &str| keys.iter().find(|entry| entry["key"] == name).unwrap();
    assert_eq!(find("NumberOfConnectors"), &json!({"key": "NumberOfConnectors", "readonly": true, "value": "1"}));
    assert_eq!(find("HeartbeatInterval")["value"], "300", "as the CSMS set it with its BootNotification answer");
    let some = bench.request("GetConfiguration", &json!({"key": ["heartbeatinterval", "Nonsense"]}));
    assert_eq!(some["configurationKey"][0]["key"], "HeartbeatInterval");
    assert_eq!(some["unknownKey"], json!(["Nonsense"]));

    for (key, value, status) in [
        ("Nonsense", "1", "NotSupported"),
        ("NumberOfConnectors", "3", "Rejected"),
        ("HeartbeatInterval", "-1", "Rejected"),
        ("MeterValuesSampledData", "Voltage,Nonsense", "Rejected"),
        ("MeterValuesSampledData", "Voltage.L1,Energy.Active.Import.Register", "Accepted"),
        ("connectiontimeout", "7", "Accepted"),
    ] {
        let answer = bench.request("ChangeConfiguration", &json!({"key": key, "value": value}));
        assert_eq!(answer["status"], status, "{key} = {value}");
    }
    let mut bench = Bench::new(bench.image.clone(), &[]);
    bench.open();
    bench.boot("Accepted");
    let kept = bench.request("GetConfiguration", &json!({"key": ["ConnectionTimeOut"]}));
    assert_eq!(kept["configurationKey"][0]["value"], "7");
}

#[test]
fn changed_key_is_answered_when_it_is_durable() {
    let mut bench = Bench::accepted(&[]);
    bench.confirms = false;
    bench.frame(&json!([2, "c", "ChangeConfiguration", {"key": "HeartbeatInterval", "value": "9"}]));
    assert_eq!(bench.sent, Vec::<Value>::new());
    bench.confirm();
    bench.drain();
    assert_eq!(bench.sent, [json!([3, "c", {"status": "Accepted"}])]);
}

#[test]
fn remote_start_is_refused_where_nothing_can_start() {
    let mut bench = Bench::accepted(&[]);
    for connector in [0, 2, -1] {
        let answer = bench.request("RemoteStartTransaction", &json!({"idTag": "TAG", "connectorId": connector}));
        assert_eq!(answer["status"], "Rejected");
    }
    let mut bench = Bench::running(&[]);
    assert_eq!(bench.request("RemoteStartTransaction", &json!({"idTag": "TAG"}))["status"], "Rejected");
    assert_eq!(bench.request("RemoteStopTransaction", &json!({"transactionId": 78}))["status"], "Rejected");
}

#[test]
fn vendor_data_is_the_applications_business() {
    let mut bench = Bench::accepted(&[]);
    let question = json!([2, "d", "DataTransfer", {"vendorId": "org.example", "data": "x"}]);
    bench.frame(&question);
    assert_eq!(bench.asked.len(), 1);
    bench.wait(30);
    assert_eq!(bench.take_answer(0), json!({"status": "UnknownVendorId"}), "the default at the deadline");
}

/// 1.6 §6.47: whose code it is, of faults of the host's own vendor as of others, two of one code beside each other.
#[test]
fn vendor_of_a_fault_is_told_beside_its_code() {
    let own = |vendor: Option<&str>| Fault {
        code: FaultCode::OtherError,
        is_blocking: false,
        info: None,
        vendor_error_code: Some("E7".into()),
        vendor_id: vendor.map(Into::into),
    };
    let long = "v".repeat(300);
    for vendor in [None, Some("org.example"), Some(&*long)] {
        let mut bench = Bench::accepted(&[]);
        bench.input(Input::Evse(EVSE, EvseInput::Fault(own(vendor))));
        let report = bench.answer("StatusNotification", &json!({}));
        let told = vendor.map_or(Value::Null, |vendor| json!(vendor[..vendor.len().min(255)]));
        assert_eq!((&report["vendorId"], &report["vendorErrorCode"]), (&told, &json!("E7")));
        bench.input(Input::Evse(EVSE, EvseInput::Fault(own(Some("com.other")))));
        assert_eq!(bench.answer("StatusNotification", &json!({}))["vendorId"], "com.other");
    }
}
