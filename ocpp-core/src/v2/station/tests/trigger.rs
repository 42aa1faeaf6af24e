//! TriggerMessage (F06).

use super::*;

fn trigger(bench: &mut Bench, message: &str, evse: Option<Value>) -> Value {
    let mut request = json!({"requestedMessage": message});
    if let Some(evse) = evse {
        request["evse"] = evse;
    }
    bench.request("TriggerMessage", &request)["status"].clone()
}

#[test]
fn messages_are_sent_when_they_are_asked_for() {
    for version in EDITIONS {
        let mut bench = Bench::accepted(version, &[("AlignedDataCtrlr.Measurands", "Energy.Active.Import.Register")]);
        assert_eq!(trigger(&mut bench, "Heartbeat", None), "Accepted");
        bench.answer("Heartbeat", &json!({"currentTime": wall(0).to_rfc3339()}));
        assert_eq!(trigger(&mut bench, "StatusNotification", Some(json!({"id": 1, "connectorId": 1}))), "Accepted");
        bench.serve();
        assert_eq!(bench.statuses(), ["1.1 Available"]);
        assert_eq!(trigger(&mut bench, "StatusNotification", Some(json!({"id": 1, "connectorId": 2}))), "Rejected");
        assert_eq!(trigger(&mut bench, "MeterValues", Some(json!({"id": 1}))), "Accepted");
        bench.serve();
        let readings = bench.take("MeterValues");
        assert_eq!(story::registers(&readings[0]), [("Trigger".to_string(), 1000.0)]);
        assert_eq!(trigger(&mut bench, "MeterValues", Some(json!({"id": 2}))), "Rejected");
        assert_eq!(trigger(&mut bench, "TransactionEvent", None), "Rejected", "there is none");
        assert_eq!(trigger(&mut bench, "SignV2GCertificate", None), "NotImplemented", "F06.FR.08");
        assert_eq!(trigger(&mut bench, "SignChargingStationCertificate", None), "Rejected", "nobody owns it");
        assert_eq!(bench.sent, [] as [Value; 0]);
    }
}

/// F06.FR.06, F06.FR.07: an event of the transaction, or values beside it.
#[test]
fn transaction_is_told_of_when_it_is_asked_for() {
    for version in EDITIONS {
        let mut bench = Bench::accepted(version, &[]);
        bench.start();
        let begun = bench.transaction_events();
        bench.energy_wh = 1700;
        bench.wait(10);
        assert_eq!(trigger(&mut bench, "TransactionEvent", Some(json!({"id": 1}))), "Accepted");
        bench.serve();
        let events = bench.transaction_events();
        assert_eq!(words(&events[0]), "Updated Trigger Charging");
        assert_eq!(story::registers(&events[0]), [("Trigger".to_string(), 1700.0)]);
        assert_eq!(trigger(&mut bench, "MeterValues", None), "Accepted");
        bench.serve();
        assert_eq!(bench.take("MeterValues").len(), 1);
        assert!(bench.transaction_events().is_empty());
        story::check(&[begun, events].concat(), false);
    }
}

/// F06.FR.04.
#[test]
fn answer_goes_before_the_message() {
    let mut bench = Bench::accepted(Dialect::V2_0_1, &[]);
    bench.frame(&json!([2, "t", "TriggerMessage", {"requestedMessage": "Heartbeat"}]));
    assert_eq!(bench.sent[0][0], 3);
    assert_eq!(bench.sent[1][2], "Heartbeat");
}
