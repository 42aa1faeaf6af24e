//! Remote start and stop (1.6 §5.11, §5.12).

use serde_json::json;

use crate::conformance::pattern::status;
use crate::conformance::v1_6::{Bench, case};
use crate::conformance::{Case, Step, Stop};

pub(super) const CASES: &[Case] = &[
    case("TC_010_CS", "Remote start, cable first", "5.11, 9.1.3, errata 3.32", &[], cable_first),
    case("TC_011_1_CS", "Remote start, cable later", "5.11, 9.1.3", &[], cable_later),
    case("TC_011_2_CS", "Remote start, no cable in time", "5.11, 9.1.6, errata 3.77", &[], no_cable),
    case("TC_012_CS", "Remote stop", "5.12, 4.10, errata 3.33", &[], remote_stop),
];

/// The state Charging is the whole case: what goes wrong in it is a failure here.
fn cable_first(bench: &mut Bench<'_>) -> Step {
    let (connector, token) = (bench.values.connector, bench.values.token.clone());
    bench.plug_in(connector)?;
    bench.remote_start(connector, &token)?;
    bench.starts(connector, Bench::start(connector, &token)).map(|_| ())
}

fn cable_later(bench: &mut Bench<'_>) -> Step {
    let (connector, token) = (bench.values.connector, bench.values.token.clone());
    bench.remote_start(connector, &token)?;
    bench.expect(Bench::status(connector, "Preparing"))?;
    bench.plug(connector)?;
    bench.starts(connector, Bench::start(connector, &token)).map(|_| ())
}

fn no_cable(bench: &mut Bench<'_>) -> Step {
    let (connector, token) = (bench.values.connector, bench.values.token.clone());
    let (timeout, tolerance) = (bench.values.connection_timeout, bench.values.tolerance);
    bench.configure_seconds("ConnectionTimeOut", timeout)?;
    bench.remote_start(connector, &token)?;
    let since = bench.expect(Bench::status(connector, "Preparing"))?.at;
    let over = bench.expect_within(timeout + bench.values.patience, Bench::status(connector, "Available"))?.at;
    let waited = over.saturating_since(since);
    if waited + tolerance < timeout || waited > timeout + tolerance {
        return Err(Stop::Failed(format!("waited {} ms for the cable", waited.as_millis())));
    }
    // Whoever plugs in now has presented nothing.
    bench.plug_in(connector)?;
    bench.never(bench.values.watch, &["StartTransaction"])
}

fn remote_stop(bench: &mut Bench<'_>) -> Step {
    let transaction = bench.charging()?;
    bench.ask("RemoteStopTransaction", json!({ "transactionId": transaction.0 }), status("Accepted"))?;
    bench.stops(bench.values.connector, Bench::stop(transaction, "Remote"))
}
