//! kill -9 of either program in the middle of a transaction: the bill is right, and nothing that was answered is lost.

use std::collections::BTreeSet;
use std::time::Duration;

use ocpp_core::csms::{Attribution, Fact};
use ocpp_testkit::stores::{Bill, Ledger};
use serde_json::{Value, json};

use crate::client::Client;
use crate::harness::{Csms, Station, register_mwh, sent};

/// Kills a station when `reach` has brought it somewhere, starts it again, lets it end what it had begun, and runs a
/// second session, whose end comes after all else (1.6 §3.7.1 keeps the order). Gives the bills.
fn kill_station(reach: impl Fn(&mut Station)) -> Vec<Bill> {
    let directory = tempfile::tempdir().unwrap();
    let store = directory.path().join("station");
    let mut csms = Csms::start(directory.path(), &[]);
    let mut station = Station::start(&csms.url, &store, &[]);
    station.program.wait_event("Registration");
    station.begin_session();
    reach(&mut station);
    let before = station.program.kill();

    let mut station = Station::start(&csms.url, &store, &[]);
    station.program.wait_event("Registration");
    station.program.say(&json!({"unplug": 1}));
    station.program.say(&json!({"plug": 1}));
    let second = begin_when_free(&mut station);
    let id = station.program.wait("the second transaction's number", |line| {
        let known = line.pointer("/event/TransactionKnown")?;
        (known["transaction"] == second).then(|| known["csms_id"].to_string())
    });
    station.wait_answered("MeterValues");
    station.program.say(&json!({"unplug": 1}));
    while csms.wait_stored("Stopped")["transaction"] != id {}

    let after = station.program.kill();
    let ledger = csms.ledger();
    check_samples(&ledger, before.iter().chain(&after));
    let bills = ledger.bills().unwrap();
    let last = bills.last().unwrap();
    assert_eq!(last.transaction, id);
    assert_eq!(last.meter_stop_wh, Some(register_mwh(&store) / 1_000));
    bills
}

/// Holds a token to the reader until the EVSE is not busy with the end of the first transaction any more. In the very moment of
/// that end it frees the cable, which nothing is said of: then it is held there once more. A second one too early would end what the
/// first began.
fn begin_when_free(station: &mut Station) -> Value {
    const SILENCE: Duration = Duration::from_secs(1);
    loop {
        station.program.say(&json!({"token": {"evse": 1, "id": "ABC"}}));
        let outcome = station.program.wait_at_most(SILENCE, "an outcome", |line| {
            let event = line.get("event")?;
            let begun = event.get("TransactionStarted").map(|begun| Some(begun["transaction"].clone()));
            begun.or(event.get("TokenRefused").map(|_| None))
        });
        if let Some(Some(transaction)) = outcome {
            return transaction;
        }
    }
}

/// The samples in the ledger are those that the station sent, once each, each with its transaction; nothing is orphaned.
fn check_samples<'a>(ledger: &Ledger, lines: impl Iterator<Item = &'a Value>) {
    let message = |frame: Value| (frame[2] == "MeterValues").then(|| frame[3]["meterValue"][0]["timestamp"].clone());
    let told: BTreeSet<String> =
        lines.filter_map(sent).filter_map(message).map(|at| at.as_str().unwrap().to_owned()).collect();
    let facts = ledger.facts("CP001").unwrap();
    let mut stored = Vec::new();
    for (_, fact) in &facts {
        match fact {
            Fact::Sampled(samples) => {
                assert!(matches!(samples.attribution, Attribution::Named(_)), "{samples:?}");
                stored.extend(samples.values.iter().map(|value| value.at));
            }
            Fact::StopContradicted { .. } | Fact::StopOrphaned(_) => panic!("{fact:?}"),
            Fact::Booted(_)
            | Fact::Status(_)
            | Fact::Started(_)
            | Fact::Authorized { .. }
            | Fact::Stopped(_)
            | Fact::Progress(_)
            | Fact::SecurityEvent(_) => {}
            other => panic!("no fact of 1.6: {other:?}"),
        }
    }
    let distinct: BTreeSet<_> =
        stored.iter().map(|at| at.to_rfc3339_opts(chrono::SecondsFormat::Millis, true)).collect();
    assert_eq!(distinct.len(), stored.len(), "a sample was stored twice");
    assert_eq!(distinct, told);
}

/// Two bills that leave no energy out: the second begins where the first ended.
fn check_two(bills: Vec<Bill>) {
    let [first, second]: [Bill; 2] = bills.try_into().unwrap();
    assert_eq!(first.meter_start_wh, Some(0));
    for bill in [&first, &second] {
        assert_eq!(bill.energy_wh, Some(bill.meter_stop_wh.unwrap() - bill.meter_start_wh.unwrap()), "{bill:?}");
    }
    assert_eq!(first.meter_stop_wh, second.meter_start_wh);
}

/// The contactor does not wait for the store, so a transaction that had just begun may be gone: then so is its bill, and
/// nobody was told of it.
#[test]
fn station_killed_before_its_transaction_was_durable_leaves_a_whole_bill_or_none() {
    for event in ["TokenAccepted", "TransactionStarted"] {
        let bills = kill_station(|station| drop(station.program.wait_event(event)));
        match bills.len() {
            1 => {}
            _ => check_two(bills),
        }
    }
}

#[test]
fn station_killed_when_the_start_was_on_its_way_bills_it_once() {
    check_two(kill_station(|station| station.wait_sent("StartTransaction")));
}

#[test]
fn station_killed_when_the_start_was_answered_bills_it() {
    check_two(kill_station(|station| drop(station.program.wait_event("TransactionKnown"))));
}

#[test]
fn station_killed_when_a_sample_was_on_its_way_bills_all() {
    check_two(kill_station(|station| station.wait_sent("MeterValues")));
}

#[test]
fn station_killed_when_samples_were_answered_bills_all() {
    check_two(kill_station(|station| {
        station.wait_answered("MeterValues");
        station.wait_answered("MeterValues");
    }));
}

#[test]
fn station_killed_when_the_vehicle_had_left_bills_all() {
    check_two(kill_station(|station| {
        station.wait_answered("MeterValues");
        station.program.say(&json!({"unplug": 1}));
        station.program.wait_event("TransactionEnded");
    }));
}

#[test]
fn station_killed_when_the_stop_was_on_its_way_bills_it_once() {
    check_two(kill_station(|station| {
        station.wait_answered("MeterValues");
        station.program.say(&json!({"unplug": 1}));
        station.wait_sent("StopTransaction");
    }));
}

/// Kills the server when `reach` has brought the two somewhere, starts it again, and ends the session.
fn kill_csms(reach: impl Fn(&mut Csms, &mut Station)) {
    let directory = tempfile::tempdir().unwrap();
    let store = directory.path().join("station");
    let mut csms = Csms::start(directory.path(), &[]);
    let mut station = Station::start(&csms.url, &store, &[]);
    station.program.wait_event("Registration");
    station.begin_session();
    reach(&mut csms, &mut station);
    let url = csms.url.clone();
    csms.program.kill();
    station.program.wait_event("Disconnected");

    let mut csms = Csms::start_again(&url, directory.path(), &[]);
    station.program.say(&json!({"reconnect": {}}));
    station.program.wait_event("Connected");
    station.wait_answered("MeterValues");
    station.program.say(&json!({"unplug": 1}));
    csms.wait_stored("Stopped");

    let lines = station.program.kill();
    check_samples(&csms.ledger(), lines.iter());
    let [bill] = csms.bills().try_into().unwrap();
    assert_eq!(bill.energy_wh, Some(register_mwh(&store) / 1_000));
}

#[test]
fn csms_killed_when_it_had_stored_the_start_bills_it_once() {
    kill_csms(|csms, _| drop(csms.wait_stored("Started")));
}

#[test]
fn csms_killed_when_it_had_answered_the_start_bills_it_once() {
    kill_csms(|_, station| drop(station.program.wait_event("TransactionKnown")));
}

#[test]
fn csms_killed_when_a_sample_came_bills_all() {
    kill_csms(|_, station| station.wait_sent("MeterValues"));
}

#[test]
fn csms_killed_when_it_had_stored_a_sample_bills_all() {
    kill_csms(|csms, _| drop(csms.wait_stored("Sampled")));
}

/// What a scripted station reports, one message after the other.
fn script(transaction: &Value) -> Vec<(&'static str, &'static str, Value)> {
    let at = |second: u32| format!("2025-01-01T00:00:{second:02}Z");
    let sample = |second| {
        let value = json!({"timestamp": at(second), "sampledValue": [{"value": (100 * second).to_string()}]});
        json!({"connectorId": 1, "transactionId": transaction, "meterValue": [value]})
    };
    let start = json!({"connectorId": 1, "idTag": "ABC", "meterStart": 0, "timestamp": at(0)});
    let stop = json!({"transactionId": transaction, "meterStop": 400, "timestamp": at(4)});
    let status = json!({"connectorId": 1, "errorCode": "NoError", "status": "Charging", "timestamp": at(1)});
    vec![
        ("StartTransaction", "Started", start),
        ("StatusNotification", "Status", status),
        ("MeterValues", "Sampled", sample(1)),
        ("MeterValues", "Sampled", sample(2)),
        ("StopTransaction", "Stopped", stop),
    ]
}

fn kind(fact: &Fact) -> Option<&'static str> {
    match fact {
        Fact::Booted(_) | Fact::Authorized { .. } | Fact::Progress(_) | Fact::SecurityEvent(_) => None,
        Fact::Status(_) => Some("Status"),
        Fact::Started(_) => Some("Started"),
        Fact::Sampled(_) => Some("Sampled"),
        Fact::Stopped(_) => Some("Stopped"),
        Fact::StopContradicted { .. } => Some("StopContradicted"),
        Fact::StopOrphaned(_) => Some("StopOrphaned"),
        other => panic!("no fact of 1.6: {other:?}"),
    }
}

fn kinds(ledger: &Ledger) -> Vec<&'static str> {
    ledger.facts("CP001").unwrap().iter().filter_map(|(_, fact)| kind(fact)).collect()
}

/// After each answer in turn the server is killed at once. What was answered is in its database; what is said again to the
/// next one is answered alike and is there once.
#[test]
fn csms_killed_after_any_answer_has_all_that_it_answered() {
    let steps = script(&json!(0)).len();
    for answered in 1..=steps {
        let directory = tempfile::tempdir().unwrap();
        let csms = Csms::start(directory.path(), &[]);
        let url = csms.url.clone();
        let mut client = Client::connect(&url, "CP001");
        client.boot();
        let transaction = report(&mut client, &Value::Null, answered);
        csms.program.kill();
        let expected: Vec<_> = script(&transaction).iter().map(|(_, kind, _)| *kind).collect();
        let ledger = Ledger::open(&directory.path().join("ledger.db")).unwrap();
        assert_eq!(kinds(&ledger), expected[..answered], "killed after {answered} answers");

        let csms = Csms::start_again(&url, directory.path(), &[]);
        let mut client = Client::connect(&url, "CP001");
        client.boot();
        assert_eq!(report(&mut client, &transaction, steps), transaction);
        assert_eq!(kinds(&csms.ledger()), expected, "said again after {answered} answers");
        let [bill] = csms.bills().try_into().unwrap();
        assert_eq!((bill.energy_wh, bill.transaction), (Some(400), transaction.to_string()));
    }
}

/// Sends the first `count` messages of the script, each answered before the next. Gives the transaction's number.
fn report(client: &mut Client, known: &Value, count: usize) -> Value {
    let (action, _, payload) = script(known).swap_remove(0);
    let transaction = client.call(action, payload).unwrap()["transactionId"].clone();
    for (action, _, payload) in script(&transaction).into_iter().take(count).skip(1) {
        client.call(action, payload).unwrap();
    }
    transaction
}
