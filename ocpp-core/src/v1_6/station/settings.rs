//! The configuration keys of 1.6 §9 that this machine knows: types, bounds, defaults and values.

use alloc::vec::Vec;
use core::time::Duration;

use compact_str::{CompactString, ToCompactString};

use crate::station::{MeasurandChoice, StationConfig};

/// What a value must look like.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    Boolean,
    /// An integer of at least the bound, at most [`MAX_INTEGER`].
    Integer {
        min: u32,
    },
    /// A comma separated list of measurands, at most [`MAX_MEASURANDS`].
    Measurands,
    /// `Current`, `Power`, or both (errata 3.88).
    #[cfg(feature = "smart_charging")]
    RateUnits,
    /// Free text, which only the station sets.
    Text,
}

const MAX_INTEGER: u32 = i32::MAX as u32;
const MAX_MEASURANDS: usize = 16;

const FEATURE_PROFILES: &str =
    if cfg!(feature = "smart_charging") { "Core,Reservation,SmartCharging" } else { "Core,Reservation" };

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Access {
    ReadOnly,
    ReadWrite,
}

macro_rules! keys {
    ($($(#[$condition:meta])? $name:ident, $kind:expr, $access:ident, $default:expr;)*) => {
        /// A configuration key.
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub(crate) enum Key {
            $($(#[$condition])? $name,)*
        }

        impl Key {
            /// All keys, in the order in which they are reported.
            pub const ALL: &'static [Key] = &[$($(#[$condition])? Key::$name),*];

            /// The name, as in 1.6 §9. Names are case-insensitive on the wire (1.6 §5.3: CiString50).
            pub fn as_str(self) -> &'static str {
                match self {
                    $($(#[$condition])? Key::$name => stringify!($name),)*
                }
            }

            fn kind(self) -> Kind {
                match self {
                    $($(#[$condition])? Key::$name => $kind,)*
                }
            }

            fn access(self) -> Access {
                match self {
                    $($(#[$condition])? Key::$name => Access::$access,)*
                }
            }

            fn default(self) -> &'static str {
                match self {
                    $($(#[$condition])? Key::$name => $default,)*
                }
            }
        }
    };
}

keys! {
    AllowOfflineTxForUnknownId, Kind::Boolean, ReadWrite, "false";
    AuthorizeRemoteTxRequests, Kind::Boolean, ReadWrite, "true";
    #[cfg(feature = "smart_charging")]
    ChargeProfileMaxStackLevel, Kind::Integer { min: 0 }, ReadOnly, "10";
    #[cfg(feature = "smart_charging")]
    ChargingScheduleAllowedChargingRateUnit, Kind::RateUnits, ReadOnly, "Current,Power";
    #[cfg(feature = "smart_charging")]
    ChargingScheduleMaxPeriods, Kind::Integer { min: 1 }, ReadOnly, "48";
    ConnectionTimeOut, Kind::Integer { min: 1 }, ReadWrite, "120";
    #[cfg(feature = "smart_charging")]
    ConnectorSwitch3to1PhaseSupported, Kind::Boolean, ReadOnly, "false";
    GetConfigurationMaxKeys, Kind::Integer { min: 1 }, ReadOnly, "50";
    HeartbeatInterval, Kind::Integer { min: 0 }, ReadWrite, "3600";
    LocalAuthorizeOffline, Kind::Boolean, ReadWrite, "true";
    LocalPreAuthorize, Kind::Boolean, ReadWrite, "false";
    #[cfg(feature = "smart_charging")]
    MaxChargingProfilesInstalled, Kind::Integer { min: 0 }, ReadOnly, "10";
    MessageTimeout, Kind::Integer { min: 1 }, ReadWrite, "30";
    MeterValuesSampledData, Kind::Measurands, ReadWrite, "Energy.Active.Import.Register";
    MeterValuesSampledDataMaxLength, Kind::Integer { min: 0 }, ReadOnly, "16";
    MeterValueSampleInterval, Kind::Integer { min: 0 }, ReadWrite, "60";
    MinimumStatusDuration, Kind::Integer { min: 0 }, ReadWrite, "0";
    NumberOfConnectors, Kind::Integer { min: 1 }, ReadOnly, "1";
    ResetRetries, Kind::Integer { min: 0 }, ReadWrite, "0";
    StopTransactionOnEVSideDisconnect, Kind::Boolean, ReadWrite, "true";
    StopTransactionOnInvalidId, Kind::Boolean, ReadWrite, "true";
    SupportedFeatureProfiles, Kind::Text, ReadOnly, FEATURE_PROFILES;
    TransactionMessageAttempts, Kind::Integer { min: 1 }, ReadWrite, "3";
    TransactionMessageRetryInterval, Kind::Integer { min: 0 }, ReadWrite, "60";
    UnlockConnectorOnEVSideDisconnect, Kind::Boolean, ReadWrite, "true";
    WebSocketPingInterval, Kind::Integer { min: 0 }, ReadWrite, "60";
}

impl Key {
    /// The key of this name, in any letter case.
    pub fn from_name(name: &str) -> Option<Self> {
        Key::ALL.iter().copied().find(|key| key.as_str().eq_ignore_ascii_case(name))
    }

    /// Whether the CSMS may not change it.
    pub fn is_read_only(self) -> bool {
        self.access() == Access::ReadOnly
    }

    /// Whether `value` is one of this key. Written as the specification writes it: `true`, digits, a list.
    pub fn accepts(self, value: &str) -> bool {
        match self.kind() {
            Kind::Boolean => parse_boolean(value).is_some(),
            Kind::Integer { min } => value.parse().is_ok_and(|n: u32| (min..=MAX_INTEGER).contains(&n)),
            Kind::Measurands => MeasurandChoice::parse_list(value).is_some_and(|list| list.len() <= MAX_MEASURANDS),
            #[cfg(feature = "smart_charging")]
            Kind::RateUnits => value.split(',').all(|unit| matches!(unit, "Current" | "Power")),
            Kind::Text => true,
        }
    }
}

fn parse_boolean(value: &str) -> Option<bool> {
    if value.eq_ignore_ascii_case("true") {
        Some(true)
    } else if value.eq_ignore_ascii_case("false") {
        Some(false)
    } else {
        None
    }
}

/// The values of all keys. Only values that differ from the default take memory.
#[derive(Debug)]
pub(crate) struct Settings {
    changed: Vec<(Key, CompactString)>,
}

impl Settings {
    /// The defaults, with the values of the configuration. Unknown names and bad values are given back.
    pub fn new(config: &StationConfig) -> (Self, Vec<CompactString>) {
        let mut settings = Settings { changed: Vec::new() };
        let mut refused = Vec::new();
        for (name, value) in &config.settings {
            match Key::from_name(name) {
                Some(key) if key.accepts(value) => settings.set(key, value),
                Some(_) | None => refused.push(name.clone()),
            }
        }
        settings.set(Key::NumberOfConnectors, &config.evses.to_compact_string());
        (settings, refused)
    }

    /// Sets a value that [`Key::accepts`].
    pub fn set(&mut self, key: Key, value: &str) {
        match self.changed.iter_mut().find(|(changed, _)| *changed == key) {
            Some((_, old)) => *old = CompactString::new(value),
            None => self.changed.push((key, CompactString::new(value))),
        }
    }

    /// The value as text.
    pub fn text(&self, key: Key) -> &str {
        let changed = self.changed.iter().find(|(changed, _)| *changed == key);
        changed.map_or(key.default(), |(_, value)| value)
    }

    /// The value of a boolean key.
    pub fn is_on(&self, key: Key) -> bool {
        parse_boolean(self.text(key)).unwrap_or(false)
    }

    /// The value of an integer key.
    pub fn number(&self, key: Key) -> u32 {
        self.text(key).parse().unwrap_or(0)
    }

    /// The value of an integer key in seconds.
    pub fn seconds(&self, key: Key) -> Duration {
        Duration::from_secs(self.number(key).into())
    }

    /// The value of a list of measurands.
    pub fn measurands(&self, key: Key) -> Vec<MeasurandChoice> {
        MeasurandChoice::parse_list(self.text(key)).unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_default_is_a_value_of_its_key() {
        for &key in Key::ALL {
            assert!(key.accepts(key.default()), "{key:?}");
            assert_eq!(Key::from_name(&key.as_str().to_lowercase()), Some(key));
        }
    }

    #[test]
    fn bad_values_are_refused() {
        for (key, value) in [
            (Key::HeartbeatInterval, "-1"),
            (Key::HeartbeatInterval, "4294967296"),
            (Key::HeartbeatInterval, ""),
            (Key::HeartbeatInterval, "10 "),
            (Key::HeartbeatInterval, "10.0"),
            (Key::ConnectionTimeOut, "0"),
            (Key::WebSocketPingInterval, "-1"),
            (Key::StopTransactionOnInvalidId, "1"),
            (Key::MeterValuesSampledData, "Energy.Active.Import.Register,Nonsense"),
        ] {
            assert!(!key.accepts(value), "{key:?} took {value:?}");
        }
        assert!(Key::MeterValuesSampledData.accepts(""));
        assert!(Key::StopTransactionOnInvalidId.accepts("False"));
    }
}
