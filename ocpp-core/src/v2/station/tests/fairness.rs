//! Whatever the CSMS does with one kind of message, every other kind leaves within one time-out, and nothing is sent without end.

use super::*;
use crate::fairness::{Cause, Manners, Subject, Trial, action_of};
use crate::station::{Command, Fault, FaultCode, JobUpdate, SecurityEventKind, StopReason};

pub(super) const CAUSES: [Cause<Bench>; 14] = [
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
    ("NotifyEvent", |bench| {
        let is_odd = bench.now / 100_000 % 2 == 1;
        let code = if is_odd { FaultCode::WeakSignal } else { FaultCode::HighTemperature };
        let fault = Fault { code, is_blocking: false, info: None, vendor_error_code: None, vendor_id: None };
        bench.input(Input::Fault(None));
        bench.input(Input::Fault(Some(fault)));
    }),
    ("MeterValues", |bench| bench.ask("TriggerMessage", &trigger("MeterValues"))),
    ("SecurityEventNotification", |bench| {
        let kind = SecurityEventKind::TamperDetectionActivated;
        bench.command(Command::SecurityEvent { kind, info: None, at: None, is_critical: None });
    }),
    ("NotifyReport", |bench| {
        bench.ask("GetBaseReport", &json!({"requestId": 1, "reportBase": "SummaryInventory"}));
    }),
    ("NotifyCustomerInformation", |bench| {
        let token = json!({"idToken": "TAG", "type": "Central"});
        bench.ask("CustomerInformation", &json!({"requestId": 1, "report": true, "clear": false, "idToken": token}));
    }),
    ("FirmwareStatusNotification", |bench| bench.ask("TriggerMessage", &trigger("FirmwareStatusNotification"))),
    ("LogStatusNotification", |bench| bench.ask("TriggerMessage", &trigger("LogStatusNotification"))),
    ("SignCertificate", |bench| bench.ask("TriggerMessage", &trigger("SignChargingStationCertificate"))),
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

pub(super) const MANNERS: Manners = Manners { kind_of: action_of, answer_to };

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
        "Authorize" => json!({"idTokenInfo": {"status": "Accepted"}}),
        "Heartbeat" => json!({"currentTime": wall(now).to_rfc3339()}),
        "DataTransfer" | "SignCertificate" => json!({"status": "Accepted"}),
        "BootNotification" => json!({"status": "Accepted", "currentTime": wall(now).to_rfc3339(), "interval": 300}),
        _ => json!({}),
    }
}

impl Bench {
    /// A command of the host, which may be one too many, or have nothing to do.
    pub(super) fn command(&mut self, command: Command) {
        let _ = self.station.handle(Instant::from_millis(self.now), Input::Command(command));
        self.settle();
    }

    /// A call of the CSMS whose answer is of no interest.
    pub(super) fn ask(&mut self, action: &str, payload: &Value) {
        self.requests += 1;
        self.frame(&json!([2, format!("r{}", self.requests), action, payload]));
    }
}

pub(super) fn with_three_evses(version: Dialect) -> StationConfig {
    let settings = [
        ("AuthCtrlr.AuthorizeRemoteStart", "false"),
        ("SampledDataCtrlr.TxUpdatedInterval", "0"),
        ("TxCtrlr.EVConnectionTimeOut", "20"),
        ("CpoName", "Org"),
    ];
    let config = config(&[version], &settings).with_evses(3);
    config.with(|config| config.policy.takes_unsigned_firmware = true)
}

/// A vehicle is at the last of them.
pub(super) fn station(config: StationConfig, version: Dialect) -> Bench {
    let mut bench = Bench::boot(config, version, Image::default(), 0);
    bench.checks_calls = false;
    bench.connect();
    bench.input(Input::Evse(EvseId(3), EvseInput::Cable(Cable::Connected)));
    bench
}

#[test]
fn no_kind_of_message_of_2_x_holds_another_back_for_longer_than_a_time_out() {
    for version in EDITIONS {
        let rest = |bench: &mut Bench| {
            bench.command(Command::Stop { evse: EvseId(3), reason: StopReason::Local, trigger: None });
        };
        let subject = &|| station(with_three_evses(version), version);
        Trial { causes: &CAUSES, subject, manners: MANNERS, rounds: 12, rest, at_most: 150 }.run();
    }
}
