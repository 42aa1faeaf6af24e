//! The installed profiles, and how they come and go.
//!
//! Each operation returns what changed, so that a durable record can be made of it. A station answers the request that
//! caused the changes once these records are safe. Feeding the records to [`ProfileStore::restore`] gives the same store
//! again, whatever was written last.

use alloc::collections::BTreeMap;
use alloc::string::String;
use alloc::vec::Vec;

use chrono::{DateTime, TimeDelta, Utc};

use crate::filter::{ClearFilter, ReportFilter};
use crate::installation::Transaction;
use crate::model::{EvseId, InstalledProfile, Kind, LimitSource, PhaseRates, ProfileId, Purpose, same_transaction};
use crate::validate::Edition;

/// All installed profiles, by id.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ProfileStore {
    /// In order of their ids.
    profiles: Vec<InstalledProfile>,
}

/// A profile of the store that is new, different or gone.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum StoreChange {
    /// [`ProfileStore::get`] has the new contents.
    Put(ProfileId),
    /// The profile is gone.
    Remove(ProfileId),
}

/// New values of a dynamic profile (K28.FR.06), in thousandths of its unit; what is absent stays as it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct DynamicUpdate {
    /// The limit.
    pub limit: PhaseRates,
    /// How far the EV may discharge.
    pub discharge_limit: PhaseRates,
    /// What the EV should follow.
    pub setpoint: PhaseRates,
    /// Reactive power or current to follow.
    pub setpoint_reactive: PhaseRates,
}

/// Why a dynamic update is refused (K28.FR.11).
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum UpdateError {
    /// There is no such profile.
    #[error("profile {} does not exist", .0.0)]
    Unknown(ProfileId),
    /// The profile is not dynamic.
    #[error("profile {} is not dynamic", .0.0)]
    NotDynamic(ProfileId),
}

impl ProfileStore {
    /// A store of these profiles; of several with one id the last counts.
    pub fn restore(profiles: impl IntoIterator<Item = InstalledProfile>) -> Self {
        let mut store = Self::default();
        profiles.into_iter().for_each(|installed| store.put(installed));
        store
    }

    /// All profiles, in order of their ids.
    pub fn profiles(&self) -> &[InstalledProfile] {
        &self.profiles
    }

    /// The profile of this id.
    pub fn get(&self, id: ProfileId) -> Option<&InstalledProfile> {
        self.position(id).ok().and_then(|index| self.profiles.get(index))
    }

    /// Installs a profile that passed [`validation`](crate::validate). It replaces that of its id, and in 1.6 that of its
    /// place, purpose and level. A dynamic profile without a time of update counts as updated now (K28.FR.05).
    pub fn install(&mut self, mut new: InstalledProfile, edition: Edition, now: DateTime<Utc>) -> Vec<StoreChange> {
        let id = new.profile.id;
        if new.profile.kind == Kind::Dynamic {
            new.profile.dyn_update_time.get_or_insert(now);
        }
        let mut changes = self.remove_if(|old| old.profile.id != id && edition.replaces(old, &new));
        self.put(new);
        changes.push(StoreChange::Put(id));
        changes
    }

    /// Clears what the CSMS asks for. No change means `Unknown` (K10.FR.01, K10.FR.08).
    pub fn clear(&mut self, filter: &ClearFilter, edition: Edition) -> Vec<StoreChange> {
        self.remove_if(|installed| filter.matches(installed, edition))
    }

    /// Removes a profile that another system had set: its limit is released (K13.FR.01).
    pub fn release(&mut self, id: ProfileId) -> Vec<StoreChange> {
        self.remove_if(|installed| installed.profile.id == id)
    }

    /// What to report, one list per EVSE and source, as ReportChargingProfiles has it. Empty means `NoProfiles`.
    pub fn report(&self, filter: &ReportFilter) -> BTreeMap<(EvseId, LimitSource), Vec<&InstalledProfile>> {
        let mut report = BTreeMap::<_, Vec<_>>::new();
        for installed in self.profiles.iter().filter(|installed| filter.matches(installed)) {
            report.entry((installed.evse, installed.source)).or_default().push(installed);
        }
        report
    }

    /// The CSMS has given the transaction on an EVSE its id: profiles that came before it, by a remote start, are now
    /// that transaction's, so that a later one of the same level replaces them (1.6 §5.16.2).
    pub fn identify_transaction(&mut self, evse: EvseId, id: &str) -> Vec<StoreChange> {
        let mut changes = Vec::new();
        for installed in &mut self.profiles {
            let profile = &mut installed.profile;
            if installed.evse == evse && profile.purpose == Purpose::Tx && profile.transaction_id.is_none() {
                profile.transaction_id = Some(String::from(id));
                changes.push(StoreChange::Put(profile.id));
            }
        }
        changes
    }

    /// The transaction on an EVSE has ended, or the one asked for by a remote start never began: its profiles go
    /// (1.6 §3.13.1, K02.FR.05).
    pub fn end_transaction(&mut self, evse: EvseId) -> Vec<StoreChange> {
        self.remove_if(|installed| installed.evse == evse && installed.profile.purpose == Purpose::Tx)
    }

    /// After a reboot: profiles of transactions that do not go on are removed; all others stay, of whichever EVSE.
    pub fn resume(&mut self, running: &[Transaction]) -> Vec<StoreChange> {
        self.remove_if(|installed| {
            let wanted = installed.profile.transaction_id.as_ref();
            let goes_on = |transaction: &Transaction| {
                transaction.evse == installed.evse
                    && (wanted.is_none() || same_transaction(wanted, transaction.id.as_ref()))
            };
            installed.profile.purpose == Purpose::Tx && !running.iter().any(goes_on)
        })
    }

    /// Removes profiles whose `validTo` has passed. They have no effect any more, and make room. Only for a clock that
    /// is known to be right: a clock that steps back would have made them valid again.
    pub fn remove_expired(&mut self, now: DateTime<Utc>) -> Vec<StoreChange> {
        self.remove_if(|installed| installed.profile.valid_to.is_some_and(|valid_to| valid_to <= now))
    }

    /// The connection is back after `offline_since`: profiles that were to stay invalid after so long are removed
    /// (K01.FR.102).
    pub fn reconnect(&mut self, offline_since: DateTime<Utc>, now: DateTime<Utc>) -> Vec<StoreChange> {
        self.remove_if(|InstalledProfile { profile, .. }| {
            let was_invalid = profile
                .max_offline_seconds
                .is_some_and(|most| now.signed_duration_since(offline_since) > TimeDelta::seconds(i64::from(most)));
            profile.invalid_after_offline && was_invalid
        })
    }

    /// Sets new values of a dynamic profile, from the CSMS or from another system (K28.FR.06, K28.FR.08, K29.FR.05).
    pub fn update_dynamic(
        &mut self,
        id: ProfileId,
        update: &DynamicUpdate,
        now: DateTime<Utc>,
    ) -> Result<StoreChange, UpdateError> {
        let index = self.position(id).map_err(|_| UpdateError::Unknown(id))?;
        let profile = &mut self.profiles.get_mut(index).ok_or(UpdateError::Unknown(id))?.profile;
        if profile.kind != Kind::Dynamic {
            return Err(UpdateError::NotDynamic(id));
        }
        if let Some(period) = profile.schedules.iter_mut().flat_map(|schedule| &mut schedule.periods).next() {
            period.limit_milli = update.limit.l1_milli.or(period.limit_milli);
            if *update != (DynamicUpdate { limit: only_l1(update.limit), ..DynamicUpdate::default() }) {
                let extra = period.extra.get_or_insert_default();
                extra.limit_l2_milli = update.limit.l2_milli.or(extra.limit_l2_milli);
                extra.limit_l3_milli = update.limit.l3_milli.or(extra.limit_l3_milli);
                extra.discharge_limit = updated(extra.discharge_limit, update.discharge_limit);
                extra.setpoint = updated(extra.setpoint, update.setpoint);
                extra.setpoint_reactive = updated(extra.setpoint_reactive, update.setpoint_reactive);
            }
        }
        profile.dyn_update_time = Some(now);
        Ok(StoreChange::Put(id))
    }

    /// When dynamic profiles want an update from the CSMS (K28.FR.10).
    pub fn dynamic_pulls(&self) -> impl Iterator<Item = (ProfileId, DateTime<Utc>)> + '_ {
        self.profiles.iter().filter_map(|InstalledProfile { profile, .. }| {
            let interval = profile.dyn_update_interval_seconds.filter(|seconds| *seconds > 0)?;
            let updated = profile.dyn_update_time.filter(|_| profile.kind == Kind::Dynamic)?;
            Some((profile.id, updated.checked_add_signed(TimeDelta::seconds(i64::from(interval)))?))
        })
    }

    fn put(&mut self, new: InstalledProfile) {
        match self.position(new.profile.id) {
            Ok(index) => {
                if let Some(old) = self.profiles.get_mut(index) {
                    *old = new;
                }
            }
            Err(index) => self.profiles.insert(index, new),
        }
    }

    fn position(&self, id: ProfileId) -> Result<usize, usize> {
        self.profiles.binary_search_by_key(&id, |installed| installed.profile.id)
    }

    fn remove_if(&mut self, gone: impl Fn(&InstalledProfile) -> bool) -> Vec<StoreChange> {
        let ids = self.profiles.iter().filter(|installed| gone(installed));
        let changes = ids.map(|installed| StoreChange::Remove(installed.profile.id)).collect();
        self.profiles.retain(|installed| !gone(installed));
        changes
    }
}

/// Which purposes a station keeps in persistent memory beyond what it must: `ChargingProfilePersistence`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Persistence {
    /// Profiles of transactions.
    pub tx: bool,
    /// External constraints.
    pub external_constraints: bool,
    /// Local generation.
    pub local_generation: bool,
}

impl Persistence {
    /// Whether a profile survives a reboot. In 1.6 each does that the Central System set (errata 3.37); in 2.x the others
    /// change too often to have to (K01.FR.27).
    pub fn keeps(&self, purpose: Purpose, edition: Edition) -> bool {
        match purpose {
            Purpose::StationMax | Purpose::TxDefault | Purpose::Priority => true,
            Purpose::Tx => self.tx || edition == Edition::V1_6,
            Purpose::ExternalConstraints => self.external_constraints,
            Purpose::LocalGeneration => self.local_generation,
        }
    }
}

fn only_l1(rates: PhaseRates) -> PhaseRates {
    PhaseRates { l1_milli: rates.l1_milli, ..PhaseRates::default() }
}

fn updated(old: PhaseRates, new: PhaseRates) -> PhaseRates {
    PhaseRates {
        l1_milli: new.l1_milli.or(old.l1_milli),
        l2_milli: new.l2_milli.or(old.l2_milli),
        l3_milli: new.l3_milli.or(old.l3_milli),
    }
}

#[cfg(test)]
mod tests;
