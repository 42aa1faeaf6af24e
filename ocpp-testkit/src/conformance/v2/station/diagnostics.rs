//! Logs (N01), and what is known of a customer (N09, N10).

use std::time::Duration;

use serde_json::{Value, json};

use crate::conformance::pattern::{self, Pattern, answer, request, status};
use crate::conformance::v2::bench::{Bench, token, with};
use crate::conformance::v2::case;
use crate::conformance::{Case, Need, Step, Stop};

const FILES: &[Need] = &[Need::FileServer];

pub(super) const CASES: &[Case] = &[
    case(
        "TC_N_25_CS",
        "The diagnostics are uploaded",
        "N01.FR.01, N01.FR.02, N01.FR.04, N01.FR.07 to N01.FR.09",
        FILES,
        |bench| uploads(bench, "DiagnosticsLog"),
    ),
    case(
        "TC_N_26_CS",
        "An upload fails",
        "N01.FR.01, N01.FR.02, N01.FR.04, N01.FR.07, N01.FR.08, N01.FR.10",
        &[],
        fails,
    ),
    case(
        "TC_N_35_CS",
        "The security log is uploaded",
        "N01.FR.01 to N01.FR.03, N01.FR.07 to N01.FR.09",
        FILES,
        |bench| uploads(bench, "SecurityLog"),
    ),
    case("TC_N_36_CS", "Another upload takes its place", "N01.FR.07 to N01.FR.09, N01.FR.12", FILES, second),
    case("TC_N_27_CS", "What is known of a customer", "N09.FR.02, N09.FR.05", &[], |bench| {
        let name = remembered(bench)?;
        tells(bench, (true, false), &name, Known::Something)
    }),
    case("TC_N_28_CS", "Nothing is known of a customer", "N09.FR.02, N09.FR.06", &[], |bench| {
        let name = by_token(&bench.values.token);
        tells(bench, (true, false), &name, Known::Nothing)
    }),
    case("TC_N_30_CS", "What is known is told and forgotten", "N10.FR.01, N10.FR.03", &[], |bench| {
        let name = remembered(bench)?;
        tells(bench, (true, true), &name, Known::Something)?;
        // The local list may still have the token.
        tells(bench, (true, false), &name, Known::Whatever)
    }),
    case("TC_N_31_CS", "Nothing is known, and forgotten", "N10.FR.01, N10.FR.04", &[], |bench| {
        let name = by_token(&bench.values.token);
        tells(bench, (true, true), &name, Known::Nothing)
    }),
    case("TC_N_32_CS", "What is known is forgotten, and not told", "N10.FR.01, N10.FR.06", &[], |bench| {
        let name = remembered(bench)?;
        tells(bench, (false, true), &name, Known::Whatever)
    }),
    case(
        "TC_N_62_CS",
        "What is known under an identifier is forgotten",
        "N10.FR.01, N10.FR.03",
        &[Need::Customer],
        |bench| {
            let name = json!({ "customerIdentifier": bench.values.customer.clone().unwrap_or_default() });
            tells(bench, (true, true), &name, Known::Something)?;
            tells(bench, (true, false), &name, Known::Nothing)
        },
    ),
];

/// What is told of a customer.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Known {
    Something,
    Nothing,
    /// That he was forgotten, in whatever words, or what is left.
    Whatever,
}

fn by_token(id: &str) -> Value {
    json!({ "idToken": token(id) })
}

/// States IdTokenCached and IdTokenLocalAuthList: the station knows the token of the run.
fn remembered(bench: &mut Bench<'_>) -> Step<Value> {
    let (evse, token) = (bench.values.connector, bench.values.token.clone());
    bench.configure_if_there("AuthCacheCtrlr.Enabled", "true")?;
    bench.cache_token(evse, &token)?;
    bench.configure_if_there("AuthCtrlr.LocalPreAuthorize", "true")?;
    bench.configure_if_there("LocalAuthListCtrlr.Enabled", "true")?;
    if bench.is_set("LocalAuthListCtrlr.Enabled")? {
        bench.install_list(&[(&token, "Accepted", None)])?;
    }
    Ok(by_token(&token))
}

/// The station is asked for what it knows of a customer, or to forget him, and tells all parts, and no other.
fn tells(bench: &mut Bench<'_>, (report, clear): (bool, bool), name: &Value, known: Known) -> Step {
    let mut request = json!({ "requestId": CUSTOMER, "report": report, "clear": clear });
    for (member, value) in name.as_object().into_iter().flatten() {
        request = with(request, member, value.clone());
    }
    bench.ask("CustomerInformation", request, status("Accepted"))?;
    let mut data = String::new();
    for number in 0.. {
        let part = pattern::request("NotifyCustomerInformation").is("requestId", CUSTOMER).is("seqNo", number);
        let part = bench.expect(part.present("generatedAt"))?;
        data.push_str(part.payload.get("data").and_then(Value::as_str).unwrap_or_default());
        if part.payload.get("tbc").is_none_or(|tbc| tbc == false) {
            break;
        }
    }
    bench.never(bench.values.settle, &["NotifyCustomerInformation"])?;
    match known {
        Known::Something if data.is_empty() => Err(Stop::Failed("nothing is told of the customer".to_owned())),
        Known::Nothing if !data.is_empty() => Err(Stop::Failed(format!("this is told of nobody: {data}"))),
        Known::Something | Known::Nothing | Known::Whatever => Ok(()),
    }
}

/// The number of each request for a customer.
const CUSTOMER: i64 = 8;

fn told(id: i64, status: &str) -> Pattern {
    request("LogStatusNotification").is("status", status).is("requestId", id)
}

fn wanted(id: i64, kind: &str, location: &str) -> Value {
    json!({ "logType": kind, "requestId": id, "log": { "remoteLocation": location } })
}

/// That the file is where it belongs is for the keeper of the server to see.
fn uploads(bench: &mut Bench<'_>, kind: &str) -> Step {
    let location = bench.values.files.clone().unwrap_or_default();
    let named = |name: &Value| name.as_str().is_some_and(|name| !name.is_empty());
    bench.ask("GetLog", wanted(9, kind, &location), status("Accepted").that("filename", "a name", named))?;
    for status in ["Uploading", "Uploaded"] {
        bench.expect_within(bench.values.boot_patience, told(9, status))?;
    }
    Ok(())
}

/// Erratum 6.2.93: each attempt may be told, or only the first and the last.
fn fails(bench: &mut Bench<'_>) -> Step {
    let (retries, interval) = (3u32, Duration::from_secs(5));
    let mut request = wanted(9, "DiagnosticsLog", "ftp://127.0.0.1:9/nowhere");
    request = with(request, "retries", retries);
    request = with(request, "retryInterval", interval.as_secs());
    bench.ask("GetLog", request, status("Accepted"))?;
    let begun = bench.expect(told(9, "Uploading"))?.at;
    let failures = ["UploadFailure", "BadMessage", "PermissionDenied", "NotSupportedOperation"];
    let mut any: Vec<Pattern> = failures.iter().map(|failure| told(9, failure)).collect();
    any.push(told(9, "Uploading"));
    let (mut last, mut count, mut uploads) = (begun, 0, 1);
    let until = bench.now() + bench.values.boot_patience;
    while count < retries + 1 && bench.now() < until {
        let (which, call) = bench.first_of(bench.values.boot_patience, &any, &[])?;
        if which == failures.len() {
            uploads += 1;
        } else {
            (count, last) = (count + 1, call.at);
            // One word for all attempts.
            if last.saturating_since(begun) >= interval * retries {
                break;
            }
        }
    }
    bench.never(interval, &["LogStatusNotification"])?;
    let is_once_or_each = |told: u32| told == 1 || told == retries + 1;
    let is_long = last.saturating_since(begun) + bench.values.tolerance >= interval * retries;
    match is_long && is_once_or_each(count) && is_once_or_each(uploads) {
        true => Ok(()),
        false => Err(Stop::Failed(format!(
            "{count} failures were told, the last one after {:?}",
            last.saturating_since(begun)
        ))),
    }
}

/// Errata 6.2.97: the word that the first was broken off may come before or after the answer.
fn second(bench: &mut Bench<'_>) -> Step {
    let location = bench.values.files.clone().unwrap_or_default();
    bench.ask("GetLog", wanted(9, "DiagnosticsLog", &location), status("Accepted"))?;
    bench.expect(told(9, "Uploading"))?;
    let answered = answer().one_of("status", ["AcceptedCanceled", "Rejected"]);
    let answered = bench.ask("GetLog", wanted(10, "DiagnosticsLog", &location), answered)?;
    if answered.get("status").is_some_and(|status| status == "Rejected") {
        return Err(Stop::NotApplicable("the station does not break an upload off".to_owned()));
    }
    bench.gather(&[told(9, "AcceptedCanceled"), told(10, "Uploading")], &[])?;
    bench.expect_within(bench.values.boot_patience, told(10, "Uploaded")).map(|_| ())
}
