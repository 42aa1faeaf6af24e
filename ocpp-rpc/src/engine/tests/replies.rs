//! The peer's calls.

use super::*;

#[test]
fn calls_are_answered_later_and_in_any_order() {
    let mut engine = engine(Dialect::V2_0_1);
    let tokens: Vec<_> = (0..3).map(|n| incoming(&mut engine, &format!("[2,\"{n}\",\"A\",{{}}]"))).collect();
    engine.reply(at(10), tokens[2], r#"{"n":2}"#).unwrap();
    engine.reply_error(at(20), tokens[0], &CallError::new(ErrorCode::NotSupported, "no")).unwrap();
    engine.reply(at(30), tokens[1], "{}").unwrap();
    let frames = transmits(&mut engine);
    assert_eq!(
        frames.iter().map(|frame| &*frame.text).collect::<Vec<_>>(),
        [r#"[3,"2",{"n":2}]"#, r#"[4,"0","NotSupported","no",{}]"#, r#"[3,"1",{}]"#]
    );
    assert_eq!(frames[0].what, Sent::Reply(tokens[2]));
    assert_eq!(engine.reply(at(40), tokens[1], "{}"), Err(ReplyRefused::AlreadyAnswered));
    assert_eq!(engine.poll_timeout(), None);
}

#[test]
fn answers_leave_while_a_call_of_ours_waits() {
    let mut engine = engine(Dialect::V1_6);
    call(&mut engine, Lane::Normal, "A");
    let _ = sent(&mut engine);
    let token = incoming(&mut engine, r#"[2,"1","B",{}]"#);
    engine.reply(at(1), token, "{}").unwrap();
    assert_eq!(transmits(&mut engine).len(), 1);
}

#[test]
fn call_without_answer_in_time_is_answered_by_the_engine() {
    let mut engine = engine(Dialect::V1_6);
    let first = incoming(&mut engine, r#"[2,"1","A",{}]"#);
    engine.handle_timeout(at(1_000));
    let second = incoming(&mut engine, r#"[2,"2","A",{}]"#);
    assert_eq!(engine.poll_timeout(), Some(at(30_000)));
    engine.handle_timeout(at(30_000));
    assert_eq!(events(&mut engine), [Event::ReplyExpired(first)]);
    assert_eq!(transmits(&mut engine)[0].text, r#"[4,"1","InternalError","no answer in time",{}]"#);
    assert_eq!(engine.reply(at(30_001), first, "{}"), Err(ReplyRefused::AlreadyAnswered));
    assert_eq!(engine.poll_timeout(), Some(at(31_000)));
    assert_eq!(engine.reply(at(30_002), second, "{}"), Ok(()));
}

#[test]
fn answer_to_a_closed_connection_goes_nowhere_and_says_so() {
    let mut engine = engine(Dialect::V1_6);
    let token = incoming(&mut engine, r#"[2,"1","A",{}]"#);
    engine.closed(at(1));
    assert_eq!(engine.reply(at(2), token, "{}"), Err(ReplyRefused::LinkClosed));
    engine.opened(at(3), Dialect::V1_6);
    let other = incoming(&mut engine, r#"[2,"1","A",{}]"#);
    assert_eq!(engine.reply(at(4), token, "{}"), Err(ReplyRefused::LinkClosed));
    assert_eq!(engine.poll_transmit(), None);
    assert_eq!(engine.reply(at(4), other, "{}"), Ok(()));
}

/// FIELD "the same message id again".
#[test]
fn repeated_call_gets_the_stored_answer_without_being_served_again() {
    let mut engine = engine(Dialect::V1_6);
    let frame = r#"[2,"1","Reset",{"type":"Hard"}]"#;
    let token = incoming(&mut engine, frame);
    assert!(matches!(
        engine.receive(at(1), frame.as_bytes()),
        Received::Ignored(Ignored::RepeatInProgress(same)) if same == token
    ));
    engine.reply(at(2), token, r#"{"status":"Accepted"}"#).unwrap();
    let first = transmits(&mut engine);
    assert!(matches!(engine.receive(at(3), frame.as_bytes()), Received::Repeated { token: same } if same == token));
    assert_eq!(transmits(&mut engine), first);
}

#[test]
fn reused_id_with_another_body_is_refused_or_served_by_policy() {
    let (first, second) = (r#"[2,"1","Heartbeat",{}]"#, r#"[2,"1","StatusNotification",{}]"#);
    for answered in [false, true] {
        let mut engine = engine(Dialect::V1_6);
        let token = incoming(&mut engine, first);
        if answered {
            engine.reply(at(0), token, "{}").unwrap();
            let _ = transmits(&mut engine);
        }
        assert!(matches!(engine.receive(at(1), second.as_bytes()), Received::Ignored(Ignored::ReusedId(_))));
        assert!(transmits(&mut engine)[0].text.starts_with(r#"[4,"1","FormationViolation""#));
    }
    let mut engine = engine_with(Config { reused_id: ReusedId::Serve, ..Config::STANDARD }, Dialect::V1_6);
    let token = incoming(&mut engine, first);
    let other = incoming(&mut engine, second);
    assert_eq!(engine.reply(at(2), other, "{}"), Ok(()));
    assert_eq!(engine.reply(at(2), token, "{}"), Ok(()));
}

#[test]
fn stored_answers_are_bounded_in_number_length_and_age() {
    let served = |config: Config, answer: &str, later: u64| {
        let mut engine = engine_with(config, Dialect::V1_6);
        let token = incoming(&mut engine, r#"[2,"1","A",{}]"#);
        engine.reply(at(0), token, answer).unwrap();
        let token = incoming(&mut engine, r#"[2,"2","A",{}]"#);
        engine.reply(at(0), token, "{}").unwrap();
        matches!(engine.receive(at(later), br#"[2,"1","A",{}]"#), Received::Call { .. })
    };
    let config = Config { remember_answers: 2, remember_answer_bytes: 20, ..Config::STANDARD };
    assert!(!served(config.clone(), "{}", 120_000));
    assert!(served(config.clone(), "{}", 120_001), "too old");
    assert!(!served(config.clone(), r#"{"abc":"de"}"#, 0));
    assert!(served(config.clone(), r#"{"abc":"def"}"#, 0), "too long");
    assert!(served(Config { remember_answers: 1, ..config.clone() }, "{}", 0), "too many");
    assert!(served(Config { remember_answers: 0, ..config }, "{}", 0), "off");
}

#[test]
fn ids_of_an_earlier_connection_are_free_again() {
    let mut engine = engine(Dialect::V1_6);
    let token = incoming(&mut engine, r#"[2,"1","BootNotification",{}]"#);
    engine.reply(at(0), token, "{}").unwrap();
    engine.opened(at(1), Dialect::V1_6);
    let _ = incoming(&mut engine, r#"[2,"1","BootNotification",{}]"#);
}

/// FIELD "several calls at once from the peer".
#[test]
fn calls_beyond_the_bound_are_refused_and_forgotten() {
    let mut engine = engine_with(Config { max_incoming: 2, ..Config::STANDARD }, Dialect::V2_0_1);
    let first = incoming(&mut engine, r#"[2,"1","A",{}]"#);
    let _ = incoming(&mut engine, r#"[2,"2","A",{}]"#);
    assert!(matches!(engine.receive(at(0), br#"[2,"3","A",{}]"#), Received::Ignored(Ignored::TooManyCalls)));
    assert_eq!(transmits(&mut engine)[0].text, r#"[4,"3","GenericError","too many calls at once",{}]"#);
    engine.reply(at(1), first, "{}").unwrap();
    let _ = incoming(&mut engine, r#"[2,"3","A",{}]"#);
}

#[test]
fn driver_that_never_writes_makes_nothing_grow() {
    let config = Config { max_incoming: 2, max_outbox: 4, ..Config::STANDARD };
    let mut engine = engine_with(config, Dialect::V2_0_1);
    for n in 0..1_000u64 {
        let now = at(n * 1_000);
        match engine.receive(now, format!("[2,\"{n}\",\"A\",{{}}]").as_bytes()) {
            Received::Call { token, .. } if n % 2 == 0 => engine.reply(now, token, "{}").unwrap(),
            _ => {}
        }
        let _ = engine.receive(now, b"garbage");
        let _ = engine.call(now, Lane::Normal, "A", "{}", SECOND);
        engine.handle_timeout(now);
        assert!(engine.outbox.len() + engine.incoming.len() <= 4);
        assert!(engine.events.len() + engine.outgoing.in_hand() + engine.incoming.len() <= 16 + 2);
    }
    assert!(matches!(engine.receive(at(2_000_000), b"garbage"), Received::Ignored(Ignored::Overload)));
}

/// FIELD "'one in flight' read as both directions together".
#[test]
fn serialised_directions_hold_our_call_until_the_peer_is_answered() {
    let mut engine = engine_with(Config { serialise_directions: true, ..Config::STANDARD }, Dialect::V1_6);
    let token = incoming(&mut engine, r#"[2,"1","A",{}]"#);
    let held = call(&mut engine, Lane::First, "B");
    assert_eq!((engine.poll_transmit(), engine.can_call()), (None, false));
    engine.reply(at(1), token, "{}").unwrap();
    let frames = transmits(&mut engine);
    assert_eq!(frames.iter().map(|frame| &frame.what).collect::<Vec<_>>(), [&Sent::Reply(token), &Sent::Call(held)]);
    // Calls that crossed are both answered: otherwise both sides would wait for ever.
    let crossed = incoming(&mut engine, r#"[2,"2","A",{}]"#);
    engine.reply(at(2), crossed, "{}").unwrap();
    assert_eq!(transmits(&mut engine).len(), 1);
}

#[test]
fn rejected_reply_names_the_call_it_answered() {
    let mut engine = engine(Dialect::V2_1);
    let token = incoming(&mut engine, r#"[2,"1","A",{}]"#);
    engine.reply(at(0), token, "{}").unwrap();
    let rejection = br#"[5,"1","OccurrenceConstraintViolation","$.status",{}]"#;
    match engine.receive(at(1), rejection) {
        Received::ReplyRejected { token: Some(same), error } => {
            assert_eq!((same, error.code), (token, ErrorCode::OccurrenceConstraintViolation));
        }
        other => panic!("{other:?}"),
    }
    assert!(matches!(
        engine.receive(at(1), br#"[5,"9","GenericError","",{}]"#),
        Received::ReplyRejected { token: None, .. }
    ));
    assert_eq!(transmits(&mut engine).len(), 1, "a CALLRESULTERROR is not answered");
}

#[test]
fn payloads_are_not_shown() {
    let mut engine = engine(Dialect::V1_6);
    engine.call(at(0), Lane::Normal, "A", r#"{"key":"secret"}"#, TIMEOUT).unwrap();
    let frame = br#"[2,"1","ChangeConfiguration",{"value":"secret"}]"#;
    let received = engine.receive(at(0), frame);
    let shown = format!("{received:?}");
    let Received::Call { token, .. } = received else { panic!() };
    engine.reply(at(0), token, r#"{"key":"secret"}"#).unwrap();
    assert!(!shown.contains("secret") && !format!("{engine:?}").contains("secret"));
}
