//! The energy register as a transaction tells it.
//!
//! A meter may show nonsense: zero while it wakes up, a register that was reset or replaced, a value of another unit. The bill
//! rests on what a transaction tells, so that never goes back (1.6 §6.49, errata 3.78), and grows by what the readings have
//! in common at least. A reading that cannot follow the one before is in doubt: nothing is told by it. Should the next one
//! follow *it*, the register has moved, and what is told grows on from there; should it follow what was shown before, the
//! doubtful reading was an error. Of two explanations the one that bills less counts.

use crate::time::Instant;

/// More than any station gives: 4 MW, in mWh a millisecond.
const MOST_MWH_PER_MS: i64 = 1_111;
/// What a reading may show more than that, in mWh: meters count in steps, and readings arrive late.
const SLACK_MWH: i64 = 1_000_000;

/// The register of one transaction.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Register {
    last: Shown,
    /// A reading that does not follow the last one.
    doubtful: Option<Shown>,
    /// Where the register was before it moved, in case it comes back.
    left: Option<Shown>,
}

/// What the meter showed, and what is told by it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Shown {
    /// None if it was before the restart.
    at: Option<Instant>,
    mwh: i64,
    told_mwh: i64,
}

impl Shown {
    /// What is told, should the meter have counted on from here.
    fn told_at(&self, now: Instant, mwh: i64) -> Option<i64> {
        let grown = mwh.checked_sub(self.mwh).filter(|grown| *grown >= 0)?;
        let most = self.at.map_or(i64::MAX, |at| {
            let millis = i64::try_from(now.saturating_since(at).as_millis()).unwrap_or(i64::MAX);
            millis.saturating_mul(MOST_MWH_PER_MS).saturating_add(SLACK_MWH)
        });
        (grown <= most).then(|| self.told_mwh.saturating_add(grown))
    }
}

impl Register {
    /// A transaction begins at this reading.
    pub fn begin(now: Instant, mwh: i64) -> Self {
        Register { last: Shown { at: Some(now), mwh, told_mwh: mwh }, doubtful: None, left: None }
    }

    /// A transaction goes on, of which this was told before the restart.
    pub fn told_before(mwh: i64) -> Self {
        Register { last: Shown { at: None, mwh, told_mwh: mwh }, doubtful: None, left: None }
    }

    /// What is told now, in mWh.
    pub fn told_mwh(&self) -> i64 {
        self.last.told_mwh
    }

    /// Whether the meter shows another value than is told.
    pub fn has_moved(&self) -> bool {
        self.last.mwh != self.last.told_mwh || self.doubtful.is_some()
    }

    /// Whether the last reading was in doubt.
    pub fn is_in_doubt(&self) -> bool {
        self.doubtful.is_some()
    }

    /// Takes a reading. False if it is in doubt, so that nothing may be told by it.
    pub fn take(&mut self, now: Instant, mwh: i64) -> bool {
        let told = |shown: &Shown| shown.told_at(now, mwh).filter(|told| *told >= self.last.told_mwh);
        let by_last = told(&self.last);
        let others = [self.doubtful.as_ref().and_then(told), self.left.as_ref().and_then(told)];
        match by_last.into_iter().chain(others.into_iter().flatten()).min() {
            Some(told_mwh) => {
                if by_last != Some(told_mwh) {
                    self.left = Some(self.last);
                }
                self.last = Shown { at: Some(now), mwh, told_mwh };
                self.doubtful = None;
                true
            }
            None => {
                self.doubtful = Some(Shown { at: Some(now), mwh, told_mwh: self.last.told_mwh });
                false
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::vec::Vec;

    /// Readings a minute apart; none where nothing is told.
    fn told(begin: i64, readings: &[i64]) -> Vec<Option<i64>> {
        let at = |minute: usize| Instant::from_millis(minute as u64 * 60_000);
        let mut register = Register::begin(at(0), begin);
        let mut told = Vec::new();
        for (minute, mwh) in (1..).zip(readings) {
            told.push(register.take(at(minute), *mwh).then(|| register.told_mwh()));
        }
        told
    }

    #[test]
    fn register_that_counts_is_told_as_it_is() {
        assert_eq!(told(1000, &[1000, 1100, 2_500_000]), [Some(1000), Some(1100), Some(2_500_000)]);
    }

    #[test]
    fn glitch_is_not_told_and_changes_nothing() {
        assert_eq!(told(1000, &[1100, 0, 1300]), [Some(1100), None, Some(1300)]);
        assert_eq!(told(1000, &[1100, 0, 0, 5, 1300]), [Some(1100), None, Some(1100), Some(1105), Some(1300)]);
        assert_eq!(told(1000, &[1100, i64::MAX, 1300]), [Some(1100), None, Some(1300)]);
        assert_eq!(told(1000, &[i64::MIN, 1300]), [None, Some(1300)]);
    }

    #[test]
    fn register_that_was_reset_counts_on_from_what_was_told() {
        assert_eq!(told(9000, &[9100, 10, 60, 160]), [Some(9100), None, Some(9150), Some(9250)]);
        assert_eq!(told(9000, &[9100, 10, 60, 3, 43]), [Some(9100), None, Some(9150), None, Some(9190)]);
    }

    /// The begin was told by a meter that slept: the whole register is not energy of this transaction.
    #[test]
    fn register_that_wakes_up_after_the_begin_is_not_billed() {
        let woken = 5_000_000_000;
        assert_eq!(told(0, &[woken, woken + 120]), [None, Some(120)]);
    }

    #[test]
    fn what_was_told_before_a_restart_is_never_undercut() {
        let now = Instant::from_millis(10);
        let mut register = Register::told_before(5000);
        assert!(!register.take(now, 40));
        assert_eq!(register.told_mwh(), 5000);
        assert!(register.take(now, 90));
        assert_eq!(register.told_mwh(), 5050);
        let mut register = Register::told_before(5000);
        assert!(register.take(now, 900_000_000_000));
        assert_eq!(register.told_mwh(), 900_000_000_000, "an outage may be long");
    }
}
