//! GetConfiguration and ChangeConfiguration (1.6 §5.3, §5.8). What they read and change is in `site/settings`.

use alloc::string::String;

use ocpp_types::codec::Encode;
use ocpp_types::json::Writer;
use ocpp_types::text::{CiText, Text};
use ocpp_types::v1_6;
use ocpp_types::violation::Violation;

use crate::site::Site;
use crate::site::settings::{AnySetting, Setting, Settings};
use crate::site::shared::Shared;
use crate::site::verdict::SettingVerdict;
use crate::station::SettingAccess;
use crate::store::Ticket;

/// Carries out a ChangeConfiguration. With the ticket that an acceptance waits for.
pub(super) fn on_change(
    site: &mut Site,
    shared: &mut Shared,
    request: &v1_6::ChangeConfigurationRequest,
) -> (v1_6::ConfigurationStatus, Option<Ticket>) {
    let Some(setting) = site.settings.find_key(request.key.as_str()) else {
        return (v1_6::ConfigurationStatus::NotSupported, None);
    };
    match site.on_change_setting(shared, setting, request.value.as_str()) {
        SettingVerdict::Accepted(ticket) => (v1_6::ConfigurationStatus::Accepted, Some(ticket)),
        SettingVerdict::AfterReboot(ticket) => (v1_6::ConfigurationStatus::RebootRequired, Some(ticket)),
        SettingVerdict::Rejected => (v1_6::ConfigurationStatus::Rejected, None),
    }
}

/// Carries out a GetConfiguration: all keys, or those asked for. None if it asks for too many.
pub(super) fn on_get<'a>(settings: &'a Settings, request: &'a v1_6::GetConfigurationRequest) -> Option<Listing<'a>> {
    let most = usize::try_from(settings.number(Setting::GetConfigurationMaxKeys)).unwrap_or(usize::MAX);
    (request.key.len() <= most).then_some(Listing { settings, names: &request.key })
}

/// The answer, which is written key by key: a list of all would take as much memory again.
pub(super) struct Listing<'a> {
    settings: &'a Settings,
    /// What was asked for; nothing means all.
    names: &'a [CiText<50>],
}

impl Listing<'_> {
    fn keys(&self) -> impl Iterator<Item = AnySetting> {
        let all = self.settings.keys().filter(|_| self.names.is_empty());
        all.chain(self.names.iter().filter_map(|name| self.settings.find_key(name.as_str())))
    }

    fn entry(&self, key: AnySetting) -> v1_6::KeyValue {
        let is_read_only = self.settings.access(key) == SettingAccess::ReadOnly;
        let mut entry = v1_6::KeyValue::new(CiText::truncated(self.settings.name(key)), is_read_only);
        entry.value = (!self.settings.is_secret(key)).then(|| Text::truncated(self.settings.value(key)));
        entry
    }
}

impl Encode for Listing<'_> {
    fn write(&self, writer: &mut Writer) {
        writer.begin_object();
        if self.keys().next().is_some() {
            writer.name("configurationKey");
            writer.begin_array();
            self.keys().for_each(|key| self.entry(key).write(writer));
            writer.end_array();
        }
        let mut unknown = self.names.iter().filter(|name| self.settings.find_key(name.as_str()).is_none()).peekable();
        if unknown.peek().is_some() {
            writer.name("unknownKey");
            writer.begin_array();
            unknown.for_each(|name| name.write(writer));
            writer.end_array();
        }
        writer.end_object();
    }

    /// In a text that does not have to grow.
    fn to_json(&self) -> Result<String, Violation> {
        const ENTRY: &str = r#"{"key":"","readonly":false,"value":""},"#;
        const REST: &str = r#"{"configurationKey":[],"unknownKey":[]}"#;
        let entries =
            self.keys().map(|key| ENTRY.len() + self.settings.name(key).len() + self.settings.value(key).len());
        let mut writer = Writer::append(String::with_capacity(REST.len() + entries.sum::<usize>()));
        self.write(&mut writer);
        writer.finish()
    }
}
