//! A bad network, a bad peer, a bad store: nothing is lost, nothing is sent too early, nothing stands still.

use super::*;
use crate::station::Command;
use crate::{MisuseError, Refusal};

#[test]
fn only_boot_notifications_leave_before_the_acceptance() {
    let mut bench = Bench::new(Image::default(), &[("AllowOfflineTxForUnknownId", "true")]);
    bench.plug();
    bench.open();
    bench.swipe("TAG");
    bench.boot("Pending");
    assert_eq!(bench.sent, Vec::<Value>::new());
    let keys = bench.request("GetConfiguration", &json!({"key": ["HeartbeatInterval"]}));
    assert_eq!(keys["configurationKey"][0]["key"], "HeartbeatInterval", "pending: questions are answered");
    assert_eq!(bench.request("RemoteStartTransaction", &json!({"idTag": "TAG"}))["status"], "Rejected", "1.6 §4.2");
    bench.wait(299);
    assert_eq!(bench.sent, Vec::<Value>::new());
    bench.wait(1);
    bench.boot("Rejected");
    bench.frame(&json!([2, "x", "GetConfiguration", {}]));
    assert_eq!(bench.sent, Vec::<Value>::new(), "rejected: nothing is answered");
    bench.wait(300);
    bench.boot("Accepted");
    assert_eq!(bench.statuses(), ["0 Available", "1 Finishing"], "B6: no token within the time");
}

#[test]
fn unanswered_boot_is_repeated() {
    let mut bench = Bench::new(Image::default(), &[]);
    bench.open();
    bench.call("BootNotification");
    bench.wait(30 + 60);
    let (id, _) = bench.call("BootNotification");
    bench.frame(&json!([4, id, "InternalError", "", {}]));
    bench.wait(60);
    bench.boot("Accepted");
}

#[test]
fn reconnect_without_restart_does_not_boot_again() {
    let mut bench = Bench::accepted(&[]);
    bench.input(Input::Link(LinkInput::Closed));
    bench.plug();
    bench.cable(Cable::Absent);
    bench.plug();
    bench.open();
    assert_eq!(bench.statuses(), ["1 Preparing"], "only what is current (1.6 §4.9)");
    assert_eq!(bench.sent, Vec::<Value>::new());
}

#[test]
fn offline_session_is_delivered_in_order_after_reconnect() {
    let mut bench = Bench::accepted(&[("AllowOfflineTxForUnknownId", "true"), ("MeterValueSampleInterval", "60")]);
    bench.input(Input::Link(LinkInput::Closed));
    bench.plug();
    bench.swipe("TAG");
    bench.energy_wh = 1100;
    bench.wait(61);
    bench.energy_wh = 1200;
    bench.wait(30);
    bench.swipe("TAG");
    bench.open();
    bench.answer_all("StatusNotification", &json!({}));
    let start = bench.answer("StartTransaction", &json!({"transactionId": 9, "idTagInfo": {"status": "Accepted"}}));
    let sample = bench.answer("MeterValues", &json!({}));
    let stop = bench.answer("StopTransaction", &json!({}));
    assert_eq!((&start["meterStart"], &stop["meterStop"]), (&json!(1000), &json!(1200)));
    assert_eq!((&sample["transactionId"], &stop["transactionId"]), (&json!(9), &json!(9)));
    assert_eq!(start["timestamp"], "2023-11-14T22:13:20Z");
}

/// 1.6 §3.7.1: the interval grows with each transmission; the loss of the link is no failure.
#[test]
fn failed_transaction_message_is_retried_then_dropped() {
    let mut bench = Bench::accepted(&[
        ("TransactionMessageAttempts", "3"),
        ("TransactionMessageRetryInterval", "10"),
        ("MeterValueSampleInterval", "0"),
    ]);
    bench.start();
    bench.input(Input::Link(LinkInput::Closed));
    bench.call("StartTransaction");
    bench.open();
    for wait in [10, 20] {
        let (id, _) = bench.call("StartTransaction");
        bench.frame(&json!([4, id, "InternalError", "", {}]));
        bench.wait(wait - 1);
        assert_eq!(bench.sent, Vec::<Value>::new(), "waits {wait} s");
        bench.wait(1);
    }
    bench.call("StartTransaction");
    bench.wait(30);
    assert!(bench.events.iter().any(|event| event.contains("TransactionMessageDropped")));
    bench.swipe("TAG");
    let stop = bench.stop_request();
    assert_eq!(stop["transactionId"], -1, "errata 3.18");
    assert!(bench.image.logs.values().all(|log| log.is_empty()));
}

#[test]
fn crash_after_delivery_repeats_at_most_one_message() {
    let mut bench = Bench::accepted(&[]);
    bench.start();
    let before = bench.image.clone();
    bench.confirms = false;
    bench.answer("StartTransaction", &json!({"transactionId": 5, "idTagInfo": {"status": "Accepted"}}));
    bench.swipe("TAG");
    bench.answer_all("StatusNotification", &json!({}));
    assert_eq!(bench.sent, Vec::<Value>::new(), "the stop waits for the delivery of the start to be durable");

    let mut bench = Bench::new(before, &[]);
    bench.open();
    bench.boot("Accepted");
    bench.answer_all("StatusNotification", &json!({}));
    bench.answer("StartTransaction", &json!({"transactionId": 5, "idTagInfo": {"status": "Accepted"}}));
    assert_eq!(bench.stop_request()["transactionId"], 5);
}

#[test]
fn refused_start_ends_the_transaction_or_only_the_energy() {
    let refusal = json!({"transactionId": 5, "idTagInfo": {"status": "Blocked"}});
    let mut bench = Bench::accepted(&[]);
    bench.start();
    bench.answer("StartTransaction", &refusal);
    assert_eq!(bench.stop_request()["reason"], "DeAuthorized");
    assert_eq!(bench.orders.last(), Some(&EvseAction::Power(Power::Off)), "the cable stays locked");
    bench.swipe("TAG");
    assert_eq!(bench.orders.last(), Some(&EvseAction::Lock(crate::station::Lock::Unlocked)));

    let mut bench = Bench::accepted(&[("StopTransactionOnInvalidId", "false")]);
    bench.start();
    bench.answer("StartTransaction", &refusal);
    assert_eq!(bench.statuses(), ["1 SuspendedEVSE"]);
    assert_eq!(bench.orders.last(), Some(&EvseAction::Power(Power::Off)));
}

#[test]
fn link_loss_during_authorize_does_not_leave_preparing_for_ever() {
    for is_allowed in ["true", "false"] {
        let mut bench = Bench::accepted(&[("AllowOfflineTxForUnknownId", is_allowed)]);
        bench.plug();
        bench.answer_all("StatusNotification", &json!({}));
        bench.swipe("TAG");
        bench.call("Authorize");
        bench.input(Input::Link(LinkInput::Closed));
        let has_power = bench.orders.contains(&EvseAction::Power(Power::On));
        assert_eq!(has_power, is_allowed == "true");
        bench.wait(130);
        bench.cable(Cable::Absent);
        bench.open();
        assert_eq!(bench.statuses().last().map(String::as_str), Some("1 Available"));
    }
}

#[test]
fn power_cut_during_authorize_does_not_leave_preparing_for_ever() {
    let mut bench = Bench::accepted(&[]);
    bench.plug();
    bench.answer_all("StatusNotification", &json!({}));
    bench.swipe("TAG");
    bench.call("Authorize");
    for is_plugged in [true, false] {
        let mut bench = Bench::new(bench.image.clone(), &[("ConnectionTimeOut", "60")]);
        bench.cable(if is_plugged { Cable::Connected } else { Cable::Absent });
        bench.open();
        bench.boot("Accepted");
        let status = if is_plugged { "1 Preparing" } else { "1 Available" };
        assert_eq!(bench.statuses(), ["0 Available", status]);
        bench.wait(60);
        assert_eq!(bench.statuses(), if is_plugged { &["1 Finishing"][..] } else { &[] }, "1.6 §4.9, B6");
        assert!(!bench.orders.contains(&EvseAction::Power(Power::On)), "the token went with the power");
        bench.cable(Cable::Absent);
        bench.answer_all("StatusNotification", &json!({}));
        bench.start();
        bench.call("StartTransaction");
    }
}

#[test]
fn authorize_answered_with_an_error_or_a_foreign_id_leaves_the_connector_usable() {
    for is_error in [true, false] {
        let mut bench = Bench::accepted(&[]);
        bench.plug();
        bench.answer_all("StatusNotification", &json!({}));
        bench.swipe("TAG");
        let (id, _) = bench.call("Authorize");
        bench.frame(&json!([3, "foreign", {"idTagInfo": {"status": "Accepted"}}]));
        assert!(!bench.orders.contains(&EvseAction::Power(Power::On)), "that was no answer");
        if is_error {
            bench.frame(&json!([4, id, "InternalError", "", {}]));
        } else {
            bench.wait(30);
        }
        bench.swipe("TAG");
        bench.answer("Authorize", &json!({"idTagInfo": {"status": "Accepted"}}));
        bench.answer_all("StatusNotification", &json!({}));
        bench.call("StartTransaction");
    }
}

/// Without pings a half-open connection swallowed one call after the other.
#[test]
fn connection_that_swallows_three_calls_in_a_row_is_given_up_without_pings() {
    let mut bench = Bench::accepted(&[("WebSocketPingInterval", "0")]);
    // A heartbeat each 300 s, 30 s for its answer.
    bench.wait(929);
    assert_eq!(bench.link, ["Connect"]);
    bench.wait(1);
    assert_eq!(bench.link, ["Connect", "Close"]);
    bench.wait(30);
    assert_eq!(bench.link, ["Connect", "Close", "Connect"]);
    bench.open();
    bench.sent.clear();
    bench.wait(640);
    assert_eq!(bench.link.len(), 3, "counted anew");
}

#[test]
fn csms_that_says_anything_is_not_given_up_for_its_silence() {
    let mut bench = Bench::accepted(&[("WebSocketPingInterval", "0")]);
    for _ in 0..4 {
        bench.wait(640);
        bench.request("ClearCache", &json!({}));
    }
    assert_eq!(bench.link, ["Connect"]);
    assert_eq!(bench.sent.len(), 8, "no heartbeat was answered");
}

#[test]
fn dead_peer_is_noticed_by_its_silence() {
    let mut bench = Bench::accepted(&[("WebSocketPingInterval", "60")]);
    bench.wait(600);
    assert_eq!(bench.link, ["Connect"]);
    bench.answers_pings = false;
    bench.wait(60);
    assert_eq!(bench.link, ["Connect", "Ping"]);
    bench.wait(20);
    assert_eq!(bench.link, ["Connect", "Ping", "Close"]);
    bench.wait(30);
    assert_eq!(bench.link, ["Connect", "Ping", "Close", "Connect"]);
}

#[test]
fn garbage_is_answered_or_dropped_and_the_session_goes_on() {
    let mut bench = Bench::running(&[]);
    let deep = format!("{}{}", "[".repeat(10_000), "]".repeat(10_000));
    let long = format!("[2,\"l\",\"GetConfiguration\",{{\"key\":[\"{}\"]}}]", "x".repeat(10 << 20));
    for bytes in [&b"\xff\xfe"[..], b"", b"{}", b"[]", b"[2]", deep.as_bytes(), long.as_bytes()] {
        bench.input(Input::Link(LinkInput::Frame(bytes.into())));
    }
    bench.sent.clear();
    for (action, payload, code) in [
        ("Nonsense", json!({}), "NotImplemented"),
        ("BootNotification", json!({"chargePointVendor": "a", "chargePointModel": "b"}), "NotSupported"),
        ("SetChargingProfile", json!({}), "OccurenceConstraintViolation"),
        ("ChangeConfiguration", json!({"key": "HeartbeatInterval"}), "OccurenceConstraintViolation"),
        ("ChangeAvailability", json!({"connectorId": "first", "type": "Operative"}), "TypeConstraintViolation"),
        ("RemoteStopTransaction", json!([]), "FormationViolation"),
    ] {
        assert_eq!(bench.request(action, &payload), code, "{action} {payload}");
    }
    bench.swipe("TAG");
    assert_eq!(bench.stop_request()["transactionId"], 77);
}

/// Numbers of the CSMS size nothing, and move no deadline out of the clock.
#[test]
fn absurd_numbers_of_the_csms_are_refused_or_borne() {
    for interval in [i64::MIN, -1, i64::from(i32::MAX), i64::from(u32::MAX), i64::MAX] {
        for status in ["Pending", "Accepted"] {
            let mut bench = Bench::new(Image::default(), &[]);
            bench.open();
            let now = wall(bench.now).to_rfc3339();
            bench.answer("BootNotification", &json!({"status": status, "currentTime": now, "interval": interval}));
            bench.wait(60);
        }
    }
    let (most, never) = (i64::MAX, "9999-12-31T23:59:59Z");
    let period = json!([{"startPeriod": i32::MAX, "limit": 1e9}]);
    let mut bench = Bench::accepted(&[("MeterValueSampleInterval", "0")]);
    for (action, payload) in [
        ("RemoteStartTransaction", json!({"idTag": "TAG", "connectorId": most})),
        ("RemoteStopTransaction", json!({"transactionId": most})),
        ("UnlockConnector", json!({"connectorId": most})),
        ("ChangeAvailability", json!({"connectorId": most, "type": "Inoperative"})),
        ("CancelReservation", json!({"reservationId": most})),
        ("ReserveNow", json!({"connectorId": most, "expiryDate": never, "idTag": "T", "reservationId": most})),
        ("SendLocalList", json!({"listVersion": most, "updateType": "Differential", "localAuthorizationList": []})),
        ("GetDiagnostics", json!({"location": "ftp://x/", "retries": most, "retryInterval": most, "stopTime": never})),
        (
            "UpdateFirmware",
            json!({"location": "ftp://x/", "retrieveDate": never, "retries": most, "retryInterval": most}),
        ),
        ("GetCompositeSchedule", json!({"connectorId": 1, "duration": most})),
        (
            "SetChargingProfile",
            json!({"connectorId": 1, "csChargingProfiles": {
                "chargingProfileId": most, "stackLevel": most, "chargingProfilePurpose": "TxDefaultProfile",
                "chargingProfileKind": "Relative",
                "chargingSchedule": {"duration": most, "chargingRateUnit": "A", "chargingSchedulePeriod": period},
            }}),
        ),
        ("TriggerMessage", json!({"requestedMessage": "MeterValues", "connectorId": most})),
    ] {
        assert!(!bench.request(action, &payload).is_null(), "{action} is answered");
        bench.wait_with_heartbeats(10);
        bench.answer_all("DiagnosticsStatusNotification", &json!({}));
    }
    bench.start();
    bench.call("StartTransaction");
}

#[test]
fn failing_store_delays_the_start_and_loses_nothing() {
    let mut bench = Bench::accepted(&[]);
    bench.confirms = false;
    bench.start();
    let (ticket, _) = bench.unconfirmed[0].clone();
    bench.unconfirmed.clear();
    bench.input(Input::StoreFailed(ticket));
    assert!(bench.events.iter().any(|event| event.contains("StoreTrouble")));
    assert!(bench.unconfirmed.is_empty());
    bench.wait(1);
    assert_eq!(bench.unconfirmed.first().map(|(again, _)| *again), Some(ticket), "issued again");
    bench.confirm();
    bench.drain();
    bench.call("StartTransaction");
}

#[test]
fn callers_mistakes_change_nothing() {
    let mut bench = Bench::accepted(&[]);
    let now = Instant::from_millis(bench.now);
    let before = bench.station.poll_timeout();
    for (input, error) in [
        (Input::Evse(EvseId(2), EvseInput::Cable(Cable::Connected)), MisuseError::UnknownEvse(EvseId(2))),
        (Input::Token { evse: Some(EvseId(0)), token: IdToken::new("x") }, MisuseError::UnknownEvse(EvseId(0))),
        (Input::Stored(Ticket(999)), MisuseError::UnknownTicket(Ticket(999))),
    ] {
        assert_eq!(bench.station.handle(now, input), Err(error));
    }
    assert_eq!(bench.station.poll_action(), None);
    assert_eq!(bench.station.poll_timeout(), before);
}

#[test]
fn transaction_before_the_clock_was_known_gets_its_time_later() {
    let mut bench = Bench::new(Image::default(), &[("AllowOfflineTxForUnknownId", "true")]);
    // A station that a CSMS accepted once, restarted without network and clock.
    bench.open();
    bench.boot("Accepted");
    let settings = [("AllowOfflineTxForUnknownId", "true"), ("MeterValueSampleInterval", "0")];
    let mut bench = Bench::new(bench.image.clone(), &settings);
    bench.now = 5_000;
    bench.plug();
    bench.swipe("TAG");
    bench.wait(60);
    let cut = bench.image.clone();
    let mut bench = Bench::new(cut, &[]);
    bench.now = 100_000;
    bench.open();
    bench.boot("Accepted");
    bench.answer_all("StatusNotification", &json!({}));
    let start = bench.answer("StartTransaction", &json!({"transactionId": 9, "idTagInfo": {"status": "Accepted"}}));
    assert_eq!(start["timestamp"], "2023-11-14T22:13:20Z", "the latest it can have been: before this boot");
    assert_eq!(bench.stop_request()["reason"], "PowerLoss");
}

#[test]
fn short_status_is_not_reported() {
    let mut bench = Bench::accepted(&[("MinimumStatusDuration", "10")]);
    bench.plug();
    bench.wait(5);
    bench.cable(Cable::Absent);
    bench.wait(60);
    assert_eq!(bench.sent, Vec::<Value>::new());
    bench.plug();
    bench.wait(10);
    assert_eq!(bench.statuses(), ["1 Preparing"]);
}

#[test]
fn heartbeats_follow_silence() {
    let mut bench = Bench::accepted(&[]);
    bench.wait(299);
    assert_eq!(bench.sent, Vec::<Value>::new());
    bench.wait(1);
    bench.answer("Heartbeat", &json!({"currentTime": wall(bench.now).to_rfc3339()}));
    bench.wait(300);
    bench.call("Heartbeat");
    bench.wait(30);
    assert!(bench.events.iter().any(|event| event.contains("CallFailed")), "a silent CSMS is reported");
}

#[test]
fn dead_store_does_not_make_memory_grow() {
    let mut bench = Bench::accepted(&[("MessageTimeout", "2147483647")]);
    bench.confirms = false;
    for n in 0..200 {
        let change =
            json!([2, format!("c{n}"), "ChangeConfiguration", {"key": "HeartbeatInterval", "value": n.to_string()}]);
        bench.frame(&change);
        bench.wait(31);
    }
    assert!(bench.unconfirmed.len() <= 66, "{} operations wait", bench.unconfirmed.len());
    assert_eq!(bench.take_answer(bench.sent.len() - 1), "InternalError");
}

#[test]
fn application_cannot_fill_the_memory_while_the_store_is_dead() {
    let mut bench = Bench::accepted(&[]);
    bench.confirms = false;
    let configure =
        |n: u32| Input::Command(Command::Configure { key: "HeartbeatInterval".into(), value: n.to_string().into() });
    let results: Vec<_> =
        (0..200).map(|n| bench.station.handle(Instant::from_millis(bench.now), configure(n))).collect();
    assert_eq!(results.last(), Some(&Err(MisuseError::Refused(Refusal::StoreStuck))));
    bench.drain();
    assert!(bench.unconfirmed.len() <= 66, "{} operations wait", bench.unconfirmed.len());
}

/// Errata 3.20: a vehicle that stayed plugged in must not charge on the next driver's token.
#[test]
fn station_reader_does_not_start_the_vehicle_of_a_session_that_ended() {
    let mut config = StationConfig::new("ws://csms/ocpp", "CP1", "Vendor", "Model").with_evses(2);
    config = config.with_setting("AllowOfflineTxForUnknownId", "true");
    config.policy.charge_before_accepted = true;
    let mut station = Station::new(config, 1, &Image::default()).unwrap();
    let mut at = 0;
    let mut input = |input: Input<'_>| {
        at += 5_000;
        station.handle(Instant::from_millis(at), input).unwrap();
        let mut started = Vec::new();
        while let Some(action) = station.poll_action() {
            match action {
                Action::Evse(evse, EvseAction::Power(Power::On)) => started.push(evse),
                Action::Evse(evse, EvseAction::ReadMeter) => {
                    let reading = EvseInput::Meter(MeterReading::energy_wh(1));
                    station.handle(Instant::from_millis(at), Input::Evse(evse, reading)).unwrap();
                }
                _ => {}
            }
        }
        started
    };
    let token = |text| Input::Token { evse: None, token: IdToken::new(text) };
    let cable = |evse, cable| Input::Evse(EvseId(evse), EvseInput::Cable(cable));
    input(cable(1, Cable::Connected));
    assert_eq!(input(token("ONE")), [EvseId(1)]);
    assert_eq!(input(token("ONE")), [], "stops");
    assert_eq!(input(token("TWO")), [], "waits for a plug");
    assert_eq!(input(cable(2, Cable::Connected)), [EvseId(2)]);
}
