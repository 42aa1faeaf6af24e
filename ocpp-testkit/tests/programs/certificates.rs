//! Every security operation of a server against the `station` program, without a hand: real keys, certificates, signatures and
//! files.

use std::fs;
use std::io::{Read, Write};
use std::net::TcpListener;
use std::path::Path;
use std::thread;
use std::time::Duration;

use base64ct::{Base64, Encoding};
use ocpp_testkit::pki::Certificate;
use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, IsCa, KeyPair, SigningKey};
use serde_json::{Value, json};

use crate::harness::{Csms, Station, sent};

const KEY: &str = "000102030405060708090a0b0c0d0e0f";

/// A server with an authority of its own, which it makes, and a station that trusts its root.
fn secured(directory: &Path) -> (Csms, Station) {
    let authority = directory.join("authority");
    let csms = Csms::start(directory, &["--ca", authority.to_str().unwrap(), "--wss", "--password", KEY]);
    let station = start(directory, &csms);
    (csms, station)
}

fn start(directory: &Path, csms: &Csms) -> Station {
    let root = directory.join("authority").join("ca.pem");
    let key = format!("AuthorizationKey={KEY}");
    let settings = ["--set", &key, "--set", "SecurityProfile=2", "--set", "CpoName=CPO"];
    let arguments = [&settings[..], &["--ca", root.to_str().unwrap(), "--serial", "SN-7"]].concat();
    Station::start(&csms.url, &directory.join("station"), &arguments)
}

fn connected(station: &mut Station) {
    assert_eq!(station.program.wait_event("Registration"), "Accepted");
}

fn status(csms: &mut Csms, action: &str, payload: Value) -> Value {
    csms.command("CP001", action, payload)["payload"]["status"].clone()
}

/// Waits for the answer to the CertificateSigned that the server sends by itself.
fn signed(csms: &mut Csms) -> Value {
    csms.program.wait("CertificateSigned", |line| {
        let answer = line.get("answer").filter(|answer| answer["action"] == "CertificateSigned")?;
        Some(answer["payload"]["status"].clone())
    })
}

/// Waits until the station sent this status in a message of this action.
fn wait_status(station: &mut Station, action: &str, status: &str) {
    station.program.wait(status, |line| sent(line).filter(|frame| frame[2] == action && frame[3]["status"] == status));
}

/// Asked again where the server learns of a new connection after the station: the old one answers nothing.
fn profile(csms: &mut Csms) -> Value {
    for _ in 0..100 {
        let answer = csms.command("CP001", "GetConfiguration", json!({"key": ["SecurityProfile"]}));
        if let Some(payload) = answer.get("payload") {
            return payload["configurationKey"][0]["value"].clone();
        }
        thread::sleep(Duration::from_millis(100));
    }
    panic!("no answer to GetConfiguration");
}

/// 1.6 security A02, A05: from the password to a certificate that the server signed, which outlasts the program and is renewed.
#[test]
fn station_goes_from_profile_2_to_3_by_a_certificate_that_the_server_signs() {
    let directory = tempfile::tempdir().unwrap();
    let (mut csms, mut station) = secured(directory.path());
    connected(&mut station);
    let raise = json!({"key": "SecurityProfile", "value": "3"});
    assert_eq!(status(&mut csms, "ChangeConfiguration", raise.clone()), "Rejected", "no certificate");
    let trigger = json!({"requestedMessage": "SignChargePointCertificate"});
    assert_eq!(status(&mut csms, "ExtendedTriggerMessage", trigger.clone()), "Accepted");
    assert_eq!(signed(&mut csms), "Accepted");
    assert_eq!(status(&mut csms, "ChangeConfiguration", raise), "Accepted");
    station.program.wait_event("Connected");
    assert_eq!(profile(&mut csms), "3");

    // A02.FR.08: the one in use is replaced by a new connection.
    assert_eq!(status(&mut csms, "ExtendedTriggerMessage", trigger), "Accepted");
    assert_eq!(signed(&mut csms), "Accepted");
    station.program.wait_event("Connected");
    drop(station);
    let mut station = start(directory.path(), &csms);
    connected(&mut station);
    assert_eq!(profile(&mut csms), "3");

    let foreign = CertificateParams::default().self_signed(&KeyPair::generate().unwrap()).unwrap().pem();
    assert_eq!(status(&mut csms, "CertificateSigned", json!({ "certificateChain": foreign })), "Rejected");
    station.program.wait("the security event", |line| {
        sent(line).filter(|frame| frame[3]["type"] == "InvalidChargePointCertificate")
    });
}

/// 1.6 security M03, M04, M05.
#[test]
fn roots_are_installed_named_and_deleted() {
    let directory = tempfile::tempdir().unwrap();
    let (mut csms, mut station) = secured(directory.path());
    connected(&mut station);
    let install =
        |certificate: &str| json!({"certificateType": "ManufacturerRootCertificate", "certificate": certificate});
    let list = |usage: &str| json!({ "certificateType": usage });
    assert_eq!(status(&mut csms, "InstallCertificate", install("garbage")), "Rejected");
    let (maker, _) = maker();
    assert_eq!(status(&mut csms, "InstallCertificate", install(&maker.pem())), "Accepted");
    let answer = csms.command("CP001", "GetInstalledCertificateIds", list("ManufacturerRootCertificate"));
    let names = answer["payload"]["certificateHashData"].as_array().unwrap();
    let root = Certificate::of(&maker.pem()).unwrap();
    let name = root.hash(root.key(), ocpp_core::station::HashAlgorithm::Sha256);
    assert_eq!((names.len(), &names[0]["issuerKeyHash"]), (1, &json!(name.issuer_key_hash)));
    let delete = json!({ "certificateHashData": names[0] });
    assert_eq!(status(&mut csms, "DeleteCertificate", delete.clone()), "Accepted");
    assert_eq!(status(&mut csms, "DeleteCertificate", delete), "NotFound");
    assert_eq!(status(&mut csms, "GetInstalledCertificateIds", list("ManufacturerRootCertificate")), "NotFound");
    let answer = csms.command("CP001", "GetInstalledCertificateIds", list("CentralSystemRootCertificate"));
    let delete = json!({ "certificateHashData": answer["payload"]["certificateHashData"][0] });
    assert_eq!(status(&mut csms, "DeleteCertificate", delete), "Failed", "M04.FR.06: the connection rests on it");
}

/// A manufacturer's root, and who signs firmware by it.
fn maker() -> (CertifiedIssuer<'static, KeyPair>, (String, KeyPair)) {
    let mut params = CertificateParams::default();
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    let root = CertifiedIssuer::self_signed(params, KeyPair::generate().unwrap()).unwrap();
    let key = KeyPair::generate().unwrap();
    let signer = CertificateParams::default().signed_by(&key, &root).unwrap().pem();
    (root, (signer, key))
}

/// 1.6 security L01.
#[test]
fn signed_firmware_is_fetched_checked_and_installed() {
    let directory = tempfile::tempdir().unwrap();
    let (mut csms, mut station) = secured(directory.path());
    connected(&mut station);
    let (root, (signer, key)) = maker();
    let install = json!({"certificateType": "ManufacturerRootCertificate", "certificate": root.pem()});
    assert_eq!(status(&mut csms, "InstallCertificate", install), "Accepted");
    let file = directory.path().join("new firmware.bin");
    fs::write(&file, "firmware").unwrap();
    let location = format!("file://{}", file.to_str().unwrap().replace(' ', "%20"));
    let order = |id: u32, location: &str, certificate: &str, signature: &[u8]| {
        let signature = Base64::encode_string(signature);
        let firmware = json!({"location": location, "retrieveDateTime": "2020-01-01T00:00:00Z",
            "signingCertificate": certificate, "signature": signature});
        json!({"requestId": id, "retries": 0, "firmware": firmware})
    };
    let good = key.sign(b"firmware").unwrap();
    let stranger = maker().1.0;
    assert_eq!(status(&mut csms, "SignedUpdateFirmware", order(1, &location, &stranger, &good)), "InvalidCertificate");
    assert_eq!(status(&mut csms, "SignedUpdateFirmware", order(2, &location, &signer, b"no signature")), "Accepted");
    wait_status(&mut station, "SignedFirmwareStatusNotification", "InvalidSignature");
    assert_eq!(status(&mut csms, "SignedUpdateFirmware", order(3, "file:///nowhere", &signer, &good)), "Accepted");
    wait_status(&mut station, "SignedFirmwareStatusNotification", "DownloadFailed");
    assert_eq!(status(&mut csms, "SignedUpdateFirmware", order(4, &location, &signer, &good)), "Accepted");
    wait_status(&mut station, "SignedFirmwareStatusNotification", "Installed");

    let simulated = key.sign(b"simulated firmware of ftp://files/new.bin").unwrap();
    let elsewhere = order(5, "ftp://files/new.bin", &signer, &simulated);
    assert_eq!(status(&mut csms, "SignedUpdateFirmware", elsewhere), "Accepted");
    let note = station.program.wait("the note", |line| line.pointer("/job_done/note").cloned());
    assert!(note.as_str().unwrap().contains("simulated firmware of ftp://files/new.bin"), "{note}");
    wait_status(&mut station, "SignedFirmwareStatusNotification", "Installed");
}

/// 1.6 security N01, 1.6 §5.9.
#[test]
fn logs_are_written_to_files_and_servers() {
    let directory = tempfile::tempdir().unwrap();
    let mut csms = Csms::start(directory.path(), &[]);
    let mut station = Station::start(&csms.url, &directory.path().join("station"), &[]);
    connected(&mut station);
    let get = |id: u32, kind: &str, location: &str| json!({"logType": kind, "requestId": id, "retries": 0, "log": {"remoteLocation": location}});
    station.program.say(&json!({"security_event": {"kind": "TamperDetectionActivated"}}));
    station.program.wait("the event", |line| {
        line.pointer("/event/SecurityEvent/kind").filter(|kind| *kind == "TamperDetectionActivated").cloned()
    });
    let logs = directory.path().join("logs");
    fs::create_dir(&logs).unwrap();
    let answer = csms.command("CP001", "GetLog", get(1, "SecurityLog", &format!("file://{}", logs.display())));
    assert_eq!(answer["payload"]["status"], "Accepted");
    wait_status(&mut station, "LogStatusNotification", "Uploaded");
    let log = fs::read_to_string(logs.join(answer["payload"]["filename"].as_str().unwrap())).unwrap();
    assert!(log.contains("TamperDetectionActivated") && !log.contains("Registration"), "{log}");

    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let server = format!("http://{}/logs", listener.local_addr().unwrap());
    let taken = thread::spawn(move || {
        let (mut stream, _) = listener.accept().unwrap();
        let mut asked = Vec::new();
        let mut part = [0; 4096];
        while !asked.windows(12).any(|window| window == b"Registration") {
            let read = stream.read(&mut part).unwrap();
            assert!(read > 0, "{}", String::from_utf8_lossy(&asked));
            asked.extend_from_slice(&part[..read]);
        }
        // Not all may be read: what comes after is taken and dropped by the close.
        stream.set_nonblocking(true).unwrap();
        while matches!(stream.read(&mut part), Ok(read) if read > 0) {}
        stream.set_nonblocking(false).unwrap();
        stream.write_all(b"HTTP/1.0 201 Created\r\nContent-Length: 0\r\n\r\n").unwrap();
        String::from_utf8_lossy(&asked).lines().next().unwrap().to_owned()
    });
    let answer = csms.command("CP001", "GetDiagnostics", json!({ "location": server }));
    wait_status(&mut station, "DiagnosticsStatusNotification", "Uploaded");
    let name = answer["payload"]["fileName"].as_str().unwrap();
    assert_eq!(taken.join().unwrap(), format!("PUT /logs/{name} HTTP/1.0"));

    assert_eq!(status(&mut csms, "GetLog", get(2, "DiagnosticsLog", "ftp://127.0.0.1/logs")), "Accepted");
    wait_status(&mut station, "LogStatusNotification", "NotSupportedOperation");
}
