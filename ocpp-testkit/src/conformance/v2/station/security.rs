//! Security (A00 to A04): passwords, TLS, and the certificate of the station.
//!
//! Certificates are texts here: the runner reads no X.509.

use std::ops::RangeInclusive;
use std::time::Duration;

use ocpp_core::station::ConnectRefusal;
use ocpp_rpc::handshake::IdentityRules;
use serde_json::{Value, json};

use crate::conformance::access::{demands, password};
use crate::conformance::pattern::{Pattern, answer, request, status};
use crate::conformance::v2::bench::{Bench, Name, set_result};
use crate::conformance::v2::case;
use crate::conformance::{Case, Need, Step, Stop};

const PASSWORD: &str = "SecurityCtrlr.BasicAuthPassword";
/// A00.FR.205 with erratum 2.1.
pub(super) const LENGTHS: RangeInclusive<usize> = 16..=64;
const CLIENT: &[Need] = &[Need::SecurityProfile(3), Need::StationCertificate];
const WAITS: &[Need] = &[
    Need::SecurityProfile(3),
    Need::StationCertificate,
    Need::Key("SecurityCtrlr.CertSigningWaitMinimum"),
    Need::Key("SecurityCtrlr.CertSigningRepeatTimes"),
];

pub(super) const CASES: &[Case] = &[
    case(
        "TC_A_01_CS",
        "The password is shown",
        "A00.FR.202 to A00.FR.205, A00.FR.301, A00.FR.302, A00.FR.304, B01.FR.01",
        &[Need::SecurityProfile(1)],
        |bench| connects(bench, 1..=2),
    ),
    case(
        "TC_A_04_CS",
        "TLS with a server certificate",
        "A00.FR.309, A00.FR.312, A00.FR.313, A00.FR.319",
        &[Need::SecurityProfile(2)],
        |bench| connects(bench, 2..=3),
    ),
    case(
        "TC_A_05_CS",
        "An invalid server certificate",
        "A00.FR.309 to A00.FR.311, A00.FR.412 to A00.FR.414",
        &[Need::SecurityProfile(2)],
        |bench| refuses(bench, ConnectRefusal::CsmsCertificate, "InvalidCsmsCertificate"),
    ),
    case(
        "TC_A_06_CS",
        "A version of TLS that is too old",
        "A00.FR.314, A00.FR.316, A00.FR.416, A00.FR.417",
        &[Need::SecurityProfile(2)],
        |bench| refuses(bench, ConnectRefusal::TlsVersion, "InvalidTLSVersion"),
    ),
    case(
        "TC_A_07_CS",
        "TLS with a client certificate",
        "A00.FR.401 to A00.FR.403, A00.FR.409",
        &[Need::SecurityProfile(3)],
        |bench| connects(bench, 3..=3),
    ),
    case("TC_A_09_CS", "A new password", "A01.FR.01, A01.FR.02, A01.FR.11", &[Need::SecurityProfile(1)], new_password),
    case("TC_A_10_CS", "A password that cannot be", "A01.FR.03, B05.FR.07", &[Need::SecurityProfile(1)], bad_password),
    case(
        "TC_A_11_CS",
        "A new certificate of the station",
        "A02.FR.02, A02.FR.03, A02.FR.06, A02.FR.08, A02.FR.09, F06.FR.04",
        CLIENT,
        renewed,
    ),
    case(
        "TC_A_14_CS",
        "An invalid certificate of the station",
        "A02.FR.07, A03.FR.07",
        &[Need::SecurityProfile(3)],
        invalid,
    ),
    case("TC_A_15_CS", "The CSMS signs nothing", "A02.FR.01, A02.FR.03", &[Need::SecurityProfile(3)], unsigned),
    case("TC_A_23_CS", "No certificate comes: the station asks again", "A02.FR.17, A02.FR.18", WAITS, asks_again),
];

/// What the station demands of its connection is seen; what the handshake makes of it is for the driver's own tests.
fn connects(bench: &mut Bench<'_>, profiles: RangeInclusive<u8>) -> Step {
    let profile = bench.security_profile();
    if !profiles.contains(&profile) {
        return Err(Stop::NotApplicable(format!("the station is at security profile {profile}")));
    }
    bench.connect_request()?;
    bench.power_cycle()?;
    bench.booted(["PowerUp", "Unknown"])?;
    demands(bench.connect_request()?, profile, &IdentityRules::V2, &LENGTHS)
}

/// The first connection after a boot comes to nothing; with the second the station tells why.
fn refuses(bench: &mut Bench<'_>, why: ConnectRefusal, event: &str) -> Step {
    bench.refuse_once(why)?;
    bench.power_cycle()?;
    bench.expect_boot(["PowerUp", "Unknown"])?;
    let mut told = bench.all_statuses("Available");
    told.push(request("SecurityEventNotification").one_of("type", ["StartupOfTheDevice", "ResetOrReboot"]));
    told.push(request("SecurityEventNotification").is("type", event));
    bench.gather(&told, &[]).map(|_| ())
}

fn new_password(bench: &mut Bench<'_>) -> Step {
    if bench.security_profile() == 3 {
        return Err(Stop::NotApplicable("at security profile 3 there is no password".to_owned()));
    }
    let new = "conformance_password-2";
    let wanted = json!({ "setVariableData": [Name(PASSWORD).valued(new)] });
    bench.ask("SetVariables", wanted, set_result(PASSWORD, "Accepted"))?;
    bench.reconnects()?;
    let shown = bench.connect_request().ok().map(|request| password(request, &IdentityRules::V2)).transpose()?;
    match shown {
        Some(shown) if shown.as_deref() != Some(new.as_bytes()) => {
            Err(Stop::Failed("the station does not show its new password".to_owned()))
        }
        Some(_) | None => bench.expect_value("SecurityCtrlr.SecurityProfile", &bench.security_profile().to_string()),
    }
}

fn bad_password(bench: &mut Bench<'_>) -> Step {
    if bench.security_profile() == 3 {
        return Err(Stop::NotApplicable("at security profile 3 there is no password".to_owned()));
    }
    let wanted = json!({ "setVariableData": [Name(PASSWORD).valued("too short")] });
    bench.ask("SetVariables", wanted, set_result(PASSWORD, "Rejected"))?;
    bench.quiet(bench.values.watch)
}

/// The station is told to ask for a certificate, and does.
fn asks(bench: &mut Bench<'_>) -> Step {
    // The request bears its name.
    bench.configure_if_there("SecurityCtrlr.OrganizationName", "Conformance")?;
    let trigger = json!({ "requestedMessage": "SignChargingStationCertificate" });
    bench.ask("TriggerMessage", trigger, status("Accepted"))?;
    bench.expect(signing()).map(|_| ())
}

fn signing() -> Pattern {
    let is_pem = |csr: &Value| csr.as_str().is_some_and(|csr| csr.trim().starts_with("-----BEGIN CERTIFICATE REQUEST"));
    request("SignCertificate")
        .that("csr", "a request in PEM", is_pem)
        .is_or_absent("certificateType", "ChargingStationCertificate")
}

fn signed(bench: &Bench<'_>) -> Value {
    let certificate = bench.values.station_certificate.clone().unwrap_or_default();
    json!({ "certificateChain": certificate, "certificateType": "ChargingStationCertificate" })
}

/// Errata 6.2.122 and 6.2.123: the station connects anew with it, and does not boot.
fn renewed(bench: &mut Bench<'_>) -> Step {
    asks(bench)?;
    let chain = signed(bench);
    bench.ask("CertificateSigned", chain, status("Accepted"))?;
    bench.reconnects()?;
    bench.never(bench.values.settle, &["BootNotification", "SignCertificate"])
}

fn invalid(bench: &mut Bench<'_>) -> Step {
    asks(bench)?;
    let chain = json!({ "certificateChain": "no certificate", "certificateType": "ChargingStationCertificate" });
    bench.ask("CertificateSigned", chain, status("Rejected"))?;
    let event = request("SecurityEventNotification").is("type", "InvalidChargingStationCertificate");
    bench.expect(event).map(|_| ())
}

fn unsigned(bench: &mut Bench<'_>) -> Step {
    bench.will_answer("SignCertificate", json!({ "status": "Rejected" }));
    asks(bench)?;
    bench.never(bench.values.watch, &["BootNotification", "SignCertificate"])
}

/// Erratum 6.2.5: at least one of the certificates is taken in the end.
fn asks_again(bench: &mut Bench<'_>) -> Step {
    let wait = Duration::from_secs(5);
    bench.configure_seconds("SecurityCtrlr.CertSigningWaitMinimum", wait)?;
    bench.configure("SecurityCtrlr.CertSigningRepeatTimes", "2")?;
    asks(bench)?;
    bench.expect_after(wait, signing())?;
    bench.expect_after(2 * wait, signing())?;
    let chain = signed(bench);
    bench.ask("CertificateSigned", chain, answer().is("status", "Accepted"))?;
    bench.reconnects()
}
