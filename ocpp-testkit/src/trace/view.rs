//! What all views have in common: how times and messages are called.

use std::collections::BTreeMap;

use chrono::SecondsFormat;
use ocpp_rpc::frame::MessageType;
use serde_json::Value;

use super::conversation::{Item, Message};
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

/// Members that tell messages of one action apart, most telling first.
const TELLING: [&str; 18] = [
    "eventType",
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
    "seqNo",
    "errorCode",
];

/// Objects that hold some of them.
const WITHIN: [&str; 5] = ["transactionInfo", "evse", "idToken", "idTagInfo", "idTokenInfo"];

/// The most telling members of the payload: `status=Charging connectorId=1`.
pub(super) fn digest(message: &Message) -> String {
    let Some(payload) = message.payload() else { return String::new() };
    let within = WITHIN.iter().filter_map(|name| Some((*name, payload.get(*name)?)));
    let mut told = Vec::new();
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
    told.truncate(5);
    told.join(" ")
}

fn member(holder: &str, name: &str) -> String {
    if holder.is_empty() { name.to_owned() } else { format!("{holder}.{name}") }
}
