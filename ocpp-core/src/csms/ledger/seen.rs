//! Which events of a transaction were heard of, by their numbers.

use alloc::vec::Vec;

#[cfg(feature = "serde")]
use serde::{Deserialize, Serialize};

/// Numbers, as ranges in rising order with gaps between them.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(Serialize, Deserialize))]
pub(super) struct Seen(Vec<(u64, u64)>);

impl Seen {
    /// Beyond it the lowest gap is given up: what comes out of it late counts as a repeat.
    const MAX_RANGES: usize = 128;

    pub fn contains(&self, number: u64) -> bool {
        self.0.iter().any(|(first, last)| (*first..=*last).contains(&number))
    }

    pub fn last(&self) -> Option<u64> {
        self.0.last().map(|(_, last)| *last)
    }

    pub fn insert(&mut self, number: u64) {
        if self.contains(number) {
            return;
        }
        let place = self.0.partition_point(|(first, _)| *first < number);
        self.0.insert(place, (number, number));
        self.join(place);
        self.join(place.saturating_sub(1));
        if self.0.len() > Self::MAX_RANGES
            && let [(first, _), (_, last), ..] = self.0[..]
        {
            self.0.splice(..2, [(first, last)]);
        }
    }

    /// Joins the range of this place with the next one, where they touch.
    fn join(&mut self, place: usize) {
        if let Some([(first, end), (next, last)]) = self.0.get(place..place + 2)
            && end.checked_add(1) == Some(*next)
        {
            let joined = (*first, *last);
            self.0.splice(place..place + 2, [joined]);
        }
    }

    /// How many numbers from `first` to `last` were not seen.
    pub fn missing(&self, first: u64, last: u64) -> u64 {
        let overlaps = self.0.iter().map(|(from, to)| (*from.max(&first), *to.min(&last)));
        let seen = overlaps.filter(|(from, to)| from <= to).fold(0_u64, |seen, (from, to)| seen + (to - from) + 1);
        if first > last { 0 } else { (last - first).saturating_add(1).saturating_sub(seen) }
    }
}
