//! The `demo` subcommand.
#![allow(clippy::panic, clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, reason = "a test")]

use std::process::{Command, Output};

fn demo(arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_ocpp-testkit")).args(arguments).output().unwrap()
}

#[test]
fn without_arguments_the_session_is_shown_and_billed() {
    let output = demo(&[]);
    let text = String::from_utf8(output.stdout).unwrap();
    assert!(output.status.success(), "{text}");
    for part in ["BootNotification", "StartTransaction", "MeterValues", "StopTransaction", ": 593 Wh", "meter agree"] {
        assert!(text.contains(part), "{part} is missing in {text}");
    }
    assert_eq!(demo(&["demo", "--ocpp", "1.6"]).stdout, text.as_bytes());
}

#[test]
fn json_holds_the_trace_the_bill_and_the_verdict() {
    let output = demo(&["demo", "--json", "--seed", "3"]);
    let json: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    assert!(output.status.success());
    assert_eq!(json["agrees"], true);
    assert_eq!(json["bill"]["rows"][0]["meter_start_wh"], 1000);
    assert_eq!(json["meters"][0]["connector"], 1);
    assert!(json["trace"].as_array().is_some_and(|trace| trace.len() > 100));
}

#[test]
fn every_version_shows_a_session_and_an_agreeing_bill() {
    for version in ["2.0.1", "2.1"] {
        let output = demo(&["demo", "--ocpp", version]);
        let text = String::from_utf8(output.stdout).unwrap();
        assert!(output.status.success(), "{text}");
        for part in ["BootNotification", r#""Started""#, r#""Updated""#, r#""Ended""#, ": 593 Wh", "meter agree"] {
            assert!(text.contains(part), "{part} is missing in {text}");
        }
        assert!(text.contains(&format!("ocpp{version}")), "{text}");
    }
    assert_eq!(demo(&["demo", "--ocpp", "1.5"]).status.code(), Some(2), "no such version at all");
}
