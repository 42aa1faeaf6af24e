//! Answers first: what a request brings about is told after the request was answered, also when the answer waits.

use super::*;
use crate::station::{JobUpdate, Lock};

const SETTINGS: &[(&str, &str)] = &[
    ("SecurityProfile", "1"),
    ("CpoName", "The CPO"),
    ("MeterValueSampleInterval", "0"),
    ("AuthorizeRemoteTxRequests", "true"),
];

fn idle() -> Bench {
    let mut bench = Bench::accepted(SETTINGS);
    bench.answer("SecurityEventNotification", &json!({}));
    bench
}

fn charging() -> Bench {
    let mut bench = idle();
    bench.start();
    bench.answer("StartTransaction", &json!({"transactionId": 77, "idTagInfo": {"status": "Accepted"}}));
    bench.charge();
    bench.answer_all("StatusNotification", &json!({}));
    bench
}

fn charging_locked() -> Bench {
    let mut bench = charging();
    bench.input(Input::Evse(EVSE, EvseInput::Lock(Lock::Locked)));
    bench
}

fn reserved() -> Bench {
    let mut bench = idle();
    bench.request("ReserveNow", &reservation());
    bench.answer_all("StatusNotification", &json!({}));
    bench
}

fn uploading() -> Bench {
    let mut bench = idle();
    bench.request("GetDiagnostics", &json!({"location": "ftp://host/logs"}));
    bench.answer("DiagnosticsStatusNotification", &json!({}));
    bench.jobs.clear();
    bench
}

fn plain() -> Bench {
    Bench::accepted(&[])
}

fn contradicted() -> Bench {
    let mut bench = idle();
    bench.request("SendLocalList", &list(1));
    bench.swipe("A");
    bench.answer("Authorize", &json!({"idTagInfo": {"status": "Blocked"}}));
    bench.answer_all("StatusNotification", &json!({}));
    bench
}

fn list(version: i64) -> Value {
    let entry = json!({"idTag": "A", "idTagInfo": {"status": "Accepted"}});
    json!({"listVersion": version, "updateType": "Full", "localAuthorizationList": [entry]})
}

fn reservation() -> Value {
    json!({"connectorId": 1, "expiryDate": wall(3_600_000).to_rfc3339(), "idTag": "ONE", "reservationId": 3})
}

fn no_current() -> Value {
    let periods = json!([{"startPeriod": 0, "limit": 0}]);
    json!({"connectorId": 1, "csChargingProfiles": {
        "chargingProfileId": 1, "stackLevel": 0, "chargingProfilePurpose": "TxDefaultProfile", "chargingProfileKind": "Relative",
        "chargingSchedule": {"chargingRateUnit": "A", "chargingSchedulePeriod": periods}}})
}

/// A state, a request in it, and a call that it brings about.
type Case = (fn() -> Bench, &'static str, Value, &'static str);

fn cases() -> Vec<Case> {
    let availability = |kind: &str| json!({"connectorId": 0, "type": kind});
    let extended = |message: &str| json!({"requestedMessage": message});
    let signed = json!({"requestId": 4, "firmware": {"location": "https://host/new.bin", "signature": "Zml0",
        "retrieveDateTime": wall(0).to_rfc3339(), "signingCertificate": "PEM"}});
    Vec::from([
        (idle as fn() -> Bench, "ChangeAvailability", availability("Inoperative"), "StatusNotification"),
        (idle, "ReserveNow", reservation(), "StatusNotification"),
        (reserved, "CancelReservation", json!({"reservationId": 3}), "StatusNotification"),
        (contradicted, "SendLocalList", list(2), "StatusNotification"),
        (charging, "SetChargingProfile", no_current(), "StatusNotification"),
        (plain, "ChangeConfiguration", json!({"key": "HeartbeatInterval", "value": "1"}), "Heartbeat"),
        (
            plain,
            "UpdateFirmware",
            json!({"location": "https://host/new.bin", "retrieveDate": wall(0).to_rfc3339()}),
            "FirmwareStatusNotification",
        ),
        (idle, "SignedUpdateFirmware", signed, "SignedFirmwareStatusNotification"),
        (uploading, "GetDiagnostics", json!({"location": "ftp://host/logs"}), "DiagnosticsStatusNotification"),
        (
            idle,
            "GetLog",
            json!({"logType": "SecurityLog", "requestId": 1, "log": {"remoteLocation": "https://host/logs"}}),
            "LogStatusNotification",
        ),
        (idle, "RemoteStartTransaction", json!({"idTag": "TAG", "connectorId": 1}), "Authorize"),
        (charging, "RemoteStopTransaction", json!({"transactionId": 77}), "StatusNotification"),
        (charging, "Reset", json!({"type": "Soft"}), "StatusNotification"),
        (charging_locked, "UnlockConnector", json!({"connectorId": 1}), "StatusNotification"),
        (idle, "TriggerMessage", json!({"requestedMessage": "StatusNotification"}), "StatusNotification"),
        (idle, "TriggerMessage", json!({"requestedMessage": "MeterValues", "connectorId": 1}), "MeterValues"),
        (idle, "ExtendedTriggerMessage", extended("LogStatusNotification"), "LogStatusNotification"),
        (idle, "ExtendedTriggerMessage", extended("SignChargePointCertificate"), "SignCertificate"),
    ])
}

#[test]
fn answer_leaves_before_the_calls_that_its_request_brings_about() {
    for (state, action, payload, effect) in cases() {
        let mut bench = state();
        assert_eq!(bench.sent, Vec::<Value>::new(), "{action}: at rest");
        bench.confirms = false;
        bench.frame(&json!([2, "r", action, payload]));
        // What the host is asked for on the way.
        for (id, job) in core::mem::take(&mut bench.jobs) {
            let word =
                if matches!(job, Job::CreateCsr { .. }) { JobUpdate::Csr("CSR".into()) } else { JobUpdate::Done };
            bench.input(Input::Job(id, word));
        }
        bench.wait(3);
        assert!(bench.sent.first().is_none_or(|frame| frame[0] == 3), "{action}: {:?} left first", bench.sent);
        bench.confirms = true;
        bench.confirm();
        bench.drain();
        if action == "UnlockConnector" {
            assert_eq!(bench.sent, Vec::<Value>::new(), "the lock has not moved");
            bench.input(Input::Evse(EVSE, EvseInput::Lock(Lock::Unlocked)));
        }
        bench.wait(1);
        let first = bench.sent.remove(0);
        assert_eq!(first[0], 3, "{action}: {first} {:?}", bench.sent);
        let mut told = Vec::new();
        while !bench.sent.is_empty() {
            let called = bench.sent[0][2].as_str().unwrap().to_owned();
            let answer = json!({"status": "Accepted", "currentTime": wall(bench.now).to_rfc3339(),
                "idTagInfo": {"status": "Accepted"}});
            bench.answer(&called, &answer);
            told.push(called);
        }
        assert!(told.iter().any(|called| called == effect), "{action}: {told:?}");
    }
}

/// A store that does not answer silences nobody for long.
#[test]
fn answer_that_cannot_be_given_holds_calls_up_for_a_while_only() {
    let mut bench = idle();
    bench.confirms = false;
    bench.frame(&json!([2, "r", "ReserveNow", reservation()]));
    bench.wait(9);
    assert_eq!(bench.sent, Vec::<Value>::new());
    bench.wait(1);
    assert_eq!(bench.statuses(), ["1 Reserved"]);
    // Nor do requests that never end.
    let mut bench = charging_locked();
    bench.opens = false;
    for number in 0..4 {
        bench.frame(&json!([2, format!("u{number}"), "UnlockConnector", {"connectorId": 1}]));
        bench.wait(5);
    }
    assert!(bench.sent.iter().any(|frame| frame[2] == "StatusNotification"), "{:?}", bench.sent);
}
