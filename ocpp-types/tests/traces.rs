//! Recorded traffic of other programs: each payload is read strictly, or refused for a reason that is listed here, and then read
//! leniently with the repair reported.
//!
//! The recordings are not part of the repository: `OCPP_TRACES`, or `shared/traces` beside the workspace.
#![cfg(all(feature = "v1_6", feature = "v2_0_1", feature = "v2_1"))]
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::{Path, PathBuf},
};

use ocpp_types::{
    Encode, Violation,
    json::{Reader, Writer},
    lenient::{Quirks, Repair},
    tables::{self, Edition, ObjectId, Parsed},
    v1_6, v2_0_1, v2_1,
};

/// What must be found: file, action, path, rule; then what lenient decoding says.
const EXPECTED: &[(&str, &str, &str, &str, &str)] = &[
    (
        "py-flowion-1.6",
        "ChangeAvailability",
        "$.connectorId",
        "integer expected, string found",
        "refused: integer expected, string found at $.connectorId",
    ),
    ("py-flowion-1.6", "ChangeAvailability", "$.type", "not a value of AvailabilityType", "UnknownValue at $.type"),
    (
        "py-flowion-1.6",
        "RemoteStartTransaction",
        "$",
        "required member idTag is missing",
        "refused: required member idTag is missing at $",
    ),
    (
        "py-microocpp-1.6",
        "ChangeAvailability",
        "$.connectorId",
        "integer expected, string found",
        "refused: integer expected, string found at $.connectorId",
    ),
    ("py-microocpp-1.6", "ChangeAvailability", "$.type", "not a value of AvailabilityType", "UnknownValue at $.type"),
    (
        "py-microocpp-1.6",
        "RemoteStartTransaction",
        "$",
        "required member idTag is missing",
        "refused: required member idTag is missing at $",
    ),
    (
        "py-sap-2.0.1",
        "ChangeAvailability",
        "$.operationalStatus",
        "not a value of OperationalStatus",
        "UnknownValue at $.operationalStatus",
    ),
    (
        "py-sap-2.0.1",
        "GetVariables",
        "$.getVariableData",
        "0 items, at least 1 required",
        "ItemCount at $.getVariableData",
    ),
    (
        "py-sap-2.0.1",
        "RequestStartTransaction",
        "$",
        "required member idToken is missing",
        "refused: required member idToken is missing at $",
    ),
    ("py-sap-2.0.1", "Reset", "$", "unknown member", "ExtraMember at $"),
    (
        "py-shiv3-2.1",
        "ChangeAvailability",
        "$.operationalStatus",
        "not a value of OperationalStatus",
        "UnknownValue at $.operationalStatus",
    ),
    (
        "py-shiv3-2.1",
        "GetCompositeSchedule",
        "$.schedule.chargingSchedulePeriod[1].startPeriod",
        "integer expected, number found",
        "FractionRounded at $.schedule.chargingSchedulePeriod[1].startPeriod",
    ),
    (
        "py-shiv3-2.1",
        "GetVariables",
        "$.getVariableData",
        "0 items, at least 1 required",
        "ItemCount at $.getVariableData",
    ),
    (
        "py-shiv3-2.1",
        "RequestStartTransaction",
        "$",
        "required member idToken is missing",
        "refused: required member idToken is missing at $",
    ),
    ("py-shiv3-2.1", "Reset", "$", "unknown member", "ExtraMember at $"),
    (
        "py-solidstudio-2.0.1",
        "NotifyReport",
        "$.reportData",
        "0 items, at least 1 required",
        "ItemCount at $.reportData",
    ),
];

/// Strict and lenient verdict on a payload; nothing if this side does not send it. A lenient verdict lists the repairs.
type Verdict = Option<(Result<(), Violation>, Result<Vec<String>, Violation>)>;

macro_rules! judge {
    ($version:ident, $payloads:ident, $action:expr, $json:expr) => {{
        let action = $action.parse::<$version::Action>().ok()?;
        let strict = match $version::$payloads::from_json(action, $json) {
            Ok(payload) => {
                let written = payload?.to_json().unwrap();
                assert_eq!(
                    by_tables(stringify!($version), stringify!($payloads), $action, $json, Quirks::NONE).unwrap().0,
                    written
                );
                Ok(())
            }
            Err(violation) => {
                let ours = by_tables(stringify!($version), stringify!($payloads), $action, $json, Quirks::NONE);
                assert_eq!(ours.unwrap_err(), violation);
                Err(violation)
            }
        };
        let ours = by_tables(stringify!($version), stringify!($payloads), $action, $json, Quirks::ALL);
        let lenient = match $version::$payloads::from_json_lenient(action, $json, Quirks::ALL) {
            Ok(decoded) => {
                let repairs = decoded?.repairs;
                assert_eq!(ours.unwrap().1, repairs);
                Ok(repairs.iter().map(|repair| format!("{} at {}", repair.kind, repair.path)).collect())
            }
            Err(violation) => {
                assert_eq!(ours.unwrap_err(), violation);
                Err(violation)
            }
        };
        Some((strict, lenient))
    }};
}

/// Reads a payload by its table and writes it again; with the repairs that were needed.
fn by_tables(
    version: &str,
    payloads: &str,
    action: &str,
    json: &str,
    quirks: Quirks,
) -> Result<(String, Vec<Repair>), Violation> {
    let either = |request: ObjectId, response: Option<ObjectId>| {
        if payloads.ends_with("Request") { request } else { response.unwrap() }
    };
    let (edition, object) = if version == "v1_6" {
        let action = tables::v1_6::Action::find(action, Edition::V1_6).unwrap();
        (Edition::V1_6, either(action.request(), action.response()))
    } else {
        let edition = if version == "v2_1" { Edition::V2_1 } else { Edition::V2_0_1 };
        let action = tables::v2::Action::find(action, edition).unwrap();
        (edition, either(action.request(), action.response()))
    };
    let decoded = Parsed::parse_lenient(json, edition, object, quirks)?;
    let mut writer = Writer::new();
    decoded.value.write(&mut writer);
    Ok((writer.finish().unwrap_or_default(), decoded.repairs))
}

fn judge(version: &str, from_station: bool, response: bool, action: &str, json: &str) -> Verdict {
    match (version, from_station, response) {
        ("1.6", true, false) => judge!(v1_6, StationRequest, action, json),
        ("1.6", false, false) => judge!(v1_6, CsmsRequest, action, json),
        ("1.6", true, true) => judge!(v1_6, StationResponse, action, json),
        ("1.6", false, true) => judge!(v1_6, CsmsResponse, action, json),
        ("2.0.1", true, false) => judge!(v2_0_1, StationRequest, action, json),
        ("2.0.1", false, false) => judge!(v2_0_1, CsmsRequest, action, json),
        ("2.0.1", true, true) => judge!(v2_0_1, StationResponse, action, json),
        ("2.0.1", false, true) => judge!(v2_0_1, CsmsResponse, action, json),
        ("2.1", true, false) => judge!(v2_1, StationRequest, action, json),
        ("2.1", false, false) => judge!(v2_1, CsmsRequest, action, json),
        ("2.1", true, true) => judge!(v2_1, StationResponse, action, json),
        ("2.1", false, true) => judge!(v2_1, CsmsResponse, action, json),
        _ => panic!("unknown version {version}"),
    }
}

fn folder() -> Option<PathBuf> {
    let folder = match std::env::var_os("OCPP_TRACES") {
        Some(folder) => PathBuf::from(folder),
        None => Path::new(env!("CARGO_MANIFEST_DIR")).join("../../shared/traces"),
    };
    folder.is_dir().then_some(folder)
}

/// The parts of a CALL or CALLRESULT: message type, id, action (of a CALL), payload.
fn parts(frame: &str) -> Option<(i64, String, Option<String>, String)> {
    let mut reader = Reader::new(frame);
    reader.begin_array().ok()?;
    reader.next_element().ok()?;
    let kind = reader.integer().ok()?;
    reader.next_element().ok()?;
    let id = reader.string().ok()?.into_owned();
    reader.next_element().ok()?;
    let action = match kind {
        2 => {
            let action = reader.string().ok()?.into_owned();
            reader.next_element().ok()?;
            Some(action)
        }
        3 => None,
        _ => return None,
    };
    Some((kind, id, action, reader.raw_value().ok()?.to_owned()))
}

#[test]
fn recorded_payloads_are_read_or_refused_for_a_true_reason() {
    let Some(folder) = folder() else {
        eprintln!("SKIPPED: no recorded traces (OCPP_TRACES)");
        return;
    };
    let mut found = BTreeSet::new();
    let (mut checked, mut unknown) = (0, Vec::new());
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_stem().unwrap().to_str().unwrap().to_owned();
        let Some((_, version)) = name.rsplit_once('-').filter(|_| path.extension().is_some_and(|end| end == "jsonl"))
        else {
            continue;
        };
        let mut calls: BTreeMap<(bool, String), String> = BTreeMap::new();
        for line in fs::read_to_string(&path).unwrap().lines() {
            let record: serde_json::Value = serde_json::from_str(line).unwrap();
            // Frames are taken from the line itself, so that numbers keep their digits.
            let frame = match (record.get("raw"), line.find("\"frame\":")) {
                (Some(raw), _) => raw.as_str().unwrap().to_owned(),
                (None, Some(at)) => Reader::new(&line[at + 8..]).raw_value().unwrap().to_owned(),
                (None, None) => continue,
            };
            let from_station = record["from"] == "station";
            let Some((kind, id, action, payload)) = parts(&frame) else { continue };
            let action = match action {
                Some(action) => {
                    calls.insert((from_station, id), action.clone());
                    action
                }
                None => calls[&(!from_station, id)].clone(),
            };
            let Some((strict, lenient)) = judge(version, from_station, kind == 3, &action, &payload) else {
                unknown.push(format!("{name} {action}"));
                continue;
            };
            checked += 1;
            let Err(violation) = strict else { continue };
            let lenient = match lenient {
                Ok(repairs) => repairs.join(", "),
                Err(violation) => format!("refused: {} at {}", violation.rule, violation.path),
            };
            found.insert((name.clone(), action, violation.path, violation.rule.to_string(), lenient));
        }
    }
    for found in &found {
        println!("{found:?}");
    }
    println!("{checked} recorded payloads checked, unknown actions: {unknown:?}");
    let expected: BTreeSet<_> = EXPECTED
        .iter()
        .map(|&(file, action, path, rule, lenient)| {
            (file.to_owned(), action.to_owned(), path.to_owned(), rule.to_owned(), lenient.to_owned())
        })
        .collect();
    assert_eq!(found, expected);
}
