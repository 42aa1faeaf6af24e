//! What the CSMS says of tokens, and of groups of them (C01, C09, C11, C12, C16).

use serde_json::json;

use super::status;
use crate::conformance::pattern::answer;
use crate::conformance::v2::{Bench, Event, case, token};
use crate::conformance::{Case, Step};

pub(super) const CASES: &[Case] = &[
    case("TC_C_02_CSMS", "A token that is not known", "C01.FR.07, C04.FR.01, C06.FR.04", &[], |bench| {
        bench.asks_for(&bench.values.invalid_token.clone(), ["Invalid", "Unknown"]).map(|_| ())
    }),
    case("TC_C_06_CSMS", "A token that is blocked", "C01.FR.07", &[], |bench| {
        bench.asks_for(&bench.values.blocked_token.clone(), ["Blocked", "Invalid"]).map(|_| ())
    }),
    case("TC_C_08_CSMS", "A token out of the cache", "C12.FR.03", &[], |bench| {
        presented(bench, &bench.values.token.clone(), ["Accepted"])
    }),
    case("TC_C_20_CSMS", "A token out of the cache that is invalid by now", "C12.FR.03", &[], |bench| {
        presented(bench, &bench.values.invalid_token.clone(), ["Invalid", "Unknown"])
    }),
    case("TC_C_37_CSMS", "Clear the cache", "C11.FR.01", &[], |bench| clear(bench, "Accepted")),
    case("TC_C_38_CSMS", "Clear a cache that is not there", "C11.FR.02", &[], |bench| clear(bench, "Rejected")),
    case(
        "TC_C_40_CSMS",
        "One of a group stops what another began, by the list",
        "C09.FR.02, C09.FR.03",
        &[],
        |bench| group(bench, false),
    ),
    case("TC_C_43_CSMS", "One of a group stops what another began", "C09.FR.02, C09.FR.03", &[], |bench| {
        group(bench, true)
    }),
    case("TC_C_47_CSMS", "A master pass stops all", "C16.FR.01", &[], |bench| master_pass(bench, true)),
    case("TC_C_49_CSMS", "A master pass stops all, without asking", "C16.FR.02", &[], |bench| {
        master_pass(bench, false)
    }),
];

/// The station took the token by itself, and the CSMS says what it thinks of it.
fn presented<const N: usize>(bench: &mut Bench<'_>, token: &str, verdicts: [&str; N]) -> Step {
    let transaction =
        bench.precondition("EVConnectedPreSession", |bench| bench.told_connected(bench.values.connector))?;
    bench.tells(&transaction, Event::updated("Authorized").token(token, verdicts))
}

fn clear(bench: &mut Bench<'_>, verdict: &str) -> Step {
    bench.order("ClearCache", json!({}), status(verdict)).map(|_| ())
}

fn group(bench: &mut Bench<'_>, asks: bool) -> Step {
    let (first, second, group) = (bench.values.token.clone(), bench.values.token2.clone(), bench.values.group.clone());
    let transaction =
        bench.precondition("EVConnectedPreSession", |bench| bench.told_connected(bench.values.connector))?;
    bench.tells(&transaction, Event::updated("Authorized").token(&first, ["Accepted"]).of_group(&group))?;
    bench.tells(&transaction, Event::updated("ChargingStateChanged").state("Charging"))?;
    if asks {
        let verdict =
            answer().is("idTokenInfo.status", "Accepted").is("idTokenInfo.groupIdToken.idToken", group.as_str());
        bench.ask("Authorize", json!({ "idToken": token(&second) }), verdict)?;
    }
    bench.tells(&transaction, Event::updated("StopAuthorized").token(&second, ["Accepted"]).of_group(&group))?;
    bench.tells(&transaction, Event::updated("ChargingStateChanged").state("EVConnected"))?;
    bench.told_disconnected(&transaction)
}

/// The token of the group that is the master pass; which group it is, the station knows (C16.FR.03).
fn master_pass(bench: &mut Bench<'_>, asks: bool) -> Step {
    let (driver, pass) = (bench.values.token.clone(), bench.values.token2.clone());
    let evses: Vec<u16> = (1..=bench.values.connectors).collect();
    let mut transactions = Vec::new();
    for evse in &evses {
        transactions.push(bench.told_charging_at(*evse, &driver)?);
    }
    if asks {
        bench.asks_for(&pass, ["Accepted"])?;
    }
    for transaction in &transactions {
        bench.tells(transaction, Event::ended("StopAuthorized", "MasterPass").token(&pass, ["Accepted"]))?;
    }
    Ok(())
}
