//! Writing frames.
//!
//! Each function appends one frame to a text. Payloads are closures over a JSON [`Writer`]: a typed value writes itself
//! (`|w| request.write(w)`), raw JSON is passed through (`|w| w.raw(json)`).

use alloc::string::String;

use ocpp_types::Violation;
use ocpp_types::json::{Kind, Reader, Writer};

use super::MessageType;
use crate::{CallError, Dialect, MessageId};

/// Appends a CALL.
pub fn call(out: String, id: &MessageId, action: &str, payload: impl FnOnce(&mut Writer)) -> Result<String, Violation> {
    with_payload(out, MessageType::Call, id, Some(action), payload)
}

/// Appends a SEND (2.1).
pub fn send(out: String, id: &MessageId, action: &str, payload: impl FnOnce(&mut Writer)) -> Result<String, Violation> {
    with_payload(out, MessageType::Send, id, Some(action), payload)
}

/// Appends a CALLRESULT.
pub fn call_result(out: String, id: &MessageId, payload: impl FnOnce(&mut Writer)) -> Result<String, Violation> {
    with_payload(out, MessageType::CallResult, id, None, payload)
}

/// Appends a CALLERROR, with the code spelled as `dialect` does.
pub fn call_error(out: String, id: &MessageId, error: &CallError, dialect: Dialect) -> String {
    with_error(out, MessageType::CallError, id, error, dialect)
}

/// Appends a CALLRESULTERROR (2.1).
pub fn call_result_error(out: String, id: &MessageId, error: &CallError, dialect: Dialect) -> String {
    with_error(out, MessageType::CallResultError, id, error, dialect)
}

/// The frame `text` with another id, everything else as it stands. `None` if the text has no id to replace.
pub fn replace_id(text: &str, id: &MessageId) -> Option<String> {
    let mut reader = Reader::new(text);
    reader.begin_array().ok()?;
    reader.next_element().ok().filter(|more| *more)?;
    reader.skip_value().ok()?;
    reader.next_element().ok().filter(|more| *more)?;
    reader.peek().ok().filter(|kind| *kind == Kind::String)?;
    let start = text.get(..reader.position())?;
    reader.skip_value().ok()?;
    let rest = text.get(reader.position()..)?;
    let mut writer = Writer::append(String::from(start));
    writer.string(id.as_str());
    let mut replaced = writer.finish().ok()?;
    replaced.push_str(rest);
    Some(replaced)
}

fn with_payload(
    out: String,
    message_type: MessageType,
    id: &MessageId,
    action: Option<&str>,
    payload: impl FnOnce(&mut Writer),
) -> Result<String, Violation> {
    let mut head = begin(out, message_type, id);
    if let Some(action) = action {
        head.string(action);
    }
    let mut text = head.finish()?;
    text.push(',');
    // A writer of its own, so that the path of a violation starts at the payload.
    let mut writer = Writer::append(text);
    payload(&mut writer);
    let mut text = writer.finish()?;
    text.push(']');
    Ok(text)
}

fn with_error(out: String, message_type: MessageType, id: &MessageId, error: &CallError, dialect: Dialect) -> String {
    let mut writer = begin(out, message_type, id);
    writer.string(error.code.name_in(dialect));
    writer.string(error.description());
    // A received error may have details of another type; what is sent is an object.
    writer.raw(if error.details().starts_with('{') { error.details() } else { "{}" });
    writer.end_array();
    // Nothing was refused.
    writer.finish().unwrap_or_default()
}

fn begin(out: String, message_type: MessageType, id: &MessageId) -> Writer {
    let mut writer = Writer::append(out);
    writer.begin_array();
    writer.integer(message_type.number().into());
    writer.string(id.as_str());
    writer
}
