//! Answers to calls that are given later than at once: they wait here for the face to render them.

use ocpp_rpc::queue::Queue;

use ocpp_rpc::engine::ReplyToken;

use super::verdict::LateReply;
use crate::store::Ticket;

/// An answer, and the record that it waits for.
#[derive(Debug)]
pub(crate) struct Reply {
    pub token: ReplyToken,
    pub ticket: Option<Ticket>,
    pub reply: LateReply,
}

/// The answers that can be given. The engine bounds the calls that can be open.
#[derive(Debug, Default)]
pub(crate) struct Replies {
    due: Queue<Reply>,
}

impl Replies {
    /// An answer, once `ticket` is durable.
    pub fn push(&mut self, token: ReplyToken, ticket: Option<Ticket>, reply: LateReply) {
        self.due.push_back(Reply { token, ticket, reply });
    }

    /// The next answer.
    pub fn pop(&mut self) -> Option<Reply> {
        self.due.pop_front()
    }
}
