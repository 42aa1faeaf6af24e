use super::table::Row;
use super::*;
use crate::station::SettingKind;
use crate::store::{EntryKey, Image, StoreOp};
use alloc::format;
use alloc::vec;
use ocpp_types::catalogue::v1_6::CONFIGURATION_KEYS;
use ocpp_types::catalogue::{Mutability, ValueType};

fn config() -> StationConfig {
    let config = StationConfig::new("ws://csms/ocpp", "CP1", "Vendor", "Model").with_evses(2);
    config.with(|config| config.hardware.signs_readings = true)
}

fn settings() -> Settings {
    Settings::new(&config()).unwrap()
}

/// Keys of the catalogue's profiles that this machine does not have, with the reason.
const LEFT_OUT: [(&str, &str); 1] = [("SupportedFeatureProfilesMaxLength", "of no use, errata 3.81")];

#[test]
fn every_key_of_the_profiles_is_there_with_its_type_and_access() {
    let settings = settings();
    let profiles = settings.text(Setting::SupportedFeatureProfiles);
    let extensions = if cfg!(feature = "security") { &["Security"][..] } else { &[] };
    let has = |profile: &str| profiles.split(',').any(|ours| ours == profile) || extensions.contains(&profile);
    for key in CONFIGURATION_KEYS.iter().filter(|key| has(key.profile)) {
        let Some(AnySetting::Standard(ours)) = settings.find(key.name) else {
            assert!(LEFT_OUT.iter().any(|(name, _)| *name == key.name) && !key.required, "{} is missing", key.name);
            continue;
        };
        assert_eq!(ours.row().key, key.name);
        match ours.row().kind {
            Kind::Boolean => assert_eq!(key.kind, ValueType::Boolean, "{}", key.name),
            Kind::Integer { .. } => assert_eq!(key.kind, ValueType::Integer, "{}", key.name),
            Kind::Measurands { .. } | Kind::PhaseRotation => {
                assert_eq!(key.kind, ValueType::MemberList, "{}", key.name);
            }
            #[cfg(feature = "firmware_management")]
            Kind::List => assert_eq!(key.kind, ValueType::MemberList, "{}", key.name),
            Kind::Text => assert!(matches!(key.kind, ValueType::MemberList | ValueType::Text), "{}", key.name),
            #[cfg(feature = "security")]
            Kind::Secret => assert_eq!(key.access, Mutability::WriteOnly, "{}", key.name),
            #[cfg(feature = "smart_charging")]
            Kind::RateUnits => assert_eq!(key.kind, ValueType::MemberList, "{}", key.name),
            #[cfg(feature = "california_pricing")]
            Kind::Offset | Kind::Moment | Kind::Price | Kind::Language => panic!("{} is not of 1.6", key.name),
            #[cfg(feature = "transaction_events")]
            Kind::Group => panic!("{} is not of 1.6", key.name),
            #[cfg(feature = "transaction_events")]
            Kind::TxPoints => panic!("{} is not of 1.6", key.name),
            #[cfg(all(feature = "security", feature = "transaction_events"))]
            Kind::NetworkSlots => panic!("{} is not of 1.6", key.name),
        }
        let access = settings.access(AnySetting::Standard(ours));
        match key.access {
            Mutability::ReadOnly => assert_eq!(access, SettingAccess::ReadOnly, "{}", key.name),
            Mutability::ReadWrite | Mutability::Either => assert_eq!(access, SettingAccess::ReadWrite, "{}", key.name),
            Mutability::WriteOnly => assert!(settings.is_secret(AnySetting::Standard(ours)), "{}", key.name),
        }
    }
    // Of stations of the field, with Plug & Charge.
    let is_of_field = |key: &Setting| key.row().key == "OCSPRequestInterval";
    for key in Setting::ALL.iter().filter(|key| key.is_key() && !is_of_pricing(**key) && !is_of_field(key)) {
        assert!(CONFIGURATION_KEYS.iter().any(|known| known.name == key.row().key), "{key:?} is not standard");
    }
}

/// Keys of the white paper on pricing.
#[cfg(feature = "california_pricing")]
fn is_of_pricing(key: Setting) -> bool {
    use Setting::*;
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
fn is_of_pricing(_: Setting) -> bool {
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
    assert_eq!(settings.text(Setting::ConnectorPhaseRotation), "0.Unknown,1.Unknown,2.Unknown");
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
    config.hardware.measurands = vec![Measurand::EnergyActiveImportRegister, Measurand::Voltage];
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
    config.policy.custom_settings = vec![
        custom("FanSpeed", SettingKind::Integer { min: 10, max: 100 }, SettingAccess::ReadWrite, "50"),
        custom("Locale", SettingKind::Choice(vec!["de".into(), "en".into()]), SettingAccess::AfterReboot, "en"),
        custom("Motto", SettingKind::Text { max: 5 }, SettingAccess::ReadOnly, "hello"),
    ];
    config.policy.absent_settings = vec!["LightIntensity".into()];
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
    config.hardware.has_fixed_cables = true;
    let settings = Settings::new(&config).unwrap();
    assert!(!settings.is_on(Setting::UnlockOnEvSideDisconnect));
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
    wrong("policy.settings", "HeartbeatIntervall", config().with_setting("HeartbeatIntervall", "60"));
    wrong("policy.settings", "HeartbeatInterval", config().with_setting("HeartbeatInterval", "often"));
    wrong("policy.settings", "Motto", {
        let config = config().with_setting("Motto", "far too long");
        config.with(|config| config.policy.custom_settings = vec![custom("Motto", "hello")])
    });
    wrong("policy.settings", "LightIntensity", {
        let config = config().with_setting("LightIntensity", "50");
        config.with(|config| config.policy.absent_settings = vec!["LightIntensity".into()])
    });
    wrong(
        "policy.absent_settings",
        "LightIntensitty",
        config().with(|config| config.policy.absent_settings = vec!["LightIntensitty".into()]),
    );
    wrong(
        "policy.custom_settings",
        "Motto",
        config().with(|config| config.policy.custom_settings = vec![custom("Motto", "too long")]),
    );
    wrong(
        "policy.custom_settings",
        "HeartbeatInterval",
        config().with(|config| config.policy.custom_settings = vec![custom("HeartbeatInterval", "")]),
    );
    #[cfg(feature = "california_pricing")]
    {
        let config = config().with_setting("Language", "de").with_setting("SupportedLanguages", "en, de");
        assert!(Settings::new(&config).is_ok(), "in any order");
        wrong("policy.settings", "Language", config.with_setting("Language", "fr"));
    }
}

/// One setting is found under its name of each family, and only its key is one on the wire of 1.6.
#[test]
fn setting_has_a_name_in_every_family() {
    let settings = settings();
    for setting in Setting::ALL {
        let row = setting.row();
        let found = Some(AnySetting::Standard(*setting));
        assert!(!row.key.is_empty() || !row.variable.is_empty(), "{}", row.id);
        assert_eq!(settings.find(setting.name()), found, "{}", setting.name());
        assert_eq!(settings.find(row.id), found, "{}", row.id);
        assert_eq!(settings.find_key(row.key), found.filter(|_| setting.is_key()), "{}", row.key);
        if !row.variable.is_empty() {
            assert_eq!(settings.find(row.variable), found, "{}", row.variable);
            assert_eq!(settings.find_key(row.variable), None, "{}", row.variable);
        }
    }
    assert_eq!(settings.find(""), None);
}

/// No name of a family leads to two settings.
#[test]
fn names_of_settings_are_different() {
    let rows = || Setting::ALL.iter().map(|setting| setting.row());
    let names = |row: &Row| [row.key, row.id, row.variable].map(|name| name.to_ascii_lowercase());
    for (at, row) in rows().enumerate() {
        for other in rows().skip(at + 1) {
            let shared = names(row).into_iter().find(|name| !name.is_empty() && names(other).contains(name));
            assert_eq!(shared, None, "{} and {}", row.key, other.key);
        }
    }
}

fn image(entries: &[(&str, &str)]) -> Image {
    let mut image = Image::default();
    for (name, value) in entries {
        // Format, kind, length, text.
        let head = [1, 34, u8::try_from(value.len()).unwrap()];
        let bytes = [&head[..], value.as_bytes()].concat();
        image.apply(&StoreOp::Put { key: EntryKey::new(name), value: bytes });
    }
    image
}

/// Entries bore the keys of 1.6 once. What was set since, under the id, counts.
#[test]
fn entries_named_by_the_keys_of_1_6_are_read() {
    let mut settings = settings();
    let old = image(&[("set/ConnectionTimeOut", "77"), ("set/HeartbeatInterval", "300")]);
    assert!(stored::restore(&mut settings, &old).is_empty());
    assert_eq!(settings.number(Setting::EvConnectionTimeOut), 77);
    assert_eq!(settings.number(Setting::HeartbeatInterval), 300);

    for id in ["set/EvConnectionTimeOut", "set/AuthorizeRemoteStart"] {
        let value = if id.ends_with("Start") { "false" } else { "99" };
        let both = image(&[("set/ConnectionTimeOut", "77"), ("set/AuthorizeRemoteTxRequests", "true"), (id, value)]);
        let mut settings = Settings::new(&config()).unwrap();
        assert!(stored::restore(&mut settings, &both).is_empty());
        let setting = settings.find(id.trim_start_matches("set/")).unwrap();
        assert_eq!(settings.value(setting), value, "{id}");
    }
}

/// What the table says of the names of 2.x is so in both editions (2.0.1 ed. 3, 2.1 ed. 1). One of the table
/// is in the text of part 2 alone (2.0.1 §2.1.29).
#[test]
fn variables_are_those_of_2_x() {
    use ocpp_types::catalogue::{StandardVariable, v2_0_1, v2_1};
    let name = |known: &StandardVariable| {
        let instance = known.instance.map(|instance| format!("[{instance}]")).unwrap_or_default();
        format!("{}.{}{instance}", known.component.unwrap_or_default(), known.name)
    };
    for (edition, known) in [("2.0.1", v2_0_1::VARIABLES), ("2.1", v2_1::VARIABLES)] {
        let known: Vec<_> = known.iter().map(name).collect();
        let rows = Setting::ALL.iter().map(|setting| setting.row()).filter(|row| !row.variable.is_empty());
        for row in rows.filter(|row| !row.variable.ends_with("[NextTransition]")) {
            assert!(known.iter().any(|known| known == row.variable), "{} in {edition}", row.variable);
        }
    }
}
