//! What holds for one EVSE, as if it were alone on the station.

use super::CompositePeriod;
use super::place::EvseStacks;
use super::stack::Leading;
use super::sweep::{Sweep, extra, least};
use crate::V2;
use crate::installation::{Evse, SetpointPriority};
use crate::model::{OperationMode, PeriodExtra, PhaseRates};
use crate::units::PhasePower;

/// What 2.1 adds to a limit.
#[derive(Default)]
struct Setpoints {
    discharge_limit: Option<PhasePower>,
    setpoint: Option<PhasePower>,
    setpoint_reactive: Option<PhasePower>,
}

impl<'a> Sweep<'a> {
    pub(super) fn evse_period(&self, start_seconds: u32, evse: &Evse, stacks: &EvseStacks<'a>) -> CompositePeriod {
        let share = self.share(evse, stacks);
        let grid_phases = if share.is_dc { self.fewest_phases(self.installation.grid_phases) } else { share.phases };
        let from_grid = |power: PhasePower| if share.is_dc { power.gathered(grid_phases) } else { power };
        let merged = least(share.limit, self.station_limit(grid_phases).map(from_grid));
        let mut limit = merged.unwrap_or(share.local_limit);
        if self.installation.cap_at_local_limit {
            limit = limit.min(share.local_limit);
        }
        let generation = self.generation(&self.station.generation, self.line(), grid_phases);
        limit = limit.plus(share.generation).plus(from_grid(generation));

        let leading = stacks.transaction.leading();
        let sources = [leading, stacks.external.leading(), self.station.external.leading()];
        let Setpoints { discharge_limit, setpoint, setpoint_reactive } =
            if V2 && sources.iter().flatten().any(|source| source.period.extra.is_some()) {
                self.setpoints(evse, stacks, share.phases, limit)
            } else {
                Setpoints::default()
            };
        let rate = |power: PhasePower| power.rate(self.unit, self.millivolts(evse.supply), share.phases);
        let phase_to_use = || {
            let all = sources.into_iter().chain([self.station.max.leading()]).flatten();
            all.into_iter().find_map(|source| source.period.phase_to_use)
        };
        let modes = sources.iter().flatten().map(|source| source.period.mode);
        CompositePeriod {
            start_seconds,
            limit: rate(limit),
            number_phases: (!share.is_dc).then_some(share.phases),
            phase_to_use: if V2 && share.phases == 1 && !share.is_dc { phase_to_use() } else { None },
            discharge_limit: discharge_limit.map(rate),
            setpoint: setpoint.map(rate),
            setpoint_reactive: setpoint_reactive.map(rate),
            mode: if V2 {
                modes.into_iter().find(|mode| *mode != OperationMode::ChargingOnly).unwrap_or_default()
            } else {
                OperationMode::ChargingOnly
            },
            preconditioning: leading.and_then(extra).is_some_and(|extra| extra.preconditioning),
            evse_sleep: leading.and_then(extra).is_some_and(|extra| extra.evse_sleep),
        }
    }

    fn setpoints(&self, evse: &Evse, stacks: &EvseStacks<'a>, phases: u8, limit: PhasePower) -> Setpoints {
        let leading = stacks.transaction.leading();
        let externals = [stacks.external.leading(), self.station.external.leading()];
        let power = |source: Leading<'a>, pick: fn(&PeriodExtra) -> PhaseRates| {
            self.power(source, pick(extra(source)?), evse.supply, phases)
        };
        // The least discharge; values are negative (SC.04).
        let discharge_limit = [leading].into_iter().chain(externals).flatten();
        let discharge_limit = discharge_limit.filter_map(|source| power(source, |extra| extra.discharge_limit));
        let discharge_limit = discharge_limit.map(|power| power.map(|x| x.min(0))).reduce(|a, b| a.zip(b, i64::max));
        let preferred = |pick: fn(&PeriodExtra) -> PhaseRates| {
            let of_transaction = leading.and_then(|source| power(source, pick));
            let of_others = externals.into_iter().flatten().filter_map(|source| power(source, pick));
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
        Setpoints { discharge_limit, setpoint, setpoint_reactive: preferred(|extra| extra.setpoint_reactive) }
    }
}
