//! Calls that are not carried out, what breaks its schema, vendor data (P01, P02), resets (B11, B12) and security events (A04).

use super::*;
use crate::station::{Answer, Command, DataTransferStatus};

/// OCPP-J 2.0.1 §4.3.
#[test]
fn what_is_not_carried_out_is_refused_by_its_code() {
    for version in EDITIONS {
        let mut bench = Bench::accepted(version, &[]);
        let is_2_1 = version == Dialect::V2_1;
        for (action, code) in [
            ("Nonsense", "NotImplemented"),
            ("resetX", "NotImplemented"),
            ("reset", "NotImplemented"),
            ("SetDisplayMessage", "NotSupported"),
            ("GetMonitoringReport", "NotSupported"),
            ("BootNotification", "NotSupported"),
            ("GetTariffs", if is_2_1 { "NotSupported" } else { "NotImplemented" }),
        ] {
            bench.frame(&json!([2, format!("n{action}"), action, {}]));
            let answer = bench.sent.pop().unwrap();
            assert_eq!((&answer[0], &answer[2]), (&json!(4), &json!(code)), "{action}");
        }
    }
}

/// A25: a payload is judged by the schema of its edition, with the codes of 2.x.
#[test]
fn payload_that_breaks_its_schema_is_refused_with_the_code_of_2_x() {
    for version in EDITIONS {
        let mut config = config(&[version], &[]);
        config.policy.quirks = ocpp_types::lenient::Quirks::NONE;
        let mut bench = Bench::boot(config, version, Image::default(), 0);
        bench.connect();
        for (action, payload, code) in [
            ("Reset", json!({}), "OccurrenceConstraintViolation"),
            ("Reset", json!({"type": 7}), "TypeConstraintViolation"),
            ("UnlockConnector", json!({"evseId": "one", "connectorId": 1}), "TypeConstraintViolation"),
            ("GetVariables", json!({"getVariableData": []}), "OccurrenceConstraintViolation"),
        ] {
            bench.requests += 1;
            bench.frame(&json!([2, format!("p{}", bench.requests), action, payload]));
            let answer = bench.sent.pop().unwrap();
            assert_eq!((&answer[0], &answer[2]), (&json!(4), &json!(code)), "{action} {payload}");
        }
        assert_eq!(bench.reboots, []);
    }
}

/// P01: JSON of any form, asked of the host.
#[test]
fn vendor_data_of_the_csms_are_asked_about() {
    for version in EDITIONS {
        let mut bench = Bench::accepted(version, &[]);
        let data = json!({"a": [1, 2]});
        bench.frame(&json!([2, "d", "DataTransfer", {"vendorId": "V", "messageId": "M", "data": data}]));
        let Some(Question::DataTransfer { vendor_id, message_id, data: asked }) = bench.asked.pop() else { panic!() };
        assert_eq!(
            (vendor_id.as_str(), message_id.as_deref(), asked.as_deref()),
            ("V", Some("M"), Some(r#"{"a":[1,2]}"#))
        );
        let answer = Answer::DataTransfer { status: DataTransferStatus::Accepted, data: Some("plain text".into()) };
        bench.input(Input::Answer(crate::station::AskId(1), answer));
        assert_eq!(bench.sent.pop().unwrap()[2], json!({"status": "Accepted", "data": "plain text"}));
        // P01.FR.05: nobody knows the vendor.
        bench.frame(&json!([2, "e", "DataTransfer", {"vendorId": "V"}]));
        bench.wait(11);
        assert_eq!(bench.sent.pop().unwrap()[2], json!({"status": "UnknownVendorId"}));
    }
}

/// P02.
#[test]
fn vendor_data_of_the_host_are_sent() {
    let mut bench = Bench::accepted(Dialect::V2_0_1, &[]);
    for (data, told) in [("text", json!("text")), (r#"{"x":1}"#, json!({"x": 1}))] {
        let (vendor_id, message_id) = ("V".into(), Some("M".into()));
        bench.input(Input::Command(Command::DataTransfer { vendor_id, message_id, data: Some(data.into()) }));
        let answer = json!({"status": "Accepted", "data": "thanks"});
        assert_eq!(bench.answer("DataTransfer", &answer), json!({"vendorId": "V", "messageId": "M", "data": told}));
        assert!(bench.events.last().unwrap().contains("thanks"), "{:?}", bench.events.last());
    }
}

/// B11.FR.01, B11.FR.03, B11.FR.09.
#[test]
fn idle_station_restarts_at_once_and_an_evse_alone_does_not() {
    for version in EDITIONS {
        for kind in ["Immediate", "OnIdle"] {
            let mut bench = Bench::accepted(version, &[]);
            assert_eq!(bench.request("Reset", &json!({"type": kind, "evseId": 1}))["status"], "Rejected");
            assert_eq!(bench.request("Reset", &json!({"type": kind}))["status"], "Accepted");
            bench.serve_for(2);
            assert_eq!(bench.reboots.len(), 1, "{kind}");
            let mut bench = bench.cut();
            bench.open();
            let (_, boot) = bench.call("BootNotification");
            assert_eq!(boot["reason"], "RemoteReset");
        }
    }
}

/// B12.FR.02, B12.FR.04.
#[test]
fn immediate_reset_ends_the_transaction_first() {
    for version in EDITIONS {
        let mut bench = Bench::accepted(version, &[]);
        bench.start();
        let begun = bench.transaction_events();
        assert_eq!(bench.request("Reset", &json!({"type": "Immediate"}))["status"], "Accepted");
        bench.serve_for(2);
        let events = bench.transaction_events();
        assert_eq!(events.last().map(words).as_deref(), Some("Ended ResetCommand EVConnected ImmediateReset"));
        story::check(&[begun, events].concat(), false);
        assert_eq!(bench.reboots, [RebootKind::Hard]);
    }
}

/// B12.FR.01, B12.FR.03.
#[test]
fn reset_on_idle_waits_for_the_transaction_and_lets_none_begin() {
    for version in EDITIONS {
        let config = config(&[version], &[]).with_evses(2);
        let mut bench = Bench::boot(config, version, Image::default(), 0);
        bench.connect();
        bench.start();
        assert_eq!(bench.request("Reset", &json!({"type": "OnIdle"}))["status"], "Scheduled");
        bench.serve_for(60);
        assert_eq!((bench.reboots.len(), bench.power), (0, Power::On));
        let other = IdToken::new("OTHER").with_kind("ISO14443");
        bench.input(Input::Evse(EvseId(2), EvseInput::Cable(Cable::Connected)));
        bench.input(Input::Token { evse: Some(EvseId(2)), token: other });
        bench.serve_for(1);
        bench.swipe("TAG");
        bench.serve_for(2);
        let events = bench.transaction_events();
        assert_eq!(story::check(&events, false), 1, "none began");
        assert_eq!(events.last().map(words).as_deref(), Some("Ended StopAuthorized EVConnected Local"), "normally");
        assert_eq!(bench.reboots, [RebootKind::Soft]);
        let mut bench = bench.cut();
        bench.open();
        let (_, boot) = bench.call("BootNotification");
        assert_eq!(boot["reason"], "ScheduledReset", "TC_B_21_CS");
    }
}

/// A04.FR.01, A04.FR.02: critical events are told without a security profile too, and outlast an outage and the power.
#[cfg(feature = "security")]
#[test]
fn critical_security_events_are_told() {
    for version in EDITIONS {
        let mut bench = Bench::new(version, &[]);
        bench.connect();
        let kinds: Vec<Value> =
            bench.take("SecurityEventNotification").iter().map(|told| told["type"].clone()).collect();
        assert_eq!(kinds, ["StartupOfTheDevice"]);
        bench.close();
        let kind = crate::station::SecurityEventKind::TamperDetectionActivated;
        bench.input(Input::Command(Command::security_event(kind, Some("door".into()))));
        let mut bench = bench.cut();
        bench.connect();
        let told = bench.take("SecurityEventNotification");
        assert_eq!((&told[0]["type"], &told[0]["techInfo"]), (&json!("TamperDetectionActivated"), &json!("door")));
    }
}
