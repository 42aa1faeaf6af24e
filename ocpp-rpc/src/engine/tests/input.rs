//! Bad input.

use super::*;

/// What the engine sends back on a frame that is no call to the application.
fn answer(dialect: Dialect, frame: &[u8]) -> Option<String> {
    let mut engine = engine(dialect);
    let received = engine.receive(at(0), frame);
    assert!(matches!(received, Received::Malformed { call: None, .. }), "{received:?}");
    let mut frames = transmits(&mut engine);
    assert!(frames.len() <= 1);
    frames.pop().map(|frame| {
        assert_eq!(frame.what, Sent::Refusal);
        frame.text
    })
}

#[test]
fn garbage_is_answered_under_minus_one_and_leaves_the_engine_usable() {
    let mut engine = engine(Dialect::V2_0_1);
    let waiting = call(&mut engine, Lane::Normal, "A");
    let (_, id) = sent(&mut engine);
    for garbage in [&b"\xf0\x28\x8c\xbc"[..], b"", b"{", b"nonsense", b"[2"] {
        let received = engine.receive(at(1), garbage);
        assert!(matches!(received, Received::Malformed { call: None, .. }), "{received:?}");
        assert!(transmits(&mut engine)[0].text.starts_with(r#"[4,"-1","RpcFrameworkError""#));
    }
    let answer = format!("[3,\"{id}\",{{}}]");
    assert!(matches!(engine.receive(at(2), answer.as_bytes()), Received::Result { call, .. } if call == waiting));
}

#[test]
fn message_type_22_is_ignored_or_answered_by_version() {
    let frame = br#"[22,"1","Heartbeat",{}]"#;
    assert_eq!(answer(Dialect::V1_6, frame), None);
    assert_eq!(answer(Dialect::V2_1, frame), None);
    let text = answer(Dialect::V2_0_1, frame).unwrap();
    assert_eq!(text, r#"[4,"1","MessageTypeNotSupported","unknown message type 22",{}]"#);
}

#[test]
fn frame_of_ten_mebibytes_is_refused_by_id() {
    let call = format!("[2,\"77\",\"DataTransfer\",{{\"data\":\"{}\"}}]", "x".repeat(10 << 20));
    let text = answer(Dialect::V1_6, call.as_bytes()).unwrap();
    assert!(text.starts_with(r#"[4,"77","FormationViolation","#) && text.len() < 200, "{text}");
}

#[test]
fn answer_that_is_faulty_or_too_long_ends_its_call() {
    for rest in [String::from("}"), format!("{{\"a\":\"{}\"}}]", "x".repeat(2 << 20)), String::new()] {
        for message_type in [3, 4] {
            let mut engine = engine(Dialect::V2_1);
            let waiting = call(&mut engine, Lane::Normal, "A");
            let (_, id) = sent(&mut engine);
            let frame = format!("[{message_type},\"{id}\",{rest}");
            match engine.receive(at(1), frame.as_bytes()) {
                Received::Malformed { call: Some(call), .. } => assert_eq!(call, waiting),
                // A payload is not read by the engine: this one is reported when the application reads it.
                Received::Result { call, payload } => assert!(call == waiting && payload.raw().is_err()),
                other => panic!("{other:?}"),
            }
            assert!(engine.can_call());
            assert_eq!(transmits(&mut engine), [], "an answer is not answered");
        }
    }
}

#[test]
fn broken_payload_is_answered_with_the_code_of_the_version() {
    for (frame, v1_6, v2) in [
        (r#"[2,"1","A",[]]"#, "FormationViolation", "ProtocolError"),
        (r#"[2,"1","A",{}"#, "FormationViolation", "FormatViolation"),
        (r#"[2,"1","A",{},{}]"#, "FormationViolation", "FormatViolation"),
        (r#"[2,"1","A",{"a":1,}]"#, "FormationViolation", "FormatViolation"),
    ] {
        for dialect in Dialect::ALL {
            let mut engine = engine(dialect);
            let Received::Call { token, payload, .. } = engine.receive(at(0), frame.as_bytes()) else { panic!() };
            engine.reply_violation(at(0), token, &payload.raw().unwrap_err()).unwrap();
            let code = if dialect == Dialect::V1_6 { v1_6 } else { v2 };
            assert_eq!(json(&transmits(&mut engine)[0].text)[2], code, "{frame}");
        }
    }
}

#[test]
fn ten_thousand_levels_are_answered_not_followed() {
    let nest = format!("{}{}", "[".repeat(10_000), "]".repeat(10_000));
    let frame = format!("[2,\"1\",\"DataTransfer\",{{\"data\":{nest}}}]");
    let mut engine = engine(Dialect::V2_1);
    let Received::Call { token, payload, .. } = engine.receive(at(0), frame.as_bytes()) else { panic!() };
    engine.reply_violation(at(0), token, &payload.raw().unwrap_err()).unwrap();
    assert_eq!(json(&transmits(&mut engine)[0].text)[2], "FormatViolation");
    assert!(answer(Dialect::V2_1, nest.as_bytes()).unwrap().starts_with(r#"[4,"-1","RpcFrameworkError""#));
}

#[test]
fn ids_of_37_or_no_characters_are_answered_under_minus_one() {
    for id in ["x".repeat(37), String::new()] {
        let text = answer(Dialect::V2_0_1, format!("[2,\"{id}\",\"A\",{{}}]").as_bytes()).unwrap();
        assert!(text.starts_with(r#"[4,"-1","RpcFrameworkError","message id"#), "{text}");
    }
}

#[test]
fn call_error_under_minus_one_ends_nothing() {
    let mut engine = engine(Dialect::V2_0_1);
    call(&mut engine, Lane::Normal, "A");
    let _ = sent(&mut engine);
    let received = engine.receive(at(0), br#"[4,"-1","RpcFrameworkError","",{}]"#);
    assert!(matches!(received, Received::Unknown { id, .. } if id == MessageId::UNREADABLE));
    assert!(engine.waiting().is_some() && transmits(&mut engine).is_empty());
}

#[test]
fn faults_say_what_is_wrong() {
    let mut engine = engine(Dialect::V1_6);
    let Received::Malformed { fault, .. } = engine.receive(at(0), br#"[2,"1",5,{}]"#) else { panic!() };
    assert_eq!(
        (fault.rule.clone(), fault.to_string()),
        (FrameRule::WrongType("action"), "action has the wrong JSON type".into())
    );
}
