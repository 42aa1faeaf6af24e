//! A trace as text: a line for each message, `>` towards the CSMS and `<` towards the station.

use std::collections::BTreeSet;
use std::fmt::Write;

use ocpp_rpc::frame::MessageType;

use super::conversation::{Conversation, Item, Message, Seen};
use super::view;
use crate::link::End;
use crate::validate::Finding;

/// The text, with each finding below its message.
pub fn render(conversation: &Conversation, findings: &[Finding]) -> String {
    let by_item = view::by_item(findings);
    let connections = conversation.items.iter().map(|item| (&item.station, item.conn));
    let is_one = connections.collect::<BTreeSet<_>>().len() < 2;
    let mut text = String::new();
    for finding in by_item.get(&None).into_iter().flatten() {
        // Writing to a string does not fail.
        let _ = writeln!(text, "! {finding}");
    }
    for (index, item) in conversation.items.iter().enumerate() {
        let who = if is_one { String::new() } else { name(item) };
        let _ = writeln!(text, "{} {who}{}", view::time(item), line(conversation, index, item));
        for finding in by_item.get(&Some(index)).into_iter().flatten() {
            let _ = writeln!(text, "    ! {finding}");
        }
    }
    text
}

/// The connection: `CP001#2 `.
fn name(item: &Item) -> String {
    let conn = item.conn.map_or_else(String::new, |conn| format!("#{conn}"));
    format!("{}{conn} ", item.station.as_deref().unwrap_or_default())
}

fn line(conversation: &Conversation, index: usize, item: &Item) -> String {
    match &item.seen {
        Seen::Message(message) => spoken(conversation, index, message),
        Seen::Connected { version: Some(version) } => format!("-- connected, {version}"),
        Seen::Connected { version: None } => "-- connected".to_owned(),
        Seen::Closed => "-- closed".to_owned(),
        Seen::Restored(role) => format!("-- {} restored", role.name()),
        Seen::Told(role, json) => format!("   {} in  {json}", role.name()),
        Seen::Ordered(role, json) => format!("   {} out {json}", role.name()),
    }
}

fn spoken(conversation: &Conversation, index: usize, message: &Message) -> String {
    let arrow = match message.from {
        End::Station => '>',
        End::Csms => '<',
    };
    let took = message.call.and_then(|call| conversation.millis_between(call, index));
    let took = took.map_or_else(String::new, |millis| format!(" ({millis} ms)"));
    let label = view::label(message);
    match message.kind {
        Some(_) if message.is_cut => format!("{arrow} {label}{took} (in part) {}", view::one_line(&message.text)),
        Some(MessageType::CallError | MessageType::CallResultError) => format!("{arrow} {label}{took}"),
        Some(MessageType::Call | MessageType::CallResult | MessageType::Send) => {
            let payload = view::one_line(message.payload_text().unwrap_or_default());
            // Where the payload is long, what it comes to is said first.
            let values = view::told_values(message);
            let values = if values.is_empty() { values } else { format!(" [{values}]") };
            format!("{arrow} {label}{values}{took} {payload}")
        }
        None => format!("{arrow} {label}: {}", view::one_line(&message.text)),
    }
}
