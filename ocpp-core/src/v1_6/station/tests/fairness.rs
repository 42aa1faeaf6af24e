//! Whatever the CSMS does with one kind of message, every other kind leaves within one time-out, and nothing is sent without end.

use super::*;
use crate::fairness::{Cause, Conduct, Manners, Peer, Subject, TIMEOUT, Trial};
use crate::station::{
    Command, Contract, ContractCheck, EvCertificateAction, Fault, FaultCode, JobUpdate, SecurityEventKind, StopReason,
};

/// They are named by what tells them apart on the wire.
pub(super) const CAUSES: [Cause<Bench>; 15] = [
    ("StatusNotification", |bench| {
        let is_odd = bench.now / 100_000 % 2 == 1;
        let code = if is_odd { FaultCode::WeakSignal } else { FaultCode::HighTemperature };
        let fault = Fault { code, is_blocking: false, info: None, vendor_error_code: None, vendor_id: None };
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

pub(super) const MANNERS: Manners = Manners { kind_of, answer_to };

impl Subject for Bench {
    fn now(&self) -> u64 {
        self.now
    }

    fn hear(&mut self, frame: &Value) {
        self.frame(frame);
    }

    fn next_sent(&mut self) -> Option<Value> {
        (!self.sent.is_empty()).then(|| self.sent.remove(0))
    }

    fn work(&mut self) -> bool {
        let Some((id, job)) = (!self.jobs.is_empty()).then(|| self.jobs.remove(0)) else { return false };
        let is_csr = matches!(job, Job::CreateCsr { .. });
        self.input(Input::Job(id, if is_csr { JobUpdate::Csr("CSR".into()) } else { JobUpdate::Done }));
        true
    }

    fn pass(&mut self, seconds: u64) {
        self.wait(seconds);
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
    pub(super) fn command(&mut self, command: Command) {
        let _ = self.station.handle(Instant::from_millis(self.now), Input::Command(command));
        self.drain();
    }

    /// A call of the CSMS whose answer is of no interest.
    pub(super) fn ask(&mut self, action: &str, payload: &Value) {
        self.requests += 1;
        self.frame(&json!([2, format!("r{}", self.requests), action, payload]));
    }
}

pub(super) fn with_four_evses() -> StationConfig {
    let config = config(&[
        ("SecurityProfile", "1"),
        ("CpoName", "The CPO"),
        ("ISO15118PnCEnabled", "true"),
        ("CentralContractValidationAllowed", "true"),
        ("AuthorizeRemoteTxRequests", "false"),
        ("MeterValueSampleInterval", "0"),
        ("ConnectionTimeOut", "20"),
        ("LocalPreAuthorize", "false"),
    ]);
    config.with_evses(4)
}

/// Vehicles are at two of them.
pub(super) fn station(config: StationConfig) -> Bench {
    let mut bench = Bench::with_config(Image::default(), config).online();
    for evse in [3, 4] {
        bench.input(Input::Evse(EvseId(evse), EvseInput::Cable(Cable::Connected)));
    }
    bench
}

#[test]
fn no_kind_of_message_holds_another_back_for_longer_than_a_time_out() {
    let rest = |bench: &mut Bench| bench.command(Command::stop(EvseId(3), StopReason::Local));
    Trial {
        causes: &CAUSES,
        subject: &|| station(with_four_evses()),
        manners: MANNERS,
        rounds: 12,
        rest,
        at_most: 120,
    }
    .run();
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
        let mut server = Peer::new("MeterValues", conduct, MANNERS);
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
