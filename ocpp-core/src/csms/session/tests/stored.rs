//! What was stored stays readable: `fixtures/` holds what earlier versions wrote of the history that is told again here.

use super::*;
use crate::csms::{Command, Consumption, Place, TransactionId};

const STATE_1: &str = include_str!("../../fixtures/state_1.json");
const FACTS_1: &str = include_str!("../../fixtures/facts_1.json");

fn history() -> Bench {
    let mut bench = Bench::accepted();
    let id = |bench: &Bench| {
        bench.facts.iter().rev().find_map(|(_, fact)| match fact {
            Fact::Started(started) => started.transaction.number(),
            _ => None,
        })
    };
    let value = |wh: &str, second: u32| json!([{"timestamp": format!("2023-11-14T22:01:{second:02}Z"), "sampledValue": [{"value": wh, "unit": "Wh"}]}]);
    bench.call(
        "StatusNotification",
        json!({"connectorId": 2, "errorCode": "GroundFailure", "status": "Faulted",
        "info": "leak", "vendorId": "V", "vendorErrorCode": "G7", "timestamp": "2023-11-14T22:00:00Z"}),
    );
    bench.call("StatusNotification", json!({"connectorId": 0, "errorCode": "NoError", "status": "Available"}));
    bench.call("FirmwareStatusNotification", json!({"status": "Downloading"}));
    bench.call("SecurityEventNotification", json!({"type": "StartupOfTheDevice", "timestamp": "2023-11-14T22:00:00Z"}));
    // One that ended.
    bench.call("StartTransaction", start());
    bench.authorize(AuthorizationStatus::Accepted);
    let first = id(&bench);
    bench.call("MeterValues", json!({"connectorId": 1, "transactionId": first, "meterValue": value("120", 1)}));
    let stop = json!({"transactionId": first, "idTag": "ABC", "meterStop": 200, "timestamp": "2023-11-14T22:02:00Z",
        "reason": "EVDisconnected", "transactionData": value("150", 30)});
    bench.call("StopTransaction", stop);
    bench.call(
        "StopTransaction",
        json!({"transactionId": first, "meterStop": 201, "timestamp": "2023-11-14T22:02:00Z"}),
    );
    bench.store();
    // One that runs, not durable yet, with a second one beside it.
    bench.call(
        "StartTransaction",
        json!({"connectorId": 2, "idTag": "DEF", "meterStart": 1000, "reservationId": 4,
        "timestamp": "2023-11-14T22:03:00Z"}),
    );
    bench.answer(Answer::Authorize(Authorization {
        status: AuthorizationStatus::Accepted,
        expires: Some(wall()),
        group: Some(crate::csms::IdToken::new("GROUP")),
    }));
    let second = id(&bench);
    bench.call("MeterValues", json!({"connectorId": 2, "transactionId": second, "meterValue": value("1010", 31)}));
    bench.call("MeterValues", json!({"connectorId": 1, "meterValue": value("5", 32)}));
    bench.call(
        "StartTransaction",
        json!({"connectorId": 2, "idTag": "GHI", "meterStart": 900,
        "timestamp": "2023-11-14T22:03:30Z"}),
    );
    bench.call("DiagnosticsStatusNotification", json!({"status": "Uploading"}));
    bench.ok(Input::Command {
        id: CommandId(4),
        command: Command::RemoteStop { transaction: TransactionId::from(second.unwrap()) },
    });
    bench
}

/// Version 1: connectors by number, `parent` of a token, numbers of transactions.
#[test]
fn state_and_facts_of_version_1_are_read_and_mean_the_same() {
    let bench = history();
    let facts: Vec<(Ticket, Fact)> = serde_json::from_str(FACTS_1).unwrap();
    assert_eq!(facts, bench.facts);
    let state: SessionState = serde_json::from_str(STATE_1).unwrap();
    assert_eq!(state, bench.session.state());
    let text = serde_json::to_string(&state).unwrap();
    assert_eq!(serde_json::from_str::<SessionState>(&text).unwrap(), state, "as it is written now");
}

/// A repeat is known for one, whichever version recorded the first: the fingerprints are the same.
#[test]
fn session_goes_on_from_a_state_of_version_1() {
    let state: SessionState = serde_json::from_str(STATE_1).unwrap();
    let mut bench = Bench::on(Session::restore(SessionConfig::default(), 9, state));
    bench.open();
    let again = bench.facts.len();
    bench.call("StatusNotification", json!({"connectorId": 0, "errorCode": "NoError", "status": "Available"}));
    bench.call("FirmwareStatusNotification", json!({"status": "Downloading"}));
    bench.call("StartTransaction", start());
    assert_eq!(bench.facts.len(), again, "all of it is known");
    bench.call(
        "StopTransaction",
        json!({"transactionId": 27528, "meterStop": 1060, "timestamp": "2023-11-14T22:05:00Z"}),
    );
    let Some(Fact::Stopped(stopped)) = bench.recorded().last().copied() else { panic!("not stopped") };
    assert_eq!((stopped.transaction.as_str(), stopped.consumption), ("27528", Consumption::Wh(60)));
    let Fact::Started(started) = bench.recorded()[0] else { panic!("not stored again") };
    assert_eq!((started.place, started.meter_start_wh), (Place::numbered(2), Some(1000)));
}
