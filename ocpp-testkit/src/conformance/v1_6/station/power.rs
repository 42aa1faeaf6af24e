//! Power failures (1.6 §4.10, §7.36).

use crate::conformance::pattern::request;
use crate::conformance::v1_6::{Bench, case, unwritten};
use crate::conformance::{Case, Need, Step};

pub(super) const CASES: &[Case] = &[
    unwritten(
        "TC_032_1_CS",
        "The power fails, the end is reported before going down",
        "4.10, 4.2, 7.36",
        "for stations with a backup supply, which the simulated station has not",
    ),
    case(
        "TC_032_2_CS",
        "The power fails, the end is reported after coming back",
        "4.10, 4.2, 3.7, 7.36",
        &[Need::NoBackupPower],
        stop_after_boot,
    ),
];

/// A station may resume the transaction; then the driver ends it.
fn stop_after_boot(bench: &mut Bench<'_>) -> Step {
    let (connector, token) = (bench.values.connector, bench.values.token.clone());
    let transaction = bench.charging()?;
    bench.power_cycle()?;
    bench.expect_boot()?;
    let ends = request("StopTransaction").is("transactionId", transaction.0).one_of("reason", ["PowerLoss", "Local"]);
    let settled = Bench::one_of_statuses(connector, ["Preparing", "Finishing", "Charging"]);
    let mut passing = vec![settled.clone(), ends.clone()];
    passing.extend(["Unavailable", "Available"].map(|status| Bench::status(connector, status)));
    let mut statuses = bench.others_available();
    statuses.push(settled);
    let told = bench.gather(&statuses, &passing)?;
    if !bench.runs(transaction) {
        return Ok(());
    }
    if told.last().is_some_and(|call| call.payload.get("status").is_some_and(|status| status == "Charging")) {
        bench.present(connector, &token)?;
    }
    bench.gather(&[ends], &passing).map(|_| ())
}
