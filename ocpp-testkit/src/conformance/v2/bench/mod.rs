//! What 2.0.1 and 2.1 add to the bench.

mod answers;
mod as_station;
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
use crate::conformance::{Case, Need, Role, Step};
use as_station::Told;
use follow::Running;
use tidy::Traces;

pub(super) use as_station::{Event, reading};
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
    /// Whether the CSMS under test has not heard of the bench before the case.
    is_new: bool,
    /// Transactions that the bench began as a station, and did not end.
    reported: BTreeMap<String, Told>,
    begun: u32,
    traces: Traces,
}

impl V2 {
    /// Nothing known yet.
    pub fn new(case: &Case) -> Self {
        V2 { is_new: case.needs.contains(&Need::FirstBootPending), ..V2::default() }
    }
}

impl Edge for V2 {
    fn begin(bench: &mut Bench<'_>) -> Step {
        match bench.role {
            Role::Station => bench.station_boots(),
            Role::Csms if bench.edge.is_new => bench.connect(),
            Role::Csms => {
                bench.connect()?;
                bench.boots_for("PowerUp")
            }
        }
    }

    fn learn(bench: &mut Bench<'_>, needs: &[Need]) -> Step {
        bench.learn_needs(needs)
    }

    fn tidy(bench: &mut Bench<'_>) {
        let traces = std::mem::take(&mut bench.edge.traces);
        match bench.role {
            Role::Station => bench.mend(&traces),
            Role::Csms => bench.mend_csms(),
        }
    }

    fn answer(bench: &mut Bench<'_>, action: &str, payload: &Value) -> Option<Value> {
        match bench.role {
            Role::Station => bench.as_csms(action, payload),
            Role::Csms => as_station::by_itself(action, payload),
        }
    }

    fn follow(bench: &mut Bench<'_>, action: &str, payload: &Value, answer: Option<&Value>) -> Step {
        if bench.role == Role::Station { bench.follow(action, payload, answer) } else { Ok(()) }
    }

    /// Readings of the clock and of an interval are as often as they are set; events of other kinds are few.
    fn may_come_any_time(bench: &Bench<'_>, call: &Call, wanted: &[Pattern]) -> bool {
        if bench.role == Role::Csms {
            return as_station::is_housekeeping(&call.action)
                && !bench.prepared.contains_key(&call.action)
                && !wanted.iter().any(|pattern| pattern.action == call.action);
        }
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
