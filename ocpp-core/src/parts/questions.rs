//! Questions to the application that are open, each with its deadline and the call that waits for it.

use alloc::collections::VecDeque;
use alloc::vec::Vec;
use core::time::Duration;

use ocpp_rpc::engine::ReplyToken;

use crate::station::{Answer, AskId};
use crate::time::Instant;

/// How long the application may think, well within what a CSMS waits for.
const PATIENCE: Duration = Duration::from_secs(10);

/// The open questions, oldest first. All have the same patience, so the first has the first deadline.
#[derive(Debug)]
pub(crate) struct Questions {
    open: VecDeque<Open>,
    limit: usize,
    asked: u64,
}

#[derive(Debug)]
struct Open {
    id: AskId,
    until: Instant,
    token: ReplyToken,
    default: Answer,
}

impl Questions {
    pub fn new(limit: usize) -> Self {
        Questions { open: VecDeque::new(), limit, asked: 0 }
    }

    /// Opens a question; none when too many are.
    pub fn open(&mut self, now: Instant, token: ReplyToken, default: Answer) -> Option<(AskId, Instant)> {
        if self.open.len() >= self.limit {
            return None;
        }
        self.asked += 1;
        let (id, until) = (AskId(self.asked), now + PATIENCE);
        self.open.push_back(Open { id, until, token, default });
        Some((id, until))
    }

    pub fn is_open(&self, id: AskId) -> bool {
        self.open.iter().any(|open| open.id == id)
    }

    /// Closes a question that was answered. Gives the call that waits for it.
    pub fn close(&mut self, id: AskId) -> Option<ReplyToken> {
        let place = self.open.iter().position(|open| open.id == id)?;
        self.open.remove(place).map(|open| open.token)
    }

    /// Closes the questions whose deadline passed. Gives their calls and defaults.
    pub fn expire(&mut self, now: Instant) -> Vec<(ReplyToken, Answer)> {
        let late = self.open.iter().take_while(|open| open.until <= now).count();
        self.open.drain(..late).map(|open| (open.token, open.default)).collect()
    }

    pub fn deadline(&self) -> Option<Instant> {
        self.open.front().map(|open| open.until)
    }
}
