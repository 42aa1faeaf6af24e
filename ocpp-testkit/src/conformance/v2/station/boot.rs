//! Booting (B01 to B03), and what is told after an outage (B04).

use std::time::Duration;

use serde_json::json;

use crate::conformance::pattern::{answer, request};
use crate::conformance::v2::bench::Bench;
use crate::conformance::v2::case;
use crate::conformance::{Case, Need, Step, Stop};

const THRESHOLD: &str = "OCPPCommCtrlr.OfflineThreshold";
const BACK_OFF: &[Need] = &[
    Need::Key("OCPPCommCtrlr.RetryBackOffWaitMinimum"),
    Need::Key("OCPPCommCtrlr.RetryBackOffRandomRange"),
    Need::Key("OCPPCommCtrlr.RetryBackOffRepeatTimes"),
];

pub(super) const CASES: &[Case] = &[
    case("TC_B_01_CS", "Cold boot, accepted", "B01.FR.01, B01.FR.05, B01.FR.09", &[], |bench| {
        bench.power_cycle()?;
        bench.booted(POWER)
    }),
    case("TC_B_02_CS", "Cold boot, pending", "B02.FR.01 to B02.FR.08", &[], pending),
    case("TC_B_03_CS", "Cold boot, rejected", "B03.FR.02, B03.FR.04, B03.FR.06", &[], rejected),
    case("TC_B_30_CS", "A call meanwhile is refused", "B03.FR.08", &[], security_error),
    case("TC_B_51_CS", "A long outage: all statuses", "B04.FR.01", &[], |bench| outage(bench, true)),
    case("TC_B_52_CS", "A short outage: statuses that changed", "B04.FR.02", &[], |bench| outage(bench, false)),
    case("TC_B_57_CS", "Connecting anew waits twice as long each time", "part 4 §5.3", BACK_OFF, back_off),
];

/// Why a station boots whose power was cut.
const POWER: [&str; 2] = ["PowerUp", "Unknown"];

/// The station boots without an order, and is told to wait.
fn waits(bench: &mut Bench<'_>, verdict: &str) -> Step {
    let answer = bench.boot_answer(verdict);
    bench.will_answer("BootNotification", answer);
    bench.power_cycle()?;
    bench.expect_boot(POWER).map(|_| ())
}

fn asks_again(bench: &mut Bench<'_>) -> Step {
    let again = request("BootNotification").one_of("reason", POWER);
    bench.expect_after(bench.values.retry, again)?;
    bench.greets(bench.all_statuses("Available"))
}

/// Meanwhile the CSMS may ask and set what it likes.
fn pending(bench: &mut Bench<'_>) -> Step {
    waits(bench, "Pending")?;
    bench.set_variable(THRESHOLD, "300")?;
    bench.expect_value(THRESHOLD, "300")?;
    // B02.FR.05: what the station is told to, it sends.
    let report = json!({ "requestId": 21, "reportBase": "FullInventory" });
    bench.ask("GetBaseReport", report, answer().is("status", "Accepted"))?;
    if bench.report(21)?.is_empty() {
        return Err(Stop::Failed("an empty report".to_owned()));
    }
    // B02.FR.06.
    let start =
        json!({ "idToken": { "idToken": bench.values.token, "type": "ISO14443" }, "remoteStartId": 1, "evseId": 1 });
    bench.ask("RequestStartTransaction", start, answer().is("status", "Rejected"))?;
    let again = request("BootNotification").one_of("reason", POWER);
    bench.expect_within(bench.values.retry + bench.values.patience, again)?;
    bench.greets(bench.all_statuses("Available"))
}

fn rejected(bench: &mut Bench<'_>) -> Step {
    waits(bench, "Rejected")?;
    asks_again(bench)
}

fn security_error(bench: &mut Bench<'_>) -> Step {
    waits(bench, "Rejected")?;
    let report = json!({ "requestId": 22, "reportBase": "FullInventory" });
    let told = bench.ask_or("GetBaseReport", report, answer().is("status", "none"), &["SecurityError"])?;
    if !told.is_null() {
        return Err(Stop::Failed("the station was rejected, and reports".to_owned()));
    }
    asks_again(bench)
}

fn outage(bench: &mut Bench<'_>, is_long: bool) -> Step {
    let evse = bench.values.connector;
    bench.configure(THRESHOLD, if is_long { "5" } else { "300" })?;
    bench.offline_for(Duration::from_secs(10), |bench| bench.plug(evse))?;
    let mut told =
        if is_long { bench.all_statuses_but(evse, "Occupied") } else { vec![Bench::status(evse, "Occupied")] };
    told.extend(bench.begun_by_cables(&[evse]));
    bench.gather(&told, &[]).map(|_| ())
}

fn back_off(bench: &mut Bench<'_>) -> Step {
    let wait = Duration::from_secs(4);
    let before = bench.required(THRESHOLD)?;
    bench.configure_if_there("OCPPCommCtrlr.NetworkProfileConnectionAttempts", "3")?;
    bench.configure("OCPPCommCtrlr.RetryBackOffRepeatTimes", "2")?;
    bench.configure("OCPPCommCtrlr.RetryBackOffRandomRange", "0")?;
    bench.configure_seconds("OCPPCommCtrlr.RetryBackOffWaitMinimum", wait)?;
    let cut = bench.now();
    bench.offline_for(Duration::ZERO, |_| Ok(()))?;
    let first = bench.now().saturating_since(cut);
    let cut = bench.now();
    bench.offline_for(wait + Duration::from_secs(2), |_| Ok(()))?;
    let second = bench.now().saturating_since(cut);
    let leeway = bench.values.tolerance;
    match first + leeway >= wait && second + leeway >= 3 * wait {
        true => bench.expect_value(THRESHOLD, &before),
        false => Err(Stop::Failed(format!("connected again after {first:?}, and after {second:?}"))),
    }
}
