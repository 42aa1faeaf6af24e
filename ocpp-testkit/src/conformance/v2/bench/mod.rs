//! What 2.0.1 and 2.1 add to the bench, which is the CSMS of the station under test.

mod answers;
mod boot;
mod ending;
mod follow;
mod session;
mod tidy;
mod variables;

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use crate::conformance::bench::{self, Call, Edge};
use crate::conformance::pattern::Pattern;
use crate::conformance::{Need, Step};
use follow::Running;
use tidy::Traces;

pub(super) use session::{CONNECTOR, entry, token};
pub(super) use variables::{Name, get_result, set_result};

/// The payload with one more member.
pub(super) fn with(mut payload: Value, name: &str, value: impl Into<Value>) -> Value {
    if let Some(members) = payload.as_object_mut() {
        members.insert(name.to_owned(), value.into());
    }
    payload
}

/// A bench that speaks 2.0.1 or 2.1.
pub(super) type Bench<'a> = bench::Bench<'a, V2>;

/// What a bench of 2.x knows.
#[derive(Default)]
pub struct V2 {
    /// The connectors of the station, each with its EVSE.
    places: BTreeSet<(u16, u16)>,
    /// Transactions that run.
    running: BTreeMap<String, Running>,
    /// Transactions that ended.
    ended: BTreeSet<String>,
    /// What each connector was last reported to be, since the station connected or was asked for it.
    told: BTreeMap<(u16, u16), String>,
    /// The last status of each connector.
    statuses: BTreeMap<(u16, u16), String>,
    /// EVSEs where a vehicle is.
    plugged: BTreeSet<u16>,
    /// EVSEs where the CSMS authorised somebody, and nothing was told of it yet.
    remote_starts: BTreeSet<u16>,
    /// What is said of a token, other than by its name.
    verdicts: BTreeMap<String, String>,
    /// The group of each token that has one.
    groups: BTreeMap<String, String>,
    /// Where transactions begin, and where they end.
    starts: Vec<String>,
    stops: Vec<String>,
    traces: Traces,
}

impl Edge for V2 {
    fn begin(bench: &mut Bench<'_>) -> Step {
        bench.station_boots()
    }

    fn learn(bench: &mut Bench<'_>, needs: &[Need]) -> Step {
        bench.learn_needs(needs)
    }

    fn tidy(bench: &mut Bench<'_>) {
        let traces = std::mem::take(&mut bench.edge.traces);
        bench.mend(&traces);
    }

    fn answer(bench: &mut Bench<'_>, action: &str, payload: &Value) -> Option<Value> {
        bench.as_csms(action, payload)
    }

    fn follow(bench: &mut Bench<'_>, action: &str, payload: &Value, answer: Option<&Value>) -> Step {
        bench.follow(action, payload, answer)
    }

    /// Readings of the clock and of an interval are as often as they are set; events of other kinds are few.
    fn may_come_any_time(_: &Bench<'_>, call: &Call, wanted: &[Pattern]) -> bool {
        match call.action.as_str() {
            "TransactionEvent" => {
                let trigger = call.payload.get("triggerReason").unwrap_or(&Value::Null);
                let is_update = call.payload.get("eventType").is_some_and(|kind| kind == "Updated");
                let is_reading = ["MeterValuePeriodic", "MeterValueClock"].iter().any(|one| trigger == one);
                is_update && is_reading && !wanted.iter().any(|pattern| pattern.wants("triggerReason", trigger))
            }
            "Heartbeat" | "MeterValues" | "SecurityEventNotification" => {
                !wanted.iter().any(|pattern| pattern.action == call.action)
            }
            _ => false,
        }
    }

    fn on_opened(bench: &mut Bench<'_>) {
        bench.edge.told.clear();
    }

    fn on_call(bench: &mut Bench<'_>, action: &str, payload: &Value) {
        bench.note_effect(action, payload);
        if action == "TriggerMessage" {
            bench.edge.told.clear();
        }
    }

    fn on_answer(_: &mut Bench<'_>, _: &str, _: &Value) {}
}
