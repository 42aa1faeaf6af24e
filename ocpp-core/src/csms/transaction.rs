//! Transactions as stations report them: their begin, what happens in them, their end, and what they come to.

use alloc::vec::Vec;
use chrono::{DateTime, Utc};
use ocpp_types::SmallString;
use serde::{Deserialize, Serialize};

pub use crate::transaction_id::TransactionId;

use super::{ChargingState, Finding, IdToken, MeterValue, Place, StopReason, TriggerReason};

/// What stations of 2.x tell of each event of a transaction beside what it is about (TransactionEvent). 1.6 tells nothing of it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(Serialize, Deserialize), serde(default))]
#[non_exhaustive]
pub struct EventInfo {
    /// The event's number in its transaction (`seqNo`): each is one more than the one before (2.x E §1.3.2).
    #[cfg_attr(feature = "serde", serde(skip_serializing_if = "Option::is_none"))]
    pub seq_no: Option<u64>,
    /// Why it is told.
    #[cfg_attr(feature = "serde", serde(skip_serializing_if = "Option::is_none"))]
    pub trigger: Option<TriggerReason>,
    /// Whether it happened while the station was offline.
    #[cfg_attr(feature = "serde", serde(skip_serializing_if = "is_false"))]
    pub offline: bool,
    /// What the transaction does.
    #[cfg_attr(feature = "serde", serde(skip_serializing_if = "Option::is_none"))]
    pub charging_state: Option<ChargingState>,
    /// Which command began it: [`Command::RemoteStart`](super::Command::RemoteStart).
    #[cfg_attr(feature = "serde", serde(skip_serializing_if = "Option::is_none"))]
    pub remote_start: Option<i64>,
}

impl EventInfo {
    /// The event of this number.
    pub fn numbered(seq_no: u64) -> Self {
        EventInfo { seq_no: Some(seq_no), ..EventInfo::default() }
    }

    /// Whether nothing is told.
    pub fn is_empty(&self) -> bool {
        *self == EventInfo::default()
    }
}

/// What a report about a transaction is to what is known of it.
///
/// In 2.x it follows from the transaction's name and the event's number ([`EventInfo::seq_no`]); in 1.6, which numbers nothing, from the
/// content: there is no `Stale` and no `Gap`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[non_exhaustive]
pub enum Verdict {
    /// It comes next.
    #[default]
    Applied,
    /// The same again: in 2.x an event of this number was recorded, in 1.6 one of this content. It is answered like the first, and not
    /// recorded: no fact but [`Fact::Renamed`](super::Fact::Renamed) has this verdict, [`Event::Repeated`](super::Event::Repeated) tells of it.
    Duplicate,
    /// It is older than what was recorded before: its number lies below. It is recorded, counts for the bill as if it had come in its
    /// turn, and fills a gap; what the transaction does now (its charging state) it does not tell.
    Stale,
    /// Numbers before it are missing. It is recorded and counts; the missing ones are waited for, and may come at any time.
    Gap,
    /// The begin of its transaction was not seen. It is recorded; should the begin come later, it counts for the bill.
    Orphan,
}

/// The begin of a transaction (1.6 §6.45, 2.x E01 to E03).
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(Serialize, Deserialize))]
#[non_exhaustive]
pub struct Started {
    /// The transaction.
    pub transaction: TransactionId,
    /// Where; in 2.x it may be told later.
    #[cfg_attr(feature = "serde", serde(alias = "connector"))]
    pub place: Place,
    /// The driver; in 2.x it may be told later, or never.
    pub token: Option<IdToken>,
    /// The meter's register in Wh; in 2.x it may be told later, or never.
    pub meter_start_wh: Option<i64>,
    /// When, by the station's clock.
    pub at: DateTime<Utc>,
    /// The reservation that it ends.
    pub reservation: Option<i64>,
    /// More of it (2.x).
    #[cfg_attr(feature = "serde", serde(default, skip_serializing_if = "EventInfo::is_empty"))]
    pub event: EventInfo,
    /// Meter values that came with it (2.x).
    #[cfg_attr(feature = "serde", serde(default, skip_serializing_if = "Vec::is_empty"))]
    pub samples: Vec<MeterValue>,
    /// What it is to what was known.
    #[cfg_attr(feature = "serde", serde(default, skip_serializing_if = "Verdict::is_applied"))]
    pub verdict: Verdict,
    /// What is odd about it.
    #[cfg_attr(feature = "serde", serde(default, skip_serializing_if = "Vec::is_empty"))]
    pub findings: Vec<Finding>,
}

impl Started {
    /// A begin of which no more is known.
    pub fn new(transaction: TransactionId, place: Place, at: DateTime<Utc>) -> Self {
        Started {
            transaction,
            place,
            token: None,
            meter_start_wh: None,
            at,
            reservation: None,
            event: EventInfo::default(),
            samples: Vec::new(),
            verdict: Verdict::Applied,
            findings: Vec::new(),
        }
    }
}

/// Something that happened in a transaction (2.x E02 to E05; 1.6 has meter values alone, [`Samples`](super::Samples)).
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(Serialize, Deserialize))]
#[non_exhaustive]
pub struct Updated {
    /// The transaction.
    pub transaction: TransactionId,
    /// Where, if it is told now.
    #[cfg_attr(feature = "serde", serde(default, skip_serializing_if = "Place::is_station"))]
    pub place: Place,
    /// When, by the station's clock.
    pub at: DateTime<Utc>,
    /// The driver, if one is told now.
    #[cfg_attr(feature = "serde", serde(default, skip_serializing_if = "Option::is_none"))]
    pub token: Option<IdToken>,
    /// The reservation that the transaction ends, if it is told now.
    #[cfg_attr(feature = "serde", serde(default, skip_serializing_if = "Option::is_none"))]
    pub reservation: Option<i64>,
    /// More of it.
    #[cfg_attr(feature = "serde", serde(default, skip_serializing_if = "EventInfo::is_empty"))]
    pub event: EventInfo,
    /// Meter values.
    #[cfg_attr(feature = "serde", serde(default, skip_serializing_if = "Vec::is_empty"))]
    pub samples: Vec<MeterValue>,
    /// What it is to what was known.
    #[cfg_attr(feature = "serde", serde(default, skip_serializing_if = "Verdict::is_applied"))]
    pub verdict: Verdict,
    /// What is odd about it.
    #[cfg_attr(feature = "serde", serde(default, skip_serializing_if = "Vec::is_empty"))]
    pub findings: Vec<Finding>,
}

impl Updated {
    /// Something of which no more is known.
    pub fn new(transaction: TransactionId, at: DateTime<Utc>) -> Self {
        Updated {
            transaction,
            place: Place::STATION,
            at,
            token: None,
            reservation: None,
            event: EventInfo::default(),
            samples: Vec::new(),
            verdict: Verdict::Applied,
            findings: Vec::new(),
        }
    }
}

/// The end of a transaction, as reported (1.6 §6.49, 2.x E06 to E10).
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(Serialize, Deserialize))]
#[non_exhaustive]
pub struct StopReport {
    /// The meter's register in Wh; in 2.x it need not be told.
    pub meter_stop_wh: Option<i64>,
    /// When, by the station's clock.
    pub at: DateTime<Utc>,
    /// Why, as it came; none means `Local` (1.6 §4.10, 2.x `stoppedReason`). What it means: [`StopReport::stop_reason`].
    pub reason: Option<SmallString>,
    /// Who stopped it.
    pub token: Option<IdToken>,
    /// Where, if it is told now (2.x).
    #[cfg_attr(feature = "serde", serde(default, skip_serializing_if = "Place::is_station"))]
    pub place: Place,
    /// The reservation that the transaction ends, if it is told now (2.x).
    #[cfg_attr(feature = "serde", serde(default, skip_serializing_if = "Option::is_none"))]
    pub reservation: Option<i64>,
    /// More of it (2.x).
    #[cfg_attr(feature = "serde", serde(default, skip_serializing_if = "EventInfo::is_empty"))]
    pub event: EventInfo,
    /// Meter values of the transaction.
    pub samples: Vec<MeterValue>,
    /// What is odd about it.
    #[cfg_attr(feature = "serde", serde(default, skip_serializing_if = "Vec::is_empty"))]
    pub findings: Vec<Finding>,
}

impl StopReport {
    /// An end of which no more is known.
    pub fn new(at: DateTime<Utc>) -> Self {
        StopReport {
            meter_stop_wh: None,
            at,
            reason: None,
            token: None,
            place: Place::STATION,
            reservation: None,
            event: EventInfo::default(),
            samples: Vec::new(),
            findings: Vec::new(),
        }
    }

    /// Why, by the words of all versions: `Local` if nothing is said, none if it is a word of no version.
    pub fn stop_reason(&self) -> Option<StopReason> {
        self.reason.as_deref().map_or(Some(StopReason::Local), StopReason::of)
    }
}

/// The end of a transaction.
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(Serialize, Deserialize))]
#[non_exhaustive]
pub struct Stopped {
    /// The transaction.
    pub transaction: TransactionId,
    /// Whether the station named no transaction, and this one alone fits (1.6 errata 3.18).
    pub inferred: bool,
    /// What was consumed, by what was known then. If that changes, or events are missing, a [`Settled`] follows.
    pub consumption: Consumption,
    /// What was reported.
    pub report: StopReport,
    /// What it is to what was known.
    #[cfg_attr(feature = "serde", serde(default, skip_serializing_if = "Verdict::is_applied"))]
    pub verdict: Verdict,
}

impl Stopped {
    /// An end that came in its turn.
    pub fn new(transaction: TransactionId, consumption: Consumption, report: StopReport) -> Self {
        Stopped { transaction, inferred: false, consumption, report, verdict: Verdict::Applied }
    }
}

/// The energy of a transaction, by its first and last register value.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub enum Consumption {
    /// In Wh.
    Wh(u64),
    /// The register went backwards: nothing can be said.
    NonMonotonic,
    /// The register at the begin, or at the end, was not told.
    Unknown,
}

impl Consumption {
    /// The energy between two register values in Wh.
    pub fn between(start_wh: i64, stop_wh: i64) -> Self {
        if stop_wh < start_wh { Consumption::NonMonotonic } else { Consumption::Wh(stop_wh.abs_diff(start_wh)) }
    }

    /// The energy between two register values in Wh, as far as they were told.
    pub fn of(start_wh: Option<i64>, stop_wh: Option<i64>) -> Self {
        match (start_wh, stop_wh) {
            (Some(start_wh), Some(stop_wh)) => Consumption::between(start_wh, stop_wh),
            (None, _) | (_, None) => Consumption::Unknown,
        }
    }
}

/// The end of an unknown transaction. In 2.x its begin may still come, and a [`Settled`] then.
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(Serialize, Deserialize))]
#[non_exhaustive]
pub struct OrphanStop {
    /// The transaction that the station named; none if it named none (in 1.6: a number below 1).
    pub named: Option<TransactionId>,
    /// What was reported.
    pub report: StopReport,
}

impl OrphanStop {
    /// The end of what the station named.
    pub fn new(named: Option<TransactionId>, report: StopReport) -> Self {
        OrphanStop { named, report }
    }
}

/// Another name of a transaction, under which the station told of its begin again.
///
/// The station's calls and commands to it have the name of the version spoken: [`Command::RemoteStop`](super::Command::RemoteStop) takes
/// that of the facts, and puts the other one in its place; a call that the application writes itself must name what the station knows.
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(Serialize, Deserialize))]
#[non_exhaustive]
pub struct Renamed {
    /// The transaction, as the facts name it.
    pub transaction: TransactionId,
    /// What the station calls it too: in 2.x the name that it gave, in 1.6 the number that it was given.
    pub name: TransactionId,
    /// When it began, by the repeat.
    pub at: DateTime<Utc>,
    /// More of the repeat (2.x).
    #[cfg_attr(feature = "serde", serde(default, skip_serializing_if = "EventInfo::is_empty"))]
    pub event: EventInfo,
}

/// What a transaction that began and ended comes to, whatever the order in which its events arrived (2.x E §1.3.2).
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(Serialize, Deserialize))]
#[non_exhaustive]
pub struct Settled {
    /// The transaction.
    pub transaction: TransactionId,
    /// What was consumed.
    pub consumption: Consumption,
    /// The register at its begin, in Wh.
    pub meter_start_wh: Option<i64>,
    /// The register at its end, in Wh.
    pub meter_stop_wh: Option<i64>,
    /// How many of its events, by their numbers, did not arrive. None is missing: the bill is final.
    pub missing: u64,
}

impl Verdict {
    #[cfg(feature = "serde")]
    fn is_applied(&self) -> bool {
        *self == Verdict::Applied
    }
}

#[cfg(feature = "serde")]
fn is_false(is: &bool) -> bool {
    !is
}
