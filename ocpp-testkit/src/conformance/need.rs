//! What a target must have for a case to apply.

use std::collections::BTreeMap;

use serde_json::Value;

use super::{Step, Stop, Values};

/// Something that not every target has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Need {
    /// A feature profile, by SupportedFeatureProfiles.
    Profile(&'static str),
    /// No such feature profile.
    NoProfile(&'static str),
    /// A configuration key, or a variable of 2.x.
    Key(&'static str),
    /// No such one.
    NoKey(&'static str),
    /// A configuration key that is true, or may be set so.
    True(&'static str),
    /// A plug that is held by a lock.
    PlugLock,
    /// A fixed cable.
    FixedCable,
    /// EVSEs that can be restarted alone. Whether a live station's can, the case itself sees; so with the next two.
    EvseReset,
    /// Detectors that tell if a vehicle stands in the bay.
    BayDetector,
    /// Meters that sign what they show.
    SignedReadings,
    /// A customer of whom the station keeps something, under an identifier that the run knows.
    Customer,
    /// A supply that outlasts the mains.
    BackupPower,
    /// None.
    NoBackupPower,
    /// At least so many connectors.
    Connectors(u16),
    /// Offline transactions, by whatever rule.
    OfflineStart,
    /// A file server that the run knows.
    FileServer,
    /// A security profile, this one at least.
    SecurityProfile(u8),
    /// A root certificate that the run knows.
    RootCertificate,
    /// A certificate for the station that the run knows.
    StationCertificate,
    /// Signed firmware that the run knows.
    SignedFirmware,
    /// A CSMS that does not accept the first boot of a station at once.
    FirstBootPending,
}

/// What a station told of itself by GetConfiguration.
#[derive(Clone, Debug, Default)]
pub(super) struct Capabilities {
    /// Value and whether it is read-only, by the name in lower case.
    keys: BTreeMap<String, (String, bool)>,
    /// How many EVSEs there are, where that is no key.
    pub connectors: Option<u16>,
}

impl Capabilities {
    /// Reads the answer to a GetConfiguration.
    pub fn of(configuration: &Value) -> Self {
        let entries = configuration.get("configurationKey").and_then(Value::as_array).into_iter().flatten();
        let text = |entry: &Value, name| entry.get(name).and_then(Value::as_str).unwrap_or_default().to_owned();
        let is_fixed = |entry: &Value| entry.get("readonly").and_then(Value::as_bool).unwrap_or(false);
        let keys = entries.map(|entry| (text(entry, "key").to_lowercase(), (text(entry, "value"), is_fixed(entry))));
        Capabilities { keys: keys.collect(), connectors: None }
    }

    /// The value of a key.
    pub fn value(&self, key: &str) -> Option<&str> {
        self.keys.get(&key.to_lowercase()).map(|(value, _)| value.as_str())
    }

    /// Whether the key cannot be set.
    pub fn is_read_only(&self, key: &str) -> bool {
        self.keys.get(&key.to_lowercase()).is_some_and(|(_, is_fixed)| *is_fixed)
    }

    /// Whether a boolean key is set.
    pub fn is_true(&self, key: &str) -> bool {
        self.value(key).is_some_and(|value| value.eq_ignore_ascii_case("true"))
    }

    /// Notes a new value.
    pub fn set(&mut self, key: &str, value: &str) {
        self.keys.insert(key.to_lowercase(), (value.to_owned(), false));
    }

    /// Whether the station has a feature profile.
    pub fn has_profile(&self, profile: &str) -> bool {
        let profiles = self.value("SupportedFeatureProfiles").unwrap_or_default();
        profiles.split(',').any(|one| one.trim().eq_ignore_ascii_case(profile))
    }

    /// The security profile that the station is connected by, 0 for none.
    pub fn security_profile(&self) -> u8 {
        let value = self.value("SecurityProfile").or_else(|| self.value("SecurityCtrlr.SecurityProfile"));
        value.and_then(|value| value.parse().ok()).unwrap_or(0)
    }

    /// How many connectors there are.
    pub fn connectors(&self) -> u16 {
        let told = || self.value("NumberOfConnectors").and_then(|value| value.parse().ok());
        self.connectors.or_else(told).unwrap_or(1)
    }
}

impl Need {
    /// Whether a station has it.
    pub(super) fn check(self, capabilities: &Capabilities, values: &Values) -> Step {
        let lacks = |what: String| Err(Stop::NotApplicable(what));
        match self {
            Need::Profile(profile) if !capabilities.has_profile(profile) => {
                lacks(format!("SupportedFeatureProfiles has no {profile}"))
            }
            Need::NoProfile(profile) if capabilities.has_profile(profile) => {
                lacks(format!("for stations without the profile {profile}"))
            }
            Need::Key(key) | Need::True(key) if capabilities.value(key).is_none() => lacks(format!("no key {key}")),
            Need::NoKey(key) if capabilities.value(key).is_some() => lacks(format!("for stations without {key}")),
            Need::True(key) if capabilities.is_read_only(key) && !capabilities.is_true(key) => {
                lacks(format!("{key} is false for good"))
            }
            Need::PlugLock if values.fixed_cable => lacks("for stations whose plug is locked".to_owned()),
            Need::FixedCable if !values.fixed_cable => lacks("for stations with a fixed cable".to_owned()),
            Need::Customer if values.customer.is_none() => {
                lacks("needs a customer whom the station's host knows (the value customer)".to_owned())
            }
            Need::BackupPower if !values.backup_power => lacks("for stations with a backup supply".to_owned()),
            Need::NoBackupPower if values.backup_power => lacks("for stations without a backup supply".to_owned()),
            Need::FileServer if values.files.is_none() => lacks("needs a file server (the value files)".to_owned()),
            Need::SecurityProfile(least) if capabilities.security_profile() < least => {
                lacks(format!("no security profile {least} or above"))
            }
            Need::RootCertificate if values.root_certificate.is_none() => {
                lacks("needs a root certificate (the value root_certificate)".to_owned())
            }
            Need::StationCertificate if values.station_certificate.is_none() => {
                lacks("needs a certificate for the station (the value station_certificate)".to_owned())
            }
            Need::SignedFirmware if values.firmware.is_none() => {
                lacks("needs signed firmware (the values firmware, signing_certificate, signature)".to_owned())
            }
            Need::FirstBootPending if !values.first_boot_pending => {
                lacks("needs a CSMS that lets a station wait at first (the value first_boot=Pending)".to_owned())
            }
            Need::Connectors(least) if capabilities.connectors() < least => {
                lacks(format!("fewer than {least} connectors"))
            }
            Need::OfflineStart if OFFLINE_RULES.iter().all(|key| capabilities.value(key).is_none()) => {
                lacks(format!("none of {}", OFFLINE_RULES.join(", ")))
            }
            Need::Profile(_)
            | Need::NoProfile(_)
            | Need::Key(_)
            | Need::NoKey(_)
            | Need::True(_)
            | Need::PlugLock
            | Need::FixedCable
            | Need::EvseReset
            | Need::BayDetector
            | Need::SignedReadings
            | Need::Customer
            | Need::BackupPower
            | Need::NoBackupPower
            | Need::Connectors(_)
            | Need::OfflineStart
            | Need::FileServer
            | Need::SecurityProfile(_)
            | Need::RootCertificate
            | Need::StationCertificate
            | Need::SignedFirmware
            | Need::FirstBootPending => Ok(()),
        }
    }
}

/// What lets a token charge offline (1.6 §3.5).
pub(super) const OFFLINE_RULES: [&str; 3] =
    ["LocalAuthListEnabled", "AuthorizationCacheEnabled", "AllowOfflineTxForUnknownId"];
