//! Nothing is answered before it is in the database.

use super::*;
use crate::csms::{Booted, StatusReport};
use alloc::vec;

#[test]
fn boot_is_answered_once_the_decision_is_durable() {
    let mut bench = Bench::connected();
    let id = bench.call("BootNotification", json!({"chargePointVendor": "V", "chargePointModel": "M"}));
    let Some((_, Question::Boot(station))) = bench.asked.last().cloned() else { panic!("not asked") };
    assert_eq!((station.vendor.as_str(), station.model.as_str()), ("V", "M"));
    bench.answer(Answer::Boot { status: RegistrationStatus::Accepted, interval: Duration::from_secs(300) });
    assert!(bench.sent.is_empty(), "the decision is not durable");
    bench.millis += 2500;
    bench.store();
    let payload = json!({"currentTime": "2023-11-14T22:13:22.500Z", "interval": 300, "status": "Accepted"});
    let answer = bench.last();
    assert_eq!(answer[0], json!(3));
    assert_eq!(answer[1], json!(id));
    assert_eq!(answer[2], payload);
    let (status, interval) = (RegistrationStatus::Accepted, Duration::from_secs(300));
    assert_eq!(bench.recorded(), [&Fact::Booted(Booted { station, status, interval })]);
}

#[test]
fn station_is_told_to_wait_when_nobody_decides_on_its_boot() {
    let mut bench = Bench::connected();
    bench.call("BootNotification", json!({"chargePointVendor": "V", "chargePointModel": "M"}));
    bench.pass(Duration::from_secs(10));
    bench.store();
    assert_eq!(bench.last()[2]["status"], "Pending");
    assert_eq!(bench.last()[2]["interval"], 60);
    assert!(bench.events.contains(&Event::Unanswered(AskId(1))));
    let late = Answer::Boot { status: RegistrationStatus::Accepted, interval: Duration::ZERO };
    assert_eq!(bench.handle(Input::Answer(AskId(1), late)), Err(MisuseError::UnknownQuestion(1)));
}

#[test]
fn heartbeat_tells_the_time_of_day() {
    let mut bench = Bench::accepted();
    bench.millis += 61_000;
    let id = bench.call("Heartbeat", json!({}));
    assert_eq!(bench.last(), json!([3, id, {"currentTime": "2023-11-14T22:14:21Z"}]));
    bench.ok(Input::Wall(wall()));
    bench.call("Heartbeat", json!({}));
    assert_eq!(bench.last()[2]["currentTime"], "2023-11-14T22:13:20Z");
}

#[test]
fn token_is_denied_when_nobody_answers() {
    let mut bench = Bench::accepted();
    let id = bench.call("Authorize", json!({"idTag": "ABC"}));
    bench.pass(Duration::from_millis(9999));
    assert!(bench.sent.is_empty());
    bench.pass(Duration::from_millis(1));
    assert_eq!(bench.last(), json!([3, id, {"idTagInfo": {"status": "Invalid"}}]));
}

#[test]
fn verdict_on_a_token_is_passed_on_whole() {
    let mut bench = Bench::accepted();
    bench.call("Authorize", json!({"idTag": "ABC"}));
    let verdict = Authorization {
        status: AuthorizationStatus::Accepted,
        expires: Some(wall()),
        group: Some(crate::csms::IdToken::new("GROUP")),
    };
    bench.answer(Answer::Authorize(verdict));
    let info = json!({"expiryDate": "2023-11-14T22:13:20Z", "parentIdTag": "GROUP", "status": "Accepted"});
    assert_eq!(bench.last()[2], json!({"idTagInfo": info}));
}

#[test]
fn refused_start_is_recorded_and_answered_when_both_facts_are_durable() {
    let mut bench = Bench::accepted();
    let id = bench.call("StartTransaction", start());
    let Fact::Started(started) = bench.recorded()[1].clone() else { panic!("no start") };
    let number = started.transaction.number().unwrap();
    assert!(number > 0);
    let question =
        Question::Authorize { token: started.token.unwrap(), transaction: Some(started.transaction.clone()) };
    assert_eq!(bench.asked.last().unwrap().1, question);
    bench.store();
    assert!(bench.sent.is_empty(), "no verdict");
    bench.authorize(AuthorizationStatus::ConcurrentTx);
    assert!(bench.sent.is_empty(), "the verdict is not durable");
    bench.store();
    let answer = json!([3, id, {"idTagInfo": {"status": "ConcurrentTx"}, "transactionId": number}]);
    assert_eq!(bench.last(), answer);

    // The station did not get the answer, and says it again.
    let id = bench.call("StartTransaction", start());
    assert_eq!(bench.last(), json!([3, id, answer[2]]));
    assert_eq!(bench.facts.len(), 3, "nothing is recorded twice");
}

#[test]
fn start_repeated_before_the_verdict_gets_the_same_number_and_verdict() {
    let mut bench = Bench::accepted();
    let first = bench.call("StartTransaction", start());
    let second = bench.call("StartTransaction", start());
    let asked: Vec<_> = bench.asked.iter().rev().take(2).map(|(id, _)| *id).collect();
    bench.ok(Input::Answer(asked[0], Answer::Authorize(AuthorizationStatus::Accepted.into())));
    bench.ok(Input::Answer(asked[1], Answer::Authorize(AuthorizationStatus::Blocked.into())));
    bench.store();
    assert_eq!(bench.sent.len(), 2);
    assert_eq!(bench.sent[0][1], json!(second));
    assert_eq!(bench.sent[1][1], json!(first));
    assert_eq!(bench.sent[0][2], bench.sent[1][2]);
    assert_eq!(bench.sent[0][2]["idTagInfo"]["status"], "Accepted");
    assert_eq!(bench.facts.len(), 3, "boot, start, one verdict");
}

#[test]
fn start_whose_connection_is_gone_still_gets_its_verdict_recorded() {
    let mut bench = Bench::accepted();
    bench.call("StartTransaction", start());
    bench.call("Authorize", json!({"idTag": "ABC"}));
    bench.close();
    let asked: Vec<_> = bench.asked.iter().rev().take(2).map(|(id, _)| *id).collect();
    let verdict = Answer::Authorize(AuthorizationStatus::Accepted.into());
    assert_eq!(
        bench.handle(Input::Answer(asked[0], verdict.clone())),
        Err(MisuseError::UnknownQuestion(asked[0].0)),
        "nobody waits for that one"
    );
    bench.ok(Input::Answer(asked[1], verdict));
    bench.store();
    assert!(matches!(bench.recorded()[2], Fact::Authorized { .. }));
    bench.open();
    bench.call("StartTransaction", start());
    assert_eq!(bench.last()[2]["idTagInfo"]["status"], "Accepted");
}

/// Calls that are recorded without a question.
fn recorded_calls() -> Vec<(&'static str, Value)> {
    let sampled = json!([{"timestamp": "2023-11-14T22:05:00Z", "sampledValue": [{"value": "7"}]}]);
    vec![
        ("StatusNotification", json!({"connectorId": 1, "errorCode": "NoError", "status": "Charging"})),
        ("MeterValues", json!({"connectorId": 1, "meterValue": sampled})),
        ("StopTransaction", json!({"transactionId": 77, "meterStop": 5, "timestamp": "2023-11-14T23:00:00Z"})),
    ]
}

#[test]
fn reports_are_answered_when_durable_and_recorded_once() {
    for (action, payload) in recorded_calls() {
        let mut bench = Bench::accepted();
        let first = bench.call(action, payload.clone());
        assert!(bench.sent.is_empty(), "{action} is not durable");
        let second = bench.call(action, payload.clone());
        assert!(bench.sent.is_empty(), "the fact that the repeated {action} rests on is not durable");
        bench.store();
        assert_eq!(bench.sent, [json!([3, first, {}]), json!([3, second, {}])]);
        let third = bench.call(action, payload);
        assert_eq!(bench.last(), json!([3, third, {}]));
        assert_eq!(bench.facts.len(), 2, "{action} is recorded once");
        assert_eq!(bench.events.iter().filter(|event| matches!(event, Event::Repeated { .. })).count(), 2);
    }
}

#[test]
fn status_is_recorded_as_it_was_reported() {
    let mut bench = Bench::accepted();
    let report = json!({
        "connectorId": 2, "errorCode": "OtherError", "status": "Faulted", "timestamp": "2023-11-14T22:13:20Z",
        "info": "hot", "vendorId": "V", "vendorErrorCode": "E7",
    });
    bench.call("StatusNotification", report);
    let report = StatusReport {
        place: crate::csms::Place::numbered(2),
        status: "Faulted".into(),
        error_code: Some("OtherError".into()),
        info: Some("hot".into()),
        vendor_id: Some("V".into()),
        vendor_error_code: Some("E7".into()),
        at: Some(wall()),
    };
    assert_eq!(*bench.recorded()[1], Fact::Status(report));
    let available = json!({"connectorId": 2, "errorCode": "NoError", "status": "Available"});
    bench.call("StatusNotification", available.clone());
    bench.call("StatusNotification", json!({"connectorId": 2, "errorCode": "NoError", "status": "Charging"}));
    bench.call("StatusNotification", available);
    assert_eq!(bench.facts.len(), 5, "a status that came back is a change");
}

#[test]
fn station_is_told_of_an_error_while_the_database_fails_and_nothing_is_lost() {
    let mut bench = Bench::accepted();
    let (action, payload) = recorded_calls().remove(2);
    let id = bench.call(action, payload.clone());
    let (ticket, fact) = bench.facts.pop().unwrap();
    bench.ok(Input::StoreFailed(ticket));
    assert!(matches!(bench.events.last(), Some(Event::StoreTrouble { .. })));
    bench.pass(Duration::from_secs(2));
    assert_eq!(bench.facts.last(), Some(&(ticket, fact)), "issued again under its ticket");
    bench.pass(Duration::from_secs(23));
    assert_eq!(bench.last(), json!([4, id, "InternalError", "no answer in time", {}]));
    assert!(bench.session.held.is_empty(), "that answer is given");
    let id = bench.call(action, payload);
    assert_eq!(bench.sent.len(), 1, "still not durable");
    bench.store();
    assert_eq!(bench.last(), json!([3, id, {}]));
    assert_eq!(bench.sent.len(), 2, "the first call had its answer");
    assert_eq!(bench.facts.len(), 2);
}

#[test]
fn nothing_is_taken_in_beyond_the_bounds() {
    let mut bench = Bench::with(config(Limits { unconfirmed: 2, questions: 1, ..Limits::default() }));
    bench.open();
    for second in 0..4 {
        let at = format!("2023-11-14T22:00:0{second}Z");
        bench.call(
            "StatusNotification",
            json!({"connectorId": 1, "errorCode": "NoError", "status": "Available", "timestamp": at}),
        );
    }
    assert_eq!(bench.facts.len(), 2);
    assert_eq!(bench.sent.len(), 2);
    assert_eq!(bench.last()[2], "InternalError");
    bench.call("StartTransaction", start());
    assert_eq!(bench.last()[2], "InternalError");
    bench.call("Heartbeat", json!({}));
    assert_eq!(bench.last()[0], 3, "what needs no room is served");
    bench.store();
    bench.call("StartTransaction", start());
    bench.call("Authorize", json!({"idTag": "ABC"}));
    assert_eq!(bench.last()[2], "InternalError", "one question is open");
}

#[test]
fn rejected_station_is_not_served() {
    let mut bench = Bench::connected();
    bench.boot(RegistrationStatus::Rejected);
    for (action, payload) in recorded_calls() {
        bench.call(action, payload);
        assert_eq!(bench.last()[2], "SecurityError");
    }
    assert_eq!(bench.facts.len(), 1);
    bench.boot(RegistrationStatus::Accepted);
    bench.call("Heartbeat", json!({}));
    assert_eq!(bench.last()[0], 3);
}

#[test]
fn station_that_never_booted_here_is_served() {
    let mut bench = Bench::connected();
    let (action, payload) = recorded_calls().remove(2);
    bench.call(action, payload);
    bench.store();
    assert_eq!(bench.last()[0], 3);
}

#[test]
fn vendor_data_is_the_applications_affair() {
    let mut bench = Bench::accepted();
    bench.call("DataTransfer", json!({"vendorId": "v", "messageId": "m", "data": "{\"a\":1}"}));
    let question =
        Question::DataTransfer { vendor_id: "v".into(), message_id: Some("m".into()), data: Some("{\"a\":1}".into()) };
    assert_eq!(bench.asked.last().unwrap().1, question);
    let status = crate::csms::DataTransferStatus::Accepted;
    bench.answer(Answer::DataTransfer { status, data: Some("\"b\"".into()) });
    assert_eq!(bench.last()[2], json!({"status": "Accepted", "data": "\"b\""}));
    bench.call("DataTransfer", json!({"vendorId": "v"}));
    bench.pass(Duration::from_secs(10));
    assert_eq!(bench.last()[2], json!({"status": "UnknownVendorId"}));
}

#[test]
fn numbers_that_are_no_transactions_name_none() {
    for id in [-1, 0, i64::from(i32::MAX) + 1, i64::MAX, i64::MIN] {
        let mut bench = Bench::accepted();
        bench.call("StartTransaction", start());
        bench.authorize(AuthorizationStatus::Accepted);
        bench.call(
            "StopTransaction",
            json!({"transactionId": id, "meterStop": 150, "timestamp": "2023-11-14T23:00:00Z"}),
        );
        bench.store();
        assert_eq!(bench.last()[2], json!({}));
        let Some(Fact::Stopped(stopped)) = bench.recorded().last().copied() else { panic!("{id}") };
        assert!(stopped.inferred);
    }
}

#[test]
fn transaction_that_is_forgotten_is_told_of() {
    let mut bench = Bench::with(config(Limits { open_transactions: 1, ..Limits::default() }));
    bench.open();
    bench.call("StartTransaction", start());
    let Some(Fact::Started(first)) = bench.recorded().last().copied().cloned() else { panic!("no start") };
    assert!(!bench.events.iter().any(|event| matches!(event, Event::TransactionForgotten(_))));
    let mut second = start();
    second["connectorId"] = json!(2);
    bench.call("StartTransaction", second);
    assert!(bench.events.contains(&Event::TransactionForgotten(first.transaction)));
}
