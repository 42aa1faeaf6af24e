//! What is odd about a report. It is recorded all the same, and answered as any other.

use alloc::vec::Vec;

use serde::{Deserialize, Serialize};

use super::{Attribution, Authorization, Fact, TransactionId, Verdict};

/// What is odd about a report, found when it arrived. Reports that come late are not odd for that.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[non_exhaustive]
pub enum Finding {
    /// A time could not be read; the server's clock at the arrival stands in its place.
    TimeUnread,
    /// A time lies ahead of the server's clock ([`Plausible::ahead`](super::Plausible::ahead)).
    TimeAhead,
    /// A time lies too far behind it ([`Plausible::behind`](super::Plausible::behind)): a clock that was never set.
    TimeLongPast,
    /// A transaction is said to be on no connector (1.6 §6.45: above 0). The record says 0.
    NoConnector,
    /// Meter values are of another connector than the transaction that they name.
    OtherConnector,
    /// It runs while another one does on the same connector.
    Overlapping,
    /// A start has connector and time of another one, and another token or register.
    StartContradicted,
    /// The register is below that at the last stop on the connector.
    RegisterBelowLastStop,
    /// A stop lies before its start.
    StopBeforeStart,
    /// The register went backwards: below the start's, or below what was told before the stop.
    NonMonotonic,
    /// More energy than the time allows ([`Plausible::connector_watts`](super::Plausible::connector_watts)).
    TooMuchEnergy,
    /// Start and stop have the same time.
    ZeroLength,
    /// Meter values of a transaction are older than its start.
    ValuesBeforeStart,
    /// Meter values of a transaction are younger than its stop.
    ValuesAfterStop,
    /// Meter values name a transaction that is not known.
    UnknownTransaction,
    /// A transaction that ended before is said to have ended otherwise ([`Fact::StopContradicted`]).
    StopContradicted,
    /// It is not known what ended ([`Fact::StopOrphaned`]).
    StopOrphaned,
    /// Events of the transaction before this one are missing ([`Verdict::Gap`]).
    SequenceGap,
    /// The number of an event is that of another one of the transaction, which is recorded.
    SequenceReused,
    /// A transaction begins under the name of an earlier one (against 2.x E01.FR.08). It is recorded under that name with `~` and the time
    /// of its begin appended, in seconds since 1970; the station knows it without.
    NameReused,
}

impl Fact {
    /// The verdict on the token that a transaction began with.
    pub fn authorized(transaction: TransactionId, verdict: Authorization) -> Self {
        Fact::Authorized { transaction, token: None, verdict }
    }

    /// What is odd about it.
    pub fn findings(&self) -> Vec<Finding> {
        match self {
            Fact::Started(started) => started.findings.clone(),
            Fact::Updated(updated) => updated.findings.clone(),
            Fact::Sampled(samples) => samples.findings.clone(),
            Fact::Stopped(stopped) => stopped.report.findings.clone(),
            Fact::StopContradicted { report, .. } => with(&report.findings, Finding::StopContradicted),
            Fact::StopOrphaned(orphan) => with(&orphan.report.findings, Finding::StopOrphaned),
            Fact::Booted(_)
            | Fact::Status(_)
            | Fact::Authorized { .. }
            | Fact::Settled(_)
            | Fact::Renamed(_)
            | Fact::Progress(_)
            | Fact::SecurityEvent(_) => Vec::new(),
        }
    }

    /// The transaction that it is about, as far as one is named or was inferred.
    pub fn transaction(&self) -> Option<&TransactionId> {
        match self {
            Fact::Started(started) => Some(&started.transaction),
            Fact::Authorized { transaction, .. } | Fact::StopContradicted { transaction, .. } => Some(transaction),
            Fact::Updated(updated) => Some(&updated.transaction),
            Fact::Stopped(stopped) => Some(&stopped.transaction),
            Fact::Settled(settled) => Some(&settled.transaction),
            Fact::Renamed(renamed) => Some(&renamed.transaction),
            Fact::StopOrphaned(orphan) => orphan.named.as_ref(),
            Fact::Sampled(samples) => match &samples.attribution {
                Attribution::Named(transaction)
                | Attribution::Inferred(transaction)
                | Attribution::Unknown(transaction) => Some(transaction),
                Attribution::None => None,
            },
            Fact::Booted(_) | Fact::Status(_) | Fact::Progress(_) | Fact::SecurityEvent(_) => None,
        }
    }

    /// What it is to what was known of its transaction; none if it is about no transaction.
    pub fn verdict(&self) -> Option<Verdict> {
        match self {
            Fact::Started(started) => Some(started.verdict),
            Fact::Updated(updated) => Some(updated.verdict),
            Fact::Stopped(stopped) => Some(stopped.verdict),
            Fact::StopOrphaned(_) => Some(Verdict::Orphan),
            Fact::Renamed(_) => Some(Verdict::Duplicate),
            Fact::StopContradicted { .. } | Fact::Authorized { .. } | Fact::Settled(_) => Some(Verdict::Applied),
            Fact::Sampled(samples) => match samples.attribution {
                Attribution::Named(_) | Attribution::Inferred(_) => Some(Verdict::Applied),
                Attribution::Unknown(_) => Some(Verdict::Orphan),
                Attribution::None => None,
            },
            Fact::Booted(_) | Fact::Status(_) | Fact::Progress(_) | Fact::SecurityEvent(_) => None,
        }
    }
}

fn with(findings: &[Finding], finding: Finding) -> Vec<Finding> {
    findings.iter().copied().chain([finding]).collect()
}
