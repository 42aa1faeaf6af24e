//! Remote control (F01 to F03), unlocking (F05), and what is asked of a transaction (E14).

use super::*;

fn start(evse: Option<u32>) -> Value {
    let mut request = json!({"idToken": {"idToken": "APP", "type": "Central"}, "remoteStartId": 4711});
    if let Some(evse) = evse {
        request["evseId"] = json!(evse);
    }
    request
}

/// F02.FR.01, F02.FR.21 (A08, A09 of the field list): held until the cable comes, and told with its number.
#[test]
fn remote_start_before_the_cable_begins_with_it() {
    for version in EDITIONS {
        for points in ["EVConnected", "PowerPathClosed", "Authorized", "EnergyTransfer"] {
            let settings = [("TxCtrlr.TxStartPoint", points), ("AuthCtrlr.AuthorizeRemoteStart", "false")];
            let mut bench = Bench::accepted(version, &settings);
            assert_eq!(bench.request("RequestStartTransaction", &start(Some(1)))["status"], "Accepted");
            bench.serve();
            bench.plug();
            bench.serve();
            let events = bench.transaction_events();
            story::check(&events, false);
            assert_eq!(events[0]["triggerReason"], "RemoteStart", "{points}");
            assert_eq!(events[0]["transactionInfo"]["remoteStartId"], 4711);
            assert_eq!(events[0]["idToken"], json!({"idToken": "APP", "type": "Central"}));
            assert!(bench.take("Authorize").is_empty(), "F02.FR.10");
            assert_eq!(bench.power, Power::On);
        }
    }
}

/// F01.FR.13, F01.FR.19, F01.FR.25 (A08).
#[test]
fn remote_start_into_a_transaction_is_told_in_its_next_event() {
    for version in EDITIONS {
        let mut bench = Bench::accepted(version, &[("TxCtrlr.TxStartPoint", "EVConnected")]);
        bench.plug();
        bench.serve();
        let begun = bench.transaction_events();
        let name = begun[0]["transactionInfo"]["transactionId"].clone();
        let answer = bench.request("RequestStartTransaction", &start(Some(1)));
        assert_eq!(answer, json!({"status": "Accepted", "transactionId": name}));
        bench.serve();
        assert_eq!(bench.take("Authorize").len(), 1, "F01.FR.01");
        let events = bench.transaction_events();
        assert_eq!(words(&events[0]), "Updated RemoteStart SuspendedEVSE");
        assert_eq!(events[0]["transactionInfo"]["remoteStartId"], 4711);
        assert_eq!(events[0]["idToken"]["idToken"], "APP");
        // F01.FR.24.
        assert_eq!(bench.request("RequestStartTransaction", &start(Some(1)))["status"], "Rejected");
        story::check(&[begun, events].concat(), false);
    }
}

/// F01.FR.07, F01.FR.20 (A10).
#[test]
fn remote_start_at_an_unknown_evse_is_rejected_and_one_without_finds_a_place() {
    for version in EDITIONS {
        let config = config(&[version], &[]).with_evses(2);
        let mut bench = Bench::boot(config, version, Image::default(), 0);
        bench.connect();
        for evse in [3, 77] {
            assert_eq!(bench.request("RequestStartTransaction", &start(Some(evse)))["status"], "Rejected");
        }
        bench.plug();
        bench.serve();
        assert_eq!(bench.request("RequestStartTransaction", &start(None))["status"], "Accepted");
        bench.serve();
        let events = bench.transaction_events();
        assert_eq!(events[0]["evse"]["id"], 1, "where a vehicle waits");
    }
}

/// F02.FR.07, F02.FR.08 (A09).
#[test]
fn remote_start_without_a_cable_ends_in_time() {
    let settings = [("TxCtrlr.TxStartPoint", "Authorized"), ("TxCtrlr.EVConnectionTimeOut", "20")];
    let mut bench = Bench::accepted(Dialect::V2_0_1, &settings);
    assert_eq!(bench.request("RequestStartTransaction", &start(Some(1)))["status"], "Accepted");
    bench.serve_for(21);
    let events = bench.transaction_events();
    story::check(&events, false);
    assert_eq!(words(&events[0]), "Started RemoteStart Idle");
    assert_eq!(events.last().map(words).as_deref(), Some("Ended EVConnectTimeout Idle Timeout"));
}

/// F01.FR.26: a profile is not taken yet, and not ignored where there is smart charging.
#[cfg(feature = "smart_charging")]
#[test]
fn remote_start_with_a_profile_is_rejected() {
    let mut bench = Bench::accepted(Dialect::V2_0_1, &[]);
    let mut request = start(Some(1));
    let schedule =
        json!({"id": 1, "chargingRateUnit": "A", "chargingSchedulePeriod": [{"startPeriod": 0, "limit": 6}]});
    request["chargingProfile"] = json!({
        "id": 1, "stackLevel": 0, "chargingProfilePurpose": "TxProfile", "chargingProfileKind": "Absolute",
        "chargingSchedule": [schedule],
    });
    assert_eq!(bench.request("RequestStartTransaction", &request)["status"], "Rejected");
}

/// F03.FR.02, F03.FR.03, F03.FR.07, F03.FR.08.
#[test]
fn remote_stop_ends_the_transaction_or_its_energy() {
    for version in EDITIONS {
        for (stop, expected) in [
            ("Authorized", "Ended RemoteStop EVConnected Remote"),
            ("PowerPathClosed", "Ended RemoteStop EVConnected Remote"),
            ("EVConnected", "Updated RemoteStop EVConnected"),
        ] {
            let mut bench = Bench::accepted(version, &[("TxCtrlr.TxStopPoint", stop)]);
            bench.start();
            let begun = bench.transaction_events();
            let name = begun[0]["transactionInfo"]["transactionId"].as_str().unwrap().to_uppercase();
            assert_eq!(
                bench.request("RequestStopTransaction", &json!({"transactionId": "none"}))["status"],
                "Rejected"
            );
            assert_eq!(bench.request("RequestStopTransaction", &json!({"transactionId": name}))["status"], "Accepted");
            bench.serve();
            assert_eq!(bench.power, Power::Off);
            let events = bench.transaction_events();
            assert_eq!(events.last().map(words).as_deref(), Some(expected));
            bench.unplug();
            bench.serve();
            story::check(&[begun, events, bench.transaction_events()].concat(), false);
            assert_eq!(bench.request("RequestStopTransaction", &json!({"transactionId": name}))["status"], "Rejected");
        }
    }
}

/// E14.
#[test]
fn status_of_a_transaction_says_whether_it_goes_on_and_what_waits() {
    for version in EDITIONS {
        let mut bench = Bench::accepted(version, &[]);
        let ask = |bench: &mut Bench, name: Option<&Value>| {
            let request = name.map_or(json!({}), |name| json!({"transactionId": name}));
            bench.request("GetTransactionStatus", &request)
        };
        assert_eq!(ask(&mut bench, None), json!({"messagesInQueue": false}));
        bench.start();
        let name = bench.transaction_events()[0]["transactionInfo"]["transactionId"].clone();
        assert_eq!(ask(&mut bench, Some(&name)), json!({"ongoingIndicator": true, "messagesInQueue": false}));
        bench.swipe("TAG");
        assert_eq!(ask(&mut bench, Some(&name)), json!({"ongoingIndicator": false, "messagesInQueue": true}));
        assert_eq!(ask(&mut bench, None), json!({"messagesInQueue": true}));
        bench.serve();
        let unknown = json!({"ongoingIndicator": false, "messagesInQueue": false});
        assert_eq!(ask(&mut bench, Some(&name)), unknown);
        assert_eq!(ask(&mut bench, Some(&json!("never"))), unknown);
    }
}

/// F05.
#[test]
fn connector_is_unlocked_unless_somebody_charges() {
    for version in EDITIONS {
        let mut bench = Bench::accepted(version, &[]);
        let unlock = |evse: u32, connector: u32| json!({"evseId": evse, "connectorId": connector});
        for (evse, connector) in [(0, 1), (2, 1), (1, 0), (1, 2)] {
            assert_eq!(bench.request("UnlockConnector", &unlock(evse, connector))["status"], "UnknownConnector");
        }
        // F05.FR.06: no cable.
        assert_eq!(bench.request("UnlockConnector", &unlock(1, 1))["status"], "Unlocked");
        bench.start();
        let answer = bench.request("UnlockConnector", &unlock(1, 1));
        assert_eq!(answer["status"], "OngoingAuthorizedTransaction", "F05.FR.02");
        assert_eq!(bench.power, Power::On);
    }
}
