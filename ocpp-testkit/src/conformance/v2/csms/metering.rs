//! Meter values of the clock and of an interval, signed ones too (J01, J02).

use chrono::TimeDelta;
use serde_json::{Value, json};

use crate::conformance::pattern::answer;
use crate::conformance::v2::{Bench, Event, case, reading};
use crate::conformance::{Case, Step};

pub(super) const CASES: &[Case] = &[
    case("TC_J_01_CSMS", "By the clock, where nobody charges", "J01.FR.18", &[], |bench| idle(bench, 0)),
    case("TC_J_02_CSMS", "By the clock, where somebody charges", "J01.FR.18", &[], |bench| {
        let transaction = bench.told_charging()?;
        idle(bench, bench.values.connector)?;
        during(bench, &transaction, "MeterValueClock", "Sample.Clock")
    }),
    case("TC_J_03_CSMS", "By the clock, with the end", "J01.FR.18", &[], |bench| {
        with_the_end(bench, "Sample.Clock", false)
    }),
    case("TC_J_04_CSMS", "By the clock, signed", "J01.FR.21", &[], |bench| with_the_end(bench, "Sample.Clock", true)),
    case("TC_J_09_CSMS", "By an interval", "J02.FR.19", &[], |bench| {
        let transaction = bench.told_charging()?;
        during(bench, &transaction, "MeterValuePeriodic", "Sample.Periodic")
    }),
    case("TC_J_10_CSMS", "By an interval, with the end", "J02.FR.19", &[], |bench| {
        with_the_end(bench, "Sample.Periodic", false)
    }),
    case("TC_J_11_CSMS", "By an interval, signed", "J02.FR.21", &[], |bench| {
        with_the_end(bench, "Sample.Periodic", true)
    }),
];

/// How many readings there are.
const READINGS: u32 = 3;

/// Of the main meter, and of each EVSE but the one where somebody charges.
fn idle(bench: &mut Bench<'_>, charging: u16) -> Step {
    for evse in (0..=bench.values.connectors).filter(|evse| charging == 0 || *evse != charging) {
        let at = bench.wall_text(TimeDelta::zero());
        let payload = json!({ "evseId": evse, "meterValue": [reading(1_000, "Sample.Clock", &at)] });
        bench.ask("MeterValues", payload, answer())?;
    }
    Ok(())
}

fn during(bench: &mut Bench<'_>, transaction: &str, trigger: &str, context: &str) -> Step {
    for n in 0..READINGS {
        bench.pass(bench.values.sample)?;
        let at = bench.wall_text(TimeDelta::zero());
        bench.tells(transaction, Event::updated(trigger).reading(1_000 + 100 * n, context, &at))?;
    }
    Ok(())
}

/// All readings come with the end of the transaction.
fn with_the_end(bench: &mut Bench<'_>, context: &str, is_signed: bool) -> Step {
    let transaction = bench.told_charging()?;
    let mut readings: Vec<Value> = Vec::new();
    for n in 0..READINGS {
        bench.pass(bench.values.sample)?;
        let at = bench.wall_text(TimeDelta::zero());
        let context = if n + 1 == READINGS { "Transaction.End" } else { context };
        let mut value = reading(1_000 + 100 * n, context, &at);
        if let (true, Some(sample)) = (is_signed, value.pointer_mut("/sampledValue/0").and_then(Value::as_object_mut)) {
            let signed = json!({ "signedMeterData": "c2lnbmVk", "signingMethod": "ECDSA", "encodingMethod": "OCMF",
                "publicKey": "a2V5" });
            sample.insert("signedMeterValue".to_owned(), signed);
        }
        readings.push(value);
    }
    bench.told_stopped(&transaction)?;
    bench.shows("Available")?;
    let end = Event::ended("EVCommunicationLost", "EVDisconnected").state("Idle");
    bench.tells(&transaction, end.with("meterValue", readings))
}
