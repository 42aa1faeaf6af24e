//! A store that confirms nothing any more (a worn flash, a full disk) is not given ever more, whatever is asked of the station.

use super::fairness::{CAUSES, MANNERS, station, with_four_evses};
use super::*;
use crate::fairness::{Cause, Storing, assert_bounded_while_the_store_stands_still, signed_update, surroundings};

const UNCONFIRMED: usize = 8;

/// What one cause may add to what waits already: the ends of four transactions, their readings and promises.
const SLACK: usize = 24;

const CALLS: [Cause<Bench>; 19] = [
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
        let update = signed_update(bench);
        bench.ask("SignedUpdateFirmware", &update);
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
];

impl Storing for Bench {
    const UPDATE: &'static str = "SignedUpdateFirmware";

    fn stop_confirming(&mut self) {
        self.confirms = false;
    }

    fn confirms(&self) -> bool {
        self.confirms
    }

    fn unconfirmed(&self) -> Vec<String> {
        self.unconfirmed.iter().map(|(_, op)| format!("{op:?}")).collect()
    }

    fn tell(&mut self, input: Input<'_>) {
        let _ = self.station.handle(Instant::from_millis(self.now), input);
        self.drain();
    }

    fn number(&mut self) -> u32 {
        self.requests += 1;
        self.requests
    }

    fn forget_jobs(&mut self) {
        self.jobs.clear();
    }

    fn open(&mut self) {
        Bench::open(self);
    }
}

#[test]
fn store_that_stands_still_is_not_given_ever_more() {
    let causes: Vec<Cause<Bench>> = CALLS.into_iter().chain(surroundings()).chain(CAUSES).collect();
    let mut config = with_four_evses();
    config.limits.unconfirmed = UNCONFIRMED;
    let subject = || station(config.clone());
    assert_bounded_while_the_store_stands_still(&causes, &subject, MANNERS, UNCONFIRMED + SLACK);
}
