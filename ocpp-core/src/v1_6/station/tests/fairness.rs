//! Whatever the CSMS does with one kind of message, every other kind leaves within one time-out, and nothing is sent without end.

use super::*;
use crate::station::{
    Command, Contract, ContractCheck, EvCertificateAction, Fault, FaultCode, JobUpdate, SecurityEventKind, StopReason,
};

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

/// A kind of message, and what makes it due. They are named by what tells them apart on the wire.
type Cause = (&'static str, fn(&mut Bench));

const CAUSES: [Cause; 15] = [
    ("StatusNotification", |bench| {
        let is_odd = bench.now / 100_000 % 2 == 1;
        let code = if is_odd { FaultCode::WeakSignal } else { FaultCode::HighTemperature };
        let fault = Fault { code, is_blocking: false, info: None, vendor_error_code: None };
        bench.input(Input::Evse(EvseId(1), EvseInput::FaultCleared));
        bench.input(Input::Evse(EvseId(1), EvseInput::Fault(fault)));
    }),
    ("Authorize", |bench| bench.input(Input::Token { evse: Some(EvseId(2)), token: IdToken::new("TAG") })),
    ("StartTransaction", |bench| {
        bench.ask("RemoteStartTransaction", &json!({"idTag": "TAG", "connectorId": 3}));
    }),
    ("MeterValues", |bench| bench.ask("TriggerMessage", &trigger("MeterValues", 1))),
    ("FirmwareStatusNotification", |bench| bench.ask("TriggerMessage", &trigger("FirmwareStatusNotification", 0))),
    ("DiagnosticsStatusNotification", |bench| bench.ask("GetDiagnostics", &json!({"location": "ftp://host/logs"}))),
    ("SignedFirmwareStatusNotification", |bench| {
        bench.ask("ExtendedTriggerMessage", &trigger("FirmwareStatusNotification", 0));
    }),
    ("LogStatusNotification", |bench| bench.ask("ExtendedTriggerMessage", &trigger("LogStatusNotification", 0))),
    ("SecurityEventNotification", |bench| {
        let kind = SecurityEventKind::TamperDetectionActivated;
        bench.command(Command::security_event(kind, None));
    }),
    ("SignCertificate", |bench| {
        bench.ask("ExtendedTriggerMessage", &json!({"requestedMessage": "SignChargePointCertificate"}));
    }),
    ("DataTransfer", |bench| {
        let (vendor_id, message_id, data) = ("Vendor".into(), None, None);
        bench.command(Command::DataTransfer { vendor_id, message_id, data });
    }),
    ("DataTransfer Authorize", |bench| {
        let contract = Contract {
            token: IdToken::new("DE8ACC12E46L89"),
            check: ContractCheck::UnknownRoot,
            ocsp: Vec::new(),
            certificate: Some("PEM".into()),
        };
        bench.input(Input::Contract { evse: EvseId(4), contract });
    }),
    ("DataTransfer Get15118EVCertificate", |bench| {
        bench.command(Command::EvCertificate {
            evse: EvseId(4),
            action: EvCertificateAction::Install,
            schema_version: "urn:iso:15118:2:2013:MsgDef".into(),
            exi: "RVhJ".into(),
        });
    }),
    ("Vendor", |bench| {
        bench.command(Command::Call { action: "Vendor".into(), payload: "{}".into() });
    }),
    ("Heartbeat", |bench| bench.ask("TriggerMessage", &trigger("Heartbeat", 0))),
];

fn trigger(message: &str, connector: u16) -> Value {
    json!({"requestedMessage": message, "connectorId": connector})
}

fn kind_of(call: &Value) -> String {
    let action = call[2].as_str().unwrap();
    match call[3]["messageId"].as_str() {
        Some(message) => format!("{action} {message}"),
        // The transaction messages are one queue (1.6 §3.7).
        None if action == "StopTransaction" || call[3].get("transactionId").is_some() => "StartTransaction".to_owned(),
        None => action.to_owned(),
    }
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
    fn new(odd: &'static str, conduct: Conduct) -> Self {
        Server { odd, conduct, later: Vec::new(), log: Vec::new() }
    }

    /// Lets the CSMS work, until there is nothing more to do now.
    fn serve(&mut self, bench: &mut Bench) {
        loop {
            let due = self.later.iter().position(|(at, _)| *at <= bench.now).map(|place| self.later.remove(place).1);
            if let Some(frame) = due {
                bench.frame(&frame);
            } else if let Some((id, job)) = (!bench.jobs.is_empty()).then(|| bench.jobs.remove(0)) {
                let word =
                    if matches!(job, Job::CreateCsr { .. }) { JobUpdate::Csr("CSR".into()) } else { JobUpdate::Done };
                bench.input(Input::Job(id, word));
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
        let kind = kind_of(call);
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
        "Authorize" => json!({"idTagInfo": {"status": "Accepted"}}),
        "StartTransaction" => json!({"transactionId": now / 1000, "idTagInfo": {"status": "Accepted"}}),
        "Heartbeat" => json!({"currentTime": wall(now).to_rfc3339()}),
        "SignCertificate" | "DataTransfer" => json!({"status": "Accepted"}),
        "BootNotification" => json!({"status": "Accepted", "currentTime": wall(now).to_rfc3339(), "interval": 300}),
        _ => json!({}),
    }
}

impl Bench {
    /// A command of the host, which may be one too many, or have nothing to do.
    fn command(&mut self, command: Command) {
        let _ = self.station.handle(Instant::from_millis(self.now), Input::Command(command));
        self.drain();
    }

    /// A call of the CSMS whose answer is of no interest.
    fn ask(&mut self, action: &str, payload: &Value) {
        self.requests += 1;
        self.frame(&json!([2, format!("r{}", self.requests), action, payload]));
    }
}

fn station() -> Bench {
    let mut config = config(&[
        ("SecurityProfile", "1"),
        ("CpoName", "The CPO"),
        ("ISO15118PnCEnabled", "true"),
        ("CentralContractValidationAllowed", "true"),
        ("AuthorizeRemoteTxRequests", "false"),
        ("MeterValueSampleInterval", "0"),
        ("ConnectionTimeOut", "20"),
        ("LocalPreAuthorize", "false"),
    ]);
    config = config.with_evses(4);
    let mut bench = Bench::with_config(Image::default(), config).online();
    for evse in [3, 4] {
        bench.input(Input::Evse(EvseId(evse), EvseInput::Cable(Cable::Connected)));
    }
    bench
}

/// Each kind with each conduct of the CSMS: the kind is on its way, then all others become due. For an hour.
#[test]
fn no_kind_of_message_holds_another_back_for_longer_than_a_time_out() {
    let mut late = Vec::new();
    for (odd, make_odd_due) in CAUSES {
        for conduct in CONDUCTS {
            let mut bench = station();
            let mut server = Server::new(odd, conduct);
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
                bench.command(Command::stop(EvseId(3), StopReason::Local));
                server.pass(&mut bench, 199);
            }
            let count = server.log.iter().filter(|(_, kind)| kind == odd).count();
            if count > 120 {
                late.push(format!("{odd} {conduct:?}: sent {count} times"));
            }
        }
    }
    assert!(late.is_empty(), "{} times: {late:#?}", late.len());
}

/// Readings of idle connectors share the journal with transactions, but not their order (1.6 §3.7.1).
#[test]
fn readings_of_no_transaction_let_transactions_pass() {
    for conduct in [Conduct::Silence, Conduct::Refusal(0), Conduct::Refusal(TIMEOUT - 1), Conduct::Nonsense] {
        let keys = [
            ("ClockAlignedDataInterval", "60"),
            ("AuthorizeRemoteTxRequests", "false"),
            ("MeterValueSampleInterval", "0"),
            ("StopTxnAlignedData", ""),
        ];
        let mut bench = Bench::with_config(Image::default(), config(&keys).with_evses(3)).online();
        bench.input(Input::Evse(EvseId(3), EvseInput::Cable(Cable::Connected)));
        let mut server = Server::new("MeterValues", conduct);
        server.pass(&mut bench, 150);
        for _ in 0..10 {
            let since = bench.now;
            bench.ask("RemoteStartTransaction", &json!({"idTag": "TAG", "connectorId": 3}));
            server.serve(&mut bench);
            server.pass(&mut bench, 97);
            bench.command(Command::stop(EvseId(3), StopReason::Remote));
            server.pass(&mut bench, 97);
            let kinds = server.log.iter().filter(|(at, kind)| *at >= since && kind == "StartTransaction");
            let times: Vec<_> = kinds.map(|(at, _)| (at - since) / 1000).collect();
            assert!(times.first().is_some_and(|at| *at <= TIMEOUT), "{conduct:?}: {times:?}");
            assert!(times.iter().any(|at| (97..=97 + TIMEOUT).contains(at)), "{conduct:?}: {times:?}");
        }
    }
}
