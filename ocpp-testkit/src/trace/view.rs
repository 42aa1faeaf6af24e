//! What all views have in common: how times and messages are called.

use std::collections::BTreeMap;

use chrono::SecondsFormat;
use ocpp_rpc::frame::MessageType;
use ocpp_types::Decimal;
use serde_json::Value;

use super::conversation::{Item, Message};
use super::reading::{Quantity, decimal, integer, list, samples, text};
use crate::validate::Finding;

/// Findings by the item that they are about; under none, those about no item.
pub(super) fn by_item(findings: &[Finding]) -> BTreeMap<Option<usize>, Vec<&Finding>> {
    let mut by_item: BTreeMap<Option<usize>, Vec<&Finding>> = BTreeMap::new();
    for finding in findings {
        by_item.entry(finding.item).or_default().push(finding);
    }
    by_item
}

/// The time of an item: the wall clock, else the seconds of virtual time.
pub(super) fn time(item: &Item) -> String {
    if let Some(wall) = item.wall {
        return wall.to_rfc3339_opts(SecondsFormat::Millis, true);
    }
    item.at.map_or_else(String::new, |at| format!("{:>7}.{:03}", at.as_millis() / 1000, at.as_millis() % 1000))
}

/// What a message is, in a few words: the action, and how an answer ends it.
pub(super) fn label(message: &Message) -> String {
    let action = message.action.as_deref().unwrap_or("?");
    match message.kind {
        Some(MessageType::CallError | MessageType::CallResultError) if message.is_cut => format!("{action} error"),
        Some(MessageType::Call) => action.to_owned(),
        Some(MessageType::Send) => format!("{action} (send)"),
        Some(MessageType::CallResult) => format!("{action} ok"),
        Some(MessageType::CallError) => format!("{action} {}", error(&message.text)),
        Some(MessageType::CallResultError) => format!("{action}, its answer {}", error(&message.text)),
        None => "no frame".to_owned(),
    }
}

/// The error code, and what it says.
fn error(text: &str) -> String {
    let frame = serde_json::from_str::<Vec<Value>>(text).unwrap_or_default();
    let part = |place: usize| frame.get(place).and_then(Value::as_str).unwrap_or_default();
    if part(3).is_empty() { part(2).to_owned() } else { format!("{}: {}", part(2), one_line(part(3))) }
}

/// The text without line breaks: white space between words and tokens becomes one space.
pub(super) fn one_line(text: &str) -> String {
    let has_breaks = text.contains(|c: char| c.is_control());
    if has_breaks {
        text.split(|c: char| c.is_whitespace() || c.is_control())
            .filter(|word| !word.is_empty())
            .collect::<Vec<_>>()
            .join(" ")
    } else {
        text.to_owned()
    }
}

/// Members that are told at most.
const MOST_MEMBERS: usize = 5;
/// Periods of a schedule that are told at most.
const MOST_PERIODS: usize = 3;

/// Members that tell messages of one action apart, most telling first.
const TELLING: [&str; 20] = [
    "eventType",
    "triggerReason",
    "seqNo",
    "offline",
    "status",
    "connectorStatus",
    "connectorId",
    "evseId",
    "transactionId",
    "idTag",
    "requestedMessage",
    "type",
    "key",
    "value",
    "operationalStatus",
    "reason",
    "stoppedReason",
    "meterStart",
    "meterStop",
    "errorCode",
];

/// Objects that hold some of them.
const WITHIN: [&str; 5] = ["transactionInfo", "evse", "idToken", "idTagInfo", "idTokenInfo"];

/// The most telling members of the payload, and what it says of energy and limits: `status=Charging connectorId=1`,
/// `energy=580Wh connectorId=1`, `limit=16A connectorId=1`.
pub(super) fn digest(message: &Message) -> String {
    let Some(payload) = message.payload() else { return String::new() };
    let mut told = values(&payload);
    let most = told.len() + MOST_MEMBERS;
    let within = WITHIN.iter().filter_map(|name| Some((*name, payload.get(*name)?)));
    for (holder, object) in [("", &payload)].into_iter().chain(within) {
        for name in TELLING {
            match object.get(name) {
                Some(Value::String(text)) if text.chars().count() <= 40 => {
                    told.push(format!("{}={text}", member(holder, name)))
                }
                Some(value @ (Value::Number(_) | Value::Bool(_))) => {
                    told.push(format!("{}={value}", member(holder, name)))
                }
                Some(_) | None => {}
            }
        }
    }
    told.truncate(most);
    told.join(" ")
}

/// What a message says of energy and limits.
pub(super) fn told_values(message: &Message) -> String {
    message.payload().map_or_else(String::new, |payload| values(&payload).join(" "))
}

/// What meters read, the last of each quantity, and what schedules allow.
fn values(payload: &Value) -> Vec<String> {
    let samples = ["meterValue", "transactionData"].into_iter().flat_map(|name| samples(payload, name));
    let last: BTreeMap<Quantity, i64> = samples.map(|sample| (sample.quantity, sample.milli)).collect();
    let metered = last.into_iter().map(|(quantity, milli)| {
        let (name, unit) = match quantity {
            Quantity::Energy => ("energy", "Wh"),
            Quantity::Power => ("power", "W"),
            Quantity::Current => ("current", "A"),
        };
        format!("{name}={}{unit}", thousandths(milli))
    });
    metered.chain(schedules(payload).into_iter().filter_map(limits)).collect()
}

/// The schedules of a profile, or of an answer, in any version.
fn schedules(payload: &Value) -> Vec<&Value> {
    let profile = payload.get("csChargingProfiles").or_else(|| payload.get("chargingProfile")).unwrap_or(payload);
    let holders = [profile.get("chargingSchedule"), profile.get("schedule")];
    holders.into_iter().flatten().flat_map(each).collect()
}

/// The items of a list; what is none is its own only item.
fn each(value: &Value) -> &[Value] {
    value.as_array().map_or_else(|| std::slice::from_ref(value), Vec::as_slice)
}

/// `limit=16A`, and where it changes `limit=16A,8A@1800s`.
fn limits(schedule: &Value) -> Option<String> {
    let unit = text(schedule, "chargingRateUnit").unwrap_or_default();
    let periods = list(schedule, "chargingSchedulePeriod");
    let told = periods.filter_map(|period| {
        let limit = decimal(period.get("limit")?)?;
        let start = integer(period, "startPeriod").filter(|start| *start != 0);
        Some(start.map_or_else(|| format!("{limit}{unit}"), |start| format!("{limit}{unit}@{start}s")))
    });
    let mut told: Vec<String> = told.collect();
    if told.len() > MOST_PERIODS {
        told.truncate(MOST_PERIODS);
        told.push("...".to_owned());
    }
    (!told.is_empty()).then(|| format!("limit={}", told.join(",")))
}

/// `12.5` for 12,500.
fn thousandths(milli: i64) -> String {
    let text = Decimal::from_scaled(milli, 3).to_string();
    text.trim_end_matches('0').trim_end_matches('.').to_owned()
}

fn member(holder: &str, name: &str) -> String {
    if holder.is_empty() { name.to_owned() } else { format!("{holder}.{name}") }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn energy_and_limits_are_told_in_every_version() {
        let told = |payload: Value| values(&payload).join(" ");
        let sample = |value: &str, unit: &str| json!({"timestamp": "2024-01-01T00:00:00Z", "sampledValue": [{"value": value, "unit": unit}]});
        assert_eq!(told(json!({"meterValue": [sample("580", "Wh"), sample("0.5925", "kWh")]})), "energy=592.5Wh");
        assert_eq!(told(json!({"transactionData": [sample("0", "Wh")]})), "energy=0Wh");
        let schedule = |limits: &[i64]| {
            let period = |(at, limit): (usize, &i64)| json!({"startPeriod": at * 60, "limit": limit});
            let periods: Vec<_> = limits.iter().enumerate().map(period).collect();
            json!({"chargingRateUnit": "A", "chargingSchedulePeriod": periods})
        };
        let v1_6 = json!({"connectorId": 1, "csChargingProfiles": {"chargingSchedule": schedule(&[16, 8])}});
        assert_eq!(told(v1_6), "limit=16A,8A@60s");
        let v2 =
            json!({"evseId": 1, "chargingProfile": {"chargingSchedule": [schedule(&[6]), schedule(&[0, 1, 2, 3])]}});
        assert_eq!(told(v2), "limit=6A limit=0A,1A@60s,2A@120s,...");
        assert_eq!(told(json!({"status": "Accepted", "chargingSchedule": schedule(&[10])})), "limit=10A");
        assert_eq!(told(json!({"status": "Accepted", "schedule": schedule(&[10])})), "limit=10A");
        for odd in [json!(null), json!([]), json!({"chargingSchedule": 7}), json!({"meterValue": "x"})] {
            assert_eq!(told(odd), "");
        }
    }
}
