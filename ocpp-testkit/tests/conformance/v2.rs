//! The cases of 2.0.1 and 2.1 for stations: Core, Advanced Security, Local Authorization List Management.

use std::collections::BTreeSet;

use ocpp_rpc::Dialect;
use ocpp_testkit::conformance::mutation::Change;
use ocpp_testkit::conformance::targets::VirtualStation;
use ocpp_testkit::conformance::{self, Case, KNOWN_FAILURES, Role, Values};

use super::{assert_listed_once, cases_of_2_x, mutants, reports_of_2_x, told, values_in};

/// The numbers of the cases by block: all that part 5 lists for stations in the three profiles, and TC_B_14, which its errata
/// add (5.8).
const LISTED: [(char, &[u8]); 13] = [
    ('A', &[1, 4, 5, 6, 7, 9, 10, 11, 14, 15, 19, 20, 21, 22, 23]),
    (
        'B',
        &[
            1, 2, 3, 6, 7, 9, 10, 11, 12, 13, 14, 15, 20, 21, 22, 23, 25, 26, 27, 28, 29, 30, 32, 33, 34, 35, 36, 37,
            39, 41, 43, 45, 46, 47, 49, 50, 51, 52, 53, 57,
        ],
    ),
    (
        'C',
        &[
            2, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 15, 16, 17, 18, 21, 22, 23, 24, 25, 26, 27, 28, 29, 30, 31, 32, 33,
            34, 36, 37, 38, 39, 40, 41, 42, 43, 44, 45, 46, 47, 48, 49, 56, 57, 58,
        ],
    ),
    ('D', &[1, 2, 3, 4, 5, 6, 7, 8, 10]),
    (
        'E',
        &[
            1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 19, 20, 21, 22, 24, 25, 26, 27, 28, 29, 30, 31,
            32, 33, 34, 35, 37, 38, 39, 40, 41, 42, 43, 44, 45, 50, 51, 52, 54,
        ],
    ),
    ('F', &[1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 23, 24, 26, 27]),
    ('G', &[1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 21]),
    ('J', &[1, 2, 3, 4, 6, 7, 8, 9, 10, 11]),
    ('K', &[38]),
    ('L', &[1, 2, 3, 5, 6, 7, 8, 10, 11, 12, 13, 14, 15, 16, 18]),
    ('M', &[1, 2, 7, 9, 12, 13, 17, 18, 19, 20, 22, 23, 30, 31]),
    ('N', &[25, 26, 27, 28, 30, 31, 32, 35, 36, 62]),
    ('P', &[1, 3]),
];

/// How many cases pass in 2.0.1: to be raised with each one.
const PASSES: usize = 230;

fn cases() -> impl Iterator<Item = Case> {
    cases_of_2_x(Role::Station)
}

#[test]
fn every_case_of_the_three_profiles_is_listed_once() {
    assert_listed_once(Role::Station, &LISTED, "CS");
}

/// What is not settled is what [`KNOWN_FAILURES`] names, and all that it names is not settled.
#[test]
fn our_station_passes_every_case_but_known_failures() {
    for edition in [Dialect::V2_0_1, Dialect::V2_1] {
        let reports = reports_of_2_x(Role::Station, edition, PASSES);
        let failed: BTreeSet<&str> = told(&reports).into_iter().map(|(case, _)| case).collect();
        let known: BTreeSet<&str> = KNOWN_FAILURES.iter().map(|(case, _)| *case).collect();
        assert_eq!(failed, known, "{edition:?}");
    }
    assert!(KNOWN_FAILURES.iter().all(|(_, why)| !why.is_empty()));
}

/// With fixed cables, and where a cable alone begins a transaction: what the cases set themselves stays as they have it.
#[test]
fn stations_of_other_kinds_pass_every_case_but_known_failures() {
    let known: BTreeSet<&str> = KNOWN_FAILURES.iter().map(|(case, _)| *case).collect();
    let by_cable = [("TxCtrlr.TxStartPoint", "EVConnected")];
    let kinds = [("fixed cables", true, [].as_slice()), ("from EVConnected", false, &by_cable)];
    let mut failed = Vec::new();
    for (kind, fixed_cable, settings) in kinds {
        println!("{kind}");
        for case in cases() {
            let values = Values { fixed_cable, ..values_in(case, Dialect::V2_0_1) };
            let mut target = VirtualStation::with_settings(Dialect::V2_0_1, settings, &values).unwrap();
            let report = conformance::run(case, &mut target, &values);
            let unsettled = told(std::slice::from_ref(&report));
            let unknown = unsettled.iter().filter(|(case, _)| !known.contains(case));
            failed.extend(unknown.map(|(case, why)| format!("{kind}: {case}: {why}")));
        }
    }
    assert!(failed.is_empty(), "{}", failed.join("\n"));
}

#[test]
fn no_case_passes_with_a_broken_station() {
    let (tried, survivors) = mutants(cases(), |case| values_in(case, Dialect::V2_0_1), is_harmless);
    println!("{tried} mutants");
    assert!(tried > 8_500, "{tried}");
    assert!(survivors.is_empty(), "{}", survivors.join("\n"));
}

/// What is no fault, though it looks like one.
fn is_harmless(case: Case, frame: &str, change: &Change) -> bool {
    match change {
        // E01.FR.08: the station names its transactions, and with its first event it may give any name.
        Change::Replace { member: "transactionInfo.transactionId", .. } => frame.contains(r#""Started""#),
        // P01: there are several ways to say no.
        Change::Replace { member: "status", .. } => case.id == "TC_P_01_CS",
        Change::Repeat | Change::Replace { .. } | Change::Drop => false,
    }
}
