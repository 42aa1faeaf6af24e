//! Who may connect (A00, A05).

use serde_json::{Value, json};

use super::{accepted, variables};
use crate::conformance::v2::{Bench, case, unwritten};
use crate::conformance::{Case, Step, Stop};

const NO_TLS: &str =
    "looks into the TLS handshake, which the runner does not; the programs are tested with certificates over TLS";

pub(super) const CASES: &[Case] = &[
    case("TC_A_01_CSMS", "Password of the station", "A00.FR.204, B01.FR.02", &[], right_password),
    case("TC_A_02_CSMS", "Another user name than the identity", "A00.FR.204", &[], other_name),
    case("TC_A_03_CSMS", "A wrong password", "A00.FR.204", &[], wrong_password),
    unwritten("TC_A_04_CSMS", "TLS with a server certificate", "A00.FR.306, A00.FR.307, A00.FR.312", NO_TLS),
    unwritten("TC_A_06_CSMS", "A TLS version that is too low", "A00.FR.314, A00.FR.315", NO_TLS),
    unwritten("TC_A_08_CSMS", "An invalid client certificate", "A00.FR.405, A00.FR.407, A00.FR.410", NO_TLS),
    case("TC_A_19_CSMS", "Raise the security profile", "A05.FR.04, A05.FR.07", &[], raised),
];

/// The password of the run, of a CSMS that wants one.
fn password(bench: &Bench<'_>) -> Step<String> {
    let password = bench.values.password.clone();
    password.ok_or_else(|| Stop::NotApplicable("the run has no password (--password)".to_owned()))
}

fn right_password(bench: &mut Bench<'_>) -> Step {
    let password = password(bench)?;
    bench.go_offline()?;
    let identity = bench.values.station.clone();
    bench.knocks(&identity, &password, true)?;
    bench.connect()?;
    bench.boots_for("PowerUp")
}

fn other_name(bench: &mut Bench<'_>) -> Step {
    let password = password(bench)?;
    bench.go_offline()?;
    bench.knocks("SOMEBODY-ELSE", &password, false)
}

fn wrong_password(bench: &mut Bench<'_>) -> Step {
    let wrong = format!("{}?", password(bench)?);
    bench.go_offline()?;
    let identity = bench.values.station.clone();
    bench.knocks(&identity, &wrong, false)
}

/// What the operator orders. That the CSMS refuses a lower profile afterwards (A05.FR.07) takes two endpoints.
fn raised(bench: &mut Bench<'_>) -> Step {
    let data = json!({
        "ocppVersion": "OCPP20", "ocppTransport": "JSON", "ocppCsmsUrl": "wss://csms.example/ocpp",
        "messageTimeout": 30, "securityProfile": 2, "ocppInterface": "Wired0",
    });
    let profile = json!({ "configurationSlot": 2, "connectionData": data });
    bench.order("SetNetworkProfile", profile, accepted())?;
    let order: Value = variables::valued("OCPPCommCtrlr", "NetworkConfigurationPriority", "2");
    variables::order_set(bench, &[order], &["Accepted"])?;
    bench.order("Reset", json!({ "type": "Immediate" }), accepted())?;
    bench.go_offline()?;
    Err(Stop::Inconclusive(
        "the orders came; a connection by another security profile, and the refusal of the lower one, cannot be had here: one \
         address with TLS, one without"
            .to_owned(),
    ))
}
