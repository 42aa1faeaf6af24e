//! The crash enumeration: a scenario, with the power cut after each of its actions and each prefix of the store that a
//! crash can leave there.
//!
//! The scenario is run once to count the actions of each end and the operations that are not durable after each. Then it
//! is run again for each point: up to the action, power cut, restored from the prefix, the physical world going on in the
//! meantime; on to quiet; and then everything must have arrived, once, and the bill must be that of the meter.

mod every;
mod kept;
mod networks;
mod promises;
mod requests;
mod scenario;
mod scenarios;
mod security;
mod v1_6;
mod v2;
mod work;

use std::thread;
use std::time::Duration;

use ocpp_core::time::Instant;
use ocpp_rpc::Dialect;

pub use crate::pair::CrashPoint;
pub use scenario::Scenario;
pub use v1_6::all_of_v1_6;
pub use v2::{CHANGES, RETURNS, all_of_v2};

use crate::checks::{Failure, Violation};
use crate::link::End;
use crate::pair::PairConfig;

/// How a station with its power back takes up again.
const OUTAGE: Duration = Duration::from_secs(7);

/// How far a boot gets before the power fails again.
const ACTIONS_OF_A_BOOT: u64 = 5;

/// What an enumeration did.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Report {
    /// Runs with a crash.
    pub points: usize,
    /// Messages about transactions that were sent again, over all runs.
    pub repeats: usize,
    /// The most energy in mWh that a crash took from the bill, because the start was not durable yet.
    pub unbillable_mwh: i64,
}

/// A point at which a check failed.
#[derive(Clone, Debug, thiserror::Error)]
#[error("{scenario}, {crashes:?}: {failure}")]
pub struct CrashFailure {
    /// The scenario.
    pub scenario: &'static str,
    /// The power cuts of the run.
    pub crashes: Vec<CrashPoint>,
    /// What failed.
    pub failure: Box<Failure>,
}

impl CrashFailure {
    fn new(scenario: &Scenario, crashes: &[CrashPoint], failure: Failure) -> Self {
        CrashFailure { scenario: scenario.name, crashes: crashes.to_vec(), failure: Box::new(failure) }
    }
}

/// How an enumeration goes.
#[derive(Clone, Copy, Debug)]
pub struct Enumeration {
    /// Which end crashes.
    pub end: End,
    /// Whether each crash is followed by a second one, after each of so many of the actions of the recovery.
    pub second_within: u64,
    /// By how many further cuts each crash is followed, each a few actions into the boot before it.
    pub boots: u64,
    /// Only every so many'th point; 1 for all.
    pub stride: usize,
    /// The version that is spoken, if not as the scenario says.
    pub version: Option<Dialect>,
    /// How long the store of that end lags, if not as the scenario says: the longer, the more a crash can leave.
    pub slow: Option<Duration>,
}

impl Enumeration {
    /// Every point of an end, one crash each.
    pub fn of(end: End) -> Self {
        Enumeration { end, second_within: 0, boots: 0, stride: 1, version: None, slow: None }
    }

    /// Runs a scenario with each crash.
    ///
    /// # Errors
    /// The first point at which a check failed, with a trace.
    pub fn run(&self, scenario: &Scenario) -> Result<Report, CrashFailure> {
        let fails = |failure| CrashFailure::new(scenario, &[], failure);
        let reference = scenario.run(PairConfig { survey: true, ..self.config(scenario) }).map_err(fails)?;
        let points = self.points(reference.survey());
        let half = points.len() / 2;
        let (front, back) = points.split_at_checked(half).unwrap_or((&points, &[]));
        let reports = thread::scope(|scope| {
            let back = scope.spawn(|| self.run_all(scenario, back));
            let front = self.run_all(scenario, front);
            (front, back.join())
        });
        let (front, Ok(back)) = reports else {
            let at = Instant::ZERO;
            let violation = Violation::NotReached(at, "the end of a thread, which panicked");
            return Err(fails(Failure { at, violation, trace: String::new() }));
        };
        Ok(front?.plus(back?))
    }

    /// The scenario's own setup, but for the store.
    fn config(&self, scenario: &Scenario) -> PairConfig {
        let mut config = (scenario.config)();
        if let Some(version) = self.version {
            config = config.speaking(&[version]);
        }
        let store = match self.end {
            End::Station => &mut config.station_store,
            End::Csms => &mut config.csms_store,
        };
        store.lag = self.slow.unwrap_or(store.lag);
        config
    }

    fn run_all(&self, scenario: &Scenario, runs: &[Vec<CrashPoint>]) -> Result<Report, CrashFailure> {
        let mut report = Report::default();
        for crashes in runs {
            let run = |trace| {
                let config = PairConfig { trace, crashes: crashes.clone(), ..self.config(scenario) };
                run_point(scenario, config, crashes.len())
            };
            // A run that fails is made once more, for its trace.
            let point = run(false).or_else(|_| run(true));
            report = report.plus(point.map_err(|failure| CrashFailure::new(scenario, crashes, failure))?);
        }
        Ok(report)
    }

    /// The runs to make.
    fn points(&self, survey: &[(End, usize)]) -> Vec<Vec<CrashPoint>> {
        let actions = survey.iter().filter(|(end, _)| *end == self.end).map(|(_, volatile)| *volatile);
        let mut runs = Vec::new();
        for (after, volatile) in (1..).zip(actions) {
            for keep in 0..=volatile {
                for in_flight_arrives in [false, true] {
                    let first = CrashPoint { end: self.end, after, keep, in_flight_arrives, outage: OUTAGE };
                    let later = |later, keep| CrashPoint { after: after + later, keep, ..first };
                    match self.second_within {
                        0 if self.boots > 0 => runs.extend([0, usize::MAX].map(|keep| {
                            let more = (1..=self.boots).map(|boot| later(boot * ACTIONS_OF_A_BOOT, keep));
                            std::iter::once(first).chain(more).collect()
                        })),
                        0 => runs.push(vec![first]),
                        // In the recovery, all that is not durable is lost, or all survives.
                        within => runs.extend(
                            (1..=within).flat_map(|more| [0, usize::MAX].map(|keep| vec![first, later(more, keep)])),
                        ),
                    }
                }
            }
        }
        runs.into_iter().step_by(self.stride.max(1)).collect()
    }
}

impl Report {
    /// Both together.
    #[must_use]
    pub fn plus(self, other: Report) -> Report {
        Report {
            points: self.points + other.points,
            repeats: self.repeats + other.repeats,
            unbillable_mwh: self.unbillable_mwh.max(other.unbillable_mwh),
        }
    }
}

fn run_point(scenario: &Scenario, config: PairConfig, crashes: usize) -> Result<Report, Failure> {
    let pair = scenario.run(config)?;
    // A crash repeats at most the one message in flight.
    if pair.repeats() > crashes {
        return Err(pair.fail(Violation::Repeats(pair.repeats(), crashes)));
    }
    Ok(Report { points: 1, repeats: pair.repeats(), unbillable_mwh: pair.unbillable_mwh() })
}
