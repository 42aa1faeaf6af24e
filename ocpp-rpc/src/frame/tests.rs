use alloc::format;
use alloc::string::{String, ToString};
use alloc::vec::Vec;

use ocpp_types::Rule;
use ocpp_types::json::{Kind, Syntax};
use proptest::prelude::*;

use super::*;
use crate::{ErrorCode, MessageIdError};

fn open(text: &str, dialect: Dialect) -> Result<Frame<'_>, FrameFault> {
    Frame::open(text.as_bytes(), dialect, &Limits::STANDARD)
}

fn fault(text: &str, dialect: Dialect) -> FrameFault {
    match open(text, dialect) {
        Err(fault) => fault,
        Ok(frame) => panic!("{text} is accepted as {frame:?}"),
    }
}

/// The CALLERROR sent for a faulty frame, as text.
fn answer(text: &[u8], dialect: Dialect) -> Option<String> {
    let fault = Frame::open(text, dialect, &Limits::STANDARD).expect_err("the frame is faulty");
    let (id, error) = fault.answer(dialect)?;
    Some(write::call_error(String::new(), &id, &error, dialect))
}

fn starts(answer: Option<String>, start: &str) {
    let answer = answer.unwrap_or_default();
    assert!(answer.starts_with(start), "{answer} does not start with {start}");
    serde_json::from_str::<serde_json::Value>(&answer).expect("an answer is JSON");
}

/// The example frames of OCPP-J 1.6 §4.2 and of Part 4 §4.2 and §4.3: same structure, ids and members.
#[test]
fn examples_of_the_specifications_are_read() {
    let boot = r#"[2, "19223201", "BootNotification", {"chargePointVendor": "VendorX", "chargePointModel": "SingleSocketCharger"}]"#;
    let Ok(Frame::Call { id, action, payload }) = open(boot, Dialect::V1_6) else { panic!() };
    assert_eq!((id.as_str(), &*action), ("19223201", "BootNotification"));
    assert_eq!(
        payload.raw().unwrap(),
        r#"{"chargePointVendor": "VendorX", "chargePointModel": "SingleSocketCharger"}"#
    );

    let result = r#"[3,"19223201",{"status":"Accepted","currentTime":"2013-02-01T20:53:32.486Z","interval":300}]"#;
    let Ok(Frame::CallResult { id, payload }) = open(result, Dialect::V2_0_1) else { panic!() };
    assert_eq!(id.as_str(), "19223201");
    assert!(payload.raw().is_ok());

    let error = r#"[4,"162376037","NotSupported","SendLocalList.req not implemented",{}]"#;
    let Ok(Frame::CallError { id, error }) = open(error, Dialect::V1_6) else { panic!() };
    assert_eq!(id.as_str(), "162376037");
    assert_eq!(error, CallError::new(ErrorCode::NotSupported, "SendLocalList.req not implemented"));

    let send = r#"[6,"19223201","NotifyPeriodicEventStream",{"id":123,"pending":0,"data":[{"t":"2024-08-27T12:30:40Z","v":"230.4"}]}]"#;
    let Ok(Frame::Send { id, action, .. }) = open(send, Dialect::V2_1) else { panic!() };
    assert_eq!((id.as_str(), &*action), ("19223201", "NotifyPeriodicEventStream"));

    let refused = r#"[5,"19223201","FormatViolation","",{}]"#;
    let Ok(Frame::CallResultError { id, error }) = open(refused, Dialect::V2_1) else { panic!() };
    assert_eq!((id.as_str(), error.code), ("19223201", ErrorCode::FormatViolation));
}

#[test]
fn escapes_in_id_and_action_are_resolved() {
    let text = r#"[2,"\u0031\u00e4","Heart\u0062eat",{}]"#;
    let Ok(Frame::Call { id, action, .. }) = open(text, Dialect::V1_6) else { panic!() };
    assert_eq!((id.as_str(), &*action), ("1ä", "Heartbeat"));
    let text = r#"[2,"1","Heartbeat",{}]"#;
    let Ok(Frame::Call { action: Cow::Borrowed(_), .. }) = open(text, Dialect::V1_6) else { panic!("copied") };
}

#[test]
fn actions_keep_their_case() {
    let Ok(Frame::Call { action, .. }) = open(r#"[2,"1","heartBEAT",{}]"#, Dialect::V1_6) else { panic!() };
    assert_eq!(action, "heartBEAT");
}

#[test]
fn null_payload_counts_as_an_empty_object() {
    for text in [r#"[2,"1","Heartbeat",null]"#, r#"[2,"1","Heartbeat", null ] "#] {
        let Ok(Frame::Call { payload, .. }) = open(text, Dialect::V2_0_1) else { panic!() };
        assert_eq!(payload.raw().unwrap(), "{}");
        let members = payload.decode_with(|reader| {
            reader.begin_object()?;
            reader.next_key().map(|key| key.is_some())
        });
        assert_eq!(members, Ok(false));
    }
}

#[test]
fn payload_that_is_no_object_is_a_violation_at_the_root() {
    for (json, found) in [("[]", Kind::Array), ("7", Kind::Number), ("\"{}\"", Kind::String), ("true", Kind::Boolean)] {
        let text = format!("[2,\"1\",\"Heartbeat\",{json}]");
        let Ok(Frame::Call { payload, .. }) = open(&text, Dialect::V1_6) else { panic!() };
        let violation = payload.raw().unwrap_err();
        assert_eq!((violation.path.as_str(), violation.rule), ("$", Rule::Type { expected: Kind::Object, found }));
        assert_eq!(CallError::violation(&violation, Dialect::V1_6).code, ErrorCode::FormatViolation);
        assert_eq!(CallError::violation(&violation, Dialect::V2_1).code, ErrorCode::ProtocolError);
    }
}

#[test]
fn what_follows_the_payload_is_refused_by_reading_it() {
    for (rest, syntax) in [
        (r#"{},{}]"#, Syntax::TrailingText),
        (r#"{}]]"#, Syntax::TrailingText),
        (r#"{}"#, Syntax::UnexpectedEnd),
        (r#"{}}"#, Syntax::UnexpectedCharacter),
        (r#"null,1]"#, Syntax::TrailingText),
        (r#"{"a":1,}]"#, Syntax::UnexpectedCharacter),
        (r#"{"a":"#, Syntax::UnexpectedEnd),
    ] {
        let text = format!("[2,\"1\",\"Heartbeat\",{rest}");
        let Ok(Frame::Call { payload, .. }) = open(&text, Dialect::V2_1) else { panic!() };
        let violation = payload.raw().expect_err(rest);
        assert_eq!(violation.rule, Rule::Syntax(syntax), "{rest}");
        assert_eq!(CallError::violation(&violation, Dialect::V2_1).code, ErrorCode::FormatViolation);
    }
}

#[test]
fn garbage_is_answered_with_minus_one() {
    for text in
        [&b"\xff\xfe\x00garbage"[..], b"", b" ", b"hello", b"{}", b"[", b"[]", b"[2", b"\"[2]\"", b"[2,", b"[[2]]"]
    {
        starts(answer(text, Dialect::V2_0_1), r#"[4,"-1","RpcFrameworkError""#);
        starts(answer(text, Dialect::V1_6), r#"[4,"-1","FormationViolation""#);
    }
}

#[test]
fn faulty_call_is_answered_with_its_id_once_that_was_read() {
    for text in [
        r#"[2,"77"]"#,
        r#"[2,"77","#,
        r#"[2,"77",Heartbeat,{}]"#,
        r#"[2,"77",5,{}]"#,
        r#"[2,"77","Heartbeat"]"#,
        r#"[2,"77","Heartbeat","#,
        r#"["2","77","Heartbeat",{}]"#,
    ] {
        starts(answer(text.as_bytes(), Dialect::V2_1), r#"[4,"77","RpcFrameworkError""#);
    }
    starts(answer(b"[2,\"77\",\"Heartbeat\",{\"a\":\"\xc3\x28\"}]", Dialect::V1_6), r#"[4,"77","FormationViolation""#);
}

#[test]
fn ids_without_36_characters_at_most_are_unreadable() {
    let long = format!("[2,\"{}\",\"Heartbeat\",{{}}]", "x".repeat(37));
    assert_eq!(fault(&long, Dialect::V1_6).rule, FrameRule::Id(MessageIdError::TooLong));
    starts(answer(long.as_bytes(), Dialect::V2_0_1), r#"[4,"-1","RpcFrameworkError""#);
    let empty = r#"[2,"","Heartbeat",{}]"#;
    assert_eq!(fault(empty, Dialect::V1_6).rule, FrameRule::Id(MessageIdError::Empty));
    starts(answer(empty.as_bytes(), Dialect::V2_1), r#"[4,"-1","RpcFrameworkError""#);
    for id in ["12", "null", "{}"] {
        let text = format!("[2,{id},\"Heartbeat\",{{}}]");
        assert_eq!(fault(&text, Dialect::V1_6).rule, FrameRule::WrongType("message id"));
    }
    let longest = format!("[2,\"{}\",\"Heartbeat\",{{}}]", "é".repeat(36));
    assert!(open(&longest, Dialect::V1_6).is_ok());
}

#[test]
fn unknown_message_types_are_answered_by_2_0_1_only() {
    for (text, number) in [
        (r#"[22,"1","Heartbeat",{}]"#, Some(22)),
        (r#"[1,"1"]"#, Some(1)),
        (r#"[-2,"1","Heartbeat",{}]"#, Some(-2)),
        (r#"[0,"1"]"#, Some(0)),
        (r#"[7,"1",{"new":true}]"#, Some(7)),
        (r#"[99999999999999999999,"1"]"#, None),
    ] {
        for dialect in Dialect::ALL {
            assert_eq!(fault(text, dialect).rule, FrameRule::UnknownType(number), "{text}");
        }
        assert_eq!(answer(text.as_bytes(), Dialect::V1_6), None);
        starts(answer(text.as_bytes(), Dialect::V2_0_1), r#"[4,"1","MessageTypeNotSupported""#);
        assert_eq!(answer(text.as_bytes(), Dialect::V2_1), None);
    }
}

#[test]
fn send_and_result_error_are_unknown_before_2_1() {
    for text in [r#"[6,"1","NotifyPeriodicEventStream",{}]"#, r#"[5,"1","GenericError","",{}]"#] {
        assert!(matches!(fault(text, Dialect::V1_6).rule, FrameRule::UnknownType(Some(_))));
        starts(answer(text.as_bytes(), Dialect::V2_0_1), r#"[4,"1","MessageTypeNotSupported""#);
        assert!(open(text, Dialect::V2_1).is_ok());
    }
}

#[test]
fn faulty_answers_and_sends_are_never_answered() {
    for text in [
        r#"[3]"#,
        r#"[3,"1"]"#,
        r#"[3,"1","#,
        r#"[3,5,{}]"#,
        r#"[4,"1",}"#,
        r#"[4]"#,
        r#"[4,""]"#,
        r#"[6,"1"]"#,
        r#"[5,"1""#,
    ] {
        assert_eq!(answer(text.as_bytes(), Dialect::V2_1), None, "{text}");
    }
}

#[test]
fn call_error_is_read_however_little_it_says() {
    let read = |text: &str| match open(text, Dialect::V1_6) {
        Ok(Frame::CallError { error, .. }) => error,
        other => panic!("{text}: {other:?}"),
    };
    assert_eq!(read(r#"[4,"1"]"#), CallError::new(ErrorCode::GenericError, ""));
    assert_eq!(read(r#"[4,"1","InternalError"]"#), CallError::new(ErrorCode::InternalError, ""));
    assert_eq!(read(r#"[4,"1",null,null,null]"#), CallError::new(ErrorCode::GenericError, ""));
    assert_eq!(read(r#"[4,"1","FormatViolation","x"]"#), CallError::new(ErrorCode::FormatViolation, "x"));
    let text = read(r#"[4,"1","FormationViolation","x","details as text",7]"#);
    assert_eq!((text.received_code(), text.code.as_str()), ("FormationViolation", "FormatViolation"));
    assert_eq!(read(r#"[4,"1","FormatViolation","x"]"#).received_code(), "FormatViolation");
    assert_eq!((text.code.clone(), text.details()), (ErrorCode::FormatViolation, r#""details as text""#));
    let long = format!("[4,\"1\",\"Teapot\",\"{}\",{{\"a\":1}}]", "ß".repeat(300));
    let long = read(&long);
    assert_eq!((long.code.as_str(), long.description(), long.details()), ("Teapot", &*"ß".repeat(255), r#"{"a":1}"#));
}

#[test]
fn over_long_frame_is_refused_unread_but_answered_with_its_id() {
    let limits = Limits::STANDARD;
    let filler = "x".repeat(10 << 20);
    let call = format!("[2,\"77\",\"DataTransfer\",{{\"data\":\"{filler}\"}}]");
    let fault = Frame::open(call.as_bytes(), Dialect::V1_6, &limits).unwrap_err();
    assert_eq!(fault.rule, FrameRule::TooLong { max: limits.frame_bytes, actual: call.len() });
    assert_eq!(
        fault.answer(Dialect::V1_6).map(|(id, error)| (id.to_string(), error.code)),
        Some(("77".into(), ErrorCode::FormatViolation))
    );

    let result = format!("[3,\"77\",{{\"data\":\"{filler}\"}}]");
    let fault = Frame::open(result.as_bytes(), Dialect::V1_6, &limits).unwrap_err();
    assert_eq!((fault.message_type, fault.answer(Dialect::V1_6)), (Some(MessageType::CallResult), None));

    let no_id = format!("[2,\"{filler}");
    let fault = Frame::open(no_id.as_bytes(), Dialect::V2_1, &limits).unwrap_err();
    assert_eq!(fault.answer(Dialect::V2_1).map(|(id, _)| id), Some(MessageId::UNREADABLE));
}

#[test]
fn flood_of_items_is_refused_by_id() {
    for (item, close) in [("{},", "{}]}]"), ("0,", "0]}]")] {
        let call = format!("[2,\"77\",\"MeterValues\",{{\"meterValue\":[{}{close}", item.repeat(60_000));
        assert_eq!(fault(&call, Dialect::V1_6).rule, FrameRule::TooManyItems(50_000));
        starts(answer(call.as_bytes(), Dialect::V1_6), r#"[4,"77","OccurenceConstraintViolation""#);
    }
    let text = format!("[2,\"77\",\"DataTransfer\",{{\"data\":\"{}\"}}]", ",".repeat(200_000));
    assert!(open(&text, Dialect::V1_6).is_ok());
}

#[test]
fn ten_thousand_levels_are_refused() {
    for (open_bracket, close) in [("[", "]"), ("{\"a\":", "}")] {
        let nest = format!("{}1{}", open_bracket.repeat(10_000), close.repeat(10_000));
        let text = format!("[2,\"1\",\"DataTransfer\",{{\"data\":{nest}}}]");
        let Ok(Frame::Call { payload, .. }) = open(&text, Dialect::V1_6) else { panic!() };
        assert_eq!(payload.raw().unwrap_err().rule, Rule::Syntax(Syntax::TooDeep));
        starts(answer(nest.as_bytes(), Dialect::V2_0_1), r#"[4,"-1","RpcFrameworkError""#);
        starts(answer(format!("[{nest}]").as_bytes(), Dialect::V2_0_1), r#"[4,"-1","RpcFrameworkError""#);
    }
}

#[test]
fn depth_limit_counts_the_frame_itself() {
    let limits = Limits { depth: 3, ..Limits::STANDARD };
    let read = |text: &'static str| match Frame::open(text.as_bytes(), Dialect::V1_6, &limits) {
        Ok(Frame::Call { payload, .. }) => payload.raw().is_ok(),
        other => panic!("{other:?}"),
    };
    assert!(read(r#"[2,"1","A",{"a":[]}]"#));
    assert!(!read(r#"[2,"1","A",{"a":[[]]}]"#));
}

#[test]
fn long_action_is_an_unknown_one() {
    let text = format!("[2,\"1\",\"{}\",{{}}]", "A".repeat(65));
    starts(answer(text.as_bytes(), Dialect::V1_6), r#"[4,"1","NotImplemented""#);
}

#[test]
fn sent_errors_are_correct_whatever_was_received() {
    let Ok(Frame::CallError { error, .. }) = open(r#"[4,"1","Teapot","x","text"]"#, Dialect::V1_6) else { panic!() };
    let id = MessageId::new("2").unwrap();
    let sent = write::call_error(String::new(), &id, &error, Dialect::V2_1);
    assert_eq!(sent, r#"[4,"2","GenericError","x",{}]"#);
    let error =
        CallError::new(ErrorCode::OccurrenceConstraintViolation, "é".repeat(300)).with_details("{\"a\": 1}").unwrap();
    let sent = write::call_result_error(String::new(), &id, &error, Dialect::V2_1);
    assert_eq!(sent, format!("[5,\"2\",\"OccurrenceConstraintViolation\",\"{}\",{{\"a\": 1}}]", "é".repeat(255)));
    for details in ["", "[]", "{", "{} {}", "7"] {
        assert!(CallError::new(ErrorCode::GenericError, "").with_details(details).is_err(), "{details}");
    }
}

#[test]
fn replacing_the_id_changes_nothing_else() {
    let id = MessageId::new("new \"id\"").unwrap();
    let replace = |text| write::replace_id(text, &id);
    assert_eq!(
        replace(r#" [ 2 , "\u0031" , "A", {"a" : 1.50} ] "#).unwrap(),
        r#" [ 2 , "new \"id\"" , "A", {"a" : 1.50} ] "#
    );
    assert_eq!(replace(r#"[3,"1",{"#).unwrap(), r#"[3,"new \"id\"",{"#);
    for text in ["", "{}", "[]", "[2]", "[2,1]", "[2,\"1", "[2 \"1\"]"] {
        assert_eq!(replace(text), None, "{text}");
    }
}

#[test]
fn a_refused_payload_is_reported_with_its_own_path() {
    let id = MessageId::new("1").unwrap();
    let violation = write::call(String::new(), &id, "DataTransfer", |writer| {
        writer.begin_object();
        writer.key("data");
        writer.refuse(Rule::Uri);
        writer.string("x");
        writer.end_object();
    });
    assert_eq!(violation.unwrap_err().path, "$.data");
}

proptest! {
    #[test]
    fn no_bytes_make_the_codec_panic(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
        for dialect in Dialect::ALL {
            read_all(&bytes, dialect);
        }
    }

    /// Real frames with some bytes replaced reach deeper than random ones.
    #[test]
    fn no_damage_makes_the_codec_panic(
        frame in prop::sample::select(FRAMES),
        damage in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 0..6),
        cut in any::<prop::sample::Index>(),
    ) {
        let mut bytes: Vec<u8> = frame.into();
        for (index, byte) in damage {
            let index = index.index(bytes.len());
            bytes[index] = byte;
        }
        bytes.truncate(cut.index(bytes.len() + 1));
        for dialect in Dialect::ALL {
            read_all(&bytes, dialect);
        }
    }

    #[test]
    fn written_frames_are_read_back(id in "\\PC{1,36}", action in "[ -~é\n\"\\\\]{0,30}", text in "\\PC{0,20}") {
        let id = MessageId::new(&id).unwrap();
        let payload = serde_json::json!({ "text": text }).to_string();
        let sent = write::call(String::new(), &id, &action, |writer| writer.raw(&payload)).unwrap();
        prop_assert_eq!(
            serde_json::from_str::<serde_json::Value>(&sent).unwrap(),
            serde_json::json!([2, id.as_str(), action, { "text": text }])
        );
        let Ok(Frame::Call { id: read_id, action: read_action, payload: read_payload }) = open(&sent, Dialect::V1_6) else {
            panic!("{sent}")
        };
        prop_assert_eq!((&read_id, &*read_action, read_payload.raw().unwrap()), (&id, &*action, &*payload));
    }
}

const FRAMES: &[&str] = &[
    r#"[2,"19223201","BootNotification",{"chargePointVendor":"VendorX","chargePointModel":"Ä \u00e9"}]"#,
    r#"[3,"19223201",{"status":"Accepted","interval":-3.5e2,"list":[null,true,{}]}]"#,
    r#"[4,"1","NotSupported","description",{"a":[1]}]"#,
    r#"[5,"1","FormatViolation","",{}]"#,
    r#"[6,"1","NotifyPeriodicEventStream",{"id":1}]"#,
];

/// Reads a frame to its end and answers it if it is faulty.
fn read_all(bytes: &[u8], dialect: Dialect) {
    match Frame::open(bytes, dialect, &Limits::SMALL) {
        Ok(Frame::Call { payload, .. } | Frame::CallResult { payload, .. } | Frame::Send { payload, .. }) => {
            let accepted = payload.raw().is_ok();
            let known = serde_json::from_slice::<serde_json::Value>(bytes).is_ok();
            assert!(!accepted || known, "accepts what is no JSON");
        }
        Ok(Frame::CallError { .. } | Frame::CallResultError { .. }) => {
            assert!(serde_json::from_slice::<serde_json::Value>(bytes).is_ok(), "accepts what is no JSON");
        }
        Err(fault) => {
            if let Some((id, error)) = fault.answer(dialect) {
                let text = write::call_error(String::new(), &id, &error, dialect);
                assert!(matches!(open(&text, dialect), Ok(Frame::CallError { .. })), "{text}");
            }
        }
    }
}

/// What was taken out of a frame is read by the same rules without it.
#[test]
fn payload_alone_reads_as_it_did_in_its_frame() {
    for payload in [
        r#"{"type":"Soft"}"#,
        r#" { "type" : "Hard" } "#,
        "null",
        "{}",
        "[1]",
        "7",
        r#"{"a":{"b":[1,2]}}"#,
        r#"{"a":1}}"#,
        r#"{"a":1}]"#,
        r#"{"a":1},2"#,
        "{",
        "",
    ] {
        let framed = format!(r#"[2,"1","Reset",{payload}]"#);
        let alone = Payload::alone(payload, &Limits::STANDARD);
        let in_frame = match open(&framed, Dialect::V1_6) {
            Ok(Frame::Call { payload, .. }) => payload.raw().ok(),
            _ => None,
        };
        assert_eq!(alone.raw().ok(), in_frame, "{payload}");
    }
    let deep = format!("{}{}", "{\"a\":".repeat(40), "1".to_string() + &"}".repeat(40));
    let framed = format!(r#"[2,"1","Reset",{deep}]"#);
    let Ok(Frame::Call { payload, .. }) = open(&framed, Dialect::V1_6) else { panic!() };
    assert_eq!(Payload::alone(&deep, &Limits::STANDARD).raw().ok(), payload.raw().ok(), "the same depth");
}

/// The tables mend what the structs mend, tell the same repairs, and refuse with the same violation.
#[cfg(all(feature = "v1_6", feature = "tables", feature = "lenient"))]
#[test]
fn a_payload_is_read_by_tables_as_into_structs() {
    use ocpp_types::lenient::{Absences, Quirks, RepairKind};
    use ocpp_types::tables::{Edition, View, v1_6};
    use ocpp_types::{Decode, Encode, json::Writer};

    fn compare<T: Decode + Encode, V: View>(text: &str, absences: Absences) {
        for quirks in [Quirks::NONE, Quirks::FIELD, Quirks::ALL, Quirks::FIELD.without(RepairKind::Unreadable)] {
            let frame = format!(r#"[3,"1",{text}]"#);
            let Ok(Frame::CallResult { payload, .. }) = open(&frame, Dialect::V1_6) else { panic!("{text}") };
            let expected = payload.decode_lenient_with(quirks, absences, T::read);
            let found = payload.parse_lenient(Edition::V1_6, V::OBJECT, quirks, absences);
            let rewritten = |parsed: &ocpp_types::tables::Parsed<'_>| {
                let mut writer = Writer::new();
                parsed.write(&mut writer);
                writer.finish()
            };
            match (expected, found) {
                (Ok(expected), Ok(found)) => {
                    assert_eq!(found.repairs, expected.repairs, "{text}");
                    // What was let through may be forbidden to write.
                    assert_eq!(rewritten(&found.value).ok(), expected.value.to_json().ok(), "{text}");
                }
                (Err(expected), Err(found)) => assert_eq!(found, expected, "{text}"),
                (expected, found) => panic!("{text}: {:?} and {found:?}", expected.map(|_| ())),
            }
            let strict = payload.parse(Edition::V1_6, V::OBJECT, false).map(|parsed| rewritten(&parsed));
            assert_eq!(strict, payload.decode::<T>().map(|value| value.to_json()), "{text}");
        }
    }

    const BOOT: Absences = &[("interval", "0"), ("currentTime", "\"0000-01-01T00:00:00Z\"")];
    for text in [
        r#"{"status":"Accepted","currentTime":"2026-01-01T12:00:00Z","interval":"300"}"#,
        r#"{"status":"accepted","currentTime":"2026-01-01T12:00:00","interval":300.0,"more":{}}"#,
        r#"{"status":"Accepted"}"#,
        r#"{"status":"Accepted","currentTime":"soon","interval":{}}"#,
        r#"{"status":"Perhaps","currentTime":null,"interval":99999999999999999999}"#,
        r#"{"status":"Acc\u0065pted","currentTime":"2026-01-01T12:00:00Z","interval":1,"interval":2}"#,
        r#"{"currentTime":"2026-01-01T12:00:00Z","interval":300}"#,
        r#"{"status":"Accepted",}"#,
        "{}",
        "null",
        "[]",
        "7",
        "null,7",
    ] {
        compare::<ocpp_types::v1_6::BootNotificationResponse, v1_6::BootNotificationResponse>(text, BOOT);
    }
    for text in [
        r#"{"connectorId":"1","idTag":"longer than twenty characters","reservationId":null,"expiryDate":"2026-01-01 12:00"}"#,
        r#"{"connectorId":1,"idTag":7,"reservationId":1.5,"expiryDate":"2026-01-01T12:00:00Z","parentIdTag":["a"]}"#,
    ] {
        compare::<ocpp_types::v1_6::ReserveNowRequest, v1_6::ReserveNowRequest>(text, &[]);
    }
    // A word that is not known is kept where that is asked for, without any repair.
    let (limits, word) = (Limits::STANDARD, r#"{"type":"Gentle"}"#);
    let payload = Payload::alone(word, &limits);
    let parsed = payload.parse(Edition::V1_6, v1_6::ResetRequest::OBJECT, true).unwrap();
    assert_eq!(parsed.view::<v1_6::ResetRequest>().r#type(), v1_6::ResetType::Unrecognized);
    assert!(payload.parse(Edition::V1_6, v1_6::ResetRequest::OBJECT, false).is_err());
}
