//! Monotonic time, as the crates of this family are given it.

use core::fmt;
use core::ops::Add;
use core::time::Duration;

/// A point on a monotonic clock: whole milliseconds since the device or process started.
///
/// It says nothing about the time of day. The caller reads its clock and passes the value in; values must come from
/// one clock, and a value earlier than one already passed in counts as the latest seen.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize), serde(transparent))]
pub struct Instant(u64);

impl Instant {
    /// The instant the clock started.
    pub const ZERO: Self = Self(0);

    /// The instant `millis` milliseconds after the clock started.
    pub const fn from_millis(millis: u64) -> Self {
        Self(millis)
    }

    /// Milliseconds since the clock started.
    pub const fn as_millis(self) -> u64 {
        self.0
    }

    /// `self + span`, or `None` if that is beyond the clock's range. Parts of a millisecond are dropped.
    pub fn checked_add(self, span: Duration) -> Option<Self> {
        let millis = u64::try_from(span.as_millis()).ok()?;
        self.0.checked_add(millis).map(Self)
    }

    /// `self + span`, or the last instant of the clock's range if that is earlier.
    pub fn saturating_add(self, span: Duration) -> Self {
        self.checked_add(span).unwrap_or(Self(u64::MAX))
    }

    /// `self - span`, or the clock's start if that is later.
    pub fn saturating_sub(self, span: Duration) -> Self {
        u64::try_from(span.as_millis()).map_or(Self::ZERO, |millis| Self(self.0.saturating_sub(millis)))
    }

    /// Time from `earlier` to `self`, or `None` if `earlier` is the later one.
    pub fn checked_since(self, earlier: Self) -> Option<Duration> {
        self.0.checked_sub(earlier.0).map(Duration::from_millis)
    }

    /// Time from `earlier` to `self`, or zero if `earlier` is the later one.
    pub fn saturating_since(self, earlier: Self) -> Duration {
        self.checked_since(earlier).unwrap_or(Duration::ZERO)
    }
}

impl Add<Duration> for Instant {
    type Output = Self;

    /// Saturating, as [`Instant::saturating_add`].
    fn add(self, span: Duration) -> Self {
        self.saturating_add(span)
    }
}

impl fmt::Debug for Instant {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{self}")
    }
}

impl fmt::Display for Instant {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{:03}s", self.0 / 1000, self.0 % 1000)
    }
}

/// The serde form of a duration, for `#[serde(with)]`: whole milliseconds.
#[cfg(feature = "serde")]
pub mod millis {
    use core::time::Duration;

    use serde::{Deserialize, Deserializer, Serialize, Serializer};

    /// Writes the milliseconds; parts of one are dropped.
    ///
    /// # Errors
    /// Those of the serializer.
    pub fn serialize<S: Serializer>(span: &Duration, serializer: S) -> Result<S::Ok, S::Error> {
        u64::try_from(span.as_millis()).unwrap_or(u64::MAX).serialize(serializer)
    }

    /// Reads the milliseconds.
    ///
    /// # Errors
    /// Those of the deserializer.
    pub fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Duration, D::Error> {
        u64::deserialize(deserializer).map(Duration::from_millis)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::format;

    #[test]
    fn sums_stop_at_the_end_of_the_clock() {
        let late = Instant::from_millis(u64::MAX - 1);
        assert_eq!(late.checked_add(Duration::from_millis(1)), Some(Instant::from_millis(u64::MAX)));
        assert_eq!(late.checked_add(Duration::from_millis(2)), None);
        assert_eq!(late + Duration::MAX, Instant::from_millis(u64::MAX));
        assert_eq!(Instant::ZERO.checked_add(Duration::MAX), None);
        assert_eq!(late.saturating_sub(Duration::from_millis(4)), Instant::from_millis(u64::MAX - 5));
        assert_eq!(late.saturating_sub(Duration::MAX), Instant::ZERO);
    }

    #[test]
    fn differences_are_never_negative() {
        let (a, b) = (Instant::from_millis(1_500), Instant::from_millis(4_000));
        assert_eq!(b.checked_since(a), Some(Duration::from_millis(2_500)));
        assert_eq!(a.checked_since(b), None);
        assert_eq!(a.saturating_since(b), Duration::ZERO);
    }

    #[test]
    fn prints_as_seconds() {
        assert_eq!(format!("{:?}", Instant::from_millis(61_042)), "61.042s");
    }
}
