//! Merges the leading periods of all purposes into one line.

use alloc::vec::Vec;

use super::place::{EvseStacks, StationStacks};
use super::stack::{Leading, Stack};
use super::{CompositePeriod, Target};
use crate::installation::{Evse, Installation, SetpointPriority, Situation};
use crate::model::{OperationMode, PeriodExtra, PhaseRates, RateUnit};
use crate::units::{PhasePower, PhaseRule, Rate, Supply};

/// The merged line of an EVSE or of the station, swept forward in time.
pub(super) struct Sweep<'a> {
    installation: &'a Installation,
    target: Target,
    unit: RateUnit,
    station: StationStacks<'a>,
    evses: Vec<(&'a Evse, EvseStacks<'a>)>,
    until: i64,
}

/// What one EVSE may draw, before the limits of the station.
struct Share {
    /// None where no profile of the EVSE limits it.
    limit: Option<PhasePower>,
    local_limit: PhasePower,
    generation: PhasePower,
    phases: u8,
    is_dc: bool,
}

impl<'a> Sweep<'a> {
    pub fn new(situation: &Situation<'a>, target: Target, unit: RateUnit, now: i64) -> Self {
        let installation = situation.installation;
        let evses = installation.evses.iter().filter(|(id, _)| match target {
            Target::Station => true,
            Target::Evse(evse) => **id == evse,
        });
        let evses = evses.map(|(id, evse)| (evse, EvseStacks::new(situation, *id, now))).collect();
        let station = StationStacks::new(situation, now);
        let mut sweep = Self { installation, target, unit, station, evses, until: now };
        sweep.advance(now);
        sweep
    }

    /// The second up to which [`period`](Self::period) surely holds, `i64::MAX` for ever.
    pub fn until(&self) -> i64 {
        self.until
    }

    /// Moves on to `t`, which is never before the last.
    pub fn advance(&mut self, t: i64) {
        self.station.advance(t);
        for (_, stacks) in &mut self.evses {
            stacks.advance(t);
        }
        let of_evses = self.evses.iter().flat_map(|(_, stacks)| stacks.all());
        self.until = self.station.all().into_iter().chain(of_evses).map(Stack::until).min().unwrap_or(i64::MAX);
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

    fn evse_period(&self, start_seconds: u32, evse: &Evse, stacks: &EvseStacks<'a>) -> CompositePeriod {
        let share = self.share(evse, stacks);
        let phases = share.phases;
        let onto_evse = |power: PhasePower| {
            if share.is_dc {
                let total = power.total(self.station_phases(self.installation.grid_phases));
                PhasePower { each: [total; 3], split: false }
            } else {
                power
            }
        };
        let millivolts = self.millivolts(evse.supply);
        let merged = least(share.limit, self.station_limit(phases).map(onto_evse));
        let mut limit = merged.unwrap_or(share.local_limit);
        if self.installation.cap_at_local_limit {
            limit = limit.min(share.local_limit);
        }
        limit = limit.plus(share.generation).plus(onto_evse(self.generation(&self.station.generation, phases)));
        let leading = stacks.transaction.leading();
        let externals = [stacks.external.leading(), self.station.external.leading()];
        let sources = || [leading].into_iter().chain(externals).flatten();
        let power = |source: Leading<'a>, rates: PhaseRates| self.power(source, rates, evse.supply, phases);
        let discharge_limit = sources()
            .filter_map(|source| power(source, extra(source)?.discharge_limit))
            .map(|power| power.map(|x| x.min(0)))
            .reduce(|a, b| a.zip(b, i64::max));
        let preferred = |rates: fn(&PeriodExtra) -> PhaseRates| {
            let of_transaction = leading.and_then(|source| power(source, rates(extra(source)?)));
            let of_others = externals.into_iter().flatten();
            let of_others = of_others.filter_map(|source| power(source, rates(extra(source)?)));
            let of_others = of_others.reduce(PhasePower::min);
            match self.installation.setpoint_priority {
                SetpointPriority::ExternalSystem => of_others.or(of_transaction),
                SetpointPriority::Csms => of_transaction.or(of_others),
            }
        };
        // K08.FR.08, V2X.03, V2X.04.
        let setpoint = preferred(|extra| extra.setpoint).map(|setpoint| {
            let soc_cap = leading.and_then(|source| self.soc_cap(source, evse.supply, phases, stacks.soc_percent));
            let upper = soc_cap.map_or(limit, |cap| limit.min(cap));
            let capped = setpoint.zip(upper, |x, limit| if x > 0 { x.min(limit) } else { x });
            match discharge_limit {
                Some(lowest) => capped.zip(lowest, |x, lowest| if x < 0 { x.max(lowest) } else { x }),
                None => capped,
            }
        });
        let rate = |power: PhasePower| power.rate(self.unit, millivolts, phases);
        let mode_of = |source: Leading<'a>| source.period.mode;
        CompositePeriod {
            start_seconds,
            limit: rate(limit),
            number_phases: (!share.is_dc).then_some(phases),
            phase_to_use: if phases == 1 && !share.is_dc {
                sources().chain(self.station.max.leading()).find_map(|source| source.period.phase_to_use)
            } else {
                None
            },
            discharge_limit: discharge_limit.map(rate),
            setpoint: setpoint.map(rate),
            setpoint_reactive: preferred(|extra| extra.setpoint_reactive).map(rate),
            mode: sources().map(mode_of).find(|mode| *mode != OperationMode::ChargingOnly).unwrap_or_default(),
            preconditioning: leading.and_then(extra).is_some_and(|extra| extra.preconditioning),
            evse_sleep: leading.and_then(extra).is_some_and(|extra| extra.evse_sleep),
        }
    }

    /// The sum of the EVSEs, each converted before it is added, under the limits of the station (K08.FR.03, K04.FR.05).
    fn station_period(&self, start_seconds: u32, evses: &[(&Evse, EvseStacks<'a>)]) -> CompositePeriod {
        let grid_phases = self.installation.grid_phases.clamp(1, 3);
        let shares: Vec<_> = evses.iter().map(|(evse, stacks)| self.share(evse, stacks)).collect();
        let widest = shares.iter().map(|share| if share.is_dc { grid_phases } else { share.phases }).max();
        let phases = self.station_phases(widest.unwrap_or(grid_phases));
        // Watts are added as totals, amperes phase by phase.
        let summand = |power: PhasePower, phases_of_power: u8, is_dc: bool| match self.unit {
            RateUnit::Watts => PhasePower { each: [power.total(phases_of_power); 3], split: false },
            RateUnit::Amperes if is_dc => power.map(|x| x / i64::from(phases)),
            RateUnit::Amperes => power,
        };
        let add = |of: &dyn Fn(&Share) -> PhasePower| {
            let summands = shares.iter().map(|share| summand(of(share), share.phases, share.is_dc));
            summands.fold(PhasePower::ZERO, PhasePower::plus)
        };
        let station_limit = self.station_limit(phases).map(|power| summand(power, phases, false));
        let is_limited = shares.iter().any(|share| share.limit.is_some());
        let of_evses = (is_limited || station_limit.is_none()).then(|| {
            add(&|share| match share.limit {
                Some(limit) if self.installation.cap_at_local_limit => limit.min(share.local_limit),
                Some(limit) => limit,
                None => share.local_limit,
            })
        });
        let mut limit = least(of_evses, station_limit).unwrap_or(PhasePower::ZERO);
        if self.installation.cap_at_local_limit {
            limit = limit.min(add(&|share| share.local_limit));
        }
        limit = limit.plus(add(&|share| share.generation));
        limit = limit.plus(summand(self.generation(&self.station.generation, phases), phases, false));
        let phases_of_limit = match self.unit {
            RateUnit::Watts => 1,
            RateUnit::Amperes => phases,
        };
        let external = self.station.external.leading();
        let line = Supply::Ac { phases: grid_phases };
        let rate = |rates: PhaseRates| -> Option<Rate> {
            let power = self.power(external?, rates, line, phases)?;
            Some(power.rate(self.unit, self.installation.line_millivolts, phases))
        };
        let extra = external.and_then(extra);
        CompositePeriod {
            start_seconds,
            limit: limit.rate(self.unit, self.installation.line_millivolts, phases_of_limit),
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

    fn share(&self, evse: &Evse, stacks: &EvseStacks<'a>) -> Share {
        let sources = [stacks.transaction.leading(), stacks.external.leading()];
        let (phases, is_dc) = match evse.supply {
            Supply::Dc { .. } => (1, true),
            Supply::Ac { phases } => {
                // The lowest number of all applicable periods (K01.FR.140).
                let own = sources.iter().flatten().map(|source| number_phases(*source)).fold(phases, u8::min);
                (self.station_phases(own.clamp(1, 3)), false)
            }
        };
        let limits = sources.into_iter().flatten().filter_map(|source| {
            let limit = self.limit(source, evse.supply, phases)?;
            let cap = self.soc_cap(source, evse.supply, phases, stacks.soc_percent);
            Some(cap.map_or(limit, |cap| limit.min(cap)))
        });
        let local = evse.local_limit;
        let wired = match evse.supply {
            Supply::Ac { phases } => phases,
            Supply::Dc { .. } => 1,
        };
        let milli = match self.unit {
            RateUnit::Amperes => local.milliamperes,
            RateUnit::Watts => local.milliwatts,
        };
        let rates = PhaseRates { l1_milli: Some(milli), ..PhaseRates::default() };
        Share {
            limit: limits.reduce(PhasePower::min),
            local_limit: PhasePower::new(rates, self.unit, self.millivolts(evse.supply), wired)
                .unwrap_or(PhasePower::ZERO),
            generation: match stacks.generation.leading() {
                Some(source) => self.limit(source, evse.supply, phases).unwrap_or(PhasePower::ZERO),
                None => PhasePower::ZERO,
            },
            phases,
            is_dc,
        }
    }

    /// `phases`, or fewer where the station's profiles allow fewer.
    fn station_phases(&self, phases: u8) -> u8 {
        let sources = [self.station.max.leading(), self.station.external.leading()];
        sources.into_iter().flatten().map(number_phases).fold(phases, u8::min)
    }

    fn station_limit(&self, phases: u8) -> Option<PhasePower> {
        let line = Supply::Ac { phases: self.installation.grid_phases };
        let sources = [self.station.max.leading(), self.station.external.leading()];
        sources.into_iter().flatten().filter_map(|source| self.limit(source, line, phases)).reduce(PhasePower::min)
    }

    fn generation(&self, stack: &Stack<'a>, phases: u8) -> PhasePower {
        let line = Supply::Ac { phases: self.installation.grid_phases };
        stack.leading().and_then(|source| self.limit(source, line, phases)).unwrap_or(PhasePower::ZERO)
    }

    /// The limit of a period, never negative.
    fn limit(&self, source: Leading<'a>, supply: Supply, phases: u8) -> Option<PhasePower> {
        let extra = source.period.extra.as_deref();
        let rates = PhaseRates {
            l1_milli: source.period.limit_milli,
            l2_milli: extra.and_then(|extra| extra.limit_l2_milli),
            l3_milli: extra.and_then(|extra| extra.limit_l3_milli),
        };
        self.power(source, rates, supply, phases).map(|power| power.map(|x| x.max(0)))
    }

    /// K01.FR.100.
    fn soc_cap(&self, source: Leading<'a>, supply: Supply, phases: u8, soc_percent: Option<u8>) -> Option<PhasePower> {
        let cap = source.schedule.limit_at_soc.filter(|cap| soc_percent.is_some_and(|soc| soc >= cap.soc_percent))?;
        let rates = PhaseRates { l1_milli: Some(cap.limit_milli), ..PhaseRates::default() };
        self.power(source, rates, supply, phases).map(|power| power.map(|x| x.max(0)))
    }

    /// `rates` of a period as power, where `phases` are used. What was given per phase counts for one alone then.
    fn power(&self, source: Leading<'a>, rates: PhaseRates, supply: Supply, phases: u8) -> Option<PhasePower> {
        let spread_over = match (supply, self.installation.phase_rule) {
            (Supply::Dc { .. }, _) => 1,
            (Supply::Ac { .. }, PhaseRule::TotalPower) => phases,
            (Supply::Ac { .. }, PhaseRule::PerPhase) => number_phases(source),
        };
        let power = PhasePower::new(rates, source.schedule.unit, self.millivolts(supply), spread_over)?;
        Some(if phases == 1 { power.on_one_phase(source.period.phase_to_use) } else { power })
    }

    fn millivolts(&self, supply: Supply) -> u32 {
        match supply {
            Supply::Ac { .. } => self.installation.line_millivolts,
            Supply::Dc { millivolts } => millivolts,
        }
    }
}

/// Three where the period does not say (1.6 §7.14, K01.FR.49).
fn number_phases(source: Leading) -> u8 {
    source.period.number_phases.unwrap_or(3).clamp(1, 3)
}

fn extra<'a>(source: Leading<'a>) -> Option<&'a PeriodExtra> {
    source.period.extra.as_deref()
}

fn least(a: Option<PhasePower>, b: Option<PhasePower>) -> Option<PhasePower> {
    match (a, b) {
        (Some(a), Some(b)) => Some(a.min(b)),
        (a, b) => a.or(b),
    }
}
