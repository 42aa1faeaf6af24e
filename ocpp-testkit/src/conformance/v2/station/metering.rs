//! Meter values (J01, J02).

use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use serde_json::Value;

use crate::conformance::pattern::{Pattern, request, time};
use crate::conformance::v2::bench::Bench;
use crate::conformance::v2::{case, unwritten};
use crate::conformance::{Case, Need, Step, Stop};

const CLOCK: &str = "AlignedDataCtrlr.Interval";
const CLOCK_LIST: &str = "AlignedDataCtrlr.Measurands";
const CLOCK_ENDED: &str = "AlignedDataCtrlr.TxEndedInterval";
const CLOCK_ENDED_LIST: &str = "AlignedDataCtrlr.TxEndedMeasurands";
const UPDATED: &str = "SampledDataCtrlr.TxUpdatedInterval";
const UPDATED_LIST: &str = "SampledDataCtrlr.TxUpdatedMeasurands";
const STARTED_LIST: &str = "SampledDataCtrlr.TxStartedMeasurands";
const ENDED: &str = "SampledDataCtrlr.TxEndedInterval";
const ENDED_LIST: &str = "SampledDataCtrlr.TxEndedMeasurands";
const REGISTER: &str = "Energy.Active.Import.Register";
const SIGNED: &[Need] = &[Need::SignedReadings];
const IDLE_ONLY: &str = "AlignedDataCtrlr.SendDuringIdle";

pub(super) const CASES: &[Case] = &[
    case(
        "TC_J_01_CS",
        "By the clock, without a transaction",
        "J01.FR.01 to J01.FR.03, J01.FR.06 to J01.FR.08, J01.FR.14",
        &[],
        |bench| {
            let evse = bench.values.connector;
            let (interval, list) = (every(bench, CLOCK)?, listed(bench, CLOCK_LIST)?);
            let reading = request("MeterValues").is("evseId", evse).is(CONTEXT, "Sample.Clock");
            series(bench, interval, &list, |_| reading.clone())
        },
    ),
    case(
        "TC_J_02_CS",
        "By the clock, with a transaction",
        "J01.FR.01 to J01.FR.03, J01.FR.06 to J01.FR.08, J01.FR.14",
        &[],
        |bench| {
            let evse = bench.values.connector;
            bench.configure_if_there(IDLE_ONLY, "false")?;
            let (interval, list) = (every(bench, CLOCK)?, listed(bench, CLOCK_LIST)?);
            bench.charging(evse)?;
            series(bench, interval, &list, |bench| {
                bench.event(evse, "MeterValueClock", "Charging").is(CONTEXT, "Sample.Clock")
            })
        },
    ),
    case(
        "TC_J_03_CS",
        "By the clock, told at the end",
        "J01.FR.01 to J01.FR.03, J01.FR.08, E06.FR.11, E07.FR.08",
        &[],
        |bench| {
            bench.configure_if_there(IDLE_ONLY, "false")?;
            at_the_end(bench, (CLOCK_ENDED, CLOCK), CLOCK_ENDED_LIST, ENDED_LIST, "Sample.Clock")
        },
    ),
    case("TC_J_04_CS", "By the clock, signed", "J01.FR.21", SIGNED, |bench| {
        bench.configure("AlignedDataCtrlr.SignReadings", "true")?;
        bench.configure_if_there(IDLE_ONLY, "false")?;
        let end = ended_with(bench, (CLOCK_ENDED, CLOCK), CLOCK_ENDED_LIST, ENDED_LIST, "Sample.Clock")?;
        signed(&end, "Sample.Clock")
    }),
    case("TC_J_06_CS", "By the clock, only without a transaction", "J01.FR.18", &[Need::Key(IDLE_ONLY)], idle_only),
    case("TC_J_07_CS", "At the begin", "J02.FR.01, E01.FR.09, E02.FR.09", &[], at_the_begin),
    unwritten(
        "TC_J_08_CS",
        "At the begin, when the EVSE is not known",
        "J02.FR.01, E01.FR.09",
        "each reader of the simulated hardware is at an EVSE, so that it is known",
    ),
    case(
        "TC_J_09_CS",
        "By the interval",
        "J02.FR.01 to J02.FR.04, J02.FR.10, J02.FR.11, J02.FR.14, E02.FR.10",
        &[],
        |bench| {
            let evse = bench.values.connector;
            let (interval, list) = (every(bench, UPDATED)?, listed(bench, UPDATED_LIST)?);
            bench.charging(evse)?;
            series(bench, interval, &list, |bench| {
                bench.event(evse, "MeterValuePeriodic", "Charging").is(CONTEXT, "Sample.Periodic")
            })
        },
    ),
    case(
        "TC_J_10_CS",
        "By the interval, told at the end",
        "J02.FR.01 to J02.FR.04, J02.FR.10, E06.FR.11, E07.FR.08",
        &[],
        |bench| at_the_end(bench, (ENDED, UPDATED), ENDED_LIST, CLOCK_ENDED_LIST, "Sample.Periodic"),
    ),
    case("TC_J_11_CS", "By the interval, signed", "J02.FR.21", SIGNED, |bench| {
        bench.configure("SampledDataCtrlr.SignReadings", "true")?;
        let end = ended_with(bench, (ENDED, UPDATED), ENDED_LIST, CLOCK_ENDED_LIST, "Sample.Periodic")?;
        signed(&end, "Sample.Periodic")
    }),
];

const CONTEXT: &str = "meterValue.0.sampledValue.0.context";

/// The interval is that of the run.
fn every(bench: &mut Bench<'_>, name: &str) -> Step<Duration> {
    let interval = bench.values.sample;
    bench.configure_seconds(name, interval)?;
    Ok(interval)
}

fn listed(bench: &mut Bench<'_>, name: &str) -> Step<Vec<String>> {
    let list = bench.required(name)?;
    Ok(list.split(',').map(|one| one.trim().to_owned()).filter(|one| !one.is_empty()).collect())
}

/// What was measured, at which time.
fn readings(payload: &Value) -> Vec<(Option<DateTime<Utc>>, Vec<Value>)> {
    let all = payload.get("meterValue").and_then(Value::as_array).into_iter().flatten();
    let samples = |reading: &Value| reading.get("sampledValue").and_then(Value::as_array).cloned().unwrap_or_default();
    all.map(|reading| (reading.get("timestamp").and_then(time), samples(reading))).collect()
}

/// There is an element for each measurand; the register is what is meant where none is named.
fn complete(samples: &[Value], list: &[String]) -> Step {
    let named = |sample: &Value| sample.get("measurand").and_then(Value::as_str).unwrap_or(REGISTER).to_owned();
    match list.iter().find(|wanted| !samples.iter().any(|sample| named(sample) == **wanted)) {
        None => Ok(()),
        Some(lacks) => Err(Stop::Failed(format!("no {lacks} among {samples:?}"))),
    }
}

/// The times are so far from each other.
fn spaced(bench: &Bench<'_>, before: DateTime<Utc>, at: DateTime<Utc>, interval: Duration) -> Step {
    let off = (at - before - TimeDelta::from_std(interval).unwrap_or_default()).abs();
    if off <= bench.leeway() {
        return Ok(());
    }
    Err(Stop::Failed(format!("readings are {} ms off their interval", off.num_milliseconds())))
}

/// Three readings, each complete, and as far from the one before as the interval says.
fn series(bench: &mut Bench<'_>, interval: Duration, list: &[String], pattern: impl Fn(&Bench<'_>) -> Pattern) -> Step {
    let mut before = None;
    let began = bench.wall();
    for _ in 0..3 {
        let wanted = pattern(bench);
        let others = others(bench);
        let (_, call) = bench.first_of(interval + bench.values.patience, &[wanted], &others)?;
        for (at, samples) in readings(&call.payload) {
            complete(&samples, list)?;
            match (at, before) {
                (Some(at), Some(before)) => spaced(bench, before, at, interval)?,
                (Some(at), None) if at > began + TimeDelta::from_std(interval).unwrap_or_default() + bench.leeway() => {
                    return Err(Stop::Failed("the first reading is late".to_owned()));
                }
                (Some(_) | None, _) => {}
            }
            before = at;
        }
    }
    Ok(())
}

/// Readings of the EVSEs that are not under test come as often as they do.
fn others(bench: &Bench<'_>) -> Vec<Pattern> {
    let others = bench.evses().into_iter().filter(|evse| *evse != bench.values.connector);
    others
        .flat_map(|evse| std::iter::repeat_n(request("MeterValues").is("evseId", evse).is(CONTEXT, "Sample.Clock"), 9))
        .collect()
}

/// What the meter signed is beside each value of the register in this context, with its encoding.
fn signed(end: &Value, context: &str) -> Step {
    let is_signed = |sample: &Value| {
        let text = |name: &str| sample.pointer(name).and_then(Value::as_str).is_some_and(|text| !text.is_empty());
        text("/signedMeterValue/signedMeterData") && text("/signedMeterValue/encodingMethod")
    };
    let all: Vec<Value> = readings(end).into_iter().flat_map(|(_, samples)| samples).collect();
    match all.iter().filter(|sample| sample.get("context").is_some_and(|it| it == context)).find(|it| !is_signed(it)) {
        None => Ok(()),
        Some(sample) => Err(Stop::Failed(format!("unsigned: {sample}"))),
    }
}

fn at_the_end(bench: &mut Bench<'_>, intervals: (&str, &str), list: &str, other: &str, context: &str) -> Step {
    ended_with(bench, intervals, list, other, context).map(|_| ())
}

/// Readings of a context are told with the end, each complete, and as far from the one before as the interval says. Gives the end.
fn ended_with(
    bench: &mut Bench<'_>,
    (interval, instead): (&str, &str),
    list: &str,
    other: &str,
    context: &str,
) -> Step<Value> {
    let (evse, token) = (bench.values.connector, bench.values.token.clone());
    let span = bench.values.sample;
    // Its interval may be that of another list.
    match bench.configure_seconds(interval, span) {
        Err(Stop::NotApplicable(_)) => bench.configure_seconds(instead, span)?,
        other => other?,
    }
    bench.configure(list, REGISTER)?;
    bench.configure(other, "")?;
    bench.charging(evse)?;
    bench.pass(3 * span + Duration::from_millis(500))?;
    bench.present(evse, &token)?;
    let mut end = bench.ended(evse, "StopAuthorized", "Local").present("meterValue").may_name(&token);
    end = end.is("transactionInfo.chargingState", "EVConnected");
    if !bench.ends_with_authorisation() {
        bench.tells_stop(evse, "StopAuthorized", "Local", Some(&token))?;
        end = bench.ended(evse, "EVCommunicationLost", "Local").present("meterValue");
        end = end.is("transactionInfo.chargingState", "Idle");
        bench.leave(evse)?;
    }
    let free = [Bench::status(evse, "Available")];
    let (_, call) = bench.first_of(bench.values.patience, &[end], &free)?;
    let mut before = None;
    let mut count = 0;
    for (at, samples) in readings(&call.payload) {
        if !samples.first().is_some_and(|sample| sample.get("context").is_some_and(|it| it == context)) {
            continue;
        }
        complete(&samples, &[REGISTER.to_owned()])?;
        if let (Some(at), Some(before)) = (at, before) {
            spaced(bench, before, at, span)?;
        }
        (before, count) = (at, count + 1);
    }
    let last = readings(&call.payload).pop().is_some_and(|(_, samples)| {
        samples.iter().any(|sample| sample.get("context").is_some_and(|it| it == "Transaction.End"))
    });
    match (count >= 3, last || context == "Sample.Clock") {
        (true, true) => Ok(call.payload),
        (false, _) => Err(Stop::Failed(format!("{count} readings of {context} in {}", call.payload))),
        (true, false) => Err(Stop::Failed(format!("no reading of the end in {}", call.payload))),
    }
}

fn at_the_begin(bench: &mut Bench<'_>) -> Step {
    let (evse, token) = (bench.values.connector, bench.values.token.clone());
    let list = listed(bench, STARTED_LIST)?;
    bench.present(evse, &token)?;
    bench.expect(Bench::authorize(&token))?;
    let begin =
        request("TransactionEvent").is("eventType", "Started").is("evse.id", evse).is(CONTEXT, "Transaction.Begin");
    let trigger = if bench.starts_at("Authorized") { "Authorized" } else { "CablePluggedIn" };
    let state = if bench.starts_at("Authorized") { "Idle" } else { "SuspendedEVSE" };
    let begin = begin.names(&token).is("triggerReason", trigger).is("transactionInfo.chargingState", state);
    if !bench.starts_at("Authorized") {
        bench.plug(evse)?;
    }
    let told = [Bench::status(evse, "Occupied")];
    let (_, call) = bench.first_of(bench.values.patience, &[begin], &told)?;
    for (_, samples) in readings(&call.payload) {
        complete(&samples, &list)?;
    }
    bench.pass(bench.values.settle)?;
    bench.never(bench.values.settle, &["BootNotification"])
}

fn idle_only(bench: &mut Bench<'_>) -> Step {
    let evse = bench.values.connector;
    bench.configure(IDLE_ONLY, "true")?;
    let (interval, list) = (every(bench, CLOCK)?, listed(bench, CLOCK_LIST)?);
    let reading = request("MeterValues").is("evseId", evse).is(CONTEXT, "Sample.Clock");
    series(bench, interval, &list, |_| reading.clone())?;
    bench.charging(evse)?;
    bench.never(2 * interval, &["MeterValues", "TransactionEvent"])
}
