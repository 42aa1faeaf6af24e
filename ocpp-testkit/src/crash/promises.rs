//! Scenarios in which something is promised that a power cut must not undo: ends, and cables that are held.

use ocpp_core::csms;
use ocpp_core::station::{Command, EvseId, StopReason};

use super::scenarios::{offline, plain, resuming};
use crate::checks::{Failure, Violation};
use crate::link::Network;
use crate::pair::{Pair, PairConfig, Step};

fn charging() -> Vec<(u64, Step)> {
    let begin = [(5, Step::Plug(EvseId(1))), (8, Step::token(1, "TAG"))];
    begin.into_iter().chain(leaving()).collect()
}

/// The vehicle stays for long after its session, so that energy could flow again. A cable that is held then is freed, by one of
/// several attempts: no outage lasts for all of them. In 2.x an authorised transaction is not ended by unlocking (F05.FR.02), so one that
/// runs still, since a cut undid its end before it was promised, is ended by the CSMS.
fn leaving() -> Vec<(u64, Step)> {
    let attempts = [400, 470, 560].into_iter().flat_map(|at| [(at - 10, Step::RemoteStopRunning), (at, unlocking())]);
    attempts.chain([(580, Step::Unplug(EvseId(1)))]).collect()
}

fn unlocking() -> Step {
    Step::Csms(csms::Command::UnlockConnector { place: csms::Place::numbered(1) })
}

fn during(step: Step) -> Vec<(u64, Step)> {
    charging().into_iter().chain([(140, step)]).collect()
}

/// Transactions go on after a power cut, at a socket with a lock.
pub(super) fn resuming_socket() -> PairConfig {
    let config = resuming();
    PairConfig { hardware: config.hardware.clone().with_lock(), ..config }
}

/// They end after a power cut.
pub(super) fn ending_socket() -> PairConfig {
    let config = plain();
    PairConfig { hardware: config.hardware.clone().with_lock(), ..config }
}

pub(super) fn own_token() -> Vec<(u64, Step)> {
    during(Step::token(1, "TAG"))
}

pub(super) fn remote_stop() -> Vec<(u64, Step)> {
    during(Step::RemoteStopRunning)
}

pub(super) fn host_stop() -> Vec<(u64, Step)> {
    during(Step::Station(Command::stop(EvseId(1), StopReason::EmergencyStop)))
}

pub(super) fn unlock() -> Vec<(u64, Step)> {
    during(unlocking())
}

pub(super) fn reset() -> Vec<(u64, Step)> {
    during(Step::Csms(csms::Command::Reset { kind: csms::ResetKind::OnIdle, evse: None }))
}

/// It comes back before the transaction would have gone on.
pub(super) fn cable_pulled_and_back() -> Vec<(u64, Step)> {
    let mut steps = charging();
    steps.extend([(140, Step::Unplug(EvseId(1))), (143, Step::Plug(EvseId(1)))]);
    steps
}

/// Offline everybody may charge; the CSMS refuses this driver once it hears of him.
pub(super) fn refused_driver() -> PairConfig {
    let mut config = offline();
    config.station.policy.after_power_loss = resuming().station.policy.after_power_loss;
    PairConfig { hardware: config.hardware.clone().with_lock(), ..config }
}

/// The same, where transactions end after a power cut.
pub(super) fn refused_driver_ending() -> PairConfig {
    let config = offline();
    PairConfig { hardware: config.hardware.clone().with_lock(), ..config }
}

/// And his transaction may have so much energy, and goes on without.
pub(super) fn refused_driver_with_allowance() -> PairConfig {
    refused_driver()
        .with_setting("MaxEnergyOnInvalidId", &ALLOWANCE_WH.to_string())
        .with_setting("StopTransactionOnInvalidId", "false")
}

/// More than flows until the CSMS is heard again, whatever is down; less than would flow until the end.
const ALLOWANCE_WH: i64 = 600;

/// A stranger tries to start at the plug that is held, then its owner frees it.
pub(super) fn stranger_at_a_held_plug() -> Vec<(u64, Step)> {
    let down = [(3, Step::Network(Network::Dead)), (3, Step::CUT)];
    let steps = [
        (5, Step::Plug(EvseId(1))),
        (8, Step::token(1, "BAD")),
        (60, Step::Network(Network::Up)),
        (200, Step::token(1, "TAG")),
        (260, Step::token(1, "TAG")),
    ];
    down.into_iter().chain(steps).chain(leaving()).collect()
}

pub(super) fn allowance_used_up() -> Vec<(u64, Step)> {
    let down = [(3, Step::Network(Network::Dead)), (3, Step::CUT)];
    let steps = [(5, Step::Plug(EvseId(1))), (8, Step::token(1, "BAD")), (60, Step::Network(Network::Up))];
    down.into_iter().chain(steps).chain(leaving()).collect()
}

/// What a refused driver got: the allowance, and what flows until the meter is looked at again.
pub(super) fn allowance_is_kept(pair: &mut Pair) -> Result<(), Failure> {
    let bill = pair.csms.bill();
    let most = ALLOWANCE_WH + 40;
    let over = bill.rows.iter().filter(|row| row.token == "BAD").find_map(|row| {
        let energy_wh = row.end.as_ref()?.meter_stop_wh? - row.meter_start_wh?;
        (energy_wh > most).then_some(energy_wh)
    });
    match over {
        Some(energy_wh) => Err(pair.fail(Violation::Promise(format!("{energy_wh} Wh for a refused token")))),
        None => Ok(()),
    }
}
