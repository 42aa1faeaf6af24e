//! The configuration keys of 1.6 §9 that this machine knows: types, bounds, defaults and values.

use alloc::format;
use alloc::vec::Vec;
use core::time::Duration;

use compact_str::{CompactString, ToCompactString};

#[cfg(feature = "security")]
use ocpp_rpc::handshake::Password;

use crate::MisuseError;
use crate::station::{CustomSetting, Measurand, MeasurandChoice, SettingAccess, StationConfig};
use crate::table::Table;

/// What a value must look like.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    Boolean,
    /// An integer of at least `min`, at most `max`.
    Integer {
        min: u32,
        max: u32,
    },
    /// A comma separated list of measurands that the meters offer, at most as many as the key says.
    Measurands {
        most: Key,
    },
    /// A comma separated list of connectors with the rotation of their phases (1.6 §9.1.7).
    PhaseRotation,
    /// `Current`, `Power`, or both (errata 3.88).
    #[cfg(feature = "smart_charging")]
    RateUnits,
    /// Free text.
    Text,
    /// A password of 1.6 in hexadecimal digits, which is never told.
    #[cfg(feature = "security")]
    Secret,
    /// Hours and minutes from UTC, as `-05:00`, or nothing.
    #[cfg(feature = "california_pricing")]
    Offset,
    /// A date and time (RFC 3339), or nothing.
    #[cfg(feature = "california_pricing")]
    Moment,
    /// A default price as JSON, or nothing.
    #[cfg(feature = "california_pricing")]
    Price,
    /// One of SupportedLanguages, or nothing.
    #[cfg(feature = "california_pricing")]
    Language,
}

const BOOLEAN: Kind = Kind::Boolean;
const TEXT: Kind = Kind::Text;

/// The feature profiles that are built in (1.6 §9.1.29), with a comma before each but the first.
const PROFILES: [(bool, &str); 6] = [
    (true, "Core"),
    (cfg!(feature = "firmware_management"), ",FirmwareManagement"),
    (cfg!(feature = "local_auth_list"), ",LocalAuthListManagement"),
    (cfg!(feature = "remote_trigger"), ",RemoteTrigger"),
    (cfg!(feature = "reservation"), ",Reservation"),
    (cfg!(feature = "smart_charging"), ",SmartCharging"),
];
#[expect(clippy::indexing_slicing, reason = "the compiler evaluates it")]
const FEATURE_PROFILES: &str = {
    const TEXT: ([u8; 128], usize) = {
        let (mut text, mut length, mut next) = ([0; 128], 0, 0);
        while next < PROFILES.len() {
            let (is_built_in, name) = PROFILES[next];
            let mut place = 0;
            while is_built_in && place < name.len() {
                text[length] = name.as_bytes()[place];
                (length, place) = (length + 1, place + 1);
            }
            next += 1;
        }
        (text, length)
    };
    match core::str::from_utf8(TEXT.0.split_at(TEXT.1).0) {
        Ok(text) => text,
        Err(_) => "",
    }
};

/// An integer of at least `min`.
const fn integer(min: u32) -> Kind {
    Kind::Integer { min, max: i32::MAX as u32 }
}

/// A count that memory is reserved by.
const fn count(min: u32, max: u32) -> Kind {
    Kind::Integer { min, max }
}

const fn measurands(most: Key) -> Kind {
    Kind::Measurands { most }
}

const SECONDS_OF_DAY: u32 = 24 * 60 * 60;
const ROTATIONS: [&str; 8] = ["NotApplicable", "Unknown", "RST", "RTS", "SRT", "STR", "TRS", "TSR"];

macro_rules! keys {
    ($($(#[$condition:meta])? $name:ident, $kind:expr, $access:ident, $default:expr;)*) => {
        /// A configuration key.
        #[allow(clippy::enum_variant_names, reason = "the names are the specification's")]
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

            fn access(self) -> SettingAccess {
                match self {
                    $($(#[$condition])? Key::$name => SettingAccess::$access,)*
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
    #[cfg(feature = "security")]
    AdditionalRootCertificateCheck, BOOLEAN, ReadOnly, "false";
    AllowOfflineTxForUnknownId, BOOLEAN, ReadWrite, "false";
    AuthorizationCacheEnabled, BOOLEAN, ReadWrite, "false";
    #[cfg(feature = "security")]
    AuthorizationKey, Kind::Secret, ReadWrite, "";
    AuthorizeRemoteTxRequests, BOOLEAN, ReadWrite, "true";
    BlinkRepeat, integer(0), ReadWrite, "3";
    #[cfg(feature = "plug_and_charge")]
    CentralContractValidationAllowed, BOOLEAN, ReadWrite, "false";
    #[cfg(feature = "security")]
    CertificateSignedMaxChainSize, count(1, 10_000), ReadOnly, "10000";
    #[cfg(feature = "security")]
    CertificateStoreMaxLength, integer(1), ReadOnly, "10";
    #[cfg(feature = "plug_and_charge")]
    CertSigningRepeatTimes, integer(0), ReadWrite, "3";
    #[cfg(feature = "plug_and_charge")]
    CertSigningWaitMinimum, integer(0), ReadWrite, "300";
    #[cfg(feature = "smart_charging")]
    ChargeProfileMaxStackLevel, integer(0), ReadOnly, "10";
    #[cfg(feature = "smart_charging")]
    ChargingScheduleAllowedChargingRateUnit, Kind::RateUnits, ReadOnly, "Current,Power";
    #[cfg(feature = "smart_charging")]
    ChargingScheduleMaxPeriods, integer(1), ReadOnly, "48";
    ClockAlignedDataInterval, count(0, SECONDS_OF_DAY), ReadWrite, "0";
    ConnectionTimeOut, integer(1), ReadWrite, "120";
    ConnectorPhaseRotation, Kind::PhaseRotation, ReadWrite, "";
    ConnectorPhaseRotationMaxLength, integer(1), ReadOnly, "1";
    #[cfg(feature = "smart_charging")]
    ConnectorSwitch3to1PhaseSupported, BOOLEAN, ReadOnly, "false";
    #[cfg(feature = "plug_and_charge")]
    ContractValidationOffline, BOOLEAN, ReadWrite, "false";
    #[cfg(feature = "security")]
    CpoName, TEXT, ReadWrite, "";
    #[cfg(feature = "california_pricing")]
    CustomDisplayCostAndPrice, BOOLEAN, ReadOnly, "false";
    #[cfg(feature = "california_pricing")]
    CustomIdleFeeAfterStop, BOOLEAN, ReadOnly, "false";
    #[cfg(feature = "california_pricing")]
    CustomMultiLanguageMessages, BOOLEAN, ReadOnly, "false";
    #[cfg(feature = "california_pricing")]
    DefaultPrice, Kind::Price, ReadWrite, "";
    GetConfigurationMaxKeys, integer(1), ReadOnly, "50";
    HeartbeatInterval, integer(0), ReadWrite, "3600";
    #[cfg(feature = "plug_and_charge")]
    ISO15118PnCEnabled, BOOLEAN, ReadWrite, "false";
    #[cfg(feature = "california_pricing")]
    Language, Kind::Language, ReadWrite, "";
    LightIntensity, count(0, 100), ReadWrite, "100";
    #[cfg(feature = "local_auth_list")]
    LocalAuthListEnabled, BOOLEAN, ReadWrite, "true";
    #[cfg(feature = "local_auth_list")]
    LocalAuthListMaxLength, count(0, 100_000), ReadOnly, "500";
    LocalAuthorizeOffline, BOOLEAN, ReadWrite, "true";
    LocalPreAuthorize, BOOLEAN, ReadWrite, "false";
    #[cfg(feature = "smart_charging")]
    MaxChargingProfilesInstalled, integer(0), ReadOnly, "10";
    MaxEnergyOnInvalidId, integer(0), ReadWrite, "0";
    MessageTimeout, integer(1), ReadWrite, "30";
    MeterValuesAlignedData, measurands(Key::MeterValuesAlignedDataMaxLength), ReadWrite, "Energy.Active.Import.Register";
    MeterValuesAlignedDataMaxLength, count(0, MEASURANDS), ReadOnly, "16";
    MeterValueSampleInterval, integer(0), ReadWrite, "60";
    MeterValuesSampledData, measurands(Key::MeterValuesSampledDataMaxLength), ReadWrite, "Energy.Active.Import.Register";
    MeterValuesSampledDataMaxLength, count(0, MEASURANDS), ReadOnly, "16";
    MinimumStatusDuration, integer(0), ReadWrite, "0";
    #[cfg(feature = "california_pricing")]
    NextTimeOffsetTransitionDateTime, Kind::Moment, ReadWrite, "";
    NumberOfConnectors, integer(1), ReadOnly, "1";
    #[cfg(feature = "california_pricing")]
    NumberOfDecimalsForCostValues, integer(0), ReadOnly, "3";
    #[cfg(feature = "reservation")]
    ReserveConnectorZeroSupported, BOOLEAN, ReadOnly, "true";
    ResetRetries, integer(0), ReadWrite, "0";
    #[cfg(feature = "security")]
    SecurityProfile, count(0, 3), ReadWrite, "0";
    #[cfg(feature = "local_auth_list")]
    SendLocalListMaxLength, count(0, 1_000), ReadOnly, "100";
    StopTransactionMaxMeterValues, count(2, 10_000), ReadOnly, "50";
    StopTransactionOnEVSideDisconnect, BOOLEAN, ReadWrite, "true";
    StopTransactionOnInvalidId, BOOLEAN, ReadWrite, "true";
    StopTxnAlignedData, measurands(Key::StopTxnAlignedDataMaxLength), ReadWrite, "";
    StopTxnAlignedDataMaxLength, count(0, MEASURANDS), ReadOnly, "16";
    StopTxnSampledData, measurands(Key::StopTxnSampledDataMaxLength), ReadWrite, "";
    StopTxnSampledDataMaxLength, count(0, MEASURANDS), ReadOnly, "16";
    SupportedFeatureProfiles, TEXT, ReadOnly, FEATURE_PROFILES;
    #[cfg(feature = "firmware_management")]
    SupportedFileTransferProtocols, TEXT, ReadOnly, "";
    #[cfg(feature = "california_pricing")]
    SupportedLanguages, TEXT, ReadOnly, "";
    #[cfg(feature = "california_pricing")]
    TimeOffset, Kind::Offset, ReadWrite, "";
    #[cfg(feature = "california_pricing")]
    TimeOffsetNextTransition, Kind::Offset, ReadWrite, "";
    TransactionMessageAttempts, integer(1), ReadWrite, "3";
    TransactionMessageRetryInterval, integer(0), ReadWrite, "60";
    UnlockConnectorOnEVSideDisconnect, BOOLEAN, ReadWrite, "true";
    #[cfg(feature = "california_pricing")]
    WaitForSetUserPriceTimeout, integer(0), ReadWrite, "0";
    WebSocketPingInterval, integer(0), ReadWrite, "60";
}

/// The most measurands in a list: all of them, with a few phases each.
const MEASURANDS: u32 = 64;

impl Key {
    /// The key of this name, in any letter case.
    fn from_name(name: &str) -> Option<Self> {
        Key::ALL.iter().copied().find(|key| key.as_str().eq_ignore_ascii_case(name))
    }
}

/// Finds what is wrong with the keys of the station's own.
pub(crate) fn check_custom(config: &StationConfig) -> Result<(), MisuseError> {
    for (place, custom) in config.custom_settings.iter().enumerate() {
        let is_same = |other: &CustomSetting| other.name.eq_ignore_ascii_case(&custom.name);
        let is_taken = config.custom_settings.iter().take(place).any(is_same) || Key::from_name(&custom.name).is_some();
        // The name is part of an entry's name in the store.
        let is_fit = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '_' | '-');
        if is_taken || !(1..=50).contains(&custom.name.len()) || !custom.name.chars().all(is_fit) {
            return Err(MisuseError::Configuration("name of a custom setting is taken or unfit"));
        }
        if !custom.kind.accepts(&custom.default) {
            return Err(MisuseError::Configuration("default of a custom setting is not a value of it"));
        }
    }
    Ok(())
}

/// Each connector at most once, with one of the rotations: `0.RST,1.TRS`.
fn is_phase_rotation(value: &str, connectors: u16) -> bool {
    let items = value.split(',').map(str::trim).filter(|item| !item.is_empty());
    let read = |item: &str| {
        let (connector, rotation) = item.split_once('.')?;
        let connector = connector.parse::<u16>().ok().filter(|connector| *connector <= connectors)?;
        ROTATIONS.contains(&rotation).then_some(connector)
    };
    let mut named = Table::default();
    items.map(read).all(|connector| connector.is_some_and(|connector| named.insert(connector, ()).is_none()))
}

#[cfg(feature = "california_pricing")]
const PRICE_TEXT: &str = "DefaultPriceText,";

#[cfg(feature = "california_pricing")]
fn languages(list: &str) -> impl Iterator<Item = &str> {
    list.split(',').map(str::trim).filter(|language| !language.is_empty())
}

#[cfg(feature = "california_pricing")]
fn is_price(value: &str) -> bool {
    value.is_empty() || crate::station::DefaultPrice::from_json(value).is_ok()
}

/// `05:00`, `+05:00` or `-05:00`, up to the edge of the day.
#[cfg(feature = "california_pricing")]
fn is_offset(value: &str) -> bool {
    let is_number = |text: &str| text.len() == 2 && text.bytes().all(|digit| digit.is_ascii_digit());
    let part = |text: &str, most: u8| is_number(text) && text.parse().is_ok_and(|n: u8| n <= most);
    let digits = value.strip_prefix(['+', '-']).unwrap_or(value);
    digits.split_once(':').is_some_and(|(hours, minutes)| part(hours, 23) && part(minutes, 59))
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

/// A key that the station has: a standard one, or one of its own.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum AnyKey {
    Standard(Key),
    /// Its place in the configuration's table.
    Custom(usize),
}

/// The values of all keys. Only values that differ from the default take memory.
#[derive(Debug)]
pub(crate) struct Settings {
    changed: Vec<(Key, CompactString)>,
    custom: Vec<(CustomSetting, CompactString)>,
    absent: Vec<Key>,
    measurands: Vec<Measurand>,
    connectors: u16,
    has_fixed_cables: bool,
}

impl Settings {
    /// Whether there is no plug to unlock.
    pub fn has_fixed_cables(&self) -> bool {
        self.has_fixed_cables
    }

    /// The defaults, with the values of the configuration. Unknown names and bad values are given back.
    pub fn new(config: &StationConfig) -> (Self, Vec<CompactString>) {
        let mut settings = Settings {
            changed: Vec::new(),
            custom: config.custom_settings.iter().map(|custom| (custom.clone(), custom.default.clone())).collect(),
            absent: config.absent_settings.iter().filter_map(|name| Key::from_name(name)).collect(),
            measurands: config.measurands.clone(),
            connectors: config.evses,
            has_fixed_cables: config.has_fixed_cables,
        };
        settings.set(Key::NumberOfConnectors, &config.evses.to_compact_string());
        settings.set(Key::ConnectorPhaseRotationMaxLength, &(u32::from(config.evses) + 1).to_compact_string());
        let unknown: Vec<_> = (0..=config.evses).map(|connector| format!("{connector}.Unknown")).collect();
        settings.set(Key::ConnectorPhaseRotation, &unknown.join(","));
        #[cfg(feature = "california_pricing")]
        settings.add_price_texts(config);
        if config.has_fixed_cables {
            // Errata 3.84.
            settings.set(Key::UnlockConnectorOnEVSideDisconnect, "false");
        }
        // The bounds of the lists first, then the lists.
        let is_list =
            |name: &str| Key::from_name(name).is_some_and(|key| matches!(key.kind(), Kind::Measurands { .. }));
        let (lists, others): (Vec<_>, Vec<_>) = config.settings.iter().partition(|(name, _)| is_list(name));
        let mut refused = Vec::new();
        for (name, value) in others.into_iter().chain(lists) {
            match settings.find(name).filter(|key| settings.accepts(*key, value)) {
                Some(key) => settings.set_any(key, value),
                None => refused.push(name.clone()),
            }
        }
        (settings, refused)
    }

    /// A key `DefaultPriceText,<language>` for each language (white paper on pricing §3.5).
    #[cfg(feature = "california_pricing")]
    fn add_price_texts(&mut self, config: &StationConfig) {
        let is_list = |name: &str| Key::from_name(name) == Some(Key::SupportedLanguages);
        let list = config.settings.iter().find(|(name, _)| is_list(name)).map_or("", |(_, list)| list);
        for language in languages(list) {
            let text = CustomSetting {
                name: compact_str::format_compact!("{PRICE_TEXT}{language}"),
                kind: crate::station::SettingKind::Text { max: 500 },
                access: SettingAccess::ReadWrite,
                default: CompactString::default(),
            };
            self.custom.push((text, CompactString::default()));
        }
    }

    /// The key of this name, in any letter case, if the station has it.
    pub fn find(&self, name: &str) -> Option<AnyKey> {
        let custom = || self.custom.iter().position(|(custom, _)| custom.name.eq_ignore_ascii_case(name));
        match Key::from_name(name) {
            Some(key) => (!self.absent.contains(&key)).then_some(AnyKey::Standard(key)),
            None => custom().map(AnyKey::Custom),
        }
    }

    /// All keys that the station has, in the order in which they are reported.
    pub fn all(&self) -> impl Iterator<Item = AnyKey> {
        let standard = Key::ALL.iter().filter(|key| !self.absent.contains(key));
        standard.map(|key| AnyKey::Standard(*key)).chain((0..self.custom.len()).map(AnyKey::Custom))
    }

    /// The name as it is reported.
    pub fn name(&self, key: AnyKey) -> &str {
        match key {
            AnyKey::Standard(key) => key.as_str(),
            AnyKey::Custom(place) => self.custom.get(place).map_or("", |(custom, _)| &custom.name),
        }
    }

    /// Whether the CSMS may change it, and when a change takes effect.
    pub fn access(&self, key: AnyKey) -> SettingAccess {
        match key {
            // Errata 3.84: a fixed cable cannot be unlocked.
            AnyKey::Standard(Key::UnlockConnectorOnEVSideDisconnect) if self.has_fixed_cables => {
                SettingAccess::ReadOnly
            }
            AnyKey::Standard(key) => key.access(),
            AnyKey::Custom(place) => {
                self.custom.get(place).map_or(SettingAccess::ReadOnly, |(custom, _)| custom.access)
            }
        }
    }

    /// Whether `value` is one of this key. Written as the specification writes it: `true`, digits, a list.
    pub fn accepts(&self, key: AnyKey, value: &str) -> bool {
        match key {
            AnyKey::Standard(key) => match key.kind() {
                Kind::Boolean => parse_boolean(value).is_some(),
                Kind::Integer { min, max } => value.parse().is_ok_and(|n: u32| (min..=max).contains(&n)),
                Kind::Measurands { most } => {
                    let most = usize::try_from(self.number(most)).unwrap_or(usize::MAX);
                    MeasurandChoice::parse_list(value).is_some_and(|list| {
                        list.len() <= most && list.iter().all(|choice| self.measurands.contains(&choice.measurand))
                    })
                }
                Kind::PhaseRotation => is_phase_rotation(value, self.connectors),
                #[cfg(feature = "smart_charging")]
                Kind::RateUnits => value.split(',').all(|unit| matches!(unit, "Current" | "Power")),
                Kind::Text => true,
                #[cfg(feature = "security")]
                Kind::Secret => Password::from_authorization_key(value).is_ok(),
                #[cfg(feature = "california_pricing")]
                Kind::Offset => value.is_empty() || is_offset(value),
                #[cfg(feature = "california_pricing")]
                Kind::Moment => value.is_empty() || ocpp_types::datetime::parse(value).is_some(),
                #[cfg(feature = "california_pricing")]
                Kind::Price => is_price(value),
                #[cfg(feature = "california_pricing")]
                Kind::Language => {
                    let mut languages = languages(self.text(Key::SupportedLanguages));
                    value.is_empty() || languages.any(|language| language.eq_ignore_ascii_case(value))
                }
            },
            AnyKey::Custom(place) => self.custom.get(place).is_some_and(|(custom, _)| {
                #[cfg(feature = "california_pricing")]
                if custom.name.starts_with(PRICE_TEXT) {
                    return is_price(value);
                }
                custom.kind.accepts(value)
            }),
        }
    }

    /// Sets a value that [`Self::accepts`].
    pub fn set_any(&mut self, key: AnyKey, value: &str) {
        match key {
            AnyKey::Standard(key) => self.set(key, value),
            AnyKey::Custom(place) => {
                if let Some((_, old)) = self.custom.get_mut(place) {
                    *old = CompactString::new(value);
                }
            }
        }
    }

    /// The value as text.
    pub fn value(&self, key: AnyKey) -> &str {
        match key {
            AnyKey::Standard(key) => self.text(key),
            AnyKey::Custom(place) => self.custom.get(place).map_or("", |(_, value)| value),
        }
    }

    /// Whether the value is told to nobody.
    pub fn is_secret(&self, key: AnyKey) -> bool {
        match key {
            #[cfg(feature = "security")]
            AnyKey::Standard(key) => key.kind() == Kind::Secret,
            #[cfg(not(feature = "security"))]
            AnyKey::Standard(_) => false,
            AnyKey::Custom(_) => false,
        }
    }

    /// Sets a value of a standard key. What is secret is kept elsewhere.
    pub fn set(&mut self, key: Key, value: &str) {
        if self.is_secret(AnyKey::Standard(key)) {
            return;
        }
        match self.changed.iter_mut().find(|(changed, _)| *changed == key) {
            Some((_, old)) => *old = CompactString::new(value),
            None => self.changed.push((key, CompactString::new(value))),
        }
    }

    /// The value of a standard key as text.
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
mod tests;
