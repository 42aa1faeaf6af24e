//! Values that obey their schema and still cannot be meant: a connector count of 1.6 thousand million, a schedule that begins in
//! years, a clock that stands in 1970.
//!
//! The verdict is the caller's to act on. Nothing in these crates sizes memory by a peer's number, so nothing breaks without it.
//!
//! ```
//! use ocpp_types::limits::{Absurd, Limits};
//!
//! let limits = Limits::default();
//! assert_eq!(limits.count(1_600_000_000), Err(Absurd::Count { value: 1_600_000_000, max: 1000 }));
//! assert!(limits.seconds(24 * 3600).is_ok());
//! ```

use chrono::{DateTime, Utc};

/// The bounds of what is believed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// The greatest number of connectors, EVSEs and the like.
    pub max_count: i64,
    /// The longest duration, and the farthest beginning of a period, in seconds.
    pub max_seconds: i64,
    /// No time lies before.
    pub earliest: DateTime<Utc>,
    /// No time lies behind.
    pub latest: DateTime<Utc>,
}

impl Default for Limits {
    /// A thousand connectors, a year of seconds, times from 2010 (when the first OCPP was published) to 2100.
    fn default() -> Self {
        Self {
            max_count: 1000,
            max_seconds: 366 * 24 * 3600,
            earliest: DateTime::from_timestamp(1_262_304_000, 0).unwrap_or(DateTime::<Utc>::MIN_UTC),
            latest: DateTime::from_timestamp(4_102_444_800, 0).unwrap_or(DateTime::<Utc>::MAX_UTC),
        }
    }
}

/// A value outside its [`Limits`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Absurd {
    /// A count below zero or above all that is built.
    #[error("a count of {value}, at most {max} is believed")]
    Count {
        /// The count.
        value: i64,
        /// The limit.
        max: i64,
    },
    /// A duration below zero or longer than anyone plans.
    #[error("{value} seconds, at most {max} are believed")]
    Seconds {
        /// The duration in seconds.
        value: i64,
        /// The limit in seconds.
        max: i64,
    },
    /// A time from before OCPP, as of a clock that was never set.
    #[error("{0} is too early")]
    Early(DateTime<Utc>),
    /// A time too far ahead.
    #[error("{0} is too late")]
    Late(DateTime<Utc>),
}

impl Limits {
    /// Whether a number of connectors, EVSEs, phases or list entries can be meant.
    pub fn count(&self, value: i64) -> Result<(), Absurd> {
        if (0..=self.max_count).contains(&value) { Ok(()) } else { Err(Absurd::Count { value, max: self.max_count }) }
    }

    /// Whether a duration, an interval or a `startPeriod` can be meant.
    pub fn seconds(&self, value: i64) -> Result<(), Absurd> {
        let believed = (0..=self.max_seconds).contains(&value);
        if believed { Ok(()) } else { Err(Absurd::Seconds { value, max: self.max_seconds }) }
    }

    /// Whether a time can be meant.
    pub fn time(&self, value: DateTime<Utc>) -> Result<(), Absurd> {
        if value < self.earliest {
            Err(Absurd::Early(value))
        } else if value > self.latest {
            Err(Absurd::Late(value))
        } else {
            Ok(())
        }
    }
}

#[cfg(test)]
mod tests {
    use alloc::string::ToString;

    use super::*;
    use crate::datetime::parse;

    #[test]
    fn a_connector_count_of_thousand_millions_is_absurd() {
        let limits = Limits::default();
        for value in [1_600_000_000, 1001, -1, i64::MIN] {
            assert_eq!(limits.count(value), Err(Absurd::Count { value, max: 1000 }));
        }
        assert_eq!((limits.count(0), limits.count(1000)), (Ok(()), Ok(())));
        assert_eq!(limits.count(-1).unwrap_err().to_string(), "a count of -1, at most 1000 is believed");
    }

    #[test]
    fn a_period_that_begins_in_years_is_absurd() {
        let limits = Limits::default();
        let years = 3 * 365 * 24 * 3600;
        assert_eq!(limits.seconds(years), Err(Absurd::Seconds { value: years, max: 31_622_400 }));
        assert_eq!(limits.seconds(31_622_400), Ok(()));
        assert!(Limits { max_seconds: 3600, ..limits }.seconds(3601).is_err());
    }

    #[test]
    fn clocks_that_were_never_set_or_ran_away_are_absurd() {
        let limits = Limits::default();
        let at = |text| parse(text).unwrap();
        for text in ["1970-01-01T00:00:07Z", "2009-12-31T23:59:59Z", "0000-01-01T00:00:00Z"] {
            assert_eq!(limits.time(at(text)), Err(Absurd::Early(at(text))), "{text}");
        }
        for text in ["2222-01-01T00:00:00Z", "9999-12-31T23:59:59Z"] {
            assert_eq!(limits.time(at(text)), Err(Absurd::Late(at(text))), "{text}");
        }
        assert_eq!(limits.time(at("2010-01-01T00:00:00Z")), Ok(()));
        assert_eq!(limits.time(at("2026-11-21T06:00:00Z")), Ok(()));
        // The year 222222017 has no form in RFC 3339, and is no time at all.
        assert_eq!(parse("222222017-01-01T00:00:00Z"), None);
    }
}
