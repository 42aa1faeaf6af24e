//! Meter values (1.6 §3.16, §4.7).

use chrono::{DateTime, TimeDelta, Utc};
use serde_json::{Value, json};

use crate::conformance::pattern::{answer, member, request, time};
use crate::conformance::v1_6::{Bench, case};
use crate::conformance::{Case, Step, Stop};

pub(super) const CASES: &[Case] = &[case(
    "TC_070_CS",
    "Sampled meter values come in time and complete",
    "3.16, 4.7, 7.43, errata 3.15, errata 3.16",
    &[],
    sampled,
)];

const DEFAULT: &str = "Energy.Active.Import.Register";

fn sampled(bench: &mut Bench<'_>) -> Step {
    let interval = bench.values.sample;
    bench.configure_seconds("MeterValueSampleInterval", interval)?;
    bench.configure_if_there("ClockAlignedDataInterval", "0")?;
    bench.ask(
        "GetConfiguration",
        json!({ "key": ["MeterValuesSampledData"] }),
        answer().is("configurationKey.0.key", "MeterValuesSampledData"),
    )?;
    let wanted: Vec<String> = bench.key("MeterValuesSampledData").split(',').map(|one| one.trim().to_owned()).collect();
    let transaction = bench.charging()?;
    let mut before: Option<DateTime<Utc>> = None;
    for _ in 0..3 {
        let pattern = request("MeterValues")
            .is("connectorId", bench.values.connector)
            .is("transactionId", transaction.0)
            .that("meterValue.0.sampledValue", "samples of the vehicle's session", are_periodic);
        let sample = bench.expect_within(interval + bench.values.patience, pattern)?;
        complete(&sample.payload, &wanted)?;
        let at = member(&sample.payload, "meterValue.0.timestamp").and_then(time);
        if let (Some(at), Some(before)) = (at, before) {
            let span: TimeDelta = at - before;
            let off = (span - TimeDelta::from_std(interval).unwrap_or_default()).abs();
            if off > bench.leeway() {
                return Err(Stop::Failed(format!("samples are {} ms off their interval", off.num_milliseconds())));
            }
        }
        before = at;
    }
    Ok(())
}

/// Every value was sampled by the clock of the interval, is plain, and was not measured in the vehicle, unless it is its
/// state of charge (errata 3.15, 3.16).
fn are_periodic(samples: &Value) -> bool {
    let samples = samples.as_array().map(Vec::as_slice).unwrap_or_default();
    let text =
        |sample: &Value, name, default: &str| sample.get(name).and_then(Value::as_str).unwrap_or(default).to_owned();
    !samples.is_empty()
        && samples.iter().all(|sample| {
            text(sample, "context", "Sample.Periodic") == "Sample.Periodic"
                && text(sample, "format", "Raw") == "Raw"
                && (text(sample, "location", "Outlet") != "EV" || text(sample, "measurand", DEFAULT) == "SoC")
        })
}

fn complete(payload: &Value, wanted: &[String]) -> Step {
    let samples = member(payload, "meterValue.0.sampledValue").and_then(Value::as_array).cloned().unwrap_or_default();
    let told: Vec<&str> =
        samples.iter().map(|sample| sample.get("measurand").and_then(Value::as_str).unwrap_or(DEFAULT)).collect();
    // A measurand with a phase is told with the phase apart.
    let is_told =
        |name: &&String| told.iter().any(|told| name.as_str() == *told || name.starts_with(&format!("{told}.L")));
    match wanted.iter().filter(|name| !name.is_empty()).find(|name| !is_told(name)) {
        None => Ok(()),
        Some(missing) => Err(Stop::Failed(format!("no {missing} in {payload}"))),
    }
}
