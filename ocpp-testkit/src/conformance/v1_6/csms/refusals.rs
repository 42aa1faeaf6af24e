//! Refused tokens and refused orders (1.6 §4.1, §4.9, §5.11, §5.12, §5.18).

use serde_json::json;

use super::remote::unlock;
use crate::conformance::v1_6::{Bench, case};
use crate::conformance::{Case, Step};

pub(super) const CASES: &[Case] = &[
    case("TC_023_2_CSMS", "A token that is expired", "4.1, 7.2", &[], |bench| {
        bench.authorize_as(&bench.values.expired_token.clone(), "Expired")
    }),
    case("TC_023_3_CSMS", "A token that is blocked", "4.1, 7.2", &[], |bench| {
        bench.authorize_as(&bench.values.blocked_token.clone(), "Blocked")
    }),
    case("TC_024_CSMS", "The plug cannot be locked", "4.9, 7.6", &[], lock_failure),
    case("TC_026_CSMS", "A remote start is rejected", "5.11", &[], remote_start_rejected),
    case("TC_028_CSMS", "A remote stop is rejected", "5.12", &[], remote_stop_rejected),
    case("TC_030_CSMS", "Unlocking fails", "5.18, 7.46", &[], |bench| unlock(bench, "UnlockFailed")),
    case("TC_031_CSMS", "Unlocking an unknown connector", "5.18, errata 3.87", &[], |bench| {
        unlock(bench, "NotSupported")
    }),
];

fn lock_failure(bench: &mut Bench<'_>) -> Step {
    bench.authorize_as(&bench.values.token.clone(), "Accepted")?;
    bench.report("Preparing")?;
    bench.report_fault(bench.values.connector, "Faulted", "ConnectorLockFailure")
}

fn remote_start_rejected(bench: &mut Bench<'_>) -> Step {
    let request = json!({ "connectorId": bench.values.connector, "idTag": bench.values.token });
    bench.order("RemoteStartTransaction", request, json!({ "status": "Rejected" }))?;
    bench.quiet(bench.values.settle)
}

/// The transaction that the operator names may be any; the one that runs can be stopped as ever.
fn remote_stop_rejected(bench: &mut Bench<'_>) -> Step {
    let transaction = bench.report_charging()?;
    let request = json!({ "transactionId": transaction });
    bench.order("RemoteStopTransaction", request, json!({ "status": "Rejected" }))?;
    bench.report_stop(transaction, "Local")
}
