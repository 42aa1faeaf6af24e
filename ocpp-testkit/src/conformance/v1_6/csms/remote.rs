//! What the operator orders: remote start and stop, reset, unlock (1.6 §5.11, §5.12, §5.14, §5.18).

use serde_json::{Value, json};

use crate::conformance::v1_6::{Bench, case};
use crate::conformance::{Case, Step};

pub(super) const CASES: &[Case] = &[
    case("TC_010_CSMS", "Remote start, cable first", "5.11, 9.1.3", &[], cable_first),
    case("TC_011_1_CSMS", "Remote start, cable later", "5.11, 9.1.3", &[], cable_later),
    case("TC_011_2_CSMS", "Remote start, no cable in time", "5.11, 9.1.6", &[], no_cable),
    case("TC_012_CSMS", "Remote stop", "5.12, 4.10", &[], remote_stop),
    case("TC_014_CSMS", "Soft reset", "5.14, 4.2, 7.42", &[], soft_reset),
    case("TC_017_2_CSMS", "Unlock with a fixed cable", "5.18, 7.46", &[], |bench| unlock(bench, "NotSupported")),
    case("TC_018_1_CSMS", "Unlock during a transaction", "5.18, 4.10", &[], unlock_charging),
];

pub(super) fn accepted() -> Value {
    json!({ "status": "Accepted" })
}

/// A remote start of the valid token at the connector under test, which the station confirms with the CSMS.
fn remote_start(bench: &mut Bench<'_>) -> Step {
    let token = bench.values.token.clone();
    let request = json!({ "connectorId": bench.values.connector, "idTag": token });
    bench.order("RemoteStartTransaction", request, accepted())?;
    bench.authorize_as(&token, "Accepted")
}

fn cable_first(bench: &mut Bench<'_>) -> Step {
    bench.report("Preparing")?;
    remote_start(bench)?;
    bench.report_start()?;
    bench.report("Charging")
}

fn cable_later(bench: &mut Bench<'_>) -> Step {
    remote_start(bench)?;
    bench.report("Preparing")?;
    bench.report_start()?;
    bench.report("Charging")
}

fn no_cable(bench: &mut Bench<'_>) -> Step {
    remote_start(bench)?;
    bench.report("Preparing")?;
    bench.pass(bench.values.connection_timeout)?;
    bench.report("Available")
}

fn remote_stop(bench: &mut Bench<'_>) -> Step {
    let transaction = bench.report_charging()?;
    bench.order("RemoteStopTransaction", json!({ "transactionId": transaction }), accepted())?;
    bench.report_stop(transaction, "Remote")?;
    bench.report("Finishing")?;
    bench.report("Available")
}

fn soft_reset(bench: &mut Bench<'_>) -> Step {
    bench.order("Reset", json!({ "type": "Soft" }), accepted())?;
    bench.go_offline()?;
    bench.connect()?;
    bench.boot()
}

pub(super) fn unlock(bench: &mut Bench<'_>, verdict: &str) -> Step {
    let request = json!({ "connectorId": bench.values.connector });
    bench.order("UnlockConnector", request, json!({ "status": verdict })).map(|_| ())
}

fn unlock_charging(bench: &mut Bench<'_>) -> Step {
    let transaction = bench.report_charging()?;
    unlock(bench, "Unlocked")?;
    bench.report("Finishing")?;
    bench.report_stop(transaction, "UnlockCommand")?;
    bench.report("Available")
}
