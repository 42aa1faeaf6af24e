//! Authorization at the station (C01, C06, C09, C15, C16), without cache and list.

use crate::conformance::v2::bench::Bench;
use crate::conformance::v2::{case, unwritten};
use crate::conformance::{Case, Need, Step};

const MASTER: &[Need] = &[Need::Key("AuthCtrlr.MasterPassGroupId")];

pub(super) const CASES: &[Case] = &[
    case("TC_C_02_CS", "An invalid token", "C01.FR.02, C06.FR.02", &[], |bench| {
        refused(bench, &bench.values.invalid_token.clone(), true)
    }),
    case("TC_C_04_CS", "Another token does not stop", "C01.FR.02, C01.FR.03", &[], other_token),
    case("TC_C_05_CS", "An invalid token before the cable", "C01.FR.02, C06.FR.02", &[Need::PlugLock], |bench| {
        refused(bench, &bench.values.invalid_token.clone(), false)
    }),
    case("TC_C_06_CS", "A blocked token", "C01.FR.02", &[], |bench| {
        refused(bench, &bench.values.blocked_token.clone(), true)
    }),
    case("TC_C_07_CS", "An expired token", "C01.FR.02", &[], |bench| {
        refused(bench, &bench.values.expired_token.clone(), true)
    }),
    case("TC_C_56_CS", "A token that nobody knows", "C01.FR.02", &[], |bench| refused(bench, "CONF-NOBODY", true)),
    case("TC_C_39_CS", "A token of the same group stops", "C09.FR.02 to C09.FR.04, C09.FR.07", &[], group_stops),
    case("TC_C_42_CS", "An invalid token of the same group does not stop", "C09.FR.11", &[], invalid_of_group),
    case("TC_C_45_CS", "A master pass does not start", "C16.FR.03", MASTER, master_starts_nothing),
    unwritten(
        "TC_C_47_CS",
        "A master pass stops all transactions, chosen at the display",
        "C16.FR.01",
        "needs a display, which the station has not",
    ),
    unwritten(
        "TC_C_48_CS",
        "A master pass stops one transaction, chosen at the display",
        "C16.FR.01",
        "needs a display, which the station has not",
    ),
    case("TC_C_49_CS", "A master pass stops all transactions", "C16.FR.02", MASTER, master_stops),
];

/// The token is asked about, and nothing comes of it.
fn refused(bench: &mut Bench<'_>, token: &str, is_plugged: bool) -> Step {
    let evse = bench.values.connector;
    if is_plugged {
        bench.precondition("EVConnectedPreSession", |bench| bench.ev_connected(evse))?;
    }
    bench.present(evse, token)?;
    bench.expect(Bench::authorize(token))?;
    bench.never(bench.values.watch, &["TransactionEvent", "StatusNotification", "Authorize"])
}

fn other_token(bench: &mut Bench<'_>) -> Step {
    let (evse, other) = (bench.values.connector, bench.values.token2.clone());
    bench.charging(evse)?;
    bench.present(evse, &other)?;
    bench.expect(Bench::authorize(&other))?;
    bench.never(bench.values.watch, &["TransactionEvent", "StatusNotification", "Authorize"])
}

/// Both tokens are of one group.
fn group(bench: &mut Bench<'_>, others: [&str; 2]) {
    let group = bench.values.group.clone();
    others.iter().for_each(|token| bench.will_group(token, &group));
}

fn group_stops(bench: &mut Bench<'_>) -> Step {
    let (evse, token, other) = (bench.values.connector, bench.values.token.clone(), bench.values.token2.clone());
    group(bench, [&token, &other]);
    bench.charging(evse)?;
    bench.present(evse, &other)?;
    bench.expect(Bench::authorize(&other))?;
    bench.tells_stop(evse, "StopAuthorized", "Local", Some(&other))?;
    bench.ev_disconnected(evse, "Local")
}

fn invalid_of_group(bench: &mut Bench<'_>) -> Step {
    let (evse, token) = (bench.values.connector, bench.values.token.clone());
    let other = bench.values.invalid_token.clone();
    group(bench, [&token, &other]);
    bench.charging(evse)?;
    bench.present(evse, &other)?;
    bench.expect(Bench::authorize(&other))?;
    bench.never(bench.values.watch, &["TransactionEvent", "StatusNotification", "Authorize"])
}

/// A token of the master pass group.
const PASS: &str = "CONF-MASTER";

fn master(bench: &mut Bench<'_>) -> Step {
    bench.configure("AuthCtrlr.MasterPassGroupId", "CONF-MASTERS")?;
    bench.will_say(PASS, "Accepted");
    bench.will_group(PASS, "CONF-MASTERS");
    Ok(())
}

fn master_starts_nothing(bench: &mut Bench<'_>) -> Step {
    let evse = bench.values.connector;
    master(bench)?;
    bench.present(evse, PASS)?;
    bench.expect(Bench::authorize(PASS))?;
    bench.ev_connected(evse)?;
    bench.never(bench.values.watch, &["TransactionEvent"])
}

fn master_stops(bench: &mut Bench<'_>) -> Step {
    let evse = bench.values.connector;
    master(bench)?;
    bench.charging(evse)?;
    bench.present(evse, PASS)?;
    bench.expect(Bench::authorize(PASS))?;
    bench.tells_stop(evse, "StopAuthorized", "MasterPass", Some(PASS))
}
