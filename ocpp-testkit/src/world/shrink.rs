//! Making a failing plan small, while it fails in the same way.

use std::mem::discriminant;
use std::time::Duration;

use ocpp_core::station::EvseId;
use ocpp_core::time::Instant;

use super::plan::{Act, Plan};
use super::run::{Watch, World, WorldFailure};
use crate::store::StoreHabits;
use crate::trace::record::Record;

/// A failing plan made small.
#[derive(Debug)]
pub struct Shrunk {
    /// What is left of the plan.
    pub plan: Plan,
    /// How it fails.
    pub failure: WorldFailure,
    /// How many runs it took.
    pub runs: usize,
    /// What happened in its last run.
    pub trace: String,
    /// What was seen on the wire in it.
    pub records: Vec<Record>,
}

/// Makes a failing plan small, in at most so many runs. The same plan gives the same result.
pub fn shrink(plan: &Plan, failure: &WorldFailure, runs: usize) -> Shrunk {
    let mut search = Search { best: plan.clone(), failure: failure.clone(), runs: 0, limit: runs };
    search.keep_one_station();
    search.drop_what_came_later();
    search.drop_acts();
    search.hurry();
    search.make_places_plain();
    search.drop_acts();
    // With fewer acts the others may be of no account.
    search.keep_one_station();
    let watch = Watch { trace: true, record: true };
    let (mut trace, mut records) = (String::new(), Vec::new());
    if let Ok(mut world) = World::new(&search.best, watch) {
        if let Err(failure) = world.run(|_| ()) {
            search.failure = failure;
        }
        (trace, records) = (world.trace(), world.records());
    }
    Shrunk { plan: search.best, failure: search.failure, runs: search.runs, trace, records }
}

struct Search {
    best: Plan,
    failure: WorldFailure,
    runs: usize,
    limit: usize,
}

impl Search {
    /// Takes a plan if it fails in the same way.
    fn accept(&mut self, plan: Plan) -> bool {
        if self.runs >= self.limit {
            return false;
        }
        self.runs += 1;
        let failed = World::new(&plan, Watch::default()).and_then(|mut world| world.run(|_| ()));
        let Err(failure) = failed else { return false };
        let is_same = discriminant(&failure.failure.violation) == discriminant(&self.failure.failure.violation);
        if is_same {
            (self.best, self.failure) = (plan, failure);
        }
        is_same
    }

    /// The stations hardly know each other.
    fn keep_one_station(&mut self) {
        let mut plan = self.best.clone();
        let number = self.failure.station;
        plan.places.retain(|place| place.number == number);
        plan.acts.retain(|act| act.target.includes(number));
        self.accept(plan);
    }

    fn drop_what_came_later(&mut self) {
        let mut plan = self.best.clone();
        let end = self.failure.failure.at;
        plan.acts.retain(|act| act.at <= end);
        close_after_last(&mut plan);
        self.accept(plan);
    }

    /// Drops ever smaller parts of the list (delta debugging), until no single act can be dropped.
    fn drop_acts(&mut self) {
        let mut size = self.best.acts.len().div_ceil(2);
        while size > 0 && self.runs < self.limit {
            let mut from = 0;
            let mut has_dropped = false;
            while from < self.best.acts.len() {
                let mut plan = self.best.clone();
                plan.acts.drain(from..plan.acts.len().min(from + size));
                close_after_last(&mut plan);
                if self.accept(plan) {
                    has_dropped = true;
                } else {
                    from += size;
                }
            }
            if size > 1 || !has_dropped {
                size /= 2;
            }
        }
    }

    /// Shortens the waits between acts: all at once, then each.
    fn hurry(&mut self) {
        for wait in [1, 15, 90, 700].map(Duration::from_secs) {
            for from in 0..self.best.acts.len() {
                let plan = hurried(&self.best, from, wait);
                if plan.acts != self.best.acts {
                    self.accept(plan);
                }
            }
        }
    }

    /// Tries stations with less that is special about them.
    fn make_places_plain(&mut self) {
        let changes: [fn(&mut Plan); 7] = [
            use_one_evse,
            |plan| plan.places.iter_mut().for_each(|place| place.boots.clear()),
            |plan| plan.places.iter_mut().for_each(|place| place.has_lock = false),
            |plan| plan.places.iter_mut().for_each(|place| place.csms_thinks = Duration::from_millis(2)),
            |plan| plan.places.iter_mut().for_each(|place| place.keeps_time = true),
            |plan| plan.places.iter_mut().for_each(|place| place.store = StoreHabits::default()),
            |plan| {
                let near = Duration::from_millis(10);
                plan.places.iter_mut().for_each(|place| (place.latency_up, place.latency_down) = (near, near));
            },
        ];
        for change in changes {
            let mut plan = self.best.clone();
            change(&mut plan);
            self.accept(plan);
        }
        self.hurry();
    }
}

/// All happens at the first EVSE.
fn use_one_evse(plan: &mut Plan) {
    plan.places.iter_mut().for_each(|place| place.evses = 1);
    plan.acts.iter_mut().filter_map(|act| act.step.evse_mut()).for_each(|evse| *evse = EvseId(1));
}

/// The trouble ends soon after the last act.
fn close_after_last(plan: &mut Plan) {
    let last = plan.acts.last().map_or(Instant::ZERO, |act| act.at);
    plan.until = plan.until.min(last + Duration::from_secs(1));
}

/// The act at this place, and all after it, come earlier, so that it waits only so long.
fn hurried(plan: &Plan, place: usize, wait: Duration) -> Plan {
    let before = place.checked_sub(1).and_then(|before| plan.acts.get(before)).map_or(Instant::ZERO, |act| act.at);
    let at = plan.acts.get(place).map_or(Instant::ZERO, |act| act.at);
    let earlier = at.as_millis().saturating_sub((before + wait).as_millis());
    let mut plan = plan.clone();
    let moved = |act: &mut Act| act.at = Instant::from_millis(act.at.as_millis().saturating_sub(earlier));
    plan.acts.iter_mut().skip(place).for_each(moved);
    close_after_last(&mut plan);
    plan
}
