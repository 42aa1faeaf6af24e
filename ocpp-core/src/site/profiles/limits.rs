//! The limits of the running transactions, and their orders to the hardware.

use alloc::vec::Vec;

use chrono::{DateTime, Utc};
use ocpp_smartcharging::installation::{Evse as Outlet, Installation, LocalLimit, SetpointPriority, Situation};
use ocpp_smartcharging::model::{ChargingProfile, ChargingSchedule, InstalledProfile, Kind, Purpose, RateUnit};
use ocpp_smartcharging::site::{Claim, Claims, Demand, claims, share_equally};
use ocpp_smartcharging::time::LocalTime;
use ocpp_smartcharging::units::{PhaseRule, Supply as Feed};

use super::super::context::Context;
use super::super::evse::Evse;
use super::super::offer::{milliwatts, own_limit};
use super::{SmartCharging, place};
use crate::station::{EvseId, Limit, SiteLimit, StationConfig, Supply};
use crate::time::{Clock, Instant};
use ocpp_smartcharging::model::EvseId as Place;

/// The station as the calculation knows it.
pub(super) fn installation(config: &StationConfig) -> Installation {
    let wiring = &config.hardware.wiring;
    let evse = |number| match config.supply_of(EvseId(number)) {
        Supply::Ac { phases, max_milliamps, .. } => {
            let each = milliwatts(max_milliamps.into(), wiring.line_millivolts);
            let local_limit = LocalLimit {
                milliamperes: max_milliamps.into(),
                milliwatts: each.saturating_mul(phases.clamp(1, 3).into()),
            };
            Outlet { supply: Feed::Ac { phases: phases.clamp(1, 3) }, local_limit }
        }
        Supply::Dc { millivolts, max_milliwatts } => {
            let milliwatts = i64::try_from(max_milliwatts).unwrap_or(i64::MAX);
            let milliamperes = milliwatts.saturating_mul(1_000) / i64::from(millivolts.max(1));
            Outlet { supply: Feed::Dc { millivolts }, local_limit: LocalLimit { milliamperes, milliwatts } }
        }
    };
    let evses = (1..=config.evse_count()).map(evse).collect();
    Installation {
        line_millivolts: wiring.line_millivolts,
        grid_phases: wiring.grid_phases.clamp(1, 3),
        evses,
        cap_at_local_limit: true,
        phase_rule: PhaseRule::TotalPower,
        setpoint_priority: SetpointPriority::default(),
        local_time: LocalTime::default(),
    }
}

/// The unit in which limits are shared out: that in which the EVSEs keep to them, or watts where some give direct current and some not.
pub(super) fn unit(config: &StationConfig) -> RateUnit {
    let is_ac = |number| matches!(config.supply_of(EvseId(number)), Supply::Ac { .. });
    if (1..=config.evse_count()).all(is_ac) { RateUnit::Amperes } else { RateUnit::Watts }
}

/// The wall time; while it is unknown, the time since boot in its place, so that what counts from the start of a
/// transaction still does.
pub(super) fn time(clock: &Clock, now: Instant) -> DateTime<Utc> {
    let since_boot = i64::try_from(now.as_millis()).ok().and_then(DateTime::from_timestamp_millis);
    clock.wall(now).or(since_boot).unwrap_or(DateTime::UNIX_EPOCH)
}

/// The instant of a [`time`].
pub(super) fn instant(clock: &Clock, time: DateTime<Utc>) -> Option<Instant> {
    if clock.is_set() {
        return clock.instant_of(time);
    }
    u64::try_from(time.timestamp_millis()).ok().map(Instant::from_millis)
}

impl SmartCharging {
    /// Finds the limit of each transaction and orders those that changed: first the ones that become lower, so that
    /// the station's limit is not exceeded on the way.
    pub(super) fn order_limits(&mut self, ctx: &mut Context<'_>, evses: &mut [Evse]) {
        self.until = None;
        let config = &ctx.shared.config;
        let unit = unit(config);
        let least_milli = |evse| match (config.supply_of(evse), unit) {
            (Supply::Ac { min_milliamps, .. }, RateUnit::Amperes) => min_milliamps.into(),
            (Supply::Ac { min_milliamps, phases, .. }, RateUnit::Watts) => {
                milliwatts(min_milliamps.into(), config.hardware.wiring.line_millivolts) * i64::from(phases.clamp(1, 3))
            }
            (Supply::Dc { .. }, _) => 0,
        };
        let charging = self.runs.iter().filter(|run| run.may_charge);
        let demands: Vec<_> = charging
            .map(|run| Demand { evse: place(run.evse), least_milli: least_milli(run.evse), priority: 0 })
            .collect();
        if demands.is_empty() {
            return;
        }
        let Some(mut found) = self.claims(&ctx.shared.clock, ctx.shared.now, unit, &demands) else { return };
        for (evse, most) in &self.site_limits {
            let most = rate(config, unit, *evse, *most);
            if *evse == EvseId(0) {
                found.available_milli = found.available_milli.min(most);
            }
            for claim in found.claims.iter_mut().filter(|claim| claim.evse == place(*evse)) {
                claim.most_milli = claim.most_milli.min(most);
            }
        }
        self.until = found.until;
        let shares = share_equally(found.available_milli, &found.claims);
        let limits: Vec<_> = shares
            .iter()
            .zip(&found.claims)
            .map(|(share, claim)| (share.evse, limit(config, unit, share.evse, share.milli, claim)))
            .collect();
        for is_raised in [false, true] {
            for evse in evses.iter_mut() {
                let own = own_limit(&ctx.shared.config.supply_of(evse.id));
                let limit = limits.iter().find(|(outlet, _)| *outlet == place(evse.id));
                if let Some((_, limit)) = limit.filter(|(_, limit)| evse.is_raised_by(*limit, own) == is_raised) {
                    evse.limit(ctx, *limit, own);
                }
            }
        }
    }

    /// What may be drawn now. A transaction whose begin is not known, as after a power cut without the time, has the lowest
    /// limit of each profile that counts from there.
    fn claims(&self, clock: &Clock, now: Instant, unit: RateUnit, demands: &[Demand]) -> Option<Claims> {
        let mut found = self.claims_by(self.profiles.profiles(), clock, now, unit, demands)?;
        let at = time(clock, now);
        let unplaced: Vec<_> = self.runs.iter().filter(|run| run.began(clock, now, at).is_none()).collect();
        if unplaced.is_empty() {
            return Some(found);
        }
        let lowest = self.claims_by(&lowest_relative(self.profiles.profiles()), clock, now, unit, demands)?;
        found.available_milli = found.available_milli.min(lowest.available_milli);
        found.until = found.until.into_iter().chain(lowest.until).min();
        for (claim, lowest) in found.claims.iter_mut().zip(&lowest.claims) {
            if unplaced.iter().any(|run| place(run.evse) == claim.evse) {
                lower(claim, lowest);
            }
        }
        Some(found)
    }

    /// What these profiles allow. While the time is unknown, it is what those allow that do not depend on it; and of a
    /// limit of the whole station the lowest that it ever has, for that may protect a fuse.
    fn claims_by(
        &self,
        profiles: &[InstalledProfile],
        clock: &Clock,
        now: Instant,
        unit: RateUnit,
        demands: &[Demand],
    ) -> Option<Claims> {
        let at = time(clock, now);
        let transactions = self.transactions(clock, now, at);
        let situation = self.situation(&transactions);
        let claims =
            |profiles: &[InstalledProfile]| claims(&Situation { profiles, ..situation }, at, unit, demands).ok();
        if clock.is_set() {
            return claims(profiles);
        }
        let (mut timeless, timed): (Vec<_>, Vec<_>) =
            profiles.iter().cloned().partition(|installed| is_timeless(&installed.profile));
        let mut found = claims(&timeless)?;
        timeless.retain(|installed| installed.profile.purpose != Purpose::StationMax);
        for mut installed in timed.into_iter().filter(|installed| installed.profile.purpose == Purpose::StationMax) {
            (installed.profile.valid_from, installed.profile.valid_to) = (None, None);
            timeless.extend(at_its_lowest(installed));
            let lowest = claims(&timeless)?;
            timeless.pop();
            found.available_milli = found.available_milli.min(lowest.available_milli);
            found.until = found.until.into_iter().chain(lowest.until).min();
            found.claims.iter_mut().zip(&lowest.claims).for_each(|(claim, lowest)| lower(claim, lowest));
        }
        Some(found)
    }
}

/// Whether a profile counts from the start of a transaction.
fn counts_from_start(profile: &ChargingProfile) -> bool {
    let has_start = profile.schedules.iter().any(|schedule| schedule.start_schedule.is_some());
    profile.kind == Kind::Relative || (profile.kind == Kind::Absolute && !has_start)
}

/// Whether a profile counts from the start of a transaction alone.
fn is_timeless(profile: &ChargingProfile) -> bool {
    counts_from_start(profile) && profile.valid_from.is_none() && profile.valid_to.is_none()
}

/// The profiles, those that count from the start of a transaction with their lowest limits.
pub(super) fn lowest_relative(profiles: &[InstalledProfile]) -> Vec<InstalledProfile> {
    let lowest = |installed: &InstalledProfile| match counts_from_start(&installed.profile) {
        true => at_its_lowest(installed.clone()),
        false => Some(installed.clone()),
    };
    profiles.iter().filter_map(lowest).collect()
}

/// The profile with its lowest limit from the start on.
fn at_its_lowest(mut installed: InstalledProfile) -> Option<InstalledProfile> {
    let profile = &mut installed.profile;
    profile.kind = Kind::Relative;
    let ChargingSchedule { start_schedule, duration_seconds, periods, .. } = profile.schedules.first_mut()?;
    (*start_schedule, *duration_seconds) = (None, None);
    let mut least = periods.iter().min_by_key(|period| period.limit_milli)?.clone();
    least.start_seconds = 0;
    *periods = Vec::from([least]);
    Some(installed)
}

/// Lowers a claim to another.
fn lower(claim: &mut Claim, other: &Claim) {
    claim.most_milli = claim.most_milli.min(other.most_milli);
    claim.number_phases = claim.number_phases.min(other.number_phases);
}

/// A limit of the site in thousandths of the unit; of the whole station (0) by the phases of its connection.
fn rate(config: &StationConfig, unit: RateUnit, evse: EvseId, limit: SiteLimit) -> i64 {
    let wiring = &config.hardware.wiring;
    let (millivolts, phases) = match config.supply_of(evse) {
        _ if evse == EvseId(0) => (wiring.line_millivolts, wiring.grid_phases),
        Supply::Ac { phases, .. } => (wiring.line_millivolts, phases),
        Supply::Dc { millivolts, .. } => (millivolts, 1),
    };
    let phases = i64::from(phases.clamp(1, 3));
    match (limit, unit) {
        (SiteLimit::Milliamps(milliamps), RateUnit::Amperes) => milliamps.into(),
        (SiteLimit::Milliamps(milliamps), RateUnit::Watts) => {
            milliwatts(milliamps.into(), millivolts).saturating_mul(phases)
        }
        (SiteLimit::Milliwatts(milliwatts), RateUnit::Amperes) => {
            let milliwatts = i64::try_from(milliwatts).unwrap_or(i64::MAX);
            milliwatts.saturating_mul(1_000) / (i64::from(millivolts).saturating_mul(phases)).max(1)
        }
        (SiteLimit::Milliwatts(milliwatts), RateUnit::Watts) => i64::try_from(milliwatts).unwrap_or(i64::MAX),
    }
}

fn limit(config: &StationConfig, unit: RateUnit, evse: Place, milli: i64, claim: &Claim) -> Limit {
    match config.supply_of(EvseId(u16::try_from(evse.0).unwrap_or_default())) {
        Supply::Ac { phases, .. } => {
            let phases = claim.number_phases.unwrap_or(phases.clamp(1, 3));
            let milliamps = match unit {
                RateUnit::Amperes => milli,
                RateUnit::Watts => {
                    let volts = i64::from(config.hardware.wiring.line_millivolts) * i64::from(phases);
                    milli.saturating_mul(1_000) / volts.max(1)
                }
            };
            Limit::Ac { milliamps: u32::try_from(milliamps.max(0)).unwrap_or(u32::MAX), phases }
        }
        Supply::Dc { .. } => Limit::Dc { milliwatts: u64::try_from(milli).unwrap_or(0) },
    }
}
