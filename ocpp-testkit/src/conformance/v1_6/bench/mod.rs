//! What 1.6 adds to the bench.

mod answers;
mod as_csms;
mod as_station;
mod configuration;
mod tidy;

use std::collections::{BTreeMap, BTreeSet};

use ocpp_types::v1_6::Action;
use serde_json::Value;

use crate::conformance::bench::{self, Call, Edge};
use crate::conformance::pattern::Pattern;
use crate::conformance::{Case, Need, Role, Step};
use tidy::Traces;

pub use as_csms::Transaction;

/// A bench that speaks 1.6.
pub type Bench<'a> = bench::Bench<'a, V1_6>;

/// What a bench of 1.6 knows.
pub struct V1_6 {
    /// Transactions that run, with their start.
    transactions: BTreeMap<i64, Value>,
    last_transaction: i64,
    /// Numbers of transactions that the CSMS under test gave.
    given: BTreeSet<i64>,
    /// The last status of each connector.
    statuses: BTreeMap<i64, String>,
    /// What each connector was last reported to be, since the station connected or was asked for it.
    told: BTreeMap<i64, Value>,
    /// Whether the tokens are told to be of one group.
    is_grouped: bool,
    traces: Traces,
}

impl V1_6 {
    /// Nothing known yet.
    pub fn new(case: &Case) -> Self {
        V1_6 {
            transactions: BTreeMap::new(),
            // Unlike that of the case before, so that a repeated message of it is not taken for one of this case.
            last_transaction: 1_000
                + case.id.bytes().fold(0, |sum, byte| (sum * 31 + i64::from(byte)) % 1_000_000) * 10,
            given: BTreeSet::new(),
            statuses: BTreeMap::new(),
            told: BTreeMap::new(),
            is_grouped: false,
            traces: Traces::default(),
        }
    }
}

impl Edge for V1_6 {
    fn begin(bench: &mut Bench<'_>) -> Step {
        match bench.role {
            Role::Station => bench.station_boots(),
            Role::Csms => {
                bench.connect()?;
                bench.boot()
            }
        }
    }

    /// GetConfiguration told all at the beginning.
    fn learn(_: &mut Bench<'_>, _: &[Need]) -> Step {
        Ok(())
    }

    fn tidy(bench: &mut Bench<'_>) {
        let traces = std::mem::take(&mut bench.edge.traces);
        match bench.role {
            Role::Station => bench.mend_station(&traces),
            Role::Csms => bench.mend_csms(&traces),
        }
    }

    fn answer(bench: &mut Bench<'_>, action: &str, payload: &Value) -> Option<Value> {
        match bench.role {
            Role::Station => {
                let is_a_stations = action.parse().is_ok_and(|action: Action| action.direction().from_station());
                is_a_stations.then(|| bench.as_csms(action, payload))
            }
            Role::Csms => answers::as_station(action),
        }
    }

    fn follow(bench: &mut Bench<'_>, action: &str, payload: &Value, answer: Option<&Value>) -> Step {
        if bench.role == Role::Station { bench.follow_station(action, payload, answer) } else { Ok(()) }
    }

    fn may_come_any_time(bench: &Bench<'_>, call: &Call, wanted: &[Pattern]) -> bool {
        let action = call.action.as_str();
        // 1.6 §3.5.2: the CSMS says something else of a token than the list that it sent.
        if call.payload.get("errorCode").is_some_and(|code| code == "LocalListConflict") {
            return true;
        }
        if wanted.iter().any(|pattern| pattern.action == action) {
            return false;
        }
        match bench.role {
            Role::Station => matches!(action, "Heartbeat" | "MeterValues" | "SecurityEventNotification"),
            // What an operator's software does by itself, unless the case is about it.
            Role::Csms => {
                let is_housekeeping = matches!(
                    action,
                    "GetConfiguration"
                        | "ChangeConfiguration"
                        | "TriggerMessage"
                        | "GetLocalListVersion"
                        | "DataTransfer"
                );
                is_housekeeping && !bench.prepared.contains_key(action)
            }
        }
    }

    fn on_opened(bench: &mut Bench<'_>) {
        bench.edge.told.clear();
    }

    fn on_call(bench: &mut Bench<'_>, action: &str, payload: &Value) {
        let Ok(action) = action.parse::<Action>() else { return };
        bench.note_effect(action, payload);
        if action == Action::TriggerMessage {
            bench.edge.told.clear();
        }
    }

    fn on_answer(bench: &mut Bench<'_>, action: &str, payload: &Value) {
        if action == "StartTransaction" {
            // Also an answer that is not waited for any more began it.
            bench.edge.traces.begun.extend(payload.get("transactionId").and_then(Value::as_i64));
        }
    }
}
