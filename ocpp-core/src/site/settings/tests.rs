use super::*;
use crate::station::SettingKind;
use alloc::vec;
use ocpp_types::catalogue::v1_6::CONFIGURATION_KEYS;
use ocpp_types::catalogue::{Mutability, ValueType};

fn config() -> StationConfig {
    StationConfig::new("ws://csms/ocpp", "CP1", "Vendor", "Model").with_evses(2)
}

fn settings() -> Settings {
    Settings::new(&config()).unwrap()
}

/// Keys of the catalogue's profiles that this machine does not have, with the reason.
const LEFT_OUT: [(&str, &str); 1] = [("SupportedFeatureProfilesMaxLength", "of no use, errata 3.81")];

#[test]
fn every_key_of_the_profiles_is_there_with_its_type_and_access() {
    let settings = settings();
    let profiles = settings.text(Key::SupportedFeatureProfiles);
    let extensions = if cfg!(feature = "security") { &["Security"][..] } else { &[] };
    let has = |profile: &str| profiles.split(',').any(|ours| ours == profile) || extensions.contains(&profile);
    for key in CONFIGURATION_KEYS.iter().filter(|key| has(key.profile)) {
        let Some(AnyKey::Standard(ours)) = settings.find(key.name) else {
            assert!(LEFT_OUT.iter().any(|(name, _)| *name == key.name) && !key.required, "{} is missing", key.name);
            continue;
        };
        assert_eq!(ours.as_str(), key.name);
        match ours.kind() {
            Kind::Boolean => assert_eq!(key.kind, ValueType::Boolean, "{}", key.name),
            Kind::Integer { .. } => assert_eq!(key.kind, ValueType::Integer, "{}", key.name),
            Kind::Measurands { .. } | Kind::PhaseRotation => {
                assert_eq!(key.kind, ValueType::MemberList, "{}", key.name);
            }
            Kind::Text => assert!(matches!(key.kind, ValueType::MemberList | ValueType::Text), "{}", key.name),
            #[cfg(feature = "security")]
            Kind::Secret => assert_eq!(key.access, Mutability::WriteOnly, "{}", key.name),
            #[cfg(feature = "smart_charging")]
            Kind::RateUnits => assert_eq!(key.kind, ValueType::MemberList, "{}", key.name),
            #[cfg(feature = "california_pricing")]
            Kind::Offset | Kind::Moment | Kind::Price | Kind::Language => panic!("{} is not of 1.6", key.name),
        }
        let access = settings.access(AnyKey::Standard(ours));
        match key.access {
            Mutability::ReadOnly => assert_eq!(access, SettingAccess::ReadOnly, "{}", key.name),
            Mutability::ReadWrite | Mutability::Either => assert_eq!(access, SettingAccess::ReadWrite, "{}", key.name),
            Mutability::WriteOnly => assert!(settings.is_secret(AnyKey::Standard(ours)), "{}", key.name),
        }
    }
    for key in Key::ALL.iter().filter(|key| !is_of_pricing(**key)) {
        assert!(CONFIGURATION_KEYS.iter().any(|known| known.name == key.as_str()), "{key:?} is not standard");
    }
}

/// Keys of the white paper on pricing.
#[cfg(feature = "california_pricing")]
fn is_of_pricing(key: Key) -> bool {
    use Key::*;
    matches!(
        key,
        CustomDisplayCostAndPrice
            | CustomIdleFeeAfterStop
            | CustomMultiLanguageMessages
            | DefaultPrice
            | Language
            | NextTimeOffsetTransitionDateTime
            | NumberOfDecimalsForCostValues
            | SupportedLanguages
            | TimeOffset
            | TimeOffsetNextTransition
            | WaitForSetUserPriceTimeout
    )
}

#[cfg(not(feature = "california_pricing"))]
fn is_of_pricing(_: Key) -> bool {
    false
}

#[test]
fn every_default_is_a_value_of_its_key() {
    let settings = settings();
    for key in settings.all() {
        let is_none = settings.is_secret(key) && settings.value(key).is_empty();
        assert!(is_none || settings.accepts(key, settings.value(key)), "{}", settings.name(key));
        assert_eq!(settings.find(&settings.name(key).to_lowercase()), Some(key));
    }
    assert_eq!(settings.text(Key::ConnectorPhaseRotation), "0.Unknown,1.Unknown,2.Unknown");
}

#[test]
fn values_are_taken_or_refused() {
    let settings = settings();
    for (name, value, is_taken) in [
        ("HeartbeatInterval", "-1", false),
        ("HeartbeatInterval", "4294967296", false),
        ("HeartbeatInterval", "", false),
        ("HeartbeatInterval", "10 ", false),
        ("HeartbeatInterval", "10.0", false),
        ("ConnectionTimeOut", "0", false),
        ("WebSocketPingInterval", "-1", false),
        ("StopTransactionOnInvalidId", "1", false),
        ("StopTransactionOnInvalidId", "False", true),
        ("MeterValuesSampledData", "Energy.Active.Import.Register,Nonsense", false),
        ("MeterValuesSampledData", "", true),
        ("LightIntensity", "100", true),
        ("LightIntensity", "101", false),
        ("ClockAlignedDataInterval", "86400", true),
        ("ClockAlignedDataInterval", "86401", false),
        ("ConnectorPhaseRotation", "0.RST, 1.RTS, 2.TSR", true),
        ("ConnectorPhaseRotation", "1.NotApplicable", true),
        ("ConnectorPhaseRotation", "1.RST,1.RTS", false),
        ("ConnectorPhaseRotation", "3.RST", false),
        ("ConnectorPhaseRotation", "1.RSS", false),
        ("ConnectorPhaseRotation", "RST", false),
    ] {
        let key = settings.find(name).unwrap();
        assert_eq!(settings.accepts(key, value), is_taken, "{name} = {value:?}");
    }
}

/// 1.6 §3.16.4.
#[test]
fn measurands_that_the_meters_do_not_offer_are_refused_and_so_are_too_many() {
    let mut config = config().with_setting("StopTxnSampledDataMaxLength", "1");
    config.measurands = vec![Measurand::EnergyActiveImportRegister, Measurand::Voltage];
    let settings = Settings::new(&config).unwrap();
    for (name, value, is_taken) in [
        ("MeterValuesAlignedData", "Voltage.L1,Energy.Active.Import.Register", true),
        ("MeterValuesAlignedData", "Voltage,SoC", false),
        ("StopTxnSampledData", "Voltage", true),
        ("StopTxnSampledData", "Voltage,Energy.Active.Import.Register", false),
    ] {
        let key = settings.find(name).unwrap();
        assert_eq!(settings.accepts(key, value), is_taken, "{name} = {value:?}");
    }
}

#[test]
fn keys_of_the_station_itself_have_their_own_types_and_access() {
    let custom = |name: &str, kind, access, default: &str| CustomSetting {
        name: name.into(),
        kind,
        access,
        default: default.into(),
    };
    let mut config = config().with_setting("FanSpeed", "40");
    config.custom_settings = vec![
        custom("FanSpeed", SettingKind::Integer { min: 10, max: 100 }, SettingAccess::ReadWrite, "50"),
        custom("Locale", SettingKind::Choice(vec!["de".into(), "en".into()]), SettingAccess::AfterReboot, "en"),
        custom("Motto", SettingKind::Text { max: 5 }, SettingAccess::ReadOnly, "hello"),
    ];
    config.absent_settings = vec!["LightIntensity".into()];
    let settings = Settings::new(&config).unwrap();
    assert_eq!(settings.find("LightIntensity"), None);
    let find = |name| settings.find(name).unwrap();
    assert_eq!(settings.value(find("fanspeed")), "40");
    assert!(!settings.accepts(find("FanSpeed"), "9") && settings.accepts(find("FanSpeed"), "10"));
    assert!(!settings.accepts(find("Locale"), "fr") && settings.accepts(find("Locale"), "de"));
    assert_eq!(settings.access(find("Locale")), SettingAccess::AfterReboot);
    assert_eq!((settings.value(find("Motto")), settings.access(find("Motto"))), ("hello", SettingAccess::ReadOnly));
}

/// Errata 3.84.
#[test]
fn fixed_cable_is_not_unlocked_by_a_key() {
    let mut config = config();
    config.has_fixed_cables = true;
    let settings = Settings::new(&config).unwrap();
    assert!(!settings.is_on(Key::UnlockConnectorOnEVSideDisconnect));
    let key = settings.find("UnlockConnectorOnEVSideDisconnect").unwrap();
    assert_eq!(settings.access(key), SettingAccess::ReadOnly);
}

/// A station that starts with other settings than it was given is a surprise for months.
#[test]
fn wrong_names_and_values_of_a_configuration_are_told_by_name() {
    let custom = |name: &str, default: &str| CustomSetting {
        name: name.into(),
        kind: SettingKind::Text { max: 5 },
        access: SettingAccess::ReadOnly,
        default: default.into(),
    };
    let wrong = |member, name: &str, config: StationConfig| match Settings::new(&config) {
        Err(MisuseError::Unfit { member: told, name: of, .. }) => assert_eq!((told, of.as_str()), (member, name)),
        other => panic!("{name}: {other:?}"),
    };
    wrong("settings", "HeartbeatIntervall", config().with_setting("HeartbeatIntervall", "60"));
    wrong("settings", "HeartbeatInterval", config().with_setting("HeartbeatInterval", "often"));
    wrong("settings", "Motto", {
        let config = config().with_setting("Motto", "far too long");
        StationConfig { custom_settings: vec![custom("Motto", "hello")], ..config }
    });
    wrong("settings", "LightIntensity", {
        let config = config().with_setting("LightIntensity", "50");
        StationConfig { absent_settings: vec!["LightIntensity".into()], ..config }
    });
    wrong("absent_settings", "LightIntensitty", {
        StationConfig { absent_settings: vec!["LightIntensitty".into()], ..config() }
    });
    wrong("custom_settings", "Motto", StationConfig { custom_settings: vec![custom("Motto", "too long")], ..config() });
    wrong("custom_settings", "HeartbeatInterval", {
        StationConfig { custom_settings: vec![custom("HeartbeatInterval", "")], ..config() }
    });
    #[cfg(feature = "california_pricing")]
    {
        let config = config().with_setting("Language", "de").with_setting("SupportedLanguages", "en, de");
        assert!(Settings::new(&config).is_ok(), "in any order");
        wrong("settings", "Language", config.with_setting("Language", "fr"));
    }
}
