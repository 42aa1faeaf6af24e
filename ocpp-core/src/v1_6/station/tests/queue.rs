//! What stations are known to lose, to repeat, or to stick at: each a named test.

use super::*;
use crate::site::plugs::Spot;
use crate::store::{Log, LogIndex};

const OFFLINE: [(&str, &str); 2] = [("AllowOfflineTxForUnknownId", "true"), ("MeterValueSampleInterval", "0")];

impl Bench {
    /// After a restart.
    fn online_again(&mut self) {
        self.open();
        self.boot("Accepted");
        self.answer_all("StatusNotification", &json!({}));
    }
}

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
            bench.wait(30 + 30);
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
    bench.wait(60);
    assert_eq!(bench.stop_request(), first);
}

/// Whichever record it is, and wherever it was torn. Of a transaction whose start is lost nothing can be told; nor is the
/// next transaction lost with it.
#[test]
fn torn_record_does_not_block_the_queue() {
    let settings = [("AllowOfflineTxForUnknownId", "true"), ("MeterValueSampleInterval", "60")];
    let mut bench = Bench::accepted(&settings);
    bench.input(Input::Link(LinkInput::Closed));
    for _ in 0..2 {
        bench.plug();
        bench.swipe("TAG");
        bench.wait(60);
        bench.swipe("TAG");
        bench.cable(Cable::Absent);
    }
    let whole = bench.image.clone();
    let mut records: Vec<_> =
        whole.records(Log::Transactions).map(|(position, record)| (position, record.len())).collect();
    let sample = whole.entries.iter().find(|(key, _)| key.as_str().starts_with("sample/")).unwrap();
    records.insert(1, (LogIndex(0), sample.1.len()));
    let second = ["StartTransaction", "MeterValues 2", "StopTransaction 2"];
    for (torn, (before, after)) in [
        (&[][..], &[][..]),
        (&["StartTransaction", "StopTransaction 1"], &[]),
        // It is still open then, and ended by the loss of the power.
        (&["StartTransaction", "MeterValues 1"], &["StopTransaction 1"]),
    ]
    .into_iter()
    .enumerate()
    {
        let (position, length) = records[torn];
        for left in 0..length {
            let mut image = whole.clone();
            if torn == 1 {
                image.entries.get_mut(sample.0).unwrap().truncate(left);
            } else {
                image.logs.get_mut(&Log::Transactions).unwrap().get_mut(&position).unwrap().truncate(left);
            }
            let mut bench = Bench::new(image, &settings);
            assert_eq!(bench.events.iter().filter(|event| event.contains("RecordSkipped")).count(), 1);
            bench.online_again();
            // The numbers are given in the order of the transactions.
            let mut starts = i64::from(torn == 0);
            let mut told = Vec::new();
            while let Some(action) = bench.sent.first().map(|call| call[2].as_str().unwrap().to_owned()) {
                starts += i64::from(action == "StartTransaction");
                let payload = bench.answer(&action, &accepted(starts));
                told.push(payload.get("transactionId").map_or(action.clone(), |number| format!("{action} {number}")));
            }
            let rest: Vec<&str> = before.iter().chain(&second).chain(after).copied().collect();
            assert_eq!(told, rest, "{left} of {length} bytes of record {torn}");
            assert!(bench.image.logs.values().all(|log| log.is_empty()));
            assert!(!bench.image.entries.keys().any(|key| key.as_str().starts_with("sample/")));
        }
    }
}

/// Samples are as durable as the start, and wait for it however long it takes.
#[test]
fn meter_values_outlast_the_power_and_follow_their_start_with_its_number() {
    let settings = [("MeterValueSampleInterval", "60"), ("TransactionMessageRetryInterval", "10")];
    let mut bench = Bench::accepted(&settings);
    bench.start();
    let (id, _) = bench.call("StartTransaction");
    bench.charge();
    bench.answer_all("StatusNotification", &json!({}));
    bench.frame(&json!([4, id, "InternalError", "", {}]));
    bench.input(Input::Link(LinkInput::Closed));
    bench.energy_wh = 1500;
    bench.wait(60);
    let mut bench = Bench::new(bench.image.clone(), &settings);
    bench.energy_wh = 1500;
    bench.wait(10);
    bench.online_again();
    let (id, _) = bench.call("StartTransaction");
    bench.frame(&json!([4, id, "InternalError", "", {}]));
    assert_eq!(bench.sent, Vec::<Value>::new(), "nothing of the transaction before its start");
    bench.wait(20);
    bench.answer("StartTransaction", &accepted(77));
    let sample = bench.answer("MeterValues", &json!({}));
    assert_eq!(sample["transactionId"], 77);
    assert_eq!(sample["meterValue"][0]["sampledValue"][0]["value"], "1500");
    assert_eq!(bench.stop_request()["transactionId"], 77);
}

/// A start whose delivery is durable is told once, whatever else a crash took; before that it is told again word for word.
#[test]
fn power_cut_makes_no_second_start() {
    let mut bench = Bench::accepted(&OFFLINE);
    bench.start();
    let (id, first) = bench.call("StartTransaction");
    bench.confirms = false;
    bench.frame(&json!([3, id, accepted(5)]));
    let operations: Vec<_> = bench.unconfirmed.iter().map(|(_, op)| op.clone()).collect();
    assert!(operations.len() > 1);
    for durable in 0..=operations.len() {
        let mut image = bench.image.clone();
        operations.iter().take(durable).for_each(|op| image.apply(op));
        let mut bench = Bench::new(image, &OFFLINE);
        bench.wait(5);
        bench.online_again();
        if durable == 0 {
            assert_eq!(bench.answer("StartTransaction", &accepted(5)), first);
        }
        assert_eq!(bench.stop_request()["transactionId"], 5);
        assert_eq!(bench.sent, Vec::<Value>::new());
    }
}

/// The CSMS may number its transactions as it likes, also as others write "none".
#[test]
fn whatever_number_the_csms_gives_is_the_transactions() {
    for number in [0, -1, i64::from(i32::MAX) + 1, i64::MAX] {
        let mut bench = Bench::accepted(&OFFLINE);
        bench.start();
        bench.answer("StartTransaction", &accepted(number));
        let mut bench = Bench::new(bench.image.clone(), &OFFLINE);
        bench.online_again();
        assert_eq!(bench.stop_request()["transactionId"], number);
    }
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

/// What another version recorded of a transaction that nobody was accepted for at first, and that changed without values.
#[test]
fn begin_is_told_with_the_token_that_came_later_and_an_event_without_values_is_not() {
    use crate::site::bearer::Holder;
    use crate::site::journal::{EventFacts, JournalRecord, News, Sampled, Started};
    use crate::site::metering::SampleContext;
    use crate::station::{ChargingState, TransactionNo, TriggerReason};
    use crate::store::EntryKey;
    use crate::time::Stamp;

    let at = Stamp::Wall(wall(0).timestamp_millis());
    let state = ChargingState::EvConnected;
    let (token, group, reservation, first) = (None, None, None, Vec::new());
    let start = Started { spot: Spot::first(EVSE), token, group, at, meter_mwh: 5_000, reservation, first };
    let begun =
        EventFacts::new(0, crate::station::ConnectorId::FIRST, TriggerReason::CablePluggedIn, state, true, None);
    let index = LogIndex(1 << 32);
    let record = JournalRecord::Started(start).to_bytes(Some(&begun));
    let mut image = Image::default();
    image.apply(&StoreOp::Append { log: Log::Transactions, index, record });
    let (transaction, context, values) = (TransactionNo(index), SampleContext::Other, Vec::new());
    let changed = JournalRecord::Sampled(Sampled { transaction, spot: Spot::first(EVSE), at, context, values });
    let authorised = Some(Holder { token: IdToken::new("LATER"), group: None });
    let news = Some(News { authorised, ..News::default() }.into());
    let event = EventFacts::new(1, crate::station::ConnectorId::FIRST, TriggerReason::Authorized, state, true, news);
    let key = EntryKey::new(&format!("sample/{}", index.0 + 1));
    image.apply(&StoreOp::Put { key, value: changed.to_bytes(Some(&event)) });

    let mut bench = Bench::new(image, &[]).online();
    let start = bench.answer("StartTransaction", &json!({"transactionId": 7, "idTagInfo": {"status": "Accepted"}}));
    assert_eq!((&start["idTag"], &start["meterStart"]), (&json!("LATER"), &json!(5)));
    assert_eq!(bench.stop_request()["transactionId"], 7, "and no MeterValues before");
    assert!(bench.image.entries.keys().all(|key| !key.as_str().starts_with("sample/")));
}
