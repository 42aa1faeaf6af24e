//! Ending a transaction at the station (1.6 §4.10).

use serde_json::json;

use crate::conformance::pattern::{Pattern, status};
use crate::conformance::v1_6::{Bench, case};
use crate::conformance::{Case, Need, Step};

pub(super) const CASES: &[Case] = &[
    case(
        "TC_005_1_CS",
        "The vehicle is unplugged: stop and unlock",
        "4.9, 4.10, 9.1.23, 9.1.33, errata 3.80",
        &[Need::PlugLock],
        unplugged_stops,
    ),
    case(
        "TC_005_3_CS",
        "The vehicle is unplugged: the transaction goes on",
        "4.9, 4.10, 5.12, 9.1.23",
        &[Need::Key("StopTransactionOnEVSideDisconnect")],
        unplugged_goes_on,
    ),
    case("TC_068_CS", "The token that started stops, no other", "3.10, 4.1, 4.10", &[], own_token_stops),
    case("TC_069_CS", "A token of the same group stops", "3.10, 4.1, 4.10", &[], group_token_stops),
];

/// The pilot signal goes before the plug is seen to be out, so that energy may be seen to stop first.
fn suspended(connector: u16) -> [Pattern; 2] {
    ["SuspendedEV", "SuspendedEVSE"].map(|status| Bench::status(connector, status))
}

fn unplugged_stops(bench: &mut Bench<'_>) -> Step {
    let connector = bench.values.connector;
    bench.configure("StopTransactionOnEVSideDisconnect", "true")?;
    bench.configure_if_there("UnlockConnectorOnEVSideDisconnect", "true")?;
    let transaction = bench.charging()?;
    bench.unplug_vehicle(connector)?;
    let over = [Bench::stop(transaction, "EVDisconnected"), Bench::status(connector, "Finishing")];
    bench.gather(&over, &suspended(connector))?;
    // Only an open lock lets the plug go.
    bench.unplug(connector)?;
    bench.expect(Bench::status(connector, "Available")).map(|_| ())
}

fn unplugged_goes_on(bench: &mut Bench<'_>) -> Step {
    let connector = bench.values.connector;
    bench.configure("StopTransactionOnEVSideDisconnect", "false")?;
    bench.configure_if_there("UnlockConnectorOnEVSideDisconnect", "false")?;
    let transaction = bench.charging()?;
    bench.unplug_vehicle(connector)?;
    let [by_vehicle, by_station] = suspended(connector);
    let told = Bench::one_of_statuses(connector, ["SuspendedEV", "SuspendedEVSE"]).is("info", "EV side disconnected");
    bench.gather(&[told], &[by_vehicle.absent("info"), by_station.absent("info")])?;
    let request = json!({ "transactionId": transaction.0 });
    bench.ask("RemoteStopTransaction", request, status("Accepted"))?;
    let over = Bench::one_of_statuses(connector, ["Finishing", "Available"]);
    // Of a fixed cable the whole plug is out already.
    bench.gather(&[Bench::stop(transaction, "Remote"), over.clone()], &[over]).map(|_| ())
}

fn own_token_stops(bench: &mut Bench<'_>) -> Step {
    let (connector, token) = (bench.values.connector, bench.values.token.clone());
    let transaction = bench.charging()?;
    bench.present(connector, &bench.values.token2.clone())?;
    bench.never(bench.values.watch, &["Authorize", "StopTransaction", "StatusNotification"])?;
    bench.present(connector, &token)?;
    bench.stops(connector, Bench::stop(transaction, "Local").is("idTag", token))
}

fn group_token_stops(bench: &mut Bench<'_>) -> Step {
    let (connector, other) = (bench.values.connector, bench.values.token2.clone());
    bench.group_tokens();
    let transaction = bench.charging()?;
    bench.present(connector, &other)?;
    bench.expect(Bench::authorize(&other))?;
    bench.stops(connector, Bench::stop(transaction, "Local").is("idTag", other))
}
