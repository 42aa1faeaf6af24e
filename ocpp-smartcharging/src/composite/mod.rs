//! Composite schedules: what results from all profiles together (1.6 §5.7, K08).
//!
//! At each instant the leading period of a purpose is that of the highest stack level whose schedule is in force; the
//! result is the lowest limit of the purposes, with local generation added on top (SC.01, K08.FR.04).
//!
//! The calculation sweeps time once, from change to change, and takes O(n log n) for n periods in the window. It does
//! not depend on how long a schedule has been recurring.

mod evse;
pub(crate) mod place;
mod stack;
mod station;
mod sweep;

use alloc::vec::Vec;

use chrono::{DateTime, Utc};

use self::sweep::Sweep;
use crate::installation::Situation;
use crate::model::{EvseId, OperationMode, RateUnit};
use crate::time::second;
use crate::units::Rate;

/// Steps after which a calculation ends early. Only windows of years get there.
const MOST_STEPS: usize = 1 << 20;

/// What to calculate.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CompositeRequest {
    /// For whom; [`EvseId::STATION`] for what the station draws from the grid (K08.FR.03).
    pub evse: EvseId,
    /// The first instant; a fraction of a second is cut off.
    pub start: DateTime<Utc>,
    /// How far ahead.
    pub duration_seconds: u32,
    /// Unit of the result. One that the station does not support is the caller's to refuse (K08.FR.07).
    pub unit: RateUnit,
    /// The result ends early before it has more periods than this.
    pub max_periods: usize,
}

/// The result: one line over time.
#[derive(Debug, Clone, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct CompositeSchedule {
    /// For whom.
    pub evse: EvseId,
    /// When the first period starts.
    pub start: DateTime<Utc>,
    /// How far ahead it reaches: as asked for, unless it had to end early.
    pub duration_seconds: u32,
    /// Unit of all rates.
    pub unit: RateUnit,
    /// At least one period; neighbours differ.
    pub periods: Vec<CompositePeriod>,
}

/// One step of the line.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct CompositePeriod {
    /// Seconds after the start of the composite schedule.
    pub start_seconds: u32,
    /// The limit; never negative.
    pub limit: Rate,
    /// The phases that may be used; none for DC.
    pub number_phases: Option<u8>,
    /// The phase to use, where one alone is.
    pub phase_to_use: Option<u8>,
    /// How far the EV may discharge: zero or negative.
    pub discharge_limit: Option<Rate>,
    /// What the EV should follow, within the limits.
    pub setpoint: Option<Rate>,
    /// Reactive power or current to follow.
    pub setpoint_reactive: Option<Rate>,
    /// Who controls the rate.
    pub mode: OperationMode,
    /// Keep the battery preconditioned.
    pub preconditioning: bool,
    /// Switch the power electronics off.
    pub evse_sleep: bool,
}

/// What holds at one instant.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limit {
    /// The values; its start is 0.
    pub period: CompositePeriod,
    /// Nothing changes before this instant, as far as is known now; none if nothing will.
    pub until: Option<DateTime<Utc>>,
    /// Charging below this rate is inefficient, if the profile of the transaction says so.
    pub min_charging_rate: Option<Rate>,
}

/// Why there is no composite schedule. The answer to the CSMS is `Rejected` (K08.FR.05).
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum CompositeError {
    /// There is no such EVSE.
    #[error("evse {} does not exist", .0.0)]
    UnknownEvse(EvseId),
}

/// Whose line is swept.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Target {
    Station,
    Evse(EvseId),
}

impl Target {
    fn new(situation: &Situation<'_>, evse: EvseId) -> Result<Self, CompositeError> {
        if evse.is_station() {
            Ok(Self::Station)
        } else if situation.installation.evse(evse).is_some() {
            Ok(Self::Evse(evse))
        } else {
            Err(CompositeError::UnknownEvse(evse))
        }
    }
}

impl Situation<'_> {
    /// The composite schedule. Where no transaction runs it is that of one which starts at `request.start` and has no
    /// profile of its own (K08.FR.06).
    pub fn composite(&self, request: &CompositeRequest) -> Result<CompositeSchedule, CompositeError> {
        let target = Target::new(self, request.evse)?;
        let start = request.start.timestamp();
        let end = start.saturating_add(i64::from(request.duration_seconds));
        let mut sweep = Sweep::new(self, target, request.unit, start);
        let mut periods = Vec::new();
        periods.push(sweep.period(0));
        let mut steps = 0;
        let reached = loop {
            let t = sweep.until();
            if t >= end {
                break end;
            }
            if steps == MOST_STEPS {
                break t;
            }
            steps += 1;
            sweep.advance(t);
            let period = sweep.period(u32::try_from(t - start).unwrap_or(u32::MAX));
            if periods.last().is_some_and(|last| period.same_values(last)) {
                continue;
            }
            if periods.len() >= request.max_periods {
                break t;
            }
            periods.push(period);
        };
        Ok(CompositeSchedule {
            evse: request.evse,
            start: DateTime::from_timestamp(start, 0).unwrap_or(request.start),
            duration_seconds: u32::try_from(reached - start).unwrap_or(u32::MAX),
            unit: request.unit,
            periods,
        })
    }
}

impl Situation<'_> {
    /// What holds at `at` for an EVSE, or for the station.
    pub fn limit_at(&self, evse: EvseId, at: DateTime<Utc>, unit: RateUnit) -> Result<Limit, CompositeError> {
        let target = Target::new(self, evse)?;
        let now = at.timestamp();
        let sweep = Sweep::new(self, target, unit, now);
        let until = sweep.until().min(self.next_offline_expiry(now));
        Ok(Limit {
            period: sweep.period(0),
            until: DateTime::from_timestamp(until, 0),
            min_charging_rate: sweep.min_charging_rate(),
        })
    }

    /// The second at which some profile has been offline for too long (K01.FR.101).
    fn next_offline_expiry(&self, now: i64) -> i64 {
        let Some(since) = self.offline_since.map(second) else { return i64::MAX };
        let limits = self.profiles.iter().filter_map(|installed| installed.profile.max_offline_seconds);
        limits.map(|most| since + i64::from(most) + 1).filter(|expiry| *expiry > now).min().unwrap_or(i64::MAX)
    }
}

impl CompositePeriod {
    /// Whether all but the start is equal.
    pub fn same_values(&self, other: &Self) -> bool {
        *self == Self { start_seconds: self.start_seconds, ..*other }
    }
}

#[cfg(test)]
mod tests;
