//! Commands: held until the station can hear, answered once each.

use super::*;
use crate::csms::{Command, ConfigurationKey, ConfigurationStatus, IdToken, RemoteStatus, TransactionId};
use alloc::vec;

impl Bench {
    fn command(&mut self, id: u64, command: Command) {
        self.ok(Input::Command { id: CommandId(id), command });
    }

    /// Answers the call that was sent last.
    fn reply(&mut self, payload: Value) {
        let call = self.last();
        assert_eq!(call[0], 2);
        self.frame(&json!([3, call[1], payload]).to_string());
    }

    fn end(&self) -> (u64, Result<CommandAnswer, CommandError>) {
        let (id, result) = self.answered.last().unwrap();
        (id.0, result.clone())
    }
}

fn remote_start() -> Command {
    Command::remote_start(Some(1), IdToken::new("ABC"))
}

fn get_all() -> Command {
    Command::GetConfiguration { keys: vec![] }
}

#[test]
fn each_command_is_sent_as_1_6_says_and_its_answer_is_typed() {
    let mut bench = Bench::accepted();
    let known = ConfigurationKey { key: "HeartbeatInterval".into(), readonly: false, value: Some("300".into()) };
    let cases = [
        (
            remote_start(),
            json!(["RemoteStartTransaction", {"connectorId": 1, "idTag": "ABC"}]),
            json!({"status": "Accepted"}),
            CommandAnswer::RemoteStart(RemoteStatus::Accepted.into()),
        ),
        (
            Command::RemoteStop { transaction: TransactionId::from(7) },
            json!(["RemoteStopTransaction", {"transactionId": 7}]),
            json!({"status": "Rejected"}),
            CommandAnswer::RemoteStop(RemoteStatus::Rejected.into()),
        ),
        (
            Command::GetConfiguration { keys: vec!["HeartbeatInterval".into(), "X".into()] },
            json!(["GetConfiguration", {"key": ["HeartbeatInterval", "X"]}]),
            json!({
                "configurationKey": [{"key": "HeartbeatInterval", "readonly": false, "value": "300"}],
                "unknownKey": ["X"],
            }),
            CommandAnswer::Configuration { known: vec![known], unknown: vec!["X".into()] },
        ),
        (
            Command::ChangeConfiguration { key: "HeartbeatInterval".into(), value: "60".into() },
            json!(["ChangeConfiguration", {"key": "HeartbeatInterval", "value": "60"}]),
            json!({"status": "RebootRequired"}),
            CommandAnswer::ConfigurationChange(ConfigurationStatus::RebootRequired),
        ),
        (
            Command::Call { action: "Reset".into(), payload: "{\"type\":\"Soft\"}".into() },
            json!(["Reset", {"type": "Soft"}]),
            json!({"status": "Accepted"}),
            CommandAnswer::Call("{\"status\":\"Accepted\"}".into()),
        ),
    ];
    for (n, (command, call, reply, answer)) in cases.into_iter().enumerate() {
        bench.command(n as u64, command);
        assert_eq!(json!([bench.last()[2], bench.last()[3]]), call);
        bench.reply(reply);
        assert_eq!(bench.end(), (n as u64, Ok(answer)));
    }
}

#[test]
fn one_command_is_under_way_at_a_time() {
    let mut bench = Bench::accepted();
    bench.command(1, get_all());
    bench.command(2, remote_start());
    assert_eq!(bench.sent.len(), 1);
    bench.reply(json!({}));
    assert_eq!(bench.sent.len(), 2);
    bench.reply(json!({"status": "Accepted"}));
    assert_eq!(bench.answered.len(), 2);
}

#[test]
fn command_without_connection_is_refused() {
    let mut bench = Bench::new();
    bench.command(1, remote_start());
    assert_eq!(bench.end(), (1, Err(CommandError::NotConnected)));
}

#[test]
fn command_waits_for_the_first_message_of_a_new_connection() {
    let mut bench = Bench::accepted();
    bench.open();
    bench.command(1, get_all());
    assert!(bench.sent.is_empty());
    bench.call("Heartbeat", json!({}));
    assert_eq!(bench.sent.len(), 2);
    assert_eq!((&bench.sent[0][0], &bench.sent[1][2]), (&json!(3), &json!("GetConfiguration")));
}

#[test]
fn command_waits_for_the_answer_to_a_boot() {
    let mut bench = Bench::connected();
    bench.call("BootNotification", json!({"chargePointVendor": "V", "chargePointModel": "M"}));
    bench.command(1, get_all());
    bench.pass(Duration::from_secs(6));
    assert!(bench.sent.is_empty());
    bench.answer(Answer::Boot { status: RegistrationStatus::Accepted, interval: Duration::ZERO });
    bench.store();
    assert_eq!((&bench.sent[0][0], &bench.sent[1][2]), (&json!(3), &json!("GetConfiguration")));
}

#[test]
fn command_to_a_station_that_says_nothing_is_sent_after_a_while() {
    let mut bench = Bench::connected();
    bench.command(1, get_all());
    bench.pass(Duration::from_millis(4999));
    assert!(bench.sent.is_empty());
    bench.pass(Duration::from_millis(1));
    assert_eq!(bench.last()[2], "GetConfiguration");
    bench.reply(json!({}));
    bench.command(2, get_all());
    assert_eq!(bench.sent.len(), 2, "at once from now on");
}

#[test]
fn station_that_is_not_accepted_is_told_only_what_it_may_be_told() {
    for status in [RegistrationStatus::Pending, RegistrationStatus::Rejected] {
        let mut bench = Bench::connected();
        bench.boot(status);
        bench.command(1, remote_start());
        assert_eq!(bench.end(), (1, Err(CommandError::NotAllowed(status))));
        bench.command(2, Command::RemoteStop { transaction: TransactionId::from(7) });
        assert_eq!(bench.end(), (2, Err(CommandError::NotAllowed(status))));
        bench.command(3, get_all());
        assert_eq!(bench.last()[0] == 2, status == RegistrationStatus::Pending);
    }
}

#[test]
fn command_that_cannot_be_said_is_not_sent() {
    let mut bench = Bench::accepted();
    let unsendable = [
        Command::remote_start(None, IdToken::new("123456789012345678901")),
        Command::RemoteStop { transaction: TransactionId::new("a-b-c") },
        Command::ChangeConfiguration { key: "k".repeat(51).into(), value: "v".into() },
        Command::Call { action: "Reset".into(), payload: "[]".into() },
        Command::Call { action: "Reset".into(), payload: "{".into() },
    ];
    for (n, command) in unsendable.into_iter().enumerate() {
        bench.command(n as u64, command);
        assert!(matches!(bench.end(), (id, Err(CommandError::Unsendable(_))) if id == n as u64), "{n}");
    }
    assert!(bench.sent.is_empty());
}

#[test]
fn command_ends_with_what_went_wrong() {
    let mut bench = Bench::accepted();
    bench.command(1, get_all());
    let call = bench.last();
    bench.frame(&json!([4, call[1], "NotSupported", "no", {"a": 1}]).to_string());
    let refused =
        CommandError::Refused { code: "NotSupported".into(), description: "no".into(), details: "{\"a\":1}".into() };
    assert_eq!(bench.end(), (1, Err(refused)));

    // 1.6 has spellings of its own, and stations of the field those of 2.x: both are told as they came (OCPP-J 1.6 §4.2.3).
    for (n, spelled) in [(11, "OccurenceConstraintViolation"), (12, "OccurrenceConstraintViolation")] {
        bench.command(n, get_all());
        let call = bench.last();
        bench.frame(&json!([4, call[1], spelled, "", {}]).to_string());
        assert!(matches!(bench.end(), (id, Err(CommandError::Refused { code, .. })) if id == n && code == spelled));
    }

    bench.command(2, remote_start());
    bench.reply(json!({"state": "Accepted"}));
    assert!(matches!(bench.end(), (2, Err(CommandError::Malformed(_)))));

    bench.command(3, get_all());
    bench.command(4, get_all());
    bench.pass(Duration::from_secs(30));
    assert_eq!(bench.end(), (3, Err(CommandError::TimedOut)));
    let late = json!([3, bench.sent[bench.sent.len() - 2][1], {}]);
    bench.frame(&late.to_string());
    assert!(matches!(bench.events.last(), Some(Event::FrameRefused { .. })));
    assert_eq!(bench.answered.len(), 5, "a late answer ends nothing");

    bench.command(5, get_all());
    bench.close();
    let ends: Vec<_> = bench.answered[5..].to_vec();
    assert_eq!(
        ends,
        [
            (CommandId(4), Err(CommandError::LinkLost { sent: true })),
            (CommandId(5), Err(CommandError::LinkLost { sent: false })),
        ]
    );
}

#[test]
fn commands_are_bounded_and_their_ids_are_their_own() {
    let mut bench = Bench::with(config(Limits { commands: 2, ..Limits::default() }));
    bench.open();
    bench.command(1, get_all());
    assert!(matches!(
        bench.handle(Input::Command { id: CommandId(1), command: get_all() }),
        Err(MisuseError::Refused(_))
    ));
    bench.command(2, get_all());
    bench.command(3, get_all());
    assert_eq!(bench.end(), (3, Err(CommandError::QueueFull)));
    bench.call("Heartbeat", json!({}));
    bench.command(4, get_all());
    assert_eq!(bench.end(), (4, Err(CommandError::QueueFull)));
    bench.reply(json!({}));
    bench.command(5, get_all());
    assert_eq!(bench.end(), (1, Ok(CommandAnswer::Configuration { known: vec![], unknown: vec![] })));
}

#[test]
fn commands_that_were_open_end_when_the_session_goes_on_elsewhere() {
    let mut bench = Bench::accepted();
    bench.command(1, get_all());
    bench.command(2, remote_start());
    bench.call("StatusNotification", json!({"connectorId": 1, "errorCode": "NoError", "status": "Available"}));
    let fact = bench.facts.last().cloned();

    let text = serde_json::to_string(&bench.session.state()).unwrap();
    let state = serde_json::from_str(&text).unwrap();
    assert_eq!(state, bench.session.state());
    let bytes = postcard::to_allocvec(&state).unwrap();
    assert_eq!(postcard::from_bytes::<SessionState>(&bytes).unwrap(), state);

    let mut bench = Bench::on(Session::restore(SessionConfig::default(), 2, state));
    assert_eq!(
        bench.answered,
        [
            (CommandId(1), Err(CommandError::LinkLost { sent: true })),
            (CommandId(2), Err(CommandError::LinkLost { sent: false })),
        ]
    );
    assert_eq!(bench.facts.last().cloned(), fact, "stored again, under its ticket");
    bench.store();
    assert_eq!(bench.session.state().unconfirmed, []);
}
