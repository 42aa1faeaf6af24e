//! Exact arithmetic with currents and powers.
//!
//! Limits in amperes are per phase, limits in watts of all phases together (K01.FR.50, K01.FR.51). To compare them, both
//! become power per phase in sixths of a microwatt: there milliamperes times millivolts, and milliwatts over one, two or
//! three phases, are all integers. Only a result is rounded, once and towards zero: a limit is never exceeded by
//! rounding. Sums and products saturate, so that no number of a peer can overflow: nine million amperes at 230 V, three
//! phases, are still exact.

use crate::V2;
use crate::model::{PhaseRates, RateUnit};

/// Sixths of a microwatt in a milliwatt.
const PER_MILLIWATT: i64 = 6_000;

/// Sixths of a microwatt in a microwatt.
const PER_MICROWATT: i64 = 6;

/// What feeds an EVSE.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub enum Supply {
    /// Alternating current.
    Ac {
        /// Phases that are wired, 1 to 3.
        phases: u8,
    },
    /// Direct current.
    Dc {
        /// The nominal output voltage, by which amperes become watts.
        millivolts: u32,
    },
}

/// How a limit in watts becomes one in amperes when a period allows another number of phases than is used.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub enum PhaseRule {
    /// The power counts as given, for the phases that are used: 1.6 errata 3.34.
    TotalPower,
    /// The power is divided by the period's own number of phases: 2.x, K01.FR.50.
    PerPhase,
}

/// Power on each phase, in sixths of a microwatt.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct PhasePower {
    pub each: [i64; 3],
    split: bool,
}

impl PhasePower {
    pub const ZERO: Self = Self { each: [0; 3], split: false };

    /// `rates` as power, where watts without a value for L2 or L3 are spread over `phases`.
    pub fn new(rates: PhaseRates, unit: RateUnit, millivolts: u32, phases: u8) -> Option<Self> {
        let l1 = rates.l1_milli?;
        if !V2 || rates.l2_milli.is_none() && rates.l3_milli.is_none() {
            return Some(Self::of_all(l1, unit, millivolts, phases));
        }
        // A phase left out where another is given may not have more than any of those.
        let least = l1.min(rates.l2_milli.unwrap_or(l1)).min(rates.l3_milli.unwrap_or(l1));
        let milli = [l1, rates.l2_milli.unwrap_or(least), rates.l3_milli.unwrap_or(least)];
        let each = milli.map(|milli| on_each_phase(milli, unit, millivolts, 1));
        Some(Self { each, split: true })
    }

    /// The same rate on all phases, or one power spread over `phases`.
    pub fn of_all(milli: i64, unit: RateUnit, millivolts: u32, phases: u8) -> Self {
        Self { each: [on_each_phase(milli, unit, millivolts, phases); 3], split: false }
    }

    pub fn zip(self, other: Self, f: impl Fn(i64, i64) -> i64) -> Self {
        let ([a, b, c], [x, y, z]) = (self.each, other.each);
        if self.is_split() || other.is_split() {
            Self { each: [f(a, x), f(b, y), f(c, z)], split: true }
        } else {
            Self { each: [f(a, x); 3], split: false }
        }
    }

    /// Whether the phases were given apart: in 2.x only.
    fn is_split(self) -> bool {
        V2 && self.split
    }

    pub fn map(self, f: impl Fn(i64) -> i64) -> Self {
        self.zip(self, |x, _| f(x))
    }

    pub fn min(self, other: Self) -> Self {
        self.zip(other, i64::min)
    }

    pub fn plus(self, other: Self) -> Self {
        self.zip(other, i64::saturating_add)
    }

    /// What is left when only one phase is used: the given one, or the one with the least magnitude.
    pub fn on_one_phase(self, phase_to_use: Option<u8>) -> Self {
        let [l1, l2, l3] = self.each;
        if !self.is_split() {
            return self;
        }
        let value = match phase_to_use {
            Some(1) => l1,
            Some(2) => l2,
            Some(3) => l3,
            _ => [l2, l3].into_iter().fold(l1, |least, x| if x.abs() < least.abs() { x } else { least }),
        };
        Self { each: [value; 3], split: false }
    }

    /// All phases together, where `phases` are used: a single power, no longer one per phase.
    pub fn gathered(self, phases: u8) -> Self {
        let [l1, l2, l3] = self.each;
        let total = if self.is_split() {
            l1.saturating_add(l2).saturating_add(l3)
        } else {
            l1.saturating_mul(i64::from(phases))
        };
        Self { each: [total; 3], split: false }
    }

    /// In thousandths of `unit`, rounded towards zero.
    pub fn rate(self, unit: RateUnit, millivolts: u32, phases: u8) -> Rate {
        let milli = |x: i64| match unit {
            RateUnit::Amperes => x / i64::from(millivolts.max(1)).saturating_mul(PER_MICROWATT),
            RateUnit::Watts if self.is_split() => x / PER_MILLIWATT,
            RateUnit::Watts => x.saturating_mul(i64::from(phases)) / PER_MILLIWATT,
        };
        let [l1, l2, l3] = self.each;
        Rate { milli: milli(l1), l2_l3_milli: self.is_split().then(|| [milli(l2), milli(l3)]) }
    }
}

/// A current, or a power spread over `phases`, in sixths of a microwatt.
fn on_each_phase(milli: i64, unit: RateUnit, millivolts: u32, phases: u8) -> i64 {
    milli.saturating_mul(match (unit, phases) {
        (RateUnit::Amperes, _) => i64::from(millivolts).saturating_mul(PER_MICROWATT),
        (RateUnit::Watts, 0 | 1) => PER_MILLIWATT,
        (RateUnit::Watts, 2) => PER_MILLIWATT / 2,
        (RateUnit::Watts, 3..) => PER_MILLIWATT / 3,
    })
}

/// A rate of a composite schedule, in thousandths of its unit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct Rate {
    /// Amperes per phase or watts of all phases; where `l2_l3_milli` is present, of L1 alone.
    pub milli: i64,
    /// The values of L2 and L3, where an applicable period tells the phases apart (K08.FR.09).
    pub l2_l3_milli: Option<[i64; 2]>,
}

impl Rate {
    /// As one number, for who cannot tell phases apart: the least current, or the whole power.
    pub fn for_all_phases(self, unit: RateUnit) -> i64 {
        match (self.l2_l3_milli, unit) {
            (None, _) => self.milli,
            (Some([l2, l3]), RateUnit::Amperes) => self.milli.min(l2).min(l3),
            (Some([l2, l3]), RateUnit::Watts) => self.milli.saturating_add(l2).saturating_add(l3),
        }
    }
}
