//! GetConfiguration and ChangeConfiguration (1.6 §5.3, §5.8).
//!
//! Stores each changed key as an entry `set/<key>`; a change is answered once it is durable.

use alloc::vec::Vec;

use compact_str::{CompactString, format_compact};
use ocpp_types::text::{CiText, Text};
use ocpp_types::v1_6;
use serde::{Deserialize, Serialize};

use super::settings::{Key, Settings};
use crate::MisuseError;
use crate::shared::Shared;
use crate::station::Event;
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
        match (Key::from_name(name), StoredValue::from_bytes(bytes)) {
            (Some(key), Ok(StoredValue(value))) if key.accepts(&value) => settings.set(key, &value),
            _ => skipped.push(CompactString::new(entry.as_str())),
        }
    }
    skipped
}

/// Sets a value and stores it.
pub(super) fn change(settings: &mut Settings, shared: &mut Shared, key: Key, value: &str) -> Ticket {
    settings.set(key, value);
    shared.event(Event::Configured { key: key.as_str().into() });
    let entry = EntryKey::new(&format_compact!("{PREFIX}{}", key.as_str()));
    shared.store.push(StoreOp::Put { key: entry, value: StoredValue(value.into()).to_bytes() })
}

/// Finds what is wrong with a setting of the application.
pub(super) fn check(key: &str, value: &str) -> Result<Key, MisuseError> {
    let key = Key::from_name(key).ok_or(MisuseError::Refused("no such configuration key"))?;
    if key.accepts(value) { Ok(key) } else { Err(MisuseError::Refused("not a value of this configuration key")) }
}

/// Carries out a ChangeConfiguration. With the ticket that an acceptance waits for.
pub(super) fn on_change(
    settings: &mut Settings,
    shared: &mut Shared,
    request: &v1_6::ChangeConfigurationRequest,
) -> (v1_6::ConfigurationStatus, Option<Ticket>) {
    let Some(key) = Key::from_name(request.key.as_str()) else {
        return (v1_6::ConfigurationStatus::NotSupported, None);
    };
    let value = request.value.as_str();
    if key.is_read_only() || !key.accepts(value) {
        return (v1_6::ConfigurationStatus::Rejected, None);
    }
    (v1_6::ConfigurationStatus::Accepted, Some(change(settings, shared, key, value)))
}

/// Carries out a GetConfiguration: all keys, or those asked for.
pub(super) fn on_get(settings: &Settings, request: &v1_6::GetConfigurationRequest) -> v1_6::GetConfigurationResponse {
    let mut response = v1_6::GetConfigurationResponse::new();
    let entry = |key: Key| {
        let name = CiText::truncated(key.as_str());
        v1_6::KeyValue::new(name, key.is_read_only()).with_value(Text::truncated(settings.text(key)))
    };
    if request.key.is_empty() {
        response.configuration_key = Key::ALL.iter().copied().map(entry).collect();
        return response;
    }
    for name in &request.key {
        match Key::from_name(name.as_str()) {
            Some(key) => response.configuration_key.push(entry(key)),
            None => response.unknown_key.push(name.clone()),
        }
    }
    response
}
