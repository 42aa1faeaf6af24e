//! The test cases of the OCPP compliance tool, to be run against anything that speaks OCPP.
//!
//! A [`Case`] is a small function over a [`Bench`]: the other side of the conversation, which sends, expects, answers, and
//! has the hardware steps done. What it talks to is a [`Target`](target::Target): our machines in virtual time, or a live
//! station or CSMS over a WebSocket ([`targets`]). Every frame is checked on the way: its schema, its message id, that it is
//! due. [`mutation`] breaks a target on purpose, so that each case is known to be able to fail.
//!
//! ```
//! use ocpp_testkit::conformance::{self, Values, Verdict, targets::VirtualStation};
//!
//! let values = Values::default();
//! let case = conformance::find("TC_003_CS").unwrap();
//! let report = conformance::run(case, &mut VirtualStation::new(&values)?, &values);
//! assert_eq!(report.verdict, Verdict::Passed);
//! # Ok::<(), conformance::target::Trouble>(())
//! ```

mod access;
mod bench;
pub mod mutation;
mod need;
pub mod pattern;
pub mod report;
pub mod target;
pub mod targets;
mod v1_6;
mod v2;
mod values;

use std::time::Duration;

use ocpp_rpc::Dialect;
use serde::Serialize;
use serde_json::Value;

pub use bench::{Bench, Edge, Seen};
pub use need::Need;
pub use v1_6::V1_6;
pub use v2::{KNOWN_FAILURES, V2};
pub use values::{SignedFirmware, Values};

/// Who is under test.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Role {
    /// The station; the bench is its CSMS.
    Station,
    /// The CSMS; the bench is a station.
    Csms,
}

/// A test case.
#[derive(Clone, Copy, Debug)]
pub struct Case {
    /// The number in the catalogue of the compliance tool.
    pub id: &'static str,
    /// What it is about.
    pub title: &'static str,
    /// What it rests on: sections of the OCPP 1.6 specification, those of other documents with their name; requirements of 2.x.
    pub spec: &'static str,
    /// What the target must have; without it the case does not apply.
    pub needs: &'static [Need],
    /// What is done and expected.
    pub script: Script,
}

/// What a case does.
#[derive(Clone, Copy, Debug)]
pub enum Script {
    /// It runs in 1.6.
    V1_6(fn(&mut Bench<'_, V1_6>) -> Step),
    /// It runs in 2.0.1 and 2.1.
    V2(fn(&mut Bench<'_, V2>) -> Step),
    /// It cannot be run here, for this reason.
    Unwritten(&'static str),
}

impl Case {
    /// Who is under test.
    pub fn role(&self) -> Role {
        if self.id.ends_with("_CSMS") { Role::Csms } else { Role::Station }
    }

    /// The version that it speaks.
    pub fn dialect(&self, values: &Values) -> Dialect {
        // Those of 2.x have the letter of their functional block.
        let is_of_v2 = self.id.as_bytes().get(3).is_some_and(u8::is_ascii_uppercase);
        if is_of_v2 { values.edition } else { Dialect::V1_6 }
    }

    /// The security profile that a station must have at least, 0 for none.
    pub fn security_profile(&self) -> u8 {
        let wanted = |need: &Need| if let Need::SecurityProfile(profile) = need { Some(*profile) } else { None };
        self.needs.iter().find_map(wanted).unwrap_or(0)
    }

    /// The values of a run against a simulated target: a station is given the hardware that the case needs, and the security profile;
    /// a CSMS wants a password, and accepts as the case needs.
    #[must_use]
    pub fn outfit(&self, values: Values) -> Values {
        let needs = |need: Need| self.needs.contains(&need);
        Values {
            security_profile: self.security_profile(),
            fixed_cable: values.fixed_cable || needs(Need::FixedCable),
            resets_evses: values.resets_evses || needs(Need::EvseReset),
            detects_bay: values.detects_bay || needs(Need::BayDetector),
            signs_readings: values.signs_readings || needs(Need::SignedReadings),
            first_boot_pending: needs(Need::FirstBootPending),
            password: values.password.or_else(|| Some("conformance-password".to_owned())),
            ..values
        }
    }
}

/// Why a case ended before its end.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Stop {
    /// The target did something wrong, or did not do what it must.
    Failed(String),
    /// The case does not apply to this target.
    NotApplicable(String),
    /// The case could not be carried out: what was not seen.
    Inconclusive(String),
}

/// The result of a step.
pub type Step<T = ()> = Result<T, Stop>;

/// How a case ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub enum Verdict {
    /// All that was expected was seen, and nothing else.
    #[serde(rename = "pass")]
    Passed,
    /// The case does not apply to this target.
    #[serde(rename = "not applicable")]
    NotApplicable,
    /// The case could not be carried out.
    #[serde(rename = "inconclusive")]
    Inconclusive,
    /// The target did something wrong.
    #[serde(rename = "fail")]
    Failed,
}

/// What came of a case.
#[derive(Clone, Debug)]
pub struct Report {
    /// The case.
    pub case: Case,
    /// The version that was spoken.
    pub dialect: Dialect,
    /// How it ended.
    pub verdict: Verdict,
    /// Why, unless it passed.
    pub reason: String,
    /// How long it took, on the target's clock.
    pub took: Duration,
    /// Each frame of the target, and whether the case rested on it.
    pub seen: Vec<Seen>,
    /// The conversation as a trace, one record each.
    pub trace: Vec<Value>,
}

/// All cases of a version, in the order of their block.
pub fn cases(dialect: Dialect) -> impl Iterator<Item = Case> {
    let (station, csms) = match dialect {
        Dialect::V1_6 => (v1_6::station::CASES, v1_6::csms::CASES),
        Dialect::V2_0_1 | Dialect::V2_1 => (v2::station::CASES, v2::csms::CASES),
    };
    station.iter().chain(csms).flat_map(|block| block.iter().copied())
}

/// The case of this number, in any letter case.
pub fn find(id: &str) -> Option<Case> {
    [Dialect::V1_6, Dialect::V2_0_1].into_iter().flat_map(cases).find(|case| case.id.eq_ignore_ascii_case(id))
}

/// Runs a case.
pub fn run(case: Case, target: &mut dyn target::Target, values: &Values) -> Report {
    let dialect = case.dialect(values);
    let began = target.now();
    let (outcome, (seen, trace)) = match case.script {
        Script::Unwritten(reason) => (Err(Stop::NotApplicable(reason.to_owned())), (Vec::new(), Vec::new())),
        Script::V1_6(steps) => carry_out(Bench::new(target, values, &case, V1_6::new(&case)), case.needs, steps),
        Script::V2(steps) => carry_out(Bench::new(target, values, &case, V2::new(&case)), case.needs, steps),
    };
    let (verdict, reason) = match outcome {
        Ok(()) => (Verdict::Passed, String::new()),
        Err(Stop::NotApplicable(reason)) => (Verdict::NotApplicable, reason),
        Err(Stop::Inconclusive(reason)) => (Verdict::Inconclusive, reason),
        Err(Stop::Failed(reason)) => (Verdict::Failed, reason),
    };
    Report { case, dialect, verdict, reason, took: target.now().saturating_since(began), seen, trace }
}

/// What came of it, and each frame of the target with the conversation.
fn carry_out<E: Edge>(
    mut bench: Bench<'_, E>,
    needs: &[Need],
    steps: fn(&mut Bench<'_, E>) -> Step,
) -> (Step, (Vec<Seen>, Vec<Value>)) {
    let outcome = bench.carry_out(needs, steps);
    (outcome, bench.end())
}
