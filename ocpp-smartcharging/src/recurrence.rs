//! Where in time the periods of one schedule lie.

use alloc::vec::Vec;

use crate::V2;
use crate::model::{ChargingSchedule, OperationMode, SchedulePeriod};
use crate::time::LocalTime;

/// A schedule fixed in time: which of its periods counts at a given second is a matter of arithmetic and one binary
/// search, however often it recurs.
pub(crate) struct Line<'a> {
    schedule: &'a ChargingSchedule,
    starts: Starts<'a>,
    /// Some period counts as absent, so that what is in force depends on the period.
    gappy: bool,
    placement: Placement<'a>,
}

/// When a schedule runs. Seconds of the Unix epoch, in civil time where `local` is set; ends are exclusive.
pub(crate) struct Placement<'a> {
    /// The second at which offset 0 lies; nothing is in force before (K01.FR.30).
    pub anchor: i64,
    /// Seconds it lasts, `i64::MAX` for ever.
    pub length: i64,
    /// Seconds after which it starts again.
    pub repeat: Option<i64>,
    /// From when it is valid, in UTC.
    pub valid_from: i64,
    /// Until when it is valid, in UTC.
    pub valid_to: i64,
    /// The civil time it follows.
    pub local: Option<&'a LocalTime>,
}

/// What is in force, and the second up to which it surely is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Span<T> {
    pub value: T,
    pub until: i64,
}

impl<'a> Line<'a> {
    /// None where the list of periods is empty or not in order: such a schedule says nothing (K01.FR.35).
    pub fn new(schedule: &'a ChargingSchedule, placement: Placement<'a>, delay_seed: Option<u64>) -> Option<Self> {
        let periods = &schedule.periods;
        let ordered = periods.iter().zip(periods.iter().skip(1)).all(|(a, b)| a.start_seconds < b.start_seconds);
        let first = periods.first()?;
        if !ordered {
            return None;
        }
        let starts = match delay_seed {
            Some(seed) if V2 && schedule.randomized_delay_seconds > 0 => {
                Starts::Delayed(delayed(periods, schedule.randomized_delay_seconds, seed))
            }
            Some(_) | None => Starts::AsGiven(periods),
        };
        let gappy = first.start_seconds > 0 || !periods.iter().all(says_something);
        Some(Self { schedule, starts, gappy, placement })
    }

    pub fn schedule(&self) -> &'a ChargingSchedule {
        self.schedule
    }

    /// Whether the schedule is in force at `t`. Cheaper than [`period_at`](Self::period_at), and holds for longer.
    pub fn active_at(&self, t: i64) -> Span<bool> {
        if self.gappy {
            let Span { value, until } = self.period_at(t, &mut 0);
            return Span { value: value.is_some(), until };
        }
        let Span { value, until } = self.on_civil_time(t, |t| self.offset_at(t));
        Span { value: value.is_some(), until }
    }

    /// The period in force at `t`. `cursor` is where it was found last: periods are mostly asked for one after the other.
    pub fn period_at(&self, t: i64, cursor: &mut usize) -> Span<Option<&'a SchedulePeriod>> {
        self.on_civil_time(t, |t| {
            let run = self.offset_at(t);
            let Some(offset) = run.value else {
                return Span { value: None, until: run.until };
            };
            let (index, next) = self.starts.at(offset, cursor);
            let period = index.and_then(|index| self.schedule.periods.get(index)).filter(|p| says_something(p));
            let until = next.map_or(run.until, |next| (t - offset).saturating_add(next).min(run.until));
            Span { value: period, until }
        })
    }

    /// Seconds since the schedule's latest start, and the end of this run; or the start of the next one.
    fn offset_at(&self, t: i64) -> Span<Option<i64>> {
        let Placement { anchor, length, repeat, .. } = self.placement;
        let since = t.saturating_sub(anchor);
        if since < 0 {
            return Span { value: None, until: anchor };
        }
        let (offset, next) = match repeat {
            Some(repeat) => (since % repeat, t - since % repeat + repeat),
            None => (since, i64::MAX),
        };
        if offset < length {
            Span { value: Some(offset), until: (t - offset).saturating_add(length).min(next) }
        } else {
            Span { value: None, until: next }
        }
    }

    /// Applies `f` to the schedule's own time, and clips the answer to the profile's validity in UTC.
    fn on_civil_time<T>(&self, t: i64, f: impl FnOnce(i64) -> Span<Option<T>>) -> Span<Option<T>> {
        let Placement { valid_from, valid_to, local, .. } = self.placement;
        if t < valid_from {
            return Span { value: None, until: valid_from };
        }
        if t >= valid_to {
            return Span { value: None, until: i64::MAX };
        }
        let span = match local {
            None => f(t),
            Some(local) => {
                let (offset, holds_until) = local.offset_at(t);
                let Span { value, until } = f(t + offset);
                let until = if until == i64::MAX { until } else { until - offset };
                Span { value, until: until.min(holds_until) }
            }
        };
        Span { value: span.value, until: span.until.min(valid_to) }
    }
}

/// Starts of periods within the schedule, ascending.
enum Starts<'a> {
    AsGiven(&'a [SchedulePeriod]),
    /// With the index of the period.
    Delayed(Vec<(i64, usize)>),
}

impl Starts<'_> {
    /// The index of the period at `offset`, and the start of the one after it.
    fn at(&self, offset: i64, cursor: &mut usize) -> (Option<usize>, Option<i64>) {
        match self {
            Self::AsGiven(periods) => {
                let (current, next) = locate(periods, |period| i64::from(period.start_seconds), offset, cursor);
                (current, next.map(|period| i64::from(period.start_seconds)))
            }
            Self::Delayed(starts) => {
                let (current, next) = locate(starts, |(start, _)| *start, offset, cursor);
                let current = current.and_then(|current| starts.get(current));
                (current.map(|(_, index)| *index), next.map(|(start, _)| *start))
            }
        }
    }
}

/// The index of the last element that starts at or before `offset`, and the element after it. Looks at `cursor` and after
/// it first.
fn locate<'a, T>(
    elements: &'a [T],
    start: impl Fn(&T) -> i64,
    offset: i64,
    cursor: &mut usize,
) -> (Option<usize>, Option<&'a T>) {
    let starts_by = |index: usize| elements.get(index).is_some_and(|element| start(element) <= offset);
    let near = (*cursor..=*cursor + 1).find(|index| starts_by(*index) && !starts_by(*index + 1));
    let current = near.or_else(|| elements.partition_point(|element| start(element) <= offset).checked_sub(1));
    *cursor = current.unwrap_or(0);
    (current, elements.get(current.map_or(0, |current| current + 1)))
}

/// Each start but the first put off by 0 to `most` seconds (K01.FR.92). A period that would then start no earlier than a
/// later one is left out (K01.FR.97).
fn delayed(periods: &[SchedulePeriod], most: u32, seed: u64) -> Vec<(i64, usize)> {
    let mut starts = Vec::with_capacity(periods.len());
    let mut earliest = i64::MAX;
    for (index, period) in periods.iter().enumerate().rev() {
        let delay = if index == 0 { 0 } else { mix(seed.wrapping_add(index as u64)) % (u64::from(most) + 1) };
        let start = i64::from(period.start_seconds) + delay as i64;
        if start < earliest {
            earliest = start;
            starts.push((start, index));
        }
    }
    starts.reverse();
    starts
}

/// Spreads a seed over all bits: the finalizer of SplitMix64.
pub(crate) fn mix(seed: u64) -> u64 {
    let mut z = seed.wrapping_add(0x9e37_79b9_7f4a_7c15);
    z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^ (z >> 31)
}

/// A period that only limits charging needs a limit, else it is as if it were not there (2.1 part 2 Q §2.2, table of
/// limits per operation mode).
fn says_something(period: &SchedulePeriod) -> bool {
    !V2 || period.limit_milli.is_some() || period.mode != OperationMode::ChargingOnly
}

#[cfg(test)]
mod tests {
    use alloc::vec;
    use alloc::vec::Vec;

    use super::*;
    use crate::model::RateUnit;
    use crate::time::OffsetChange;

    fn schedule(starts: &[u32]) -> ChargingSchedule {
        ChargingSchedule {
            id: 0,
            start_schedule: None,
            duration_seconds: None,
            unit: RateUnit::Amperes,
            periods: starts
                .iter()
                .map(|start| SchedulePeriod {
                    start_seconds: *start,
                    limit_milli: Some(i64::from(*start)),
                    ..SchedulePeriod::default()
                })
                .collect(),
            min_charging_rate_milli: None,
            randomized_delay_seconds: 0,
            use_local_time: false,
            limit_at_soc: None,
        }
    }

    const ALWAYS: Placement<'static> = Placement {
        anchor: 1_000,
        length: i64::MAX,
        repeat: None,
        valid_from: i64::MIN,
        valid_to: i64::MAX,
        local: None,
    };

    fn starts_in_force(line: &Line, seconds: impl IntoIterator<Item = i64>) -> Vec<Option<u32>> {
        let mut cursor = 0;
        seconds.into_iter().map(|t| line.period_at(t, &mut cursor).value.map(|period| period.start_seconds)).collect()
    }

    #[test]
    fn recurring_schedule_is_not_imposed_before_its_start() {
        // K01.FR.30: also not by counting the recurrence backwards.
        let schedule = schedule(&[0, 60]);
        let line = Line::new(&schedule, Placement { repeat: Some(100), ..ALWAYS }, None).unwrap();
        assert_eq!(starts_in_force(&line, [899, 999]), [None, None]);
        assert_eq!(line.period_at(899, &mut 0).until, 1_000);
        assert_eq!(starts_in_force(&line, [1_000, 1_059, 1_060, 1_100]), [Some(0), Some(0), Some(60), Some(0)]);
    }

    #[test]
    fn recurring_schedule_keeps_its_second_of_day_for_decades() {
        let schedule = schedule(&[0]);
        let placement = Placement { anchor: 0, length: 1, repeat: Some(86_400), ..ALWAYS };
        let line = Line::new(&schedule, placement, None).unwrap();
        let thirty_years = 30 * 365 * 86_400;
        assert!(line.active_at(thirty_years).value);
        assert!(!line.active_at(thirty_years + 1).value);
        assert_eq!(line.active_at(thirty_years + 1).until, thirty_years + 86_400);
    }

    #[test]
    fn longer_duration_than_the_recurrence_is_cut_and_shorter_leaves_a_gap() {
        let schedule = schedule(&[0, 60, 150]);
        let long = Line::new(&schedule, Placement { length: 200, repeat: Some(100), ..ALWAYS }, None).unwrap();
        assert_eq!(starts_in_force(&long, [1_099, 1_100, 1_199]), [Some(60), Some(0), Some(60)]);
        let short = Line::new(&schedule, Placement { length: 70, repeat: Some(100), ..ALWAYS }, None).unwrap();
        assert_eq!(starts_in_force(&short, [1_069, 1_070, 1_099, 1_100]), [Some(60), None, None, Some(0)]);
        assert_eq!(short.period_at(1_070, &mut 0).until, 1_100);
    }

    #[test]
    fn validity_clips_the_schedule_without_moving_it() {
        let schedule = schedule(&[0, 60]);
        let placement = Placement { valid_from: 1_030, valid_to: 1_070, ..ALWAYS };
        let line = Line::new(&schedule, placement, None).unwrap();
        assert_eq!(starts_in_force(&line, [1_029, 1_030, 1_060, 1_070]), [None, Some(0), Some(60), None]);
        assert_eq!(line.period_at(1_060, &mut 0).until, 1_070);
        assert_eq!(line.period_at(1_070, &mut 0).until, i64::MAX);
    }

    #[test]
    fn civil_time_repeats_and_skips_periods_when_the_clock_changes() {
        // K01.FR.91: the clock goes back by 100 s at 1150, and forward by 100 s at 1400.
        let at = |t| chrono::DateTime::from_timestamp(t, 0).unwrap();
        let local = LocalTime::with_changes(
            0,
            vec![
                OffsetChange { at: at(1_400), offset_seconds: 0 },
                OffsetChange { at: at(1_150), offset_seconds: -100 },
            ],
        );
        let schedule = schedule(&[0, 100, 200, 300]);
        let line = Line::new(&schedule, Placement { local: Some(&local), ..ALWAYS }, None).unwrap();
        assert_eq!(
            starts_in_force(&line, [1_100, 1_149, 1_150, 1_199, 1_200, 1_300, 1_399, 1_400]),
            [Some(100), Some(100), Some(0), Some(0), Some(100), Some(200), Some(200), Some(300)]
        );
        assert_eq!(line.period_at(1_120, &mut 0).until, 1_150);
        assert_eq!(line.period_at(1_150, &mut 0).until, 1_200);
    }

    #[test]
    fn delays_stay_in_their_range_and_drop_overtaken_periods() {
        let schedule = ChargingSchedule { randomized_delay_seconds: 500, ..schedule(&[0, 300, 600, 900]) };
        let mut dropped = 0;
        for seed in 0..200 {
            let starts = delayed(&schedule.periods, 500, seed);
            assert_eq!(starts[0], (0, 0));
            assert!(starts.windows(2).all(|pair| pair[0].0 < pair[1].0 && pair[0].1 < pair[1].1));
            for (start, index) in &starts[1..] {
                let given = i64::from(schedule.periods[*index].start_seconds);
                assert!((given..=given + 500).contains(start));
            }
            dropped += schedule.periods.len() - starts.len();
        }
        assert!(dropped > 0);
    }

    #[test]
    fn unordered_or_empty_schedules_say_nothing() {
        assert!(Line::new(&schedule(&[0, 60, 60]), ALWAYS, None).is_none());
        assert!(Line::new(&schedule(&[]), ALWAYS, None).is_none());
    }

    #[test]
    fn period_without_any_rate_is_a_gap() {
        let mut schedule = schedule(&[0, 60, 120]);
        schedule.periods[1].limit_milli = None;
        let line = Line::new(&schedule, ALWAYS, None).unwrap();
        assert_eq!(starts_in_force(&line, [1_059, 1_060, 1_120]), [Some(0), None, Some(120)]);
        assert_eq!(line.active_at(1_060), Span { value: false, until: 1_120 });
    }
}
