//! How a configuration is read: in its groups, or with the members of all groups side by side.

use core::fmt;
use core::marker::PhantomData;
use core::time::Duration;

use serde::de::{DeserializeSeed, Error, MapAccess, Visitor};
use serde::{Deserialize, Deserializer};

use super::{DeviceConfig, HardwareConfig, NetworkConfig, PolicyConfig, StationConfig};
use crate::station::EvseConfig;

/// A group whose members are set by name.
trait Group {
    /// The name before the members'.
    const NAME: &'static str;

    /// Reads the value of this member; false if there is none of this name.
    fn set<'de, A: MapAccess<'de>>(&mut self, name: &str, map: &mut A) -> Result<bool, A::Error>;
}

macro_rules! group {
    ($group:ty, $group_name:literal: $($member:ident),*; $($name:literal => $field:ident in $form:ident),*) => {
        impl Group for $group {
            const NAME: &'static str = $group_name;

            fn set<'de, A: MapAccess<'de>>(&mut self, name: &str, map: &mut A) -> Result<bool, A::Error> {
                match name {
                    $(stringify!($member) => self.$member = map.next_value()?,)*
                    $($name => self.$field = map.next_value::<$form>()?.0,)*
                    _ => return Ok(false),
                }
                Ok(true)
            }
        }
    };
}

group!(NetworkConfig, "network": endpoint, tls_endpoint, slot, identity, password, certificates, versions;
    "boot_retry_ms" => boot_retry in Millis);
group!(DeviceConfig, "device": vendor, model, serial_number, firmware_version, box_serial_number, iccid, imsi, meter_type,
    meter_serial_number, boot_reason;);
group!(HardwareConfig, "hardware": wiring, has_fixed_cables, measurands, signs_readings, detects_bay, has_diagnostics, resets_evses,
    has_security_log;
    "evses" => evses in Evses, "meter_timeout_ms" => meter_timeout in Millis, "meter_freshness_ms" => meter_freshness in Millis);
group!(PolicyConfig, "policy": clock, plausible_time, charge_before_accepted, shows_master_pass, without_meter, after_power_loss,
    charges_while_installing, takes_unsigned_firmware, asks_about_uploads, asks_about_customers, settings, absent_settings, custom_settings, handlings, quirks;);

#[derive(Deserialize)]
struct Millis(#[serde(with = "ocpp_rpc::time::millis")] Duration);

#[derive(Deserialize)]
struct Evses(#[serde(deserialize_with = "crate::station::layout::form::deserialize")] alloc::vec::Vec<EvseConfig>);

/// Reads the members that are named into a group.
struct Into<'a, G>(&'a mut G);

impl<'de, G: Group> DeserializeSeed<'de> for Into<'_, G> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_map(self)
    }
}

impl<'de, G: Group> Visitor<'de> for Into<'_, G> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "the members of {}", G::NAME)
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<(), A::Error> {
        while let Some(name) = map.next_key::<alloc::string::String>()? {
            if !self.0.set(&name, &mut map)? {
                return Err(A::Error::custom(format_args!("{}.{name}: no such member", G::NAME)));
            }
        }
        Ok(())
    }
}

impl<'de> Deserialize<'de> for StationConfig {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(Whole(PhantomData))
    }
}

struct Whole(PhantomData<StationConfig>);

impl<'de> Visitor<'de> for Whole {
    type Value = StationConfig;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the configuration of a station")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<StationConfig, A::Error> {
        let mut config = StationConfig::new("", "", "", "");
        while let Some(name) = map.next_key::<alloc::string::String>()? {
            match name.as_str() {
                NetworkConfig::NAME => map.next_value_seed(Into(&mut config.network))?,
                DeviceConfig::NAME => map.next_value_seed(Into(&mut config.device))?,
                HardwareConfig::NAME => map.next_value_seed(Into(&mut config.hardware))?,
                PolicyConfig::NAME => map.next_value_seed(Into(&mut config.policy))?,
                "limits" => config.limits = map.next_value()?,
                name => {
                    let is_known = config.network.set(name, &mut map)?
                        || config.device.set(name, &mut map)?
                        || config.hardware.set(name, &mut map)?
                        || config.policy.set(name, &mut map)?;
                    if !is_known {
                        return Err(A::Error::custom(format_args!("{name}: no such member")));
                    }
                }
            }
        }
        let StationConfig { network, device, .. } = &config;
        for (member, value) in [
            ("network.endpoint", &network.endpoint),
            ("network.identity", &network.identity),
            ("device.vendor", &device.vendor),
            ("device.model", &device.model),
        ] {
            if value.is_empty() {
                return Err(A::Error::missing_field(member));
            }
        }
        Ok(config)
    }
}

#[cfg(test)]
mod tests {
    use alloc::format;
    use alloc::string::ToString;

    use serde_json::{Map, Value, json};

    use super::*;

    /// A configuration with another value in each member than it has by default.
    fn other() -> Value {
        json!({
            "network": {
                "endpoint": "wss://a/b", "tls_endpoint": "wss://c", "slot": 2, "identity": "X", "password": "secret1234",
                "certificates": {"csms_root": true, "station": true}, "versions": ["ocpp1.6", "ocpp2.0.1"], "boot_retry_ms": 7,
            },
            "device": {
                "vendor": "W", "model": "N", "serial_number": "1", "firmware_version": "2", "box_serial_number": "3", "iccid": "4",
                "imsi": "5", "meter_type": "6", "meter_serial_number": "7", "boot_reason": "PowerUp",
            },
            "hardware": {
                "evses": [{"supply": {"Dc": {"millivolts": 400, "max_milliwatts": 5}}, "connectors": [{"kind": "cCCS2"}]}],
                "wiring": {"line_millivolts": 120, "grid_phases": 1, "supply": {"Ac": {"phases": 1, "max_milliamps": 9, "min_milliamps": 1}}},
                "has_fixed_cables": true, "measurands": ["Voltage"], "signs_readings": true, "detects_bay": true, "meter_timeout_ms": 8, "meter_freshness_ms": 9,
                "has_diagnostics": false, "resets_evses": true, "has_security_log": false,
            },
            "policy": {
                "clock": "Never",
                "plausible_time": {"not_before": "2021-01-01T00:00:00Z", "not_after": "2022-01-01T00:00:00Z", "max_step_ms": 1},
                "charge_before_accepted": true, "shows_master_pass": true, "without_meter": "Charge", "after_power_loss": {"Resume": 5},
                "charges_while_installing": true, "takes_unsigned_firmware": true, "asks_about_uploads": true, "asks_about_customers": true, "settings": [["A", "1"]], "absent_settings": ["B"],
                "custom_settings": [{"name": "C", "kind": "Boolean", "access": "ReadOnly", "default": "true"}],
                "handlings": [{"direction": "Incoming", "action": "Reset", "handling": "Ask"}], "quirks": ["Null"],
            },
            "limits": serde_json::to_value(crate::station::Limits { calls: 1, ..Default::default() }).unwrap(),
        })
    }

    #[test]
    fn each_member_is_read_in_its_group_and_without() {
        let other = other();
        let config: StationConfig = serde_json::from_value(other.clone()).unwrap();
        assert_eq!(serde_json::to_value(&config).unwrap(), other);
        let plain = serde_json::to_value(StationConfig::new("ws://a", "I", "V", "M")).unwrap();
        let mut flat = Map::new();
        for (group, members) in other.as_object().unwrap() {
            for (name, value) in members.as_object().unwrap() {
                let is_limits = group == "limits";
                assert!(is_limits || plain[group][name] != *value, "{group}.{name} is as it is by default");
                if !is_limits {
                    flat.insert(name.clone(), value.clone());
                }
            }
            assert_eq!(members.as_object().unwrap().len(), plain[group].as_object().unwrap().len(), "{group}");
        }
        flat.insert("limits".into(), other["limits"].clone());
        assert_eq!(serde_json::from_value::<StationConfig>(Value::Object(flat)).unwrap(), config);
    }

    #[test]
    fn what_is_missing_has_its_default_and_what_is_misspelt_is_named() {
        let read = |more: &str| {
            let text = format!(r#"{{"endpoint":"ws://a","identity":"I","device":{{"vendor":"V","model":"M"}}{more}}}"#);
            serde_json::from_str::<StationConfig>(&text).map_err(|error| error.to_string())
        };
        assert_eq!(read("").unwrap(), StationConfig::new("ws://a", "I", "V", "M"));
        assert_eq!(read(r#","limits":{"calls":9}"#).unwrap().limits.calls, 9);
        for (more, told) in [
            (r#","hardware":{"evsess":2}"#, "hardware.evsess: no such member"),
            (r#","evsess":2"#, "evsess: no such member"),
            (r#","limits":{"journall":2}"#, "unknown field `journall`"),
            (r#","hardware":{"evses":"two"}"#, "expected a number of EVSEs"),
            (r#","hardware":2"#, "expected the members of hardware"),
        ] {
            let error = read(more).unwrap_err();
            assert!(error.contains(told), "{more}: {error}");
        }
        let error = serde_json::from_str::<StationConfig>(r#"{"identity":"I"}"#).unwrap_err().to_string();
        assert!(error.contains("network.endpoint"), "{error}");
    }
}
