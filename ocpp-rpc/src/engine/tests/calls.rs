//! Our calls.

use super::*;
use alloc::collections::BTreeSet;

#[test]
fn call_is_sent_answered_and_the_next_one_follows() {
    let mut engine = engine(Dialect::V1_6);
    let first = engine.call(at(0), Lane::Normal, "Heartbeat", "{}", TIMEOUT).unwrap();
    let second = engine.call(at(0), Lane::Normal, "Authorize", r#"{"idTag":"A"}"#, TIMEOUT).unwrap();
    let frames = transmits(&mut engine);
    assert_eq!(frames.len(), 1, "one call at a time");
    assert_eq!(frames[0].what, Sent::Call(first));
    let frame = json(&frames[0].text);
    assert_eq!((&frame[0], &frame[2], &frame[3]), (&2.into(), &"Heartbeat".into(), &serde_json::json!({})));
    assert_eq!(engine.waiting(), Some(first));

    let answer = format!("[3,{},{{\"currentTime\":\"x\"}}]", frame[1]);
    match engine.receive(at(10), answer.as_bytes()) {
        Received::Result { call, payload } => {
            assert_eq!((call, payload.raw().unwrap()), (first, "{\"currentTime\":\"x\"}"));
        }
        other => panic!("{other:?}"),
    }
    let (call, id) = sent(&mut engine);
    assert_eq!(call, second);
    match engine.receive(at(20), format!("[4,\"{id}\",\"InternalError\",\"x\",{{}}]").as_bytes()) {
        Received::Error { call, error } => {
            assert_eq!((call, error), (second, CallError::new(ErrorCode::InternalError, "x")));
        }
        other => panic!("{other:?}"),
    }
    assert!(engine.can_call() && engine.poll_timeout().is_none() && events(&mut engine).is_empty());
}

#[test]
fn message_ids_differ_between_calls_and_runs() {
    let mut ids = BTreeSet::new();
    for seed in 0..10 {
        let mut engine = Engine::new(Config::STANDARD, seed);
        for _ in 0..10 {
            engine.opened(at(0), Dialect::V1_6);
            call(&mut engine, Lane::Normal, "Heartbeat");
            assert!(ids.insert(sent(&mut engine).1));
        }
    }
}

/// FIELD "a new id on every retry".
#[test]
fn retry_is_a_new_call_under_a_new_id() {
    let mut engine = engine(Dialect::V1_6);
    let first = call(&mut engine, Lane::Normal, "StopTransaction");
    let (_, first_id) = sent(&mut engine);
    engine.handle_timeout(at(30_000));
    let retry = call(&mut engine, Lane::Normal, "StopTransaction");
    let (_, retry_id) = sent(&mut engine);
    assert!(first != retry && first_id != retry_id);
}

/// FIELD "a short 1.6 connection, then one with 2.0.1".
#[test]
fn version_belongs_to_the_connection() {
    let mut engine = engine(Dialect::V1_6);
    let send = br#"[6,"1","NotifyPeriodicEventStream",{}]"#;
    for (dialect, known) in [(Dialect::V2_1, true), (Dialect::V1_6, false), (Dialect::V2_0_1, false)] {
        engine.opened(at(0), dialect);
        assert_eq!(matches!(engine.receive(at(0), send), Received::Send { .. }), known, "{dialect}");
    }
    engine.closed(at(1));
    assert_eq!(engine.dialect(), None);
}

/// FIELD "requests right after connect break a station".
#[test]
fn quiet_time_after_opening_holds_calls_but_no_answers() {
    let mut engine = engine_with(Config { quiet_after_open: SECOND, ..Config::STANDARD }, Dialect::V1_6);
    assert_eq!(engine.poll_timeout(), None);
    let held = call(&mut engine, Lane::First, "A");
    let token = incoming(&mut engine, r#"[2,"1","B",{}]"#);
    engine.reply(at(1), token, "{}").unwrap();
    assert_eq!(transmits(&mut engine).len(), 1);
    assert_eq!((engine.can_call(), engine.poll_timeout()), (false, Some(at(1_000))));
    engine.handle_timeout(at(1_000));
    assert_eq!(sent(&mut engine).0, held);
    assert_eq!(engine.poll_timeout(), Some(at(31_000)));
}

#[test]
fn lanes_are_served_by_urgency_and_each_in_order() {
    let mut engine = engine(Dialect::V2_0_1);
    let lanes = [Lane::Background, Lane::Normal, Lane::First, Lane::Urgent, Lane::Normal, Lane::First];
    let calls: Vec<_> = lanes.into_iter().map(|lane| call(&mut engine, lane, "A")).collect();
    let mut order = Vec::new();
    for _ in &calls {
        let (call, id) = sent(&mut engine);
        order.push(call);
        assert!(matches!(engine.receive(at(1), format!("[3,\"{id}\",{{}}]").as_bytes()), Received::Result { .. }));
    }
    assert_eq!(order, [2, 5, 3, 1, 4, 0].map(|index| calls[index]));
}

#[test]
fn time_out_counts_from_sending_and_frees_the_line() {
    let mut engine = engine(Dialect::V1_6);
    let first = call(&mut engine, Lane::Normal, "A");
    let second = call(&mut engine, Lane::Normal, "B");
    assert_eq!(engine.poll_timeout(), None, "nothing was sent yet");
    engine.handle_timeout(at(5_000));
    let _ = sent(&mut engine);
    assert_eq!(engine.poll_timeout(), Some(at(35_000)));
    engine.handle_timeout(at(34_999));
    assert_eq!(events(&mut engine), []);
    engine.handle_timeout(at(35_000));
    assert_eq!(events(&mut engine), [ended(first, CallEnd::TimedOut)]);
    assert!(CallEnd::TimedOut.may_have_been_executed());
    assert_eq!(sent(&mut engine).0, second);
    assert_eq!(engine.poll_timeout(), Some(at(65_000)));
}

#[test]
fn zero_time_out_still_moves_the_deadline() {
    let mut engine = engine(Dialect::V1_6);
    for _ in 0..3 {
        engine.call(at(0), Lane::Normal, "A", "{}", Duration::ZERO).unwrap();
    }
    let mut last = at(0);
    for _ in 0..3 {
        let _ = sent(&mut engine);
        let deadline = engine.poll_timeout().unwrap();
        assert!(deadline > last);
        engine.handle_timeout(deadline);
        last = deadline;
    }
    assert_eq!((engine.poll_timeout(), events(&mut engine).len()), (None, 3));
}

#[test]
fn clock_that_runs_backwards_stands_still() {
    let mut engine = engine(Dialect::V1_6);
    engine.handle_timeout(at(10_000));
    engine.call(at(3_000), Lane::Normal, "A", "{}", SECOND).unwrap();
    let _ = sent(&mut engine);
    assert_eq!(engine.poll_timeout(), Some(at(11_000)));
}

/// FIELD "one time-out poisons the next call".
#[test]
fn late_answer_is_told_apart_and_does_not_end_the_next_call() {
    let mut engine = engine(Dialect::V1_6);
    let first = call(&mut engine, Lane::Normal, "A");
    let second = call(&mut engine, Lane::Normal, "B");
    let (_, id) = sent(&mut engine);
    engine.handle_timeout(at(30_000));
    let (_, next_id) = sent(&mut engine);
    match engine.receive(at(30_001), format!("[3,\"{id}\",{{\"a\":1}}]").as_bytes()) {
        Received::Late { call, departure: Departure::TimedOut, answer: Answer::Result(payload) } => {
            assert_eq!((call, payload.raw().unwrap()), (first, "{\"a\":1}"));
        }
        other => panic!("{other:?}"),
    }
    assert_eq!(engine.waiting(), Some(second));
    let answer = format!("[3,\"{next_id}\",{{}}]");
    assert!(matches!(engine.receive(at(30_002), answer.as_bytes()), Received::Result { call, .. } if call == second));
    assert!(matches!(
        engine.receive(at(30_003), answer.as_bytes()),
        Received::Late { call, departure: Departure::Answered, .. } if call == second
    ));
}

#[test]
fn only_so_many_departed_calls_are_remembered() {
    let mut engine = engine(Dialect::V1_6);
    let mut ids = Vec::new();
    for _ in 0..6 {
        call(&mut engine, Lane::Normal, "A");
        ids.push(sent(&mut engine).1);
        engine.handle_timeout(engine.poll_timeout().unwrap());
        assert_eq!(events(&mut engine).len(), 1);
    }
    let late = ids.iter().map(|id| {
        let answer = format!("[4,\"{id}\",\"GenericError\",\"\",{{}}]");
        matches!(engine.receive(engine.now, answer.as_bytes()), Received::Late { .. })
    });
    assert_eq!(late.collect::<Vec<_>>(), [false, false, true, true, true, true]);
}

/// FIELD "an answer with a foreign id".
#[test]
fn answer_with_a_foreign_id_may_be_taken_by_the_application() {
    let mut engine = engine(Dialect::V1_6);
    let first = call(&mut engine, Lane::Normal, "A");
    let _ = sent(&mut engine);
    match engine.receive(at(1), br#"[3,"foreign",{"status":"Accepted"}]"#) {
        Received::Unknown { id, answer: Answer::Result(payload) } => {
            assert_eq!((id.as_str(), payload.raw().is_ok()), ("foreign", true));
        }
        other => panic!("{other:?}"),
    }
    assert_eq!(engine.waiting(), Some(first), "the engine takes nothing for granted");
    assert!(engine.settle(at(2), first));
    assert!(!engine.settle(at(2), first));
    assert!(engine.can_call());
}

/// FIELD "a call never completes when the socket closes".
#[test]
fn closing_ends_every_call_and_says_which_may_have_been_executed() {
    let mut engine = engine(Dialect::V1_6);
    let calls: Vec<_> = (0..3).map(|_| call(&mut engine, Lane::Normal, "A")).collect();
    let (_, id) = sent(&mut engine);
    engine.closed(at(1));
    assert_eq!(
        events(&mut engine),
        [ended(calls[0], CallEnd::LinkClosed), ended(calls[1], CallEnd::NotSent), ended(calls[2], CallEnd::NotSent)]
    );
    assert!(!CallEnd::NotSent.may_have_been_executed());
    assert_eq!((engine.poll_timeout(), engine.poll_transmit()), (None, None));
    assert_eq!(engine.call(at(2), Lane::Normal, "A", "{}", TIMEOUT), Err(CallRefused::LinkClosed));
    let answer = format!("[3,\"{id}\",{{}}]");
    assert!(matches!(engine.receive(at(2), answer.as_bytes()), Received::Ignored(Ignored::LinkClosed)));

    engine.opened(at(3), Dialect::V2_0_1);
    assert!(matches!(
        engine.receive(at(4), answer.as_bytes()),
        Received::Late { call, departure: Departure::LinkClosed, .. } if call == calls[0]
    ));
}

#[test]
fn opening_anew_without_closing_ends_the_calls_too() {
    let mut engine = engine(Dialect::V1_6);
    let first = call(&mut engine, Lane::Normal, "A");
    let _ = sent(&mut engine);
    engine.opened(at(1), Dialect::V2_1);
    assert_eq!(events(&mut engine), [ended(first, CallEnd::LinkClosed)]);
    assert_eq!(engine.dialect(), Some(Dialect::V2_1));
}

#[test]
fn cancelled_call_is_not_sent_or_keeps_the_line_until_its_end() {
    let mut engine = engine(Dialect::V1_6);
    let calls: Vec<_> = (0..3).map(|_| call(&mut engine, Lane::Normal, "A")).collect();
    let (_, id) = sent(&mut engine);
    assert_eq!(engine.cancel(at(1), calls[1]), Cancelled::NotSent);
    assert_eq!(engine.cancel(at(1), calls[0]), Cancelled::MayHaveBeenExecuted);
    assert_eq!(engine.cancel(at(1), calls[0]), Cancelled::Ended);
    assert_eq!(engine.cancel(at(1), calls[1]), Cancelled::Ended);
    assert_eq!((engine.waiting(), engine.poll_transmit()), (None, None), "the peer still works on the call");
    assert!(matches!(
        engine.receive(at(2), format!("[3,\"{id}\",{{}}]").as_bytes()),
        Received::Late { call, departure: Departure::Cancelled, .. } if call == calls[0]
    ));
    assert_eq!(sent(&mut engine).0, calls[2]);
    assert_eq!(engine.cancel(at(3), calls[2]), Cancelled::MayHaveBeenExecuted);
    engine.handle_timeout(at(60_000));
    assert!(engine.can_call() && events(&mut engine).is_empty(), "a cancelled call has ended already");
}

#[test]
fn calls_in_hand_are_bounded_ended_ones_included() {
    let mut engine = engine_with(Config { max_calls: 2, ..Config::STANDARD }, Dialect::V1_6);
    call(&mut engine, Lane::Normal, "A");
    call(&mut engine, Lane::Normal, "B");
    assert_eq!(engine.call(at(0), Lane::First, "C", "{}", TIMEOUT), Err(CallRefused::Full));
    let _ = sent(&mut engine);
    engine.handle_timeout(at(30_000));
    assert_eq!(engine.call(at(0), Lane::First, "C", "{}", TIMEOUT), Err(CallRefused::Full), "one event is unread");
    assert_eq!(events(&mut engine).len(), 1);
    call(&mut engine, Lane::Normal, "C");
}

#[test]
fn payload_that_is_no_object_is_not_sent() {
    let mut engine = engine(Dialect::V2_1);
    let token = incoming(&mut engine, r#"[2,"1","A",{}]"#);
    for payload in ["", "[]", "null", "{\"a\":}", "{}{}", "{} ]", "\u{0}"] {
        let call = engine.call(at(0), Lane::Normal, "A", payload, TIMEOUT);
        assert!(matches!(call, Err(CallRefused::Payload(_))), "{payload}");
        assert!(matches!(engine.send(at(0), "A", payload), Err(CallRefused::Payload(_))), "{payload}");
        assert!(matches!(engine.reply(at(0), token, payload), Err(ReplyRefused::Payload(_))), "{payload}");
    }
    assert_eq!(transmits(&mut engine), []);
    assert_eq!(engine.reply(at(0), token, " {} "), Ok(()), "the call still waits");
}

#[test]
fn known_unsupported_action_is_refused_until_the_connection_ends() {
    let mut engine = engine_with(Config { remember_unsupported: 1, ..Config::STANDARD }, Dialect::V1_6);
    // `NotSupported` may be meant for this one call only, and one action is all there is room for.
    for (action, code) in [("C", "NotSupported"), ("A", "NotImplemented"), ("B", "NotImplemented")] {
        call(&mut engine, Lane::Normal, action);
        let (_, id) = sent(&mut engine);
        let answer = format!("[4,\"{id}\",\"{code}\",\"\",{{}}]");
        assert!(matches!(engine.receive(at(1), answer.as_bytes()), Received::Error { .. }));
    }
    assert_eq!(engine.call(at(2), Lane::Normal, "A", "{}", TIMEOUT), Err(CallRefused::Unsupported));
    call(&mut engine, Lane::Normal, "B");
    call(&mut engine, Lane::Normal, "C");
    engine.opened(at(3), Dialect::V1_6);
    call(&mut engine, Lane::Normal, "A");
}

#[test]
fn send_does_not_wait_for_calls_and_exists_in_2_1_only() {
    let mut engine = engine(Dialect::V2_1);
    call(&mut engine, Lane::Normal, "A");
    let _ = sent(&mut engine);
    engine.send(at(1), "NotifyPeriodicEventStream", r#"{"id":1}"#).unwrap();
    let frame = engine.poll_transmit().unwrap();
    assert_eq!(frame.what, Sent::Send);
    assert_eq!((&json(&frame.text)[0], &json(&frame.text)[3]["id"]), (&6.into(), &1.into()));
    for _ in 0..Config::STANDARD.max_outbox {
        engine.send(at(1), "X", "{}").unwrap();
    }
    assert_eq!(engine.send(at(1), "X", "{}"), Err(CallRefused::Full));
    engine.opened(at(2), Dialect::V2_0_1);
    assert_eq!(engine.send(at(2), "X", "{}"), Err(CallRefused::NotInDialect));
}

#[test]
fn bad_result_is_rejected_with_its_id_in_2_1_only() {
    let mut engine = engine(Dialect::V2_1);
    let error = CallError::new(ErrorCode::TypeConstraintViolation, "$.a");
    let first = call(&mut engine, Lane::Normal, "A");
    let (_, id) = sent(&mut engine);
    assert_eq!(engine.reject_result(at(0), first, &error), Err(CallRefused::UnknownCall));
    assert!(matches!(engine.receive(at(1), format!("[3,\"{id}\",{{}}]").as_bytes()), Received::Result { .. }));
    engine.reject_result(at(1), first, &error).unwrap();
    let frame = engine.poll_transmit().unwrap();
    assert_eq!(frame.what, Sent::ResultError(first));
    assert_eq!(json(&frame.text), serde_json::json!([5, id, "TypeConstraintViolation", "$.a", {}]));
    engine.opened(at(2), Dialect::V1_6);
    assert_eq!(engine.reject_result(at(2), first, &error), Err(CallRefused::NotInDialect));
}
