//! What breaks its schema is recorded and told (ocpp-testkit/FIELD.md, Payload).

use super::*;
use crate::csms::{Command, Finding};
use ocpp_types::lenient::Quirks;

/// What was mended, by kind and path, in the order in which it was told.
fn mended(bench: &Bench) -> Vec<String> {
    let of = |event: &Event| match event {
        Event::Repaired { count, repairs, .. } => {
            assert_eq!(*count, repairs.len());
            repairs.iter().map(|note| [&*note.kind, " ", &note.path].concat()).collect()
        }
        _ => Vec::new(),
    };
    bench.events.iter().flat_map(of).collect()
}

fn is_shown(bench: &Bench) -> bool {
    bench.events.iter().any(|event| matches!(event, Event::Unread { frame } if frame.0.starts_with("[2,")))
}

/// A call is answered as a good one is, with these repairs told. Gives the bench.
#[track_caller]
fn borne(action: &str, payload: &str, repairs: &[&str]) -> Bench {
    let mut bench = Bench::accepted();
    bench.events.clear();
    bench.frame(&["[2,\"x\",\"", action, "\",", payload, "]"].concat());
    if matches!(bench.asked.last(), Some((_, Question::Authorize { .. }))) {
        bench.authorize(AuthorizationStatus::Accepted);
    }
    bench.store();
    assert_eq!(bench.last()[0], 3, "{payload} is answered {}", bench.last());
    assert_eq!(mended(&bench), repairs, "{payload}");
    bench
}

#[test]
fn start_is_recorded_however_it_is_said() {
    for (payload, repairs) in [
        (
            r#"{"connectorId":1,"idTag":"A","meterStart":1,"timestamp":"2023-11-14T22:00:00Z","reservationId":null}"#,
            &["Null $.reservationId"][..],
        ),
        (
            r#"{"connectorId":"1","idTag":7,"meterStart":"1","timestamp":"2023-11-14T22:00:00"}"#,
            &[
                "NumberFromText $.connectorId",
                "TextFromNumber $.idTag",
                "NumberFromText $.meterStart",
                "OddTime $.timestamp",
            ],
        ),
        (
            r#"{"connectorId":1,"idTag":"123456789012345678901","meterStart":1.6,"timestamp":"2023-11-14 22:00:00+0000"}"#,
            &["OverLong $.idTag", "FractionRounded $.meterStart", "OddTime $.timestamp"],
        ),
        (
            r#"{"connectorId":1,"idTag":"","meterStart":1,"timestamp":"2023-11-14T9:5:55Z","vendor":{"a":[1]}}"#,
            &["OddTime $.timestamp", "ExtraMember $"],
        ),
        (
            r#"{"connectorId":1,"idTag":"A","meterStart":1,"timestamp":"222222017-01-01T00:00:00Z"}"#,
            &["Unreadable $.timestamp"],
        ),
        (r#"{"connectorId":1,"idTag":"A","meterStart":1,"timestamp":1700000000}"#, &["Unreadable $.timestamp"]),
        (
            r#"{"connectorId":null,"idTag":null,"meterStart":1,"timestamp":null}"#,
            &["Null $.connectorId", "Null $.idTag", "Null $.timestamp", "Unreadable $", "Unreadable $", "Unreadable $"],
        ),
    ] {
        let bench = borne("StartTransaction", payload, repairs);
        let [.., Fact::Started(started), Fact::Authorized { .. }] = &bench.recorded()[..] else { panic!("{payload}") };
        assert!((1..=2).contains(&started.meter_start_wh.unwrap()), "{payload}");
        let is_unread = repairs.iter().any(|repair| repair.starts_with("Unreadable"));
        assert_eq!(started.findings.contains(&Finding::TimeUnread), is_unread, "{payload}");
        assert_eq!(is_shown(&bench), is_unread, "{payload}");
        if is_unread {
            assert_eq!(started.at, wall());
        }
    }
}

#[test]
fn stop_is_recorded_however_it_is_said() {
    for (payload, repairs) in [
        (
            r#"{"transactionId":7,"meterStop":5,"timestamp":"2023-11-14T22:00:00Z","reason":"plugOut"}"#,
            &["UnknownValue $.reason"][..],
        ),
        (
            r#"{"transactionId":"7","meterStop":5,"timestamp":"2023-11-14T22:00:00Z","idTag":null,"transactionData":null}"#,
            &["NumberFromText $.transactionId", "Null $.idTag", "Null $.transactionData"],
        ),
        (
            r#"{"meterStop":5,"timestamp":"?","idTag":{}}"#,
            &["TextFromJson $.idTag", "Unreadable $.timestamp", "Unreadable $"],
        ),
        (
            r#"{"transactionId":99999999999999999999,"meterStop":5,"timestamp":"2023-11-14T22:00:00Z","transactionData":[
            {"timestamp":"2023-11-14T22:00:00Z","sampledValue":[{"value":5,"unit":"Celcius","context":"End","measurand":"Heat"},{}]},7]}"#,
            &[
                "TextFromNumber $.transactionData[0].sampledValue[0].value",
                "UnknownValue $.transactionData[0].sampledValue[0].context",
                "UnknownValue $.transactionData[0].sampledValue[0].measurand",
                "Unreadable $.transactionData[0].sampledValue[1]",
                "Unreadable $.transactionData[1]",
                "Unreadable $.transactionId",
            ],
        ),
    ] {
        let bench = borne("StopTransaction", payload, repairs);
        let Some(Fact::StopOrphaned(orphan)) = bench.recorded().pop().cloned() else { panic!("{payload}") };
        assert_eq!(orphan.report.meter_stop_wh, Some(5));
        match orphan.report.reason {
            Some(reason) => assert_eq!(reason, "plugOut"),
            None => assert!(!payload.contains("reason")),
        }
        if let [value, ..] = &orphan.report.samples[..] {
            let [sample] = &value.values[..] else { panic!("{value:?}") };
            let words = [&sample.context, &sample.measurand, &sample.unit].map(|word| word.as_deref());
            assert_eq!(words, [Some("End"), Some("Heat"), Some("Celcius")]);
        }
    }
    // A number of no transaction: that of the only one that fits is inferred, and said so.
    for number in ["0", "-1", "null", "9223372036854775807", "9223372036854775808", "\"\"", "{}"] {
        let mut bench = Bench::accepted();
        bench.call("StartTransaction", start());
        bench.authorize(AuthorizationStatus::Accepted);
        bench.store();
        bench.frame(
            &[
                r#"[2,"x","StopTransaction",{"meterStop":200,"timestamp":"2023-11-14T22:05:00Z","transactionId":"#,
                number,
                "}]",
            ]
            .concat(),
        );
        bench.store();
        assert_eq!(bench.last(), json!([3, "x", {}]), "{number}");
        assert!(matches!(bench.recorded().last(), Some(Fact::Stopped(stopped)) if stopped.inferred), "{number}");
    }
}

#[test]
fn meter_values_are_recorded_however_they_are_said() {
    for (payload, repairs, count) in [
        (
            r#"{"connectorId":1,"meterValue":{"timestamp":"2023-11-14T22:00:00Z","sampledValue":{"value":"0.00","unit":"kWh"}}}"#,
            &["SingleItem $.meterValue", "SingleItem $.meterValue.sampledValue"][..],
            1,
        ),
        (
            r#"{"connectorId":1,"meterValue":[{"timestamp":"2023-11-14T22:00:00Z","sampledValue":[{"value":"50","measurand":"Frequency","unit":"Hz"},{"value":"1000"}]}]}"#,
            &["UnknownValue $.meterValue[0].sampledValue[0].unit"],
            2,
        ),
        (
            r#"{"connectorId":1,"meterValue":[{"timestamp":"2023-11-14T22:00:00Z","sampledValue":[{"value":""},{"value":"NaN"},{"value":"81","unit":"V","measurand":"SoC"},{"value":null}]}]}"#,
            &[
                "Unreadable $.meterValue[0].sampledValue[3]",
                "Unreadable $.meterValue[0].sampledValue[0].value",
                "Unreadable $.meterValue[0].sampledValue[1].value",
            ],
            1,
        ),
        (
            r#"{"connectorId":-4,"transactionId":null,"meterValue":[{"sampledValue":[{"value":"1"}]}]}"#,
            &["Null $.transactionId", "Unreadable $.meterValue[0]"],
            1,
        ),
    ] {
        let bench = borne("MeterValues", payload, repairs);
        let Some(Fact::Sampled(samples)) = bench.recorded().pop().cloned() else { panic!("{payload}") };
        assert_eq!(samples.values.iter().map(|value| value.values.len()).sum::<usize>(), count, "{payload}");
    }
}

#[test]
fn everything_else_is_borne_too() {
    borne("Heartbeat", r#"{"x":1}"#, &["ExtraMember $"]);
    borne("Heartbeat", "null", &[]);
    borne("Authorize", r#"{"connectorId":2,"idTag":"CARD0002"}"#, &["ExtraMember $"]);
    borne(
        "StatusNotification",
        r#"{"connectorId":1,"status":"Occupied"}"#,
        &["UnknownValue $.errorCode", "UnknownValue $.status", "Unreadable $"],
    );
    let bench = borne(
        "StatusNotification",
        r#"{"connectorId":1,"status":"Faulted","errorCode":"Error","timestamp":"yesterday"}"#,
        &["UnknownValue $.errorCode", "Unreadable $.timestamp"],
    );
    assert!(
        matches!(bench.recorded().last(), Some(Fact::Status(status)) if status.error_code.as_deref() == Some("Error"))
    );
    let bench = borne("FirmwareStatusNotification", r#"{"status":"Rebooting"}"#, &["UnknownValue $.status"]);
    assert!(matches!(bench.recorded().last(), Some(Fact::Progress(progress)) if progress.status == "Rebooting"));
    borne("SecurityEventNotification", r#"{"type":"Odd"}"#, &["Unreadable $"]);

    let mut bench = Bench::connected();
    bench.call(
        "BootNotification",
        json!({"chargePointVendor": 5, "chargePointSerialNumber": "1234567890123456789012345678901"}),
    );
    let Some((_, Question::Boot(info))) = bench.asked.last() else { panic!("{:?}", bench.events) };
    assert_eq!((&*info.vendor, &*info.model, info.serial_number.as_ref().map(|text| text.len())), ("5", "", Some(31)));

    let mut bench = Bench::accepted();
    bench.call("DataTransfer", json!({"vendorId": "V", "data": {"a": 1}}));
    let Some((_, Question::DataTransfer { data, .. })) = bench.asked.last() else { panic!("not asked") };
    assert_eq!(data.as_deref(), Some(r#"{"a":1}"#));
}

/// Without its register a start or stop is no bill, without its object nothing is.
#[test]
fn what_cannot_be_read_is_refused_and_shown() {
    for payload in [
        r#"[2,"x","StartTransaction",{"connectorId":1,"idTag":"A","meterStart":"much","timestamp":"2023-11-14T22:00:00Z"}]"#,
        r#"[2,"x","StopTransaction",{"transactionId":7,"timestamp":"2023-11-14T22:00:00Z"}]"#,
        r#"[2,"x","MeterValues",{"connectorId":1}]"#,
        r#"[2,"x","StatusNotification",{"connectorId":1,"errorCode":"NoError"}]"#,
        r#"[2,"x","Authorize",[]]"#,
        "[2,\"x\",\"StopTransaction\",{\"meterStop\":1388,\"idTag\":\"A\u{10}\",\"transactionId\":1,\"timestamp\":\"2023-11-14T22:00:00Z\"}]",
        r#"[2,"x","StopTransaction",{"meterStop":1388,"#,
    ] {
        let mut bench = Bench::accepted();
        bench.events.clear();
        bench.frame(payload);
        assert_eq!((&bench.last()[0], &bench.last()[1]), (&json!(4), &json!("x")), "{payload}");
        assert!(
            bench.events.iter().any(|event| matches!(event, Event::Unread { frame } if frame.0 == payload)),
            "{payload}"
        );
        assert_eq!(bench.facts.len(), 1);
        bench.call("Heartbeat", json!({}));
        assert_eq!(bench.last()[0], 3, "the session goes on");
    }
    let long = ["[2,\"x\",\"Authorize\",[\"", &"x".repeat(5000), "\"]]"].concat();
    let mut bench = Bench::accepted();
    bench.frame(&long);
    let shown =
        |event: &Event| matches!(event, Event::Unread { frame } if frame.0.len() == crate::csms::RawFrame::MAX_BYTES);
    assert!(bench.events.iter().any(shown));
}

#[test]
fn quirks_are_the_stations_own() {
    let strict = SessionConfig { quirks: Quirks::NONE, ..SessionConfig::default() };
    let mut bench = Bench::with(strict);
    bench.open();
    bench.boot(RegistrationStatus::Accepted);
    for (payload, code) in [
        (json!({"idTag": 7}), "TypeConstraintViolation"),
        (json!({"idTag": "123456789012345678901"}), "PropertyConstraintViolation"),
        (json!({"idTag": "A", "more": 1}), "FormationViolation"),
    ] {
        bench.call("Authorize", payload);
        assert_eq!(bench.last()[2], code);
    }
    assert_eq!(mended(&bench), [""; 0]);
    let refuses_more = SessionConfig {
        quirks: Quirks::ALL.without(ocpp_types::lenient::RepairKind::ExtraMember),
        ..SessionConfig::default()
    };
    let mut bench = Bench::with(refuses_more);
    bench.open();
    bench.boot(RegistrationStatus::Accepted);
    bench.call("Authorize", json!({"idTag": 7, "more": 1}));
    assert_eq!(bench.last()[2], "FormationViolation");
}

#[test]
fn answers_of_the_station_are_borne() {
    let mut bench = Bench::accepted();
    bench.ok(Input::Command { id: CommandId(1), command: Command::GetConfiguration { keys: Vec::new() } });
    let id = bench.last()[1].clone();
    bench.frame(&json!([3, id, {"configurationKey": [{"key": "K", "readonly": "false", "value": 60}], "unknownKey": null, "more": 1}]).to_string());
    let Some((_, Ok(CommandAnswer::Configuration { known, .. }))) = bench.answered.last() else {
        panic!("{:?}", bench.answered)
    };
    assert_eq!((known[0].value.as_deref(), known[0].readonly), (Some("60"), false));
    assert_eq!(mended(&bench).len(), 4);
}

#[test]
fn what_is_odd_is_told_with_its_place() {
    let mut bench = Bench::accepted();
    let mut report = start();
    report["connectorId"] = json!(0);
    bench.call("StartTransaction", report);
    let (ticket, Fact::Started(started)) = bench.facts.last().cloned().unwrap() else { panic!("no start") };
    let transaction = Some(started.transaction);
    assert!(bench.events.contains(&Event::Found { ticket, transaction, findings: [Finding::NoConnector].into() }));
}
