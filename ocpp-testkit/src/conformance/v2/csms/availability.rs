//! What is in service (G03, G04), and faults that are told as events (G05).

use serde_json::{Value, json};

use super::status;
use crate::conformance::pattern::answer;
use crate::conformance::v2::{Bench, CONNECTOR, case};
use crate::conformance::{Case, Step, Stop};

pub(super) const CASES: &[Case] = &[
    case("TC_G_03_CSMS", "An EVSE out of service", "G03.FR.01", &[], |bench| {
        of_the_evse(bench, "Inoperative", "Accepted")?;
        bench.shows("Unavailable")
    }),
    case("TC_G_04_CSMS", "An EVSE back in service", "G03.FR.01", &[], |bench| {
        bench.shows("Unavailable")?;
        of_the_evse(bench, "Operative", "Accepted")?;
        bench.shows("Available")
    }),
    case("TC_G_05_CSMS", "The station out of service", "G04.FR.01", &[], |bench| {
        order(bench, "Inoperative", None, "Accepted")?;
        bench.all_show("Unavailable")
    }),
    case("TC_G_07_CSMS", "A connector out of service", "G03.FR.01", &[], |bench| {
        of_the_connector(bench, "Inoperative")?;
        bench.shows("Unavailable")
    }),
    case("TC_G_08_CSMS", "A connector back in service", "G03.FR.01", &[], |bench| {
        bench.shows("Unavailable")?;
        of_the_connector(bench, "Operative")?;
        bench.shows("Available")
    }),
    case("TC_G_11_CSMS", "An EVSE out of service after its transaction", "G03.FR.05", &[], |bench| {
        let transaction = bench.told_charging()?;
        of_the_evse(bench, "Inoperative", "Scheduled")?;
        bench.told_stopped(&transaction)?;
        bench.told_disconnected(&transaction)?;
        bench.shows("Unavailable")
    }),
    case("TC_G_14_CSMS", "The station out of service after its transactions", "G04.FR.06", &[], |bench| {
        let transaction = bench.told_charging()?;
        order(bench, "Inoperative", None, "Scheduled")?;
        for evse in (1..=bench.values.connectors).filter(|evse| *evse != bench.values.connector) {
            bench.shows_at(evse, "Unavailable")?;
        }
        bench.told_stopped(&transaction)?;
        bench.told_disconnected(&transaction)?;
        bench.shows("Unavailable")
    }),
    case("TC_G_20_CSMS", "The lock of a plug fails", "G05.FR.03", &[], lock_failure),
];

fn order(bench: &mut Bench<'_>, wanted: &str, evse: Option<Value>, verdict: &str) -> Step {
    let is_of_the_station = evse.is_none();
    let request = match evse {
        Some(evse) => json!({ "operationalStatus": wanted, "evse": evse }),
        None => json!({ "operationalStatus": wanted }),
    };
    let call = bench.order("ChangeAvailability", request, status(verdict))?;
    match is_of_the_station && call.payload.get("evse").is_some() {
        true => Err(Stop::Failed(format!("one EVSE alone: {}", call.payload))),
        false => Ok(()),
    }
}

fn of_the_evse(bench: &mut Bench<'_>, wanted: &str, verdict: &str) -> Step {
    order(bench, wanted, Some(json!({ "id": bench.values.connector })), verdict)
}

fn of_the_connector(bench: &mut Bench<'_>, wanted: &str) -> Step {
    order(bench, wanted, Some(json!({ "id": bench.values.connector, "connectorId": CONNECTOR })), "Accepted")
}

fn lock_failure(bench: &mut Bench<'_>) -> Step {
    let at = bench.wall_text(chrono::TimeDelta::zero());
    let place = json!({ "id": bench.values.connector, "connectorId": CONNECTOR });
    let event = json!({
        "eventId": 1, "timestamp": at, "trigger": "Delta", "actualValue": "true",
        "eventNotificationType": "HardWiredNotification",
        "component": { "name": "ConnectorPlugRetentionLock", "evse": place }, "variable": { "name": "Problem" },
    });
    let payload = json!({ "generatedAt": at, "seqNo": 0, "eventData": [event] });
    bench.ask("NotifyEvent", payload, answer()).map(|_| ())
}
