//! Security of 1.6 (white paper "Improved security for OCPP 1.6-J").
//!
//! Certificates are texts here: the runner reads no X.509, so hash data are compared with each other, and not computed.

use std::time::Duration;

use ocpp_rpc::handshake::IdentityRules;
use serde_json::{Value, json};

use crate::conformance::access::demands;
use crate::conformance::pattern::{Pattern, answer, request, status};
use crate::conformance::v1_6::{Bench, case};
use crate::conformance::{Case, Need, SignedFirmware, Step, Stop};

/// How long a password is (security A00.FR.205).
const PASSWORDS: std::ops::RangeInclusive<usize> = 16..=20;
const ROOTS: &[Need] = &[Need::SecurityProfile(2), Need::RootCertificate];
const UPDATES: &[Need] =
    &[Need::Profile("FirmwareManagement"), Need::SecurityProfile(1), Need::FileServer, Need::SignedFirmware];

pub(super) const CASES: &[Case] = &[
    case("TC_075_1_CS", "Install a manufacturer root certificate", "security M03, M05", ROOTS, |bench| {
        install(bench, "ManufacturerRootCertificate").map(|_| ())
    }),
    case("TC_075_2_CS", "Install a central system root certificate", "security M03, M05", ROOTS, |bench| {
        install(bench, "CentralSystemRootCertificate").map(|_| ())
    }),
    case("TC_076_CS", "Delete a certificate", "security M03, M04", ROOTS, delete),
    case(
        "TC_077_CS",
        "An invalid client certificate is reported",
        "security A02, A04",
        &[Need::SecurityProfile(3), Need::Key("CpoName")],
        invalid_certificate,
    ),
    case(
        "TC_078_CS",
        "An invalid root certificate is refused and reported",
        "security M05.FR.06, A04.FR.01, A04.FR.03",
        &[Need::SecurityProfile(2)],
        invalid_root,
    ),
    case(
        "TC_079_CS",
        "The security log is uploaded",
        "security N01.FR.01 to 03, N01.FR.07 to 09, N01.FR.12",
        &[Need::SecurityProfile(1), Need::FileServer],
        security_log,
    ),
    case("TC_080_CS", "A signed firmware is installed", "security L01", UPDATES, update),
    case("TC_081_CS", "A firmware with a wrong signature is refused", "security L01, A04.FR.01", UPDATES, unfit_update),
    case("TC_083_CS", "Raise the security profile", "security A05, 5.3", &[Need::SecurityProfile(1)], raise_profile),
    case(
        "TC_084_CS",
        "The security profile cannot be lowered",
        "security A05.FR.01, A00.FR.005",
        &[Need::SecurityProfile(2)],
        lower_profile,
    ),
    case(
        "TC_086_CS",
        "TLS with a server certificate",
        "security A00.FR.307 to 320",
        &[Need::SecurityProfile(2)],
        |bench| connects_by_tls(bench, 2),
    ),
    case(
        "TC_087_CS",
        "TLS with a client certificate",
        "security A00.FR.401 to 511",
        &[Need::SecurityProfile(3)],
        |bench| connects_by_tls(bench, 3),
    ),
];

fn event(kind: &str) -> Pattern {
    request("SecurityEventNotification").is("type", kind).present("timestamp")
}

/// The hash data of the certificates that are kept. Security M03.FR.02 and FR.03: without one, the status is NotFound.
fn installed(bench: &mut Bench<'_>, usage: &str) -> Step<Vec<Value>> {
    let told = bench.ask(
        "GetInstalledCertificateIds",
        json!({ "certificateType": usage }),
        answer().one_of("status", ["Accepted", "NotFound"]),
    )?;
    let list = told.get("certificateHashData").and_then(Value::as_array).cloned().unwrap_or_default();
    if (told.get("status").is_some_and(|status| status == "Accepted")) == list.is_empty() {
        return Err(Stop::Failed(format!("the status does not fit the list: {told}")));
    }
    Ok(list)
}

/// Gives the hash data of the certificate, which is the one that was not there before.
fn install(bench: &mut Bench<'_>, usage: &str) -> Step<Value> {
    let before = installed(bench, usage)?;
    let certificate = bench.values.root_certificate.clone().unwrap_or_default();
    let request = json!({ "certificateType": usage, "certificate": certificate });
    bench.ask("InstallCertificate", request, status("Accepted"))?;
    let mut added = installed(bench, usage)?;
    added.retain(|hash| !before.contains(hash));
    match added.pop().filter(|_| added.is_empty()) {
        Some(hash) => {
            bench.note_certificate(&hash);
            Ok(hash)
        }
        None => Err(Stop::Failed(format!("one certificate came to {before:?}, and not one was listed"))),
    }
}

fn delete(bench: &mut Bench<'_>) -> Step {
    let usage = "CentralSystemRootCertificate";
    let hash = bench.precondition("CertificateInstalled", |bench| install(bench, usage))?;
    if !installed(bench, usage)?.contains(&hash) {
        return Err(Stop::Failed(format!("{hash} is not listed any more")));
    }
    bench.ask("DeleteCertificate", json!({ "certificateHashData": hash }), status("Accepted"))?;
    let left = installed(bench, usage)?;
    if left.contains(&hash) { Err(Stop::Failed(format!("{hash} is still listed"))) } else { Ok(()) }
}

fn invalid_certificate(bench: &mut Bench<'_>) -> Step {
    bench.configure("CpoName", "Conformance")?;
    let trigger = json!({ "requestedMessage": "SignChargePointCertificate" });
    bench.ask("ExtendedTriggerMessage", trigger, status("Accepted"))?;
    let is_pem = |csr: &Value| csr.as_str().is_some_and(|csr| csr.trim().starts_with("-----BEGIN CERTIFICATE REQUEST"));
    bench.expect(request("SignCertificate").that("csr", "a request in PEM", is_pem))?;
    bench.ask("CertificateSigned", json!({ "certificateChain": "no certificate" }), status("Rejected"))?;
    bench.expect(event("InvalidChargePointCertificate")).map(|_| ())
}

fn invalid_root(bench: &mut Bench<'_>) -> Step {
    let usage = "CentralSystemRootCertificate";
    let before = installed(bench, usage)?;
    let request = json!({ "certificateType": usage, "certificate": "no certificate" });
    bench.ask("InstallCertificate", request, status("Rejected"))?;
    bench.expect(event("InvalidCentralSystemCertificate"))?;
    let after = installed(bench, usage)?;
    if before == after { Ok(()) } else { Err(Stop::Failed(format!("{before:?} were listed, {after:?} are now"))) }
}

/// That the file is where it belongs is for the keeper of the server to see.
fn security_log(bench: &mut Bench<'_>) -> Step {
    let location = bench.values.files.clone().unwrap_or_default();
    let log = json!({ "logType": "SecurityLog", "requestId": 9, "retries": 0, "log": { "remoteLocation": location } });
    bench.ask("GetLog", log, status("Accepted").present("filename"))?;
    for status in ["Uploading", "Uploaded"] {
        let told = request("LogStatusNotification").is("status", status).is("requestId", 9);
        bench.expect_within(bench.values.boot_patience, told)?;
    }
    Ok(())
}

fn progress(status: &str) -> Pattern {
    request("SignedFirmwareStatusNotification").is("status", status).is("requestId", 5)
}

/// Connectors may be out of service meanwhile.
fn passing(bench: &Bench<'_>) -> Vec<Pattern> {
    let at = |connector| ["Unavailable", "Available"].map(|status| Bench::status(connector, status));
    (0..=bench.connectors()).flat_map(at).collect()
}

fn order(bench: &mut Bench<'_>, firmware: &SignedFirmware) -> Step {
    let now = bench.wall_text(Duration::ZERO);
    let update = json!({ "requestId": 5, "retries": 0, "firmware": {
        "location": firmware.location,
        "retrieveDateTime": now,
        "signingCertificate": firmware.certificate,
        "signature": firmware.signature,
    }});
    bench.ask("SignedUpdateFirmware", update, status("Accepted"))?;
    bench.first_of(bench.values.boot_patience, &[progress("Downloading")], &passing(bench)).map(|_| ())
}

/// Security L01.FR.15 and FR.22: Installing may fall away, InstallRebooting may be told. After the restart all may come in any order.
fn update(bench: &mut Bench<'_>) -> Step {
    let firmware = bench.values.firmware.clone().unwrap_or_default();
    order(bench, &firmware)?;
    let (patience, mut passing) = (bench.values.boot_patience, passing(bench));
    for status in ["Downloaded", "SignatureVerified"] {
        bench.first_of(patience, &[progress(status)], &passing)?;
    }
    passing.extend([progress("Installing"), progress("InstallRebooting")]);
    let [boots, is_done] = [request("BootNotification"), progress("Installed")];
    let (first, _) = bench.first_of(patience, &[boots.clone(), is_done.clone()], &passing)?;
    let mut rest: Vec<Pattern> = (0..=bench.connectors()).map(|place| Bench::status(place, "Available")).collect();
    rest.push(if first == 0 { is_done } else { boots });
    bench.gather(&rest, &passing).map(|_| ())
}

/// The event may be reported at any time between.
fn unfit_update(bench: &mut Bench<'_>) -> Step {
    let firmware = bench.values.firmware.clone().unwrap_or_default();
    order(bench, &SignedFirmware { signature: crate::jobs::UNFIT_SIGNATURE.to_owned(), ..firmware })?;
    let told = [progress("Downloaded"), progress("InvalidSignature"), event("InvalidFirmwareSignature")];
    let calls = bench.gather(&told, &passing(bench))?;
    if let [fetched, refused, _] = calls.as_slice()
        && fetched.at > refused.at
    {
        return Err(Stop::Failed("the file was refused before it was there".to_owned()));
    }
    bench.never(bench.values.settle, &["SignedFirmwareStatusNotification", "BootNotification"])
}

/// 1.6 §5.3: a station may want a restart for it.
fn raise_profile(bench: &mut Bench<'_>) -> Step {
    let key = "SecurityProfile";
    let higher = bench.security_profile() + 1;
    if higher > 3 {
        return Err(Stop::NotApplicable("no profile is above that of the station".to_owned()));
    }
    let change = json!({ "key": key, "value": higher.to_string() });
    let told = bench.ask("ChangeConfiguration", change, answer().one_of("status", ["Accepted", "RebootRequired"]))?;
    if told.get("status").is_some_and(|status| status == "RebootRequired") {
        bench.ask("Reset", json!({ "type": "Hard" }), status("Accepted"))?;
    }
    bench.reconnects()?;
    if let Ok(request) = bench.connect_request() {
        demands(request, higher, &IdentityRules::V1_6, &PASSWORDS)?;
    }
    bench.pass(bench.values.settle)?;
    // It may have booted.
    bench.never(bench.values.settle, &["StartTransaction", "StopTransaction"])?;
    let raised = answer().is("configurationKey.0.value", higher.to_string());
    bench.ask("GetConfiguration", json!({ "key": [key] }), raised).map(|_| ())
}

fn lower_profile(bench: &mut Bench<'_>) -> Step {
    let key = "SecurityProfile";
    let present = bench.security_profile();
    let lower = json!({ "key": key, "value": (present - 1).to_string() });
    bench.ask("ChangeConfiguration", lower, status("Rejected"))?;
    bench.quiet(bench.values.watch)?;
    let unchanged = answer().is("configurationKey.0.value", present.to_string());
    bench.ask("GetConfiguration", json!({ "key": [key] }), unchanged).map(|_| ())
}

/// What the station demands of its connection is seen; what the handshake makes of it is for the driver's own tests.
fn connects_by_tls(bench: &mut Bench<'_>, profile: u8) -> Step {
    bench.connect_request()?;
    if bench.security_profile() != profile && profile == 3 {
        return Err(Stop::NotApplicable("for stations with security profile 3".to_owned()));
    }
    bench.power_cycle()?;
    bench.expect_boot()?;
    let present = bench.security_profile();
    demands(bench.connect_request()?, present, &IdentityRules::V1_6, &PASSWORDS)?;
    let all: Vec<Pattern> = (0..=bench.connectors()).map(|place| Bench::status(place, "Available")).collect();
    bench.gather(&all, &[]).map(|_| ())
}
