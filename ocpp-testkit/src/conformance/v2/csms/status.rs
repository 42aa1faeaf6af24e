//! The state of a transaction (E14), and what comes late.

use chrono::TimeDelta;
use serde_json::{Value, json};

use crate::conformance::v2::{Bench, Event, case};
use crate::conformance::{Case, Step};

pub(super) const CASES: &[Case] = &[
    case("TC_E_29_CSMS", "A transaction that runs, with messages to come", "E14.FR.02, E14.FR.04", &[], queued),
    case("TC_E_30_CSMS", "A transaction that runs", "E14.FR.02, E14.FR.05", &[], |bench| {
        let transaction = bench.told_charging()?;
        order(bench, &transaction, true, false)
    }),
    case("TC_E_31_CSMS", "A transaction that ended, with messages to come", "E14.FR.03, E14.FR.04", &[], late),
];

fn order(bench: &mut Bench<'_>, transaction: &str, is_ongoing: bool, has_messages: bool) -> Step {
    let told: Value = json!({ "ongoingIndicator": is_ongoing, "messagesInQueue": has_messages });
    bench.order("GetTransactionStatus", json!({ "transactionId": transaction }), told).map(|_| ())
}

fn outage(bench: &mut Bench<'_>) -> Step {
    bench.go_offline()?;
    bench.pass(bench.values.settle)?;
    bench.connect()
}

fn queued(bench: &mut Bench<'_>) -> Step {
    let transaction = bench.told_charging()?;
    outage(bench)?;
    order(bench, &transaction, true, true)?;
    let at = bench.wall_text(-TimeDelta::seconds(1));
    bench.tells(&transaction, Event::updated("MeterValuePeriodic").offline().reading(1_500, "Sample.Periodic", &at))
}

/// The end comes before what was told before it.
fn late(bench: &mut Bench<'_>) -> Step {
    let transaction = bench.told_charging()?;
    let (first, second, end) =
        (bench.next_event(&transaction)?, bench.next_event(&transaction)?, bench.next_event(&transaction)?);
    outage(bench)?;
    bench.shows("Available")?;
    let ended = Event::ended("EVCommunicationLost", "EVDisconnected").state("Idle").offline();
    bench.tells_as(&transaction, end, ended)?;
    order(bench, &transaction, false, true)?;
    let before = bench.wall_text(-TimeDelta::seconds(1));
    let token = bench.values.token.clone();
    let stopped =
        Event::updated("StopAuthorized").offline().token(&token, ["Accepted"]).with("timestamp", before.as_str());
    bench.tells_as(&transaction, first, stopped)?;
    let idle = Event::updated("ChargingStateChanged").state("EVConnected").offline().with("timestamp", before.as_str());
    bench.tells_as(&transaction, second, idle)
}
