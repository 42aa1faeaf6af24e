//! Resets of the station and of an EVSE (B11, B12).

use serde_json::json;

use super::status;
use crate::conformance::v2::{Bench, Event, case};
use crate::conformance::{Case, Step, Stop};

pub(super) const CASES: &[Case] = &[
    case("TC_B_20_CSMS", "Reset on idle, nobody charges", "B11.FR.04", &[], idle),
    case("TC_B_21_CSMS", "Reset on idle, somebody charges", "B12.FR.01, B12.FR.03, E07.FR.03", &[], |bench| {
        let transaction = bench.told_charging()?;
        order(bench, "OnIdle", None, "Scheduled")?;
        ends_by_itself(bench, &transaction)?;
        reboots(bench, "ScheduledReset")
    }),
    case("TC_B_22_CSMS", "Reset at once, somebody charges", "B12.FR.04", &[], |bench| {
        let transaction = bench.told_charging()?;
        order(bench, "Immediate", None, "Accepted")?;
        bench.tells(&transaction, cut_off())?;
        reboots(bench, "RemoteReset")
    }),
    case("TC_B_25_CSMS", "Reset an EVSE where nobody charges", "B11.FR.04", &[], |bench| {
        order(bench, "OnIdle", Some(bench.values.connector), "Accepted")
    }),
    case("TC_B_26_CSMS", "Reset an EVSE on idle, where somebody charges", "B12.FR.07", &[], |bench| {
        let transaction = bench.told_charging()?;
        order(bench, "OnIdle", Some(bench.values.connector), "Scheduled")?;
        ends_by_itself(bench, &transaction)
    }),
    case("TC_B_27_CSMS", "Reset an EVSE at once, where somebody charges", "B12.FR.08", &[], |bench| {
        let transaction = bench.told_charging()?;
        order(bench, "Immediate", Some(bench.values.connector), "Accepted")?;
        bench.tells(&transaction, cut_off())
    }),
];

fn order(bench: &mut Bench<'_>, kind: &str, evse: Option<u16>, verdict: &str) -> Step {
    let request = match evse {
        Some(evse) => json!({ "type": kind, "evseId": evse }),
        None => json!({ "type": kind }),
    };
    let call = bench.order("Reset", request, status(verdict))?;
    match evse.is_none() && call.payload.get("evseId").is_some_and(|evse| *evse != 0) {
        true => Err(Stop::Failed(format!("one EVSE alone: {}", call.payload))),
        false => Ok(()),
    }
}

fn cut_off() -> Event {
    Event::ended("ResetCommand", "ImmediateReset").state("EVConnected")
}

fn ends_by_itself(bench: &mut Bench<'_>, transaction: &str) -> Step {
    let token = bench.values.token.clone();
    let stopped = Event::updated("StopAuthorized").state("EVConnected").token(&token, ["Accepted"]);
    bench.tells(transaction, stopped)?;
    bench.tells(transaction, Event::ended("EVCommunicationLost", "EVDisconnected").state("Idle"))
}

pub(super) fn reboots(bench: &mut Bench<'_>, reason: &str) -> Step {
    bench.go_offline()?;
    bench.connect()?;
    bench.boots_for(reason)
}

fn idle(bench: &mut Bench<'_>) -> Step {
    order(bench, "OnIdle", None, "Accepted")?;
    reboots(bench, "RemoteReset")
}
