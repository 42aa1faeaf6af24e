//! `PIPE.md` is complete and true: every form in it parses and is written the same way, every variant has an example, and
//! the sessions run as they stand there.
//!
//! `UPDATE_PIPE_MD=1 cargo test -p ocpp-testkit --test pipe` writes sessions and defaults anew; examples are written by hand.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use ocpp_core::csms::{self, SessionConfig};
use ocpp_core::station::{self, StationConfig};
use ocpp_core::store::{Log, StoreOp};
use ocpp_rpc::Dialect;
use ocpp_testkit::pipe::configured;
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value;

use crate::harness::run;
use crate::variants::variants_of;

fn file() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("PIPE.md")
}

/// The part of the document from this mark to the next heading.
fn part<'a>(document: &'a str, mark: &str) -> &'a str {
    let (_, rest) = document.split_once(&format!("<!-- {mark} -->")).unwrap();
    rest.split_once("\n## ").map_or(rest, |(part, _)| part)
}

/// The examples of a table: the first cells of its rows.
fn examples(document: &str, mark: &str) -> Vec<Value> {
    let cells = part(document, mark).lines().filter_map(|line| line.strip_prefix("| `")?.split_once("` | "));
    let jsons = cells.map(|(json, _)| json).filter(|json| *json != "\"in\"" && *json != "\"out\"");
    jsons.map(|json| serde_json::from_str(json).unwrap_or_else(|error| panic!("{json}: {error}"))).collect()
}

/// Each example is a `T`, and is written as it was read.
fn examples_of<T: Serialize + DeserializeOwned>(document: &str, mark: &str) -> Vec<Value> {
    let examples = examples(document, mark);
    for example in &examples {
        let value: T = serde_json::from_value(example.clone()).unwrap_or_else(|error| panic!("{example}: {error}"));
        assert_eq!(serde_json::to_value(&value).unwrap(), *example);
    }
    examples
}

/// Each variant of `T` stands somewhere at this place of the examples.
fn check_complete<T: DeserializeOwned>(examples: &[Value], place: &str) {
    let at_place = examples.iter().filter_map(|example| example.pointer(place));
    let shown: BTreeSet<&str> = at_place
        .flat_map(|value| match value {
            Value::String(name) => vec![name.as_str()],
            Value::Object(members) => members.keys().map(String::as_str).collect(),
            _ => Vec::new(),
        })
        .collect();
    let missing: Vec<_> = variants_of::<T>().iter().filter(|name| !shown.contains(*name)).collect();
    assert!(missing.is_empty(), "PIPE.md shows no example at {place:?} of {missing:?}");
}

#[test]
fn every_input_and_output_of_the_station_has_an_example() {
    let document = fs::read_to_string(file()).unwrap();
    let inputs = examples_of::<station::Input<'_>>(&document, "station: in");
    check_complete::<station::Input<'_>>(&inputs, "");
    check_complete::<station::LinkInput<'_>>(&inputs, "/Link");
    check_complete::<station::EvseInput>(&inputs, "/Evse/1");
    check_complete::<station::Answer>(&inputs, "/Answer/1");
    check_complete::<station::IncomingAnswer>(&inputs, "/Answer/1/Incoming");
    check_complete::<station::OutgoingAnswer>(&inputs, "/Answer/1/Outgoing");
    check_complete::<station::Command>(&inputs, "/Command");
    let words = part(&document, "station: in").lines().filter(|line| line.contains("{\"Job\":")).collect::<String>();
    for name in variants_of::<station::JobUpdate>() {
        assert!(words.contains(&format!("`{name}`")) || words.contains(&format!("{{\"{name}\":")), "{name}");
    }
    let outputs = examples_of::<station::Action>(&document, "station: out");
    check_complete::<station::Action>(&outputs, "");
    check_complete::<station::LinkAction>(&outputs, "/Link");
    check_complete::<StoreOp>(&outputs, "/Store/op");
    check_complete::<station::EvseAction>(&outputs, "/Evse/1");
    check_complete::<station::Job>(&outputs, "/Job/1");
    check_complete::<station::Limit>(&outputs, "/Evse/1/Limit");
    check_complete::<station::Question>(&outputs, "/Ask/question");
    check_complete::<station::Event>(&outputs, "/Event");
}

#[test]
fn every_input_and_output_of_the_csms_has_an_example() {
    let document = fs::read_to_string(file()).unwrap();
    let inputs = examples_of::<csms::Input<'_>>(&document, "csms: in");
    check_complete::<csms::Input<'_>>(&inputs, "");
    check_complete::<csms::LinkInput<'_>>(&inputs, "/Link");
    check_complete::<csms::Answer>(&inputs, "/Answer/1");
    check_complete::<csms::Command>(&inputs, "/Command/command");
    let outputs = examples_of::<csms::Action>(&document, "csms: out");
    check_complete::<csms::Action>(&outputs, "");
    check_complete::<csms::LinkAction>(&outputs, "/Link");
    check_complete::<csms::Fact>(&outputs, "/Store/fact");
    check_complete::<csms::Question>(&outputs, "/Ask/question");
    check_complete::<csms::CommandAnswer>(&outputs, "/Answered/result/Ok");
    check_complete::<csms::CommandError>(&outputs, "/Answered/result/Err");
    check_complete::<csms::Event>(&outputs, "/Event");
}

#[test]
fn every_word_is_listed() {
    let document = fs::read_to_string(file()).unwrap();
    let check = |place: &str, names: &[&str]| {
        let row = part(&document, "words").lines().find(|line| line.starts_with(&format!("| {place}"))).unwrap();
        for name in names {
            assert!(row.contains(&format!("`{name}`")) || row.contains(&format!("`{{\"{name}\":")), "{place}: {name}");
        }
    };
    check("`code`", variants_of::<station::FaultCode>());
    check("`Mrec`", variants_of::<station::Mrec>());
    check("`direction` of a call", variants_of::<station::Direction>());
    check("`handling` in the configuration", variants_of::<station::Handling>());
    check("`reason` of a stop", variants_of::<station::StopReason>());
    check("`status` of an EVSE", variants_of::<station::EvseStatus>());
    check("`Registration`", variants_of::<station::RegistrationStatus>());
    check("`status` of a token", variants_of::<station::AuthorizationStatus>());
    check("`reason` of a refused token", variants_of::<station::TokenRefusal>());
    check("`kind` of a security event", variants_of::<station::SecurityEventKind>());
    check("`status` of a vendor", variants_of::<station::DataTransferStatus>());
    check("`Reboot`", variants_of::<station::RebootKind>());
    check("`RemoteStart`", variants_of::<csms::RemoteStatus>());
    check("`ConfigurationChange`", variants_of::<csms::ConfigurationStatus>());
    check("`trigger`", variants_of::<csms::TriggerReason>());
    check("`charging_state`", variants_of::<csms::ChargingState>());
    check("`boot_reason`", variants_of::<csms::BootReason>());
    check("`log`", variants_of::<Log>());
    check("`dialect`", variants_of::<Dialect>());
    check("`phase`", variants_of::<station::Phase>());
    check("`measurand`", variants_of::<station::Measurand>());
    for (sign, names) in [
        (r#"{"Cable":"Connected"}"#, variants_of::<station::Cable>()),
        (r#"{"Vehicle":"Ready"}"#, variants_of::<station::Vehicle>()),
        (r#"{"Contactor":"Closed"}"#, variants_of::<station::Contactor>()),
        (r#"{"Lock":"Locked"}"#, variants_of::<station::Lock>()),
        (r#"{"Power":"On"}"#, variants_of::<station::Power>()),
    ] {
        let row = document.lines().find(|line| line.starts_with('|') && line.contains(sign)).unwrap();
        names.iter().for_each(|name| assert!(row.contains(&format!("`{name}`")), "{sign}: {name}"));
    }
    let named =
        [variants_of::<csms::Attribution>(), variants_of::<csms::Consumption>(), variants_of::<csms::LinkEnd>()];
    let verdicts = ["Stale", "Gap", "Orphan"];
    assert!(verdicts.iter().all(|name| variants_of::<csms::Verdict>().contains(name)));
    verdicts.iter().for_each(|name| assert!(part(&document, "csms: out").contains(&format!("`{name}`")), "{name}"));
    for name in named.concat() {
        assert!(part(&document, "csms: out").contains(name), "{name}");
    }
}

/// Lines and facts that this document showed before facts were free of versions.
#[test]
fn lines_of_before_are_read() {
    let input = |json: &str| serde_json::from_str::<csms::Input<'_>>(json).unwrap();
    assert_eq!(
        input(r#"{"Answer":[2,{"Authorize":{"status":"Accepted","expires":null,"parent":"FLEET"}}]}"#),
        input(r#"{"Answer":[2,{"Authorize":{"status":"Accepted","expires":null,"group":"FLEET"}}]}"#),
    );
    let fact = |json: &str| serde_json::from_str::<csms::Fact>(json).unwrap();
    for (before, now) in [
        (
            r#"{"Status":{"connector":0,"status":"Available","error_code":"NoError","info":null,"vendor_id":null,"vendor_error_code":null,"at":null}}"#,
            r#"{"Status":{"place":{},"status":"Available","error_code":"NoError","info":null,"vendor_id":null,"vendor_error_code":null,"at":null}}"#,
        ),
        (
            r#"{"Started":{"transaction":"25943","connector":2,"token":"TAG","meter_start_wh":1000,"at":"2026-01-01T12:00:01Z","reservation":null}}"#,
            r#"{"Started":{"transaction":"25943","place":{"evse":2,"connector":1},"token":"TAG","meter_start_wh":1000,"at":"2026-01-01T12:00:01Z","reservation":null}}"#,
        ),
        (
            r#"{"Sampled":{"connector":1,"attribution":{"Named":"25943"},"values":[]}}"#,
            r#"{"Sampled":{"place":{"evse":1,"connector":1},"attribution":{"Named":"25943"},"values":[]}}"#,
        ),
    ] {
        assert_eq!(fact(before), fact(now));
        assert_eq!(serde_json::to_string(&fact(before)).unwrap(), now);
    }
}

#[test]
fn measurands_and_phases_are_named_as_on_the_wire() {
    let names: Vec<&str> = station::Measurand::ALL.iter().map(|measurand| measurand.as_str()).collect();
    assert_eq!(variants_of::<station::Measurand>(), names);
    assert!(variants_of::<station::Phase>().iter().all(|name| station::Phase::from_name(name).is_some()));
}

#[test]
fn sessions_and_defaults_are_as_they_stand_there() {
    let document = fs::read_to_string(file()).unwrap();
    let fresh = with_json(&document, "station: config", &default_station());
    let fresh = with_json(&fresh, "csms: config", &SessionConfig::default());
    let fresh = with_sessions(&fresh);
    if std::env::var_os("UPDATE_PIPE_MD").is_some() {
        fs::write(file(), fresh).unwrap();
    } else {
        let place = fresh.lines().zip(document.lines()).position(|(fresh, old)| fresh != old);
        let place = place.map(|place| (place + 1, fresh.lines().nth(place)));
        assert!(
            fresh == document,
            "PIPE.md is stale, run UPDATE_PIPE_MD=1 cargo test -p ocpp-testkit --test pipe: {place:?}"
        );
    }
}

#[test]
fn example_of_a_configuration_file_says_what_a_station_can_be() {
    let document = fs::read_to_string(file()).unwrap();
    let (_, rest) = part(&document, "station: config file").split_once("```json\n").unwrap();
    let (example, _) = rest.split_once("```").unwrap();
    let config = configured(&default_station(), example).unwrap();
    assert_eq!(config.limits, default_station().limits, "what it does not name stays");
    let all: Value = serde_json::to_value(&config).unwrap();
    let named: Value = serde_json::from_str(example).unwrap();
    let mut members = serde_json::Map::new();
    for (group, named) in named.as_object().unwrap() {
        for (name, value) in named.as_object().unwrap() {
            members.insert(name.clone(), value.clone());
            assert!(name == "wiring" || all[group][name] == *value, "{group}.{name}");
        }
    }
    let (all, named) = (&all["hardware"]["wiring"], &named["hardware"]["wiring"]);
    assert_eq!(all["supply"], named["supply"]);
    assert_eq!(all["grid_phases"], 3, "a member of a member");
    let without_groups = Value::Object(members).to_string();
    assert_eq!(configured(&default_station(), &without_groups).unwrap(), config);
}

fn default_station() -> StationConfig {
    StationConfig::new("ws://csms.example/ocpp", "CP001", "Vendor", "Model")
}

fn with_json(document: &str, mark: &str, value: &impl Serialize) -> String {
    let (before, rest) = document.split_once(&format!("<!-- {mark} -->\n\n```json\n")).unwrap();
    let (_, after) = rest.split_once("```\n").unwrap();
    let json = serde_json::to_string_pretty(value).unwrap();
    format!("{before}<!-- {mark} -->\n\n```json\n{json}\n```\n{after}")
}

/// The document with what the program really answers to the lines of each session.
fn with_sessions(document: &str) -> String {
    let mut parts = document.split("```text\n$ ");
    let mut fresh = parts.next().unwrap().to_owned();
    for part in parts {
        let (session, after) = part.split_once("```\n").unwrap();
        fresh += &format!("```text\n$ {}```\n{after}", with_answers(session));
    }
    fresh
}

fn with_answers(session: &str) -> String {
    let (command, lines) = session.split_once('\n').unwrap();
    let arguments: Vec<&str> = command.split(' ').skip(1).collect();
    let told: Vec<&str> = lines.lines().filter_map(|line| line.strip_prefix("> ")).collect();
    assert!(told.len() > 3, "the session {command:?} has no lines");
    let output = run(&arguments, &told.join("\n"));
    let mut told = told.iter();
    let mut fresh = format!("{command}\n");
    for line in String::from_utf8(output.stdout).unwrap().lines() {
        fresh += &format!("< {line}\n");
        if line.contains(r#""timeout":"#)
            && let Some(next) = told.next()
        {
            fresh += &format!("> {next}\n");
        }
    }
    fresh
}
