//! Security of 1.6 (white paper "Improved security for OCPP 1.6-J") and the handshake (OCPP-J §3).

use std::time::Duration;

use serde_json::{Value, json};

use super::remote::accepted;
use crate::conformance::pattern::{answer, status};
use crate::conformance::v1_6::{Bench, case, unwritten};
use crate::conformance::{Case, Step};
use crate::jobs;

const NO_TLS: &str = "looks into the TLS handshake, which the runner does not";
const NO_REFUSAL: &str = "wants connections refused by their security profile, which the runner cannot set up: one address \
    with TLS, one without";
/// Where files come from and go to.
const PLACE: &str = "ftp://files.example/conformance";
/// Of the station's orders.
const REQUEST_ID: i64 = 9;

pub(super) const CASES: &[Case] = &[
    case("TC_075_1_CSMS", "Install a manufacturer root certificate", "security M03, M05", &[], |bench| {
        install(bench, "ManufacturerRootCertificate")
    }),
    case("TC_075_2_CSMS", "Install a central system root certificate", "security M03, M05", &[], |bench| {
        install(bench, "CentralSystemRootCertificate")
    }),
    case("TC_076_CSMS", "Delete a certificate", "security M03, M04", &[], delete),
    case("TC_077_CSMS", "An invalid client certificate is reported", "security A02, A04", &[], invalid_certificate),
    case("TC_078_CSMS", "An invalid root certificate is reported", "security M05.FR.06, A04", &[], invalid_root),
    case("TC_079_CSMS", "The security log is uploaded", "security N01.FR.01, N01.FR.07 to 09", &[], security_log),
    case("TC_080_CSMS", "A signed firmware is installed", "security L01, A04", &[], update),
    case("TC_081_CSMS", "A firmware with a wrong signature is reported", "security L01", &[], unfit_update),
    unwritten("TC_083_CSMS", "Raise the security profile", "security A05.FR.09, A00", NO_REFUSAL),
    unwritten("TC_086_CSMS", "TLS with a server certificate", "security A00.FR.305 to 510", NO_TLS),
    unwritten("TC_087_CSMS", "TLS with a client certificate", "security A00.FR.403 to 421", NO_TLS),
    case("TC_088_CSMS", "The subprotocol is agreed on", "ocpp-j 3.1.2, 3.2", &[], subprotocol),
];

fn root() -> String {
    jobs::certificate("conformance root")
}

/// The hash data of that root, as a station would tell them by this algorithm.
fn hash_data(algorithm: &str) -> Value {
    let hash = jobs::certificate_hash(&root());
    json!({
        "hashAlgorithm": algorithm,
        "issuerNameHash": hash.issuer_name_hash.as_str(),
        "issuerKeyHash": hash.issuer_key_hash.as_str(),
        "serialNumber": hash.serial_number.as_str(),
    })
}

fn order_installation(bench: &mut Bench<'_>, usage: &str, verdict: &str) -> Step {
    let request = json!({ "certificateType": usage, "certificate": root() });
    bench.order("InstallCertificate", request, json!({ "status": verdict })).map(|_| ())
}

fn order_list(bench: &mut Bench<'_>, usage: &str, told: Value) -> Step {
    bench.order("GetInstalledCertificateIds", json!({ "certificateType": usage }), told).map(|_| ())
}

fn listed(algorithm: &str) -> Value {
    json!({ "status": "Accepted", "certificateHashData": [hash_data(algorithm)] })
}

fn install(bench: &mut Bench<'_>, usage: &str) -> Step {
    order_installation(bench, usage, "Accepted")?;
    order_list(bench, usage, listed("SHA256"))
}

/// By the algorithm that the station uses.
fn delete(bench: &mut Bench<'_>) -> Step {
    let usage = "CentralSystemRootCertificate";
    for algorithm in ["SHA256", "SHA384", "SHA512"] {
        order_installation(bench, usage, "Accepted")?;
        order_list(bench, usage, listed(algorithm))?;
        let request = json!({ "certificateHashData": hash_data(algorithm) });
        bench.order("DeleteCertificate", request, accepted())?;
        order_list(bench, usage, json!({ "status": "NotFound" }))?;
    }
    Ok(())
}

fn report_event(bench: &mut Bench<'_>, kind: &str) -> Step {
    let event = json!({ "type": kind, "timestamp": bench.wall_text(Duration::ZERO) });
    bench.ask("SecurityEventNotification", event, answer()).map(|_| ())
}

/// Who signs is the operator; that the certificate fits the request is for its maker to see.
fn invalid_certificate(bench: &mut Bench<'_>) -> Step {
    bench.order("ExtendedTriggerMessage", json!({ "requestedMessage": "SignChargePointCertificate" }), accepted())?;
    let csr = "-----BEGIN CERTIFICATE REQUEST-----\nY3Ny\n-----END CERTIFICATE REQUEST-----\n";
    bench.ask("SignCertificate", json!({ "csr": csr }), status("Accepted"))?;
    let chain = json!({ "certificateChain": jobs::certificate("conformance station") });
    bench.order("CertificateSigned", chain, json!({ "status": "Rejected" }))?;
    report_event(bench, "InvalidChargePointCertificate")
}

fn invalid_root(bench: &mut Bench<'_>) -> Step {
    order_installation(bench, "CentralSystemRootCertificate", "Rejected")?;
    report_event(bench, "InvalidCentralSystemCertificate")
}

fn security_log(bench: &mut Bench<'_>) -> Step {
    let request = json!({ "logType": "SecurityLog", "requestId": REQUEST_ID, "log": { "remoteLocation": PLACE } });
    bench.order("GetLog", request, accepted())?;
    for status in ["Uploading", "Uploaded"] {
        report_progress(bench, "LogStatusNotification", status)?;
    }
    Ok(())
}

fn report_progress(bench: &mut Bench<'_>, action: &str, status: &str) -> Step {
    bench.ask(action, json!({ "status": status, "requestId": REQUEST_ID }), answer()).map(|_| ())
}

fn report_firmware<const N: usize>(bench: &mut Bench<'_>, statuses: [&str; N]) -> Step {
    statuses.iter().try_for_each(|status| report_progress(bench, "SignedFirmwareStatusNotification", status))
}

fn order_update(bench: &mut Bench<'_>) -> Step {
    let request = json!({ "requestId": REQUEST_ID, "firmware": {
        "location": PLACE,
        "retrieveDateTime": bench.wall_text(Duration::ZERO),
        "signingCertificate": jobs::certificate("conformance signer"),
        "signature": "c2lnbmF0dXJl",
    }});
    bench.order("SignedUpdateFirmware", request, accepted()).map(|_| ())
}

fn update(bench: &mut Bench<'_>) -> Step {
    order_update(bench)?;
    report_firmware(bench, ["Downloading", "Downloaded", "SignatureVerified"])?;
    bench.report_all("Unavailable")?;
    report_firmware(bench, ["Installing", "InstallRebooting"])?;
    bench.go_offline()?;
    bench.connect()?;
    bench.boot()?;
    report_event(bench, "FirmwareUpdated")?;
    report_firmware(bench, ["Installed"])
}

fn unfit_update(bench: &mut Bench<'_>) -> Step {
    order_update(bench)?;
    report_firmware(bench, ["Downloading", "Downloaded", "InvalidSignature"])?;
    report_event(bench, "InvalidFirmwareSignature")
}

/// The connection of the bench is gone meanwhile, so that none of its identity stands in the way.
fn subprotocol(bench: &mut Bench<'_>) -> Step {
    bench.go_offline()?;
    bench.offers(&["ocpp0.1"], None)?;
    bench.offers(&["ocpp0.1", "ocpp1.6"], Some("ocpp1.6"))?;
    bench.connect()?;
    bench.boot()
}
