//! The local authorization list (1.6 §3.5.2, §5.10, §5.15).

use serde_json::{Value, json};

use crate::conformance::pattern::{answer, status};
use crate::conformance::v1_6::{Bench, case};
use crate::conformance::{Case, Need, Step, Stop};

const LISTS: Need = Need::Profile("LocalAuthListManagement");
const NO_LISTS: Need = Need::NoProfile("LocalAuthListManagement");

pub(super) const CASES: &[Case] = &[
    case(
        "TC_008_1_CS",
        "A listed token starts without asking",
        "3.5.2, 4.1, 5.15, 9.1.13, 9.2.1",
        &[LISTS],
        local_start,
    ),
    case(
        "TC_008_2_CS",
        "A listed token starts remotely without asking",
        "3.5.2, 5.11, 5.15, 9.1.3, 9.1.13, 9.2.1",
        &[LISTS, Need::True("AuthorizeRemoteTxRequests")],
        remote_start,
    ),
    case("TC_042_1_CS", "The version of a list that is not supported", "5.10, 6.28, ocpp-j 4.2.3", &[], no_version),
    case(
        "TC_043_1_CS",
        "A station without lists takes none",
        "3.3, 5.15, 7.47, ocpp-j 4.2.3",
        &[NO_LISTS],
        not_supported,
    ),
    case("TC_043_2_CS", "An older list is a mismatch", "5.10, 5.15, 7.47", &[LISTS], mismatch),
    case("TC_043_3_CS", "A list that cannot be stored fails", "5.15, 7.1, 7.47", &[LISTS], failed),
];

fn list_token(bench: &mut Bench<'_>) -> Step {
    let token = bench.values.token.clone();
    bench.configure("LocalAuthListEnabled", "true")?;
    bench.configure("LocalPreAuthorize", "true")?;
    bench.configure_if_there("AuthorizationCacheEnabled", "false")?;
    bench.install_list(&[&token]).map(|_| ())
}

fn local_start(bench: &mut Bench<'_>) -> Step {
    list_token(bench)?;
    bench.starts_unasked()
}

fn remote_start(bench: &mut Bench<'_>) -> Step {
    bench.configure("AuthorizeRemoteTxRequests", "true")?;
    list_token(bench)?;
    bench.starts_remotely_unasked()
}

/// The station has no lists, or lets them be switched off.
fn no_version(bench: &mut Bench<'_>) -> Step {
    if bench.has_profile("LocalAuthListManagement") {
        bench.configure("LocalAuthListEnabled", "false")?;
    }
    let none = answer().is("listVersion", -1);
    bench.ask_or("GetLocalListVersion", json!({}), none, &["NotSupported"]).map(|_| ())
}

fn list(version: i64, kind: &str, entries: &Value) -> Value {
    json!({ "listVersion": version, "updateType": kind, "localAuthorizationList": entries })
}

fn entry(token: &str) -> Value {
    json!([{ "idTag": token, "idTagInfo": { "status": "Accepted" } }])
}

fn not_supported(bench: &mut Bench<'_>) -> Step {
    let request = list(1, "Full", &entry(&bench.values.token));
    bench.ask_or("SendLocalList", request, status("NotSupported"), &["NotSupported"]).map(|_| ())
}

fn mismatch(bench: &mut Bench<'_>) -> Step {
    let (first, second) = (entry(&bench.values.token), entry(&bench.values.token2));
    bench.configure("LocalAuthListEnabled", "true")?;
    let installed = bench.install_list(&[])?;
    for (version, kind, entries, verdict, then) in [
        (installed + 2, "Full", &first, "Accepted", installed + 2),
        (installed + 5, "Differential", &second, "Accepted", installed + 5),
        (installed + 4, "Differential", &first, "VersionMismatch", installed + 5),
    ] {
        bench.ask("SendLocalList", list(version, kind, entries), status(verdict))?;
        bench.ask("GetLocalListVersion", json!({}), answer().is("listVersion", then))?;
    }
    Ok(())
}

/// In a full list every entry needs its information (1.6 §7.1); a list longer than SendLocalListMaxLength fails as well.
fn failed(bench: &mut Bench<'_>) -> Step {
    bench.configure("LocalAuthListEnabled", "true")?;
    // An empty list has version 0, whatever it was sent with (1.6 §5.10).
    let token = bench.values.token.clone();
    let installed = bench.install_list(&[&token])?;
    let most: usize = bench.key("SendLocalListMaxLength").parse().unwrap_or(0);
    if most == 0 || most > 10_000 {
        return Err(Stop::Inconclusive("SendLocalListMaxLength is no length that can be exceeded".to_owned()));
    }
    let many: Vec<Value> =
        (0..=most).map(|n| json!({ "idTag": format!("CONF-{n}"), "idTagInfo": { "status": "Accepted" } })).collect();
    bench.ask("SendLocalList", list(installed + 1, "Full", &many.into()), status("Failed"))?;
    bench.ask("GetLocalListVersion", json!({}), answer().is("listVersion", installed)).map(|_| ())
}
