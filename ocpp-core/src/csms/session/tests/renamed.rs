//! A begin whose answer was lost, told again after the version changed: one transaction with two names, and one row in the ledger.

use super::events::{EDITIONS, event};
use super::*;
use crate::csms::{Command, Consumption, TransactionId};

/// The start of `start()`, as 2.x tells it.
fn begun(seq_no: u32, kind: &str, wh: i64, at: &str) -> Value {
    let mut event = event(kind, seq_no, wh);
    event["timestamp"] = json!(at);
    event["meterValue"][0]["timestamp"] = json!(at);
    event["evse"] = json!({"id": 1, "connectorId": 1});
    event["idToken"] = json!({"idToken": "ABC", "type": "ISO14443"});
    event
}

const BEGAN: &str = "2023-11-14T22:00:00Z";
const ENDED: &str = "2023-11-14T22:10:00Z";

impl Bench {
    /// Sends it, has the token accepted if anybody asks, and stores.
    fn told(&mut self, action: &str, payload: &Value) -> Value {
        let asked = self.asked.len();
        self.call(action, payload.clone());
        self.store();
        if self.asked.len() > asked {
            self.authorize(AuthorizationStatus::Accepted);
            self.store();
        }
        assert_eq!(self.error(), None);
        self.last()[2].clone()
    }

    /// The station accepts the command that was sent last.
    fn obey(&mut self) {
        let id = self.last()[1].clone();
        self.frame(&json!([3, id, {"status": "Accepted"}]).to_string());
    }

    fn begins(&self) -> Vec<TransactionId> {
        let begins = self.recorded().into_iter().filter_map(|fact| match fact {
            Fact::Started(started) => Some(started.transaction.clone()),
            _ => None,
        });
        begins.collect()
    }

    fn ends(&self) -> Vec<(TransactionId, Consumption)> {
        let ends = self.recorded().into_iter().filter_map(|fact| match fact {
            Fact::Stopped(stopped) => Some((stopped.transaction.clone(), stopped.consumption)),
            Fact::StopOrphaned(_) | Fact::StopContradicted { .. } => panic!("{fact:?}"),
            _ => None,
        });
        ends.collect()
    }

    fn renamed(&self) -> Vec<(String, String)> {
        let names = self.recorded().into_iter().filter_map(|fact| match fact {
            Fact::Renamed(one) => Some((one.transaction.to_string(), one.name.to_string())),
            _ => None,
        });
        names.collect()
    }

    fn check(&self) {
        assert_eq!(SessionState::replay(&SessionConfig::default(), self.facts.clone()), self.session.state());
        let state = serde_json::to_string(&self.session.state()).unwrap();
        assert_eq!(serde_json::from_str::<SessionState>(&state).unwrap(), self.session.state());
    }
}

#[test]
fn start_of_1_6_that_is_told_again_in_2_x_is_one_transaction() {
    for (dialect, is_stored) in EDITIONS.into_iter().flat_map(|dialect| [(dialect, false), (dialect, true)]) {
        let mut bench = Bench::accepted();
        bench.call("StartTransaction", start());
        bench.store();
        if is_stored {
            bench.authorize(AuthorizationStatus::Accepted);
            bench.store();
        }
        let number = bench.begins()[0].clone();
        bench.close();
        bench.open_in(dialect);
        for _ in 0..2 {
            let answer = bench.told("TransactionEvent", &begun(0, "Started", 100, BEGAN));
            assert_eq!(answer["idTokenInfo"]["status"], "Accepted");
        }
        assert_eq!(bench.begins(), core::slice::from_ref(&number), "one begin is one row");
        assert_eq!(bench.renamed(), [(number.to_string(), "f1b2".to_string())]);
        bench.check();
        // The command names what the station knows.
        let stop = Command::RemoteStop { transaction: number.clone() };
        bench.ok(Input::Command { id: CommandId(9), command: stop });
        assert_eq!(bench.last()[3]["transactionId"], "f1b2");
        bench.obey();
        bench.told("TransactionEvent", &begun(1, "Updated", 130, "2023-11-14T22:05:00Z"));
        for _ in 0..2 {
            bench.told("TransactionEvent", &begun(2, "Ended", 160, ENDED));
        }
        assert_eq!(bench.ends(), [(number, Consumption::Wh(60))]);
        let settled = bench.recorded().into_iter().find(|fact| matches!(fact, Fact::Settled(_)));
        assert_eq!(settled, None, "nothing is missing");
        bench.check();
    }
}

#[test]
fn begin_of_2_x_that_is_told_again_in_1_6_is_one_transaction() {
    for (dialect, is_stored) in EDITIONS.into_iter().flat_map(|dialect| [(dialect, false), (dialect, true)]) {
        let mut bench = Bench::accepted_in(dialect);
        bench.call("TransactionEvent", begun(0, "Started", 100, BEGAN));
        bench.store();
        if is_stored {
            bench.authorize(AuthorizationStatus::Accepted);
            bench.store();
        }
        bench.close();
        bench.open();
        let first = bench.told("StartTransaction", &start());
        let number = first["transactionId"].to_string();
        assert_eq!(first["idTagInfo"]["status"], "Accepted");
        assert_eq!(bench.told("StartTransaction", &start()), first, "the same number for the same start");
        assert_eq!(bench.begins(), [TransactionId::new("f1b2")], "one begin is one row");
        assert_eq!(bench.renamed(), [("f1b2".to_string(), number.clone())]);
        bench.check();
        let stop = Command::RemoteStop { transaction: TransactionId::new("f1b2") };
        bench.ok(Input::Command { id: CommandId(9), command: stop });
        assert_eq!(bench.last()[3]["transactionId"], first["transactionId"]);
        bench.obey();
        let values = json!([{"timestamp": "2023-11-14T22:05:00Z", "sampledValue": [{"value": "130"}]}]);
        let sample = json!({"connectorId": 1, "transactionId": first["transactionId"], "meterValue": values});
        bench.told("MeterValues", &sample);
        let stop =
            json!({"transactionId": first["transactionId"], "meterStop": 160, "timestamp": ENDED, "idTag": "ABC"});
        for _ in 0..2 {
            bench.told("StopTransaction", &stop);
        }
        assert_eq!(bench.ends(), [(TransactionId::new("f1b2"), Consumption::Wh(60))]);
        let attributed = bench.recorded().into_iter().find(|fact| matches!(fact, Fact::Sampled(_)));
        assert_eq!(attributed.and_then(Fact::transaction), Some(&TransactionId::new("f1b2")));
        bench.check();
    }
}

/// The number that 1.6 gave goes on in 2.x, and is known when 1.6 is spoken again.
#[test]
fn transaction_that_goes_through_both_and_back_ends_under_its_number() {
    let mut bench = Bench::accepted();
    let number = bench.told("StartTransaction", &start())["transactionId"].clone();
    bench.close();
    bench.open_in(Dialect::V2_0_1);
    let mut update = begun(1, "Updated", 130, "2023-11-14T22:05:00Z");
    update["transactionInfo"]["transactionId"] = json!(number.to_string());
    bench.told("TransactionEvent", &update);
    bench.close();
    bench.open();
    let stop = json!({"transactionId": number, "meterStop": 160, "timestamp": ENDED, "idTag": "ABC"});
    for _ in 0..2 {
        bench.told("StopTransaction", &stop);
    }
    assert_eq!(bench.ends(), [(TransactionId::new(&number.to_string()), Consumption::Wh(60))]);
    bench.check();
}

/// What differs in anything that tells a start is another transaction.
#[test]
fn another_start_is_another_transaction() {
    let other = |change: fn(&mut Value)| {
        let mut event = begun(0, "Started", 100, BEGAN);
        change(&mut event);
        event
    };
    for event in [
        other(|event| event["evse"]["id"] = json!(2)),
        other(|event| event["idToken"]["idToken"] = json!("OTHER")),
        other(|event| event["timestamp"] = json!("2023-11-14T22:00:01Z")),
        other(|event| event["meterValue"][0]["sampledValue"][0]["value"] = json!(101)),
    ] {
        let mut bench = Bench::accepted();
        bench.told("StartTransaction", &start());
        bench.close();
        bench.open_in(Dialect::V2_1);
        bench.told("TransactionEvent", &event);
        assert_eq!((bench.begins().len(), bench.renamed().len()), (2, 0), "{event}");
    }
    let mut known = Bench::accepted();
    let number = known.told("StartTransaction", &start())["transactionId"].clone();
    let values = json!([{"timestamp": BEGAN, "sampledValue": [{"value": "100"}]}]);
    known.told("MeterValues", &json!({"connectorId": 1, "transactionId": number, "meterValue": values}));
    known.close();
    known.open_in(Dialect::V2_1);
    known.told("TransactionEvent", &begun(0, "Started", 100, BEGAN));
    assert_eq!(known.begins().len(), 2, "a station that used the number would not begin anew");
}
