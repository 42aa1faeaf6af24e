//! What will happen in a world.

use std::fmt;
use std::time::Duration;

use chrono::{DateTime, Utc};
use ocpp_core::station::EvseId;
use ocpp_core::time::Instant;
use ocpp_rpc::Dialect;

use super::commands::{self, Desk};
use super::dice::Dice;
use super::place::Place;
use super::{tokens, troubles, v2, visits};
use crate::clock::WallClock;
use crate::pair::{PairConfig, Sabotage, Step, text};
use crate::seed::Seed;

const HOUR: Duration = Duration::from_secs(3_600);

/// Times at which a world may begin: before a leap day, the end of a year, the end of 32-bit seconds, and on a common day.
const BEGINNINGS: [&str; 4] =
    ["2028-02-28T18:00:00Z", "2026-12-31T20:00:00Z", "2038-01-18T22:00:00Z", "2026-06-15T08:30:00Z"];

/// What will happen in a world.
#[derive(Clone, Debug)]
pub struct Plan {
    /// Decides what is drawn while it happens: message ids, back-off.
    pub seed: Seed,
    /// When the last act is over, and all trouble ends.
    pub until: Instant,
    /// The right time at the beginning.
    pub wall: WallClock,
    /// The stations.
    pub places: Vec<Place>,
    /// All that happens, in order.
    pub acts: Vec<Act>,
    /// A planted bug, in all stations.
    pub sabotage: Option<Sabotage>,
}

/// One thing that happens.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Act {
    /// When.
    pub at: Instant,
    /// Where.
    pub target: Target,
    /// What.
    pub step: Step,
}

/// Where something happens.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Target {
    /// At the station of this number.
    Station(usize),
    /// At the server, and so for all stations.
    Server,
}

impl Plan {
    /// Draws what happens at so many stations in so many hours.
    pub fn draw(seed: Seed, stations: usize, hours: u64) -> Self {
        Plan::draw_in(seed, stations, hours, &[Dialect::V1_6])
    }

    /// The same of stations that speak these versions, by turns; where there are several, some stations speak all of them.
    pub fn draw_in(seed: Seed, stations: usize, hours: u64, versions: &[Dialect]) -> Self {
        let mut dice = Dice::new(seed.child("world", 0));
        let beginning = dice.one_of(BEGINNINGS).parse::<DateTime<Utc>>();
        let mut plan = Plan {
            seed,
            until: Instant::ZERO + HOUR * u32::try_from(hours).unwrap_or(u32::MAX),
            wall: beginning.map_or(WallClock::UNSET, WallClock::starting_at),
            places: Vec::new(),
            acts: Vec::new(),
            sabotage: None,
        };
        for (number, version) in (0..stations).zip(versions.iter().copied().cycle()) {
            let place = Place::draw(&mut Dice::new(seed.child("place", number as u64)), number, version, versions);
            plan.draw_visits(&place, seed);
            plan.draw_troubles(&place, seed);
            plan.draw_commands(&place, seed);
            plan.places.push(place);
        }
        // A server in trouble troubles everybody: not so often.
        let mut dice = Dice::new(seed.child("server", 0));
        let mut at = Instant::ZERO;
        while let Some(next) = plan.next(&mut dice, &mut at, 4 * 3_600) {
            plan.acts.extend(troubles::of_the_server(&mut dice).map(|step| Act {
                at: next,
                target: Target::Server,
                step,
            }));
        }
        plan.acts.sort_by_key(|act| act.at);
        plan
    }

    /// The next moment, on the average so many seconds later, if it lies within the plan.
    fn next(&self, dice: &mut Dice, at: &mut Instant, seconds: u64) -> Option<Instant> {
        *at = *at + dice.seconds(1, 2 * seconds);
        (*at < self.until).then_some(*at)
    }

    /// One driver after the other at each EVSE.
    fn draw_visits(&mut self, place: &Place, seed: Seed) {
        for evse in (1..=place.evses).map(EvseId) {
            let mut dice = Dice::new(seed.child("visits", place.number as u64 * 1_000 + u64::from(evse.0)));
            let mut at = Instant::ZERO;
            while let Some(arrival) = self.next(&mut dice, &mut at, 2_400) {
                let visit = visits::draw(&mut dice, evse);
                at = at + visit.stay;
                self.add(place, arrival, visit.acts);
            }
        }
    }

    fn draw_troubles(&mut self, place: &Place, seed: Seed) {
        let mut dice = Dice::new(seed.child("troubles", place.number as u64));
        let mut at = Instant::ZERO;
        while let Some(next) = self.next(&mut dice, &mut at, 2_400) {
            let trouble = troubles::of_a_station(&mut dice, place);
            self.add(place, next, trouble);
        }
        if place.versions == [Dialect::V1_6] {
            return;
        }
        let mut dice = Dice::new(seed.child("troubles of 2.x", place.number as u64));
        let mut at = Instant::ZERO;
        while let Some(next) = self.next(&mut dice, &mut at, 3_600) {
            let trouble = troubles::of_2_x(&mut dice, place);
            self.add(place, next, trouble);
        }
    }

    fn draw_commands(&mut self, place: &Place, seed: Seed) {
        let mut dice = Dice::new(seed.child("commands", place.number as u64));
        let mut at = Instant::ZERO;
        while let Some(next) = self.next(&mut dice, &mut at, 1_800) {
            let desk = Desk { connectors: place.evses, wall: self.wall.read(next) };
            let step = match place.version(&mut dice) {
                Dialect::V1_6 => commands::draw(&mut dice, desk),
                Dialect::V2_0_1 | Dialect::V2_1 => v2::draw(&mut dice, desk),
            };
            self.add(place, next, vec![(Duration::ZERO, step)]);
        }
    }

    fn add(&mut self, place: &Place, at: Instant, steps: Vec<(Duration, Step)>) {
        let target = Target::Station(place.number);
        let acts = steps.into_iter().map(|(after, step)| Act { at: at + after, target, step });
        self.acts.extend(acts.filter(|act| act.at < self.until));
    }

    /// Whether nobody touches a clock that this station looks at.
    pub(super) fn clocks_are_right(&self, station: usize) -> bool {
        let mut acts = self.acts.iter().filter(|act| act.target.includes(station));
        !acts.any(|act| matches!(act.step, Step::StepStationClock(_) | Step::StepCsmsClock(_)))
    }

    /// How the pair of a station is set up.
    pub(super) fn config(&self, place: &Place, trace: bool, record: bool) -> PairConfig {
        let last_drivers = (1..=place.evses).map(|evse| tokens::of_last_driver(place.number, evse));
        let policy = last_drivers.fold(tokens::policy(), |policy, token| {
            policy.with_token(&token, ocpp_core::station::AuthorizationStatus::Accepted)
        });
        let mut config = PairConfig::new(0)
            .speaking(&place.versions)
            .with_policy(policy.with_boots(place.boots.iter().copied()))
            .with_setting("AllowOfflineTxForUnknownId", "true")
            // A connection that dies in silence costs attempts, and nothing shall be given up.
            .with_setting("TransactionMessageAttempts", "100000")
            .with_setting("TransactionMessageRetryInterval", "10");
        config.seed = self.seed.child("pair", place.number as u64);
        config.station = config.station.with_evses(place.evses);
        config.station.network.identity = place.identity().into();
        config.station.limits.stop_readings = place.stop_readings;
        config.wall = self.wall;
        config.station_clock = if place.keeps_time { self.wall } else { WallClock::UNSET };
        config.station_store = place.store;
        config.hardware = crate::hardware::Hardware::new(1_000_000, place.draw_watts);
        if place.has_lock {
            config.hardware = config.hardware.with_lock();
        }
        config.latency_up = place.latency_up;
        config.latency_down = place.latency_down;
        config.csms_thinks = place.csms_thinks;
        config.ledger_check = true;
        config.sabotage = self.sabotage;
        config.trace = trace;
        config.record_wire = record;
        config
    }
}

impl fmt::Display for Act {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let millis = self.at.as_millis();
        write!(f, "{:>7}.{:03} ", millis / 1000, millis % 1000)?;
        match self.target {
            Target::Station(number) => write!(f, "CP{number:04}  ")?,
            Target::Server => f.write_str("server  ")?,
        }
        f.write_str(&text::step(&self.step))
    }
}
