//! Booting (1.6 §4.2).

use serde_json::json;

use crate::conformance::pattern::{answer, request, status};
use crate::conformance::v1_6::{Bench, case};
use crate::conformance::{Case, Step, Stop};

pub(super) const CASES: &[Case] =
    &[case("TC_002_CS", "A station that is told to wait boots again", "4.2, 4.6, 5.3, 5.8, errata 3.22", &[], pending)];

fn pending(bench: &mut Bench<'_>) -> Step {
    let pending = bench.boot_answer("Pending");
    bench.will_answer("BootNotification", pending);
    bench.power_cycle()?;
    let told = bench.expect_boot()?.at;
    bench.ask("GetConfiguration", json!({}), answer().present("configurationKey"))?;
    let sample = json!({ "key": "MeterValueSampleInterval", "value": bench.values.sample.as_secs().to_string() });
    bench.ask("ChangeConfiguration", sample, status("Accepted"))?;
    let accepted = bench.expect_boot()?.at;
    if accepted < told + bench.values.retry {
        return Err(Stop::Failed("booted again before its time".to_owned()));
    }
    let all: Vec<_> = (0..=bench.connectors()).map(|connector| Bench::status(connector, "Available")).collect();
    bench.gather(&all, &[])?;
    let patience = bench.values.heartbeat + bench.values.patience;
    let first = bench.expect_within(patience, request("Heartbeat"))?.at;
    let second = bench.expect_within(patience, request("Heartbeat"))?.at;
    let (span, tolerance) = (second.saturating_since(first), bench.values.tolerance);
    if span + tolerance < bench.values.heartbeat || span > bench.values.heartbeat + tolerance {
        return Err(Stop::Failed(format!("{} ms between two heartbeats", span.as_millis())));
    }
    Ok(())
}
