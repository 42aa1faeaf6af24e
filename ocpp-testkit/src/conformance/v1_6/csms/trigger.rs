//! TriggerMessage (1.6 §5.17).

use serde_json::json;

use super::remote::accepted;
use crate::conformance::pattern::answer;
use crate::conformance::v1_6::{Bench, case};
use crate::conformance::{Case, Step};

pub(super) const CASES: &[Case] =
    &[case("TC_054_CSMS", "Messages that were asked for are taken", "5.17, 7.32", &[], triggers)];

fn triggers(bench: &mut Bench<'_>) -> Step {
    let connector = bench.values.connector;
    let at_connector = |message: &str| json!({ "requestedMessage": message, "connectorId": connector });
    bench.order("TriggerMessage", at_connector("MeterValues"), accepted())?;
    let sample = json!({
        "connectorId": connector,
        "meterValue": [{
            "timestamp": bench.wall_text(std::time::Duration::ZERO),
            "sampledValue": [{ "value": "1000", "context": "Trigger", "unit": "Wh" }],
        }],
    });
    bench.ask("MeterValues", sample, answer())?;
    bench.order("TriggerMessage", json!({ "requestedMessage": "Heartbeat" }), accepted())?;
    bench.ask("Heartbeat", json!({}), answer().present("currentTime"))?;
    bench.order("TriggerMessage", at_connector("StatusNotification"), accepted())?;
    bench.report("Available")?;
    for message in ["DiagnosticsStatusNotification", "FirmwareStatusNotification"] {
        bench.order("TriggerMessage", json!({ "requestedMessage": message }), accepted())?;
        bench.report_job(message, "Idle")?;
    }
    Ok(())
}
