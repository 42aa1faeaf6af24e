//! The conformance cases against our machines in virtual time, and against broken ones.

use ocpp_testkit::conformance::mutation::{Mutant, Mutation, mutations};
use ocpp_testkit::conformance::target::Target;
use ocpp_testkit::conformance::targets::{VirtualCsms, VirtualStation};
use ocpp_testkit::conformance::{self, Case, Report, Role, Values, Verdict};

fn target(role: Role, values: &Values) -> Box<dyn Target> {
    match role {
        Role::Station => Box::new(VirtualStation::new(values).unwrap()),
        Role::Csms => Box::new(VirtualCsms::new(values).unwrap()),
    }
}

fn run(case: Case) -> Report {
    let values = Values::default();
    conformance::run(case, target(case.role(), &values).as_mut(), &values)
}

fn run_mutant(case: Case, mutation: Mutation) -> Report {
    let values = Values::default();
    conformance::run(case, &mut Mutant::new(target(case.role(), &values), mutation), &values)
}

#[test]
fn our_machines_pass_every_case_that_applies() {
    let reports: Vec<Report> = conformance::cases().map(run).collect();
    for Report { case, verdict, reason, took, .. } in &reports {
        println!("{:15} {verdict:?} {:>8} ms  {}  {reason}", case.id, took.as_millis(), case.title);
    }
    let count = |verdict| reports.iter().filter(|report| report.verdict == verdict).count();
    println!("{} passed", count(Verdict::Passed));
    assert_eq!((count(Verdict::Failed), count(Verdict::Inconclusive)), (0, 0));
}

#[test]
fn no_case_passes_with_a_broken_machine() {
    let mut survivors = Vec::new();
    let mut tried = 0;
    for case in conformance::cases() {
        let sound = run(case);
        if sound.verdict != Verdict::Passed {
            continue;
        }
        for mutation in mutations(&sound) {
            tried += 1;
            if run_mutant(case, mutation.clone()).verdict == Verdict::Passed {
                survivors.push(format!("{} {:?}: {}", case.id, mutation.change, sound.seen[mutation.frame].text));
            }
        }
    }
    println!("{tried} mutants");
    assert!(survivors.is_empty(), "{}", survivors.join("\n"));
}
