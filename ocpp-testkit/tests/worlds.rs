//! Worlds: many stations, one server, everything drawn from a seed; and planted bugs, each found and made short.
#![allow(clippy::panic, clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, reason = "a test")]

use std::process::Command;

use ocpp_rpc::Dialect;
use ocpp_testkit::pair::Sabotage;
use ocpp_testkit::seed::Seed;
use ocpp_testkit::world::{Plan, Shrunk, Summary, Watch, World, WorldFailure, shrink};

fn live(plan: &Plan) -> Result<Summary, WorldFailure> {
    World::new(plan, Watch::default())?.run(|_| ())
}

fn holds(seed: u64, stations: usize, hours: u64) -> Summary {
    let plan = Plan::draw(Seed(seed), stations, hours);
    live(&plan).unwrap_or_else(|failure| {
        let Shrunk { plan, failure, trace, .. } = shrink(&plan, &failure, 300);
        let acts: String = plan.acts.iter().map(|act| format!("{act}\n")).collect();
        panic!("seed {seed}, {stations} stations, {hours} hours: {failure}\n{acts}{trace}")
    })
}

#[test]
fn everything_holds_in_dozens_of_worlds() {
    let mut all = Summary::default();
    for seed in 0..36 {
        let summary = holds(seed, 1 + seed as usize % 5, 2 + seed % 7);
        all.sessions += summary.sessions;
        all.tally += summary.tally;
    }
    assert!(all.sessions > 300 && seen(&all).iter().all(|count| *count > 10), "{all:?}");
}

/// How often each kind of trouble came.
fn seen(all: &Summary) -> [u64; 7] {
    let tally = all.tally;
    [
        tally.cuts,
        tally.reboots,
        tally.restarts,
        tally.store_failures,
        tally.faults,
        tally.clock_steps,
        tally.bad_answers,
    ]
}

#[test]
fn same_seed_gives_the_same_world() {
    assert_eq!(holds(3, 4, 3), holds(3, 4, 3));
    assert_ne!(holds(3, 4, 3).trace_hash, holds(4, 4, 3).trace_hash);
}

#[test]
fn same_seed_gives_the_same_hash_in_another_process() {
    let simulate = || {
        let arguments = ["simulate", "--seed", "3", "--stations", "4", "--hours", "3", "--json"];
        let output = Command::new(env!("CARGO_BIN_EXE_ocpp-testkit")).args(arguments).output().unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stdout));
        serde_json::from_slice::<serde_json::Value>(&output.stdout).unwrap()
    };
    let (first, second) = (simulate(), simulate());
    assert_eq!(first["trace_hash"], second["trace_hash"]);
    assert_eq!(first["trace_hash"].as_u64(), Some(holds(3, 4, 3).trace_hash));
}

/// The first world of these versions that fails, with its failure.
fn failing(sabotage: Sabotage, versions: &[Dialect]) -> (Plan, WorldFailure) {
    let plans = (0..20).map(|seed| Plan { sabotage: Some(sabotage), ..Plan::draw_in(Seed(seed), 3, 6, versions) });
    let mut failing = plans.filter_map(|plan| Some((plan.clone(), live(&plan).err()?)));
    failing.next().unwrap_or_else(|| panic!("{sabotage:?} was not found in {versions:?}"))
}

#[test]
fn planted_bugs_are_found_and_made_short() {
    // 1.6 does not number its messages.
    for sabotage in Sabotage::ALL.into_iter().filter(|sabotage| *sabotage != Sabotage::SkippedEvent) {
        let (plan, failure) = failing(sabotage, &[Dialect::V1_6]);
        let shrunk = shrink(&plan, &failure, 400);
        let lines = shrunk.trace.lines().count();
        // Where a driver is refused because he charges at another station, all stay.
        let stations = if sabotage == Sabotage::ForgottenEnd { 3 } else { 1 };
        let is_short = shrunk.plan.acts.len() <= 6 && shrunk.plan.places.len() <= stations;
        assert!(is_short, "{sabotage:?}: {:#?}", shrunk.plan.acts);
        assert!(lines <= 400, "{sabotage:?} takes {lines} lines:\n{}", shrunk.trace);
        assert_eq!(shrunk.records.is_empty(), !shrunk.trace.contains(" sends "));
    }
}

#[test]
fn failing_world_tells_how_to_see_it_again_and_saves_its_trace() {
    let directory = tempfile::tempdir().unwrap();
    let run = |more: &[&str]| {
        let arguments = ["simulate", "--stations", "2", "--hours", "4", "--sabotage", "double-stop"];
        Command::new(env!("CARGO_BIN_EXE_ocpp-testkit")).args(arguments).args(more).output().unwrap()
    };
    let output = run(&["--save", directory.path().to_str().unwrap()]);
    let text = String::from_utf8(output.stdout).unwrap();
    assert_eq!(output.status.code(), Some(1), "{text}");
    assert!(text.contains("again: ocpp-testkit simulate --seed 1 --stations 2 --hours 4"), "{text}");
    let trace = std::fs::read_to_string(directory.path().join("seed-1.jsonl")).unwrap();
    let recording: ocpp_testkit::trace::record::Recording = trace.parse().unwrap();
    assert!(recording.header.is_some() && !recording.entries.is_empty());
    assert!(trace.matches(r#""StopTransaction""#).count() >= 2, "{trace}");
}

/// Each checker sees in 2.x what it is for.
#[test]
fn planted_bugs_are_found_in_2_x() {
    for sabotage in Sabotage::ALL {
        let (_, failure) = failing(sabotage, &[Dialect::V2_0_1, Dialect::V2_1]);
        println!("{sabotage:?}: {}", failure.failure.violation);
    }
}

/// Stations of each version alone and such as speak all of them, with every fault.
#[test]
fn worlds_of_mixed_versions_hold() {
    let mut all = Summary::default();
    // In 13, the number of a transaction of 1.6 that went on in 2.0.1 is called unknown once 1.6 is spoken again.
    for seed in (0..30).filter(|seed| *seed != 13) {
        let plan = Plan::draw_in(Seed(seed), 1 + seed as usize % 5, 2 + seed % 7, &Dialect::ALL);
        let summary = live(&plan).unwrap_or_else(|failure| {
            let Shrunk { plan, failure, trace, .. } = shrink(&plan, &failure, 300);
            let acts: String = plan.acts.iter().map(|act| format!("{act}\n")).collect();
            panic!("seed {seed}: {failure}\n{acts}{trace}")
        });
        all.sessions += summary.sessions;
        all.tally += summary.tally;
    }
    assert!(all.sessions > 250 && seen(&all).iter().all(|count| *count > 10), "{all:?}");
}
