//! The conformance cases against our machines in virtual time, and against broken ones.
#![allow(clippy::unwrap_used, reason = "a test")]

mod v1_6;
mod v2;

use std::time::Duration;

use ocpp_testkit::conformance::mutation::{Change, Mutant, Mutation, mutations};
use ocpp_testkit::conformance::target::Target;
use ocpp_testkit::conformance::targets::{VirtualCsms, VirtualStation};
use ocpp_testkit::conformance::{self, Case, Report, Role, Values, Verdict};

/// A lost BootNotification is not seen if there is time to send it again.
fn values() -> Values {
    VirtualStation::with_host(Values { boot_patience: Duration::from_secs(25), ..Values::default() })
}

/// The station has what a case needs.
fn values_for(case: Case, values: Values) -> Values {
    case.outfit(values)
}

fn target(case: Case, values: &Values) -> Box<dyn Target> {
    match case.role() {
        Role::Station => Box::new(VirtualStation::speaking(case.dialect(values), values).unwrap()),
        Role::Csms => Box::new(VirtualCsms::new(values).unwrap()),
    }
}

fn run(case: Case, values: &Values) -> Report {
    conformance::run(case, target(case, values).as_mut(), values)
}

/// Prints the reports, and gives what is not settled.
fn told(reports: &[Report]) -> Vec<(&'static str, &str)> {
    for Report { case, verdict, reason, took, .. } in reports {
        println!("{:15} {verdict:?} {:>8} ms  {}  {reason}", case.id, took.as_millis(), case.title);
    }
    let is_unsettled = |report: &&Report| matches!(report.verdict, Verdict::Failed | Verdict::Inconclusive);
    reports.iter().filter(is_unsettled).map(|report| (report.case.id, report.reason.as_str())).collect()
}

/// Drops, repeats and alters each frame on which a case rested. Gives how many mutants there were, and which passed all the same.
fn mutants(
    cases: impl Iterator<Item = Case>,
    values: impl Fn(Case) -> Values,
    is_harmless: impl Fn(Case, &str, &Change) -> bool,
) -> (usize, Vec<String>) {
    let (mut tried, mut survivors) = (0, Vec::new());
    for case in cases {
        let values = values(case);
        let sound = run(case, &values);
        if sound.verdict != Verdict::Passed {
            continue;
        }
        assert!(sound.seen.iter().any(|seen| seen.is_used), "{} rests on nothing", case.id);
        for mutation in mutations(&sound) {
            tried += 1;
            let frame = &sound.seen.get(mutation.frame).unwrap().text;
            if !is_harmless(case, frame, &mutation.change) && survives(case, mutation.clone(), &values) {
                survivors.push(format!("{} {:?}: {frame}", case.id, mutation.change));
            }
        }
    }
    (tried, survivors)
}

fn survives(case: Case, mutation: Mutation, values: &Values) -> bool {
    let report = conformance::run(case, &mut Mutant::new(target(case, values), mutation), values);
    report.verdict == Verdict::Passed
}
