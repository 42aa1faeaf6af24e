//! All stacks that bear on an EVSE or on the station, swept forward in time, and their periods as power.

use alloc::vec::Vec;

use super::place::{EvseStacks, StationStacks};
use super::stack::{Leading, Stack};
use super::{CompositePeriod, Target};
use crate::V2;
use crate::installation::{Evse, Installation, Situation};
use crate::model::{PeriodExtra, PhaseRates, RateUnit};
use crate::units::{PhasePower, PhaseRule, Rate, Supply};

/// The merged line of an EVSE or of the station.
pub(super) struct Sweep<'a> {
    pub installation: &'a Installation,
    pub unit: RateUnit,
    pub station: StationStacks<'a>,
    target: Target,
    evses: Vec<(&'a Evse, EvseStacks<'a>)>,
    until: i64,
}

/// What one EVSE may draw, before the limits of the station.
pub(super) struct Share {
    /// None where no profile of the EVSE limits it.
    pub limit: Option<PhasePower>,
    pub local_limit: PhasePower,
    pub generation: PhasePower,
    /// The phases it may use; 1 for DC.
    pub phases: u8,
    pub is_dc: bool,
}

impl<'a> Sweep<'a> {
    pub fn new(situation: &Situation<'a>, target: Target, unit: RateUnit, now: i64) -> Self {
        let installation = situation.installation;
        let evses = installation.numbered().filter(|(id, _)| match target {
            Target::Station => true,
            Target::Evse(evse) => *id == evse,
        });
        let evses = evses.map(|(id, evse)| (evse, EvseStacks::new(situation, id, now))).collect();
        let station = StationStacks::new(situation, now);
        let mut sweep = Self { installation, unit, station, target, evses, until: now };
        sweep.advance(now);
        sweep
    }

    /// The second up to which [`period`](Self::period) surely holds, `i64::MAX` for ever.
    pub fn until(&self) -> i64 {
        self.until
    }

    /// Moves on to `t`, which is never before the last.
    pub fn advance(&mut self, t: i64) {
        let mut until = self.station.advance(t);
        for (_, stacks) in &mut self.evses {
            until = until.min(stacks.advance(t));
        }
        self.until = until;
    }

    /// What holds now.
    pub fn period(&self, start_seconds: u32) -> CompositePeriod {
        match (self.target, self.evses.as_slice()) {
            (Target::Evse(_), [(evse, stacks)]) => self.evse_period(start_seconds, evse, stacks),
            (Target::Station | Target::Evse(_), evses) => self.station_period(start_seconds, evses),
        }
    }

    /// Below which charging is inefficient, says the profile of the transaction (K01.FR.21).
    pub fn min_charging_rate(&self) -> Option<Rate> {
        let (Target::Evse(_), [(evse, stacks)]) = (self.target, self.evses.as_slice()) else { return None };
        let source = stacks.transaction.leading()?;
        let rates = PhaseRates { l1_milli: source.schedule.min_charging_rate_milli, ..PhaseRates::default() };
        let phases = self.share(evse, stacks).phases;
        let power = self.power(source, rates, evse.supply, phases)?;
        Some(power.rate(self.unit, self.millivolts(evse.supply), phases))
    }

    pub fn share(&self, evse: &Evse, stacks: &EvseStacks<'a>) -> Share {
        let (transaction, external) = (stacks.transaction.leading(), stacks.external.leading());
        let (wired, is_dc) = match evse.supply {
            Supply::Ac { phases } => (phases.clamp(1, 3), false),
            Supply::Dc { .. } => (1, true),
        };
        // The lowest number of all applicable periods (K01.FR.140).
        let phases = if is_dc {
            1
        } else {
            self.fewest_phases(wired.min(allowed_phases(transaction)).min(allowed_phases(external)))
        };
        let capped = |source: Option<Leading<'a>>| {
            let limit = self.limit(source?, evse.supply, phases)?;
            Some(match self.soc_cap(source?, evse.supply, phases, stacks.soc_percent) {
                Some(cap) => limit.min(cap),
                None => limit,
            })
        };
        let local_milli = match self.unit {
            RateUnit::Amperes => evse.local_limit.milliamperes,
            RateUnit::Watts => evse.local_limit.milliwatts,
        };
        Share {
            limit: least(capped(transaction), capped(external)),
            local_limit: PhasePower::of_all(local_milli, self.unit, self.millivolts(evse.supply), wired),
            generation: self.generation(&stacks.generation, evse.supply, phases),
            phases,
            is_dc,
        }
    }

    /// `phases`, or fewer where the station's profiles allow fewer.
    pub fn fewest_phases(&self, phases: u8) -> u8 {
        phases.min(allowed_phases(self.station.max.leading())).min(allowed_phases(self.station.external.leading()))
    }

    /// The limit of the station's profiles where `phases` of the grid are used.
    pub fn station_limit(&self, phases: u8) -> Option<PhasePower> {
        let limit = |stack: &Stack<'a>| self.limit(stack.leading()?, self.line(), phases);
        least(limit(&self.station.max), limit(&self.station.external))
    }

    pub fn generation(&self, stack: &Stack<'a>, supply: Supply, phases: u8) -> PhasePower {
        stack.leading().and_then(|source| self.limit(source, supply, phases)).unwrap_or(PhasePower::ZERO)
    }

    /// The limit of a period, never negative.
    fn limit(&self, source: Leading<'a>, supply: Supply, phases: u8) -> Option<PhasePower> {
        let (l2_milli, l3_milli) = match extra(source) {
            Some(extra) => (extra.limit_l2_milli, extra.limit_l3_milli),
            None => (None, None),
        };
        let rates = PhaseRates { l1_milli: source.period.limit_milli, l2_milli, l3_milli };
        Some(self.power(source, rates, supply, phases)?.map(|x| x.max(0)))
    }

    /// K01.FR.100.
    pub fn soc_cap(&self, source: Leading<'a>, supply: Supply, phases: u8, soc: Option<u8>) -> Option<PhasePower> {
        if !V2 {
            return None;
        }
        let cap = source.schedule.limit_at_soc.filter(|cap| soc.is_some_and(|soc| soc >= cap.soc_percent))?;
        let rates = PhaseRates { l1_milli: Some(cap.limit_milli), ..PhaseRates::default() };
        Some(self.power(source, rates, supply, phases)?.map(|x| x.max(0)))
    }

    /// `rates` of a period as power, where `phases` are used. What was given per phase counts for one alone then.
    pub fn power(&self, source: Leading<'a>, rates: PhaseRates, supply: Supply, phases: u8) -> Option<PhasePower> {
        let spread_over = match (supply, self.installation.phase_rule) {
            (Supply::Dc { .. }, _) => 1,
            (Supply::Ac { .. }, PhaseRule::TotalPower) => phases,
            (Supply::Ac { .. }, PhaseRule::PerPhase) => allowed_phases(Some(source)),
        };
        let power = PhasePower::new(rates, source.schedule.unit, self.millivolts(supply), spread_over)?;
        Some(if phases == 1 { power.on_one_phase(source.period.phase_to_use) } else { power })
    }

    pub fn millivolts(&self, supply: Supply) -> u32 {
        match supply {
            Supply::Ac { .. } => self.installation.line_millivolts,
            Supply::Dc { millivolts } => millivolts,
        }
    }

    /// The connection to the grid.
    pub fn line(&self) -> Supply {
        Supply::Ac { phases: self.installation.grid_phases.clamp(1, 3) }
    }
}

/// Three where the period does not say (1.6 §7.14, K01.FR.49), and without a period.
fn allowed_phases(source: Option<Leading>) -> u8 {
    source.and_then(|source| source.period.number_phases).unwrap_or(3).clamp(1, 3)
}

pub(super) fn extra<'a>(source: Leading<'a>) -> Option<&'a PeriodExtra> {
    if V2 { source.period.extra.as_deref() } else { None }
}

pub(super) fn least(a: Option<PhasePower>, b: Option<PhasePower>) -> Option<PhasePower> {
    match (a, b) {
        (Some(a), Some(b)) => Some(a.min(b)),
        (a, b) => a.or(b),
    }
}
