//! What the operator has the station say (F06).

use serde_json::{Value, json};

use super::accepted;
use crate::conformance::pattern::answer;
use crate::conformance::v2::{Bench, CONNECTOR, Event, case, reading};
use crate::conformance::{Case, Step, Stop};

pub(super) const CASES: &[Case] = &[
    case("TC_F_11_CSMS", "Meter values of an EVSE", "F06.FR.01, F06.FR.02", &[], |bench| {
        order(bench, "MeterValues", true)?;
        meter_values(bench, bench.values.connector)
    }),
    case("TC_F_12_CSMS", "Meter values of all", "F06.FR.01", &[], |bench| {
        order(bench, "MeterValues", false)?;
        (1..=bench.values.connectors).try_for_each(|evse| meter_values(bench, evse))
    }),
    case("TC_F_13_CSMS", "The transaction of an EVSE", "F06.FR.01, F06.FR.02", &[], |bench| event(bench, true)),
    case("TC_F_14_CSMS", "All transactions", "F06.FR.01", &[], |bench| event(bench, false)),
    case("TC_F_15_CSMS", "The state of an upload", "F06.FR.01", &[], |bench| job(bench, "LogStatusNotification")),
    case("TC_F_18_CSMS", "The state of an update", "F06.FR.01", &[], |bench| job(bench, "FirmwareStatusNotification")),
    case("TC_F_20_CSMS", "A heartbeat", "F06.FR.01", &[], |bench| {
        order(bench, "Heartbeat", false)?;
        bench.ask("Heartbeat", json!({}), answer().present("currentTime")).map(|_| ())
    }),
    case("TC_F_23_CSMS", "The status of a free connector", "F06.FR.01, F06.FR.02, F06.FR.13", &[], |bench| {
        connector(bench, "Available")
    }),
    case("TC_F_24_CSMS", "The status of a taken connector", "F06.FR.01, F06.FR.02, F06.FR.13", &[], |bench| {
        bench.shows("Occupied")?;
        connector(bench, "Occupied")
    }),
];

/// Of the EVSE under test, or of the station.
fn order(bench: &mut Bench<'_>, message: &str, of_an_evse: bool) -> Step {
    order_of(bench, message, of_an_evse.then(|| json!({ "id": bench.values.connector })))
}

fn order_of(bench: &mut Bench<'_>, message: &str, evse: Option<Value>) -> Step {
    let is_of_all = evse.is_none();
    let request = match evse {
        Some(evse) => json!({ "requestedMessage": message, "evse": evse }),
        None => json!({ "requestedMessage": message }),
    };
    let call = bench.order("TriggerMessage", request, accepted())?;
    match is_of_all && call.payload.get("evse").is_some() {
        true => Err(Stop::Failed(format!("of one EVSE alone: {}", call.payload))),
        false => Ok(()),
    }
}

fn meter_values(bench: &mut Bench<'_>, evse: u16) -> Step {
    let at = bench.wall_text(chrono::TimeDelta::zero());
    let payload = json!({ "evseId": evse, "meterValue": [reading(1_000, "Trigger", &at)] });
    bench.ask("MeterValues", payload, answer()).map(|_| ())
}

fn event(bench: &mut Bench<'_>, of_an_evse: bool) -> Step {
    let transaction = bench.told_charging()?;
    order(bench, "TransactionEvent", of_an_evse)?;
    let at = bench.wall_text(chrono::TimeDelta::zero());
    bench.tells(&transaction, Event::updated("Trigger").state("Charging").reading(1_500, "Trigger", &at))
}

fn job(bench: &mut Bench<'_>, action: &str) -> Step {
    order(bench, action, false)?;
    bench.ask(action, json!({ "status": "Idle" }), answer()).map(|_| ())
}

fn connector(bench: &mut Bench<'_>, status: &str) -> Step {
    let evse = json!({ "id": bench.values.connector, "connectorId": CONNECTOR });
    order_of(bench, "StatusNotification", Some(evse))?;
    bench.shows(status)
}
