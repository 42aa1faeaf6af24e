//! The cases of 1.6, for stations and CSMSs.

use std::collections::BTreeSet;

use ocpp_rpc::Dialect;
use ocpp_testkit::conformance::mutation::Change;
use ocpp_testkit::conformance::{self, Case, Need, Report, Role, Values, Verdict};

use super::{mutants, run, told, values};

/// How many cases pass: to be raised with each one.
const PASSES: usize = 136;

fn cases() -> impl Iterator<Item = Case> {
    conformance::cases(Dialect::V1_6)
}

#[test]
fn our_machines_pass_every_case_that_applies() {
    let reports: Vec<Report> = cases().map(|case| run(case, &case.outfit(values()))).collect();
    assert_eq!(told(&reports), []);
    let passed = reports.iter().filter(|report| report.verdict == Verdict::Passed).count();
    println!("{passed} passed");
    assert!(passed >= PASSES, "{passed} of {PASSES} pass");
}

#[test]
fn station_with_fixed_cables_passes_every_case_that_applies() {
    let stations = cases().filter(|case| case.role() == Role::Station);
    let with_fixed = |case: Case| Values { fixed_cable: true, ..case.outfit(values()) };
    let reports: Vec<Report> = stations.map(|case| run(case, &with_fixed(case))).collect();
    assert_eq!(told(&reports), []);
    let needing = |need: Need| reports.iter().filter(move |report| report.case.needs.contains(&need));
    assert!(needing(Need::FixedCable).all(|report| report.verdict == Verdict::Passed));
    assert!(needing(Need::PlugLock).all(|report| report.verdict == Verdict::NotApplicable));
}

#[test]
fn every_case_is_there_once_and_says_where_it_comes_from() {
    let ids: BTreeSet<&str> = cases().map(|case| case.id).collect();
    assert_eq!(ids.len(), cases().count());
    assert_eq!(cases().filter(|case| case.role() == Role::Csms).count(), 61);
    assert_eq!(cases().filter(|case| case.role() == Role::Station).count(), 87, "two of them withdrawn");
    for case in cases() {
        assert!(case.spec.contains(|c: char| c.is_ascii_digit()) && !case.title.is_empty(), "{}", case.id);
    }
    assert_eq!(conformance::find("tc_003_csms").map(|case| case.id), Some("TC_003_CSMS"));
    assert!(conformance::find("TC_003").is_none());
}

#[test]
fn no_case_passes_with_a_broken_machine() {
    let (tried, survivors) = mutants(cases(), |case| case.outfit(values()), is_harmless);
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
