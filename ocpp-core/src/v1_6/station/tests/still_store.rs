//! A store that confirms nothing any more (a worn flash, a full disk) is not given ever more, whatever is asked of the station.

use super::fairness::{CAUSES, MANNERS, station, with_four_evses};
use super::*;
use crate::fairness::{Cause, Storing, assert_bounded_while_the_store_stands_still};
use crate::station::{Command, JobUpdate, StopReason};

const UNCONFIRMED: usize = 8;

/// What one cause may add to what waits already: the ends of four transactions, their readings and promises.
const SLACK: usize = 24;

const CALLS: [Cause<Bench>; 28] = [
    ("ChangeAvailability", |bench| {
        let kind = if bench.requests.is_multiple_of(2) { "Operative" } else { "Inoperative" };
        bench.ask("ChangeAvailability", &json!({"connectorId": 0, "type": kind}));
    }),
    ("ChangeConfiguration", |bench| {
        let value = bench.requests.to_string();
        bench.ask("ChangeConfiguration", &json!({"key": "HeartbeatInterval", "value": value}));
    }),
    ("AuthorizationKey", |bench| {
        let value = format!("{:040}", bench.requests);
        bench.ask("ChangeConfiguration", &json!({"key": "AuthorizationKey", "value": value}));
    }),
    ("ClearCache", |bench| bench.ask("ClearCache", &json!({}))),
    ("Reset Soft", |bench| bench.ask("Reset", &json!({"type": "Soft"}))),
    ("Reset Hard", |bench| bench.ask("Reset", &json!({"type": "Hard"}))),
    ("RemoteStart and RemoteStop", |bench| {
        bench.ask("RemoteStartTransaction", &json!({"idTag": "TAG", "connectorId": 3}));
        bench.ask("RemoteStopTransaction", &json!({"transactionId": bench.now / 1000}));
    }),
    ("UnlockConnector", |bench| bench.ask("UnlockConnector", &json!({"connectorId": 1}))),
    ("ReserveNow", |bench| {
        let until = wall(bench.now + 60_000).to_rfc3339();
        let reservation =
            json!({"connectorId": 1, "expiryDate": until, "idTag": "TAG", "reservationId": bench.requests});
        bench.ask("ReserveNow", &reservation);
    }),
    ("CancelReservation", |bench| bench.ask("CancelReservation", &json!({"reservationId": bench.requests}))),
    ("SendLocalList", |bench| {
        let list = json!([{"idTag": "A", "idTagInfo": {"status": "Accepted"}}]);
        let update = json!({"listVersion": bench.requests + 1, "updateType": "Full", "localAuthorizationList": list});
        bench.ask("SendLocalList", &update);
    }),
    ("SetChargingProfile", |bench| {
        let schedule = json!({"chargingRateUnit": "A", "chargingSchedulePeriod": [{"startPeriod": 0, "limit": 10}]});
        let profile = json!({
            "chargingProfileId": bench.requests, "stackLevel": 1, "chargingProfilePurpose": "TxDefaultProfile",
            "chargingProfileKind": "Relative", "chargingSchedule": schedule,
            "validTo": wall(bench.now + 20_000).to_rfc3339(),
        });
        bench.ask("SetChargingProfile", &json!({"connectorId": 1, "csChargingProfiles": profile}));
    }),
    ("ClearChargingProfile", |bench| bench.ask("ClearChargingProfile", &json!({}))),
    ("UpdateFirmware", |bench| {
        let at = wall(bench.now).to_rfc3339();
        bench.ask("UpdateFirmware", &json!({"location": "ftp://host/f", "retrieveDate": at}));
    }),
    ("SignedUpdateFirmware", |bench| {
        bench.ask("SignedUpdateFirmware", &signed_firmware(bench));
    }),
    ("GetLog", |bench| {
        let log = json!({"remoteLocation": "ftp://h/l"});
        bench.ask("GetLog", &json!({"requestId": bench.requests, "logType": "SecurityLog", "log": log}));
    }),
    ("CertificateSigned", |bench| bench.ask("CertificateSigned", &json!({"certificateChain": "PEM"}))),
    ("InstallCertificate", |bench| {
        let root = json!({"certificateType": "CentralSystemRootCertificate", "certificate": "PEM"});
        bench.ask("InstallCertificate", &root);
    }),
    ("DeleteCertificate", |bench| {
        let hash = json!({"hashAlgorithm": "SHA256", "issuerNameHash": "a", "issuerKeyHash": "b", "serialNumber": "1"});
        bench.ask("DeleteCertificate", &json!({"certificateHashData": hash}));
    }),
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
            bench.ask("SignedUpdateFirmware", &signed_firmware(bench));
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
        let value = (bench.now / 1000).to_string();
        bench.command(Command::Configure { key: "HeartbeatInterval".into(), value: value.into() });
    }),
    ("a wrong clock", |bench| {
        let step = core::time::Duration::from_secs(3600 * (bench.now / 1000 % 7));
        bench.input(Input::Wall(wall(bench.now) + step));
    }),
    ("reconnections", |bench| {
        bench.input(Input::Link(LinkInput::Closed));
        bench.sent.clear();
        bench.wait(400);
        bench.open();
    }),
];

fn signed_firmware(bench: &Bench) -> Value {
    let at = wall(bench.now).to_rfc3339();
    let firmware =
        json!({"location": "ftp://h/f", "retrieveDateTime": at, "signingCertificate": "C", "signature": "S"});
    json!({"requestId": bench.requests, "firmware": firmware})
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
    let causes: Vec<Cause<Bench>> = CALLS.into_iter().chain(CAUSES).collect();
    let mut config = with_four_evses();
    config.limits.unconfirmed = UNCONFIRMED;
    let subject = || station(config.clone());
    assert_bounded_while_the_store_stands_still(&causes, &subject, MANNERS, UNCONFIRMED + SLACK);
}
