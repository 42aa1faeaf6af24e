//! Fair scheduling with back-off: whose turn it is to send, where only one call at a time is on its way: in order of rank, and yet no kind of message holds
//! the others up for long, whatever the peer does with it.
//!
//! A kind that was not answered in time, or with an error, or that had the line for long, goes behind all others until it is
//! answered promptly; of those behind, the one that was there longest is first. What is sent again by itself until it was
//! answered also rests: longer each time, up to a bound, until an answer comes or the next connection.

use alloc::vec::Vec;
use core::time::Duration;

use crate::time::Instant;

/// How long a kind may have the line while others wait: many messages that are answered slowly are as bad as one that is not.
const PATIENCE: Duration = Duration::from_secs(2);

/// The rest after the first message that was not answered, and the longest.
const FIRST_REST: Duration = Duration::from_secs(30);
const LONGEST_REST: Duration = Duration::from_secs(15 * 60);

/// The place of a kind in the order of rank: the smallest is the most urgent.
pub(crate) type Rank = u8;

#[derive(Debug)]
struct Turn {
    rank: Rank,
    is_behind: bool,
    /// Messages in a row that were not answered.
    misses: u8,
    /// It rests until then.
    rests_until: Instant,
}

/// All kinds of messages, in the order in which they may speak.
#[derive(Debug)]
pub(crate) struct Turns {
    line: Vec<Turn>,
    /// Who had the line last, and since when in a row.
    run: Option<(Rank, Instant)>,
    /// When the last answer came. Where the line was free since, nobody waited.
    free_since: Instant,
}

impl Turns {
    /// For so many kinds.
    pub fn new(kinds: usize) -> Self {
        let turn = |rank| Turn { rank, is_behind: false, misses: 0, rests_until: Instant::ZERO };
        Turns { line: (0..=Rank::MAX).take(kinds).map(turn).collect(), run: None, free_since: Instant::ZERO }
    }

    /// The first kind from `place` on that does not rest; moves `place` behind it.
    pub fn next(&self, place: &mut usize, now: Instant) -> Option<Rank> {
        let rest = self.line.get(*place..)?;
        let step = rest.iter().position(|turn| turn.rests_until <= now)?;
        *place += step + 1;
        rest.get(step).map(|turn| turn.rank)
    }

    /// A message of this kind leaves.
    pub fn sent(&mut self, rank: Rank, now: Instant) {
        if self.run.is_none_or(|(last, _)| last != rank || self.free_since < now) {
            self.run = Some((rank, now));
        }
    }

    /// It was answered as it should be.
    pub fn answered(&mut self, rank: Rank, now: Instant) {
        self.free_since = now;
        let is_long = self.run.is_some_and(|(last, since)| last == rank && since + PATIENCE < now);
        let Some(turn) = self.place(rank, is_long) else { return };
        (turn.misses, turn.rests_until) = (0, Instant::ZERO);
    }

    /// It was answered with an error.
    pub fn refused(&mut self, rank: Rank) {
        self.place(rank, true);
    }

    /// It was not answered in time. `is_repeated`: it is sent again by itself.
    pub fn unanswered(&mut self, rank: Rank, now: Instant, is_repeated: bool) {
        let Some(turn) = self.place(rank, true) else { return };
        if is_repeated {
            let rest = FIRST_REST.saturating_mul(1_u32.checked_shl(turn.misses.into()).unwrap_or(u32::MAX));
            turn.misses = turn.misses.saturating_add(1);
            turn.rests_until = now + rest.min(LONGEST_REST);
        }
    }

    /// The peer asks for it: it rests no longer.
    #[cfg(feature = "remote_trigger")]
    pub fn wake(&mut self, rank: Rank) {
        for turn in self.line.iter_mut().filter(|turn| turn.rank == rank) {
            turn.rests_until = Instant::ZERO;
        }
    }

    /// The connection is gone. That is nobody's fault: on the next one nobody rests.
    pub fn link_lost(&mut self) {
        self.run = None;
        for turn in &mut self.line {
            turn.rests_until = Instant::ZERO;
        }
    }

    /// When the next rest is over. Each may lie in the past.
    pub fn deadlines(&self) -> impl Iterator<Item = Instant> {
        self.line.iter().map(|turn| turn.rests_until)
    }

    /// Puts a kind behind all others, or back to its place among those that are not behind.
    fn place(&mut self, rank: Rank, is_behind: bool) -> Option<&mut Turn> {
        let mut place = self.line.iter().position(|turn| turn.rank == rank)?;
        self.line.get_mut(place)?.is_behind = is_behind;
        if is_behind {
            while place + 1 < self.line.len() {
                self.line.swap(place, place + 1);
                place += 1;
            }
        } else {
            let goes_before = |other: &Turn| other.is_behind || other.rank > rank;
            while place > 0 && self.line.get(place - 1).is_some_and(goes_before) {
                self.line.swap(place, place - 1);
                place -= 1;
            }
        }
        self.line.get_mut(place)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(seconds: u64) -> Instant {
        Instant::from_millis(seconds * 1000)
    }

    fn order(turns: &Turns, now: Instant) -> Vec<Rank> {
        let mut place = 0;
        core::iter::from_fn(|| turns.next(&mut place, now)).collect()
    }

    #[test]
    fn who_is_not_answered_goes_behind_until_it_is() {
        let mut turns = Turns::new(4);
        turns.refused(0);
        assert_eq!(order(&turns, at(0)), [1, 2, 3, 0]);
        turns.unanswered(2, at(0), false);
        assert_eq!(order(&turns, at(0)), [1, 3, 0, 2]);
        turns.unanswered(0, at(0), false);
        assert_eq!(order(&turns, at(0)), [1, 3, 2, 0], "the longest behind is first");
        turns.sent(2, at(5));
        turns.answered(2, at(5));
        assert_eq!(order(&turns, at(5)), [1, 2, 3, 0]);
    }

    #[test]
    fn what_is_repeated_rests_longer_each_time() {
        let mut turns = Turns::new(2);
        for (now, until) in [(0, 30), (100, 160), (200, 320), (400, 640), (700, 1180), (2000, 2900), (4000, 4900)] {
            turns.unanswered(0, at(now), true);
            assert_eq!(order(&turns, at(until - 1)), [1], "after {now}");
            assert_eq!(turns.deadlines().max(), Some(at(until)));
            assert_eq!(order(&turns, at(until)), [1, 0]);
        }
        turns.link_lost();
        assert_eq!(order(&turns, at(4001)), [1, 0], "still behind, but it does not rest");
        turns.answered(0, at(5000));
        turns.unanswered(0, at(6000), true);
        assert_eq!(turns.deadlines().max(), Some(at(6030)), "an answer makes good");
    }

    #[test]
    fn who_has_the_line_for_long_goes_behind() {
        let mut turns = Turns::new(2);
        for second in 0..2 {
            turns.sent(0, at(second));
            turns.answered(0, at(second + 1));
            assert_eq!(order(&turns, at(second + 1)), [0, 1]);
        }
        turns.sent(0, at(2));
        turns.answered(0, at(3));
        assert_eq!(order(&turns, at(3)), [1, 0]);
        turns.sent(1, at(3));
        turns.answered(1, at(3));
        turns.sent(0, at(3));
        turns.answered(0, at(4));
        assert_eq!(order(&turns, at(4)), [0, 1], "its turn is a new one");
        turns.sent(0, at(60));
        turns.answered(0, at(61));
        assert_eq!(order(&turns, at(61)), [0, 1], "nobody waited in between");
    }

    #[test]
    fn nothing_overflows() {
        let mut turns = Turns::new(1);
        for _ in 0..1000 {
            turns.unanswered(0, Instant::from_millis(u64::MAX), true);
        }
        turns.refused(9);
    }
}
