//! What the CSMS has the station keep: settings, the local list, what is out of service, and restarts.

use std::time::Duration;

use ocpp_core::csms::{BootReason, Command, Fact, Place, ResetKind};
use ocpp_core::station::EvseConfig;
use ocpp_rpc::Dialect;
use serde_json::{Value, json};

use super::requests::{self, Setting, ask, call, is_accepted, lost, possible, undisturbed};
use super::scenarios::{cable_pulled, session, two_evses};
use crate::checks::{Failure, Violation};
use crate::pair::{Pair, PairConfig, Step};

const INTERVAL: Setting =
    Setting { key: "MeterValueSampleInterval", component: "SampledDataCtrlr", variable: "TxUpdatedInterval" };

/// Twice, in a session.
pub(super) fn setting_changed(version: Dialect) -> Vec<(u64, Step)> {
    let changes = [(30, INTERVAL.set(version, "45")), (100, INTERVAL.set(version, "50"))];
    session(1).into_iter().chain(changes).collect()
}

pub(super) fn setting_is_kept(pair: &mut Pair) -> Result<(), Failure> {
    INTERVAL.is_kept(pair)
}

fn service(place: Place, is_operative: bool) -> Step {
    Step::Csms(Command::ChangeAvailability { place, is_operative })
}

/// In the middle of the session, and so for its end (1.6 §5.2, 2.x G03.FR.05).
pub(super) fn taken_out() -> Vec<(u64, Step)> {
    session(1).into_iter().chain([(30, service(Place::numbered(1), false))]).collect()
}

/// The second EVSE has two connectors, which are 2 and 3 in 1.6.
pub(super) fn three_connectors() -> PairConfig {
    let mut config = two_evses();
    if let Some(second) = config.station.hardware.evses.last_mut() {
        *second = EvseConfig::with_kinds(&["cCCS2", "cType2"]);
    }
    config
}

/// An EVSE in its transaction; connectors of another one before, of which one comes back after it.
pub(super) fn parts_taken_out(version: Dialect) -> Vec<(u64, Step)> {
    let second = |connector| match version {
        Dialect::V1_6 => Place::numbered(1 + connector),
        Dialect::V2_0_1 | Dialect::V2_1 => Place::new(Some(2), Some(connector)),
    };
    let out = [(15, second(1)), (20, second(2)), (30, Place::new(Some(1), None))];
    let changes = out.map(|(at, place)| (at, service(place, false)));
    session(1).into_iter().chain(changes).chain([(260, service(second(1), true))]).collect()
}

/// What was accepted to be out of service, at once or after the session, is, and nothing else.
pub(super) fn service_is_as_accepted(pair: &mut Pair) -> Result<(), Failure> {
    // Long enough for a station that has just booted to tell its statuses.
    pair.run_for(Duration::from_secs(5))?;
    let statuses = pair.csms.facts().iter().filter_map(|fact| match fact {
        Fact::Status(report) if !report.place.is_station() => Some((report.place, report.status.to_string())),
        _ => None,
    });
    let mut last: Vec<(Place, String)> = Vec::new();
    for (place, status) in statuses {
        last.retain(|(known, _)| *known != place);
        last.push((place, status));
    }
    for (place, status) in last {
        let concerns = |wanted: &Place| {
            wanted.evse() == place.evse() && wanted.connector().is_none_or(|_| wanted.connector() == place.connector())
        };
        let orders = pair.csms.orders().filter_map(|(command, result)| match command {
            Command::ChangeAvailability { place, is_operative } if concerns(place) => Some((*is_operative, result)),
            _ => None,
        });
        let possible = possible(true, orders);
        if !possible.contains(&(status != "Unavailable")) {
            return Err(lost(pair, &format!("service of {place}"), format!("one of {possible:?}"), Some(status)));
        }
    }
    let is_taken = pair.csms.orders().all(|(_, result)| result.is_some_and(is_accepted));
    undisturbed(pair, is_taken)
}

/// In the session, which it waits for in 2.x, and at once after it.
pub(super) fn reset() -> Vec<(u64, Step)> {
    let reset = |kind| Step::Csms(Command::Reset { kind, evse: None });
    cable_pulled().into_iter().chain([(90, reset(ResetKind::OnIdle)), (200, reset(ResetKind::Immediate))]).collect()
}

/// A restart that was promised came about, and each that the station ordered was told of in 2.x, but for those that a power cut hid.
pub(super) fn resets_came_about(pair: &mut Pair) -> Result<(), Failure> {
    let promised = pair.csms.orders().filter(|(_, result)| result.is_some_and(is_accepted)).count();
    let restarts = pair.station.boots() - 1;
    let ordered = pair.station.restarts_ordered();
    if promised > 0 && restarts == 0 {
        return Err(pair.fail(Violation::Promise("a reset that did not come about".to_owned())));
    }
    let is_told = |fact: &&Fact| match fact {
        Fact::Booted(booted) => {
            matches!(booted.station.boot_reason, Some(BootReason::RemoteReset | BootReason::ScheduledReset))
        }
        _ => false,
    };
    let told = pair.csms.facts().iter().filter(is_told).count() as u64;
    if pair.csms.spoken != Dialect::V1_6 && told + (restarts - ordered) < ordered {
        let text = format!("{told} of {ordered} resets were told, with {restarts} restarts");
        return Err(pair.fail(Violation::Promise(text)));
    }
    undisturbed(pair, promised == 2 && ordered == 2)
}

/// A list of three parts, and then a change of it that needs two.
pub(super) fn local_list(version: Dialect) -> Vec<(u64, Step)> {
    let token = |n: u32| match version {
        Dialect::V1_6 => json!({"idTag": format!("T{n}"), "idTagInfo": {"status": "Accepted"}}),
        Dialect::V2_0_1 | Dialect::V2_1 => {
            json!({"idToken": {"idToken": format!("T{n}"), "type": "Central"}, "idTokenInfo": {"status": "Accepted"}})
        }
    };
    let send = |kind: &str, number: u32, tokens: std::ops::Range<u32>| {
        let tokens: Vec<Value> = tokens.map(token).collect();
        let payload = json!({number_of_list(version): number, "updateType": kind, "localAuthorizationList": tokens});
        call("SendLocalList", &payload.to_string())
    };
    vec![(5, send("Full", 1, 0..60)), (10, send("Differential", 2, 40..80))]
}

fn number_of_list(version: Dialect) -> &'static str {
    match version {
        Dialect::V1_6 => "listVersion",
        Dialect::V2_0_1 | Dialect::V2_1 => "versionNumber",
    }
}

/// The list is that of the last update that was answered, or a later one, and never half of one.
pub(super) fn list_is_whole(pair: &mut Pair) -> Result<(), Failure> {
    let orders = (1..).zip(pair.csms.orders()).map(|(number, (_, result))| (number, result));
    let possible: Vec<i64> = possible(0, orders);
    let answer = ask(pair, "GetLocalListVersion", "{}")?;
    let answer: Value = serde_json::from_str(&answer).unwrap_or_default();
    let found = answer.get(number_of_list(pair.csms.spoken)).and_then(Value::as_i64);
    if !found.is_some_and(|found| possible.contains(&found)) {
        let found = found.map(|found| found.to_string());
        return Err(lost(pair, "version of the local list", format!("one of {possible:?}"), found));
    }
    undisturbed(pair, possible == [2] && requests::was_accepted(pair, "SendLocalList"))
}
