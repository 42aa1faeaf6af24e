//! Reset (B11, B12).

use serde_json::json;

use crate::conformance::pattern::{Pattern, answer, status};
use crate::conformance::v2::bench::Bench;
use crate::conformance::v2::case;
use crate::conformance::{Case, Need, Step, Stop};

const ALONE: &[Need] = &[Need::EvseReset];

pub(super) const CASES: &[Case] = &[
    case("TC_B_20_CS", "An idle station restarts", "B11.FR.01, B11.FR.03, B11.FR.04, B01.FR.03", &[], |bench| {
        bench.reset("OnIdle")?;
        bench.booted(["RemoteReset", "ScheduledReset"])
    }),
    case("TC_B_21_CS", "A restart waits for the transaction", "B12.FR.01, B12.FR.03", &[], |bench| on_idle(bench, 1)),
    case("TC_B_22_CS", "A restart ends the transaction", "B12.FR.02, B12.FR.04, E07.FR.03, B01.FR.03", &[], immediate),
    case("TC_B_23_CS", "A connector stays out of service", "B11.FR.05, G03.FR.08", &[], stays_unavailable),
    case(
        "TC_B_41_CS",
        "A restart waits for all transactions",
        "B12.FR.01, B12.FR.03, E07.FR.03",
        &[Need::Connectors(2)],
        |bench| on_idle(bench, 2),
    ),
    case("TC_B_25_CS", "An EVSE restarts", "B11.FR.01, B11.FR.08, B11.FR.10", ALONE, |bench| {
        resets_an_evse(bench, "OnIdle", "Accepted")
    }),
    case("TC_B_26_CS", "A restart of an EVSE waits for its transaction", "B12.FR.01, B12.FR.07", ALONE, evse_on_idle),
    case(
        "TC_B_27_CS",
        "A restart of an EVSE ends its transaction",
        "B12.FR.02, B12.FR.08, E07.FR.03",
        ALONE,
        evse_at_once,
    ),
    case("TC_B_28_CS", "An EVSE alone is not restarted", "B11.FR.09, B12.FR.09", &[], |bench| {
        refuses_an_evse(bench, "OnIdle")
    }),
    case("TC_B_29_CS", "An EVSE alone is not restarted with a transaction", "B12.FR.01, B12.FR.09", &[], |bench| {
        bench.charging(bench.values.connector)?;
        refuses_an_evse(bench, "OnIdle")
    }),
];

/// What the station tells after a boot, when it has ended the transactions at these EVSEs, whose vehicles are still there.
fn statuses(bench: &Bench<'_>, plugged: &[u16]) -> Vec<Pattern> {
    let of = |evse: &u16| Bench::status(*evse, if plugged.contains(evse) { "Occupied" } else { "Available" });
    let statuses = bench.evses().into_iter();
    statuses.map(|evse| of(&evse)).chain(bench.begun_by_cables(plugged)).collect()
}

fn on_idle(bench: &mut Bench<'_>, count: usize) -> Step {
    let mut running = vec![(bench.values.connector, bench.values.token.clone())];
    if count > 1 {
        running.push((bench.other_evse()?, bench.values.token2.clone()));
    }
    for (evse, token) in &running {
        bench.charging_with(*evse, token)?;
    }
    bench.ask("Reset", json!({ "type": "OnIdle" }), status("Scheduled"))?;
    let mut plugged = Vec::new();
    let mut leaving = bench.all_statuses("Unavailable");
    for (place, (evse, token)) in running.iter().enumerate() {
        bench.stop_authorized_passing(*evse, token, &leaving)?;
        if bench.transaction_at(*evse).is_some() {
            bench.ev_disconnected_passing(*evse, "Local", &leaving)?;
        } else if place + 1 < running.len() {
            bench.leave(*evse)?;
            leaving.push(Bench::status(*evse, "Available"));
        } else {
            plugged.push(*evse);
        }
    }
    bench.expect_boot_passing(["ScheduledReset"], &leaving)?;
    bench.greets(statuses(bench, &plugged))
}

/// The end may be told before the restart or after it.
fn immediate(bench: &mut Bench<'_>) -> Step {
    let evse = bench.values.connector;
    bench.charging(evse)?;
    bench.reset("Immediate")?;
    let ended = bench
        .ended(evse, "ResetCommand", "ImmediateReset")
        .is("transactionInfo.chargingState", "EVConnected")
        .absent("idToken");
    let leaving = bench.all_statuses("Unavailable");
    bench.first_of(bench.values.patience, &[ended], &leaving)?;
    bench.expect_boot(["RemoteReset"])?;
    bench.greets(statuses(bench, &[evse]))
}

fn stays_unavailable(bench: &mut Bench<'_>) -> Step {
    let evse = bench.values.connector;
    let gone = [Bench::status(evse, "Unavailable")];
    bench
        .precondition("Unavailable", |bench| bench.change_availability(json!({ "id": evse }), "Inoperative", &gone))?;
    bench.reset("OnIdle")?;
    bench.expect_boot(["RemoteReset", "ScheduledReset"])?;
    bench.greets(bench.all_statuses_but(evse, "Unavailable"))
}

/// A station that cannot do it says Rejected (B11.FR.09, B12.FR.09): then the case does not apply.
fn resets_an_evse(bench: &mut Bench<'_>, kind: &str, verdict: &str) -> Step {
    let request = json!({ "type": kind, "evseId": bench.values.connector });
    let told = bench.ask("Reset", request, answer().one_of("status", [verdict, "Rejected"]))?;
    match told.get("status").is_some_and(|status| status == "Rejected") {
        true => Err(Stop::NotApplicable("the station restarts no EVSE alone".to_owned())),
        false => Ok(()),
    }
}

fn refuses_an_evse(bench: &mut Bench<'_>, kind: &str) -> Step {
    let request = json!({ "type": kind, "evseId": bench.values.connector });
    let told = bench.ask("Reset", request, answer().one_of("status", ["Rejected", "Accepted", "Scheduled"]))?;
    match told.get("status").is_some_and(|status| status == "Rejected") {
        true => bench.quiet(bench.values.settle),
        false => Err(Stop::NotApplicable("the station restarts an EVSE alone".to_owned())),
    }
}

fn evse_on_idle(bench: &mut Bench<'_>) -> Step {
    let (evse, token) = (bench.values.connector, bench.values.token.clone());
    bench.charging(evse)?;
    resets_an_evse(bench, "OnIdle", "Scheduled")?;
    bench.stop_authorized(evse, &token)?;
    bench.ev_disconnected(evse, "Local")?;
    bench.pass(bench.values.settle)
}

fn evse_at_once(bench: &mut Bench<'_>) -> Step {
    let evse = bench.values.connector;
    bench.charging(evse)?;
    resets_an_evse(bench, "Immediate", "Accepted")?;
    let ended = bench.ended(evse, "ResetCommand", "ImmediateReset");
    bench.expect(ended.is("transactionInfo.chargingState", "EVConnected")).map(|_| ())
}
