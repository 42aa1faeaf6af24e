//! The settings that were changed: each is an entry `set/<name>`, and a change is answered once it is durable.

use alloc::vec::Vec;

use compact_str::{CompactString, format_compact};
use serde::{Deserialize, Serialize};

#[cfg(feature = "security")]
use super::security;
use super::{AnyKey, Settings};
use crate::site::policy::Policy;
use crate::site::shared::Shared;
use crate::site::verdict::SettingVerdict;
use crate::station::{Event, SettingAccess};
use crate::store::framing::Record;
use crate::store::{EntryKey, Image, StoreOp, Ticket};
use crate::{MisuseError, Refusal};

const PREFIX: &str = "set/";

#[derive(Serialize, Deserialize)]
struct StoredValue(CompactString);

impl Record for StoredValue {
    const KIND: u8 = 34;
}

/// Sets what was stored. Gives the entries that could not be used.
pub(in crate::site) fn restore(settings: &mut Settings, image: &Image) -> Vec<CompactString> {
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
pub(in crate::site) fn change(settings: &mut Settings, shared: &mut Shared, key: AnyKey, value: &str) -> Ticket {
    settings.set_any(key, value);
    let name = settings.name(key);
    shared.event(Event::Configured { key: name.into() });
    let entry = EntryKey::new(&format_compact!("{PREFIX}{}", name.replace(',', ".")));
    shared.store.push(StoreOp::Put { key: entry, value: StoredValue(value.into()).to_bytes() })
}

impl Settings {
    /// Changes a setting for the CSMS, where it may and the value is one of it.
    pub fn on_change(&mut self, shared: &mut Shared, policy: &Policy, name: &str, value: &str) -> SettingVerdict {
        let Some(key) = self.find(name) else { return SettingVerdict::Unknown };
        let access = self.access(key);
        if access == SettingAccess::ReadOnly || !self.accepts(key, value) {
            return SettingVerdict::Rejected;
        }
        #[cfg(feature = "security")]
        if let AnyKey::Standard(key) = key
            && security::is_access(key)
        {
            let ticket = security::on_change(self, shared, &policy.profile_rules, key, value);
            return ticket.map_or(SettingVerdict::Rejected, SettingVerdict::Accepted);
        }
        #[cfg(not(feature = "security"))]
        let _ = policy;
        let ticket = change(self, shared, key, value);
        match access {
            SettingAccess::AfterReboot => SettingVerdict::AfterReboot(ticket),
            SettingAccess::ReadOnly | SettingAccess::ReadWrite => SettingVerdict::Accepted(ticket),
        }
    }

    /// Finds what is wrong with a setting of the host.
    pub fn check(&self, name: &str, value: &str) -> Result<AnyKey, MisuseError> {
        let key = self.find(name).ok_or(MisuseError::Refused(Refusal::UnknownSetting))?;
        let is_accepted = self.accepts(key, value);
        if is_accepted { Ok(key) } else { Err(MisuseError::Refused(Refusal::UnfitValue)) }
    }

    /// A setting of the host, which was checked.
    pub fn configure(&mut self, shared: &mut Shared, name: &str, value: &str) {
        if let Ok(key) = self.check(name, value) {
            #[cfg(feature = "security")]
            if let AnyKey::Standard(key) = key
                && security::is_access(key)
            {
                security::change(self, shared, key, value);
                return;
            }
            change(self, shared, key, value);
        }
    }
}
