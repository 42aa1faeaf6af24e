//! What stations are known to lose, to repeat, or to stick at: each a named test.

use super::*;
use crate::store::Log;

const OFFLINE: [(&str, &str); 2] = [("AllowOfflineTxForUnknownId", "true"), ("MeterValueSampleInterval", "0")];

fn accepted(transaction: i64) -> Value {
    json!({"transactionId": transaction, "idTagInfo": {"status": "Accepted"}})
}

/// A StatusNotification that nobody answers holds nothing up for longer than its time, nor does the loss of the link.
#[test]
fn queue_goes_on_after_silence_or_link_loss_that_follows_a_status_notification() {
    for loses_link in [false, true] {
        let mut bench = Bench::accepted(&OFFLINE);
        bench.plug();
        bench.call("StatusNotification");
        if loses_link {
            bench.input(Input::Link(LinkInput::Closed));
            bench.wait(40);
            bench.open();
        } else {
            bench.wait(30);
        }
        assert_eq!(bench.statuses(), ["1 Preparing"], "told again");
        bench.swipe("TAG");
        bench.answer("Authorize", &json!({"idTagInfo": {"status": "Accepted"}}));
        bench.answer_all("StatusNotification", &json!({}));
        bench.answer("StartTransaction", &accepted(1));
    }
}

/// 1.6 §3.7.1.
#[test]
fn stop_that_is_answered_with_an_error_is_not_delivered() {
    let mut bench = Bench::running(&[("TransactionMessageRetryInterval", "10"), ("MeterValueSampleInterval", "0")]);
    bench.swipe("TAG");
    bench.answer_all("StatusNotification", &json!({}));
    let (id, first) = bench.call("StopTransaction");
    bench.frame(&json!([4, id, "InternalError", "", {}]));
    assert!(bench.image.records(Log::Transactions).next().is_some());
    bench.wait(10);
    let (_, second) = bench.call("StopTransaction");
    assert_eq!(first, second);
    // Also if the power fails before it is tried again.
    let mut bench = Bench::new(bench.image.clone(), &[]);
    bench.open();
    bench.boot("Accepted");
    assert_eq!(bench.stop_request(), first);
}

#[test]
fn torn_record_does_not_block_the_queue() {
    let mut bench = Bench::accepted(&[("AllowOfflineTxForUnknownId", "true"), ("MeterValueSampleInterval", "60")]);
    bench.input(Input::Link(LinkInput::Closed));
    bench.plug();
    bench.swipe("TAG");
    bench.wait(130);
    bench.swipe("TAG");
    let mut image = bench.image.clone();
    let records = image.logs.get_mut(&Log::Transactions).unwrap();
    assert_eq!(records.len(), 4);
    let sample = records.values_mut().nth(1).unwrap();
    sample.truncate(sample.len() - 1);
    let mut bench = Bench::new(image, &[]);
    assert_eq!(bench.events.iter().filter(|event| event.contains("RecordSkipped")).count(), 1);
    bench.open();
    bench.boot("Accepted");
    bench.answer_all("StatusNotification", &json!({}));
    bench.answer("StartTransaction", &accepted(4));
    bench.answer("MeterValues", &json!({}));
    assert_eq!(bench.answer("StopTransaction", &json!({}))["transactionId"], 4);
    assert!(bench.image.logs.values().all(|log| log.is_empty()));
}

#[test]
fn many_offline_transactions_arrive_in_order_and_a_full_journal_refuses_the_next() {
    let mut config = config(&OFFLINE);
    config.limits.journal = 100;
    let mut bench = Bench::with_config(Image::default(), config);
    bench.open();
    bench.boot("Accepted");
    bench.answer_all("StatusNotification", &json!({}));
    bench.input(Input::Link(LinkInput::Closed));
    for n in 0..60 {
        bench.plug();
        bench.swipe(&format!("TAG{n}"));
        bench.wait(5);
        bench.swipe(&format!("TAG{n}"));
        bench.cable(Cable::Absent);
    }
    assert_eq!(bench.image.records(Log::Transactions).count(), 100);
    assert!(bench.events.iter().any(|event| event.contains("Busy")));
    let mut bench = Bench::new(bench.image.clone(), &[]);
    bench.open();
    bench.boot("Accepted");
    bench.answer_all("StatusNotification", &json!({}));
    for n in 0..50 {
        let start = bench.answer("StartTransaction", &accepted(n + 1));
        assert_eq!(start["idTag"], format!("TAG{n}"));
        assert_eq!(bench.answer("StopTransaction", &json!({}))["transactionId"], n + 1);
    }
    assert_eq!(bench.sent, Vec::<Value>::new());
}

/// A time with an offset is that moment, not its digits.
#[test]
fn utc_offset_is_not_ignored() {
    let mut bench = Bench::accepted(&[]);
    // 22:14:20 UTC, one minute from now.
    let request =
        json!({"connectorId": 1, "expiryDate": "2023-11-15T00:14:20+02:00", "idTag": "ONE", "reservationId": 3});
    assert_eq!(bench.request("ReserveNow", &request)["status"], "Accepted");
    assert_eq!(bench.statuses(), ["1 Reserved"]);
    bench.wait(59);
    assert_eq!(bench.statuses(), Vec::<String>::new());
    bench.wait(1);
    assert_eq!(bench.statuses(), ["1 Available"]);
}
