//! Security of 1.6 (white paper "Improved security for OCPP 1.6-J") and the handshake (OCPP-J §3).

use serde_json::{Value, json};

use super::remote::accepted;
use crate::conformance::pattern::answer;
use crate::conformance::{Bench, Case, Step, case, unwritten};

const NO_CERTIFICATES: &str = "needs certificates made for the run, which the runner does not do yet";
const NO_TLS: &str = "looks into the TLS handshake, which the runner does not do yet";
pub(super) const CASES: &[Case] = &[
    unwritten("TC_075_1_CSMS", "Install a manufacturer root certificate", "security M03, M05", NO_CERTIFICATES),
    unwritten("TC_075_2_CSMS", "Install a central system root certificate", "security M03, M05", NO_CERTIFICATES),
    unwritten("TC_076_CSMS", "Delete a certificate", "security M03, M04", NO_CERTIFICATES),
    unwritten("TC_077_CSMS", "An invalid client certificate is reported", "security A02, A04", NO_CERTIFICATES),
    unwritten("TC_078_CSMS", "An invalid root certificate is reported", "security M05.FR.06, A04", NO_CERTIFICATES),
    case("TC_079_CSMS", "The security log is uploaded", "security N01.FR.01, N01.FR.07 to 09", &[], security_log),
    unwritten("TC_080_CSMS", "A signed firmware is installed", "security L01, A04", NO_CERTIFICATES),
    unwritten("TC_081_CSMS", "A firmware with a wrong signature is reported", "security L01", NO_CERTIFICATES),
    unwritten("TC_083_CSMS", "Raise the security profile", "security A05.FR.09, A00", NO_CERTIFICATES),
    unwritten("TC_086_CSMS", "TLS with a server certificate", "security A00.FR.305 to 510", NO_TLS),
    unwritten("TC_087_CSMS", "TLS with a client certificate", "security A00.FR.403 to 421", NO_TLS),
    case("TC_088_CSMS", "The subprotocol is agreed on", "ocpp-j 3.1.2, 3.2", &[], subprotocol),
];

fn security_log(bench: &mut Bench<'_>) -> Step {
    let request = json!({
        "logType": "SecurityLog", "requestId": 9, "log": { "remoteLocation": "ftp://files.example/conformance" },
    });
    let call = bench.order("GetLog", request, accepted())?;
    let id = call.payload.get("requestId").cloned().unwrap_or(Value::Null);
    for status in ["Uploading", "Uploaded"] {
        bench.ask("LogStatusNotification", json!({ "status": status, "requestId": id }), answer())?;
    }
    Ok(())
}

/// The connection of the bench is gone meanwhile, so that none of its identity stands in the way.
fn subprotocol(bench: &mut Bench<'_>) -> Step {
    bench.go_offline()?;
    bench.offers(&["ocpp0.1"], None)?;
    bench.offers(&["ocpp0.1", "ocpp1.6"], Some("ocpp1.6"))?;
    bench.connect()?;
    bench.boot()
}
