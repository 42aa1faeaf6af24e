//! Sessions, and what a power cut leaves of them.

use super::*;
use crate::store::{EntryKey, Log};

#[test]
fn session_from_boot_to_bill() {
    let mut bench = Bench::accepted(&[("MeterValueSampleInterval", "60")]);
    bench.now = 10_000;
    bench.start();
    let start = bench.answer("StartTransaction", &json!({"transactionId": 77, "idTagInfo": {"status": "Accepted"}}));
    assert_eq!(
        start,
        json!({"connectorId": 1, "idTag": "TAG", "meterStart": 1000, "timestamp": "2023-11-14T22:13:30Z"})
    );
    assert!(bench.orders.contains(&EvseAction::Power(Power::On)));
    bench.answer_all("StatusNotification", &json!({}));
    bench.charge();
    bench.answer_all("StatusNotification", &json!({}));

    bench.energy_wh = 1500;
    bench.wait(60);
    let sample = bench.answer("MeterValues", &json!({}));
    assert_eq!(sample["transactionId"], 77);
    assert_eq!(sample["meterValue"][0]["sampledValue"][0]["value"], "1500");

    bench.energy_wh = 2000;
    bench.now += 30_000;
    bench.swipe("tag");
    assert_eq!(
        bench.orders.last_chunk::<2>(),
        Some(&[EvseAction::Power(Power::Off), EvseAction::Lock(Default::default())])
    );
    bench.answer_all("StatusNotification", &json!({}));
    let stop = bench.answer("StopTransaction", &json!({}));
    assert_eq!(
        stop,
        json!({"transactionId": 77, "meterStop": 2000, "timestamp": "2023-11-14T22:15:00Z", "idTag": "tag", "reason": "Local"})
    );
    assert_eq!(bench.sent, Vec::<Value>::new());
    assert!(bench.image.logs.values().all(|log| log.is_empty()), "the journal is empty after the delivery");
}

#[test]
fn nothing_leaves_before_its_record_is_durable() {
    let mut bench = Bench::accepted(&[]);
    bench.confirms = false;
    bench.start();
    assert_eq!(bench.sent, Vec::<Value>::new(), "the start waits for its record");
    assert!(bench.orders.contains(&EvseAction::Power(Power::On)), "the hardware does not");
    bench.confirm();
    bench.drain();
    bench.call("StartTransaction");
}

#[test]
fn power_cut_in_a_transaction_ends_it_with_the_register_of_the_next_boot() {
    let mut bench = Bench::accepted(&[]);
    bench.start();
    bench.answer("StartTransaction", &json!({"transactionId": 5, "idTagInfo": {"status": "Accepted"}}));

    let mut bench = Bench::new(bench.image.clone(), &[]);
    bench.energy_wh = 1234;
    bench.wait(5);
    bench.open();
    bench.boot("Accepted");
    bench.answer_all("StatusNotification", &json!({}));
    let stop = bench.answer("StopTransaction", &json!({}));
    assert_eq!((&stop["transactionId"], &stop["reason"]), (&json!(5), &json!("PowerLoss")));
    assert_eq!(stop["meterStop"], 1000, "the register as it was read when the station came up");
    assert!(bench.image.logs.values().all(|log| log.is_empty()));
}

#[test]
fn register_is_read_for_the_bill_after_the_contactor_opened() {
    let mut bench = Bench::running(&[("MeterValueSampleInterval", "0")]);
    bench.opens = false;
    bench.energy_wh = 1990;
    bench.wait(60);
    // A reading that is fresh, and yet too early.
    bench.input(Input::Evse(EVSE, EvseInput::Meter(MeterReading::energy_wh(1990))));
    bench.swipe("TAG");
    bench.answer_all("StatusNotification", &json!({}));
    assert_eq!(bench.sent, Vec::<Value>::new(), "energy may still flow");
    bench.energy_wh = 2000;
    bench.now += 200;
    bench.input(Input::Evse(EVSE, EvseInput::Contactor(Contactor::Open)));
    assert_eq!(bench.stop_request()["meterStop"], 2000);

    let mut bench = Bench::running(&[("MeterValueSampleInterval", "0")]);
    bench.opens = false;
    bench.swipe("TAG");
    bench.answer_all("StatusNotification", &json!({}));
    bench.wait(3);
    assert_eq!(bench.stop_request()["reason"], "Local", "a contactor that does not report does not hold the bill up");
}

#[test]
fn unreadable_boot_counter_does_not_make_positions_repeat() {
    let mut bench = Bench::accepted(&[]);
    bench.start();
    let mut image = bench.image.clone();
    let first = image.records(Log::Transactions).map(|(position, _)| position).max();
    image.entries.insert(EntryKey::new("boot"), [9, 9].into());
    let mut bench = Bench::new(image, &[]);
    bench.wait(5);
    let last = bench.image.records(Log::Transactions).map(|(position, _)| position).max();
    assert!(last > first, "the stop of the interrupted transaction comes after its start");
    assert!(bench.events.iter().any(|event| event.contains("RecordSkipped")));
}
