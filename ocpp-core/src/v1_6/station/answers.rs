//! Answers to calls of the CSMS: now, or once what they rest on is durable.

use compact_str::ToCompactString;
use ocpp_rpc::engine::ReplyToken;
use ocpp_rpc::{ErrorCode, Payload};
use ocpp_types::codec::Encode;
use ocpp_types::violation::Violation;

use super::decoding;
use crate::site::shared::Shared;
use crate::station::{Event, SecurityEventKind};
use crate::store::Ticket;

/// Answers now.
pub(super) fn answer(shared: &mut Shared, token: ReplyToken, response: &impl Encode) {
    match response.to_json() {
        Ok(text) => shared.reply(token, &text),
        Err(_) => shared.reply_error(token, ErrorCode::InternalError, "the answer does not fit its schema"),
    }
}

/// Answers once `ticket` is durable, or now without one.
pub(super) fn answer_after(shared: &mut Shared, ticket: Option<Ticket>, token: ReplyToken, response: &impl Encode) {
    match (ticket, response.to_json()) {
        (Some(ticket), Ok(text)) => shared.reply_after(ticket, token, text),
        (None, _) | (_, Err(_)) => answer(shared, token, response),
    }
}

/// Refuses a call whose payload is wrong.
pub(super) fn refuse_payload(shared: &mut Shared, token: ReplyToken, payload: &Payload<'_>, violation: &Violation) {
    let reason = violation.to_compact_string();
    decoding::unread(shared, payload);
    shared.raise(SecurityEventKind::InvalidMessages, Some(&reason));
    shared.event(Event::FrameRefused { reason });
    let now = shared.now;
    let _ = shared.rpc.reply_violation(now, token, violation);
}
