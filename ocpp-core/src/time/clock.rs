//! The wall clock: anchors that tie an instant of a boot to wall time.

use alloc::vec::Vec;
use core::time::Duration;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use super::{Instant, Stamp};

/// The count of starts of the station, kept in its store. Log indices and stamps are unique because it is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Boot(pub u32);

/// One reading of both clocks.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Anchor {
    /// The boot in which both were read.
    pub boot: Boot,
    /// Milliseconds since that boot.
    pub millis: u64,
    /// Wall time at that instant, milliseconds since 1970-01-01T00:00:00Z.
    pub wall_ms: i64,
}

impl Anchor {
    fn wall_at(&self, at: Instant) -> i64 {
        let since = i64::try_from(at.as_millis()).unwrap_or(i64::MAX);
        let anchored = i64::try_from(self.millis).unwrap_or(i64::MAX);
        self.wall_ms.saturating_add(since.saturating_sub(anchored))
    }
}

/// When the CSMS's `currentTime` changes the clock (1.6 §4.2, §4.6; 2.x B01, G02).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(Serialize, Deserialize))]
pub enum ClockPolicy {
    /// Each answer sets the clock if it differs by at least `min_step`.
    Always {
        /// Smaller differences are left alone: they are mostly latency.
        #[cfg_attr(feature = "serde", serde(rename = "min_step_ms", with = "ocpp_rpc::time::millis"))]
        min_step: Duration,
    },
    /// Only while the clock was never set in this boot.
    IfUnset,
    /// The driver alone sets the clock, by `Input::Wall`.
    Never,
}

impl Default for ClockPolicy {
    fn default() -> Self {
        ClockPolicy::Always { min_step: Duration::from_secs(2) }
    }
}

/// Anchors of earlier boots that are kept: enough for stamps of transactions that no CSMS has taken yet.
const MAX_ANCHORS: usize = 8;

/// Maps instants of this boot to wall time, and stamps of any boot.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Clock {
    boot: Boot,
    current: Option<Anchor>,
    /// The first anchor of each boot, this one included: written once, so that a stamp always resolves alike.
    first: Vec<Anchor>,
    /// The last instant on record, in milliseconds, of each earlier boot that has records without wall time.
    last_recorded: Vec<(Boot, u64)>,
}

impl Clock {
    /// A clock for `boot` that is not set, with the first anchors of earlier boots.
    pub fn new(boot: Boot, earlier: Vec<Anchor>) -> Self {
        Clock { boot, current: None, first: earlier, last_recorded: Vec::new() }
    }

    /// Learns of a stamp that is on record, from an earlier boot.
    pub fn saw(&mut self, stamp: Stamp) {
        if let Stamp::Unset { boot, millis } = stamp {
            match self.last_recorded.iter_mut().find(|(known, _)| *known == boot) {
                Some((_, last)) => *last = millis.max(*last),
                None => self.last_recorded.push((boot, millis)),
            }
        }
    }

    /// The boot that this clock counts instants in.
    pub fn boot(&self) -> Boot {
        self.boot
    }

    /// Whether the wall time is known in this boot.
    pub fn is_set(&self) -> bool {
        self.current.is_some()
    }

    /// Whether the wall time was ever known in a boot, as far as it is remembered.
    #[cfg(feature = "security")]
    pub(crate) fn was_set_in(&self, boot: Boot) -> bool {
        self.first.iter().any(|anchor| anchor.boot == boot)
    }

    /// Wall time at `now`, if known.
    pub fn wall(&self, now: Instant) -> Option<DateTime<Utc>> {
        self.current.and_then(|anchor| DateTime::from_timestamp_millis(anchor.wall_at(now)))
    }

    /// Milliseconds from the start of the boot to wall time, if known. Another value means that the clock stepped.
    pub fn offset_ms(&self) -> Option<i64> {
        self.current.map(|anchor| anchor.wall_at(Instant::ZERO))
    }

    /// The instant at which the clock shows `wall`; a past one gives an earlier instant, saturating at zero.
    pub fn instant_of(&self, wall: DateTime<Utc>) -> Option<Instant> {
        let anchor = self.current?;
        let ahead = wall.timestamp_millis().saturating_sub(anchor.wall_ms);
        let at = i64::try_from(anchor.millis).unwrap_or(i64::MAX).saturating_add(ahead);
        Some(Instant::from_millis(u64::try_from(at).unwrap_or(0)))
    }

    /// Sets the clock. Gives the anchors to store when this is the first one of the boot.
    #[must_use]
    pub fn set(&mut self, now: Instant, wall: DateTime<Utc>) -> Option<&[Anchor]> {
        let anchor = Anchor { boot: self.boot, millis: now.as_millis(), wall_ms: wall.timestamp_millis() };
        let is_first = self.current.is_none();
        self.current = Some(anchor);
        if !is_first {
            return None;
        }
        if self.first.len() >= MAX_ANCHORS {
            self.first.remove(0);
        }
        self.first.push(anchor);
        Some(&self.first)
    }

    /// Whether a CSMS time of `wall` is to be taken over under `policy`.
    pub fn wants(&self, policy: ClockPolicy, now: Instant, wall: DateTime<Utc>) -> bool {
        match (policy, self.wall(now)) {
            (ClockPolicy::Never, _) => false,
            (ClockPolicy::Always { .. } | ClockPolicy::IfUnset, None) => true,
            (ClockPolicy::IfUnset, Some(_)) => false,
            (ClockPolicy::Always { min_step }, Some(shown)) => {
                u128::from((wall - shown).num_milliseconds().unsigned_abs()) >= min_step.as_millis()
            }
        }
    }

    /// A stamp for something that happens at `now`.
    pub fn stamp(&self, now: Instant) -> Stamp {
        match self.current {
            Some(anchor) => Stamp::Wall(anchor.wall_at(now)),
            None => Stamp::Unset { boot: self.boot, millis: now.as_millis() },
        }
    }

    /// The wall time of a stamp, once known.
    ///
    /// A boot that ended without ever knowing the time is placed so that its last record lies directly before the next
    /// boot, the latest moment it can have been. What it recorded keeps its distances.
    pub fn resolve(&self, stamp: Stamp) -> Option<DateTime<Utc>> {
        let millis = match stamp {
            Stamp::Wall(millis) => millis,
            Stamp::Unset { boot, millis } => {
                let anchor = self.first.iter().find(|anchor| anchor.boot >= boot)?;
                let between = self.last_recorded.iter().filter(|(known, _)| (boot..anchor.boot).contains(known));
                let gone = between.fold(0u64, |sum, (_, last)| sum.saturating_add(*last));
                let gone = i64::try_from(gone).unwrap_or(i64::MAX);
                anchor.wall_at(Instant::from_millis(millis)).saturating_sub(gone)
            }
        };
        DateTime::from_timestamp_millis(millis)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::vec;

    fn wall(seconds: i64) -> DateTime<Utc> {
        DateTime::from_timestamp(1_700_000_000 + seconds, 0).unwrap()
    }

    fn at(seconds: u64) -> Instant {
        Instant::from_millis(seconds * 1000)
    }

    #[test]
    fn stamp_before_the_clock_was_set_resolves_later_in_the_same_boot() {
        let mut clock = Clock::new(Boot(3), vec![]);
        let stamp = clock.stamp(at(10));
        assert_eq!(clock.resolve(stamp), None);
        assert!(clock.set(at(30), wall(30)).is_some());
        assert_eq!(clock.resolve(stamp), Some(wall(10)));
    }

    #[test]
    fn later_clock_steps_do_not_move_earlier_stamps() {
        let mut clock = Clock::new(Boot(1), vec![]);
        let unset = clock.stamp(at(5));
        let _ = clock.set(at(10), wall(10));
        let set = clock.stamp(at(11));
        assert!(clock.set(at(20), wall(500)).is_none());
        assert_eq!(clock.resolve(unset), Some(wall(5)));
        assert_eq!(clock.resolve(set), Some(wall(11)));
        assert_eq!(clock.wall(at(21)), Some(wall(501)));
    }

    #[test]
    fn boots_that_never_knew_the_time_lie_before_the_next_one_with_distances_kept() {
        let first = Clock::new(Boot(1), vec![]);
        let stamps = [first.stamp(at(40)), first.stamp(at(100))];
        let second = Clock::new(Boot(2), vec![]);
        let later = second.stamp(at(30));
        let restart = |boot, anchors| {
            let mut clock = Clock::new(Boot(boot), anchors);
            [stamps[0], stamps[1], later].into_iter().for_each(|stamp| clock.saw(stamp));
            clock
        };
        let mut third = restart(3, vec![]);
        let anchors = third.set(at(7), wall(1007)).unwrap().to_vec();
        let resolve = |clock: &Clock| [stamps[0], stamps[1], later].map(|stamp| clock.resolve(stamp));
        assert_eq!(resolve(&third), [Some(wall(910)), Some(wall(970)), Some(wall(1000))]);
        assert_eq!(resolve(&restart(4, anchors)), resolve(&third), "alike after another reboot");
    }

    #[test]
    fn csms_time_is_taken_by_policy() {
        let mut clock = Clock::new(Boot(0), vec![]);
        let always = ClockPolicy::Always { min_step: Duration::from_secs(2) };
        assert!(clock.wants(always, at(0), wall(0)));
        assert!(clock.wants(ClockPolicy::IfUnset, at(0), wall(0)));
        assert!(!clock.wants(ClockPolicy::Never, at(0), wall(0)));
        let _ = clock.set(at(0), wall(0));
        assert!(!clock.wants(always, at(0), wall(1)));
        assert!(clock.wants(always, at(0), wall(-2)));
        assert!(!clock.wants(ClockPolicy::IfUnset, at(0), wall(900)));
    }

    #[test]
    fn instant_of_is_the_inverse_of_wall() {
        let mut clock = Clock::new(Boot(0), vec![]);
        assert_eq!(clock.instant_of(wall(1)), None);
        let _ = clock.set(at(100), wall(0));
        assert_eq!(clock.instant_of(wall(50)), Some(at(150)));
        assert_eq!(clock.instant_of(wall(-500)), Some(at(0)));
    }
}
