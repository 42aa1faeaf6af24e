//! Reads a vector into the neutral model.

use std::path::Path;

use chrono::{DateTime, TimeDelta, Utc};
use ocpp_smartcharging::composite::{CompositePeriod, CompositeRequest};
use ocpp_smartcharging::installation::{Evse, Installation, LocalLimit, SetpointPriority, Transaction};
use ocpp_smartcharging::model::{ChargingProfile, EvseId, InstalledProfile, LimitSource, OperationMode, RateUnit};
use ocpp_smartcharging::time::LocalTime;
use ocpp_smartcharging::units::{PhaseRule, Rate, Supply};
use ocpp_smartcharging::validate::Edition;
use ocpp_types::{Decode as _, v1_6, v2_0_1, v2_1};
use serde_json::Value;

pub struct Vector {
    pub name: String,
    pub edition: Edition,
    pub conform: String,
    /// Whether a station would have taken the profiles.
    pub installable: bool,
    pub installation: Installation,
    /// In the order of installation.
    pub profiles: Vec<InstalledProfile>,
    pub transactions: Vec<Transaction>,
    pub offline_since: Option<DateTime<Utc>>,
    pub request: CompositeRequest,
    pub expected: Vec<CompositePeriod>,
    pub spec_expected: Option<Vec<CompositePeriod>>,
    pub alternatives: Vec<Vec<CompositePeriod>>,
}

impl Vector {
    pub fn read(path: &Path) -> Self {
        let text = std::fs::read_to_string(path).unwrap();
        let root: Value = serde_json::from_str(&text).unwrap();
        let edition = match root["ocpp"].as_str().unwrap() {
            "1.6" => Edition::V1_6,
            "2.0.1" => Edition::V2_0_1,
            "2.1" => Edition::V2_1,
            other => panic!("version {other}"),
        };
        let request = &root["request"];
        let start = time(&request["start"]).unwrap();
        let profiles = list(&root["profiles"]).iter().map(|entry| InstalledProfile {
            evse: EvseId(u32_of(&entry["evseId"]).unwrap()),
            source: LimitSource::Cso,
            profile: profile(&entry["profile"], edition),
        });
        Self {
            name: text_of(&root["name"]).unwrap(),
            edition,
            installable: root["installable"] != false,
            conform: match &root["spec_conform"] {
                Value::Bool(value) => value.to_string(),
                other => text_of(other).unwrap(),
            },
            installation: installation(&root["settings"], edition),
            profiles: profiles.collect(),
            transactions: list(&root["transactions"]).iter().map(transaction).collect(),
            offline_since: root["offlineSeconds"].as_i64().map(|seconds| start - TimeDelta::seconds(seconds)),
            request: CompositeRequest {
                evse: EvseId(u32_of(&request["evseId"]).unwrap()),
                start,
                duration_seconds: u32_of(&request["duration"]).unwrap(),
                unit: unit(&request["chargingRateUnit"]),
                max_periods: usize::MAX,
            },
            expected: periods(&root["expected"]),
            spec_expected: root["spec_expected"].is_object().then(|| periods(&root["spec_expected"])),
            alternatives: list(&root["spec_alternatives"]).iter().map(periods).collect(),
        }
    }
}

fn installation(settings: &Value, edition: Edition) -> Installation {
    assert_eq!(settings["evseType"], "AC");
    let phases = u8::try_from(u32_of(&settings["defaultNumberPhases"]).unwrap()).unwrap();
    let evse = Evse {
        supply: Supply::Ac { phases },
        local_limit: LocalLimit {
            milliamperes: milli(&settings["defaultLimitA"]).unwrap(),
            milliwatts: milli(&settings["defaultLimitW"]).unwrap(),
        },
    };
    let evses = vec![evse; u32_of(&settings["numberOfEvses"]).unwrap() as usize];
    Installation {
        line_millivolts: u32::try_from(milli(&settings["supplyVoltage"]).unwrap()).unwrap(),
        grid_phases: phases,
        evses,
        cap_at_local_limit: false,
        phase_rule: match edition {
            Edition::V1_6 => PhaseRule::TotalPower,
            Edition::V2_0_1 | Edition::V2_1 => PhaseRule::PerPhase,
        },
        setpoint_priority: SetpointPriority::ExternalSystem,
        local_time: match text_of(&settings["timeOffset"]) {
            Some(offset) => LocalTime::fixed(offset.parse::<chrono::FixedOffset>().unwrap().local_minus_utc()),
            None => LocalTime::default(),
        },
    }
}

fn transaction(value: &Value) -> Transaction {
    Transaction::new(EvseId(u32_of(&value["evseId"]).unwrap()), text_of(&value["id"]), time(&value["start"]))
}

/// By the codec of the version and the conversion to the model.
fn profile(value: &Value, edition: Edition) -> ChargingProfile {
    let json = value.to_string();
    match edition {
        Edition::V1_6 => (&v1_6::ChargingProfile::from_json(&json).unwrap()).try_into().unwrap(),
        Edition::V2_0_1 => (&v2_0_1::ChargingProfile::from_json(&json).unwrap()).try_into().unwrap(),
        Edition::V2_1 => (&v2_1::ChargingProfile::from_json(&json).unwrap()).try_into().unwrap(),
    }
}

/// Expected periods; what they leave out is not compared.
fn periods(value: &Value) -> Vec<CompositePeriod> {
    let rate = |value: &Value, name: &str| {
        let l2 = milli(&value[format!("{name}_L2")]);
        let l3 = milli(&value[format!("{name}_L3")]);
        Some(Rate { milli: milli(&value[name])?, l2_l3_milli: l2.zip(l3).map(|(l2, l3)| [l2, l3]) })
    };
    list(&value["periods"])
        .iter()
        .map(|period| CompositePeriod {
            start_seconds: u32_of(&period["startPeriod"]).unwrap(),
            limit: rate(period, "limit").unwrap(),
            number_phases: u32_of(&period["numberPhases"]).map(|phases| u8::try_from(phases).unwrap()),
            phase_to_use: None,
            discharge_limit: rate(period, "dischargeLimit"),
            setpoint: rate(period, "setpoint"),
            setpoint_reactive: None,
            mode: mode(&period["operationMode"]),
            preconditioning: false,
            evse_sleep: false,
        })
        .collect()
}

fn mode(value: &Value) -> OperationMode {
    match value.as_str() {
        None | Some("ChargingOnly") => OperationMode::ChargingOnly,
        Some("CentralSetpoint") => OperationMode::CentralSetpoint,
        Some(other) => panic!("mode {other}"),
    }
}

fn unit(value: &Value) -> RateUnit {
    match value.as_str().unwrap() {
        "A" => RateUnit::Amperes,
        "W" => RateUnit::Watts,
        other => panic!("unit {other}"),
    }
}

fn list(value: &Value) -> &[Value] {
    value.as_array().map_or(&[], Vec::as_slice)
}

fn u32_of(value: &Value) -> Option<u32> {
    value.as_u64().map(|value| u32::try_from(value).unwrap())
}

fn text_of(value: &Value) -> Option<String> {
    match value {
        Value::Null => None,
        Value::String(text) => Some(text.clone()),
        other => Some(other.to_string()),
    }
}

fn time(value: &Value) -> Option<DateTime<Utc>> {
    value.as_str().map(|text| text.parse().unwrap())
}

/// A decimal of at most three fraction digits in thousandths, from its digits.
fn milli(value: &Value) -> Option<i64> {
    let text = value.as_number()?.to_string();
    let (sign, digits) = match text.strip_prefix('-') {
        Some(digits) => (-1, digits),
        None => (1, text.as_str()),
    };
    let (whole, fraction) = digits.split_once('.').unwrap_or((digits, ""));
    assert!(fraction.len() <= 3, "{text}");
    let fraction: i64 = format!("{fraction:0<3}").parse().unwrap();
    Some(sign * (whole.parse::<i64>().unwrap() * 1_000 + fraction))
}
