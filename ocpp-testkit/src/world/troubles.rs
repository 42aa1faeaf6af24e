//! What goes wrong: at one station, or at the server and so for all.

use std::time::Duration;

use chrono::TimeDelta;
use ocpp_core::station::{EvseId, Fault, FaultCode};

use super::dice::Dice;
use crate::link::{End, Network};
use crate::pair::{Interception, Step};

/// What happens, each so long after the trouble began.
pub(super) type Trouble = Vec<(Duration, Step)>;

type Draw = fn(&mut Dice, u16) -> Trouble;
type DrawForAll = fn(&mut Dice) -> Step;

const OF_A_STATION: &[(u64, Draw)] = &[
    (4, |dice, _| at_once(cut(dice))),
    (2, |_, _| at_once(Step::DieSilently)),
    (4, outage),
    (4, |dice, _| at_once(power_cut(dice, End::Station))),
    (2, |dice, _| at_once(Step::FailStore(End::Station, dice.between(1, 3) as u32))),
    (3, fault),
    (2, |dice, _| at_once(Step::StepStationClock(step(dice)))),
    (2, |_, _| at_once(Step::TakeOver)),
    (3, |dice, _| at_once(bad_answer(dice))),
    (1, power_cuts),
];

const OF_THE_SERVER: &[(u64, DrawForAll)] = &[
    (3, |dice| power_cut(dice, End::Csms)),
    (2, |dice| Step::FailStore(End::Csms, dice.between(1, 3) as u32)),
    (1, |dice| Step::StepCsmsClock(step(dice))),
    (1, cut),
];

/// Something that goes wrong at one station.
pub(super) fn of_a_station(dice: &mut Dice, evses: u16) -> Trouble {
    dice.weighted(OF_A_STATION).map_or_else(Vec::new, |draw| draw(dice, evses))
}

/// Something that goes wrong at the server, for all stations at once.
pub(super) fn of_the_server(dice: &mut Dice) -> Option<Step> {
    dice.weighted(OF_THE_SERVER).map(|draw| draw(dice))
}

/// Whatever went wrong with the hardware is over, and whoever still holds a plug lets it go.
pub(super) fn all_over(evses: u16) -> Vec<Step> {
    (1..=evses).map(EvseId).flat_map(|evse| [Step::Fault(evse, None), Step::Unplug(evse)]).collect()
}

fn at_once(step: Step) -> Trouble {
    vec![(Duration::ZERO, step)]
}

fn cut(dice: &mut Dice) -> Step {
    Step::Cut { keep_up: dice.below(3) as usize, keep_down: dice.below(3) as usize }
}

/// The network goes, and is back later; the connection may live on in silence.
fn outage(dice: &mut Dice, _: u16) -> Trouble {
    let network = dice.one_of([Network::Refusing, Network::Dead]);
    let end = if dice.chance(50) { cut(dice) } else { Step::DieSilently };
    let span = dice.seconds(1, 3_600);
    vec![(Duration::ZERO, Step::Network(network)), (Duration::ZERO, end), (span, Step::Network(Network::Up))]
}

fn power_cut(dice: &mut Dice, end: End) -> Step {
    let keep = dice.below(5) as usize;
    Step::PowerCut { end, keep, in_flight_arrives: dice.chance(50), outage: dice.seconds(1, 300) }
}

fn bad_answer(dice: &mut Dice) -> Step {
    let about_transactions = dice.one_of(["StartTransaction", "MeterValues", "StopTransaction"]);
    let other = dice.one_of(["BootNotification", "Authorize", "StatusNotification", "Heartbeat"]);
    let action = if dice.chance(70) { about_transactions } else { other };
    let error = Interception::Error(dice.one_of(["InternalError", "GenericError", "NotSupported"]));
    Step::Intercept(action, if dice.chance(70) { error } else { Interception::Silence })
}

/// The power comes and goes.
fn power_cuts(dice: &mut Dice, _: u16) -> Trouble {
    let mut at = Duration::ZERO;
    let mut cuts = Vec::new();
    for _ in 0..dice.between(2, 5) {
        let keep = dice.below(5) as usize;
        let outage = Duration::from_millis(dice.between(100, 2_000));
        cuts.push((at, Step::PowerCut { end: End::Station, keep, in_flight_arrives: true, outage }));
        at += outage + Duration::from_millis(dice.between(1, 5_000));
    }
    cuts
}

fn fault(dice: &mut Dice, evses: u16) -> Trouble {
    let evse = EvseId(dice.small(1, evses));
    let code = dice.one_of([FaultCode::OverVoltage, FaultCode::HighTemperature, FaultCode::GroundFailure]);
    let fault = Fault { code, is_blocking: dice.chance(60), info: None, vendor_error_code: None, vendor_id: None };
    vec![(Duration::ZERO, Step::Fault(evse, Some(fault))), (dice.seconds(1, 900), Step::Fault(evse, None))]
}

/// By seconds, hours or years, ahead or back.
fn step(dice: &mut Dice) -> TimeDelta {
    let millis = match dice.below(4) {
        0 | 1 => dice.between(1, 120_000),
        2 => dice.between(1, 36) * 3_600_000 + dice.below(1_000),
        _ => dice.between(1, 40 * 366) * 86_400_000,
    };
    let step = TimeDelta::milliseconds(i64::try_from(millis).unwrap_or(1));
    if dice.chance(50) { step } else { -step }
}
