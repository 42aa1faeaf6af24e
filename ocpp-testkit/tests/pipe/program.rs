//! What the programs do with their lines.

use std::fs;

use serde_json::{Value, json};

use crate::harness::{Talk, at_place, lines, run, sent};

const STATION: &[&str] = &["pipe", "--role", "station"];
const CSMS: &[&str] = &["pipe", "--role", "csms"];
const OPENED: &str = r#"{"at":0,"in":{"Link":{"Opened":{"subprotocol":"ocpp1.6"}}}}"#;

#[test]
fn wrong_lines_are_told_with_their_place_and_the_program_goes_on() {
    let told = [
        OPENED,
        "nonsense",
        "",
        r#"{"at":10,"in":"Tack"}"#,
        r#"{"at":10,"in":{"Evse":[1,{"Cable":"Gone"}]}}"#,
        r#"{"at":10,"inn":"Tick"}"#,
        r#"{"at":-1,"in":"Tick"}"#,
        r#"{"at":10}"#,
        r#"{"at":10,"in":"Tick","dump":{}}"#,
        r#"{"at":10,"in":{"Stored":99}}"#,
        r#"{"at":10,"in":{"Evse":[2,"FaultCleared"]}}"#,
        r#"{"at":10,"restore":{"entries":{"boot":"0"}}}"#,
        r#"{"at":10,"in":"Tick"} {}"#,
        r#"{"at":20,"dump":{}}"#,
    ];
    let output = run(STATION, &told.join("\n"));
    let said = lines(&output);
    let places: Vec<(u64, u64)> = at_place(&said, "/error")
        .iter()
        .map(|e| (e["line"].as_u64().unwrap(), e["column"].as_u64().unwrap()))
        .collect();
    let expected = [(2, 2), (4, 20), (5, 40), (6, 14), (7, 8), (8, 0), (9, 0), (10, 0), (11, 0), (12, 41), (13, 23)];
    assert_eq!(places, expected);
    assert!(at_place(&said, "/error/reason").iter().all(|reason| !reason.as_str().unwrap().is_empty()));
    assert_eq!(
        at_place(&said, "/timeout").len(),
        told.len(),
        "one block for each line but the blank one, and the first"
    );
    assert_eq!(at_place(&said, "/dump").len(), 1);
    assert_eq!(output.status.code(), Some(1), "a line was wrong");
    assert_eq!(run(STATION, OPENED).status.code(), Some(0));
}

/// A misspelt member is not taken for absent: no time passes, and nothing is told to the machine.
#[test]
fn unknown_member_of_an_input_is_told_with_the_one_that_is_meant() {
    let lines_in = [
        r#"{"at":5,"in":{"Token":{"evse":1,"token":"A","tokn":"B"}}}"#,
        r#"{"at":6,"in":{"Evse":[1,{"Meter":{"energy_mwh":1,"values":[],"energy_mWhs":2}}]}}"#,
        r#"{"at":7,"in":{"Link":{"Opened":{"subprotocol":"ocpp1.6","colour":"red"}}}}"#,
    ];
    let output = run(&["pipe", "--role", "station"], &lines_in.join("\n"));
    let said = lines(&output);
    let reasons: Vec<_> = said.iter().filter_map(|line| line["error"]["reason"].as_str()).collect();
    let expected = [
        "in.Token.tokn: no such member; token is meant?",
        "in.Evse[1].Meter.energy_mWhs: no such member; energy_mwh is meant?",
        "in.Link.Opened.colour: no such member",
    ];
    assert_eq!(reasons, expected);
    assert!(said.iter().all(|line| line.get("at").is_none_or(|at| at == 0)), "{said:?}");
    assert_eq!(output.status.code(), Some(1));
}

#[test]
fn same_seed_and_lines_give_the_same_output() {
    let told = format!("{OPENED}\n{}", r#"{"at":900000,"in":"Tick"}"#);
    let run_seeded = |seed| run(&[STATION, &["--seed", seed]].concat(), &told).stdout;
    assert_eq!(run_seeded("5"), run_seeded("5"));
    assert_ne!(run_seeded("5"), run_seeded("6"));
}

#[test]
fn machine_is_ticked_at_each_deadline_and_time_never_goes_back() {
    let told = format!("{}\n{}\n{}", r#"{"at":1000000,"in":"Tick"}"#, r#"{"at":5,"in":"Tick"}"#, r#"{"in":"Tick"}"#);
    let said = lines(&run(STATION, &told));
    let times: Vec<u64> = said.iter().map(|line| line["at"].as_u64().unwrap()).collect();
    assert!(times.is_sorted());
    let connects: Vec<u64> = said
        .iter()
        .filter(|line| line.pointer("/out/Link/Connect").is_some())
        .map(|line| line["at"].as_u64().unwrap())
        .collect();
    assert!(connects.len() > 3 && connects.is_sorted_by(|a, b| a < b), "attempts at their own times: {connects:?}");
    assert_eq!(times.iter().filter(|at| **at == 1_000_000).count(), 3, "three lines that tell the next deadline");
    for line in said.iter().filter(|line| line.get("timeout").is_some()) {
        assert!(line["timeout"].as_u64().unwrap() > line["at"].as_u64().unwrap());
    }
}

#[test]
fn what_is_due_at_the_time_of_a_line_comes_before_the_line() {
    let (mut talk, first) = Talk::start(STATION);
    let due = &first.last().unwrap()["timeout"];
    let said = talk.tell(&json!({"at": due, "in": {"Wall": "2026-01-01T12:00:00Z"}}));
    let place =
        |event: &str| said.iter().position(|line| line.pointer(&format!("/out/Event/{event}")).is_some()).unwrap();
    assert!(place("Disconnected") < place("ClockSet"), "{said:?}");
}

#[test]
fn jump_to_the_end_of_time_is_declined() {
    let output = run(STATION, &format!("{}\n{}", r#"{"at":18446744073709551615,"in":"Tick"}"#, r#"{"dump":{}}"#));
    let said = lines(&output);
    assert!(at_place(&said, "/error/reason")[0].as_str().unwrap().contains("ticks"));
    assert_eq!(at_place(&said, "/dump").len(), 1, "the program goes on");
}

/// Carries out what a station orders, as its hardware and its CSMS, its store only if it is to confirm. Gives all that it said.
fn play(talk: &mut Talk, at: u64, said: Vec<Value>, confirms: bool) -> Vec<Value> {
    let mut all = said;
    let mut next = 0;
    while let Some(line) = all.get(next) {
        next += 1;
        if let Some(told) = line.get("out").and_then(|order| reaction(order, confirms)) {
            all.extend(talk.tell(&json!({"at": at, "in": told})));
        }
    }
    all
}

fn reaction(order: &Value, confirms: bool) -> Option<Value> {
    if let Some(ticket) = order.pointer("/Store/ticket") {
        return confirms.then(|| json!({"Stored": ticket}));
    }
    if order.pointer("/Link/Connect").is_some() {
        return Some(json!({"Link": {"Opened": {"subprotocol": "ocpp1.6"}}}));
    }
    if let Some(text) = order.pointer("/Link/Send") {
        let call: Value = serde_json::from_str(text.as_str()?).ok()?;
        let payload = match call[2].as_str()? {
            "BootNotification" => json!({"status": "Accepted", "currentTime": "2026-01-01T12:00:00Z", "interval": 300}),
            "Authorize" => json!({"idTagInfo": {"status": "Accepted"}}),
            "StartTransaction" => json!({"transactionId": 7, "idTagInfo": {"status": "Accepted"}}),
            _ => json!({}),
        };
        return Some(json!({"Link": {"Frame": json!([3, call[1], payload]).to_string()}}));
    }
    let order = order.pointer("/Evse/1")?;
    let fact = match (order.as_str(), order.get("Power"), order.get("Lock")) {
        (Some("ReadMeter"), ..) => json!({"Meter": {"energy_mwh": 1_000_000, "values": []}}),
        (_, Some(power), _) => json!({"Contactor": if power == "On" { "Closed" } else { "Open" }}),
        (.., Some(lock)) => json!({"Lock": lock}),
        _ => return None,
    };
    Some(json!({"Evse": [1, fact]}))
}

/// A station in a transaction whose start is not confirmed, and the ticket of that start.
fn with_unconfirmed_start(arguments: &[&str]) -> (Talk, u64) {
    let (mut talk, said) = Talk::start(arguments);
    play(&mut talk, 0, said, true);
    let said = talk.tell(&json!({"at": 5000, "in": {"Evse": [1, {"Cable": "Connected"}]}}));
    play(&mut talk, 5000, said, true);
    let said = talk.tell(&json!({"at": 6000, "in": {"Token": {"evse": 1, "token": "TAG"}}}));
    let said = play(&mut talk, 6000, said, false);
    assert!(said.iter().any(|line| line.pointer("/out/Event/TransactionStarted").is_some()));
    assert!(!actions(&said).contains(&json!("StartTransaction")), "nothing is sent before it is durable");
    let start = at_place(&said, "/out/Store").into_iter().find(|order| order.pointer("/op/Append").is_some()).unwrap();
    (talk, start["ticket"].as_u64().unwrap())
}

fn actions(said: &[Value]) -> Vec<Value> {
    sent(said).into_iter().filter(|frame| frame[0] == 2).map(|frame| frame[2].clone()).collect()
}

#[test]
fn power_cut_leaves_any_prefix_that_the_script_chooses() {
    let (mut talk, start) = with_unconfirmed_start(STATION);
    let mut dump = |cut: Value| at_place(&talk.tell(&json!({"at": 6000, "dump": cut})), "/dump")[0].clone();
    let (confirmed, before, with) =
        (dump(json!({})), dump(json!({"through": start - 1})), dump(json!({"through": start})));
    assert_eq!(confirmed, before);
    assert_eq!(confirmed["logs"], json!({}));
    assert_eq!(with["logs"]["Transactions"].as_object().unwrap().len(), 1);
    for (dump, expected) in [(before, 0), (with, 1)] {
        let said = talk.tell(&json!({"at": 60_000, "restore": dump}));
        let said = play(&mut talk, 60_000, said, true);
        for action in ["StartTransaction", "StopTransaction"] {
            let count = actions(&said).iter().filter(|sent| *sent == action).count();
            assert_eq!(count, expected, "{action} after a cut that left {dump}");
        }
    }
    assert_eq!(talk.end().code(), Some(0));
}

#[test]
fn confirmed_operations_are_in_the_dump_and_failed_ones_come_again() {
    let (mut talk, start) = with_unconfirmed_start(STATION);
    talk.tell(&json!({"at": 6000, "in": {"StoreFailed": start}}));
    let dump = talk.tell(&json!({"at": 6000, "dump": {"through": start}}));
    assert_eq!(at_place(&dump, "/dump")[0]["logs"], json!({}), "it was dropped");
    let again = talk.tell(&json!({"at": 8000, "in": "Tick"}));
    assert_eq!(at_place(&again, "/out/Store/ticket")[0], start);
    let said = talk.tell(&json!({"at": 8000, "in": {"Stored": start}}));
    play(&mut talk, 8000, said, false);
    let dump = talk.tell(&json!({"at": 8000, "dump": {}}));
    assert_eq!(at_place(&dump, "/dump")[0]["logs"]["Transactions"].as_object().unwrap().len(), 1);
}

#[test]
fn restored_session_of_a_csms_knows_what_it_recorded() {
    let (mut talk, _) = Talk::start(&[CSMS, &["--auto-store"]].concat());
    let time = json!({"at": 0, "in": {"Wall": "2026-01-01T12:00:00Z"}});
    let opened = json!({"at": 0, "in": {"Link": {"Opened": {"dialect": "ocpp1.6"}}}});
    let payload = json!({"connectorId": 1, "idTag": "TAG", "meterStart": 5, "timestamp": "2026-01-01T12:00:00Z"});
    let begin = |talk: &mut Talk, id: &str| {
        talk.tell(&time);
        talk.tell(&opened);
        let said = talk.frame(5, &json!([2, id, "StartTransaction", payload]));
        let asked = &at_place(&said, "/out/Ask/id")[0];
        let verdict = json!({"Authorize": {"status": "Accepted", "expires": null, "parent": null}});
        let mut all = said.clone();
        all.extend(talk.tell(&json!({"at": 6, "in": {"Answer": [asked, verdict]}})));
        all
    };
    let said = begin(&mut talk, "1");
    assert_eq!(at_place(&said, "/out/Store/fact/Started").len(), 1);
    let number = sent(&said)[0][2]["transactionId"].clone();
    let dump = at_place(&talk.tell(&json!({"dump": {}})), "/dump")[0].clone();
    assert_eq!(dump[0]["ticket"], 1);

    talk.tell(&json!({"at": 9, "restore": dump}));
    talk.tell(&time);
    talk.tell(&opened);
    let said = talk.frame(20, &json!([2, "2", "StartTransaction", payload]));
    assert_eq!(at_place(&said, "/out/Event/Repeated/action"), [json!("StartTransaction")]);
    assert_eq!(sent(&said)[0][2]["transactionId"], number);
    assert!(at_place(&said, "/out/Store").is_empty(), "it is recorded already");
}

#[test]
fn recording_replays_and_a_changed_one_is_found() {
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("recording.jsonl");
    let name = file.to_str().unwrap();
    let (mut talk, start) = with_unconfirmed_start(&[STATION, &["--seed", "11", "--record", name]].concat());
    let dump = at_place(&talk.tell(&json!({"at": 6000, "dump": {"through": start}})), "/dump")[0].clone();
    let said = talk.tell(&json!({"at": 60_000, "restore": dump}));
    play(&mut talk, 60_000, said, true);
    talk.end();

    let output = run(&["replay", name], "");
    let text = String::from_utf8(output.stdout).unwrap();
    assert_eq!(output.status.code(), Some(0), "{text}");
    assert!(text.contains(" and 1 restores agree"), "{text}");
    let agreed: Value = serde_json::from_slice(&run(&["replay", "--json", name], "").stdout).unwrap();
    let recording = fs::read_to_string(&file).unwrap();
    let count = |member: &str| recording.lines().filter(|line| line.contains(&format!("\"{member}\":"))).count();
    assert_eq!(agreed["agreed"], json!({"inputs": count("in"), "outputs": count("out"), "restores": 1}));

    let changed = recording.replacen(r#""meterStart\":1000"#, r#""meterStart\":1001"#, 1);
    let line = recording.lines().zip(changed.lines()).position(|(old, new)| old != new).unwrap() + 1;
    fs::write(&file, changed).unwrap();
    let output = run(&["replay", "--json", name], "");
    let verdict: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!((output.status.code(), &verdict["difference"]["line"]), (Some(1), &json!(line)));
    assert!(verdict["difference"]["got"].as_str().unwrap().contains("1000"));

    assert_eq!(run(&["replay", "/nowhere"], "").status.code(), Some(2));
    fs::write(&file, r#"{"ocpp_trace":2}"#).unwrap();
    let output = run(&["replay", name], "");
    assert_eq!(output.status.code(), Some(2));
    assert!(String::from_utf8(output.stderr).unwrap().contains("format 2"));
}

#[test]
fn session_of_a_csms_replays_with_the_confirmations_of_the_pipe() {
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("recording.jsonl");
    let name = file.to_str().unwrap();
    let told = [
        r#"{"at":0,"in":{"Wall":"2026-01-01T12:00:00Z"}}"#.to_owned(),
        r#"{"at":0,"in":{"Link":{"Opened":{"dialect":"ocpp1.6"}}}}"#.to_owned(),
        json!({"at": 9, "in": {"Link": {"Frame": r#"[2,"1","StatusNotification",{"connectorId":1,"errorCode":"NoError","status":"Available"}]"#}}})
            .to_string(),
        r#"{"at":10,"in":{"Link":{"Frame":{"hex":"ff"}}}}"#.to_owned(),
        r#"{"at":500000,"in":"Tick"}"#.to_owned(),
    ];
    let output = run(&[CSMS, &["--auto-store", "--record", name]].concat(), &told.join("\n"));
    assert_eq!(output.status.code(), Some(0));
    assert!(fs::read_to_string(&file).unwrap().contains(r#""in":{"Stored":1}"#));
    let output = run(&["replay", name], "");
    assert_eq!(output.status.code(), Some(0), "{}", String::from_utf8_lossy(&output.stdout));
}

#[test]
fn configuration_comes_from_a_file_and_nonsense_is_declined() {
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("config.json");
    let name = file.to_str().unwrap();
    let with = |config: Value, more: &[&str]| {
        fs::write(&file, config.to_string()).unwrap();
        run(&[STATION, &["--config", name], more].concat(), "")
    };
    let supply = json!({"Dc": {"millivolts": 400_000, "max_milliwatts": 50_000_000}});
    let password = json!({
        "identity": "CP7", "password": "secret", "evses": 3, "limits": {"journal": 50}, "wiring": {"supply": supply}
    });
    let said = lines(&with(password, &["--evses", "2"]));
    let request = &at_place(&said, "/out/Link/Connect")[0];
    assert_eq!(request["url"], "ws://csms.example/ocpp/CP7");
    assert!(request["authorization"].as_str().unwrap().starts_with("Basic "));
    assert!(at_place(&said, "/out/Evse/0").contains(&json!(2)) && !at_place(&said, "/out/Evse/0").contains(&json!(3)));
    for (config, more, reason) in [
        (json!({"identty": "CP7"}), &[][..], "identty: no such member"),
        (json!({"limits": {"journal": "many"}}), &[], "invalid type"),
        (json!([1]), &[], "invalid type"),
        (json!({}), &["--evses", "0"], "hardware.evses: there is at least one"),
        (json!({}), &["--ocpp", "2.0"], "1.6, 2.0.1 or 2.1"),
    ] {
        let output = with(config, more);
        let text = String::from_utf8(output.stderr).unwrap();
        assert!(output.status.code() == Some(2) && text.contains(reason), "{text}");
    }
    let evses_of_a_csms = run(&[CSMS, &["--evses", "2"]].concat(), "");
    assert_eq!(evses_of_a_csms.status.code(), Some(2));
}
