//! The conformance cases against our machines in virtual time, and against broken ones.
#![allow(clippy::unwrap_used, reason = "a test")]

use std::collections::BTreeSet;
use std::time::Duration;

use ocpp_rpc::Dialect;
use ocpp_testkit::conformance::mutation::{Change, Mutant, Mutation, mutations};
use ocpp_testkit::conformance::target::Target;
use ocpp_testkit::conformance::targets::{VirtualCsms, VirtualStation};
use ocpp_testkit::conformance::{self, Case, Need, Report, Role, Values, Verdict};

/// How many cases pass: to be raised with each one.
const PASSES: usize = 136;

/// A lost BootNotification is not seen if there is time to send it again.
fn values() -> Values {
    VirtualStation::with_host(Values { boot_patience: Duration::from_secs(25), ..Values::default() })
}

/// The station's cables are fixed where a case needs that, and so with its security profile.
fn values_for(case: Case) -> Values {
    let fixed_cable = case.needs.contains(&Need::FixedCable);
    Values { fixed_cable, security_profile: case.security_profile(), ..values() }
}

fn target(case: Case, values: &Values) -> Box<dyn Target> {
    match case.role() {
        Role::Station => Box::new(VirtualStation::speaking(case.dialect(values), values).unwrap()),
        Role::Csms => Box::new(VirtualCsms::new(values).unwrap()),
    }
}

fn run(case: Case) -> Report {
    run_with(case, &values_for(case))
}

fn run_with(case: Case, values: &Values) -> Report {
    conformance::run(case, target(case, values).as_mut(), values)
}

fn run_mutant(case: Case, mutation: Mutation) -> Report {
    let values = values_for(case);
    conformance::run(case, &mut Mutant::new(target(case, &values), mutation), &values)
}

#[test]
fn our_machines_pass_every_case_that_applies() {
    let reports = told(conformance::cases(Dialect::V1_6).map(run));
    let passed = reports.iter().filter(|report| report.verdict == Verdict::Passed).count();
    println!("{passed} passed");
    assert!(passed >= PASSES, "{passed} of {PASSES} pass");
}

#[test]
fn station_with_fixed_cables_passes_every_case_that_applies() {
    let stations = conformance::cases(Dialect::V1_6).filter(|case| case.role() == Role::Station);
    let reports = told(stations.map(|case| run_with(case, &Values { fixed_cable: true, ..values_for(case) })));
    let needing = |need: Need| reports.iter().filter(move |report| report.case.needs.contains(&need));
    assert!(needing(Need::FixedCable).all(|report| report.verdict == Verdict::Passed));
    assert!(needing(Need::PlugLock).all(|report| report.verdict == Verdict::NotApplicable));
}

/// Prints the reports. None is a failure.
fn told(reports: impl Iterator<Item = Report>) -> Vec<Report> {
    let reports: Vec<Report> = reports.collect();
    for Report { case, verdict, reason, took, .. } in &reports {
        println!("{:15} {verdict:?} {:>8} ms  {}  {reason}", case.id, took.as_millis(), case.title);
    }
    let of = |wanted| reports.iter().filter(move |report| report.verdict == wanted);
    let unsettled = of(Verdict::Failed).chain(of(Verdict::Inconclusive));
    let unsettled: Vec<_> = unsettled.map(|report| (report.case.id, report.reason.as_str())).collect();
    assert!(unsettled.is_empty(), "{unsettled:?}");
    reports
}

#[test]
fn every_case_is_there_once_and_says_where_it_comes_from() {
    let ids: BTreeSet<&str> = conformance::cases(Dialect::V1_6).map(|case| case.id).collect();
    assert_eq!(ids.len(), conformance::cases(Dialect::V1_6).count());
    assert_eq!(conformance::cases(Dialect::V1_6).filter(|case| case.role() == Role::Csms).count(), 61);
    assert_eq!(
        conformance::cases(Dialect::V1_6).filter(|case| case.role() == Role::Station).count(),
        87,
        "two of them withdrawn"
    );
    for case in conformance::cases(Dialect::V1_6) {
        assert!(case.spec.contains(|c: char| c.is_ascii_digit()) && !case.title.is_empty(), "{}", case.id);
    }
    assert_eq!(conformance::find("tc_003_csms").map(|case| case.id), Some("TC_003_CSMS"));
    assert!(conformance::find("TC_003").is_none());
}

/// Drops, repeats and alters each frame on which a case rested.
#[test]
fn no_case_passes_with_a_broken_machine() {
    let mut survivors = Vec::new();
    let mut tried = 0;
    for case in conformance::cases(Dialect::V1_6) {
        let sound = run(case);
        if sound.verdict != Verdict::Passed {
            continue;
        }
        assert!(sound.seen.iter().any(|seen| seen.is_used), "{} rests on nothing", case.id);
        for mutation in mutations(&sound) {
            tried += 1;
            let frame = &sound.seen[mutation.frame].text;
            if !is_harmless(case, frame, &mutation.change)
                && run_mutant(case, mutation.clone()).verdict == Verdict::Passed
            {
                survivors.push(format!("{} {:?}: {frame}", case.id, mutation.change));
            }
        }
    }
    println!("{tried} mutants");
    assert!(tried > 2_500, "{tried}");
    assert!(survivors.is_empty(), "{}", survivors.join("\n"));
}

/// What is no fault, though it looks like one.
fn is_harmless(case: Case, frame: &str, change: &Change) -> bool {
    match change {
        // 1.6 §4.9: a station may report an error. Nothing says how often.
        Change::Repeat => frame.contains("StatusNotification") && !frame.contains("NoError"),
        // 1.6 §6.46: it is the CSMS that gives a transaction its number.
        Change::Replace { member: "transactionId", .. } => case.role() == Role::Csms && frame.starts_with("[3,"),
        Change::Replace { .. } | Change::Drop => false,
    }
}
