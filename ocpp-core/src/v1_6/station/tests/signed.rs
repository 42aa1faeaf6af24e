//! Values that the meter signed (1.6 §7.45 `SignedData`, 2.x SignedMeterValueType).

use super::*;
use crate::station::{Measurand, SignedValue};

/// What no parser would like, and a CSMS must get as it is.
const DATA: &str = "OCMF|{\"RD\":[{\"RV\":1.5}]}|{\"SD\":\"3045\\u0041\\n\u{e9}\"} ";

fn shows(energy_wh: i64) -> MeterReading {
    let data = format!("{DATA}{energy_wh}");
    MeterReading::energy_wh(energy_wh)
        .with(Measurand::Voltage, None, 230_000)
        .with_signed(SignedValue::new(&data, "OCMF"))
}

fn signing(settings: &[(&str, &str)]) -> StationConfig {
    let config = StationConfig::new("ws://csms/ocpp", "CP1", "Vendor", "Model")
        .with(|config| config.hardware.signs_readings = true);
    settings.iter().fold(config, |config, (key, value)| config.with_setting(key, value))
}

fn running(image: Image, settings: &[(&str, &str)]) -> Bench {
    let mut bench = Bench::with_config(image, signing(settings));
    bench.shows = shows;
    let mut bench = bench.online();
    bench.start();
    bench.answer("StartTransaction", &json!({"transactionId": 77, "idTagInfo": {"status": "Accepted"}}));
    bench.charge();
    bench.answer_all("StatusNotification", &json!({}));
    bench
}

/// Context, format and value of all values.
fn told(meter_values: &Value) -> Vec<(String, String, String)> {
    let samples = meter_values.as_array().unwrap().iter().flat_map(|value| value["sampledValue"].as_array().unwrap());
    let text = |sample: &Value, name: &str| sample[name].as_str().unwrap_or("Raw").to_owned();
    samples.map(|sample| (text(sample, "context"), text(sample, "format"), text(sample, "value"))).collect()
}

fn signed(context: &str, energy_wh: i64) -> (String, String, String) {
    (context.into(), "SignedData".into(), format!("{DATA}{energy_wh}"))
}

fn raw(context: &str, energy_wh: i64) -> (String, String, String) {
    (context.into(), "Raw".into(), energy_wh.to_string())
}

#[test]
fn signed_values_arrive_byte_for_byte_with_samples_begin_and_end_over_a_power_cut() {
    let mut bench = running(Image::default(), &[]);
    bench.energy_wh = 1200;
    bench.confirms = true;
    bench.input(Input::Link(LinkInput::Closed));
    bench.wait(60);
    let resuming = signing(&[]).with(|config| {
        config.policy.after_power_loss = crate::station::AfterPowerLoss::Resume(core::time::Duration::from_secs(60));
    });
    let mut bench = Bench::with_config(bench.image.clone(), resuming);
    (bench.shows, bench.energy_wh) = (shows, 1500);
    bench.plug();
    bench.open();
    bench.boot("Accepted");
    bench.answer_all("StatusNotification", &json!({}));
    let sample = bench.answer("MeterValues", &json!({}));
    assert_eq!(told(&sample["meterValue"]), [raw("Sample.Periodic", 1200), signed("Sample.Periodic", 1200)]);
    assert_eq!(sample["meterValue"][0]["sampledValue"][1]["measurand"], "Energy.Active.Import.Register");
    bench.answer_all("MeterValues", &json!({}));
    bench.swipe("TAG");
    let stop = bench.stop_request();
    let (begin, end) = ("Transaction.Begin", "Transaction.End");
    let both = [raw(begin, 1000), signed(begin, 1000), raw(end, 1500), signed(end, 1500)];
    assert_eq!(told(&stop["transactionData"]), both);
}

#[test]
fn signed_values_are_told_where_the_csms_wants_them() {
    let keys = json!({"key": ["SampledDataSignReadings", "AlignedDataSignReadings"]});
    let mut bench = running(Image::default(), &[("ClockAlignedDataInterval", "900")]);
    assert_eq!(bench.request("GetConfiguration", &keys)["configurationKey"].as_array().unwrap().len(), 2);
    let off = json!({"key": "SampledDataSignReadings", "value": "false"});
    assert_eq!(bench.request("ChangeConfiguration", &off)["status"], "Accepted");
    bench.wait(60);
    let sample = bench.answer("MeterValues", &json!({}));
    assert_eq!(told(&sample["meterValue"]), [raw("Sample.Periodic", 1000)]);
    bench.wait(40);
    let aligned = bench.answer("MeterValues", &json!({}));
    assert_eq!(told(&aligned["meterValue"]), [raw("Sample.Clock", 1000), signed("Sample.Clock", 1000)]);
    bench.swipe("TAG");
    let begin = "Transaction.Begin";
    let stop = bench.stop_request();
    assert_eq!(told(&stop["transactionData"]), [raw(begin, 1000), signed(begin, 1000)], "as it was wanted then");
    // A meter that is not said to sign has no such keys, and nothing of it is told.
    let mut bench = Bench::accepted(&[("StopTxnSampledData", "Energy.Active.Import.Register")]);
    assert_eq!(bench.request("GetConfiguration", &keys)["unknownKey"].as_array().unwrap().len(), 2);
    bench.shows = shows;
    bench.start();
    bench.answer("StartTransaction", &json!({"transactionId": 77, "idTagInfo": {"status": "Accepted"}}));
    bench.answer_all("StatusNotification", &json!({}));
    bench.swipe("TAG");
    let stop = bench.stop_request();
    assert_eq!(told(&stop["transactionData"]), [raw("Transaction.Begin", 1000), raw("Transaction.End", 1000)]);
}

#[test]
fn signed_value_that_is_too_long_is_not_taken_and_its_number_is() {
    let mut bench = running(Image::default(), &[]);
    bench.shows = |energy_wh| {
        let data = "x".repeat(32_769);
        MeterReading::energy_wh(energy_wh).with_signed(SignedValue::new(&data, "EDL"))
    };
    bench.wait(60);
    assert_eq!(told(&bench.answer("MeterValues", &json!({}))["meterValue"]), [raw("Sample.Periodic", 1000)]);
}
