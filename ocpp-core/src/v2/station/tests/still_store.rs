//! A store that confirms nothing any more (a worn flash, a full disk) is not given ever more, whatever is asked of the station.

use super::fairness::{CAUSES, MANNERS, station, with_three_evses};
use super::*;
use crate::fairness::{Cause, Storing, assert_bounded_while_the_store_stands_still};
use crate::station::{Command, JobUpdate, StopReason};

const UNCONFIRMED: usize = 8;

/// What one cause may add to what waits already: the ends of three transactions, their readings and promises.
const SLACK: usize = 24;

const CALLS: [Cause<Bench>; 29] = [
    ("ChangeAvailability", |bench| {
        let status = if bench.requests.is_multiple_of(2) { "Operative" } else { "Inoperative" };
        bench.ask("ChangeAvailability", &json!({"operationalStatus": status}));
    }),
    ("ClearCache", |bench| bench.ask("ClearCache", &json!({}))),
    ("SetVariables", |bench| bench.set("OCPPCommCtrlr", "HeartbeatInterval", &(bench.requests + 10).to_string())),
    ("password", |bench| bench.set("SecurityCtrlr", "BasicAuthPassword", &format!("{:020}", bench.requests))),
    ("SetNetworkProfile", |bench| {
        let profile = json!({
            "ocppVersion": "OCPP20", "ocppTransport": "JSON", "messageTimeout": 30, "securityProfile": 1,
            "ocppCsmsUrl": format!("ws://csms/{}", bench.requests), "ocppInterface": "Wired0",
        });
        bench.ask("SetNetworkProfile", &json!({"configurationSlot": 2, "connectionData": profile}));
    }),
    ("Reset Immediate", |bench| bench.ask("Reset", &json!({"type": "Immediate"}))),
    ("Reset OnIdle", |bench| bench.ask("Reset", &json!({"type": "OnIdle"}))),
    ("Reset of an EVSE", |bench| bench.ask("Reset", &json!({"type": "Immediate", "evseId": 1}))),
    ("RequestStart and RequestStop", |bench| {
        let token = json!({"idToken": "TAG", "type": "Central"});
        let start = json!({"idToken": token, "evseId": 3, "remoteStartId": bench.requests});
        bench.ask("RequestStartTransaction", &start);
        bench.ask("RequestStopTransaction", &json!({"transactionId": "unknown"}));
    }),
    ("UnlockConnector", |bench| bench.ask("UnlockConnector", &json!({"evseId": 1, "connectorId": 1}))),
    ("SendLocalList", |bench| {
        let entry = json!({"idToken": {"idToken": "A", "type": "Central"}, "idTokenInfo": {"status": "Accepted"}});
        let version = bench.requests + 1;
        let list = json!({"versionNumber": version, "updateType": "Full", "localAuthorizationList": [entry]});
        bench.ask("SendLocalList", &list);
    }),
    ("UpdateFirmware", |bench| {
        bench.ask("UpdateFirmware", &signed_firmware(bench));
    }),
    ("GetLog", |bench| {
        let log = json!({"remoteLocation": "ftp://h/l"});
        bench.ask("GetLog", &json!({"requestId": bench.requests, "logType": "SecurityLog", "log": log}));
    }),
    ("GetBaseReport", |bench| {
        bench.ask("GetBaseReport", &json!({"requestId": bench.requests, "reportBase": "FullInventory"}));
    }),
    ("CertificateSigned", |bench| bench.ask("CertificateSigned", &json!({"certificateChain": "PEM"}))),
    ("InstallCertificate", |bench| {
        bench.ask("InstallCertificate", &json!({"certificateType": "CSMSRootCertificate", "certificate": "PEM"}));
    }),
    ("DeleteCertificate", |bench| {
        let hash = json!({"hashAlgorithm": "SHA256", "issuerNameHash": "a", "issuerKeyHash": "b", "serialNumber": "1"});
        bench.ask("DeleteCertificate", &json!({"certificateHashData": hash}));
    }),
    ("TriggerMessage", |bench| bench.ask("TriggerMessage", &json!({"requestedMessage": "BootNotification"}))),
    ("DataTransfer", |bench| bench.ask("DataTransfer", &json!({"vendorId": "V"}))),
    ("words about uploads", |bench| {
        if bench.confirms {
            let log = json!({"remoteLocation": "ftp://h/l"});
            bench.ask("GetLog", &json!({"requestId": 1, "logType": "SecurityLog", "log": log, "retries": 9}));
        }
        bench.wait(60);
        for word in [JobUpdate::Fetched, JobUpdate::Paused, JobUpdate::Resumed, JobUpdate::Failed] {
            bench.input(Input::Job(JobId((1 << 32) + 1), word));
        }
        bench.jobs.clear();
    }),
    ("words about jobs", |bench| {
        if bench.confirms {
            bench.ask("UpdateFirmware", &signed_firmware(bench));
        }
        bench.wait(1);
        let job = |number| JobId((1_u64 << 32) + number);
        // The signer is checked, the firmware downloaded, then installed.
        bench.input(Input::Job(job(1), JobUpdate::Done));
        for word in [JobUpdate::Fetched, JobUpdate::Paused, JobUpdate::Resumed, JobUpdate::NeedsRestart] {
            bench.input(Input::Job(job(2), word));
        }
        // Whoever works on it says nothing else.
        bench.jobs.clear();
    }),
    ("session", |bench| {
        bench.input(Input::Token { evse: Some(EvseId(3)), token: IdToken::new("TAG") });
        bench.command(Command::stop(EvseId(3), StopReason::Local));
    }),
    ("tokens", |bench| {
        bench.requests += 1;
        let token = IdToken::new(&format!("TAG{}", bench.requests));
        bench.input(Input::Token { evse: Some(EvseId(3)), token });
    }),
    ("plug", |bench| {
        bench.cable(Cable::Absent);
        bench.cable(Cable::Connected);
    }),
    ("availability of the host", |bench| {
        let is_operative = bench.now % 2000 == 0;
        bench.command(Command::ChangeAvailability { evse: None, connector: None, is_operative });
    }),
    ("settings of the host", |bench| {
        let (key, value) = ("HeartbeatInterval".into(), (bench.now / 1000).to_string().into());
        bench.command(Command::Configure { key, value });
    }),
    ("a wrong clock", |bench| {
        let step = core::time::Duration::from_secs(3600 * (bench.now / 1000 % 7));
        bench.input(Input::Wall(wall(bench.now) + step));
    }),
    ("reconnections", |bench| {
        bench.close();
        bench.wait(400);
        bench.open();
    }),
    ("other version", |bench| {
        let is_2_1 = bench.version == Dialect::V2_1;
        bench.close();
        bench.wait(400);
        bench.open_as(if is_2_1 { Dialect::V2_0_1 } else { Dialect::V2_1 });
    }),
];

fn signed_firmware(bench: &Bench) -> Value {
    let at = wall(bench.now).to_rfc3339();
    let firmware =
        json!({"location": "ftp://h/f", "retrieveDateTime": at, "signingCertificate": "C", "signature": "S"});
    json!({"requestId": bench.requests, "firmware": firmware})
}

impl Bench {
    fn set(&mut self, component: &str, variable: &str, value: &str) {
        let data = json!([{
            "component": {"name": component}, "variable": {"name": variable}, "attributeValue": value,
        }]);
        self.ask("SetVariables", &json!({"setVariableData": data}));
    }
}

impl Storing for Bench {
    fn stop_confirming(&mut self) {
        self.confirms = false;
    }

    fn unconfirmed(&self) -> Vec<String> {
        self.unconfirmed.iter().map(|(_, op)| format!("{op:?}")).collect()
    }
}

#[test]
fn store_that_stands_still_is_not_given_ever_more() {
    for version in EDITIONS {
        let causes: Vec<Cause<Bench>> = CALLS.into_iter().chain(CAUSES).collect();
        let mut config = with_three_evses(version);
        config.hardware.resets_evses = true;
        config.limits.unconfirmed = UNCONFIRMED;
        let subject = || station(config.clone(), version);
        assert_bounded_while_the_store_stands_still(&causes, &subject, MANNERS, UNCONFIRMED + SLACK);
    }
}
