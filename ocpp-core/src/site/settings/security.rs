//! The security white paper: the keys by which the CSMS changes what the station connects with.
//!
//! What is done with them is in `site/access`; security events are in `site/security_events`.

#[cfg(feature = "transaction_events")]
use alloc::vec::Vec;

use ocpp_rpc::handshake::{Password, Prerequisites, ProfileRefused, ProfileRules, SecurityProfile};

use super::{AnySetting, Setting, Settings};
use crate::site::access::AccessChange;
#[cfg(feature = "transaction_events")]
use crate::site::networks;
use crate::site::shared::Shared;
use crate::station::SecurityEventKind;
use crate::store::Ticket;
use crate::words::{joined, numbered};

/// Whether a change of the key changes what the station connects with.
pub(super) fn is_access(key: Setting) -> bool {
    matches!(key, Setting::BasicAuthPassword | Setting::SecurityProfile)
}

/// Carries out a change that the CSMS wants of such a key, with a value that the key accepts. None if it may not.
pub(super) fn on_change(
    settings: &mut Settings,
    shared: &mut Shared,
    rules: &ProfileRules,
    key: Setting,
    value: &str,
) -> Option<Ticket> {
    if key == Setting::SecurityProfile
        && let Err(refused) = may_use(shared, rules, value)
    {
        let info = joined(&["SecurityProfile ", value, " refused: ", refused.as_str()]);
        shared.raise(SecurityEventKind::ReconfigurationOfSecurityParameters, Some(&info));
        return None;
    }
    change(settings, shared, key, value)
}

/// Changes such a key, also where the CSMS may not: the operator's own software may lower the profile (A00.FR.005). None if
/// the value is none of it.
pub(super) fn change(settings: &mut Settings, shared: &mut Shared, key: Setting, value: &str) -> Option<Ticket> {
    if key == Setting::BasicAuthPassword {
        return Some(change_password(settings, shared, &Password::from_authorization_key(value).ok()?));
    }
    let ticket = shared.change_access(AccessChange::Profile(value.parse().ok()?));
    shared.raise(SecurityEventKind::ReconfigurationOfSecurityParameters, Some(key.name()));
    if follow(settings, shared) {
        settings.tell(shared, AnySetting::Standard(key));
    }
    Some(ticket)
}

/// Changes the password, which each family writes in its own way. What it is stays untold (A01.FR.11, A01.FR.12).
pub(in crate::site) fn change_password(settings: &Settings, shared: &mut Shared, password: &Password) -> Ticket {
    let key = Setting::BasicAuthPassword;
    let ticket = shared.change_access(AccessChange::Password(password.as_bytes().to_vec()));
    shared.raise(SecurityEventKind::ReconfigurationOfSecurityParameters, Some(key.name()));
    settings.tell(shared, AnySetting::Standard(key));
    ticket
}

/// Has the key say which profile is in use. True if it said another.
pub(in crate::site) fn follow(settings: &mut Settings, shared: &mut Shared) -> bool {
    let profile = shared.access.profile();
    shared.security_events.has_profile = profile > 0;
    let is_new = settings.number(Setting::SecurityProfile) != u32::from(profile);
    if is_new {
        settings.set(Setting::SecurityProfile, &numbered("", profile));
    }
    is_new
}

/// Whether the station may connect by these slots: each has a network, none less safe than the one in use, nor one that it lacks a
/// certificate or password for (2.x B10.FR.02, A05.FR.02 to A05.FR.04, A05.FR.10).
#[cfg(feature = "transaction_events")]
pub(super) fn may_connect_by(shared: &Shared, rules: &ProfileRules, priority: &str) -> bool {
    let may = |slot: &u8| match shared.networks.get(*slot) {
        None => shared.networks.is_set(*slot),
        Some(network) if network.security_profile == shared.access.profile() => true,
        Some(network) => {
            let wanted = SecurityProfile::from_number(network.security_profile.into());
            wanted.is_some_and(|wanted| judge(shared, rules, wanted, network.password.is_some()).is_ok())
        }
    };
    networks::slots(priority).is_some_and(|slots| slots.iter().all(may))
}

/// NetworkConfigurationPriority names slots with a network alone (A05.FR.06).
#[cfg(feature = "transaction_events")]
pub(in crate::site) fn keep_priority(settings: &mut Settings, shared: &mut Shared) {
    let key = Setting::NetworkConfigurationPriority;
    let before = networks::slots(settings.text(key)).unwrap_or_default();
    let kept: Vec<_> = before.iter().copied().filter(|slot| shared.networks.is_set(*slot)).collect();
    if kept.len() < before.len() {
        let present = shared.networks.present().map_or(networks::FIRST, |(slot, _)| slot);
        let kept = if kept.is_empty() { Vec::from([present]) } else { kept };
        let value: Vec<_> = kept.iter().map(|slot| numbered("", *slot)).collect();
        super::stored::change(settings, shared, AnySetting::Standard(key), &value.join(","));
    }
}

/// A05.FR.01 to A05.FR.04.
fn may_use(shared: &Shared, rules: &ProfileRules, value: &str) -> Result<(), ProfileRefused> {
    let wanted = value.parse().ok().and_then(SecurityProfile::from_number).ok_or(ProfileRefused::Lower)?;
    judge(shared, rules, wanted, false)
}

fn judge(
    shared: &Shared,
    rules: &ProfileRules,
    wanted: SecurityProfile,
    has_password: bool,
) -> Result<(), ProfileRefused> {
    let current = SecurityProfile::from_number(shared.access.profile().into());
    let has = Prerequisites {
        has_password: has_password || shared.access.has_password(shared.address.first_password.as_ref()),
        has_server_root: shared.config.network.certificates.csms_root,
        has_own_certificate: shared.config.network.certificates.station,
    };
    rules.may_change(current, wanted, has)
}
