//! What keeps a program from starting is told in one sentence, with exit status 2; and how programs end.

use std::fs;
use std::io::Read;
use std::net::TcpListener;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use serde_json::json;

use crate::harness::{Csms, Station};

const PROGRAM: &str = env!("CARGO_BIN_EXE_ocpp-testkit");

/// Runs a program to its end: status, stdout, stderr.
fn run(arguments: &[&str]) -> (Option<i32>, String, String) {
    let output = Command::new(PROGRAM).args(arguments).stdin(Stdio::null()).output().unwrap();
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
    (output.status.code(), text(output.stdout), text(output.stderr))
}

/// It cannot start, and says why in one line, in which all of this is.
fn cannot_start(arguments: &[&str], told: &[&str]) {
    let (status, _, stderr) = run(arguments);
    assert_eq!(status, Some(2), "{arguments:?}: {stderr}");
    assert!(!stderr.contains("panicked"), "{arguments:?}: {stderr}");
    // What was waited for may stand before it.
    let sentence = stderr.trim_end().lines().last().unwrap_or_default();
    for word in told {
        assert!(sentence.contains(word), "{arguments:?}: {word} is not in {stderr}");
    }
}

fn file(directory: &Path, name: &str, content: &str) -> String {
    let file = directory.join(name);
    fs::write(&file, content).unwrap();
    file.to_str().unwrap().to_owned()
}

const STATION: [&str; 5] = ["station", "--url", "ws://127.0.0.1:1", "--id", "CP001"];
const CSMS: [&str; 3] = ["csms", "--listen", "127.0.0.1:0"];

#[test]
fn wrong_name_is_told_with_the_one_that_is_meant() {
    let directory = tempfile::tempdir().unwrap();
    let station = |more: &[&str], told: &[&str]| cannot_start(&[&STATION, more].concat(), told);
    station(&["--set", "HeartbeatIntervall=60"], &["HeartbeatIntervall is no key", "HeartbeatInterval is meant"]);
    station(&["--set", "HeartbeatInterval=often"], &["settings", "HeartbeatInterval", "value"]);
    for arguments in [[&CSMS[..], &["--ocpp", "1.6,3.0"]].concat(), vec!["pipe", "--role", "csms", "--ocpp", "3.0"]] {
        let (status, _, stderr) = run(&arguments);
        assert!(status == Some(2) && stderr.contains("'3.0' for '--ocpp") && stderr.contains("2.1"), "{stderr}");
    }

    for (role, config, told) in [
        ("station", r#"{"settings":[["HeartbeatIntervall","60"]]}"#, "HeartbeatInterval is meant?"),
        ("station", r#"{"absent_settings":["LightIntensty"]}"#, "LightIntensity is meant?"),
        ("station", r#"{"limits":{"journall":9}}"#, "limits.journall: no such member; journal is meant?"),
        ("station", r#"{"evses":"two"}"#, "evses: expected a number of EVSEs"),
        ("csms", r#"{"limits":{"question":9}}"#, "limits.question: no such member; questions is meant?"),
        ("csms", "nonsense", "no JSON object"),
    ] {
        let file = file(directory.path(), "config.json", config);
        cannot_start(&["pipe", "--role", role, "--config", &file], &[told]);
        let arguments = if role == "station" { &STATION[..] } else { &CSMS[..] };
        cannot_start(&[arguments, &["--config", &file]].concat(), &[told]);
    }
}

#[test]
fn file_or_address_that_is_of_no_use_is_told_with_its_option_and_what_to_do() {
    let directory = tempfile::tempdir().unwrap();
    let folder = directory.path().to_str().unwrap();
    let text = file(directory.path(), "text", "This is neither a store nor JSON.\n");
    let none = directory.path().join("none").to_str().unwrap().to_owned();
    let with = |start: &[&str], more: &[&str], told: &[&str]| cannot_start(&[start, more].concat(), told);

    with(&STATION, &["--store", &text], &["--store", &text, "a file stands where the path needs a folder"]);
    let store = directory.path().join("foreign");
    fs::create_dir(&store).unwrap();
    file(&store, "station.redb", "This is no store.\n");
    with(&STATION, &["--store", store.to_str().unwrap()], &["--store", "station.redb", "no station store", "choose"]);
    fs::remove_file(store.join("station.redb")).unwrap();
    file(&store, "hardware.json", "{");
    with(&STATION, &["--store", store.to_str().unwrap()], &["--store", "hardware.json", "look at what is in it"]);
    with(&STATION, &["--ca", &none], &["--ca", &none, "check the path"]);
    with(&CSMS, &["--cert", &text, "--key", &none], &["--cert", &text, "PEM"]);
    with(&STATION, &["--config", folder], &["--config", folder, "name a file"]);
    with(&STATION, &["--save", folder], &["--save", folder, "name a file"]);
    with(&STATION, &["--connect-within", "1"], &["ws://127.0.0.1:1", "within 1 s"]);

    with(&CSMS, &["--db", folder], &["--db", folder, "and name a file"]);
    with(&CSMS, &["--db", &text], &["--db", &text, "not a database", "choose another place"]);
    let other = directory.path().join("other.db");
    rusqlite::Connection::open(&other).unwrap().execute_batch("CREATE TABLE facts_of_life (a)").unwrap();
    with(&CSMS, &["--db", other.to_str().unwrap()], &["--db", "another program"]);
    with(&CSMS, &["--config", &none], &["--config", &none, "check the path"]);
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap().to_string();
    cannot_start(&["csms", "--listen", &address], &["--listen", &address, "choose another port"]);
    cannot_start(&["csms", "--listen", "nowhere.invalid:1"], &["--listen nowhere.invalid:1"]);
    cannot_start(&["csms", "--listen", "0.0.0.0:0"], &["0.0.0.0:0", "--accept-all-stations"]);

    for program in ["schedule", "replay", "trace", "validate"] {
        cannot_start(&[program, &none], &[&none, "check the path"]);
        cannot_start(&[program, folder], &[folder]);
    }
    cannot_start(&["schedule", &text], &[&text]);
    cannot_start(&["pipe", "--role", "station", "--config", &none], &["--config", &none, "check the path"]);
    cannot_start(&["pipe", "--role", "station", "--record", folder], &["--record", folder]);
    cannot_start(&["demo", "--save", folder], &["--save", folder]);
    cannot_start(&["simulate", "--save", &format!("{text}/below")], &["--save", "folder"]);
    cannot_start(&["conformance", "--case", "TC_9"], &["TC_9"]);
    cannot_start(&["conformance", "--url", "ftp://nowhere"], &["conformance:"]);
    assert_eq!(run(&["station", "--no-such-option"]).0, Some(2));
}

/// A store is cut off by a full disk, or by a copy that was not finished.
#[test]
fn store_that_is_cut_off_or_in_use_is_told_and_nothing_panics() {
    let directory = tempfile::tempdir().unwrap();
    let store = directory.path().join("station");
    let arguments = [&STATION[..], &["--store", store.to_str().unwrap(), "--run-for"]].concat();
    let running = Station::start("ws://127.0.0.1:1", &store, &[]);
    let file = store.join("station.redb");
    while !file.exists() {
        std::thread::sleep(Duration::from_millis(10));
    }
    cannot_start(
        &[&arguments[..], &["1"]].concat(),
        &["--store", "station.redb", "another process", "end that process"],
    );
    running.program.kill();
    let bytes = fs::read(&file).unwrap();
    for length in [100, 5_000, bytes.len() / 2, bytes.len() - 1] {
        fs::write(&file, &bytes[..length]).unwrap();
        cannot_start(&[&arguments[..], &["1"]].concat(), &["--store", "station.redb", "cut off", "copy"]);
    }
    fs::write(&file, &bytes).unwrap();
    assert_eq!(run(&[&arguments[..], &["0"]].concat()).0, Some(0), "the whole store is as good as before");
}

#[test]
fn version_is_told() {
    let (status, stdout, _) = run(&["--version"]);
    assert_eq!((status, stdout.trim()), (Some(0), concat!("ocpp-testkit ", env!("CARGO_PKG_VERSION"))));
}

#[test]
fn reader_that_goes_away_ends_a_program_quietly() {
    let directory = tempfile::tempdir().unwrap();
    let trace = directory.path().join("trace.jsonl");
    let trace = trace.to_str().unwrap();
    assert_eq!(run(&["demo", "--save", trace]).0, Some(0));
    let programs: [&[&str]; 8] = [
        &["demo"],
        &["demo", "--json"],
        &["trace", trace],
        &["validate", trace],
        &["replay", trace],
        &["simulate", "--hours", "1", "--stations", "1"],
        &["conformance", "--list"],
        &["pipe", "--role", "station"],
    ];
    // These notice when they print the next line.
    let servers = [&CSMS[..], &STATION[..]].map(|program| [program, &["--run-for", "20"]].concat());
    for arguments in programs.into_iter().chain(servers.iter().map(Vec::as_slice)) {
        let mut child = Command::new(PROGRAM)
            .args(arguments)
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        drop(child.stdout.take());
        assert_eq!(child.wait().unwrap().code(), Some(0), "{arguments:?}");
        let mut stderr = String::new();
        child.stderr.take().unwrap().read_to_string(&mut stderr).unwrap();
        assert!(!stderr.contains("panicked") && !stderr.contains("Broken pipe"), "{arguments:?}: {stderr}");
    }
}

/// `/dev/full` is a disk without room. Elsewhere there is none that needs no rights.
#[cfg(target_os = "linux")]
#[test]
fn full_disk_is_told() {
    for arguments in [&["demo"][..], &["pipe", "--role", "station"], &CSMS, &STATION] {
        let full = fs::File::create("/dev/full").unwrap();
        let output = Command::new(PROGRAM).args(arguments).stdin(Stdio::null()).stdout(full).output().unwrap();
        let stderr = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(2), "{arguments:?}: {stderr}");
        assert!(stderr.contains("No space left") && !stderr.contains("panicked"), "{arguments:?}: {stderr}");
    }
    cannot_start(&["demo", "--save", "/dev/full"], &["--save /dev/full", "make room"]);
}

/// A real station is away for seconds, and who comes meanwhile is found afterwards.
#[test]
fn reboot_takes_its_time_and_vehicles_come_meanwhile() {
    let directory = tempfile::tempdir().unwrap();
    let csms = Csms::start(directory.path(), &[]);
    let mut station = Station::start(&csms.url, &directory.path().join("station"), &["--reboot-time", "2"]);
    station.program.wait_event("Registration");
    let down = Instant::now();
    station.program.say(&json!({"power_cycle": {}}));
    station.program.say(&json!({"plug": 1}));
    station.program.say(&json!({"token": {"evse": 1, "id": "ABC"}}));
    let error = station.program.wait("an error", |line| line.get("error").cloned());
    assert!(error["reason"].as_str().unwrap().contains("restarts"), "{error}");
    station.program.wait("a new start", |line| line.get("started").cloned());
    assert!(down.elapsed() >= Duration::from_secs(2));
    station.program.wait("the vehicle", |line| {
        line.pointer("/event/Status").filter(|event| event["status"] == "Preparing").cloned()
    });
}

#[test]
fn program_ends_when_it_was_told_to() {
    assert_eq!(run(&[&STATION[..], &["--run-for", "0"]].concat()).0, Some(0));
    assert_eq!(run(&[&CSMS[..], &["--run-for", "0"]].concat()).0, Some(0));
}
