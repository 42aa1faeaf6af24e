//! The stations of a world, and what surrounds them.

use std::time::Duration;

use ocpp_core::csms::RegistrationStatus;
use ocpp_rpc::Dialect;

use super::dice::Dice;
use super::{commands, v2};
use crate::pair::Step;
use crate::store::StoreHabits;

/// A station and its surroundings.
#[derive(Clone, Debug)]
pub struct Place {
    /// Its number in the world; the identity comes from it.
    pub number: usize,
    /// The versions that it speaks, most wanted first.
    pub versions: Vec<Dialect>,
    /// How many EVSEs it has.
    pub evses: u16,
    /// Whether they hold the plug.
    pub has_lock: bool,
    /// What vehicles take.
    pub draw_watts: u32,
    /// Whether it has a clock that outlasts a power cut.
    pub keeps_time: bool,
    /// Its store.
    pub store: StoreHabits,
    /// How many readings it keeps for stops.
    pub stop_readings: usize,
    /// From the station to the server.
    pub latency_up: Duration,
    /// From the server to the station.
    pub latency_down: Duration,
    /// How long the server thinks about its questions.
    pub csms_thinks: Duration,
    /// What its first boots are told.
    pub boots: Vec<(RegistrationStatus, Duration)>,
}

impl Place {
    pub(super) fn draw(dice: &mut Dice, number: usize, version: Dialect, all: &[Dialect]) -> Self {
        let latency = |dice: &mut Dice| Duration::from_millis(dice.one_of([5, 40, 40, 300, 900]));
        let boot = |dice: &mut Dice| {
            let status = dice.one_of([RegistrationStatus::Pending, RegistrationStatus::Rejected]);
            (status, dice.seconds(10, 300))
        };
        let mut place = Place {
            number,
            versions: vec![version],
            evses: dice.small(1, 3),
            has_lock: dice.chance(50),
            draw_watts: dice.one_of([3_680, 7_200, 11_000, 22_000, 150_000]),
            keeps_time: dice.chance(60),
            store: StoreHabits {
                lag: Duration::from_millis(dice.one_of([1, 5, 50, 600])),
                lies: false,
                tears: dice.chance(50),
            },
            stop_readings: dice.one_of([300, 30, 5]),
            latency_up: latency(dice),
            latency_down: latency(dice),
            boots: (0..dice.one_of([0, 0, 0, 1, 2])).map(|_| boot(dice)).collect(),
            csms_thinks: Duration::from_millis(dice.one_of([2, 2, 2, 900, 4_000])),
        };
        if all.len() > 1 && dice.chance(40) {
            place.versions.extend(all.iter().filter(|other| **other != version));
        }
        place
    }

    /// One of the versions that it speaks.
    pub(super) fn version(&self, dice: &mut Dice) -> Dialect {
        match self.versions.as_slice() {
            [only] => *only,
            all => *all.get(dice.below(all.len() as u64) as usize).unwrap_or(&Dialect::V1_6),
        }
    }

    /// The operator takes back what keeps drivers away, in each version that may be spoken.
    pub(super) fn make_free(&self) -> Vec<Step> {
        let in_version = |version: &Dialect| match version {
            Dialect::V1_6 => commands::make_free(),
            Dialect::V2_0_1 | Dialect::V2_1 => v2::make_free(),
        };
        self.versions.iter().flat_map(in_version).collect()
    }

    /// The identity of the station.
    pub fn identity(&self) -> String {
        format!("CP{:04}", self.number)
    }
}
