//! GetConfiguration and ChangeConfiguration beyond the plain cases.

use super::*;
use crate::station::{CustomSetting, SettingAccess, SettingKind};

fn with_fan() -> StationConfig {
    let fan = CustomSetting {
        name: "FanSpeed".into(),
        kind: SettingKind::Integer { min: 10, max: 100 },
        access: SettingAccess::AfterReboot,
        default: "50".into(),
    };
    config(&[]).with(|config| config.policy.custom_settings = [fan].into())
}

#[test]
fn key_of_the_station_itself_is_read_changed_and_kept() {
    let mut bench = Bench::with_config(Image::default(), with_fan());
    bench.open();
    bench.boot("Accepted");
    bench.answer_all("StatusNotification", &json!({}));
    for (value, status) in [("5", "Rejected"), ("fast", "Rejected"), ("70", "RebootRequired")] {
        let answer = bench.request("ChangeConfiguration", &json!({"key": "fanspeed", "value": value}));
        assert_eq!(answer["status"], status, "{value}");
    }
    assert!(bench.events.last().is_some_and(|event| event.contains("FanSpeed")));
    assert_eq!((bench.station.setting("FANSPEED"), bench.station.setting("Nonsense")), (Some("70"), None));
    let mut bench = Bench::with_config(bench.image.clone(), with_fan());
    bench.open();
    bench.boot("Accepted");
    let answer = bench.request("GetConfiguration", &json!({"key": ["FanSpeed"]}));
    assert_eq!(answer["configurationKey"], json!([{"key": "FanSpeed", "readonly": false, "value": "70"}]));
}

/// 1.6 §5.3; names are case-insensitive.
#[test]
fn read_only_keys_cannot_be_written_whatever_the_value() {
    let mut bench = Bench::accepted(&[]);
    let before = bench.request("GetConfiguration", &json!({}));
    let stored = bench.image.clone();
    let all = before["configurationKey"].as_array().unwrap();
    let mut tried = 0;
    for entry in all.iter().filter(|entry| entry["readonly"] == true) {
        let name = entry["key"].as_str().unwrap();
        for value in ["1", "true", "Core", entry["value"].as_str().unwrap()] {
            for key in [name.to_owned(), name.to_lowercase()] {
                let answer = bench.request("ChangeConfiguration", &json!({"key": key, "value": value}));
                assert_eq!(answer["status"], "Rejected", "{key} = {value}");
                tried += 1;
            }
        }
    }
    assert!(tried > 80, "only {tried} tries");
    assert_eq!(bench.image, stored);
    assert_eq!(bench.request("GetConfiguration", &json!({})), before);
}

/// 1.6 §5.8: all keys may be told at once, but not so many asked for.
#[test]
fn more_keys_than_may_be_asked_for_are_refused() {
    let mut bench = Bench::accepted(&[("GetConfigurationMaxKeys", "3")]);
    let keys = ["HeartbeatInterval", "Nonsense", "LightIntensity", "BlinkRepeat"];
    let answer = bench.request("GetConfiguration", &json!({"key": keys[..3]}));
    assert_eq!(
        (answer["configurationKey"].as_array().unwrap().len(), &answer["unknownKey"]),
        (2, &json!(["Nonsense"]))
    );
    assert_eq!(bench.request("GetConfiguration", &json!({"key": keys})), "PropertyConstraintViolation");
    let all = bench.request("GetConfiguration", &json!({}));
    assert!(all["configurationKey"].as_array().unwrap().len() > 35);
}

/// 1.6 §3.16.4.
#[test]
fn list_with_an_unsupported_measurand_changes_nothing() {
    let mut bench = Bench::with_config(
        Image::default(),
        config(&[])
            .with(|config| config.hardware.measurands = [crate::station::Measurand::EnergyActiveImportRegister].into()),
    );
    bench.open();
    bench.boot("Accepted");
    for key in ["MeterValuesAlignedData", "MeterValuesSampledData", "StopTxnAlignedData", "StopTxnSampledData"] {
        let before = bench.request("GetConfiguration", &json!({"key": [key]}));
        let value = "Energy.Active.Import.Register,Voltage";
        assert_eq!(bench.request("ChangeConfiguration", &json!({"key": key, "value": value}))["status"], "Rejected");
        assert_eq!(bench.request("GetConfiguration", &json!({"key": [key]})), before);
    }
}

#[test]
fn configuration_that_contradicts_itself_is_no_station() {
    use crate::MisuseError;
    let make = |change: fn(&mut CustomSetting)| {
        let mut config = with_fan();
        config.policy.custom_settings.iter_mut().for_each(change);
        Station::new(config, 1, &Image::default()).map(|_| ())
    };
    assert_eq!(make(|_| ()), Ok(()));
    for change in [
        (|custom| custom.name = "heartbeatinterval".into()) as fn(&mut CustomSetting),
        |custom| custom.name = "".into(),
        |custom| custom.name = "not a name".into(),
        |custom| custom.default = "5".into(),
    ] {
        assert!(matches!(make(change), Err(MisuseError::Unfit { member: "policy.custom_settings", .. })));
    }
}
