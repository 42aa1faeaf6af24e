//! Messages that the CSMS asks for (F06).

use chrono::TimeDelta;
use serde_json::{Value, json};

use super::firmware::{self, UPDATE};
use crate::conformance::pattern::{Pattern, request, status};
use crate::conformance::v2::bench::{Bench, CONNECTOR, with};
use crate::conformance::v2::case;
use crate::conformance::{Case, Need, Step};

const JOBS: &[Need] = &[Need::FileServer];

pub(super) const CASES: &[Case] = &[
    case("TC_F_11_CS", "Readings of an EVSE", "F06.FR.02, F06.FR.04 to F06.FR.06, F06.FR.10", &[], |bench| {
        let evse = bench.values.connector;
        triggers(bench, "MeterValues", json!({ "id": evse }), "Accepted")?;
        bench.expect(readings(evse)).map(|_| ())
    }),
    case("TC_F_12_CS", "Readings of all EVSEs", "F06.FR.04 to F06.FR.06, F06.FR.10, F06.FR.11", &[], |bench| {
        triggers(bench, "MeterValues", Value::Null, "Accepted")?;
        let all: Vec<Pattern> = bench.evses().into_iter().map(readings).collect();
        bench.gather(&all, &[]).map(|_| ())
    }),
    case("TC_F_13_CS", "An event of an EVSE", "F06.FR.02, F06.FR.04, F06.FR.05, F06.FR.07, F06.FR.10", &[], |bench| {
        let evse = bench.values.connector;
        bench.charging(evse)?;
        triggers(bench, "TransactionEvent", json!({ "id": evse }), "Accepted")?;
        let event = triggered(bench, evse);
        bench.expect(event).map(|_| ())
    }),
    case(
        "TC_F_14_CS",
        "An event of all EVSEs",
        "F06.FR.04, F06.FR.05, F06.FR.07, F06.FR.10, F06.FR.11",
        &[],
        |bench| {
            let evses = bench.evses();
            let tokens = [bench.values.token.clone(), bench.values.token2.clone()];
            for (evse, token) in evses.iter().zip(tokens.iter().cycle()) {
                bench.charging_with(*evse, token)?;
            }
            triggers(bench, "TransactionEvent", Value::Null, "Accepted")?;
            let all: Vec<Pattern> = evses.into_iter().map(|evse| triggered(bench, evse).is("evse.id", evse)).collect();
            bench.gather(&all, &[]).map(|_| ())
        },
    ),
    case("TC_F_15_CS", "The state of an upload, idle", "F06.FR.04, F06.FR.05, F06.FR.10, F06.FR.15", &[], |bench| {
        triggers(bench, "LogStatusNotification", Value::Null, "Accepted")?;
        bench.expect(request("LogStatusNotification").is("status", "Idle")).map(|_| ())
    }),
    case(
        "TC_F_16_CS",
        "The state of an upload under way",
        "F06.FR.04, F06.FR.05, F06.FR.10, F06.FR.14",
        JOBS,
        |bench| {
            let log = json!({ "remoteLocation": bench.values.files });
            let wanted = json!({ "logType": "DiagnosticsLog", "requestId": 9, "log": log });
            bench.ask("GetLog", wanted, status("Accepted"))?;
            let uploading = request("LogStatusNotification").is("status", "Uploading").is("requestId", 9);
            bench.expect(uploading.clone())?;
            triggers(bench, "LogStatusNotification", Value::Null, "Accepted")?;
            bench.expect(uploading)?;
            let done = request("LogStatusNotification").is("status", "Uploaded").is("requestId", 9);
            bench.expect_within(bench.values.boot_patience, done).map(|_| ())
        },
    ),
    case(
        "TC_F_17_CS",
        "The state of an update, though an EVSE is named",
        "F06.FR.03 to F06.FR.05, F06.FR.10",
        &[],
        |bench| {
            let evse = bench.values.connector;
            triggers(bench, "FirmwareStatusNotification", json!({ "id": evse }), "Accepted")?;
            bench.expect(request("FirmwareStatusNotification").is("status", "Idle")).map(|_| ())
        },
    ),
    case(
        "TC_F_18_CS",
        "The state of an update, idle",
        "F06.FR.04, F06.FR.05, F06.FR.10, F06.FR.16, L01.FR.25",
        &[],
        |bench| {
            triggers(bench, "FirmwareStatusNotification", Value::Null, "Accepted")?;
            bench.expect(request("FirmwareStatusNotification").is("status", "Idle").absent("requestId")).map(|_| ())
        },
    ),
    case(
        "TC_F_19_CS",
        "The state of an update under way",
        "F06.FR.04, F06.FR.05, F06.FR.10, L01.FR.26",
        UPDATE,
        |bench| {
            firmware::order(bench, 5, TimeDelta::hours(-2), None, "Accepted")?;
            bench.expect(firmware::progress(5, "Downloading"))?;
            triggers(bench, "FirmwareStatusNotification", Value::Null, "Accepted")?;
            bench.expect(firmware::progress(5, "Downloading"))?;
            firmware::installs(bench, 5, &["Downloaded", "SignatureVerified"])
        },
    ),
    case("TC_F_20_CS", "A heartbeat", "F06.FR.04, F06.FR.05, F06.FR.10", &[], |bench| {
        triggers(bench, "Heartbeat", Value::Null, "Accepted")?;
        // Sooner than the next one would come by itself.
        let soon = bench.values.settle;
        bench.expect_within(soon, request("Heartbeat")).map(|_| ())
    }),
    case("TC_F_23_CS", "The status of a free connector", "F06.FR.02, F06.FR.04, F06.FR.05, F06.FR.10", &[], |bench| {
        let evse = bench.values.connector;
        triggers(bench, "StatusNotification", json!({ "id": evse, "connectorId": CONNECTOR }), "Accepted")?;
        bench.expect(Bench::status(evse, "Available")).map(|_| ())
    }),
    case(
        "TC_F_24_CS",
        "The status of an occupied connector",
        "F06.FR.02, F06.FR.04, F06.FR.05, F06.FR.10",
        &[],
        |bench| {
            let evse = bench.values.connector;
            bench.precondition("EVConnectedPreSession", |bench| bench.ev_connected(evse))?;
            triggers(bench, "StatusNotification", json!({ "id": evse, "connectorId": CONNECTOR }), "Accepted")?;
            bench.expect(Bench::status(evse, "Occupied")).map(|_| ())
        },
    ),
    case("TC_F_26_CS", "No boot of a station that is accepted", "F06.FR.04, F06.FR.05, F06.FR.17", &[], |bench| {
        triggers(bench, "BootNotification", Value::Null, "Rejected")?;
        bench.quiet(bench.values.settle)
    }),
    case("TC_F_27_CS", "A message that the station does not have", "F06.FR.08", &[], |bench| {
        triggers(bench, "SignCombinedCertificate", Value::Null, "NotImplemented")?;
        bench.quiet(bench.values.settle)
    }),
];

fn triggers(bench: &mut Bench<'_>, message: &str, place: Value, verdict: &str) -> Step {
    let mut request = json!({ "requestedMessage": message });
    if !place.is_null() {
        request = with(request, "evse", place);
    }
    bench.ask("TriggerMessage", request, status(verdict)).map(|_| ())
}

fn readings(evse: u16) -> Pattern {
    request("MeterValues").is("evseId", evse).is("meterValue.0.sampledValue.0.context", "Trigger")
}

fn triggered(bench: &Bench<'_>, evse: u16) -> Pattern {
    bench.event(evse, "Trigger", "Charging").is("meterValue.0.sampledValue.0.context", "Trigger")
}
