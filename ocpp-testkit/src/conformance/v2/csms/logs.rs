//! Logs (N01).

use serde_json::json;

use super::status;
use crate::conformance::v2::{Bench, case};
use crate::conformance::{Case, Step};

/// Where files go to.
const PLACE: &str = "ftp://files.example/conformance";

pub(super) const CASES: &[Case] = &[
    case("TC_N_25_CSMS", "The diagnostics are uploaded", "N01.FR.01", &[], |bench| upload(bench, "DiagnosticsLog")),
    case("TC_N_34_CSMS", "No log can be had", "N01.FR.01", &[], |bench| order(bench, "DiagnosticsLog", 1, "Rejected")),
    case("TC_N_35_CSMS", "The security log is uploaded", "N01.FR.01", &[], |bench| upload(bench, "SecurityLog")),
    case("TC_N_36_CSMS", "An upload in the place of another", "N01.FR.12", &[], |bench| {
        order(bench, "DiagnosticsLog", 1, "Accepted")?;
        tell(bench, 1, &["Uploading"])?;
        order(bench, "DiagnosticsLog", 2, "AcceptedCanceled")?;
        tell(bench, 1, &["AcceptedCanceled"])?;
        tell(bench, 2, &["Uploading", "Uploaded"])
    }),
];

fn order(bench: &mut Bench<'_>, kind: &str, number: i64, verdict: &str) -> Step {
    let request = json!({ "logType": kind, "requestId": number, "log": { "remoteLocation": PLACE } });
    bench.order("GetLog", request, status(verdict)).map(|_| ())
}

fn tell(bench: &mut Bench<'_>, number: i64, statuses: &[&str]) -> Step {
    bench.report_progress("LogStatusNotification", number, statuses)
}

fn upload(bench: &mut Bench<'_>, kind: &str) -> Step {
    order(bench, kind, 1, "Accepted")?;
    tell(bench, 1, &["Uploading", "Uploaded"])
}
