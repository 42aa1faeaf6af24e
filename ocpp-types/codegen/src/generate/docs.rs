//! Sentences for the documentation of generated code.

use crate::{
    Version,
    model::{Field, Kind, Message},
};

/// A meaning as a sentence; a name in its place if there is none.
pub fn sentence(doc: &str, name: &str) -> String {
    if doc.is_empty() {
        return format!("`{name}`.");
    }
    let mut characters = doc.chars();
    let first: String = characters.next().into_iter().flat_map(char::to_uppercase).collect();
    let end = if doc.ends_with('.') { "" } else { "." };
    format!("{first}{}{end}", characters.as_str())
}

/// A meaning with its place in the specification.
pub fn summary(version: Version, doc: &str, name: &str, section: &str) -> String {
    let sentence = sentence(doc, name);
    if section.is_empty() { sentence } else { format!("{sentence} (OCPP {}, {section})", version.name) }
}

/// The summary of a message.
pub fn message(version: Version, message: &Message) -> String {
    summary(version, &message.doc, &message.action, &message.section)
}

/// What a member means and which values it may have.
pub fn field(field: &Field) -> String {
    let mut doc = sentence(&field.doc, &field.name);
    let bounds = match field.kind {
        Kind::Integer(min, max) | Kind::Decimal(min, max) => bounds(min, max),
        Kind::Tenths => Some("a multiple of 0.1".to_owned()),
        _ => None,
    };
    if let Some(bounds) = bounds {
        doc.push_str(&format!(" Must be {bounds}."));
    }
    match field.list {
        Some((min, Some(max))) => doc.push_str(&format!(" {min} to {max} items.")),
        Some((min, None)) if min > 0 && field.required => doc.push_str(&format!(" At least {min} item.")),
        _ => {}
    }
    if field.list.is_some() && !field.required {
        doc.push_str(" Absent when empty.");
    }
    if let Some(default) = &field.default {
        doc.push_str(&format!(" Absent: `{default}`."));
    }
    doc
}

fn bounds(min: Option<i64>, max: Option<i64>) -> Option<String> {
    match (min, max) {
        (Some(min), Some(max)) => Some(format!("{min} to {max}")),
        (Some(min), None) => Some(format!("{min} or more")),
        (None, Some(max)) => Some(format!("{max} or less")),
        (None, None) => None,
    }
}
