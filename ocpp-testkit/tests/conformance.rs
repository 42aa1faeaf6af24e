//! The conformance cases against our machines in virtual time, and against broken ones.

use std::collections::BTreeSet;
use std::time::Duration;

use ocpp_testkit::conformance::mutation::{Change, Mutant, Mutation, mutations};
use ocpp_testkit::conformance::target::Target;
use ocpp_testkit::conformance::targets::{VirtualCsms, VirtualStation};
use ocpp_testkit::conformance::{self, Case, Report, Role, Values, Verdict};

/// Cases that our machines do not pass, and why. Each has to fail, so that none stays here longer than it must.
const NOT_YET: [(&str, &str); 1] = [("TC_019_CS", "ClockAlignedDataInterval is missing")];
/// How many cases pass: to be raised with each one.
const PASSES: usize = 90;

/// A lost BootNotification is not seen if there is time to send it again.
fn values() -> Values {
    Values { boot_patience: Duration::from_secs(25), ..Values::default() }
}

fn target(role: Role, values: &Values) -> Box<dyn Target> {
    match role {
        Role::Station => Box::new(VirtualStation::new(values).unwrap()),
        Role::Csms => Box::new(VirtualCsms::new(values).unwrap()),
    }
}

fn run(case: Case) -> Report {
    let values = values();
    conformance::run(case, target(case.role(), &values).as_mut(), &values)
}

fn run_mutant(case: Case, mutation: Mutation) -> Report {
    let values = values();
    conformance::run(case, &mut Mutant::new(target(case.role(), &values), mutation), &values)
}

#[test]
fn our_machines_pass_every_case_that_applies() {
    let reports: Vec<Report> = conformance::cases().map(run).collect();
    for Report { case, verdict, reason, took, .. } in &reports {
        println!("{:15} {verdict:?} {:>8} ms  {}  {reason}", case.id, took.as_millis(), case.title);
    }
    let of = |wanted| reports.iter().filter(move |report| report.verdict == wanted);
    let unsettled = of(Verdict::Failed).chain(of(Verdict::Inconclusive));
    let unsettled: Vec<_> = unsettled.map(|report| (report.case.id, report.reason.as_str())).collect();
    assert_eq!(unsettled.len(), NOT_YET.len(), "{unsettled:?}");
    for ((id, reason), (known, why)) in unsettled.iter().zip(NOT_YET) {
        assert!(*id == known && reason.contains(why), "{id}: {reason}");
    }
    assert_eq!(of(Verdict::Passed).count(), PASSES);
}

#[test]
fn every_case_is_there_once_and_says_where_it_comes_from() {
    let ids: BTreeSet<&str> = conformance::cases().map(|case| case.id).collect();
    assert_eq!(ids.len(), conformance::cases().count());
    assert_eq!(conformance::cases().filter(|case| case.role() == Role::Csms).count(), 61);
    assert_eq!(conformance::cases().filter(|case| case.role() == Role::Station).count(), 87, "two of them withdrawn");
    for case in conformance::cases() {
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
    for case in conformance::cases() {
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
        // While only a start is ruled out, or while a station goes down or comes up, a status may be told once more.
        Change::Repeat => {
            let tolerant =
                ["TC_011_2_CS", "TC_014_CS", "TC_023_4_CS", "TC_023_5_CS", "TC_024_CS", "TC_032_2_CS", "TC_041_CS"];
            frame.contains("StatusNotification") && tolerant.contains(&case.id)
        }
        // The CSMS may choose any number.
        Change::Replace { member, .. } => case.role() == Role::Csms && *member == "transactionId",
        Change::Drop => false,
    }
}
