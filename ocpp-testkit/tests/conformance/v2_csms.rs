//! The cases of 2.0.1 and 2.1 for CSMSs: Core, Advanced Security, Local Authorization List Management.

use ocpp_rpc::Dialect;
use ocpp_testkit::conformance::mutation::Change;
use ocpp_testkit::conformance::targets::VirtualCsms;
use ocpp_testkit::conformance::{self, Case, Role, Values, Verdict};

use super::{assert_listed_once, cases_of_2_x, mutants, reports_of_2_x, told, values_in};

/// The numbers of the cases by block: all that part 5 lists for CSMSs in the three profiles.
const LISTED: [(char, &[u8]); 12] = [
    ('A', &[1, 2, 3, 4, 6, 8, 11, 14, 19]),
    ('B', &[1, 6, 9, 10, 13, 20, 21, 22, 25, 26, 27, 30, 31, 42, 44]),
    ('C', &[2, 6, 8, 20, 37, 38, 40, 43, 47, 49]),
    ('D', &[1, 2, 3, 4, 9]),
    ('E', &[1, 2, 4, 7, 8, 9, 10, 12, 14, 15, 16, 17, 19, 21, 22, 26, 29, 30, 31, 38, 39, 53]),
    ('F', &[2, 4, 6, 11, 12, 13, 14, 15, 18, 20, 23, 24]),
    ('G', &[3, 4, 5, 7, 8, 11, 14, 20]),
    ('J', &[1, 2, 3, 4, 9, 10, 11]),
    ('L', &[3, 4, 5, 6, 7, 8, 9, 10, 13]),
    ('M', &[2, 5, 13, 18, 19, 21]),
    ('N', &[25, 27, 29, 30, 31, 34, 35, 36, 46, 62]),
    ('P', &[2, 3]),
];

/// How many cases pass in 2.0.1: to be raised with each one.
const PASSES: usize = 111;

/// What cannot be carried out here, each saying why.
const UNSETTLED: [&str; 1] = ["TC_A_19_CSMS"];

fn cases() -> impl Iterator<Item = Case> {
    cases_of_2_x(Role::Csms)
}

#[test]
fn every_case_of_the_three_profiles_is_listed_once() {
    assert_listed_once(Role::Csms, &LISTED, "CSMS");
}

#[test]
fn our_csms_passes_every_case_that_can_be_carried_out() {
    for edition in [Dialect::V2_0_1, Dialect::V2_1] {
        let reports = reports_of_2_x(Role::Csms, edition, PASSES);
        let unsettled: Vec<&str> = told(&reports).into_iter().map(|(case, _)| case).collect();
        assert_eq!(unsettled, UNSETTLED, "{edition:?}");
        assert!(reports.iter().all(|report| report.verdict != Verdict::Failed), "{edition:?}");
    }
}

#[test]
fn no_case_passes_with_a_broken_csms() {
    let (tried, survivors) = mutants(cases(), |case| values_in(case, Dialect::V2_0_1), is_harmless);
    println!("{tried} mutants");
    assert!(tried > 2_000, "{tried}");
    assert!(survivors.is_empty(), "{}", survivors.join("\n"));
}

/// What is no fault, though it looks like one.
fn is_harmless(case: Case, _: &str, change: &Change) -> bool {
    match change {
        // Which group a token is of matters where another one of it stops.
        Change::Replace { member: "idTokenInfo.groupIdToken.idToken", .. } => {
            !["TC_C_40_CSMS", "TC_C_43_CSMS"].contains(&case.id)
        }
        // P02: there are several ways to say no.
        Change::Replace { member: "status", .. } => case.id == "TC_P_02_CSMS",
        Change::Repeat | Change::Replace { .. } | Change::Drop => false,
    }
}

/// A00.FR.204.
#[test]
fn csms_that_lets_everybody_in_fails() {
    for id in ["TC_A_02_CSMS", "TC_A_03_CSMS"] {
        let case = conformance::find(id).unwrap();
        let values = values_in(case, Dialect::V2_0_1);
        let open = Values { password: None, ..values.clone() };
        let mut csms = VirtualCsms::speaking(Dialect::V2_0_1, &open).unwrap();
        assert_eq!(conformance::run(case, &mut csms, &values).verdict, Verdict::Failed, "{id}");
    }
}
