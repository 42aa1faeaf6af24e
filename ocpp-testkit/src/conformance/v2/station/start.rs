//! Beginning transactions (E01 to E03), at each start point.

use crate::conformance::v2::bench::{Bench, CONNECTOR};
use crate::conformance::v2::case;
use crate::conformance::{Case, Need, Step, Stop};

const START: &str = "TxCtrlr.TxStartPoint";
const TIMEOUT: &str = "TxCtrlr.EVConnectionTimeOut";

pub(super) const CASES: &[Case] = &[
    case("TC_E_01_CS", "From PowerPathClosed", "E01.FR.05, E01.FR.07, E01.FR.10, E01.FR.15, E01.FR.16", &[], |bench| {
        bench.configure(START, "PowerPathClosed")?;
        token_first(bench)
    }),
    case(
        "TC_E_02_CS",
        "From EnergyTransfer",
        "E01.FR.06, E01.FR.07, E01.FR.10, E01.FR.15, E01.FR.16",
        &[],
        from_energy,
    ),
    case("TC_E_09_CS", "From EVConnected", "E01.FR.02, E01.FR.07, E01.FR.10, E01.FR.15, E01.FR.16", &[], |bench| {
        bench.configure(START, "EVConnected")?;
        cable_first(bench)
    }),
    case(
        "TC_E_10_CS",
        "From Authorized, local",
        "E01.FR.03, E01.FR.07, E01.FR.10, E01.FR.15, C01.FR.02",
        &[],
        |bench| {
            bench.configure(START, "Authorized")?;
            token_first(bench)
        },
    ),
    case(
        "TC_E_13_CS",
        "From Authorized, remote",
        "E01.FR.03, F01.FR.03, F01.FR.04, F01.FR.19, F02.FR.01",
        &[],
        |bench| {
            let (evse, token) = (bench.values.connector, bench.values.token.clone());
            bench.configure(START, "Authorized")?;
            bench.authorized_remotely(evse, &token)?;
            bench.ev_connects_and_charges(evse, &token)
        },
    ),
    case("TC_E_11_CS", "From DataSigned", "E01.FR.04", &[Need::SignedReadings], from_signed_data),
    case("TC_E_12_CS", "From ParkingBayOccupancy", "E01.FR.01, E01.FR.16", &[Need::BayDetector], from_bay),
    case("TC_E_03_CS", "Local start, cable first", "E02.FR.01, E02.FR.02, E01.FR.16, C01.FR.02", &[], cable_first),
    case(
        "TC_E_04_CS",
        "Local start, token first",
        "E03.FR.01, E03.FR.06, E03.FR.12, E01.FR.16, C01.FR.02",
        &[],
        token_first,
    ),
    case("TC_E_05_CS", "Local start, no cable comes", "E03.FR.01, E03.FR.05, E03.FR.06, C01.FR.02", &[], |bench| {
        let (evse, token) = (bench.values.connector, bench.values.token.clone());
        bench.configure_seconds(TIMEOUT, bench.values.connection_timeout)?;
        bench.configure_if_there("AuthCacheCtrlr.Enabled", "false")?;
        bench.precondition("Authorized", |bench| bench.authorized(evse, &token))?;
        times_out(bench)?;
        token_first(bench)
    }),
    case("TC_E_38_CS", "The vehicle is not ready", "E02.FR.10, part 6 TC_E_38", &[], not_ready),
    case(
        "TC_E_39_CS",
        "No cable comes: no energy for who comes later",
        "E06.FR.04, E06.FR.15, E03.FR.05",
        &[],
        cable_too_late,
    ),
    case(
        "TC_E_52_CS",
        "Nobody is asked about a token",
        "C01.FR.02, C01.FR.05",
        &[Need::Key("AuthCtrlr.DisableRemoteAuthorization")],
        |bench| {
            let (evse, token) = (bench.values.connector, bench.values.token.clone());
            bench.configure("AuthCtrlr.DisableRemoteAuthorization", "true")?;
            bench.present(evse, &token)?;
            bench.never(bench.values.watch, &["TransactionEvent", "StatusNotification", "Authorize"])
        },
    ),
];

fn cable_first(bench: &mut Bench<'_>) -> Step {
    let (evse, token) = (bench.values.connector, bench.values.token.clone());
    bench.ev_connected(evse)?;
    bench.authorized(evse, &token)?;
    bench.energy_flows(evse).map(|_| ())
}

fn token_first(bench: &mut Bench<'_>) -> Step {
    let (evse, token) = (bench.values.connector, bench.values.token.clone());
    bench.authorized(evse, &token)?;
    bench.ev_connects_and_charges(evse, &token)
}

fn from_energy(bench: &mut Bench<'_>) -> Step {
    let (evse, token) = (bench.values.connector, bench.values.token.clone());
    bench.configure(START, "EnergyTransfer")?;
    bench.precondition("Authorized", |bench| bench.authorized(evse, &token))?;
    let flows = bench
        .event(evse, "ChargingStateChanged", "Charging")
        .or("triggerReason", "Authorized")
        .is("evse.connectorId", CONNECTOR)
        .names(&token);
    bench.plug(evse)?;
    bench.gather(&[Bench::status(evse, "Occupied"), flows], &[]).map(|_| ())
}

/// The meter signs once a vehicle is there.
fn from_signed_data(bench: &mut Bench<'_>) -> Step {
    let (evse, token) = (bench.values.connector, bench.values.token.clone());
    bench.configure(START, "DataSigned")?;
    bench.precondition("Authorized", |bench| bench.authorized(evse, &token))?;
    let begun =
        bench.event(evse, "SignedDataReceived", "SuspendedEVSE").or("transactionInfo.chargingState", "EVConnected");
    bench.plug(evse)?;
    bench.gather(&[Bench::status(evse, "Occupied"), begun.is("evse.connectorId", CONNECTOR).names(&token)], &[])?;
    bench.energy_flows(evse).map(|_| ())
}

/// Errata 6.2.44: through to the energy.
fn from_bay(bench: &mut Bench<'_>) -> Step {
    let (evse, token) = (bench.values.connector, bench.values.token.clone());
    bench.configure(START, "ParkingBayOccupancy")?;
    let begun = bench.event(evse, "EVDetected", "Idle").absent("idToken");
    bench.drive_in(evse)?;
    bench.expect(begun)?;
    bench.authorized(evse, &token)?;
    bench.ev_connected(evse)?;
    bench.energy_flows(evse).map(|_| ())
}

/// The station waits no longer for a cable. A transaction that began ends with its authorisation.
pub(super) fn times_out(bench: &mut Bench<'_>) -> Step {
    let (evse, wait) = (bench.values.connector, bench.values.connection_timeout);
    if bench.transaction_at(evse).is_none() {
        return bench.pass(wait + bench.values.settle);
    }
    let event = match bench.stops_at("Authorized") {
        true => bench.ended(evse, "EVConnectTimeout", "Timeout"),
        false => bench.event(evse, "EVConnectTimeout", "Idle"),
    };
    bench.expect_after(wait, event.is("transactionInfo.chargingState", "Idle")).map(|_| ())
}

/// The vehicle pauses before the contactor moves.
fn not_ready(bench: &mut Bench<'_>) -> Step {
    let (evse, token) = (bench.values.connector, bench.values.token.clone());
    if bench.starts_at("EnergyTransfer") {
        return Err(Stop::NotApplicable("without energy there is no transaction".to_owned()));
    }
    bench.precondition("Authorized", |bench| bench.authorized(evse, &token))?;
    let begins = bench.transaction_at(evse).is_none();
    let mut told = vec![Bench::status(evse, "Occupied")];
    let plugged =
        bench.event(evse, "CablePluggedIn", "SuspendedEVSE").or("transactionInfo.chargingState", "EVConnected");
    let plugged = plugged.or("transactionInfo.chargingState", "SuspendedEV").is("evse.connectorId", CONNECTOR);
    told.push(if begins { plugged.names(&token) } else { plugged });
    bench.plug(evse)?;
    bench.vehicle_wants(evse, false)?;
    bench.gather(&told, &[])?;
    let paused = bench.event(evse, "ChargingStateChanged", "SuspendedEV");
    bench.expect(paused).map(|_| ())
}

fn cable_too_late(bench: &mut Bench<'_>) -> Step {
    let (evse, token) = (bench.values.connector, bench.values.token.clone());
    bench.configure_seconds(TIMEOUT, bench.values.connection_timeout)?;
    bench.precondition("Authorized", |bench| bench.authorized(evse, &token))?;
    times_out(bench)?;
    bench.ev_connected(evse)?;
    bench.never(bench.values.watch, &["TransactionEvent"])
}
