//! The conformance cases against the programs `station` and `csms`, over real sockets.

use std::net::TcpListener;
use std::process::{Command, Output};

use serde_json::Value;

use crate::harness::{Csms, Program};

const PROGRAM: &str = env!("CARGO_BIN_EXE_ocpp-testkit");

/// Short times: real ones pass.
const QUICK: [&str; 10] = [
    "--value",
    "watch=1",
    "--value",
    "sample=1",
    "--value",
    "connection_timeout=5",
    "--value",
    "reservation=3",
    "--value",
    "heartbeat=2",
];

fn conformance(arguments: &[&str]) -> Output {
    Command::new(PROGRAM).arg("conformance").args(QUICK).args(arguments).output().unwrap()
}

/// Case and verdict of each line, each of which says as well whose case it is and what it rests on.
fn verdicts(output: &Output) -> Vec<(String, String)> {
    let lines = std::str::from_utf8(&output.stdout).unwrap().lines();
    let text = |line: &Value, name: &str| line[name].as_str().unwrap().to_owned();
    lines
        .map(|line| serde_json::from_str::<Value>(line).unwrap())
        .map(|line| {
            assert_eq!(text(&line, "reason").is_empty(), line["verdict"] == "pass", "{line}");
            assert!(["station", "csms"].contains(&text(&line, "role").as_str()), "{line}");
            assert!(line["spec"].as_array().is_some_and(|sections| sections.iter().all(Value::is_string)), "{line}");
            (text(&line, "case"), text(&line, "verdict"))
        })
        .collect()
}

/// One case or more of each kind of step; all of them take minutes. Two cannot pass, TC_044_2_CS and TC_045_2_CS: the
/// host of the program `station` fetches and sends no file until a line tells it how that went, and names the job by a
/// number that only the station's output has.
#[test]
fn live_station_passes_what_it_passes_in_virtual_time() {
    let directory = tempfile::tempdir().unwrap();
    let spawn = format!("{PROGRAM} station --url {{url}} --id CP001 --evses 2 --locks");
    let cases = [
        "TC_003_CS",
        "TC_005_1_CS",
        "TC_011_2_CS",
        "TC_012_CS",
        "TC_015_CS",
        "TC_018_1_CS",
        // Before others: a lock that sticks is mended.
        "TC_030_CS",
        "TC_032_2_CS",
        "TC_039_CS",
        "TC_040_2_CS",
        "TC_047_CS",
        "TC_051_CS",
        "TC_070_CS",
        "TC_003_CS",
        "TC_024_CS",
    ];
    let mut arguments = vec!["--listen", "127.0.0.1:0", "--json", "--spawn", &spawn];
    arguments.extend(["--save", directory.path().to_str().unwrap()]);
    arguments.extend(cases.iter().flat_map(|case| ["--case", case]));
    let output = conformance(&arguments);
    let report = String::from_utf8_lossy(&output.stdout);
    let passed: Vec<_> = cases.iter().map(|case| ((*case).to_owned(), "pass".to_owned())).collect();
    assert_eq!(verdicts(&output), passed, "{report}");
    assert!(output.status.success());

    // Each conversation is a trace.
    let trace = std::fs::read_to_string(directory.path().join("TC_012_CS.jsonl")).unwrap();
    let lines: Vec<Value> = trace.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!((&lines[0]["ocpp_trace"], &lines[0]["case"]), (&1.into(), &"TC_012_CS".into()));
    assert!(lines.iter().any(|line| line["from"] == "csms" && line["frame"][2] == "RemoteStopTransaction"));
    assert!(lines.iter().any(|line| line["from"] == "station" && line["frame"][2] == "StopTransaction"));
}

/// The same of 2.0.1: the subprotocol is that of its version.
#[test]
fn live_station_of_2_0_1_passes_what_it_passes_in_virtual_time() {
    let spawn = format!("{PROGRAM} station --url {{url}} --id CP001 --evses 2 --locks --ocpp 2.0.1");
    let cases = [
        "TC_B_06_CS",
        "TC_B_12_CS",
        "TC_C_12_CS",
        "TC_C_16_CS",
        "TC_C_37_CS",
        "TC_D_02_CS",
        "TC_E_04_CS",
        "TC_E_06_CS",
        "TC_E_24_CS",
        "TC_E_38_CS",
        "TC_E_44_CS",
        "TC_F_01_CS",
        "TC_F_14_CS",
        "TC_G_11_CS",
        "TC_G_18_CS",
        "TC_J_09_CS",
        "TC_P_03_CS",
        "TC_B_22_CS",
        "TC_E_04_CS",
    ];
    let mut arguments = vec!["--ocpp", "2.0.1", "--listen", "127.0.0.1:0", "--json", "--spawn", &spawn];
    arguments.extend(cases.iter().flat_map(|case| ["--case", case]));
    let output = conformance(&arguments);
    let report = String::from_utf8_lossy(&output.stdout);
    let passed: Vec<_> = cases.iter().map(|case| ((*case).to_owned(), "pass".to_owned())).collect();
    assert_eq!(verdicts(&output), passed, "{report}");
    assert!(output.status.success());
}

#[test]
fn live_csms_passes_what_it_passes_in_virtual_time() {
    let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let spawn = format!(
        "{PROGRAM} csms --listen 127.0.0.1:{port} --token CONF-A=Accepted:CONF-GROUP --token CONF-B=Accepted:CONF-GROUP \
         --token CONF-EXPIRED=Expired --token CONF-BLOCKED=Blocked"
    );
    let url = format!("ws://127.0.0.1:{port}/ocpp");
    let output = conformance(&["--url", &url, "--json", "--spawn", &spawn]);
    let verdicts = verdicts(&output);
    let count = |wanted: &str| verdicts.iter().filter(|(_, verdict)| verdict == wanted).count();
    let report = String::from_utf8_lossy(&output.stdout);
    assert_eq!((verdicts.len(), count("fail"), count("inconclusive")), (61, 0, 0), "{report}");
    assert!(count("pass") >= 58, "{report}");
    assert!(output.status.success());
}

#[test]
fn station_that_does_not_what_it_must_fails() {
    let spawn = format!("{PROGRAM} station --url {{url}} --id CP001 --evses 2 --locks");
    let arguments =
        ["--listen", "127.0.0.1:0", "--json", "--spawn", &spawn, "--case", "TC_017_2_CS", "--case", "TC_040_1_CS"];
    let output = conformance(&[arguments.as_slice(), &["--fixed-cable"]].concat());
    let verdicts: Vec<_> = verdicts(&output).into_iter().map(|(_, verdict)| verdict).collect();
    assert_eq!(verdicts, ["fail", "pass"], "a lock that is told to be a fixed cable is unlocked");
    assert!(!output.status.success());
}

/// A rig that can do nothing, and says so.
const RIG: &str = r#"sh -c 'while read -r step; do echo "{\"cannot\":\"no such button\"}"; done'"#;

#[test]
fn what_the_rig_cannot_do_is_inconclusive_with_its_word() {
    let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let url = format!("ws://127.0.0.1:{port}");
    let _station = Program::start("station", ["--url", &url, "--id", "CP001", "--evses", "2"]);
    let listen = format!("127.0.0.1:{port}");
    let of_station = conformance(&["--listen", &listen, "--json", "--spawn", RIG, "--case", "TC_003_CS"]);

    let directory = tempfile::tempdir().unwrap();
    let csms = Csms::start(directory.path(), &["--token", "CONF-A=Accepted:CONF-GROUP"]);
    let of_csms = conformance(&["--url", &csms.url, "--json", "--spawn", RIG, "--case", "TC_010_CSMS"]);

    for output in [of_station, of_csms] {
        let line: Value = serde_json::from_slice(&output.stdout).unwrap();
        assert_eq!(line["verdict"], "inconclusive", "{line}");
        assert_eq!(line["reason"], "step not carried out: no such button");
        assert!(!output.status.success());
    }
}
