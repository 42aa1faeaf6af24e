//! The `validate` and `trace` subcommands, and what they find in real traffic.
#![allow(clippy::panic, clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, reason = "a test")]

mod common;

use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use common::{finished, pair, recordings, secs, session};
use ocpp_core::time::Instant;
use ocpp_rpc::Dialect;
use ocpp_testkit::link::End;
use ocpp_testkit::pair::{PairConfig, Step};
use ocpp_testkit::trace::conversation::Conversation;
use ocpp_testkit::trace::record::What;
use ocpp_testkit::trace::{html, import, mermaid, text};
use ocpp_testkit::validate::{self, Finding, Kind, Scope, Severity};
use proptest::prelude::*;

/// Runs the program with this on stdin.
fn run(arguments: &[&str], input: &str) -> Output {
    let mut program = Command::new(env!("CARGO_BIN_EXE_ocpp-testkit"))
        .args(arguments)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    program.stdin.take().unwrap().write_all(input.as_bytes()).unwrap();
    program.wait_with_output().unwrap()
}

fn stdout(output: &Output) -> &str {
    std::str::from_utf8(&output.stdout).unwrap()
}

fn fixture(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/traces").join(name)
}

fn findings(text: &str, default: Option<Dialect>) -> Vec<Finding> {
    let imported = import::read(text);
    assert_eq!(imported.unread, [], "each line is read");
    validate::conversation(&Conversation::of(&imported.recording, default), Scope::Trace)
}

#[test]
fn faults_of_a_trace_are_told_with_line_path_and_code() {
    let path = fixture("faults.jsonl");
    let output = run(&["validate", path.to_str().unwrap()], "");
    assert_eq!(output.status.code(), Some(1));
    insta::assert_snapshot!("faults", stdout(&output));
    let json = run(&["validate", "--json", path.to_str().unwrap()], "");
    let lines: Vec<serde_json::Value> =
        stdout(&json).lines().map(|line| serde_json::from_str(line).expect("a JSON line")).collect();
    let (summary, findings) = lines.split_last().unwrap();
    assert_eq!(findings.len() + 1, stdout(&output).lines().count());
    assert_eq!(summary["errors"], findings.iter().filter(|finding| finding["severity"] == "error").count());
}

#[test]
fn faults_are_shown_in_the_views() {
    let text = fs::read_to_string(fixture("faults.jsonl")).unwrap();
    let shown = |form: &str| stdout(&run(&["trace", form], &text)).to_owned();
    insta::assert_snapshot!("faults_text", shown("--text"));
    insta::assert_snapshot!("faults_mermaid", shown("--mermaid"));
    let page = shown("--html");
    assert!(page.starts_with("<!DOCTYPE html>") && page.contains("<svg") && page.contains("meter-backwards"));
    assert_eq!(page.matches("</script").count(), 2, "what the trace says is no markup");
}

#[test]
fn session_of_the_demo_is_without_fault_and_shown() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("demo.jsonl");
    let file = file.to_str().unwrap();
    assert!(run(&["demo", "--save", file], "").status.success());
    let output = run(&["validate", file], "");
    assert!(output.status.success());
    let summary = stdout(&output).lines().last().unwrap();
    assert!(summary.ends_with("messages: 0 errors, 0 warnings, 0 notes"), "{}", stdout(&output));
    // What goes to and comes from store and hardware changes with the machine, and is shown by other tests.
    let shown = run(&["trace", file], "");
    let messages: Vec<&str> = stdout(&shown).lines().filter(|line| !line.contains("    station ")).collect();
    assert!(messages.len() + 50 < stdout(&shown).lines().count(), "the boundary is shown too");
    insta::assert_snapshot!("demo_text", messages.join("\n"));
    insta::assert_snapshot!("demo_mermaid", stdout(&run(&["trace", "--mermaid", file], "")));
    let page = folder.path().join("demo.html");
    assert!(run(&["trace", "--html", file, "-o", page.to_str().unwrap()], "").status.success());
    assert!(fs::read_to_string(page).unwrap().contains("BootNotification"));
}

/// Nothing of a session can be lost, doubled or answered before it is asked without being found.
#[test]
fn each_message_of_a_session_is_needed_once_and_in_its_place() {
    let text = finished(recorded(1), session()).station.recording().unwrap().to_string();
    // What is not about the link can be left out.
    let lines: Vec<&str> = text.lines().filter(|line| line.contains("ocpp_trace") || line.contains("Link")).collect();
    let is_message = |line: &str| line.contains("Frame") || line.contains("Send");
    let messages: Vec<usize> = (0..lines.len()).filter(|place| is_message(lines[*place])).collect();
    assert!(messages.len() > 20 && findings(&text, None).is_empty());
    for (number, &place) in messages.iter().enumerate() {
        let (mut lost, mut doubled) = (lines.clone(), lines.clone());
        lost.remove(place);
        doubled.insert(place, lines[place]);
        assert!(!findings(&lost.join("\n"), None).is_empty(), "lost: {}", lines[place]);
        assert!(!findings(&doubled.join("\n"), None).is_empty(), "doubled: {}", lines[place]);
        if lines[place].contains("[2,") {
            let mut early = lines.clone();
            early.swap(place, messages[number + 1]);
            assert!(!findings(&early.join("\n"), None).is_empty(), "late: {}", lines[place]);
        }
    }
}

fn recorded(seed: u64) -> PairConfig {
    PairConfig { record: true, ..PairConfig::new(seed) }.with_setting("AllowOfflineTxForUnknownId", "true")
}

/// Connections and power that fail at any moment leave calls without answers and messages that are sent again, and nothing else.
#[test]
fn stations_in_trouble_keep_the_rules() {
    let mut troubles = 0;
    for at in (8_000..8_300).chain(200_000..200_200).step_by(10) {
        let power = Step::PowerCut { end: End::Station, keep: 1, in_flight_arrives: true, outage: secs(20) };
        for trouble in [Step::CUT, power, Step::DieSilently] {
            let mut pair = pair(recorded(at), session());
            pair.at(Instant::from_millis(at), trouble.clone());
            pair.drive_quiet().unwrap_or_else(|failure| panic!("{failure}"));
            let text = pair.station.recording().unwrap().to_string();
            let found = findings(&text, None);
            troubles += found.len();
            let worst = found.iter().max_by_key(|finding| finding.severity);
            assert!(worst.is_none_or(|worst| worst.severity < Severity::Error), "{trouble:?}: {}", worst.unwrap());
        }
    }
    assert!(troubles > 50, "{troubles} notes and warnings: too few to have met trouble");
}

#[test]
fn logs_of_other_programs_are_read() {
    let path = fixture("server.log");
    let output = run(&["validate", "--ocpp", "1.6", path.to_str().unwrap()], "");
    assert_eq!(
        stdout(&output),
        "line 1: note: line: no frame in this line: 2026-01-01 08:00:00,001 INFO:server: listening on port 9000\n\
         line 4: error: schema: csms Reset $.type not a value of ResetType: \"Gentle\" [PropertyConstraintViolation] (lenient: UnknownValue)\n\
         4 messages: 1 errors, 0 warnings, 1 notes\n"
    );
    assert_eq!(output.status.code(), Some(1));
    let untold = run(&["validate", path.to_str().unwrap()], "");
    assert_eq!(untold.status.code(), Some(2), "the version is not told");
}

#[test]
fn logs_without_times_are_judged_by_their_lines_or_said_not_to_be() {
    let checked = |input: &str| run(&["validate", "--ocpp", "1.6"], input);
    let beat = "rx [2,\"1\",\"Heartbeat\",{}]\ntx [3,\"1\",{\"currentTime\":\"2026-01-01T00:00:00Z\"}]\n";
    let stop = "rx [2,\"2\",\"StopTransaction\",{\"transactionId\":7,\"meterStop\":1,\"timestamp\":\"2026-01-01T00:00:00Z\"}]\ntx [3,\"2\",{}]\n";
    let judged = checked(&format!("{beat}listening\nand more\n{stop}{beat}"));
    assert_eq!(
        stdout(&judged).lines().map(|line| line.split(": ").take(3).collect::<Vec<_>>().join(" ")).collect::<Vec<_>>(),
        [
            "line 3 note line",
            "line 5 warning unknown-transaction",
            "line 7 error reused-id",
            "6 messages 1 errors, 1 warnings, 1 notes"
        ],
        "{}",
        stdout(&judged)
    );
    let examples = checked("[2,\"1\",\"Heartbeat\",{}]\n[2,\"1\",\"ClearCache\",{}]\n");
    assert_eq!(examples.status.code(), Some(0));
    assert!(stdout(&examples).contains("order and transactions are not checked"), "{}", stdout(&examples));
}

#[test]
fn single_frames_and_payloads_are_checked() {
    let checked = |arguments: &[&str], input: &str| {
        let output = run(&[&["validate"], arguments].concat(), input);
        (output.status.code(), stdout(&output).lines().next().unwrap_or_default().to_owned())
    };
    let good = "[\n  2, \"1\", \"Reset\",\n  {\"type\": \"Soft\"}\n]\n";
    assert_eq!(checked(&["--ocpp", "1.6"], good), (Some(0), "1 messages: 0 errors, 0 warnings, 0 notes".to_owned()));
    let (code, line) = checked(&["--ocpp", "2.1"], good);
    assert_eq!((code, line.contains("$.type not a value of ResetType")), (Some(1), true), "{line}");
    for (frame, wrong) in [
        ("[2,\"1\",\"Reset\",{\"type\":\"Soft\"}", "unexpected end [FormationViolation]"),
        ("[\"2\",\"1\",\"Reset\",{}]", "message type has the wrong JSON type"),
        ("[]", "message type is missing"),
        ("[2,\"1\",\"Reset\",{\"type\":\"Soft\"},5]", "$"),
        ("[3,\"1\",{}]", "note: schema: station not checked"),
    ] {
        let (code, line) = checked(&["--ocpp", "1.6"], frame);
        let expected = i32::from(!wrong.starts_with("note"));
        assert_eq!((code, line.contains(wrong)), (Some(expected), true), "{frame}: {line}");
    }
    let answer = "[3,\"1\",{\"status\":\"Perhaps\"}]";
    for (action, code) in [("Reset", 1), ("BootNotificationResponse", 1)] {
        let (found, line) = checked(&["--ocpp", "1.6", "--action", action], answer);
        assert_eq!((found, line.contains("$.status")), (Some(code), action == "Reset"), "{line}");
    }
    for (action, payload, code) in [
        ("Reset", "{\"type\":\"Soft\"}", 0),
        ("Reset.req", "{\"type\":\"Soft\"}", 0),
        ("Reset.conf", "{\"type\":\"Soft\"}", 1),
        ("ResetResponse", "{\"status\":\"Accepted\"}", 0),
        ("Reset", "{\"type\":", 1),
        ("Reset", "{\"type\":\"Soft\",\"type\":\"Soft\"}", 1),
        ("Tea", "{}", 1),
        ("TeaResponse", "{}", 1),
    ] {
        assert_eq!(checked(&["--ocpp", "1.6", "--action", action], payload).0, Some(code), "{action} {payload}");
    }
    assert_eq!(checked(&["--ocpp", "1.6"], "{\"type\":\"Soft\"}").0, Some(2), "a payload without action");
    assert_eq!(checked(&[], good).0, Some(2), "a frame without version");
    assert_eq!(checked(&["--ocpp", "1.6"], "").0, Some(2), "nothing");
    assert_eq!(checked(&["/no/such/file"], "").0, Some(2));
}

proptest! {
    /// Whatever the input is, it is read, judged and shown.
    #[test]
    fn no_input_is_too_strange(cuts in prop::collection::vec((any::<prop::sample::Index>(), 0_usize..40, ".{0,12}"), 1..12)) {
        let mut text = ["faults.jsonl", "server.log"].map(|name| fs::read_to_string(fixture(name)).unwrap()).concat();
        for (place, length, inserted) in cuts {
            let mut at = place.index(text.len());
            while !text.is_char_boundary(at) {
                at -= 1;
            }
            let end = text.char_indices().map(|(end, _)| end).find(|end| *end >= at + length).unwrap_or(text.len());
            text.replace_range(at..end, &inserted);
        }
        let imported = import::read(&text);
        let heard = Conversation::of(&imported.recording, Some(Dialect::V2_1));
        let found = validate::conversation(&heard, Scope::Trace);
        let shown = text::render(&heard, &found);
        prop_assert_eq!(shown.lines().count(), heard.items.len() + found.len());
        prop_assert!(mermaid::render(&heard, &found).lines().count() > heard.items.len());
        let page = html::render("any", &heard, &found).unwrap();
        prop_assert_eq!(page.matches("</script").count(), 2);
    }
}

#[test]
fn lines_of_a_trace_that_cannot_be_read_are_errors() {
    let output = run(&["validate"], "{\"ocpp_trace\":1,\"ocpp\":\"1.6\"}\n{\"at\":1,\"event\":\"opened\"}\n");
    assert_eq!(output.status.code(), Some(1));
    assert!(stdout(&output).starts_with("line 2: error: line: column 17: event is \"opened\""), "{}", stdout(&output));
    let later = run(&["validate"], "{\"ocpp_trace\":2}\n");
    assert_eq!(later.status.code(), Some(1));
}

/// Line, kind and path of a finding.
type Expected = (u64, Kind, &'static str);

/// What is wrong in recorded traffic between programs of others, each with the reason why it is.
const RECORDED: [(&str, &[Expected]); 8] = [
    ("citrineos-ocppsim-1.6", &[]),
    (
        "citrineos-shiv3-2.0.1",
        // Part 4 §4.1.1: the call before, of the line before each, was answered later. The server refused them for it.
        &[
            (5, Kind::SeveralCalls, ""),
            (6, Kind::SeveralCalls, ""),
            (45, Kind::SeveralCalls, ""),
            (85, Kind::SeveralCalls, ""),
            (86, Kind::SeveralCalls, ""),
            (133, Kind::SeveralCalls, ""),
            (134, Kind::SeveralCalls, ""),
        ],
    ),
    ("go-ocppsim-1.6", &[]),
    (
        "py-flowion-1.6",
        &[
            // Sent wrong on purpose: an unknown action, an unknown value, a text for an integer, idTag is missing.
            (106, Kind::UnknownAction, ""),
            (108, Kind::Schema, "$.type"),
            (110, Kind::Schema, "$.connectorId"),
            (112, Kind::Schema, "$"),
        ],
    ),
    (
        "py-microocpp-1.6",
        // The same four.
        &[
            (100, Kind::UnknownAction, ""),
            (102, Kind::Schema, "$.type"),
            (104, Kind::Schema, "$.connectorId"),
            (106, Kind::Schema, "$"),
        ],
    ),
    (
        "py-sap-2.0.1",
        &[
            // Part 4 §4.2.3: 616, 504 and 333 characters.
            (55, Kind::ErrorDescription, "frame[3]"),
            (71, Kind::ErrorDescription, "frame[3]"),
            (99, Kind::ErrorDescription, "frame[3]"),
            // Sent wrong on purpose: an unknown action and value, an empty list, an extra member, idToken and remoteStartId are missing. Of the
            // answers, the error details are a text, which Part 4 §4.2.3 wants to be an object.
            (124, Kind::UnknownAction, ""),
            (126, Kind::Schema, "$.operationalStatus"),
            (127, Kind::ErrorDetails, "frame[4]"),
            (138, Kind::Schema, "$.getVariableData"),
            (139, Kind::ErrorDetails, "frame[4]"),
            (140, Kind::Schema, "$"),
            (141, Kind::ErrorDetails, "frame[4]"),
            (142, Kind::Schema, "$"),
            (142, Kind::Schema, "$"),
            (143, Kind::ErrorDetails, "frame[4]"),
        ],
    ),
    (
        "py-shiv3-2.1",
        &[
            // 539.633, where the schema wants an integer.
            (79, Kind::Schema, "$.schedule.chargingSchedulePeriod[1].startPeriod"),
            // Sent wrong on purpose, as above; answered with FormationViolation, a code of 1.6 (Part 4 §4.3).
            (140, Kind::UnknownAction, ""),
            (142, Kind::Schema, "$.operationalStatus"),
            (143, Kind::ErrorCode, "frame[2]"),
            (144, Kind::Schema, "$.getVariableData"),
            (145, Kind::ErrorCode, "frame[2]"),
            (146, Kind::Schema, "$"),
            (147, Kind::ErrorCode, "frame[2]"),
            (148, Kind::Schema, "$"),
            (148, Kind::Schema, "$"),
            (149, Kind::ErrorCode, "frame[2]"),
        ],
    ),
    (
        "py-solidstudio-2.0.1",
        &[
            // The schema wants at least one item; the first part of a report has the number 0 (B08.FR.14), not 1.
            (16, Kind::Schema, "$.reportData"),
            (16, Kind::SequenceGap, "$.seqNo"),
            // The connection was closed 16 ms later.
            (46, Kind::Unanswered, ""),
        ],
    ),
];

/// A frame as loggers would write it: by the station, by the server, bare, with arrows, as JSON, pretty printed, shortened.
fn logged(shape: usize, from: End, frame: &str) -> String {
    let word = |end, sent, received| if from == end { sent } else { received };
    let time = "2026-05-02T10:21:41.123Z";
    match shape {
        0 => format!("{time} INFO ocpp: CP001: {} {frame}", word(End::Station, "send", "receive message")),
        1 => format!("{time} INFO ocpp: CP001: {} {frame}", word(End::Csms, "send", "receive message")),
        2 => frame.to_owned(),
        3 => format!("{time} {} {frame}", word(End::Csms, "<<", ">>")),
        4 => format!("{{\"time\":\"{time}\",\"msg\":{frame:?},\"dir\":\"{}\"}}", word(End::Csms, "TX", "RX")),
        5 => {
            let pretty = serde_json::from_str::<serde_json::Value>(frame).map(|frame| format!("{frame:#}"));
            let ends = word(End::Csms, "CSMS>ChargingStation", "ChargingStation>CSMS");
            format!("{time}: {ends}\n{}\n", pretty.unwrap_or_else(|_| frame.to_owned()))
        }
        _ => {
            let chars: Vec<char> = frame.chars().collect();
            let part = |range: std::ops::Range<usize>| chars[range].iter().collect::<String>();
            let count = chars.len();
            let shown = if count > 75 { part(0..45) + "..." + &part(count - 24..count) } else { frame.to_owned() };
            format!("{time} [websockets.server] {} TEXT '{shown}' [{count} bytes]", word(End::Csms, ">", "<"))
        }
    }
}

#[test]
fn recorded_traffic_keeps_its_senders_in_the_shapes_of_logs() {
    let Some(folder) = recordings() else { return };
    for (name, _) in RECORDED {
        let text = fs::read_to_string(folder.join(format!("{name}.jsonl"))).unwrap();
        let frames: Vec<(End, String)> = (import::read(&text).recording.entries.into_iter())
            .filter_map(|entry| match entry.record.what {
                What::Frame { from, text } => Some((from, text)),
                _ => None,
            })
            .collect();
        for shape in 0..7 {
            let lines = frames.iter().map(|(from, frame)| logged(shape, *from, frame));
            let imported = import::read(&lines.collect::<Vec<_>>().join("\n"));
            let read = imported.recording.entries.iter().map(|entry| match &entry.record.what {
                What::Frame { from, .. } | What::Cut { from, .. } => *from,
                other => panic!("{other:?}"),
            });
            let read: Vec<End> = read.collect();
            assert_eq!((read.len(), imported.unread.len()), (frames.len(), 0), "{name} in shape {shape}");
            // Either end may send it, and of a bare one nothing tells.
            let is_told = |frame: &str| shape != 2 || !frame.contains("\"DataTransfer\"");
            let wrong: Vec<_> =
                frames.iter().zip(read).filter(|((from, frame), read)| from != read && is_told(frame)).collect();
            assert!(wrong.is_empty(), "{name} in shape {shape}: {wrong:?}");
        }
    }
}

#[test]
fn recorded_traffic_has_the_faults_that_are_known_and_no_others() {
    let Some(folder) = recordings() else { return };
    for (name, expected) in RECORDED {
        let text = fs::read_to_string(folder.join(format!("{name}.jsonl"))).unwrap();
        let found = findings(&text, None);
        let told: Vec<_> = found.iter().map(|it| (it.line, it.kind, it.path.as_deref().unwrap_or_default())).collect();
        assert_eq!(told, expected, "{name}");
        println!("{name}: {} findings, all known", found.len());
    }
}
