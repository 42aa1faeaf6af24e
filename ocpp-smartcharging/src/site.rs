//! Sharing one limit among several EVSEs.
//!
//! The composite schedule of an EVSE says how much it may draw if it is alone; together they may not exceed the limit of
//! the station (1.6 §3.13.3, K04.FR.05). How to share is not the specification's business: [`share_equally`] is one way,
//! and any other function from claims to shares will do.

use alloc::vec::Vec;

use chrono::{DateTime, Utc};

use crate::composite::CompositeError;
use crate::installation::Situation;
use crate::model::{EvseId, RateUnit};

/// An EVSE that wants to charge.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Demand {
    /// Which.
    pub evse: EvseId,
    /// The least rate at which it charges at all, in thousandths of the unit: 6 A for AC by IEC 61851.
    pub least_milli: i64,
    /// `chargingPriority`, -9 to 9; 0 is usual (K03.FR.06).
    pub priority: i32,
}

/// What there is to share, and among whom.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Claims {
    /// The limit of the station, in thousandths of the unit.
    pub available_milli: i64,
    /// One for each demand, in their order.
    pub claims: Vec<Claim>,
    /// Nothing of it changes before this instant, as far as is known now; none if nothing will.
    pub until: Option<DateTime<Utc>>,
}

/// What an EVSE could use, in thousandths of the unit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Claim {
    /// Which.
    pub evse: EvseId,
    /// Below this it does not charge.
    pub least_milli: i64,
    /// Above this it may not.
    pub most_milli: i64,
    /// The phases it may use; none for DC.
    pub number_phases: Option<u8>,
    /// Higher ones are served first.
    pub priority: i32,
}

/// What an EVSE gets, in thousandths of the unit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Share {
    /// Which.
    pub evse: EvseId,
    /// 0 suspends it.
    pub milli: i64,
}

/// The limit of the station at `at`, and what the given EVSEs may claim of it. A minimum charging rate of a profile
/// counts as the least rate. In amperes all EVSEs are taken to load the same phase, which is safe.
pub fn claims(
    situation: &Situation<'_>,
    at: DateTime<Utc>,
    unit: RateUnit,
    demands: &[Demand],
) -> Result<Claims, CompositeError> {
    let station = situation.limit_at(EvseId::STATION, at, unit)?;
    let mut until = station.until;
    let claims = demands.iter().map(|demand| {
        let limit = situation.limit_at(demand.evse, at, unit)?;
        until = until.into_iter().chain(limit.until).min();
        let wanted = limit.min_charging_rate.map_or(0, |rate| rate.milli);
        Ok(Claim {
            evse: demand.evse,
            least_milli: demand.least_milli.max(wanted),
            most_milli: limit.period.limit.for_all_phases(unit),
            number_phases: limit.period.number_phases,
            priority: demand.priority,
        })
    });
    let claims = claims.collect::<Result<_, _>>()?;
    Ok(Claims { available_milli: station.period.limit.for_all_phases(unit), claims, until })
}

/// The higher priority first (K03.FR.04); among equals those named first get their least rate while it lasts, and what
/// is left raises all of them to one level, as far as each may go. Rounding leaves less than a thousandth per EVSE.
pub fn share_equally(available_milli: i64, claims: &[Claim]) -> Vec<Share> {
    let mut left = available_milli.max(0);
    let mut shares: Vec<Share> = claims.iter().map(|claim| Share { evse: claim.evse, milli: 0 }).collect();
    let mut next = claims.iter().map(|claim| claim.priority).max();
    while let Some(priority) = next {
        next = claims.iter().map(|claim| claim.priority).filter(|other| *other < priority).max();
        let mut kept_for_least = 0_i64;
        let mut admitted = Vec::new();
        for (claim, share) in claims.iter().zip(&mut shares).filter(|(claim, _)| claim.priority == priority) {
            let least = claim.least_milli.max(0);
            if least <= claim.most_milli && least <= left - kept_for_least {
                kept_for_least += least;
                admitted.push((claim, share));
            }
        }
        let rate = |claim: &Claim, level: i64| level.clamp(claim.least_milli.max(0), claim.most_milli);
        let total = |level: i64| admitted.iter().map(|(claim, _)| i128::from(rate(claim, level))).sum::<i128>();
        let level = highest(left, |level| total(level) <= i128::from(left));
        for (claim, share) in admitted {
            share.milli = rate(claim, level);
            left -= share.milli;
        }
    }
    shares
}

/// The highest level up to `most` that `fits`, where all lower ones fit too.
fn highest(most: i64, fits: impl Fn(i64) -> bool) -> i64 {
    let (mut low, mut high) = (0, most);
    while low < high {
        let middle = low + (high - low + 1) / 2;
        if fits(middle) { low = middle } else { high = middle - 1 }
    }
    low
}

#[cfg(test)]
mod tests {
    use alloc::vec;

    use proptest::prelude::*;

    use super::*;
    use crate::fixture::{at, installation, profile, situation};
    use crate::model::Purpose;

    fn claim(evse: u32, least_milli: i64, most_milli: i64) -> Claim {
        Claim { evse: EvseId(evse), least_milli, most_milli, number_phases: Some(3), priority: 0 }
    }

    fn shares(available: i64, claims: &[Claim]) -> Vec<i64> {
        share_equally(available, claims).into_iter().map(|share| share.milli).collect()
    }

    #[test]
    fn station_maximum_is_shared_and_not_granted_to_each() {
        let installation = installation(2);
        let profiles = [profile(1, 0, Purpose::StationMax, 20_000), profile(2, 0, Purpose::TxDefault, 16_000)];
        let situation = situation(&installation, &profiles, &[]);
        let demands = [1, 2].map(|evse| Demand { evse: EvseId(evse), least_milli: 6_000, priority: 0 });
        let Claims { available_milli, claims, until } = claims(&situation, at(0), RateUnit::Amperes, &demands).unwrap();
        assert_eq!((available_milli, until), (20_000, None));
        assert!(claims.iter().all(|claim| claim.most_milli == 16_000));
        assert_eq!(shares(available_milli, &claims), [10_000, 10_000]);
    }

    #[test]
    fn what_one_cannot_use_goes_to_the_others() {
        assert_eq!(shares(40_000, &[claim(1, 6_000, 8_000), claim(2, 6_000, 32_000)]), [8_000, 32_000]);
        assert_eq!(shares(30_000, &[claim(1, 6_000, 8_000), claim(2, 6_000, 32_000)]), [8_000, 22_000]);
        let three = [claim(1, 6_000, 32_000), claim(2, 15_000, 32_000), claim(3, 6_000, 32_000)];
        assert_eq!(shares(30_000, &three), [7_500, 15_000, 7_500]);
    }

    #[test]
    fn who_cannot_get_the_least_is_suspended() {
        let three = [claim(1, 6_000, 32_000), claim(2, 6_000, 32_000), claim(3, 6_000, 32_000)];
        assert_eq!(shares(17_000, &three), [8_500, 8_500, 0]);
        assert_eq!(shares(5_999, &three), [0, 0, 0]);
        assert_eq!(shares(-1, &three), [0, 0, 0]);
        assert_eq!(shares(20_000, &[claim(1, 6_000, 5_000), claim(2, 6_000, 32_000)]), [0, 20_000]);
    }

    #[test]
    fn higher_priority_is_served_even_if_others_are_suspended() {
        let urgent = Claim { priority: 1, ..claim(2, 6_000, 32_000) };
        assert_eq!(shares(35_000, &[claim(1, 6_000, 32_000), urgent]), [0, 32_000]);
        assert_eq!(shares(38_000, &[claim(1, 6_000, 32_000), urgent]), [6_000, 32_000]);
    }

    proptest! {
        #[test]
        fn shares_fit_and_waste_nothing(
            available in 0..200_000_i64,
            claims in proptest::collection::vec((0..10_000_i64, 0..40_000_i64, -1..2_i32), 0..8),
        ) {
            let claims: Vec<_> = (1..)
                .zip(claims)
                .map(|(evse, (least, most, priority))| Claim { priority, ..claim(evse, least, most) })
                .collect();
            let shares = shares(available, &claims);
            let sum: i64 = shares.iter().sum();
            prop_assert!(sum <= available);
            let left = available - sum;
            let charging = shares.iter().filter(|share| **share > 0).count() as i64;
            for (claim, share) in claims.iter().zip(&shares) {
                let is_full = *share == claim.most_milli;
                let is_suspended = *share == 0 && (claim.most_milli < claim.least_milli || claim.least_milli > left);
                let is_between = (claim.least_milli..=claim.most_milli).contains(share) && left < charging.max(1);
                prop_assert!(is_full || is_suspended || is_between, "{:?} got {} with {} left", claim, share, left);
            }
            for (a, x) in claims.iter().zip(&shares) {
                for (b, y) in claims.iter().zip(&shares) {
                    // Of two that charge at one priority, none has more while the other could have more too.
                    if a.priority == b.priority && *x > *y && *y > 0 {
                        prop_assert!(*x == a.least_milli || *y == b.most_milli);
                    }
                }
            }
        }
    }

    #[test]
    fn no_claims_no_shares() {
        assert_eq!(share_equally(10_000, &[]), vec![]);
    }
}
