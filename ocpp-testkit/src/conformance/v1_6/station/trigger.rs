//! TriggerMessage (1.6 §5.17).

use serde_json::{Value, json};

use crate::conformance::pattern::{answer, request, status};
use crate::conformance::v1_6::{Bench, case};
use crate::conformance::{Case, Need, Step};

pub(super) const CASES: &[Case] = &[case(
    "TC_054_CS",
    "Messages are sent when they are asked for",
    "5.17, 7.24, 7.25, 7.32, errata 3.46",
    &[Need::Profile("RemoteTrigger")],
    triggers,
)];

fn trigger(message: &str, connector: Option<u16>) -> Value {
    match connector {
        Some(connector) => json!({ "requestedMessage": message, "connectorId": connector }),
        None => json!({ "requestedMessage": message }),
    }
}

fn triggers(bench: &mut Bench<'_>) -> Step {
    let connector = bench.values.connector;
    for (message, at, sent) in [
        (
            "MeterValues",
            Some(connector),
            // Outside a transaction, and because it was asked for.
            request("MeterValues")
                .is("connectorId", connector)
                .absent("transactionId")
                .is("meterValue.0.sampledValue.0.context", "Trigger"),
        ),
        ("Heartbeat", None, request("Heartbeat")),
        ("StatusNotification", Some(connector), Bench::status(connector, "Available")),
    ] {
        bench.ask("TriggerMessage", trigger(message, at), status("Accepted"))?;
        bench.expect(sent)?;
    }
    for (message, verdicts) in [
        ("DiagnosticsStatusNotification", ["Accepted", "Accepted"]),
        ("FirmwareStatusNotification", ["Accepted", "NotImplemented"]),
    ] {
        let told = bench.ask("TriggerMessage", trigger(message, None), answer().one_of("status", verdicts))?;
        if told.get("status").is_some_and(|told| told == "Accepted") {
            bench.expect(request(message).is("status", "Idle"))?;
        }
    }
    Ok(())
}
