//! What servers of the field get wrong in 2.x (ocpp-testkit/FIELD.md), and what was asked for before a station is accepted.

use super::events::{EDITIONS, event};
use super::*;
use crate::csms::{Attribution, Command, Place, RawPayload, VariableName};
use alloc::format;
use alloc::vec;
use ocpp_types::lenient::Quirks;

fn notified(bench: &Bench) -> Vec<&str> {
    let told = bench.events.iter().filter_map(|event| match event {
        Event::Notified { action, .. } => Some(action.as_str()),
        _ => None,
    });
    told.collect()
}

#[test]
fn a_session_speaks_its_own_version_only() {
    for dialect in EDITIONS {
        let mut bench = Bench::accepted_in(dialect);
        bench.call("StartTransaction", start());
        assert_eq!(bench.error().as_deref(), Some("NotImplemented"));
        let refused = |event: &Event| matches!(event, Event::FrameRefused { reason, .. } if reason.contains("ocpp1.6"));
        assert!(bench.events.iter().any(refused), "{:?}", bench.events);
        // A payload of 1.6 under an action that both have is no boot of 2.x: nothing of it is known.
        bench.call("Authorize", json!({"idTag": "ABC"}));
        assert!(bench.error().is_some());
        // Answers follow the version, too.
        bench.call("Authorize", json!({"idToken": {"idToken": "ABC", "type": "Central"}}));
        bench.authorize(AuthorizationStatus::NotAllowedTypeEvse);
        assert_eq!(bench.last()[2], json!({"idTokenInfo": {"status": "NotAllowedTypeEVSE"}}));
        // And commands.
        bench.ok(Input::Command { id: CommandId(7), command: Command::remote_start(Some(1), token()) });
        assert_eq!(bench.last()[2], "RequestStartTransaction");
        assert_eq!(bench.last()[3]["remoteStartId"], 7);
    }
    let mut bench = Bench::accepted();
    bench.call("TransactionEvent", event("Started", 0, 1));
    assert_eq!(bench.error().as_deref(), Some("NotImplemented"));
}

fn token() -> crate::csms::IdToken {
    crate::csms::IdToken::new("ABC")
}

#[test]
fn no_connector_is_taken_for_one_that_is_not_told() {
    let mut bench = Bench::accepted_in(Dialect::V2_0_1);
    let mut started = event("Started", 5, 1);
    for (evse, place) in [
        (Value::Null, Place::STATION),
        (json!({"id": 2}), Place::new(Some(2), None)),
        (json!({"id": 2, "connectorId": 3}), Place::new(Some(2), Some(3))),
    ] {
        started["transactionInfo"]["transactionId"] = json!(format!("at {evse}"));
        match evse {
            Value::Null => started.as_object_mut().unwrap().remove("evse"),
            evse => started.as_object_mut().unwrap().insert("evse".into(), evse),
        };
        bench.call("TransactionEvent", started.clone());
        let Some(Fact::Started(started)) = bench.recorded().last().copied() else { panic!() };
        assert_eq!(started.place, place);
        // A first number that is not 0 is none that is missing (part 2 §1.3.2.1).
        assert!(started.findings.iter().all(|finding| *finding != crate::csms::Finding::SequenceGap));
    }
    bench.call(
        "StatusNotification",
        json!({"timestamp": "2023-11-14T22:00:00Z", "connectorStatus": "Occupied", "evseId": 1}),
    );
    let Some(Fact::Status(status)) = bench.recorded().last().copied() else { panic!() };
    assert_eq!((status.place, &*status.status), (Place::new(Some(1), None), "Occupied"));
}

/// B01.FR.10, B02.FR.02, B02.FR.09, B03.FR.07.
#[test]
fn a_pending_station_may_say_what_it_was_asked_for_and_nothing_else() {
    let status =
        json!({"timestamp": "2023-11-14T22:00:00Z", "connectorStatus": "Occupied", "evseId": 1, "connectorId": 1});
    let report = json!({"requestId": 4, "generatedAt": "2023-11-14T22:00:00Z", "seqNo": 0});
    for dialect in EDITIONS {
        let mut bench = Bench::new();
        bench.open_in(dialect);
        bench.boot_in_2(RegistrationStatus::Pending);
        bench.call("StatusNotification", status.clone());
        assert_eq!(bench.error().as_deref(), Some("SecurityError"));
        bench.call("NotifyReport", report.clone());
        assert_eq!(bench.error().as_deref(), Some("SecurityError"));
        assert_eq!((bench.facts.len(), notified(&bench).len()), (1, 0));
        let trigger = Command::TriggerMessage { message: "StatusNotification".into(), place: Place::STATION };
        let payload = String::from(r#"{"requestId":4,"reportBase":"FullInventory"}"#);
        for (id, command) in
            [trigger, Command::Call { action: "GetBaseReport".into(), payload }].into_iter().enumerate()
        {
            bench.ok(Input::Command { id: CommandId(id as u64), command });
            let call = bench.last()[1].clone();
            bench.frame(&json!([3, call, {"status": "Accepted"}]).to_string());
            assert!(matches!(bench.answered.last(), Some((_, Ok(_)))));
        }
        bench.call("StatusNotification", status.clone());
        bench.store();
        assert_eq!((bench.error(), &bench.last()[2]), (None, &json!({})));
        bench.call("NotifyReport", report.clone());
        assert_eq!((bench.error(), notified(&bench)), (None, vec!["NotifyReport"]));
        bench.call("TransactionEvent", event("Started", 0, 1));
        assert_eq!(bench.error().as_deref(), Some("SecurityError"));
        // The station boots again, and is rejected: then nothing is heard.
        bench.boot_in_2(RegistrationStatus::Rejected);
        bench.call("StatusNotification", status.clone());
        assert_eq!(bench.error().as_deref(), Some("SecurityError"));
    }
}

#[test]
fn integers_with_a_fraction_of_nothing_are_integers() {
    let config = SessionConfig { quirks: Quirks::NONE, ..SessionConfig::default() };
    let mut bench = Bench::with(config);
    bench.open_in(Dialect::V2_0_1);
    bench.boot_in_2(RegistrationStatus::Accepted);
    let mut started = event("Started", 0, 1);
    started["seqNo"] = json!(20000.0);
    bench.call("TransactionEvent", started);
    let Some(Fact::Started(started)) = bench.recorded().last().copied() else { panic!("{:?}", bench.last()) };
    assert_eq!(started.event.seq_no, Some(20000));
}

/// 2.1 R04.FR.31, .32: the station reports.
#[test]
fn reports_of_der_controls_come_from_the_station() {
    let mut bench = Bench::accepted_in(Dialect::V2_1);
    bench.call("ReportDERControl", json!({"requestId": 12, "tbc": true}));
    assert_eq!((bench.last()[2].clone(), notified(&bench)), (json!({}), vec!["ReportDERControl"]));
    let command = Command::Call { action: "ReportDERControl".into(), payload: r#"{"requestId":12}"#.into() };
    bench.ok(Input::Command { id: CommandId(1), command });
    assert!(matches!(bench.answered.last(), Some((_, Err(CommandError::Unsendable(_))))));
    // 2.0.1 knows nothing of it.
    let mut bench = Bench::accepted_in(Dialect::V2_0_1);
    bench.call("ReportDERControl", json!({"requestId": 12}));
    assert_eq!(bench.error().as_deref(), Some("NotImplemented"));
}

/// 2.1 N15.FR.08: a SEND is not answered, and counts though the peer closes right after it.
#[test]
fn messages_of_a_stream_are_told_and_never_answered() {
    let mut bench = Bench::accepted_in(Dialect::V2_1);
    let payload = r#"{"id":1,"pending":0,"basetime":"2023-11-14T22:00:00Z","data":[{"t":0.5,"v":"230.4"}]}"#;
    bench
        .session
        .handle(
            bench.now(),
            Input::Link(LinkInput::Frame(
                [r#"[6,"9","NotifyPeriodicEventStream","#, payload, "]"].concat().into_bytes().into(),
            )),
        )
        .unwrap();
    bench.close();
    assert!(bench.sent.is_empty());
    let told = Event::Notified { action: "NotifyPeriodicEventStream".into(), payload: RawPayload(payload.into()) };
    assert!(bench.events.contains(&told), "{:?}", bench.events);
    // What is wrong with one is told, too.
    let mut bench = Bench::accepted_in(Dialect::V2_1);
    bench.frame(r#"[6,"9","NotifyPeriodicEventStream",{"id":1}]"#);
    bench.frame(r#"[6,"9","Heartbeat",{}]"#);
    let refused = bench.events.iter().filter(|event| matches!(event, Event::FrameRefused { .. }));
    assert_eq!((refused.count(), bench.sent.len()), (2, 0));
}

/// 2.1 prefers them to StatusNotification.
#[test]
fn availability_told_by_events_is_a_status() {
    for dialect in EDITIONS {
        let mut bench = Bench::accepted_in(dialect);
        let state = |id: u32, name: &str, evse: Value, value: &str| {
            json!({"eventId": id, "timestamp": "2023-11-14T22:00:00Z", "trigger": "Delta", "actualValue": value,
                "eventNotificationType": "HardWiredNotification", "variable": {"name": "AvailabilityState"},
                "component": {"name": name, "evse": evse}})
        };
        let mut other = state(3, "Connector", json!({"id": 1, "connectorId": 1}), "true");
        other["variable"]["name"] = json!("Problem");
        let events = [
            state(1, "Connector", json!({"id": 1, "connectorId": 2}), "Occupied"),
            state(2, "EVSE", json!({"id": 2}), "Unavailable"),
            other,
        ];
        bench.call("NotifyEvent", json!({"generatedAt": "2023-11-14T22:00:00Z", "seqNo": 0, "eventData": events}));
        assert!(bench.sent.is_empty(), "not durable yet");
        bench.store();
        assert_eq!(bench.last()[2], json!({}));
        let statuses: Vec<_> = bench
            .recorded()
            .into_iter()
            .filter_map(|fact| match fact {
                Fact::Status(status) => Some((status.place.to_string(), status.status.to_string())),
                _ => None,
            })
            .collect();
        assert_eq!(statuses, [("1.2".into(), "Occupied".into()), ("2".into(), "Unavailable".into())]);
        assert_eq!(notified(&bench), ["NotifyEvent"]);
    }
}

/// 2.x J01: they are of no transaction, whatever runs there.
#[test]
fn meter_values_outside_transactions_stay_outside() {
    let mut bench = Bench::accepted();
    bench.call("StartTransaction", start());
    bench.authorize(AuthorizationStatus::Accepted);
    bench.store();
    bench.close();
    bench.open_in(Dialect::V2_0_1);
    let values = json!([{"timestamp": "2023-11-14T22:10:00Z", "sampledValue": [{"value": 120, "unitOfMeasure": {"multiplier": 1}}]}]);
    bench.call("MeterValues", json!({"evseId": 1, "meterValue": values}));
    let Some(Fact::Sampled(samples)) = bench.recorded().last().copied() else { panic!() };
    assert_eq!((&samples.attribution, samples.place), (&Attribution::None, Place::new(Some(1), None)));
    // The same digits in another unit are other values.
    let values = json!([{"timestamp": "2023-11-14T22:10:00Z", "sampledValue": [{"value": 120, "unitOfMeasure": {"multiplier": 2}}]}]);
    let known = bench.facts.len();
    for _ in 0..2 {
        bench.call("MeterValues", json!({"evseId": 1, "meterValue": values}));
        assert_eq!(bench.facts.len(), known + 1);
    }
}

#[test]
fn commands_are_said_in_the_words_of_the_version() {
    let place = Place::new(Some(2), Some(1));
    let commands = [
        (Command::RemoteStop { transaction: crate::csms::TransactionId::new("f1b2") }, "RequestStopTransaction"),
        (Command::Reset { kind: crate::csms::ResetKind::OnIdle, evse: Some(1) }, "Reset"),
        (Command::ChangeAvailability { place, is_operative: false }, "ChangeAvailability"),
        (Command::UnlockConnector { place }, "UnlockConnector"),
        (Command::TriggerMessage { message: "TransactionEvent".into(), place }, "TriggerMessage"),
        (Command::ClearCache, "ClearCache"),
        (
            Command::GetVariables { variables: vec![VariableName::new("OCPPCommCtrlr", "HeartbeatInterval")] },
            "GetVariables",
        ),
        (
            Command::SetVariables {
                variables: vec![(VariableName::new("TxCtrlr", "StopTxOnInvalidId"), "true".into())],
            },
            "SetVariables",
        ),
    ];
    for dialect in EDITIONS {
        let mut bench = Bench::accepted_in(dialect);
        for (id, (command, action)) in commands.iter().enumerate() {
            bench.ok(Input::Command { id: CommandId(id as u64), command: command.clone() });
            let call = bench.last();
            assert_eq!(call[2], *action, "{call}");
            let name = json!({"component": {"name": "c"}, "variable": {"name": "v"}, "attributeStatus": "Accepted"});
            let mut read = name.clone();
            read["attributeValue"] = json!("300");
            let answer = match *action {
                "GetVariables" => json!({"getVariableResult": [read]}),
                "SetVariables" => json!({"setVariableResult": [name]}),
                "UnlockConnector" => json!({"status": "Unlocked", "statusInfo": {"reasonCode": "Fine"}}),
                _ => json!({"status": "Accepted"}),
            };
            bench.frame(&json!([3, call[1], answer]).to_string());
            let Some((_, Ok(answer))) = bench.answered.last() else { panic!("{:?}", bench.answered) };
            match (*action, answer) {
                ("RequestStopTransaction", CommandAnswer::RemoteStop(_)) => {}
                ("GetVariables", CommandAnswer::Variables(results)) => {
                    assert_eq!(results[0].value.as_deref(), Some("300"));
                }
                ("SetVariables", CommandAnswer::VariableChanges(results)) => {
                    assert_eq!(results[0].status.status, "Accepted");
                }
                ("UnlockConnector", CommandAnswer::Status(status)) => {
                    assert_eq!((&*status.status, status.reason.as_deref()), ("Unlocked", Some("Fine")));
                }
                (_, CommandAnswer::Status(status)) => assert_eq!(status.status, "Accepted"),
                other => panic!("{other:?}"),
            }
        }
        // What the version cannot say is not sent: keys of 1.6, what breaks the schema, what a station calls.
        let raw = |action: &str, payload: &str| Command::Call { action: action.into(), payload: payload.into() };
        let sent = bench.sent.len();
        for command in [
            Command::GetConfiguration { keys: vec![] },
            raw("Reset", r#"{"type":"Hard"}"#),
            raw("Heartbeat", "{}"),
            Command::UnlockConnector { place: Place::STATION },
            Command::TriggerMessage { message: "Nonsense".into(), place },
        ] {
            bench.ok(Input::Command { id: CommandId(99), command });
            assert!(
                matches!(bench.answered.last(), Some((_, Err(CommandError::Unsendable(_))))),
                "{:?}",
                bench.answered
            );
        }
        assert_eq!(bench.sent.len(), sent);
        // A vendor's own is its own matter, and so is what is meant to be wrong.
        let wrong = Command::Unchecked { action: "Reset".into(), payload: r#"{"type":"Hard"}"#.into() };
        bench.ok(Input::Command { id: CommandId(98), command: wrong });
        assert_eq!(bench.last()[3], json!({"type": "Hard"}));
        bench.frame(&json!([4, bench.last()[1], "FormatViolation", "", {}]).to_string());
        bench.ok(Input::Command { id: CommandId(99), command: raw("VendorThing", r#"{"a":1}"#) });
        assert_eq!(bench.last()[2], "VendorThing");
    }
}
