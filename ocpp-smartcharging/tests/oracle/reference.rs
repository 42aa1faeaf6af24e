//! The rules once more, second by second and in fractions: slow, and without any idea of the sweep.

use std::cmp::Ordering;

use chrono::{DateTime, Utc};
use ocpp_smartcharging::composite::CompositePeriod;
use ocpp_smartcharging::installation::{Evse, SetpointPriority, Situation, Transaction};
use ocpp_smartcharging::model::{
    ChargingSchedule, EvseId, InstalledProfile, Kind, OperationMode, PeriodExtra, PhaseRates, Purpose, RateUnit,
    SchedulePeriod,
};
use ocpp_smartcharging::units::{PhaseRule, Rate, Supply};

/// A fraction; the denominator is positive.
#[derive(Debug, Clone, Copy)]
pub struct Fraction(i128, i128);

impl Fraction {
    fn of(value: i64) -> Self {
        Self(i128::from(value), 1)
    }

    fn times(self, n: i128) -> Self {
        Self(self.0 * n, self.1).reduced()
    }

    fn over(self, n: i128) -> Self {
        Self(self.0, self.1 * n).reduced()
    }

    fn plus(self, other: Self) -> Self {
        Self(self.0 * other.1 + other.0 * self.1, self.1 * other.1).reduced()
    }

    fn reduced(self) -> Self {
        let (mut a, mut b) = (self.0.abs(), self.1);
        while b != 0 {
            (a, b) = (b, a % b);
        }
        Self(self.0 / a.max(1), self.1 / a.max(1))
    }

    fn cmp(self, other: Self) -> Ordering {
        (self.0 * other.1).cmp(&(other.0 * self.1))
    }

    fn lower(self, other: Self) -> Self {
        if self.cmp(other) == Ordering::Greater { other } else { self }
    }

    fn higher(self, other: Self) -> Self {
        if self.cmp(other) == Ordering::Less { other } else { self }
    }

    fn towards_zero(self) -> i64 {
        i64::try_from(self.0 / self.1).unwrap()
    }
}

/// Milliamperes on each phase.
#[derive(Debug, Clone, Copy)]
struct Amperes {
    each: [Fraction; 3],
    split: bool,
}

impl Amperes {
    const NONE: Self = Self { each: [Fraction(0, 1); 3], split: false };

    fn both(self, other: Self, f: impl Fn(Fraction, Fraction) -> Fraction) -> Self {
        let each = [0, 1, 2].map(|phase| f(self.each[phase], other.each[phase]));
        Self { each, split: self.split || other.split }
    }

    fn map(self, f: impl Fn(Fraction) -> Fraction) -> Self {
        Self { each: self.each.map(f), split: self.split }
    }

    fn watts(self, millivolts: i128, phases: i128) -> Fraction {
        let sum = self.each[0].plus(self.each[1]).plus(self.each[2]);
        let amperes = if self.split { sum } else { self.each[0].times(phases) };
        amperes.times(millivolts).over(1_000)
    }

    fn rate(self, unit: RateUnit, millivolts: i128, phases: i128) -> Rate {
        let [l1, l2, l3] = self.each.map(|amperes| match unit {
            RateUnit::Amperes => amperes.towards_zero(),
            RateUnit::Watts if self.split => amperes.times(millivolts).over(1_000).towards_zero(),
            RateUnit::Watts => amperes.times(millivolts * phases).over(1_000).towards_zero(),
        });
        Rate { milli: l1, l2_l3_milli: self.split.then_some([l2, l3]) }
    }
}

type Found<'a> = (&'a ChargingSchedule, &'a SchedulePeriod);

pub struct Reference<'a> {
    pub situation: &'a Situation<'a>,
    pub now: i64,
    pub unit: RateUnit,
    /// The civil time: seconds that it is ahead of UTC.
    pub offset_at: fn(i64) -> i32,
}

impl<'a> Reference<'a> {
    pub fn at(&self, target: EvseId, t: i64) -> CompositePeriod {
        if target.is_station() { self.station_at(t) } else { self.evse_at(target, t) }
    }

    fn evse_at(&self, id: EvseId, t: i64) -> CompositePeriod {
        let installation = self.situation.installation;
        let evse = installation.evse(id).unwrap();
        let transaction = self.situation.transaction_on(id);
        let soc = transaction.and_then(|transaction| transaction.soc_percent);
        let own = self.tx_period(id, t);
        let external_here = self.leading(Purpose::ExternalConstraints, id, t);
        let external_all = self.leading(Purpose::ExternalConstraints, EvseId::STATION, t);
        let max = self.leading(Purpose::StationMax, EvseId::STATION, t);
        let phases = self.phases_of(id, t);
        let millivolts = self.millivolts(evse);
        let is_dc = matches!(evse.supply, Supply::Dc { .. });

        let grid_phases = if is_dc { self.station_phases(t) } else { phases };
        // A limit of the station means the grid side of a DC EVSE.
        let from_grid = |amperes: Amperes| {
            if !is_dc {
                return amperes;
            }
            let watts = amperes.watts(self.line(), i128::from(self.station_phases(t)));
            Amperes { each: [watts.times(1_000).over(millivolts); 3], split: false }
        };
        let mut limits = Vec::new();
        for found in [own, external_here].into_iter().flatten() {
            if let Some(limit) = self.limit(found, millivolts, phases, is_dc) {
                limits.push(limit);
                limits.extend(self.soc_limit(found, soc, millivolts, phases, is_dc));
            }
        }
        let of_station = [max, external_all]
            .into_iter()
            .flatten()
            .filter_map(|found| self.limit(found, self.line(), grid_phases, false))
            .reduce(|a, b| a.both(b, Fraction::lower));
        limits.extend(of_station.map(from_grid));
        let local = self.local_limit(evse);
        let mut limit = limits.into_iter().reduce(|a, b| a.both(b, Fraction::lower)).unwrap_or(local);
        if installation.cap_at_local_limit {
            limit = limit.both(local, Fraction::lower);
        }
        if let Some(found) = self.leading(Purpose::LocalGeneration, id, t) {
            let added = self.limit(found, millivolts, phases, is_dc).unwrap_or(Amperes::NONE);
            limit = limit.both(added, Fraction::plus);
        }
        if let Some(found) = self.leading(Purpose::LocalGeneration, EvseId::STATION, t) {
            let added = self.limit(found, self.line(), grid_phases, false).unwrap_or(Amperes::NONE);
            limit = limit.both(from_grid(added), Fraction::plus);
        }

        let sources: Vec<Found> = [own, external_here, external_all].into_iter().flatten().collect();
        let phase_to_use =
            sources.iter().copied().chain(max).find_map(|(_, period)| period.phase_to_use).filter(|_| phases == 1);
        let amperes = |found: Found, rates: PhaseRates| self.amperes(found, rates, millivolts, phases, is_dc);
        let discharge = sources
            .iter()
            .filter_map(|found| amperes(*found, extra(*found)?.discharge_limit))
            .map(|amperes| amperes.map(|x| x.lower(Fraction::of(0))))
            .reduce(|a, b| a.both(b, Fraction::higher));
        let preferred = |pick: fn(&PeriodExtra) -> PhaseRates| {
            let of_csms = own.and_then(|found| amperes(found, pick(extra(found)?)));
            let of_others = [external_here, external_all]
                .into_iter()
                .flatten()
                .filter_map(|found| amperes(found, pick(extra(found)?)))
                .reduce(|a, b| a.both(b, Fraction::lower));
            match installation.setpoint_priority {
                SetpointPriority::ExternalSystem => of_others.or(of_csms),
                SetpointPriority::Csms => of_csms.or(of_others),
            }
        };
        let zero = Fraction::of(0);
        let setpoint = preferred(|extra| extra.setpoint).map(|setpoint| {
            let above = |x: Fraction, cap: Fraction| if x.cmp(zero) == Ordering::Greater { x.lower(cap) } else { x };
            let below = |x: Fraction, cap: Fraction| if x.cmp(zero) == Ordering::Less { x.higher(cap) } else { x };
            let mut setpoint = setpoint.both(limit, above);
            if let Some(cap) = own.and_then(|found| self.soc_limit(found, soc, millivolts, phases, is_dc)) {
                setpoint = setpoint.both(cap, above);
            }
            discharge.map_or(setpoint, |discharge| setpoint.both(discharge, below))
        });
        let rate = |amperes: Amperes| amperes.rate(self.unit, millivolts, i128::from(phases));
        CompositePeriod {
            start_seconds: 0,
            limit: rate(limit),
            number_phases: (!is_dc).then_some(phases),
            phase_to_use: phase_to_use.filter(|_| !is_dc),
            discharge_limit: discharge.map(rate),
            setpoint: setpoint.map(rate),
            setpoint_reactive: preferred(|extra| extra.setpoint_reactive).map(rate),
            mode: sources
                .iter()
                .map(|(_, period)| period.mode)
                .find(|mode| *mode != OperationMode::ChargingOnly)
                .unwrap_or_default(),
            preconditioning: own.and_then(extra).is_some_and(|extra| extra.preconditioning),
            evse_sleep: own.and_then(extra).is_some_and(|extra| extra.evse_sleep),
        }
    }

    fn station_at(&self, t: i64) -> CompositePeriod {
        let installation = self.situation.installation;
        let evses: Vec<_> = installation.numbered().collect();
        let widest = evses.iter().map(|(id, evse)| match evse.supply {
            Supply::Ac { .. } => self.phases_of(*id, t),
            Supply::Dc { .. } => installation.grid_phases,
        });
        let phases = widest.max().unwrap_or(installation.grid_phases).min(self.station_phases(t));
        // In watts of all phases, or in milliamperes of each.
        let summand = |amperes: Amperes, evse: &Evse, phases_of_evse: u8| {
            let watts = amperes.watts(self.millivolts(evse), i128::from(phases_of_evse));
            let is_dc = matches!(evse.supply, Supply::Dc { .. });
            match self.unit {
                RateUnit::Watts => Amperes { each: [watts; 3], split: false },
                RateUnit::Amperes if is_dc => {
                    let each = watts.times(1_000).over(self.line() * i128::from(phases));
                    Amperes { each: [each; 3], split: false }
                }
                RateUnit::Amperes => amperes,
            }
        };
        let of_station = |amperes: Amperes| match self.unit {
            RateUnit::Watts => Amperes { each: [amperes.watts(self.line(), i128::from(phases)); 3], split: false },
            RateUnit::Amperes => amperes,
        };
        let mut sum = Amperes::NONE;
        let mut sum_of_local_limits = Amperes::NONE;
        let mut generation = Amperes::NONE;
        let mut any_limited = false;
        for (id, evse) in &evses {
            let phases_of_evse = self.phases_of(*id, t);
            let is_dc = matches!(evse.supply, Supply::Dc { .. });
            let soc = self.situation.transaction_on(*id).and_then(|transaction| transaction.soc_percent);
            let local = self.local_limit(evse);
            let mut limits = Vec::new();
            let found = [self.tx_period(*id, t), self.leading(Purpose::ExternalConstraints, *id, t)];
            for found in found.into_iter().flatten() {
                if let Some(limit) = self.limit(found, self.millivolts(evse), phases_of_evse, is_dc) {
                    limits.push(limit);
                    limits.extend(self.soc_limit(found, soc, self.millivolts(evse), phases_of_evse, is_dc));
                }
            }
            any_limited |= !limits.is_empty();
            let limited = !limits.is_empty();
            let mut limit = limits.into_iter().reduce(|a, b| a.both(b, Fraction::lower)).unwrap_or(local);
            if limited && installation.cap_at_local_limit {
                limit = limit.both(local, Fraction::lower);
            }
            sum = sum.both(summand(limit, evse, phases_of_evse), Fraction::plus);
            let local = summand(local, evse, phases_of_evse);
            sum_of_local_limits = sum_of_local_limits.both(local, Fraction::plus);
            if let Some(found) = self.leading(Purpose::LocalGeneration, *id, t) {
                let added = self.limit(found, self.millivolts(evse), phases_of_evse, is_dc);
                let added = summand(added.unwrap_or(Amperes::NONE), evse, phases_of_evse);
                generation = generation.both(added, Fraction::plus);
            }
        }
        if let Some(found) = self.leading(Purpose::LocalGeneration, EvseId::STATION, t) {
            let added = self.limit(found, self.line(), phases, false).unwrap_or(Amperes::NONE);
            generation = generation.both(of_station(added), Fraction::plus);
        }
        let external = self.leading(Purpose::ExternalConstraints, EvseId::STATION, t);
        let station = [self.leading(Purpose::StationMax, EvseId::STATION, t), external];
        let station = station
            .into_iter()
            .flatten()
            .filter_map(|found| self.limit(found, self.line(), phases, false))
            .reduce(|a, b| a.both(b, Fraction::lower))
            .map(of_station);
        let mut limit = match station {
            Some(station) if any_limited => sum.both(station, Fraction::lower),
            Some(station) => station,
            None => sum,
        };
        if installation.cap_at_local_limit {
            limit = limit.both(sum_of_local_limits, Fraction::lower);
        }
        limit = limit.both(generation, Fraction::plus);
        let [l1, l2, l3] = limit.each.map(Fraction::towards_zero);
        let rate = |rates: PhaseRates| {
            let amperes = self.amperes(external?, rates, self.line(), phases, false)?;
            Some(amperes.rate(self.unit, self.line(), i128::from(phases)))
        };
        let extra = external.and_then(extra);
        CompositePeriod {
            start_seconds: 0,
            limit: Rate { milli: l1, l2_l3_milli: limit.split.then_some([l2, l3]) },
            number_phases: Some(phases),
            phase_to_use: None,
            discharge_limit: extra.and_then(|extra| rate(extra.discharge_limit)),
            setpoint: extra.and_then(|extra| rate(extra.setpoint)),
            setpoint_reactive: extra.and_then(|extra| rate(extra.setpoint_reactive)),
            mode: external.map_or(OperationMode::ChargingOnly, |(_, period)| period.mode),
            preconditioning: false,
            evse_sleep: false,
        }
    }

    /// The lowest number of phases of all profiles that limit the EVSE (K01.FR.140), as far as they are wired.
    fn phases_of(&self, id: EvseId, t: i64) -> u8 {
        match self.situation.installation.evse(id).unwrap().supply {
            Supply::Dc { .. } => 1,
            Supply::Ac { phases } => {
                let found = [self.tx_period(id, t), self.leading(Purpose::ExternalConstraints, id, t)];
                let lowest = found.into_iter().flatten().map(number_phases).min().unwrap_or(3);
                let on_station = [Purpose::StationMax, Purpose::ExternalConstraints];
                let on_station = on_station.into_iter().filter_map(|p| self.leading(p, EvseId::STATION, t));
                phases.min(lowest).min(on_station.map(number_phases).min().unwrap_or(3))
            }
        }
    }

    fn station_phases(&self, t: i64) -> u8 {
        let found = [Purpose::StationMax, Purpose::ExternalConstraints];
        let found = found.into_iter().filter_map(|purpose| self.leading(purpose, EvseId::STATION, t));
        found.map(number_phases).min().unwrap_or(3).min(self.situation.installation.grid_phases)
    }

    fn local_limit(&self, evse: &Evse) -> Amperes {
        let wired = match evse.supply {
            Supply::Ac { phases } => i128::from(phases),
            Supply::Dc { .. } => 1,
        };
        let milli = match self.unit {
            RateUnit::Amperes => Fraction::of(evse.local_limit.milliamperes),
            RateUnit::Watts => {
                Fraction::of(evse.local_limit.milliwatts).times(1_000).over(self.millivolts(evse) * wired)
            }
        };
        Amperes { each: [milli; 3], split: false }
    }

    fn limit(&self, found: Found<'a>, millivolts: i128, phases: u8, is_dc: bool) -> Option<Amperes> {
        let rates = PhaseRates {
            l1_milli: found.1.limit_milli,
            l2_milli: extra(found).and_then(|extra| extra.limit_l2_milli),
            l3_milli: extra(found).and_then(|extra| extra.limit_l3_milli),
        };
        let amperes = self.amperes(found, rates, millivolts, phases, is_dc)?;
        Some(amperes.map(|x| x.higher(Fraction::of(0))))
    }

    fn soc_limit(
        &self,
        found: Found<'a>,
        soc: Option<u8>,
        millivolts: i128,
        phases: u8,
        is_dc: bool,
    ) -> Option<Amperes> {
        let cap = found.0.limit_at_soc?;
        let rates = PhaseRates { l1_milli: Some(cap.limit_milli), ..PhaseRates::default() };
        if soc? < cap.soc_percent {
            return None;
        }
        let amperes = self.amperes(found, rates, millivolts, phases, is_dc)?;
        Some(amperes.map(|x| x.higher(Fraction::of(0))))
    }

    fn amperes(
        &self,
        found: Found<'a>,
        rates: PhaseRates,
        millivolts: i128,
        phases: u8,
        is_dc: bool,
    ) -> Option<Amperes> {
        let l1 = rates.l1_milli?;
        let given: Vec<i64> = [Some(l1), rates.l2_milli, rates.l3_milli].into_iter().flatten().collect();
        let split = given.len() > 1;
        let least = *given.iter().min().unwrap();
        let milli =
            if split { [l1, rates.l2_milli.unwrap_or(least), rates.l3_milli.unwrap_or(least)] } else { [l1; 3] };
        let spread = match self.situation.installation.phase_rule {
            _ if is_dc || split => 1,
            PhaseRule::TotalPower => i128::from(phases),
            PhaseRule::PerPhase => i128::from(number_phases(found)),
        };
        let each = milli.map(|milli| match found.0.unit {
            RateUnit::Amperes => Fraction::of(milli),
            RateUnit::Watts => Fraction::of(milli).times(1_000).over(millivolts * spread),
        });
        if !split || phases != 1 {
            return Some(Amperes { each, split });
        }
        let magnitude = |x: &Fraction| Fraction(x.0.abs(), x.1);
        let least = *each.iter().min_by(|a, b| magnitude(a).cmp(magnitude(b))).unwrap();
        let chosen = found.1.phase_to_use.map_or(least, |phase| each[usize::from(phase) - 1]);
        Some(Amperes { each: [chosen; 3], split: false })
    }

    fn line(&self) -> i128 {
        i128::from(self.situation.installation.line_millivolts)
    }

    fn millivolts(&self, evse: &Evse) -> i128 {
        match evse.supply {
            Supply::Ac { .. } => self.line(),
            Supply::Dc { millivolts } => i128::from(millivolts),
        }
    }

    /// Priority charging, else the transaction's own profile, else the default one.
    fn tx_period(&self, evse: EvseId, t: i64) -> Option<Found<'a>> {
        [Purpose::Priority, Purpose::Tx, Purpose::TxDefault]
            .into_iter()
            .find_map(|purpose| self.leading(purpose, evse, t))
    }

    /// The period in force of the highest stack level.
    fn leading(&self, purpose: Purpose, evse: EvseId, t: i64) -> Option<Found<'a>> {
        let transaction = self.situation.transaction_on(evse);
        let mut best: Option<(u32, bool, i32, Found<'a>)> = None;
        for installed in self.situation.profiles.iter().filter(|installed| installed.profile.purpose == purpose) {
            let is_here = match purpose {
                Purpose::StationMax | Purpose::ExternalConstraints | Purpose::LocalGeneration => installed.evse == evse,
                Purpose::TxDefault | Purpose::Priority => installed.evse == evse || installed.evse.is_station(),
                Purpose::Tx => installed.evse == evse && !evse.is_station(),
            };
            let is_meant = match purpose {
                Purpose::Tx => transaction.is_some_and(|transaction| {
                    let wanted = &installed.profile.transaction_id;
                    wanted.is_none() || *wanted == transaction.id
                }),
                Purpose::Priority => transaction.is_some_and(|transaction| transaction.priority_charging),
                Purpose::StationMax | Purpose::ExternalConstraints | Purpose::TxDefault | Purpose::LocalGeneration => {
                    true
                }
            };
            let mut own =
                self.situation.profiles.iter().filter(|other| other.evse == evse && other.profile.purpose == purpose);
            let is_replaced = purpose == Purpose::TxDefault
                && installed.evse != evse
                && own.any(|other| other.profile.stack_level == installed.profile.stack_level);
            if !is_here || !is_meant || is_replaced {
                continue;
            }
            let Some(found) = self.in_force(installed, evse, transaction, t) else { continue };
            let rank = (installed.profile.stack_level, installed.evse == evse, installed.profile.id.0);
            if best.as_ref().is_none_or(|(level, own, id, _)| (*level, *own, *id) < rank) {
                best = Some((rank.0, rank.1, rank.2, found));
            }
        }
        best.map(|(.., found)| found)
    }

    fn in_force(
        &self,
        installed: &'a InstalledProfile,
        evse: EvseId,
        transaction: Option<&Transaction>,
        t: i64,
    ) -> Option<Found<'a>> {
        let profile = &installed.profile;
        if profile.valid_from.is_some_and(|from| t < second(from)) || profile.valid_to.is_some_and(|to| t >= second(to))
        {
            return None;
        }
        if let (Some(since), Some(most)) = (self.situation.offline_since, profile.max_offline_seconds)
            && self.now - second(since) > i64::from(most)
        {
            return None;
        }
        let index = transaction.map_or(0, |transaction| transaction.schedule_index);
        let schedule =
            if profile.schedules.len() == 1 { &profile.schedules[0] } else { profile.schedules.get(index)? };
        let ready = if evse.is_station() {
            self.situation.transactions.iter().filter_map(|transaction| transaction.ready_at).min()
        } else {
            transaction.and_then(|transaction| transaction.ready_at)
        };
        let relative = ready.map_or(self.now, |at| -(-at.timestamp_millis()).div_euclid(1_000)).min(self.now);
        let mut start = match profile.kind {
            Kind::Relative => relative,
            Kind::Dynamic => second(profile.dyn_update_time?),
            Kind::Absolute | Kind::Recurring => schedule.start_schedule.map_or(relative, second),
        };
        let mut t = t;
        if schedule.use_local_time && schedule.start_schedule.is_some() {
            t += i64::from((self.offset_at)(t));
        }
        let mut end = i64::MAX;
        if profile.kind == Kind::Recurring
            && let Some(recurrency) = profile.recurrency
        {
            while start + i64::from(recurrency.seconds()) <= t {
                start += i64::from(recurrency.seconds());
            }
            end = start + i64::from(recurrency.seconds());
        }
        if let Some(duration) = schedule.duration_seconds {
            let inclusive = i64::from(profile.kind == Kind::Dynamic);
            end = end.min(start + i64::from(duration) + inclusive);
        }
        if t < start || t >= end {
            return None;
        }
        let period = schedule.periods.iter().rfind(|period| start + i64::from(period.start_seconds) <= t)?;
        let is_empty = period.limit_milli.is_none() && period.mode == OperationMode::ChargingOnly;
        (!is_empty).then_some((schedule, period))
    }
}

fn second(at: DateTime<Utc>) -> i64 {
    at.timestamp_millis().div_euclid(1_000)
}

fn number_phases((_, period): Found) -> u8 {
    period.number_phases.unwrap_or(3)
}

fn extra<'a>((_, period): Found<'a>) -> Option<&'a PeriodExtra> {
    period.extra.as_deref()
}
