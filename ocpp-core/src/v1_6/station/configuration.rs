//! GetConfiguration and ChangeConfiguration (1.6 §5.3, §5.8).
//!
//! Stores each changed key as an entry `set/<key>`; a change is answered once it is durable.

use alloc::string::String;
use alloc::vec::Vec;

use compact_str::{CompactString, format_compact};
use ocpp_types::codec::Encode;
use ocpp_types::json::Writer;
use ocpp_types::text::{CiText, Text};
use ocpp_types::v1_6;
use ocpp_types::violation::Violation;
use serde::{Deserialize, Serialize};

use super::settings::{AnyKey, Key, Settings};
use crate::MisuseError;
use crate::shared::Shared;
use crate::station::{Event, SettingAccess};
use crate::store::framing::Record;
use crate::store::{EntryKey, Image, StoreOp, Ticket};

const PREFIX: &str = "set/";

#[derive(Serialize, Deserialize)]
struct StoredValue(CompactString);

impl Record for StoredValue {
    const KIND: u8 = 34;
}

/// Sets what was stored. Gives the entries that could not be used.
pub(super) fn restore(settings: &mut Settings, image: &Image) -> Vec<CompactString> {
    let mut skipped = Vec::new();
    for (entry, bytes) in &image.entries {
        let Some(name) = entry.as_str().strip_prefix(PREFIX) else { continue };
        // A comma is a point in an entry's name.
        let key = settings.find(name).or_else(|| settings.find(&name.replacen('.', ",", 1)));
        match (key, StoredValue::from_bytes(bytes)) {
            (Some(key), Ok(StoredValue(value))) if settings.accepts(key, &value) => settings.set_any(key, &value),
            _ => skipped.push(CompactString::new(entry.as_str())),
        }
    }
    skipped
}

/// Sets a value and stores it.
pub(super) fn change(settings: &mut Settings, shared: &mut Shared, key: AnyKey, value: &str) -> Ticket {
    settings.set_any(key, value);
    let name = settings.name(key);
    shared.event(Event::Configured { key: name.into() });
    let entry = EntryKey::new(&format_compact!("{PREFIX}{}", name.replace(',', ".")));
    shared.store.push(StoreOp::Put { key: entry, value: StoredValue(value.into()).to_bytes() })
}

/// Finds what is wrong with a setting of the application.
pub(super) fn check(settings: &Settings, key: &str, value: &str) -> Result<AnyKey, MisuseError> {
    let key = settings.find(key).ok_or(MisuseError::Refused("no such configuration key"))?;
    let is_accepted = settings.accepts(key, value);
    if is_accepted { Ok(key) } else { Err(MisuseError::Refused("not a value of this configuration key")) }
}

/// Carries out a ChangeConfiguration. With the ticket that an acceptance waits for.
pub(super) fn on_change(
    settings: &mut Settings,
    shared: &mut Shared,
    request: &v1_6::ChangeConfigurationRequest,
) -> (v1_6::ConfigurationStatus, Option<Ticket>) {
    let Some(key) = settings.find(request.key.as_str()) else {
        return (v1_6::ConfigurationStatus::NotSupported, None);
    };
    let value = request.value.as_str();
    let status = match settings.access(key) {
        SettingAccess::ReadWrite if settings.accepts(key, value) => v1_6::ConfigurationStatus::Accepted,
        SettingAccess::AfterReboot if settings.accepts(key, value) => v1_6::ConfigurationStatus::RebootRequired,
        SettingAccess::ReadOnly | SettingAccess::ReadWrite | SettingAccess::AfterReboot => {
            return (v1_6::ConfigurationStatus::Rejected, None);
        }
    };
    #[cfg(feature = "security")]
    if let AnyKey::Standard(key) = key
        && super::security::is_access(key)
    {
        return super::security::on_change(settings, shared, key, value);
    }
    (status, Some(change(settings, shared, key, value)))
}

/// Carries out a GetConfiguration: all keys, or those asked for. None if it asks for too many.
pub(super) fn on_get<'a>(settings: &'a Settings, request: &'a v1_6::GetConfigurationRequest) -> Option<Listing<'a>> {
    let most = usize::try_from(settings.number(Key::GetConfigurationMaxKeys)).unwrap_or(usize::MAX);
    (request.key.len() <= most).then_some(Listing { settings, names: &request.key })
}

/// The answer, which is written key by key: a list of all would take as much memory again.
pub(super) struct Listing<'a> {
    settings: &'a Settings,
    /// What was asked for; nothing means all.
    names: &'a [CiText<50>],
}

impl Listing<'_> {
    fn keys(&self) -> impl Iterator<Item = AnyKey> {
        let all = self.settings.all().filter(|_| self.names.is_empty());
        all.chain(self.names.iter().filter_map(|name| self.settings.find(name.as_str())))
    }

    fn entry(&self, key: AnyKey) -> v1_6::KeyValue {
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
        let mut unknown = self.names.iter().filter(|name| self.settings.find(name.as_str()).is_none()).peekable();
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
