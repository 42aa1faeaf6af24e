//! The peer's calls: waiting for our answer, answered.

use crate::queue::Queue;
use alloc::boxed::Box;

use super::bounded::{pop_releasing, push_bounded, remove_releasing};
use super::types::ReplyToken;
use crate::{Instant, MessageId};

/// What tells whether a call is a repetition.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub(super) struct Fingerprint {
    len: usize,
    hash: u64,
}

impl Fingerprint {
    /// The fingerprint of a whole frame. It tells honest calls apart; who provokes a collision gets a wrong answer
    /// himself.
    pub fn of(frame: &[u8]) -> Self {
        const MULTIPLIER: u64 = 0x9E37_79B9_7F4A_7C15;
        let (words, rest) = frame.as_chunks::<8>();
        let mut last = [0; 8];
        for (slot, byte) in last.iter_mut().zip(rest) {
            *slot = *byte;
        }
        let hash = words
            .iter()
            .chain([&last])
            .fold(0u64, |hash, word| (hash.rotate_left(23) ^ u64::from_le_bytes(*word)).wrapping_mul(MULTIPLIER));
        Self { len: frame.len(), hash }
    }
}

/// A call that waits for our answer.
#[derive(Clone)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
struct Open {
    token: ReplyToken,
    id: MessageId,
    fingerprint: Fingerprint,
    deadline: Instant,
}

/// A call that was answered.
#[derive(Clone)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
struct Answered {
    token: ReplyToken,
    id: MessageId,
    fingerprint: Fingerprint,
    /// `None` if the answer was too long to be kept.
    answer: Option<Box<str>>,
    at: Instant,
}

/// What a call with some id is.
pub(super) enum Recognised<'a> {
    New,
    InProgress(ReplyToken),
    /// The call was answered so before.
    Repeat(ReplyToken, &'a str),
    /// The id was used for another call before.
    Reused,
}

#[derive(Clone, Default)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub(super) struct Incoming {
    /// In order of arrival, and so of their deadlines.
    open: Queue<Open>,
    answered: Queue<Answered>,
    connection: u32,
    made: u64,
}

impl Incoming {
    pub fn len(&self) -> usize {
        self.open.len()
    }

    pub fn deadline(&self) -> Option<Instant> {
        self.open.front().map(|open| open.deadline)
    }

    pub fn recognise(&self, id: &MessageId, fingerprint: Fingerprint) -> Recognised<'_> {
        if let Some(open) = self.open.iter().find(|open| open.id == *id) {
            return if open.fingerprint == fingerprint {
                Recognised::InProgress(open.token)
            } else {
                Recognised::Reused
            };
        }
        match self.answered.iter().rev().find(|answered| answered.id == *id) {
            None => Recognised::New,
            Some(answered) if answered.fingerprint != fingerprint => Recognised::Reused,
            Some(Answered { answer: None, .. }) => Recognised::New,
            Some(Answered { token, answer: Some(answer), .. }) => Recognised::Repeat(*token, answer),
        }
    }

    pub fn push(&mut self, id: MessageId, fingerprint: Fingerprint, deadline: Instant) -> ReplyToken {
        let token = ReplyToken { connection: self.connection, number: self.made };
        self.made += 1;
        self.open.push_back(Open { token, id, fingerprint, deadline });
        token
    }

    /// Whether `token` is of the present connection.
    pub fn is_current(&self, token: ReplyToken) -> bool {
        token.connection == self.connection
    }

    /// The id of the call, if it waits for an answer.
    pub fn id(&self, token: ReplyToken) -> Option<&MessageId> {
        self.open.iter().find(|open| open.token == token).map(|open| &open.id)
    }

    /// The call has its answer.
    pub fn answered(&mut self, token: ReplyToken, answer: &str, now: Instant, memory: usize, max_bytes: usize) {
        let Some(place) = self.open.iter().position(|open| open.token == token) else { return };
        let Some(Open { token, id, fingerprint, .. }) = remove_releasing(&mut self.open, place) else { return };
        let answer = (answer.len() <= max_bytes).then(|| answer.into());
        push_bounded(&mut self.answered, Answered { token, id, fingerprint, answer, at: now }, memory);
    }

    /// The first call whose time is over.
    pub fn expired(&self, now: Instant) -> Option<ReplyToken> {
        self.open.front().filter(|open| open.deadline <= now).map(|open| open.token)
    }

    /// The call that was answered under `id`, if it is still remembered.
    pub fn answered_token(&self, id: &MessageId) -> Option<ReplyToken> {
        self.answered.iter().rev().find(|answered| answered.id == *id).map(|answered| answered.token)
    }

    /// Forgets answers given before `oldest`.
    pub fn forget(&mut self, oldest: Instant) {
        while self.answered.front().is_some_and(|answered| answered.at < oldest) {
            pop_releasing(&mut self.answered);
        }
    }

    /// The connection closed: nobody waits any more, and ids of the next connection are the next connection's.
    pub fn close(&mut self) {
        self.open = Queue::new();
        self.answered = Queue::new();
        self.connection = self.connection.wrapping_add(1);
    }
}
