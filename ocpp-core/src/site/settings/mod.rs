//! The configuration keys of 1.6 §9 that this machine knows, and their values; `table` has a row for each of them.

#[cfg_attr(not(feature = "security"), path = "../absent/security.rs")]
pub(super) mod security;
pub(super) mod stored;
mod table;
mod view;

use alloc::vec::Vec;
use core::time::Duration;

use ocpp_types::SmallString;

#[cfg(feature = "security")]
use ocpp_rpc::handshake::Password;

use crate::MisuseError;
use crate::station::{CustomSetting, Measurand, MeasurandChoice, SettingAccess, StationConfig};
use crate::table::Table;
use crate::words::{joined, numbered};

#[cfg(all(feature = "security", feature = "transaction_events"))]
use super::networks;
#[cfg(feature = "transaction_events")]
use super::points::{PointSet, TxPoint};
use table::Kind;
pub(crate) use table::Setting;

/// Finds what is wrong with the keys of the station's own.
fn check_custom(config: &StationConfig) -> Result<(), MisuseError> {
    for (place, custom) in config.policy.custom_settings.iter().enumerate() {
        let is_same = |other: &CustomSetting| other.name.eq_ignore_ascii_case(&custom.name);
        let is_taken =
            config.policy.custom_settings.iter().take(place).any(is_same) || Setting::from_name(&custom.name).is_some();
        // The name is part of an entry's name in the store.
        let is_fit = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '_' | '-');
        if is_taken || !(1..=50).contains(&custom.name.len()) || !custom.name.chars().all(is_fit) {
            return Err(MisuseError::unfit("policy.custom_settings", &custom.name, "is a name that is taken or unfit"));
        }
        if !custom.kind.accepts(&custom.default) {
            return Err(MisuseError::unfit(
                "policy.custom_settings",
                &custom.name,
                "has a default that is no value of it",
            ));
        }
    }
    Ok(())
}

const ROTATIONS: [&str; 8] = ["NotApplicable", "Unknown", "RST", "RTS", "SRT", "STR", "TRS", "TSR"];

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
pub(crate) enum AnySetting {
    Standard(Setting),
    /// Its place in the configuration's table.
    Custom(usize),
}

/// The values of all keys. Only values that differ from the default take memory.
#[derive(Debug)]
pub(crate) struct Settings {
    changed: Vec<(Setting, SmallString)>,
    custom: Vec<(CustomSetting, SmallString)>,
    absent: Vec<Setting>,
    measurands: Vec<Measurand>,
    connectors: u16,
    has_fixed_cables: bool,
    signs_readings: bool,
    #[cfg(feature = "transaction_events")]
    detects_bay: bool,
}

impl Settings {
    /// Whether there is no plug to unlock.
    pub fn has_fixed_cables(&self) -> bool {
        self.has_fixed_cables
    }

    /// The defaults, with the values of the configuration.
    ///
    /// # Errors
    /// When a name is not known, or a value is none of its key. Values are not told: one may be a password.
    pub fn new(config: &StationConfig) -> Result<Self, MisuseError> {
        check_custom(config)?;
        let is_standard = |name: &&SmallString| Setting::from_name(name).is_some();
        if let Some(name) = config.policy.absent_settings.iter().find(|name| !is_standard(name)) {
            return Err(MisuseError::unfit("policy.absent_settings", name, "is no standard key"));
        }
        let mut settings = Settings {
            changed: Vec::new(),
            custom: config
                .policy
                .custom_settings
                .iter()
                .map(|custom| (custom.clone(), custom.default.clone()))
                .collect(),
            absent: config.policy.absent_settings.iter().filter_map(|name| Setting::from_name(name)).collect(),
            signs_readings: config.hardware.signs_readings,
            #[cfg(feature = "transaction_events")]
            detects_bay: config.hardware.detects_bay,
            measurands: config.hardware.measurands.clone(),
            connectors: config.connector_count(),
            has_fixed_cables: config.hardware.has_fixed_cables,
        };
        if !config.hardware.signs_readings {
            settings.absent.extend([Setting::SignReadings, Setting::AlignedSignReadings]);
        }
        settings.set(Setting::NumberOfConnectors, &numbered("", config.connector_count()));
        settings.set(Setting::ConnectorPhaseRotationMaxLength, &numbered("", u64::from(config.connector_count()) + 1));
        let unknown: Vec<_> =
            (0..=config.connector_count()).map(|connector| joined(&[&numbered("", connector), ".Unknown"])).collect();
        settings.set(Setting::ConnectorPhaseRotation, &unknown.join(","));
        #[cfg(feature = "california_pricing")]
        settings.add_price_texts(config);
        if config.hardware.has_fixed_cables {
            // Errata 3.84.
            settings.set(Setting::UnlockOnEvSideDisconnect, "false");
        }
        // What others are judged by first, then the others.
        let is_judged_by_others = |name: &str| match Setting::from_name(name).map(|setting| setting.row().kind) {
            Some(Kind::Measurands { .. }) => true,
            #[cfg(feature = "california_pricing")]
            Some(Kind::Language) => true,
            Some(_) | None => false,
        };
        let (last, first): (Vec<_>, Vec<_>) =
            config.policy.settings.iter().partition(|(name, _)| is_judged_by_others(name));
        for (name, value) in first.into_iter().chain(last) {
            let refused = |reason| MisuseError::unfit("policy.settings", name, reason);
            let key = settings.find(name).ok_or_else(|| refused("is no key of this station"))?;
            if !settings.accepts(key, value) {
                return Err(refused("cannot have this value"));
            }
            settings.set_any(key, value);
        }
        Ok(settings)
    }

    /// A key `DefaultPriceText,<language>` for each language (white paper on pricing §3.5).
    #[cfg(feature = "california_pricing")]
    fn add_price_texts(&mut self, config: &StationConfig) {
        let is_list = |name: &str| Setting::from_name(name) == Some(Setting::SupportedLanguages);
        let list = config.policy.settings.iter().find(|(name, _)| is_list(name)).map_or("", |(_, list)| list);
        for language in languages(list) {
            let text = CustomSetting {
                name: joined(&[PRICE_TEXT, language]),
                kind: crate::station::SettingKind::Text { max: 500 },
                access: SettingAccess::ReadWrite,
                default: SmallString::default(),
            };
            self.custom.push((text, SmallString::default()));
        }
    }

    /// The setting of this name in any family, in any letter case, if the station has it.
    pub fn find(&self, name: &str) -> Option<AnySetting> {
        self.present(Setting::from_name(name), name)
    }

    /// The setting that 1.6 knows under this key, in any letter case, if the station has it.
    pub fn find_key(&self, key: &str) -> Option<AnySetting> {
        self.present(Setting::from_key(key), key)
    }

    fn present(&self, standard: Option<Setting>, name: &str) -> Option<AnySetting> {
        let custom = || self.custom.iter().position(|(custom, _)| custom.name.eq_ignore_ascii_case(name));
        match standard {
            Some(setting) => (!self.absent.contains(&setting)).then_some(AnySetting::Standard(setting)),
            None => custom().map(AnySetting::Custom),
        }
    }

    /// All that 1.6 knows under a key, in the order in which they are reported.
    pub fn keys(&self) -> impl Iterator<Item = AnySetting> {
        self.all().filter(|setting| match setting {
            AnySetting::Standard(setting) => setting.is_key(),
            AnySetting::Custom(_) => true,
        })
    }

    /// All settings that the station has.
    pub fn all(&self) -> impl Iterator<Item = AnySetting> {
        let standard = Setting::ALL.iter().filter(|key| !self.absent.contains(key));
        standard.map(|key| AnySetting::Standard(*key)).chain((0..self.custom.len()).map(AnySetting::Custom))
    }

    /// The name in the store.
    pub fn id(&self, setting: AnySetting) -> &str {
        match setting {
            AnySetting::Standard(standard) => standard.row().id,
            AnySetting::Custom(_) => self.name(setting),
        }
    }

    /// Its key in 1.6, or its name in 2.x where it has none.
    pub fn name(&self, key: AnySetting) -> &str {
        match key {
            AnySetting::Standard(key) => key.name(),
            AnySetting::Custom(place) => self.custom.get(place).map_or("", |(custom, _)| &custom.name),
        }
    }

    /// `Component.Variable[Instance]` of 2.x, where it has one. One of the host's own has one if its name has the form.
    #[cfg(feature = "transaction_events")]
    pub fn variable(&self, setting: AnySetting) -> Option<&str> {
        match setting {
            AnySetting::Standard(setting) => setting.variable(),
            AnySetting::Custom(_) => Some(self.name(setting)).filter(|name| name.contains('.')),
        }
    }

    /// Whether the CSMS may change it, and when a change takes effect.
    pub fn access(&self, key: AnySetting) -> SettingAccess {
        match key {
            // Errata 3.84: a fixed cable cannot be unlocked.
            AnySetting::Standard(Setting::UnlockOnEvSideDisconnect) if self.has_fixed_cables => SettingAccess::ReadOnly,
            AnySetting::Standard(key) => key.row().access,
            AnySetting::Custom(place) => {
                self.custom.get(place).map_or(SettingAccess::ReadOnly, |(custom, _)| custom.access)
            }
        }
    }

    /// Whether `value` is one of this key. Written as the specification writes it: `true`, digits, a list.
    pub fn accepts(&self, key: AnySetting, value: &str) -> bool {
        match key {
            AnySetting::Standard(key) => match key.row().kind {
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
                #[cfg(feature = "transaction_events")]
                Kind::TxPoints => PointSet::of(value)
                    .is_some_and(|set| TxPoint::ALL.into_iter().all(|point| !set.has(point) || self.tells_of(point))),
                #[cfg(feature = "firmware_management")]
                Kind::List => true,
                #[cfg(all(feature = "security", feature = "transaction_events"))]
                Kind::NetworkSlots => networks::slots(value).is_some(),
                #[cfg(feature = "transaction_events")]
                Kind::Group => value.chars().count() <= view::GROUP,
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
                    let mut languages = languages(self.text(Setting::SupportedLanguages));
                    value.is_empty() || languages.any(|language| language.eq_ignore_ascii_case(value))
                }
            },
            AnySetting::Custom(place) => self.custom.get(place).is_some_and(|(custom, _)| {
                #[cfg(feature = "california_pricing")]
                if custom.name.starts_with(PRICE_TEXT) {
                    return is_price(value);
                }
                custom.kind.accepts(value)
            }),
        }
    }

    /// Whether there is hardware that tells of a point; what it does not tell of is not offered (2.x B05.FR.09).
    #[cfg(feature = "transaction_events")]
    fn tells_of(&self, point: TxPoint) -> bool {
        match point {
            TxPoint::ParkingBayOccupancy => self.detects_bay,
            TxPoint::DataSigned => self.signs_readings,
            TxPoint::EvConnected | TxPoint::Authorized | TxPoint::PowerPathClosed | TxPoint::EnergyTransfer => true,
        }
    }

    /// Sets a value that [`Self::accepts`].
    pub fn set_any(&mut self, key: AnySetting, value: &str) {
        match key {
            AnySetting::Standard(key) => self.set(key, value),
            AnySetting::Custom(place) => {
                if let Some((_, old)) = self.custom.get_mut(place) {
                    *old = SmallString::new(value);
                }
            }
        }
    }

    /// The value as text.
    pub fn value(&self, key: AnySetting) -> &str {
        match key {
            AnySetting::Standard(key) => self.text(key),
            AnySetting::Custom(place) => self.custom.get(place).map_or("", |(_, value)| value),
        }
    }

    /// Whether the value is told to nobody.
    pub fn is_secret(&self, key: AnySetting) -> bool {
        match key {
            #[cfg(feature = "security")]
            AnySetting::Standard(key) => key.row().kind == Kind::Secret,
            #[cfg(not(feature = "security"))]
            AnySetting::Standard(_) => false,
            AnySetting::Custom(_) => false,
        }
    }

    /// Sets a value of a standard key. What is secret is kept elsewhere.
    pub fn set(&mut self, key: Setting, value: &str) {
        if self.is_secret(AnySetting::Standard(key)) {
            return;
        }
        match self.changed.iter_mut().find(|(changed, _)| *changed == key) {
            Some((_, old)) => *old = SmallString::new(value),
            None => self.changed.push((key, SmallString::new(value))),
        }
    }

    /// The value of a standard key as text.
    pub fn text(&self, key: Setting) -> &str {
        let changed = self.changed.iter().find(|(changed, _)| *changed == key);
        changed.map_or(key.row().default, |(_, value)| value)
    }

    /// The value of a boolean key.
    pub fn is_on(&self, key: Setting) -> bool {
        parse_boolean(self.text(key)).unwrap_or(false)
    }

    /// The value of an integer key.
    pub fn number(&self, key: Setting) -> u32 {
        self.text(key).parse().unwrap_or(0)
    }

    /// The value of an integer key in seconds.
    pub fn seconds(&self, key: Setting) -> Duration {
        Duration::from_secs(self.number(key).into())
    }

    /// Whether readings are told as the meter signed them: those of the clock, or those of a transaction.
    pub fn signs(&self, is_of_clock: bool) -> bool {
        self.signs_readings
            && self.is_on(if is_of_clock { Setting::AlignedSignReadings } else { Setting::SignReadings })
    }

    /// The value of a list of measurands.
    pub fn measurands(&self, key: Setting) -> Vec<MeasurandChoice> {
        MeasurandChoice::parse_list(self.text(key)).unwrap_or_default()
    }
}

#[cfg(test)]
mod tests;
