use std::collections::BTreeSet;

use super::*;

/// The findings in a trace, as `line severity kind path`.
fn found(lines: &str) -> Vec<String> {
    let mut text = lines.lines().map(str::trim).collect::<Vec<_>>().join("\n");
    if !text.lines().next().is_some_and(|first| first.contains("\"connected\"")) {
        text.insert_str(0, "{\"at\":0,\"event\":\"connected\",\"version\":\"1.6\"}\n");
    }
    let heard = Conversation::of(&text.parse().expect(lines), None);
    let told = |finding: Finding| {
        let path = finding.path.unwrap_or_default();
        format!("{} {} {} {path}", finding.line, finding.severity, finding.kind).trim_end().to_owned()
    };
    conversation(&heard, Scope::Trace).into_iter().map(told).collect()
}

const START: &str = r#"{"at":1,"from":"station","frame":[2,"s1","StartTransaction",{"connectorId":1,"idTag":"A","meterStart":1000,"timestamp":"2026-01-01T00:00:00Z"}]}
{"at":2,"from":"csms","frame":[3,"s1",{"transactionId":7,"idTagInfo":{"status":"Accepted"}}]}"#;

const STOP: &str = r#"{"at":5,"from":"station","frame":[2,"s2","StopTransaction",{"transactionId":7,"meterStop":2000,"timestamp":"2026-01-01T01:00:00Z"}]}
{"at":6,"from":"csms","frame":[3,"s2",{}]}"#;

/// A station's call with its answer, as one line would be with a time.
fn exchange(id: &str, action: &str, payload: &str, answer: &str) -> String {
    format!(
        "{{\"at\":9,\"from\":\"station\",\"frame\":[2,\"{id}\",\"{action}\",{payload}]}}\n{{\"at\":9,\"from\":\"csms\",\"frame\":[3,\"{id}\",{answer}]}}"
    )
}

/// An event of a transaction of 2.x.
fn event(number: i64, kind: &str, second: u32, register: u32, more: &str) -> String {
    let payload = format!(
        r#"{{"eventType":"{kind}","timestamp":"2026-01-01T00:00:{second:02}Z","triggerReason":"Trigger","seqNo":{number},"transactionInfo":{{"transactionId":"T"}},"meterValue":[{{"timestamp":"2026-01-01T00:00:{second:02}Z","sampledValue":[{{"value":{register}}}]}}]{more}}}"#
    );
    exchange(&format!("{kind}{number}{second}"), "TransactionEvent", &payload, "{}")
}

fn v2(lines: &[String]) -> Vec<String> {
    found(&format!("{{\"at\":0,\"event\":\"connected\",\"version\":\"2.0.1\"}}\n{}", lines.join("\n")))
}

/// Each kind of finding, with a trace that has it and no other.
fn cases() -> Vec<(Vec<String>, &'static [&'static str])> {
    let one = |lines: &str| found(lines);
    let answered = |call: &str| format!(r#"{{"at":1,"from":"station","frame":[2,"1","{call}",{{}}]}}"#);
    let heartbeat = answered("Heartbeat");
    let beat = |id: &str| exchange(id, "Heartbeat", "{}", r#"{"currentTime":"2026-01-01T00:00:00Z"}"#);
    let boot = |status: &str| {
        exchange(
            "boot",
            "BootNotification",
            r#"{"chargePointVendor":"V","chargePointModel":"M"}"#,
            &format!(r#"{{"currentTime":"2026-01-01T00:00:00Z","interval":60,"status":"{status}"}}"#),
        )
    };
    let samples = |value: &str, minute: u32, connector: u32| {
        let payload = format!(
            r#"{{"connectorId":{connector},"transactionId":7,"meterValue":[{{"timestamp":"2026-01-01T00:{minute}:00Z","sampledValue":[{{"value":"{value}"}}]}}]}}"#
        );
        exchange("m", "MeterValues", &payload, "{}")
    };
    let again = |text: &str, from: &str, to: &str| text.replace(from, to);
    let call_error = |error: &str| format!("{heartbeat}\n{{\"at\":2,\"from\":\"csms\",\"frame\":[4,\"1\",{error}]}}");
    let second_stop = again(STOP, "s2", "s3");
    let report = |number: i64, request: i64| {
        let payload = format!(r#"{{"requestId":{request},"generatedAt":"2026-01-01T00:00:00Z","seqNo":{number}}}"#);
        exchange(&format!("r{request}"), "NotifyReport", &payload, "{}")
    };
    vec![
        (
            one(r#"{"at":1,"event":"connected"}
            {"at":1,"from":"station","frame":[2,"1","Heartbeat",{}]}"#),
            &["2 error version", "2 note unanswered"],
        ),
        (one(r#"{"at":1,"from":"station","raw":"[2,\"1\""}"#), &["2 error frame"]),
        (one(&call_error(r#""InternalError","",{},1"#)), &["3 error frame frame[5]"]),
        (
            one(&format!("{}\n{{\"at\":2,\"from\":\"csms\",\"frame\":[3,\"1\",{{}}]}}", answered("Tea"))),
            &["2 error unknown-action"],
        ),
        (
            one(&beat("1").replace("station", "?").replace("csms", "station").replace('?', "csms")),
            &["2 error direction"],
        ),
        (
            one(&exchange("1", "Heartbeat", r#"{"a":1}"#, r#"{"currentTime":"now"}"#)),
            &["2 error schema $", "3 error schema $.currentTime"],
        ),
        (one(&call_error(r#""FormatViolation","",{}"#)), &["3 error error-code frame[2]"]),
        (one(&call_error(r#""RpcFrameworkError","",{}"#)), &["3 error error-code frame[2]"]),
        (
            one(&call_error(&format!(r#""InternalError","{}",{{}}"#, "x".repeat(256)))),
            &["3 error error-description frame[3]"],
        ),
        (
            one(&call_error(r#""InternalError",1,[]"#)),
            &["3 error error-description frame[3]", "3 error error-details frame[4]"],
        ),
        (
            one(&call_error(r#""InternalError""#)),
            &["3 error error-description frame[3]", "3 error error-details frame[4]"],
        ),
        (one(r#"{"at":1,"from":"csms","frame":[4,"9","InternalError","",{}]}"#), &["2 error unasked-answer"]),
        (one(&format!("{}\n{}", beat("1"), beat("1").lines().last().unwrap())), &["4 error second-answer"]),
        (
            one(r#"{"at":0,"event":"connected","version":"2.1"}
                {"at":1,"from":"station","frame":[6,"1","NotifyPeriodicEventStream",{"id":1,"pending":0,"basetime":"2026-01-01T00:00:00Z","data":[{"t":0,"v":"1"}]}]}
                {"at":2,"from":"csms","frame":[4,"1","InternalError","",{}]}"#),
            &["3 error answered-send"],
        ),
        (one(&heartbeat), &["2 note unanswered"]),
        (one(&format!("{heartbeat}\n{{\"at\":30001,\"event\":\"closed\"}}")), &["2 warning unanswered"]),
        (
            one(&format!(
                "{heartbeat}\n{}\n{{\"at\":9,\"from\":\"csms\",\"frame\":[4,\"1\",\"InternalError\",\"\",{{}}]}}",
                beat("2")
            )),
            &["3 warning several-calls"],
        ),
        (one(&format!("{}\n{}", beat("1"), beat("1"))), &["4 error reused-id"]),
        (
            one(&format!("{}\n{{\"at\":1,\"event\":\"connected\",\"version\":\"1.6\"}}\n{}", beat("1"), beat("1"))),
            &["5 warning reused-id"],
        ),
        (one(&format!("{}\n{}", boot("Pending"), beat("2"))), &["4 error before-accepted"]),
        (one(&format!("{}\n{}", boot("Pending"), boot("Accepted").replace("boot", "b2"))), &["4 warning too-early"]),
        (
            one(&format!(
                "{}\n{{\"at\":9,\"from\":\"csms\",\"frame\":[2,\"1\",\"ClearCache\",{{}}]}}\n{{\"at\":9,\"from\":\"station\",\"frame\":[3,\"1\",{{\"status\":\"Accepted\"}}]}}",
                boot("Rejected")
            )),
            &["5 error too-early"],
        ),
        (one(STOP), &["2 warning unknown-transaction $.transactionId"]),
        (one(&samples("1", 10, 1)), &["2 warning unknown-transaction $.transactionId"]),
        (
            one(&format!("{START}\n{STOP}\n{}", again(&again(START, "s1", "s9"), "1000", "3000"))),
            &["7 error reused-transaction $.transactionId"],
        ),
        (one(&format!("{START}\n{}", again(START, "s1", "s9"))), &["4 note repeated-start $"]),
        (
            one(&format!("{START}\n{}", again(&again(&again(START, "s1", "s9"), "1000", "3000"), ":7", ":8"))),
            &["4 warning overlapping-start $.connectorId"],
        ),
        (one(&format!("{START}\n{STOP}\n{second_stop}")), &["6 note repeated-stop $.transactionId"]),
        (
            one(&format!("{START}\n{STOP}\n{}", again(&second_stop, "2000", "3000"))),
            &["6 error contradicting-stop $.transactionId"],
        ),
        (one(&format!("{START}\n{}", again(STOP, "2000", "999"))), &["4 error meter-backwards $.meterStop"]),
        (
            one(&format!("{START}\n{}\n{}", samples("1500", 10, 1), again(&samples("1200", 11, 1), "\"m\"", "\"n\""))),
            &["6 error meter-backwards $.meterValue[0].sampledValue[0].value"],
        ),
        (
            one(&format!("{START}\n{}", again(STOP, "2026-01-01T01", "2025-01-01T01"))),
            &["4 warning time-backwards $.timestamp", "4 warning meter-backwards $.meterStop"],
        ),
        (one(&format!("{START}\n{}", samples("1200", 10, 2))), &["4 error other-connector $.connectorId"]),
        (one(&format!("{START}\n{STOP}\n{}", samples("1500", 10, 1))), &["6 warning after-end $.transactionId"]),
        (v2(&[event(0, "Started", 0, 0, ""), event(2, "Ended", 9, 1, "")]), &["4 warning sequence-gap $.seqNo"]),
        (
            v2(&[event(0, "Started", 0, 0, ""), event(1, "Updated", 3, 1, ""), event(1, "Ended", 9, 1, "")]),
            &["6 error sequence-repeated $.seqNo"],
        ),
        (
            v2(&[event(0, "Started", 0, 0, ""), event(0, "Started", 0, 0, "").replace("Started00", "x")]),
            &["4 note sequence-repeated $.seqNo"],
        ),
        (v2(&[event(0, "Started", 0, 0, ""), event(1, "Started", 1, 0, "")]), &["4 error repeated-start $.eventType"]),
        (v2(&[event(3, "Updated", 0, 0, "")]), &["2 warning unknown-transaction $.transactionInfo.transactionId"]),
        (
            v2(&[event(0, "Started", 0, 0, ""), event(1, "Ended", 9, 1, ""), event(2, "Updated", 9, 1, "")]),
            &["6 error after-end $.seqNo"],
        ),
        (v2(&[event(0, "Started", 9, 0, ""), event(1, "Ended", 0, 0, "")]), &["4 warning time-backwards $.timestamp"]),
        (
            v2(&[event(0, "Started", 0, 1000, ""), event(1, "Ended", 9, 10, "")]),
            &["4 error meter-backwards $.meterValue[0].sampledValue[0].value"],
        ),
        (
            v2(&[event(0, "Started", 0, 0, r#","evse":{"id":1}"#), event(1, "Ended", 9, 1, r#","evse":{"id":2}"#)]),
            &["4 error other-connector $.evse.id"],
        ),
        (v2(&[report(0, 1), report(1, 2)]), &["4 error sequence-gap $.seqNo"]),
    ]
}

#[test]
fn each_kind_is_found_where_it_is_and_nothing_else() {
    let cases = cases();
    let wrong: Vec<_> = cases.iter().enumerate().filter(|(_, (found, expected))| found != expected).collect();
    assert!(wrong.is_empty(), "{wrong:#?}");
    let kinds: BTreeSet<&str> =
        cases.iter().flat_map(|(_, found)| *found).filter_map(|found| found.split(' ').nth(2)).collect();
    // That a line cannot be read is told by who read it.
    let missing: Vec<_> =
        Kind::ALL.iter().filter(|kind| **kind != Kind::Line && !kinds.contains(kind.as_str())).collect();
    assert!(missing.is_empty(), "no case has {missing:?}");
}

#[test]
fn what_is_allowed_is_not_found() {
    let call = |at: u32, id: &str, action: &str| {
        format!(r#"{{"at":{at},"from":"station","frame":[2,"{id}","{action}",{{}}]}}"#)
    };
    let answer = |id: &str| {
        format!(r#"{{"at":90000,"from":"csms","frame":[3,"{id}",{{"currentTime":"2026-01-01T00:00:00Z"}}]}}"#)
    };
    let late = [call(1, "1", "Heartbeat"), call(30_001, "2", "Heartbeat"), answer("1"), answer("2")].join("\n");
    assert_eq!(found(&late), [] as [&str; 0], "the first was given up");
    let retry = [call(1, "1", "Heartbeat"), call(30_001, "1", "Heartbeat"), answer("1")].join("\n");
    assert_eq!(found(&retry), ["2 warning unanswered"], "1.6 errata 3.1: a retry may have the id of the first attempt");
    let broken = r#"{"at":1,"from":"station","raw":"[2,\"1\""}
        {"at":2,"from":"csms","frame":[4,"1","FormationViolation","",{}]}
        {"at":3,"from":"station","raw":"?"}
        {"at":4,"from":"csms","frame":[4,"-1","FormationViolation","",{}]}"#;
    assert_eq!(found(broken), ["2 error frame", "4 error frame"], "what is broken may be answered");
    let late_events = [event(0, "Started", 0, 0, ""), event(2, "Ended", 9, 9, ""), event(1, "Updated", 5, 5, "")];
    assert_eq!(v2(&late_events), [] as [&str; 0], "what was missing came late");
    let data =
        r#""transactionData":[{"timestamp":"2026-01-01T00:59:59Z","sampledValue":[{"value":"2000.9"}]}],"meterStop""#;
    let rounded = format!("{START}\n{}", STOP.replace("\"meterStop\"", data));
    assert_eq!(found(&rounded), [] as [&str; 0], "the end is told in whole Wh, and bears all samples in any order");
    let midway = "{\"ocpp_trace\":1,\"ocpp\":\"1.6\"}\n{\"at\":1,\"from\":\"csms\",\"frame\":[3,\"9\",{}]}";
    let findings = conversation(&Conversation::of(&midway.parse().unwrap(), None), Scope::Trace);
    assert_eq!(findings.iter().map(|it| it.severity).max(), Some(Severity::Warning), "its call may lie before");
}

#[test]
fn retry_with_the_same_id_is_a_fault_in_2_0_1() {
    let call = |at: u32| format!(r#"{{"at":{at},"from":"station","frame":[2,"1","Heartbeat",{{}}]}}"#);
    let answer = r#"{"at":90000,"from":"csms","frame":[3,"1",{"currentTime":"2026-01-01T00:00:00Z"}]}"#;
    let lines = [call(1), call(30_001), answer.to_owned()];
    assert_eq!(v2(&lines), ["2 warning unanswered", "3 error reused-id"]);
}

#[test]
fn triggered_messages_are_allowed_while_pending() {
    let lines = r#"{"at":0,"from":"station","frame":[2,"1","BootNotification",{"chargePointVendor":"V","chargePointModel":"M"}]}
        {"at":1,"from":"csms","frame":[3,"1",{"currentTime":"2026-01-01T00:00:00Z","interval":60,"status":"Pending"}]}
        {"at":2,"from":"csms","frame":[2,"a","TriggerMessage",{"requestedMessage":"Heartbeat"}]}
        {"at":3,"from":"station","frame":[3,"a",{"status":"Accepted"}]}
        {"at":4,"from":"station","frame":[2,"2","Heartbeat",{}]}
        {"at":5,"from":"csms","frame":[3,"2",{"currentTime":"2026-01-01T00:00:00Z"}]}"#;
    assert_eq!(found(lines), [] as [&str; 0]);
}

#[test]
fn finding_reads_as_one_line_with_code_and_repair() {
    let findings = payload(Dialect::V2_0_1, "Reset", Part::Request, r#"{"type":"immediate","surprise":1}"#);
    let text: Vec<String> = findings.iter().map(Finding::to_string).collect();
    assert_eq!(
        text,
        [
            "line 1: error: schema: $.type not a value of ResetType: \"immediate\" [PropertyConstraintViolation] (lenient: LetterCase)",
            "line 1: error: schema: $ unknown member: \"surprise\" [FormatViolation] (lenient: ExtraMember)",
        ]
    );
    let json = serde_json::to_value(&findings[0]).unwrap();
    assert_eq!(
        (&json["kind"], &json["severity"], &json["path"]),
        (&"schema".into(), &"error".into(), &"$.type".into())
    );
}
