//! A store that confirms nothing any more (a worn flash, a full disk) is not given ever more, whatever is asked of the station.

use super::fairness::{CAUSES, MANNERS, station, with_three_evses};
use super::*;
use crate::fairness::{Cause, Storing, assert_bounded_while_the_store_stands_still, signed_update, surroundings};

const UNCONFIRMED: usize = 8;

/// What one cause may add to what waits already: the ends of three transactions, their readings and promises.
const SLACK: usize = 24;

const CALLS: [Cause<Bench>; 21] = [
    ("ChangeAvailability", |bench| {
        let status = if bench.requests.is_multiple_of(2) { "Operative" } else { "Inoperative" };
        bench.ask("ChangeAvailability", &json!({"operationalStatus": status}));
    }),
    ("ClearCache", |bench| bench.ask("ClearCache", &json!({}))),
    ("CustomerInformation", |bench| {
        let token = json!({"idToken": "TAG", "type": "Central"});
        bench.ask(
            "CustomerInformation",
            &json!({"requestId": bench.requests, "report": true, "clear": true, "idToken": token}),
        );
    }),
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
        let update = signed_update(bench);
        bench.ask("UpdateFirmware", &update);
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
    ("other version", |bench| {
        let is_2_1 = bench.version == Dialect::V2_1;
        bench.close();
        bench.wait(400);
        bench.open_as(if is_2_1 { Dialect::V2_0_1 } else { Dialect::V2_1 });
    }),
];

impl Bench {
    fn set(&mut self, component: &str, variable: &str, value: &str) {
        let data = json!([{
            "component": {"name": component}, "variable": {"name": variable}, "attributeValue": value,
        }]);
        self.ask("SetVariables", &json!({"setVariableData": data}));
    }
}

impl Storing for Bench {
    const UPDATE: &'static str = "UpdateFirmware";

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
        self.settle();
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
    for version in EDITIONS {
        let causes: Vec<Cause<Bench>> = CALLS.into_iter().chain(surroundings()).chain(CAUSES).collect();
        let mut config = with_three_evses(version);
        config.hardware.resets_evses = true;
        config.limits.unconfirmed = UNCONFIRMED;
        let subject = || station(config.clone(), version);
        assert_bounded_while_the_store_stands_still(&causes, &subject, MANNERS, UNCONFIRMED + SLACK);
    }
}
