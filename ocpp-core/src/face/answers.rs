//! Answers to calls of the CSMS: now, or once what they rest on is durable.

use alloc::string::String;

use ocpp_rpc::engine::ReplyToken;
use ocpp_rpc::{ErrorCode, Payload};
use ocpp_types::violation::Violation;

use super::decoding;
use crate::site::shared::Shared;
use crate::station::{Event, FrameRefusal, SecurityEventKind};
use crate::store::Ticket;
use crate::words::Reason;

/// What the builder of a message gave: its text, or what its schema forbids.
pub(crate) type Written = Result<String, Violation>;

/// Answers now.
pub(crate) fn answer(shared: &mut Shared, token: ReplyToken, response: Written) {
    answer_after(shared, None, token, response);
}

/// Answers once `ticket` is durable, or now without one.
pub(crate) fn answer_after(shared: &mut Shared, ticket: Option<Ticket>, token: ReplyToken, response: Written) {
    match (ticket, response) {
        (Some(ticket), Ok(text)) => shared.reply_after(ticket, token, text),
        (None, Ok(text)) => shared.reply(token, &text),
        (_, Err(_)) => {
            shared.reply_error(token, ErrorCode::InternalError, "the answer does not fit its schema");
        }
    }
}

/// Refuses a call whose payload is wrong.
pub(crate) fn refuse_payload(shared: &mut Shared, token: ReplyToken, payload: &Payload<'_>, violation: &Violation) {
    let reason = violation.reason();
    decoding::unread(shared, payload);
    shared.raise(SecurityEventKind::InvalidMessages, Some(&reason));
    shared.event(Event::FrameRefused { cause: FrameRefusal::Call, reason });
    let now = shared.now;
    let _ = shared.rpc.reply_violation(now, token, violation);
}
