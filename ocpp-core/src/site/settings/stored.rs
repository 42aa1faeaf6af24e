//! The settings that were changed: each is an entry `set/<id>`, and a change is answered once it is durable. Entries that bear
//! the name of a key of 1.6, as they once did, are read too; the one by the id counts.

use alloc::vec::Vec;

use ocpp_types::SmallString;
#[cfg(all(test, feature = "serde"))]
use serde::{Deserialize, Serialize};

#[cfg(feature = "security")]
use super::security;
use super::{AnySetting, Settings};
use crate::site::policy::Policy;
use crate::site::shared::Shared;
use crate::site::verdict::SettingVerdict;
use crate::station::{Event, SettingAccess};
use crate::store::framing::Record;
use crate::store::pack::packed;
use crate::store::{EntryKey, Image, StoreOp, Ticket};
use crate::words::joined;
use crate::{MisuseError, Refusal};

const PREFIX: &str = "set/";

#[cfg_attr(all(test, feature = "serde"), derive(Serialize, Deserialize))]
struct StoredValue(SmallString);

packed!(StoredValue { 0 });

impl Record for StoredValue {
    const KIND: u8 = 34;
}

/// Sets what was stored. Gives the entries that could not be used.
pub(in crate::site) fn restore(settings: &mut Settings, image: &Image) -> Vec<SmallString> {
    let mut skipped = Vec::new();
    for is_by_id in [false, true] {
        for (entry, bytes) in &image.entries {
            let Some(name) = entry.as_str().strip_prefix(PREFIX) else { continue };
            // A comma is a point in an entry's name.
            let setting = settings.find(name).or_else(|| settings.find(&name.replacen('.', ",", 1)));
            if is_by_id != setting.is_some_and(|setting| entry_name(settings, setting) == name) {
                continue;
            }
            match (setting, StoredValue::from_bytes(bytes)) {
                (Some(setting), Ok(StoredValue(value))) if settings.accepts(setting, &value) => {
                    settings.set_any(setting, &value);
                }
                _ => skipped.push(SmallString::new(entry.as_str())),
            }
        }
    }
    skipped
}

/// What follows the prefix in the name of its entry.
fn entry_name(settings: &Settings, setting: AnySetting) -> SmallString {
    settings.id(setting).replace(',', ".").into()
}

/// Sets a value and stores it.
pub(in crate::site) fn change(settings: &mut Settings, shared: &mut Shared, key: AnySetting, value: &str) -> Ticket {
    settings.set_any(key, value);
    settings.tell(shared, key);
    let entry = EntryKey::new(&joined(&[PREFIX, &entry_name(settings, key)]));
    shared.store.push(StoreOp::Put { key: entry, value: StoredValue(value.into()).to_bytes() })
}

impl Settings {
    /// Tells the host of the value of a setting.
    pub fn tell(&self, shared: &mut Shared, key: AnySetting) {
        let value = (!self.is_secret(key)).then(|| self.value(key).into());
        shared.event(Event::Configured { key: self.name(key).into(), value });
    }

    /// Changes a setting for the CSMS, where it may and the value is one of it.
    pub fn on_change(&mut self, shared: &mut Shared, policy: &Policy, key: AnySetting, value: &str) -> SettingVerdict {
        let access = self.access(key);
        if access == SettingAccess::ReadOnly || !self.accepts(key, value) {
            return SettingVerdict::Rejected;
        }
        #[cfg(feature = "security")]
        if let AnySetting::Standard(key) = key
            && security::is_access(key)
        {
            let ticket = security::on_change(self, shared, &policy.profile_rules, key, value);
            return ticket.map_or(SettingVerdict::Rejected, SettingVerdict::Accepted);
        }
        #[cfg(not(feature = "security"))]
        let _ = policy;
        #[cfg(all(feature = "security", feature = "transaction_events"))]
        if key == AnySetting::Standard(super::Setting::NetworkConfigurationPriority)
            && !security::may_connect_by(shared, &policy.profile_rules, value)
        {
            return SettingVerdict::Rejected;
        }
        let ticket = change(self, shared, key, value);
        match access {
            SettingAccess::AfterReboot => SettingVerdict::AfterReboot(ticket),
            SettingAccess::ReadOnly | SettingAccess::ReadWrite => SettingVerdict::Accepted(ticket),
        }
    }

    /// Finds what is wrong with a setting of the host.
    pub fn check(&self, name: &str, value: &str) -> Result<AnySetting, MisuseError> {
        let key = self.find(name).ok_or(MisuseError::Refused(Refusal::UnknownSetting))?;
        let is_accepted = self.accepts(key, value);
        if is_accepted { Ok(key) } else { Err(MisuseError::Refused(Refusal::UnfitValue)) }
    }

    /// A setting of the host, which was checked.
    pub fn configure(&mut self, shared: &mut Shared, name: &str, value: &str) {
        if let Ok(key) = self.check(name, value) {
            #[cfg(feature = "security")]
            if let AnySetting::Standard(key) = key
                && security::is_access(key)
            {
                security::change(self, shared, key, value);
                return;
            }
            change(self, shared, key, value);
        }
    }
}

#[cfg(test)]
mod tests {
    #[cfg(feature = "serde")]
    use super::*;

    #[cfg(feature = "serde")]
    #[test]
    fn records_have_the_bytes_of_postcard() {
        use crate::store::pack::agrees_with_postcard;
        agrees_with_postcard::<StoredValue>();
    }
}
