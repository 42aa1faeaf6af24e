//! The cases of 1.6, and the other side of their conversations.

mod bench;
pub(super) mod csms;
mod required_keys;
pub(super) mod station;

use super::{Case, Need, Script, Step};
pub use bench::V1_6;
pub(super) use bench::{Bench, Transaction};

/// A case that runs.
const fn case(
    id: &'static str,
    title: &'static str,
    spec: &'static str,
    needs: &'static [Need],
    steps: fn(&mut Bench<'_>) -> Step,
) -> Case {
    Case { id, title, spec, needs, script: Script::V1_6(steps) }
}

/// A case that is known and does not run yet.
const fn unwritten(id: &'static str, title: &'static str, spec: &'static str, why: &'static str) -> Case {
    Case { id, title, spec, needs: &[], script: Script::Unwritten(why) }
}
