//! Reset (1.6 §5.14).

use serde_json::json;

use crate::conformance::pattern::{Pattern, request, status};
use crate::conformance::v1_6::{Bench, case};
use crate::conformance::{Case, Step};

pub(super) const CASES: &[Case] = &[
    case(
        "TC_014_CS",
        "Soft reset keeps a connector out of service",
        "5.2, 5.14, 4.2, errata 3.36, ocpp-j 5.4",
        &[],
        soft_idle,
    ),
    case("TC_015_CS", "Hard reset ends the transaction", "5.14, 4.10, 3.7, errata 3.36, errata 3.82", &[], |bench| {
        charging(bench, "Hard")
    }),
    case("TC_016_CS", "Soft reset ends the transaction", "5.14, 4.10, errata 3.36, errata 3.82", &[], |bench| {
        charging(bench, "Soft")
    }),
];

/// A station that is about to restart may say that its connectors are out of service.
fn going_down(bench: &Bench<'_>) -> Vec<Pattern> {
    (0..=bench.connectors()).map(|connector| Bench::status(connector, "Unavailable")).collect()
}

fn soft_idle(bench: &mut Bench<'_>) -> Step {
    let connector = bench.values.connector;
    bench.change_availability(connector, "Inoperative")?;
    bench.ask("Reset", json!({ "type": "Soft" }), status("Accepted"))?;
    let leaving = going_down(bench);
    bench.first_of(bench.values.boot_patience, &[request("BootNotification")], &leaving)?;
    let mut statuses = bench.others_available();
    statuses.push(Bench::status(connector, "Unavailable"));
    bench.gather(&statuses, &[])?;
    bench.change_availability(connector, "Operative")
}

/// The end is reported before the restart or after it, with the reason either way.
fn charging(bench: &mut Bench<'_>, kind: &str) -> Step {
    let connector = bench.values.connector;
    let transaction = bench.charging()?;
    bench.ask("Reset", json!({ "type": kind }), status("Accepted"))?;
    let stop = Bench::stop(transaction, &format!("{kind}Reset"));
    let early = [stop.clone(), Bench::status(connector, "Finishing"), request("BootNotification")];
    let leaving = going_down(bench);
    let (first, _) = bench.first_of(bench.values.boot_patience, &early, &leaving)?;
    let mut rest: Vec<Pattern> = bench.others_available();
    rest.push(Bench::one_of_statuses(connector, ["Finishing", "Preparing"]));
    match first {
        0 => bench.gather(&[Bench::status(connector, "Finishing")], &leaving).map(|_| ())?,
        1 => bench.gather(&[stop], &leaving).map(|_| ())?,
        _ => rest.push(stop),
    }
    if first < 2 {
        bench.first_of(bench.values.boot_patience, &[request("BootNotification")], &leaving)?;
    }
    bench.gather(&rest, &[]).map(|_| ())
}
