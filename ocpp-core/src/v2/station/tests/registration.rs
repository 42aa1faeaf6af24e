//! Registration (B01 to B03), heartbeats and what may leave when.

use super::*;

fn boot_answer(status: &str, interval: u32) -> Value {
    json!({"status": status, "currentTime": wall(0).to_rfc3339(), "interval": interval})
}

#[test]
fn boot_tells_the_station_and_the_reason() {
    for version in EDITIONS {
        let mut config = config(&[version], &[]);
        config.device.serial_number = Some("S".repeat(30).into());
        config.device.firmware_version = Some("1.0".into());
        config.device.imsi = Some("901".into());
        config.device.boot_reason = Some(crate::station::BootReason::Watchdog);
        let mut bench = Bench::boot(config, version, Image::default(), 0);
        bench.open();
        let (_, boot) = bench.call("BootNotification");
        let expected = json!({
            "reason": "Watchdog",
            "chargingStation": {
                "serialNumber": "S".repeat(25),
                "model": "Model",
                "modem": {"imsi": "901"},
                "vendorName": "Vendor",
                "firmwareVersion": "1.0",
            },
        });
        assert_eq!(boot, expected);
        assert_eq!(bench.sent, [] as [Value; 0]);
    }
}

/// B01.FR.05, and G01.FR.08: of the connectors of an EVSE each is told.
#[test]
fn accepted_station_tells_each_connector_once() {
    for version in EDITIONS {
        let mut config = config(&[version], &[]).with_evses(2);
        config.hardware.evses[1].connectors = alloc::vec![crate::station::ConnectorConfig::default(); 2];
        let mut bench = Bench::boot(config, version, Image::default(), 0);
        bench.connect();
        assert_eq!(bench.statuses(), ["1.1 Available", "2.1 Available", "2.2 Available"]);
        bench.plug();
        bench.serve();
        assert_eq!(bench.statuses(), ["1.1 Occupied"]);
        let plug = crate::station::ConnectorInput::Cable(Cable::Connected);
        let second = EvseInput::Connector(crate::station::ConnectorId(2), plug);
        bench.input(Input::Evse(EvseId(2), second));
        bench.serve();
        assert_eq!(bench.statuses(), ["2.2 Occupied"], "G01.FR.08");
    }
}

/// B01.FR.08, B02.FR.02, B02.FR.08: nothing but the next BootNotification, and that not before its time.
#[test]
fn while_pending_only_what_is_asked_for_leaves() {
    for version in EDITIONS {
        let mut bench = Bench::new(version, &[("AllowOfflineTxForUnknownId", "true")]);
        bench.config.policy.charge_before_accepted = true;
        bench = Bench::boot(bench.config, version, Image::default(), 0);
        bench.start();
        bench.unplug();
        bench.open();
        bench.answer("BootNotification", &boot_answer("Pending", 60));
        assert_eq!(bench.sent, [] as [Value; 0], "what waits from before");
        // B02.FR.01: it may be read and configured.
        let variable = json!({"component": {"name": "TxCtrlr"}, "variable": {"name": "TxStartPoint"}});
        let read = bench.request("GetVariables", &json!({"getVariableData": [variable]}));
        assert_eq!(read["getVariableResult"][0]["attributeStatus"], "Accepted");
        // B02.FR.05.
        let start = json!({"idToken": {"idToken": "A", "type": "Central"}, "remoteStartId": 1});
        assert_eq!(bench.request("RequestStartTransaction", &start)["status"], "Rejected");
        assert_eq!(bench.request("RequestStopTransaction", &json!({"transactionId": "A"}))["status"], "Rejected");
        let place = json!({"id": 1, "connectorId": 1});
        let trigger = json!({"requestedMessage": "StatusNotification", "evse": place});
        assert_eq!(bench.request("TriggerMessage", &trigger)["status"], "Accepted");
        let status = bench.answer("StatusNotification", &json!({}));
        assert_eq!(status["connectorStatus"], "Available");
        assert_eq!(bench.sent, [] as [Value; 0]);
        bench.wait(59);
        assert_eq!(bench.sent, [] as [Value; 0]);
        bench.wait(1);
        let boot = bench.answer("BootNotification", &boot_answer("Accepted", 60));
        assert_eq!(boot["reason"], "Unknown");
        bench.serve();
        assert_eq!(story::check(&bench.transaction_events(), false), 1, "the session of before");
    }
}

/// B02.FR.04.
#[test]
fn boot_that_is_triggered_says_so_and_an_accepted_station_refuses() {
    for version in EDITIONS {
        let mut bench = Bench::new(version, &[]);
        bench.open();
        bench.answer("BootNotification", &boot_answer("Pending", 600));
        let trigger = json!({"requestedMessage": "BootNotification"});
        assert_eq!(bench.request("TriggerMessage", &trigger)["status"], "Accepted");
        assert_eq!(bench.answer("BootNotification", &boot_answer("Accepted", 600))["reason"], "Triggered");
        bench.serve();
        assert_eq!(bench.request("TriggerMessage", &trigger)["status"], "Rejected", "F06.FR.17");
    }
}

/// B03.FR.02, B03.FR.05, B03.FR.08.
#[test]
fn rejected_station_is_silent_and_refuses_calls() {
    for version in EDITIONS {
        let mut bench = Bench::new(version, &[]);
        bench.open();
        bench.answer("BootNotification", &boot_answer("Rejected", 0));
        assert_eq!(bench.request("GetVariables", &json!({"getVariableData": []})), "SecurityError");
        bench.wait(59);
        assert_eq!(bench.sent, [] as [Value; 0]);
        bench.wait(1);
        bench.answer("BootNotification", &boot_answer("Accepted", 10));
        bench.serve();
        // B01.FR.04.
        bench.told.clear();
        bench.serve_for(10);
        assert_eq!(bench.take("Heartbeat").len(), 1);
    }
}

/// G02: what is busy needs no heartbeat, and the clock is set by one.
#[test]
fn heartbeat_comes_after_silence() {
    let mut bench = Bench::accepted(Dialect::V2_0_1, &[]);
    bench.serve_for(299);
    assert_eq!(bench.take("Heartbeat").len(), 0);
    bench.serve_for(1);
    assert_eq!(bench.take("Heartbeat").len(), 1);
}

/// B04.FR.01, B04.FR.02 (A06 of the field list).
#[test]
fn after_an_outage_all_connectors_are_told_or_only_those_that_changed() {
    for version in EDITIONS {
        for (seconds, plugs, expected) in [
            (100, false, &[][..]),
            (100, true, &["1.1 Occupied"][..]),
            (200, false, &["1.1 Available", "2.1 Available"][..]),
            (200, true, &["1.1 Occupied", "2.1 Available"][..]),
        ] {
            let config = config(&[version], &[("OCPPCommCtrlr.OfflineThreshold", "150")]).with_evses(2);
            let mut bench = Bench::boot(config, version, Image::default(), 0);
            bench.connect();
            bench.told.clear();
            bench.close();
            if plugs {
                bench.plug();
            }
            bench.wait(seconds);
            bench.connect();
            assert_eq!(bench.statuses(), expected, "{seconds} s, plugged: {plugs}");
        }
    }
}
