//! Security of 1.6 (white paper "Improved security for OCPP 1.6-J").

use serde_json::json;

use crate::conformance::pattern::{answer, status};
use crate::conformance::{Bench, Case, Need, Step, Stop, case, unwritten};

const NO_CERTIFICATES: &str = "needs certificates made for the run, which the runner does not do yet";
const NO_TLS: &str = "looks into the TLS handshake, which the runner does not do yet";
const NO_FILES: &str = "needs a file server, which the runner does not have yet";

pub(super) const CASES: &[Case] = &[
    unwritten("TC_075_1_CS", "Install a manufacturer root certificate", "security M03, M05", NO_CERTIFICATES),
    unwritten("TC_075_2_CS", "Install a central system root certificate", "security M03, M05", NO_CERTIFICATES),
    unwritten("TC_076_CS", "Delete a certificate", "security M03, M04", NO_CERTIFICATES),
    unwritten("TC_077_CS", "An invalid client certificate is reported", "security A02, A04", NO_CERTIFICATES),
    case(
        "TC_078_CS",
        "An invalid root certificate is refused and reported",
        "security M05.FR.06, A04.FR.01, A04.FR.03",
        &[Need::Key("SecurityProfile")],
        invalid_root,
    ),
    unwritten("TC_079_CS", "The security log is uploaded", "security N01", NO_FILES),
    unwritten("TC_080_CS", "A signed firmware is installed", "security L01", NO_FILES),
    unwritten("TC_081_CS", "A firmware with a wrong signature is refused", "security L01, A04", NO_FILES),
    unwritten("TC_083_CS", "Raise the security profile", "security A05, 5.3", NO_CERTIFICATES),
    case(
        "TC_084_CS",
        "The security profile cannot be lowered",
        "security A05.FR.01, A00.FR.005",
        &[Need::Key("SecurityProfile")],
        lower_profile,
    ),
    unwritten("TC_086_CS", "TLS with a server certificate", "security A00.FR.307 to 320", NO_TLS),
    unwritten("TC_087_CS", "TLS with a client certificate", "security A00.FR.401 to 511", NO_TLS),
];

fn invalid_root(bench: &mut Bench<'_>) -> Step {
    let request = json!({ "certificateType": "CentralSystemRootCertificate", "certificate": "no certificate" });
    bench.ask("InstallCertificate", request, status("Rejected"))?;
    let event = crate::conformance::pattern::request("SecurityEventNotification");
    bench.expect(event.is("type", "InvalidCentralSystemCertificate").present("timestamp")).map(|_| ())
}

fn lower_profile(bench: &mut Bench<'_>) -> Step {
    let key = "SecurityProfile";
    let present: i64 = bench.key(key).parse().unwrap_or(0);
    if present < 1 {
        return Err(Stop::NotApplicable("for stations with a security profile".to_owned()));
    }
    let lower = json!({ "key": key, "value": (present - 1).to_string() });
    bench.ask("ChangeConfiguration", lower, status("Rejected"))?;
    bench.quiet(bench.values.watch)?;
    let unchanged = answer().is("configurationKey.0.value", present.to_string());
    bench.ask("GetConfiguration", json!({ "key": [key] }), unchanged).map(|_| ())
}
