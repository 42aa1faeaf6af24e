//! Carrying a plan out.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet, BinaryHeap};
use std::time::Duration;

use ocpp_core::station::EvseId;
use ocpp_core::time::Instant;
use serde::Serialize;
use thiserror::Error;

use super::place::Place;
use super::plan::{Plan, Target};
use super::{commands, tokens, troubles, v2};
use crate::checks::{Failure, Violation, bill, ledger, settings};
use crate::link::Network;
use crate::pair::{Pair, Step, Tally};
use crate::trace::record::Record;

/// How long the stations may take to come to rest once all trouble is over.
const REST_WITHIN: Duration = Duration::from_secs(6 * 3_600);
/// How often it is looked whether they rest.
const LOOK_EVERY: Duration = Duration::from_secs(7);
/// How long a token that was presented waits for a plug, at most.
const LONGEST_GRANT: Duration = Duration::from_secs(commands::LONGEST_CONNECTION_TIMEOUT + 10);
/// How long the last driver of a connector charges.
const LAST_CHARGE: Duration = Duration::from_secs(120);

/// What is kept of a run.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Watch {
    /// The trace.
    pub trace: bool,
    /// The records of the wire.
    pub record: bool,
}

/// A world under way.
pub struct World<'a> {
    plan: &'a Plan,
    stations: Vec<Station<'a>>,
    /// What each station does next; what is not true any more is skipped.
    queue: BinaryHeap<Reverse<(Instant, usize)>>,
    now: Instant,
    steps: u64,
}

struct Station<'a> {
    place: &'a Place,
    pair: Pair,
    /// The facts of its table at the last look, and who charged then.
    facts: usize,
    charging: BTreeSet<String>,
}

/// What happened in a world.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Summary {
    /// The stations.
    pub stations: usize,
    /// How long the world went on, in seconds.
    pub seconds: u64,
    /// Steps of the simulation.
    pub steps: u64,
    /// Transactions, all of them billed.
    pub sessions: u64,
    /// Their energy, in Wh.
    pub energy_wh: i64,
    /// All that was counted.
    #[serde(flatten)]
    pub tally: Tally,
    /// The same for the same plan: a hash over all messages and store operations with their times.
    pub trace_hash: u64,
}

/// A check that failed in a world.
#[derive(Clone, Debug, Error)]
#[error("station {station}, step {step}, at {failure}")]
pub struct WorldFailure {
    /// The number of the station.
    pub station: usize,
    /// After how many steps of the simulation.
    pub step: u64,
    /// What failed.
    pub failure: Box<Failure>,
}

impl<'a> World<'a> {
    /// A world in which nothing happened yet.
    ///
    /// # Errors
    /// When a machine cannot be made.
    pub fn new(plan: &'a Plan, watch: Watch) -> Result<Self, WorldFailure> {
        let mut world = World { plan, stations: Vec::new(), queue: BinaryHeap::new(), now: Instant::ZERO, steps: 0 };
        for place in &plan.places {
            let fails = |failure| WorldFailure { station: place.number, step: 0, failure: Box::new(failure) };
            let pair = Pair::new(plan.config(place, watch.trace, watch.record)).map_err(fails)?;
            world.stations.push(Station { place, pair, facts: 0, charging: BTreeSet::new() });
        }
        for act in &plan.acts {
            for station in &mut world.stations {
                if act.target.includes(station.place.number) {
                    station.pair.at(act.at, act.step.clone());
                }
            }
        }
        world.fill_queue();
        Ok(world)
    }

    /// Carries the plan out, and brings everything to rest. `progress` is told the time now and then.
    ///
    /// # Errors
    /// When a check fails.
    pub fn run(&mut self, mut progress: impl FnMut(Instant)) -> Result<Summary, WorldFailure> {
        let slice = Duration::from_millis((self.plan.until.as_millis() / 20).max(1));
        while self.now < self.plan.until {
            let until = self.plan.until.min(self.now + slice);
            self.run_until(until)?;
            progress(self.now);
        }
        self.stations.iter_mut().for_each(|station| station.pair.stop_intercepting());
        self.everywhere(|_| vec![Step::Network(Network::Up), Step::Endpoint(v2::OTHER_PLACE, Network::Up)]);
        // Nobody may need a push to connect again.
        self.wait_for("an accepted station once the network is up", Pair::is_in_touch)?;
        self.everywhere(|place| troubles::all_over(place.evses));
        self.rest()?;
        self.everywhere(|place| commands::end_all(place.evses));
        self.rest()?;
        self.everywhere(Place::make_free);
        self.rest()?;
        self.check_settings()?;
        // A token that was presented and not used counts for a while.
        self.run_until(self.now + LONGEST_GRANT)?;
        let before = self.sessions();
        self.send_last_drivers();
        self.rest()?;
        self.check_last_drivers(&before)?;
        self.check_rest()?;
        Ok(self.summary())
    }

    fn run_until(&mut self, until: Instant) -> Result<(), WorldFailure> {
        while let Some(Reverse((at, index))) = self.queue.peek().copied().filter(|Reverse((at, _))| *at <= until) {
            self.queue.pop();
            let Some(station) = self.stations.get_mut(index).filter(|station| station.pair.due_at() == Some(at)) else {
                continue;
            };
            self.now = at;
            self.steps += 1;
            let (number, step) = (station.place.number, self.steps);
            let stepped = station.pair.step();
            stepped.map_err(|failure| WorldFailure { station: number, step, failure: Box::new(failure) })?;
            self.queue.extend(station.pair.due_at().map(|at| Reverse((at, index))));
            if station.pair.csms.facts().len() != station.facts {
                self.tell_the_others(index);
            }
        }
        self.now = until;
        for station in &mut self.stations {
            let ran = station.pair.run_until(until);
            let (number, step) = (station.place.number, self.steps);
            ran.map_err(|failure| WorldFailure { station: number, step, failure: Box::new(failure) })?;
        }
        Ok(())
    }

    /// The application knows who charges where: nobody does so at two stations.
    fn tell_the_others(&mut self, index: usize) {
        let Some(station) = self.stations.get_mut(index) else { return };
        station.facts = station.pair.csms.facts().len();
        let charging = station.pair.ledger().into_iter().flat_map(|ledger| ledger.charging());
        let charging: BTreeSet<String> = charging.map(str::to_ascii_lowercase).collect();
        if charging == station.charging {
            return;
        }
        station.charging = charging;
        let mut count: BTreeMap<String, usize> = BTreeMap::new();
        for token in self.stations.iter().flat_map(|station| &station.charging) {
            *count.entry(token.clone()).or_default() += 1;
        }
        for station in &mut self.stations {
            let elsewhere =
                count.iter().filter(|(token, count)| **count > usize::from(station.charging.contains(*token)));
            station.pair.csms.policy.busy_elsewhere = elsewhere.map(|(token, _)| token.clone()).collect();
        }
    }

    /// Lets something be done at each station, one thing after the other.
    fn everywhere(&mut self, steps: impl Fn(&Place) -> Vec<Step>) {
        for station in &mut self.stations {
            for (n, step) in (1..).zip(steps(station.place)) {
                station.pair.at(self.now + Duration::from_secs(n), step);
            }
        }
        self.fill_queue();
    }

    /// One more driver for each connector.
    fn send_last_drivers(&mut self) {
        for station in &mut self.stations {
            for evse in 1..=station.place.evses {
                let token = tokens::of_last_driver(station.place.number, evse);
                let arrival = self.now + Duration::from_secs(5 * u64::from(evse));
                let swiped = arrival + Duration::from_secs(3);
                station.pair.at(arrival, Step::Plug(EvseId(evse)));
                station.pair.at(swiped, Step::token(evse, &token));
                station.pair.at(swiped + LAST_CHARGE, Step::token(evse, &token));
                station.pair.at(swiped + LAST_CHARGE + Duration::from_secs(5), Step::Unplug(EvseId(evse)));
            }
        }
        self.fill_queue();
    }

    fn fill_queue(&mut self) {
        let due =
            (0..).zip(&self.stations).filter_map(|(index, station)| Some(Reverse((station.pair.due_at()?, index))));
        self.queue = due.collect();
    }

    /// Lets time pass until all stations rest.
    fn rest(&mut self) -> Result<(), WorldFailure> {
        self.wait_for("rest after all trouble", |pair| pair.is_in_touch() && pair.is_quiet())
    }

    /// Lets time pass until something was seen to hold at each station.
    fn wait_for(&mut self, what: &'static str, holds: impl Fn(&Pair) -> bool) -> Result<(), WorldFailure> {
        let until = self.now + REST_WITHIN;
        let mut missing: Vec<usize> = (0..self.stations.len()).collect();
        while !missing.is_empty() && self.now < until {
            self.run_until(self.now + LOOK_EVERY)?;
            missing.retain(|index| self.stations.get(*index).is_some_and(|station| !holds(&station.pair)));
        }
        match missing.first().and_then(|index| self.stations.get(*index)) {
            Some(station) => Err(self.fail(station, Violation::NotReached(until, what))),
            None => Ok(()),
        }
    }

    fn fail(&self, station: &Station<'_>, violation: Violation) -> WorldFailure {
        let failure = Box::new(station.pair.fail(violation));
        WorldFailure { station: station.place.number, step: self.steps, failure }
    }

    /// How many transactions of each connector are billed.
    fn sessions(&self) -> Vec<BTreeMap<EvseId, u64>> {
        let of = |station: &Station<'_>| {
            let totals = station.pair.ledger().into_iter().flat_map(|ledger| ledger.totals());
            totals.map(|(evse, totals)| (evse, totals.sessions)).collect()
        };
        self.stations.iter().map(of).collect()
    }

    /// What stations accepted to be set is in force. Two names of one setting are not followed.
    fn check_settings(&mut self) -> Result<(), WorldFailure> {
        let mut asked = Vec::new();
        for station in self.stations.iter_mut().filter(|station| station.place.versions.len() == 1) {
            let orders: Vec<_> = station.pair.csms.orders().collect();
            if let Some(question) = settings::question(&orders) {
                asked.push((station.place.number, orders.len()));
                station.pair.at(self.now + Duration::from_secs(1), Step::Csms(question));
            }
        }
        self.fill_queue();
        self.rest()?;
        for station in &self.stations {
            let Some((_, before)) = asked.iter().find(|(number, _)| *number == station.place.number) else { continue };
            let orders: Vec<_> = station.pair.csms.orders().collect();
            let (ordered, question) = orders.split_at_checked(*before).unwrap_or_default();
            let answer = question.first().and_then(|(_, answer)| *answer);
            let held = answer.map_or(Ok(()), |answer| settings::in_force(ordered, answer));
            held.map_err(|violation| self.fail(station, violation))?;
        }
        Ok(())
    }

    fn check_last_drivers(&self, before: &[BTreeMap<EvseId, u64>]) -> Result<(), WorldFailure> {
        for ((station, before), after) in self.stations.iter().zip(before).zip(self.sessions()) {
            for evse in (1..=station.place.evses).map(EvseId) {
                if after.get(&evse).copied() != Some(before.get(&evse).copied().unwrap_or(0) + 1) {
                    return Err(self.fail(station, Violation::StuckConnector(evse.0)));
                }
            }
        }
        Ok(())
    }

    fn check_rest(&mut self) -> Result<(), WorldFailure> {
        let step = self.steps;
        for station in &mut self.stations {
            let place = station.place;
            let pair = &mut station.pair;
            let checked = pair.check_delivered().and_then(|()| pair.check_bill()).and_then(|()| pair.check_at_rest());
            let tells_the_time = place.keeps_time && self.plan.clocks_are_right(place.number);
            let accused = pair.csms.facts().iter().find_map(|fact| ledger::accusation(fact, tells_the_time));
            let checked = checked.and_then(|()| match accused {
                Some(accusation) => Err(pair.fail(Violation::Accused(accusation))),
                None => Ok(()),
            });
            let checked = checked.and_then(|()| match tells_the_time {
                true => bill::tells_the_time(&pair.csms.bill(), &pair.station.hardware, &pair.wall)
                    .map_err(|violation| pair.fail(violation)),
                false => Ok(()),
            });
            checked.map_err(|failure| WorldFailure { station: place.number, step, failure: Box::new(failure) })?;
        }
        Ok(())
    }

    /// What happened so far.
    pub fn summary(&self) -> Summary {
        let mut summary = Summary {
            stations: self.stations.len(),
            seconds: self.now.as_millis() / 1000,
            steps: self.steps,
            ..Summary::default()
        };
        for station in &self.stations {
            for (_, totals) in station.pair.ledger().into_iter().flat_map(|ledger| ledger.totals()) {
                summary.sessions += totals.sessions;
                summary.energy_wh += totals.energy_wh;
            }
            summary.tally += station.pair.tally();
            summary.trace_hash = summary.trace_hash.rotate_left(5) ^ station.pair.trace.digested();
        }
        summary
    }

    /// The traces of all stations, one after the other.
    pub fn trace(&self) -> String {
        self.stations.iter().map(|station| format!("# {}\n{}", station.place.identity(), station.pair.trace)).collect()
    }

    /// What was seen on the wire, in order.
    pub fn records(&self) -> Vec<Record> {
        let of = |station: &Station<'_>| {
            let identity = station.place.identity();
            let named = move |record: &Record| Record { station: Some(identity.clone()), ..record.clone() };
            station.pair.records().iter().map(named).collect::<Vec<Record>>()
        };
        let mut records: Vec<Record> = self.stations.iter().flat_map(of).collect();
        records.sort_by_key(|record| record.at);
        // Each station counts its own connections.
        let mut numbers = BTreeMap::new();
        for record in &mut records {
            let known = numbers.len() as u64 + 1;
            let name = (record.station.clone(), record.conn);
            record.conn = record.conn.map(|_| *numbers.entry(name).or_insert(known));
        }
        records
    }
}

impl Target {
    /// Whether it happens at the station of this number, too.
    pub fn includes(self, station: usize) -> bool {
        match self {
            Target::Station(number) => number == station,
            Target::Server => true,
        }
    }
}
