//! UnlockConnector (1.6 §5.18).

use serde_json::json;

use crate::conformance::pattern::status;
use crate::conformance::v1_6::{Bench, case};
use crate::conformance::{Case, Need, Step};

pub(super) const CASES: &[Case] = &[
    case("TC_017_2_CS", "A fixed cable cannot be unlocked", "5.18, 7.46, errata 3.87", &[Need::FixedCable], |bench| {
        unlock(bench, "NotSupported")
    }),
    case("TC_018_1_CS", "Unlocking ends the transaction", "5.18, 4.10", &[Need::PlugLock], ends_transaction),
    case(
        "TC_018_2_CS",
        "A fixed cable cannot be unlocked, also while charging",
        "5.18, 7.46, errata 3.87",
        &[Need::FixedCable],
        fixed_cable_goes_on,
    ),
    case("TC_030_CS", "A lock that sticks is reported", "5.18, 7.46, errata 3.87", &[Need::PlugLock], stuck),
    case("TC_031_CS", "An unknown connector cannot be unlocked", "5.18, errata 3.87", &[], |bench| {
        let unknown = json!({ "connectorId": bench.connectors() + 1 });
        bench.ask("UnlockConnector", unknown, status("NotSupported")).map(|_| ())
    }),
];

fn unlock(bench: &mut Bench<'_>, verdict: &str) -> Step {
    let request = json!({ "connectorId": bench.values.connector });
    bench.ask("UnlockConnector", request, status(verdict)).map(|_| ())
}

fn ends_transaction(bench: &mut Bench<'_>) -> Step {
    let connector = bench.values.connector;
    let transaction = bench.charging()?;
    unlock(bench, "Unlocked")?;
    bench.stops(connector, Bench::stop(transaction, "UnlockCommand"))?;
    bench.unplug(connector)?;
    bench.expect(Bench::status(connector, "Available")).map(|_| ())
}

fn fixed_cable_goes_on(bench: &mut Bench<'_>) -> Step {
    bench.charging()?;
    unlock(bench, "NotSupported")?;
    bench.never(bench.values.watch, &["StopTransaction", "StatusNotification"])
}

/// A lock that holds nothing has nothing to fail at: a transaction closes it first.
fn stuck(bench: &mut Bench<'_>) -> Step {
    let connector = bench.values.connector;
    let transaction = bench.charging()?;
    bench.pass(bench.values.settle)?;
    bench.hold_lock(connector)?;
    bench.ask("RemoteStopTransaction", json!({ "transactionId": transaction.0 }), status("Accepted"))?;
    bench.stops(connector, Bench::stop(transaction, "Remote"))?;
    unlock(bench, "UnlockFailed")
}
