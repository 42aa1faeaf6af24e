//! What is reported after an outage (1.6 §3.5.4, §3.7, §4.8, §4.10).

use chrono::TimeDelta;
use serde_json::json;

use crate::conformance::v1_6::{Bench, case};
use crate::conformance::{Case, Step};

pub(super) const CASES: &[Case] = &[
    case("TC_037_1_CSMS", "A start offline, valid token", "3.7, 4.8", &[], valid),
    case("TC_037_3_CSMS", "A start offline, invalid token", "3.5.4, 3.7, 4.8, 4.10, errata 3.17", &[], invalid),
    case("TC_039_CSMS", "A whole transaction offline", "3.7, 4.8, 4.10", &[], whole),
];

/// The connection is gone for a while; what happened then is long ago.
fn outage(bench: &mut Bench<'_>) -> Step {
    bench.go_offline()?;
    bench.pass(bench.values.settle)?;
    bench.connect()
}

fn valid(bench: &mut Bench<'_>) -> Step {
    outage(bench)?;
    let (token, begun) = (bench.values.token.clone(), bench.wall() - TimeDelta::minutes(10));
    bench.report_start_of(&token, begun, "Accepted", json!({}))?;
    bench.report("Charging")
}

/// 1.6 §4.8: a transaction that runs gets its number, whatever is said of the token.
fn invalid(bench: &mut Bench<'_>) -> Step {
    outage(bench)?;
    let (token, begun) = (bench.values.invalid_token.clone(), bench.wall() - TimeDelta::minutes(10));
    let transaction = bench.report_start_of(&token, begun, "Invalid", json!({}))?;
    bench.report("Charging")?;
    bench.report_stop(transaction, "DeAuthorized")?;
    bench.report("Finishing")
}

fn whole(bench: &mut Bench<'_>) -> Step {
    outage(bench)?;
    let (token, now) = (bench.values.token.clone(), bench.wall());
    let transaction = bench.report_start_of(&token, now - TimeDelta::minutes(10), "Accepted", json!({}))?;
    bench.report_stop_at(transaction, "Local", now - TimeDelta::minutes(5))
}
