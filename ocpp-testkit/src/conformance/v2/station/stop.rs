//! Ending transactions (E06, E07, E09, E10), at each stop point.

use crate::conformance::pattern::Pattern;
use crate::conformance::v2::bench::{Bench, CONNECTOR};
use crate::conformance::v2::{case, unwritten};
use crate::conformance::{Case, Need, Step};

use super::cache::{Deauthorised, allow_offline, deauthorised_later};

const STOP: &str = "TxCtrlr.TxStopPoint";
const STOP_TX: &str = "TxCtrlr.StopTxOnEVSideDisconnect";
const UNLOCK: &str = "OCPPCommCtrlr.UnlockOnEVSideDisconnect";

pub(super) const CASES: &[Case] = &[
    case("TC_E_06_CS", "Stopped at the station", "E07.FR.04, E06.FR.15, C01.FR.03", &[], |bench| {
        let token = bench.values.token.clone();
        bench.whole_session(bench.values.connector, &token)
    }),
    case("TC_E_07_CS", "To PowerPathClosed, local", "E06.FR.06, E06.FR.15", &[], |bench| {
        local(bench, "PowerPathClosed")
    }),
    case("TC_E_08_CS", "To EnergyTransfer, local", "E06.FR.07, E06.FR.15", &[], |bench| local(bench, "EnergyTransfer")),
    case("TC_E_14_CS", "To EVConnected, at the station", "E06.FR.02, E06.FR.15", &[Need::PlugLock], |bench| {
        let evse = bench.values.connector;
        local(bench, "EVConnected")?;
        bench.ev_disconnected(evse, "Local")
    }),
    case("TC_E_15_CS", "To Authorized, local", "E06.FR.03, E06.FR.15", &[], |bench| local(bench, "Authorized")),
    case("TC_E_16_CS", "To Authorized, the token is refused", "E06.FR.04, E06.FR.15, C15.FR.04", &[], refused),
    case("TC_E_17_CS", "To Authorized, the vehicle is unplugged", "E06.FR.04, E06.FR.15", &[Need::PlugLock], |bench| {
        bench.configure(STOP, "Authorized")?;
        unplugged_stops(bench, false)
    }),
    case("TC_E_19_CS", "To ParkingBayOccupancy", "E06.FR.01, E06.FR.15", &[Need::BayDetector], drives_off),
    case("TC_E_20_CS", "To EVConnected, the vehicle is unplugged", "E06.FR.02, E06.FR.15", &[], |bench| {
        bench.configure(STOP, "EVConnected")?;
        bench.configure(STOP_TX, "false")?;
        unplugged_ends(bench)
    }),
    case("TC_E_21_CS", "To Authorized, remote", "E06.FR.03, E06.FR.15, F03.FR.09", &[], |bench| {
        remote(bench, "Authorized")
    }),
    case("TC_E_22_CS", "To EnergyTransfer, the vehicle pauses", "E06.FR.07, E06.FR.15", &[], |bench| {
        let evse = bench.values.connector;
        bench.configure(STOP, "EnergyTransfer")?;
        bench.charging(evse)?;
        let over =
            bench.ended(evse, "ChargingStateChanged", "StoppedByEV").is("transactionInfo.chargingState", "EVConnected");
        bench.vehicle_wants(evse, false)?;
        let over = over.or("transactionInfo.chargingState", "SuspendedEV");
        bench.expect(over).map(|_| ())
    }),
    case(
        "TC_E_24_CS",
        "The vehicle is unplugged: stop and unlock",
        "E09.FR.01, E09.FR.02, E09.FR.04",
        &[Need::PlugLock],
        |bench| unplugged_stops(bench, true),
    ),
    case(
        "TC_E_25_CS",
        "The vehicle is unplugged: stop, and stay locked",
        "E09.FR.01, E09.FR.03, E09.FR.04",
        &[],
        |bench| unplugged_stops(bench, false),
    ),
    case(
        "TC_E_26_CS",
        "The vehicle is unplugged: the transaction goes on",
        "E10.FR.01, E10.FR.03",
        &[Need::PlugLock],
        goes_on,
    ),
    case(
        "TC_E_27_CS",
        "The vehicle is unplugged and does not come back",
        "E10.FR.02, E10.FR.03",
        &[Need::FixedCable],
        not_back,
    ),
    case("TC_E_35_CS", "To PowerPathClosed, remote", "E06.FR.06, E06.FR.15", &[], |bench| {
        remote(bench, "PowerPathClosed")
    }),
    case("TC_E_37_CS", "To PowerPathClosed, the vehicle is unplugged", "E06.FR.06, E06.FR.15", &[], |bench| {
        bench.configure(STOP, "PowerPathClosed")?;
        bench.configure_if_there(STOP_TX, "false")?;
        unplugged_ends(bench)
    }),
    unwritten(
        "TC_E_54_CS",
        "To EVConnected, a vehicle of ISO 15118 is unplugged",
        "E06.FR.02, E06.FR.15",
        "needs high level communication with the vehicle, which the station has not",
    ),
];

/// The driver stops, pulls the plug, and drives off.
fn drives_off(bench: &mut Bench<'_>) -> Step {
    let (evse, token) = (bench.values.connector, bench.values.token.clone());
    bench.configure(STOP, "ParkingBayOccupancy")?;
    bench.precondition("EVDisconnected", |bench| {
        bench.drive_in(evse)?;
        bench.charging(evse)?;
        bench.stop_authorized(evse, &token)?;
        let told = [lost(bench, evse), Bench::status(evse, "Available")];
        bench.leave(evse)?;
        bench.gather(&told, &[])
    })?;
    let over = bench.ended(evse, "EVDeparted", "Local").is("transactionInfo.chargingState", "Idle");
    bench.drive_out(evse)?;
    bench.expect(over).map(|_| ())
}

fn local(bench: &mut Bench<'_>, point: &str) -> Step {
    let (evse, token) = (bench.values.connector, bench.values.token.clone());
    bench.configure(STOP, point)?;
    bench.charging(evse)?;
    bench.stop_authorized(evse, &token)
}

fn remote(bench: &mut Bench<'_>, point: &str) -> Step {
    let evse = bench.values.connector;
    bench.configure(STOP, point)?;
    bench.charging(evse)?;
    bench.stopped_remotely(evse)
}

fn refused(bench: &mut Bench<'_>) -> Step {
    let (evse, token) = (bench.values.connector, bench.values.token.clone());
    bench.configure(STOP, "Authorized")?;
    allow_offline(bench)?;
    deauthorised_later(bench, evse, &token, Deauthorised { stops: true, energy_wh: 0 })
}

/// State EnergyTransferSuspended: the vehicle pauses.
fn suspended(bench: &mut Bench<'_>) -> Step<u16> {
    let evse = bench.values.connector;
    bench.charging(evse)?;
    bench.precondition("EnergyTransferSuspended", |bench| {
        let paused = bench.event(evse, "ChargingStateChanged", "SuspendedEV");
        bench.vehicle_wants(evse, false)?;
        bench.expect(paused)
    })?;
    Ok(evse)
}

/// E09: the authorisation ends. The transaction does, unless it ends with the cable.
fn unplugged_stops(bench: &mut Bench<'_>, unlocks: bool) -> Step {
    bench.configure(STOP_TX, "true")?;
    bench.configure_if_there(UNLOCK, if unlocks { "true" } else { "false" })?;
    let evse = suspended(bench)?;
    let token = bench.values.token.clone();
    let over = bench.ended(evse, "EVCommunicationLost", "EVDisconnected").is("transactionInfo.chargingState", "Idle");
    bench.unplug_vehicle(evse)?;
    let free = Bench::status(evse, "Available");
    if bench.values.fixed_cable {
        return bench.gather(&[over, free], &[]).map(|_| ());
    }
    bench.expect(over)?;
    if !unlocks {
        bench.present(evse, &token)?;
        bench.pass(bench.values.settle)?;
    }
    bench.leave(evse)?;
    bench.gather(&[free], &[Bench::authorize(&token)]).map(|_| ())
}

/// The stop point is passed when the vehicle is out.
fn unplugged_ends(bench: &mut Bench<'_>) -> Step {
    let evse = suspended(bench)?;
    let over =
        bench.ended(evse, "EVCommunicationLost", "EVDisconnected").or("transactionInfo.stoppedReason", "StoppedByEV");
    let mut told = vec![over.is("transactionInfo.chargingState", "Idle")];
    told.extend(bench.values.fixed_cable.then(|| Bench::status(evse, "Available")));
    bench.unplug_vehicle(evse)?;
    bench.gather(&told, &[]).map(|_| ())
}

fn lost(bench: &Bench<'_>, evse: u16) -> Pattern {
    bench.event(evse, "EVCommunicationLost", "Idle")
}

fn goes_on(bench: &mut Bench<'_>) -> Step {
    bench.configure(STOP, "Authorized")?;
    bench.configure_if_there(UNLOCK, "false")?;
    bench.configure(STOP_TX, "false")?;
    let evse = suspended(bench)?;
    let told = lost(bench, evse);
    bench.unplug_vehicle(evse)?;
    bench.expect(told)?;
    let back = bench.event(evse, "CablePluggedIn", "EVConnected").or("transactionInfo.chargingState", "SuspendedEVSE");
    bench.plug(evse)?;
    bench.expect(back.is("evse.connectorId", CONNECTOR))?;
    bench.energy_flows(evse).map(|_| ())
}

fn not_back(bench: &mut Bench<'_>) -> Step {
    let wait = bench.values.connection_timeout;
    bench.configure(STOP, "Authorized")?;
    bench.configure_if_there(UNLOCK, "false")?;
    bench.configure(STOP_TX, "false")?;
    bench.configure_seconds("TxCtrlr.EVConnectionTimeOut", wait)?;
    let evse = suspended(bench)?;
    let told = [lost(bench, evse), Bench::status(evse, "Available")];
    bench.unplug_vehicle(evse)?;
    bench.gather(&told, &[])?;
    let over = bench.ended(evse, "EVConnectTimeout", "Timeout").is("transactionInfo.chargingState", "Idle");
    bench.expect_after(wait, over).map(|_| ())
}
