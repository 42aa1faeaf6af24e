#![cfg(feature = "v1_6")]

use alloc::format;
use alloc::string::ToString;
use core::time::Duration;

use ocpp_types::Rule;
use ocpp_types::lenient::RepairKind;
use ocpp_types::v1_6::{
    Action, AuthorizeRequest, ChangeConfigurationRequest, ClearCacheRequest, ClearCacheResponse, ClearCacheStatus,
    CsmsRequest, HeartbeatRequest, ResetRequest, ResetResponse, ResetStatus, StationRequest,
};

use super::*;
use crate::engine::Config;

const TIMEOUT: Duration = Duration::from_secs(30);

fn at(millis: u64) -> Instant {
    Instant::from_millis(millis)
}

fn engine() -> Engine {
    let mut engine = Engine::new(Config::STANDARD, 1);
    engine.opened(at(0), Dialect::V1_6);
    engine
}

/// A heartbeat on its way, and its message id.
fn heartbeat(engine: &mut Engine) -> (Pending<HeartbeatRequest>, alloc::string::String) {
    let pending = engine.request(at(0), Lane::Background, &HeartbeatRequest::new(), TIMEOUT).unwrap();
    let frame = engine.poll_transmit().unwrap().text;
    assert!(frame.ends_with(",\"Heartbeat\",{}]"), "{frame}");
    (pending, frame.split('"').nth(1).unwrap().to_string())
}

#[test]
fn a_request_leads_to_its_response() {
    let mut engine = engine();
    let (pending, id) = heartbeat(&mut engine);
    let foreign = engine.receive(at(1), br#"[3,"other",{"currentTime":"2025-01-01T00:00:00Z"}]"#);
    assert_eq!(pending.outcome(&foreign), None);
    let answer = format!("[3,\"{id}\",{{\"currentTime\":\"2025-01-01T00:00:00.5+01:00\"}}]");
    let response = pending.outcome(&engine.receive(at(1), answer.as_bytes())).unwrap().unwrap();
    assert_eq!(response.current_time.timestamp_millis(), 1_735_686_000_500);
}

#[test]
fn every_end_without_response_is_a_typed_failure() {
    let end = |answer: &str| {
        let mut engine = engine();
        let (pending, id) = heartbeat(&mut engine);
        pending.outcome(&engine.receive(at(1), answer.replace("ID", &id).as_bytes())).unwrap().unwrap_err()
    };
    let refused = end(r#"[4,"ID","NotSupported","no",{}]"#);
    assert_eq!(refused, CallFailure::Refused(CallError::new(ErrorCode::NotSupported, "no")));
    assert!(!refused.may_have_been_executed());
    let CallFailure::Violation(violation) = end(r#"[3,"ID",{"currentTime":"yesterday"}]"#) else { panic!() };
    assert_eq!((violation.path.as_str(), violation.rule), ("$.currentTime", Rule::DateTime));
    let CallFailure::Violation(violation) = end(r#"[3,"ID",{}]"#) else { panic!() };
    assert_eq!(violation.rule, Rule::Missing("currentTime"));
    assert!(matches!(end(r#"[3,"ID"]"#), CallFailure::Malformed(_)));

    let mut engine = engine();
    let (sent, _) = heartbeat(&mut engine);
    let waiting = engine.request(at(0), Lane::Normal, &HeartbeatRequest::new(), TIMEOUT).unwrap();
    engine.closed(at(1));
    let (first, second) = (engine.poll_event().unwrap(), engine.poll_event().unwrap());
    assert_eq!((sent.failure(&first), sent.failure(&second)), (Some(CallFailure::LinkClosed), None));
    assert_eq!((waiting.failure(&first), waiting.failure(&second)), (None, Some(CallFailure::NotSent)));
    assert_eq!([CallFailure::LinkClosed, CallFailure::NotSent].map(|end| end.may_have_been_executed()), [true, false]);
}

#[test]
fn time_out_is_a_typed_failure() {
    let mut engine = engine();
    let (pending, _) = heartbeat(&mut engine);
    engine.handle_timeout(at(30_000));
    assert_eq!(pending.failure(&engine.poll_event().unwrap()), Some(CallFailure::TimedOut));
}

#[test]
fn response_is_repaired_only_as_allowed() {
    let mut engine = engine();
    let (pending, id) = heartbeat(&mut engine);
    let answer = format!("[3,\"{id}\",{{\"currentTime\":\"2025-01-01T00:00:00\"}}]");
    let received = engine.receive(at(1), answer.as_bytes());
    assert!(matches!(pending.outcome(&received), Some(Err(CallFailure::Violation(_)))));
    let decoded = pending.outcome_lenient(&received, Quirks::ALL).unwrap().unwrap();
    assert_eq!(decoded.repairs.iter().map(|repair| repair.kind).collect::<Vec<_>>(), [RepairKind::OddTime]);
}

#[test]
fn answer_under_a_foreign_id_is_claimed_if_it_fits() {
    let mut engine = engine();
    let (pending, _) = heartbeat(&mut engine);
    let unfit = engine.receive(at(1), br#"[3,"x",{"status":"Accepted"}]"#);
    assert_eq!(pending.claim(&mut engine, at(1), &unfit), None);
    let fit = engine.receive(at(1), br#"[3,"x",{"currentTime":"2025-01-01T00:00:00Z"}]"#);
    assert!(pending.claim(&mut engine, at(1), &fit).is_some());
    assert!(engine.can_call());
    assert_eq!(pending.claim(&mut engine, at(1), &fit), None, "the call has ended");
}

/// Serves one frame with three handlers and returns what became of it and the answer.
fn serve(frame: &str) -> (Handled, Option<alloc::string::String>) {
    let mut engine = engine();
    let Received::Call { token, action, payload } = engine.receive(at(0), frame.as_bytes()) else { panic!("{frame}") };
    let handled = Dispatch::new(&action, &payload)
        .on(|_: ClearCacheRequest| Reply::Now(ClearCacheResponse::new(ClearCacheStatus::Accepted)))
        .on(|_: ResetRequest| Reply::Later)
        .on(|request: ChangeConfigurationRequest| {
            Reply::Error(CallError::new(ErrorCode::SecurityError, request.key.to_string()))
        })
        .on(|_: ClearCacheRequest| panic!("the first handler took it"))
        .finish(&mut engine, at(0), token)
        .unwrap();
    if handled == Handled::Later {
        engine.respond(at(1), token, &ResetResponse::new(ResetStatus::Rejected)).unwrap();
    }
    (handled, engine.poll_transmit().map(|frame| frame.text))
}

#[test]
fn calls_find_the_handler_of_their_type() {
    let answer = |text: &str| Some(text.to_string());
    assert_eq!(serve(r#"[2,"1","ClearCache",{}]"#), (Handled::Answered, answer(r#"[3,"1",{"status":"Accepted"}]"#)));
    assert_eq!(
        serve(r#"[2,"1","Reset",{"type":"Hard"}]"#),
        (Handled::Later, answer(r#"[3,"1",{"status":"Rejected"}]"#))
    );
    assert_eq!(
        serve(r#"[2,"1","ChangeConfiguration",{"key":"K","value":"v"}]"#),
        (Handled::Answered, answer(r#"[4,"1","SecurityError","K",{}]"#))
    );
    assert_eq!(
        serve(r#"[2,"1","clearCache",{}]"#),
        (Handled::NotImplemented, answer(r#"[4,"1","NotImplemented","unknown action",{}]"#))
    );
    let (handled, text) = serve(r#"[2,"1","Reset",{}]"#);
    assert!(matches!(handled, Handled::Violation(violation) if violation.rule == Rule::Missing("type")));
    assert!(text.unwrap().starts_with(r#"[4,"1","OccurenceConstraintViolation""#));
}

#[test]
fn calls_are_read_into_an_exhaustive_enumeration() {
    let read = |frame: &str| {
        let mut engine = engine();
        let Received::Call { action, payload, .. } = engine.receive(at(0), frame.as_bytes()) else { panic!("{frame}") };
        read_request::<Action, _>(&action, &payload, Dialect::V1_6, CsmsRequest::read)
    };
    assert_eq!(read(r#"[2,"1","ClearCache",{}]"#), Ok(CsmsRequest::ClearCache(ClearCacheRequest::new())));
    assert_eq!(read(r#"[2,"1","Vendor",{}]"#).unwrap_err().code, ErrorCode::NotImplemented);
    assert_eq!(read(r#"[2,"1","Heartbeat",{}]"#).unwrap_err().code, ErrorCode::NotSupported);
    assert_eq!(read(r#"[2,"1","Heartbeat",{"a":}]"#).unwrap_err().code, ErrorCode::FormatViolation);
    assert_eq!(read(r#"[2,"1","ClearCache",{},1]"#).unwrap_err().code, ErrorCode::FormatViolation);
    assert_eq!(read(r#"[2,"1","Reset",{"type":1}]"#).unwrap_err().code, ErrorCode::TypeConstraintViolation);
    assert_eq!(read(r#"[2,"1","Reset",{"type":"Warm"}]"#).unwrap_err().code, ErrorCode::PropertyConstraintViolation);
}

#[test]
fn what_breaks_its_schema_is_not_sent() {
    let mut engine = engine();
    let Ok(decoded) =
        ocpp_types::lenient::decode::<AuthorizeRequest>(r#"{"idTag":"123456789012345678901"}"#, Quirks::ALL)
    else {
        panic!()
    };
    let refused = engine.request(at(0), Lane::Normal, &decoded.value, TIMEOUT).unwrap_err();
    assert!(matches!(refused, CallRefused::Payload(violation) if violation.path == "$.idTag"));
    let request = StationRequest::from(decoded.value);
    let Received::Call { token, .. } = engine.receive(at(0), br#"[2,"1","A",{}]"#) else { panic!() };
    assert!(matches!(engine.respond(at(0), token, &request), Err(ReplyRefused::Payload(_))));
    assert_eq!(engine.poll_transmit(), None);
}

#[cfg(feature = "v2_1")]
mod v2_1 {
    use ocpp_types::Decode;
    use ocpp_types::v2_1::{HeartbeatRequest, NotifyPeriodicEventStream};

    use super::*;

    #[test]
    fn typed_message_without_answer_goes_both_ways() {
        let mut engine = engine();
        let json = r#"{"data":[{"t":0.5,"v":"230.4"}],"id":123,"pending":0,"basetime":"2024-08-27T12:30:40Z"}"#;
        let message = NotifyPeriodicEventStream::from_json(json).unwrap();
        assert_eq!(engine.send_message(at(0), &message), Err(CallRefused::NotInDialect));
        engine.opened(at(0), Dialect::V2_1);
        engine.send_message(at(0), &message).unwrap();
        let sent = engine.poll_transmit().unwrap().text;
        match engine.receive(at(1), sent.as_bytes()) {
            Received::Send { action, payload } => {
                assert_eq!((&*action, payload.decode()), ("NotifyPeriodicEventStream", Ok(message)));
            }
            other => panic!("{other:?}"),
        }
        assert_eq!(engine.poll_transmit(), None, "a SEND is not answered");
    }

    /// Part 4 of 2.1, §4.2.3.
    #[test]
    fn response_that_breaks_its_schema_is_rejected_with_its_code() {
        let mut engine = engine();
        engine.opened(at(0), Dialect::V2_1);
        let pending = engine.request(at(0), Lane::Normal, &HeartbeatRequest::new(), TIMEOUT).unwrap();
        let id = engine.poll_transmit().unwrap().text.split('"').nth(1).unwrap().to_string();
        let answer = format!("[3,\"{id}\",{{\"currentTime\":5}}]");
        let Some(Err(CallFailure::Violation(violation))) = pending.outcome(&engine.receive(at(1), answer.as_bytes()))
        else {
            panic!()
        };
        engine.reject_result(at(1), pending.call(), &CallError::violation(&violation, Dialect::V2_1)).unwrap();
        let rejection = engine.poll_transmit().unwrap().text;
        assert!(
            rejection.starts_with(&format!("[5,\"{id}\",\"TypeConstraintViolation\",\"$.currentTime")),
            "{rejection}"
        );
    }
}
