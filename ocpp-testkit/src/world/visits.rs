//! What drivers do: they arrive, plug, swipe, charge, change their mind, and leave.

use std::time::Duration;

use ocpp_core::csms::{Command, IdToken};
use ocpp_core::station::{EvseId, Vehicle};

use super::dice::Dice;
use super::tokens;
use crate::pair::Step;

/// What one driver does, each act so long after the arrival.
#[derive(Debug, Default)]
pub(super) struct Visit {
    pub acts: Vec<(Duration, Step)>,
    /// How long the driver stays.
    pub stay: Duration,
}

impl Visit {
    fn wait(&mut self, span: Duration) -> &mut Self {
        self.stay += span;
        self
    }

    fn does(&mut self, step: Step) -> &mut Self {
        self.acts.push((self.stay, step));
        self
    }
}

type Kind = fn(&mut Visit, &mut Dice, EvseId);

const KINDS: &[(u64, Kind)] = &[
    (10, plug_and_swipe),
    (6, swipe_and_plug),
    (3, pull_only),
    (3, stop_with_other_card),
    (2, swap_cards),
    (2, vehicle_pauses),
    (2, pull_before_stop),
    (2, by_app),
    (2, forget_the_cable),
    (1, swipe_and_go),
    (1, plug_twice),
];

/// A driver at this EVSE.
pub(super) fn draw(dice: &mut Dice, evse: EvseId) -> Visit {
    let mut visit = Visit::default();
    if let Some(kind) = dice.weighted(KINDS) {
        kind(&mut visit, dice, evse);
    }
    visit
}

/// At the reader of the EVSE, sometimes at that of the station.
fn swipe(dice: &mut Dice, evse: EvseId, token: &str) -> Step {
    let reader = dice.chance(90).then_some(evse);
    Step::Token(reader, IdToken::new(token))
}

fn charge(dice: &mut Dice) -> Duration {
    if dice.chance(20) { dice.seconds(1, 120) } else { dice.seconds(120, 7_200) }
}

fn plug_and_swipe(visit: &mut Visit, dice: &mut Dice, evse: EvseId) {
    let token = tokens::any(dice);
    visit.does(Step::Plug(evse)).wait(dice.seconds(1, 40)).does(swipe(dice, evse, &token));
    visit.wait(charge(dice)).does(swipe(dice, evse, &token));
    visit.wait(dice.seconds(1, 60)).does(Step::Unplug(evse));
}

fn swipe_and_plug(visit: &mut Visit, dice: &mut Dice, evse: EvseId) {
    let token = tokens::any(dice);
    visit.does(swipe(dice, evse, &token)).wait(dice.seconds(1, 150)).does(Step::Plug(evse));
    visit.wait(charge(dice)).does(swipe(dice, evse, &token));
    visit.wait(dice.seconds(1, 60)).does(Step::Unplug(evse));
}

fn pull_only(visit: &mut Visit, dice: &mut Dice, evse: EvseId) {
    let token = tokens::any(dice);
    visit.does(Step::Plug(evse)).wait(dice.seconds(1, 20)).does(swipe(dice, evse, &token));
    visit.wait(charge(dice)).does(Step::Unplug(evse));
}

fn stop_with_other_card(visit: &mut Visit, dice: &mut Dice, evse: EvseId) {
    let token = tokens::known(dice);
    visit.does(Step::Plug(evse)).wait(dice.seconds(1, 20)).does(swipe(dice, evse, &token));
    visit.wait(charge(dice)).does(swipe(dice, evse, &tokens::friend(&token)));
    visit.wait(dice.seconds(1, 60)).does(Step::Unplug(evse));
}

/// The first card is the wrong one, and a stranger tries to stop what the second one began.
fn swap_cards(visit: &mut Visit, dice: &mut Dice, evse: EvseId) {
    let (wrong, token, stranger) = (tokens::any(dice), tokens::known(dice), tokens::any(dice));
    visit.does(Step::Plug(evse)).wait(dice.seconds(1, 20)).does(swipe(dice, evse, &wrong));
    visit.wait(dice.seconds(1, 10)).does(swipe(dice, evse, &token));
    visit.wait(charge(dice)).does(swipe(dice, evse, &stranger));
    visit.wait(dice.seconds(1, 10)).does(swipe(dice, evse, &token));
    visit.wait(dice.seconds(1, 60)).does(Step::Unplug(evse));
}

fn vehicle_pauses(visit: &mut Visit, dice: &mut Dice, evse: EvseId) {
    let token = tokens::known(dice);
    visit.does(Step::Plug(evse)).wait(dice.seconds(1, 20)).does(swipe(dice, evse, &token));
    visit.wait(charge(dice)).does(Step::Vehicle(evse, Vehicle::Paused));
    visit.wait(charge(dice)).does(Step::Vehicle(evse, Vehicle::Ready));
    visit.wait(charge(dice)).does(swipe(dice, evse, &token));
    visit.wait(dice.seconds(1, 60)).does(Step::Unplug(evse));
}

/// The plug may be held.
fn pull_before_stop(visit: &mut Visit, dice: &mut Dice, evse: EvseId) {
    let token = tokens::known(dice);
    visit.does(Step::Plug(evse)).wait(dice.seconds(1, 20)).does(swipe(dice, evse, &token));
    visit.wait(charge(dice)).does(Step::Unplug(evse));
    visit.wait(dice.seconds(1, 30)).does(swipe(dice, evse, &token));
    visit.wait(dice.seconds(1, 30)).does(Step::Unplug(evse));
}

fn by_app(visit: &mut Visit, dice: &mut Dice, evse: EvseId) {
    let token = IdToken::new(&tokens::known(dice));
    let start = Step::Csms(Command::remote_start(Some(evse.0.into()), token));
    visit.does(Step::Plug(evse)).wait(dice.seconds(1, 40)).does(start);
    visit.wait(charge(dice)).does(Step::Unplug(evse));
}

/// Nobody swipes, and the cable hangs there for long.
fn forget_the_cable(visit: &mut Visit, dice: &mut Dice, evse: EvseId) {
    visit.does(Step::Plug(evse)).wait(dice.seconds(1_000, 10_000)).does(Step::Unplug(evse));
}

fn swipe_and_go(visit: &mut Visit, dice: &mut Dice, evse: EvseId) {
    let token = tokens::any(dice);
    visit.does(swipe(dice, evse, &token)).wait(dice.seconds(60, 600));
}

/// The plug comes out and goes in again in the middle.
fn plug_twice(visit: &mut Visit, dice: &mut Dice, evse: EvseId) {
    let token = tokens::known(dice);
    visit.does(Step::Plug(evse)).wait(dice.seconds(1, 20)).does(swipe(dice, evse, &token));
    visit.wait(charge(dice)).does(Step::Unplug(evse));
    visit.wait(dice.seconds(0, 5)).does(Step::Plug(evse));
    visit.wait(charge(dice)).does(Step::Unplug(evse));
}
