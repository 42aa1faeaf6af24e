//! Alert events (N07), and a plug that cannot be held (G05).

use super::*;
use crate::station::{Fault, FaultCode, Mrec};

fn fault(code: FaultCode, is_blocking: bool) -> EvseInput {
    EvseInput::Fault(Fault {
        code,
        is_blocking,
        info: Some("it sticks".into()),
        vendor_error_code: None,
        vendor_id: None,
    })
}

impl Bench {
    /// What NotifyEvent told: one event a message.
    fn alerts(&mut self) -> Vec<Value> {
        self.serve();
        let told = self.take("NotifyEvent");
        told.into_iter()
            .map(|request| {
                assert_eq!((&request["seqNo"], request["eventData"].as_array().map(Vec::len)), (&json!(0), Some(1)));
                let mut event = request["eventData"][0].clone();
                assert_eq!(event["eventNotificationType"], "HardWiredNotification");
                assert_eq!(event["trigger"], "Alerting");
                for member in ["eventNotificationType", "trigger", "timestamp"] {
                    event.as_object_mut().unwrap().remove(member);
                }
                event
            })
            .collect()
    }
}

/// G05.FR.01, G05.FR.02.
#[test]
fn plug_that_cannot_be_held_does_not_charge_and_is_told() {
    for version in EDITIONS {
        let mut bench = Bench::accepted(version, &[]);
        bench.plug();
        bench.input(Input::Evse(EVSE, fault(FaultCode::ConnectorLockFailure, true)));
        bench.swipe("TAG");
        bench.serve_for(5);
        assert!(!bench.orders.contains(&EvseAction::Power(Power::On)), "G05.FR.01");
        let component = json!({"name": "ConnectorPlugRetentionLock", "evse": {"id": 1, "connectorId": 1}});
        let mut event = json!({
            "eventId": 1, "actualValue": "true", "techInfo": "it sticks", "component": component,
            "variable": {"name": "Problem"},
        });
        assert_eq!(bench.alerts(), [event.clone()], "G05.FR.02");
        let read = json!({"getVariableData": [{"component": component, "variable": {"name": "Problem"}}]});
        let value =
            |bench: &mut Bench| bench.request("GetVariables", &read)["getVariableResult"][0]["attributeValue"].clone();
        assert_eq!(value(&mut bench), "true");
        bench.input(Input::Evse(EVSE, EvseInput::FaultCleared));
        (event["eventId"], event["actualValue"], event["cleared"]) = (json!(2), json!("false"), json!(true));
        assert_eq!(bench.alerts(), [event]);
        assert_eq!(value(&mut bench), "false");
    }
}

/// N07.FR.04: what came and went while nobody could be told is told later, with its own time.
#[test]
fn problems_of_an_outage_are_told_after_it() {
    for version in EDITIONS {
        let mut bench = Bench::accepted(version, &[]);
        bench.close();
        let at = wall(bench.now).timestamp();
        bench.input(Input::Evse(EVSE, fault(FaultCode::Mrec(Mrec::PilotFault), false)));
        bench.wait(60);
        bench.input(Input::Evse(EVSE, EvseInput::FaultCleared));
        bench.wait(600);
        bench.connect();
        let told = bench.take("NotifyEvent");
        let told: Vec<(&Value, &Value, i64)> = told
            .iter()
            .map(|request| {
                let event = &request["eventData"][0];
                let time: DateTime<Utc> = event["timestamp"].as_str().unwrap().parse().unwrap();
                (&event["techCode"], &event["actualValue"], time.timestamp() - at)
            })
            .collect();
        let code = json!("CX014");
        assert_eq!(told, [(&code, &json!("true"), 0), (&code, &json!("false"), 60)]);
    }
}

/// A CSMS that does not answer is told again; one that refuses is not.
#[test]
fn alert_that_is_not_answered_is_told_again() {
    let mut bench = Bench::accepted(Dialect::V2_0_1, &[]);
    let EvseInput::Fault(stopped) = fault(FaultCode::Mrec(Mrec::EmergencyStop), false) else { panic!() };
    bench.input(Input::Fault(Some(stopped)));
    let (_, first) = bench.call("NotifyEvent");
    bench.wait(65);
    let at = bench.sent.iter().position(|call| call[2] == "NotifyEvent").expect("told again");
    let again = bench.sent.remove(at);
    assert_eq!(again[3]["eventData"], first["eventData"]);
    assert_eq!(first["eventData"][0]["component"], json!({"name": "EmergencyStopSensor"}));
    bench.frame(&json!([4, again[1], "InternalError", "", {}]));
    bench.serve_for(300);
    assert_eq!(bench.take("NotifyEvent"), Vec::<Value>::new());
}
