//! Power failures (1.6 §4.2, §4.10, §3.7).

use crate::conformance::v1_6::{Bench, case};
use crate::conformance::{Case, Step};

pub(super) const CASES: &[Case] = &[case(
    "TC_032_1_CSMS",
    "The power fails, the end is reported after coming back",
    "4.2, 4.10, 3.7",
    &[],
    power_failure,
)];

fn power_failure(bench: &mut Bench<'_>) -> Step {
    let transaction = bench.report_charging()?;
    bench.go_offline()?;
    bench.pass(bench.values.settle)?;
    bench.connect()?;
    bench.boot()?;
    bench.report("Finishing")?;
    bench.report_stop(transaction, "PowerLoss")
}
