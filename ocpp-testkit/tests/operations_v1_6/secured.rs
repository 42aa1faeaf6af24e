//! The security extension (white paper "Improved security for OCPP 1.6-J").

use std::time::Duration;

use ocpp_core::station::{Command, SecurityEventKind};
use ocpp_testkit::jobs;
use ocpp_testkit::link::End;
use ocpp_testkit::pair::Step;
use serde_json::{Value, json};

use crate::scene::{NOW, Scene, scene, show};

const ROOT: &str = "CentralSystemRootCertificate";

/// A station that its CSMS trusts by a password.
fn secured(title: &'static str) -> Scene {
    scene(title).set("AuthorizationKey", "000102030405060708090a0b0c0d0e0f").set("CpoName", "CPO")
}

fn install(certificate: &str) -> Value {
    json!({"certificateType": ROOT, "certificate": certificate})
}

fn hash_data(certificate: &str) -> Value {
    let hash = jobs::certificate_hash(certificate);
    json!({
        "hashAlgorithm": "SHA256",
        "issuerNameHash": hash.issuer_name_hash.as_str(),
        "issuerKeyHash": hash.issuer_key_hash.as_str(),
        "serialNumber": hash.serial_number.as_str(),
    })
}

fn trigger_request() -> Value {
    json!({"requestedMessage": "SignChargePointCertificate"})
}

#[test]
fn certificate_signed() {
    let signed = |title, chain: String| {
        secured(title)
            .call_at(50, "ExtendedTriggerMessage", &trigger_request())
            .call("CertificateSigned", &json!({"certificateChain": chain}))
    };
    show(
        "CertificateSigned",
        [signed("Accepted", jobs::certificate("station")), signed("Rejected", "no certificate".to_owned())],
    );
}

#[test]
fn delete_certificate() {
    let root = jobs::certificate("root");
    let own = jobs::certificate("station");
    let delete = |certificate| json!({"certificateHashData": hash_data(certificate)});
    show(
        "DeleteCertificate",
        [
            secured("Accepted")
                .call_at(50, "InstallCertificate", &install(&root))
                .call("DeleteCertificate", &delete(&root)),
            secured("NotFound").call("DeleteCertificate", &delete(&root)),
            secured("Failed, the station's own")
                .call_at(40, "ExtendedTriggerMessage", &trigger_request())
                .call_at(50, "CertificateSigned", &json!({"certificateChain": own}))
                .call("DeleteCertificate", &delete(&own)),
        ],
    );
}

#[test]
fn extended_trigger_message() {
    let ask = |title, message, connector: Option<u32>| {
        let mut request = json!({"requestedMessage": message});
        if let Some(connector) = connector {
            request["connectorId"] = connector.into();
        }
        secured(title).call("ExtendedTriggerMessage", &request)
    };
    show(
        "ExtendedTriggerMessage",
        [
            ask("Accepted: SignChargePointCertificate", "SignChargePointCertificate", None),
            ask("Accepted: LogStatusNotification", "LogStatusNotification", None),
            ask("Accepted: FirmwareStatusNotification", "FirmwareStatusNotification", None),
            ask("Accepted: Heartbeat", "Heartbeat", None),
            ask("Accepted: MeterValues", "MeterValues", Some(1)),
            ask("Accepted: StatusNotification", "StatusNotification", Some(1)),
            ask("Rejected: an accepted station boots no more", "BootNotification", None),
            ask("NotImplemented: a message of another version", "TransactionEvent", None),
        ],
    );
}

#[test]
fn get_installed_certificate_ids() {
    let ask = |scene: Scene| scene.call("GetInstalledCertificateIds", &json!({"certificateType": ROOT}));
    show(
        "GetInstalledCertificateIds",
        [
            ask(secured("Accepted").call_at(50, "InstallCertificate", &install(&jobs::certificate("root")))),
            ask(secured("NotFound")),
        ],
    );
}

#[test]
fn install_certificate() {
    let [root, other] = ["root", "other"].map(jobs::certificate);
    show(
        "InstallCertificate",
        [
            secured("Accepted").call("InstallCertificate", &install(&root)),
            secured("Rejected").call("InstallCertificate", &install("no certificate")),
            secured("Rejected, full")
                .set("CertificateStoreMaxLength", "1")
                .call_at(50, "InstallCertificate", &install(&root))
                .call("InstallCertificate", &install(&other)),
        ],
    );
}

fn log(kind: &str, id: u32, location: &str) -> Value {
    json!({"logType": kind, "requestId": id, "retries": 0, "log": {"remoteLocation": location}})
}

#[test]
fn get_log() {
    let (here, nowhere) = ("ftp://files.example/logs", "ftp://127.0.0.1:9/logs");
    show(
        "GetLog",
        [
            secured("Accepted").call("GetLog", &log("SecurityLog", 1, here)),
            secured("AcceptedCanceled, in the place of another")
                .call_at(NOW - 1, "GetLog", &log("DiagnosticsLog", 1, here))
                .call("GetLog", &log("SecurityLog", 2, here)),
            secured("Accepted, and cannot be uploaded").call("GetLog", &log("DiagnosticsLog", 1, nowhere)),
            secured("Rejected, there is none")
                .with(|config| config.station.hardware.has_security_log = false)
                .call("GetLog", &log("SecurityLog", 1, here)),
        ],
    );
}

#[test]
fn log_status_notification() {
    let trigger = json!({"requestedMessage": "LogStatusNotification"});
    show(
        "LogStatusNotification",
        [
            secured("Idle").call("ExtendedTriggerMessage", &trigger),
            secured("While it is uploaded")
                .call_at(NOW - 1, "GetLog", &log("SecurityLog", 1, "ftp://files.example/logs"))
                .call("ExtendedTriggerMessage", &trigger),
        ],
    );
}

#[test]
fn security_event_notification() {
    let outage = Duration::from_secs(1);
    let cut = Step::PowerCut { end: End::Station, keep: 0, in_flight_arrives: true, outage };
    let tampered = Command::security_event(SecurityEventKind::TamperDetectionActivated, Some("lid".into()));
    show(
        "SecurityEventNotification",
        [secured("The host saw it").at(NOW, Step::Station(tampered)), secured("After a start").at(NOW, cut)],
    );
}

#[test]
fn sign_certificate() {
    show("SignCertificate", [secured("When the CSMS asks").call("ExtendedTriggerMessage", &trigger_request())]);
}

fn update(id: u32, certificate: &str, signature: &str) -> Value {
    json!({"requestId": id, "retries": 0, "firmware": {
        "location": "ftp://files.example/new",
        "retrieveDateTime": "2026-01-01T12:00:00Z",
        "signingCertificate": certificate,
        "signature": signature,
    }})
}

#[test]
fn signed_update_firmware() {
    let signer = jobs::certificate("signer");
    let fit = |id| update(id, &signer, "c2lnbmF0dXJl");
    let mut later = fit(1);
    later["firmware"]["retrieveDateTime"] = "2026-01-01T12:05:00Z".into();
    show(
        "SignedUpdateFirmware",
        [
            secured("Accepted").call("SignedUpdateFirmware", &fit(1)),
            secured("AcceptedCanceled, in the place of one that is to be fetched later")
                .call_at(50, "SignedUpdateFirmware", &later)
                .call("SignedUpdateFirmware", &fit(2))
                .lasting(4),
            secured("InvalidCertificate").call("SignedUpdateFirmware", &update(1, "no certificate", "c2lnbmF0dXJl")),
            secured("RevokedCertificate")
                .call("SignedUpdateFirmware", &update(1, &jobs::revoked("signer"), "c2lnbmF0dXJl")),
            secured("Rejected, while another is installed")
                .call_at(NOW - 5, "SignedUpdateFirmware", &fit(1))
                .call("SignedUpdateFirmware", &fit(2))
                .lasting(1),
        ],
    );
}

#[test]
fn signed_firmware_status_notification() {
    show(
        "SignedFirmwareStatusNotification",
        [secured("InvalidSignature")
            .call("SignedUpdateFirmware", &update(1, &jobs::certificate("signer"), jobs::UNFIT_SIGNATURE))],
    );
}
