//! MeterValues and `transactionData` (1.6 §3.16, §4.7): intervals, the clock, and what a stop tells.

use super::*;
use crate::station::{Measurand, Phase};

/// At 2023-11-14T22:13:20Z; the quarter of the hour comes 100 s later.
const QUARTER: &str = "2023-11-14T22:15:00Z";

fn shows(energy_wh: i64) -> MeterReading {
    MeterReading::energy_wh(energy_wh)
        .with(Measurand::Voltage, Some(Phase::L1), 230_100)
        .with(Measurand::Voltage, Some(Phase::L2), 231_200)
        .with(Measurand::SoC, None, 55_000)
        .with(Measurand::Frequency, None, 49_987)
        .with(Measurand::PowerFactor, None, 980)
}

/// Context, measurand with phase, and value of everything in a list of `meterValue`.
fn told(meter_values: &Value) -> Vec<String> {
    let mut lines = Vec::new();
    for meter_value in meter_values.as_array().unwrap_or(&Vec::new()) {
        for sample in meter_value["sampledValue"].as_array().unwrap() {
            let phase = sample["phase"].as_str().map(|phase| format!(".{phase}")).unwrap_or_default();
            let text = |name: &str| sample[name].as_str().unwrap_or("-").to_owned();
            lines.push(format!("{} {}{phase} {} {}", text("context"), text("measurand"), text("value"), text("unit")));
        }
    }
    lines
}

fn quiet(extra: &[(&'static str, &'static str)]) -> Vec<(&'static str, &'static str)> {
    [&[("MeterValueSampleInterval", "0")], extra].concat()
}

#[test]
fn clock_aligned_values_come_at_fixed_times_with_and_without_a_transaction() {
    let keys = quiet(&[("ClockAlignedDataInterval", "900"), ("MeterValuesAlignedData", "Voltage.L2,SoC")]);
    let mut bench = Bench::accepted(&keys);
    bench.shows = shows;
    bench.wait(99);
    assert_eq!(bench.sent, Vec::<Value>::new());
    bench.wait(1);
    let values = bench.answer("MeterValues", &json!({}));
    assert_eq!((&values["connectorId"], values.get("transactionId")), (&json!(1), None));
    assert_eq!(values["meterValue"][0]["timestamp"], QUARTER);
    assert_eq!(told(&values["meterValue"]), ["Sample.Clock Voltage.L2 231.2 V", "Sample.Clock SoC 55 Percent"]);

    bench.start();
    bench.answer("StartTransaction", &json!({"transactionId": 77, "idTagInfo": {"status": "Accepted"}}));
    bench.answer_all("StatusNotification", &json!({}));
    bench.wait_with_heartbeats(900);
    let values = bench.answer("MeterValues", &json!({}));
    assert_eq!(
        (&values["transactionId"], &values["meterValue"][0]["timestamp"]),
        (&json!(77), &json!("2023-11-14T22:30:00Z"))
    );
}

/// 1.6 §3.7: they are queued while offline, but leave room for transactions.
#[test]
fn clock_aligned_values_of_an_offline_night_arrive_and_do_not_fill_the_journal() {
    let mut config = config(&quiet(&[("ClockAlignedDataInterval", "900"), ("AllowOfflineTxForUnknownId", "true")]));
    config.limits.journal_samples = 8;
    let mut bench = Bench::with_config(Image::default(), config);
    bench.open();
    bench.boot("Accepted");
    bench.answer_all("StatusNotification", &json!({}));
    bench.input(Input::Link(LinkInput::Closed));
    bench.wait(8 * 3600);
    let samples = bench.image.entries.keys().filter(|key| key.as_str().starts_with("sample/"));
    assert_eq!(samples.count(), 4);
    bench.plug();
    bench.swipe("TAG");
    bench.open();
    bench.answer_all("StatusNotification", &json!({}));
    bench.answer_all("Heartbeat", &json!({"currentTime": wall(bench.now).to_rfc3339()}));
    for _ in 0..4 {
        let values = bench.answer("MeterValues", &json!({}));
        assert_eq!(values.get("transactionId"), None);
    }
    bench.call("StartTransaction");
}

#[test]
fn clock_step_moves_the_times_of_aligned_values() {
    let mut bench = Bench::accepted(&quiet(&[("ClockAlignedDataInterval", "900")]));
    bench.input(Input::Wall(wall(bench.now + 40_000)));
    bench.wait(59);
    assert_eq!(bench.sent, Vec::<Value>::new());
    bench.wait(1);
    assert_eq!(bench.answer("MeterValues", &json!({}))["meterValue"][0]["timestamp"], QUARTER);
}

#[test]
fn every_measurand_that_the_meter_offers_is_told_with_its_unit() {
    let mut bench = Bench::running(&[("MeterValuesSampledData", "SoC,Voltage,Frequency,Power.Factor")]);
    bench.shows = shows;
    bench.wait(60);
    let values = bench.answer("MeterValues", &json!({}));
    let lines = [
        "Sample.Periodic Voltage.L1 230.1 V",
        "Sample.Periodic Voltage.L2 231.2 V",
        "Sample.Periodic SoC 55 Percent",
        "Sample.Periodic Frequency 49.987 -",
        "Sample.Periodic Power.Factor 0.98 -",
    ];
    assert_eq!(told(&values["meterValue"]), lines);
}

/// The deadline of the sample lies in the past while the meter is waited for, and must not hide the meter's.
#[test]
fn silent_meter_is_waited_for_no_longer_than_its_time() {
    let mut bench = Bench::running(&[("MeterValueSampleInterval", "60")]);
    bench.meter_answers = false;
    bench.wait(61);
    assert!(!bench.events.iter().any(|event| event.contains("MeterSilent")));
    let deadline = bench.station.poll_timeout().map(Instant::as_millis);
    assert_eq!(deadline, Some(62_000));
    bench.wait(1);
    assert!(bench.events.iter().any(|event| event.contains("MeterSilent")));
    assert_eq!(bench.sent, Vec::<Value>::new(), "an old value under a new time would be false");
}

/// Errata 3.14, and §3.16.5.
#[test]
fn stop_tells_begin_and_end_and_what_lies_between_or_nothing() {
    let keys = [
        ("MeterValuesSampledData", ""),
        ("MeterValuesAlignedData", ""),
        ("ClockAlignedDataInterval", "900"),
        ("MeterValueSampleInterval", "70"),
        ("StopTxnSampledData", "Energy.Active.Import.Register"),
        ("StopTxnAlignedData", "SoC"),
    ];
    let mut bench = Bench::accepted(&keys);
    bench.shows = shows;
    bench.start();
    bench.answer("StartTransaction", &json!({"transactionId": 77, "idTagInfo": {"status": "Accepted"}}));
    bench.answer_all("StatusNotification", &json!({}));
    bench.energy_wh = 1200;
    bench.wait(110);
    assert_eq!(bench.sent, Vec::<Value>::new(), "no MeterValues are configured");

    // A power cut: what was recorded is still told.
    let mut bench = Bench::new(bench.image.clone(), &keys);
    bench.shows = shows;
    bench.energy_wh = 1500;
    bench.now += 200_000;
    bench.open();
    bench.boot("Accepted");
    let stop = bench.stop_request();
    let lines = [
        "Transaction.Begin Energy.Active.Import.Register 1000 Wh",
        "Transaction.Begin SoC 55 Percent",
        "Sample.Periodic Energy.Active.Import.Register 1200 Wh",
        "Sample.Clock SoC 55 Percent",
    ];
    assert_eq!(told(&stop["transactionData"])[..4], lines);
    assert_eq!(stop["transactionData"][0]["timestamp"], "2023-11-14T22:13:20Z");
    assert_eq!(stop["transactionData"][1]["timestamp"], "2023-11-14T22:14:30Z");
    assert_eq!(stop["transactionData"][2]["timestamp"], QUARTER);
    let end = ["Transaction.End Energy.Active.Import.Register 1500 Wh", "Transaction.End SoC 55 Percent"];
    assert_eq!(told(&stop["transactionData"])[4..], end, "not the 1000 Wh that the meter showed as it woke up");
    assert!(bench.image.logs.values().all(|log| log.is_empty()), "{:?}", bench.image.logs);

    let mut bench = Bench::running(&[]);
    bench.swipe("TAG");
    assert_eq!(bench.stop_request().get("transactionData"), None);
}

/// Errata 3.91.
#[test]
fn long_transaction_tells_as_much_as_it_may_and_always_begin_and_end() {
    let keys = [
        ("MeterValuesSampledData", ""),
        ("MeterValueSampleInterval", "60"),
        ("StopTxnSampledData", "Energy.Active.Import.Register"),
        ("StopTransactionMaxMeterValues", "10"),
    ];
    let mut bench = Bench::running(&keys);
    for _ in 0..200 {
        bench.energy_wh += 10;
        bench.wait_with_heartbeats(60);
    }
    bench.swipe("TAG");
    let data = told(&bench.stop_request()["transactionData"]);
    assert!((6..=10).contains(&data.len()), "{data:?}");
    assert_eq!(data.first().unwrap(), "Transaction.Begin Energy.Active.Import.Register 1000 Wh");
    assert_eq!(data.last().unwrap(), "Transaction.End Energy.Active.Import.Register 3000 Wh");
}

/// The budget of flash per transaction with a sample: under 3.2 KB in at most 13 writes, of which the sample takes 4 (two records,
/// the energy told, a trim), and the end 3 beside its record (its promise, and two trims).
#[test]
fn transaction_wears_out_little_flash() {
    let keys = [("StopTxnSampledData", "Energy.Active.Import.Register"), ("MeterValueSampleInterval", "600")];
    let mut bench = Bench::accepted(&keys);
    bench.confirms = false;
    let (mut writes, mut bytes) = (0, 0);
    let mut flush = |bench: &mut Bench| {
        while !bench.unconfirmed.is_empty() {
            writes += bench.unconfirmed.len();
            bytes += bench.unconfirmed.iter().map(|(_, op)| size(op)).sum::<usize>();
            bench.confirm();
            bench.drain();
        }
    };
    bench.start();
    flush(&mut bench);
    bench.answer("StartTransaction", &json!({"transactionId": 77, "idTagInfo": {"status": "Accepted"}}));
    flush(&mut bench);
    bench.answer_all("StatusNotification", &json!({}));
    bench.energy_wh = 2000;
    bench.wait_with_heartbeats(600);
    flush(&mut bench);
    bench.answer("MeterValues", &json!({}));
    flush(&mut bench);
    bench.swipe("TAG");
    flush(&mut bench);
    bench.stop_request();
    flush(&mut bench);
    bench.cable(Cable::Absent);
    flush(&mut bench);
    assert!(writes <= 13, "{writes} writes");
    assert!(bytes < 3_200 / 4, "{bytes} bytes");
}

fn size(op: &StoreOp) -> usize {
    match op {
        StoreOp::Append { record, .. } => record.len() + 8,
        StoreOp::Put { key, value } => key.as_str().len() + value.len(),
        StoreOp::Delete { key } => key.as_str().len(),
        StoreOp::Trim { .. } => 8,
    }
}

/// 1.6 §3.5.4: a refused transaction may have so much energy that the vehicle gets away.
#[test]
fn refused_transaction_has_its_allowance_and_no_more() {
    for (stops, end) in [("true", "1 Finishing"), ("false", "1 SuspendedEVSE")] {
        let keys = quiet(&[("MaxEnergyOnInvalidId", "500"), ("StopTransactionOnInvalidId", stops)]);
        let mut bench = Bench::accepted(&keys);
        bench.start();
        bench.answer("StartTransaction", &json!({"transactionId": 5, "idTagInfo": {"status": "Invalid"}}));
        bench.charge();
        assert_eq!(bench.statuses().last().map(String::as_str), Some("1 Charging"));
        bench.energy_wh = 1499;
        bench.wait(30);
        assert_eq!(bench.sent, Vec::<Value>::new());
        bench.energy_wh = 1501;
        bench.wait(11);
        assert_eq!(bench.statuses().last().map(String::as_str), Some(end));
        assert_eq!(
            bench.orders.iter().rev().find(|o| matches!(o, EvseAction::Power(_))),
            Some(&EvseAction::Power(Power::Off))
        );
    }
}

/// A meter that says nothing gives no energy away.
#[test]
fn refused_transaction_without_a_meter_ends_at_once() {
    let mut bench = Bench::accepted(&quiet(&[("MaxEnergyOnInvalidId", "500")]));
    bench.start();
    bench.answer("StartTransaction", &json!({"transactionId": 5, "idTagInfo": {"status": "Invalid"}}));
    bench.charge();
    bench.answer_all("StatusNotification", &json!({}));
    bench.meter_answers = false;
    bench.wait(20);
    assert_eq!(bench.stop_request()["reason"], "DeAuthorized");
}
