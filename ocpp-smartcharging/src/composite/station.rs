//! What the station as a whole draws from the grid.

use alloc::vec::Vec;

use super::CompositePeriod;
use super::place::EvseStacks;
use super::sweep::{Share, Sweep, extra, least};
use crate::installation::Evse;
use crate::model::{OperationMode, PhaseRates, RateUnit};
use crate::units::PhasePower;

impl<'a> Sweep<'a> {
    /// The sum of the EVSEs, each converted before it is added, under the limits of the station (K08.FR.03, K04.FR.05).
    /// An EVSE without profile counts with its local limit.
    pub(super) fn station_period(&self, start_seconds: u32, evses: &[(&Evse, EvseStacks<'a>)]) -> CompositePeriod {
        let grid_phases = self.installation.grid_phases.clamp(1, 3);
        let shares: Vec<_> = evses.iter().map(|(evse, stacks)| self.share(evse, stacks)).collect();
        let widest = shares.iter().map(|share| if share.is_dc { grid_phases } else { share.phases }).max();
        let phases = self.fewest_phases(widest.unwrap_or(grid_phases));
        let sum = |of: &dyn Fn(&Share) -> PhasePower| {
            let summands = shares.iter().map(|share| self.summand(of(share), share, phases));
            summands.fold(PhasePower::ZERO, PhasePower::plus)
        };
        // Watts are added up as totals, amperes phase by phase.
        let of_grid = |power: PhasePower| match self.unit {
            RateUnit::Watts => power.gathered(phases),
            RateUnit::Amperes => power,
        };
        let station_limit = self.station_limit(phases).map(of_grid);
        let is_limited = shares.iter().any(|share| share.limit.is_some());
        let of_evses = (is_limited || station_limit.is_none()).then(|| {
            sum(&|share| match share.limit {
                Some(limit) if self.installation.cap_at_local_limit => limit.min(share.local_limit),
                Some(limit) => limit,
                None => share.local_limit,
            })
        });
        let mut limit = least(of_evses, station_limit).unwrap_or(PhasePower::ZERO);
        if self.installation.cap_at_local_limit {
            limit = limit.min(sum(&|share| share.local_limit));
        }
        let generation = self.generation(&self.station.generation, self.line(), phases);
        limit = limit.plus(sum(&|share| share.generation)).plus(of_grid(generation));

        let millivolts = self.installation.line_millivolts;
        let external = self.station.external.leading();
        let rate = |rates: PhaseRates| {
            Some(self.power(external?, rates, self.line(), phases)?.rate(self.unit, millivolts, phases))
        };
        let extra = external.and_then(extra);
        CompositePeriod {
            start_seconds,
            limit: limit.rate(self.unit, millivolts, if self.unit == RateUnit::Watts { 1 } else { phases }),
            number_phases: Some(phases),
            phase_to_use: None,
            discharge_limit: extra.and_then(|extra| rate(extra.discharge_limit)),
            setpoint: extra.and_then(|extra| rate(extra.setpoint)),
            setpoint_reactive: extra.and_then(|extra| rate(extra.setpoint_reactive)),
            mode: external.map_or(OperationMode::ChargingOnly, |source| source.period.mode),
            preconditioning: false,
            evse_sleep: false,
        }
    }

    /// Power of an EVSE as the grid sees it. That of a DC EVSE loads all phases alike.
    fn summand(&self, power: PhasePower, share: &Share, phases: u8) -> PhasePower {
        match self.unit {
            RateUnit::Watts => power.gathered(share.phases),
            RateUnit::Amperes if share.is_dc => power.map(|x| x / i64::from(phases)),
            RateUnit::Amperes => power,
        }
    }
}
