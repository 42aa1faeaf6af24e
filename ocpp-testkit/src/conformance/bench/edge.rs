//! What a version adds to the bench.

use serde_json::Value;

use super::{Bench, Call};
use crate::conformance::pattern::Pattern;
use crate::conformance::{Need, Step};

/// The part of a bench that knows a version: what it answers, which rules it watches, and how a target is brought into its
/// initial state.
pub trait Edge: Sized {
    /// Brings the target into its initial state: connected, accepted, all connectors free.
    ///
    /// # Errors
    /// When it is not reached.
    fn begin(bench: &mut Bench<'_, Self>) -> Step;

    /// Finds out what of these the station under test has.
    ///
    /// # Errors
    /// When it does not tell.
    fn learn(bench: &mut Bench<'_, Self>, needs: &[Need]) -> Step;

    /// Brings a live target back into its initial state, after whatever the case did to it.
    fn tidy(bench: &mut Bench<'_, Self>);

    /// What a call of the target is answered when the case does not say otherwise; none for an error.
    fn answer(bench: &mut Bench<'_, Self>, action: &str, payload: &Value) -> Option<Value>;

    /// Watches the rules that hold in every case. `answer` is what the call is told.
    ///
    /// # Errors
    /// When the call breaks one.
    fn follow(bench: &mut Bench<'_, Self>, action: &str, payload: &Value, answer: Option<&Value>) -> Step;

    /// Whether the call may come between those that a case waits for, which are wanted to be like these.
    fn may_come_any_time(bench: &Bench<'_, Self>, call: &Call, wanted: &[Pattern]) -> bool;

    /// The connection is open.
    fn on_opened(bench: &mut Bench<'_, Self>);

    /// A call of the bench is about to leave.
    fn on_call(bench: &mut Bench<'_, Self>, action: &str, payload: &Value);

    /// A call of the bench was answered.
    fn on_answer(bench: &mut Bench<'_, Self>, action: &str, payload: &Value);
}
