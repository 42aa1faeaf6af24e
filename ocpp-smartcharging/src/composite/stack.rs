//! The profiles of one purpose, and which of them leads.

use alloc::collections::BinaryHeap;
use alloc::vec::Vec;
use core::cmp::Reverse;

use crate::model::{ChargingSchedule, SchedulePeriod};
use crate::recurrence::{Line, Span};

/// Lines in order of precedence, swept forward in time. The leader is the first line in force (K01.FR.17).
///
/// A heap holds the second up to which each line surely stays as it is, so a step costs the logarithm of the number of
/// lines; the periods of lines that do not lead are never looked at.
pub(crate) struct Stack<'a> {
    lines: Vec<Line<'a>>,
    /// The lines in force, in order.
    active: Vec<usize>,
    pending: BinaryHeap<Reverse<(i64, usize)>>,
    leader: Option<usize>,
    leading: Option<Leading<'a>>,
    /// Where the leader's period was found.
    cursor: usize,
    /// Up to when the leader's period holds.
    period_until: i64,
    until: i64,
}

impl<'a> Stack<'a> {
    /// Sorts by `rank`, the highest first, and places the sweep at `t`.
    pub fn new<K: Ord>(lines: Vec<(K, Line<'a>)>, t: i64) -> Self {
        let mut ranked = Vec::with_capacity(lines.len());
        for (rank, line) in lines {
            ranked.insert(ranked.partition_point(|(other, _)| *other >= rank), (rank, line));
        }
        let lines: Vec<_> = ranked.into_iter().map(|(_, line)| line).collect();
        let pending = (0..lines.len()).map(|index| Reverse((i64::MIN, index))).collect();
        let mut stack = Self {
            lines,
            active: Vec::new(),
            pending,
            leader: None,
            leading: None,
            cursor: 0,
            period_until: i64::MIN,
            until: i64::MIN,
        };
        stack.advance(t);
        stack
    }

    /// The leading period, with its schedule.
    pub fn leading(&self) -> Option<Leading<'a>> {
        self.leading
    }

    /// Moves on to `t`, which is never before the last. The second up to which [`leading`](Self::leading) surely holds
    /// then, `i64::MAX` for ever.
    pub fn advance(&mut self, t: i64) -> i64 {
        if t < self.until {
            return self.until;
        }
        while let Some(Reverse((until, index))) = self.pending.peek().copied() {
            if until > t {
                break;
            }
            self.pending.pop();
            let Some(line) = self.lines.get(index) else { continue };
            let Span { value: is_active, until } = line.active_at(t);
            match (is_active, self.active.binary_search(&index)) {
                (true, Err(place)) => self.active.insert(place, index),
                (false, Ok(place)) => {
                    self.active.remove(place);
                }
                (true, Ok(_)) | (false, Err(_)) => {}
            }
            if until < i64::MAX {
                self.pending.push(Reverse((until, index)));
            }
        }
        let leader = self.active.first().copied();
        if leader != self.leader || self.period_until <= t {
            self.leader = leader;
            (self.leading, self.period_until) = match leader.and_then(|index| self.lines.get(index)) {
                Some(line) => {
                    let Span { value, until } = line.period_at(t, &mut self.cursor);
                    (value.map(|period| Leading { period, schedule: line.schedule() }), until)
                }
                None => (None, i64::MAX),
            };
        }
        let change = self.pending.peek().map_or(i64::MAX, |Reverse((until, _))| *until);
        self.until = change.min(self.period_until);
        self.until
    }
}

/// The period in force, and the schedule it belongs to.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Leading<'a> {
    pub period: &'a SchedulePeriod,
    pub schedule: &'a ChargingSchedule,
}
