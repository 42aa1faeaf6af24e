//! Delivery of the journal, at least once and in order: what the CSMS answered to a transaction message, and what becomes of
//! one that it did not answer (1.6 §3.7.1, 2.x E13).

use super::Site;
use super::journal::{AfterFailure, JournalRecord, Pending, StartVerdict};
use super::settings::Key;
use super::shared::Shared;
use super::signal::Signal;
use super::token::TokenInfo;
use crate::station::{AuthorizationStatus, Event, TokenRefusal, TransactionNo};

/// Why a call of ours brought nothing, as far as its block needs to know.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Undelivered {
    /// The CSMS refused it, or its answer was unusable.
    Refused,
    /// It cannot be written, and never will be.
    Unsendable,
    /// No answer came in time.
    TimedOut,
    /// The link went.
    LinkLost,
}

impl Site {
    /// The CSMS took the begin of the transaction that is first in the journal, under its number if it told one, and said
    /// something of the token, or nothing. A CSMS that says nothing of the token does not refuse it.
    pub fn on_start_delivered(&mut self, shared: &mut Shared, csms_id: Option<i64>, info: Option<TokenInfo>) {
        let Some(first) = self.journal.first() else { return };
        let transaction = TransactionNo(first.position);
        if let (JournalRecord::Started(start), Some(info)) = (&first.record, &info) {
            self.authorize.learn(shared, &self.settings, &start.token, info.clone());
        }
        let status = info.as_ref().map(|info| info.status);
        let group = info.and_then(|info| info.group);
        let is_refused = status.is_some_and(|status| status != AuthorizationStatus::Accepted);
        let verdict = StartVerdict { csms_id, group: group.clone(), is_refused };
        self.journal.delivered(&mut shared.store, &shared.clock, verdict);
        shared.event(Event::TransactionKnown { transaction, csms_id, status });
        self.signals.push_back(Signal::StartAnswered { transaction, status, group });
    }

    /// The CSMS took what is first in the journal: a sample, or the end of a transaction, of whose token it said something.
    pub fn on_delivered(&mut self, shared: &mut Shared, info: Option<TokenInfo>) {
        let stopped = match self.journal.first().map(|first| &first.record) {
            Some(JournalRecord::Stopped(stop)) => stop.token.clone(),
            Some(JournalRecord::Started(_) | JournalRecord::Sampled(_) | JournalRecord::Measured(_)) | None => None,
        };
        self.journal.delivered(&mut shared.store, &shared.clock, StartVerdict::default());
        if let (Some(token), Some(info)) = (stopped, info) {
            self.authorize.learn(shared, &self.settings, &token, info);
        }
    }

    /// The CSMS did not take what is first in the journal, which was sent as `action`.
    pub fn on_undelivered(&mut self, shared: &mut Shared, why: Undelivered, action: &'static str) {
        let attempts = match why {
            Undelivered::LinkLost => return,
            Undelivered::Unsendable => 1,
            Undelivered::Refused | Undelivered::TimedOut => self.settings.number(Key::TransactionMessageAttempts),
        };
        let interval = self.settings.seconds(Key::TransactionMessageRetryInterval);
        match self.journal.failed(shared.now, &mut shared.store, &shared.clock, attempts, interval) {
            Some(AfterFailure::Dropped(pending)) => self.on_dropped(shared, &pending, action),
            Some(AfterFailure::RetryAt(_)) | None => {}
        }
    }

    fn on_dropped(&mut self, shared: &mut Shared, pending: &Pending, action: &'static str) {
        let Some(transaction) = pending.transaction() else { return };
        shared.event(Event::TransactionMessageDropped { transaction, action: action.into() });
        if matches!(pending.record, JournalRecord::Started(_)) {
            shared.event(Event::TransactionKnown { transaction, csms_id: None, status: None });
            self.signals.push_back(Signal::StartAnswered { transaction, status: None, group: None });
        }
    }

    /// The CSMS answered about the token that was asked about, or its answer was unusable.
    pub fn on_authorized(&mut self, shared: &mut Shared, verdict: Result<TokenInfo, TokenRefusal>) {
        let (mut ctx, parts) = self.context(shared);
        match verdict {
            Ok(info) => parts.authorize.answered(&mut ctx, info),
            Err(reason) => parts.authorize.failed(&mut ctx, reason),
        }
    }

    /// The CSMS did not answer about the token that was asked about.
    pub fn on_unauthorized(&mut self, shared: &mut Shared, why: Undelivered) {
        let (mut ctx, parts) = self.context(shared);
        match why {
            Undelivered::Refused => parts.authorize.failed(&mut ctx, TokenRefusal::NoAnswer),
            Undelivered::Unsendable => parts.authorize.failed(&mut ctx, TokenRefusal::Unsendable),
            // 1.6 §3.5: a CSMS that does not answer is as good as none.
            Undelivered::TimedOut => parts.authorize.unanswered(&mut ctx),
            Undelivered::LinkLost => parts.authorize.unreachable(&mut ctx),
        }
    }
}
