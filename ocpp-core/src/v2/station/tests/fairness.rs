//! Whatever the CSMS does with one kind of message, every other kind leaves within one time-out, and nothing is sent without end.

use super::*;
use crate::station::{Command, SecurityEventKind, StopReason};

/// The time-out of a call, in seconds.
const TIMEOUT: u64 = 30;

/// What the CSMS does with one kind of message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Conduct {
    Silence,
    /// An error, after so many seconds.
    Refusal(u64),
    /// The right answer, but after so many seconds.
    Late(u64),
    /// At once, and not what the schema says.
    Nonsense,
}

const CONDUCTS: [Conduct; 6] = [
    Conduct::Silence,
    Conduct::Refusal(0),
    Conduct::Refusal(TIMEOUT - 1),
    Conduct::Late(TIMEOUT - 1),
    Conduct::Late(TIMEOUT + 15),
    Conduct::Nonsense,
];

/// A kind of message, and what makes it due.
type Cause = (&'static str, fn(&mut Bench));

const CAUSES: [Cause; 8] = [
    ("StatusNotification", |bench| {
        let is_odd = bench.now / 100_000 % 2 == 1;
        let cable = if is_odd { Cable::Connected } else { Cable::Absent };
        bench.input(Input::Evse(EvseId(1), EvseInput::Cable(cable)));
        bench.ask("TriggerMessage", &trigger("StatusNotification"));
    }),
    ("Authorize", |bench| bench.input(Input::Token { evse: Some(EvseId(2)), token: IdToken::new("TAG") })),
    ("TransactionEvent", |bench| {
        let token = json!({"idToken": "TAG", "type": "Central"});
        bench.ask("RequestStartTransaction", &json!({"idToken": token, "evseId": 3, "remoteStartId": 1}));
    }),
    ("MeterValues", |bench| bench.ask("TriggerMessage", &trigger("MeterValues"))),
    ("SecurityEventNotification", |bench| {
        let kind = SecurityEventKind::TamperDetectionActivated;
        bench.command(Command::SecurityEvent { kind, info: None, at: None, is_critical: None });
    }),
    ("DataTransfer", |bench| {
        let (vendor_id, message_id, data) = ("Vendor".into(), None, None);
        bench.command(Command::DataTransfer { vendor_id, message_id, data });
    }),
    ("Vendor", |bench| {
        bench.command(Command::Call { action: "Vendor".into(), payload: "{}".into() });
    }),
    ("Heartbeat", |bench| bench.ask("TriggerMessage", &trigger("Heartbeat"))),
];

fn trigger(message: &str) -> Value {
    json!({"requestedMessage": message, "evse": {"id": 1, "connectorId": 1}})
}

/// A CSMS that answers everything at once but one kind.
struct Server {
    odd: &'static str,
    conduct: Conduct,
    /// Answers that are still to be given, with their time in milliseconds.
    later: Vec<(u64, Value)>,
    /// What was sent, and when.
    log: Vec<(u64, String)>,
}

impl Server {
    /// Lets the CSMS work, until there is nothing more to do now.
    fn serve(&mut self, bench: &mut Bench) {
        loop {
            let due = self.later.iter().position(|(at, _)| *at <= bench.now).map(|place| self.later.remove(place).1);
            if let Some(frame) = due {
                bench.frame(&frame);
            } else if bench.sent.is_empty() {
                return;
            } else {
                let frame = bench.sent.remove(0);
                if frame[0] == 2 {
                    self.take(bench.now, &frame);
                }
            }
            assert!(self.log.len() < 20_000, "{} {:?}: no end of it", self.odd, self.conduct);
        }
    }

    fn take(&mut self, now: u64, call: &Value) {
        let kind = call[2].as_str().unwrap().to_owned();
        let right = json!([3, call[1], answer_to(call, now)]);
        let refusal = json!([4, call[1], "InternalError", "", {}]);
        let is_odd = kind == self.odd;
        self.log.push((now, kind));
        match self.conduct {
            _ if !is_odd => self.later.push((now, right)),
            Conduct::Silence => {}
            Conduct::Refusal(seconds) => self.later.push((now + seconds * 1000, refusal)),
            Conduct::Late(seconds) => self.later.push((now + seconds * 1000, right)),
            Conduct::Nonsense => self.later.push((now, json!([3, call[1], {"status": 5}]))),
        }
    }

    fn pass(&mut self, bench: &mut Bench, seconds: u64) {
        for _ in 0..seconds {
            bench.wait(1);
            self.serve(bench);
        }
    }
}

fn answer_to(call: &Value, now: u64) -> Value {
    match call[2].as_str().unwrap() {
        "Authorize" => json!({"idTokenInfo": {"status": "Accepted"}}),
        "Heartbeat" => json!({"currentTime": wall(now).to_rfc3339()}),
        "DataTransfer" => json!({"status": "Accepted"}),
        "BootNotification" => json!({"status": "Accepted", "currentTime": wall(now).to_rfc3339(), "interval": 300}),
        _ => json!({}),
    }
}

impl Bench {
    /// A command of the host, which may be one too many, or have nothing to do.
    fn command(&mut self, command: Command) {
        let _ = self.station.handle(Instant::from_millis(self.now), Input::Command(command));
        self.settle();
    }

    /// A call of the CSMS whose answer is of no interest.
    fn ask(&mut self, action: &str, payload: &Value) {
        self.requests += 1;
        self.frame(&json!([2, format!("r{}", self.requests), action, payload]));
    }
}

/// Each kind with each conduct of the CSMS: the kind is on its way, then all others become due. For an hour.
#[test]
fn no_kind_of_message_of_2_x_holds_another_back_for_longer_than_a_time_out() {
    let settings = [
        ("AuthCtrlr.AuthorizeRemoteStart", "false"),
        ("SampledDataCtrlr.TxUpdatedInterval", "0"),
        ("TxCtrlr.EVConnectionTimeOut", "20"),
    ];
    let mut late = Vec::new();
    for (odd, make_odd_due) in CAUSES {
        for conduct in CONDUCTS {
            let config = config(&[Dialect::V2_0_1], &settings).with_evses(3);
            let mut bench = Bench::boot(config, Dialect::V2_0_1, Image::default(), 0);
            bench.checks_calls = false;
            bench.connect();
            bench.input(Input::Evse(EvseId(3), EvseInput::Cable(Cable::Connected)));
            let mut server = Server { odd, conduct, later: Vec::new(), log: Vec::new() };
            server.serve(&mut bench);
            server.pass(&mut bench, 40);
            for _ in 0..12 {
                make_odd_due(&mut bench);
                server.pass(&mut bench, 1);
                let since = bench.now;
                for (kind, make_due) in CAUSES {
                    if kind != odd {
                        make_due(&mut bench);
                    }
                }
                server.serve(&mut bench);
                server.pass(&mut bench, 100);
                for (kind, _) in CAUSES {
                    let first = server.log.iter().find(|(at, sent)| *at >= since && sent == kind);
                    let is_in_time = first.is_some_and(|(at, _)| *at <= since + TIMEOUT * 1000);
                    if kind != odd && !is_in_time {
                        let wait = first.map(|(at, _)| (at - since) / 1000);
                        late.push(format!("{odd} {conduct:?}: {kind} {wait:?} at {}", since / 1000));
                    }
                }
                bench.command(Command::Stop { evse: EvseId(3), reason: StopReason::Local, trigger: None });
                server.pass(&mut bench, 199);
            }
            let count = server.log.iter().filter(|(_, kind)| kind == odd).count();
            if count > 150 {
                late.push(format!("{odd} {conduct:?}: sent {count} times"));
            }
        }
    }
    assert!(late.is_empty(), "{} times: {late:#?}", late.len());
}
