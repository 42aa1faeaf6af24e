use alloc::collections::BTreeMap;
use core::time::Duration;

use ocpp_types::SmallString;

use crate::Limits;

/// What a relay does.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RelayConfig {
    /// Bounds on one frame.
    pub limits: Limits,
    /// The station's calls and SENDs.
    pub from_station: ActionFilter,
    /// The primary CSMS's calls.
    pub from_primary: ActionFilter,
    /// The secondary CSMS, if there is one.
    pub secondary: Option<SecondaryRules>,
    /// Most frames kept while a connection opens or the station is busy with a call. What is beyond is refused.
    pub max_held: usize,
    /// How long the station may take to answer before it gets the next call.
    pub answer_within: Duration,
    /// Keep the station's connection when the primary's is lost, and hand the station's calls to the application. Allowed
    /// only to controllers that answer the station and forward its transactions later (errata of 2.0.1 §4.13, of 2.1
    /// §4.2); others close the station's connection, so that it queues its messages itself (Part 4 §6.3).
    pub keep_station: bool,
}

/// What a secondary CSMS may do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SecondaryRules {
    /// Which calls and SENDs of the station it gets copies of ([`Verdict::Pass`]). Its answers go nowhere.
    pub sees: ActionFilter,
    /// Which calls it may make to the station.
    pub may_call: ActionFilter,
}

impl RelayConfig {
    /// Everything passes between station and primary; there is no secondary.
    pub const TRANSPARENT: Self = Self {
        limits: Limits::STANDARD,
        from_station: ActionFilter::all(Verdict::Pass),
        from_primary: ActionFilter::all(Verdict::Pass),
        secondary: None,
        max_held: 16,
        answer_within: Duration::from_secs(60),
        keep_station: false,
    };
}

/// What a relay does with a call of some action.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub enum Verdict {
    /// Passes it on.
    Pass,
    /// Answers it with `NotSupported`.
    Refuse,
    /// Hands it to the application, which answers it.
    Handle,
}

/// A verdict for each action.
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct ActionFilter {
    rest: Verdict,
    exceptions: BTreeMap<SmallString, Verdict>,
}

impl ActionFilter {
    /// The same verdict for all actions.
    pub const fn all(rest: Verdict) -> Self {
        Self { rest, exceptions: BTreeMap::new() }
    }

    /// Another verdict for one action, whose name is case-sensitive.
    #[must_use]
    pub fn but(mut self, action: &str, verdict: Verdict) -> Self {
        self.exceptions.insert(action.into(), verdict);
        self
    }

    /// The verdict for `action`.
    pub fn verdict(&self, action: &str) -> Verdict {
        self.exceptions.get(action).copied().unwrap_or(self.rest)
    }
}
