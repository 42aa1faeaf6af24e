//! GetConfiguration and ChangeConfiguration (1.6 §5.3, §5.8). What they read and change is in `site/settings`.

use alloc::string::String;

use ocpp_types::tables::View as _;
use ocpp_types::tables::v1_6;

use super::EDITION;
use crate::face::answers::Written;
use crate::site::Site;
use crate::site::settings::{Setting, Settings};
use crate::site::shared::Shared;
use crate::site::verdict::SettingVerdict;
use crate::station::SettingAccess;
use crate::store::Ticket;

/// Carries out a ChangeConfiguration. With the ticket that an acceptance waits for.
pub(super) fn on_change(
    site: &mut Site,
    shared: &mut Shared,
    request: v1_6::ChangeConfigurationRequest<'_>,
) -> (v1_6::ConfigurationStatus, Option<Ticket>) {
    let Some(setting) = site.settings.find_key(request.key()) else {
        return (v1_6::ConfigurationStatus::NotSupported, None);
    };
    match site.on_change_setting(shared, setting, request.value()) {
        SettingVerdict::Accepted(ticket) => (v1_6::ConfigurationStatus::Accepted, Some(ticket)),
        SettingVerdict::AfterReboot(ticket) => (v1_6::ConfigurationStatus::RebootRequired, Some(ticket)),
        SettingVerdict::Rejected => (v1_6::ConfigurationStatus::Rejected, None),
    }
}

/// The answer to a GetConfiguration: all keys, or those asked for. None if it asks for too many.
pub(super) fn on_get(settings: &Settings, request: v1_6::GetConfigurationRequest<'_>) -> Option<Written> {
    let most = usize::try_from(settings.number(Setting::GetConfigurationMaxKeys)).unwrap_or(usize::MAX);
    if request.key().len() > most {
        return None;
    }
    let keys = || {
        let all = settings.keys().filter(|_| request.key().is_empty());
        all.chain(request.key().filter_map(|name| settings.find_key(name)))
    };
    // In a text that does not have to grow.
    const ENTRY: &str = r#"{"key":"","readonly":false,"value":""},"#;
    const REST: &str = r#"{"configurationKey":[],"unknownKey":[]}"#;
    let entries = keys().map(|key| ENTRY.len() + settings.name(key).len() + settings.value(key).len());
    let text = String::with_capacity(REST.len() + entries.sum::<usize>());
    Some(v1_6::GetConfigurationResponse::append_json(text, EDITION, |mut response| {
        for key in keys() {
            let mut entry = response.add_configuration_key();
            entry.cut().key(settings.name(key)).readonly(settings.access(key) == SettingAccess::ReadOnly);
            if !settings.is_secret(key) {
                entry.cut().value(settings.value(key));
            }
        }
        for name in request.key().filter(|name| settings.find_key(name).is_none()) {
            response.add_unknown_key(name);
        }
    }))
}
