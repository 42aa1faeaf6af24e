//! The conformance cases against our machines in virtual time, and against broken ones.
#![allow(clippy::unwrap_used, reason = "a test")]

mod v1_6;
mod v2;
mod v2_csms;

use std::collections::BTreeSet;
use std::time::Duration;

use ocpp_rpc::Dialect;
use ocpp_testkit::conformance::mutation::{Change, Mutant, Mutation, mutations};
use ocpp_testkit::conformance::target::Target;
use ocpp_testkit::conformance::targets::{VirtualCsms, VirtualStation};
use ocpp_testkit::conformance::{self, Case, Report, Role, Script, Values, Verdict};

/// A lost BootNotification is not seen if there is time to send it again.
fn values() -> Values {
    VirtualStation::with_host(Values { boot_patience: Duration::from_secs(25), ..Values::default() })
}

fn target(case: Case, values: &Values) -> Box<dyn Target> {
    let dialect = case.dialect(values);
    match case.role() {
        Role::Station => Box::new(VirtualStation::speaking(dialect, values).unwrap()),
        Role::Csms => Box::new(VirtualCsms::speaking(dialect, values).unwrap()),
    }
}

fn run(case: Case, values: &Values) -> Report {
    conformance::run(case, target(case, values).as_mut(), values)
}

/// The cases of 2.0.1, which are those of 2.1 too.
fn cases_of_2_x(role: Role) -> impl Iterator<Item = Case> {
    conformance::cases(Dialect::V2_0_1).filter(move |case| case.role() == role)
}

fn values_in(case: Case, edition: Dialect) -> Values {
    case.outfit(Values { edition, ..values() })
}

/// The cases of these numbers by block, each once, say where they come from, and why they are not written where they are not.
fn assert_listed_once(role: Role, listed: &[(char, &[u8])], suffix: &str) {
    let listed =
        listed.iter().flat_map(|(block, numbers)| numbers.iter().map(move |n| format!("TC_{block}_{n:02}_{suffix}")));
    let listed: BTreeSet<String> = listed.collect();
    let there: BTreeSet<String> = cases_of_2_x(role).map(|case| case.id.to_owned()).collect();
    assert_eq!(there, listed);
    assert_eq!(cases_of_2_x(role).count(), listed.len());
    for case in cases_of_2_x(role) {
        assert!(case.spec.contains(|c: char| c.is_ascii_digit()) && !case.title.is_empty(), "{}", case.id);
        if let Script::Unwritten(why) = case.script {
            assert!(!why.is_empty(), "{}", case.id);
        }
    }
}

/// All cases in an edition, of which so many pass at least.
fn reports_of_2_x(role: Role, edition: Dialect, passes: usize) -> Vec<Report> {
    let reports: Vec<Report> = cases_of_2_x(role).map(|case| run(case, &values_in(case, edition))).collect();
    let passed = reports.iter().filter(|report| report.verdict == Verdict::Passed).count();
    println!("{passed} passed in {edition:?}");
    assert!(passed >= passes, "{passed} of {passes} pass");
    reports
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
