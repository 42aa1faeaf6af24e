//! TriggerMessage (1.6 §5.17), and what leaves while the CSMS has the station wait (§4.2).

use super::*;

impl Bench {
    fn trigger(&mut self, message: &str, connector: Option<i64>) -> String {
        let mut request = json!({"requestedMessage": message});
        if let Some(connector) = connector {
            request["connectorId"] = json!(connector);
        }
        self.request("TriggerMessage", &request)["status"].as_str().unwrap().to_owned()
    }

    /// Answers all calls, and gives their actions with the connector and the status.
    fn calls(&mut self) -> Vec<String> {
        let mut calls = Vec::new();
        while !self.sent.is_empty() {
            let action = self.sent[0][2].as_str().unwrap().to_owned();
            let answer = match action.as_str() {
                "Heartbeat" => json!({"currentTime": wall(self.now).to_rfc3339()}),
                _ => json!({}),
            };
            let payload = self.answer(&action, &answer);
            let text =
                |name: &str| payload.get(name).map(|value| format!(" {value}").replace('"', "")).unwrap_or_default();
            calls.push(format!("{action}{}{}", text("connectorId"), text("status")));
        }
        calls
    }
}

/// TC_054_CS; connectors that are of no matter are ignored.
#[test]
fn every_message_is_sent_when_it_is_asked_for() {
    let mut bench = Bench::accepted(&[]);
    let all: [(&str, Option<i64>, &str, &[&str]); 14] = [
        ("Heartbeat", None, "Accepted", &["Heartbeat"]),
        ("Heartbeat", Some(7), "Accepted", &["Heartbeat"]),
        ("StatusNotification", Some(1), "Accepted", &["StatusNotification 1 Available"]),
        ("StatusNotification", Some(0), "Accepted", &["StatusNotification 0 Available"]),
        ("StatusNotification", None, "Accepted", &["StatusNotification 0 Available", "StatusNotification 1 Available"]),
        ("StatusNotification", Some(2), "Rejected", &[]),
        ("StatusNotification", Some(-1), "Rejected", &[]),
        ("MeterValues", Some(1), "Accepted", &["MeterValues 1"]),
        ("MeterValues", None, "Accepted", &["MeterValues 1"]),
        ("MeterValues", Some(0), "Rejected", &[]),
        ("DiagnosticsStatusNotification", None, "Accepted", &["DiagnosticsStatusNotification Idle"]),
        ("FirmwareStatusNotification", Some(1), "Accepted", &["FirmwareStatusNotification Idle"]),
        ("BootNotification", None, "Rejected", &[]),
        ("Heartbeat", None, "Accepted", &["Heartbeat"]),
    ];
    for (message, connector, status, sent) in all {
        assert_eq!(bench.trigger(message, connector), status, "{message} {connector:?}");
        assert_eq!(bench.calls(), sent, "{message} {connector:?}");
    }
}

#[test]
fn answer_to_the_request_goes_first() {
    let mut bench = Bench::accepted(&[]);
    bench.frame(&json!([2, "t", "TriggerMessage", {"requestedMessage": "Heartbeat"}]));
    assert_eq!((&bench.sent[0][0], &bench.sent[1][2]), (&json!(3), &json!("Heartbeat")));
}

#[test]
fn triggered_values_of_a_transaction_bear_its_number_and_wait_for_its_start() {
    let mut bench = Bench::accepted(&[("MeterValueSampleInterval", "0")]);
    bench.start();
    bench.frame(&json!([2, "t", "TriggerMessage", {"requestedMessage": "MeterValues", "connectorId": 1}]));
    assert_eq!(bench.take_answer(0)["status"], "Accepted");
    bench.answer("StartTransaction", &json!({"transactionId": 77, "idTagInfo": {"status": "Accepted"}}));
    bench.answer_all("StatusNotification", &json!({}));
    let values = bench.answer("MeterValues", &json!({}));
    let sample = &values["meterValue"][0]["sampledValue"][0];
    assert_eq!((&values["transactionId"], &sample["context"]), (&json!(77), &json!("Trigger")));
}

/// 1.6 §4.2, TC_002_CS.
#[test]
fn while_pending_only_what_is_asked_for_leaves() {
    let mut bench = Bench::new(Image::default(), &[]);
    bench.open();
    bench.boot("Pending");
    assert_eq!(bench.calls(), Vec::<String>::new());
    for (message, sent) in [
        ("StatusNotification", &["StatusNotification 0 Available", "StatusNotification 1 Available"][..]),
        ("Heartbeat", &["Heartbeat"]),
        ("MeterValues", &["MeterValues 1"]),
        ("FirmwareStatusNotification", &["FirmwareStatusNotification Idle"]),
    ] {
        assert_eq!(bench.trigger(message, None), "Accepted");
        assert_eq!(bench.calls(), sent, "{message}");
    }
    assert_eq!(bench.trigger("BootNotification", None), "Accepted");
    bench.boot("Accepted");
    assert_eq!(bench.calls(), ["StatusNotification 0 Available", "StatusNotification 1 Available"]);
}

/// 1.6 §5.17: what is not known is not implemented, in every build.
#[test]
fn unknown_message_is_not_implemented() {
    let mut bench = Bench::accepted(&[]);
    assert_eq!(bench.trigger("Foo", None), "NotImplemented");
    assert_eq!(bench.trigger("StartTransaction", Some(1)), "NotImplemented");
    assert_eq!(bench.sent, Vec::<Value>::new());
}

/// A word of another version or vendor is refused with the status that the answer has for it.
#[test]
fn unknown_words_of_requests_are_refused_by_the_status_of_the_answer() {
    let mut bench = Bench::accepted(&[("SecurityProfile", "1"), ("CpoName", "The CPO")]);
    bench.answer_all("SecurityEventNotification", &json!({}));
    let schedule =
        |unit: &str| json!({"chargingRateUnit": unit, "chargingSchedulePeriod": [{"startPeriod": 0, "limit": 6}]});
    let profile = |purpose: &str, kind: &str, unit: &str| {
        json!({"chargingProfileId": 1, "stackLevel": 0, "chargingProfilePurpose": purpose, "chargingProfileKind": kind,
            "chargingSchedule": schedule(unit)})
    };
    let set = |profile: Value| json!({"connectorId": 0, "csChargingProfiles": profile});
    let hash = json!({"hashAlgorithm": "MD5", "issuerNameHash": "A", "issuerKeyHash": "B", "serialNumber": "1"});
    let cases = [
        ("ChangeAvailability", json!({"connectorId": 1, "type": "Foo"}), "Rejected"),
        ("Reset", json!({"type": "Foo"}), "Rejected"),
        ("SendLocalList", json!({"listVersion": 1, "updateType": "Foo"}), "Failed"),
        ("SetChargingProfile", set(profile("Foo", "Relative", "A")), "Rejected"),
        ("SetChargingProfile", set(profile("TxDefaultProfile", "Foo", "A")), "Rejected"),
        ("SetChargingProfile", set(profile("TxDefaultProfile", "Relative", "Foo")), "Rejected"),
        ("ClearChargingProfile", json!({"chargingProfilePurpose": "Foo"}), "Unknown"),
        ("GetCompositeSchedule", json!({"connectorId": 0, "duration": 60, "chargingRateUnit": "Foo"}), "Rejected"),
        (
            "RemoteStartTransaction",
            json!({"idTag": "A", "connectorId": 1, "chargingProfile": profile("Foo", "Relative", "A")}),
            "Rejected",
        ),
        ("ExtendedTriggerMessage", json!({"requestedMessage": "Foo"}), "NotImplemented"),
        ("GetLog", json!({"logType": "Foo", "requestId": 1, "log": {"remoteLocation": "x"}}), "Rejected"),
        ("InstallCertificate", json!({"certificateType": "Foo", "certificate": "PEM"}), "Rejected"),
        ("GetInstalledCertificateIds", json!({"certificateType": "Foo"}), "NotFound"),
        ("DeleteCertificate", json!({"certificateHashData": hash}), "NotFound"),
    ];
    for (action, payload, status) in cases {
        assert_eq!(bench.request(action, &payload)["status"], status, "{action} {payload}");
    }
    assert!(bench.jobs.is_empty() && bench.reboots.is_empty());
}
