//! Overriding of messages, each kind in each direction, and the calls of the application.

use super::*;
use crate::MisuseError;
use crate::station::{
    Answer, AskId, CallFailure, Command, Direction, Event, Handling, IncomingAnswer, OutgoingAnswer, RawJson,
    StationConfig,
};
use crate::store::Log;
use Direction::{Incoming, Outgoing};
use IncomingAnswer::{Proceed, Refuse, Reply};
use OutgoingAnswer::{Answered, Send, SendInstead};
use ocpp_rpc::ErrorCode;

fn with(rules: &[(Direction, &str, Handling)], settings: &[(&str, &str)]) -> StationConfig {
    rules.iter().fold(config(settings), |config, (direction, action, handling)| {
        config.with_handling(*direction, action, *handling)
    })
}

fn bench(rules: &[(Direction, &str, Handling)], settings: &[(&str, &str)]) -> Bench {
    Bench::with_config(Image::default(), with(rules, settings)).online()
}

fn incoming(action: &str, payload: &str) -> Question {
    Question::Incoming { action: action.into(), payload: payload.into() }
}

fn outgoing(action: &str, payload: &str) -> Question {
    Question::Outgoing { action: action.into(), payload: payload.into() }
}

impl Bench {
    fn decide(&mut self, question: u64, answer: Answer) -> Result<(), MisuseError> {
        let input = Input::Answer(AskId(question), answer);
        let result = self.station.handle(Instant::from_millis(self.now), input);
        self.drain();
        result
    }

    fn decide_incoming(&mut self, question: u64, answer: IncomingAnswer) {
        assert_eq!(self.decide(question, Answer::Incoming(answer)), Ok(()));
    }

    fn decide_outgoing(&mut self, question: u64, answer: OutgoingAnswer) {
        assert_eq!(self.decide(question, Answer::Outgoing(answer)), Ok(()));
    }

    fn app_call(&mut self, action: &str, payload: &str) -> Result<(), MisuseError> {
        let command = Command::Call { action: action.into(), payload: payload.into() };
        let result = self.station.handle(Instant::from_millis(self.now), Input::Command(command));
        self.drain();
        result
    }

    /// What the last question was about, and its number.
    fn question(&self) -> (u64, &Question) {
        (self.asked.len() as u64, self.asked.last().unwrap())
    }

    fn has_seen(&self, event: &Event) -> bool {
        self.events.contains(&format!("{event:?}"))
    }

    fn change_interval(&mut self) {
        self.frame(&json!([2, "c", "ChangeConfiguration", {"key": "MeterValueSampleInterval", "value": "17"}]));
    }

    fn interval(&self) -> &str {
        self.station.setting("MeterValueSampleInterval").unwrap()
    }
}

#[test]
fn observed_calls_of_the_csms_are_told_and_handled_as_ever() {
    let rules = [(Incoming, "ClearCache", Handling::Observe), (Incoming, "Vendor", Handling::Observe)];
    let mut bench = bench(&rules, &[]);
    let answer = bench.request("ClearCache", &json!({}));
    assert_eq!(answer, Bench::accepted(&[]).request("ClearCache", &json!({})));
    assert_eq!(bench.request("Vendor", &json!({"a": 1})), "NotImplemented");
    let told = |action: &str, payload: &str| Event::Observed {
        direction: Incoming,
        action: action.into(),
        payload: payload.into(),
    };
    assert!(bench.has_seen(&told("ClearCache", "{}")) && bench.has_seen(&told("Vendor", r#"{"a":1}"#)));
    assert_eq!(bench.asked, []);
}

#[test]
fn observed_calls_of_the_station_are_told_and_leave() {
    let mut bench = bench(&[(Outgoing, "StatusNotification", Handling::Observe)], &[]);
    let before = bench.events.iter().filter(|event| event.starts_with("Observed")).count();
    assert_eq!(before, 2, "of the station and its connector");
    bench.plug();
    let (_, payload) = bench.call("StatusNotification");
    let length = payload.to_string().len();
    assert!(bench.events.last().unwrap().contains(&format!("RawJson({length} bytes)")), "{:?}", bench.events.last());
}

#[test]
fn asked_call_of_the_csms_is_handled_when_it_may_proceed() {
    let mut bench = bench(&[(Incoming, "ChangeConfiguration", Handling::Ask)], &[]);
    bench.change_interval();
    assert_eq!(
        bench.question().1,
        &incoming("ChangeConfiguration", r#"{"key":"MeterValueSampleInterval","value":"17"}"#)
    );
    assert_ne!(bench.interval(), "17");
    assert_eq!(bench.sent, [] as [Value; 0]);
    bench.decide_incoming(1, Proceed);
    assert_eq!(bench.take_answer(0)["status"], "Accepted");
    assert_eq!(bench.interval(), "17");
}

#[test]
fn answer_to_a_call_of_the_csms_that_may_proceed_still_waits_for_the_store() {
    let mut bench = bench(&[(Incoming, "ChangeConfiguration", Handling::Ask)], &[]);
    bench.confirms = false;
    bench.change_interval();
    bench.decide_incoming(1, Proceed);
    assert_eq!(bench.sent, [] as [Value; 0]);
    bench.confirm();
    bench.drain();
    assert_eq!(bench.take_answer(0)["status"], "Accepted");
}

#[test]
fn application_answers_an_asked_call_of_the_csms_in_the_place_of_the_station() {
    for (answer, expected) in [
        (Reply(r#"{"status":"RebootRequired"}"#.into()), json!([3, "c", {"status": "RebootRequired"}])),
        (Refuse(ErrorCode::SecurityError), json!([4, "c", "SecurityError", "refused by the application", {}])),
    ] {
        for handling in [Handling::Ask, Handling::App] {
            let mut bench = bench(&[(Incoming, "ChangeConfiguration", handling)], &[]);
            bench.change_interval();
            bench.decide_incoming(1, answer.clone());
            assert_eq!(bench.sent, std::slice::from_ref(&expected));
            assert_ne!(bench.interval(), "17");
        }
    }
}

#[test]
fn asked_call_of_the_csms_is_handled_when_the_application_is_silent() {
    let mut bench = bench(&[(Incoming, "ChangeConfiguration", Handling::Ask)], &[]);
    bench.change_interval();
    bench.wait(9);
    assert_eq!(bench.sent, [] as [Value; 0]);
    bench.wait(1);
    assert_eq!(bench.take_answer(0)["status"], "Accepted");
    assert_eq!(bench.interval(), "17");
    let late = bench.decide(1, Answer::Incoming(Refuse(ErrorCode::SecurityError)));
    assert_eq!(late, Err(MisuseError::UnknownQuestion(1)));
}

/// Nobody ticked the station at the deadline.
#[test]
fn answer_at_the_deadline_is_late() {
    let mut bench = bench(&[(Incoming, "ChangeConfiguration", Handling::Ask)], &[]);
    bench.change_interval();
    bench.now += 10_000;
    let answer = || Answer::Incoming(Refuse(ErrorCode::SecurityError));
    assert_eq!(bench.decide(1, answer()), Err(MisuseError::UnknownQuestion(1)));
    bench.input(Input::Tick);
    assert_eq!(bench.take_answer(0)["status"], "Accepted");
}

#[test]
fn call_of_the_csms_that_the_application_took_over_is_refused_when_it_is_silent() {
    let mut bench = bench(&[(Incoming, "ChangeConfiguration", Handling::App)], &[]);
    bench.change_interval();
    let refused = bench.decide(1, Answer::Incoming(Proceed));
    assert!(matches!(refused, Err(MisuseError::Refused(_))), "the station is out of it: {refused:?}");
    bench.wait(10);
    assert_eq!(bench.take_answer(0), "InternalError");
    assert_ne!(bench.interval(), "17");
}

#[test]
fn vendor_action_can_be_served_by_the_application_alone() {
    for (handling, answer, expected) in [
        (Handling::App, Reply(r#"{"any":[1]}"#.into()), json!([3, "v", {"any": [1]}])),
        (Handling::Ask, Reply("{}".into()), json!([3, "v", {}])),
        (Handling::Ask, Proceed, json!([4, "v", "NotImplemented", "unknown action", {}])),
        (
            Handling::App,
            Refuse(ErrorCode::NotSupported),
            json!([4, "v", "NotSupported", "refused by the application", {}]),
        ),
    ] {
        let mut bench = bench(&[(Incoming, "com.vendor.Blink", handling)], &[]);
        bench.frame(&json!([2, "v", "com.vendor.Blink", {"times": 3}]));
        assert_eq!(bench.question().1, &incoming("com.vendor.Blink", r#"{"times":3}"#));
        for nonsense in ["", "null", "[]", "{", "{} {}"] {
            let refused = bench.decide(1, Answer::Incoming(Reply(nonsense.into())));
            assert!(matches!(refused, Err(MisuseError::Payload(_))), "{nonsense}: {refused:?}");
        }
        bench.decide_incoming(1, answer);
        assert_eq!(bench.sent, [expected]);
    }
}

#[test]
fn payload_that_is_no_object_is_refused_before_anybody_is_asked() {
    for handling in [Handling::Observe, Handling::Ask, Handling::App] {
        let mut bench = bench(&[(Incoming, "Vendor", handling)], &[]);
        bench.frame(&json!([2, "v", "Vendor", [1]]));
        assert_eq!((bench.sent[0][0].clone(), bench.asked.len()), (json!(4), 0));
        assert!(!bench.events.iter().any(|event| event.starts_with("Observed")));
    }
}

#[test]
fn answer_that_breaks_its_schema_is_a_mistake_and_leaves_the_question_open() {
    let mut bench = bench(&[(Incoming, "Reset", Handling::Ask), (Outgoing, "Heartbeat", Handling::Ask)], &[]);
    bench.frame(&json!([2, "r", "Reset", {"type": "Soft"}]));
    for nonsense in ["{}", r#"{"status":"Perhaps"}"#, r#"{"status":"Accepted","more":1}"#, "5"] {
        let refused = bench.decide(1, Answer::Incoming(Reply(nonsense.into())));
        assert!(matches!(refused, Err(MisuseError::Payload(_))), "{nonsense}: {refused:?}");
    }
    bench.decide_incoming(1, Reply(r#"{"status":"Rejected"}"#.into()));
    assert_eq!(bench.take_answer(0)["status"], "Rejected");
    bench.wait(300);
    for nonsense in [SendInstead(r#"{"x":1}"#.into()), Answered("{}".into()), Answered("7".into())] {
        let refused = bench.decide(2, Answer::Outgoing(nonsense));
        assert!(matches!(refused, Err(MisuseError::Payload(_))), "{refused:?}");
    }
    bench.decide_outgoing(2, Send);
    bench.call("Heartbeat");
}

#[test]
fn answer_of_another_kind_is_a_mistake() {
    let mut bench = bench(&[(Incoming, "ClearCache", Handling::Ask)], &[]);
    bench.frame(&json!([2, "v", "ClearCache", {}]));
    bench.frame(&json!([2, "d", "DataTransfer", {"vendorId": "v"}]));
    let verdict = Answer::DataTransfer { status: crate::station::DataTransferStatus::Rejected, data: None };
    for (question, answer) in
        [(1, Answer::Outgoing(Send)), (1, verdict.clone()), (2, Answer::Incoming(Proceed)), (2, Answer::Outgoing(Send))]
    {
        assert!(matches!(bench.decide(question, answer), Err(MisuseError::Refused(_))));
    }
    bench.decide_incoming(1, Proceed);
    assert_eq!(bench.decide(2, verdict), Ok(()));
    assert_eq!(bench.sent.len(), 2);
}

#[test]
fn asked_call_of_the_station_leaves_as_it_is_or_changed() {
    let rules = [(Outgoing, "Authorize", Handling::Ask)];
    for (answer, tag) in
        [(Some(Send), "TAG"), (Some(SendInstead(r#"{"idTag":"MASKED"}"#.into())), "MASKED"), (None, "TAG")]
    {
        let mut bench = bench(&rules, &[]);
        bench.plug();
        bench.statuses();
        bench.swipe("TAG");
        assert_eq!(bench.question(), (1, &outgoing("Authorize", r#"{"idTag":"TAG"}"#)));
        assert_eq!(bench.sent, [] as [Value; 0]);
        match answer {
            Some(answer) => bench.decide_outgoing(1, answer),
            None => bench.wait(10),
        }
        assert_eq!(bench.answer("Authorize", &json!({"idTagInfo": {"status": "Accepted"}})), json!({"idTag": tag}));
        assert!(bench.has_seen(&Event::TokenAccepted { evse: Some(EVSE) }));
        assert_eq!(bench.decide(1, Answer::Outgoing(Send)), Err(MisuseError::UnknownQuestion(1)), "answered before");
    }
}

#[test]
fn application_answers_a_call_of_the_station_in_the_place_of_the_csms() {
    for handling in [Handling::Ask, Handling::App] {
        let mut bench = bench(&[(Outgoing, "Authorize", handling)], &[]);
        bench.plug();
        bench.statuses();
        bench.swipe("TAG");
        bench.decide_outgoing(1, Answered(r#"{"idTagInfo":{"status":"Blocked"}}"#.into()));
        assert!(bench.events.iter().any(|event| event.contains("TokenRefused") && event.contains("Blocked")));
        assert_eq!(bench.sent, [] as [Value; 0]);
    }
}

#[test]
fn call_of_the_station_that_the_application_took_over_times_out_when_it_is_silent() {
    let mut bench = bench(&[(Outgoing, "Authorize", Handling::App)], &[]);
    bench.plug();
    bench.statuses();
    bench.swipe("TAG");
    for answer in [Send, SendInstead(r#"{"idTag":"X"}"#.into())] {
        assert!(matches!(bench.decide(1, Answer::Outgoing(answer)), Err(MisuseError::Refused(_))));
    }
    bench.wait(10);
    assert_eq!(bench.sent, [] as [Value; 0]);
    let timed_out = Event::CallFailed {
        action: "Authorize".into(),
        cause: CallFailure::TimedOut,
        reason: "no answer in time".into(),
    };
    assert!(bench.has_seen(&timed_out) && bench.events.iter().any(|event| event.contains("TokenRefused")));
}

/// The station does not know who answers: a transaction that the application took over is one like others.
#[test]
fn transaction_that_the_application_took_over_is_delivered_by_its_answers() {
    let rules = [(Outgoing, "StartTransaction", Handling::App), (Outgoing, "StopTransaction", Handling::App)];
    let mut bench = bench(&rules, &[("MeterValueSampleInterval", "0")]);
    bench.start();
    assert!(matches!(bench.question(), (1, Question::Outgoing { action, .. }) if action == "StartTransaction"));
    bench.decide_outgoing(1, Answered(r#"{"transactionId":5,"idTagInfo":{"status":"Accepted"}}"#.into()));
    assert_eq!(bench.image.records(Log::Transactions).count(), 0, "delivered");
    bench.answer_all("StatusNotification", &json!({}));
    bench.swipe("TAG");
    bench.answer_all("StatusNotification", &json!({}));
    let (id, Question::Outgoing { payload, .. }) = bench.question() else { panic!() };
    assert!(id == 2 && payload.0.contains(r#""transactionId":5"#), "the number that the application gave");
    bench.decide_outgoing(2, Answered("{}".into()));
    assert!(bench.image.logs.values().all(|log| log.is_empty()));
    assert!(!bench.image.entries.keys().any(|key| key.as_str().starts_with("tx/")));
}

/// 1.6 §3.7.1.
#[test]
fn silence_of_the_application_is_a_failed_attempt_at_a_transaction_message() {
    let settings = [
        ("TransactionMessageAttempts", "2"),
        ("TransactionMessageRetryInterval", "20"),
        ("MeterValueSampleInterval", "0"),
    ];
    let mut bench = bench(&[(Outgoing, "StartTransaction", Handling::App)], &settings);
    bench.start();
    bench.wait(29);
    assert_eq!(bench.asked.len(), 1, "the retry waits its time");
    bench.wait(1);
    assert_eq!(bench.asked.len(), 2);
    assert_eq!(bench.asked[0], bench.asked[1]);
    bench.wait(10);
    assert!(bench.events.iter().any(|event| event.contains("TransactionMessageDropped")));
}

#[test]
fn nothing_overtakes_a_call_that_is_asked_about_but_answers() {
    let rules = [(Outgoing, "StartTransaction", Handling::Ask)];
    let mut bench = bench(&rules, &[("MeterValueSampleInterval", "5")]);
    bench.start();
    bench.charge();
    bench.wait(9);
    assert_eq!(bench.sent, [] as [Value; 0], "a status and a sample wait");
    assert_eq!(bench.request("ClearCache", &json!({}))["status"], "Accepted");
    bench.wait(1);
    bench.answer("StartTransaction", &json!({"transactionId": 5, "idTagInfo": {"status": "Accepted"}}));
    bench.answer_all("StatusNotification", &json!({}));
    assert_eq!(bench.answer("MeterValues", &json!({}))["transactionId"], 5);
}

#[test]
fn hardware_does_not_wait_for_the_application() {
    let mut bench = bench(&[(Outgoing, "StartTransaction", Handling::App)], &[("MeterValueSampleInterval", "0")]);
    bench.start();
    assert!(bench.orders.contains(&EvseAction::Power(Power::On)));
    bench.swipe("TAG");
    assert_eq!(
        bench.orders.iter().filter(|order| **order == EvseAction::Power(Power::Off)).count(),
        2,
        "boot and stop"
    );
}

#[test]
fn application_is_asked_about_a_transaction_only_once_it_is_durable() {
    let mut bench = bench(&[(Outgoing, "StartTransaction", Handling::App)], &[]);
    bench.confirms = false;
    bench.start();
    assert_eq!(bench.asked, []);
    bench.confirm();
    bench.drain();
    bench.answer_all("StatusNotification", &json!({}));
    assert_eq!(bench.asked.len(), 1);
}

#[test]
fn link_loss_ends_the_question_about_a_call_of_the_csms_and_it_is_not_executed() {
    for handling in [Handling::Ask, Handling::App] {
        let mut bench = bench(&[(Incoming, "ChangeConfiguration", handling)], &[]);
        bench.change_interval();
        bench.input(Input::Link(LinkInput::Closed));
        let late = bench.decide(1, Answer::Incoming(Reply(r#"{"status":"Accepted"}"#.into())));
        assert_eq!(late, Err(MisuseError::UnknownQuestion(1)));
        bench.wait(60);
        assert_ne!(bench.interval(), "17");
    }
}

#[test]
fn link_loss_ends_the_question_about_a_call_of_the_station_and_it_is_made_again() {
    let settings = [("TransactionMessageAttempts", "1"), ("MeterValueSampleInterval", "0")];
    let reopened: [fn(&mut Bench); 2] = [
        |bench| {
            bench.input(Input::Link(LinkInput::Closed));
            bench.wait(5);
            bench.open();
        },
        // The host forgot to say that the old connection is gone.
        Bench::open,
    ];
    for (handling, reopen) in [Handling::Ask, Handling::App].into_iter().zip(reopened) {
        let mut bench = bench(&[(Outgoing, "StartTransaction", handling)], &settings);
        bench.start();
        reopen(&mut bench);
        assert_eq!(bench.decide(1, Answer::Outgoing(Answered("{}".into()))), Err(MisuseError::UnknownQuestion(1)));
        bench.answer_all("StatusNotification", &json!({}));
        assert_eq!((bench.asked.len(), &bench.asked[0]), (2, &bench.asked[1]), "link loss is no attempt");
        assert!(!bench.events.iter().any(|event| event.contains("Dropped")));
        let answer = r#"{"transactionId":5,"idTagInfo":{"status":"Accepted"}}"#;
        bench.decide_outgoing(2, Answered(answer.into()));
        assert_eq!(bench.image.records(Log::Transactions).count(), 0);
    }
}

#[test]
fn power_cut_while_a_question_is_open_loses_no_transaction_and_executes_nothing() {
    let rules = [(Outgoing, "StartTransaction", Handling::Ask), (Incoming, "ChangeConfiguration", Handling::Ask)];
    let mut bench = bench(&rules, &[("MeterValueSampleInterval", "0")]);
    bench.start();
    bench.change_interval();
    let Question::Outgoing { payload, .. } = bench.asked[0].clone() else { panic!() };
    let mut bench = Bench::with_config(bench.image.clone(), with(&rules, &[]));
    assert_ne!(bench.interval(), "17");
    bench.open();
    bench.boot("Accepted");
    bench.answer_all("StatusNotification", &json!({}));
    assert_eq!(bench.asked, [Question::Outgoing { action: "StartTransaction".into(), payload }]);
    bench.decide_outgoing(1, Send);
    bench.answer("StartTransaction", &json!({"transactionId": 5, "idTagInfo": {"status": "Accepted"}}));
}

#[test]
fn answer_of_the_application_is_not_taken_twice() {
    let mut bench = bench(&[(Outgoing, "StartTransaction", Handling::App)], &[("MeterValueSampleInterval", "0")]);
    bench.start();
    let answer = || Answer::Outgoing(Answered(r#"{"transactionId":5,"idTagInfo":{"status":"Accepted"}}"#.into()));
    assert_eq!(bench.decide(1, answer()), Ok(()));
    assert_eq!(bench.decide(1, answer()), Err(MisuseError::UnknownQuestion(1)));
    let known = bench.events.iter().filter(|event| event.contains("TransactionKnown")).count();
    assert_eq!(known, 1);
}

#[test]
fn questions_are_bounded_and_beyond_the_default_is_taken_at_once() {
    let rules = [
        (Incoming, "ChangeConfiguration", Handling::App),
        (Incoming, "ClearCache", Handling::Ask),
        (Outgoing, "Authorize", Handling::Ask),
    ];
    let mut config = with(&rules, &[]);
    config.limits.questions = 1;
    let mut bench = Bench::with_config(Image::default(), config).online();
    bench.change_interval();
    assert_eq!(bench.request("ClearCache", &json!({}))["status"], "Accepted", "by the station");
    assert_eq!(bench.request("ChangeConfiguration", &json!({"key": "x", "value": "y"})), "InternalError");
    assert_eq!(bench.asked.len(), 1);
    bench.plug();
    bench.statuses();
    bench.swipe("TAG");
    assert_eq!(bench.asked.len(), 2, "for the one call of the station there is room");
}

#[test]
fn message_with_two_handlings_is_a_contradiction() {
    let rules =
        [(Incoming, "Reset", Handling::Ask), (Outgoing, "Reset", Handling::App), (Incoming, "Reset", Handling::App)];
    assert!(Station::new(with(&rules[..2], &[]), 1, &Image::default()).is_ok());
    let refused = Station::new(with(&rules, &[]), 1, &Image::default());
    assert!(matches!(refused, Err(MisuseError::Unfit { member: "policy.handlings", .. })));
}

#[test]
fn call_of_the_application_is_sent_and_its_end_told() {
    use CallFailure::{Error, TimedOut, Unreadable, Unsupported};
    let mut bench = Bench::accepted(&[]);
    let ended = |result: Result<&str, (CallFailure, &str)>| Event::CallAnswered {
        action: "com.vendor.Blink".into(),
        cause: result.err().map(|(cause, _)| cause),
        result: result.map(RawJson::from).map_err(|(_, reason)| reason.into()),
    };
    type Answers = fn(&mut Bench, String);
    let answers: [(Answers, Event); 5] = [
        (|bench, id| bench.frame(&json!([3, id, {"done": 1}])), ended(Ok(r#"{"done":1}"#))),
        (
            |bench, id| bench.frame(&json!([4, id, "NotSupported", "no", {}])),
            ended(Err((Unsupported, "NotSupported: no"))),
        ),
        (|bench, id| bench.frame(&json!([4, id, "GenericError", "no", {}])), ended(Err((Error, "GenericError: no")))),
        (
            |bench, id| bench.frame(&json!([3, id, 5])),
            ended(Err((Unreadable, "answer: $: object expected, number found"))),
        ),
        (|bench, _| bench.wait(30), ended(Err((TimedOut, "no answer in time")))),
    ];
    for (answer, event) in answers {
        assert_eq!(bench.app_call("com.vendor.Blink", r#"{"times":3}"#), Ok(()));
        let (id, payload) = bench.call("com.vendor.Blink");
        assert_eq!(payload, json!({"times": 3}));
        answer(&mut bench, id);
        assert_eq!(bench.events.last(), Some(&format!("{event:?}")));
    }
}

#[test]
fn calls_of_the_application_wait_for_the_csms_and_are_bounded() {
    let mut bench = Bench::new(Image::default(), &[]);
    let results: Vec<_> = (0..6).map(|_| bench.app_call("Vendor", "{}")).collect();
    assert_eq!(results.iter().filter(|result| result.is_ok()).count(), 4);
    assert!(matches!(results[5], Err(MisuseError::Refused(_))));
    bench.open();
    bench.boot("Pending");
    assert_eq!(bench.sent, [] as [Value; 0], "1.6 §4.2");
    bench.wait(300);
    bench.boot("Accepted");
    bench.answer_all("StatusNotification", &json!({}));
    bench.call("Vendor");
    bench.input(Input::Link(LinkInput::Closed));
    bench.open();
    bench.answer_all("Vendor", &json!({}));
    let ends: Vec<_> = bench.events.iter().filter(|event| event.starts_with("CallAnswered")).collect();
    assert!(ends.len() == 4 && ends[0].contains("the link went") && ends[1].contains("Ok"), "{ends:?}");
}

#[test]
fn call_of_the_application_must_be_an_object() {
    let mut bench = Bench::accepted(&[]);
    for nonsense in ["", "null", "[]", r#"{"a":}"#, "{}{}"] {
        assert!(matches!(bench.app_call("Vendor", nonsense), Err(MisuseError::Payload(_))), "{nonsense}");
    }
    assert_eq!(bench.sent, [] as [Value; 0]);
}

/// So it can do itself what it took over.
#[test]
fn application_is_not_asked_about_its_own_calls() {
    let mut bench = bench(&[(Outgoing, "DataTransfer", Handling::App)], &[]);
    assert_eq!(bench.app_call("DataTransfer", r#"{"vendorId":"v"}"#), Ok(()));
    bench.answer("DataTransfer", &json!({"status": "Accepted"}));
    assert_eq!(bench.asked, []);
    let mut bench = self::bench(&[(Outgoing, "DataTransfer", Handling::Observe)], &[]);
    assert_eq!(bench.app_call("DataTransfer", r#"{"vendorId":"v"}"#), Ok(()));
    assert!(bench.events.iter().any(|event| event.starts_with("Observed")));
}
