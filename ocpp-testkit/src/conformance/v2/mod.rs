//! The cases of 2.0.1 and 2.1, and the other side of their conversations.

mod bench;
pub(super) mod csms;
mod known_failures;
mod required_variables;
pub(super) mod station;

use super::{Case, Need, Script, Step};
pub use bench::V2;
use bench::{Bench, CONNECTOR, Event, entry, reading, token, with};
pub use known_failures::KNOWN_FAILURES;

/// A case that runs.
const fn case(
    id: &'static str,
    title: &'static str,
    spec: &'static str,
    needs: &'static [Need],
    steps: fn(&mut Bench<'_>) -> Step,
) -> Case {
    Case { id, title, spec, needs, script: Script::V2(steps) }
}

/// A case that is known and does not run yet.
const fn unwritten(id: &'static str, title: &'static str, spec: &'static str, why: &'static str) -> Case {
    Case { id, title, spec, needs: &[], script: Script::Unwritten(why) }
}
