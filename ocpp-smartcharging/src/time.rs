//! Whole seconds, and the station's civil time.
//!
//! Periods of OCPP are whole seconds. Inside, so is everything else: of an instant the fraction is cut off, of now as of a
//! `startSchedule`, so that a schedule that has begun is in force in the second that begins with it. The begin of a
//! transaction alone, which no message tells, counts as the next second. Seconds are those of the Unix epoch: leap seconds
//! do not exist, and a daily schedule cannot drift by them.

use alloc::vec::Vec;

use chrono::{DateTime, Utc};

/// The whole second in which `at` lies.
pub(crate) fn second(at: DateTime<Utc>) -> i64 {
    at.timestamp()
}

/// The first whole second at or after `at`.
pub(crate) fn ceil(at: DateTime<Utc>) -> i64 {
    at.timestamp() + i64::from(at.timestamp_subsec_nanos() > 0)
}

/// The station's offset from UTC over time, for schedules that follow civil time (K01.FR.90, K01.FR.91).
#[derive(Debug, Clone, PartialEq, Eq, Default)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct LocalTime {
    offset_seconds: i32,
    changes: Vec<OffsetChange>,
}

/// An instant at which civil time jumps.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct OffsetChange {
    /// When.
    pub at: DateTime<Utc>,
    /// The offset from then on, east of Greenwich positive.
    pub offset_seconds: i32,
}

impl LocalTime {
    /// The same offset for ever; east of Greenwich is positive.
    pub fn fixed(offset_seconds: i32) -> Self {
        Self { offset_seconds, changes: Vec::new() }
    }

    /// `offset_seconds` until the first of `changes`, which may come in any order: daylight saving time.
    pub fn with_changes(offset_seconds: i32, changes: Vec<OffsetChange>) -> Self {
        let mut sorted = Vec::<OffsetChange>::with_capacity(changes.len());
        for change in changes {
            sorted.insert(sorted.partition_point(|earlier| earlier.at <= change.at), change);
        }
        Self { offset_seconds, changes: sorted }
    }

    /// The offset at `t`, and the second up to which it holds.
    pub(crate) fn offset_at(&self, t: i64) -> (i64, i64) {
        let next = self.changes.partition_point(|change| second(change.at) <= t);
        let offset = match next.checked_sub(1).and_then(|last| self.changes.get(last)) {
            Some(change) => change.offset_seconds,
            None => self.offset_seconds,
        };
        (i64::from(offset), self.changes.get(next).map_or(i64::MAX, |change| second(change.at)))
    }
}
