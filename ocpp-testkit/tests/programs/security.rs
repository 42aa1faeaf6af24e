//! Who may connect, how, and what becomes of connections that misbehave.

use std::fs;
use std::path::{Path, PathBuf};

use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, IsCa, KeyPair};
use serde_json::{Value, json};

use crate::client::{Client, Request};
use crate::harness::{Csms, Station};

/// Certificates as files: an authority, and a server at 127.0.0.1 that it vouches for.
pub struct Pki {
    pub ca: PathBuf,
    cert: PathBuf,
    key: PathBuf,
}

impl Pki {
    pub fn make(directory: &Path) -> Self {
        let mut authority = CertificateParams::new([]).unwrap();
        authority.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let authority = CertifiedIssuer::self_signed(authority, KeyPair::generate().unwrap()).unwrap();
        let server_key = KeyPair::generate().unwrap();
        let server =
            CertificateParams::new(["127.0.0.1".to_owned()]).unwrap().signed_by(&server_key, &authority).unwrap();
        let write = |name: &str, pem: String| {
            let file = directory.join(name);
            fs::write(&file, pem).unwrap();
            file
        };
        Pki {
            ca: write("ca.pem", authority.pem()),
            cert: write("cert.pem", server.pem()),
            key: write("key.pem", server_key.serialize_pem()),
        }
    }

    pub fn serve(&self, directory: &Path, more: &[&str]) -> Csms {
        let mut arguments = vec!["--cert", self.cert.to_str().unwrap(), "--key", self.key.to_str().unwrap()];
        arguments.extend(more);
        Csms::start(directory, &arguments)
    }
}

fn closed_because(station: &mut Station) -> String {
    station.program.wait("why the link closed", |line| Some(line.pointer("/link_closed/reason")?.to_string()))
}

fn refused_because(csms: &mut Csms) -> String {
    csms.program.wait("a refusal", |line| Some(line.pointer("/refused/reason")?.to_string()))
}

/// The next security event of the station whose kind begins so.
fn wait_security_event(station: &mut Station, start: &str) -> String {
    station.program.wait("a security event", |line| {
        let kind = line.pointer("/event/SecurityEvent/kind")?.as_str()?;
        kind.starts_with(start).then(|| kind.to_owned())
    })
}

/// A05.FR.05 to A05.FR.07: from plain HTTP to the TLS endpoint, with the same key.
#[test]
fn profile_is_raised_to_tls() {
    let directory = tempfile::tempdir().unwrap();
    let pki = Pki::make(directory.path());
    let key = "000102030405060708090a0b0c0d0e0f";
    let mut plain = Csms::start(directory.path(), &["--password", key]);
    let secure_directory = directory.path().join("secure");
    fs::create_dir(&secure_directory).unwrap();
    let mut secure = pki.serve(&secure_directory, &["--password", key]);
    let (set, ca) = (format!("AuthorizationKey={key}"), pki.ca.to_str().unwrap());
    let arguments = ["--set", &set, "--ca", ca, "--tls-url", &secure.url];
    let mut station = Station::start(&plain.url, &directory.path().join("station"), &arguments);
    assert_eq!(station.program.wait_event("Registration"), "Accepted");
    let change = json!({"key": "SecurityProfile", "value": "3"});
    assert_eq!(
        plain.command("CP001", "ChangeConfiguration", change)["payload"]["status"],
        "Rejected",
        "no certificate"
    );
    let change = json!({"key": "SecurityProfile", "value": "2"});
    let answer = plain.command("CP001", "ChangeConfiguration", change);
    assert_eq!(answer["payload"]["status"], "Accepted", "{answer}");
    station.program.wait_event("Connected");
    let answer = secure.command("CP001", "GetConfiguration", json!({"key": ["SecurityProfile", "AuthorizationKey"]}));
    assert_eq!(answer["payload"]["configurationKey"][0]["value"], "2");
    assert_eq!(answer["payload"]["configurationKey"][1].get("value"), None);
}

#[test]
fn certificate_that_nobody_vouches_for_is_refused_and_reported() {
    let directory = tempfile::tempdir().unwrap();
    let csms = Pki::make(directory.path()).serve(directory.path(), &["--password", "right"]);
    let stranger = directory.path().join("stranger");
    fs::create_dir(&stranger).unwrap();
    let ca = Pki::make(&stranger).ca;
    let arguments = ["--ca", ca.to_str().unwrap(), "--password", "right"];
    let mut station = Station::start(&csms.url, &directory.path().join("station"), &arguments);
    assert_eq!(wait_security_event(&mut station, "Invalid"), "InvalidCsmsCertificate");
}

#[test]
fn session_runs_over_tls_with_the_right_password() {
    let directory = tempfile::tempdir().unwrap();
    let pki = Pki::make(directory.path());
    let mut csms = pki.serve(directory.path(), &["--station", "CP001=open sesame: please"]);
    assert!(csms.url.starts_with("wss://127.0.0.1:"));
    let store = directory.path().join("station");
    let ca = pki.ca.to_str().unwrap();
    let mut station = Station::start(&csms.url, &store, &["--ca", ca, "--password", "open sesame: please"]);
    assert_eq!(station.program.wait_event("Registration"), "Accepted");
    station.begin_session();
    csms.wait_stored("Started");
    station.program.say(&json!({"stop": 1}));
    assert_eq!(csms.wait_stored("Stopped")["report"]["reason"], "Local");
}

#[test]
fn wrong_password_is_refused_with_401() {
    let directory = tempfile::tempdir().unwrap();
    let mut csms = Csms::start(directory.path(), &["--password", "right"]);
    let mut station = Station::start(&csms.url, &directory.path().join("station"), &["--password", "wrong"]);
    assert!(closed_because(&mut station).contains("401"));
    assert_eq!(wait_security_event(&mut station, "FailedToAuth"), "FailedToAuthenticateAtCsms");
    assert!(refused_because(&mut csms).contains("password is wrong"));

    let status = |id, password| {
        Client::try_connect(&Request { url: &csms.url, id, subprotocol: Some("ocpp1.6"), password }).err()
    };
    assert_eq!(status("CP001", None), Some(401));
    assert_eq!(status("CP001", Some("right")), None);
}

#[test]
fn unknown_station_is_refused_with_404() {
    let directory = tempfile::tempdir().unwrap();
    let csms = Csms::start(directory.path(), &["--station", "CP001=secret"]);
    let request = Request { url: &csms.url, id: "CP002", subprotocol: Some("ocpp1.6"), password: Some("secret") };
    assert_eq!(Client::try_connect(&request).err(), Some(404));
}

#[test]
fn server_that_nobody_vouches_for_is_not_trusted() {
    let directory = tempfile::tempdir().unwrap();
    let pki = Pki::make(directory.path());
    let other = directory.path().join("other");
    fs::create_dir(&other).unwrap();
    let stranger = Pki::make(&other);
    let csms = pki.serve(directory.path(), &[]);
    let ca = stranger.ca.to_str().unwrap();
    let mut station = Station::start(&csms.url, &directory.path().join("station"), &["--ca", ca]);
    assert!(closed_because(&mut station).contains("certificate"));
}

#[test]
fn connection_without_a_common_version_is_closed() {
    let directory = tempfile::tempdir().unwrap();
    let mut csms = Csms::start(directory.path(), &[]);
    let request = |subprotocol| Request { url: &csms.url, id: "CP001", subprotocol, password: None };
    let mut silent = Client::try_connect(&request(None)).unwrap();
    assert!(silent.receive().is_err(), "OCPP-J 1.6 §3.2: the handshake is completed, then closed");
    assert!(Client::try_connect(&request(Some("ocpp9"))).is_err());
    assert!(refused_because(&mut csms).contains("no version"));
}

#[test]
fn newest_connection_of_a_station_is_the_one_that_counts() {
    let directory = tempfile::tempdir().unwrap();
    let mut csms = Csms::start(directory.path(), &[]);
    let mut old = Client::connect(&csms.url, "CP001");
    old.boot();
    let mut new = Client::connect(&csms.url, "CP001");
    new.boot();
    assert_eq!(old.receive(), Err(Some(1008)));

    csms.program.say(&json!({"station": "CP001", "action": "ClearCache"}));
    let call: Value = serde_json::from_str(&new.receive().unwrap()).unwrap();
    assert_eq!((&call[0], &call[2]), (&json!(2), &json!("ClearCache")));
    assert!(new.send(&json!([3, call[1], {"status": "Perhaps"}]).to_string()));
    let violation = csms.program.wait("the answer", |line| Some(line.pointer("/answer/violation")?.to_string()));
    assert!(violation.contains("status"), "{violation}");
}

#[test]
fn garbage_is_answered_or_dropped_and_the_server_goes_on() {
    let directory = tempfile::tempdir().unwrap();
    let csms = Csms::start(directory.path(), &[]);
    let mut client = Client::connect(&csms.url, "CP001");
    client.boot();
    for garbage in ["", "{", "null", "[2]", "[2,\"x\"]", "[7,\"x\",\"y\",{}]", "[3,\"nobody asked\",{}]"] {
        assert!(client.send(garbage));
    }
    assert!(client.send(&format!("[2,\"deep\",\"Heartbeat\",{}1{}]", "[".repeat(10_000), "]".repeat(10_000))));
    assert!(client.send(r#"[2,"fly","Fly",{}]"#));
    let answers = std::iter::from_fn(|| client.receive().ok());
    let not_known = answers.map(|text| serde_json::from_str::<Value>(&text).unwrap()).find(|answer| answer[1] == "fly");
    assert_eq!(not_known.unwrap()[2], "NotImplemented");

    let long = format!("[2,\"long\",\"Heartbeat\",{{\"a\":\"{}\"}}]", "x".repeat(10 << 20));
    // The connection may be closed before all of it is sent.
    let _ = client.send(&long);
    while let Ok(answer) = client.receive() {
        assert!(!answer.starts_with("[3,\"long\""), "{answer}");
    }
    let mut again = Client::connect(&csms.url, "CP001");
    assert!(again.call("Heartbeat", json!({})).is_some());
}
