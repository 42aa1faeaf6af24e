//! Traces of the project itself, and the transcripts of its `pipe`.

use serde_json::Value;

use super::{Imported, Order, Unread};
use crate::link::End;
use crate::trace::record::{Entry, Header, Reason, RecordReader};

/// Whether the first line that is an object is a record, or would be one.
pub(super) fn is_trace(text: &str) -> bool {
    let first = text.lines().find(|line| line.trim_ascii_start().starts_with('{')).unwrap_or_default();
    let Ok(line) = serde_json::from_str::<Value>(first) else {
        // A record that is broken, if it begins as one.
        return ["{\"ocpp_trace\":", "{\"at\":"].iter().any(|begin| first.trim_ascii_start().starts_with(begin));
    };
    let has = |names: &[&str]| names.iter().any(|name| line.get(name).is_some());
    // What our programs tell has a time of the wall in `at`, and other programs have a `from` as well.
    let is_timed = line.get("at").is_some_and(Value::is_number) || line.get("t").is_some_and(Value::is_string);
    let is_sent = line.get("from").and_then(Value::as_str).is_some_and(|from| End::from_name(from).is_some());
    let is_boundary = line.get("in").or(line.get("out")).is_some_and(|what| what.is_object() || what == "Tick");
    has(&["ocpp_trace"])
        || line.get("at").is_some_and(Value::is_number)
        || is_boundary
        || is_timed && (is_sent || has(&["event", "restore"]))
}

pub(super) fn read(text: &str) -> Imported {
    let role = role(text);
    let mut reader = RecordReader::with_role(role);
    let mut imported = Imported { is_trace: true, order: Order::Kept, ..Imported::default() };
    for line in text.lines() {
        match reader.read(line) {
            Ok(record) => {
                let entry = |record| Entry { line: reader.line(), record };
                imported.recording.entries.extend(record.map(entry));
            }
            Err(error) => {
                // Other programs may write between the records, and `pipe` tells its deadlines.
                let is_foreign =
                    matches!(error.reason, Reason::UnknownKind) || !line.trim_ascii_start().starts_with('{');
                let reason = format!("column {}: {}", error.column, error.reason);
                imported.unread.push(Unread { line: error.line, reason, text: line.to_owned(), is_foreign });
            }
        }
    }
    imported.recording.header = reader.header().cloned();
    if imported.recording.header.is_none() && role.is_some() {
        imported.recording.header = Some(Header { role, ..Header::default() });
    }
    imported
}

/// Whose boundary a transcript without a header is of: a station boots, and a session answers that.
fn role(text: &str) -> Option<End> {
    let mut lines = text.lines().filter_map(|line| serde_json::from_str::<Value>(line).ok());
    lines.find_map(|line| {
        if line.get("role").is_some() {
            return None;
        }
        let link = |side: &str| line.get(side).and_then(|what| what.get("Link"));
        let boot = |frame: Option<&Value>| {
            frame.and_then(Value::as_str).is_some_and(|frame| frame.contains("\"BootNotification\""))
        };
        if link("out").is_some_and(|link| link.get("Connect").is_some() || boot(link.get("Send"))) {
            return Some(End::Station);
        }
        let opened = link("in").and_then(|link| link.get("Opened"));
        if opened.is_some_and(|opened| opened.get("dialect").is_some())
            || link("in").is_some_and(|link| boot(link.get("Frame")))
        {
            return Some(End::Csms);
        }
        opened.is_some_and(|opened| opened.get("subprotocol").is_some()).then_some(End::Station)
    })
}
