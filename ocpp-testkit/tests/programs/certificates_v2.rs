//! Security profiles 2 and 3 of 2.0.1 and 2.1 over TLS, with real keys and certificates: who gets in, who does not, and what renews a
//! certificate.

use std::fs;
use std::path::Path;

use rcgen::{CertificateParams, KeyPair};
use serde_json::{Value, json};

use crate::harness::{Csms, Station, sent};
use crate::security::Pki;

const PASSWORD: &str = "sixteen-or-more-characters";
const EDITIONS: [&str; 2] = ["2.0.1", "2.1"];

/// A server with an authority of its own, which it makes, and a station that trusts its root.
fn secured(directory: &Path, edition: &str) -> (Csms, Station) {
    let authority = directory.join("authority");
    let csms = Csms::start(directory, &["--ca", authority.to_str().unwrap(), "--wss", "--password", PASSWORD]);
    let station = start(directory, &csms, edition);
    (csms, station)
}

fn start(directory: &Path, csms: &Csms, edition: &str) -> Station {
    let root = directory.join("authority").join("ca.pem");
    let settings = ["--password", PASSWORD, "--set", "SecurityCtrlr.SecurityProfile=2"];
    let more = ["--set", "SecurityCtrlr.OrganizationName=CPO", "--ca", root.to_str().unwrap(), "--serial", "SN-7"];
    let arguments = [&settings[..], &more, &["--ocpp", edition]].concat();
    Station::start(&csms.url, &directory.join("station"), &arguments)
}

fn status(csms: &mut Csms, action: &str, payload: Value) -> Value {
    csms.command("CP001", action, payload)["payload"]["status"].clone()
}

fn variable(component: &str, variable: &str) -> Value {
    json!({ "component": { "name": component }, "variable": { "name": variable } })
}

/// The security profile, by the station's word.
fn profile(csms: &mut Csms) -> Value {
    let asked = json!({ "getVariableData": [variable("SecurityCtrlr", "SecurityProfile")] });
    let answer = csms.command("CP001", "GetVariables", asked);
    answer["payload"]["getVariableResult"][0]["attributeValue"].clone()
}

/// What comes of this order of the network profiles.
fn prefer(csms: &mut Csms, order: &str) -> Value {
    let mut wanted = variable("OCPPCommCtrlr", "NetworkConfigurationPriority");
    wanted["attributeValue"] = json!(order);
    let answer = csms.command("CP001", "SetVariables", json!({ "setVariableData": [wanted] }));
    answer["payload"]["setVariableResult"][0]["attributeStatus"].clone()
}

/// The network profile of slot 2 is the server under this security profile.
fn set_network(csms: &mut Csms, edition: &str, security_profile: u8) -> Value {
    let mut data = json!({
        "ocppTransport": "JSON", "ocppCsmsUrl": format!("{}/ocpp", csms.url), "messageTimeout": 30,
        "securityProfile": security_profile, "ocppInterface": "Wired0",
    });
    data["ocppVersion"] = json!(if edition == "2.1" { "OCPP21" } else { "OCPP20" });
    status(csms, "SetNetworkProfile", json!({ "configurationSlot": 2, "connectionData": data }))
}

/// The station is told to ask for a certificate, and takes what the server signs.
fn renew(csms: &mut Csms) {
    let trigger = json!({ "requestedMessage": "SignChargingStationCertificate" });
    assert_eq!(status(csms, "TriggerMessage", trigger), "Accepted");
    let signed = csms.program.wait("CertificateSigned", |line| {
        let answer = line.get("answer").filter(|answer| answer["action"] == "CertificateSigned")?;
        Some(answer["payload"]["status"].clone())
    });
    assert_eq!(signed, "Accepted");
}

/// The serial number of the certificate by which the station connects next.
fn shown(csms: &mut Csms) -> String {
    csms.program.wait("a connection by certificate", |line| {
        Some(line.pointer("/certificate/serial_number")?.as_str()?.to_owned())
    })
}

/// A00.FR.301, A00.FR.401, A02.FR.05, A02.FR.08, A05.FR.03 to A05.FR.07, as TC_A_11_CS, TC_A_19_CS, TC_A_21_CS, TC_A_11_CSMS and
/// TC_A_19_CSMS have it: from the password to a certificate that the server signed, which outlasts the program and is renewed.
#[test]
fn station_of_2_x_goes_from_profile_2_to_3_and_renews_its_certificate() {
    for edition in EDITIONS {
        let directory = tempfile::tempdir().unwrap();
        let (mut csms, mut station) = secured(directory.path(), edition);
        assert_eq!(station.program.wait_event("Registration"), "Accepted");
        assert_eq!(profile(&mut csms), "2");
        assert_eq!(set_network(&mut csms, edition, 3), "Accepted");
        assert_eq!(prefer(&mut csms, "2,1"), "Rejected", "no certificate of the station");
        renew(&mut csms);
        assert_ne!(prefer(&mut csms, "2,1"), "Rejected");
        assert_eq!(status(&mut csms, "Reset", json!({ "type": "Immediate" })), "Accepted");
        let first = shown(&mut csms);
        csms.wait_stored("Booted");
        assert_eq!(profile(&mut csms), "3");

        renew(&mut csms);
        let second = shown(&mut csms);
        assert_ne!(first, second, "the next connection is by the new certificate");
        drop(station);
        let mut station = start(directory.path(), &csms, edition);
        assert_eq!(shown(&mut csms), second, "it outlasts the program");
        assert_eq!(station.program.wait_event("Registration"), "Accepted");
        assert_eq!(profile(&mut csms), "3");

        // A05.FR.07: the same identity by the password is refused from now on.
        drop(station);
        let (root, authorization) = (directory.path().join("authority").join("ca.pem"), PASSWORD);
        let other = directory.path().join("other");
        let arguments = ["--ca", root.to_str().unwrap(), "--password", authorization, "--ocpp", edition];
        let _lower = Station::start(&csms.url, &other, &arguments);
        let reason = csms.program.wait("a refusal", |line| Some(line.pointer("/refused/reason")?.to_string()));
        assert!(reason.contains("certificate is required"), "{reason}");
    }
}

/// A02.FR.06, A00.FR.404 to A00.FR.407, as TC_A_07_CS, TC_A_08_CSMS and TC_A_14_CS have it: certificates that are wrong get nobody in,
/// and are told of.
#[test]
fn wrong_certificates_of_2_x_are_refused_and_reported() {
    for edition in EDITIONS {
        let directory = tempfile::tempdir().unwrap();
        let (mut csms, mut station) = secured(directory.path(), edition);
        assert_eq!(station.program.wait_event("Registration"), "Accepted");
        let foreign = CertificateParams::default().self_signed(&KeyPair::generate().unwrap()).unwrap().pem();
        let signed = json!({ "certificateChain": foreign, "certificateType": "ChargingStationCertificate" });
        assert_eq!(status(&mut csms, "CertificateSigned", signed), "Rejected");
        station.program.wait("the security event", |line| {
            sent(line).filter(|frame| frame[3]["type"] == "InvalidChargingStationCertificate")
        });
        let root = json!({ "certificateType": "CSMSRootCertificate", "certificate": "garbage" });
        assert_eq!(status(&mut csms, "InstallCertificate", root), "Rejected");

        // A server that the station's root does not vouch for.
        let stranger = directory.path().join("stranger");
        fs::create_dir(&stranger).unwrap();
        let csms = Pki::make(&stranger).serve(&stranger, &["--password", PASSWORD]);
        let root = directory.path().join("authority").join("ca.pem");
        let arguments = ["--ca", root.to_str().unwrap(), "--password", PASSWORD, "--ocpp", edition];
        let mut station = Station::start(&csms.url, &directory.path().join("other"), &arguments);
        let kind = station.program.wait("a security event", |line| {
            let kind = line.pointer("/event/SecurityEvent/kind")?.as_str()?;
            kind.starts_with("Invalid").then(|| kind.to_owned())
        });
        assert_eq!(kind, "InvalidCsmsCertificate");
    }
}
