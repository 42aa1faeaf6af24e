//! When something happened, recorded before the wall clock need be known.

use chrono::{DateTime, Utc};
#[cfg(feature = "serde")]
use serde::{Deserialize, Serialize};

use super::Boot;

/// The moment of a recorded fact.
///
/// A fact recorded while the clock is set carries wall time. One recorded before carries the boot and the instant, and
/// [`Clock::resolve`](super::Clock::resolve) finds its wall time later, also after a reboot.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(Serialize, Deserialize))]
pub enum Stamp {
    /// Milliseconds since 1970-01-01T00:00:00Z.
    Wall(i64),
    /// An instant of a boot whose wall time was unknown then.
    Unset {
        /// The boot in which it happened.
        boot: Boot,
        /// Milliseconds since that boot.
        millis: u64,
    },
    /// The same, of something that did not happen before another thing whose wall time was known: should the clock have
    /// been set back since, it is told with that time.
    UnsetAfter {
        /// The boot in which it happened.
        boot: Boot,
        /// Milliseconds since that boot.
        millis: u64,
        /// The earliest it can have been, in milliseconds since 1970-01-01T00:00:00Z.
        not_before_ms: i64,
    },
}

impl Stamp {
    /// A stamp of known wall time.
    pub fn from_wall(wall: DateTime<Utc>) -> Self {
        Stamp::Wall(wall.timestamp_millis())
    }
}
