//! Stands in for smart charging where the feature is off: nothing is kept, and nothing limited.

use alloc::vec::Vec;

use ocpp_types::SmallString;

use super::authorize::Authorize;
use super::context::Context;
use super::evse::Evse;
use super::policy::Policy;
use super::settings::Settings;
use crate::site::shared::Shared;
use crate::station::{EvseId, IdToken, SiteLimit, StationConfig};
use crate::store::{Image, StoreQueue};
use crate::time::{Clock, Instant};

/// No profile is of this type.
#[derive(Debug)]
pub(crate) enum RemoteProfile {}

/// Nothing.
#[derive(Debug)]
pub(crate) struct SmartCharging;

impl SmartCharging {
    pub fn restore(_: &StationConfig, _: &Policy, _: &Image, _: &mut StoreQueue) -> (Self, Vec<SmallString>) {
        (SmartCharging, Vec::new())
    }

    pub fn follow(&mut self, _: &Policy) {}

    /// A profile in a remote start is ignored (1.6 §5.11).
    pub fn on_remote_start(
        &mut self,
        _: &mut Shared,
        _: &Settings,
        _: Option<EvseId>,
        _: &IdToken,
        _: Option<RemoteProfile>,
    ) -> bool {
        true
    }

    pub fn set_site_limit(&mut self, _: Option<EvseId>, _: Option<SiteLimit>) {}

    pub fn on_placed(&mut self, _: EvseId, _: &IdToken) {}

    pub fn advance(&mut self, _: &mut Context<'_>, _: &mut [Evse], _: &Authorize) {}

    pub fn deadline(&self, _: &Clock) -> Option<Instant> {
        None
    }
}
