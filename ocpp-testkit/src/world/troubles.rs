//! What goes wrong: at one station, or at the server and so for all.

use std::time::Duration;

use chrono::TimeDelta;
use ocpp_core::station::{EvseId, Fault, FaultCode};
use ocpp_rpc::Dialect;

use super::dice::Dice;
use super::place::Place;
use super::v2;
use crate::link::{End, Network};
use crate::pair::{Interception, Step};

/// What happens, each so long after the trouble began.
pub(super) type Trouble = Vec<(Duration, Step)>;

type Draw = fn(&mut Dice, &Place) -> Trouble;
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
    (3, |dice, place| at_once(bad_answer(dice, place))),
    (1, power_cuts),
];

/// What goes wrong beside that where other versions are spoken than 1.6.
const OF_2_X: &[(u64, Draw)] =
    &[(2, |dice, place| at_once(bad_answer(dice, place))), (1, other_place), (2, version_change)];

const OF_THE_SERVER: &[(u64, DrawForAll)] = &[
    (3, |dice| power_cut(dice, End::Csms)),
    (2, |dice| Step::FailStore(End::Csms, dice.between(1, 3) as u32)),
    (1, |dice| Step::StepCsmsClock(step(dice))),
    (1, cut),
];

/// Something that goes wrong at one station.
pub(super) fn of_a_station(dice: &mut Dice, place: &Place) -> Trouble {
    dice.weighted(OF_A_STATION).map_or_else(Vec::new, |draw| draw(dice, place))
}

/// Something more that goes wrong at one that speaks 2.x.
pub(super) fn of_2_x(dice: &mut Dice, place: &Place) -> Trouble {
    dice.weighted(OF_2_X).map_or_else(Vec::new, |draw| draw(dice, place))
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
fn outage(dice: &mut Dice, _: &Place) -> Trouble {
    let network = dice.one_of([Network::Refusing, Network::Dead]);
    let end = if dice.chance(50) { cut(dice) } else { Step::DieSilently };
    let span = dice.seconds(1, 3_600);
    vec![(Duration::ZERO, Step::Network(network)), (Duration::ZERO, end), (span, Step::Network(Network::Up))]
}

fn power_cut(dice: &mut Dice, end: End) -> Step {
    let keep = dice.below(5) as usize;
    Step::PowerCut { end, keep, in_flight_arrives: dice.chance(50), outage: dice.seconds(1, 300) }
}

/// Each version has its own messages about transactions.
fn bad_answer(dice: &mut Dice, place: &Place) -> Step {
    let about_transactions = match place.version(dice) {
        Dialect::V1_6 => dice.one_of(["StartTransaction", "MeterValues", "StopTransaction"]),
        Dialect::V2_0_1 | Dialect::V2_1 => dice.one_of(["TransactionEvent", "TransactionEvent", "MeterValues"]),
    };
    let other = dice.one_of(["BootNotification", "Authorize", "StatusNotification", "Heartbeat"]);
    let action = if dice.chance(70) { about_transactions } else { other };
    let error = Interception::Error(dice.one_of(["InternalError", "GenericError", "NotSupported"]));
    Step::Intercept(action, if dice.chance(70) { error } else { Interception::Silence })
}

/// The CSMS is not to be had at the other place that it named, for a while.
fn other_place(dice: &mut Dice, _: &Place) -> Trouble {
    let network = dice.one_of([Network::Refusing, Network::Dead]);
    let back = (dice.seconds(60, 7_200), Step::Endpoint(v2::OTHER_PLACE, Network::Up));
    vec![(Duration::ZERO, Step::Endpoint(v2::OTHER_PLACE, network)), (Duration::ZERO, cut(dice)), back]
}

/// The server speaks one version alone, of those that the station knows, and the connection ends.
fn version_change(dice: &mut Dice, place: &Place) -> Trouble {
    let version = place.version(dice);
    vec![(Duration::ZERO, Step::Versions(vec![version])), (dice.seconds(0, 60), cut(dice))]
}

/// The power comes and goes.
fn power_cuts(dice: &mut Dice, _: &Place) -> Trouble {
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

fn fault(dice: &mut Dice, place: &Place) -> Trouble {
    let evse = EvseId(dice.small(1, place.evses));
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
