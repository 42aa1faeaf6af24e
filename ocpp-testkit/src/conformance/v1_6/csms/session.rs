//! Sessions that begin and end at the station (1.6 §4.1, §4.8, §4.10).

use crate::conformance::v1_6::{Bench, case};
use crate::conformance::{Case, Step};

pub(super) const CASES: &[Case] = &[
    case("TC_003_CSMS", "Local start, cable first", "4.1, 4.8, 4.9", &[], cable_first),
    case("TC_004_1_CSMS", "Local start, token first", "4.1, 4.8, 4.9", &[], token_first),
    case("TC_005_1_CSMS", "The vehicle is unplugged", "4.9, 4.10, 9.1.23", &[], unplugged),
    case("TC_007_CSMS", "A start without a question before", "3.5.1, 4.8", &[], cached),
];

fn cable_first(bench: &mut Bench<'_>) -> Step {
    bench.report("Preparing")?;
    bench.authorize_as(&bench.values.token.clone(), "Accepted")?;
    bench.report_start()?;
    bench.report("Charging")
}

fn token_first(bench: &mut Bench<'_>) -> Step {
    bench.authorize_as(&bench.values.token.clone(), "Accepted")?;
    bench.report("Preparing")?;
    bench.report_start()?;
    bench.report("Charging")
}

fn unplugged(bench: &mut Bench<'_>) -> Step {
    let transaction = bench.report_charging()?;
    bench.report("SuspendedEV")?;
    bench.report_stop(transaction, "EVDisconnected")?;
    bench.report("Finishing")?;
    bench.report("Available")
}

/// The CSMS has to judge the token itself: the station's cache may be old (1.6 §4.8).
fn cached(bench: &mut Bench<'_>) -> Step {
    bench.report("Preparing")?;
    bench.report_start()?;
    bench.report("Charging")
}
