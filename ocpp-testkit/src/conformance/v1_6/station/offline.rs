//! Without a connection (1.6 §3.5, §3.7, §4.9; OCPP-J §5.4).

use std::time::Duration;

use crate::conformance::pattern::{Pattern, request};
use crate::conformance::v1_6::{Bench, case};
use crate::conformance::{Case, Need, Step};

const OFFLINE: &[Need] = &[Need::OfflineStart];

pub(super) const CASES: &[Case] = &[
    case("TC_035_CS", "An idle station reconnects without booting (withdrawn)", "4.6, ocpp-j 5.4", &[], reconnects),
    case("TC_037_1_CS", "A start offline is reported later", "3.5, 3.7, 4.8, 4.9", OFFLINE, valid_start),
    case(
        "TC_037_2_CS",
        "A start offline, refused later: the transaction is suspended",
        "3.5.4, 4.8, 9.1.14, 9.1.24, errata 3.17",
        OFFLINE,
        refused_suspends,
    ),
    case(
        "TC_037_3_CS",
        "A start offline, refused later: the transaction ends",
        "3.5.4, 4.8, 4.10, 9.1.24, errata 3.17",
        OFFLINE,
        refused_stops,
    ),
    case("TC_039_CS", "A whole transaction offline is reported later", "3.7, 4.8, 4.10", OFFLINE, whole_transaction),
];

/// How long the outage lasts after something happened.
const OUTAGE: Duration = Duration::from_secs(5);

fn reconnects(bench: &mut Bench<'_>) -> Step {
    let patience = bench.values.heartbeat + bench.values.patience;
    bench.configure_seconds("HeartbeatInterval", bench.values.heartbeat)?;
    bench.expect_within(patience, request("Heartbeat"))?;
    bench.go_offline()?;
    bench.pass(OUTAGE)?;
    bench.go_online()?;
    bench.expect_within(patience, request("Heartbeat")).map(|_| ())
}

/// The station starts offline and reports it with its true time.
fn start_offline(bench: &mut Bench<'_>, token: &str) -> Step<crate::conformance::v1_6::Transaction> {
    let connector = bench.values.connector;
    bench.allow_offline(token)?;
    bench.go_offline()?;
    bench.plug(connector)?;
    bench.present(connector, token)?;
    let at = bench.wall();
    bench.pass(OUTAGE)?;
    bench.go_online()?;
    let leeway = bench.leeway();
    bench.starts(connector, Bench::start(connector, token).between("timestamp", at - leeway, at + leeway))
}

fn valid_start(bench: &mut Bench<'_>) -> Step {
    start_offline(bench, &bench.values.token.clone()).map(|_| ())
}

/// What the CSMS says of the token comes with the answer to the start; what follows may be quicker than the status before.
fn refused_suspends(bench: &mut Bench<'_>) -> Step {
    let connector = bench.values.connector;
    bench.configure("StopTransactionOnInvalidId", "false")?;
    bench.configure_if_there("MaxEnergyOnInvalidId", "0")?;
    start_offline(bench, &bench.values.invalid_token.clone())?;
    bench.gather(&[Bench::status(connector, "SuspendedEVSE")], &[conflict()])?;
    bench.never(bench.values.watch, &["StopTransaction", "StatusNotification"])
}

fn refused_stops(bench: &mut Bench<'_>) -> Step {
    let connector = bench.values.connector;
    bench.configure("StopTransactionOnInvalidId", "true")?;
    bench.configure_if_there("MaxEnergyOnInvalidId", "0")?;
    let transaction = start_offline(bench, &bench.values.invalid_token.clone())?;
    let end = [Bench::stop(transaction, "DeAuthorized"), Bench::status(connector, "Finishing")];
    bench.gather(&end, &[conflict()]).map(|_| ())
}

/// 1.6 §3.5.2: the list that let the token charge said otherwise.
fn conflict() -> Pattern {
    request("StatusNotification").is("connectorId", 0).is("errorCode", "LocalListConflict")
}

fn whole_transaction(bench: &mut Bench<'_>) -> Step {
    let (connector, token) = (bench.values.connector, bench.values.token.clone());
    bench.allow_offline(&token)?;
    bench.go_offline()?;
    bench.plug(connector)?;
    bench.present(connector, &token)?;
    let started = bench.wall();
    bench.pass(OUTAGE)?;
    bench.present(connector, &token)?;
    let stopped = bench.wall();
    bench.pass(OUTAGE)?;
    bench.unplug(connector)?;
    bench.pass(OUTAGE)?;
    bench.go_online()?;
    let leeway = bench.leeway();
    // 1.6 §4.9: of the connector only what it is now is reported.
    let free = [Bench::status(connector, "Available")];
    let start = Bench::start(connector, &token).between("timestamp", started - leeway, started + leeway);
    let start = bench.gather(&[start], &free)?;
    let transaction = bench.transaction_of(start.first());
    let stop = Bench::stop(transaction, "Local").is_or_absent("idTag", token);
    bench.gather(&[stop.between("timestamp", stopped - leeway, stopped + leeway)], &free).map(|_| ())
}
