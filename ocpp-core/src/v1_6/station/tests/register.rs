//! No register is invented, and what was told never goes back (1.6 §6.45, §6.49, errata 3.78).

use super::*;
use crate::station::WithoutMeter;
use alloc::vec;

fn seen(bench: &Bench, event: &str) -> usize {
    bench.events.iter().filter(|told| told.contains(event)).count()
}

fn granted(config: StationConfig) -> Bench {
    let mut bench = Bench::with_config(Image::default(), config).online();
    bench.meter_answers = false;
    bench.plug();
    bench.swipe("TAG");
    bench.answer_all("StatusNotification", &json!({}));
    bench.answer("Authorize", &json!({"idTagInfo": {"status": "Accepted"}}));
    bench
}

#[test]
fn start_without_a_meter_is_refused_and_the_driver_told() {
    let mut bench = granted(config(&[]));
    bench.wait(7);
    assert_eq!(seen(&bench, "TokenRefused { evse: Some(EvseId(1)), reason: MeterSilent }"), 1);
    assert_eq!(seen(&bench, "TransactionStarted"), 0);
    assert!(!bench.orders.contains(&EvseAction::Power(Power::On)));
    assert_eq!(bench.orders.iter().filter(|order| **order == EvseAction::ReadMeter).count(), 3);
    assert_eq!(bench.statuses(), ["1 Finishing"]);
}

#[test]
fn start_waits_for_a_meter_that_is_slow() {
    let mut bench = granted(config(&[]));
    bench.wait(5);
    bench.input(Input::Evse(EVSE, EvseInput::Meter(MeterReading::energy_wh(7000))));
    bench.answer_all("StatusNotification", &json!({}));
    assert_eq!(bench.answer("StartTransaction", &json!({}))["meterStart"], 7000);
}

/// The register at rest is that of the last reading.
#[test]
fn start_takes_a_reading_of_the_rest_before_it_and_no_other() {
    for (age, is_started) in [(20, true), (70, false)] {
        let mut bench = Bench::accepted(&[]);
        bench.meter_answers = false;
        bench.input(Input::Evse(EVSE, EvseInput::Meter(MeterReading::energy_wh(7000))));
        bench.wait(age);
        bench.plug();
        bench.swipe("TAG");
        bench.answer_all("StatusNotification", &json!({}));
        bench.answer("Authorize", &json!({"idTagInfo": {"status": "Accepted"}}));
        bench.wait(7);
        assert_eq!(seen(&bench, "TransactionStarted") == 1, is_started, "{age} s");
    }
}

#[test]
fn start_with_energy_begins_with_the_first_reading() {
    let mut config = config(&[]);
    config.policy.without_meter = WithoutMeter::Charge;
    let mut bench = granted(config.clone());
    bench.wait(7);
    assert_eq!(
        bench.orders.iter().rfind(|order| **order != EvseAction::ReadMeter),
        Some(&EvseAction::Power(Power::On))
    );
    bench.charge();
    bench.wait(20);
    assert_eq!(bench.statuses(), ["1 SuspendedEV", "1 Charging"]);
    assert_eq!(bench.sent, Vec::<Value>::new(), "no start is told without a reading");
    assert!(!bench.image.entries.keys().any(|key| key.as_str().starts_with("tx/")));
    bench.input(Input::Evse(EVSE, EvseInput::Meter(MeterReading::energy_wh(7000))));
    assert_eq!(bench.answer("StartTransaction", &json!({}))["meterStart"], 7000);

    let mut bench = granted(config);
    bench.wait(7);
    bench.swipe("TAG");
    let power = |order: &&EvseAction| matches!(order, EvseAction::Power(_));
    assert_eq!(bench.orders.iter().rfind(power), Some(&EvseAction::Power(Power::Off)), "its driver ends it");
    assert_eq!(seen(&bench, "TransactionStarted"), 0);
}

/// Samples were delivered, so the journal holds nothing of them.
#[test]
fn stop_after_a_power_cut_is_not_below_what_was_delivered() {
    let mut bench = Bench::running(&[]);
    for energy_wh in [1119, 1239] {
        bench.energy_wh = energy_wh;
        bench.wait(60);
        bench.answer("MeterValues", &json!({}));
    }
    let mut next = Bench::new(bench.image.clone(), &[]);
    next.meter_answers = false;
    next.wait(10);
    let mut next = next.online();
    assert_eq!(next.stop_request()["meterStop"], 1239);

    // One that wakes up slowly is waited for.
    let mut next = Bench::new(bench.image.clone(), &[]);
    next.meter_answers = false;
    next.wait(3);
    next.input(Input::Evse(EVSE, EvseInput::Meter(MeterReading::energy_wh(1303))));
    let mut next = next.online();
    assert_eq!(next.stop_request()["meterStop"], 1303);

    // And one that was reset.
    let mut next = Bench::new(bench.image.clone(), &[]);
    next.energy_wh = 0;
    next.wait(10);
    let mut next = next.online();
    assert_eq!(next.stop_request()["meterStop"], 1239);
}

/// Readings that only the stop tells are on record before it.
#[test]
fn stop_after_a_power_cut_is_not_below_the_readings_that_it_tells() {
    let keys = [("MeterValuesSampledData", ""), ("StopTxnSampledData", "Energy.Active.Import.Register")];
    let mut bench = Bench::running(&keys);
    bench.energy_wh = 1500;
    bench.wait(60);
    let mut next = Bench::new(bench.image.clone(), &keys);
    next.meter_answers = false;
    next.wait(10);
    let mut next = next.online();
    assert_eq!(next.stop_request()["meterStop"], 1500);
}

#[test]
fn meter_that_goes_back_is_told_of_and_the_bill_goes_on() {
    let told = |readings: &[i64], stop_wh: i64| -> (Vec<String>, Value, usize) {
        let mut bench = Bench::running(&[]);
        let mut samples = Vec::new();
        for energy_wh in readings {
            bench.energy_wh = *energy_wh;
            bench.wait(60);
            while bench.sent.first().is_some_and(|call| call[2] == "MeterValues") {
                let values = bench.answer("MeterValues", &json!({}));
                samples.push(values["meterValue"][0]["sampledValue"][0]["value"].as_str().unwrap().to_owned());
            }
        }
        bench.energy_wh = stop_wh;
        bench.wait(1);
        bench.swipe("TAG");
        bench.wait(7);
        let stop = bench.stop_request()["meterStop"].clone();
        (samples, stop, seen(&bench, "MeterImplausible"))
    };
    assert_eq!(told(&[1100, 0, 1300], 1400), (vec!["1100".into(), "1300".into()], json!(1400), 1), "a glitch");
    assert_eq!(told(&[1100, 0, 100], 200), (vec!["1100".into(), "1200".into()], json!(1300), 1), "a reset register");
    assert_eq!(told(&[1100], 0).1, 1100, "never a bill of nothing");
    assert_eq!(
        told(&[9_000_000, 9_000_100], 9_000_200),
        (vec!["1100".into()], json!(1200), 1),
        "it slept at the start"
    );
}

/// The next transaction begins with what the meter shows, not with what the one before told.
#[test]
fn register_that_moved_begins_the_next_transaction_as_it_is() {
    let mut bench = Bench::running(&[]);
    for energy_wh in [1100, 10, 20] {
        bench.energy_wh = energy_wh;
        bench.wait(60);
        bench.answer_all("MeterValues", &json!({}));
    }
    bench.swipe("TAG");
    bench.wait(3);
    assert_eq!(bench.stop_request()["meterStop"], 1110);
    bench.cable(Cable::Absent);
    bench.answer_all("StatusNotification", &json!({}));
    bench.plug();
    bench.swipe("TAG");
    bench.answer_all("StatusNotification", &json!({}));
    bench.answer("Authorize", &json!({"idTagInfo": {"status": "Accepted"}}));
    bench.answer_all("StatusNotification", &json!({}));
    assert_eq!(bench.answer("StartTransaction", &json!({}))["meterStart"], 20);
}

/// An entry of before samples were counted in it is read as one without any.
#[test]
fn entry_of_before_tells_the_start() {
    let bytes = "011001035441470080897a01ca01000000bafaee96ef6600";
    let value = (0..bytes.len() / 2).map(|at| u8::from_str_radix(&bytes[2 * at..2 * at + 2], 16).unwrap()).collect();
    let mut image = Image::default();
    image.apply(&StoreOp::Put { key: crate::store::EntryKey::new("tx/4294967296"), value });
    let mut bench = Bench::new(image, &[]);
    bench.meter_answers = false;
    bench.wait(10);
    let mut bench = bench.online();
    let stop = bench.stop_request();
    assert_eq!((&stop["meterStop"], &stop["transactionId"]), (&json!(1000), &json!(101)));
}
