//! The wall clock: anchors that tie an instant of a boot to wall time.

use alloc::vec::Vec;
use core::time::Duration;

use chrono::{DateTime, Utc};
#[cfg(feature = "station")]
use ocpp_types::datetime::UnixMillis;
#[cfg(feature = "serde")]
use serde::{Deserialize, Serialize};

use super::{Instant, Stamp};

/// The count of starts of the station, kept in its store. Log indices and stamps are unique because it is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
#[cfg_attr(feature = "serde", derive(Serialize, Deserialize))]
pub struct Boot(pub u32);

/// One reading of both clocks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(Serialize, Deserialize))]
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
    /// The host alone sets the clock, by `Input::Wall`.
    Never,
}

impl Default for ClockPolicy {
    fn default() -> Self {
        ClockPolicy::Always { min_step: Duration::from_secs(2) }
    }
}

/// What a wall time must be like to be taken over, whoever tells it.
///
/// A time outside of the window is never taken over. One of the CSMS that steps further than `max_step` from a clock that is
/// set waits for a second one that agrees with it: so one wrong answer does no harm, and a station whose own clock
/// is wrong by years is put right by its next Heartbeat.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(Serialize, Deserialize), serde(deny_unknown_fields))]
#[non_exhaustive]
pub struct PlausibleTime {
    /// The earliest: at best the moment at which the firmware was built.
    pub not_before: DateTime<Utc>,
    /// The latest, not beyond the year 9000: whatever happens after it can still be written.
    pub not_after: DateTime<Utc>,
    /// The widest step that one answer of the CSMS makes alone.
    #[cfg_attr(feature = "serde", serde(rename = "max_step_ms", with = "ocpp_rpc::time::millis"))]
    pub max_step: Duration,
}

impl Default for PlausibleTime {
    /// From 2020 to 2100, thirty days a step.
    fn default() -> Self {
        let at = |seconds| DateTime::from_timestamp(seconds, 0).unwrap_or(DateTime::UNIX_EPOCH);
        PlausibleTime {
            not_before: at(1_577_836_800),
            not_after: at(4_102_444_800),
            max_step: Duration::from_secs(30 * 24 * 60 * 60),
        }
    }
}

impl PlausibleTime {
    /// Whether a time lies in the window.
    pub fn covers(&self, wall: DateTime<Utc>) -> bool {
        self.not_before <= wall && wall <= self.not_after
    }

    /// Whether the window is one, and leaves room in which times can be written.
    #[cfg(feature = "station")]
    pub(crate) fn is_valid(&self) -> bool {
        self.not_before <= self.not_after
            && self.not_before.timestamp_millis() >= EARLIEST_MS
            && self.not_after.timestamp() <= LATEST_SET
    }
}

/// What becomes of a time that the CSMS told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ToldTime {
    /// The clock is set by it.
    Taken,
    /// The clock is left alone, as the policy has it.
    Kept,
    /// It is not believed.
    Refused,
}

/// The times that can be written, with a year of four digits: 0001-01-01T00:00:00Z to 9999-12-31T23:59:59.999Z.
const EARLIEST_MS: i64 = -62_135_596_800_000;
const LATEST_MS: i64 = 253_402_300_799_999;
/// 9000-01-01T00:00:00Z, the latest that a clock may be set to, in seconds.
#[cfg(feature = "station")]
const LATEST_SET: i64 = 221_845_392_000;
/// Two answers of the CSMS agree if they differ by no more than so many milliseconds, the time between them apart.
const AGREEMENT_MS: u64 = 60_000;

/// Maps instants of this boot to wall time, and stamps of any boot.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Clock {
    boot: Boot,
    current: Option<Anchor>,
    /// An anchor of each boot that something on record rests on, and of this one: written once, so that a stamp always
    /// resolves alike. Of boots that knew the time it is the first.
    known: Vec<Anchor>,
    /// Those of boots that never knew the time, as far as it can be told since.
    guessed: Vec<Anchor>,
    /// The last instant on record, in milliseconds, of each earlier boot that has records without wall time, in their order.
    last_recorded: Vec<(Boot, u64)>,
    /// A time of the CSMS that is far from what the clock shows, and waits for another that agrees.
    doubted: Option<Anchor>,
}

impl Clock {
    /// A clock for `boot` that is not set, with the anchors of earlier boots: of those that knew the time, and of those that
    /// did not.
    pub fn new(boot: Boot, known: Vec<Anchor>, guessed: Vec<Anchor>) -> Self {
        Clock { boot, current: None, known, guessed, last_recorded: Vec::new(), doubted: None }
    }

    /// Learns of a stamp that is on record, from an earlier boot. All are told before the clock is set.
    pub fn saw(&mut self, stamp: Stamp) {
        if let Stamp::Unset { boot, millis } | Stamp::UnsetAfter { boot, millis, .. } = stamp {
            let place = self.last_recorded.partition_point(|(known, _)| *known < boot);
            match self.last_recorded.get_mut(place) {
                Some((known, last)) if *known == boot => *last = millis.max(*last),
                Some(_) | None => self.last_recorded.insert(place, (boot, millis)),
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

    /// Whether the wall time is known, and `at` is not ahead of it.
    pub fn has_reached(&self, now: Instant, at: DateTime<Utc>) -> bool {
        self.wall_ms(now).is_some_and(|wall| at.timestamp_millis() <= wall)
    }

    /// Wall time at `now` in milliseconds since 1970, if known.
    pub fn wall_ms(&self, now: Instant) -> Option<i64> {
        self.current.map(|anchor| anchor.wall_at(now))
    }

    /// Wall time at `now`, if known.
    pub fn wall(&self, now: Instant) -> Option<DateTime<Utc>> {
        self.current.map(|anchor| writable(anchor.wall_at(now)))
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

    /// Sets the clock. True when this is the first time in the boot: then [`Self::anchors`] are to be stored.
    #[must_use]
    pub fn set(&mut self, now: Instant, wall: DateTime<Utc>) -> bool {
        let anchor = Anchor { boot: self.boot, millis: now.as_millis(), wall_ms: wall.timestamp_millis() };
        self.doubted = None;
        let is_first = self.current.replace(anchor).is_none();
        if is_first {
            self.settle_anchors(anchor);
        }
        is_first
    }

    /// Of the anchors of earlier boots those stay that a record rests on, and each boot that has records gets one.
    ///
    /// A boot that ended without ever knowing the time is placed so that its last record lies directly before the next
    /// boot, the latest moment it can have been. What it recorded keeps its distances.
    fn settle_anchors(&mut self, own: Anchor) {
        self.known.push(own);
        for (boot, last) in self.last_recorded.iter().rev() {
            let later = self.known.iter().chain(&self.guessed).filter(|anchor| anchor.boot >= *boot);
            let next = later.min_by_key(|anchor| anchor.boot).copied();
            if let Some(next) = next.filter(|next| next.boot != *boot) {
                self.guessed.push(Anchor { boot: *boot, millis: *last, wall_ms: next.wall_at(Instant::ZERO) });
            }
        }
        let recorded = &self.last_recorded;
        let is_needed =
            |anchor: &Anchor| anchor.boot == own.boot || recorded.iter().any(|(boot, _)| *boot == anchor.boot);
        self.known.retain(is_needed);
        self.guessed.retain(is_needed);
    }

    /// The anchors to keep over a restart: of boots that knew the time, and of those that did not.
    pub fn anchors(&self) -> (&[Anchor], &[Anchor]) {
        (&self.known, &self.guessed)
    }

    /// What becomes of a time that the CSMS told. The caller sets the clock by one that is taken.
    pub fn judge(&mut self, policy: ClockPolicy, rule: &PlausibleTime, now: Instant, wall: DateTime<Utc>) -> ToldTime {
        let min_step = match policy {
            ClockPolicy::Never => return ToldTime::Kept,
            ClockPolicy::IfUnset if self.is_set() => return ToldTime::Kept,
            ClockPolicy::IfUnset => Duration::ZERO,
            ClockPolicy::Always { min_step } => min_step,
        };
        if !rule.covers(wall) {
            return ToldTime::Refused;
        }
        let wall_ms = wall.timestamp_millis();
        let differs = |anchor: &Anchor| anchor.wall_at(now).abs_diff(wall_ms);
        let Some(step) = self.current.as_ref().map(differs) else { return ToldTime::Taken };
        if u128::from(step) <= rule.max_step.as_millis() {
            self.doubted = None;
            return if u128::from(step) >= min_step.as_millis() { ToldTime::Taken } else { ToldTime::Kept };
        }
        if self.doubted.as_ref().is_some_and(|doubted| differs(doubted) <= AGREEMENT_MS) {
            return ToldTime::Taken;
        }
        self.doubted = Some(Anchor { boot: self.boot, millis: now.as_millis(), wall_ms });
        ToldTime::Refused
    }

    /// A stamp for something that happens at `now`.
    pub fn stamp(&self, now: Instant) -> Stamp {
        match self.current {
            Some(anchor) => Stamp::Wall(anchor.wall_at(now)),
            None => Stamp::Unset { boot: self.boot, millis: now.as_millis() },
        }
    }

    /// A stamp for something that happens at `now`, in a series whose last stamp was `last`: whatever the clock did in
    /// between, also over restarts, its time does not lie before that.
    pub fn stamp_after(&self, now: Instant, last: Stamp) -> Stamp {
        let floor = match (self.resolve_ms(last), last) {
            (Some(floor), _) => floor,
            // What neither has will come from the same anchor.
            (None, Stamp::UnsetAfter { not_before_ms, .. }) => not_before_ms,
            (None, Stamp::Wall(_) | Stamp::Unset { .. }) => return self.stamp(now),
        };
        match self.stamp(now) {
            Stamp::Wall(millis) => Stamp::Wall(millis.max(floor)),
            Stamp::Unset { boot, millis } | Stamp::UnsetAfter { boot, millis, .. } => {
                Stamp::UnsetAfter { boot, millis, not_before_ms: floor }
            }
        }
    }

    /// The later of two stamps; of a time that is not known yet, it is taken to be the later one.
    #[cfg(feature = "station")]
    pub(crate) fn later(&self, a: Stamp, b: Stamp) -> Stamp {
        match (self.resolve_ms(a), self.resolve_ms(b)) {
            (Some(at), Some(other)) if at >= other => a,
            (Some(_), Some(_) | None) => b,
            (None, _) => a,
        }
    }

    /// The wall time of a stamp, once known. One that cannot be written, which a clock of old may have set, is told as the
    /// nearest that can.
    pub fn resolve(&self, stamp: Stamp) -> Option<DateTime<Utc>> {
        self.resolve_ms(stamp).map(writable)
    }

    /// Like `resolve`, for messages: without the calendar.
    #[cfg(feature = "station")]
    pub(crate) fn resolve_unix(&self, stamp: Stamp) -> Option<UnixMillis> {
        self.resolve_ms(stamp).map(|wall_ms| UnixMillis(wall_ms.clamp(EARLIEST_MS, LATEST_MS)))
    }

    /// Whether the wall time of a stamp is known, and not just guessed.
    #[cfg(feature = "smart_charging")]
    pub(crate) fn knows(&self, stamp: Stamp) -> bool {
        match stamp {
            Stamp::Wall(_) => true,
            Stamp::Unset { boot, .. } | Stamp::UnsetAfter { boot, .. } => {
                self.known.iter().any(|anchor| anchor.boot == boot)
            }
        }
    }

    fn resolve_ms(&self, stamp: Stamp) -> Option<i64> {
        match stamp {
            Stamp::Wall(millis) => Some(millis),
            Stamp::Unset { boot, millis } => self.wall_ms_in(boot, millis),
            Stamp::UnsetAfter { boot, millis, not_before_ms } => {
                self.wall_ms_in(boot, millis).map(|wall_ms| wall_ms.max(not_before_ms))
            }
        }
    }

    fn wall_ms_in(&self, boot: Boot, millis: u64) -> Option<i64> {
        let anchor = self.known.iter().chain(&self.guessed).find(|anchor| anchor.boot == boot)?;
        Some(anchor.wall_at(Instant::from_millis(millis)))
    }
}

fn writable(wall_ms: i64) -> DateTime<Utc> {
    DateTime::from_timestamp_millis(wall_ms.clamp(EARLIEST_MS, LATEST_MS)).unwrap_or(DateTime::UNIX_EPOCH)
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
        let mut clock = Clock::new(Boot(3), vec![], vec![]);
        let stamp = clock.stamp(at(10));
        assert_eq!(clock.resolve(stamp), None);
        assert!(clock.set(at(30), wall(30)));
        assert_eq!(clock.resolve(stamp), Some(wall(10)));
    }

    #[test]
    fn later_clock_steps_do_not_move_earlier_stamps() {
        let mut clock = Clock::new(Boot(1), vec![], vec![]);
        let unset = clock.stamp(at(5));
        let _ = clock.set(at(10), wall(10));
        let set = clock.stamp(at(11));
        assert!(!clock.set(at(20), wall(500)));
        assert_eq!(clock.resolve(unset), Some(wall(5)));
        assert_eq!(clock.resolve(set), Some(wall(11)));
        assert_eq!(clock.wall(at(21)), Some(wall(501)));
    }

    #[test]
    fn boots_that_never_knew_the_time_lie_before_the_next_one_with_distances_kept() {
        let first = Clock::new(Boot(1), vec![], vec![]);
        let stamps = [first.stamp(at(40)), first.stamp(at(100))];
        let second = Clock::new(Boot(2), vec![], vec![]);
        let later = second.stamp(at(30));
        let restart = |boot, (known, guessed): (Vec<Anchor>, Vec<Anchor>)| {
            let mut clock = Clock::new(Boot(boot), known, guessed);
            [stamps[0], stamps[1], later].into_iter().for_each(|stamp| clock.saw(stamp));
            clock
        };
        let mut third = restart(3, (vec![], vec![]));
        assert!(third.set(at(7), wall(1007)));
        let resolve = |clock: &Clock| [stamps[0], stamps[1], later].map(|stamp| clock.resolve(stamp));
        assert_eq!(resolve(&third), [Some(wall(910)), Some(wall(970)), Some(wall(1000))]);
        assert_eq!(resolve(&restart(4, kept(&third))), resolve(&third), "alike after another reboot");
    }

    /// The anchors as a store gives them back.
    fn kept(clock: &Clock) -> (Vec<Anchor>, Vec<Anchor>) {
        let (known, guessed) = clock.anchors();
        (known.to_vec(), guessed.to_vec())
    }

    /// A record waits for as many boots as it takes, each of which learns another time; others come and go beside it.
    #[test]
    fn record_keeps_its_time_over_any_number_of_boots_and_anchors_go_with_the_last_record() {
        let mut clock = Clock::new(Boot(1), vec![], vec![]);
        let stamp = clock.stamp(at(10));
        assert!(clock.set(at(30), wall(30)));
        for boot in 2..100 {
            let (known, guessed) = kept(&clock);
            clock = Clock::new(Boot(boot), known, guessed);
            clock.saw(stamp);
            // A reading of the boot before, which goes with the next one.
            clock.saw(Stamp::Unset { boot: Boot(boot - 1), millis: 1 });
            let unknown = clock.resolve(stamp);
            assert!(clock.set(at(5), wall(-i64::from(boot))));
            assert_eq!((unknown, clock.resolve(stamp)), (Some(wall(10)), Some(wall(10))), "boot {boot}");
            assert!(clock.known.len() <= 3, "{:?}", clock.known);
        }
        let (known, guessed) = kept(&clock);
        let mut clock = Clock::new(Boot(100), known, guessed);
        assert!(clock.set(at(0), wall(0)));
        assert_eq!((clock.known.len(), clock.guessed.len()), (1, 0));
    }

    /// Of two boots that never knew the time the earlier one's record is delivered, and the later one's is not.
    #[test]
    fn guessed_time_does_not_move_when_other_records_are_gone() {
        let (early, late) =
            (Stamp::Unset { boot: Boot(1), millis: 40_000 }, Stamp::Unset { boot: Boot(1), millis: 100_000 });
        let mut clock = Clock::new(Boot(2), vec![], vec![]);
        [early, late].into_iter().for_each(|stamp| clock.saw(stamp));
        assert!(clock.set(at(0), wall(1000)));
        assert_eq!(clock.resolve(early), Some(wall(940)));
        let (known, guessed) = kept(&clock);
        let mut clock = Clock::new(Boot(3), known, guessed);
        clock.saw(early);
        assert!(clock.set(at(0), wall(2000)));
        assert_eq!(clock.resolve(early), Some(wall(940)), "also without the last record of its boot");
    }

    #[test]
    fn series_does_not_go_back_when_the_clock_does() {
        let mut clock = Clock::new(Boot(1), vec![], vec![]);
        let _ = clock.set(at(0), wall(1000));
        let first = clock.stamp(at(10));
        let _ = clock.set(at(20), wall(0));
        let second = clock.stamp_after(at(30), first);
        assert_eq!(clock.resolve(second), Some(wall(1010)));
        // Nor over restarts, whether the time is known when it is recorded or not.
        let (known, guessed) = kept(&clock);
        let mut clock = Clock::new(Boot(2), known, guessed);
        let third = clock.stamp_after(at(40), second);
        let fourth = clock.stamp_after(at(50), third);
        assert_eq!(clock.resolve(fourth), None);
        let _ = clock.set(at(60), wall(60));
        assert_eq!([third, fourth].map(|stamp| clock.resolve(stamp)), [Some(wall(1010)); 2]);
        let fifth = clock.stamp_after(at(70), fourth);
        assert_eq!(clock.resolve(fifth), Some(wall(1010)));
        let _ = clock.set(at(80), wall(5000));
        assert_eq!(clock.resolve(clock.stamp_after(at(90), fifth)), Some(wall(5010)));
    }

    #[test]
    fn csms_time_is_taken_by_policy() {
        let mut clock = Clock::new(Boot(0), vec![], vec![]);
        let rule = PlausibleTime::default();
        let always = ClockPolicy::Always { min_step: Duration::from_secs(2) };
        assert_eq!(clock.judge(always, &rule, at(0), wall(0)), ToldTime::Taken);
        assert_eq!(clock.judge(ClockPolicy::IfUnset, &rule, at(0), wall(0)), ToldTime::Taken);
        assert_eq!(clock.judge(ClockPolicy::Never, &rule, at(0), wall(0)), ToldTime::Kept);
        let _ = clock.set(at(0), wall(0));
        assert_eq!(clock.judge(always, &rule, at(0), wall(1)), ToldTime::Kept);
        assert_eq!(clock.judge(always, &rule, at(0), wall(-2)), ToldTime::Taken);
        assert_eq!(clock.judge(ClockPolicy::IfUnset, &rule, at(0), wall(900)), ToldTime::Kept);
    }

    const YEAR: i64 = 366 * 24 * 60 * 60;

    #[test]
    fn impossible_time_is_refused_and_a_wide_step_needs_two_answers() {
        let mut clock = Clock::new(Boot(0), vec![], vec![]);
        let rule = PlausibleTime::default();
        let judge = |clock: &mut Clock, now, wall| clock.judge(ClockPolicy::default(), &rule, at(now), wall);
        for year in [1, 1970, 2019, 2101, 9999] {
            let told = DateTime::parse_from_rfc3339(&alloc::format!("{year:04}-07-01T00:00:00Z")).unwrap().to_utc();
            for _ in 0..3 {
                assert_eq!(judge(&mut clock, 0, told), ToldTime::Refused, "{year}");
            }
        }
        let _ = clock.set(at(0), wall(0));
        assert_eq!(judge(&mut clock, 100, wall(YEAR)), ToldTime::Refused);
        assert_eq!(judge(&mut clock, 200, wall(200)), ToldTime::Kept, "it was one wrong answer");
        assert_eq!(judge(&mut clock, 300, wall(YEAR)), ToldTime::Refused);
        assert_eq!(judge(&mut clock, 400, wall(2 * YEAR)), ToldTime::Refused, "it does not agree");
        assert_eq!(judge(&mut clock, 500, wall(2 * YEAR + 110)), ToldTime::Taken);
    }

    #[test]
    fn every_time_that_is_told_can_be_written() {
        let mut clock = Clock::new(Boot(0), vec![], vec![]);
        for stamp in [i64::MIN, i64::MAX, 0].map(Stamp::Wall) {
            let told = clock.resolve(stamp).unwrap().to_rfc3339();
            assert!(DateTime::parse_from_rfc3339(&told).is_ok() && told.len() <= 32, "{told}");
        }
        let _ = clock.set(Instant::from_millis(u64::MAX), wall(0));
        assert!(clock.wall(at(0)).is_some() && clock.wall(Instant::from_millis(u64::MAX)).is_some());
    }

    #[test]
    fn instant_of_is_the_inverse_of_wall() {
        let mut clock = Clock::new(Boot(0), vec![], vec![]);
        assert_eq!(clock.instant_of(wall(1)), None);
        let _ = clock.set(at(100), wall(0));
        assert_eq!(clock.instant_of(wall(50)), Some(at(150)));
        assert_eq!(clock.instant_of(wall(-500)), Some(at(0)));
    }
}
