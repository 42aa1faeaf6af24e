//! ExtendedTriggerMessage (1.6 security §5.5): every message of its list, and what leaves while the station has to wait.

use super::super::*;

impl Bench {
    fn extended(&mut self, message: &str, connector: Option<i64>) -> Value {
        let mut request = json!({"requestedMessage": message});
        if let Some(connector) = connector {
            request["connectorId"] = json!(connector);
        }
        let answer = self.request("ExtendedTriggerMessage", &request);
        answer.get("status").cloned().unwrap_or(answer)
    }

    /// The actions that were sent, with connector and status; all are answered.
    fn left(&mut self) -> Vec<String> {
        let mut left = Vec::new();
        while let Some(action) = self.sent.first().and_then(|call| call[2].as_str()).map(ToOwned::to_owned) {
            let answer = if action == "Heartbeat" { json!({"currentTime": wall(self.now)}) } else { json!({}) };
            let payload = self.answer(&action, &answer);
            let text = |name: &str| payload.get(name).map(|value| format!(" {value}").replace('"', ""));
            left.push([Some(action), text("connectorId"), text("status")].into_iter().flatten().collect());
        }
        left
    }
}

#[test]
fn every_message_is_sent_when_it_is_asked_for() {
    let mut bench = Bench::accepted(&[]);
    let all: [(&str, Option<i64>, &str, &[&str]); 12] = [
        ("Heartbeat", None, "Accepted", &["Heartbeat"]),
        ("StatusNotification", Some(1), "Accepted", &["StatusNotification 1 Available"]),
        ("StatusNotification", None, "Accepted", &["StatusNotification 0 Available", "StatusNotification 1 Available"]),
        ("StatusNotification", Some(2), "Rejected", &[]),
        ("MeterValues", Some(1), "Accepted", &["MeterValues 1"]),
        ("MeterValues", None, "Accepted", &["MeterValues 1"]),
        ("MeterValues", Some(3), "Rejected", &[]),
        ("LogStatusNotification", None, "Accepted", &["LogStatusNotification Idle"]),
        ("FirmwareStatusNotification", None, "Accepted", &["SignedFirmwareStatusNotification Idle"]),
        ("BootNotification", None, "Rejected", &[]),
        ("SignChargePointCertificate", None, "Rejected", &[]),
        ("Heartbeat", Some(9), "Accepted", &["Heartbeat"]),
    ];
    for (message, connector, status, sent) in all {
        assert_eq!(bench.extended(message, connector), status, "{message} {connector:?}");
        assert_eq!(bench.left(), sent, "{message} {connector:?}");
    }
    assert_eq!(bench.extended("DiagnosticsStatusNotification", None), "NotImplemented", "1.6 §5.17");
}

/// 1.6 §4.2.
#[test]
fn what_is_asked_for_leaves_while_the_station_has_to_wait() {
    let mut bench = Bench::new(Image::default(), &[]);
    bench.open();
    bench.boot("Pending");
    for (message, sent) in [
        ("LogStatusNotification", "LogStatusNotification Idle"),
        ("FirmwareStatusNotification", "SignedFirmwareStatusNotification Idle"),
        ("StatusNotification", "StatusNotification 0 Available"),
    ] {
        assert_eq!(bench.extended(message, None), "Accepted");
        assert_eq!(bench.left()[0], sent);
    }
}

/// Each form of a status is asked for by itself.
#[test]
fn both_forms_of_a_status_are_sent_when_both_are_asked_for() {
    let mut bench = Bench::accepted(&[]);
    bench.frame(&json!([2, "a", "TriggerMessage", {"requestedMessage": "FirmwareStatusNotification"}]));
    bench.frame(&json!([2, "b", "ExtendedTriggerMessage", {"requestedMessage": "FirmwareStatusNotification"}]));
    for _ in 0..2 {
        bench.take_answer(0);
    }
    assert_eq!(bench.left(), ["FirmwareStatusNotification Idle", "SignedFirmwareStatusNotification Idle"]);
}
