//! Rules between a profile and where it goes: the EVSE, its transaction, the profiles already there.

use alloc::vec::Vec;

use super::{Delivery, Edition, Proposal, Violation};
use crate::model::{EvseId, InstalledProfile, ProfileId, Purpose, same_transaction};

impl Proposal<'_> {
    /// Purpose, EVSE and transaction.
    pub(super) fn check_place(&self, found: &mut Vec<Violation>) {
        let InstalledProfile { evse, profile, .. } = self.proposed;
        if !evse.is_station() && self.situation.installation.evse(*evse).is_none() {
            found.push(Violation::UnknownEvse(*evse));
        }
        match profile.purpose {
            Purpose::ExternalConstraints if self.delivery != Delivery::ExternalSystem => {
                found.push(Violation::ExternalConstraintsFromCsms);
            }
            Purpose::ExternalConstraints if self.capabilities.external_constraints_disallowed => {
                found.push(Violation::ExternalConstraintsDisallowed);
            }
            Purpose::StationMax if !evse.is_station() => found.push(Violation::NotForOneEvse(profile.purpose)),
            Purpose::Priority if !self.capabilities.priority_charging => {
                found.push(Violation::UnsupportedPurpose(profile.purpose));
            }
            Purpose::LocalGeneration if !self.capabilities.local_generation => {
                found.push(Violation::UnsupportedPurpose(profile.purpose));
            }
            Purpose::Tx if evse.is_station() => found.push(Violation::TxProfileWithoutEvse),
            Purpose::ExternalConstraints
            | Purpose::StationMax
            | Purpose::Priority
            | Purpose::LocalGeneration
            | Purpose::TxDefault
            | Purpose::Tx => {}
        }
        if self.delivery == Delivery::RemoteStart {
            self.check_remote_start(found);
        } else {
            self.check_transaction(found);
        }
    }

    fn check_remote_start(&self, found: &mut Vec<Violation>) {
        let profile = &self.proposed.profile;
        if profile.purpose != Purpose::Tx {
            found.push(Violation::NotATxProfile(profile.purpose));
        }
        if let Some(id) = &profile.transaction_id {
            found.push(Violation::ExtraneousTransactionId(id.clone()));
        }
    }

    fn check_transaction(&self, found: &mut Vec<Violation>) {
        let InstalledProfile { evse, profile, .. } = self.proposed;
        if profile.purpose != Purpose::Tx {
            found.extend(profile.transaction_id.clone().map(Violation::ExtraneousTransactionId));
            return;
        }
        if profile.transaction_id.is_none() && self.edition != Edition::V1_6 {
            found.push(Violation::MissingTransactionId);
        }
        match self.situation.transaction_on(*evse) {
            None if evse.is_station() => {}
            None => found.push(Violation::NoTransaction(*evse)),
            Some(running) => {
                if let Some(id) = &profile.transaction_id
                    && !same_transaction(running.id.as_ref(), Some(id))
                {
                    found.push(Violation::UnknownTransaction(id.clone()));
                }
            }
        }
    }

    /// The profiles that are installed already.
    pub(super) fn check_others(&self, found: &mut Vec<Violation>) {
        let InstalledProfile { evse, profile, .. } = self.proposed;
        let same_id = self.situation.profiles.iter().find(|other| other.profile.id == profile.id);
        if self.delivery != Delivery::ExternalSystem {
            if same_id.is_some_and(|other| other.profile.purpose == Purpose::ExternalConstraints) {
                found.push(Violation::ReplacesExternalConstraints(profile.id));
            }
            if let Some(most) = self.capabilities.max_external_constraints_id
                && profile.id <= ProfileId(most)
                && self.edition != Edition::V1_6
            {
                found.push(Violation::IdReservedForExternal { id: profile.id, most });
            }
        }
        if profile.stack_level > self.capabilities.max_stack_level {
            let most = self.capabilities.max_stack_level;
            found.push(Violation::StackLevelTooHigh { level: profile.stack_level, most });
        }
        let is_replacement = self.situation.profiles.iter().any(|other| self.edition.replaces(other, self.proposed));
        if !is_replacement && self.situation.profiles.len() >= self.capabilities.max_profiles {
            found.push(Violation::TooManyProfiles { most: self.capabilities.max_profiles });
        }
        if self.edition == Edition::V1_6 {
            return; // Replaces instead (§3.13.2).
        }
        for other in self.situation.profiles.iter().filter(|other| other.profile.id != profile.id) {
            found.extend(duplicate(*evse, self.proposed, other));
            found.extend(self.phase_conflict(other));
        }
    }

    /// A phase to use that differs from that of a profile of another purpose. Whether both periods ever meet depends on
    /// when charging starts, so any difference counts (2.1 part 2 K §3.8).
    fn phase_conflict(&self, other: &InstalledProfile) -> Option<Violation> {
        if self.edition != Edition::V2_1
            || other.profile.purpose == self.proposed.profile.purpose
            || !(overlap(self.proposed.evse, other.evse))
        {
            return None;
        }
        let (phase, _) = phases_to_use(self.proposed)
            .flat_map(|phase| phases_to_use(other).map(move |theirs| (phase, theirs)))
            .find(|(ours, theirs)| ours != theirs)?;
        Some(Violation::PhaseConflict { phase, other: other.profile.id })
    }
}

impl Edition {
    /// Whether installing `new` removes `old`: in 1.6 also by purpose, stack level and place (§3.13.2, §5.16.3), always
    /// by its id (K01.FR.05).
    pub fn replaces(self, old: &InstalledProfile, new: &InstalledProfile) -> bool {
        let same_slot = old.evse == new.evse
            && old.profile.purpose == new.profile.purpose
            && old.profile.stack_level == new.profile.stack_level;
        match self {
            Self::V1_6 => same_slot || old.profile.id == new.profile.id,
            Self::V2_0_1 | Self::V2_1 => old.profile.id == new.profile.id,
        }
    }
}

/// K01.FR.06, K01.FR.39, K01.FR.52, K01.FR.53.
fn duplicate(evse: EvseId, proposed: &InstalledProfile, other: &InstalledProfile) -> Option<Violation> {
    let (ours, theirs) = (&proposed.profile, &other.profile);
    if ours.purpose != theirs.purpose || ours.stack_level != theirs.stack_level {
        return None;
    }
    match ours.purpose {
        Purpose::Tx => {
            let is_same = same_transaction(ours.transaction_id.as_ref(), theirs.transaction_id.as_ref());
            is_same.then_some(Violation::DuplicateForTransaction(theirs.id))
        }
        Purpose::TxDefault if other.evse != evse => {
            overlap(evse, other.evse).then_some(Violation::DuplicateDefault(theirs.id))
        }
        Purpose::TxDefault
        | Purpose::StationMax
        | Purpose::ExternalConstraints
        | Purpose::Priority
        | Purpose::LocalGeneration => {
            let starts_before =
                |a: &InstalledProfile, b: &InstalledProfile| match (a.profile.valid_from, b.profile.valid_to) {
                    (Some(from), Some(to)) => from < to,
                    (None, _) | (_, None) => true,
                };
            let is_duplicate = other.evse == evse && starts_before(proposed, other) && starts_before(other, proposed);
            is_duplicate.then_some(Violation::Duplicate(theirs.id))
        }
    }
}

/// Whether profiles of both can apply to one EVSE.
fn overlap(a: EvseId, b: EvseId) -> bool {
    a == b || a.is_station() || b.is_station()
}

fn phases_to_use(installed: &InstalledProfile) -> impl Iterator<Item = u8> + '_ {
    let periods = installed.profile.schedules.iter().flat_map(|schedule| &schedule.periods);
    periods.filter_map(|period| period.phase_to_use)
}
