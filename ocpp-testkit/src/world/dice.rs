//! What is drawn.

use std::time::Duration;

use crate::seed::Seed;

/// Numbers out of a seed, one after the other.
#[derive(Clone, Debug)]
pub struct Dice {
    seed: Seed,
    thrown: u64,
}

impl Dice {
    /// Dice that fall as the seed decides.
    pub fn new(seed: Seed) -> Self {
        Dice { seed, thrown: 0 }
    }

    /// A number below `bound`; 0 if there is none.
    pub fn below(&mut self, bound: u64) -> u64 {
        self.thrown += 1;
        // The bias of the remainder is far below what a world could notice.
        self.seed.child("", self.thrown).0.checked_rem(bound).unwrap_or(0)
    }

    /// A number from `low` to `high`, both included.
    pub fn between(&mut self, low: u64, high: u64) -> u64 {
        low + self.below(high.saturating_sub(low).saturating_add(1))
    }

    /// The same for a number of EVSEs, connectors and other small things.
    pub fn small(&mut self, low: u16, high: u16) -> u16 {
        u16::try_from(self.between(low.into(), high.into())).unwrap_or(high)
    }

    /// A span between two numbers of seconds, to the millisecond.
    pub fn seconds(&mut self, low: u64, high: u64) -> Duration {
        Duration::from_millis(self.between(low * 1000, high * 1000))
    }

    /// Whether something happens that does so in `percent` of the cases.
    pub fn chance(&mut self, percent: u64) -> bool {
        self.below(100) < percent
    }

    /// One of several things.
    pub fn one_of<T: Copy, const N: usize>(&mut self, things: [T; N]) -> T {
        const { assert!(N > 0, "nothing to draw from") };
        let place = self.below(N as u64);
        let mut rest = (0..).zip(things).skip_while(|(n, _)| *n < place);
        rest.next().map_or_else(|| things[0], |(_, thing)| thing)
    }

    /// One of several things, each as often as its weight says.
    pub fn weighted<'a, T>(&mut self, things: &'a [(u64, T)]) -> Option<&'a T> {
        let mut left = self.below(things.iter().map(|(weight, _)| weight).sum());
        things.iter().find_map(|(weight, thing)| match left.checked_sub(*weight) {
            Some(rest) => {
                left = rest;
                None
            }
            None => Some(thing),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn everything_is_drawn_and_nothing_else() {
        let mut dice = Dice::new(Seed(1));
        let mut seen = [0; 6];
        for _ in 0..6_000 {
            seen[dice.between(1, 6) as usize - 1] += 1;
        }
        assert!(seen.iter().all(|times| (850..1_150).contains(times)), "{seen:?}");
        assert_eq!(dice.below(0), 0);
        let things = [(0, "never"), (1, "seldom"), (3, "often")];
        let drawn: Vec<&str> = (0..4_000).filter_map(|_| dice.weighted(&things).copied()).collect();
        let count = |thing| drawn.iter().filter(|drawn| **drawn == thing).count();
        assert_eq!(count("never"), 0);
        assert!((900..1_100).contains(&count("seldom")), "{}", count("seldom"));
        assert_eq!(drawn.len(), 4_000);
        assert!((0..100).all(|_| ["a", "b"].contains(&dice.one_of(["a", "b"]))));
    }
}
