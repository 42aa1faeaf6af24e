//! How transactions end (E06 to E10).

use serde_json::json;

use super::accepted;
use crate::conformance::v2::{Bench, Event, case};
use crate::conformance::{Case, Step};

pub(super) const CASES: &[Case] = &[
    case("TC_E_07_CSMS", "An end with the power path, by the driver", "E06.FR.06", &[], |bench| {
        ends(bench, Event::ended("StopAuthorized", "Local").state("EVConnected"), true)
    }),
    case("TC_E_08_CSMS", "An end with the energy, by the driver", "E06.FR.07", &[], |bench| {
        let transaction = bench.told_charging()?;
        let token = bench.values.token.clone();
        bench.tells(&transaction, Event::updated("StopAuthorized").token(&token, ["Accepted"]))?;
        bench.tells(&transaction, Event::ended("ChargingStateChanged", "Local").state("EVConnected"))
    }),
    case("TC_E_14_CSMS", "An end with the cable", "E06.FR.02", &[], |bench| {
        let transaction = bench.told_charging()?;
        bench.told_stopped(&transaction)?;
        bench.told_disconnected(&transaction)
    }),
    case("TC_E_15_CSMS", "An end with the authorisation, by the driver", "E06.FR.03", &[], |bench| {
        ends(bench, Event::ended("StopAuthorized", "Local"), true)
    }),
    case("TC_E_16_CSMS", "An end, as the token is invalid", "E06.FR.04, E01.FR.11, E01.FR.12", &[], deauthorised),
    case("TC_E_17_CSMS", "An end with the plug out of the vehicle", "E06.FR.04", &[], |bench| {
        let transaction = suspended(bench)?;
        bench.tells(&transaction, Event::ended("EVCommunicationLost", "EVDisconnected").state("Idle"))
    }),
    case("TC_E_19_CSMS", "An end with the parking bay", "E06.FR.01", &[], |bench| {
        let transaction = bench.told_charging()?;
        bench.told_stopped(&transaction)?;
        bench.shows("Available")?;
        bench.tells(&transaction, Event::updated("EVCommunicationLost").state("Idle"))?;
        bench.tells(&transaction, Event::ended("EVDeparted", "Local"))
    }),
    case("TC_E_21_CSMS", "An end by the operator", "E06.FR.03, F03.FR.01, F03.FR.09", &[], |bench| {
        let transaction = bench.told_charging()?;
        bench.order("RequestStopTransaction", json!({ "transactionId": transaction }), accepted())?;
        bench.tells(&transaction, Event::ended("RemoteStop", "Remote"))
    }),
    case("TC_E_22_CSMS", "An end, as the vehicle takes no more", "E06.FR.07", &[], |bench| {
        ends(bench, Event::ended("ChargingStateChanged", "StoppedByEV").state("SuspendedEV"), false)
    }),
    case("TC_E_26_CSMS", "The plug out of the vehicle, and back", "E10.FR.01", &[], plugged_again),
    case("TC_E_39_CSMS", "An end, as no cable came", "E03.FR.04, E03.FR.05, E06.FR.04", &[], |bench| {
        let token = bench.values.token.clone();
        let transaction =
            bench.precondition("Authorized", |bench| bench.told_authorized(bench.values.connector, &token))?;
        bench.tells(&transaction, Event::ended("EVConnectTimeout", "Timeout"))
    }),
];

/// A transaction that charges ends by the driver's token, or without any.
fn ends(bench: &mut Bench<'_>, event: Event, by_token: bool) -> Step {
    let transaction = bench.told_charging()?;
    let token = bench.values.token.clone();
    bench.tells(&transaction, if by_token { event.token(&token, ["Accepted"]) } else { event })
}

/// State EnergyTransferSuspended.
fn suspended(bench: &mut Bench<'_>) -> Step<String> {
    let transaction = bench.told_charging()?;
    bench.tells(&transaction, Event::updated("ChargingStateChanged").state("SuspendedEV"))?;
    Ok(transaction)
}

fn deauthorised(bench: &mut Bench<'_>) -> Step {
    let token = bench.values.invalid_token.clone();
    let event = Event::started("Authorized").token(&token, ["Invalid", "Unknown"]);
    let transaction = bench.begins(bench.values.connector, event)?;
    bench.tells(&transaction, Event::ended("Deauthorized", "DeAuthorized"))
}

fn plugged_again(bench: &mut Bench<'_>) -> Step {
    let transaction = suspended(bench)?;
    bench.tells(&transaction, Event::updated("EVCommunicationLost").state("Idle"))?;
    bench.shows("Available")?;
    bench.tells(&transaction, Event::updated("CablePluggedIn").state("EVConnected"))?;
    bench.tells(&transaction, Event::updated("ChargingStateChanged").state("Charging"))
}
