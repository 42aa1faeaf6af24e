//! Rules inside a profile.

use alloc::vec::Vec;

use super::{Delivery, Edition, Proposal, Violation};
use crate::V2;
use crate::model::{ChargingSchedule, Kind, OperationMode, PeriodExtra, PhaseRates, Purpose, SchedulePeriod};
use crate::units::Supply;

impl Proposal<'_> {
    pub(super) fn check_kind(&self, found: &mut Vec<Violation>) {
        let profile = &self.proposed.profile;
        match profile.kind {
            Kind::Recurring if profile.recurrency.is_none() => found.push(Violation::MissingRecurrency),
            Kind::Relative if profile.purpose == Purpose::StationMax && self.edition != Edition::V1_6 => {
                found.push(Violation::StationMaxIsRelative);
            }
            Kind::Dynamic if !self.capabilities.dynamic_profiles => found.push(Violation::DynamicUnsupported),
            Kind::Absolute | Kind::Recurring | Kind::Relative | Kind::Dynamic => {}
        }
        let has_updates = profile.dyn_update_interval_seconds.is_some() || profile.dyn_update_time.is_some();
        if profile.kind != Kind::Dynamic && has_updates {
            found.push(Violation::NotDynamic);
        }
        if profile.kind == Kind::Dynamic {
            let is_single = match profile.schedules.as_slice() {
                [ChargingSchedule { periods, .. }] => matches!(periods.as_slice(), [only] if only.start_seconds == 0),
                _ => false,
            };
            if !is_single {
                found.push(Violation::DynamicShape);
            }
        }
        let transaction = self.situation.transaction_on(self.proposed.evse);
        let answers_needs = profile.purpose == Purpose::Tx
            && transaction.is_some_and(|transaction| transaction.charging_needs_sent)
            && self.delivery != Delivery::RemoteStart;
        match profile.schedules.len() {
            0 => found.push(Violation::NoSchedule),
            1 => {}
            2 | 3 if answers_needs => {}
            several => found.push(Violation::SeveralSchedules(several)),
        }
    }

    pub(super) fn check_schedules(&self, found: &mut Vec<Violation>) {
        for schedule in &self.proposed.profile.schedules {
            self.check_schedule(schedule, found);
            for period in &schedule.periods {
                self.check_phases(period, found);
                if self.edition == Edition::V2_1 {
                    self.check_mode(period, found);
                }
            }
        }
    }

    fn check_schedule(&self, schedule: &ChargingSchedule, found: &mut Vec<Violation>) {
        let profile = &self.proposed.profile;
        let capabilities = self.capabilities;
        if !capabilities.units.contains(&schedule.unit) {
            found.push(Violation::UnitUnsupported(schedule.unit));
        }
        if self.edition != Edition::V1_6 {
            match (profile.kind, schedule.start_schedule) {
                (Kind::Absolute | Kind::Recurring, None) => found.push(Violation::MissingStart),
                (Kind::Relative, Some(_)) => found.push(Violation::ExtraneousStart),
                (Kind::Absolute | Kind::Recurring, Some(_)) | (Kind::Relative, None) | (Kind::Dynamic, _) => {}
            }
        }
        match schedule.periods.first() {
            None => found.push(Violation::NoPeriods),
            Some(first) if first.start_seconds != 0 => {
                found.push(Violation::FirstPeriodNotAtZero(first.start_seconds));
            }
            Some(_) => {}
        }
        let pairs = schedule.periods.iter().zip(schedule.periods.iter().skip(1));
        let unordered = pairs.map(|(a, b)| (a.start_seconds, b.start_seconds)).find(|(a, b)| a >= b);
        found.extend(unordered.map(|(_, start)| Violation::PeriodsOutOfOrder(start)));
        if schedule.periods.len() > capabilities.max_periods {
            let given = schedule.periods.len();
            found.push(Violation::TooManyPeriods { given, most: capabilities.max_periods });
        }
        if profile.purpose == Purpose::Priority && schedule.duration_seconds.is_some() {
            found.push(Violation::PriorityWithDuration);
        }
        if schedule.use_local_time && !capabilities.local_time {
            found.push(Violation::LocalTimeUnsupported);
        }
        if schedule.randomized_delay_seconds > 0 {
            if !capabilities.randomized_delay {
                found.push(Violation::RandomizedDelayUnsupported);
            }
            let of_transactions = matches!(profile.purpose, Purpose::Tx | Purpose::TxDefault);
            if !of_transactions && self.delivery != Delivery::ExternalSystem {
                found.push(Violation::RandomizedDelayNotAllowed(profile.purpose));
            }
        }
        if schedule.limit_at_soc.is_some() && !capabilities.limit_at_soc {
            found.push(Violation::LimitAtSocUnsupported);
        }
    }

    fn check_phases(&self, period: &SchedulePeriod, found: &mut Vec<Violation>) {
        let evse = self.proposed.evse;
        let supplies = self.situation.installation.numbered();
        let mut supplies = supplies.filter(|(id, _)| *id == evse || evse.is_station()).map(|(_, evse)| evse.supply);
        let is_dc = supplies.clone().next().is_some() && supplies.clone().all(|s| matches!(s, Supply::Dc { .. }));
        let wired = |supply| match supply {
            Supply::Ac { phases } => phases,
            Supply::Dc { .. } => 0,
        };
        match period.number_phases {
            Some(phases) if !(1..=3).contains(&phases) => found.push(Violation::NumberPhasesOutOfRange(phases)),
            // K01.FR.43; a profile for the whole station leaves it to each EVSE.
            Some(phases)
                if self.edition != Edition::V1_6
                    && !evse.is_station()
                    && !self.capabilities.limits_phases
                    && supplies.any(|supply| wired(supply) > phases) =>
            {
                found.push(Violation::CannotLimitPhases(phases));
            }
            Some(_) | None => {}
        }
        let names_phases = period.number_phases.is_some() || period.phase_to_use.is_some();
        if is_dc && names_phases && !self.capabilities.controls_dc_input_phases && self.edition != Edition::V1_6 {
            found.push(Violation::PhasesForDc);
        }
        if let Some(phase) = period.phase_to_use {
            if period.number_phases != Some(1) || !(1..=3).contains(&phase) {
                found.push(Violation::InvalidPhaseToUse(phase));
            }
            if !is_dc && !self.capabilities.switches_phase {
                found.push(Violation::PhaseSwitchingUnsupported(phase));
            }
        }
    }

    fn check_mode(&self, period: &SchedulePeriod, found: &mut Vec<Violation>) {
        let (purpose, mode, at) = (self.proposed.profile.purpose, period.mode, period.start_seconds);
        let default = PeriodExtra::default();
        let extra = if V2 { period.extra.as_deref().unwrap_or(&default) } else { &default };
        let has_phase_limits = extra.limit_l2_milli.is_some() || extra.limit_l3_milli.is_some();
        if has_phase_limits && purpose != Purpose::Tx {
            found.push(Violation::PhaseLimitsNotAllowed(purpose));
        }
        if has_phase_limits && period.limit_milli.is_none() {
            found.push(Violation::PhaseLimitsWithoutLimit(at));
        }
        if !is_allowed(purpose, mode) {
            found.push(Violation::ModeNotAllowed { mode, purpose });
        } else if mode != OperationMode::ChargingOnly && !self.capabilities.modes.contains(&mode) {
            found.push(Violation::ModeUnsupported(mode));
        }
        let has_setpoint = extra.setpoint.l1_milli.is_some();
        let has_any_rate = period.limit_milli.is_some()
            || has_phase_limits
            || [extra.discharge_limit, extra.setpoint, extra.setpoint_reactive]
                .iter()
                .any(|rates| *rates != PhaseRates::default());
        let missing = Violation::MissingRate { mode, start_seconds: at };
        match mode {
            OperationMode::ChargingOnly if period.limit_milli.is_none() => found.push(missing),
            OperationMode::CentralSetpoint | OperationMode::CentralFrequency if !has_setpoint => found.push(missing),
            OperationMode::Idle | OperationMode::LocalFrequency if has_any_rate => {
                found.push(Violation::ExtraneousRate { mode, start_seconds: at });
            }
            OperationMode::ChargingOnly
            | OperationMode::CentralSetpoint
            | OperationMode::CentralFrequency
            | OperationMode::ExternalSetpoint
            | OperationMode::ExternalLimits
            | OperationMode::Idle
            | OperationMode::LocalFrequency
            | OperationMode::LocalLoadBalancing => {}
        }
        if mode == OperationMode::LocalFrequency
            && (extra.frequency_curve.len() < 2 || extra.baseline_milliwatts.is_none())
        {
            found.push(Violation::NoFrequencyCurve(at));
        }
        if mode == OperationMode::LocalLoadBalancing && !self.capabilities.load_balancing_thresholds {
            found.push(Violation::NoLoadBalancingThresholds);
        }
        if extra.evse_sleep && mode != OperationMode::Idle && !self.capabilities.evse_sleep {
            found.push(Violation::EvseSleepUnsupported(at));
        }
        let limits =
            PhaseRates { l1_milli: period.limit_milli, l2_milli: extra.limit_l2_milli, l3_milli: extra.limit_l3_milli };
        let is_above = exceeds(extra.setpoint, limits, |setpoint, limit| setpoint > limit.max(0));
        let is_below = exceeds(extra.setpoint, extra.discharge_limit, |setpoint, limit| setpoint < limit.min(0));
        if is_above || is_below {
            found.push(Violation::SetpointOutsideLimits(at));
        }
    }
}

/// Whether a setpoint is beyond a limit, where both are given for the same phase.
fn exceeds(setpoint: PhaseRates, limit: PhaseRates, beyond: impl Fn(i64, i64) -> bool) -> bool {
    let pairs =
        [(setpoint.l1_milli, limit.l1_milli), (setpoint.l2_milli, limit.l2_milli), (setpoint.l3_milli, limit.l3_milli)];
    pairs.into_iter().any(|pair| matches!(pair, (Some(setpoint), Some(limit)) if beyond(setpoint, limit)))
}

/// K01.FR.111 to K01.FR.113.
fn is_allowed(purpose: Purpose, mode: OperationMode) -> bool {
    match purpose {
        Purpose::StationMax | Purpose::Priority => mode == OperationMode::ChargingOnly,
        Purpose::ExternalConstraints => matches!(
            mode,
            OperationMode::ChargingOnly | OperationMode::ExternalLimits | OperationMode::ExternalSetpoint
        ),
        Purpose::LocalGeneration => matches!(mode, OperationMode::ChargingOnly | OperationMode::ExternalLimits),
        Purpose::Tx | Purpose::TxDefault => true,
    }
}
