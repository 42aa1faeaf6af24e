//! Being registered (B01 to B03).

use serde_json::json;

use super::accepted;
use crate::conformance::pattern::answer;
use crate::conformance::v2::{Bench, case};
use crate::conformance::{Case, Need, Step};

pub(super) const CASES: &[Case] = &[
    case("TC_B_01_CSMS", "A station is accepted", "B01.FR.02", &[], |bench| bench.boots_for("PowerUp")),
    case(
        "TC_B_30_CSMS",
        "Others than boots are refused before",
        "B02.FR.09, B03.FR.07",
        &[Need::FirstBootPending],
        early,
    ),
    case("TC_B_31_CSMS", "A boot is asked for again", "B02.FR.04, F06.FR.01", &[Need::FirstBootPending], asked_again),
];

fn early(bench: &mut Bench<'_>) -> Step {
    bench.asks_to_serve("PowerUp", "Pending")?;
    let payload = bench.status_payload(bench.values.connector, "Available");
    // No answer is like this: an error is wanted.
    let none = answer().is("status", "SecurityError");
    bench.ask_or("StatusNotification", payload, none, &["SecurityError"]).map(|_| ())
}

fn asked_again(bench: &mut Bench<'_>) -> Step {
    bench.asks_to_serve("PowerUp", "Pending")?;
    bench.order("TriggerMessage", json!({ "requestedMessage": "BootNotification" }), accepted())?;
    bench.boots_for("Triggered")
}
