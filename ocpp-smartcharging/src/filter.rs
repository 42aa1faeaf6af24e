//! Which installed profiles a request means.

use alloc::vec::Vec;

use crate::model::{EvseId, InstalledProfile, LimitSource, ProfileId, Purpose};
use crate::validate::Edition;

/// ClearChargingProfile: profiles that match every field given (1.6 errata 3.25, K10.FR.04); none given means all.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct ClearFilter {
    /// The profile itself. In 2.x the other fields then do not count (K10.FR.03).
    pub id: Option<ProfileId>,
    /// Where it is installed.
    pub evse: Option<EvseId>,
    /// What it is for.
    pub purpose: Option<Purpose>,
    /// Its level.
    pub stack_level: Option<u32>,
}

impl ClearFilter {
    /// Whether the CSMS clears this profile. What another system has set, it cannot (K10.FR.04, K10.FR.09).
    pub fn matches(&self, installed: &InstalledProfile, edition: Edition) -> bool {
        let profile = &installed.profile;
        let is_external = match profile.purpose {
            Purpose::ExternalConstraints | Purpose::LocalGeneration => true,
            Purpose::StationMax | Purpose::TxDefault | Purpose::Tx | Purpose::Priority => false,
        };
        if is_external {
            return false;
        }
        match (self.id, edition) {
            (Some(id), Edition::V2_0_1 | Edition::V2_1) => profile.id == id,
            (_, Edition::V1_6) | (None, Edition::V2_0_1 | Edition::V2_1) => {
                self.id.is_none_or(|id| profile.id == id)
                    && self.evse.is_none_or(|evse| installed.evse == evse)
                    && self.purpose.is_none_or(|purpose| profile.purpose == purpose)
                    && self.stack_level.is_none_or(|level| profile.stack_level == level)
            }
        }
    }
}

/// GetChargingProfiles: profiles that match every field given; an empty list or none means any.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ReportFilter {
    /// The profiles themselves.
    pub ids: Vec<ProfileId>,
    /// Where they are installed; [`EvseId::STATION`] means on the station itself alone (K09.FR.05).
    pub evse: Option<EvseId>,
    /// What they are for.
    pub purpose: Option<Purpose>,
    /// Their level.
    pub stack_level: Option<u32>,
    /// Who set them.
    pub sources: Vec<LimitSource>,
}

impl ReportFilter {
    /// Whether this profile is reported.
    pub fn matches(&self, installed: &InstalledProfile) -> bool {
        let profile = &installed.profile;
        (self.ids.is_empty() || self.ids.contains(&profile.id))
            && self.evse.is_none_or(|evse| installed.evse == evse)
            && self.purpose.is_none_or(|purpose| profile.purpose == purpose)
            && self.stack_level.is_none_or(|level| profile.stack_level == level)
            && (self.sources.is_empty() || self.sources.contains(&installed.source))
    }
}
