//! Limits as they change, for a station that runs.
//!
//! [`LimitTracker`] keeps the limit of each EVSE and the instant of its next change, so that asking for a limit is a look
//! in a map and a change of one EVSE does not cost a calculation for the others. [`ExternalTracker`] notices what the CSMS
//! has to be told about limits of other systems.

use alloc::collections::BTreeMap;
use alloc::vec::Vec;

use chrono::{DateTime, Utc};

use crate::composite::Limit;
use crate::composite::place;
use crate::installation::Situation;
use crate::model::{EvseId, LimitSource, Purpose, RateUnit};

/// The limits of all EVSEs and of the station, over time.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LimitTracker {
    unit: RateUnit,
    /// That of the station, then those of the EVSEs.
    limits: Vec<Option<Limit>>,
    updated: Option<DateTime<Utc>>,
}

/// A limit that is not what it was.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LimitChange {
    /// Whose.
    pub evse: EvseId,
    /// The limit from now on.
    pub limit: Limit,
}

impl LimitTracker {
    /// Knows no limit until the first update.
    pub fn new(unit: RateUnit) -> Self {
        Self { unit, limits: Vec::new(), updated: None }
    }

    /// The limit as of the last update.
    pub fn limit(&self, evse: EvseId) -> Option<&Limit> {
        self.limits.get(place_of(evse))?.as_ref()
    }

    /// When the next update is due; none if nothing will change by itself.
    pub fn next_change(&self) -> Option<DateTime<Utc>> {
        self.limits.iter().flatten().filter_map(|limit| limit.until).min()
    }

    /// Something else than the time changed for an EVSE: its profiles or its transaction. The next update calculates it
    /// and the station anew; if it is [`EvseId::STATION`], everything. The latter also when the connection is lost or back,
    /// and when transactions start or end under a relative profile of the whole station.
    pub fn invalidate(&mut self, evse: EvseId) {
        if evse.is_station() {
            self.updated = None;
        } else {
            for place in [place_of(evse), place_of(EvseId::STATION)] {
                if let Some(Some(limit)) = self.limits.get_mut(place) {
                    limit.until = self.updated;
                }
            }
        }
    }

    /// Calculates what is due at `now`, and says what changed. A clock that went back makes everything due.
    pub fn update(&mut self, situation: &Situation<'_>, now: DateTime<Utc>) -> Vec<LimitChange> {
        let all_due = self.updated.is_none_or(|updated| now < updated);
        self.updated = Some(now);
        self.limits.resize(situation.installation.evses.len() + 1, None);
        let mut changes = Vec::new();
        for (evse, known) in (0..).map(EvseId).zip(&mut self.limits) {
            if !all_due && known.is_some_and(|limit| limit.until.is_none_or(|until| now < until)) {
                continue;
            }
            let Ok(limit) = situation.limit_at(evse, now, self.unit) else { continue };
            if known.is_none_or(|known| known.period != limit.period) {
                changes.push(LimitChange { evse, limit });
            }
            *known = Some(limit);
        }
        changes
    }
}

/// What the CSMS was last told about limits of other systems.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ExternalTracker {
    significance_millipercent: u32,
    told: BTreeMap<(EvseId, Purpose), External>,
    next_change: Option<DateTime<Utc>>,
}

/// A limit of another system.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct External {
    /// Who set it.
    pub source: LimitSource,
    /// The limit in force, in thousandths of `unit`; none while its schedule has none.
    pub limit_milli: Option<i64>,
    /// Unit of the limit.
    pub unit: RateUnit,
}

/// Something the CSMS has to be told.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ExternalFact {
    /// NotifyChargingLimit: a limit is new or has changed significantly (K11.FR.02, K12.FR.02).
    Changed {
        /// Where it applies.
        evse: EvseId,
        /// Whether it is local generation, capacity instead of a limit (K27.FR.03).
        is_local_generation: bool,
        /// The limit.
        external: External,
    },
    /// ClearedChargingLimit: no limit of this kind is installed there any more (K13.FR.02).
    Cleared {
        /// Where it applied.
        evse: EvseId,
        /// Who had set it.
        source: LimitSource,
    },
}

impl ExternalTracker {
    /// Changes up to this share of the last value told, in thousandths of a percent, are not worth a message
    /// (LimitChangeSignificance).
    pub fn new(significance_millipercent: u32) -> Self {
        Self { significance_millipercent, told: BTreeMap::new(), next_change: None }
    }

    /// When the limits change by their own schedules, and an update is due.
    pub fn next_change(&self) -> Option<DateTime<Utc>> {
        self.next_change
    }

    /// Compares with what was told last. Due whenever profiles change, and at [`next_change`](Self::next_change).
    pub fn update(&mut self, situation: &Situation<'_>, now: DateTime<Utc>) -> Vec<ExternalFact> {
        let mut facts = Vec::new();
        let mut next_change = i64::MAX;
        let evses = core::iter::once(EvseId::STATION).chain(situation.installation.numbered().map(|(id, _)| id));
        for evse in evses {
            for purpose in [Purpose::ExternalConstraints, Purpose::LocalGeneration] {
                let lead = place::leading(situation, evse, purpose, now.timestamp());
                next_change = next_change.min(lead.until);
                let in_force = lead.found.map(|(installed, schedule, period)| External {
                    source: installed.source,
                    limit_milli: period.limit_milli,
                    unit: schedule.unit,
                });
                let is_installed =
                    situation.profiles.iter().any(|other| other.evse == evse && other.profile.purpose == purpose);
                facts.extend(self.compare(evse, purpose, in_force, is_installed));
            }
        }
        self.next_change = DateTime::from_timestamp(next_change, 0);
        facts
    }

    fn compare(
        &mut self,
        evse: EvseId,
        purpose: Purpose,
        in_force: Option<External>,
        is_installed: bool,
    ) -> Option<ExternalFact> {
        let told = self.told.get(&(evse, purpose)).copied();
        let external = match (told, in_force) {
            (None, None) => return None,
            (Some(told), None) if !is_installed => {
                self.told.remove(&(evse, purpose));
                return Some(ExternalFact::Cleared { evse, source: told.source });
            }
            (Some(told), None) => External { limit_milli: None, ..told },
            (_, Some(external)) => external,
        };
        if told.is_some_and(|told| !self.is_significant(told, external)) {
            return None;
        }
        self.told.insert((evse, purpose), external);
        Some(ExternalFact::Changed { evse, is_local_generation: purpose == Purpose::LocalGeneration, external })
    }

    fn is_significant(&self, told: External, external: External) -> bool {
        if told.source != external.source || told.unit != external.unit {
            return true;
        }
        match (told.limit_milli, external.limit_milli) {
            (Some(old), Some(new)) => {
                let change = u128::from(old.abs_diff(new)) * 100_000;
                change > u128::from(old.unsigned_abs()) * u128::from(self.significance_millipercent)
            }
            (old, new) => old != new,
        }
    }
}

fn place_of(evse: EvseId) -> usize {
    usize::try_from(evse.0).unwrap_or(usize::MAX)
}

#[cfg(test)]
mod tests {
    use alloc::vec;

    use super::*;
    use crate::fixture::{at, installation, period, profile, situation, transaction};
    use crate::model::Kind;

    #[test]
    fn limits_change_at_their_instants_and_only_then() {
        let installation = installation(1);
        let mut stepped = profile(1, 1, Purpose::TxDefault, 0);
        stepped.profile.schedules[0].periods =
            vec![period(0, 16_000), period(60, 16_000), period(120, 6_000), period(300, 0)];
        let profiles = [stepped];
        let situation = situation(&installation, &profiles, &[]);
        let mut tracker = LimitTracker::new(RateUnit::Amperes);
        let mut seen = vec![];
        let mut now = at(0);
        for _ in 0..10 {
            for change in tracker.update(&situation, now).into_iter().filter(|change| !change.evse.is_station()) {
                seen.push((now, change.limit.period.limit.milli));
            }
            assert_eq!(tracker.update(&situation, now), []);
            let Some(next) = tracker.next_change() else { break };
            assert!(next > now);
            now = next;
        }
        assert_eq!(seen, [(at(0), 16_000), (at(120), 6_000), (at(300), 0)]);
        assert_eq!(tracker.next_change(), None);
    }

    #[test]
    fn change_of_one_evse_is_seen_after_invalidating_it() {
        let installation = installation(2);
        let mut tracker = LimitTracker::new(RateUnit::Amperes);
        assert_eq!(tracker.update(&situation(&installation, &[], &[]), at(0)).len(), 3);
        let profiles = [profile(1, 2, Purpose::TxDefault, 10_000)];
        let changed = situation(&installation, &profiles, &[]);
        assert_eq!(tracker.update(&changed, at(1)), []);
        tracker.invalidate(EvseId(2));
        let changes = tracker.update(&changed, at(1));
        let limits: Vec<_> = changes.iter().map(|change| (change.evse.0, change.limit.period.limit.milli)).collect();
        assert_eq!(limits, [(0, 42_000), (2, 10_000)]);
        assert_eq!(tracker.limit(EvseId(1)).unwrap().period.limit.milli, 32_000);
    }

    #[test]
    fn clock_that_steps_back_brings_the_earlier_limit_back() {
        let installation = installation(1);
        let profiles = [profile(1, 1, Purpose::TxDefault, 10_000)];
        let situation = situation(&installation, &profiles, &[]);
        let mut tracker = LimitTracker::new(RateUnit::Amperes);
        tracker.update(&situation, at(10));
        assert_eq!(tracker.limit(EvseId(1)).unwrap().period.limit.milli, 10_000);
        tracker.update(&situation, at(-10));
        assert_eq!(tracker.limit(EvseId(1)).unwrap().period.limit.milli, 32_000);
        assert_eq!(tracker.next_change(), Some(at(0)));
    }

    #[test]
    fn being_offline_for_too_long_is_a_change_to_come() {
        let installation = installation(1);
        let mut brief = profile(1, 1, Purpose::Tx, 10_000);
        brief.profile.max_offline_seconds = Some(600);
        let profiles = [brief];
        let transactions = [transaction(1)];
        let offline = Situation { offline_since: Some(at(0)), ..situation(&installation, &profiles, &transactions) };
        let limit = offline.limit_at(EvseId(1), at(600), RateUnit::Amperes).unwrap();
        assert_eq!((limit.period.limit.milli, limit.until), (10_000, Some(at(601))));
        let limit = offline.limit_at(EvseId(1), at(601), RateUnit::Amperes).unwrap();
        assert_eq!((limit.period.limit.milli, limit.until), (32_000, None));
    }

    #[test]
    fn dynamic_profile_lapses_when_its_updates_stop() {
        // K28.FR.13: still valid when exactly the duration has passed.
        let installation = installation(1);
        let mut dynamic = profile(1, 1, Purpose::TxDefault, 10_000);
        dynamic.profile.kind = Kind::Dynamic;
        dynamic.profile.dyn_update_time = Some(at(100));
        dynamic.profile.schedules[0].duration_seconds = Some(60);
        let profiles = [dynamic];
        let situation = situation(&installation, &profiles, &[]);
        let limit = |t| situation.limit_at(EvseId(1), at(t), RateUnit::Amperes).unwrap().period.limit.milli;
        assert_eq!([limit(99), limit(100), limit(160), limit(161)], [32_000, 10_000, 10_000, 32_000]);
    }

    fn external(milli: Option<i64>) -> External {
        External { source: LimitSource::Ems, limit_milli: milli, unit: RateUnit::Amperes }
    }

    #[test]
    fn csms_is_told_of_significant_changes_and_of_the_end() {
        let installation = installation(1);
        let mut tracker = ExternalTracker::new(10_000);
        let mut told = |milliamperes: Option<i64>| {
            let profiles: Vec<_> = milliamperes
                .map(|milli| {
                    let mut installed = profile(-1, 0, Purpose::ExternalConstraints, milli);
                    installed.source = LimitSource::Ems;
                    installed
                })
                .into_iter()
                .collect();
            tracker.update(&situation(&installation, &profiles, &[]), at(0))
        };
        let changed = |milli| ExternalFact::Changed {
            evse: EvseId::STATION,
            is_local_generation: false,
            external: external(Some(milli)),
        };
        assert_eq!(told(None), []);
        assert_eq!(told(Some(10_000)), [changed(10_000)]);
        assert_eq!(told(Some(11_000)), []);
        assert_eq!(told(Some(11_001)), [changed(11_001)]);
        assert_eq!(told(Some(0)), [changed(0)]);
        assert_eq!(told(Some(1)), [changed(1)]);
        assert_eq!(told(None), [ExternalFact::Cleared { evse: EvseId::STATION, source: LimitSource::Ems }]);
        assert_eq!(told(None), []);
    }

    #[test]
    fn schedule_of_an_external_limit_is_followed() {
        let installation = installation(1);
        let mut installed = profile(-1, 1, Purpose::LocalGeneration, 5_000);
        installed.source = LimitSource::Ems;
        installed.profile.schedules[0].duration_seconds = Some(60);
        let profiles = [installed];
        let situation = situation(&installation, &profiles, &[]);
        let mut tracker = ExternalTracker::new(0);
        let changed =
            |milli| ExternalFact::Changed { evse: EvseId(1), is_local_generation: true, external: external(milli) };
        assert_eq!(tracker.update(&situation, at(-5)), []);
        assert_eq!(tracker.next_change(), Some(at(0)));
        assert_eq!(tracker.update(&situation, at(0)), [changed(Some(5_000))]);
        assert_eq!(tracker.next_change(), Some(at(60)));
        assert_eq!(tracker.update(&situation, at(60)), [changed(None)]);
        assert_eq!(tracker.next_change(), None);
    }
}
