//! The composite schedules of a set of published cases, where that set is at hand.

// A helper that panics is a failing test, as in the test itself.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

mod json;

use std::fmt::Write as _;
use std::path::PathBuf;

use json::Vector;
use ocpp_smartcharging::composite::{CompositePeriod, CompositeRequest};
use ocpp_smartcharging::installation::Situation;
use ocpp_smartcharging::model::{OperationMode, Purpose, RateUnit};
use ocpp_smartcharging::store::ProfileStore;
use ocpp_smartcharging::units::Rate;
use ocpp_smartcharging::validate::{Capabilities, Delivery, Proposal, Violation};

/// Cases where the text allows several results, and the reading that is taken here. The result must be the one named,
/// so that a change of reading is noticed.
const READINGS: &[(&str, Reading)] = &[
    // K01.FR.30, taken for 1.6 too: nothing is imposed before startSchedule.
    ("ocpp16-v16-composite-mixing-current-and-power-10-a-1-p", Reading::Alternative(0)),
    ("ocpp16-v16-composite-mixing-current-and-power-10-a-3-p", Reading::Alternative(0)),
    ("ocpp16-v16-composite-mixing-current-and-power-16-a-1-p", Reading::Alternative(0)),
    ("ocpp16-v16-composite-mixing-current-and-power-16-a-3-p", Reading::Alternative(0)),
    (
        "ocpp16-v16-composite-single-tx-default-profile-with-station-max-for-evse0-with-multiple-evses",
        Reading::Alternative(0),
    ),
    // The same reading; both give the same limits here.
    (
        "ocpp16-v16-composite-single-tx-default-profile-with-station-max-for-evse0-with-single-evse",
        Reading::Alternative(0),
    ),
    ("ocpp16-v16-profile-a-calculate-profile-entry-recurring-weekly-before-valid-2", Reading::Alternative(0)),
    // K01.FR.50 with errata 2.40: the current per phase follows from the period's own numberPhases.
    ("ocpp201-max-per-phase-w-conversion", Reading::Expected),
    // Which of three phases is used is not known: the lowest limit of them is safe.
    ("ocpp21-v21-composite-v2-different-number-phases", Reading::Expected),
    // The local limit caps only where the installation says so, which the vectors do not.
    ("ocpp21-v21-composite-v2-stack-level-recurring-period-time-of-day-excluded-christmas", Reading::Expected),
];

/// The profile of another transaction can only have been installed while that one ran.
const INSTALLED_EARLIER: &[&str] = &["ocpp16-txprofile-other-transaction"];

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Reading {
    Expected,
    Alternative(usize),
}

#[test]
fn published_cases_hold() {
    let Some(folder) = folder() else {
        eprintln!("SKIPPED: no vectors at <workspace>/../shared/vectors/smartcharging nor in OCPP_VECTORS");
        return;
    };
    let mut names: Vec<_> = std::fs::read_dir(&folder)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.extension().is_some_and(|extension| extension == "json"))
        .collect();
    names.sort();
    assert!(!names.is_empty(), "no vectors in {}", folder.display());
    let mut failures = String::new();
    let mut failed = 0;
    for path in &names {
        let vector = Vector::read(path);
        if let Err(reason) = check(&vector) {
            failed += 1;
            writeln!(failures, "{}: {reason}", vector.name).unwrap();
        }
    }
    println!("{} vectors, {failed} failed", names.len());
    assert!(failed == 0, "{failed} of {} vectors:\n{failures}", names.len());
}

fn folder() -> Option<PathBuf> {
    let given = std::env::var_os("OCPP_VECTORS").map(PathBuf::from);
    let beside = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../shared/vectors");
    let root = given.unwrap_or(beside);
    [root.join("smartcharging"), root].into_iter().find(|folder| folder.join("README.md").is_file())
}

/// A station that supports everything.
fn capabilities() -> Capabilities {
    Capabilities {
        max_stack_level: 100,
        max_periods: 1_024,
        max_profiles: 100,
        units: [RateUnit::Amperes, RateUnit::Watts].into(),
        limits_phases: true,
        switches_phase: true,
        controls_dc_input_phases: false,
        priority_charging: true,
        local_generation: true,
        external_constraints_disallowed: false,
        dynamic_profiles: true,
        local_time: true,
        randomized_delay: true,
        limit_at_soc: true,
        evse_sleep: true,
        modes: [OperationMode::CentralSetpoint].into(),
        load_balancing_thresholds: true,
        max_external_constraints_id: None,
    }
}

/// Installs the profiles one after the other, and says what validation finds on the way.
fn install(vector: &Vector) -> (ProfileStore, Vec<Violation>) {
    let capabilities = capabilities();
    let mut store = ProfileStore::default();
    let mut found = Vec::new();
    for proposed in &vector.profiles {
        let delivery = match proposed.profile.purpose {
            Purpose::ExternalConstraints | Purpose::LocalGeneration => Delivery::ExternalSystem,
            Purpose::StationMax | Purpose::TxDefault | Purpose::Tx | Purpose::Priority => Delivery::SetChargingProfile,
        };
        let situation = Situation {
            installation: &vector.installation,
            profiles: store.profiles(),
            transactions: &vector.transactions,
            offline_since: vector.offline_since,
        };
        let proposal = Proposal { edition: vector.edition, delivery, capabilities: &capabilities, situation, proposed };
        found.extend(proposal.violations());
        store.install(proposed.clone(), vector.edition, vector.request.start);
    }
    (store, found)
}

fn check(vector: &Vector) -> Result<(), String> {
    let (store, violations) = install(vector);
    let installable = vector.installable && !INSTALLED_EARLIER.contains(&vector.name.as_str());
    if violations.is_empty() != installable {
        return Err(format!("installable: {}, found {violations:?}", vector.installable));
    }
    let situation = Situation {
        installation: &vector.installation,
        profiles: store.profiles(),
        transactions: &vector.transactions,
        offline_since: vector.offline_since,
    };
    let request = CompositeRequest { max_periods: 1_000, ..vector.request };
    let schedule = situation.composite(&request).map_err(|error| error.to_string())?;
    if schedule.duration_seconds != request.duration_seconds || schedule.start != request.start {
        return Err(format!("covers {} s from {}", schedule.duration_seconds, schedule.start));
    }
    let expected = match (vector.conform.as_str(), READINGS.iter().find(|(name, _)| *name == vector.name)) {
        ("true", None) => &vector.expected,
        ("false", None) => vector.spec_expected.as_ref().ok_or("no spec_expected")?,
        ("unclear", Some((_, Reading::Expected))) => &vector.expected,
        ("unclear", Some((_, Reading::Alternative(index)))) => {
            vector.alternatives.get(*index).ok_or("no such alternative")?
        }
        (conform, reading) => return Err(format!("spec_conform {conform}, reading taken: {reading:?}")),
    };
    compare(expected, &schedule.periods, request.duration_seconds)
        .map_err(|at| format!("at {at} s\n  expected {expected:?}\n  is       {:?}", schedule.periods))
}

/// Compares the two lines wherever either may change. The error is the second at which they differ.
fn compare(expected: &[CompositePeriod], ours: &[CompositePeriod], duration: u32) -> Result<(), u32> {
    let mut starts: Vec<u32> = expected.iter().chain(ours).map(|period| period.start_seconds).collect();
    starts.sort_unstable();
    starts.dedup();
    for at in starts {
        if at > 0 && at >= duration {
            return Err(at);
        }
        let in_force = |periods: &[CompositePeriod]| periods.iter().rfind(|period| period.start_seconds <= at).copied();
        let (Some(expected), Some(ours)) = (in_force(expected), in_force(ours)) else { return Err(at) };
        let phases_agree = expected.number_phases.is_none() || expected.number_phases == ours.number_phases;
        let same = phases_agree
            && close(Some(expected.limit), Some(ours.limit))
            && close(expected.discharge_limit, ours.discharge_limit)
            && close(expected.setpoint, ours.setpoint)
            && expected.mode == ours.mode;
        if !same {
            return Err(at);
        }
    }
    Ok(())
}

/// Within 0.01, or cut to one fraction digit as 1.6 and 2.0.1 allow.
fn close(expected: Option<Rate>, ours: Option<Rate>) -> bool {
    let flat = |rate: Rate| {
        let [l2, l3] = rate.l2_l3_milli.unwrap_or([rate.milli; 2]);
        [rate.milli, l2, l3]
    };
    match (expected, ours) {
        (Some(a), Some(b)) => {
            a.l2_l3_milli.is_some() == b.l2_l3_milli.is_some()
                && flat(a).into_iter().zip(flat(b)).all(|(a, b)| (a - b).abs() <= 10 || b == a / 100 * 100)
        }
        (a, b) => a.is_none() && b.is_none(),
    }
}
