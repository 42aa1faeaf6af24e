//! `schedule`: a file of profiles in, what they add up to out.
#![allow(clippy::panic, clippy::unwrap_used, clippy::indexing_slicing, clippy::float_arithmetic, reason = "a test")]

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use chrono::Utc;
use ocpp_testkit::schedule::{ProfileSet, json, picture};
use serde_json::{Value, json};

fn fixture() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/schedule/night.json")
}

fn program(arguments: &[&str]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_ocpp-testkit"));
    command.arg("schedule").arg(fixture()).args(arguments).output().unwrap()
}

fn text(bytes: &[u8]) -> &str {
    std::str::from_utf8(bytes).unwrap()
}

/// The transaction's own profile until 0:30, then the night's, which is the station's in between.
#[test]
fn table_has_a_line_for_each_period() {
    let output = program(&[]);
    assert_eq!((output.status.code(), text(&output.stderr)), (Some(0), ""));
    let expected = "\
EVSE 1: 43200 s from 2026-01-01 19:00:00 UTC, in A
  from s            time  limit  phases
       0  01-01 19:00:00     25       3
    7200  01-01 21:00:00     10       3
   19800  01-02 00:30:00     16       3
   25200  01-02 02:00:00    7.5       3
   39600  01-02 06:00:00     25       3
";
    assert_eq!(text(&output.stdout), expected);
}

#[test]
fn request_of_the_file_can_be_overruled() {
    let output = program(&["--at", "2026-01-02T01:59:50Z", "--duration", "20", "--unit", "W", "--json"]);
    let expected = json!({
        "evseId": 1, "scheduleStart": "2026-01-02T01:59:50Z", "duration": 20, "chargingRateUnit": "W",
        "periods": [
            {"startPeriod": 0, "limit": 11_040, "numberPhases": 3},
            {"startPeriod": 10, "limit": 5_175, "numberPhases": 3},
        ],
    });
    assert_eq!(serde_json::from_slice::<Value>(&output.stdout).unwrap(), expected);
}

#[test]
fn file_that_makes_no_sense_is_a_failure_with_its_place() {
    let good = fs::read_to_string(fixture()).unwrap();
    let directory = tempfile::tempdir().unwrap();
    for (from, to, said) in [
        ("\"ocpp\": \"1.6\"", "\"ocpp\": \"1.5\"", "ocpp is 1.5"),
        ("\"limit\": 16}", "\"limit\": \"16\"}", "profile 2: "),
        ("\"stackLevel\": 1", "\"stackLevel\": -1", "profile 3: stackLevel is -1"),
        ("\"evseType\": \"AC\"", "\"evseType\": \"DC\"", "settings.evseType is DC"),
        ("\"evseId\": 1, \"start\"", "\"evseId\": 3, \"start\"", "evse 3 does not exist"),
        ("\"profiles\": [", "\"others\": [", "missing field `profiles`"),
    ] {
        let file = directory.path().join("file.json");
        assert!(good.contains(from), "{from}");
        fs::write(&file, good.replace(from, to)).unwrap();
        let output = Command::new(env!("CARGO_BIN_EXE_ocpp-testkit")).arg("schedule").arg(&file).output().unwrap();
        assert_eq!(output.status.code(), Some(2), "{to}");
        assert!(text(&output.stderr).contains(said), "{to}: {}", text(&output.stderr));
    }
}

#[test]
fn profile_that_a_station_would_refuse_is_named_and_counted_in() {
    let changed =
        fs::read_to_string(fixture()).unwrap().replace("\"evseId\": 0, \"profile\"", "\"evseId\": 2, \"profile\"");
    let set = ProfileSet::read(&changed, Utc::now()).unwrap();
    let refused: Vec<String> = set.refused().iter().map(|(id, rule)| format!("{}: {rule}", id.0)).collect();
    assert_eq!(refused, ["1: purpose StationMax is for the whole station"]);
}

#[test]
fn picture_shows_every_profile_and_the_line_inside_its_frame() {
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("night.svg");
    let output = program(&["--svg", file.to_str().unwrap()]);
    assert_eq!(output.status.code(), Some(0));
    let svg = fs::read_to_string(file).unwrap();
    let escaped = "Cheap power at night &lt;16 A&gt;";
    for shown in ["Station maximum 1", "Transaction 3", "Default 2", "7.5", escaped] {
        assert!(svg.contains(shown), "{shown}\n{svg}");
    }
    // 40 A of the transaction's profile are its own; the default below it is overruled while that lasts.
    assert_eq!(svg.matches("class=\"under\"").count(), 1, "{svg}");
    let path = svg.split_once("class=\"result\" d=\"M").unwrap().1.split_once('"').unwrap().0;
    let points: Vec<(i64, i64)> = path
        .split('L')
        .map(|point| point.split_once(' ').unwrap())
        .map(|(x, y)| (x.parse().unwrap(), y.parse().unwrap()))
        .collect();
    assert_eq!(points.len(), 10, "five periods");
    let height: i64 = svg.split_once("height=\"").unwrap().1.split_once('"').unwrap().0.parse().unwrap();
    assert!(points.iter().all(|(x, y)| (0..1_000).contains(x) && (0..height).contains(y)), "{points:?}");
    assert!(points.windows(2).all(|pair| pair[0].0 <= pair[1].0), "{points:?}");
}

/// Each published case, where they are at hand, gives what it expects; an unclear one, one of what it allows.
#[test]
fn published_cases_come_out_as_expected() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../shared/vectors/smartcharging");
    let folder = std::env::var_os("OCPP_VECTORS").map_or(folder, |root| Path::new(&root).join("smartcharging"));
    let Ok(entries) = fs::read_dir(&folder) else {
        eprintln!("SKIPPED: no vectors at <workspace>/../shared/vectors/smartcharging nor in OCPP_VECTORS");
        return;
    };
    let mut count = 0;
    for path in entries.map(|entry| entry.unwrap().path()).filter(|path| path.extension().is_some_and(|e| e == "json"))
    {
        let content = fs::read_to_string(&path).unwrap();
        let vector: Value = serde_json::from_str(&content).unwrap();
        let set = ProfileSet::read(&content, Utc::now()).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
        let composite = set.composite().unwrap();
        let found: Value = serde_json::from_str(&json(&composite)).unwrap();
        let allowed: Vec<&Value> = match &vector["spec_conform"] {
            Value::Bool(true) => vec![&vector["expected"]],
            Value::Bool(false) => vec![&vector["spec_expected"]],
            _ => [&vector["expected"]].into_iter().chain(vector["spec_alternatives"].as_array().unwrap()).collect(),
        };
        let is_one = allowed.iter().any(|expected| agree(&expected["periods"], &found["periods"]));
        assert!(is_one, "{}: {}\nallowed: {allowed:?}", path.display(), found["periods"]);
        assert!(picture(&set, &composite).ends_with("</svg>\n"), "{}", path.display());
        count += 1;
    }
    assert!(count > 0);
    println!("{count} cases");
}

/// Whether two lists of periods are the same line.
fn agree(expected: &Value, found: &Value) -> bool {
    let (expected, found) = (expected.as_array().unwrap(), found.as_array().unwrap());
    let starts = expected.iter().chain(found).map(|period| period["startPeriod"].as_u64().unwrap());
    starts.into_iter().all(|start| {
        let at = |periods: &[Value]| {
            periods.iter().rfind(|period| period["startPeriod"].as_u64().unwrap() <= start).cloned().unwrap()
        };
        let (a, b) = (at(expected), at(found));
        let same = |name: &str| match (a[name].as_f64(), b[name].as_f64()) {
            (Some(a), Some(b)) => {
                (a - b).abs() <= 0.01 || (a - b).abs() < 0.1 && (a * 10.0 - (b * 10.0).floor()).abs() < 1e-6
            }
            (a, b) => a.is_none() && b.is_none(),
        };
        let values = ["limit", "limit_L2", "limit_L3", "dischargeLimit", "setpoint"];
        let phases = a["numberPhases"].is_null() || a["numberPhases"] == b["numberPhases"];
        values.into_iter().all(same)
            && phases
            && a["operationMode"].as_str().unwrap_or("ChargingOnly")
                == b["operationMode"].as_str().unwrap_or("ChargingOnly")
    })
}
